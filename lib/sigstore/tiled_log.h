// SPDX-License-Identifier: Apache-2.0
// The files of a log in tiles (C2SP tlog-tiles) over HTTP: its checkpoint, its tiles, the bundles
// of its entries. Rekor v2 has them below /api/v2, other logs at their base; both are tried.
//
// Nothing that comes back is trusted. Whoever asks computes a root from it.
#pragma once

#include <chrono>
#include <span>
#include <string>
#include <vector>

#include "base/http.h"
#include "sigstore/checkpoint.h"

namespace sluice::sigstore {

// Files that are asked for at the same time: what they may hold is held in memory (entry bundles of
// the largest size come to 16 MiB each).
inline constexpr std::size_t kTilesAtATime = 8;

class TiledLog {
 public:
  // `base` with or without a slash at the end.
  TiledLog(Http& http, std::string_view base, std::chrono::milliseconds total);

  // The live one, as it was sent. Errc::unsupported: this is a log of Rekor v1, which has no tiles.
  [[nodiscard]] Result<std::string> checkpoint();

  // What they hold, in their order: of entries, or of hashes (level 0 and above). Where a partial
  // one is gone, since the log has completed it, the whole one is asked for; then more comes back
  // than the width says. After checkpoint(), which finds out where they are. Of any number of
  // tiles; at most kTilesAtATime of them are asked for at a time.
  struct Content {
    unsigned width = kTileWidth;
    std::string bytes;
  };
  [[nodiscard]] Result<std::vector<Content>> entries(std::span<const Tile> tiles);
  [[nodiscard]] Result<std::vector<Content>> hashes(std::span<const Tile> tiles);

  const std::string& base() const { return base_; }

 private:
  using PathOf = std::string (Tile::*)() const;
  HttpRequest request(std::string_view path, std::size_t most) const;
  [[nodiscard]] Result<std::vector<Content>> fetch(std::span<const Tile> tiles, PathOf path,
                                                   std::size_t most);
  [[nodiscard]] Result<Content> whole_of(Tile tile, PathOf path, std::size_t most);
  [[nodiscard]] Result<std::string> no_checkpoint(const Error& why);

  Http& http_;
  std::string base_;
  std::string below_ = "/api/v2/";
  std::chrono::milliseconds total_;
};

// The hashes of these nodes of a tree of that size, from its tiles.
[[nodiscard]] Result<std::vector<Hash>> node_hashes(TiledLog& log, std::span<const Node> nodes,
                                                    std::uint64_t tree_size);

// The fewest complete subtrees that lie behind the first `from` leaves of a tree, left to right.
std::vector<Node> nodes_behind(std::uint64_t from, std::uint64_t tree_size);

// These leaves and all that follow them in a tree of that size, as its tiles have it. If the root
// is then the signed one, what it was begun with are the first leaves of that tree: that is a proof
// of consistency.
[[nodiscard]] Result<Frontier> extend_by_tiles(TiledLog& log, Frontier frontier,
                                               std::uint64_t tree_size);

}  // namespace sluice::sigstore
