// SPDX-License-Identifier: Apache-2.0
#include "sigstore/tiled_log.h"

#include <algorithm>
#include <bit>

#include "base/text.h"
#include "sigstore/entry_bundle.h"

namespace sluice::sigstore {

namespace {

constexpr std::size_t kTileBytes = kTileWidth * sizeof(Hash);
constexpr std::size_t kTreeStateBytes = 1U << 20;  // of Rekor v1's answer, which is not read

Result<std::string> body_of(Result<HttpResponse> answer, const std::string& url) {
  if (!answer) return fail(std::move(answer).error().in(cat("asking for ", url)));
  if (answer->status == 200) return std::move(answer->body);
  return fail(answer->status == 404 || answer->status == 410 ? Errc::not_found : Errc::network,
              cat(url, " answered with status ", answer->status));
}

}  // namespace

TiledLog::TiledLog(Http& http, std::string_view base, std::chrono::milliseconds total)
    : http_(http), total_(total) {
  while (base.ends_with('/')) base.remove_suffix(1);
  base_ = base;
}

HttpRequest TiledLog::request(std::string_view path, std::size_t most) const {
  HttpRequest out{.url = cat(base_, path)};
  out.budget.max_body = most;
  out.budget.total = total_;
  return out;
}

Result<std::string> TiledLog::checkpoint() {
  Error why;
  for (const char* below : {"/api/v2/", "/"}) {
    const HttpRequest asked = request(cat(below, "checkpoint"), kNoteBytes);
    auto note = body_of(http_.send(asked), asked.url);
    if (note) {
      below_ = below;
      return note;
    }
    why = std::move(note).error();
    if (why.code != Errc::not_found) return fail(std::move(why));
  }
  return no_checkpoint(why);
}

Result<std::string> TiledLog::no_checkpoint(const Error& why) {
  const HttpRequest asked = request("/api/v1/log", kTreeStateBytes);
  const auto state = http_.send(asked);
  if (!state || state->status != 200) return fail(why);
  return fail(Error{Errc::unsupported,
                    cat(base_,
                        " is a log of Rekor v1, which has no tiles: its entries cannot be "
                        "read in their order and proven")}
                  .advise("watch the logs of Rekor v2; those of v1 are searched by Rekor's own "
                          "index"));
}

Result<TiledLog::Content> TiledLog::whole_of(Tile tile, PathOf path, std::size_t most) {
  tile.width = kTileWidth;
  const HttpRequest asked = request(cat(below_, (tile.*path)()), most);
  SLUICE_TRY(auto bytes, body_of(http_.send(asked), asked.url));
  return Content{kTileWidth, std::move(bytes)};
}

Result<std::vector<TiledLog::Content>> TiledLog::fetch(std::span<const Tile> tiles, PathOf path,
                                                       std::size_t most) {
  std::vector<Content> out;
  while (!tiles.empty()) {
    const auto now = tiles.first(std::min(tiles.size(), kTilesAtATime));
    tiles = tiles.subspan(now.size());
    std::vector<HttpRequest> requests;
    for (const Tile& tile : now) requests.push_back(request(cat(below_, (tile.*path)()), most));
    auto answers = http_.send_all(requests);
    for (std::size_t at = 0; at < now.size(); ++at) {
      auto bytes = body_of(std::move(answers[at]), requests[at].url);
      if (bytes) {
        out.push_back({now[at].width, *std::move(bytes)});
        continue;
      }
      if (bytes.error().code != Errc::not_found || now[at].width == kTileWidth) {
        return fail(std::move(bytes).error());
      }
      SLUICE_TRY(auto whole, whole_of(now[at], path, most));
      out.push_back(std::move(whole));
    }
  }
  return out;
}

Result<std::vector<TiledLog::Content>> TiledLog::entries(std::span<const Tile> tiles) {
  return fetch(tiles, &Tile::entries_path, kEntryBundleBytes);
}

Result<std::vector<TiledLog::Content>> TiledLog::hashes(std::span<const Tile> tiles) {
  return fetch(tiles, &Tile::path, kTileBytes);
}

Result<std::vector<Hash>> node_hashes(TiledLog& log, std::span<const Node> nodes,
                                      std::uint64_t tree_size) {
  std::vector<TilePart> parts;
  std::vector<Tile> tiles;
  for (const Node& node : nodes) {
    SLUICE_TRY(const TilePart part, tile_part(node, tree_size));
    parts.push_back(part);
    if (std::ranges::find(tiles, part.tile) == tiles.end()) tiles.push_back(part.tile);
  }
  SLUICE_TRY(const auto contents, log.hashes(tiles));
  std::vector<std::vector<Hash>> read;
  for (std::size_t at = 0; at < tiles.size(); ++at) {
    Tile sent = tiles[at];
    sent.width = contents[at].width;
    SLUICE_TRY(read.emplace_back(), parse_tile(sent, bytes_of(contents[at].bytes)));
  }
  std::vector<Hash> out;
  for (const TilePart& part : parts) {
    const auto tile = static_cast<std::size_t>(std::ranges::find(tiles, part.tile) - tiles.begin());
    out.push_back(root_of_hashes(std::span(read[tile]).subspan(part.first, part.count)));
  }
  return out;
}

std::vector<Node> nodes_behind(std::uint64_t from, std::uint64_t tree_size) {
  std::vector<Node> out;
  while (from < tree_size) {
    std::uint64_t width = std::bit_floor(tree_size - from);
    if (from != 0) width = std::min(width, std::uint64_t{1} << std::countr_zero(from));
    const auto level = static_cast<unsigned>(std::countr_zero(width));
    out.push_back({level, from >> level});
    from += width;
  }
  return out;
}

Result<Frontier> extend_by_tiles(TiledLog& log, Frontier frontier, std::uint64_t tree_size) {
  const auto nodes = nodes_behind(frontier.size(), tree_size);
  SLUICE_TRY(const auto hashes, node_hashes(log, nodes, tree_size));
  for (std::size_t at = 0; at < nodes.size(); ++at) {
    SLUICE_CHECK(frontier.append_subtree(nodes[at].level, hashes[at]));
  }
  return frontier;
}

}  // namespace sluice::sigstore
