// SPDX-License-Identifier: Apache-2.0
// Signs files and payloads with a key alone: no certificate, no log, no network.
#pragma once

#include <string>

#include "base/files.h"
#include "crypto/private_key.h"
#include "sigstore/bundle.h"

namespace sluice::sigstore {

// The text of a bundle 0.3 over a file, read once and in constant memory (but for pure Ed25519).
[[nodiscard]] Result<std::string> sign_file(Files& files, const Path& path,
                                            const crypto::Signer& signer);
[[nodiscard]] Result<std::string> sign_source(ByteSource& source, const crypto::Signer& signer);
[[nodiscard]] Result<std::string> sign_payload(const MediaType& payload_type, ByteView payload,
                                               const crypto::Signer& signer);

}  // namespace sluice::sigstore
