// SPDX-License-Identifier: Apache-2.0
// DSSE envelopes: a payload, its type, and signatures over both.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/strong.h"
#include "crypto/private_key.h"
#include "json/value.h"

namespace sluice::dsse {

inline constexpr std::string_view kInTotoPayload = "application/vnd.in-toto+json";

struct Signature {
  Bytes sig;
  std::string keyid;  // a hint, not authenticated; may be empty
};

struct Envelope {
  MediaType payload_type{""};
  Bytes payload;
  std::vector<Signature> signatures;  // at least one
};

// What is signed: "DSSEv1", the type and the payload, each with its length, so that no two
// envelopes share an encoding.
Bytes pae(const MediaType& payload_type, ByteView payload);

// Refuses unknown members, more than 64 signatures, base64 that is not canonical.
[[nodiscard]] Result<Envelope> parse(const json::Fields& fields);
[[nodiscard]] Result<Envelope> parse(std::string_view text);
json::Value to_json(const Envelope& envelope);

[[nodiscard]] Result<Envelope> sign(const MediaType& payload_type, ByteView payload,
                                    const crypto::Signer& signer);

}  // namespace sluice::dsse
