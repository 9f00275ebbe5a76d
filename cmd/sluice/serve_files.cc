// SPDX-License-Identifier: Apache-2.0
// The files that a server lives by: read again when they change, each as a whole or not at all.
#include "base/limits.h"
#include "base/text.h"
#include "policy_file.h"
#include "serve.h"

namespace sluice::cli {

namespace {

// Of several files, in order, with their lengths: no two sets of files share one.
class Print {
 public:
  void add(std::string_view content) {
    hasher_.update(bytes_of(cat(content.size(), ":")));
    hasher_.update(bytes_of(content));
  }
  std::string finish() { return hasher_.finish().text(); }

 private:
  crypto::Hasher hasher_{crypto::HashAlgorithm::sha256};
};

Result<void> check_served(const admission::Rules& rules, const admission::Trust& trust) {
  std::vector<std::string> served;
  if (rules.environment) served.push_back(*rules.environment);
  for (const auto& [name_space, environment] : rules.namespaces) served.push_back(environment);
  for (const auto& each : served) {
    const auto at = trust.signatories.find(each);
    if (at == trust.signatories.end()) {
      std::vector<std::string> known;
      for (const auto& [name, keys] : trust.signatories) known.push_back(name);
      return fail(Error{Errc::usage,
                        cat("the policy has no environment \"", printable(each, 80), "\""),
                        {},
                        cat("it has ", join(known, ", "))});
    }
    if (at->second.empty()) {
      return fail(Error{
          Errc::usage,
          cat("the policy names no key for ", printable(each, 80), ": nothing could be admitted"),
          {},
          "add it under \"keys\""});
    }
  }
  if (trust.policy.verifier.empty()) {
    return fail(Error{Errc::usage,
                      "the policy does not say whose decisions count",
                      {},
                      "add a line to it: verifier: https://gate.example.org/web"});
  }
  return {};
}

struct LoadedTrust {
  admission::Trust trust;
  std::string print;
};

// The policy and the keys that it names. What is revoked stands in a file of its own, and stays.
Result<LoadedTrust> load_trust(const Serving& serving) {
  const Invocation& in = serving.in;
  Print print;
  const std::string file = *in.args.get("--policy-file");
  SLUICE_TRY(auto policy, load_policy(in, file, Pipes::refused));
  print.add(policy.text);
  const auto beside = files_beside(in, file);
  const auto read = [&](const std::string& name) -> Result<std::string> {
    SLUICE_TRY(auto text, beside(name));
    print.add(text);
    return text;
  };
  const auto now = serving.trust.get();
  SLUICE_TRY(auto trust,
             admission::make_trust(std::move(policy), now ? now->revoked : admission::Revocations{},
                                   read));
  SLUICE_CHECK(check_served(serving.rules, trust));
  return LoadedTrust{std::move(trust), print.finish()};
}

Result<void> watch(Serving& serving, std::string what, server::Watched::Refresh refresh) {
  server::Watched watched(std::move(what), std::move(refresh));
  (void)watched.look();
  if (watched.trouble()) return fail(*watched.trouble());
  serving.watched.push_back(std::move(watched));
  return {};
}

// Applied to the trust that is in use: a revocation must count while the policy is broken.
Result<void> watch_revocations(Serving& serving) {
  const auto file = serving.in.args.get("--revoked");
  if (!file) return {};
  return watch_one_file(serving, "revocations", *file, admission::kMaxRevocations,
                        [&serving, file](const std::string& text) -> Result<void> {
                          SLUICE_TRY(auto revoked, admission::parse_revocations(text, *file));
                          admission::Trust trust = *serving.trust.get();
                          trust.revoked = std::move(revoked);
                          serving.trust.set(std::move(trust));
                          return {};
                        });
}

// A limit that leaves files of the evidence out is told once.
void tell_of_limit(Serving& serving) {
  const auto evidence = serving.evidence->now();
  if (evidence->limit == serving.told_of_limit) return;
  serving.told_of_limit = evidence->limit;
  if (evidence->limit.empty()) {
    serving.log.write(LogLevel::info, "the folder of evidence is within its limits again");
  } else {
    serving.log.write(LogLevel::warning, "the folder of evidence is too full; the rest is left out",
                      {{"limit", evidence->limit}, {"ignored", evidence->ignored}});
  }
}

}  // namespace

Result<void> watch_one_file(Serving& serving, std::string what, std::string file, std::size_t max,
                            std::function<Result<void>(const std::string&)> use) {
  return watch(serving, std::move(what),
               [&serving, file = std::move(file), max,
                use = std::move(use)](const std::string& before) -> Result<std::string> {
                 SLUICE_TRY(const auto text,
                            read_named(serving.in.world.files, file, max, Pipes::refused));
                 Print print;
                 print.add(text);
                 auto now = print.finish();
                 if (now != before) {
                   SLUICE_CHECK(use(text));
                 }
                 return now;
               });
}

Result<void> watch_trust(Serving& serving) {
  SLUICE_CHECK(
      watch(serving, "policy", [&serving](const std::string& before) -> Result<std::string> {
        SLUICE_TRY(auto loaded, load_trust(serving));
        if (loaded.print != before) serving.trust.set(std::move(loaded.trust));
        return loaded.print;
      }));
  return watch_revocations(serving);
}

Result<server::TlsFiles> read_tls(const Invocation& in, std::string* print) {
  const auto read = [&](const char* option) -> Result<std::string> {
    const auto file = in.args.get(option);
    if (!file) return std::string();
    return read_named(in.world.files, *file, limits::kConfigFile, Pipes::refused);
  };
  Print hashed;
  SLUICE_TRY(auto certificate, read("--cert"));
  SLUICE_TRY(auto key, read("--key"));
  SLUICE_TRY(auto authorities, read("--client-ca"));
  for (const auto* each : {&certificate, &key, &authorities}) hashed.add(*each);
  server::TlsFiles out{std::move(certificate), SecretBytes::copy_of(key), std::move(authorities)};
  wipe({reinterpret_cast<std::uint8_t*>(key.data()), key.size()});
  if (print != nullptr) *print = hashed.finish();
  return out;
}

void look_at_files(Serving& serving) {
  using Change = server::Watched::Change;
  std::vector<std::string> stale;
  for (auto& each : serving.watched) {
    const auto change = each.look();
    if (each.trouble()) stale.push_back(each.what());
    serving.metrics.set("sluice_file_stale", each.trouble() ? 1 : 0, {{"file", each.what()}});
    if (change == Change::taken) {
      serving.metrics.count("sluice_reloads_total", {{"file", each.what()}});
      serving.log.write(LogLevel::info, "read again", {{"file", each.what()}});
    } else if (change == Change::broken) {
      serving.metrics.count("sluice_reload_failures_total", {{"file", each.what()}});
      serving.log.write(LogLevel::error, "cannot be used; what was read before stays in use",
                        {{"file", each.what()}, {"reason", each.trouble()->text()}});
    }
  }
  serving.stale.set(std::move(stale));
  tell_of_limit(serving);
}

}  // namespace sluice::cli
