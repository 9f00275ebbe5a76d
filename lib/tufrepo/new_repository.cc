// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <set>

#include "base/text.h"
#include "tufrepo/edit.h"
#include "tufrepo/role_list.h"

namespace sluice::tuf {

namespace {

constexpr std::string_view kGitIgnore = "# Locks and notes of sluice itself.\n.sluice-*\n";

Draft first_root(const NewRepository& plan) {
  Draft out = Draft::fresh(RoleType::root);
  json::Value keys{json::Object{}};
  json::Value roles{json::Object{}};
  for (const auto type :
       {RoleType::root, RoleType::timestamp, RoleType::snapshot, RoleType::targets}) {
    const auto& set = plan.roles[static_cast<std::size_t>(type)];
    put_keys(keys, set);
    roles.set(std::string(name(type)), key_set_json(set));
  }
  out.head().set("consistent_snapshot", true);
  out.head().set("keys", std::move(keys));
  out.head().set("roles", std::move(roles));
  return out;
}

Result<void> refuse_a_second_one(Files& files, const Path& folder, const ForeignKeys& foreign) {
  const bool ours = files.info(folder / kPolicyFile).has_value();
  bool there = files.info(folder / "metadata" / "timestamp.json") ||
               files.info(folder / "metadata" / "1.root.json");
  if (!there && ours) {
    SLUICE_TRY(auto known, Repository::open(files, folder, foreign));
    SLUICE_TRY(const auto staged, known.staged_roles());
    there = !staged.empty();
  }
  if (!there) return {};
  return fail(Error{Errc::denied, cat(sluice::shown(folder), " has a repository already")}.advise(
      ours ? "see how it is with `sluice tuf status`; what is proposed and not published is "
             "given up with `sluice tuf propose --drop`"
           : "take over one that others made with `sluice tuf import`"));
}

Result<void> check_names(Files& files, const Path& folder, const NewRepository& plan) {
  SLUICE_TRY(auto known, KeyNames::load(files, folder / "keys"));
  for (const auto& [name, key] : plan.names) {
    SLUICE_CHECK(known.check_free(name, key));
    if (known.named(name) == nullptr) known.add(name, key);
  }
  return {};
}

}  // namespace

void Edited::add(const RoleName& role) {
  if (std::ranges::find(roles, role) == roles.end()) roles.push_back(role);
}

void Edited::add(const Edited& other) {
  for (const auto& role : other.roles) add(role);
  notes.insert(notes.end(), other.notes.begin(), other.notes.end());
}

json::Value* member_in(json::Value& object, std::string_view key) {
  if (object.object() == nullptr) return nullptr;
  const auto at = std::ranges::find(*object.object(), key, &json::Member::first);
  return at == object.object()->end() ? nullptr : &at->second;
}

json::Value& member_or_new(json::Value& object, std::string_view key, json::Value fallback) {
  if (auto* found = member_in(object, key)) return *found;
  object.set(std::string(key), std::move(fallback));
  return *member_in(object, key);
}

json::Value key_set_json(const RoleKeySet& set) {
  json::Array keyids;
  for (const auto& key : set.keys) keyids.emplace_back(key.keyid.str());
  json::Value out;
  out.set("keyids", json::Value(std::move(keyids)));
  out.set("threshold", set.threshold);
  return out;
}

void put_keys(json::Value& keys, const RoleKeySet& set) {
  for (const auto& key : set.keys) {
    if (member_in(keys, key.keyid.str()) == nullptr) keys.set(key.keyid.str(), key.json());
  }
}

Result<void> check_key_set(const RoleKeySet& set, std::string_view role,
                           const ForeignKeys& foreign) {
  Keys keys;
  std::set<std::string> materials;
  if (set.keys.empty()) return fail(Errc::usage, cat("the role ", role, " has no key"));
  for (const auto& each : set.keys) {
    SLUICE_TRY(auto key, understood(each, foreign));
    if (!key.usable()) {
      return fail(Errc::unsupported, cat("a key of ", role, " cannot sign: ", key.why_unusable));
    }
    if (!materials.insert(key.material).second) {
      return fail(Errc::usage, cat("the key ", each.describe(), " a second time in ", role));
    }
  }
  if (set.threshold < 1) {
    return fail(Errc::usage,
                cat("the threshold of ", role, " is ", set.threshold, "; at least 1 is needed"));
  }
  if (set.threshold > static_cast<std::int64_t>(materials.size())) {
    return fail(Error{
        Errc::usage,
        cat("the threshold of ", role, " is ", set.threshold, ", and it has ", materials.size(),
            materials.size() == 1 ? " key" : " different keys", ": nobody could ever sign it")}
                    .advise("add keys first, or lower the threshold"));
  }
  return {};
}

Result<Repository> init_repository(Files& files, const Path& folder, const NewRepository& plan,
                                   Time now, const ForeignKeys& foreign) {
  for (const auto type :
       {RoleType::root, RoleType::timestamp, RoleType::snapshot, RoleType::targets}) {
    SLUICE_CHECK(check_key_set(plan.roles[static_cast<std::size_t>(type)], name(type), foreign));
  }
  SLUICE_CHECK(refuse_a_second_one(files, folder, foreign));
  SLUICE_CHECK(check_names(files, folder, plan));
  SLUICE_TRY(const auto policy, write_policy(plan.policy));
  for (const char* sub : {"keys", "metadata", "targets", "staging"}) {
    SLUICE_CHECK(files.make_folders(folder / sub));
  }
  if (!files.info(folder / ".gitignore")) {
    SLUICE_CHECK(files.create(folder / ".gitignore", kGitIgnore));
  }
  if (!plan.keep_policy_file) SLUICE_CHECK(files.replace(folder / kPolicyFile, policy));
  SLUICE_TRY(auto out, Repository::open(files, folder, foreign));
  for (const auto& [name, key] : plan.names) SLUICE_CHECK(out.name_key(name, key));
  SLUICE_CHECK(out.stage(RoleName("root"), first_root(plan), now));
  SLUICE_CHECK(out.stage(RoleName("targets"), Draft::fresh(RoleType::targets), now));
  SLUICE_CHECK(out.save());
  return out;
}

Result<Edited> renew(Repository& repository, const RoleName& role, Time now) {
  SLUICE_TRY(const auto* known, repository.latest(role));
  std::vector<RoleName> roles{role};
  if (known == nullptr) {
    SLUICE_TRY(const auto listed, listed_roles(repository));
    const auto* bins = find_role(listed, role);
    if (bins == nullptr || !bins->bins()) {
      return fail(Errc::not_found, cat("there is no role ", printable(role.str(), 200)));
    }
    roles = bins->roles();
  }
  for (const auto& each : roles) {
    SLUICE_TRY(auto draft, repository.next(each));
    SLUICE_CHECK(repository.stage(each, std::move(draft), now));
  }
  return Edited{std::move(roles), {}};
}

}  // namespace sluice::tuf
