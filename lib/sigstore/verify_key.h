// SPDX-License-Identifier: Apache-2.0
// The short way for who has one key and no trust material: sigstore/verifier.h with nothing else.
#pragma once

#include "sigstore/sign_key.h"
#include "sigstore/verifier.h"

namespace sluice::sigstore {

struct KeyRequest {
  const crypto::PublicKey& key;
  std::optional<crypto::Scheme> scheme = {};  // as KeySigner has it
  std::optional<std::string> bundle;
  std::string bundle_source;
  std::optional<Artifact> artifact = {};
  std::optional<std::string> predicate_type = {};
  std::function<void(const dsse::Statement&, Report&)> judge_statement = {};
};

[[nodiscard]] Result<Verdict<VerifiedContent>> verify_with_key(Files& files,
                                                               const KeyRequest& request);

}  // namespace sluice::sigstore
