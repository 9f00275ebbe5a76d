// SPDX-License-Identifier: Apache-2.0
#include <map>
#include <set>

#include "base/text.h"
#include "tufrepo/delegation_way.h"
#include "tufrepo/edit.h"

namespace sluice::tuf {

namespace {

constexpr std::size_t kNamedUnknown = 20;
constexpr std::size_t kNotedFolders = 20;

class Removal {
 public:
  explicit Removal(Repository& repository) : repository_(repository), way_(repository) {}

  Result<void> find(const std::vector<std::string>& names) {
    for (const auto& name : names) {
      if (name.ends_with('/')) {
        folders_.emplace(name, 0);
        continue;
      }
      SLUICE_TRY(const auto found, way_.of(name, path_hash(name)));
      if (found.lists == nullptr) {
        note_unknown(name);
      } else {
        by_role_[found.lists->role].push_back(name);
      }
    }
    if (!folders_.empty()) SLUICE_CHECK(find_below());
    for (const auto& [folder, count] : folders_) {
      if (count == 0) note_unknown(folder);
    }
    if (unknown_.empty()) return {};
    return fail(
        Error{Errc::not_found, cat("no role lists ", join(unknown_, ", "),
                                   more_unknown_ == 0 ? "" : cat(" and ", more_unknown_, " more"))}
            .advise("nothing was removed; what is a folder of targets is named with a slash at its "
                    "end"));
  }

  Result<Edited> stage(Time now) {
    Edited out;
    std::size_t count = 0;
    for (const auto& [role, paths] : by_role_) {
      SLUICE_TRY(auto draft, repository_.next(role));
      for (const auto& path : paths) {
        if (draft.erase(path)) ++count;
      }
      SLUICE_CHECK(repository_.stage(role, std::move(draft), now));
      out.roles.push_back(role);
    }
    out.notes.push_back(cat(count, count == 1 ? " target" : " targets"));
    std::size_t noted = 0;
    for (const auto& [folder, below] : folders_) {
      if (++noted > kNotedFolders) break;
      out.notes.push_back(cat(below, " below ", printable(folder, 200)));
    }
    return out;
  }

 private:
  void note_unknown(const std::string& name) {
    if (unknown_.size() == kNamedUnknown) {
      ++more_unknown_;
    } else {
      unknown_.push_back(printable(name, 200));
    }
  }

  // No delegation says where all of a folder is: bins go by hashes.
  Result<void> find_below() {
    SLUICE_TRY(const auto all, way_.all());
    for (const auto* const known : all) {
      if (!known->any) continue;
      SLUICE_CHECK(known->draft->each([&](std::string_view path, std::string_view) -> Result<void> {
        if (counts_below(path)) by_role_[known->role].emplace_back(path);
        return {};
      }));
    }
    return {};
  }

  bool counts_below(std::string_view path) {
    bool out = false;
    for (auto at = path.find('/'); at != std::string_view::npos; at = path.find('/', at + 1)) {
      const auto folder = folders_.find(path.substr(0, at + 1));
      if (folder == folders_.end()) continue;
      ++folder->second;
      out = true;
    }
    return out;
  }

  Repository& repository_;
  DelegationWay way_;
  std::map<RoleName, std::vector<std::string>> by_role_;
  std::map<std::string, std::size_t, std::less<>> folders_;  // how many are below
  std::vector<std::string> unknown_;
  std::size_t more_unknown_ = 0;
};

// An entry of "targets" that cannot be read has no files.
std::vector<std::string> files_of_entry(std::string_view path,
                                        const std::optional<std::string_view>& text) {
  if (!text || !check_target_path(path)) return {};
  const auto hashes = hashes_listed(*text);
  return hashes ? target_files(path, *hashes) : std::vector<std::string>();
}

}  // namespace

Result<Edited> remove_targets(Repository& repository, const std::vector<std::string>& names,
                              Time now) {
  Removal removal(repository);
  SLUICE_CHECK(removal.find(names));
  return removal.stage(now);
}

Result<std::size_t> count_proposed_files(Repository& repository, const RoleName& role) {
  std::size_t out = 0;
  if (type_of_role(role) != RoleType::targets || !repository.policy().targets_here) return out;
  SLUICE_TRY(const auto* staged, repository.staged(role));
  if (staged == nullptr) return out;
  SLUICE_TRY(const auto* published, repository.published(role));
  SLUICE_CHECK(
      staged->draft.each([&](std::string_view path, std::string_view text) -> Result<void> {
        const auto was = published == nullptr ? std::nullopt : published->find(path);
        const auto before = files_of_entry(path, was);
        const std::set<std::string> known(before.begin(), before.end());
        for (const auto& file : files_of_entry(path, text)) {
          if (!known.contains(file) && repository.files().info(repository.folder() / file)) ++out;
        }
        return {};
      }));
  return out;
}

}  // namespace sluice::tuf
