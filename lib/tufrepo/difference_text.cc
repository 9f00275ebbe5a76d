// SPDX-License-Identifier: Apache-2.0
// How a change reads: see difference.h.
#include <algorithm>

#include "base/text.h"
#include "tufrepo/difference.h"
#include "tufrepo/word.h"

namespace sluice::tuf {

namespace {

constexpr std::size_t kShownValue = 300;
constexpr std::size_t kShortHash = 12;
constexpr std::size_t kShortKeyid = 8;

std::size_t most(Shown shown) { return shown == Shown::whole ? std::string::npos : kShownValue; }

std::string json_text(const json::Value& value, Shown shown) {
  return printable(json::write(value), most(shown));
}

// "sha256 3b688a2c…". Another name says that it is a hash: it could be that of a member beside
// them.
std::string hash_text(const std::string& name, const json::Value& hash, Shown shown) {
  const bool known = name == "sha256" || name == "sha384" || name == "sha512";
  const std::string what = known ? name : cat("hash ", as_word(name, most(shown)));
  if (hash.string() == nullptr || !is_one_word(*hash.string())) {
    return cat(what, " ", json_text(hash, shown));
  }
  return cat(what, " ",
             shown == Shown::whole ? *hash.string() : hash.string()->substr(0, kShortHash));
}

// "1.2 MiB, sha256 3b688a2c…", and what else there is of a target. What is not of the kind that it
// has to be, as JSON.
std::string target_summary(const std::string& text, Shown shown) {
  const auto value = json::parse_strict(text, {.bytes = text.size()});
  if (!value || value->object() == nullptr || value->object()->empty()) {
    return printable(text, most(shown));
  }
  std::string out;
  std::string rest;
  for (const auto& [key, member] : *value->object()) {
    const auto length = key == "length" ? member.integer() : std::nullopt;
    if (length && *length >= 0) {
      const auto bytes = static_cast<std::uint64_t>(*length);
      out.insert(0, human_bytes(bytes));
      if (shown == Shown::whole && bytes >= 1024) out += cat(" (", bytes, " bytes)");
    } else if (key == "hashes" && member.object() != nullptr && !member.object()->empty()) {
      for (const auto& [name, hash] : *member.object()) {
        out += cat(", ", hash_text(name, hash, shown));
      }
    } else if (key == "custom" && member.object() != nullptr) {
      rest += cat(", ", json_text(member, shown));
    } else {
      rest += cat(", ", as_word(key, most(shown)), " ", json_text(member, shown));
    }
  }
  return out + rest;
}

// "ann (ed25519 3b688a2c)": what is as long as a keyid only by its beginning.
std::string with_short_keyids(std::string_view text) {
  constexpr std::size_t kWhole = 64;
  const auto is_hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  std::string out;
  while (!text.empty()) {
    const auto end = std::ranges::find_if_not(text, is_hex);
    const auto run = static_cast<std::size_t>(end - text.begin());
    out += text.substr(0, run >= kWhole ? kShortKeyid : run);
    text.remove_prefix(run);
    if (text.empty()) break;
    out += text.front();
    text.remove_prefix(1);
  }
  return out;
}

std::string key_text(const std::string& key, Shown shown) {
  return shown == Shown::whole ? printable(key, most(shown))
                               : with_short_keyids(printable(key, kShownValue));
}

// Where the two sides look the same in brief they are shown whole.
std::string arrow(const Change& change, Shown shown) {
  const std::string was = printable(change.before, most(shown));
  std::string is = printable(change.after, most(shown));
  if (change.before.empty()) return is;
  if (change.after.empty()) return cat(was, " -> nothing");
  if (was == is && shown == Shown::briefly) return arrow(change, Shown::whole);
  return cat(was, " -> ", is);
}

// What a difference has put together is shown already.
std::string shown_subject(const Change& change, Shown shown) {
  const bool raw = change.kind.starts_with("target-") || change.kind == "meta" ||
                   change.kind == "key-changed" || change.kind == "key-listed" ||
                   change.kind == "key-unlisted";
  return raw ? as_word(change.subject, most(shown)) : printable(change.subject, most(shown));
}

std::string target_arrow(const Change& change, Shown shown) {
  const auto was = target_summary(change.before, shown);
  const auto is = target_summary(change.after, shown);
  if (was == is && shown == Shown::briefly) return target_arrow(change, Shown::whole);
  return cat(was, " -> ", is);
}

}  // namespace

std::string Change::text(Shown shown) const {
  const std::string what = shown_subject(*this, shown);
  if (kind == "key-added") return cat("adds key ", key_text(after, shown), " to ", what);
  if (kind == "key-removed") return cat("removes key ", key_text(before, shown), " from ", what);
  if (kind == "key-changed") {
    return cat("changes what the keyid ", what, " stands for: ", arrow(*this, shown));
  }
  if (kind == "key-listed") {
    return cat("lists under the keyid ", what, ": ", arrow(*this, shown));
  }
  if (kind == "key-unlisted") {
    return cat("no longer lists the keyid ", what,
               ", which stood for: ", printable(before, most(shown)));
  }
  if (kind == "threshold") return cat("threshold of ", what, ": ", arrow(*this, shown));
  if (kind == "role-added") {
    return cat(after == "listed" ? "lists the role " : "delegates to ", what);
  }
  if (kind == "role-removed") {
    return cat(before == "listed" ? "no longer lists the role " : "no longer delegates to ", what);
  }
  if (kind == "target-added") return cat("adds ", what, "   ", target_summary(after, shown));
  if (kind == "target-removed") return cat("removes ", what);
  if (kind == "target-changed") return cat("changes ", what, "   ", target_arrow(*this, shown));
  return cat(kind == "expires" ? kind : what, ": ", arrow(*this, shown));
}

}  // namespace sluice::tuf
