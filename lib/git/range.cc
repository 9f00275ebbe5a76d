// SPDX-License-Identifier: Apache-2.0
// From what the user wrote, or did not write, to two commits.
#include <git2.h>

#include <array>
#include <optional>

#include "base/text.h"
#include "git/handle.h"

namespace sluice::git {

namespace {

constexpr std::size_t kRevisionText = 1'000;

std::unexpected<Error> no_range(std::string what) {
  return fail(Error{Errc::usage, std::move(what), {}, "write BASE..HEAD, say main..HEAD"});
}

// A search through messages runs a pattern over all history, and a path names no commit.
Result<void> check_revision(std::string_view text) {
  if (text.size() > kRevisionText || text.contains('\0') || text.starts_with('-')) {
    return no_range(cat("\"", printable(text, 60), "\" is no revision"));
  }
  if (text.contains(':') || text.contains("{/")) {
    return fail(Errc::unsupported,
                cat("\"", printable(text, 60), "\": name a branch, a tag or a commit"));
  }
  return {};
}

Result<Object> find_object(const Handle& handle, std::string_view revision, git_object_t type) {
  SLUICE_CHECK(check_revision(revision));
  const std::string text(revision);
  git_object* found = nullptr;
  int code = git_revparse_single(&found, handle.repository.get(), text.c_str());
  const Object object(found);
  if (code != 0) {
    Error error =
        libgit2_error(code, cat("cannot find the revision \"", printable(text, 200), "\""));
    if (code != GIT_ENOTFOUND) return fail(std::move(error));
    return fail(std::move(error).advise(
        handle.cut.empty() ? "git fetch, if it is a branch of the other side"
                           : "this is a shallow clone: git fetch --unshallow, or in CI "
                             "fetch-depth: 0"));
  }
  git_object* peeled = nullptr;
  code = git_object_peel(&peeled, found, type);
  if (code != 0) {
    return fail(Errc::usage, cat("\"", printable(text, 200), "\" names no ",
                                 type == GIT_OBJECT_TREE ? "commit or tree" : "commit"));
  }
  return Object(peeled);
}

// A commit where the revision leads to one, else a tree: the empty tree is a base, too.
Result<ObjectId> find_base(const Handle& handle, std::string_view revision, Compare compare) {
  auto commit = find_object(handle, revision, GIT_OBJECT_COMMIT);
  if (!commit && compare == Compare::trees && commit.error().code == Errc::usage) {
    commit = find_object(handle, revision, GIT_OBJECT_TREE);
  }
  if (!commit) return fail(commit.error());
  return id_of(*git_object_id(commit->get()));
}

struct Sides {
  std::string_view base;
  std::string_view head;
  bool three_dots;
};

std::optional<Sides> split_range(std::string_view text) {
  const auto at = text.find("..");
  if (at == std::string_view::npos) return std::nullopt;
  const bool three = text.substr(at).starts_with("...");
  return Sides{text.substr(0, at), text.substr(at + (three ? 3 : 2)), three};
}

}  // namespace

std::optional<Candidate> candidate(const Handle& handle, const std::string& reference,
                                   std::string origin) {
  git_reference* found = nullptr;
  if (git_reference_lookup(&found, handle.repository.get(), reference.c_str()) != 0) return {};
  const Reference named(found);
  git_object* peeled = nullptr;
  if (git_reference_peel(&peeled, found, GIT_OBJECT_COMMIT) != 0) return {};
  const Object commit(peeled);
  git_reference* target = nullptr;
  if (git_reference_resolve(&target, found) != 0) return {};
  const Reference resolved(target);
  return Candidate{id_of(*git_object_id(peeled)), git_reference_shorthand(target),
                   std::move(origin)};
}

namespace {

std::optional<std::string> taken_from(git_buf& buffer, int code) {
  std::optional<std::string> out;
  if (code == 0 && buffer.ptr != nullptr) out = std::string(buffer.ptr, buffer.size);
  git_buf_dispose(&buffer);
  return out;
}

// "refs/heads/topic"; none where HEAD is no branch.
std::optional<std::string> current_branch(const Handle& handle) {
  git_reference* head = nullptr;
  if (git_repository_head(&head, handle.repository.get()) != 0) return std::nullopt;
  const Reference named(head);
  if (git_reference_is_branch(head) != 1) return std::nullopt;
  return git_reference_name(head);
}

std::optional<Candidate> upstream(const Handle& handle, const std::string& branch) {
  git_buf buffer{};
  const int code = git_branch_upstream_name(&buffer, handle.repository.get(), branch.c_str());
  const auto name = taken_from(buffer, code);
  if (!name) return std::nullopt;
  return candidate(handle, *name, cat("upstream of ", branch.substr(sizeof "refs/heads/" - 1)));
}

}  // namespace

std::string remote_name(const Handle& handle, const std::optional<std::string>& branch) {
  if (branch) {
    git_buf buffer{};
    const int code = git_branch_upstream_remote(&buffer, handle.repository.get(), branch->c_str());
    if (auto name = taken_from(buffer, code)) return *std::move(name);
  }
  git_strarray remotes{};
  std::string name = "origin";
  if (git_remote_list(&remotes, handle.repository.get()) == 0 && remotes.count == 1) {
    name = remotes.strings[0];
  }
  git_strarray_dispose(&remotes);
  return name;
}

std::optional<Candidate> default_branch_of(const Handle& handle, std::string_view remote) {
  for (const auto* name : {"HEAD", "main", "master"}) {
    if (auto found = candidate(handle, cat("refs/remotes/", remote, "/", name),
                               cat("default branch of ", remote))) {
      return found;
    }
  }
  return std::nullopt;
}

namespace {

std::optional<Candidate> default_base(const Handle& handle) {
  const auto branch = current_branch(handle);
  if (branch) {
    if (auto found = upstream(handle, *branch)) return found;
  }
  if (auto found = default_branch_of(handle, remote_name(handle, branch))) return found;
  for (const auto* name : {"refs/heads/main", "refs/heads/master"}) {
    if (branch == name) continue;  // HEAD against itself would hide every change
    if (auto found = candidate(handle, name, "local branch")) return found;
  }
  return std::nullopt;
}

}  // namespace

namespace {

// The base has the policy that judges, and git takes a tag before a branch of the same name: who
// can push tags must not choose.
Result<void> refuse_ambiguous(const Handle& handle, std::string_view revision) {
  const std::string name(revision.substr(0, revision.find_first_of("~^@")));
  if (name.empty() || name == "HEAD") return {};
  std::optional<Candidate> first;
  std::string first_reference;
  for (const auto* folder : {"refs/tags/", "refs/heads/", "refs/remotes/"}) {
    const std::string reference = cat(folder, name);
    auto found = candidate(handle, reference, "");
    if (!found) continue;
    if (first && first->id != found->id) {
      return fail(Error{Errc::usage,
                        cat("\"", printable(name, 200), "\" could be ",
                            printable(first_reference, 200), " or ", printable(reference, 200)),
                        {},
                        "write the one that you mean in full"});
    }
    if (!first) first_reference = reference;
    first = std::move(found);
  }
  return {};
}

}  // namespace

Result<ObjectId> Repository::commit(std::string_view revision) const {
  SLUICE_TRY(const Object object, find_object(*handle_, revision, GIT_OBJECT_COMMIT));
  return id_of(*git_object_id(object.get()));
}

Result<Range> Repository::range(std::string_view text, Compare compare) const {
  const auto sides = split_range(text);
  if (!sides) return no_range(cat("\"", printable(text, 200), "\" is no range"));
  if (sides->three_dots && compare == Compare::trees) {
    return fail(Errc::usage, "--two-dot goes with BASE..HEAD, not with three dots");
  }
  Range range;
  range.compare = compare;
  range.origin = "given";
  range.base_name = sides->base.empty() ? "HEAD" : sides->base;
  range.head_name = sides->head.empty() ? "HEAD" : sides->head;
  SLUICE_CHECK(refuse_ambiguous(*handle_, range.base_name));
  SLUICE_TRY(range.base, find_base(*handle_, range.base_name, compare));
  SLUICE_TRY(range.head, find_base(*handle_, range.head_name, compare));
  return range;
}

Result<Range> Repository::default_range(Compare compare) const {
  SLUICE_TRY(const ObjectId head, commit("HEAD"));
  auto base = default_base(*handle_);
  if (!base) {
    return fail(Error{Errc::not_found,
                      "no branch to compare HEAD with: there is no upstream, no remote branch and "
                      "no other main or master",
                      {},
                      "name the range, say main..HEAD; a first commit as a whole: --two-dot "
                      "4b825dc642cb6eb9a060e54bf8d69288fbee4904..HEAD"});
  }
  return Range{.base = base->id,
               .head = head,
               .compare = compare,
               .base_name = std::move(base->name),
               .head_name = "HEAD",
               .origin = std::move(base->origin)};
}

}  // namespace sluice::git
