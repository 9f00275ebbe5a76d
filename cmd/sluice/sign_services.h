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
#include "sigstore/signing_config.h"

namespace sluice::cli {

// How the command signs: options, and what they refer to.
struct SignSetup {
  std::unique_ptr<Http> http;
  std::unique_ptr<oidc::TokenSource> tokens;   // keyless
  std::optional<crypto::PrivateKey> key = {};  // --key
  sigstore::SignOptions options;
};

// What a caller has from elsewhere, in place of the options below: sluice called as cosign.
struct SignGivens {
  std::optional<sigstore::SigningConfig> config = {};
  std::optional<sigstore::TrustRoot> trust = {};
  std::optional<crypto::PrivateKey> key = {};
  std::optional<SecretBytes> token = {};
  crypto::KeyType key_type = crypto::KeyType::ecdsa_p256;  // of a key for this run
  // The services were not named, but whom to trust was: the two may be of different Sigstores.
  bool services_apart = false;
  bool keyless = false;  // --key is something else here
};

// From the options below. Asks nobody yet: the token is fetched when it is needed.
[[nodiscard]] Result<std::unique_ptr<SignSetup>> make_sign_setup(Invocation& in,
                                                                 SignGivens given = {});
std::vector<Option> sign_setup_options();
std::vector<Option> token_options();  // those of them that say who signs, where, and how long

// A file, or standard input ("-"), which is read here, once.
[[nodiscard]] Result<sigstore::SignItem> sign_item_of(const std::string& file);

// What a key alone signed: no services, no network.
struct SignedAlone {
  std::string name;  // of what was signed
  Path target;
  std::string bundle;
};
// Writes all or nothing, and prints: "signed", "attested". To "-" goes the bundle itself.
[[nodiscard]] Result<int> write_signed_alone(Invocation& in, std::string_view verb,
                                             const crypto::PrivateKey& key,
                                             const std::vector<SignedAlone>& all);

// Signs, writes each bundle where it belongs, prints. `targets` are in the order of the items.
[[nodiscard]] Result<int> sign_and_write(Invocation& in, SignSetup& setup,
                                         const std::vector<sigstore::SignItem>& items,
                                         const std::vector<Path>& targets);

}  // namespace sluice::cli
