// SPDX-License-Identifier: Apache-2.0
// Identity tokens, whole and as claims alone, and what a browser brings back.
#include <cstdlib>

#include "base/codec.h"
#include "base/text.h"
#include "net/loopback.h"
#include "oidc/examine.h"
#include "oidc/wire.h"

namespace sluice {
namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

void look_at(std::string_view text) {
  const auto token = oidc::Token::parse(text, "fuzz");
  if (!token) return;
  require(token->secret()->reveal_text() == text);
  const Time now{std::chrono::seconds(1'795'132'800)};
  if (token->aged(now)) require(token->expires_in(now).has_value());
  for (const auto kind : {oidc::IssuerKind::email, oidc::IssuerKind::ci}) {
    const oidc::CaRules rules{.kind = kind};
    const auto report = oidc::examine(*token, rules, now);
    require(report.checks().size() >= 6);
    for (const auto& check : report.checks()) require(is_utf8(cat(check.detail, check.found)));
    if (const auto over = oidc::challenge(token->claims(), rules)) require(!over->value.empty());
  }
}

void read_back(std::string_view text) {
  if (const auto parameters = oidc::parse_form(text)) {
    require(oidc::parse_form(oidc::form(*parameters)) == *parameters ||
            oidc::form(*parameters).size() > oidc::kMaxQuery);
  }
  if (const auto target = net::parse_request_line(text)) require(target->path.starts_with('/'));
}

}  // namespace
}  // namespace sluice

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice;
  const ByteView bytes(data, size);
  look_at(text_of(bytes));
  look_at(cat("eyJhbGciOiJSUzI1NiJ9.", to_base64url(bytes), ".YQ"));
  read_back(text_of(bytes));
  return 0;
}
