// SPDX-License-Identifier: Apache-2.0
// Artifacts as links name them: a name, and digests by algorithm.
//
// Two artifacts are the same where they have a strong digest in common and no digest in conflict.
// in-toto's own tools compare whole objects: there {sha256} is another artifact than {sha256,
// sha512}, and two that have an MD5 alone are the same.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "crypto/digest.h"

namespace sluice::intoto {

// Whether nobody can make two artifacts with one digest of that algorithm: SHA-2 from 256 bits on,
// SHA-3, BLAKE2 and the object names of git, which refuses what attacks its SHA-1.
bool is_strong(std::string_view algorithm);

enum class Agreement : std::uint8_t {
  same,       // a strong digest in common, none in conflict
  differ,     // a digest in conflict
  no_common,  // nothing strong to compare
};

// What one artifact's content is, by algorithm; at least one when it was read.
class DigestSet {
 public:
  struct Entry {
    std::string algorithm;
    std::string hex;
    bool operator==(const Entry&) const = default;
  };

  static DigestSet of(const crypto::Digest& digest);
  // Refuses an algorithm a second time, what is no lower-case hex, a length that the algorithm does
  // not have, and more than limits::kDigests.
  [[nodiscard]] Result<void> add(std::string_view algorithm, std::string_view hex);

  bool strong() const;  // has one that is_strong
  bool empty() const { return !has_sha256_ && others_.empty(); }
  std::vector<Entry> entries() const;        // sorted by algorithm
  void append_json(std::string& out) const;  // {"sha256":"…"}
  std::string text() const;  // for people: "sha256:5891…", the strongest; "" for none
  bool operator==(const DigestSet&) const = default;

 private:
  friend Agreement agreement(const DigestSet& a, const DigestSet& b);
  const Entry* other(std::string_view algorithm) const;

  // Of nearly every artifact the only one: no allocation for it.
  std::array<std::uint8_t, 32> sha256_{};
  bool has_sha256_ = false;
  std::vector<Entry> others_;  // sorted by algorithm
};

Agreement agreement(const DigestSet& a, const DigestSet& b);

struct Artifact {
  std::string name;
  DigestSet digests;
  bool operator==(const Artifact&) const = default;
};

// Sorted by the bytes of their names, each name once.
class Artifacts {
 public:
  Artifacts() = default;
  // Errc::malformed where a name is empty or is there twice.
  [[nodiscard]] static Result<Artifacts> of(std::vector<Artifact> artifacts);

  const Artifact* find(std::string_view name) const;
  std::size_t size() const { return all_.size(); }
  bool empty() const { return all_.empty(); }
  auto begin() const { return all_.begin(); }
  auto end() const { return all_.end(); }
  const Artifact& operator[](std::size_t i) const { return all_[i]; }
  bool operator==(const Artifacts&) const = default;

 private:
  std::vector<Artifact> all_;
};

}  // namespace sluice::intoto
