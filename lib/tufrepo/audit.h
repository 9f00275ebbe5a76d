// SPDX-License-Identifier: Apache-2.0
// A repository as a client sees it, all of it: every role, every version that is reachable, and
// what will be a problem before it is one.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/verdict.h"
#include "tuf/trusted_set.h"

namespace sluice::tuf {

// A file below metadata/; nothing where there is none.
using ReadMetadata =
    std::function<Result<std::optional<std::string>>(const std::string& name, std::size_t max)>;

// Ids are stable: expires-soon, size, key-shared, key-unusable, threshold,
// no-spare-key, consistent-snapshot, and where targets are looked at, names.
struct AuditWarning {
  std::string id;
  RoleName role{""};
  std::string what;
  std::string advice;
};

struct AuditedRole {
  RoleName role{""};
  Version version = 0;
  Time expires{};
  std::size_t bytes = 0;
  std::size_t targets = 0;
};

struct AuditOptions {
  Time now{};
  std::optional<std::string> root = {};  // to begin with; otherwise the first that there is
  // Less than this is left: a warning. None: 14 days; a day of snapshot, 4 hours of timestamp.
  std::optional<std::chrono::seconds> warn_within = {};
  ForeignKeys foreign = {};
  // Of each target, with the role that lists it; what it answers is what is wrong with it.
  std::function<Result<std::optional<std::string>>(const TargetFile& target)> check_target = {};
};

struct Audit {
  Report report;
  std::vector<AuditWarning> warnings;
  std::vector<AuditedRole> roles;
  std::size_t targets = 0;
};
[[nodiscard]] Result<Audit> audit(const ReadMetadata& read, const AuditOptions& options);

}  // namespace sluice::tuf
