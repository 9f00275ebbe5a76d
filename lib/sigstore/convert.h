// SPDX-License-Identifier: Apache-2.0
// cosign's older outputs for blobs, and older bundles, as today's bundle.
//
//   - what cosign 1 and 2 wrote with --bundle: {"base64Signature", "cert", "rekorBundle"};
//   - a bare signature (base64 or raw) or a DSSE envelope, with its certificate or key;
//   - bundles 0.1 and 0.2: of a chain the signer's certificate stays, a log's promise stays too;
//     also bundles of any version with a chain, or a promise without the proof, where their version
//     does not allow it.
//
// Nothing is verified, and nothing is invented: what the parts say of each other must agree (the
// log's entry names this signature, this signer, this digest; the timestamp is of this signature),
// or Errc::malformed. A bundle 0.3 needs a log's inclusion proof, and the older formats often have
// its promise alone: then the log is asked for the proof, or version 0.1 is what comes out.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "crypto/key.h"
#include "sigstore/bundle.h"

namespace sluice::sigstore {

struct ConvertRequest {
  std::string text;  // the older output itself
  // The text of a file: PEM, or base64 of PEM, as cosign wrote it. With several certificates the
  // first is the signer's.
  std::optional<std::string> certificate = {};
  std::optional<crypto::PublicKey> key = {};
  // {"SignedRFC3161Timestamp": base64}, or the reply itself.
  std::optional<std::string> timestamp = {};
  // The digest of what was signed, for a bundle that would not state one; also compared.
  std::function<Result<crypto::Digest>(crypto::HashAlgorithm)> artifact_digest = {};
  // Rekor's answer about the entry of this index: the text that GET /api/v1/log/entries?logIndex=
  // gives. None: offline.
  std::function<Result<std::string>(std::uint64_t)> ask_log = {};
};

struct Converted {
  std::string text;  // a bundle, without a newline at the end
  BundleVersion version = BundleVersion::v03;
  std::vector<std::string> notes;  // what whoever uses it has to know
};

// Errc::malformed and Errc::unsupported are about the inputs; what the log answers and cannot be
// read is Errc::network.
[[nodiscard]] Result<Converted> convert(const ConvertRequest& request);

}  // namespace sluice::sigstore
