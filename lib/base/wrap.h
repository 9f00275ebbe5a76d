// SPDX-License-Identifier: Apache-2.0
// Runs another program as if this one were not there: its streams are this process's, signals sent
// to this process reach it, it has no time limit. What it prints can be kept besides, within a
// bound.
//
// The program stays in the group of processes that it would be in, so a terminal treats it as it
// would: what the terminal sends (Ctrl-C) reaches it by itself, and is not sent a second time.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/files.h"

namespace sluice {

struct WrapRequest {
  std::vector<std::string> command;  // program (searched in PATH) and arguments
  std::optional<Path> folder = {};   // that it runs in
  std::vector<std::string> without;  // variables of the environment that it does not get
  // Bytes of each stream that are kept: the first half and the last. None: the program gets the
  // very streams of this process, terminals included.
  std::optional<std::size_t> keep = {};
  std::optional<std::chrono::seconds> timeout = {};  // after which it is killed; none: never
};

struct KeptStream {
  std::string text;         // all of it, or its beginning and its end with a line between them
  std::uint64_t bytes = 0;  // that were printed
  bool whole = true;
};

struct WrapResult {
  int exit_code = 0;               // 128 + n where signal n ended it
  std::optional<int> signal = {};  // n
  KeptStream out;
  KeptStream err;
};

// What a shell returns for a program that cannot be started.
inline constexpr int kNoSuchProgram = 127;
inline constexpr int kNotExecutable = 126;

// Errc::timeout: it was killed. Errc::not_found: no such program; Errc::denied: it cannot be
// executed. A stream that nobody reads any more is closed to the program, too. Programs that it
// left running in the background keep theirs until they print something.
[[nodiscard]] Result<WrapResult> run_wrapped(const WrapRequest& request);

}  // namespace sluice
