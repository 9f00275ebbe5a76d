// SPDX-License-Identifier: Apache-2.0
// Old evidence is good evidence of an old build. What tells it from today's: the run and the commit
// that each link names, its age, and a memory of the highest layout version.
//
// A link names them in its "environment", which is signed with everything else:
//   {"sluice": {"run": "1234", "commit": "<hex>", "finished": "2026-11-20T14:02:11Z"}}
// The time that counts is one that a log or a timestamping service has proven, where there is one;
// the functionary's own word otherwise, and the report says which.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/files.h"
#include "base/verdict.h"
#include "intoto/evidence.h"

namespace sluice::intoto {

inline constexpr std::chrono::minutes kClockSkew{5};  // so far in the future a link may be

struct LinkOrigin {
  std::optional<std::string> run = {};
  std::optional<std::string> commit = {};
  std::optional<Time> finished = {};
};
LinkOrigin origin_of(const Link& link);
void set_origin(Link& link, const LinkOrigin& origin);

// Appends fresh.run, fresh.commit, fresh.age for this link, as far as they are demanded.
void judge_freshness(const Freshness& demanded, const StepLink& link, const std::string& step,
                     Time now, Report& report);

// The highest version of each layout that was accepted, by its name and who owns it: one small file
// each, in a folder.
class VersionMemory {
 public:
  VersionMemory(Files& files, Path folder) : files_(files), folder_(std::move(folder)) {}

  // Appends layout.version: fails for a lower version than one that was accepted.
  [[nodiscard]] Result<void> judge(const Layout& layout, const std::string& owners, Report& report);
  // After everything passed.
  [[nodiscard]] Result<void> accept(const Layout& layout, const std::string& owners);

 private:
  Path file_of(const Layout& layout, const std::string& owners) const;
  [[nodiscard]] Result<std::optional<std::int64_t>> highest(const Path& file);
  Files& files_;
  Path folder_;
};

}  // namespace sluice::intoto
