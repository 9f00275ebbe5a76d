// SPDX-License-Identifier: Apache-2.0
// /v1/gate/check: who may ask, what is gathered, where decisions go.
#include "base/text.h"
#include "gate_shared.h"
#include "keyfile.h"
#include "policy_file.h"
#include "serve.h"
#include "settings.h"
#include "sources.h"
#include "version.h"

namespace sluice::cli {

namespace {

Result<void> check_gate_options(const Invocation& in) {
  const auto needs = [&](const char* option, const char* other) -> Result<void> {
    if (!in.args.has(option) || in.args.has(other)) return {};
    return fail(
        Error{Errc::usage, cat(option, " is of no use without ", other), {}, cat(other, " FILE")});
  };
  SLUICE_CHECK(needs("--signing-key", "--callers"));
  SLUICE_CHECK(needs("--store", "--callers"));
  return needs("--publish", "--signing-key");
}

Result<void> watch_callers(Serving& serving) {
  const std::string file = *serving.in.args.get("--callers");
  server::Watched watched(
      "callers", [&serving, file](const std::string& before) -> Result<std::string> {
        SLUICE_TRY(const auto text, serving.in.world.files.read(file, gateway::kMaxCallers));
        auto print = crypto::digest_of(crypto::HashAlgorithm::sha256, bytes_of(text)).text();
        if (print == before) return print;
        SLUICE_TRY(auto callers, gateway::parse_callers(text, file));
        serving.gate->callers.set(std::move(callers));
        return print;
      });
  (void)watched.look();
  if (watched.trouble()) return fail(*watched.trouble());
  serving.watched.push_back(std::move(watched));
  return {};
}

// What is signed here and admitted nowhere is most likely a mistake.
void warn_of_foreign_key(Serving& serving) {
  const auto own = serving.gate->signer->public_key().fingerprint().text();
  const auto trust = serving.trust.get();
  for (const auto& [environment, signatories] : trust->signatories) {
    for (const auto& each : signatories) {
      if (each.fingerprint == own) return;
    }
  }
  serving.log.write(LogLevel::warning, "the policy does not trust the signing key",
                    {{"fingerprint", own}});
}

gateway::Service service_of(Serving& serving) {
  ServedGate& gate = *serving.gate;
  gateway::Service service{
      .world = serving.in.world,
      .program = cat("sluice ", kVersion),
      .policy = [&serving] { return serving.trust.get()->policy; },
      .callers = [&gate] { return std::optional(*gate.callers.get()); },
      .gather =
          [&serving, read = files_beside(serving.in, *serving.in.args.get("--policy-file"))](
              const policy::Environment& environment, Time now) {
            return sources::gather(serving.in.world, serving.gate->access, environment, read, now,
                                   {}, [&serving](const std::string& what) {
                                     serving.log.write(LogLevel::warning,
                                                       "the carbon cache does not work",
                                                       {{"what", what}});
                                   });
          },
      .store = *gate.decisions,
      .storing = gate.storing};
  if (gate.signer) service.signer = &*gate.signer;
  if (serving.in.args.has("--publish")) service.publish = *serving.in.args.get("--evidence");
  return service;
}

gateway::Credentials credentials_of(const server::Request& request) {
  gateway::Credentials shown;
  if (const auto header = request.header("authorization")) {
    // A header that holds no token is not as good as none.
    shown.token = gateway::bearer_token(*header).value_or("");
  }
  if (request.certificate) {
    shown.certificate = request.certificate->names;
    shown.certificate.push_back(request.certificate->fingerprint);
  }
  return shown;
}

}  // namespace

std::vector<Option> served_gate_options() {
  std::vector<Option> options = {
      {"--callers", "FILE",
       "who may call /v1/gate/check, and for which environments; none: nobody"},
      {"--signing-key", "FILE", "the private key to sign decisions with"},
      password_option(),
      {"--publish", "", "put signed decisions into the folder of evidence"},
      store_option()};
  for (auto& each : source_options()) options.push_back(std::move(each));
  for (auto& each : network_options()) options.push_back(std::move(each));
  return options;
}

Result<void> open_gate(Serving& serving) {
  auto& in = serving.in;
  SLUICE_CHECK(check_gate_options(in));
  if (!in.args.has("--callers")) return {};
  serving.gate = std::make_unique<ServedGate>();
  SLUICE_CHECK(watch_callers(serving));
  SLUICE_TRY(serving.gate->access, source_access(in));
  SLUICE_TRY(serving.gate->decisions, open_store(in, store::Access::write));
  if (const auto file = in.args.get("--signing-key")) {
    SLUICE_TRY(auto key, load_private_key(in, *file));
    serving.gate->signer.emplace(std::move(key));
    warn_of_foreign_key(serving);
  }
  return {};
}

server::Route gate_route(Serving& serving) {
  return {"POST", "/v1/gate/check",
          [&serving, service = service_of(serving)](const server::Request& request) {
            auto reply = service.answer(request.body, credentials_of(request));
            if (!reply.verdict.empty()) {
              serving.metrics.count("sluice_gate_decisions_total", {{"verdict", reply.verdict}});
            }
            serving.log.write(reply.trouble.empty() ? LogLevel::info : LogLevel::error, "gate",
                              {{"caller", reply.caller},
                               {"status", reply.status},
                               {"verdict", reply.verdict},
                               {"decision", reply.id},
                               {"trouble", reply.trouble}});
            server::Response response{.status = reply.status, .body = std::move(reply.body)};
            if (reply.status == 401) response.headers.emplace_back("WWW-Authenticate", "Bearer");
            return response;
          },
          server::Lane::slow, "application/json"};
}

}  // namespace sluice::cli
