// SPDX-License-Identifier: Apache-2.0
// sluice aiops: how a service is, by its metrics.
#include "aiops/check.h"

#include "aiops/engine.h"
#include "base/limits.h"
#include "base/text.h"
#include "commands.h"
#include "exit.h"
#include "settings.h"
#include "sources.h"

namespace sluice::cli {

namespace {

using aiops::Health;
using aiops::HealthReport;
using aiops::SignalHealth;
using aiops::State;

std::unexpected<Error> wrong_call(std::string what, std::string hint) {
  return fail(Error{Errc::usage, std::move(what), {}, std::move(hint)});
}

Result<aiops::Profile> read_profile(Invocation& in, const std::string& file) {
  SLUICE_TRY(const auto text, in.world.files.read(file, limits::kConfigFile));
  return aiops::parse_profile(text, shown(Path(file)));
}

Result<aiops::Profile> profile_for(Invocation& in) {
  if (const auto file = in.args.get("--profile")) {
    auto profile = read_profile(in, *file);
    if (profile) return profile;
    Error error = std::move(profile).error();
    error.code = Errc::usage;  // what the caller wrote, not what a server said
    return fail(std::move(error));
  }
  if (const auto service = in.args.get("--service")) return aiops::default_profile(*service);
  return wrong_call("say which service: --profile FILE or --service NAME",
                    "sluice aiops check --help");
}

Result<HealthReport> ask_prometheus(Invocation& in, Http& http) {
  SLUICE_TRY(const auto profile, profile_for(in));
  SLUICE_TRY(const auto credential, metrics_credential(in));
  SLUICE_TRY(const auto servers,
             within(sources::prometheus(*in.args.get("--prometheus"),
                                        in.args.get("--alertmanager").value_or(""), credential,
                                        in.settings.get(config::kNetTimeout).value),
                    "reading --prometheus and --alertmanager"));
  return aiops::check(http, profile, servers, in.world.clock.now());
}

Result<HealthReport> ask_engine(Invocation& in, Http& http) {
  if (in.args.has("--alertmanager"))
    return wrong_call("--alertmanager goes with --prometheus", "sluice aiops check --help");
  SLUICE_TRY(const auto profile, profile_for(in));
  SLUICE_TRY(const auto credential, metrics_credential(in));
  SLUICE_TRY(const auto engine,
             within(sources::endpoint(*in.args.get("--engine"), credential,
                                      in.settings.get(config::kNetTimeout).value),
                    "reading --engine"));
  return aiops::ask_engine(http, engine, profile.service, in.world.clock.now());
}

std::string padded(std::string text, std::size_t width) {
  if (text.size() < width) text.append(width - text.size(), ' ');
  return text;
}

std::string row(const SignalHealth& signal, std::size_t titles) {
  std::string out = cat("  ", padded(std::string(aiops::words(signal.state)), 12), "  ",
                        padded(printable(signal.title, 60), titles), "  ");
  out += aiops::described(signal);
  if (decided(signal.state) && signal.judgement) {
    const auto& since = signal.judgement->since;
    if (since) out += cat("\n", std::string(18 + titles, ' '), "since ", human_time(*since));
  }
  for (const auto& warning : signal.warnings)
    out += cat("\n", std::string(18 + titles, ' '), "warning: ", printable(warning, 200));
  return out + "\n";
}

std::string_view colour_of(Health health) {
  if (health == Health::healthy) return "\x1b[32m";
  return health == Health::incident ? "\x1b[31m" : "\x1b[33m";
}

std::string as_text(const HealthReport& report, bool colour) {
  const std::string_view word = aiops::name(report.health);
  std::string out = cat(colour ? colour_of(report.health) : "", word, colour ? "\x1b[0m" : "",
                        std::string(10 - word.size(), ' '), printable(report.service, 200), "\n  ",
                        aiops::reason(report), "\n\n");
  std::size_t titles = 0;
  for (const auto& signal : report.signals)
    titles = std::max(titles, printable(signal.title, 60).size());
  for (const auto& signal : report.signals) out += row(signal, titles);
  for (const auto& alert : report.alerts) {
    out += cat("  alert         ", printable(alert.name, 120),
               alert.severity.empty() ? "" : cat(", ", printable(alert.severity, 40)),
               alert.since ? cat(", since ", human_time(*alert.since)) : "", "\n");
    if (!alert.summary.empty())
      out += cat(std::string(16, ' '), printable(alert.summary, 300), "\n");
  }
  return out +
         cat("\nup to ", human_time(report.at), ", from ", printable(report.source, 200), "\n");
}

bool refused(Health health, const std::optional<std::string>& level) {
  if (!level) return false;
  return health == Health::incident || (health == Health::warning && *level == "warning");
}

Result<int> run_check(Invocation& in) {
  const bool engine = in.args.has("--engine");
  if (engine == in.args.has("--prometheus")) {
    return wrong_call("say whom to ask: either --prometheus URL or --engine URL",
                      "sluice aiops check --help");
  }
  SLUICE_TRY(auto client, metrics_client(in));
  const auto http = net::make_client(in.world, std::move(client));
  SLUICE_TRY(const auto report, engine ? ask_engine(in, *http) : ask_prometheus(in, *http));
  SLUICE_CHECK(in.json ? in.print_json(aiops::to_json(report))
                       : in.console.print(as_text(report, in.colour)));
  if (report.health == Health::unknown) return kUndecided;
  return refused(report.health, in.args.get("--fail-on")) ? kRefused : kDone;
}

std::vector<Option> check_options() {
  std::vector<Option> options = {
      {"--prometheus", "URL", "a server that speaks the Prometheus API"},
      {"--profile", "FILE", "which metrics speak for the service, and how they are judged"},
      {"--service", "NAME", "without a profile: the service whose default metrics are looked at"},
      {"--alertmanager", "URL", "open alerts about the service count as one more signal"},
      {"--engine", "URL", "ask this engine instead (docs/openapi/aiops-engine.v1.yaml)"},
      {"--fail-on", "LEVEL", "exit 1 from this level on", {"warning", "incident"}}};
  for (auto& option : metrics_options()) options.push_back(std::move(option));
  for (auto& option : network_options()) options.push_back(std::move(option));
  return options;
}

}  // namespace

std::vector<Command> aiops_commands() {
  return {{.words = {"aiops", "check"},
           .summary = "tell whether a service is in an incident",
           .description =
               "Asks for the golden signals of a service (request rate, error rate, p95 latency, "
               "memory, cpu; or those of the profile) over the last 14 days and compares the "
               "latest values with a rolling mean and 3 sigma.\n"
               "incident: two signals are anomalous at the same time. warning: one is, or one is "
               "not known. unknown: too little is known to rule out an incident; a source that is "
               "unreachable, stale or empty is never taken for healthy.\n"
               "Exit code 0: healthy, warning or incident. 1: as bad as --fail-on says. 3: "
               "unknown.",
           .examples = {{"a service with common metric names",
                         "sluice aiops check --prometheus http://localhost:9090 --service "
                         "checkout"},
                        {"stop a pipeline during an incident",
                         "sluice aiops check --prometheus https://metrics.example "
                         "--profile checkout.yaml --fail-on incident"}},
           .options = check_options(),
           .run = run_check}};
}

}  // namespace sluice::cli
