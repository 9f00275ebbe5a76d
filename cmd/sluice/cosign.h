// SPDX-License-Identifier: Apache-2.0
// The commands of sluice called as cosign; each file has its part of the table in cosign.cc.
#pragma once

#include <string>
#include <vector>

#include "cli.h"
#include "crypto/key.h"
#include "invocation.h"

namespace sluice::cli {

std::vector<Command> cosign_verify_commands();  // verify-blob, verify-blob-attestation
std::vector<Command> cosign_key_commands();     // generate-key-pair, import-key-pair, public-key
std::vector<Command> cosign_bundle_commands();  // bundle create, inspect, upgrade
std::vector<Command> cosign_other_commands();   // trusted-root create, version

// --sk and --slot, which no command covers.
std::vector<Option> cosign_token_options();

// "env://NAME" of a key reference; nothing for a file. Errc::unsupported for a key that a service
// or a token holds.
[[nodiscard]] Result<std::optional<std::string>> cosign_key_variable(const std::string& reference);
[[nodiscard]] Result<crypto::PublicKey> cosign_public_key(Invocation& in,
                                                          const std::string& reference);

// cosign's short name of a predicate type, or the URI itself.
[[nodiscard]] Result<std::string> cosign_predicate_type(const std::string& word);

void cosign_warn(Invocation& in, std::string_view what);

}  // namespace sluice::cli
