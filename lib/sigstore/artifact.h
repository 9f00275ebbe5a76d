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
  void add(crypto::Digest digest);  // of an algorithm that is there already: stays as it was
  const crypto::Digest* find(crypto::HashAlgorithm algorithm) const;
  const crypto::Digest& any() const { return digests_.front(); }  // SHA-256 where it is known
  const std::vector<crypto::Digest>& all() const { return digests_; }

 private:
  std::vector<crypto::Digest> digests_;  // sorted by algorithm
};

// The artifact as a scheme takes it in, and its digests.
struct Absorbed {
  crypto::Message message;
  KnownDigests known;
};

// An artifact for one bundle, or for several about it. Nothing is read before the first question,
// and then once, in constant memory, for all that was announced by then. A question that nobody
// announced reads again and has to meet the same bytes. Not for several threads at a time.
class ArtifactReading {
 public:
  ArtifactReading(Files& files, const Artifact& artifact) : files_(files), artifact_(artifact) {}

  void announce(crypto::HashAlgorithm algorithm) { wanted_.hashes.insert(algorithm); }
  void announce(crypto::Scheme scheme, std::optional<crypto::HashAlgorithm> also);

  // As that scheme takes it in, and at least its digest of one more algorithm. Errc::unsupported
  // where a digest is all there is and the scheme signs something else.
  [[nodiscard]] Result<Absorbed> absorb(crypto::Scheme scheme,
                                        std::optional<crypto::HashAlgorithm> also);
  // Of a file at least these and SHA-256; of a digest that alone.
  [[nodiscard]] Result<KnownDigests> digests(const std::set<crypto::HashAlgorithm>& algorithms);

 private:
  struct Wanted {
    std::set<crypto::HashAlgorithm> hashes;
    std::vector<crypto::Scheme> wholes;  // that take in more than a digest
  };
  [[nodiscard]] Result<void> read_file(const Path& path);
  [[nodiscard]] Result<void> ensure();
  const crypto::Message* message_of(crypto::Scheme scheme) const;
  bool is_known() const;

  Files& files_;
  const Artifact& artifact_;
  Wanted wanted_;
  KnownDigests known_;
  std::vector<crypto::Message> messages_;
};

}  // namespace sluice::sigstore
