// SPDX-License-Identifier: Apache-2.0
// Key files and their passwords, as the commands ask for them.
#pragma once

#include <string>
#include <string_view>

#include "crypto/private_key.h"
#include "invocation.h"

namespace sluice::cli {

// Where a password comes from: the option's file, then the environment (SLUICE_PASSWORD, and
// COSIGN_PASSWORD for keys that cosign's users have), then the terminal.
struct PasswordRequest {
  std::string_view option = "--password-file";
  std::string_view prompt = "Password for the key: ";
  bool twice = false;  // a new password is asked for again
  bool environment = true;
};
[[nodiscard]] Result<SecretBytes> password(Invocation& in, const PasswordRequest& request);

// A file's content as a secret: the copy that was read is wiped.
[[nodiscard]] Result<SecretBytes> read_secret(Invocation& in, const Path& path, std::size_t max);

// Warns on standard error where the file can be read by others.
[[nodiscard]] Result<crypto::PrivateKey> load_private_key(Invocation& in, const Path& path,
                                                          const PasswordRequest& request = {});
[[nodiscard]] Result<crypto::PublicKey> load_public_key(Invocation& in, const Path& path);

Option password_option();

}  // namespace sluice::cli
