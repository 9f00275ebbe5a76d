// SPDX-License-Identifier: Apache-2.0
// Changes to a repository. Each is staged and nothing more: it counts when it is signed and
// published. They are in the repository's memory until its save().
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tufrepo/proposal.h"
#include "tufrepo/repository.h"

namespace sluice::tuf {

struct Edited {
  std::vector<RoleName> roles;     // whose next version changed
  std::vector<std::string> notes;  // for people
  void add(const RoleName& role);
  void add(const Edited& other);
};

// --- a new repository (new_repository.cc)
struct RoleKeySet {
  std::vector<RoleKey> keys;
  std::int64_t threshold = 1;
};
// Errc::usage for a key twice, for none, and for a threshold above the number of different keys.
[[nodiscard]] Result<void> check_key_set(const RoleKeySet& set, std::string_view role,
                                         const ForeignKeys& foreign);
struct NewRepository {
  std::array<RoleKeySet, 4> roles;  // by RoleType
  RepoPolicy policy;
  bool keep_policy_file = false;                            // it is there, and says the same
  std::vector<std::pair<std::string, RoleKey>> names = {};  // what people call keys
};
// Writes the policy, the names of keys, root 1 and targets 1, which are staged. Errc::denied where
// there is a repository, or a name is another key's. What is refused is refused before anything is
// written.
[[nodiscard]] Result<Repository> init_repository(Files& files, const Path& folder,
                                                 const NewRepository& plan, Time now,
                                                 const ForeignKeys& foreign = {});

// --- keys of any role: root's four, delegated ones, bins by their prefix (edit_keys.cc)
// A role whose published version is not signed enough for its new keys gets a new version too.
[[nodiscard]] Result<Edited> add_key(Repository& repository, const RoleName& role,
                                     const RoleKey& key, Time now);
// Errc::usage where too few keys would be left for the threshold.
[[nodiscard]] Result<Edited> remove_key(Repository& repository, const RoleName& role,
                                        const std::string& keyid, Time now);
[[nodiscard]] Result<Edited> rotate_key(Repository& repository, const RoleName& role,
                                        const std::string& old_keyid, const RoleKey& key, Time now);
[[nodiscard]] Result<Edited> set_threshold(Repository& repository, const RoleName& role,
                                           std::int64_t threshold, Time now);
// Everywhere where the key counts: takes it away, or puts another one in its place. The notes say
// what else is to be done, in order.
[[nodiscard]] Result<Edited> revoke_key(Repository& repository, const std::string& keyid,
                                        const std::optional<RoleKey>& replacement, Time now);

// --- targets (edit_targets.cc)
struct NewTarget {
  std::string path;
  std::uint64_t length = 0;
  std::vector<crypto::Digest> hashes;
  std::string custom;  // JSON; empty: none
};
// Refuses what is no plain relative path: "..", a leading slash, a backslash, control bytes.
[[nodiscard]] Result<void> check_target_path(std::string_view path);
// "targets/a/HASH.b", for each hash: clients choose one.
std::vector<std::string> target_files(std::string_view path,
                                      const std::vector<crypto::Digest>& hashes);
// The hashes of an entry of "targets", of kinds that we know.
[[nodiscard]] Result<std::vector<crypto::Digest>> hashes_listed(std::string_view target);
// Any number of targets, taken one by one; of what they were only their text is kept. A role that
// is not named is not opened. A target that is there already is listed anew where it is, and keeps
// its custom metadata where the new one has none. Without a role the delegations decide, as they do
// for a client; Errc::usage for a role that no client would ask for the path, and for one path that
// is given twice and not for the same target. A role in which nothing changes is not staged.
class TargetBatch {
 public:
  TargetBatch(Repository& repository, std::optional<RoleName> role);
  TargetBatch(TargetBatch&&) noexcept;
  ~TargetBatch();
  // Some as they will be written, one behind the other. Any thread may fill one.
  class Ready {
   public:
    [[nodiscard]] Result<void> add(const NewTarget& target);
    std::size_t size() const { return all_.size(); }

   private:
    friend class TargetBatch;
    struct One {
      std::size_t size;  // in text_
      std::size_t path_size;
      std::array<char, 64> hash;  // of the path, in hex
    };
    std::string text_;
    std::vector<One> all_;
  };
  [[nodiscard]] Result<void> add(Ready ready);
  std::size_t count() const;  // once they are staged: of those of one path only one
  // Once. `origin`: where the nth that was added comes from, counted from 0.
  using Origin = std::function<std::string(std::size_t)>;
  [[nodiscard]] Result<Edited> stage(Time now, const Origin& origin);
  std::size_t unchanged() const;  // of count(): were listed so already

 private:
  struct State;
  std::unique_ptr<State> state_;
};
[[nodiscard]] Result<Edited> add_targets(Repository& repository,
                                         const std::vector<NewTarget>& targets,
                                         const std::optional<RoleName>& role, Time now);
// Each by its path, from the role where a client finds it; or "a/b/", everything below, from every
// role that lists some of it. Errc::not_found with their names where some are not listed; nothing
// is staged then. The notes say how many went.
[[nodiscard]] Result<Edited> remove_targets(Repository& repository,
                                            const std::vector<std::string>& names, Time now);
// Files of targets that are here, and that the role lists as it is proposed but not as it is
// published.
[[nodiscard]] Result<std::size_t> count_proposed_files(Repository& repository,
                                                       const RoleName& role);

// --- delegations (edit_delegations.cc)
struct NewDelegation {
  RoleName parent{"targets"};
  RoleName role{""};
  std::vector<std::string> paths;
  bool terminating = false;
  RoleKeySet keys;
};
[[nodiscard]] Result<Edited> delegate_paths(Repository& repository, const NewDelegation& plan,
                                            Time now);
struct NewBins {
  RoleName parent{"targets"};
  std::string prefix = "bins";
  int bits = 0;
  bool succinct = true;  // TAP 15; else one delegation a bin, by hash prefixes
  RoleKeySet keys;       // of bins that are there: empty, where they stay as they are
};
// Every bin is staged, empty or with those targets of the parent that belong to it. Where bins of
// that name are there, their targets are spread anew.
[[nodiscard]] Result<Edited> delegate_bins(Repository& repository, const NewBins& plan, Time now);
// Targets of bins, which go by their prefix, go back to the parent.
[[nodiscard]] Result<Edited> remove_delegation(Repository& repository, const RoleName& parent,
                                               const RoleName& role, Time now);
RoleName bin_name(const NewBins& plan, std::uint32_t number);

// A new version that expires later.
[[nodiscard]] Result<Edited> renew(Repository& repository, const RoleName& role, Time now);

// For the files of edit_*.cc: the member of an object, nullptr where there is none.
json::Value* member_in(json::Value& object, std::string_view key);
json::Value& member_or_new(json::Value& object, std::string_view key, json::Value fallback);
json::Value key_set_json(const RoleKeySet& set);  // {"keyids":…,"threshold":…}
void put_keys(json::Value& keys, const RoleKeySet& set);
struct ListedRole;
[[nodiscard]] Result<Edited> remove_bins(Repository& repository, const ListedRole& bins, Time now);
[[nodiscard]] Result<void> check_new_role_name(std::string_view role);
// Metadata of one name is one file: two roles that delegate to it would have to share it.
[[nodiscard]] Result<void> check_name_is_free(Repository& repository, const RoleName& parent,
                                              const RoleName& role);
json::Value& delegations_to_edit(Draft& draft);
[[nodiscard]] Result<json::Array*> roles_to_edit(json::Value& delegations);
bool has_roles(json::Value& delegations);
bool delegates_to(const json::Array& roles, const RoleName& role);
void drop_unused_keys(Draft& draft);  // that no role has any more

}  // namespace sluice::tuf
