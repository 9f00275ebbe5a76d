// SPDX-License-Identifier: Apache-2.0
// Signs files and payloads with a key, and verifies such bundles with the public key. Offline.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <variant>

#include "base/files.h"
#include "base/verdict.h"
#include "crypto/private_key.h"
#include "dsse/statement.h"
#include "sigstore/bundle.h"

namespace sluice::sigstore {

// A file, or the digest of one that is not here.
using Artifact = std::variant<Path, crypto::Digest>;
std::string shown(const Artifact& artifact);

struct KeyRequest {
  const crypto::PublicKey& key;
  // None: the key's own scheme. For Ed25519 the prehashed form where the bundle states a SHA-512
  // digest, the pure form elsewhere; the two cannot be mistaken for each other.
  std::optional<crypto::Scheme> scheme = {};
  std::optional<std::string> bundle;  // its text; none: nothing was found where one was expected
  std::string bundle_source;          // where that text came from, or was looked for
  // Required for a message signature. For an envelope: a subject of the statement, or, where the
  // payload is no statement, the payload itself.
  std::optional<Artifact> artifact = {};
  std::optional<std::string> predicate_type = {};  // demanded of a statement
  // What a caller who knows the predicate has to say of it, as further checks.
  std::function<void(const dsse::Statement&, Report&)> judge_statement = {};
};

struct VerifiedContent {
  Bundle bundle;
  std::optional<dsse::Statement> statement;
};

// The checks, in this order:
//   bundle.present            there is one: the artifact is signed at all
//   bundle.format             it parses, and its version is known
//   bundle.key                it is signed with a key, and names no other key than this one
//   artifact.digest           message: the stated digest is the artifact's
//   signature                 over the artifact, or over the envelope's type and payload
//   statement.format          envelope of in-toto: the payload is a statement
//   statement.predicate-type  where one is demanded
//   statement.subject         where an artifact is given: all its known digests are a subject's
//   ...                       those of judge_statement
//   payload.content           other envelopes, where a file is given: the payload is the file
// Error: the artifact could not be read.
[[nodiscard]] Result<Verdict<VerifiedContent>> verify_with_key(Files& files,
                                                               const KeyRequest& request);

// The text of a bundle 0.3 over a file, read once and in constant memory (but for pure Ed25519).
[[nodiscard]] Result<std::string> sign_file(Files& files, const Path& path,
                                            const crypto::Signer& signer);
[[nodiscard]] Result<std::string> sign_source(ByteSource& source, const crypto::Signer& signer);
[[nodiscard]] Result<std::string> sign_payload(const MediaType& payload_type, ByteView payload,
                                               const crypto::Signer& signer);

}  // namespace sluice::sigstore
