// SPDX-License-Identifier: Apache-2.0
// Entries that a log has already, got from it again.
#include <algorithm>
#include <array>
#include <map>
#include <mutex>

#include "base/text.h"
#include "signing/rekor_client.h"
#include "sigstore/checkpoint.h"
#include "sigstore/entry_bundle.h"
#include "sigstore/merkle.h"
#include "sigstore/tiled_log.h"

namespace sluice::sigstore {

namespace {

constexpr std::size_t kFilesKept = 512;
constexpr std::chrono::milliseconds kCheckpointPause{500};

constexpr std::string_view kCannotBeGot = "it has this entry already, which cannot be got: ";

// A log that does not answer is out; one whose files are not what they should be is broken.
Trouble no_good(const std::string& url, const Error& why) {
  const bool out = why.code == Errc::network || why.code == Errc::timeout;
  return {.kind = out ? Trouble::Kind::outage : Trouble::Kind::broken,
          .check = Check{.id = "sign.log.duplicate",
                         .title = std::string(kLogRole.title),
                         .outcome = Outcome::fail,
                         .detail = cat(kCannotBeGot, why.text()),
                         .source = printable(url, 200)},
          .code = out ? why.code : Errc::network};
}

template <class T>
Answered<T> answered(Result<T> result, const std::string& url, std::string_view body = {}) {
  if (result) return *std::move(result);
  if (!is_page(body)) return std::unexpected(no_good(url, result.error()));
  Trouble out = no_good(url, {Errc::malformed, "it answered with a page of HTML"});
  out.check.advice = kPageAdvice;
  return std::unexpected(std::move(out));
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

// Answers that are asked for by many entries of one log are kept; of several threads that miss one,
// each may ask.
class EntryRecovery::Kept final : public Http {
 public:
  explicit Kept(Http& http) : http_(http) {}

  Result<HttpResponse> send(const HttpRequest& request) override {
    {
      const std::lock_guard hold(mutex_);
      const auto at = kept_.find(request.url);
      if (at != kept_.end()) return at->second;
    }
    auto answer = http_.send(request);
    if (!answer || answer->status != 200) return answer;
    const std::lock_guard hold(mutex_);
    if (kept_.size() < kFilesKept) kept_.insert_or_assign(request.url, *answer);
    return answer;
  }
  std::vector<Result<HttpResponse>> send_all(const std::vector<HttpRequest>& requests) override {
    std::vector<Result<HttpResponse>> out;
    out.reserve(requests.size());
    for (const HttpRequest& one : requests) out.push_back(send(one));
    return out;
  }
  void forget_checkpoints() {
    const std::lock_guard hold(mutex_);
    std::erase_if(kept_, [](const auto& each) { return each.first.ends_with("/checkpoint"); });
  }

 private:
  Http& http_;
  std::mutex mutex_;
  std::map<std::string, HttpResponse, std::less<>> kept_;
};

EntryRecovery::EntryRecovery(Http& http, Clock& clock, const TrustRoot& trust,
                             std::chrono::steady_clock::time_point deadline,
                             const ServicePatience& patience)
    : http_(http),
      clock_(clock),
      trust_(trust),
      deadline_(deadline),
      patience_(patience),
      kept_(std::make_unique<Kept>(http)) {}
EntryRecovery::~EntryRecovery() = default;

Answered<LogEntry> EntryRecovery::recover(const LogService& log, const Duplicate& duplicate) {
  return log.version == 1 ? from_rekor1(log, duplicate.id) : from_tiles(log, duplicate.index);
}

Answered<LogEntry> EntryRecovery::from_rekor1(const LogService& log, const std::string& id) {
  const auto url = service_url(log.url, cat("api/v1/log/entries/", id));
  if (!url) return std::unexpected(no_good(log.url, url.error()));
  HttpRequest request;
  request.url = *url;
  request.budget.total = patience_.total;
  request.budget.tries = 1;  // as everywhere, the rounds repeat (sign_rounds.cc)
  request.budget.max_body = kLogAnswerMost;
  auto answer = sort_answer(kLogRole, log.url, http_.send(request), is_ok);
  if (!answer) {
    Trouble trouble = std::move(answer).error();
    trouble.check.detail = cat(kCannotBeGot, trouble.check.detail);
    return std::unexpected(std::move(trouble));
  }
  return answered(parse_rekor1_entry(answer->body), log.url, answer->body);
}

// The text of a checkpoint of a tree that holds the entry.
Answered<std::string> EntryRecovery::checkpoint_over(TiledLog& log, std::uint64_t index) {
  for (bool afresh = false;; afresh = true) {
    if (afresh) kept_->forget_checkpoints();
    auto text = answered(log.checkpoint(), log.base());
    if (!text) return text;
    const auto checkpoint = answered(parse_checkpoint(*text), log.base(), *text);
    if (!checkpoint) return std::unexpected(checkpoint.error());
    if (checkpoint->size > index) return text;
    if (clock_.ticks() + kCheckpointPause >= deadline_) {
      return std::unexpected(no_good(
          log.base(), Error{Errc::timeout, cat("its checkpoint is of ", checkpoint->size,
                                               " entries, and this one is the one at ", index)}));
    }
    if (afresh) clock_.sleep(kCheckpointPause);
  }
}

Answered<LogEntry> EntryRecovery::from_tiles(const LogService& log, std::uint64_t index) {
  TiledLog files(*kept_, log.files_url.empty() ? log.url : log.files_url, patience_.total);
  const auto note = checkpoint_over(files, index);
  if (!note) return std::unexpected(note.error());
  return answered(proven_by_tiles(files, index, *note), log.url);
}

Result<LogEntry> EntryRecovery::proven_by_tiles(TiledLog& files, std::uint64_t index,
                                                const std::string& note) const {
  SLUICE_TRY(const Checkpoint checkpoint, parse_checkpoint(note));
  const std::array tiles{tile_of_entry(index, checkpoint.size)};
  SLUICE_TRY(const auto bundles, files.entries(tiles));
  SLUICE_TRY(const auto entries,
             parse_entry_bundle(bundles.front().width, bytes_of(bundles.front().bytes)));
  const NodeSource source = [&](const Node& node) -> Result<Hash> {
    SLUICE_TRY(const auto hashes, node_hashes(files, std::span(&node, 1), checkpoint.size));
    return hashes.front();
  };
  SLUICE_TRY(const auto path, inclusion_proof(index, checkpoint.size, source));
  LogEntry out{.index = index,
               .log_id = id_of_log(trust_, checkpoint),
               .kind = "hashedrekord",
               .version = "0.0.2",
               .integrated_time = {},
               .promise = {},
               .proof = InclusionProof{index, checkpoint.size, copy_of(checkpoint.root), {}, note},
               .body = copy_of(entries[index % kTileWidth])};
  for (const Hash& hash : path) out.proof->hashes.push_back(copy_of(hash));
  return out;
}

}  // namespace sluice::sigstore
