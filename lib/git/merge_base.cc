// SPDX-License-Identifier: Apache-2.0
// The best common ancestor. Written here because libgit2 1.5 fails in shallow clones as soon as it
// meets a commit whose parents were left out, which is what CI checks out.
#include <git2.h>

#include <map>
#include <queue>

#include "base/text.h"
#include "git/handle.h"

namespace sluice::git {

namespace {

constexpr unsigned kOfOne = 1;
constexpr unsigned kOfTwo = 2;
constexpr unsigned kBelow = 4;
constexpr unsigned kOfBoth = kOfOne | kOfTwo;

struct Node {
  ObjectId id;
  unsigned marks = 0;
  bool queued = false;
  bool candidate = false;  // common to both, and not below another one when it was reached
  std::int64_t time = 0;
  std::vector<ObjectId> parents;

  bool below() const { return (marks & kBelow) != 0; }
};

class AncestorWalk {
 public:
  explicit AncestorWalk(const Handle& handle) : handle_(handle) {}

  Result<MergeBase> run(const ObjectId& one, std::span<const ObjectId> others) && {
    SLUICE_CHECK(mark(one, kOfOne));
    for (const ObjectId& other : others) SLUICE_CHECK(mark(other, kOfTwo));
    while (!queue_.empty() && must_go_on()) SLUICE_CHECK(step());
    return best();
  }

 private:
  // As long as something waits that is not below a common ancestor: then every best one is among
  // the candidates, whatever the clocks of the committers said. Which of several are below another
  // takes the rest of the history, or until one is left.
  bool must_go_on() const { return fresh_ > 0 || open_ > 1; }

  Result<void> step() {
    Node& node = *queue_.top();
    queue_.pop();
    node.queued = false;
    if (!node.below()) --fresh_;
    const bool common = (node.marks & kOfBoth) == kOfBoth;
    if (common && !node.below() && !node.candidate) {
      node.candidate = true;
      ++open_;
      candidates_.push_back(&node);
    }
    const unsigned down = common ? kOfBoth | kBelow : node.marks;
    for (const auto& parent : node.parents) SLUICE_CHECK(mark(parent, down));
    return {};
  }

  Result<void> mark(const ObjectId& id, unsigned marks) {
    const auto [at, is_new] = nodes_.try_emplace(id);
    Node& node = at->second;
    if (is_new) {
      SLUICE_TRY(node, read(id));
    }
    if ((node.marks & marks) == marks) return {};
    const bool was_fresh = node.queued && !node.below();
    const bool was_open = node.candidate && !node.below();
    node.marks |= marks;
    if (was_open && node.below()) --open_;
    if (!node.queued) queue_.push(&node);
    node.queued = true;
    const bool is_fresh = !node.below();
    if (is_fresh && !was_fresh) ++fresh_;
    if (was_fresh && !is_fresh) --fresh_;
    return {};
  }

  Result<Node> read(const ObjectId& id) const {
    if (nodes_.size() > handle_.limits.commits) {
      return fail(Errc::limit, cat("no common ancestor among ", handle_.limits.commits,
                                   " commits; they were not searched further"));
    }
    const git_oid oid = oid_of(id);
    git_commit* found = nullptr;
    const int code = git_commit_lookup(&found, handle_.repository.get(), &oid);
    if (code != 0) return fail(missing_object(handle_, code, cat("cannot read commit ", id.hex())));
    const Commit commit(found);
    Node node;
    node.id = id;
    node.time = git_commit_time(found);
    if (handle_.cut.contains(id)) return node;
    for (unsigned i = 0; i < git_commit_parentcount(found); ++i) {
      node.parents.push_back(id_of(*git_commit_parent_id(found, i)));
    }
    return node;
  }

  MergeBase best() const {
    MergeBase best;
    std::int64_t newest = 0;
    for (const Node* node : candidates_) {
      if (node->below()) continue;
      if (best.count++ == 0 || node->time > newest) best.id = node->id, newest = node->time;
    }
    return best;
  }

  // Newest first: so a commit has usually been reached from all its children when it is looked at.
  struct Older {
    bool operator()(const Node* one, const Node* two) const { return one->time < two->time; }
  };

  const Handle& handle_;
  std::map<ObjectId, Node> nodes_;  // a map: addresses stay
  std::priority_queue<Node*, std::vector<Node*>, Older> queue_;
  std::size_t fresh_ = 0;  // in the queue and not below a common ancestor
  std::vector<const Node*> candidates_;
  std::size_t open_ = 0;  // candidates that are not below another, as far as is known
};

}  // namespace

Result<MergeBase> merge_base(const Handle& handle, const ObjectId& one, const ObjectId& two) {
  return AncestorWalk(handle).run(one, {&two, 1});
}

Result<MergeBase> merge_base(const Handle& handle, const ObjectId& one,
                             std::span<const ObjectId> others) {
  return AncestorWalk(handle).run(one, others);
}

}  // namespace sluice::git
