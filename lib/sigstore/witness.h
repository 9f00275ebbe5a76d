// SPDX-License-Identifier: Apache-2.0
// Witnesses: who else saw this checkpoint, and whether that is enough (C2SP tlog-cosignature,
// tlog-policy). Cosignatures of Ed25519; those of ML-DSA are Errc::unsupported in a policy, and
// left alone in a checkpoint.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "sigstore/checkpoint.h"

namespace sluice::sigstore {

inline constexpr std::size_t kPolicyBytes = 256U << 10;
inline constexpr std::size_t kPolicyEntries = 64;  // logs, witnesses, groups: of each

struct PolicyLog {
  NoteKey key;
  std::string url;  // may be empty; not looked into
};

struct Witness {
  std::string name;  // the policy's own; the name that it signs with is key.name
  NoteKey key;
  std::string url;
};

// A witness, or a group of them that is defined further up.
struct PolicyMember {
  bool is_group = false;
  std::size_t index = 0;
};

struct WitnessGroup {
  std::string name;
  std::size_t threshold = 1;  // of members, at least one
  std::vector<PolicyMember> members;
};

// Only parse_witness_policy() makes one that can be relied upon: each key there once, each name
// once and in one group at most, so that no witness counts twice.
struct WitnessPolicy {
  std::vector<PolicyLog> logs;  // may be empty: the trust root says which logs there are
  std::vector<Witness> witnesses;
  std::vector<WitnessGroup> groups;
  std::optional<PolicyMember> quorum;  // none: "quorum none", no witness is asked for
};

// Lines: "log VKEY [URL]", "witness NAME VKEY [URL]", "group NAME any|all|K NAME...", once
// "quorum NAME|none", and comments that begin with "#". Errors name the line. Refuses unknown
// words, names that are not defined further up, names and keys that come twice, members of two
// groups, K out of range, key ids that are not the key's, control characters but tab, a last line
// without its newline.
[[nodiscard]] Result<WitnessPolicy> parse_witness_policy(std::string_view text);

struct WitnessFinding {
  std::string name;  // the policy's
  NoteMatch match = NoteMatch::absent;
  std::optional<Time> time;  // where it signed: when it says that it saw the log so
};

struct WitnessJudgement {
  bool met = false;                      // the quorum; "quorum none" is always met
  std::vector<WitnessFinding> findings;  // each witness of the policy, in its order
  std::string expected;                  // "2 of (a, b, c)": for people, safe to show
  std::string found;                     // "a at 2026-…, b with a wrong signature, c not at all"
};

// Which witnesses of the policy cosigned this checkpoint, and do they make up its quorum? The logs
// of the policy are not asked about: that is checkpoint_log(). A cosignature that is there but
// wrong never counts; nor does one of a time after the year 9999. Other times are only told.
[[nodiscard]] Result<WitnessJudgement> judge(const WitnessPolicy& policy,
                                             const Checkpoint& checkpoint);

// The log of the policy that signed this checkpoint, by its name, its key id and the origin line:
// its place among policy.logs. absent: none of them did; no: a line is one of theirs, and wrong.
struct PolicyLogFinding {
  NoteMatch match = NoteMatch::absent;
  std::optional<std::size_t> log;
};
[[nodiscard]] Result<PolicyLogFinding> checkpoint_log(const WitnessPolicy& policy,
                                                      const Checkpoint& checkpoint);

// One witness by its key: yes with the time, no where any of its lines is wrong.
[[nodiscard]] Result<WitnessFinding> verify_cosignature(const Note& note, const NoteKey& witness);

}  // namespace sluice::sigstore
