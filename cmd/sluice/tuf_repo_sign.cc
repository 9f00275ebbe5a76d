// SPDX-License-Identifier: Apache-2.0
// sluice tuf propose, sign.
#include <algorithm>
#include <map>

#include "base/parallel.h"
#include "base/text.h"
#include "commands.h"
#include "exit.h"
#include "settings.h"
#include "sign_services.h"
#include "tuf_repo.h"
#include "tuf_signers.h"

namespace sluice::cli {

namespace {

constexpr std::size_t kShownChanges = 200;  // of each kind
constexpr std::size_t kLargestCarried = 1U << 20;

std::vector<tuf::RoleName> roles_given(const Invocation& in, std::string_view option) {
  std::vector<tuf::RoleName> out;
  for (const auto& each : in.args.all(option)) out.emplace_back(each);
  return out;
}

// `files`: of targets, that nothing lists any more perhaps.
Result<int> tell_dropped(Invocation& in, const tuf::Repository& repository, json::Array dropped,
                         std::size_t files) {
  if (in.json) {
    json::Value out;
    out.set("kind", "sluice.tuf-dropped/v1");
    out.set("roles", json::Value(std::move(dropped)));
    out.set("files_left", static_cast<std::int64_t>(files));
    SLUICE_CHECK(in.print_json(out));
    return kDone;
  }
  std::string text =
      cat("given up  ", dropped.size(), dropped.size() == 1 ? " role\n" : " roles\n");
  if (files > 0) {
    const bool served = repository.policy().publish_to.empty();
    text += cat("  ", files, files == 1 ? " file" : " files", " of what was proposed ",
                files == 1 ? "stays" : "stay", " below targets/",
                served ? ", which is served: sluice tuf clean\n" : "\n");
  }
  SLUICE_CHECK(in.console.print(text));
  return kDone;
}

Result<int> drop_proposal(Invocation& in, tuf::Repository& repository) {
  auto roles = roles_given(in, "--role");
  if (roles.empty()) {
    SLUICE_TRY(roles, repository.staged_roles());
  }
  json::Array dropped;
  std::size_t files = 0;
  SLUICE_CHECK(check_proposed(repository, roles));
  for (const auto& role : roles) {
    files += tuf::count_proposed_files(repository, role).value_or(0);
    SLUICE_CHECK(repository.unstage(role));
    dropped.emplace_back(role.str());
  }
  return tell_dropped(in, repository, std::move(dropped), files);
}

// Files that people edited are taken as they are, in the version that must come next.
Result<tuf::Edited> take_edited(Invocation& in, tuf::Repository& repository) {
  tuf::Edited out;
  SLUICE_TRY(const auto proposal,
             tuf::examine_proposal(repository, in.world.clock.now(), {.changes = false}));
  for (const auto& fault : proposal.faults) {
    if (fault.id == "format") return fail(Errc::malformed, fault.what);
    if (fault.id != "edited" && fault.id != "version") continue;
    SLUICE_TRY(const auto* staged, repository.staged(fault.role));
    tuf::Draft draft = staged->draft;
    SLUICE_TRY(const auto version, repository.version_of(fault.role));
    draft.set_version(version + 1);
    SLUICE_CHECK(repository.stage_as_is(fault.role, std::move(draft)));
    out.add(fault.role);
    out.notes.push_back(cat(printable(fault.role.str(), 80), " is taken as it stands in ",
                            shown(repository.staged_file(fault.role))));
  }
  return out;
}

// What was taken just now, and all that is proposed.
Result<int> show_proposal(Invocation& in, tuf::Repository& repository, const tuf::Edited& taken,
                          std::size_t dropped) {
  const Time now = in.world.clock.now();
  SLUICE_TRY(const auto proposal, tuf::examine_proposal(repository, now));
  if (in.json) {
    json::Value out = proposal_json(proposal);
    json::Array roles;
    for (const auto& role : taken.roles) roles.emplace_back(printable(role.str(), 200));
    out.set("taken", json::Value(std::move(roles)));
    out.set("signatures_dropped", static_cast<std::int64_t>(dropped));
    SLUICE_CHECK(in.print_json(out));
    return kDone;
  }
  std::string text;
  for (const auto& note : taken.notes) text += cat(note, "\n");
  text += dropped_text(dropped);
  SLUICE_CHECK(in.console.print(cat(text, proposal_text(proposal, now, true))));
  return kDone;
}

Result<int> run_tuf_propose(Invocation& in) {
  SLUICE_TRY(auto open, open_to_change(in));
  auto& repository = open.repository;
  if (in.args.has("--drop")) return drop_proposal(in, repository);
  SLUICE_TRY(auto edited, take_edited(in, repository));
  for (const auto& role : roles_given(in, "--renew")) {
    SLUICE_TRY(const auto done, tuf::renew(repository, role, in.world.clock.now()));
    edited.add(done);
  }
  if (in.args.has("--renew")) return save_and_tell(in, repository, edited);
  std::size_t dropped = 0;
  if (!edited.roles.empty()) {
    SLUICE_TRY(dropped, repository.save());
  }
  return show_proposal(in, repository, edited, dropped);
}

// --- sign

struct Collected {
  std::size_t taken = 0;
  std::size_t known = 0;  // they are here already
  std::size_t left = 0;   // over something else, or by a key that is not asked for
};

// Whether it counts for the role as it is staged here.
Result<bool> counts(tuf::Repository& repository, const tuf::RoleName& role,
                    const tuf::StagedSignature& signature) {
  SLUICE_TRY(const auto* staged, repository.staged(role));
  SLUICE_TRY(const auto all, tuf::signatories_of(repository, role));
  SLUICE_TRY(const auto* names, repository.names());
  for (const auto& signatories : all) {
    tuf::Draft draft = staged->draft;
    draft.clear_signatures();
    SLUICE_TRY(const auto quorum, tuf::count_votes(draft, signatories, {signature}, *names));
    if (quorum.given > 0) return true;
  }
  return false;
}

// Where the signatures of a staging area are; the area may be given, or the repository around it.
Result<Path> signatures_below(Files& files, const Path& from) {
  for (const Path& at : {from / "signatures", from / "staging" / "signatures"}) {
    const auto info = files.info(at);
    if (info && info->kind == FileKind::folder) return at;
    if (!info && info.error().code != Errc::not_found) return fail(info.error());
  }
  return fail(Error{Errc::not_found, cat("there are no signatures in ", shown(from))}.advise(
      "name the staging folder of another copy of the repository, with its signatures/"));
}

Result<std::vector<tuf::StagedSignature>> signatures_in(Files& files, const Path& folder) {
  std::vector<tuf::StagedSignature> out;
  if (!files.info(folder)) return out;
  SLUICE_TRY(const auto entries, files.list(folder));
  for (const auto& entry : entries) {
    if (entry.kind != FileKind::file || !entry.name.ends_with(".json")) continue;
    const Path path = folder / entry.name;
    SLUICE_TRY(const auto text, files.read_plain(path, kLargestCarried, Links::refused));
    SLUICE_TRY(out.emplace_back(),
               within(tuf::parse_staged_signature(text), cat("reading ", shown(path))));
  }
  return out;
}

// Signatures from a staging area that came on a stick, or by mail. One that does not count would
// only take the place of the same key's good one.
Result<Collected> collect(Invocation& in, tuf::Repository& repository, const Path& from) {
  SLUICE_TRY(const auto folder, signatures_below(in.world.files, from));
  SLUICE_TRY(const auto roles, repository.staged_roles());
  Collected out;
  std::vector<tuf::NewSignature> good;
  for (const auto& role : roles) {
    SLUICE_TRY(auto found, signatures_in(in.world.files,
                                         folder / repository.signature_folder(role).filename()));
    SLUICE_TRY(const auto here, repository.signatures(role));
    for (auto& signature : found) {
      const bool known = std::ranges::any_of(here, [&](const tuf::StagedSignature& other) {
        return tuf::write_staged_signature(other) == tuf::write_staged_signature(signature);
      });
      SLUICE_TRY(const bool counted, counts(repository, role, signature));
      ++(!counted ? out.left : known ? out.known : out.taken);
      if (counted && !known) good.push_back({role, std::move(signature)});
    }
  }
  if (out.taken + out.known + out.left == 0 && !roles.empty()) {
    return fail(Errc::not_found,
                cat("there is no signature of what is proposed in ", shown(folder)));
  }
  SLUICE_CHECK(repository.add_signatures(good));
  return out;
}

struct ToSign {
  const tuf::ProposedRole* role;
  std::vector<TufSigners::Signer> signers;
};

// --key, and what came of it.
struct GivenKey {
  std::string source;
  bool listed = false;  // a role that is proposed asks for it
  bool signs = false;   // it has something to sign yet
  std::string why_not = {};
};

struct Work {
  std::vector<ToSign> roles;
  std::vector<GivenKey> keys;
  bool any_role = false;  // that could be signed, by whomever
};

bool wants(const tuf::ProposedRole& role, const std::string& keyid) {
  return std::ranges::any_of(role.quorums, [&](const tuf::Quorum& quorum) {
    return std::ranges::any_of(quorum.voters, [&](const tuf::Voter& voter) {
      return voter.keyid == keyid && voter.vote != tuf::Vote::given;
    });
  });
}

// Whether one of the keys is the role's.
Result<bool> add_role(tuf::Repository& repository, const tuf::ProposedRole& role,
                      TufSigners& signers, Work& work) {
  ToSign one{&role, {}};
  bool any = false;
  SLUICE_TRY(const auto signatories, tuf::signatories_of(repository, role.role));
  for (auto& key : work.keys) {
    SLUICE_TRY(auto found, signers.one_of(key.source, signatories));
    if (found.signer == nullptr) {
      key.why_not = std::move(found.why);
      continue;
    }
    any = key.listed = true;
    if (!wants(role, found.signer->key().keyid.str())) continue;
    key.signs = true;
    one.signers.push_back(std::move(found.signer));
  }
  work.any_role = true;
  if (!one.signers.empty()) work.roles.push_back(std::move(one));
  return any;
}

// What each key at hand has to sign, of the roles asked for. A key that cannot be opened is an
// error, and so is a role that was named and that none of them may sign.
Result<Work> work_for(Invocation& in, tuf::Repository& repository, const tuf::Proposal& proposal,
                      TufSigners& signers) {
  const auto only = roles_given(in, "--role");
  Work out;
  for (const auto& source : in.args.all("--key")) out.keys.push_back({.source = source});
  for (const auto& role : proposal.roles) {
    const bool named = std::ranges::find(only, role.role) != only.end();
    if (role.published || (!only.empty() && !named)) continue;
    SLUICE_TRY(const bool any, add_role(repository, role, signers, out));
    if (any || !named) continue;
    return fail(Error{Errc::denied, out.keys.front().why_not}.in(
        cat("signing ", printable(role.role.str(), 80))));
  }
  for (auto& key : out.keys) {
    if (key.listed && !key.signs)
      key.why_not = cat(printable(key.source, 200), " has signed its part already");
  }
  return out;
}

std::string_view many_of(std::string_view kind) {
  if (kind == "target-added") return "targets that it adds";
  if (kind == "target-changed") return "targets that it changes";
  if (kind == "target-removed") return "targets that it removes";
  if (kind == "role-added") return "roles that it delegates to";
  return kind;
}

// Many of one kind are counted, and none of another kind is lost among them.
std::string shown_for_signing(const ToSign& work, Time now) {
  const auto& role = *work.role;
  std::string out = cat("You are about to sign ", printable(role.role.str(), 80), " ", role.to);
  out += role.from == 0 ? cat(", its first version\n") : cat(", which follows ", role.from, "\n");
  std::map<std::string, std::size_t> seen;
  for (const auto& change : role.changes) {
    if (++seen[change.kind] > kShownChanges) continue;
    out += cat("  ", change.text(tuf::Shown::whole), "\n");
  }
  for (const auto& [kind, count] : seen) {
    if (count <= kShownChanges) continue;
    out += cat("  and ", count - kShownChanges, " more ", many_of(kind),
               ", which are not shown here: sluice tuf diff --role ",
               printable(role.role.str(), 200), "\n");
  }
  out += cat("  good until ", human_time(role.expires), ", for ",
             human_duration(role.expires - now), "\n");
  for (const auto& signer : work.signers)
    out += cat("  with ", printable(signer->describe(), 200), "\n");
  return out;
}

Result<bool> confirmed(Invocation& in) {
  if (in.args.has("--yes")) return true;
  if (!in.console.terminal_in()) {
    return fail(Error{Errc::denied, "there is no terminal to show this to a person"}.advise(
        "look at it with `sluice tuf diff`, and say --yes to sign it unseen"));
  }
  SLUICE_TRY(const auto answer, in.console.ask("Sign? [y/N] "));
  const std::string word = lower_ascii(answer);
  return word == "y" || word == "yes";
}

Result<std::vector<tuf::NewSignature>> signed_by_all(tuf::Repository& repository,
                                                     const ToSign& work) {
  std::vector<tuf::NewSignature> out;
  const auto& role = work.role->role;
  SLUICE_TRY(const auto* staged, repository.staged(role));
  SLUICE_TRY(const auto message, staged->draft.message());
  for (const auto& signer : work.signers) {
    SLUICE_TRY(const auto signature, signer->sign(message));
    json::Value value;
    value.set("keyid", signature.keyid.str());
    value.set("sig", signature.sig);
    if (!signature.bundle.empty()) {
      SLUICE_TRY(auto bundle, json::parse_strict(signature.bundle));
      value.set("bundle", std::move(bundle));
    }
    out.push_back(
        {role, {signature.keyid.str(), std::move(value), staged->draft.version(), staged->sha256}});
  }
  return out;
}

// Bins are thousands, each with a file to be written: many at once, where the keys allow it.
// Otherwise one role after the other, for what a person did by hand is not to be done again.
Result<std::size_t> sign_all(tuf::Repository& repository, const std::vector<ToSign>& works) {
  const bool at_once = std::ranges::all_of(works, [](const ToSign& work) {
    return std::ranges::all_of(work.signers, [](const auto& signer) { return signer->at_once(); });
  });
  const std::size_t many = at_once ? works.size() : 1;
  std::size_t made = 0;
  for (std::size_t from = 0; from < works.size(); from += many) {
    std::vector<Result<std::vector<tuf::NewSignature>>> parts(many);
    for_each_parallel(many, hardware_threads(), [&](std::size_t i) {
      parts[i] = signed_by_all(repository, works[from + i]);
    });
    std::vector<tuf::NewSignature> all;
    for (auto& part : parts) {
      SLUICE_TRY(auto signatures, std::move(part));
      std::ranges::move(signatures, std::back_inserter(all));
    }
    SLUICE_CHECK(repository.add_signatures(all));
    made += all.size();
  }
  return made;
}

// Nobody signs what is not what was proposed. Where nothing at all can be signed, what is wrong
// says why.
Result<void> refuse_faults(const Invocation& in, const tuf::Proposal& proposal, const Work& work) {
  const auto only = roles_given(in, "--role");
  for (const auto& fault : proposal.faults) {
    if (!fault.blocks || fault.id == "unsigned" || fault.id == "threshold") continue;
    const bool signs = std::ranges::any_of(
        work.roles, [&](const ToSign& one) { return one.role->role == fault.role; });
    const bool asked = only.empty() || std::ranges::find(only, fault.role) != only.end();
    if (!signs && (work.any_role || !asked)) continue;
    return fail(Error{Errc::denied, cat(printable(fault.role.str(), 80), ": ", fault.what,
                                        "; nothing was signed")}
                    .advise(fault.advice));
  }
  return {};
}

// That some signed is no answer to who cannot; that nobody can is no success.
Result<void> tell_of_keys(const Invocation& in, const Work& work) {
  if (!work.any_role) return {};
  if (std::ranges::none_of(work.keys, &GivenKey::listed)) {
    std::vector<std::string> why;
    for (const auto& key : work.keys) why.push_back(key.why_not);
    return fail(Error{Errc::denied, cat(join(why, "; "), "; nothing was signed")}.advise(
        "`sluice tuf status` says whose signatures are needed"));
  }
  if (in.json) return {};
  for (const auto& key : work.keys) {
    if (!key.signs) in.console.talk(cat("Nothing to sign: ", key.why_not, ".\n"));
  }
  return {};
}

json::Value keys_json(const Work& work) {
  json::Array out;
  for (const auto& key : work.keys) {
    json::Value entry;
    entry.set("key", printable(key.source, 200));
    entry.set("signed", key.signs);
    if (!key.signs) entry.set("why_not", key.why_not);
    out.push_back(std::move(entry));
  }
  return out;
}

Result<int> tell_signed(Invocation& in, tuf::Repository& repository, const Work& work,
                        std::size_t made, const Collected& collected) {
  SLUICE_TRY(const auto proposal, tuf::examine_proposal(repository, in.world.clock.now()));
  if (in.json) {
    json::Value out = proposal_json(proposal);
    out.set("signed", static_cast<std::int64_t>(made));
    out.set("keys", keys_json(work));
    out.set("collected", static_cast<std::int64_t>(collected.taken));
    out.set("collected_before", static_cast<std::int64_t>(collected.known));
    out.set("not_collected", static_cast<std::int64_t>(collected.left));
    SLUICE_CHECK(in.print_json(out));
    return kDone;
  }
  const auto line = [](std::string_view what, std::size_t count, std::string_view more = "") {
    if (count == 0) return std::string();
    return cat(what, count, count == 1 ? " signature" : " signatures", more, "\n");
  };
  std::string text = line("took over ", collected.taken);
  text += line("known     ", collected.known, ", here already");
  text += line("left      ", collected.left,
               ", which are not over what is proposed here, or by keys that are not asked for");
  text += line("signed    ", made);
  SLUICE_CHECK(in.console.print(cat(text, proposal_text(proposal, in.world.clock.now(), false))));
  return kDone;
}

Result<void> show_for_signing(Invocation& in, const Work& work) {
  for (const auto& one : work.roles) {
    const std::string text = shown_for_signing(one, in.world.clock.now());
    const bool unseen = in.console.terminal_in() && !in.console.terminal_out();
    if (in.json || in.args.has("--yes") || unseen) {
      in.console.talk(text);
    } else {
      SLUICE_CHECK(in.console.print(text));
    }
  }
  return {};
}

// Nothing is held while a person reads, types or signs in: whether what is staged is still what was
// shown is seen when the signatures are put beside it.
Result<int> run_tuf_sign(Invocation& in) {
  if (in.args.all("--key").empty() && !in.args.has("--collect")) {
    return fail(Error{Errc::usage, "no key to sign with"}.advise(
        "say --key FILE, pkcs11:…, env:NAME, cmd:PROGRAM or sigstore:"));
  }
  SLUICE_TRY(auto repository, open_repository(in));
  SLUICE_CHECK(check_proposed(repository, roles_given(in, "--role")));
  Collected collected;
  if (const auto from = in.args.get("--collect")) {
    SLUICE_TRY(collected, collect(in, repository, *from));
  }
  if (in.args.all("--key").empty()) return tell_signed(in, repository, {}, 0, collected);
  SLUICE_TRY(const auto proposal, tuf::examine_proposal(repository, in.world.clock.now()));
  TufSigners signers(in, "");
  signers.withhold(repository.policy());
  SLUICE_TRY(const auto work, work_for(in, repository, proposal, signers));
  SLUICE_CHECK(refuse_faults(in, proposal, work));
  SLUICE_CHECK(tell_of_keys(in, work));
  if (work.roles.empty()) return tell_signed(in, repository, work, 0, collected);
  SLUICE_CHECK(show_for_signing(in, work));
  SLUICE_TRY(const bool yes, confirmed(in));
  if (!yes) {
    in.console.talk("Nothing was signed.\n");
    return kRefused;
  }
  SLUICE_TRY(const auto made, sign_all(repository, work.roles));
  return tell_signed(in, repository, work, made, collected);
}

std::vector<Option> sign_options() {
  std::vector<Option> own{
      {"--key", "SOURCE", "FILE, pkcs11:…, env:NAME, cmd:PROGRAM or sigstore:", {}, false, true},
      {"--role", "ROLE", "only this one", {}, false, true},
      {"--collect", "DIR", "take over the signatures of a staging area"},
      {"--yes", "", "sign without asking"},
      {"--password-file", "FILE", "the key's password; otherwise SLUICE_PASSWORD, or a prompt"},
      {"--pin-file", "FILE", "the token's PIN; otherwise a prompt"}};
  std::ranges::move(token_options(), std::back_inserter(own));
  auto out = with_repository_options(std::move(own));
  std::ranges::move(network_options(), std::back_inserter(out));
  return out;
}

}  // namespace

std::vector<Command> tuf_sign_commands() {
  return {
      {.words = {"tuf", "propose"},
       .summary = "look at what is proposed, renew roles, or give a proposal up",
       .description =
           "What add, remove, delegate and key change stands in staging/ as plain files, which any "
           "git host carries to those who sign. Without options this takes files that were edited "
           "there by hand as they are, and shows what changes and who signs. --renew proposes a "
           "role again with a later expiry.",
       .examples = {{"before root expires", "sluice tuf propose --renew root"},
                    {"never mind", "sluice tuf propose --drop"}},
       .options = with_repository_options(
           {{"--renew", "ROLE", "a new version that expires later", {}, false, true},
            {"--drop", "", "give the proposal up"},
            {"--role", "ROLE", "with --drop: only this one", {}, false, true}}),
       .run = run_tuf_propose},
      {.words = {"tuf", "sign"},
       .summary = "see what a proposal changes, and sign it",
       .description =
           "Shows all that changes before it signs, and asks; where there is no terminal it "
           "refuses, unless --yes says that this was looked at elsewhere. Each signature is a file "
           "of its own below staging/signatures: several people sign in any order, on machines of "
           "their own, and hand over that folder by git, mail or a stick (--collect).\n"
           "With --key sigstore: who signs is who you sign in as, or whom the CI job has an ID "
           "token for (TAP 18). The signature goes into Sigstore's public log, with that name.\n"
           "Others go on working in the folder meanwhile; where they changed what was shown, it is "
           "not signed.\n"
           "Exit code 0: signed, now or before. 1: the answer was no. 3: none of the keys may sign "
           "what is proposed, one cannot be opened (say by a wrong password), or the proposal is "
           "faulty or changed meanwhile.",
       .examples = {{"with a key file", "sluice tuf sign --key ann.key"},
                    {"as who you are", "sluice tuf sign --key sigstore:"},
                    {"what came on a stick", "sluice tuf sign --collect /media/stick/staging"}},
       .options = sign_options(),
       .run = run_tuf_sign}};
}

}  // namespace sluice::cli
