// SPDX-License-Identifier: Apache-2.0
// OpenPGP as gpg writes it: packets, numbers, and the signature that `gpg --detach-sign` answers
// (RFC 4880 4.2, 3.2, 5.2.3).
//
// Refuses what the files of in-toto have no place for: armour, versions but 4, hashes but SHA-256,
// signatures of texts, keys and certificates, several signatures at once, a critical subpacket that
// is not known here, trailing bytes.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/time.h"

namespace sluice::intoto {

struct GpgPacket {
  std::uint8_t tag;
  ByteView body;
};
[[nodiscard]] Result<GpgPacket> next_gpg_packet(Reader& in);

// A number with its length in bits: no byte more than that takes, no bit above it.
[[nodiscard]] Result<ByteView> gpg_number(Reader& in);

// How a key signs, by its number in OpenPGP.
enum class GpgAlgorithm : std::uint8_t { rsa = 1, eddsa = 22 };
// Errc::unsupported for all others.
[[nodiscard]] Result<GpgAlgorithm> gpg_algorithm(std::uint64_t number);

// The part of a signature that is hashed behind the message ("other_headers" in a Metablock).
struct GpgHeaders {
  GpgAlgorithm algorithm{};
  Time made;
  std::optional<Time> expires = {};  // the signature itself
  std::string fingerprint = {};      // of who says to have made it, lower-case hex; may be empty
  std::string short_id = {};         // the same, of gpg before 2.1
};
[[nodiscard]] Result<GpgHeaders> read_gpg_headers(ByteView headers);

struct GpgSignature {
  GpgHeaders said;
  Bytes headers;
  Bytes sig;  // RSA: the number; EdDSA: R and S, 32 bytes each
};
// The fingerprint of who made it has to be among what is hashed: gpg 2.1 and newer.
[[nodiscard]] Result<GpgSignature> parse_gpg_signature(ByteView answer);

}  // namespace sluice::intoto
