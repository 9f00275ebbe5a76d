// SPDX-License-Identifier: Apache-2.0
// The folder of evidence, watched by a thread of its own: those who answer reviews never touch a
// disk that may hang.
#pragma once

#include <condition_variable>
#include <optional>
#include <thread>

#include "admission/evidence.h"
#include "base/time.h"

namespace sluice::admission {

class EvidenceFolder {
 public:
  // Looks once before it returns, then once a second: at the folder's own times, and at each file
  // where these have moved, were moved a moment ago, or twenty looks have passed.
  EvidenceFolder(Files& files, Clock& clock, Path folder, EvidenceLimits limits = {});
  EvidenceFolder(const EvidenceFolder&) = delete;
  EvidenceFolder& operator=(const EvidenceFolder&) = delete;

  std::shared_ptr<const Evidence> now() const;
  // As it is after a look that began later than this call; or as it was known, where that takes
  // longer.
  std::shared_ptr<const Evidence> look_again(std::chrono::milliseconds longest);
  // Why the folder could not be read the last time. What was read before is still in use.
  std::optional<Error> trouble() const;

 private:
  void watch(const std::stop_token& stop);
  void look();
  bool worth_reading(const FileInfo& folder) const;

  Files& files_;
  Clock& clock_;
  const Path folder_;
  const EvidenceLimits limits_;
  std::optional<FileInfo> seen_;  // the folder, at the last reading
  bool settled_ = false;          // and it had not been changed just before
  unsigned looks_ = 0;            // since then

  mutable std::mutex mutex_;  // of what follows
  std::condition_variable_any wake_;
  std::shared_ptr<const Evidence> evidence_ = std::make_shared<const Evidence>();  // shared with
                                                                                   // its readers
  std::optional<Error> trouble_;
  std::uint64_t asked_ = 0;
  std::uint64_t looked_ = 0;
  std::jthread thread_;  // last: the rest is there before it starts
};

}  // namespace sluice::admission
