// SPDX-License-Identifier: Apache-2.0
// The risk of one range of a repository, as people and tools read it.
#pragma once

#include <string>
#include <vector>

#include "git/repository.h"
#include "json/value.h"
#include "risk/seed.h"

namespace sluice::risk {

// Something that the reader should know and that changes no number. Ids are stable.
struct Note {
  std::string id;    // "shallow-clone", "several-merge-bases", "renames-incomplete"
  std::string text;  // one clause
};

struct Analysis {
  git::Range range;
  git::Changes changes;  // a renamed path counts once, under its new name
  PathModel model;
  Assessment assessment;
  std::vector<Note> notes;

  const std::string& advice() const;
};

[[nodiscard]] Result<Analysis> analyse(const git::Repository& repository, git::Range range,
                                       const PathScorer& scorer);

// First the level, then the paths that counted for each rule (the first few), then the advice.
std::string as_text(const Analysis& analysis, bool colour);

// docs/schema/risk.v1.json
json::Value as_json(const Analysis& analysis);

}  // namespace sluice::risk
