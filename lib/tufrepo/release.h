// SPDX-License-Identifier: Apache-2.0
// From a proposal to what is published: signed online where the policy says so, listed in a new
// snapshot, vouched for by a new timestamp, and accepted by our own client — one that has the
// present repository, and one that is new — before anything is written.
#pragma once

#include <string>
#include <vector>

#include "base/verdict.h"
#include "tufrepo/due.h"
#include "tufrepo/proposal.h"
#include "tufrepo/publish.h"
#include "tufrepo/role_signing.h"

namespace sluice::tuf {

struct ReleasedRole {
  RoleName role{""};
  Version from = 0;
  Version to = 0;
  Time expires{};
};
struct Release {
  Publication publication;
  std::vector<ReleasedRole> roles;   // timestamp last
  std::vector<RoleName> staged_for;  // snapshot or timestamp, which people sign here: now they can
  std::vector<RoleName> left_over;   // staged, and published already
  // Of what is due, what online keys cannot renew; where targets expired and is not part of it,
  // that.
  std::vector<Waiting> waiting;
  std::string warning;  // the clock is behind what is published, it seems
  bool nothing_to_do = false;
};

struct ReleaseOptions {
  Time now{};
  // refresh-online: only what is due. The repository looks at no staging, and nothing is staged.
  // Whatever online keys can renew is renewed, the rest is told as waiting.
  bool renew_only = false;
  bool unsaved = false;       // what is proposed is in memory only, and nobody can sign it there
  bool force = false;         // a new timestamp even where nothing is due
  bool list_targets = false;  // publication.targets, from targets/
  bool read_targets = false;  // files of targets that are proposed are read, and compared
  PublishedCheck* published = nullptr;  // that was begun already
  Store* store = nullptr;               // that will be asked to publish it
  bool look_for_targets = false;        // what lists a new target without its file there is refused
};
// A verdict that did not pass says what is missing or wrong.
[[nodiscard]] Result<Verdict<Release>> prepare_release(Repository& repository,
                                                       const OnlineSigners& signers,
                                                       const ReleaseOptions& options);
// What was proposed and is published now is taken out of the staging area.
[[nodiscard]] Result<void> finish_release(Repository& repository, const Release& release);

}  // namespace sluice::tuf
