// SPDX-License-Identifier: Apache-2.0
// Bundles, and their verification with a key that signed none of them: never a crash, never a pass.
#include <cstdlib>

#include "crypto/private_key.h"
#include "sigstore/verify_key.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice;
  static const auto key = crypto::PrivateKey::generate(crypto::KeyType::ecdsa_p256).value();
  const sigstore::KeyRequest request{
      .key = key.public_key(),
      .bundle = std::string(text_of(ByteView(data, size))),
      .bundle_source = "fuzz",
      .artifact = crypto::digest_of(crypto::HashAlgorithm::sha256,
                                    ByteView(data, std::min<std::size_t>(size, 4)))};
  const auto verdict = sigstore::verify_with_key(system_files(), request);
  if (verdict && verdict->passed()) std::abort();
  return 0;
}
