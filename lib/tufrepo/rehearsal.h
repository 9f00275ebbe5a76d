// SPDX-License-Identifier: Apache-2.0
// A publication as clients will see it, before there is any.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/verdict.h"
#include "tufrepo/repository.h"

namespace sluice::tuf {

struct ChangedFile {
  RoleName role{""};
  std::shared_ptr<const Draft> draft;  // shared with what writes it out later
  // As it will be published, and shared with that; of many, made when it is needed.
  Document bytes = {};
  std::optional<Snapshot> read = {};  // of it, if somebody had time: while it was signed, say
  [[nodiscard]] Result<Document> document() const;
};

// Walks our own client's state machine through the new files, once from the present state, as at
// the time `now`: what it refuses is in the report. What expired and is not among the new files is
// told in a publisher's words. Delegated roles that did not change are looked at where whoever
// speaks for them changed its delegations.
[[nodiscard]] Result<void> rehearse(Repository& repository, const std::vector<ChangedFile>& changed,
                                    Time now, Report& report);

}  // namespace sluice::tuf
