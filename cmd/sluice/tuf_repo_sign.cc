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
  for (const auto& role : roles) {
    SLUICE_TRY(const auto* staged, repository.staged(role));
    if (staged == nullptr) {
      return fail(Errc::not_found, cat(printable(role.str(), 80), " is not proposed"));
    }
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

Result<int> run_tuf_propose(Invocation& in) {
  SLUICE_TRY(auto open, open_to_change(in));
  auto& repository = open.repository;
  if (in.args.has("--drop")) return drop_proposal(in, repository);
  SLUICE_TRY(auto edited, take_edited(in, repository));
  for (const auto& role : roles_given(in, "--renew")) {
    SLUICE_TRY(const auto done, tuf::renew(repository, role, in.world.clock.now()));
    edited.add(done);
  }
  if (!edited.roles.empty()) return save_and_tell(in, repository, edited);
  SLUICE_TRY(const auto proposal, tuf::examine_proposal(repository, in.world.clock.now()));
  if (in.json) {
    SLUICE_CHECK(in.print_json(proposal_json(proposal)));
  } else {
    SLUICE_CHECK(in.console.print(proposal_text(proposal, in.world.clock.now(), true)));
  }
  return kDone;
}

// --- sign

struct Collected {
  std::size_t taken = 0;
  std::size_t left = 0;  // over something else, or by a key that is not asked for
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

// Signatures from a staging area that came on a stick, or by mail. One that does not count would
// only take the place of the same key's good one.
Result<Collected> collect(Invocation& in, tuf::Repository& repository, const Path& from) {
  SLUICE_TRY(const auto roles, repository.staged_roles());
  Collected out;
  for (const auto& role : roles) {
    const auto folder = repository.signature_folder(role).filename();
    for (const Path& at :
         {from / "signatures" / folder, from / "staging" / "signatures" / folder}) {
      if (!in.world.files.info(at)) continue;
      SLUICE_TRY(const auto entries, in.world.files.list(at));
      for (const auto& entry : entries) {
        if (entry.kind != FileKind::file || !entry.name.ends_with(".json")) continue;
        SLUICE_TRY(const auto text,
                   in.world.files.read_plain(at / entry.name, kLargestCarried, Links::refused));
        SLUICE_TRY(const auto signature, within(tuf::parse_staged_signature(text),
                                                cat("reading ", shown(at / entry.name))));
        SLUICE_TRY(const bool good, counts(repository, role, signature));
        ++(good ? out.taken : out.left);
        if (good) SLUICE_CHECK(repository.add_signature(role, signature));
      }
    }
  }
  return out;
}

struct ToSign {
  const tuf::ProposedRole* role;
  std::vector<TufSigners::Signer> signers;
};

bool wants(const tuf::ProposedRole& role, const std::string& keyid) {
  return std::ranges::any_of(role.quorums, [&](const tuf::Quorum& quorum) {
    return std::ranges::any_of(quorum.voters, [&](const tuf::Voter& voter) {
      return voter.keyid == keyid && voter.vote != tuf::Vote::given;
    });
  });
}

struct Work {
  std::vector<ToSign> roles;
  std::string denied;  // why a key at hand is none of a role
};

// What each key at hand has to sign, of the roles asked for.
Result<Work> work_for(Invocation& in, tuf::Repository& repository, const tuf::Proposal& proposal,
                      TufSigners& signers) {
  const auto only = roles_given(in, "--role");
  Work out;
  for (const auto& role : proposal.roles) {
    if (role.published) continue;
    if (!only.empty() && std::ranges::find(only, role.role) == only.end()) continue;
    ToSign work{&role, {}};
    SLUICE_TRY(const auto signatories, tuf::signatories_of(repository, role.role));
    for (const auto& source : in.args.all("--key")) {
      auto signer = signers.one_of(source, signatories);
      if (!signer && signer.error().code == Errc::denied && only.empty()) {
        out.denied = signer.error().what;
        continue;
      }
      if (!signer)
        return fail(std::move(signer).error().in(cat("signing ", printable(role.role.str(), 80))));
      if (wants(role, (*signer)->key().keyid.str())) work.signers.push_back(*std::move(signer));
    }
    if (!work.signers.empty()) out.roles.push_back(std::move(work));
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
  SLUICE_TRY(const auto answer,
             in.console.ask_secret("Type yes to sign (nothing is shown while you type): "));
  return answer.reveal_text() == "yes";
}

Result<void> sign_one(tuf::Repository& repository, const tuf::RoleName& role,
                      const tuf::StagedRole& staged, tuf::RoleSigner& signer) {
  SLUICE_TRY(const auto message, staged.draft.message());
  SLUICE_TRY(const auto signature, signer.sign(message));
  json::Value value;
  value.set("keyid", signature.keyid.str());
  value.set("sig", signature.sig);
  if (!signature.bundle.empty()) {
    SLUICE_TRY(auto bundle, json::parse_strict(signature.bundle));
    value.set("bundle", std::move(bundle));
  }
  return repository.add_signature(
      role, {signature.keyid.str(), std::move(value), staged.draft.version(), staged.sha256});
}

// Bins are thousands, each with a file to be written: many at once, where the keys allow it.
Result<std::size_t> sign_all(tuf::Repository& repository, const std::vector<ToSign>& works) {
  std::vector<const tuf::StagedRole*> staged;
  std::size_t made = 0;
  bool at_once = true;
  for (const auto& work : works) {
    SLUICE_TRY(staged.emplace_back(), repository.staged(work.role->role));
    made += work.signers.size();
    at_once = at_once && std::ranges::all_of(work.signers,
                                             [](const auto& signer) { return signer->at_once(); });
  }
  const auto sign = [&](std::size_t i) -> Result<void> {
    for (const auto& signer : works[i].signers) {
      SLUICE_CHECK(sign_one(repository, works[i].role->role, *staged[i], *signer));
    }
    return {};
  };
  if (!at_once) {
    for (std::size_t i = 0; i < works.size(); ++i) SLUICE_CHECK(sign(i));
    return made;
  }
  std::vector<Result<void>> done(works.size());
  for_each_parallel(works.size(), hardware_threads() * 4,
                    [&](std::size_t i) { done[i] = sign(i); });
  for (auto& one : done) SLUICE_CHECK(std::move(one));
  return made;
}

// Nobody signs what is not what was proposed.
Result<void> refuse_faults(const tuf::Proposal& proposal, const std::vector<ToSign>& works) {
  for (const auto& fault : proposal.faults) {
    if (!fault.blocks || fault.id == "unsigned" || fault.id == "threshold") continue;
    const bool meant = std::ranges::any_of(
        works, [&](const ToSign& work) { return work.role->role == fault.role; });
    if (!meant) continue;
    return fail(Error{Errc::denied, cat(printable(fault.role.str(), 80), ": ", fault.what,
                                        "; nothing was signed")}
                    .advise(fault.advice));
  }
  return {};
}

Result<int> tell_signed(Invocation& in, tuf::Repository& repository, std::size_t made,
                        const Collected& collected) {
  SLUICE_TRY(const auto proposal, tuf::examine_proposal(repository, in.world.clock.now()));
  if (in.json) {
    json::Value out = proposal_json(proposal);
    out.set("signed", static_cast<std::int64_t>(made));
    out.set("collected", static_cast<std::int64_t>(collected.taken));
    out.set("not_collected", static_cast<std::int64_t>(collected.left));
    SLUICE_CHECK(in.print_json(out));
    return kDone;
  }
  std::string text;
  if (collected.taken > 0) {
    text +=
        cat("took over ", collected.taken, collected.taken == 1 ? " signature\n" : " signatures\n");
  }
  if (collected.left > 0) {
    text += cat("left      ", collected.left, collected.left == 1 ? " signature" : " signatures",
                ", which are not over what is proposed here, or by keys that are not asked for\n");
  }
  if (made > 0) text += cat("signed    ", made, made == 1 ? " signature\n" : " signatures\n");
  SLUICE_CHECK(in.console.print(cat(text, proposal_text(proposal, in.world.clock.now(), false))));
  return kDone;
}

Result<int> run_tuf_sign(Invocation& in) {
  SLUICE_TRY(auto open, open_to_change(in));
  auto& repository = open.repository;
  Collected collected;
  if (const auto from = in.args.get("--collect")) {
    SLUICE_TRY(collected, collect(in, repository, *from));
  }
  if (in.args.all("--key").empty()) {
    if (in.args.has("--collect")) return tell_signed(in, repository, 0, collected);
    return fail(Error{Errc::usage, "no key to sign with"}.advise(
        "say --key FILE, pkcs11:…, env:NAME, cmd:PROGRAM or sigstore:"));
  }
  SLUICE_TRY(const auto proposal, tuf::examine_proposal(repository, in.world.clock.now()));
  TufSigners signers(in, "");
  signers.withhold(repository.policy());
  SLUICE_TRY(const auto found, work_for(in, repository, proposal, signers));
  const auto& works = found.roles;
  if (works.empty()) {
    if (!in.json && !proposal.roles.empty()) {
      const std::string why = found.denied.empty() ? std::string() : cat(": ", found.denied);
      in.console.talk(cat(
          "Nothing was signed: of what is proposed this key has signed its part, or has no part",
          why, ".\n"));
    }
    return tell_signed(in, repository, 0, collected);
  }
  SLUICE_CHECK(refuse_faults(proposal, works));
  for (const auto& work : works) {
    const std::string text = shown_for_signing(work, in.world.clock.now());
    const bool unseen = in.console.terminal_in() && !in.console.terminal_out();
    if (in.json || in.args.has("--yes") || unseen) {
      in.console.talk(text);
    } else {
      SLUICE_CHECK(in.console.print(text));
    }
  }
  SLUICE_TRY(const bool yes, confirmed(in));
  if (!yes) {
    in.console.talk("Nothing was signed.\n");
    return kRefused;
  }
  SLUICE_TRY(const auto made, sign_all(repository, works));
  return tell_signed(in, repository, made, collected);
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
           "token for (TAP 18). The signature goes into Sigstore's public log, with that name.",
       .examples = {{"with a key file", "sluice tuf sign --key ann.key"},
                    {"as who you are", "sluice tuf sign --key sigstore:"},
                    {"what came on a stick", "sluice tuf sign --collect /media/stick/staging"}},
       .options = sign_options(),
       .run = run_tuf_sign}};
}

}  // namespace sluice::cli
