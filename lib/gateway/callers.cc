// SPDX-License-Identifier: Apache-2.0
#include "gateway/callers.h"

#include <algorithm>

#include "base/secret.h"
#include "base/text.h"
#include "yaml/fields.h"

namespace sluice::gateway {

namespace {

constexpr std::size_t kMaxRows = 1000;
constexpr std::size_t kMaxEnvironments = 100;
constexpr std::size_t kMaxToken = 4096;

Result<Caller> read_caller(const yaml::Fields& from) {
  SLUICE_CHECK(from.only({"name", "token_sha256", "certificate", "environments"}));
  Caller caller;
  SLUICE_TRY(caller.name, from.string("name"));
  if (caller.name.empty()) return from.refuse("a caller has a name");
  if (from.has("token_sha256") == from.has("certificate")) {
    return from.refuse("a caller is known by one of \"token_sha256\" and \"certificate\"");
  }
  if (from.has("certificate")) {
    SLUICE_TRY(caller.certificate, from.string("certificate"));
    if (caller.certificate.find(':') == std::string::npos) {
      return from.refuse("a certificate is named as DNS:…, URI:…, email:… or sha256:…");
    }
  } else {
    SLUICE_TRY(const std::string hex, from.string("token_sha256"));
    auto digest = crypto::Digest::parse(cat("sha256:", hex));
    if (!digest) return from.refuse(cat("token_sha256: ", digest.error().what));
    caller.token = *std::move(digest);
  }
  SLUICE_TRY(const auto environments, from.sequence("environments", kMaxEnvironments));
  if (environments.empty()) return from.refuse("a caller for no environment can ask for nothing");
  for (const auto& each : environments) {
    SLUICE_TRY(auto name, each.as_string());
    caller.environments.push_back(std::move(name));
  }
  return caller;
}

}  // namespace

bool Caller::may_ask_for(std::string_view environment) const {
  return std::ranges::find(environments, environment) != environments.end();
}

Result<Callers> parse_callers(std::string_view text, std::string_view source) {
  const std::string file = printable(source, 300);
  SLUICE_TRY(const yaml::Node node, yaml::parse(text, file, {.bytes = kMaxCallers}));
  const yaml::Fields root(node, file);
  SLUICE_CHECK(root.only({"apiVersion", "kind", "callers"}));
  SLUICE_CHECK(root.choice("apiVersion", "apiVersion", {"sluice/v1"}));
  SLUICE_CHECK(root.choice("kind", "kind", {"Callers"}));
  SLUICE_TRY(const auto rows, root.sequence("callers", kMaxRows));
  Callers callers;
  for (const auto& row : rows) {
    SLUICE_TRY(auto caller, read_caller(row));
    callers.push_back(std::move(caller));
  }
  return callers;
}

const Caller* find_caller(const Callers& callers, const Credentials& shown) {
  const Caller* found = nullptr;
  if (shown.token && shown.token->size() <= kMaxToken) {
    const auto digest = crypto::digest_of(crypto::HashAlgorithm::sha256, bytes_of(*shown.token));
    for (const auto& each : callers) {
      if (each.token && equal_secrets(each.token->bytes(), digest.bytes())) found = &each;
    }
  }
  // A token that is wrong is not made good by a certificate.
  if (found != nullptr || shown.token) return found;
  for (const auto& each : callers) {
    if (!each.certificate.empty() &&
        std::ranges::find(shown.certificate, each.certificate) != shown.certificate.end()) {
      return &each;
    }
  }
  return nullptr;
}

std::optional<std::string_view> bearer_token(std::string_view authorization) {
  constexpr std::string_view kScheme = "bearer ";
  if (lower_ascii(authorization.substr(0, kScheme.size())) != kScheme) return std::nullopt;
  const std::string_view token = trim(authorization.substr(kScheme.size()));
  if (token.empty()) return std::nullopt;
  return token;
}

}  // namespace sluice::gateway
