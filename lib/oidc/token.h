// SPDX-License-Identifier: Apache-2.0
// An identity token (OpenID Connect Core 2): a compact JWS, read strictly and kept as a secret.
//
// Its signature is NOT verified here: Fulcio does that, with the issuer's keys. Nothing in a token
// may therefore decide whom to trust. What this room is for: to say beforehand, and exactly, why
// Fulcio would refuse it (oidc/examine.h), since Fulcio says the same sentence for every reason.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/secret.h"
#include "base/time.h"
#include "json/value.h"

namespace sluice::oidc {

inline constexpr std::size_t kMaxToken = 64U << 10;
inline constexpr std::size_t kMaxAudiences = 64;

// What the token says. No secret, but foreign text.
struct Claims {
  std::string issuer;   // empty: it names none
  std::string subject;  // empty: it names none
  std::vector<std::string> audiences;
  std::optional<Time> expires, not_before, issued;
  std::string email;
  // true, or the text "true", as some issuers write it. Nothing: not said, or not in either way.
  std::optional<bool> email_verified;
  json::Value all;  // the whole object

  const json::Value* find(std::string_view name) const { return all.find(name); }
};

// The compact serialisation of RFC 7515 7.1: exactly three parts in canonical base64url, none of
// them empty. Claims are one object by json::parse_strict: no name twice, integers where times are
// due (no fractions), at most the year 9999.
//
// Move-only; there is no way to print one, and no error shows one.
class Token {
 public:
  // `origin` is told to people: "GitHub Actions". Errc::limit, malformed, unsupported ("none").
  [[nodiscard]] static Result<Token> parse(std::string_view compact, std::string origin);

  Token(Token&&) noexcept = default;
  Token& operator=(Token&&) noexcept = default;
  Token(const Token&) = delete;
  Token& operator=(const Token&) = delete;
  ~Token() = default;

  const Claims& claims() const { return claims_; }
  const std::string& origin() const { return origin_; }
  const std::string& algorithm() const { return algorithm_; }  // as its header says

  // For HttpRequest::authorization. Shared, since requests are copied for retries.
  const std::shared_ptr<const SecretBytes>& secret() const { return secret_; }

  // How much longer it is good; below zero: it was. Nothing where it does not say.
  std::optional<std::chrono::seconds> expires_in(Time now) const;
  // Is a new one due, if there is a way to get one? In its last minute, or the last quarter of a
  // life of less than four minutes: a request to Fulcio takes a while, and clocks differ.
  bool aged(Time now) const;

 private:
  Token() = default;

  Claims claims_;
  std::string origin_;
  std::string algorithm_;
  std::shared_ptr<const SecretBytes> secret_;
};

}  // namespace sluice::oidc
