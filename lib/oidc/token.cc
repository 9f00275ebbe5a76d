// SPDX-License-Identifier: Apache-2.0
#include "oidc/token.h"

#include <algorithm>

#include "base/codec.h"
#include "base/text.h"

namespace sluice::oidc {

namespace {

constexpr std::int64_t kLastSecond = 253'402'300'799;  // 9999-12-31T23:59:59Z
constexpr std::chrono::seconds kMargin{60};

Error no_token(std::string what) {
  return Error{Errc::malformed, std::move(what)}.advise(
      "an identity token is due (id_token): three parts of base64url with dots between them; an "
      "access token is something else");
}

Result<std::vector<std::string_view>> parts_of(std::string_view compact) {
  if (compact.empty()) return fail(no_token("the identity token is empty"));
  if (compact.size() > kMaxToken) {
    return fail(Errc::limit, cat("an identity token of ", human_bytes(compact.size()),
                                 ", the limit is ", human_bytes(kMaxToken)));
  }
  if (std::ranges::any_of(compact, [](char c) { return c <= ' '; })) {
    return fail(no_token("no identity token: a blank or a line end stands in it"));
  }
  const auto dots = std::ranges::count(compact, '.');
  if (dots == 4)
    return fail(Errc::unsupported, "an encrypted token (five parts), which is of no use");
  if (dots != 2) return fail(no_token(cat("no identity token: ", dots + 1, " parts instead of 3")));
  auto parts = split(compact, '.');
  if (std::ranges::any_of(parts, &std::string_view::empty)) {
    return fail(no_token("no identity token: one of its parts is empty"));
  }
  return parts;
}

Result<json::Value> object_in(std::string_view part, std::string_view which) {
  auto bytes = within(from_base64url(part), cat("reading the ", which, " of the identity token"));
  if (!bytes) return std::unexpected(std::move(bytes).error());
  SLUICE_TRY(
      auto value,
      within(json::parse_strict(text_of(*bytes), {.bytes = kMaxToken, .depth = 16, .values = 4096}),
             cat("reading the ", which, " of the identity token")));
  if (value.object() == nullptr) {
    return fail(no_token(cat("the ", which, " of the identity token is no JSON object")));
  }
  return value;
}

std::unexpected<Error> wrong_claim(std::string_view name, std::string_view due,
                                   const json::Value& found) {
  return fail(Errc::malformed, cat("the identity token's claim ", name, " is ",
                                   json::name(found.kind()), ", ", due, " is due"));
}

Result<std::string> text_claim(const json::Value& all, std::string_view name) {
  const auto* value = all.find(name);
  if (value == nullptr) return std::string();
  if (value->string() == nullptr) return wrong_claim(name, "text", *value);
  return *value->string();
}

Result<std::optional<Time>> time_claim(const json::Value& all, std::string_view name) {
  const auto* value = all.find(name);
  if (value == nullptr) return std::nullopt;
  const auto seconds = value->integer();
  if (!seconds) return wrong_claim(name, "an integer (seconds since 1970)", *value);
  if (*seconds < 0 || *seconds > kLastSecond) {
    return fail(Errc::malformed, cat("the identity token's claim ", name, " is out of all range"));
  }
  return Time(std::chrono::seconds(*seconds));
}

Result<std::vector<std::string>> audiences_in(const json::Value& all) {
  std::vector<std::string> out;
  const auto* value = all.find("aud");
  if (value == nullptr) return out;
  if (const auto* one = value->string()) return out.push_back(*one), out;
  if (value->array() == nullptr) return wrong_claim("aud", "text or a list of texts", *value);
  for (const auto& each : *value->array()) {
    if (each.string() == nullptr) return wrong_claim("aud", "a list of texts", each);
    if (out.size() == kMaxAudiences) {
      return fail(Errc::limit,
                  cat("an identity token for more than ", kMaxAudiences, " audiences"));
    }
    out.push_back(*each.string());
  }
  return out;
}

std::optional<bool> verified_in(const json::Value& all) {
  const auto* value = all.find("email_verified");
  if (value == nullptr) return std::nullopt;
  if (const auto* text = value->string()) {
    if (*text == "true") return true;
    if (*text == "false") return false;
    return std::nullopt;
  }
  return value->boolean();
}

Result<Claims> claims_of(json::Value all) {
  Claims claims;
  SLUICE_TRY(claims.issuer, text_claim(all, "iss"));
  SLUICE_TRY(claims.subject, text_claim(all, "sub"));
  SLUICE_TRY(claims.audiences, audiences_in(all));
  SLUICE_TRY(claims.expires, time_claim(all, "exp"));
  SLUICE_TRY(claims.not_before, time_claim(all, "nbf"));
  SLUICE_TRY(claims.issued, time_claim(all, "iat"));
  SLUICE_TRY(claims.email, text_claim(all, "email"));
  claims.email_verified = verified_in(all);
  claims.all = std::move(all);
  return claims;
}

}  // namespace

Result<Token> Token::parse(std::string_view compact, std::string origin) {
  SLUICE_TRY(const auto parts, parts_of(compact));
  SLUICE_TRY(const auto header, object_in(parts[0], "header"));
  Token token;
  SLUICE_TRY(token.algorithm_, text_claim(header, "alg"));
  if (token.algorithm_.empty()) return fail(no_token("the identity token's header names no alg"));
  if (lower_ascii(token.algorithm_) == "none") {
    return fail(Errc::unsupported, "an identity token that nobody signed (alg: none)");
  }
  SLUICE_TRY(auto all, object_in(parts[1], "claims"));
  SLUICE_TRY(token.claims_, claims_of(std::move(all)));
  SLUICE_TRY(const auto signature,
             within(from_base64url(parts[2]), "reading the signature of the identity token"));
  if (signature.empty()) return fail(no_token("the identity token's signature is empty"));
  token.origin_ = std::move(origin);
  token.secret_ = std::make_shared<const SecretBytes>(SecretBytes::copy_of(compact));
  return token;
}

std::optional<std::chrono::seconds> Token::expires_in(Time now) const {
  if (!claims_.expires) return std::nullopt;
  return *claims_.expires - now;
}

bool Token::aged(Time now) const {
  const auto left = expires_in(now);
  if (!left) return false;
  auto margin = kMargin;
  if (claims_.issued && *claims_.issued < *claims_.expires) {
    margin = std::min(margin, (*claims_.expires - *claims_.issued) / 4);
  }
  return *left <= margin;
}

}  // namespace sluice::oidc
