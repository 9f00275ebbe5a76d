// SPDX-License-Identifier: Apache-2.0
// sluice serve: from the command line to a running server, and to its end.
#include "serve.h"

#include <signal.h>

#include <charconv>

#include "base/text.h"
#include "commands.h"
#include "exit.h"
#include "keyfile.h"
#include "policy_file.h"
#include "server/server.h"

namespace sluice::cli {

namespace {

// Where Kubernetes says in which namespace a pod runs.
constexpr auto kOwnNamespace = "/var/run/secrets/kubernetes.io/serviceaccount/namespace";

std::unexpected<Error> wrong_option(std::string what, std::string hint) {
  return fail(Error{Errc::usage, std::move(what), {}, std::move(hint)});
}

Result<std::uint32_t> number_given(std::string_view option, std::string_view text,
                                   std::uint32_t least, std::uint32_t most) {
  std::uint32_t value = 0;
  const auto* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, value);
  if (read.ec != std::errc() || read.ptr != end || value < least || value > most) {
    return fail(Errc::usage, cat(option, " is a number from ", least, " to ", most));
  }
  return value;
}

// "127.0.0.1:8443", "[::1]:8443"
Result<void> listen_at(const Invocation& in, server::Setup& setup) {
  const std::string text = in.args.get("--listen").value_or("127.0.0.1:8443");
  const auto colon = text.rfind(':');
  if (colon == std::string::npos || colon == 0) {
    return wrong_option("--listen wants an address and a port", "--listen 0.0.0.0:8443");
  }
  setup.address = text.substr(0, colon);
  if (setup.address.starts_with('[') && setup.address.ends_with(']')) {
    setup.address = setup.address.substr(1, setup.address.size() - 2);
  }
  SLUICE_TRY(const auto port, number_given("--listen: the port",
                                           std::string_view(text).substr(colon + 1), 0, 65'535));
  setup.port = static_cast<std::uint16_t>(port);
  return {};
}

Result<server::Limits> limits_given(const Invocation& in) {
  server::Limits limits;
  if (const auto text = in.args.get("--max-connections")) {
    SLUICE_TRY(limits.connections, number_given("--max-connections", *text, 1, 100'000));
  }
  return limits;
}

Result<std::chrono::seconds> stop_within(const Invocation& in) {
  const auto text = in.args.get("--stop-within").value_or("10s");
  auto length = policy::parse_duration(text);
  if (!length) return fail(Errc::usage, cat("--stop-within: ", length.error().what));
  return length;
}

Result<void> name_environments(const Invocation& in, const policy::Policy& policy,
                               admission::Rules& rules) {
  rules.environment = in.args.get("--environment");
  for (const auto& pair : in.args.all("--namespace")) {
    const auto equals = pair.find('=');
    if (equals == 0 || equals == std::string::npos || equals + 1 == pair.size()) {
      return wrong_option(cat("--namespace: \"", printable(pair, 100), "\" is no pair"),
                          "--namespace shop=production");
    }
    const auto [at, fresh] =
        rules.namespaces.emplace(pair.substr(0, equals), pair.substr(equals + 1));
    if (!fresh) {
      return wrong_option(cat("--namespace: ", printable(at->first, 100), " stands there twice"),
                          "");
    }
  }
  if (rules.environment || !rules.namespaces.empty()) return {};
  if (policy.environments.size() != 1) {
    return wrong_option("the policy has several environments",
                        "--environment NAME, or --namespace NAME=ENVIRONMENT for each");
  }
  rules.environment = policy.environments.front().name;
  return {};
}

void name_exemptions(const Invocation& in, admission::Rules& rules) {
  const auto given = in.args.all("--exempt");
  for (const auto& each : given) {
    if (each != "none") rules.exempt.insert(each);
  }
  if (!given.empty()) return;
  rules.exempt.insert("kube-system");
  const auto own = in.world.files.read_plain(kOwnNamespace, 300, Links::followed);
  if (own && !trim(*own).empty()) rules.exempt.emplace(trim(*own));
}

Result<admission::Rules> rules_given(const Invocation& in) {
  admission::Rules rules;
  SLUICE_TRY(const auto policy, load_policy(in, *in.args.get("--policy-file")));
  SLUICE_CHECK(name_environments(in, policy, rules));
  name_exemptions(in, rules);
  rules.any_policy = in.args.has("--any-policy");
  return rules;
}

// One line for each decision is what this command is for: it tells unless it was asked not to.
Log log_of(const Invocation& in) {
  const auto level = in.settings.get(config::kLogLevel);
  return {in.world.clock,
          level.origin.source == config::Source::fallback ? LogLevel::info : level.value,
          in.settings.get(config::kLogFormat).value,
          [&console = in.console](std::string_view line) { console.talk(line); }};
}

Result<void> start_server(Serving& serving) {
  auto& in = serving.in;
  SLUICE_TRY(auto limits, limits_given(in));
  server::Setup setup{.clock = in.world.clock, .limits = limits, .routes = routes_of(serving)};
  SLUICE_CHECK(listen_at(in, setup));
  setup.observe = [&serving](const server::Exchange& exchange) {
    const std::string route = exchange.route.empty() ? "none" : exchange.route;
    const std::string status = cat(exchange.status);
    serving.metrics.count("sluice_http_requests_total", {{"route", route}, {"code", status}});
    serving.metrics.observe("sluice_http_request_seconds",
                            static_cast<double>(exchange.took.count()) / 1e6, {{"route", route}});
  };
  std::string print;
  SLUICE_TRY(const auto tls, read_tls(in, &print));
  SLUICE_TRY(serving.server, server::Server::start(std::move(setup), tls));
  server::Watched watched("certificate",
                          [&serving, print](const std::string& before) -> Result<std::string> {
                            if (before.empty()) return print;  // what it started with
                            std::string now;
                            SLUICE_TRY(const auto files, read_tls(serving.in, &now));
                            if (now != before) {
                              SLUICE_CHECK(serving.server->replace(files));
                            }
                            return now;
                          });
  (void)watched.look();
  serving.watched.push_back(std::move(watched));
  return {};
}

void say_what_is_served(const Serving& serving) {
  const auto& in = serving.in;
  std::vector<std::string> parts;
  for (const auto& [name_space, environment] : serving.rules.namespaces) {
    parts.push_back(cat(printable(name_space, 100), " as ", printable(environment, 80)));
  }
  if (serving.rules.environment) {
    parts.push_back(cat(parts.empty() ? "every namespace as " : "every other namespace as ",
                        printable(*serving.rules.environment, 80)));
  }
  std::vector<std::string> exempt(serving.rules.exempt.begin(), serving.rules.exempt.end());
  const auto evidence = serving.evidence->now();
  in.console.talk(cat("sluice: serving https://",
                      in.args.get("--listen").value_or("127.0.0.1:8443"), "/v1/admission",
                      serving.gate ? " and /v1/gate/check" : "", ", port ", serving.server->port(),
                      "\n  namespaces   ", join(parts, ", "), "\n  exempt       ",
                      exempt.empty() ? std::string("none") : printable(join(exempt, ", "), 500),
                      "\n  evidence     ", evidence->bundles, " bundles in ",
                      printable(*in.args.get("--evidence"), 200), "\n  certificate  until ",
                      human_time(serving.server->certificate_ends()), "\n"));
}

// The threads of the server inherit this: signals come to the main loop, and nowhere else.
sigset_t block_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int each : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, each);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signals;
}

void serve_until_told(Serving& serving, const sigset_t& signals) {
  const timespec second{1, 0};
  for (;;) {
    const int signal = sigtimedwait(&signals, nullptr, &second);
    if (signal == SIGTERM || signal == SIGINT) return;
    look_at_files(serving);
  }
}

}  // namespace

Result<int> run_serve(Invocation& in) {
  keep_out_of_cores();
  SLUICE_TRY(const auto within, stop_within(in));
  auto serving = std::make_unique<Serving>(in, log_of(in));
  describe_metrics(serving->metrics);
  SLUICE_TRY(serving->rules, rules_given(in));
  SLUICE_CHECK(watch_trust(*serving));
  const sigset_t signals = block_signals();
  serving->evidence = std::make_unique<admission::EvidenceFolder>(in.world.files, in.world.clock,
                                                                  *in.args.get("--evidence"));
  if (auto trouble = serving->evidence->trouble()) return fail(*std::move(trouble));
  SLUICE_CHECK(open_gate(*serving));
  SLUICE_CHECK(start_server(*serving));
  say_what_is_served(*serving);
  serve_until_told(*serving, signals);
  serving->log.write(LogLevel::info, "ending");
  const std::size_t cut_off = serving->server->stop(within);
  if (cut_off > 0) {
    serving->log.write(LogLevel::warning, "connections were cut off", {{"connections", cut_off}});
    (void)serving.release();  // a handler may still look at it; the process is about to end
  }
  return kDone;
}

}  // namespace sluice::cli
