// SPDX-License-Identifier: Apache-2.0
// The commands of sluice called as cosign; each file has its part of the table in cosign.cc.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "cli.h"
#include "crypto/private_key.h"
#include "invocation.h"
#include "sigstore/signing_config.h"
#include "sigstore/trust_root.h"

namespace sluice::cli {

std::vector<Command> cosign_verify_commands();  // verify-blob, verify-blob-attestation
std::vector<Command> cosign_key_commands();     // generate-key-pair, import-key-pair, public-key
std::vector<Command> cosign_bundle_commands();  // bundle create, inspect, upgrade
std::vector<Command> cosign_sign_commands();    // sign-blob, attest-blob
std::vector<Command> cosign_trust_commands();   // initialize
std::vector<Command> cosign_other_commands();   // trusted-root create, version
std::vector<Command> cosign_signing_config_commands();

// --sk and --slot, which no command covers.
std::vector<Option> cosign_token_options();

// "env://NAME" of a key reference; nothing for a file. Errc::unsupported for a key that a service
// or a token holds.
[[nodiscard]] Result<std::optional<std::string>> cosign_key_variable(const std::string& reference);
[[nodiscard]] Result<crypto::PublicKey> cosign_public_key(Invocation& in,
                                                          const std::string& reference);

[[nodiscard]] Result<crypto::PrivateKey> cosign_private_key(Invocation& in,
                                                            const std::string& reference);

// Whom to trust, and which services to sign with: --trusted-root and --signing-config, else what
// `initialize` keeps, until it expires, else as sluice does.
[[nodiscard]] Result<sigstore::TrustRoot> cosign_trust_root(Invocation& in);
[[nodiscard]] Result<sigstore::SigningConfig> cosign_signing_config(Invocation& in);
// Whether the material was chosen, and the services were not.
[[nodiscard]] Result<bool> cosign_services_apart(const Invocation& in);
// Variables that tell cosign to trust other keys than those of its trust root. To pass over them
// would be to trust somebody else than was meant. Those count where no --trusted-root is given.
[[nodiscard]] Result<void> refuse_trust_variables(const Invocation& in);

// "url=URL,name=value,…", as trusted-root and signing-config take services.
using ServiceWords = std::map<std::string, std::string, std::less<>>;
struct ServiceForm {
  std::string_view command;
  std::vector<std::string_view> needed;
  std::vector<std::string_view> optional;
};
[[nodiscard]] Result<ServiceWords> cosign_service(const ServiceForm& form, std::string_view flag,
                                                  std::string_view text);
std::unexpected<Error> wrong_service(std::string_view command, std::string_view flag,
                                     std::string_view what);

// What sluice says on standard output is talk here.
class TalkingConsole final : public Console {
 public:
  explicit TalkingConsole(Console& console) : console_(console) {}
  Result<void> print(std::string_view data) override {
    console_.talk(data);
    return {};
  }
  void talk(std::string_view text) override { console_.talk(text); }
  bool terminal_out() const override { return false; }
  bool terminal_in() const override { return console_.terminal_in(); }
  Result<SecretBytes> ask_secret(std::string_view prompt) override {
    return console_.ask_secret(prompt);
  }
  Result<std::string> ask(std::string_view question) override { return console_.ask(question); }

 private:
  Console& console_;
};

void cosign_warn(Invocation& in, std::string_view what);

}  // namespace sluice::cli
