// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <set>

#include "base/text.h"
#include "tufrepo/edit.h"
#include "tufrepo/role_list.h"

namespace sluice::tuf {

namespace {

std::vector<std::string> keyid_list(const json::Value& role) {
  std::vector<std::string> out;
  const auto* keyids = role.find("keyids");
  if (keyids == nullptr || keyids->array() == nullptr) return out;
  for (const auto& each : *keyids->array()) {
    if (each.string() != nullptr) out.push_back(*each.string());
  }
  return out;
}

Result<Keys> keys_listed(const json::Value& keys, const ForeignKeys& foreign) {
  const std::string text = json::write(keys);
  json::Tokenizer in(text, {.bytes = text.size()});
  return read_keys(in, text, foreign);
}

// A published version that its new keys do not vouch for is followed by another one.
Result<void> renew_unsigned(Repository& repository, const RoleName& role, Time now, Edited& out) {
  if (type_of_role(role) != RoleType::targets) return {};
  SLUICE_TRY(const auto* staged, repository.staged(role));
  SLUICE_TRY(const auto* published, repository.published(role));
  if (staged != nullptr || published == nullptr) return {};
  SLUICE_TRY(const auto all, signatories_of(repository, role));
  for (const auto& signatories : all) {
    SLUICE_TRY(const auto quorum, count_votes(*published, signatories, {}, KeyNames{}));
    if (quorum.complete()) continue;
    SLUICE_TRY(const auto renewed, renew(repository, role, now));
    out.add(renewed);
    return {};
  }
  return {};
}

// A change of keys that one role lists, for itself (root) or for those whom it delegates to.
class KeyEdit {
 public:
  // `role`: one of listed_roles(), or a single bin of them.
  static Result<KeyEdit> of(Repository& repository, const RoleName& role) {
    SLUICE_TRY(const auto listed, listed_roles(repository));
    const auto* found = find_role(listed, role);
    ListedRole single{role, RoleName(""), {}};
    if (found == nullptr) {
      SLUICE_TRY(single.parent, delegator_of(repository, role));
      found = &single;
    }
    SLUICE_TRY(KeyEdit out, of_parent(repository, found->parent));
    SLUICE_CHECK(out.choose(*found));
    return out;
  }
  static Result<KeyEdit> of_parent(Repository& repository, const RoleName& parent) {
    SLUICE_TRY(auto draft, repository.next(parent));
    KeyEdit out(repository, parent, std::move(draft));
    if (out.lists() == nullptr || out.keys() == nullptr) return nobody(parent);
    SLUICE_CHECK(out.read_keys_listed());
    return out;
  }

  // Which role of the parent the following is about.
  Result<void> choose(const ListedRole& listed) {
    role_ = listed.role;
    const auto names = listed.roles();
    find_roles(std::set(names.begin(), names.end()), listed.succinct.has_value());
    for (const auto* role : roles_) {
      const auto* keyids = role->find("keyids");
      if (keyids == nullptr || keyids->array() == nullptr) return nobody(role_);
    }
    if (roles_.empty()) return nobody(role_);
    changed_.insert(changed_.end(), names.begin(), names.end());
    return {};
  }

  Result<void> insert(const RoleKey& key) {
    SLUICE_TRY(const auto fresh, understood(key, repository_.foreign()));
    if (!fresh.usable()) return fail(Errc::unsupported, fresh.why_unusable);
    for (auto* role : roles_) {
      for (const auto& keyid : keyid_list(*role)) {
        const auto at = known_.find(keyid);
        if (at == known_.end() || at->second.material != fresh.material) continue;
        return fail(Errc::usage, cat("the key ", key.describe(), " is one of ",
                                     printable(role_.str(), 80), "'s already: a key counts once"));
      }
      member_in(*role, "keyids")->array()->emplace_back(key.keyid.str());
    }
    put_keys(*keys(), {{key}, 1});
    return read_keys_listed();
  }

  Result<void> erase(const std::string& keyid) {
    std::size_t gone = 0;
    for (auto* role : roles_) {
      gone += std::erase_if(*member_in(*role, "keyids")->array(), [&](const json::Value& each) {
        return each.string() != nullptr && *each.string() == keyid;
      });
    }
    if (gone > 0) return {};
    return fail(Errc::not_found,
                cat("the role ", printable(role_.str(), 80), " has no key ", printable(keyid, 80)));
  }

  // Of the key that comes in the place of that one.
  Result<void> check_other(const std::string& keyid, const RoleKey& key) const {
    SLUICE_TRY(const auto fresh, understood(key, repository_.foreign()));
    const auto at = known_.find(keyid);
    if (at == known_.end() || at->second.material != fresh.material) return {};
    return fail(Errc::usage, cat("the key ", key.describe(), " is the one that it would replace"));
  }

  void set_threshold(std::int64_t threshold) {
    for (auto* role : roles_) role->set("threshold", threshold);
  }

  Result<void> check_enough() const {
    for (const auto* role : roles_) {
      const auto different = different_keys(known_, keyid_list(*role));
      const auto* threshold = role->find("threshold");
      const auto needed = threshold == nullptr ? 0 : threshold->integer().value_or(0);
      if (needed >= 1 && needed <= static_cast<std::int64_t>(different)) continue;
      return fail(Error{Errc::usage,
                        cat("the role ", printable(role_.str(), 80), " would have ", different,
                            different == 1 ? " key" : " different keys", " for a threshold of ",
                            needed, needed < 1 ? "" : ": nobody could ever sign it")}
                      .advise("put another key in its place (`sluice tuf key rotate`, or "
                              "--replace-with of `revoke`), add one first, or change the threshold "
                              "with `sluice tuf key threshold`"));
    }
    return {};
  }

  Result<Edited> finish(Time now) && {
    drop_unused_keys(draft_);
    Edited out;
    out.add(parent_);
    SLUICE_CHECK(repository_.stage(parent_, std::move(draft_), now));
    for (const auto& each : changed_) SLUICE_CHECK(renew_unsigned(repository_, each, now, out));
    return out;
  }

 private:
  KeyEdit(Repository& repository, RoleName parent, Draft draft)
      : repository_(repository), parent_(std::move(parent)), draft_(std::move(draft)) {}

  static std::unexpected<Error> nobody(const RoleName& role) {
    return fail(Errc::not_found, cat("there is no role ", printable(role.str(), 200)));
  }

  json::Value* lists() {
    auto& head = draft_.head();
    return draft_.type() == RoleType::root ? &head : member_in(head, "delegations");
  }
  json::Value* keys() { return member_in(*lists(), "keys"); }

  Result<void> read_keys_listed() {
    SLUICE_TRY(known_, keys_listed(*keys(), repository_.foreign()));
    return {};
  }

  void find_roles(const std::set<RoleName>& names, bool succinct) {
    roles_.clear();
    auto* roles = member_in(*lists(), succinct ? "succinct_roles" : "roles");
    if (roles == nullptr) return;
    if (succinct) {
      roles_.push_back(roles);
    } else if (roles->object() != nullptr) {
      auto* role = member_in(*roles, role_.str());
      if (role != nullptr) roles_.push_back(role);
    } else if (roles->array() != nullptr) {
      for (auto& each : *roles->array()) {
        const auto* name = each.find("name");
        if (name == nullptr || name->string() == nullptr) continue;
        if (names.contains(RoleName(*name->string()))) roles_.push_back(&each);
      }
    }
  }

  Repository& repository_;
  RoleName parent_;
  Draft draft_;
  Keys known_;  // that it lists
  RoleName role_{""};
  std::vector<json::Value*> roles_;  // of role_, in draft_: one, or all of its explicit bins
  std::vector<RoleName> changed_;
};

std::string advice_for(const RoleName& role) {
  if (role.str() == "root") {
    return "root: the new root is signed by a threshold of the old keys and of the new ones; a "
           "threshold of old keys in wrong hands means that clients need a new root.json by "
           "another "
           "way";
  }
  if (role.str() == "timestamp" || role.str() == "snapshot") {
    return cat(role.str(),
               ": clients that follow the new root forget the versions that they saw, so that a "
               "version that somebody raised does not lock them out (TUF 5.3.11)");
  }
  return cat(printable(role.str(), 80),
             ": compare the targets that it lists with what you released (`sluice tuf diff`), and "
             "remove what is not yours; what a thief signed stays good until the new snapshot is "
             "published");
}

// All keyids under which the key is listed: one left would leave it in its role.
Result<std::set<std::string>> keyids_of_same_key(Repository& repository,
                                                 const std::vector<ListedRole>& listed,
                                                 const std::string& keyid) {
  std::vector<Keys> lists;
  SLUICE_TRY(const auto* root, repository.latest(RoleName("root")));
  if (root != nullptr) {
    const auto* keys = root->head().find("keys");
    if (keys != nullptr) {
      SLUICE_TRY(lists.emplace_back(), keys_listed(*keys, repository.foreign()));
    }
  }
  std::set<std::string> parents;
  for (const auto& each : listed) {
    if (each.parent.str() == "root" || !parents.insert(each.parent.str()).second) continue;
    SLUICE_TRY(const auto* delegations, repository.delegations(each.parent));
    lists.push_back(delegations->keys());
  }
  std::set<std::string> materials;
  for (const auto& keys : lists) {
    const auto at = keys.find(keyid);
    if (at != keys.end() && at->second.usable()) materials.insert(at->second.material);
  }
  std::set<std::string> out{keyid};
  for (const auto& keys : lists) {
    for (const auto& [id, key] : keys) {
      if (key.usable() && materials.contains(key.material)) out.insert(id);
    }
  }
  return out;
}

}  // namespace

void drop_unused_keys(Draft& draft) {
  auto& head = draft.head();
  const bool root = draft.type() == RoleType::root;
  auto* delegations = root ? &head : member_in(head, "delegations");
  auto* keys = member_in(*delegations, "keys");
  if (keys == nullptr || keys->object() == nullptr) return;
  std::set<std::string> used;
  const auto use = [&](const json::Value& role) {
    for (auto& each : keyid_list(role)) used.insert(std::move(each));
  };
  if (auto* roles = member_in(*delegations, "roles")) {
    if (roles->object() != nullptr) {
      for (const auto& [name, role] : *roles->object()) use(role);
    } else if (roles->array() != nullptr) {
      for (const auto& role : *roles->array()) use(role);
    }
  }
  if (const auto* bins = delegations->find("succinct_roles")) use(*bins);
  std::erase_if(*keys->object(),
                [&](const json::Member& each) { return !used.contains(each.first); });
}

Result<Edited> add_key(Repository& repository, const RoleName& role, const RoleKey& key, Time now) {
  SLUICE_TRY(auto edit, KeyEdit::of(repository, role));
  SLUICE_CHECK(edit.insert(key));
  return std::move(edit).finish(now);
}

Result<Edited> remove_key(Repository& repository, const RoleName& role, const std::string& keyid,
                          Time now) {
  SLUICE_TRY(auto edit, KeyEdit::of(repository, role));
  SLUICE_CHECK(edit.erase(keyid));
  SLUICE_CHECK(edit.check_enough());
  return std::move(edit).finish(now);
}

Result<Edited> rotate_key(Repository& repository, const RoleName& role,
                          const std::string& old_keyid, const RoleKey& key, Time now) {
  SLUICE_TRY(auto edit, KeyEdit::of(repository, role));
  SLUICE_CHECK(edit.check_other(old_keyid, key));
  SLUICE_CHECK(edit.erase(old_keyid));
  SLUICE_CHECK(edit.insert(key));
  SLUICE_CHECK(edit.check_enough());
  return std::move(edit).finish(now);
}

Result<Edited> set_threshold(Repository& repository, const RoleName& role, std::int64_t threshold,
                             Time now) {
  SLUICE_TRY(auto edit, KeyEdit::of(repository, role));
  edit.set_threshold(threshold);
  SLUICE_CHECK(edit.check_enough());
  return std::move(edit).finish(now);
}

namespace {

// Out of one role that has it, or the other key in its place, once.
Result<bool> take_out(KeyEdit& edit, const ListedRole& role, const std::set<std::string>& gone,
                      const std::optional<RoleKey>& replacement) {
  bool found = false;
  for (const auto& keyid : role.keys.keyids) {
    if (!gone.contains(keyid)) continue;
    if (!found) SLUICE_CHECK(edit.choose(role));
    if (replacement) SLUICE_CHECK(edit.check_other(keyid, *replacement));
    SLUICE_CHECK(edit.erase(keyid));
    if (!found && replacement) SLUICE_CHECK(edit.insert(*replacement));
    found = true;
  }
  if (found) SLUICE_CHECK(edit.check_enough());
  return found;
}

// Of a key that is in no role as they are to be.
std::unexpected<Error> in_no_role(Repository& repository, const std::string& keyid) {
  const std::string shown = printable(keyid, 80);
  auto now = Repository::open(repository.files(), repository.folder(), repository.foreign());
  if (now) now->ignore_staging();
  const auto listed = now ? listed_roles(*now) : Result<std::vector<ListedRole>>();
  const bool trusted =
      listed && std::ranges::any_of(*listed, [&](const ListedRole& each) {
        return std::ranges::find(each.keys.keyids, keyid) != each.keys.keyids.end();
      });
  if (!trusted) return fail(Errc::not_found, cat("no role has the key ", shown));
  return fail(Error{Errc::denied, cat("what is proposed takes the key ", shown,
                                      " out already, and clients trust it until that is published")}
                  .advise("sluice tuf sign and publish; or, to put another key in its place, "
                          "sluice tuf propose --drop, and revoke it with --replace-with"));
}

}  // namespace

Result<Edited> revoke_key(Repository& repository, const std::string& keyid,
                          const std::optional<RoleKey>& replacement, Time now) {
  SLUICE_TRY(const auto listed, listed_roles(repository));
  SLUICE_TRY(const auto gone, keyids_of_same_key(repository, listed, keyid));
  Edited out;
  std::set<RoleName> parents;
  for (const auto& first : listed) {
    if (!parents.insert(first.parent).second) continue;
    SLUICE_TRY(auto edit, KeyEdit::of_parent(repository, first.parent));
    bool any = false;
    for (const auto& each : listed) {
      if (each.parent != first.parent) continue;
      SLUICE_TRY(const bool found, take_out(edit, each, gone, replacement));
      if (found) out.notes.push_back(advice_for(each.role));
      any = any || found;
    }
    if (!any) continue;
    SLUICE_TRY(const auto done, std::move(edit).finish(now));
    out.add(done);
  }
  if (out.roles.empty()) return in_no_role(repository, keyid);
  return out;
}

}  // namespace sluice::tuf
