// SPDX-License-Identifier: Apache-2.0
// A repository on this machine, read and never written: revisions, ranges, changed paths, contents.
//
// Promises: no network, no hooks, no filters, no external diff, nothing that the repository's
// configuration could start. File names are bytes as they stand in the tree objects: any byte but
// NUL. Objects are hashed when they are read; one that is not what its name says is
// Errc::malformed.
//
// Refuses (Errc::denied) a repository that belongs to another user, as git does, unless the user's
// own configuration lists it under safe.directory.
//
// Not seen: GIT_DIR and the other variables of git, and with them the quarantined objects of a
// pre-receive hook; replace refs; .gitattributes.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/files.h"
#include "base/time.h"
#include "git/object_id.h"

namespace sluice::git {

// Beyond these it is Errc::limit, except for renames: there the rest stays deleted and added, and
// Changes says so.
struct Limits {
  std::size_t changed_paths = 1'000'000;
  std::size_t path_bytes = 256U << 20;   // of all changed paths together
  std::size_t trees = 500'000;           // folders that are read
  std::size_t tree_bytes = 64U << 20;    // of one folder
  std::size_t depth = 1'000;             // folders within folders
  std::size_t commits = 5'000'000;       // in search of a merge base
  std::size_t rename_bytes = 64U << 20;  // contents that are read to compare them
  std::size_t rename_pairs = 1'000'000;  // git's own limit: diff.renameLimit 1000, squared
};

enum class EntryKind : std::uint8_t { none, file, program, link, submodule };
enum class Status : std::uint8_t { added, modified, deleted, renamed, type_changed };
std::string_view name(Status status);  // "added", "type-changed"

// One side of a change.
struct Entry {
  EntryKind kind = EntryKind::none;
  ObjectId id;  // of the blob, or of a submodule's commit
  bool operator==(const Entry&) const = default;
};

struct Change {
  Status status = Status::modified;
  std::string path;      // raw bytes; where it was, for a deletion
  std::string old_path;  // of a rename; else empty
  Entry before;
  Entry after;
};

// Base and head as commits (with Compare::trees also as other trees), and how they were chosen.
enum class Compare : std::uint8_t {
  merge_base,  // what head did since it left base: BASE...HEAD of git diff
  trees        // base against head as they are: BASE..HEAD of git diff
};
struct Range {
  ObjectId base = {};
  ObjectId head = {};
  Compare compare = Compare::merge_base;
  std::string base_name = {};  // as the user or the repository calls it
  std::string head_name = {};
  std::string origin = {};  // for people: "given", "upstream of main", "default branch of origin"
};

struct Changes {
  ObjectId from;                 // what head was compared with: the merge base, or base itself
  std::size_t merge_bases = 0;   // more than one: from is the newest of them
  std::vector<Change> paths;     // ordered by path, bytewise
  bool renames_complete = true;  // false: a limit, or contents that are not here
};

// What a commit says of itself. Foreign bytes: whoever made it wrote what they liked.
struct CommitNote {
  std::string subject;  // the first line of its message, at most kMaxSubject bytes
  Time at{};            // when it was made, by its author's machine; between 1970 and 9999
};
inline constexpr std::size_t kMaxSubject = 500;

// One reference that is about to be pushed, as git tells its pre-push hook (githooks(5)).
struct PushedRef {
  std::string local_ref;   // "(delete)" for a deletion
  std::string local_id;    // zeros for a deletion
  std::string remote_ref;  // "refs/heads/main"
  std::string remote_id;   // zeros where it is new there
};

// What the push does to that reference.
enum class PushKind : std::uint8_t {
  created,
  forwarded,   // what is there stays, commits are added
  taken_back,  // to a commit that it had before: what came after is dropped
  rewritten,   // something else takes the place of what is there
  deleted,     // no range
  other        // no commit at all, a tag of a file say: no range
};
struct Push {
  PushKind kind = PushKind::other;
  std::optional<Range> range = {};
};

class Repository {
 public:
  // The repository that the folder is in, or that it is: work tree, linked work tree or bare.
  [[nodiscard]] static Result<Repository> open(const Path& folder, const Limits& limits = {});
  Repository(Repository&&) noexcept;
  Repository& operator=(Repository&&) noexcept;
  ~Repository();

  const Path& folder() const;  // the work tree; the repository itself where it is bare
  bool bare() const;
  bool shallow() const;  // history was cut off when it was cloned
  bool partial() const;  // contents were left out when it was cloned

  // The commit that a revision names: a branch, a tag, an id, HEAD~2. Errc::not_found with advice.
  [[nodiscard]] Result<ObjectId> commit(std::string_view revision) const;

  // What the commit's files are, as a whole.
  [[nodiscard]] Result<ObjectId> tree(const ObjectId& commit) const;

  [[nodiscard]] Result<CommitNote> note_of(const ObjectId& commit) const;

  // "BASE..HEAD" or "BASE...HEAD"; a side that is left out is HEAD. Both mean Compare::merge_base
  // unless trees are asked for, which goes with two dots only and takes trees as well as commits.
  [[nodiscard]] Result<Range> range(std::string_view text, Compare compare) const;

  // What HEAD has that is not in, whichever is there first: the branch's upstream; the default
  // branch of its remote (or of origin, or of the one remote there is); a local main or master.
  [[nodiscard]] Result<Range> default_range(Compare compare) const;

  // What a push brings to a remote, as far as this repository knows its branches
  // (refs/remotes/REMOTE/*; those of all remotes where none of that one are known):
  //   forwarded            from what is there to the new commit
  //   taken_back           the two as they are, since nothing new is in it
  //   created, rewritten   what none of its branches has: from the best common ancestor with all of
  //                        them, from the empty tree where there is none
  // Errc::not_found where no branch of any remote is known.
  [[nodiscard]] Result<Push> push(const PushedRef& ref, std::string_view remote) const;

  // The default branch of a remote (of origin, or the only one, where that is not known) as it was
  // last seen: refs/remotes/REMOTE/HEAD, main or master. None: not known.
  std::optional<ObjectId> default_branch(std::string_view remote) const;

  // Renames are found as `git diff` finds them by default; see git/renames.h.
  [[nodiscard]] Result<Changes> changes(const Range& range) const;

  // A plain file as it was in that commit. Errc::not_found: no such path; Errc::denied: the path
  // is a link, a folder or a submodule; Errc::limit: larger than max bytes.
  [[nodiscard]] Result<std::string> read_at(const ObjectId& commit, std::string_view path,
                                            std::size_t max) const;

  struct Handle;  // git/handle.h

 private:
  explicit Repository(std::unique_ptr<Handle> handle);
  std::unique_ptr<Handle> handle_;
};

}  // namespace sluice::git
