// SPDX-License-Identifier: Apache-2.0
// sluice gate check: the evidence, the policy, the decision; stored, explained and signed.
#include "base/text.h"
#include "change.h"
#include "check.h"
#include "commands.h"
#include "exit.h"
#include "gate/attest.h"
#include "gate/explain.h"
#include "gate_shared.h"
#include "gather.h"
#include "keyfile.h"
#include "policy_file.h"
#include "sigstore/verify_key.h"
#include "version.h"

namespace sluice::cli {

namespace {

std::unexpected<Error> wrong_call(std::string what, std::string hint) {
  return fail(Error{Errc::usage, std::move(what), {}, std::move(hint)});
}

Result<void> check_signing(const Invocation& in, const policy::Policy& policy, bool builtin) {
  const auto& args = in.args;
  if (!args.has("--key") && !args.has("--bundle")) return {};
  if (!args.has("--key")) return wrong_call("--bundle wants a key to sign with", "--key FILE");
  if (!args.has("--bundle"))
    return wrong_call("say where the signed decision goes", "--bundle OUT");
  if (!args.has("--digest")) {
    return wrong_call("a signed decision is about artifacts", "--digest sha256:HEX, once for each");
  }
  if (builtin) {
    return wrong_call("without a policy nothing is signed", "--policy-file FILE");
  }
  if (policy.verifier.empty()) {
    return wrong_call(
        cat(printable(policy.source, 200), " does not say in whose name decisions are signed"),
        "add a line to it: verifier: https://gate.example.org/web");
  }
  return {};
}

struct PolicyChoice {
  policy::Policy policy;
  gate::PolicyOrigin origin;
  policy::ReadFile read;  // the files that it names
};

// A policy on disk that does not count is what somebody is about to try out.
std::string unused_policy(const Invocation& in, const std::optional<Change>& change) {
  const Path file = (Path(in.args.get("--repo").value_or(".")) / kPolicyFile).lexically_normal();
  if (!in.world.files.info(file)) return "";
  const std::string base =
      change ? cat("the base, ", printable(change->range.base_name, 100), ", has none")
             : "there is no base to take one from";
  return cat("  ", shown(file), " on disk does not count: ", base, "\n  try: --policy-file ",
             shown(file), "\n");
}

Result<PolicyChoice> policy_of(const Invocation& in, const std::optional<Change>& change) {
  if (in.args.has("--policy") && in.args.has("--policy-file")) {
    return fail(Errc::usage,
                "--policy is read from the base of the change, --policy-file from disk; give one");
  }
  if (const auto file = in.args.get("--policy-file")) {
    SLUICE_TRY(auto policy, load_policy(in, *file));
    return PolicyChoice{std::move(policy), gate::PolicyOrigin::file, files_beside(in, *file)};
  }
  if (change) {
    SLUICE_TRY(auto at_base, policy_at_base(in, *change));
    if (at_base) {
      return PolicyChoice{*std::move(at_base), gate::PolicyOrigin::revision,
                          files_at_base(in, *change)};
    }
  }
  SLUICE_TRY(auto policy, policy::parse(policy::builtin_text(), "built in"));
  in.console.talk("sluice: no policy: risk alone is judged, and nothing is signed\n");
  in.console.talk(unused_policy(in, change));
  return PolicyChoice{std::move(policy), gate::PolicyOrigin::builtin, files_beside(in, "")};
}

Result<const policy::Environment*> environment_of(const Invocation& in,
                                                  const policy::Policy& policy) {
  std::vector<std::string> names;
  for (const auto& each : policy.environments) names.push_back(each.name);
  const auto wanted = in.args.get("--env");
  if (!wanted && names.size() == 1) return &policy.environments.front();
  if (!wanted) {
    return wrong_call("the policy has several environments",
                      cat("--env with one of ", join(names, ", ")));
  }
  if (const auto* found = policy.find(*wanted)) return found;
  const auto meant = closest(*wanted, {names.begin(), names.end()});
  return wrong_call(cat("the policy has no environment \"", printable(*wanted, 60), "\"",
                        meant.empty() ? std::string() : cat(" (did you mean \"", meant, "\"?)")),
                    cat("it has ", join(names, ", ")));
}

Result<std::vector<gate::Subject>> subjects_of(const Invocation& in) {
  std::vector<gate::Subject> out;
  for (const std::string& text : in.args.all("--digest")) {
    auto digest = crypto::Digest::parse(text);
    if (!digest) {
      return wrong_call(cat("--digest: ", digest.error().what), "as sha256: and 64 hex digits");
    }
    out.push_back({in.args.get("--resource").value_or(""), *std::move(digest)});
  }
  return out;
}

// The bundle's text; none where nothing is to be signed.
Result<std::optional<std::string>> sign_decision(Invocation& in, const gate::Record& record) {
  if (!in.args.has("--bundle")) return std::nullopt;
  if (record.decision.verdict == gate::Verdict::undecided) {
    in.console.talk("sluice: undecided: nothing was signed\n");
    return std::nullopt;
  }
  SLUICE_TRY(const auto statement,
             gate::statement_of(record, in.args.get("--resource").value_or("")));
  SLUICE_TRY(const auto key, load_private_key(in, *in.args.get("--key")));
  SLUICE_TRY(auto bundle, sigstore::sign_payload(MediaType(std::string(dsse::kInTotoPayload)),
                                                 bytes_of(statement), key));
  return bundle;
}

Result<int> run_gate_check(Invocation& in) {
  SLUICE_TRY(const auto found, change_of(in));
  const std::string about = found.change ? found.change->range.head.brief() : "";
  SLUICE_TRY(auto checked, check_change(in, found, about));
  SLUICE_CHECK(print_explanation(
      in, {.record = checked.record, .signed_file = std::move(checked.signed_file)}));
  return exit_of(checked.record.decision.verdict);
}

Command check_command() {
  Command command{
      .words = {"gate", "check"},
      .summary = "approve, delay or block a change",
      .description =
          "Judges the evidence by the policy, stores the decision with all its inputs, and says "
          "why. With --key and --bundle the decision is signed as a SLSA Verification Summary on "
          "the digests; a block and a delay are signed as FAILED, what is undecided never.\n"
          "The risk is that of RANGE, or of what the branch has that its upstream has not. "
          "Metrics and the grid are asked at the same time, where the policy names them under "
          "sources; a source that does not answer in time is evidence, too. The policy is "
          "sluice.yaml as the base of the change has it, with the files that it names, so that a "
          "change cannot loosen what judges it. Without a policy, risk alone is judged and nothing "
          "is signed.\n"
          "Exit code 0: approved, perhaps with conditions. 1: blocked. 3: undecided, or it could "
          "not be done. 75: not now; the output says from when on.",
      .examples = {{"what is about to be pushed, by the policy of the base", "sluice gate check"},
                   {"by a policy, with evidence from files",
                    "sluice gate check --policy-file sluice.yaml --env production --signal "
                    "risk.json"},
                   {"signed for an image",
                    "sluice gate check --policy-file sluice.yaml --env production --signal "
                    "risk.json --digest sha256:\"$DIGEST\" --key gate.key --bundle decision.json"}},
      .options = gate_check_options(),
      .positionals = {{"RANGE", "BASE..HEAD; a side that is left out is HEAD", false}},
      .run = run_gate_check};
  command.options.push_back(form_option());
  return command;
}

}  // namespace

int exit_of(gate::Verdict verdict) {
  switch (verdict) {
    case gate::Verdict::approve:
    case gate::Verdict::conditions:
      return kDone;
    case gate::Verdict::delay:
      return kNotNow;
    case gate::Verdict::block:
      return kRefused;
    case gate::Verdict::undecided:
      return kUndecided;
  }
  return kInternal;
}

Result<Checked> check_change(Invocation& in, const ChangeFound& found, const std::string& about) {
  SLUICE_TRY(auto choice, policy_of(in, found.change));
  SLUICE_CHECK(check_signing(in, choice.policy, choice.origin == gate::PolicyOrigin::builtin));
  SLUICE_TRY(const auto* environment, environment_of(in, choice.policy));
  gate::Inputs inputs{.policy = choice.policy, .origin = choice.origin};
  inputs.environment = environment->name;
  SLUICE_TRY(inputs.subjects, subjects_of(in));
  inputs.change = in.args.get("--change").value_or(about);
  inputs.now = in.world.clock.now();
  SLUICE_TRY(inputs.signals, gather(in, *environment, found, choice.read, inputs.now));
  const std::string id = gate::new_id(inputs.now, in.world.random);
  SLUICE_TRY(auto record, gate::judge(std::move(inputs), id, cat("sluice ", kVersion)));
  // Signed in memory, then stored, then written: a signed decision is always a stored one.
  SLUICE_TRY(const auto bundle, sign_decision(in, record));
  SLUICE_TRY(const auto decisions, open_store(in, store::Access::write));
  SLUICE_CHECK(decisions->append(gate::row_of(record), gate::write_record(record)));
  Checked checked{.record = std::move(record), .signed_file = {}};
  if (bundle) {
    checked.signed_file = *in.args.get("--bundle");
    SLUICE_CHECK(in.world.files.replace(checked.signed_file, *bundle));
  }
  return checked;
}

std::vector<Option> gate_check_options() {
  std::vector<Option> options = {
      {"--policy-file", "FILE", "the policy, from disk; recorded as such"},
      {"--env", "NAME", "the environment; needed where the policy has several"},
      {"--change", "TEXT", "what people call this change, say \"web 1a2b3c4\""},
      {.name = "--digest",
       .value = "DIGEST",
       .help = "an artifact that the decision is about, as sha256:HEX",
       .repeated = true},
      {"--resource", "URI",
       "what the cluster will pull, for the signed decision; default: the digest"},
      {"--key", "FILE", "the private key to sign the decision with"},
      {"--bundle", "OUT", "where the signed decision goes"},
      password_option(),
      store_option()};
  for (auto& option : change_options()) options.push_back(std::move(option));
  for (auto& option : gather_options()) options.push_back(std::move(option));
  return options;
}

std::vector<Command> gate_commands() {
  std::vector<Command> commands = {check_command(), simulate_command()};
  for (auto& each : journal_commands()) commands.push_back(std::move(each));
  return commands;
}

}  // namespace sluice::cli
