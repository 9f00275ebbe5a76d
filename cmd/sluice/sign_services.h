// SPDX-License-Identifier: Apache-2.0
// What signing needs of the world: services, a token, a key, a journal. For `sign` and `attest`.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "invocation.h"
#include "oidc/source.h"
#include "signing/sign.h"

namespace sluice::cli {

// How the command signs: options, and what they refer to.
struct SignSetup {
  std::unique_ptr<Http> http;
  std::unique_ptr<oidc::TokenSource> tokens;   // keyless
  std::optional<crypto::PrivateKey> key = {};  // --key
  sigstore::SignOptions options;
};

// From the options below. Asks nobody yet: the token is fetched when it is needed.
[[nodiscard]] Result<std::unique_ptr<SignSetup>> make_sign_setup(Invocation& in);
std::vector<Option> sign_setup_options();

// Signs, writes each bundle where it belongs, prints. `targets` are in the order of the items.
[[nodiscard]] Result<int> sign_and_write(Invocation& in, SignSetup& setup,
                                         const std::vector<sigstore::SignItem>& items,
                                         const std::vector<Path>& targets);

}  // namespace sluice::cli
