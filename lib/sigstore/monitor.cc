// SPDX-License-Identifier: Apache-2.0
#include "sigstore/monitor.h"

#include <algorithm>

#include "base/codec.h"
#include "base/text.h"
#include "sigstore/entry_bundle.h"

namespace sluice::sigstore {

namespace {

std::string tree_of(std::uint64_t size, const Hash& root) {
  return cat("a tree of ", size, size == 1 ? " entry" : " entries", ", root ", to_base64(root));
}

std::string note_signers(const Note& note) {
  std::vector<std::string> names;
  for (const auto& line : note.signatures) names.push_back(printable(line.name, 100));
  return cat("signatures by ", join(names, ", "));
}

std::uint64_t round_end(std::uint64_t first, std::uint64_t size) {
  const std::uint64_t tile = first / kTileWidth;
  const std::uint64_t last = (size - 1) / kTileWidth;
  return last - tile < kTilesAtATime ? size : (tile + kTilesAtATime) * kTileWidth;
}

bool has_url(const TransparencyLog& log, std::string_view word) {
  std::string_view url = log.url;
  while (url.ends_with('/')) url.remove_suffix(1);
  if (url == word || log.name == word) return true;
  const auto key = log_key(log.url, log.id, log.key, log.scheme);
  return key && std::ranges::find(key->names, word) != key->names.end();
}

}  // namespace

// What one round fetched. The views are of the contents.
struct Monitor::Bundles {
  std::vector<TiledLog::Content> contents;
  std::vector<ByteView> entries;
};

Monitor::Monitor(Http& http, MonitorOptions options, std::optional<LogState> kept)
    : options_(std::move(options)),
      tiles_(http, options_.read_from.empty() ? options_.log.url : options_.read_from,
             options_.timeout),
      state_(std::move(kept)) {}

std::string Monitor::origin() const { return target_ ? target_->origin : options_.log.name; }

LogAlert Monitor::alert(std::string id, std::string message, std::string expected,
                        std::string found) const {
  return {.id = std::move(id),
          .message = std::move(message),
          .expected = std::move(expected),
          .found = std::move(found),
          .kept = state_ ? state_->note : std::string(),
          .seen = target_note_};
}

// A state that was made of another log is a mistake of the caller, not of the log.
Result<void> Monitor::check_state() const {
  if (!state_ || equal(state_->log_id, options_.log.id)) return {};
  const TransparencyLog& log = options_.log;
  SLUICE_TRY(const LogKey key, log_key(log.url, log.id, log.key, log.scheme));
  SLUICE_TRY(const Checkpoint kept, parse_checkpoint(state_->note));
  if (std::ranges::find(key.names, kept.origin) != key.names.end()) return {};
  return fail(
      Error{Errc::usage, cat("the state is of another log, ", printable(kept.origin, 200))}.advise(
          cat("a watch of ", log.name, " needs a --state of its own")));
}

Result<Progress> Monitor::take_head(Begin begin) {
  SLUICE_CHECK(check_state());
  target_.reset();  // whatever happens now, nothing is read on of an older one
  SLUICE_TRY(target_note_, tiles_.checkpoint());
  SLUICE_TRY(target_, within(parse_checkpoint(target_note_),
                             cat("reading the checkpoint of ", tiles_.base())));
  auto progress = settle_head(begin);
  // Nothing of a head that was not taken is read.
  if (!progress || progress->alert) target_.reset();
  return progress;
}

Result<Progress> Monitor::settle_head(Begin begin) {
  SLUICE_TRY(auto unsigned_head, check_signature());
  if (unsigned_head) return Progress{.alert = std::move(unsigned_head)};
  if (auto broken = check_kept()) return Progress{.alert = std::move(broken)};
  const std::uint64_t size = target_->size;
  if (!state_) {
    if (begin == Begin::at_present_head || size == 0) return prove_head(Frontier(), true);
    return Progress{};  // the entries themselves prove it
  }
  const bool grown = size != state_->head.size();
  const bool all_read = state_->read.size() == state_->head.size();
  // Where all is read, what is read on proves it.
  if (grown && !all_read) return prove_head(state_->head, false);
  return Progress{.first = state_->read.size(), .end = state_->read.size()};
}

Result<std::optional<LogAlert>> Monitor::check_signature() const {
  const TransparencyLog& log = options_.log;
  SLUICE_TRY(const LogKey key, log_key(log.url, log.id, log.key, log.scheme));
  SLUICE_TRY(const LogMatch match, verify_checkpoint(*target_, key));
  const std::string due = cat("a signature by ", log.name);
  switch (match) {
    case LogMatch::yes:
      break;
    case LogMatch::other_log:
      return alert("log.checkpoint", "its checkpoint is another log's", join(key.names, " or "),
                   printable(target_->origin, 200));
    case LogMatch::absent:
      return alert("log.checkpoint", "its key has not signed its checkpoint", due,
                   note_signers(*target_));
    case LogMatch::no:
      return alert("log.checkpoint", "its signature does not fit its checkpoint", due,
                   "bytes that do not verify");
  }
  if (!options_.witnesses) return std::nullopt;
  SLUICE_TRY(const auto judged, judge(*options_.witnesses, *target_));
  if (judged.met) return std::nullopt;
  return alert("log.witnesses", "too few witnesses have seen its tree", judged.expected,
               judged.found);
}

std::optional<LogAlert> Monitor::check_kept() const {
  if (!state_) return std::nullopt;
  const auto kept = parse_checkpoint(state_->note);
  const std::string before = kept ? kept->origin : std::string();
  if (!equal(state_->log_id, options_.log.id)) {
    return alert("log.identity", "the trust material has another key for it than before",
                 cat("the log id ", to_base64(state_->log_id)), to_base64(options_.log.id));
  }
  if (before != target_->origin) {
    return alert("log.identity", "its checkpoint has another name than before",
                 printable(before, 200), printable(target_->origin, 200));
  }
  const TreeHead head = state_->head.head();
  const std::string now = tree_of(target_->size, target_->root);
  if (target_->size < head.size) {
    return alert("log.rollback", "it has shrunk", cat(tree_of(head.size, head.root), ", or more"),
                 now);
  }
  if (target_->size == head.size && target_->root != head.root) {
    return alert("log.fork", "it has signed two trees of one size", tree_of(head.size, head.root),
                 now);
  }
  return std::nullopt;
}

// By tiles alone: from there on they have to lead to the signed root.
Result<Progress> Monitor::prove_head(const Frontier& from, bool all_is_read) {
  SLUICE_TRY(Frontier head, extend_by_tiles(tiles_, from, target_->size));
  if (head.root() != target_->root) return Progress{.alert = diagnose(from)};
  Frontier read = all_is_read ? head : state_->read;
  const std::uint64_t at = read.size();
  state_ = LogState{options_.log.id, target_note_, std::move(head), std::move(read)};
  return Progress{.first = at, .end = at};
}

std::uint64_t Monitor::left() const {
  return target_ ? target_->size - (state_ ? state_->read.size() : 0) : 0;
}

Result<Monitor::Bundles> Monitor::fetch_round(std::uint64_t first, std::uint64_t end) {
  std::vector<Tile> due;
  for (std::uint64_t at = first / kTileWidth; at * kTileWidth < end; ++at) {
    const std::uint64_t width =
        std::min<std::uint64_t>(kTileWidth, target_->size - at * kTileWidth);
    due.push_back({.index = at, .width = static_cast<unsigned>(width)});
  }
  Bundles out;
  SLUICE_TRY(out.contents, tiles_.entries(due));
  for (std::size_t at = 0; at < due.size(); ++at) {
    const auto& [width, bytes] = out.contents[at];
    SLUICE_TRY(auto entries,
               within(parse_entry_bundle(width, bytes_of(bytes)),
                      cat("reading ", due[at].entries_path(), " of ", tiles_.base())));
    entries.resize(due[at].width);  // a whole one may stand for a partial one
    out.entries.insert(out.entries.end(), entries.begin(), entries.end());
  }
  // Those before the first were read with the round before.
  out.entries.erase(out.entries.begin(),
                    out.entries.begin() + static_cast<std::ptrdiff_t>(first % kTileWidth));
  return out;
}

Result<Progress> Monitor::read_on() {
  if (left() == 0) return Progress{};
  const Frontier from = state_ ? state_->read : Frontier();
  Progress out{.first = from.size(), .end = round_end(from.size(), target_->size)};
  SLUICE_TRY(const Bundles bundles, fetch_round(out.first, out.end));
  Frontier read = from;
  for (const ByteView entry : bundles.entries) SLUICE_CHECK(read.append(leaf_hash(entry)));
  SLUICE_TRY(Frontier head, extend_by_tiles(tiles_, read, target_->size));
  if (head.root() != target_->root) return Progress{.alert = diagnose(from)};
  for (std::size_t at = 0; at < bundles.entries.size(); ++at) {
    auto finding = match_entry(options_.list, options_.trust, out.first + at, bundles.entries[at]);
    if (finding) out.findings.push_back(*std::move(finding));
  }
  state_ = LogState{options_.log.id, target_note_, std::move(head), std::move(read)};
  return out;
}

// Which of the two is it: is the tree another one, or is what it serves not that of its tree? The
// tiles tell, where they themselves lead to the signed root.
LogAlert Monitor::diagnose(const Frontier& from) {
  const std::uint64_t size = target_->size;
  const std::string due = tree_of(size, target_->root);
  const auto nodes = frontier_nodes(from.size());
  auto hashes = node_hashes(tiles_, nodes, size);
  auto there = hashes ? Frontier::restore(from.size(), *std::move(hashes))
                      : Result<Frontier>(fail(std::move(hashes).error()));
  const auto whole = there ? extend_by_tiles(tiles_, *there, size) : there;
  if (!whole || whole->root() != target_->root) {
    return alert("log.tiles", "what it serves does not lead to the root that it signed", due,
                 whole ? cat("the root ", to_base64(whole->root())) : whole.error().text());
  }
  if (there->root() != from.root()) {
    return alert("log.fork", "its tree is no continuation of the one that it signed before",
                 tree_of(from.size(), from.root()),
                 cat(tree_of(there->size(), there->root()), ", as the beginning of ", due));
  }
  return alert("log.entries", "the entries that it serves are not those of the tree that it signed",
               due, cat("other entries from ", from.size(), " on"));
}

Result<TransparencyLog> find_log(const TrustRoot& trust, std::string_view word, Time now) {
  while (word.ends_with('/')) word.remove_suffix(1);
  std::vector<TransparencyLog> found;
  for (const TrustEntry& entry : trust.entries()) {
    if (entry.kind != TrustKind::log || !entry.key) continue;
    SLUICE_TRY(const auto logs, trust.logs_with_id(entry.id));
    for (const TransparencyLog& log : logs) {
      const bool known =
          std::ranges::any_of(found, [&](const auto& one) { return one.id == log.id; });
      if (!known && has_url(log, word)) found.push_back(log);
    }
  }
  if (found.size() > 1) {
    std::erase_if(found, [&](const auto& log) { return !log.window.contains(now); });
  }
  if (found.size() == 1) return std::move(found.front());
  const auto urls = trust.urls(TrustKind::log);
  return fail(Error{Errc::usage, cat(found.empty() ? "no log" : "more than one log", " of \"",
                                     printable(word, 200), "\" is trusted here; there ",
                                     urls.size() == 1 ? "is " : "are ",
                                     urls.empty() ? std::string("none") : join(urls, ", "))}
                  .advise(cat("name one of them, or other trust material: --trusted-root FILE. "
                              "This is ",
                              trust.source())));
}

}  // namespace sluice::sigstore
