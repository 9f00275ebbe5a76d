// SPDX-License-Identifier: Apache-2.0
#include "tufrepo/difference.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"

namespace sluice::tuf {

namespace {

constexpr std::size_t kShownValue = 300;
constexpr std::size_t kShownKey = 16U << 10;  // whose it is, to the last character

// A string as it is, unless it reads like something else: "2" is not 2.
std::string member_text(const json::Value* value) {
  if (value == nullptr) return "";
  const auto* text = value->string();
  if (text == nullptr || text->empty() || json::parse_strict(*text)) return sorted_json(*value);
  return *text;
}

const json::Value* member_of(const Draft* draft, std::string_view key) {
  return draft == nullptr ? nullptr : draft->head().find(key);
}

// What has keys and a threshold: a role of root, a delegation, the bins.
struct KeyHolder {
  std::set<std::string> keyids;
  std::string threshold;
  std::map<std::string, std::string> others;  // members, as JSON
};
using KeyHolders = std::map<std::string, KeyHolder>;

KeyHolder holder_of(const json::Value& value) {
  KeyHolder out;
  if (value.object() == nullptr) return out;
  for (const auto& [key, member] : *value.object()) {
    if (key == "keyids" && member.array() != nullptr) {
      for (const auto& each : *member.array()) out.keyids.insert(member_text(&each));
    } else if (key == "threshold") {
      out.threshold = member_text(&member);
    } else if (key != "name") {
      out.others[key] = member_text(&member);
    }
  }
  return out;
}

KeyHolders holders_of_root(const Draft* root) {
  KeyHolders out;
  const auto* roles = member_of(root, "roles");
  if (roles == nullptr || roles->object() == nullptr) return out;
  for (const auto& [role, value] : *roles->object()) out[role] = holder_of(value);
  return out;
}

KeyHolders holders_of_delegations(const Draft* targets) {
  KeyHolders out;
  const auto* delegations = member_of(targets, "delegations");
  if (delegations == nullptr) return out;
  if (const auto* roles = delegations->find("roles"); roles != nullptr && roles->array()) {
    for (const auto& each : *roles->array()) out[member_text(each.find("name"))] = holder_of(each);
  }
  if (const auto* bins = delegations->find("succinct_roles")) {
    out[cat("the bins ", member_text(bins->find("name_prefix")))] = holder_of(*bins);
  }
  return out;
}

// Delegated roles in their order, which is the order in which clients ask them.
std::vector<std::string> order_of_delegations(const Draft* targets) {
  std::vector<std::string> out;
  const auto* delegations = member_of(targets, "delegations");
  const auto* roles = delegations == nullptr ? nullptr : delegations->find("roles");
  if (roles == nullptr || roles->array() == nullptr) return out;
  for (const auto& each : *roles->array()) out.push_back(member_text(each.find("name")));
  return out;
}

const json::Value* keys_in(const Draft* draft) {
  if (draft == nullptr) return nullptr;
  if (draft->type() == RoleType::root) return draft->head().find("keys");
  const auto* delegations = draft->head().find("delegations");
  return delegations == nullptr ? nullptr : delegations->find("keys");
}

// Whose it is counts more than its keyid, where it is an identity (TAP 18).
std::string identity_in(const json::Value& key) {
  const auto* keyval = key.find("keyval");
  const bool known = member_text(key.find("keytype")) == "sigstore-oidc" &&
                     member_text(key.find("scheme")) == "Fulcio";
  if (keyval == nullptr || !known) return "";
  const std::string identity = member_text(keyval->find("identity"));
  const std::string issuer = member_text(keyval->find("issuer"));
  if (identity.empty() || issuer.empty()) return "";
  return cat("identity ", printable(identity, kShownKey), ", issuer ",
             printable(issuer, kShownKey));
}

class Comparer {
 public:
  Comparer(const Draft* before, const Draft& after, const KeyNames* names)
      : before_(before), after_(after), names_(names) {}

  Result<std::vector<Change>> run(const DifferenceLimits& limits) && {
    const bool root = after_.type() == RoleType::root;
    holders(root ? holders_of_root(before_) : holders_of_delegations(before_),
            root ? holders_of_root(&after_) : holders_of_delegations(&after_));
    order();
    key_values();
    members();
    delegation_members();
    SLUICE_CHECK(entries(limits));
    const std::string old_expiry = before_ == nullptr ? "" : rfc3339(before_->expires());
    add("expires", "", old_expiry, rfc3339(after_.expires()));
    return std::move(out_);
  }

 private:
  void add(std::string kind, std::string subject, std::string before, std::string after) {
    if (before == after) return;
    out_.push_back({std::move(kind), std::move(subject), std::move(before), std::move(after)});
  }

  // As the first of them lists it that does.
  std::string shown_keyid(const std::string& keyid, const Draft* first, const Draft* second) const {
    static const KeyNames kNone;
    const KeyNames& names = names_ == nullptr ? kNone : *names_;
    for (const Draft* each : {first, second}) {
      const auto* keys = keys_in(each);
      const auto* key = keys == nullptr ? nullptr : keys->find(keyid);
      if (key != nullptr) return names.shown_whole(keyid, *key, identity_in(*key));
    }
    return cat(printable(keyid, kShownValue), ", which is not listed");
  }

  void holders(const KeyHolders& before, const KeyHolders& after) {
    for (const auto& [role, was] : before) {
      if (!after.contains(role)) add("role-removed", role, "delegated", "");
    }
    for (const auto& [role, is] : after) {
      const auto at = before.find(role);
      if (at == before.end() && after_.type() != RoleType::root) {
        add("role-added", role, "", "delegated");
      }
      const KeyHolder was = at == before.end() ? KeyHolder{} : at->second;
      for (const auto& keyid : was.keyids) {
        if (!is.keyids.contains(keyid)) {
          add("key-removed", role, shown_keyid(keyid, before_, &after_), "");
        }
      }
      for (const auto& keyid : is.keyids) {
        if (!was.keyids.contains(keyid)) {
          add("key-added", role, "", shown_keyid(keyid, &after_, before_));
        }
      }
      add("threshold", role, was.threshold, is.threshold);
      for (const auto& [key, value] : is.others) {
        const auto old = was.others.find(key);
        add("role-changed", cat(role, " ", key), old == was.others.end() ? "" : old->second, value);
      }
      for (const auto& [key, value] : was.others) {
        if (!is.others.contains(key)) add("role-changed", cat(role, " ", key), value, "");
      }
    }
  }

  // Where two roles may list a path the first one counts. New ones that come last are told already.
  void order() {
    const auto was = order_of_delegations(before_);
    const auto is = order_of_delegations(&after_);
    const std::set<std::string_view> old(was.begin(), was.end());
    const std::set<std::string_view> now(is.begin(), is.end());
    std::vector<std::string> expected;
    std::ranges::copy_if(was, std::back_inserter(expected),
                         [&](const std::string& each) { return now.contains(each); });
    std::ranges::copy_if(is, std::back_inserter(expected),
                         [&](const std::string& each) { return !old.contains(each); });
    if (expected == is) return;
    add("role-changed", "the order of delegations", join(was, ", "), join(is, ", "));
  }

  // The same keyid must stand for the same key.
  void key_values() {
    const auto* before = keys_in(before_);
    const auto* after = keys_in(&after_);
    if (before == nullptr || after == nullptr || after->object() == nullptr) return;
    for (const auto& [keyid, value] : *after->object()) {
      const auto* was = before->find(keyid);
      if (was != nullptr && sorted_json(*was) != sorted_json(value)) {
        add("key-changed", keyid, sorted_json(*was), sorted_json(value));
      }
    }
  }

  static bool handled(std::string_view key) {
    return key == "version" || key == "expires" || key == "keys" || key == "roles" ||
           key == "delegations" || key == "_type";
  }

  // Beside the keys and roles that were compared.
  void delegation_members() {
    const auto* was = member_of(before_, "delegations");
    const auto* is = after_.head().find("delegations");
    std::set<std::string> keys;
    for (const auto* each : {was, is}) {
      if (each == nullptr || each->object() == nullptr) continue;
      for (const auto& [key, value] : *each->object()) keys.insert(key);
    }
    for (const auto& key : keys) {
      if (key == "keys" || key == "roles" || key == "succinct_roles") continue;
      add("member", cat("delegations ", key),
          member_text(was == nullptr ? nullptr : was->find(key)),
          member_text(is == nullptr ? nullptr : is->find(key)));
    }
  }

  void members() {
    for (const auto& [key, value] : *after_.head().object()) {
      if (!handled(key))
        add("member", key, member_text(member_of(before_, key)), member_text(&value));
    }
    if (before_ == nullptr) return;
    for (const auto& [key, value] : *before_->head().object()) {
      if (!handled(key) && after_.head().find(key) == nullptr) {
        add("member", key, member_text(&value), "");
      }
    }
  }

  Result<void> entries(const DifferenceLimits& limits) {
    const bool targets = after_.type() == RoleType::targets;
    std::size_t count = 0;
    const auto one = [&](std::string_view key, std::string_view was,
                         std::string_view is) -> Result<void> {
      if (++count > limits.entries) {
        return fail(Errc::limit, cat("more than ", limits.entries, " changes in one file"));
      }
      const std::string kind = !targets      ? "meta"
                               : was.empty() ? "target-added"
                               : is.empty()  ? "target-removed"
                                             : "target-changed";
      add(kind, std::string(key), std::string(was), std::string(is));
      return {};
    };
    SLUICE_CHECK(after_.each([&](std::string_view key, std::string_view text) -> Result<void> {
      const auto was = before_ == nullptr ? std::nullopt : before_->find(key);
      if (was && *was == text) return {};
      return one(key, was.value_or(""), text);
    }));
    if (before_ == nullptr) return {};
    return before_->each([&](std::string_view key, std::string_view text) -> Result<void> {
      if (after_.find(key)) return {};
      return one(key, text, "");
    });
  }

  const Draft* before_;
  const Draft& after_;
  const KeyNames* names_;
  std::vector<Change> out_;
};

constexpr std::size_t kShortHash = 12;
constexpr std::size_t kShortKeyid = 8;

std::size_t most(Shown shown) { return shown == Shown::whole ? std::string::npos : kShownValue; }

// "1.2 MiB, sha256 3b688a2c…", and what else there is of a target.
std::string target_summary(const std::string& text, Shown shown) {
  const auto value = json::parse_strict(text, {.bytes = text.size()});
  if (!value || value->object() == nullptr) return printable(text, most(shown));
  std::string out;
  std::string rest;
  for (const auto& [key, member] : *value->object()) {
    if (key == "length" && member.integer()) {
      const auto length = static_cast<std::uint64_t>(*member.integer());
      out.insert(0, human_bytes(length));
      if (shown == Shown::whole && length >= 1024) out += cat(" (", length, " bytes)");
    } else if (key == "hashes" && member.object() != nullptr) {
      for (const auto& [name, hash] : *member.object()) {
        const std::string hex = printable(member_text(&hash), most(shown));
        out += cat(", ", printable(name, 20), " ",
                   shown == Shown::whole ? hex : hex.substr(0, kShortHash));
      }
    } else if (key == "custom") {
      rest += cat(", ", printable(json::write(member), most(shown)));
    } else {
      rest +=
          cat(", ", printable(key, most(shown)), " ", printable(json::write(member), most(shown)));
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

std::string arrow(const Change& change, Shown shown) {
  const auto side = [&](const std::string& text) { return printable(text, most(shown)); };
  if (change.before.empty()) return side(change.after);
  if (change.after.empty()) return cat(side(change.before), " -> nothing");
  return cat(side(change.before), " -> ", side(change.after));
}

// A path with a blank in quotes: it could look like a path and a hash that are not its own.
std::string shown_subject(const Change& change, Shown shown) {
  std::string plain = printable(change.subject, most(shown));
  const bool target = change.kind.starts_with("target-");
  if (!target || plain.find_first_of(" \"") == std::string::npos) return plain;
  return json::write(json::Value(plain));
}

// Where the two sides look the same in brief they are shown whole.
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
  if (kind == "threshold") return cat("threshold of ", what, ": ", arrow(*this, shown));
  if (kind == "role-added") return cat("delegates to ", what);
  if (kind == "role-removed") return cat("no longer delegates to ", what);
  if (kind == "target-added") return cat("adds ", what, "   ", target_summary(after, shown));
  if (kind == "target-removed") return cat("removes ", what);
  if (kind == "target-changed") return cat("changes ", what, "   ", target_arrow(*this, shown));
  return cat(kind == "expires" ? kind : what, ": ", arrow(*this, shown));
}

Result<std::vector<Change>> difference(const Draft* before, const Draft& after,
                                       const KeyNames* names, const DifferenceLimits& limits) {
  return Comparer(before, after, names).run(limits);
}

}  // namespace sluice::tuf
