// SPDX-License-Identifier: Apache-2.0
#include "oidc/sign_in.h"

#include <array>

#include "base/codec.h"
#include "base/text.h"
#include "crypto/digest.h"

namespace sluice::oidc {

std::string random_text(Random& random) {
  std::array<std::uint8_t, 32> bytes{};
  random.fill(bytes);
  return to_base64url(bytes);
}

Pkce make_pkce(Random& random) {
  Pkce pkce{.verifier = random_text(random), .challenge = {}};
  const auto digest = crypto::digest_of(crypto::HashAlgorithm::sha256, bytes_of(pkce.verifier));
  pkce.challenge = to_base64url(digest.bytes());
  return pkce;
}

Result<Token> token_in(const json::Value& answer, std::string_view issuer, std::string_view nonce) {
  const auto* text = answer.find("id_token");
  if (text == nullptr || text->string() == nullptr) {
    return fail(
        Error{Errc::malformed, "the issuer's answer holds no identity token (id_token)"}.advise(
            "ask it for the scope \"openid\""));
  }
  SLUICE_TRY(auto token, Token::parse(*text->string(), "signing in"));
  const Claims& claims = token.claims();
  if (claims.issuer != issuer) {
    return fail(Errc::denied,
                cat("the token is of another issuer: expected ", printable(issuer, 200), ", found ",
                    printable(claims.issuer, 200)));
  }
  if (!nonce.empty()) {
    const auto* found = claims.find("nonce");
    const bool same = found != nullptr && found->string() != nullptr &&
                      equal_secrets(bytes_of(*found->string()), bytes_of(nonce));
    if (!same) return fail(Errc::denied, "the token is not the one that was asked for (nonce)");
  }
  return token;
}

}  // namespace sluice::oidc
