// SPDX-License-Identifier: Apache-2.0
// What a CA answers, and what it says of its issuers: read, and judged against a key and a token
// that are nobody's.
#include <cstdlib>

#include "signing/fulcio_client.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice;
  using namespace sluice::sigstore;
  const std::string text(reinterpret_cast<const char*>(data), size);
  static_cast<void>(ca_rules_in(text, "https://accounts.example.org", {}));
  for (const int status : {200, 400}) {
    HttpResponse response;
    response.status = status;
    response.body = text;
    response.url = "https://fulcio.example.org/api/v2/signingCert";
    const auto issued = read_certificate_answer("https://fulcio.example.org", response);
    if (!issued) {
      if (issued.error().check.id.empty()) std::abort();
      continue;
    }
    static const auto key = crypto::PrivateKey::generate(crypto::KeyType::ecdsa_p256).value();
    static const auto trust = TrustRoot::embedded(Instance::production).value();
    static const auto token =
        oidc::Token::parse(
            "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJodHRwczovL2EuZXhhbXBsZS5vcmciLCJzdWIi"
            "OiJ4In0.AAAA",
            "a corpus")
            .value();
    Report rows("");
    const auto made = judge_issued(
        *issued, {.key = key.public_key(), .token = token, .ca = {}, .trust = trust, .now = Time()},
        rows);
    // It certifies some other key.
    if (made && *made) std::abort();
    static_cast<void>(judge_name(issued->leaf, token.claims(), {}));
  }
  return 0;
}
