// SPDX-License-Identifier: Apache-2.0
// sluice tuf init.
#include <array>

#include "base/limits.h"
#include "base/text.h"
#include "commands.h"
#include "exit.h"
#include "tuf_identity.h"
#include "tuf_repo.h"
#include "tuf_signers.h"

namespace sluice::cli {

namespace {

using tuf::RoleType;

constexpr std::array kTopRoles{RoleType::root, RoleType::targets, RoleType::snapshot,
                               RoleType::timestamp};

bool follows(RoleType type) { return type == RoleType::snapshot || type == RoleType::timestamp; }

std::string option_for(RoleType type, std::string_view what) {
  return cat("--", tuf::name(type), "-", what);
}

// Where the online key of a role is, from the options; empty where people sign it.
std::vector<std::string> sources_given(const Invocation& in, RoleType type) {
  auto out = in.args.all(option_for(type, "signer"));
  if (out.empty() && follows(type)) out = in.args.all("--online-signer");
  return out;
}

// What is in the folder's tuf-repo.yaml already, say from a template, and what the options say.
struct GivenPolicy {
  tuf::RepoPolicy policy;
  bool as_it_was = false;  // the file says all of it: it stays, with its comments
};

Result<void> take_roles(const Invocation& in, GivenPolicy& out) {
  for (const auto type : kTopRoles) {
    auto role = out.policy.of(tuf::RoleName(std::string(tuf::name(type))));
    if (const auto given = in.args.get(option_for(type, "expires"))) {
      SLUICE_TRY(role.expires, tuf::parse_period(*given));
      role.renew = role.expires / 2;
      out.as_it_was = false;
    }
    if (auto sources = sources_given(in, type); !sources.empty()) {
      role.online = std::move(sources);
      out.as_it_was = false;
    }
    out.policy.roles[std::string(tuf::name(type))] = std::move(role);
  }
  return {};
}

Result<GivenPolicy> policy_given(Invocation& in, const Path& folder) {
  GivenPolicy out;
  const Path file = folder / tuf::kPolicyFile;
  if (in.world.files.info(file)) {
    SLUICE_TRY(const auto text, in.world.files.read(file, limits::kConfigFile));
    SLUICE_TRY(out.policy, tuf::parse_policy(text, tuf::kPolicyFile));
    out.as_it_was = true;
  }
  if (!in.args.all("--hash").empty()) {
    out.as_it_was = false;
    out.policy.hashes.clear();
    for (const auto& each : in.args.all("--hash")) {
      out.policy.hashes.push_back(each == "sha512" ? crypto::HashAlgorithm::sha512
                                                   : crypto::HashAlgorithm::sha256);
    }
  }
  SLUICE_CHECK(take_roles(in, out));
  for (const char* const option : {"--targets-elsewhere", "--publish-to", "--single-writer"}) {
    if (in.args.has(option)) out.as_it_was = false;
  }
  if (in.args.has("--targets-elsewhere")) out.policy.targets_here = false;
  if (const auto place = in.args.get("--publish-to")) out.policy.publish_to = *place;
  if (in.args.has("--single-writer")) out.policy.single_writer = true;
  return out;
}

// Relative paths of key files are below the repository, where refresh-online will look for them:
// also those that lead out of a folder that is still to be made.
std::string source_now(const std::string& source, const Path& folder) {
  if (source.find(':') != std::string::npos || Path(source).is_absolute()) return source;
  std::error_code failed;
  const Path path = std::filesystem::weakly_canonical(folder / source, failed);
  return (failed ? folder / source : path).native();
}

Result<tuf::RoleKeySet> key_set(Invocation& in, RoleType type, const Path& folder,
                                TufSigners& signers, tuf::NewRepository& plan) {
  tuf::RoleKeySet out;
  for (const auto& given : in.args.all(option_for(type, "key"))) {
    SLUICE_TRY(auto named, read_named_key(in, given));
    out.keys.push_back(named.key);
    plan.names.emplace_back(std::move(named.name), std::move(named.key));
  }
  for (const auto& source : plan.policy.of(tuf::RoleName(std::string(tuf::name(type)))).online) {
    SLUICE_TRY(const auto signer, signers.any(source_now(source, folder)));
    out.keys.push_back(signer->key());
  }
  if (out.keys.empty()) {
    return fail(Error{Errc::usage, cat("the role ", tuf::name(type), " has no key")}.advise(
        cat("say ", option_for(type, "key"), " FILE",
            follows(type) ? ", or --online-signer for a key that signs without a person" : "")));
  }
  const auto threshold = in.args.get(option_for(type, "threshold"));
  if (threshold) {
    SLUICE_TRY(out.threshold, count_argument(option_for(type, "threshold"), *threshold));
  }
  return out;
}

Result<int> run_repository_init(Invocation& in) {
  const Path folder = in.args.positionals()[0];
  SLUICE_TRY(auto given, policy_given(in, folder));
  tuf::NewRepository plan;
  plan.policy = std::move(given.policy);
  plan.keep_policy_file = given.as_it_was;
  TufSigners signers(in, {});
  signers.withhold(plan.policy);
  for (const auto type : kTopRoles) {
    SLUICE_TRY(plan.roles[static_cast<std::size_t>(type)],
               key_set(in, type, folder, signers, plan));
  }
  SLUICE_TRY(auto repository, tuf::init_repository(in.world.files, folder, plan,
                                                   in.world.clock.now(), identity_keys(in)));
  tuf::Edited edited;
  edited.add(tuf::RoleName("root"));
  edited.add(tuf::RoleName("targets"));
  return save_and_tell(in, repository, edited);
}

std::vector<Option> init_options() {
  std::vector<Option> out;
  for (const auto type : kTopRoles) {
    out.push_back({option_for(type, "key"),
                   "[NAME=]FILE",
                   cat("a public key of ", tuf::name(type), ", and what people call it"),
                   {},
                   false,
                   true});
    out.push_back({option_for(type, "threshold"), "N", "how many of them must sign; 1"});
    out.push_back(
        {option_for(type, "expires"), "PERIOD",
         cat("how long a version is good; ",
             tuf::period_text(
                 tuf::RepoPolicy{}.of(tuf::RoleName(std::string(tuf::name(type)))).expires))});
    out.push_back({option_for(type, "signer"),
                   "SOURCE",
                   "a key that signs without a person: FILE, env:NAME, pkcs11:…, cmd:PROGRAM, "
                   "sigstore:WHO?issuer=URL",
                   {},
                   false,
                   true});
  }
  for (Option each : std::vector<Option>{
           {"--online-signer",
            "SOURCE",
            "the same for both snapshot and timestamp",
            {},
            false,
            true},
           {"--hash", "KIND", "of targets; sha256", {"sha256", "sha512"}, false, true},
           {"--targets-elsewhere", "", "list targets and keep no copies of them"},
           {"--publish-to", "PLACE", "where publish puts it beside this folder: DIR or s3://…"},
           {"--single-writer", "", "nobody else publishes to that place"}}) {
    out.push_back(std::move(each));
  }
  return out;
}

}  // namespace

std::vector<Command> tuf_init_commands() {
  return {
      {.words = {"tuf", "init"},
       .summary = "begin a TUF repository",
       .description =
           "Makes the folder, writes how it is kept to tuf-repo.yaml, and proposes the first "
           "root and targets. Their keys sign with `sluice tuf sign`; then `sluice tuf publish` "
           "makes it a repository that clients can read.\n"
           "Keys are public ones: PEM, TUF's JSON, or sigstore:WHO?issuer=URL for who signs by an "
           "identity. Those of snapshot and timestamp are best "
           "online, since they sign each day: they are named by where they are, and file names "
           "count from DIR. Thresholds above the number of different keys are refused.\n"
           "A tuf-repo.yaml that is in DIR already, say from a template, counts where the options "
           "say nothing else.",
       .examples = {{"two people for root, one of them also for targets, one key online",
                     "sluice tuf init --root-key ann=ann.pub --root-key ben=ben.pub "
                     "--root-threshold 2 --targets-key ann=ann.pub --online-signer "
                     "env:TUF_ONLINE_KEY repo"}},
       .options = init_options(),
       .positionals = {{"DIR", "the folder to make"}},
       .run = run_repository_init}};
}

}  // namespace sluice::cli
