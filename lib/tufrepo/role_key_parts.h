// SPDX-License-Identifier: Apache-2.0
// What the kinds of RoleSigner share.
#pragma once

#include "tufrepo/role_key.h"

namespace sluice::tuf {

// As metadata's reader sees it; Errc::unsupported where it could never count.
[[nodiscard]] Result<Key> usable_key(const RoleKey& key);
// Errc::denied unless it is one.
[[nodiscard]] Result<RoleSignature> checked_signature(const RoleKey& key, const Key& usable,
                                                      std::string_view message, ByteView signature);
// The expected key where it is this one, a new one where none is expected.
[[nodiscard]] Result<RoleKey> settle_key(const crypto::PublicKey& found,
                                         const SignerOptions& options, std::string_view where);

// A private key in any of the formats of files.
[[nodiscard]] Result<crypto::PrivateKey> read_private_key(std::string_view text,
                                                          const crypto::PasswordSource& password);

[[nodiscard]] Result<std::unique_ptr<RoleSigner>> command_signer(const std::string& command,
                                                                 const SignerOptions& options,
                                                                 const World& world);

// "a 'b c' \"d\"": words, with quotes as a shell has them and nothing else of a shell.
[[nodiscard]] Result<std::vector<std::string>> split_command(std::string_view text);

}  // namespace sluice::tuf
