// SPDX-License-Identifier: Apache-2.0
// Who may change what is below a repository's folder, and when.
//
// One lock for that: a command holds it from before it reads until it has written, so that of two
// the second builds upon what the first one made. The store in the same folder has its own
// (.sluice-lock, see store.h), as any other place has, for who publishes to it.
#include "base/text.h"
#include "tufrepo/repository.h"

namespace sluice::tuf {

namespace {

constexpr const char* kRepositoryLock = ".sluice-staging.lock";
constexpr std::chrono::seconds kWaitForOthers{10};

}  // namespace

Error Repository::overtaken(std::string_view what) {
  return Error{Errc::denied, cat("somebody else ", what, " in this moment")}.advise(
      "look at it with `sluice tuf status`, and do the same again");
}

Result<std::unique_ptr<FileLock>> Repository::take_lock() const {
  const Path path = folder_ / kRepositoryLock;
  auto lock = files_->lock(path, kWaitForOthers);
  if (lock || lock.error().code != Errc::timeout) return lock;
  return fail(
      Error{Errc::timeout, cat("another command has been changing ", sluice::shown(folder_),
                               " for more than ", kWaitForOthers.count(), " seconds")}
          .advise(cat("wait for it to end, and do the same again; `fuser -v ", sluice::shown(path),
                      "` says which process it is, and the lock goes with that")));
}

Result<std::unique_ptr<FileLock>> Repository::take_turn() const {
  if (overtaken_) return fail(*overtaken_);
  if (lock_) return nullptr;
  return take_lock();
}

Result<void> Repository::hold() {
  SLUICE_TRY(lock_, take_lock());
  return {};
}

// Who goes on must not build upon what is gone. It is remembered, for a caller that can do without
// what it asked for would go on without the lock.
Result<void> Repository::hold_again() {
  const auto again = [&]() -> Result<void> {
    SLUICE_CHECK(hold());
    std::vector<RoleName> roles;
    for (const auto& [role, staged] : staged_) roles.emplace_back(role);
    if (!ignore_staging_) SLUICE_CHECK(check_unchanged(roles));
    return check_published();
  };
  auto done = again();
  if (!done) overtaken_ = done.error();
  return done;
}

// Each publication brings a timestamp.
Result<void> Repository::check_published() {
  const std::string role(name(RoleType::timestamp));
  if (!documents_.contains(role) && !published_.contains(role)) return {};  // it was not read
  SLUICE_TRY(const auto known, published_document(RoleName(role)));
  SLUICE_TRY(const auto now, read_published(cat(role, ".json")));
  if (now ? known && *now == *known : !known) return {};
  return fail(overtaken("published"));
}

}  // namespace sluice::tuf
