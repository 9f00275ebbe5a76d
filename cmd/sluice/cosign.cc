// SPDX-License-Identifier: Apache-2.0
// sluice called as cosign: the table.
#include "cosign.h"

#include "base/text.h"
#include "personality.h"

namespace sluice::cli {

namespace {

constexpr int kCosignFailed = 1;

std::vector<Command> cosign_commands() {
  std::vector<Command> out;
  for (const auto& part :
       {cosign_sign_commands, cosign_verify_commands, cosign_key_commands, cosign_bundle_commands,
        cosign_trust_commands, cosign_signing_config_commands, cosign_other_commands}) {
    for (Command& command : part()) out.push_back(std::move(command));
  }
  return out;
}

std::vector<Option> cosign_common() {
  return {{.name = "--output-file",
           .value = "FILE",
           .help = "write there what goes to standard output"},
          {.name = "--timeout",
           .value = "DURATION",
           .help = "time that one request may take; for signing, everything together",
           .letter = 't',
           .fallback = "3m0s"},
          {.name = "--verbose", .help = "say more, on standard error", .letter = 'd'},
          {.name = "--help", .help = "this text", .letter = 'h'}};
}

// What signs or verifies images, and what has to do with registries and hardware tokens.
std::vector<std::string_view> cosign_not_covered() {
  return {"attach attestation",
          "attach sbom",
          "attach signature",
          "attest",
          "clean",
          "completion",
          "copy",
          "debug",
          "dockerfile verify",
          "download attestation",
          "download sbom",
          "download signature",
          "env",
          "generate",
          "load",
          "login",
          "manifest verify",
          "piv-tool",
          "pkcs11-tool",
          "save",
          "sign",
          "tree",
          "triangulate",
          "upload blob",
          "upload wasm",
          "verify",
          "verify-attestation"};
}

// Older spellings, which cosign still takes.
std::string cosign_canonical(std::string_view flag) {
  for (const auto* const old :
       {"--cert", "--cert-email", "--cert-chain", "--cert-oidc-issuer", "--cert-identity"}) {
    if (flag == old) return cat("--certificate", flag.substr(std::string_view("--cert").size()));
  }
  return flag == "--output-cert" ? "--output-certificate" : std::string(flag);
}

// Those of bundles, of trust material and of services, and `version`, take their flags from the
// command line alone.
std::string_view cosign_variables(const Command& command) {
  return command.words.size() == 1 && command.words[0] != "version" ? "COSIGN_" : "";
}

}  // namespace

const Personality& cosign_personality() {
  static const Personality who{.name = "cosign",
                               .follows = "cosign 3.1.3",
                               .commands = cosign_commands,
                               .common = cosign_common,
                               .not_covered = cosign_not_covered,
                               .variables = cosign_variables,
                               .canonical = cosign_canonical,
                               .failed = kCosignFailed};
  return who;
}

void cosign_warn(Invocation& in, std::string_view what) {
  in.console.talk(cat("WARNING: ", what, "\n"));
}

}  // namespace sluice::cli
