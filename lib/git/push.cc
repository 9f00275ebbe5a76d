// SPDX-License-Identifier: Apache-2.0
// From a line of git's pre-push hook to the range that it brings.
#include <git2.h>

#include <algorithm>

#include "base/codec.h"
#include "base/text.h"
#include "git/handle.h"

namespace sluice::git {

namespace {

constexpr std::string_view kEmptyTree = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
constexpr std::size_t kMostBranches = 20'000;  // of remotes

void free_references(git_reference_iterator* iterator) { git_reference_iterator_free(iterator); }
using References = std::unique_ptr<git_reference_iterator, Deleter<free_references>>;

bool is_zero(std::string_view id) {
  return !id.empty() && id.find_first_not_of('0') == std::string_view::npos;
}

Result<git_oid> parse_id(std::string_view id) {
  git_oid oid{};
  if (id.size() != kEmptyTree.size() || git_oid_fromstrn(&oid, id.data(), id.size()) != 0) {
    return fail(Errc::malformed, cat("\"", printable(id, 60), "\" is no id of an object"));
  }
  return oid;
}

ObjectId empty_tree() {
  git_oid oid{};
  (void)git_oid_fromstrn(&oid, kEmptyTree.data(), kEmptyTree.size());
  return id_of(oid);
}

// The commit that an object is or, as a tag, leads to; none: it leads to no commit.
Result<std::optional<ObjectId>> commit_of(const Handle& handle, std::string_view id) {
  SLUICE_TRY(const git_oid oid, parse_id(id));
  git_object* found = nullptr;
  const int code = git_object_lookup(&found, handle.repository.get(), &oid, GIT_OBJECT_ANY);
  if (code != 0) return fail(missing_object(handle, code, cat("cannot read object ", id)));
  const Object object(found);
  git_object* peeled = nullptr;
  if (git_object_peel(&peeled, found, GIT_OBJECT_COMMIT) != 0) return std::nullopt;
  const Object commit(peeled);
  return id_of(*git_object_id(peeled));
}

// Commits that the references with this beginning lead to, each once.
Result<std::vector<ObjectId>> commits_below(const Handle& handle, const std::string& prefix) {
  git_reference_iterator* raw = nullptr;
  const int code = git_reference_iterator_new(&raw, handle.repository.get());
  if (code != 0) return fail(libgit2_error(code, "cannot list the branches"));
  const References iterator(raw);
  std::vector<ObjectId> out;
  const char* name = nullptr;
  while (git_reference_next_name(&name, raw) == 0) {
    if (!std::string_view(name).starts_with(prefix)) continue;
    if (const auto found = candidate(handle, name, "")) out.push_back(found->id);
    if (out.size() > kMostBranches) {
      return fail(Errc::limit, cat("more than ", kMostBranches, " branches of remotes"));
    }
  }
  std::ranges::sort(out);
  const auto rest = std::ranges::unique(out);
  out.erase(rest.begin(), rest.end());
  return out;
}

Result<std::vector<ObjectId>> known_commits(const Handle& handle, std::string_view remote) {
  SLUICE_TRY(auto own, commits_below(handle, cat("refs/remotes/", remote, "/")));
  if (!own.empty()) return own;
  SLUICE_TRY(auto all, commits_below(handle, "refs/remotes/"));
  if (!all.empty()) return all;
  return fail(Error{Errc::not_found,
                    "no branch of the remote is known here: there is nothing to compare with",
                    {},
                    "git fetch, if there is something on the other side"});
}

// What none of the remote's branches has.
Result<Range> beyond(const Handle& handle, const ObjectId& head, std::string_view remote) {
  SLUICE_TRY(const auto known, known_commits(handle, remote));
  SLUICE_TRY(const MergeBase base, merge_base(handle, head, known));
  Range range{.head = head, .origin = "what the remote does not have"};
  if (base.count > 0) {
    range.base = base.id;
    range.base_name = base.id.brief();
    return range;
  }
  if (!handle.cut.empty()) {
    return fail(Error{Errc::not_found,
                      "the branch and the remote have no common ancestor in what this shallow "
                      "clone holds",
                      {},
                      "git fetch --unshallow"});
  }
  range.base = empty_tree();
  range.base_name = "the empty tree";
  range.compare = Compare::trees;
  return range;
}

// Where the other side's commit is here and has a common ancestor with ours.
std::optional<Push> against_remote(const Handle& handle, const ObjectId& head,
                                   std::string_view remote_id) {
  const auto there = commit_of(handle, remote_id);
  if (!there || !*there) return std::nullopt;
  const ObjectId base = **there;
  const auto found = merge_base(handle, base, head);
  if (!found || found->count == 0) return std::nullopt;
  Range range{.base = base, .head = head, .base_name = base.brief(), .origin = "on the remote"};
  if (found->id == base) return Push{PushKind::forwarded, std::move(range)};
  if (found->id != head) return std::nullopt;
  range.compare = Compare::trees;
  return Push{PushKind::taken_back, std::move(range)};
}

}  // namespace

Result<Push> Repository::push(const PushedRef& ref, std::string_view remote) const {
  if (is_zero(ref.local_id)) return Push{PushKind::deleted};
  SLUICE_TRY(const auto head, commit_of(*handle_, ref.local_id));
  if (!head) return Push{PushKind::other};
  const bool is_new = is_zero(ref.remote_id);
  auto out = is_new ? std::nullopt : against_remote(*handle_, *head, ref.remote_id);
  if (!out) {
    SLUICE_TRY(auto range, beyond(*handle_, *head, remote));
    out = Push{is_new ? PushKind::created : PushKind::rewritten, std::move(range)};
  }
  out->range->head_name = head->brief();
  return *std::move(out);
}

std::optional<ObjectId> Repository::default_branch(std::string_view remote) const {
  auto found = default_branch_of(*handle_, remote);
  if (!found) found = default_branch_of(*handle_, remote_name(*handle_, std::nullopt));
  if (!found) return std::nullopt;
  return found->id;
}

}  // namespace sluice::git
