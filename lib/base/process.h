// SPDX-License-Identifier: Apache-2.0
// Runs another program with bounds: no shell, its own environment, limited output and time.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/files.h"
#include "base/result.h"

namespace sluice {

struct ProcessRequest {
  std::vector<std::string> command;  // program (searched in PATH) and arguments
  std::string input = {};            // given on standard input
  // The child's whole environment; none: the parent's.
  std::optional<std::vector<std::pair<std::string, std::string>>> environment = {};
  std::optional<Path> folder = {};
  std::size_t max_output = 1U << 20;  // of each stream; more is read, counted and dropped
  std::chrono::milliseconds timeout{60'000};
};

struct ProcessResult {
  int exit_code = 0;  // 128 + n where signal n ended it
  std::string out;
  std::string err;
  bool truncated = false;  // a stream was longer than max_output
};

class Processes {
 public:
  virtual ~Processes() = default;
  // Errc::not_found: no such program. Errc::timeout: it ran too long and was killed with its group.
  [[nodiscard]] virtual Result<ProcessResult> run(const ProcessRequest& request) = 0;
};

Processes& system_processes();

}  // namespace sluice
