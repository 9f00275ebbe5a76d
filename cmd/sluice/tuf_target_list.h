// SPDX-License-Identifier: Apache-2.0
// Lists of targets, one a line: those to add, and those to remove.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "invocation.h"
#include "tufrepo/edit.h"

namespace sluice::cli {

inline constexpr std::size_t kMaxTargetLine = 1U << 20;

// One target on its way in: what it is, and where it comes from.
struct IncomingTarget {
  tuf::NewTarget target;
  Path file = {};        // none: only listed
  std::size_t line = 0;  // of the list; 0: it was named otherwise
};

// Which line each target came from, in little memory where most lines have one.
class TargetLines {
 public:
  void add(std::size_t target, std::size_t line);  // in the order of both, from 0 and from 1
  void append(const TargetLines& other, std::size_t targets_before, std::size_t lines_before);
  std::size_t line_of(std::size_t target) const;

 private:
  struct Mark {
    std::size_t target;
    std::size_t line;
  };
  std::vector<Mark> marks_;  // where the two do not go on side by side
};

// Some of a list, in their order but for this: those without a file are ready.
struct TakenTargets {
  tuf::TargetBatch::Ready ready;
  TargetLines lines;  // of those that are ready, from the first that was read here
  std::vector<IncomingTarget> with_file;
  std::size_t lines_before = 0;
  std::size_t lines_read = 0;
};

// What the options say is added to each, on any thread; one without a file is ready then.
using CompleteTarget = std::function<Result<void>(IncomingTarget&, tuf::TargetBatch::Ready&)>;
using UseTargets = std::function<Result<void>(TakenTargets)>;

// A file name a line, or {"path":…, "file":…, "length":…, "hashes":{…}, "custom":{…}}; "-" is
// standard input. Read on all cores, and handed on in the order of the list.
[[nodiscard]] Result<void> read_target_list(Invocation& in, const std::string& from,
                                            const CompleteTarget& complete, const UseTargets& use);

// The paths of targets: one a line, or such an object's.
[[nodiscard]] Result<std::vector<std::string>> read_target_names(Invocation& in,
                                                                 const std::string& from);

}  // namespace sluice::cli
