// SPDX-License-Identifier: Apache-2.0
// Merkle trees of transparency logs (RFC 6962 2.1, RFC 9162 2.1): inclusion, consistency, and what
// a monitor needs that keeps up with a log by its tiles (C2SP tlog-tiles). Hashes only, no reading.
//
// A proof that does not hold is a result. An Error means that the question itself is broken: an
// index outside the tree, a tree that shrinks, a proof of another length than these sizes need.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "crypto/key.h"

namespace sluice::sigstore {

using Hash = std::array<std::uint8_t, 32>;  // SHA-256

// A tree's size that is not above this: sizes are signed as decimals, and read as int64.
inline constexpr std::uint64_t kTreeMost = INT64_MAX;

Hash leaf_hash(ByteView entry);                             // SHA-256(0x00 || entry)
Hash node_hash(const Hash& left, const Hash& right);        // SHA-256(0x01 || left || right)
Hash empty_root();                                          // SHA-256 of nothing
Hash root_of_hashes(std::span<const Hash> leaves);          // the tree over these, as leaf hashes
[[nodiscard]] Result<Hash> hash_from(ByteView thirty_two);  // malformed: of another length

struct TreeHead {
  std::uint64_t size = 0;
  Hash root = empty_root();
  bool operator==(const TreeHead&) const = default;
};

// The root that this path leads to from that leaf (RFC 9162 2.1.3.2): the caller compares it.
[[nodiscard]] Result<Hash> root_of_inclusion(std::uint64_t index, std::uint64_t tree_size,
                                             const Hash& leaf, std::span<const Hash> path);

// Is the recent tree the old one with leaves added (RFC 9162 2.1.4.2)? Of equal sizes the roots
// must be equal and the proof empty; with an old size of 0 the old root must be the empty tree's
// and the proof empty: such a tree is the beginning of every other.
[[nodiscard]] Result<crypto::Match> verify_consistency(const TreeHead& old, const TreeHead& recent,
                                                       std::span<const Hash> proof);

// The first size() leaves, as the roots of the complete subtrees that they fall into: at most 63
// hashes, largest subtree first. Enough to go on from, and to have the root at any moment: a
// monitor that appends what it read and arrives at the signed root has checked consistency, too.
class Frontier {
 public:
  Frontier() = default;  // of the empty tree
  // As hashes() gave them; malformed where their number does not go with the size.
  [[nodiscard]] static Result<Frontier> restore(std::uint64_t size, std::vector<Hash> hashes);

  // Errc::limit above kTreeMost.
  [[nodiscard]] Result<void> append(const Hash& leaf);
  // The root of a complete subtree of 2^level leaves, such as a hash in a tile of level / 8.
  // malformed where it cannot stand next: size() must be a multiple of 2^level.
  [[nodiscard]] Result<void> append_subtree(unsigned level, const Hash& root);

  std::uint64_t size() const { return size_; }
  const std::vector<Hash>& hashes() const { return hashes_; }
  Hash root() const;
  TreeHead head() const { return {size_, root()}; }

 private:
  std::uint64_t size_ = 0;
  std::vector<Hash> hashes_;
};

// A complete subtree: the leaves from index * 2^level on, 2^level of them.
struct Node {
  unsigned level = 0;
  std::uint64_t index = 0;
  bool operator==(const Node&) const = default;
};
// Where its hash comes from: tiles, or a table. Whatever it answers is not trusted: what is
// computed from it holds where it leads to a signed root.
using NodeSource = std::function<Result<Hash>(const Node&)>;

// The fewest complete subtrees that are the first `size` leaves, from left to right.
std::vector<Node> frontier_nodes(std::uint64_t size);
[[nodiscard]] Result<Frontier> frontier_at(std::uint64_t size, const NodeSource& source);
[[nodiscard]] Result<std::vector<Hash>> inclusion_proof(std::uint64_t index,
                                                        std::uint64_t tree_size,
                                                        const NodeSource& source);
[[nodiscard]] Result<std::vector<Hash>> consistency_proof(std::uint64_t old_size,
                                                          std::uint64_t recent_size,
                                                          const NodeSource& source);

// C2SP tlog-tiles: hashes of every eighth level, up to 256 of them in one file.
inline constexpr unsigned kTileHeight = 8;
inline constexpr unsigned kTileWidth = 256;

struct Tile {
  unsigned level = 0;
  std::uint64_t index = 0;
  unsigned width = kTileWidth;  // how many hashes are in it; fewer than 256: a partial one
  bool operator==(const Tile&) const = default;
  // "tile/0/x001/x234/067", "tile/1/000.p/17"; of entries: "tile/entries/x001/000".
  std::string path() const;
  std::string entries_path() const;  // of a tile of level 0
};

// Which hashes of which tile make up that node: root_of_hashes() of them is its hash.
struct TilePart {
  Tile tile;
  unsigned first = 0;
  unsigned count = 1;
  bool operator==(const TilePart&) const = default;
};
// In a tree of that size; malformed where the node is not all within it.
[[nodiscard]] Result<TilePart> tile_part(const Node& node, std::uint64_t tree_size);
// A tile's content; malformed where it has not exactly width hashes.
[[nodiscard]] Result<std::vector<Hash>> parse_tile(const Tile& tile, ByteView content);

}  // namespace sluice::sigstore
