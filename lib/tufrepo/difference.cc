// SPDX-License-Identifier: Apache-2.0
#include "tufrepo/difference.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"
#include "tufrepo/word.h"

namespace sluice::tuf {

namespace {

// A string as it is, unless it could be read as something else: "2" is not 2, and "a -> b" is one
// value.
std::string member_text(const json::Value* value) {
  if (value == nullptr) return "";
  const auto* text = value->string();
  const bool plain = text != nullptr && is_one_word(*text) && *text != "nothing";
  if (!plain || json::parse_strict(*text)) return sorted_json(*value);
  return *text;
}

const json::Value* member_of(const Draft* draft, std::string_view key) {
  return draft == nullptr ? nullptr : draft->head().find(key);
}

// What has keys and a threshold: a role of root, a delegation, the bins. What is not of the kind
// that it has to be is one of the others, whole: nothing is left out.
struct KeyHolder {
  std::vector<std::string> keyids;  // in their order
  std::set<std::string_view> known;
  std::string threshold;
  std::map<std::string, std::string> others;  // members, as JSON
  std::string whole;                          // what is no object, as JSON
};
using KeyHolders = std::map<std::string, KeyHolder>;  // by how they are shown

// Different strings, at least one.
bool are_keyids(const json::Value& value) {
  if (value.array() == nullptr || value.array()->empty()) return false;
  std::set<std::string_view> seen;
  return std::ranges::all_of(*value.array(), [&](const json::Value& each) {
    return each.string() != nullptr && seen.insert(*each.string()).second;
  });
}

KeyHolder holder_of(const json::Value& value, bool named) {
  KeyHolder out;
  if (value.object() == nullptr) {
    out.whole = sorted_json(value);
    return out;
  }
  for (const auto& [key, member] : *value.object()) {
    if (key == "keyids" && are_keyids(member)) {
      for (const auto& each : *member.array()) out.keyids.push_back(*each.string());
    } else if (key == "threshold") {
      out.threshold = member_text(&member);
    } else if (key != "name" || !named) {
      out.others[key] = member_text(&member);
    }
  }
  for (const auto& each : out.keyids) out.known.insert(each);
  return out;
}

// "NAME" of a role, which cannot be taken for what else stands at its place.
std::string shown_role(std::string_view name) {
  if (name == "delegations" || name == "the") return json::write(json::Value(name));
  return is_one_word(name) ? std::string(name) : json::write(json::Value(name));
}

// The members of a file that are told role by role and key by key. Where one of them is not of its
// kind, or empty, it is told as a whole like any other member.
class Lists {
 public:
  explicit Lists(const Draft* draft) {
    if (draft == nullptr) return;
    root_ = draft->type() == RoleType::root;
    if (root_) {
      parent_ = &draft->head();
    } else if (draft->type() == RoleType::targets) {
      parent_ = draft->head().find("delegations");
    }
    if (parent_ == nullptr || parent_->object() == nullptr) return;
    const auto* keys = parent_->find("keys");
    if (keys != nullptr && keys->object() != nullptr) {
      for (const auto& [keyid, key] : *keys->object()) keys_.emplace(keyid, &key);
    }
    read_roles();
  }

  // By keyid.
  const std::map<std::string_view, const json::Value*>& keys() const { return keys_; }
  const KeyHolders& holders() const { return holders_; }
  // Delegated roles in their order, which is the order in which clients ask them.
  const std::vector<std::string>& order() const { return order_; }

  // A member of root, or of the delegations, that is told by keys() or holders().
  bool tells(std::string_view member) const {
    if (member == "keys") return !keys_.empty();
    if (member == "roles") return roles_;
    return member == "succinct_roles" && bins_;
  }
  // Of what stands around it.
  bool in_head(std::string_view member) const { return root_ && tells(member); }

 private:
  void read_roles() {
    const auto* roles = parent_->find("roles");
    if (root_ && roles != nullptr && roles->object() != nullptr) {
      for (const auto& [name, value] : *roles->object()) {
        holders_[shown_role(name)] = holder_of(value, false);
      }
      roles_ = !roles->object()->empty();
    } else if (!root_ && roles != nullptr && are_delegations(*roles)) {
      for (const auto& each : *roles->array()) {
        order_.push_back(shown_role(*each.find("name")->string()));
        holders_[order_.back()] = holder_of(each, true);
      }
      roles_ = true;
    }
    const auto* bins = root_ ? nullptr : parent_->find("succinct_roles");
    const auto* prefix = bins == nullptr ? nullptr : bins->find("name_prefix");
    if (prefix == nullptr || prefix->string() == nullptr) return;
    holders_[cat("the bins ", shown_role(*prefix->string()))] = holder_of(*bins, false);
    bins_ = true;
  }

  // Objects with different names, at least one.
  static bool are_delegations(const json::Value& value) {
    if (value.array() == nullptr || value.array()->empty()) return false;
    std::set<std::string_view> seen;
    return std::ranges::all_of(*value.array(), [&](const json::Value& each) {
      const auto* name = each.find("name");
      return name != nullptr && name->string() != nullptr && seen.insert(*name->string()).second;
    });
  }

  bool root_ = false;
  const json::Value* parent_ = nullptr;
  std::map<std::string_view, const json::Value*> keys_;
  KeyHolders holders_;
  std::vector<std::string> order_;
  bool roles_ = false;
  bool bins_ = false;
};

bool has_only(const json::Value& object, std::initializer_list<std::string_view> members) {
  return object.object() != nullptr &&
         std::ranges::all_of(*object.object(), [&](const json::Member& each) {
           return std::ranges::find(members, each.first) != members.end();
         });
}

// Whose it is counts more than its keyid, where it is an identity (TAP 18).
std::string identity_in(const json::Value& key) {
  const auto text = [](const json::Value* value) {
    return value == nullptr || value->string() == nullptr ? std::string() : *value->string();
  };
  const auto* keyval = key.find("keyval");
  const bool known =
      text(key.find("keytype")) == "sigstore-oidc" && text(key.find("scheme")) == "Fulcio";
  if (keyval == nullptr || !known) return "";
  const std::string identity = text(keyval->find("identity"));
  const std::string issuer = text(keyval->find("issuer"));
  if (identity.empty() || issuer.empty()) return "";
  return cat("identity ", as_word(identity), ", issuer ", as_word(issuer));
}

// Whether all that a key is stands in how it is shown: by a keyid that is its own, or by whose it
// is.
bool is_told_by_its_keyid(const std::string& keyid, const json::Value& key) {
  if (!has_only(key, {"keytype", "keyval", "scheme"})) return false;
  if (!identity_in(key).empty() && !has_only(*key.find("keyval"), {"identity", "issuer"})) {
    return false;
  }
  const auto listed = parse_role_key(keyid, key);
  const auto own = listed ? compute_keyid(*listed) : Result<KeyId>(fail(listed.error()));
  return own && own->str() == keyid;
}

// What stayed, as it was; then what is new.
bool in_order(const std::vector<std::string>& was, const std::vector<std::string>& is) {
  const std::set<std::string_view> old(was.begin(), was.end());
  const std::set<std::string_view> now(is.begin(), is.end());
  std::vector<std::string_view> expected;
  for (const auto& each : was) {
    if (now.contains(each)) expected.emplace_back(each);
  }
  for (const auto& each : is) {
    if (!old.contains(each)) expected.emplace_back(each);
  }
  return std::ranges::equal(expected, is);
}

std::string one_after_the_other(const std::vector<std::string>& words) {
  std::vector<std::string> out;
  for (const auto& each : words) out.push_back(as_word(each));
  return join(out, ", ");
}

class Comparer {
 public:
  Comparer(const Draft* before, const Draft& after, const KeyNames* names)
      : before_(before), after_(after), names_(names), was_(before), is_(&after) {}

  Result<std::vector<Change>> run(const DifferenceLimits& limits) && {
    holders();
    if (!in_order(was_.order(), is_.order())) {
      add("role-changed", "the order of delegations", join(was_.order(), ", "),
          join(is_.order(), ", "));
    }
    keys();
    members();
    delegation_members();
    SLUICE_CHECK(entries(limits));
    // As it is written: clients of others do not read all that ours reads.
    add("expires", "", expiry_text(before_), expiry_text(&after_));
    return std::move(out_);
  }

 private:
  static std::string expiry_text(const Draft* draft) {
    const auto* value = member_of(draft, "expires");
    return value == nullptr || value->string() == nullptr ? member_text(value) : *value->string();
  }

  void add(std::string kind, std::string subject, std::string before, std::string after) {
    if (before == after) return;
    out_.push_back({std::move(kind), std::move(subject), std::move(before), std::move(after)});
  }

  // As the first of them lists it that does.
  std::string shown_keyid(const std::string& keyid, const Lists& first, const Lists& second) const {
    static const KeyNames kNone;
    const KeyNames& names = names_ == nullptr ? kNone : *names_;
    for (const Lists* each : {&first, &second}) {
      const auto key = each->keys().find(keyid);
      if (key == each->keys().end()) continue;
      return names.shown_whole(keyid, *key->second, identity_in(*key->second));
    }
    return cat(as_word(keyid), ", which is not listed");
  }

  // Root always has its four.
  bool is_new(const std::string& role) const {
    return after_.type() != RoleType::root || !is_top_level(role);
  }
  std::string listed() const { return after_.type() == RoleType::root ? "listed" : "delegated"; }

  void holders() {
    for (const auto& [role, was] : was_.holders()) {
      if (!is_.holders().contains(role)) add("role-removed", role, listed(), "");
    }
    const KeyHolder none;
    for (const auto& [role, is] : is_.holders()) {
      const auto at = was_.holders().find(role);
      const bool first = at == was_.holders().end();
      if (first && is_new(role)) add("role-added", role, "", listed());
      holder(role, first ? none : at->second, is);
    }
  }

  void holder(const std::string& role, const KeyHolder& was, const KeyHolder& is) {
    for (const auto& keyid : was.keyids) {
      if (is.known.contains(keyid)) continue;
      add("key-removed", role, shown_keyid(keyid, was_, is_), "");
    }
    for (const auto& keyid : is.keyids) {
      if (was.known.contains(keyid)) continue;
      added_.insert(keyid);
      add("key-added", role, "", shown_keyid(keyid, is_, was_));
    }
    if (!in_order(was.keyids, is.keyids)) {
      add("role-changed", cat(role, " keyids"), one_after_the_other(was.keyids),
          one_after_the_other(is.keyids));
    }
    add("threshold", role, was.threshold, is.threshold);
    add("role-changed", role, was.whole, is.whole);
    for (const auto& [key, value] : is.others) {
      const auto old = was.others.find(key);
      add("role-changed", cat(role, " ", as_word(key)), old == was.others.end() ? "" : old->second,
          value);
    }
    for (const auto& [key, value] : was.others) {
      if (is.others.contains(key) || (key == "keyids" && !is.keyids.empty())) continue;
      add("role-changed", cat(role, " ", as_word(key)), value, "");
    }
  }

  // A keyid stands for one key and goes on standing for it. Those that come and go with a role are
  // told with it, if that tells all of them.
  void keys() {
    std::set<std::string_view> used;
    std::set<std::string_view> left;
    for (const auto& [role, is] : is_.holders()) used.insert(is.known.begin(), is.known.end());
    for (const auto& [role, was] : was_.holders()) left.insert(was.known.begin(), was.known.end());
    for (const auto& [keyid, key] : was_.keys()) {
      if (is_.keys().contains(keyid)) continue;
      const bool told = left.contains(keyid) && !used.contains(keyid);
      if (!told) add("key-unlisted", std::string(keyid), sorted_json(*key), "");
    }
    for (const auto& [keyid, key] : is_.keys()) {
      const auto was = was_.keys().find(keyid);
      if (was != was_.keys().end()) {
        add("key-changed", std::string(keyid), sorted_json(*was->second), sorted_json(*key));
      } else if (!added_.contains(keyid) || !is_told_by_its_keyid(std::string(keyid), *key)) {
        add("key-listed", std::string(keyid), "", sorted_json(*key));
      }
    }
  }

  bool is_told(std::string_view key) const {
    if (key == "version" || key == "_type" || key == "expires") return true;
    if (key != "delegations" || after_.type() != RoleType::targets) return false;
    const auto* was = member_of(before_, key);
    const auto* is = member_of(&after_, key);
    const auto plain = [](const json::Value* value) {  // what delegation_members() tells
      return value == nullptr || (value->object() != nullptr && !value->object()->empty());
    };
    return plain(was) && plain(is);
  }

  // A member that either side tells in another way, or not at all, says of the other one what it
  // is. Where a list of it was replaced by one that is told, there is nothing more to say.
  void member(const std::string& subject, const json::Value* was, bool was_told,
              const json::Value* is, bool is_told) {
    if (is_told) return;
    add("member", subject, was_told ? "" : member_text(was), member_text(is));
  }

  static std::set<std::string> names_in(const json::Value* was, const json::Value* is) {
    std::set<std::string> out;
    for (const auto* each : {was, is}) {
      if (each == nullptr || each->object() == nullptr) continue;
      for (const auto& [key, value] : *each->object()) out.insert(key);
    }
    return out;
  }

  void members() {
    const auto* head = before_ == nullptr ? nullptr : &before_->head();
    for (const auto& key : names_in(head, &after_.head())) {
      if (is_told(key)) continue;
      member(as_word(key), member_of(before_, key), was_.in_head(key), after_.head().find(key),
             is_.in_head(key));
    }
  }

  // Beside the keys and roles that were compared.
  void delegation_members() {
    if (after_.type() != RoleType::targets) return;
    const auto* was = member_of(before_, "delegations");
    const auto* is = after_.head().find("delegations");
    for (const auto& key : names_in(was, is)) {
      member(cat("delegations ", as_word(key)), was == nullptr ? nullptr : was->find(key),
             was_.tells(key), is == nullptr ? nullptr : is->find(key), is_.tells(key));
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
  Lists was_;
  Lists is_;
  std::set<std::string_view> added_;  // keyids, to a role
  std::vector<Change> out_;
};

}  // namespace

Result<std::vector<Change>> difference(const Draft* before, const Draft& after,
                                       const KeyNames* names, const DifferenceLimits& limits) {
  return Comparer(before, after, names).run(limits);
}

}  // namespace sluice::tuf
