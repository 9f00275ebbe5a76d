// SPDX-License-Identifier: Apache-2.0
// One look at a log: tell what is new, then keep how far that was. In this order, so that a look
// that is cut off at any moment says a thing twice rather than never.
#pragma once

#include <functional>

#include "sigstore/monitor.h"

namespace sluice::sigstore {

// The state in its file, which one watcher has at a time: FILE.lock says so.
class LogStateFile {
 public:
  // Errc::timeout where another watcher has it.
  [[nodiscard]] static Result<LogStateFile> open(Files& files, Path path);
  // Nothing where there is no such file yet.
  [[nodiscard]] Result<std::optional<LogState>> read();
  // Replaces the file, unless it holds that already.
  [[nodiscard]] Result<void> keep(const std::optional<LogState>& state);
  // Beside the state, under a name that both checkpoints make up: the same is stored once.
  [[nodiscard]] Result<Path> store_evidence(const LogAlert& alert, std::string_view content);

 private:
  LogStateFile(Files& files, Path path, std::unique_ptr<FileLock> lock)
      : files_(files), path_(std::move(path)), lock_(std::move(lock)) {}
  Files& files_;
  Path path_;
  std::unique_ptr<FileLock> lock_;
  std::string kept_;  // what the file holds
};

struct Look {
  std::optional<LogAlert> alert = {};  // then the state is as it was
  std::uint64_t size = 0;              // of the log's tree
  std::uint64_t first = 0;             // entries that were looked at: from here
  std::uint64_t end = 0;               // to before here
  bool began = false;                  // at the present head: what is older was not looked at
};

// tell: an Error of it ends the look, and what it was told will be told again. progress: after each
// round, how far of how many.
struct LookListener {
  std::function<Result<void>(const EntryFinding&)> tell;
  std::function<void(std::uint64_t end, std::uint64_t size)> progress = {};
};
[[nodiscard]] Result<Look> look_at_log(Monitor& monitor, LogStateFile& file, Begin begin,
                                       const LookListener& listener);

}  // namespace sluice::sigstore
