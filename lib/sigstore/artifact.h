// SPDX-License-Identifier: Apache-2.0
// What a signature is about: a file, or the digest of one that is not here.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "base/files.h"
#include "crypto/key.h"

namespace sluice::sigstore {

using Artifact = std::variant<Path, crypto::Digest>;
std::string shown(const Artifact& artifact);

// What is known of one artifact. All of it comes from one reading: a second one could meet another
// file under the same name.
class KnownDigests {
 public:
  void add(crypto::Digest digest) { digests_.push_back(std::move(digest)); }
  const crypto::Digest* find(crypto::HashAlgorithm algorithm) const;
  const crypto::Digest& any() const { return digests_.front(); }

 private:
  std::vector<crypto::Digest> digests_;
};

// Of a file these and SHA-256, read once and in constant memory; of a digest that alone.
[[nodiscard]] Result<KnownDigests> digests_of(Files& files, const Artifact& artifact,
                                              std::set<crypto::HashAlgorithm> algorithms);

// The artifact as that scheme takes it in, and on the way its digest of one more algorithm.
// Errc::unsupported where a digest is all there is and the scheme signs something else.
struct Absorbed {
  crypto::Message message;
  KnownDigests known;
};
[[nodiscard]] Result<Absorbed> absorb(Files& files, const Artifact& artifact, crypto::Scheme scheme,
                                      std::optional<crypto::HashAlgorithm> also);

}  // namespace sluice::sigstore
