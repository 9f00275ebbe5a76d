// SPDX-License-Identifier: Apache-2.0
// A provider that asks another one once an hour and remembers the answer on disk.
//
// An entry is known by provider, source, signal, zone, kind of question and the hour of the clock.
// Jobs that start together share one call: the first takes a lock, the others wait for its answer.
// Errors are not kept. A damaged entry is dropped and asked for again. A cache that does not work
// is no error either: every question then goes out.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/environment.h"
#include "base/files.h"
#include "carbon/intensity.h"

namespace sluice::carbon {

// $XDG_CACHE_HOME/sluice/carbon, by default ~/.cache/sluice/carbon; nothing without a home.
std::optional<Path> cache_folder(const Environment& environment);

struct CacheOptions {
  Path folder;
  // For the answer that another job is waiting for; then the question goes out all the same.
  std::chrono::milliseconds wait{35'000};
  // Told what does not work; may be empty.
  std::function<void(const std::string& what)> note = {};
};

// The provider stays the caller's and has to outlive the result. Entries are for their owner alone
// (mode 600).
std::unique_ptr<Provider> cached(Provider& provider, Files& files, CacheOptions options);

}  // namespace sluice::carbon
