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
// Whether somebody will have to type it.
bool asks_a_person(const Invocation& in, const PasswordRequest& request);

// A file's content as a secret: the copy that was read is wiped.
[[nodiscard]] Result<SecretBytes> read_secret(Invocation& in, const Path& path, std::size_t max);

// Warns on standard error where the file can be read by others.
[[nodiscard]] Result<crypto::PrivateKey> load_private_key(Invocation& in, const Path& path,
                                                          const PasswordRequest& request = {});
[[nodiscard]] Result<crypto::PublicKey> load_public_key(Invocation& in, const Path& path);

Option password_option();

// A usage error where one of these output options names the same file as an input option or as a
// positional: what is read must not be lost by being written.
[[nodiscard]] Result<void> refuse_to_overwrite(const Invocation& in,
                                               const std::vector<std::string>& outputs,
                                               const std::vector<std::string>& inputs);

// Files to read at a time with this key: one where each may have to be held in memory.
unsigned threads_for(const Invocation& in, const crypto::PublicKey& key);

// Private keys are about to be in memory: nothing of this process is written to a core file.
void keep_out_of_cores();

}  // namespace sluice::cli
