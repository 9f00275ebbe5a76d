// SPDX-License-Identifier: Apache-2.0
#include "admission/folder.h"

namespace sluice::admission {

namespace {

constexpr std::chrono::milliseconds kEach{1000};
constexpr unsigned kLooksPerReading = 20;
// Times of a file system are coarse: what changed this shortly before a reading could change again
// without a trace.
constexpr std::chrono::seconds kSettling{2};

}  // namespace

EvidenceFolder::EvidenceFolder(Files& files, Clock& clock, Path folder, EvidenceLimits limits)
    : files_(files), clock_(clock), folder_(std::move(folder)), limits_(limits) {
  look();
  thread_ = std::jthread([this](const std::stop_token& stop) { watch(stop); });
}

std::shared_ptr<const Evidence> EvidenceFolder::now() const {
  const std::lock_guard hold(mutex_);
  return evidence_;
}

std::optional<Error> EvidenceFolder::trouble() const {
  const std::lock_guard hold(mutex_);
  return trouble_;
}

std::shared_ptr<const Evidence> EvidenceFolder::look_again(std::chrono::milliseconds longest) {
  std::unique_lock hold(mutex_);
  const auto mine = ++asked_;
  wake_.notify_all();
  wake_.wait_for(hold, longest, [&] { return looked_ >= mine; });
  return evidence_;
}

void EvidenceFolder::watch(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    std::uint64_t asked = 0;
    {
      std::unique_lock hold(mutex_);
      wake_.wait_for(hold, stop, kEach, [&] { return asked_ > looked_; });
      asked = asked_;
    }
    if (stop.stop_requested()) return;
    look();
    {
      const std::lock_guard hold(mutex_);
      looked_ = asked;
    }
    wake_.notify_all();
  }
}

bool EvidenceFolder::worth_reading(const FileInfo& folder) const {
  return !seen_ || !settled_ || looks_ >= kLooksPerReading || seen_->number != folder.number ||
         seen_->changed != folder.changed;
}

void EvidenceFolder::look() {
  ++looks_;
  const auto folder = files_.info(folder_);
  if (folder && !worth_reading(*folder)) return;
  auto found = folder ? scan_evidence(files_, folder_, *now(), limits_)
                      : fail(Error(folder.error()).in("looking at the folder of evidence"));
  const std::lock_guard hold(mutex_);
  if (!found) {
    seen_.reset();
    trouble_ = std::move(found).error();
    return;
  }
  const auto changed = std::chrono::floor<std::chrono::seconds>(
      std::chrono::sys_time<std::chrono::nanoseconds>(std::chrono::nanoseconds(folder->changed)));
  seen_ = *folder;
  settled_ = clock_.now() - changed > kSettling;
  looks_ = 0;
  trouble_.reset();
  evidence_ = std::make_shared<const Evidence>(*std::move(found));
}

}  // namespace sluice::admission
