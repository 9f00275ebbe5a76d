// SPDX-License-Identifier: Apache-2.0
// sluice ci hook pre-push: judges what is about to be pushed, in a developer's repository.
//
// It never asks a network: what metrics and the grid say is asked when something is deployed. So a
// policy that counts them leaves a push undecided, and only a block refuses one unless the
// repository's owner wants it stricter.
#include <array>
#include <set>

#include "base/text.h"
#include "change.h"
#include "ci.h"
#include "exit.h"
#include "gate/explain.h"
#include "gate_shared.h"
#include "policy_file.h"
#include "sources/wiring.h"
#include "version.h"

namespace sluice::cli {

namespace {

constexpr std::size_t kMaxLines = 4U << 20;  // bytes on standard input
constexpr std::size_t kMaxJudged = 25;       // references of one push
constexpr std::size_t kShortestReason = 5;   // longer than 1, yes and true
constexpr std::size_t kLongestReason = 1000;
constexpr std::string_view kPushEnvironment = "push";
constexpr std::string_view kSettings = "sluice.hook.";

// ---- what the owner of the repository set with git config ---------------------------------------

struct HookSettings {
  gate::Verdict fail_on = gate::Verdict::block;
  std::optional<std::string> environment;
};

std::unexpected<Error> wrong_setting(std::string_view name, std::string_view value,
                                     std::string_view words) {
  return fail(Error{Errc::usage,
                    cat("git config ", kSettings, name, " is \"", printable(value, 60),
                        "\", but goes with ", words),
                    {},
                    cat("git config ", kSettings, name, " WORD")});
}

// git writes names in small letters. "required" is read by the hook's script alone, for the case
// that there is no sluice.
Result<HookSettings> hook_settings(const Invocation& in) {
  HookSettings out;
  SLUICE_TRY(const auto text,
             ask_git(in, ".", {"config", "--null", "--get-regexp", R"(^sluice\.hook\.)"}));
  if (!text) return out;
  for (const auto entry : split(*text, '\0')) {
    const auto line = entry.find('\n');
    const auto name = entry.substr(0, line);
    const auto value = line == std::string_view::npos ? "" : entry.substr(line + 1);
    if (name == "sluice.hook.environment") out.environment = std::string(value);
    if (name != "sluice.hook.failon") continue;
    const auto verdict = gate::verdict_named(value);
    if (!verdict || gate::passes(*verdict)) {
      return wrong_setting("failOn", value, "block, undecided or delay");
    }
    out.fail_on = *verdict;
  }
  return out;
}

// ---- what is pushed -----------------------------------------------------------------------------

Result<std::vector<git::PushedRef>> pushed_refs(std::string_view text) {
  std::vector<git::PushedRef> out;
  for (const auto line : split(text, '\n')) {
    if (line.empty()) continue;
    const auto words = split(line, ' ');
    if (words.size() != 4) {
      return fail(Error{Errc::usage,
                        cat("\"", printable(line, 100), "\" is no line of git's pre-push hook"),
                        {},
                        "git calls this command; sluice ci init hook puts it in place"});
    }
    out.push_back({std::string(words[0]), std::string(words[1]), std::string(words[2]),
                   std::string(words[3])});
  }
  return out;
}

std::string short_name(std::string_view ref) {
  for (const std::string_view prefix : {"refs/heads/", "refs/tags/", "refs/"}) {
    if (ref.starts_with(prefix)) return std::string(ref.substr(prefix.size()));
  }
  return std::string(ref);
}

// A remote that is called by its URL may carry a password in it.
std::string remote_name(std::string_view remote) {
  const bool url = remote.contains("://") || remote.contains('@') || remote.contains('/');
  return url ? "the remote" : std::string(remote);
}

std::string_view kind_text(git::PushKind kind) {
  switch (kind) {
    case git::PushKind::created:
      return "push of new ";
    case git::PushKind::taken_back:
      return "force push (takes back) of ";
    case git::PushKind::rewritten:
      return "force push of ";
    default:
      return "push of ";
  }
}

// ---- judging ------------------------------------------------------------------------------------

gate::Signal unknown_risk(const Error& error, Time now) {
  gate::Signal signal{.id = "risk", .value = gate::Unknown::unreachable};
  signal.text = error.text();
  if (!error.hint.empty()) signal.text += cat("; try: ", error.hint);
  signal.source = "git";
  signal.observed_at = now;
  return signal;
}

class PrePush {
 public:
  PrePush(Invocation& in, HookSettings settings, std::string remote)
      : in_(in), settings_(std::move(settings)), remote_(std::move(remote)) {}

  // One decision for each reference; what cannot be judged is undecided, with the reason.
  // None: there is nothing in this reference to judge.
  Result<std::optional<gate::Record>> judge(const git::PushedRef& ref) {
    const Time now = in_.world.clock.now();
    const auto push = push_of(ref);
    if (push && !push->range) return std::nullopt;
    auto policy = push ? policy_for(*push->range) : fail(push.error());
    std::vector<gate::Signal> signals;
    if (!policy) {
      signals.push_back(unknown_risk(policy.error(), now));
      SLUICE_TRY(policy, builtin());
    } else if (policy->environment().counts("risk")) {
      signals.push_back(risk_of(*push->range, policy->scorer, now));
    }
    gate::Inputs inputs{.policy = std::move(policy->policy),
                        .origin = policy->origin,
                        .environment = std::move(policy->name),
                        .now = now,
                        .signals = std::move(signals)};
    inputs.change =
        cat(kind_text(push ? push->kind : git::PushKind::other), short_name(ref.local_ref), " ",
            ref.local_id.substr(0, 7), " to ", remote_name(remote_));
    SLUICE_TRY(auto record, gate::judge(std::move(inputs), gate::new_id(now, in_.world.random),
                                        cat("sluice ", kVersion)));
    return std::optional(std::move(record));
  }

 private:
  struct Rules {
    policy::Policy policy;
    gate::PolicyOrigin origin;
    std::string name;  // of the environment
    Result<risk::PathScorer> scorer;

    const policy::Environment& environment() const { return *policy.find(name); }
  };

  static Result<Rules> builtin() {
    SLUICE_TRY(auto policy, policy::parse(policy::builtin_text(), "built in"));
    const std::string name = policy.environments.front().name;
    return Rules{std::move(policy), gate::PolicyOrigin::builtin, name,
                 sources::risk_scorer({}, {})};
  }

  Result<git::Push> push_of(const git::PushedRef& ref) {
    if (!repository_) {
      SLUICE_TRY(const auto folder, ask_git(in_, ".", {"rev-parse", "--absolute-git-dir"}));
      SLUICE_TRY(repository_, git::Repository::open(folder.value_or(".")));
    }
    return repository_->push(ref, remote_);
  }

  // The policy that the remote's default branch has, so that a branch cannot loosen in a first push
  // what judges the second.
  Result<Rules> policy_for(const git::Range& range) const {
    const auto trusted = repository_->default_branch(remote_).value_or(range.base);
    SLUICE_TRY(auto found, policy_at(*repository_, trusted, trusted.brief(), std::nullopt));
    if (!found) return builtin();
    SLUICE_TRY(auto name, environment_of(*found));
    auto scorer = sources::risk_scorer(found->find(name)->sources,
                                       files_at(*repository_, trusted, std::nullopt));
    return Rules{*std::move(found), gate::PolicyOrigin::revision, std::move(name),
                 std::move(scorer)};
  }

  // What is set, else an environment made for pushes, else the first.
  Result<std::string> environment_of(const policy::Policy& policy) const {
    if (const auto& wanted = settings_.environment) {
      if (policy.find(*wanted) != nullptr) return *wanted;
      return fail(Errc::usage, cat("git config ", kSettings, "environment names \"",
                                   printable(*wanted, 60), "\", which the policy does not have"));
    }
    if (policy.find(kPushEnvironment) != nullptr) return std::string(kPushEnvironment);
    return policy.environments.front().name;
  }

  gate::Signal risk_of(const git::Range& range, const Result<risk::PathScorer>& scorer, Time now) {
    Change change{*std::move(repository_), range};
    auto signal = risk_signal(change, scorer, now);
    repository_ = std::move(change.repository);
    return signal;
  }

  Invocation& in_;
  HookSettings settings_;
  std::string remote_;
  std::optional<git::Repository> repository_;
};

// ---- saying it ----------------------------------------------------------------------------------

std::string row(std::string_view text) { return gate::fitted(text, 80) + "\n"; }

// One line where all is well; the reason in full where it goes through all the same.
std::string passed_text(const gate::Record& record) {
  const std::string head = cat("sluice: ", gate::name(record.decision.verdict), "  ",
                               printable(record.inputs.change, 200));
  if (!gate::passes(record.decision.verdict)) {
    return row(cat(head, ", not refused")) +
           cat("  ", wrapped(printable(gate::summary_of(record), 600), 2), "\n");
  }
  if (record.inputs.signals.empty()) return row(head);
  return row(cat(head, ": ", printable(record.inputs.signals.front().text, 200)));
}

std::string counted_paths(const gate::Record& record) {
  std::string out;
  for (const auto& signal : record.inputs.signals) {
    for (const auto& detail : signal.details) {
      out += row(cat(std::string(20, ' '), printable(detail.text, 200), "  ",
                     printable(detail.label, 40)));
    }
  }
  return out;
}

std::string refused_text(const gate::Record& record, bool stored) {
  std::string out = gate::as_text(record, {.stored = stored});
  const auto paths = counted_paths(record);
  if (!paths.empty()) out += cat("\nWhat counted most:\n", paths);
  return out;
}

// ---- going past it ------------------------------------------------------------------------------

struct Reason {
  std::optional<std::string> text;
  bool unusable = false;
};

Reason skip_reason(const Invocation& in) {
  const auto given = in.world.environment.get("SLUICE_SKIP");
  if (!given) return {};
  const auto text = trim(*given);
  if (text.size() < kShortestReason) return {std::nullopt, true};
  return {printable(text, kLongestReason)};
}

// "T <t@example.org>", as git would write it into a commit.
std::string who_pushes(const Invocation& in) {
  const auto ident = ask_git(in, ".", {"var", "GIT_COMMITTER_IDENT"});
  if (ident && *ident) {
    const auto end = (*ident)->rfind('>');
    return printable((*ident)->substr(0, end == std::string::npos ? end : end + 1), 300);
  }
  return printable(in.world.environment.get("USER").value_or("unknown"), 100);
}

// A decision, and the skip if there is one: both or an error.
Result<void> record_push(const Invocation& in, const gate::Record& record,
                         const std::optional<store::Skip>& skip) {
  SLUICE_TRY(const auto decisions, open_store(in, store::Access::write));
  SLUICE_CHECK(decisions->append(gate::row_of(record), gate::write_record(record)));
  if (skip) SLUICE_CHECK(decisions->add_skip(record.id, *skip));
  return {};
}

constexpr std::string_view kWayOut =
    "\nTo push all the same, on record:  SLUICE_SKIP=\"the reason\" git push …\n";

// Does this reference go through? What it says goes to standard error: git shows that.
bool goes_through(Invocation& in, const gate::Record& record, const HookSettings& settings,
                  const std::optional<store::Skip>& skip) {
  const bool refused = record.decision.verdict >= settings.fail_on;
  const auto stored = record_push(in, record, skip);
  if (!stored) {
    in.console.talk(row(cat("sluice: not recorded: ", printable(stored.error().text(), 400))));
  }
  in.console.talk(refused ? refused_text(record, stored.has_value()) : passed_text(record));
  if (!skip || !refused) return !refused;
  if (!stored) {
    in.console.talk(
        "\nsluice: a skip has to be recorded: the push is refused\n"
        "  try: XDG_STATE_HOME=DIR, a folder that can be written\n");
    return false;
  }
  in.console.talk("\n" + row(cat("sluice: skipped by ", skip->who, ": ", skip->reason)));
  return true;
}

Result<int> run_hook(Invocation& in) {
  if (in.console.terminal_in()) {
    return fail(Error{Errc::usage,
                      "git calls this command, with what it pushes on standard input",
                      {},
                      "sluice ci init hook"});
  }
  SLUICE_TRY(const auto settings, hook_settings(in));
  SLUICE_TRY(const auto text, read_all(*standard_input(), kMaxLines));
  SLUICE_TRY(const auto refs, pushed_refs(text));
  const Reason reason = skip_reason(in);
  if (reason.unusable) in.console.talk("sluice: SLUICE_SKIP wants a reason in words\n");
  std::optional<store::Skip> skip;
  if (reason.text) skip = {in.world.clock.now(), who_pushes(in), *reason.text};

  PrePush hook(in, settings, in.args.positionals()[1]);
  bool through = true;
  std::set<std::string> seen;  // a branch and a tag often lead to the same commit
  for (const auto& ref : refs) {
    if (!seen.insert(cat(ref.local_id, " ", ref.remote_id)).second) continue;
    if (seen.size() > kMaxJudged) {
      in.console.talk(cat("sluice: only the first ", kMaxJudged, " of ", refs.size(),
                          " references were judged\n"));
      through = through && settings.fail_on == gate::Verdict::block;
      break;
    }
    SLUICE_TRY(const auto record, hook.judge(ref));
    if (record && !goes_through(in, *record, settings, skip)) through = false;
  }
  if (!through) in.console.talk(kWayOut);
  return through ? kDone : kRefused;
}

}  // namespace

Command hook_command() {
  return {.words = {"ci", "hook"},
          .summary = "judge a push; git calls this",
          .description =
              "Reads the lines of git's pre-push hook on standard input and judges what each "
              "reference brings, by its risk. The policy is sluice.yaml as the remote's default "
              "branch has it, in the environment \"push\" where there is one, else the first. No "
              "network is asked.\n"
              "A block refuses the push; what is delayed or undecided goes through, since that is "
              "asked again when it is deployed. git config sluice.hook.failOn says otherwise: "
              "block, undecided or delay. sluice.hook.environment names the environment.\n"
              "SLUICE_SKIP=\"reason\" git push goes past a refusal and is recorded with the name "
              "that git has of you; sluice gate history shows it. git push --no-verify does not "
              "call the hook, so nothing is recorded.\n"
              "Exit code 0: the push goes on. 1: it is refused.",
          .examples = {{"as git does it",
                        "echo \"refs/heads/t $(git rev-parse t) refs/heads/t $(git rev-parse "
                        "origin/t)\" | sluice ci hook pre-push origin"}},
          .options = {store_option()},
          .positionals = {{"HOOK", "pre-push", true, false, {"pre-push"}},
                          {"REMOTE", "the remote, as git names it"},
                          {"URL", "where it is; not used", false}},
          .output = false,
          .run = run_hook};
}

}  // namespace sluice::cli
