// SPDX-License-Identifier: Apache-2.0
#include "sigstore/witness.h"

#include <algorithm>

#include "base/text.h"

namespace sluice::sigstore {

namespace {

constexpr std::size_t kTimestampSize = 8;
constexpr std::size_t kEd25519SignatureSize = 64;
constexpr std::uint64_t kTimeMost = 253402300799;  // the last second of the year 9999
constexpr std::size_t kWitnessShown = 60;          // bytes of a name

// The time of one cosignature, none where it does not hold.
Result<std::optional<Time>> check_cosignature(const Note& note, const NoteKey& witness,
                                              ByteView signature) {
  Reader reader(signature);
  if (signature.size() != kTimestampSize + kEd25519SignatureSize) return std::nullopt;
  SLUICE_TRY(const auto seconds, reader.big_endian(kTimestampSize));
  SLUICE_TRY(const auto bytes, reader.take(kEd25519SignatureSize));
  if (seconds > kTimeMost) return std::nullopt;
  const std::string signed_text = cat("cosignature/v1\ntime ", seconds, "\n", note.text);
  SLUICE_TRY(const auto message, crypto::Message::of(witness.scheme, bytes_of(signed_text)));
  SLUICE_TRY(const auto match, crypto::verify(witness.key, message, bytes));
  if (match == crypto::Match::no) return std::nullopt;
  return Time(std::chrono::seconds(seconds));
}

const std::string& name_of(const WitnessPolicy& policy, const PolicyMember& member) {
  return member.is_group ? policy.groups.at(member.index).name
                         : policy.witnesses.at(member.index).name;
}

// "a", "all of (a, b)", "2 of (a, b, one of (c, d))".
std::string shown_rule(const WitnessPolicy& policy, const PolicyMember& member) {
  if (!member.is_group) return printable(name_of(policy, member), kWitnessShown);
  const WitnessGroup& group = policy.groups.at(member.index);
  std::vector<std::string> members;
  for (const auto& one : group.members) members.push_back(shown_rule(policy, one));
  if (members.size() == 1) return members.front();
  const std::string how = group.threshold == members.size() ? "all"
                          : group.threshold == 1            ? "one"
                                                            : cat(group.threshold);
  return cat(how, " of (", join(members, ", "), ")");
}

std::string shown_finding(const WitnessFinding& finding) {
  const std::string name = printable(finding.name, kWitnessShown);
  switch (finding.match) {
    case NoteMatch::yes:
      return cat(name, " at ", finding.time ? rfc3339(*finding.time) : "no time");
    case NoteMatch::no:
      return cat(name, " with a wrong signature");
    case NoteMatch::absent:
      break;
  }
  return cat(name, " not at all");
}

bool is_quorum_met(const WitnessPolicy& policy, const std::vector<WitnessFinding>& findings) {
  if (!policy.quorum) return true;
  std::vector<bool> met;  // by group: members are defined before their group
  const auto holds = [&](const PolicyMember& one) {
    return one.is_group ? met.at(one.index) : findings.at(one.index).match == NoteMatch::yes;
  };
  for (const auto& group : policy.groups) {
    const auto holding = std::ranges::count_if(group.members, holds);
    met.push_back(static_cast<std::size_t>(holding) >= group.threshold);
  }
  return holds(*policy.quorum);
}

}  // namespace

Result<WitnessFinding> verify_cosignature(const Note& note, const NoteKey& witness) {
  WitnessFinding out{.name = witness.name, .match = NoteMatch::absent, .time = {}};
  for (const auto& one : note.signatures) {
    if (one.key_id != witness.id || one.name != witness.name) continue;
    SLUICE_TRY(const auto time, check_cosignature(note, witness, one.bytes));
    if (!time) return WitnessFinding{.name = witness.name, .match = NoteMatch::no, .time = {}};
    out.match = NoteMatch::yes;
    out.time = std::max(out.time, time);
  }
  return out;
}

Result<WitnessJudgement> judge(const WitnessPolicy& policy, const Checkpoint& checkpoint) {
  WitnessJudgement out;
  std::vector<std::string> found;
  for (const auto& witness : policy.witnesses) {
    SLUICE_TRY(auto finding, verify_cosignature(checkpoint, witness.key));
    finding.name = witness.name;
    found.push_back(shown_finding(finding));
    out.findings.push_back(std::move(finding));
  }
  out.met = is_quorum_met(policy, out.findings);
  out.expected = policy.quorum ? shown_rule(policy, *policy.quorum) : "no witness";
  out.found = found.empty() ? "no witness is known" : join(found, ", ");
  return out;
}

Result<PolicyLogFinding> checkpoint_log(const WitnessPolicy& policy, const Checkpoint& checkpoint) {
  PolicyLogFinding out;
  for (std::size_t at = 0; at < policy.logs.size(); ++at) {
    const NoteKey& key = policy.logs[at].key;
    if (origin_name(checkpoint.origin) != key.name) continue;
    SLUICE_TRY(const auto match, verify_checkpoint(checkpoint, LogKey{.names = {key.name},
                                                                      .id = key.id,
                                                                      .key = key.key,
                                                                      .scheme = key.scheme}));
    if (match == LogMatch::no) return PolicyLogFinding{.match = NoteMatch::no, .log = at};
    if (match == LogMatch::yes && !out.log) out = {.match = NoteMatch::yes, .log = at};
  }
  return out;
}

}  // namespace sluice::sigstore
