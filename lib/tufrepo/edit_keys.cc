// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <deque>
#include <set>

#include "base/text.h"
#include "tufrepo/edit.h"

namespace sluice::tuf {

namespace {

constexpr std::size_t kMaxListedRoles = 4'096;

// Where the keys of a role stand, in a draft of whoever speaks for it.
struct Holding {
  RoleName parent{"root"};
  Draft draft;
  json::Value* keys = nullptr;  // both in draft
  json::Value* role = nullptr;
  bool bins = false;
};

json::Value* delegation_named(json::Value& delegations, const RoleName& role) {
  auto* roles = member_in(delegations, "roles");
  if (roles == nullptr || roles->array() == nullptr) return nullptr;
  for (auto& each : *roles->array()) {
    const auto* name = each.find("name");
    if (name != nullptr && name->string() != nullptr && *name->string() == role.str()) return &each;
  }
  return nullptr;
}

// A role by its name, or the bins of targets by their prefix.
Result<RoleName> parent_of(Repository& repository, const RoleName& role, bool& bins) {
  SLUICE_TRY(const auto listed, listed_roles(repository));
  for (const auto& each : listed) {
    if (each.role != role) continue;
    bins = each.bins;
    return each.parent;
  }
  return delegator_of(repository, role);
}

Result<void> locate(Repository& repository, const RoleName& role, Holding& out) {
  if (is_top_level(role.str())) {
    SLUICE_TRY(out.draft, repository.next(out.parent));
    out.keys = member_in(out.draft.head(), "keys");
    auto* roles = member_in(out.draft.head(), "roles");
    out.role = roles == nullptr ? nullptr : member_in(*roles, role.str());
  } else {
    SLUICE_TRY(out.parent, parent_of(repository, role, out.bins));
    SLUICE_TRY(out.draft, repository.next(out.parent));
    auto* delegations = member_in(out.draft.head(), "delegations");
    if (delegations != nullptr) {
      out.keys = member_in(*delegations, "keys");
      out.role = out.bins ? member_in(*delegations, "succinct_roles")
                          : delegation_named(*delegations, role);
    }
  }
  if (out.keys == nullptr || out.role == nullptr || member_in(*out.role, "keyids") == nullptr) {
    return fail(Errc::not_found, cat("there is no role ", printable(role.str(), 200)));
  }
  return {};
}

json::Array& keyids_in(Holding& holding) { return *member_in(*holding.role, "keyids")->array(); }

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

Result<void> check_enough(Holding& holding, const RoleName& role, const ForeignKeys& foreign) {
  SLUICE_TRY(const auto keys, keys_listed(*holding.keys, foreign));
  const auto different = different_keys(keys, keyid_list(*holding.role));
  const auto* threshold = holding.role->find("threshold");
  const auto needed = threshold == nullptr ? 0 : threshold->integer().value_or(0);
  if (needed >= 1 && needed <= static_cast<std::int64_t>(different)) return {};
  return fail(
      Error{Errc::usage, cat("the role ", printable(role.str(), 80), " would have ", different,
                             different == 1 ? " key" : " different keys", " for a threshold of ",
                             needed, needed < 1 ? "" : ": nobody could ever sign it")}
          .advise("add a key first, or change the threshold with `sluice tuf key threshold`"));
}

// Which roles have these keys: the role, or all bins.
Result<std::vector<RoleName>> roles_with_keys(const Draft& parent, const RoleName& role, bool bins,
                                              const ForeignKeys& foreign) {
  if (!bins) return std::vector{role};
  SLUICE_TRY(const auto delegations, delegations_of(parent, foreign));
  NewBins plan{.prefix = delegations.bins->prefix, .bits = delegations.bins->bits, .keys = {}};
  std::vector<RoleName> out;
  for (std::uint64_t i = 0; i < (std::uint64_t{1} << static_cast<unsigned>(plan.bits)); ++i) {
    out.push_back(bin_name(plan, static_cast<std::uint32_t>(i)));
  }
  return out;
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

Result<Edited> finish(Repository& repository, const RoleName& role, Holding holding, Time now) {
  drop_unused_keys(holding.draft);
  SLUICE_TRY(const auto with_keys,
             roles_with_keys(holding.draft, role, holding.bins, repository.foreign()));
  Edited out;
  out.add(holding.parent);
  SLUICE_CHECK(repository.stage(holding.parent, std::move(holding.draft), now));
  for (const auto& each : with_keys) SLUICE_CHECK(renew_unsigned(repository, each, now, out));
  return out;
}

Result<void> insert_key(Holding& holding, const RoleName& role, const RoleKey& key,
                        const ForeignKeys& foreign) {
  SLUICE_TRY(const auto fresh, understood(key, foreign));
  if (!fresh.usable()) return fail(Errc::unsupported, fresh.why_unusable);
  SLUICE_TRY(const auto known, keys_listed(*holding.keys, foreign));
  for (const auto& keyid : keyid_list(*holding.role)) {
    const auto at = known.find(keyid);
    if (at == known.end() || at->second.material != fresh.material) continue;
    return fail(Errc::usage, cat("the key ", key.describe(), " is one of ",
                                 printable(role.str(), 80), "'s already: a key counts once"));
  }
  put_keys(*holding.keys, {{key}, 1});
  keyids_in(holding).emplace_back(key.keyid.str());
  return {};
}

Result<void> erase_key(Holding& holding, const RoleName& role, const std::string& keyid) {
  const auto gone = std::erase_if(keyids_in(holding), [&](const json::Value& each) {
    return each.string() != nullptr && *each.string() == keyid;
  });
  if (gone > 0) return {};
  return fail(Errc::not_found,
              cat("the role ", printable(role.str(), 80), " has no key ", printable(keyid, 80)));
}

Holding empty_holding() { return {.draft = Draft::fresh(RoleType::root)}; }

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
    lists.push_back(delegations->keys);
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

Result<std::vector<ListedRole>> listed_roles(Repository& repository) {
  std::vector<ListedRole> out;
  SLUICE_TRY(const auto* root_draft, repository.latest(RoleName("root")));
  if (root_draft == nullptr) return out;
  SLUICE_TRY(const auto text, root_draft->signed_text());
  SLUICE_TRY(const auto root, parse_root(text, repository.foreign()));
  for (const auto type :
       {RoleType::root, RoleType::timestamp, RoleType::snapshot, RoleType::targets}) {
    out.push_back({RoleName(std::string(name(type))), RoleName("root"), root.role(type), false});
  }
  std::deque<RoleName> queue{RoleName("targets")};
  std::set<std::string> seen{"targets"};
  while (!queue.empty()) {
    const RoleName at = queue.front();
    queue.pop_front();
    SLUICE_TRY(const auto* draft, repository.latest(at));
    if (draft == nullptr) continue;
    SLUICE_TRY(const auto delegations, delegations_of(*draft, repository.foreign()));
    for (const auto& each : delegations.roles) {
      if (out.size() == kMaxListedRoles) return out;
      out.push_back({each.role, at, each.keys, false});
      if (!each.paths.empty() && seen.insert(each.role.str()).second) queue.push_back(each.role);
    }
    if (delegations.bins) {
      out.push_back({RoleName(delegations.bins->prefix), at, delegations.bins->keys, true});
    }
  }
  return out;
}

Result<Edited> add_key(Repository& repository, const RoleName& role, const RoleKey& key, Time now) {
  Holding holding = empty_holding();
  SLUICE_CHECK(locate(repository, role, holding));
  SLUICE_CHECK(insert_key(holding, role, key, repository.foreign()));
  return finish(repository, role, std::move(holding), now);
}

Result<Edited> remove_key(Repository& repository, const RoleName& role, const std::string& keyid,
                          Time now) {
  Holding holding = empty_holding();
  SLUICE_CHECK(locate(repository, role, holding));
  SLUICE_CHECK(erase_key(holding, role, keyid));
  SLUICE_CHECK(check_enough(holding, role, repository.foreign()));
  return finish(repository, role, std::move(holding), now);
}

Result<Edited> rotate_key(Repository& repository, const RoleName& role,
                          const std::string& old_keyid, const RoleKey& key, Time now) {
  Holding holding = empty_holding();
  SLUICE_CHECK(locate(repository, role, holding));
  SLUICE_CHECK(erase_key(holding, role, old_keyid));
  SLUICE_CHECK(insert_key(holding, role, key, repository.foreign()));
  SLUICE_CHECK(check_enough(holding, role, repository.foreign()));
  return finish(repository, role, std::move(holding), now);
}

Result<Edited> set_threshold(Repository& repository, const RoleName& role, std::int64_t threshold,
                             Time now) {
  Holding holding = empty_holding();
  SLUICE_CHECK(locate(repository, role, holding));
  holding.role->set("threshold", threshold);
  SLUICE_CHECK(check_enough(holding, role, repository.foreign()));
  return finish(repository, role, std::move(holding), now);
}

Result<Edited> revoke_key(Repository& repository, const std::string& keyid,
                          const std::optional<RoleKey>& replacement, Time now) {
  SLUICE_TRY(const auto listed, listed_roles(repository));
  SLUICE_TRY(const auto gone, keyids_of_same_key(repository, listed, keyid));
  Edited out;
  for (const auto& each : listed) {
    bool replaced = false;
    for (const auto& one : each.keys.keyids) {
      if (!gone.contains(one)) continue;
      SLUICE_TRY(const auto done, replacement && !replaced
                                      ? rotate_key(repository, each.role, one, *replacement, now)
                                      : remove_key(repository, each.role, one, now));
      replaced = true;
      out.add(done);
    }
    if (replaced) out.notes.push_back(advice_for(each.role));
  }
  if (out.roles.empty()) {
    return fail(Errc::not_found, cat("no role has the key ", printable(keyid, 80)));
  }
  return out;
}

}  // namespace sluice::tuf
