// SPDX-License-Identifier: Apache-2.0
// sluice log watch: a monitor over a transparency log, by identity, key or digest.
#include <charconv>

#include "base/text.h"
#include "commands.h"
#include "exit.h"
#include "identity_options.h"
#include "keyfile.h"
#include "log_watch.h"
#include "net/client.h"
#include "net/url.h"
#include "report/report.h"
#include "settings.h"
#include "trust_material.h"

namespace sluice::cli {

namespace {

using sigstore::EntryFinding;
using sigstore::LogStateFile;
using sigstore::Monitor;
using sigstore::MonitorOptions;

constexpr std::chrono::seconds kIntervalMost{24 * 60 * 60};

std::unexpected<Error> wrong_watch(std::string what) {
  return fail(Error{Errc::usage, std::move(what)}.advise("sluice log watch --help"));
}

// "60s", "5m", "1h", "90".
Result<std::chrono::seconds> interval_of(std::string_view text) {
  std::int64_t count = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, status] = std::from_chars(text.data(), end, count);
  const std::string_view unit(rest, static_cast<std::size_t>(end - rest));
  const std::int64_t seconds = unit.empty() || unit == "s" ? 1 : unit == "m" ? 60 : 3600;
  const bool known = unit.empty() || unit == "s" || unit == "m" || unit == "h";
  if (status == std::errc() && known && count > 0 && count <= kIntervalMost.count() / seconds) {
    return std::chrono::seconds(count * seconds);
  }
  return wrong_watch(
      cat("--interval wants a time from 1s to 24h, not \"", printable(text, 40), "\""));
}

Result<sigstore::WatchList> watch_list(Invocation& in) {
  sigstore::WatchList out;
  SLUICE_TRY(const auto wish, identity_wish(in.args));
  if (wish) {
    SLUICE_TRY(auto rule, sigstore::make_identity_rule(*wish));
    out.rules.push_back(std::move(rule));
  }
  for (const auto& file : in.args.all("--key")) {
    SLUICE_TRY(const auto key, load_public_key(in, file));
    out.keys.push_back(key.fingerprint());
  }
  for (const auto& text : in.args.all("--digest")) {
    auto digest = crypto::Digest::parse(text);
    if (!digest) return wrong_watch(cat("--digest: ", digest.error().what));
    out.artifacts.push_back(*std::move(digest));
  }
  if (!out.empty()) return out;
  return wrong_watch(
      "watch for whom? --certificate-identity and --certificate-oidc-issuer, or --repo, or --key, "
      "or --digest");
}

Result<std::optional<sigstore::WitnessPolicy>> witnesses_of(const Invocation& in) {
  const auto file = in.args.get("--witness-policy");
  if (!file) return std::nullopt;
  SLUICE_TRY(const std::string text, in.world.files.read(*file, sigstore::kPolicyBytes));
  SLUICE_TRY(auto policy,
             within(sigstore::parse_witness_policy(text), cat("reading ", shown(Path(*file)))));
  return policy;
}

Result<MonitorOptions> monitor_options(Invocation& in) {
  SLUICE_TRY(auto list, watch_list(in));
  SLUICE_TRY(auto trust, trust_root_for(in));
  SLUICE_TRY(auto log, sigstore::find_log(trust, *in.args.get("--log"), in.world.clock.now()));
  SLUICE_TRY(auto witnesses, witnesses_of(in));
  const std::string read_from = in.args.get("--read-from").value_or("");
  if (!read_from.empty()) {
    SLUICE_CHECK(within(net::parse_url(read_from), "reading --read-from"));
  }
  return MonitorOptions{.log = std::move(log),
                        .read_from = read_from,
                        .timeout = in.settings.get(config::kNetTimeout).value,
                        .witnesses = std::move(witnesses),
                        .list = std::move(list),
                        .trust = std::move(trust)};
}

// Looks at the log, and tells what it finds.
class Watcher {
 public:
  Watcher(Invocation& in, Monitor& monitor, LogStateFile& file, std::string watched_for)
      : in_(in), monitor_(monitor), file_(file), watched_for_(std::move(watched_for)) {}

  // Whether an alert about the log itself ended the watch.
  Result<bool> look() {
    summary_ = {};
    const auto begin = in_.args.has("--from-now") ? sigstore::Begin::at_present_head
                                                  : sigstore::Begin::at_first_entry;
    const sigstore::LookListener listener{
        .tell = [this](const EntryFinding& finding) { return tell(finding); },
        .progress = [this](std::uint64_t end, std::uint64_t size) { show_progress(end, size); }};
    SLUICE_TRY(summary_.look, sigstore::look_at_log(monitor_, file_, begin, listener));
    if (summary_.look.alert) {
      SLUICE_CHECK(tell_log(*summary_.look.alert));
      return true;
    }
    SLUICE_CHECK(tell_summary());
    return false;
  }

  bool alerted() const { return alerted_; }

 private:
  Time now() const { return in_.world.clock.now(); }
  Result<void> print_line(const json::Value& value) {
    return in_.console.print(json::write(value) + "\n");
  }

  Result<void> tell_log(const sigstore::LogAlert& alert) {
    alerted_ = true;
    json::Value value = alert_json(alert, monitor_.origin(), now());
    const auto stored = file_.store_evidence(alert, json::write_pretty(value));
    if (stored) value.set("evidence", shown(*stored));
    const std::string evidence =
        stored ? cat("both checkpoints are in ", shown(*stored)) : stored.error().text();
    return in_.json ? print_line(value)
                    : in_.console.print(alert_text(alert, monitor_.origin(), evidence, in_.colour));
  }

  Result<void> tell(const EntryFinding& finding) {
    const bool unread = finding.why == EntryFinding::Why::unread;
    ++(unread ? summary_.unread : summary_.alerts);
    alerted_ = alerted_ || !unread;
    return in_.json ? print_line(finding_json(finding, monitor_.origin(), now()))
                    : in_.console.print(finding_text(finding, monitor_.origin(), in_.colour));
  }

  // What is looked at again and again is told of where there was something.
  Result<void> tell_summary() {
    const bool quiet = summary_.look.first == summary_.look.end && told_once_;
    told_once_ = true;
    if (quiet) return {};
    summary_.log = monitor_.origin();
    return in_.json ? print_line(summary_json(summary_, now()))
                    : in_.console.print(summary_text(summary_, watched_for_));
  }

  void show_progress(std::uint64_t end, std::uint64_t size) {
    if (in_.json || !in_.console.terminal_out() || end == size) return;
    in_.console.talk(cat("reading   ", end, " of ", size, " entries\r"));
  }

  Invocation& in_;
  Monitor& monitor_;
  LogStateFile& file_;
  std::string watched_for_;
  LookSummary summary_;
  bool alerted_ = false;
  bool told_once_ = false;
};

// A look that failed is no end of the watch: the next one may do better.
Result<void> tell_failure(Invocation& in, const Error& error) {
  in.console.talk(cat("sluice: ", report::as_text(error)));
  if (!in.json) return {};
  return in.console.print(json::write(report::as_json(error, "")) + "\n");
}

// Of these the next look may know better: the log, or the way to it, had a bad moment.
bool may_pass(Errc code) {
  return code == Errc::network || code == Errc::timeout || code == Errc::not_found ||
         code == Errc::malformed || code == Errc::limit;
}

Result<int> watch_on(Invocation& in, Watcher& watcher, std::chrono::seconds interval) {
  for (;;) {
    const auto ended = watcher.look();
    if (ended && *ended) return kRefused;
    if (!ended) {
      SLUICE_CHECK(tell_failure(in, ended.error()));
      if (!may_pass(ended.error().code)) return exit_code(ended.error().code);
    }
    in.world.clock.sleep(interval);
  }
}

// An alert weighs more than what could not be told besides.
Result<int> watch_once(Invocation& in, Watcher& watcher) {
  const auto ended = watcher.look();
  if (!ended) SLUICE_CHECK(tell_failure(in, ended.error()));
  if (watcher.alerted()) return kRefused;
  return ended ? kDone : exit_code(ended.error().code);
}

Result<int> run_watch(Invocation& in) {
  if (in.args.has("--once") && in.args.has("--interval")) {
    return wrong_watch("--once and --interval do not go together");
  }
  SLUICE_CHECK(
      refuse_to_overwrite(in, {"--state"}, {"--key", "--trusted-root", "--witness-policy"}));
  SLUICE_TRY(const auto interval, interval_of(in.args.get("--interval").value_or("60s")));
  SLUICE_TRY(auto options, monitor_options(in));
  const std::string watched_for = options.list.describe();
  SLUICE_TRY(auto file, LogStateFile::open(in.world.files, *in.args.get("--state")));
  SLUICE_TRY(auto kept, file.read());
  const auto http = net::make_client(in.world, client_options(in.settings));
  Monitor monitor(*http, std::move(options), std::move(kept));
  Watcher watcher(in, monitor, file, watched_for);
  return in.args.has("--once") ? watch_once(in, watcher) : watch_on(in, watcher, interval);
}

std::vector<Option> watch_options() {
  std::vector<Option> out = {
      {.name = "--log",
       .value = "URL",
       .help = "the log: its URL, or the name in its checkpoints, as the trust material has it",
       .required = true},
      {.name = "--state",
       .value = "FILE",
       .help = "what is known of the log, kept from look to look; made by the first",
       .required = true}};
  for (Option& option : identity_options()) out.push_back(std::move(option));
  for (Option& option : std::vector<Option>{
           {"--key", "FILE", "whoever signs with this public key", {}, false, true},
           {"--digest",
            "DIGEST",
            "whoever signs what has this digest: sha256:HEX",
            {},
            false,
            true},
           {"--once", "", "look once; exit code 1 where there was something"},
           {"--interval", "TIME", "look again after this time: 60s (default), 5m, 1h"},
           {"--from-now", "",
            "where there is no state yet: begin at the log's present end instead of its first "
            "entry"},
           {"--read-from", "URL", "read the log's files from here, a mirror say"},
           {"--witness-policy", "FILE",
            "who else must have seen the log's tree: keys and quorum (C2SP tlog-policy)"}}) {
    out.push_back(std::move(option));
  }
  for (Option& option : trust_options()) out.push_back(std::move(option));
  for (Option& option : network_options()) out.push_back(std::move(option));
  return out;
}

}  // namespace

std::vector<Command> log_commands() {
  return {{.words = {"log", "watch"},
           .summary = "watch a transparency log for an identity, a key or a digest",
           .description =
               "Reads every new entry of a log in tiles (Rekor v2), proves that the entries are "
               "those of the tree that the log signed and that this tree continues the one before, "
               "and tells of each entry that somebody asked for. A log that shrinks, forks, or is "
               "signed by another key is an alert of its own, ends the watch, and leaves the state "
               "as it was.\n"
               "Whether a certificate's chain holds is part of the alert: a log takes "
               "certificates from anybody.\n"
               "Exit code, with --once: 0: nothing of interest. 1: an alert. 3: could not tell. "
               "Without --once it ends by an alert about the log (1), or by what does not pass by "
               "itself, such as a state that cannot be kept (3).",
           .examples = {{"who signs in the name of our repository, from now on",
                         "sluice log watch --log https://log.example.org --repo org/app --state "
                         "watch.json --from-now"},
                        {"once a night: has anybody used our key?",
                         "sluice log watch --log https://log.example.org --key release.pub "
                         "--state watch.json --once --output json"}},
           .options = watch_options(),
           .run = run_watch}};
}

}  // namespace sluice::cli
