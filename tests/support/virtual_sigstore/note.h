// SPDX-License-Identifier: Apache-2.0
// Signed notes (C2SP signed-note, tlog-checkpoint, tlog-cosignature): written, never read.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "crypto/private_key.h"

namespace sluice::test {

Bytes first_four(ByteView hash);

// Ed25519: of name, newline, 0x01 and the key. Other keys, as Rekor has it: of the SPKI alone.
Bytes note_hash(std::string_view name, const crypto::PublicKey& key);  // not truncated

// "origin\nsize\nroot\n", and further lines, each with its newline.
std::string checkpoint_body(std::string_view origin, std::uint64_t size, ByteView root,
                            std::string_view more = {});

std::string note_line(std::string_view name, ByteView key_id, ByteView signature);
std::string signed_line(std::string_view name, const crypto::PrivateKey& key,
                        std::string_view body);

// Somebody who cosigns checkpoints with Ed25519.
struct Witness {
  std::string name;
  crypto::PrivateKey key = crypto::PrivateKey::generate(crypto::KeyType::ed25519).value();

  Bytes key_id() const;
  std::string verifier_key() const;                            // "name+0123abcd+base64"
  std::string cosign(std::string_view body, Time time) const;  // a line
};

// The raw 32 bytes at the end of an Ed25519 key's SPKI.
Bytes raw_ed25519(const crypto::PublicKey& key);

}  // namespace sluice::test
