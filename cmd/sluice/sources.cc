// SPDX-License-Identifier: Apache-2.0
#include "sources.h"

#include "base/limits.h"
#include "base/text.h"
#include "carbon/cache.h"
#include "keyfile.h"
#include "settings.h"

namespace sluice::cli {

namespace {

constexpr auto kTokenVariable = "SLUICE_ELECTRICITYMAPS_TOKEN";

// What is behind the line is no part of the secret.
void cut_line_end(SecretBytes& secret) {
  std::size_t size = secret.size();
  while (size > 0 && (secret.reveal()[size - 1] == '\n' || secret.reveal()[size - 1] == '\r'))
    --size;
  secret.shrink(size);
}

Result<SecretBytes> secret_line(Invocation& in, const std::string& file) {
  SLUICE_TRY(auto secret, read_secret(in, file, limits::kPasswordFile));
  cut_line_end(secret);
  if (secret.empty()) return fail(Errc::malformed, cat(shown(Path(file)), " is empty"));
  return secret;
}

}  // namespace

Result<sources::Credential> metrics_credential(Invocation& in) {
  const auto bearer = in.args.get("--bearer-token-file");
  const auto basic = in.args.get("--basic-auth-file");
  if (bearer && basic) {
    return fail(Errc::usage, "--bearer-token-file and --basic-auth-file exclude each other");
  }
  sources::Credential out;
  if (bearer) {
    SLUICE_TRY(auto token, secret_line(in, *bearer));
    out.secret = std::make_shared<const SecretBytes>(std::move(token));
  }
  if (basic) {
    SLUICE_TRY(const auto pair, secret_line(in, *basic));
    SLUICE_TRY(auto encoded,
               within(aiops::basic_credential(pair), cat("reading ", shown(Path(*basic)))));
    out.scheme = "Basic";
    out.secret = std::make_shared<const SecretBytes>(std::move(encoded));
  }
  return out;
}

Result<net::ClientOptions> metrics_client(const Invocation& in) {
  auto options = client_options(in.settings);
  options.client_certificate = in.args.get("--client-certificate").value_or("");
  options.client_key = in.args.get("--client-key").value_or("");
  if (!options.client_key.empty() && options.client_certificate.empty()) {
    return fail(Errc::usage, "--client-key goes with --client-certificate");
  }
  return options;
}

std::vector<Option> metrics_options() {
  return {{"--bearer-token-file", "FILE", "show this token to the Prometheus or the engine"},
          {"--basic-auth-file", "FILE", "USER:PASSWORD for the Prometheus or the engine"},
          {"--client-certificate", "FILE", "PEM, for servers of metrics that ask for one"},
          {"--client-key", "FILE", "its key, where that is another file"}};
}

Result<sources::CarbonToken> carbon_token(Invocation& in) {
  sources::CarbonToken out;
  SecretBytes token;
  if (const auto file = in.args.get("--token-file")) {
    SLUICE_TRY(token, within(read_secret(in, *file, limits::kPasswordFile), "reading the token"));
  } else if (auto value = in.world.environment.get(kTokenVariable)) {
    token = SecretBytes::copy_of(*value);
    wipe({reinterpret_cast<std::uint8_t*>(value->data()), value->size()});
    out.ambient = true;
  }
  cut_line_end(token);
  if (!token.empty()) out.secret = std::make_shared<const SecretBytes>(std::move(token));
  return out;
}

std::optional<Path> carbon_cache(const Invocation& in) {
  if (in.args.has("--no-cache")) return std::nullopt;
  return carbon::cache_folder(in.world.environment);
}

std::vector<Option> carbon_access_options() {
  return {{"--token-file", "FILE",
           "the token for Electricity Maps; otherwise SLUICE_ELECTRICITYMAPS_TOKEN"},
          {"--no-cache", "", "ask for the grid's carbon even where this hour's answer is known"}};
}

Result<sources::Access> source_access(Invocation& in) {
  SLUICE_TRY(auto options, metrics_client(in));
  sources::Access out;
  const bool own_client = !options.client_certificate.empty();
  out.metrics = net::make_client(in.world, std::move(options));
  out.carbon = own_client ? net::make_client(in.world, client_options(in.settings)) : out.metrics;
  SLUICE_TRY(out.credential, metrics_credential(in));
  SLUICE_TRY(out.token, carbon_token(in));
  out.timeout = in.settings.get(config::kNetTimeout).value;
  out.carbon_cache = carbon_cache(in);
  return out;
}

std::vector<Option> source_options() {
  auto options = metrics_options();
  for (auto& each : carbon_access_options()) options.push_back(std::move(each));
  return options;
}

}  // namespace sluice::cli
