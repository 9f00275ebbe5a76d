// SPDX-License-Identifier: Apache-2.0
#include "tufrepo/published_check.h"

#include <algorithm>
#include <atomic>
#include <deque>
#include <set>
#include <system_error>

#include "base/helper.h"
#include "base/text.h"
#include "tuf/limits.h"
#include "tuf/names.h"
#include "tufrepo/publish.h"
#include "tufrepo/role_list.h"
#include "tufrepo/store.h"

namespace sluice::tuf {

namespace {

constexpr std::size_t kMaxRolesOnTheWay = 4'096;
constexpr std::size_t kLeavesKept = 64;
constexpr std::size_t kWorthAThread = 256U << 10;

template <class T>
bool refused(const Verdict<T>& verdict, std::string& problem) {
  if (verdict.passed()) return false;
  const auto* row = verdict.report().first_failure();
  problem = row == nullptr ? "it was refused" : row->detail;
  return true;
}

}  // namespace

// Keys that are not ours to check may ask for more than bytes: as long as another thread works,
// they are not handed out, and that somebody asked for one is noted.
struct PublishedCheck::Gate {
  ForeignKeys foreign;
  std::atomic<bool> open = false;
  std::atomic<bool> asked = false;

  std::shared_ptr<const crypto::SignatureVerifier> operator()(const ForeignKey& key) {
    if (!foreign) return nullptr;
    if (open) return foreign(key);
    asked = true;
    return nullptr;
  }
};

// To the other thread.
struct PublishedCheck::Promises {
  std::promise<Document> document;
  std::promise<std::optional<OpenedSnapshot>> opened;
};

// What is under way in another thread, which has ended when this is gone.
struct PublishedCheck::Ahead {
  Files files;
  std::shared_ptr<Gate> gate;  // shared with the keys in what was found
  std::optional<Helper<Top>> top;
};

PublishedCheck::PublishedCheck(Repository& repository) : repository_(repository) {}
PublishedCheck::~PublishedCheck() = default;

Result<PublishedCheck::Files> PublishedCheck::read() {
  Files out;
  const RoleName root("root");
  SLUICE_TRY(const auto last, repository_.version_of(root));
  Version version = last;
  while (version > 1 &&
         repository_.files().info(repository_.metadata_folder() / role_url(root, version - 1))) {
    --version;
  }
  for (; version <= last; ++version) {
    SLUICE_TRY(out.roots.emplace_back(), repository_.published_file(root, version));
  }
  SLUICE_TRY(const auto stamped, repository_.version_of(RoleName("timestamp")));
  if (stamped == 0) return out;
  SLUICE_TRY(out.timestamp, repository_.published_file(RoleName("timestamp"), 0));
  return out;
}

PublishedCheck::Top PublishedCheck::judge(const Files& files, const ForeignKeys& foreign,
                                          const std::function<SnapshotAtHand()>& snapshot) {
  Top out;
  if (files.roots.empty()) {
    out.root_problem = out.problem = "there is no root";
    return out;
  }
  // At the epoch nothing has expired.
  auto begun =
      TrustedSet::start(files.roots.front(), {.now = Time{}, .foreign = foreign, .threads = 1});
  if (!refused(begun, out.root_problem)) {
    out.set = *begun.value();
    bool good = true;
    for (std::size_t i = 1; good && i < files.roots.size(); ++i) {
      good = !refused(out.set->update_root(files.roots[i]), out.root_problem);
    }
    if (good) (void)refused(out.set->finish_root(), out.root_problem);
  }
  out.problem = out.root_problem;
  if (!out.problem.empty() || files.timestamp.empty()) return out;
  if (refused(out.set->update_timestamp(files.timestamp, Origin::repository), out.problem)) {
    return out;
  }
  const auto [document, read] = snapshot();
  if (document == nullptr) {
    out.problem = "there is no snapshot";
    return out;
  }
  (void)refused(out.set->update_snapshot(document, Origin::repository, read), out.problem);
  return out;
}

Result<bool> PublishedCheck::worth_a_thread() {
  const RoleName snapshot("snapshot");
  SLUICE_TRY(const auto version, repository_.version_of(snapshot));
  if (version == 0) return false;
  const auto info =
      repository_.files().info(repository_.metadata_folder() / role_url(snapshot, version));
  return info && info->size >= kWorthAThread;
}

Result<void> PublishedCheck::begin() {
  SLUICE_TRY(const bool large, worth_a_thread());
  if (started_ || ahead_ || !large) return {};
  SLUICE_TRY(auto files, read());
  auto gate = std::make_shared<Gate>();
  gate->foreign = repository_.foreign();
  ahead_ = std::make_unique<Ahead>(Ahead{std::move(files), gate, {}});
  Promises promises;
  const auto work = [&ahead = ahead_->files, gate,
                     document = promises.document.get_future().share(),
                     opened = promises.opened.get_future().share()] {
    return judge(
        ahead, [gate](const ForeignKey& key) { return (*gate)(key); },
        [&] { return SnapshotAtHand{document.get(), [&] { return opened.get(); }}; });
  };
  try {
    ahead_->top.emplace(std::packaged_task<Top()>(work));
  } catch (const std::system_error&) {
    ahead_.reset();  // no thread to be had
    return {};
  }
  auto read = read_snapshot(std::move(promises));
  if (!read) ahead_.reset();
  return read;
}

// The promises end here: where one was not kept, nobody waits for it for ever.
Result<void> PublishedCheck::read_snapshot(Promises promises) {
  SLUICE_TRY(const auto document, repository_.published_document(RoleName("snapshot")));
  promises.document.set_value(document);
  if (document == nullptr) return {};
  auto found = open_snapshot(document, Limits{}.stated);
  if (found) repository_.take_over(found->snapshot);
  promises.opened.set_value(std::move(found));
  return {};
}

Result<void> PublishedCheck::start() {
  started_ = true;
  std::optional<Top> top;
  bool stamped = true;
  if (ahead_) {
    top = ahead_->top->get();
    ahead_->gate->open = true;
    if (ahead_->gate->asked || !top->problem.empty()) top.reset();
  }
  if (!top) {
    SLUICE_TRY(const auto files, read());
    SLUICE_TRY(const auto snapshot, repository_.published_document(RoleName("snapshot")));
    stamped = !files.timestamp.empty();
    const auto at_hand = [&] { return SnapshotAtHand{snapshot}; };
    top = judge(files, repository_.foreign(), at_hand);
    if (top->root_problem.empty() && !top->problem.empty() && files.roots.size() > 1) {
      SLUICE_TRY(const bool alone, root_came_alone());
      Files before = files;
      before.roots.pop_back();
      if (alone) top = judge(before, repository_.foreign(), at_hand);
    }
    if (top->set && top->set->snapshot()) repository_.take_over(*top->set->snapshot());
  }
  set_ = std::move(top->set);
  root_problem_ = std::move(top->root_problem);
  problem_ = std::move(top->problem);
  if (!problem_.empty() || !stamped) return {};
  SLUICE_TRY(const auto* found, load(RoleName("targets"), nullptr));
  if (found == nullptr) problem_ = load_problem_;
  return {};
}

Result<bool> PublishedCheck::root_came_alone() const {
  const auto store = folder_store(repository_.files(), repository_.folder());
  SLUICE_TRY(const auto found, state(*store));
  return found.condition == StoreCondition::between;
}

Result<const Targets*> PublishedCheck::load(const RoleName& role, const Targets* delegator) {
  if (const auto* known = set_->targets(role, delegator)) return known;
  SLUICE_TRY(const auto version, repository_.version_of(role));
  if (version == 0) return nullptr;
  SLUICE_TRY(auto bytes, repository_.published_file(role, version));
  if (refused(set_->update_targets(std::move(bytes), role, delegator), load_problem_)) {
    return nullptr;
  }
  return set_->targets(role, delegator);
}

Result<bool> PublishedCheck::holds(const RoleName& role, const Targets* delegator) {
  if (set_->targets(role, delegator) != nullptr) return true;
  if (in_leaves_++ < kLeavesKept) {
    load_problem_ = "it is not published";
    SLUICE_TRY(const auto* found, load(role, delegator));
    return found != nullptr;
  }
  SLUICE_TRY(const auto version, repository_.version_of(role));
  SLUICE_TRY(auto bytes, repository_.published_file(role, version));
  if (in_leaves_ % kLeavesKept == 0 || !leaves_) leaves_ = set_;
  if (leaves_->targets(role, delegator) != nullptr) return true;
  return !refused(leaves_->update_targets(std::move(bytes), role, delegator), load_problem_);
}

Result<PublishedCheck::Answer> PublishedCheck::delegated(const RoleName& role) {
  std::deque<const Targets*> queue{set_->targets(RoleName("targets"), nullptr)};
  std::set<std::string> seen;
  while (!queue.empty()) {
    const Targets* const at = queue.front();
    queue.pop_front();
    if (at == nullptr) continue;
    if (at->delegations().keys_of(role) != nullptr) {
      SLUICE_TRY(const bool good, holds(role, at));
      return good ? Answer{} : Answer{Standing::broken, load_problem_};
    }
    for (const auto& each : roles_to_follow(at->delegations())) {
      if (seen.size() == kMaxRolesOnTheWay || !seen.insert(each.str()).second) continue;
      SLUICE_TRY(queue.emplace_back(), load(each, at));
    }
  }
  return Answer{Standing::nobodys, {}};
}

Result<PublishedCheck::Answer> PublishedCheck::of(const RoleName& role) {
  if (!started_) SLUICE_CHECK(start());
  const std::string& problem = role.str() == "root" ? root_problem_ : problem_;
  if (!problem.empty()) return Answer{Standing::broken, problem};
  if (is_top_level(role.str())) return Answer{};
  return delegated(role);
}

}  // namespace sluice::tuf
