// SPDX-License-Identifier: Apache-2.0
// Two trees side by side. Written here because libgit2's diff of trees reads equal folders too, and
// has no bound on names, folders or depth.
#include <git2.h>

#include <cstring>

#include "base/text.h"
#include "git/handle.h"

namespace sluice::git {

namespace {

bool is_folder(const git_tree_entry* entry) {
  return git_tree_entry_filemode(entry) == GIT_FILEMODE_TREE;
}

// The order of entries in a tree: by name, a folder as if its name ended with a slash. So paths
// come out in the order of their bytes.
int compare_entries(const git_tree_entry* one, const git_tree_entry* two) {
  const std::string_view first = git_tree_entry_name(one);
  const std::string_view second = git_tree_entry_name(two);
  const std::size_t common = std::min(first.size(), second.size());
  if (const int order = std::memcmp(first.data(), second.data(), common); order != 0) return order;
  const auto next = [common](std::string_view name, const git_tree_entry* entry) -> unsigned char {
    if (name.size() > common) return static_cast<unsigned char>(name[common]);
    return is_folder(entry) ? '/' : '\0';
  };
  return next(first, one) - next(second, two);
}

Entry side_of(const git_tree_entry* entry) {
  return {kind_of_mode(static_cast<unsigned>(git_tree_entry_filemode(entry))),
          id_of(*git_tree_entry_id(entry))};
}

// A program is a file that may be executed: that is no change of type.
EntryKind type_of(EntryKind kind) { return kind == EntryKind::program ? EntryKind::file : kind; }

// Two folders of the same name, one of which may not be there.
struct Level {
  Tree before;
  Tree after;
  std::string prefix = {};  // "lib/git/"
  std::size_t before_at = 0;
  std::size_t after_at = 0;

  const git_tree_entry* old_entry() const {
    return before ? git_tree_entry_byindex(before.get(), before_at) : nullptr;
  }
  const git_tree_entry* new_entry() const {
    return after ? git_tree_entry_byindex(after.get(), after_at) : nullptr;
  }
};

class TreeWalk {
 public:
  explicit TreeWalk(const Handle& handle) : handle_(handle) {}

  Result<std::vector<Change>> run(const ObjectId& before, const ObjectId& after) && {
    if (before == after) return std::move(changes_);
    SLUICE_CHECK(enter(before, after, ""));
    while (!levels_.empty()) SLUICE_CHECK(step());
    return std::move(changes_);
  }

 private:
  Result<void> step() {
    Level& level = levels_.back();
    const auto* old_entry = level.old_entry();
    const auto* new_entry = level.new_entry();
    if (old_entry == nullptr && new_entry == nullptr) {
      levels_.pop_back();
      return {};
    }
    const int order = old_entry == nullptr   ? 1
                      : new_entry == nullptr ? -1
                                             : compare_entries(old_entry, new_entry);
    if (order <= 0) ++level.before_at;
    if (order >= 0) ++level.after_at;
    // The entries live as long as their trees; the level may move when another one is entered.
    return visit(order <= 0 ? old_entry : nullptr, order >= 0 ? new_entry : nullptr);
  }

  Result<void> visit(const git_tree_entry* old_entry, const git_tree_entry* new_entry) {
    const git_tree_entry* any = new_entry != nullptr ? new_entry : old_entry;
    const Entry before = old_entry == nullptr ? Entry{} : side_of(old_entry);
    const Entry after = new_entry == nullptr ? Entry{} : side_of(new_entry);
    if (before == after) return {};
    std::string path = levels_.back().prefix + git_tree_entry_name(any);
    if (is_folder(any)) return enter(before.id, after.id, path + "/");
    Change change{.path = std::move(path), .old_path = {}, .before = before, .after = after};
    if (old_entry == nullptr) {
      change.status = Status::added;
    } else if (new_entry == nullptr) {
      change.status = Status::deleted;
    } else if (type_of(before.kind) != type_of(after.kind)) {
      change.status = Status::type_changed;
    }
    return keep(std::move(change));
  }

  Result<void> enter(const ObjectId& before, const ObjectId& after, std::string prefix) {
    if (levels_.size() >= handle_.limits.depth) {
      return fail(Errc::limit, cat("folders are nested deeper than ", handle_.limits.depth));
    }
    Level level;
    level.prefix = std::move(prefix);
    for (auto [id, tree] : {std::pair{&before, &level.before}, {&after, &level.after}}) {
      if (id->none()) continue;
      if (++trees_ > handle_.limits.trees) {
        return fail(Errc::limit, cat("more than ", handle_.limits.trees, " folders differ"));
      }
      SLUICE_TRY(*tree, open_tree(handle_, *id));
    }
    levels_.push_back(std::move(level));
    return {};
  }

  Result<void> keep(Change change) {
    path_bytes_ += change.path.size();
    if (changes_.size() >= handle_.limits.changed_paths) {
      return fail(Errc::limit, cat("more than ", handle_.limits.changed_paths, " paths changed"));
    }
    if (path_bytes_ > handle_.limits.path_bytes) {
      return fail(Errc::limit, cat("the changed paths are longer than ",
                                   human_bytes(handle_.limits.path_bytes), " together"));
    }
    changes_.push_back(std::move(change));
    return {};
  }

  const Handle& handle_;
  std::vector<Level> levels_;
  std::vector<Change> changes_;
  std::size_t trees_ = 0;
  std::size_t path_bytes_ = 0;
};

}  // namespace

Result<std::vector<Change>> tree_changes(const Handle& handle, const ObjectId& before,
                                         const ObjectId& after) {
  return TreeWalk(handle).run(before, after);
}

}  // namespace sluice::git
