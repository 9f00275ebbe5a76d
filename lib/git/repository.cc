// SPDX-License-Identifier: Apache-2.0
#include "git/repository.h"

#include <git2.h>

#include <algorithm>

#include <array>

#include "base/text.h"
#include "git/handle.h"
#include "git/renames.h"

namespace sluice::git {

namespace {

constexpr std::size_t kShallowFile = 64U << 20;

// Extensions that change nothing for a reader of commits and trees. libgit2 1.5 refuses to open a
// repository that has them.
int allow_harmless_extensions() {
  std::array<const char*, 3> names = {"partialclone", "worktreeconfig", "preciousobjects"};
  return git_libgit2_opts(GIT_OPT_SET_EXTENSIONS, names.data(), names.size());
}

// Started once, at the first repository; never taken down.
Result<void> ready() {
  static const int code = [] {
    const int started = git_libgit2_init();
    return started < 0 ? started : allow_harmless_extensions();
  }();
  if (code < 0) return fail(Errc::internal, "libgit2 does not start");
  return {};
}

// libgit2 1.5 reports a foreign owner as a configuration value that it did not find.
bool is_foreign(int code) {
  const auto* said = git_error_last();
  return code == GIT_EOWNER ||
         (code == GIT_ENOTFOUND && said != nullptr && said->klass == GIT_ERROR_CONFIG);
}

Error cannot_open(int code, const Path& folder) {
  if (is_foreign(code)) {
    return Error{Errc::denied, cat("the repository of ", shown(folder), " belongs to another user")}
        .advise(cat("git config --global --add safe.directory ",
                    shown(std::filesystem::absolute(folder).lexically_normal()),
                    ", if you trust it"));
  }
  if (code == GIT_ENOTFOUND) {
    return Error{Errc::not_found, cat(shown(folder), " is in no git repository")}.advise(
        "--repo DIR names another folder");
  }
  return libgit2_error(code, cat("cannot open the repository of ", shown(folder)));
}

// The file "shallow": a commit on each line whose parents are not here.
Result<std::set<ObjectId>> read_cut(const Path& common_folder) {
  std::set<ObjectId> cut;
  const auto text = system_files().read(common_folder / "shallow", kShallowFile);
  if (!text && text.error().code == Errc::not_found) return cut;
  if (!text) return fail(text.error());
  for (const auto line : split(*text, '\n')) {
    if (line.empty()) continue;
    git_oid oid{};
    if (line.size() != 2 * ObjectId{}.bytes.size() ||
        git_oid_fromstrn(&oid, line.data(), line.size()) != 0) {
      return fail(Errc::malformed, "the list of cut commits is broken: .git/shallow");
    }
    cut.insert(id_of(oid));
  }
  return cut;
}

// Ends the walk through the settings, with 1, at one that lets git leave objects on a server.
// libgit2 could filter the names by a pattern, but 1.5 loses 20 kB for each that does not fit.
int is_promise(const git_config_entry* entry, void* /*payload*/) {
  const std::string_view name = entry->name;
  const bool of_remote = name.starts_with("remote.") && name.ends_with(".promisor");
  return of_remote || name == "extensions.partialclone" ? 1 : 0;
}

bool is_partial(git_repository& repository) {
  git_config* config = nullptr;
  if (git_repository_config_snapshot(&config, &repository) != 0) return false;
  const bool partial = git_config_foreach(config, is_promise, nullptr) == 1;
  git_config_free(config);
  return partial;
}

Path folder_of(git_repository& repository) {
  const char* work_tree = git_repository_workdir(&repository);
  return work_tree != nullptr ? work_tree : git_repository_path(&repository);
}

}  // namespace

Repository::Repository(std::unique_ptr<Handle> handle) : handle_(std::move(handle)) {}
Repository::Repository(Repository&&) noexcept = default;
Repository& Repository::operator=(Repository&&) noexcept = default;
Repository::~Repository() = default;

const Path& Repository::folder() const { return handle_->folder; }
bool Repository::bare() const { return handle_->bare; }
bool Repository::shallow() const { return !handle_->cut.empty(); }
bool Repository::partial() const { return handle_->partial; }

Result<Repository> Repository::open(const Path& folder, const Limits& limits) {
  SLUICE_CHECK(ready());
  git_repository* found = nullptr;
  const int code = git_repository_open_ext(&found, folder.c_str(), 0, nullptr);
  auto handle = std::make_unique<Handle>();
  handle->repository.reset(found);
  if (code != 0) return fail(cannot_open(code, folder));
  git_odb* odb = nullptr;
  if (const int failed = git_repository_odb(&odb, found); failed != 0) {
    return fail(libgit2_error(failed, "cannot open the objects of the repository"));
  }
  handle->odb.reset(odb);
  handle->limits = limits;
  handle->folder = folder_of(*found);
  handle->bare = git_repository_is_bare(found) == 1;
  handle->partial = is_partial(*found);
  SLUICE_TRY(handle->cut, read_cut(git_repository_commondir(found)));
  return Repository(std::move(handle));
}

Result<Changes> Repository::changes(const Range& range) const {
  Changes out;
  out.from = range.base;
  if (range.compare == Compare::merge_base) {
    SLUICE_TRY(const MergeBase found, merge_base(*handle_, range.base, range.head));
    if (found.count == 0) {
      return fail(Error{
          Errc::not_found,
          cat(printable(range.base_name), " and ", printable(range.head_name),
              " have no common ancestor", shallow() ? " in what this shallow clone holds" : ""),
          {},
          shallow() ? "git fetch --unshallow, or in CI: fetch-depth: 0"
                    : "--two-dot compares the two as they are"});
    }
    out.from = found.id;
    out.merge_bases = found.count;
  }
  SLUICE_TRY(const ObjectId before, tree_of(*handle_, out.from));
  SLUICE_TRY(const ObjectId after, tree_of(*handle_, range.head));
  SLUICE_TRY(out.paths, tree_changes(*handle_, before, after));
  out.renames_complete = find_renames(*handle_, out.paths);
  return out;
}

Result<ObjectId> Repository::tree(const ObjectId& commit) const {
  return tree_of(*handle_, commit);
}

Result<CommitNote> Repository::note_of(const ObjectId& commit) const {
  const git_oid oid = oid_of(commit);
  git_commit* found = nullptr;
  const int code = git_commit_lookup(&found, handle_->repository.get(), &oid);
  if (code != 0) {
    return fail(missing_object(*handle_, code, cat("cannot read commit ", commit.hex())));
  }
  const Commit owner(found);
  const char* message = git_commit_message(found);
  std::string_view subject = message == nullptr ? "" : message;
  subject = subject.substr(0, subject.find('\n')).substr(0, kMaxSubject);
  constexpr std::int64_t kEndOf9999 = 253'402'300'799;
  const std::int64_t at = std::clamp<std::int64_t>(git_commit_time(found), 0, kEndOf9999);
  return CommitNote{std::string(subject), Time(std::chrono::seconds(at))};
}

Result<std::string> Repository::read_at(const ObjectId& commit, std::string_view path,
                                        std::size_t max) const {
  const auto frame = [&] { return cat("reading ", printable(path), " in ", commit.brief()); };
  const auto refuse = [&](Errc code, std::string_view what) {
    return fail(code, cat(printable(path), what, " in ", commit.brief()));
  };
  if (path.empty() || path.contains('\0')) return refuse(Errc::usage, " is no path");
  SLUICE_TRY(ObjectId at, tree_of(*handle_, commit));
  const auto parts = split(path, '/');
  for (std::size_t i = 0; i < parts.size(); ++i) {
    SLUICE_TRY(const Tree tree, within(open_tree(*handle_, at), frame()));
    const auto* entry = git_tree_entry_byname(tree.get(), std::string(parts[i]).c_str());
    if (entry == nullptr) return refuse(Errc::not_found, " is not there");
    at = id_of(*git_tree_entry_id(entry));
    const bool last = i + 1 == parts.size();
    const auto mode = git_tree_entry_filemode(entry);
    if (mode == GIT_FILEMODE_TREE) {
      if (last) return refuse(Errc::denied, " is a folder");
      continue;
    }
    // Links are not followed: where they lead is not part of what was asked for.
    if (mode == GIT_FILEMODE_LINK) return refuse(Errc::denied, " goes through a symbolic link");
    if (mode == GIT_FILEMODE_COMMIT) return refuse(Errc::denied, " lies in a submodule");
    if (!last) return refuse(Errc::not_found, " is not there");
  }
  SLUICE_TRY(const Blob blob, within(open_blob(*handle_, at, max), frame()));
  return std::string(text_of(content(*blob)));
}

}  // namespace sluice::git
