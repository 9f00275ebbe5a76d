// SPDX-License-Identifier: Apache-2.0
// What is proposed, who must sign it and why, who has, and what is wrong with it.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tufrepo/difference.h"
#include "tufrepo/repository.h"

namespace sluice::tuf {

class PublishedCheck;

// Something about a proposal that should be put right. Ids are stable:
//   edited      the staged file is not what was proposed
//   outdated    it was made from another version than the one that is published now
//   version     it is not the version that must come next
//   unlisted    nobody delegates to the role
//   threshold   more signatures are asked for than there are different keys
//   expired     it would be expired already
//   unsigned    what is published is not signed for the keys that the proposal brings
//   published   what it is compared with does not hold: metadata/ was changed in this folder
//   format      the file cannot be read
//   form        clients of others refuse it, or a keyid stands for no key of its own: see form.h
//   signature   a signature is over something else, or by a key that the role does not have
//   delegated   two roles delegate to it, one of them as is proposed
//   bins        more of them are delegated to than can be published
//   target      the file of a target that the proposal lists is missing, or is not what is listed;
//               or its path is none
struct Fault {
  std::string id;
  RoleName role{""};
  std::string what;
  std::string advice;
  bool blocks = true;  // nothing is published as long as it is there
};

enum class Vote : std::uint8_t { given, open, wrong, unusable };
std::string_view name(Vote vote);

struct Voter {
  std::string keyid;
  std::string shown;  // "ops-a (ed25519 3b688a2c)"
  Vote vote = Vote::open;
  std::string why = {};  // of a wrong one: what it is over
};

// A set of keys of which so many must sign.
struct Quorum {
  std::string who;  // "the keys of root 6, which is published"
  std::int64_t threshold = 0;
  std::size_t given = 0;
  std::vector<Voter> voters;
  bool complete() const { return static_cast<std::int64_t>(given) >= threshold; }
};

struct ProposedRole {
  RoleName role{""};
  RoleType type = RoleType::targets;
  Version from = 0;
  Version to = 0;
  Time expires{};
  bool online = false;     // publish signs it, with the sources that the policy names
  bool published = false;  // it is what is published by now: left over
  std::vector<Quorum> quorums = {};
  std::vector<Change> changes = {};
  bool complete() const;
};

struct Proposal {
  std::vector<ProposedRole> roles;
  std::vector<Fault> faults;
  // Nothing is wrong, and what is not signed will be signed online.
  bool ready() const;
};

struct ExamineOptions {
  bool changes = true;  // list them, and see whether what they are compared with holds
  bool files = false;   // read the files of targets, too: see examine_files()
  PublishedCheck* published = nullptr;  // that was begun already
  // What the caller has to do anyway, before the end of that check is waited for.
  std::function<void(const std::vector<ProposedRole>& roles)> meanwhile = {};
};
[[nodiscard]] Result<Proposal> examine_proposal(Repository& repository, Time now,
                                                const ExamineOptions& options = {});

// Paths of targets that are no plain relative ones: metadata that was edited by hand has them.
[[nodiscard]] Result<std::vector<Fault>> examine_paths(Repository& repository);
// Where targets are kept here: the files of those that the proposal lists and the published version
// does not. Every one is read.
[[nodiscard]] Result<std::vector<Fault>> examine_files(Repository& repository);

// The keys that must sign a role: root's of before and after, else those of whoever speaks for it,
// as staged where that is staged.
struct Signatories {
  std::string who;
  Keys keys;
  RoleKeys role;
};
[[nodiscard]] Result<std::vector<Signatories>> signatories_of(Repository& repository,
                                                              const RoleName& role);
// Which targets role delegates to the role. Errc::not_found where none does.
[[nodiscard]] Result<RoleName> delegator_of(Repository& repository, const RoleName& role);
// To whom a role delegates anew, as staged, that another one delegates to as well: with that one.
struct DelegatedTwice {
  RoleName role;
  RoleName other;
};
[[nodiscard]] Result<std::vector<DelegatedTwice>> delegated_elsewhere(Repository& repository,
                                                                      const RoleName& role);
// Who of them signed the draft, with signatures in it or beside it.
[[nodiscard]] Result<Quorum> count_votes(const Draft& draft, const Signatories& signatories,
                                         const std::vector<StagedSignature>& beside,
                                         const KeyNames& names);
// Keys that differ in their material and that a signature can count for.
std::size_t different_keys(const Keys& keys, const std::vector<std::string>& keyids);

}  // namespace sluice::tuf
