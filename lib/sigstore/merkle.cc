// SPDX-License-Identifier: Apache-2.0
#include "sigstore/merkle.h"

#include <algorithm>
#include <bit>

#include "base/text.h"
#include "crypto/digest.h"

namespace sluice::sigstore {

namespace {

constexpr std::uint8_t kLeafPrefix = 0;
constexpr std::uint8_t kNodePrefix = 1;
constexpr unsigned kLevelMost = 62;  // 2^62 leaves are below kTreeMost, 2^63 are not

Hash sha256(ByteView bytes) {
  Hash out{};
  std::ranges::copy(crypto::digest_of(crypto::HashAlgorithm::sha256, bytes).bytes(), out.begin());
  return out;
}

Result<void> check_size(std::uint64_t size) {
  if (size <= kTreeMost) return {};
  return fail(Errc::malformed, cat("a tree of ", size, " leaves: sizes are at most ", kTreeMost));
}

std::unexpected<Error> wrong_length(std::size_t hashes, std::string_view how) {
  return fail(Errc::malformed, cat("a proof of ", hashes, " hashes: ", how, " for these sizes"));
}

// The largest power of two below n (RFC 6962's k): where a tree of n > 1 leaves divides.
std::uint64_t split_of(std::uint64_t n) { return std::bit_floor(n - 1); }

// The tree over [begin, end), where begin is such that RFC 6962 has a subtree there.
Result<Hash> range_hash(std::uint64_t begin, std::uint64_t end, const NodeSource& source) {
  std::vector<Hash> parts;
  while (begin < end) {
    const std::uint64_t width = std::bit_floor(end - begin);
    const auto level = static_cast<unsigned>(std::countr_zero(width));
    SLUICE_TRY(parts.emplace_back(), source({level, begin >> level}));
    begin += width;
  }
  Hash out = parts.back();
  for (std::size_t at = parts.size() - 1; at > 0; --at) out = node_hash(parts[at - 1], out);
  return out;
}

// Goes up one level, and on through levels where the node at the right edge has no sibling.
void climb(std::uint64_t& node, std::uint64_t& last) {
  while ((node & 1) == 0 && node != 0) {
    node >>= 1;
    last >>= 1;
  }
}

std::string tile_number(std::uint64_t index) {
  std::string out = cat(1000 + index % 1000).substr(1);
  while ((index /= 1000) != 0) out = cat("x", cat(1000 + index % 1000).substr(1), "/", out);
  return out;
}

std::string tile_path(std::string_view kind, const Tile& tile) {
  std::string out = cat("tile/", kind, "/", tile_number(tile.index));
  if (tile.width < kTileWidth) out += cat(".p/", tile.width);
  return out;
}

}  // namespace

Hash leaf_hash(ByteView entry) {
  crypto::Hasher hasher(crypto::HashAlgorithm::sha256);
  hasher.update({&kLeafPrefix, 1});
  hasher.update(entry);
  Hash out{};
  std::ranges::copy(hasher.finish().bytes(), out.begin());
  return out;
}

Hash node_hash(const Hash& left, const Hash& right) {
  std::array<std::uint8_t, 1 + 2 * sizeof(Hash)> message{kNodePrefix};
  std::ranges::copy(left, message.begin() + 1);
  std::ranges::copy(right, message.begin() + 1 + sizeof(Hash));
  return sha256(message);
}

Hash empty_root() { return sha256({}); }

Hash root_of_hashes(std::span<const Hash> leaves) {
  if (leaves.empty()) return empty_root();
  // Pairs of one level become the next; a hash without a partner goes up as it is.
  std::vector<Hash> row(leaves.begin(), leaves.end());
  while (row.size() > 1) {
    std::size_t to = 0;
    for (std::size_t from = 0; from < row.size(); from += 2) {
      row[to++] = from + 1 < row.size() ? node_hash(row[from], row[from + 1]) : row[from];
    }
    row.resize(to);
  }
  return row.front();
}

Result<Hash> hash_from(ByteView thirty_two) {
  Hash out{};
  if (thirty_two.size() != out.size()) {
    return fail(Errc::malformed, cat("a SHA-256 hash has 32 bytes, not ", thirty_two.size()));
  }
  std::ranges::copy(thirty_two, out.begin());
  return out;
}

Result<Hash> root_of_inclusion(std::uint64_t index, std::uint64_t tree_size, const Hash& leaf,
                               std::span<const Hash> path) {
  SLUICE_CHECK(check_size(tree_size));
  if (index >= tree_size) {
    return fail(Errc::malformed, cat("leaf ", index, " is outside a tree of size ", tree_size));
  }
  std::uint64_t node = index;
  std::uint64_t last = tree_size - 1;
  Hash root = leaf;
  for (const Hash& sibling : path) {
    if (last == 0) return wrong_length(path.size(), "too many");
    if ((node & 1) == 1 || node == last) {
      root = node_hash(sibling, root);
      climb(node, last);
    } else {
      root = node_hash(root, sibling);
    }
    node >>= 1;
    last >>= 1;
  }
  if (last != 0) return wrong_length(path.size(), "too few");
  return root;
}

Result<crypto::Match> verify_consistency(const TreeHead& old, const TreeHead& recent,
                                         std::span<const Hash> proof) {
  using crypto::Match;
  SLUICE_CHECK(check_size(recent.size));
  if (old.size > recent.size) {
    return fail(Errc::malformed,
                cat("a tree cannot shrink from ", old.size, " leaves to ", recent.size));
  }
  if (old.size == recent.size || old.size == 0) {
    if (!proof.empty()) return wrong_length(proof.size(), "too many");
    const bool same = old.root == (old.size == recent.size ? recent.root : empty_root());
    return same && (recent.size != 0 || recent.root == empty_root()) ? Match::yes : Match::no;
  }
  std::uint64_t node = old.size - 1;
  std::uint64_t last = recent.size - 1;
  const int whole = std::countr_one(node);  // levels in which the old tree is complete
  node >>= whole;
  last >>= whole;
  // Where it is one complete subtree, the proof leaves out its root.
  std::span<const Hash> rest = proof;
  Hash from_old = old.root;
  if (!std::has_single_bit(old.size)) {
    if (proof.empty()) return wrong_length(0, "too few");
    from_old = proof.front();
    rest = proof.subspan(1);
  }
  Hash from_recent = from_old;
  for (const Hash& sibling : rest) {
    if (last == 0) return wrong_length(proof.size(), "too many");
    if ((node & 1) == 1 || node == last) {
      from_old = node_hash(sibling, from_old);
      from_recent = node_hash(sibling, from_recent);
      climb(node, last);
    } else {
      from_recent = node_hash(from_recent, sibling);
    }
    node >>= 1;
    last >>= 1;
  }
  if (last != 0) return wrong_length(proof.size(), "too few");
  return from_old == old.root && from_recent == recent.root ? Match::yes : Match::no;
}

Result<Frontier> Frontier::restore(std::uint64_t size, std::vector<Hash> hashes) {
  SLUICE_CHECK(check_size(size));
  const auto due = static_cast<std::size_t>(std::popcount(size));
  if (hashes.size() != due) {
    return fail(Errc::malformed, cat("the frontier of a tree of size ", size, " has ", due,
                                     " hashes, not ", hashes.size()));
  }
  Frontier out;
  out.size_ = size;
  out.hashes_ = std::move(hashes);
  return out;
}

Result<void> Frontier::append(const Hash& leaf) { return append_subtree(0, leaf); }

Result<void> Frontier::append_subtree(unsigned level, const Hash& root) {
  if (level > kLevelMost || (std::uint64_t{1} << level) > kTreeMost - size_) {
    return fail(Errc::limit, cat("a tree of more than ", kTreeMost, " leaves"));
  }
  const std::uint64_t width = std::uint64_t{1} << level;
  if (size_ % width != 0) {
    return fail(Errc::malformed,
                cat("a subtree of ", width, " leaves cannot stand behind ", size_, " leaves"));
  }
  Hash grown = root;
  for (std::uint64_t rest = size_ >> level; (rest & 1) == 1; rest >>= 1) {
    grown = node_hash(hashes_.back(), grown);
    hashes_.pop_back();
  }
  hashes_.push_back(grown);
  size_ += width;
  return {};
}

Hash Frontier::root() const {
  if (hashes_.empty()) return empty_root();
  Hash out = hashes_.back();
  for (std::size_t at = hashes_.size() - 1; at > 0; --at) out = node_hash(hashes_[at - 1], out);
  return out;
}

std::vector<Node> frontier_nodes(std::uint64_t size) {
  std::vector<Node> out;
  std::uint64_t begin = 0;
  while (begin < size) {
    const std::uint64_t width = std::bit_floor(size - begin);
    const auto level = static_cast<unsigned>(std::countr_zero(width));
    out.push_back({level, begin >> level});
    begin += width;
  }
  return out;
}

Result<Frontier> frontier_at(std::uint64_t size, const NodeSource& source) {
  SLUICE_CHECK(check_size(size));
  std::vector<Hash> hashes;
  for (const Node& node : frontier_nodes(size)) {
    SLUICE_TRY(hashes.emplace_back(), source(node));
  }
  return Frontier::restore(size, std::move(hashes));
}

Result<std::vector<Hash>> inclusion_proof(std::uint64_t index, std::uint64_t tree_size,
                                          const NodeSource& source) {
  SLUICE_CHECK(check_size(tree_size));
  if (index >= tree_size) {
    return fail(Errc::malformed, cat("leaf ", index, " is outside a tree of size ", tree_size));
  }
  std::vector<Hash> proof;
  std::uint64_t begin = 0;
  std::uint64_t end = tree_size;
  while (end - begin > 1) {
    const std::uint64_t middle = begin + split_of(end - begin);
    const bool left = index < middle;
    SLUICE_TRY(proof.emplace_back(),
               left ? range_hash(middle, end, source) : range_hash(begin, middle, source));
    (left ? end : begin) = middle;
  }
  std::ranges::reverse(proof);
  return proof;
}

Result<std::vector<Hash>> consistency_proof(std::uint64_t old_size, std::uint64_t recent_size,
                                            const NodeSource& source) {
  SLUICE_CHECK(check_size(recent_size));
  if (old_size > recent_size) {
    return fail(Errc::malformed,
                cat("a tree cannot shrink from ", old_size, " leaves to ", recent_size));
  }
  std::vector<Hash> proof;
  if (old_size == 0) return proof;
  std::uint64_t begin = 0;
  std::uint64_t end = recent_size;
  while (end != old_size) {
    const std::uint64_t middle = begin + split_of(end - begin);
    const bool left = old_size <= middle;
    SLUICE_TRY(proof.emplace_back(),
               left ? range_hash(middle, end, source) : range_hash(begin, middle, source));
    (left ? end : begin) = middle;
  }
  // The old tree's root is known to whoever asks, unless only a part of it is left.
  if (begin != 0) {
    SLUICE_TRY(proof.emplace_back(), range_hash(begin, end, source));
  }
  std::ranges::reverse(proof);
  return proof;
}

std::string Tile::path() const { return tile_path(cat(level), *this); }
std::string Tile::entries_path() const { return tile_path("entries", *this); }

Result<TilePart> tile_part(const Node& node, std::uint64_t tree_size) {
  SLUICE_CHECK(check_size(tree_size));
  if (node.level > kLevelMost || node.index >= tree_size >> node.level) {
    return fail(Errc::malformed, cat("a node of level ", node.level, ", place ", node.index,
                                     ", in a tree of size ", tree_size));
  }
  const unsigned row = node.level / kTileHeight;
  const unsigned above = node.level % kTileHeight;
  const std::uint64_t place = node.index << above;  // of its first hash in that row of tiles
  const std::uint64_t in_row = tree_size >> (row * kTileHeight);
  TilePart out{.tile = {.level = row, .index = place / kTileWidth}};
  const std::uint64_t left = in_row - out.tile.index * kTileWidth;
  out.tile.width = static_cast<unsigned>(std::min<std::uint64_t>(left, kTileWidth));
  out.first = static_cast<unsigned>(place % kTileWidth);
  out.count = 1U << above;
  return out;
}

Result<std::vector<Hash>> parse_tile(const Tile& tile, ByteView content) {
  if (content.size() != tile.width * sizeof(Hash)) {
    return fail(Errc::malformed, cat("the tile ", tile.path(), " has ", content.size(), " bytes; ",
                                     tile.width, " hashes are due"));
  }
  std::vector<Hash> out(tile.width);
  for (Hash& one : out) {
    std::ranges::copy(content.first(one.size()), one.begin());
    content = content.subspan(one.size());
  }
  return out;
}

}  // namespace sluice::sigstore
