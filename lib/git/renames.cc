// SPDX-License-Identifier: Apache-2.0
#include "git/renames.h"

#include <git2.h>

#include <algorithm>
#include <map>
#include <optional>
#include <unordered_map>

#include "base/text.h"

namespace sluice::git {

namespace {

// How alike two contents are, in parts of kAlike.
constexpr std::uint64_t kAlike = 60'000;
constexpr std::uint64_t kHalf = kAlike / 2;
constexpr std::uint64_t kThreeQuarters = kAlike / 4 * 3;
constexpr std::size_t kPiece = 64;
constexpr std::size_t kLooksBinary = 8'000;    // bytes in which a NUL makes it binary
constexpr std::size_t kEqualContents = 100;    // sources of equal content that are looked at
constexpr std::size_t kBestForEach = 4;        // sources remembered for each added path
constexpr std::uint64_t kSteps = 500'000'000;  // of comparing pieces, about a second

std::string_view last_part(std::string_view path) { return path.substr(path.rfind('/') + 1); }

bool plain(EntryKind kind) { return kind == EntryKind::file || kind == EntryKind::program; }

// The pieces of one content: what each weighs, sorted.
struct Fingerprint {
  std::uint64_t size = 0;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> pieces;
};

// FNV-1a, spread at the end: only for telling pieces apart, and a collision does no harm but to
// make two files look a line more alike.
std::uint64_t hash_piece(std::string_view piece) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const char c : piece) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  return hash ^ (hash >> 29U);
}

Fingerprint fingerprint_of(std::string_view text) {
  Fingerprint out{.size = text.size(), .pieces = {}};
  const bool binary = text.substr(0, kLooksBinary).contains('\0');
  std::string piece;
  const auto end_piece = [&] {
    if (!piece.empty()) out.pieces.emplace_back(hash_piece(piece), piece.size());
    piece.clear();
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool line_end = text.substr(i).starts_with("\r\n");
    if (!binary && line_end) continue;
    piece.push_back(text[i]);
    if (text[i] == '\n' || piece.size() == kPiece) end_piece();
  }
  end_piece();
  std::ranges::sort(out.pieces);
  // Equal pieces together, with the sum of their weights.
  std::size_t kept = 0;
  for (std::size_t i = 0; i < out.pieces.size(); ++i) {
    if (kept > 0 && out.pieces[kept - 1].first == out.pieces[i].first) {
      out.pieces[kept - 1].second += out.pieces[i].second;
    } else {
      out.pieces[kept++] = out.pieces[i];
    }
  }
  out.pieces.resize(kept);
  return out;
}

std::uint64_t common_bytes(const Fingerprint& one, const Fingerprint& two) {
  std::uint64_t common = 0;
  auto a = one.pieces.begin();
  auto b = two.pieces.begin();
  while (a != one.pieces.end() && b != two.pieces.end()) {
    if (a->first < b->first) {
      ++a;
    } else if (b->first < a->first) {
      ++b;
    } else {
      common += std::min(a->second, b->second);
      ++a, ++b;
    }
  }
  return common;
}

// One deleted or added path.
struct Side {
  std::size_t change;  // its place in the list
  const std::string* path;
  Entry entry;
  std::optional<std::uint64_t> size = {};
  std::optional<Fingerprint> print = {};
  bool taken = false;
};

struct Match {
  std::uint64_t alike;
  bool same_name;
  std::size_t source;
  std::size_t target;
};
bool better(const Match& one, const Match& two) {
  return one.alike != two.alike ? one.alike > two.alike : one.same_name && !two.same_name;
}

class RenameSearch {
 public:
  RenameSearch(const Handle& handle, std::vector<Change>& changes)
      : handle_(handle), changes_(changes) {
    for (std::size_t i = 0; i < changes.size(); ++i) {
      const Change& change = changes[i];
      if (change.status == Status::deleted) sources_.push_back({i, &change.path, change.before});
      if (change.status == Status::added) targets_.push_back({i, &change.path, change.after});
    }
  }

  bool run() && {
    if (sources_.empty() || targets_.empty()) return true;
    match_equal();
    match_names();
    match_rest();
    apply();
    return complete_;
  }

 private:
  void take(std::size_t source, std::size_t target) {
    sources_[source].taken = targets_[target].taken = true;
    pairs_.emplace_back(source, target);
  }

  void match_equal() {
    std::map<ObjectId, std::vector<std::size_t>> by_content;
    for (std::size_t i = 0; i < sources_.size(); ++i) by_content[sources_[i].entry.id].push_back(i);
    for (std::size_t target = 0; target < targets_.size(); ++target) {
      const auto found = by_content.find(targets_[target].entry.id);
      if (found == by_content.end()) continue;
      auto& candidates = found->second;
      const auto chosen = choose_equal(candidates, targets_[target]);
      if (chosen == candidates.end()) continue;
      take(*chosen, target);
      candidates.erase(chosen);
    }
  }

  std::vector<std::size_t>::iterator choose_equal(std::vector<std::size_t>& candidates,
                                                  const Side& target) {
    auto first = candidates.end();
    std::size_t looked_at = 0;
    for (auto at = candidates.begin(); at != candidates.end() && looked_at < kEqualContents; ++at) {
      const Side& source = sources_[*at];
      const bool files = plain(source.entry.kind) && plain(target.entry.kind);
      if (!files && source.entry.kind != target.entry.kind) continue;
      if (last_part(*source.path) == last_part(*target.path)) return at;
      if (first == candidates.end()) first = at;
      ++looked_at;
    }
    return first;
  }

  // The one path with that last part; none where there are two.
  static std::unordered_map<std::string_view, std::optional<std::size_t>> unique_names(
      const std::vector<Side>& sides) {
    std::unordered_map<std::string_view, std::optional<std::size_t>> names;
    for (std::size_t i = 0; i < sides.size(); ++i) {
      if (sides[i].taken) continue;
      const auto [at, is_new] = names.try_emplace(last_part(*sides[i].path), i);
      if (!is_new) at->second.reset();
    }
    return names;
  }

  void match_names() {
    const auto sources = unique_names(sources_);
    const auto targets = unique_names(targets_);
    for (std::size_t source = 0; source < sources_.size(); ++source) {
      if (sources_[source].taken) continue;
      const auto name = last_part(*sources_[source].path);
      const auto target = targets.find(name);
      if (!sources.at(name) || target == targets.end() || !target->second) continue;
      const auto alike = compare(sources_[source], targets_[*target->second], kThreeQuarters);
      if (alike >= kThreeQuarters) take(source, *target->second);
    }
  }

  void match_rest() {
    const auto sources = left_over(sources_);
    const auto targets = left_over(targets_);
    if (sources.empty() || targets.empty()) return;
    if (sources.size() > handle_.limits.rename_pairs / targets.size()) {
      complete_ = false;
      return;
    }
    std::vector<Match> matches;
    for (const auto target : targets) {
      const auto best = best_sources(sources, target);
      matches.insert(matches.end(), best.begin(), best.end());
    }
    std::ranges::stable_sort(matches, better);
    for (const auto& match : matches) {
      if (match.alike < kHalf) break;
      if (!sources_[match.source].taken && !targets_[match.target].taken) {
        take(match.source, match.target);
      }
    }
  }

  static std::vector<std::size_t> left_over(const std::vector<Side>& sides) {
    std::vector<std::size_t> out;
    for (std::size_t i = 0; i < sides.size(); ++i) {
      if (!sides[i].taken) out.push_back(i);
    }
    return out;
  }

  std::vector<Match> best_sources(const std::vector<std::size_t>& sources, std::size_t target) {
    std::vector<Match> best;
    for (const auto source : sources) {
      const Match match{
          .alike = compare(sources_[source], targets_[target], kHalf),
          .same_name = last_part(*sources_[source].path) == last_part(*targets_[target].path),
          .source = source,
          .target = target};
      if (best.size() < kBestForEach) {
        best.push_back(match);
        continue;
      }
      const auto worst = std::ranges::max_element(best, better);
      if (better(match, *worst)) *worst = match;
    }
    return best;
  }

  // Zero where that little is in common that it need not be known.
  std::uint64_t compare(Side& source, Side& target, std::uint64_t least) {
    if (!plain(source.entry.kind) || !plain(target.entry.kind)) return 0;
    const auto one = size(source);
    const auto two = size(target);
    if (!one || !two) return 0;
    const auto [smaller, larger] = std::minmax(*one, *two);
    if (larger == 0 || larger * (kAlike - least) < (larger - smaller) * kAlike) return 0;
    if (steps_ >= kSteps || !load(source) || !load(target)) {
      complete_ = false;
      return 0;
    }
    steps_ += source.print->pieces.size() + target.print->pieces.size();
    return common_bytes(*source.print, *target.print) * kAlike / larger;
  }

  std::optional<std::uint64_t> size(Side& side) {
    if (side.size) return side.size;
    const auto known = size_of(handle_, side.entry.id);
    if (known) {
      side.size = *known;
    } else {
      complete_ = false;
    }
    return side.size;
  }

  bool load(Side& side) {
    if (side.print) return true;
    const std::size_t left = handle_.limits.rename_bytes - bytes_;
    if (side.size.value_or(0) > left) return false;
    const auto blob = open_blob(handle_, side.entry.id, left);
    if (!blob) return false;
    side.print = fingerprint_of(text_of(content(**blob)));
    bytes_ += side.print->size;
    return true;
  }

  void apply() {
    std::vector<bool> gone(changes_.size(), false);
    for (const auto& [source, target] : pairs_) {
      Change& old = changes_[sources_[source].change];
      Change& renamed = changes_[targets_[target].change];
      renamed.status = Status::renamed;
      renamed.old_path = std::move(old.path);
      renamed.before = old.before;
      gone[sources_[source].change] = true;
    }
    std::size_t kept = 0;
    for (std::size_t i = 0; i < changes_.size(); ++i) {
      if (gone[i]) continue;
      if (kept != i) changes_[kept] = std::move(changes_[i]);
      ++kept;
    }
    changes_.resize(kept);
  }

  const Handle& handle_;
  std::vector<Change>& changes_;
  std::vector<Side> sources_;  // deleted
  std::vector<Side> targets_;  // added
  std::vector<std::pair<std::size_t, std::size_t>> pairs_;
  std::size_t bytes_ = 0;
  std::uint64_t steps_ = 0;
  bool complete_ = true;
};

}  // namespace

bool find_renames(const Handle& handle, std::vector<Change>& changes) {
  return RenameSearch(handle, changes).run();
}

}  // namespace sluice::git
