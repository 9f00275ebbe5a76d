// SPDX-License-Identifier: Apache-2.0
#include "support/virtual_sigstore/merkle.h"

#include <bit>
#include <span>

#include "base/text.h"
#include "crypto/digest.h"

namespace sluice::test {

namespace {

using Leaves = std::span<const Bytes>;

Bytes sha256(const Bytes& bytes) {
  return copy_of(crypto::digest_of(crypto::HashAlgorithm::sha256, bytes).bytes());
}

// The largest power of two that is smaller than n, for n > 1.
std::uint64_t split_of(std::uint64_t n) { return std::bit_floor(n - 1); }

// RFC 6962 2.1: MTH.
Bytes tree_hash(Leaves leaves) {
  if (leaves.empty()) return sha256({});
  if (leaves.size() == 1) return leaves.front();
  const auto k = split_of(leaves.size());
  return node_hash(tree_hash(leaves.first(k)), tree_hash(leaves.subspan(k)));
}

// 2.1.1: PATH.
void audit_path(std::uint64_t m, Leaves leaves, std::vector<Bytes>& out) {
  if (leaves.size() <= 1) return;
  const auto k = split_of(leaves.size());
  if (m < k) {
    audit_path(m, leaves.first(k), out);
    out.push_back(tree_hash(leaves.subspan(k)));
  } else {
    audit_path(m - k, leaves.subspan(k), out);
    out.push_back(tree_hash(leaves.first(k)));
  }
}

// 2.1.2: SUBPROOF.
void sub_proof(std::uint64_t m, Leaves leaves, bool whole, std::vector<Bytes>& out) {
  if (m == leaves.size()) {
    if (!whole) out.push_back(tree_hash(leaves));
    return;
  }
  const auto k = split_of(leaves.size());
  if (m <= k) {
    sub_proof(m, leaves.first(k), whole, out);
    out.push_back(tree_hash(leaves.subspan(k)));
  } else {
    sub_proof(m - k, leaves.subspan(k), false, out);
    out.push_back(tree_hash(leaves.first(k)));
  }
}

Bytes invented_hash(std::uint64_t from, std::uint64_t size) {
  return sha256(copy_of(bytes_of(cat("the subtree of ", size, " leaves from ", from, " on"))));
}

Bytes invent(Bytes here, std::uint64_t first, std::uint64_t m, std::uint64_t n,
             std::vector<Bytes>& out) {
  if (n <= 1) return here;
  const auto k = split_of(n);
  const bool left = m < k;
  here = left ? invent(std::move(here), first, m, k, out)
              : invent(std::move(here), first + k, m - k, n - k, out);
  out.push_back(left ? invented_hash(first + k, n - k) : invented_hash(first, k));
  return left ? node_hash(here, out.back()) : node_hash(out.back(), here);
}

}  // namespace

Bytes leaf_hash(ByteView leaf) {
  Bytes whole{0};
  whole.insert(whole.end(), leaf.begin(), leaf.end());
  return sha256(whole);
}

Bytes node_hash(ByteView left, ByteView right) {
  Bytes whole{1};
  whole.insert(whole.end(), left.begin(), left.end());
  whole.insert(whole.end(), right.begin(), right.end());
  return sha256(whole);
}

std::uint64_t MerkleTree::add(ByteView leaf) {
  leaves_.push_back(leaf_hash(leaf));
  return leaves_.size() - 1;
}

Bytes MerkleTree::root(std::uint64_t size) const { return tree_hash(Leaves(leaves_).first(size)); }

std::vector<Bytes> MerkleTree::inclusion(std::uint64_t index, std::uint64_t size) const {
  std::vector<Bytes> out;
  audit_path(index, Leaves(leaves_).first(size), out);
  return out;
}

std::vector<Bytes> MerkleTree::consistency(std::uint64_t from, std::uint64_t to) const {
  std::vector<Bytes> out;
  if (from != 0) sub_proof(from, Leaves(leaves_).first(to), true, out);
  return out;
}

Bytes MerkleTree::subtree(unsigned level, std::uint64_t index) const {
  const std::uint64_t size = std::uint64_t{1} << level;
  return tree_hash(Leaves(leaves_).subspan(index * size, size));
}

InclusionPath invented_path(ByteView leaf, std::uint64_t index, std::uint64_t size) {
  InclusionPath path;
  path.root = invent(leaf_hash(leaf), 0, index, size, path.hashes);
  return path;
}

}  // namespace sluice::test
