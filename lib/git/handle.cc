// SPDX-License-Identifier: Apache-2.0
#include "git/handle.h"

#include <git2.h>

#include <algorithm>
#include <cstring>

#include "base/codec.h"
#include "base/text.h"

namespace sluice::git {

void free_blob(git_blob* blob) { git_blob_free(blob); }
void free_commit(git_commit* commit) { git_commit_free(commit); }
void free_object(git_object* object) { git_object_free(object); }
void free_odb(git_odb* odb) { git_odb_free(odb); }
void free_reference(git_reference* reference) { git_reference_free(reference); }
void free_repository(git_repository* repository) { git_repository_free(repository); }
void free_tree(git_tree* tree) { git_tree_free(tree); }

std::string ObjectId::hex() const { return to_hex(bytes); }

std::string_view name(Status status) {
  switch (status) {
    case Status::added:
      return "added";
    case Status::modified:
      return "modified";
    case Status::deleted:
      return "deleted";
    case Status::renamed:
      return "renamed";
    case Status::type_changed:
      return "type-changed";
  }
  return "modified";
}

ObjectId id_of(const git_oid& oid) {
  ObjectId id;
  std::copy_n(std::begin(oid.id), id.bytes.size(), id.bytes.begin());
  return id;
}

git_oid oid_of(const ObjectId& id) {
  git_oid oid{};
  std::ranges::copy(id.bytes, std::begin(oid.id));
  return oid;
}

EntryKind kind_of_mode(unsigned mode) {
  switch (mode) {
    case GIT_FILEMODE_TREE:
      return EntryKind::none;
    case GIT_FILEMODE_LINK:
      return EntryKind::link;
    case GIT_FILEMODE_COMMIT:
      return EntryKind::submodule;
    case GIT_FILEMODE_BLOB_EXECUTABLE:
      return EntryKind::program;
    default:
      return EntryKind::file;
  }
}

Error libgit2_error(int code, std::string what) {
  const git_error* said = git_error_last();
  if (said != nullptr && said->message != nullptr) what += cat(": ", printable(said->message, 300));
  const int area = said == nullptr ? 0 : said->klass;
  Errc errc = area == GIT_ERROR_OS || area == GIT_ERROR_FILESYSTEM ? Errc::io : Errc::malformed;
  if (code == GIT_ENOTFOUND || code == GIT_EUNBORNBRANCH) errc = Errc::not_found;
  if (code == GIT_EINVALIDSPEC || code == GIT_EAMBIGUOUS) errc = Errc::usage;
  if (code == GIT_EOWNER) errc = Errc::denied;
  return {errc, std::move(what)};
}

Error missing_object(const Handle& handle, int code, std::string what) {
  Error error = libgit2_error(code, std::move(what));
  if (code != GIT_ENOTFOUND) return error;
  if (!handle.cut.empty()) {
    return std::move(error).advise("this is a shallow clone: git fetch --unshallow");
  }
  if (handle.partial) {
    return std::move(error).advise("this is a partial clone: git fetch --refetch --no-filter");
  }
  return error;
}

Result<std::size_t> size_of(const Handle& handle, const ObjectId& id) {
  const git_oid oid = oid_of(id);
  std::size_t size = 0;
  git_object_t type{};
  const int code = git_odb_read_header(&size, &type, handle.odb.get(), &oid);
  if (code != 0) return fail(missing_object(handle, code, cat("cannot read object ", id.hex())));
  return size;
}

Result<Tree> open_tree(const Handle& handle, const ObjectId& id) {
  SLUICE_TRY(const std::size_t size, size_of(handle, id));
  if (size > handle.limits.tree_bytes) {
    return fail(Errc::limit,
                cat("the folder ", id.hex(), " has ", human_bytes(size), " of names, the limit is ",
                    human_bytes(handle.limits.tree_bytes)));
  }
  const git_oid oid = oid_of(id);
  git_tree* tree = nullptr;
  const int code = git_tree_lookup(&tree, handle.repository.get(), &oid);
  if (code != 0) return fail(missing_object(handle, code, cat("cannot read folder ", id.hex())));
  return Tree(tree);
}

Result<ObjectId> tree_of(const Handle& handle, const ObjectId& commit_or_tree) {
  const git_oid oid = oid_of(commit_or_tree);
  git_object* found = nullptr;
  int code = git_object_lookup(&found, handle.repository.get(), &oid, GIT_OBJECT_ANY);
  if (code != 0) {
    return fail(missing_object(handle, code, cat("cannot read commit ", commit_or_tree.hex())));
  }
  const Object object(found);
  if (git_object_type(found) == GIT_OBJECT_COMMIT) {
    return id_of(*git_commit_tree_id(reinterpret_cast<const git_commit*>(found)));
  }
  if (git_object_type(found) == GIT_OBJECT_TREE) return commit_or_tree;
  return fail(Errc::usage, cat(commit_or_tree.hex(), " is neither a commit nor a tree"));
}

Result<Blob> open_blob(const Handle& handle, const ObjectId& id, std::size_t max) {
  SLUICE_TRY(const std::size_t size, size_of(handle, id));
  if (size > max) {
    return fail(Errc::limit, cat("it is ", human_bytes(size), ", the limit is ", human_bytes(max)));
  }
  const git_oid oid = oid_of(id);
  git_blob* blob = nullptr;
  const int code = git_blob_lookup(&blob, handle.repository.get(), &oid);
  if (code != 0) return fail(missing_object(handle, code, cat("cannot read object ", id.hex())));
  return Blob(blob);
}

ByteView content(const git_blob& blob) {
  const auto size = git_blob_rawsize(&blob);
  return {static_cast<const std::uint8_t*>(git_blob_rawcontent(&blob)),
          size > 0 ? static_cast<std::size_t>(size) : 0};
}

}  // namespace sluice::git
