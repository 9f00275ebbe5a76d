// SPDX-License-Identifier: Apache-2.0
// RFC 6962 2.1 as the other side of the wire has it: written from the definitions, slow, and not
// shared with what is under test.
#pragma once

#include <cstdint>
#include <vector>

#include "base/bytes.h"

namespace sluice::test {

Bytes leaf_hash(ByteView leaf);
Bytes node_hash(ByteView left, ByteView right);

// A tree that holds the hashes of all of its leaves.
class MerkleTree {
 public:
  std::uint64_t add(ByteView leaf);  // its index
  std::uint64_t size() const { return leaves_.size(); }
  Bytes root(std::uint64_t size) const;
  std::vector<Bytes> inclusion(std::uint64_t index, std::uint64_t size) const;
  std::vector<Bytes> consistency(std::uint64_t from, std::uint64_t to) const;
  // What a tile holds: the hash of the whole subtree `index` of 2^level leaves.
  Bytes subtree(unsigned level, std::uint64_t index) const;

 private:
  std::vector<Bytes> leaves_;  // hashes
};

// A proof in a tree of any size, whose other subtrees are invented.
struct InclusionPath {
  std::vector<Bytes> hashes;  // lowest first
  Bytes root;
};
InclusionPath invented_path(ByteView leaf, std::uint64_t index, std::uint64_t size);

}  // namespace sluice::test
