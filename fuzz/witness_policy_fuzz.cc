// SPDX-License-Identifier: Apache-2.0
// Witness policies: what is read can be judged by, and an unsigned checkpoint never meets a quorum.
#include <cstdlib>

#include "base/text.h"
#include "sigstore/witness.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice;
  const auto policy = sigstore::parse_witness_policy(text_of(ByteView(data, size)));
  if (!policy) {
    if (policy.error().what != printable(policy.error().what, 1U << 20)) std::abort();
    return 0;
  }
  for (const auto& one : policy->witnesses) {
    const sigstore::VerifierKey key{sigstore::NoteKind::cosignature, one.key};
    const auto again = sigstore::parse_verifier_key(sigstore::write_verifier_key(key));
    if (!again || again->key.id != one.key.id || !(again->key.key == one.key.key)) std::abort();
  }
  for (const auto& group : policy->groups) {
    if (group.threshold < 1 || group.threshold > group.members.size()) std::abort();
  }
  static const auto bare = sigstore::parse_checkpoint(
      "log.test\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n\xE2\x80\x94 nobody "
      "AAAAAAE=\n");
  const auto judged = sigstore::judge(*policy, *bare);
  if (!judged || judged->met == policy->quorum.has_value()) std::abort();
  if (judged->findings.size() != policy->witnesses.size()) std::abort();
  return 0;
}
