// SPDX-License-Identifier: Apache-2.0
// libgit2's side of a repository, for lib/git alone. Its types are named here, its header is not
// included.
#pragma once

#include <memory>
#include <set>
#include <span>

#include "base/bytes.h"
#include "git/repository.h"

struct git_blob;
struct git_commit;
struct git_object;
struct git_odb;
struct git_oid;
struct git_reference;
struct git_repository;
struct git_tree;

namespace sluice::git {

template <auto Free>
struct Deleter {
  template <class T>
  void operator()(T* pointer) const {
    Free(pointer);
  }
};

void free_blob(git_blob* blob);
void free_commit(git_commit* commit);
void free_object(git_object* object);
void free_odb(git_odb* odb);
void free_reference(git_reference* reference);
void free_repository(git_repository* repository);
void free_tree(git_tree* tree);

using Blob = std::unique_ptr<git_blob, Deleter<free_blob>>;
using Commit = std::unique_ptr<git_commit, Deleter<free_commit>>;
using Object = std::unique_ptr<git_object, Deleter<free_object>>;
using Odb = std::unique_ptr<git_odb, Deleter<free_odb>>;
using Reference = std::unique_ptr<git_reference, Deleter<free_reference>>;
using RepositoryPointer = std::unique_ptr<git_repository, Deleter<free_repository>>;
using Tree = std::unique_ptr<git_tree, Deleter<free_tree>>;

struct Repository::Handle {
  RepositoryPointer repository;
  Odb odb;
  Limits limits;
  Path folder;
  bool bare = false;
  bool partial = false;
  std::set<ObjectId> cut;  // commits whose parents a shallow clone left out
};
using Handle = Repository::Handle;

ObjectId id_of(const git_oid& oid);
git_oid oid_of(const ObjectId& id);
EntryKind kind_of_mode(unsigned mode);  // none for a folder

// What libgit2 said, after the caller's own words.
Error libgit2_error(int code, std::string what);
// As libgit2_error; where a shallow or partial clone can be the reason, it says that too.
Error missing_object(const Handle& handle, int code, std::string what);

[[nodiscard]] Result<Tree> open_tree(const Handle& handle, const ObjectId& id);
// The tree of a commit, or the tree itself.
[[nodiscard]] Result<ObjectId> tree_of(const Handle& handle, const ObjectId& commit_or_tree);
[[nodiscard]] Result<std::size_t> size_of(const Handle& handle, const ObjectId& id);
// A blob's bytes, read only where they are at most max; Errc::limit otherwise.
[[nodiscard]] Result<Blob> open_blob(const Handle& handle, const ObjectId& id, std::size_t max);
ByteView content(const git_blob& blob);

// The best common ancestor, and how many were equally good; none where there is none.
struct MergeBase {
  ObjectId id;
  std::size_t count = 0;
};
[[nodiscard]] Result<MergeBase> merge_base(const Handle& handle, const ObjectId& one,
                                           const ObjectId& two);
// With all of the others at once, as if they had been merged into one commit.
[[nodiscard]] Result<MergeBase> merge_base(const Handle& handle, const ObjectId& one,
                                           std::span<const ObjectId> others);

// The commit that a reference leads to, if there is one, with the name that people use for it.
struct Candidate {
  ObjectId id;
  std::string name;
  std::string origin;
};
std::optional<Candidate> candidate(const Handle& handle, const std::string& reference,
                                   std::string origin);
std::optional<Candidate> default_branch_of(const Handle& handle, std::string_view remote);
// The branch's own remote where that is said, else origin, else the only one that there is.
std::string remote_name(const Handle& handle, const std::optional<std::string>& branch);

// Ordered by path; a rename is still a deletion and an addition.
[[nodiscard]] Result<std::vector<Change>> tree_changes(const Handle& handle, const ObjectId& before,
                                                       const ObjectId& after);

}  // namespace sluice::git
