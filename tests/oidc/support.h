// SPDX-License-Identifier: Apache-2.0
// Tokens for tests: of the right shape, and signed by nobody.
#pragma once

#include <gtest/gtest.h>

#include <concepts>
#include <string>

#include "base/codec.h"
#include "base/text.h"
#include "json/value.h"
#include "oidc/token.h"
#include "support/fake_world.h"

namespace sluice::oidc::tests {

inline const Time kNow = std::chrono::sys_days(std::chrono::year(2026) / 11 / 20);
inline constexpr std::int64_t kNowSeconds = 1'795'132'800;
inline const std::string kHeader = R"({"alg":"RS256","kid":"1","typ":"JWT"})";

inline std::string compact(std::string_view claims, std::string_view header = kHeader) {
  return cat(to_base64url(bytes_of(header)), ".", to_base64url(bytes_of(claims)), ".",
             to_base64url(bytes_of("a signature")));
}

// Of a person at an issuer of addresses, good for ten minutes from kNow.
inline json::Value mail_claims() {
  json::Value claims;
  claims.set("iss", "https://issuer.example.org");
  claims.set("sub", "id-7");
  claims.set("aud", "sigstore");
  claims.set("iat", kNowSeconds);
  claims.set("nbf", kNowSeconds);
  claims.set("exp", kNowSeconds + 600);
  claims.set("email", "dev@example.org");
  claims.set("email_verified", true);
  return claims;
}

inline json::Value with(json::Value claims, const std::string& name, json::Value value) {
  claims.set(name, std::move(value));
  return claims;
}

inline json::Value without(json::Value claims, std::string_view name) {
  std::erase_if(*claims.object(), [&](const json::Member& member) { return member.first == name; });
  return claims;
}

inline std::string compact(const std::same_as<json::Value> auto& claims) {
  return compact(std::string_view(json::write(claims)));
}

inline Token token_of(const json::Value& claims, std::string origin = "a test") {
  auto token = Token::parse(compact(claims), std::move(origin));
  EXPECT_TRUE(token) << token.error().text();
  return *std::move(token);
}

}  // namespace sluice::oidc::tests
