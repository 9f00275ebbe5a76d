// SPDX-License-Identifier: Apache-2.0
// Bundles, verified by identity under the trusted root of the seeds: never a crash, and nothing that
// was not signed passes.
#include <cstdlib>

#include "sigstore/verifier.h"

namespace {

using namespace sluice;
using namespace sluice::sigstore;

constexpr std::string_view kRoot =
#include "verifier_root.inc"
    ;

Verifier make_verifier() {
  IdentityWish wish;
  wish.identity = "release@example.org";
  wish.issuer = "https://accounts.example.org";
  VerifierOptions options;
  options.rules.push_back(make_identity_rule(wish).value());
  options.trust = TrustRoot::parse(kRoot, "seeds").value();
  return Verifier(std::move(options));
}

bool passes(const Verifier& verifier, ByteView bundle, std::string_view artifact) {
  const auto verdict =
      verifier.verify(system_files(), {.bundle = std::string(text_of(bundle)),
                                       .bundle_source = "fuzz",
                                       .artifact = crypto::digest_of(crypto::HashAlgorithm::sha256,
                                                                     bytes_of(artifact))});
  if (!verdict || !verdict->passed()) return false;
  if (verdict->value()->signer != "release@example.org (https://accounts.example.org)") {
    std::abort();
  }
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Verifier verifier = make_verifier();
  static_cast<void>(passes(verifier, {data, size}, "the artifact\n"));
  if (passes(verifier, {data, size}, "another artifact\n")) std::abort();
  return 0;
}
