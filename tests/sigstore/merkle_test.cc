// SPDX-License-Identifier: Apache-2.0
// Trees against the definitions of RFC 6962 2.1, written down here as they stand there: recursive,
// over whole lists of leaves, and far too slow for anything else.
#include "sigstore/merkle.h"

#include <gtest/gtest.h>

#include <bit>
#include <map>

#include "base/codec.h"
#include "base/text.h"

namespace sluice::sigstore {
namespace {

using crypto::Match;
using Hashes = std::vector<Hash>;
using Leaves = std::span<const Hash>;

constexpr std::uint64_t kSizes = 70;

// RFC 6962's k, "the largest power of two smaller than n".
std::size_t largest_power_below(std::size_t n) {
  std::size_t k = 1;
  while (2 * k < n) k *= 2;
  return k;
}

// MTH(D[n])
Hash naive_root(Leaves d) {
  if (d.size() == 1) return d.front();
  const std::size_t k = largest_power_below(d.size());
  return node_hash(naive_root(d.first(k)), naive_root(d.subspan(k)));
}

// PATH(m, D[n])
Hashes naive_path(std::size_t m, Leaves d) {
  if (d.size() == 1) return {};
  const std::size_t k = largest_power_below(d.size());
  Hashes path = m < k ? naive_path(m, d.first(k)) : naive_path(m - k, d.subspan(k));
  path.push_back(naive_root(m < k ? d.subspan(k) : d.first(k)));
  return path;
}

// SUBPROOF(m, D[n], b); PROOF(m, D[n]) is the one with b = true.
Hashes naive_proof(std::size_t m, Leaves d, bool whole = true) {
  if (m == d.size()) return whole ? Hashes{} : Hashes{naive_root(d)};
  const std::size_t k = largest_power_below(d.size());
  Hashes proof =
      m <= k ? naive_proof(m, d.first(k), whole) : naive_proof(m - k, d.subspan(k), false);
  proof.push_back(naive_root(m <= k ? d.subspan(k) : d.first(k)));
  return proof;
}

Hashes leaves_made(std::size_t count) {
  Hashes out;
  for (std::size_t i = 0; i < count; ++i) out.push_back(leaf_hash(bytes_of(cat("leaf ", i))));
  return out;
}

Hash hash_of_hex(std::string_view hex) { return hash_from(from_hex(hex).value()).value(); }

Hash with_bit_flipped(Hash hash, std::size_t bit) {
  hash[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
  return hash;
}

Hashes with_bit_flipped(Hashes hashes, std::size_t at, std::size_t bit) {
  hashes[at] = with_bit_flipped(hashes[at], bit);
  return hashes;
}

// All bits of the small trees, eight of each hash in the large ones.
std::vector<std::size_t> bits_to_flip(std::uint64_t size, std::size_t seed) {
  std::vector<std::size_t> out;
  for (std::size_t bit = 0; bit < 256; ++bit) {
    if (size <= 9 || (bit + seed) % 32 == 0) out.push_back(bit);
  }
  return out;
}

// The hashes of complete subtrees, from all leaves.
NodeSource source_of(const Hashes& leaves) {
  return [&leaves](const Node& node) -> Result<Hash> {
    const std::size_t width = std::size_t{1} << node.level;
    if (leaves.size() / width <= node.index) return fail(Errc::not_found, "outside the tree");
    return naive_root(Leaves(leaves).subspan(node.index * width, width));
  };
}

template <class T>
Errc merkle_code(const Result<T>& result) {
  return result ? Errc::internal : result.error().code;
}

TEST(MerkleHashes, AreThoseOfTheKnownTree) {
  // The eight leaves that other implementations of RFC 6962 test with.
  Hashes leaves;
  for (const auto* hex : {"", "00", "10", "2021", "3031", "40414243", "5051525354555657",
                          "606162636465666768696a6b6c6d6e6f"}) {
    leaves.push_back(leaf_hash(from_hex(hex).value()));
  }
  EXPECT_EQ(leaves[0],
            hash_of_hex("6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"));
  EXPECT_EQ(root_of_hashes(leaves),
            hash_of_hex("5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"));
  EXPECT_EQ(empty_root(),
            hash_of_hex("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"));
  EXPECT_EQ(root_of_hashes({}), empty_root());
}

TEST(MerkleHashes, HaveThirtyTwoBytes) {
  EXPECT_TRUE(hash_from(Bytes(32)));
  EXPECT_EQ(merkle_code(hash_from(Bytes(31))), Errc::malformed);
  EXPECT_EQ(merkle_code(hash_from(Bytes(33))), Errc::malformed);
}

TEST(Inclusion, EveryLeafOfEveryTreeIsProved) {
  const Hashes all = leaves_made(kSizes);
  for (std::uint64_t size = 1; size <= kSizes; ++size) {
    const Hashes leaves(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(size));
    const Hash root = naive_root(leaves);
    EXPECT_EQ(root_of_hashes(leaves), root);
    for (std::uint64_t index = 0; index < size; ++index) {
      const Hashes path = naive_path(index, leaves);
      EXPECT_EQ(root_of_inclusion(index, size, leaves[index], path), root) << index << "/" << size;
      EXPECT_EQ(inclusion_proof(index, size, source_of(leaves)), path) << index << "/" << size;
    }
  }
}

TEST(Inclusion, OfAnotherLeafPlaceOrPathLeadsElsewhere) {
  const Hashes all = leaves_made(kSizes);
  std::size_t flipped = 0;
  for (std::uint64_t size = 1; size <= kSizes; ++size) {
    const Leaves leaves = Leaves(all).first(size);
    const Hash root = naive_root(leaves);
    for (std::uint64_t index = 0; index < size; ++index) {
      const Hashes path = naive_path(index, leaves);
      EXPECT_NE(root_of_inclusion(index, size, with_bit_flipped(leaves[index], index), path), root);
      for (std::uint64_t other = 0; other < size; ++other) {
        if (other == index) continue;
        EXPECT_NE(root_of_inclusion(other, size, leaves[index], path), root);
      }
      for (std::size_t at = 0; at < path.size(); ++at) {
        for (const auto bit : bits_to_flip(size, index + at)) {
          const auto led =
              root_of_inclusion(index, size, leaves[index], with_bit_flipped(path, at, bit));
          EXPECT_TRUE(led && *led != root) << index << "/" << size << " bit " << bit;
          ++flipped;
        }
      }
    }
  }
  EXPECT_GT(flipped, 100'000U);
}

TEST(Inclusion, PathOfAnotherLengthIsMalformed) {
  const Hashes all = leaves_made(kSizes);
  for (std::uint64_t size = 1; size <= kSizes; ++size) {
    const Leaves leaves = Leaves(all).first(size);
    for (std::uint64_t index = 0; index < size; ++index) {
      Hashes path = naive_path(index, leaves);
      path.push_back(all[0]);
      EXPECT_EQ(merkle_code(root_of_inclusion(index, size, leaves[index], path)), Errc::malformed);
      path.pop_back();
      if (path.empty()) continue;
      path.pop_back();
      EXPECT_EQ(merkle_code(root_of_inclusion(index, size, leaves[index], path)), Errc::malformed);
      path.clear();
      EXPECT_EQ(merkle_code(root_of_inclusion(index, size, leaves[index], path)), Errc::malformed);
    }
  }
}

TEST(Inclusion, LeafOutsideTheTreeIsMalformed) {
  const Hash leaf = leaf_hash({});
  EXPECT_TRUE(root_of_inclusion(0, 1, leaf, {}));
  EXPECT_EQ(merkle_code(root_of_inclusion(1, 1, leaf, {})), Errc::malformed);
  EXPECT_EQ(merkle_code(root_of_inclusion(0, 0, leaf, {})), Errc::malformed);
  EXPECT_EQ(merkle_code(root_of_inclusion(UINT64_MAX, UINT64_MAX, leaf, {})), Errc::malformed);
  EXPECT_EQ(merkle_code(inclusion_proof(1, 1, source_of({leaf}))), Errc::malformed);
}

TEST(Consistency, EveryTreeIsTheBeginningOfEveryLaterOne) {
  const Hashes all = leaves_made(kSizes);
  for (std::uint64_t size = 1; size <= kSizes; ++size) {
    const Hashes leaves(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(size));
    const TreeHead recent{size, naive_root(leaves)};
    for (std::uint64_t old_size = 1; old_size <= size; ++old_size) {
      const TreeHead old{old_size, naive_root(Leaves(leaves).first(old_size))};
      const Hashes proof = naive_proof(old_size, leaves);
      EXPECT_EQ(verify_consistency(old, recent, proof), Match::yes) << old_size << "/" << size;
      EXPECT_EQ(consistency_proof(old_size, size, source_of(leaves)), proof)
          << old_size << "/" << size;
    }
  }
}

TEST(Consistency, WithAnythingElseIsRefused) {
  const Hashes all = leaves_made(kSizes);
  for (std::uint64_t size = 1; size <= kSizes; ++size) {
    const Leaves leaves = Leaves(all).first(size);
    const TreeHead recent{size, naive_root(leaves)};
    for (std::uint64_t old_size = 1; old_size <= size; ++old_size) {
      const TreeHead old{old_size, naive_root(leaves.first(old_size))};
      const Hashes proof = naive_proof(old_size, leaves);
      const TreeHead old_wrong{old_size, with_bit_flipped(old.root, size)};
      const TreeHead recent_wrong{size, with_bit_flipped(recent.root, old_size)};
      EXPECT_EQ(verify_consistency(old_wrong, recent, proof), Match::no);
      EXPECT_EQ(verify_consistency(old, recent_wrong, proof), Match::no);
      for (std::size_t at = 0; at < proof.size(); ++at) {
        for (const auto bit : bits_to_flip(size, old_size + at)) {
          EXPECT_EQ(verify_consistency(old, recent, with_bit_flipped(proof, at, bit)), Match::no)
              << old_size << "/" << size << " bit " << bit;
        }
      }
      // A proof of other sizes: malformed where it has another length, and never a yes.
      const TreeHead other{old_size == 1 ? 2 : old_size - 1, old.root};
      EXPECT_NE(verify_consistency(other, recent, proof), Match::yes) << old_size << "/" << size;
    }
  }
}

TEST(Consistency, ProofOfAnotherLengthIsMalformed) {
  const Hashes all = leaves_made(kSizes);
  for (std::uint64_t size = 1; size <= kSizes; ++size) {
    const Leaves leaves = Leaves(all).first(size);
    const TreeHead recent{size, naive_root(leaves)};
    for (std::uint64_t old_size = 1; old_size <= size; ++old_size) {
      const TreeHead old{old_size, naive_root(leaves.first(old_size))};
      Hashes proof = naive_proof(old_size, leaves);
      proof.push_back(all[0]);
      EXPECT_EQ(merkle_code(verify_consistency(old, recent, proof)), Errc::malformed);
      proof.pop_back();
      if (proof.empty()) continue;
      proof.pop_back();
      EXPECT_EQ(merkle_code(verify_consistency(old, recent, proof)), Errc::malformed)
          << old_size << "/" << size;
      proof.clear();
      EXPECT_EQ(merkle_code(verify_consistency(old, recent, proof)), Errc::malformed);
    }
  }
}

TEST(Consistency, EmptyTreeIsTheBeginningOfAll) {
  const Hashes leaves = leaves_made(3);
  const TreeHead three{3, naive_root(leaves)};
  const TreeHead none;
  EXPECT_EQ(verify_consistency(none, three, {}), Match::yes);
  EXPECT_EQ(verify_consistency(none, none, {}), Match::yes);
  EXPECT_EQ(verify_consistency({0, leaves[0]}, three, {}), Match::no);
  EXPECT_EQ(verify_consistency({0, leaves[0]}, {0, leaves[0]}, {}), Match::no);
  EXPECT_EQ(verify_consistency(none, {0, leaves[0]}, {}), Match::no);
  EXPECT_EQ(merkle_code(verify_consistency(none, three, leaves)), Errc::malformed);
  EXPECT_EQ(consistency_proof(0, 3, source_of(leaves)), Hashes{});
}

TEST(Consistency, TreeThatShrinksIsMalformed) {
  const Hashes leaves = leaves_made(3);
  const TreeHead three{3, naive_root(leaves)};
  const TreeHead two{2, naive_root(Leaves(leaves).first(2))};
  EXPECT_TRUE(verify_consistency(two, three, naive_proof(2, leaves)));
  EXPECT_EQ(merkle_code(verify_consistency(three, two, naive_proof(2, leaves))), Errc::malformed);
  EXPECT_EQ(merkle_code(consistency_proof(3, 2, source_of(leaves))), Errc::malformed);
}

TEST(Frontier, HasTheRootOfEverySizeOnTheWay) {
  const Hashes all = leaves_made(kSizes);
  Frontier grown;
  EXPECT_EQ(grown.head(), TreeHead{});
  for (std::uint64_t size = 1; size <= kSizes; ++size) {
    ASSERT_TRUE(grown.append(all[size - 1]));
    EXPECT_EQ(grown.head(), (TreeHead{size, naive_root(Leaves(all).first(size))}));
    EXPECT_EQ(grown.hashes().size(), static_cast<std::size_t>(std::popcount(size)));
    EXPECT_EQ(frontier_at(size, source_of(all))->hashes(), grown.hashes());
    const auto restored = Frontier::restore(size, grown.hashes());
    ASSERT_TRUE(restored);
    EXPECT_EQ(restored->head(), grown.head());
  }
}

TEST(Frontier, GrowsByCompleteSubtreesWhereTheyFit) {
  const Hashes all = leaves_made(kSizes);
  for (std::uint64_t size = 0; size < kSizes; ++size) {
    const Frontier before = frontier_at(size, source_of(all)).value();
    for (unsigned level = 0; level <= 6; ++level) {
      const std::uint64_t width = std::uint64_t{1} << level;
      if (size + width > kSizes) continue;
      Frontier grown = before;
      const Hash subtree = naive_root(Leaves(all).subspan(size, width));
      const auto appended = grown.append_subtree(level, subtree);
      if (size % width == 0) {
        ASSERT_TRUE(appended);
        EXPECT_EQ(grown.head(),
                  (TreeHead{size + width, naive_root(Leaves(all).first(size + width))}));
      } else {
        EXPECT_EQ(merkle_code(appended), Errc::malformed);
        EXPECT_EQ(grown.head(), before.head());
      }
    }
  }
}

TEST(Frontier, IsRestoredFromAsManyHashesAsTheSizeHas) {
  const Hashes two = leaves_made(2);
  EXPECT_TRUE(Frontier::restore(5, two));
  EXPECT_EQ(merkle_code(Frontier::restore(4, two)), Errc::malformed);
  EXPECT_EQ(merkle_code(Frontier::restore(7, two)), Errc::malformed);
  EXPECT_EQ(merkle_code(Frontier::restore(0, two)), Errc::malformed);
  EXPECT_TRUE(Frontier::restore(0, {}));
}

// A tree of equal leaves: its subtrees are equal as well, so that one of any size is at hand.
struct EndlessTree {
  EndlessTree() {
    levels.push_back(leaf_hash(bytes_of("same")));
    while (levels.size() < 63) levels.push_back(node_hash(levels.back(), levels.back()));
  }
  NodeSource source() const {
    return [this](const Node& node) -> Result<Hash> { return levels.at(node.level); };
  }
  TreeHead head(std::uint64_t size) const { return frontier_at(size, source())->head(); }
  Hashes levels;
};

TEST(LargestTrees, AreProvedLikeSmallOnes) {
  const EndlessTree tree;
  for (const std::uint64_t size : {kTreeMost, kTreeMost - 1, kTreeMost / 2 + 1, kTreeMost / 2}) {
    const TreeHead head = tree.head(size);
    for (const std::uint64_t at :
         {std::uint64_t{0}, std::uint64_t{1}, size / 2, size - 2, size - 1}) {
      const auto path = inclusion_proof(at, size, tree.source());
      ASSERT_TRUE(path);
      EXPECT_EQ(root_of_inclusion(at, size, tree.levels[0], *path), head.root);
      EXPECT_NE(root_of_inclusion(at, size, tree.levels[1], *path), head.root);
      const auto proof = consistency_proof(at + 1, size, tree.source());
      ASSERT_TRUE(proof);
      EXPECT_EQ(verify_consistency(tree.head(at + 1), head, *proof), Match::yes);
      EXPECT_EQ(verify_consistency({at + 1, tree.levels[7]}, head, *proof), Match::no);
    }
  }
}

TEST(LargestTrees, EndWhereSizesDo) {
  const EndlessTree tree;
  Frontier almost = frontier_at(kTreeMost - 1, tree.source()).value();
  ASSERT_TRUE(almost.append(tree.levels[0]));
  EXPECT_EQ(almost.head(), tree.head(kTreeMost));
  EXPECT_EQ(merkle_code(almost.append(tree.levels[0])), Errc::limit);
  Frontier none;
  EXPECT_EQ(merkle_code(none.append_subtree(63, tree.levels[0])), Errc::limit);
  EXPECT_TRUE(none.append_subtree(62, tree.levels[62]));
  EXPECT_EQ(merkle_code(frontier_at(kTreeMost + 1, tree.source())), Errc::malformed);
  EXPECT_EQ(merkle_code(consistency_proof(1, kTreeMost + 1, tree.source())), Errc::malformed);
  EXPECT_EQ(merkle_code(verify_consistency({}, {kTreeMost + 1, {}}, {})), Errc::malformed);
}

TEST(Proofs, HandOnTheErrorOfTheirSource) {
  const NodeSource broken = [](const Node&) -> Result<Hash> { return fail(Errc::network, "gone"); };
  EXPECT_EQ(merkle_code(inclusion_proof(1, 2, broken)), Errc::network);
  EXPECT_EQ(merkle_code(consistency_proof(1, 2, broken)), Errc::network);
  EXPECT_EQ(merkle_code(frontier_at(2, broken)), Errc::network);
}

TEST(Tiles, HaveThePathsOfTheSpecification) {
  EXPECT_EQ((Tile{0, 1234067}.path()), "tile/0/x001/x234/067");
  EXPECT_EQ((Tile{1, 0, 17}.path()), "tile/1/000.p/17");
  EXPECT_EQ((Tile{0, 1000}.path()), "tile/0/x001/000");
  EXPECT_EQ((Tile{0, 999, 1}.entries_path()), "tile/entries/999.p/1");
  EXPECT_EQ((Tile{0, kTreeMost >> 8}.path()), "tile/0/x036/x028/x797/x018/x963/967");
}

TEST(Tiles, ContentHasItsWidth) {
  EXPECT_EQ(parse_tile({0, 0, 2}, Bytes(64))->size(), 2U);
  EXPECT_EQ(merkle_code(parse_tile({0, 0, 2}, Bytes(63))), Errc::malformed);
  EXPECT_EQ(merkle_code(parse_tile({0, 0, 2}, Bytes(96))), Errc::malformed);
}

TEST(Tiles, PartsAreThoseOfTheTreesNodes) {
  EXPECT_EQ(tile_part({0, 69'999}, 70'000), (TilePart{{0, 273, 112}, 111, 1}));
  EXPECT_EQ(merkle_code(tile_part({0, 70'000}, 70'000)), Errc::malformed);
  EXPECT_EQ(tile_part({3, 2}, 70'000), (TilePart{{0, 0, 256}, 16, 8}));
  EXPECT_EQ(tile_part({8, 272}, 70'000), (TilePart{{1, 1, 17}, 16, 1}));
  EXPECT_EQ(merkle_code(tile_part({8, 273}, 70'000)), Errc::malformed);  // of a part of a tile
  EXPECT_EQ(tile_part({16, 0}, 70'000), (TilePart{{2, 0, 1}, 0, 1}));
  EXPECT_EQ(tile_part({8, 0}, 256), (TilePart{{1, 0, 1}, 0, 1}));
  EXPECT_EQ(merkle_code(tile_part({63, 0}, kTreeMost)), Errc::malformed);
}

// A log that serves tiles, as C2SP tlog-tiles defines their content.
class LogOfTiles {
 public:
  explicit LogOfTiles(std::size_t size) : leaves_(leaves_made(size)) {
    Hashes row = leaves_;
    for (unsigned level = 0; !row.empty(); ++level) {
      Hashes above;
      for (std::size_t begin = 0; begin < row.size(); begin += kTileWidth) {
        const std::size_t width = std::min<std::size_t>(kTileWidth, row.size() - begin);
        const Leaves hashes = Leaves(row).subspan(begin, width);
        const Tile tile{level, begin / kTileWidth, static_cast<unsigned>(width)};
        Bytes& content = tiles_[tile.path()];
        for (const Hash& one : hashes) content.insert(content.end(), one.begin(), one.end());
        if (width == kTileWidth) above.push_back(naive_root(hashes));
      }
      row = std::move(above);
    }
  }
  NodeSource source(std::uint64_t size) const {
    return [this, size](const Node& node) -> Result<Hash> {
      SLUICE_TRY(const TilePart part, tile_part(node, size));
      const auto at = tiles_.find(part.tile.path());
      if (at == tiles_.end()) return fail(Errc::not_found, part.tile.path());
      SLUICE_TRY(const auto hashes, parse_tile(part.tile, at->second));
      return root_of_hashes(std::span(hashes).subspan(part.first, part.count));
    };
  }
  const Hashes& leaves() const { return leaves_; }
  std::map<std::string, Bytes>& tiles() { return tiles_; }

 private:
  Hashes leaves_;
  std::map<std::string, Bytes> tiles_;
};

TEST(Tiles, AreEnoughForRootsAndProofs) {
  constexpr std::uint64_t kSize = 70'000;
  LogOfTiles log(kSize);
  EXPECT_EQ(log.tiles().size(), 274U + 2U + 1U);
  const auto source = log.source(kSize);
  const TreeHead head{kSize, root_of_hashes(log.leaves())};
  EXPECT_EQ(frontier_at(kSize, source)->head(), head);
  for (const std::uint64_t at : {0U, 255U, 256U, 65'535U, 65'536U, 69'887U, 69'888U, 69'999U}) {
    EXPECT_EQ(
        root_of_inclusion(at, kSize, log.leaves()[at], inclusion_proof(at, kSize, source).value()),
        head.root);
    const TreeHead old{at + 1, root_of_hashes(Leaves(log.leaves()).first(at + 1))};
    const auto proof = consistency_proof(old.size, kSize, source);
    ASSERT_TRUE(proof) << proof.error().text();
    EXPECT_EQ(verify_consistency(old, head, *proof), Match::yes) << at;
  }
  // A monitor that is at 65,536 reads what is new, and arrives at the same root.
  Frontier monitor = frontier_at(65'536, source).value();
  for (std::size_t at = 65'536; at < kSize; ++at) ASSERT_TRUE(monitor.append(log.leaves()[at]));
  EXPECT_EQ(monitor.head(), head);
  // One flipped bit in a tile that the proof needs.
  log.tiles().at("tile/1/001.p/17")[512] ^= 1U;
  EXPECT_NE(frontier_at(kSize, source)->head(), head);
}

}  // namespace
}  // namespace sluice::sigstore
