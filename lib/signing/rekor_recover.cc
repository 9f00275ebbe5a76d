// SPDX-License-Identifier: Apache-2.0
// Entries that a log has already, got from it again.
#include <algorithm>

#include "base/text.h"
#include "sigstore/checkpoint.h"
#include "sigstore/merkle.h"
#include "signing/rekor_client.h"

namespace sluice::sigstore {

namespace {

constexpr std::size_t kCheckpointMost = kNoteBytes;
constexpr std::size_t kFilesKept = 512;
constexpr std::chrono::milliseconds kCheckpointPause{500};

Trouble no_good(const std::string& url, const Error& why) {
  return {Trouble::Kind::broken,
          Check{.id = "sign.log.duplicate",
                .title = std::string(kLogRole.title),
                .outcome = Outcome::fail,
                .detail = cat("it has this entry already, which cannot be got: ", why.text()),
                .source = printable(url, 200)}};
}

template <class T>
Answered<T> answered(Result<T> result, const std::string& url) {
  if (result) return *std::move(result);
  return std::unexpected(no_good(url, result.error()));
}

// Under which id the log that signed the checkpoint is trusted: its name and the key id of its
// line. Empty where none is: the judgement then says so.
Bytes id_of_log(const TrustRoot& trust, const Checkpoint& checkpoint) {
  const std::string_view origin = origin_name(checkpoint.origin);
  for (const TrustEntry& entry : trust.entries()) {
    if (entry.kind != TrustKind::log || entry.id.size() < sizeof(NoteKeyId)) continue;
    const bool signed_it = std::ranges::any_of(checkpoint.signatures, [&](const auto& line) {
      return line.name == origin && equal(line.key_id, ByteView(entry.id).first(sizeof(NoteKeyId)));
    });
    if (signed_it) return entry.id;
  }
  return {};
}

Tile tile_of_entry(std::uint64_t index, std::uint64_t size) {
  Tile out{.level = 0, .index = index / kTileWidth};
  out.width =
      static_cast<unsigned>(std::min<std::uint64_t>(size - out.index * kTileWidth, kTileWidth));
  return out;
}

}  // namespace

Answered<std::string> EntryRecovery::get(const std::string& url, std::size_t most, bool afresh) {
  if (!afresh) {
    const std::lock_guard hold(mutex_);
    const auto at = kept_.find(url);
    if (at != kept_.end()) return at->second;
  }
  HttpRequest request;
  request.url = url;
  request.budget.total = patience_.total;
  request.budget.tries = patience_.tries;
  request.budget.max_body = most;
  auto response = sort_answer(kLogRole, url, http_.send(request), is_ok);
  if (!response) return std::unexpected(std::move(response).error());
  const std::lock_guard hold(mutex_);
  if (kept_.size() < kFilesKept) kept_[url] = response->body;
  return std::move(response->body);
}

Answered<LogEntry> EntryRecovery::recover(const LogService& log, const Duplicate& duplicate) {
  return log.version == 1 ? from_rekor1(log, duplicate.id) : from_tiles(log, duplicate.index);
}

Answered<LogEntry> EntryRecovery::from_rekor1(const LogService& log, const std::string& id) {
  const auto url = service_url(log.url, cat("api/v1/log/entries/", id));
  if (!url) return std::unexpected(no_good(log.url, url.error()));
  const auto body = get(*url, kLogAnswerMost);
  if (!body) return std::unexpected(body.error());
  return answered(parse_rekor1_entry(*body), *url);
}

// With its slash. A log says nowhere where its files are.
Answered<std::string> EntryRecovery::files_of(const LogService& log) {
  if (!log.files_url.empty()) {
    auto files = answered(service_url(log.files_url, ""), log.url);
    if (files && !files->ends_with('/')) *files += '/';
    return files;
  }
  const auto api = service_url(log.url, "api/v2/");
  if (!api) return std::unexpected(no_good(log.url, api.error()));
  const auto there = get(cat(*api, "checkpoint"), kCheckpointMost);
  if (there) return *api;
  const bool elsewhere = there.error().kind == Trouble::Kind::broken;
  if (!elsewhere) return std::unexpected(there.error());
  std::string base = *api;
  base.resize(base.size() - std::string_view("api/v2/").size());
  return base;
}

// The text of a checkpoint of a tree that holds the entry.
Answered<std::string> EntryRecovery::checkpoint_over(const std::string& files,
                                                     std::uint64_t index) {
  const std::string url = cat(files, "checkpoint");
  for (bool afresh = false;; afresh = true) {
    auto text = get(url, kCheckpointMost, afresh);
    if (!text) return text;
    const auto checkpoint = parse_checkpoint(*text);
    if (!checkpoint) return std::unexpected(no_good(url, checkpoint.error()));
    if (checkpoint->size > index) return text;
    if (clock_.ticks() + kCheckpointPause >= deadline_) {
      Trouble late =
          no_good(url, Error{Errc::timeout, cat("its checkpoint is of ", checkpoint->size,
                                                " entries, and this one is the one at ", index)});
      late.kind = Trouble::Kind::outage;
      late.code = Errc::timeout;
      return std::unexpected(std::move(late));
    }
    if (afresh) clock_.sleep(kCheckpointPause);
  }
}

// A partial tile goes once it is full: then the full one is there, and its beginning is the same.
Answered<std::string> EntryRecovery::get_tile(const std::string& files, const Tile& tile,
                                              bool entries, unsigned& width) {
  const std::size_t most = entries ? kEntryBundleMost : kTileWidth * sizeof(Hash);
  width = tile.width;
  auto content = get(cat(files, entries ? tile.entries_path() : tile.path()), most);
  if (content || tile.width == kTileWidth) return content;
  Tile whole = tile;
  whole.width = width = kTileWidth;
  return get(cat(files, entries ? whole.entries_path() : whole.path()), most);
}

Answered<LogEntry> EntryRecovery::from_tiles(const LogService& log, std::uint64_t index) {
  const auto files = files_of(log);
  if (!files) return std::unexpected(files.error());
  const auto note = checkpoint_over(*files, index);
  if (!note) return std::unexpected(note.error());
  const auto checkpoint = parse_checkpoint(*note);
  if (!checkpoint) return std::unexpected(no_good(*files, checkpoint.error()));

  unsigned width = 0;
  const Tile place = tile_of_entry(index, checkpoint->size);
  const auto bundle = get_tile(*files, place, true, width);
  if (!bundle) return std::unexpected(bundle.error());
  auto body = entry_in_bundle(bytes_of(*bundle), width, static_cast<unsigned>(index % kTileWidth));
  if (!body) return std::unexpected(no_good(*files, body.error()));

  std::optional<Trouble> trouble;
  std::size_t asked = 0;
  const NodeSource source = [&](const Node& node) -> Result<Hash> {
    SLUICE_TRY(const TilePart part, tile_part(node, checkpoint->size));
    if (++asked > kTilesMost) return fail(Errc::limit, "a proof of too many tiles");
    Tile tile = part.tile;
    const auto content = get_tile(*files, part.tile, false, tile.width);
    if (!content) {
      trouble = content.error();
      return fail(trouble->error());
    }
    SLUICE_TRY(const auto hashes, parse_tile(tile, bytes_of(*content)));
    return root_of_hashes(std::span(hashes).subspan(part.first, part.count));
  };
  const auto path = inclusion_proof(index, checkpoint->size, source);
  if (trouble) return std::unexpected(*std::move(trouble));
  if (!path) return std::unexpected(no_good(*files, path.error()));

  LogEntry out{
      .index = index,
      .log_id = id_of_log(trust_, *checkpoint),
      .kind = "hashedrekord",
      .version = "0.0.2",
      .integrated_time = {},
      .promise = {},
      .proof = InclusionProof{index, checkpoint->size, copy_of(checkpoint->root), {}, *note},
      .body = *std::move(body)};
  for (const Hash& hash : *path) out.proof->hashes.push_back(copy_of(hash));
  return out;
}

}  // namespace sluice::sigstore
