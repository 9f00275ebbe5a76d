// SPDX-License-Identifier: Apache-2.0
// sluice tuf delegate, and tuf key add, remove, rotate, threshold, revoke.
#include <algorithm>
#include <bit>
#include <iterator>
#include <set>

#include "base/text.h"
#include "commands.h"
#include "exit.h"
#include "tuf_identity.h"
#include "tuf_repo.h"
#include "tuf_signers.h"

namespace sluice::cli {

namespace {

Result<tuf::RoleKeySet> keys_of_delegation(Invocation& in, tuf::Repository& repository) {
  tuf::RoleKeySet out;
  for (const auto& given : in.args.all("--key")) {
    SLUICE_TRY(out.keys.emplace_back(), key_argument(in, repository, given));
  }
  TufSigners signers(in, repository);
  for (const auto& source : in.args.all("--signer")) {
    SLUICE_TRY(const auto signer, signers.any(source));
    out.keys.push_back(signer->key());
  }
  if (const auto threshold = in.args.get("--threshold")) {
    SLUICE_TRY(out.threshold, count_argument("--threshold", *threshold));
  }
  return out;
}

Result<tuf::Edited> make_bins(Invocation& in, tuf::Repository& repository,
                              const tuf::RoleName& parent, const std::string& count) {
  if (in.args.has("--remove")) {
    return fail(Error{Errc::usage, "--remove takes away what has a name"}.advise(
        "sluice tuf delegate bins --remove"));
  }
  SLUICE_TRY(const auto number, count_argument("--bins", count));
  if (!std::has_single_bit(static_cast<std::uint64_t>(number)) || number < 2) {
    return fail(Errc::usage, "--bins takes a power of two, from 2 to 65536");
  }
  tuf::NewBins plan{.parent = parent, .keys = {}};
  if (!in.args.positionals().empty()) plan.prefix = in.args.positionals()[0];
  plan.bits = std::countr_zero(static_cast<std::uint64_t>(number));
  plan.succinct = !in.args.has("--explicit");
  SLUICE_TRY(plan.keys, keys_of_delegation(in, repository));
  return tuf::delegate_bins(repository, plan, in.world.clock.now());
}

Result<tuf::Edited> make_delegation(Invocation& in, tuf::Repository& repository,
                                    const tuf::RoleName& parent) {
  if (in.args.positionals().empty()) return fail(Errc::usage, "name the role to delegate to");
  const tuf::RoleName role(in.args.positionals()[0]);
  if (in.args.has("--remove")) {
    return tuf::remove_delegation(repository, parent, role, in.world.clock.now());
  }
  tuf::NewDelegation plan{
      .parent = parent, .role = role, .paths = in.args.all("--path"), .keys = {}};
  plan.terminating = in.args.has("--terminating");
  SLUICE_TRY(plan.keys, keys_of_delegation(in, repository));
  return tuf::delegate_paths(repository, plan, in.world.clock.now());
}

// Sources of online keys stand in tuf-repo.yaml, which is people's own file: it is not rewritten.
void tell_of_signers(const Invocation& in, const tuf::RepoPolicy& policy, const std::string& role,
                     tuf::Edited& edited) {
  const auto sources = in.args.all("--signer");
  if (sources.empty() || policy.of(tuf::RoleName(role)).online == sources) return;
  std::string list;
  for (const auto& each : sources)
    list += cat(list.empty() ? "" : ", ", json::write(json::Value(each)));
  edited.notes.push_back(policy.roles.contains(role)
                             ? cat("so that publish signs it, put into the line ", role,
                                   ": in tuf-repo.yaml   online: [", list, "]")
                             : cat("so that publish signs it, put below roles: in tuf-repo.yaml   ",
                                   role, ": {online: [", list, "]}"));
  if (role == "delegated") {
    edited.notes.emplace_back(
        "that line is for all delegated roles that have none of their own: give one to each role "
        "that people sign");
  }
}

Result<int> run_tuf_delegate(Invocation& in) {
  SLUICE_TRY(auto open, open_to_change(in));
  if (in.args.has("--publish")) open.repository.ignore_staging();
  const tuf::RoleName parent(in.args.get("--parent").value_or("targets"));
  const auto bins = in.args.get("--bins");
  SLUICE_TRY(auto edited, bins ? make_bins(in, open.repository, parent, *bins)
                               : make_delegation(in, open.repository, parent));
  tell_of_signers(in, open.repository.policy(), bins ? "delegated" : in.args.positionals()[0],
                  edited);
  if (in.args.has("--list")) {
    if (!bins) return fail(Errc::usage, "--list fills new bins: it goes with --bins");
    SLUICE_TRY(auto added, add_given_targets(in, open.repository, {}));
    // Every bin is among the roles already, and perhaps a role of somebody else.
    const std::set<tuf::RoleName> known(edited.roles.begin(), edited.roles.end());
    for (auto& role : added.roles) {
      if (!known.contains(role)) edited.roles.push_back(std::move(role));
    }
    std::ranges::move(added.notes, std::back_inserter(edited.notes));
  }
  if (in.args.has("--publish")) return publish_and_tell(in, open.repository, {.edited = edited});
  return save_and_tell(in, open.repository, edited);
}

// The keyids that the role has, for names and beginnings of keyids.
Result<std::string> keyid_of_role(tuf::Repository& repository, const tuf::RoleName& role,
                                  const std::string& given) {
  SLUICE_TRY(const auto* names, repository.names());
  SLUICE_TRY(const auto listed, tuf::listed_roles(repository));
  if (const auto* found = tuf::find_role(listed, role)) {
    return names->resolve(given, found->keys.keyids);
  }
  return fail(Errc::not_found, cat("there is no role ", printable(role.str(), 80)));
}

// NEW, or --identity and --issuer.
Result<tuf::RoleKey> key_to_add(Invocation& in, tuf::Repository& repository) {
  const auto& given = in.args.positionals();
  const auto identity = in.args.get("--identity");
  const auto issuer = in.args.get("--issuer");
  if (identity.has_value() != issuer.has_value()) {
    return fail(Errc::usage, "--identity and --issuer go together");
  }
  if (identity.has_value() == (given.size() > 1)) {
    return fail(Error{Errc::usage, "which key is it?"}.advise(
        "say [NAME=]FILE; or --identity WHO --issuer URL, and --name where WHO can be none"));
  }
  if (!identity) return key_argument(in, repository, given[1]);
  const std::string name = in.args.get("--name").value_or(*identity);
  if (auto good = tuf::check_key_name(name); !good) {
    return fail(std::move(good).error().advise("say --name NAME"));
  }
  SLUICE_TRY(auto key, identity_key_for(*identity, *issuer));
  SLUICE_CHECK(repository.name_key(name, key));
  return key;
}

Result<int> run_tuf_key_add(Invocation& in) {
  SLUICE_TRY(auto open, open_to_change(in));
  const tuf::RoleName role(in.args.positionals()[0]);
  SLUICE_TRY(const auto key, key_to_add(in, open.repository));
  SLUICE_TRY(const auto edited, tuf::add_key(open.repository, role, key, in.world.clock.now()));
  return save_and_tell(in, open.repository, edited);
}

Result<int> run_tuf_key_remove(Invocation& in) {
  SLUICE_TRY(auto open, open_to_change(in));
  const tuf::RoleName role(in.args.positionals()[0]);
  SLUICE_TRY(const auto keyid, keyid_of_role(open.repository, role, in.args.positionals()[1]));
  SLUICE_TRY(const auto edited,
             tuf::remove_key(open.repository, role, keyid, in.world.clock.now()));
  return save_and_tell(in, open.repository, edited);
}

Result<int> run_tuf_key_rotate(Invocation& in) {
  SLUICE_TRY(auto open, open_to_change(in));
  const tuf::RoleName role(in.args.positionals()[0]);
  SLUICE_TRY(const auto keyid, keyid_of_role(open.repository, role, in.args.positionals()[1]));
  SLUICE_TRY(const auto key, key_argument(in, open.repository, in.args.positionals()[2]));
  SLUICE_TRY(const auto edited,
             tuf::rotate_key(open.repository, role, keyid, key, in.world.clock.now()));
  return save_and_tell(in, open.repository, edited);
}

Result<int> run_tuf_key_threshold(Invocation& in) {
  SLUICE_TRY(auto open, open_to_change(in));
  SLUICE_TRY(const auto threshold, count_argument("the threshold", in.args.positionals()[1]));
  SLUICE_TRY(const auto edited,
             tuf::set_threshold(open.repository, tuf::RoleName(in.args.positionals()[0]), threshold,
                                in.world.clock.now()));
  return save_and_tell(in, open.repository, edited);
}

Result<int> run_tuf_key_revoke(Invocation& in) {
  SLUICE_TRY(auto open, open_to_change(in));
  SLUICE_TRY(const auto* names, open.repository.names());
  SLUICE_TRY(const auto listed, tuf::listed_roles(open.repository));
  std::vector<std::string> keyids;
  for (const auto& each : listed) {
    keyids.insert(keyids.end(), each.keys.keyids.begin(), each.keys.keyids.end());
  }
  std::ranges::sort(keyids);
  keyids.erase(std::ranges::unique(keyids).begin(), keyids.end());
  SLUICE_TRY(const auto keyid, names->resolve(in.args.positionals()[0], keyids));
  std::optional<tuf::RoleKey> replacement;
  if (const auto given = in.args.get("--replace-with")) {
    SLUICE_TRY(replacement, key_argument(in, open.repository, *given));
  }
  SLUICE_TRY(auto edited,
             tuf::revoke_key(open.repository, keyid, replacement, in.world.clock.now()));
  edited.notes.emplace_back(
      "next: sluice tuf sign, by those whom sluice tuf status names; then sluice tuf publish, at "
      "once: until then clients trust the old keys");
  edited.notes.emplace_back(
      "where it signed online: put the new key's source into tuf-repo.yaml, and take the old key "
      "out of CI");
  return save_and_tell(in, open.repository, edited);
}

Command delegate_command() {
  return {
      .words = {"tuf", "delegate"},
      .summary = "let other keys speak for some targets",
      .description =
          "By path patterns, to a team with keys of its own; or with --bins to a number of "
          "roles with the same keys, among which targets are spread by the hash of their "
          "paths: a change then touches one small file of many. Bins are succinct (TAP 15) "
          "unless --explicit lists each by its hash prefixes, which old clients read too and "
          "which makes targets.json large. Targets of the parent move into the bins. Where bins of "
          "that name are there, --bins N spreads their targets over N, with the keys that they "
          "have, and --remove puts the targets back into the parent.",
      .examples = {{"a team", "sluice tuf delegate libs --path 'libs/*' --key carla=carla.pub"},
                   {"bins that an online key signs",
                    "sluice tuf delegate --bins 16384 --signer env:TUF_ONLINE_KEY"}},
      .options = with_publish_options(
          {{"--path",
            "PATTERN",
            "paths that the role may list; * and ? within one part",
            {},
            false,
            true},
           {"--bins", "N", "instead of a role: so many bins, a power of two"},
           {"--explicit", "", "bins by hash prefixes, not succinct ones"},
           {"--list", "FILE",
            "with --bins: targets that they begin with, as for add; each bin "
            "is then written once"},
           {"--key", "[NAME=]FILE", "a public key of the role", {}, false, true},
           {"--signer", "SOURCE", "a key that signs without a person", {}, false, true},
           {"--threshold", "N", "how many of them must sign; 1"},
           {"--parent", "ROLE", "the role that delegates; targets"},
           {"--terminating", "", "nobody after it is asked for these paths"},
           {"--remove", "", "take the delegation, or the bins of that name, away"},
           {"--publish", "", "sign with online keys, and publish now"}}),
      .positionals = {{"ROLE", "its name; of bins what their names begin with (bins)", false}},
      .run = run_tuf_delegate};
}

Command key_command(std::string_view word, std::string summary, std::string description,
                    std::string example, std::vector<Positional> positionals,
                    Result<int> (*run)(Invocation&)) {
  return {.words = {"tuf", "key", std::string(word)},
          .summary = std::move(summary),
          .description = std::move(description),
          .examples = {{"for example", std::move(example)}},
          .options = with_repository_options({}),
          .positionals = std::move(positionals),
          .run = run};
}

Command key_add_command(const Positional& role, Positional new_key) {
  new_key.required = false;
  auto out = key_command("add", "let one more key sign for a role",
                         "A key counts once in a role, whatever keyids it has. With --identity "
                         "the key is who somebody is, as Sigstore's certificates say it (TAP 18): "
                         "they sign with `sluice tuf sign --key sigstore:`.",
                         "sluice tuf key add root dora=dora.pub", {role, std::move(new_key)},
                         run_tuf_key_add);
  out.examples.push_back({"who signs in as",
                          "sluice tuf key add targets --identity dora@example.org --issuer "
                          "https://accounts.example.org"});
  out.options = with_repository_options(
      {{"--identity", "WHO", "an address, or the URI of a workflow, as a certificate names it"},
       {"--issuer", "URL", "who vouches for that"},
       {"--name", "NAME", "what people call it; WHO, where that can be a name"}});
  return out;
}

}  // namespace

std::vector<Command> tuf_role_commands() {
  const Positional role{"ROLE",
                        "root, targets, snapshot, timestamp, a delegated role, or the bins"};
  const Positional old_key{"KEY", "its name below keys/, or the beginning of its keyid"};
  const Positional new_key{"NEW",
                           "[NAME=]FILE, a public key; sigstore:WHO?issuer=URL, an identity; or "
                           "the name of a known one"};
  std::vector<Command> out{delegate_command()};
  out.push_back(key_add_command(role, new_key));
  out.push_back(key_command(
      "remove", "let a key no longer sign for a role",
      "Refused where fewer keys would be left than must sign. What the remaining keys did not sign "
      "enough gets a new version.",
      "sluice tuf key remove root ben", {role, old_key}, run_tuf_key_remove));
  out.push_back(key_command("rotate", "put a key in another one's place",
                            "A new root is signed by enough keys of the old root and of the new "
                            "one; sluice tuf status says who that is.",
                            "sluice tuf key rotate root ben ben-2027=ben.pub",
                            {role, old_key, new_key}, run_tuf_key_rotate));
  out.push_back(key_command(
      "threshold", "say how many keys of a role must sign", "", "sluice tuf key threshold root 2",
      {role, {"N", "not above the number of its keys"}}, run_tuf_key_threshold));
  auto revoke = key_command(
      "revoke", "a key fell into wrong hands: take it out everywhere",
      "Takes the key out of every role that lists it, or puts another one in its place, and says "
      "step by step what else is to be done.",
      "sluice tuf key revoke ben --replace-with ben-2027=ben.pub", {old_key}, run_tuf_key_revoke);
  revoke.options.push_back({"--replace-with", "[NAME=]FILE", "the key that takes its place"});
  out.push_back(std::move(revoke));
  return out;
}

}  // namespace sluice::cli
