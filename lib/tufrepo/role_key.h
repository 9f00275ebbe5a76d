// SPDX-License-Identifier: Apache-2.0
// Keys that sign roles, wherever they are, with the keyids and schemes that securesystemslib gives
// them.
//
//   PATH                  PEM (encrypted or not) as `sluice key` reads it, and the older formats of
//                         securesystemslib
//   env:NAME              a variable that holds such a text
//   pkcs11:ATTRIBUTES     a token (RFC 7512)
//   cmd:PROGRAM ARGS      gets the bytes to sign, answers with the signature; of our variables it
//                         gets those that are no secrets of ours
//   sigstore:…            an identity (TAP 18), through IdentitySigners
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/world.h"
#include "crypto/private_key.h"
#include "json/value.h"
#include "tuf/key.h"

namespace sluice::tuf {

// A public key as metadata lists it (TUF 4.2).
struct RoleKey {
  KeyId keyid{""};
  std::string keytype;
  std::string scheme;
  json::Value keyval;  // {"public": …}

  json::Value json() const;      // {"keytype": …, "keyval": …, "scheme": …}
  std::string describe() const;  // "ed25519 3b688a2c…"
};

// SHA-256 of the canonical form of json(), in hex.
[[nodiscard]] Result<KeyId> compute_keyid(const RoleKey& key);
// scheme: one of tuf/key.h's; empty: ed25519, ecdsa-sha2-nistpN, rsassa-pss-sha256.
[[nodiscard]] Result<RoleKey> role_key(const crypto::PublicKey& key, std::string_view scheme = {});
// {"keytype": "sigstore-oidc", "scheme": "Fulcio", "keyval": {"identity": …, "issuer": …}} (TAP 18)
[[nodiscard]] Result<RoleKey> identity_key(std::string_view identity, std::string_view issuer);
// A member of "keys"; its keyid stays as it is.
[[nodiscard]] Result<RoleKey> parse_role_key(std::string_view keyid, const json::Value& value);

struct RoleSignature {
  KeyId keyid{""};
  std::string sig;     // hex; empty beside a bundle
  std::string bundle;  // JSON text (TAP 18)
};

class RoleSigner {
 public:
  virtual ~RoleSigner() = default;
  virtual const RoleKey& key() const = 0;
  virtual std::string describe() const = 0;       // "keys/root.pem", "the token sluice"
  virtual bool at_once() const { return false; }  // several threads may call sign() together
  // message: the canonical form of "signed". What came from elsewhere (a token, a command) was
  // verified with the public key; of a key in our own memory that is left to the rehearsal.
  [[nodiscard]] virtual Result<RoleSignature> sign(std::string_view message) = 0;
};

// For sigstore:… ; cmd gives one, this room knows nothing of it.
class IdentitySigners {
 public:
  virtual ~IdentitySigners() = default;
  // key: the identity that must sign, where it is known.
  [[nodiscard]] virtual Result<std::unique_ptr<RoleSigner>> open(
      const std::string& location, const std::optional<RoleKey>& key) = 0;
};

struct SignerOptions {
  crypto::PasswordSource password = {};  // of key files
  crypto::PasswordSource pin = {};       // of tokens, where the URI names no source
  std::string pkcs11_module = {};        // where the URI names none
  std::string scheme = {};               // of a key that is new to the metadata
  // The key that metadata lists: whatever signs must be this one, and its keyid and scheme count.
  std::optional<RoleKey> expected = {};
  std::optional<crypto::PublicKey> public_key = {};  // of a command, where nothing is expected
  std::chrono::milliseconds command_time{60'000};
  // Variables that no command gets, beside SLUICE_PASSWORD and those whose names begin so.
  std::vector<std::string> withheld = {};
  IdentitySigners* identities = nullptr;
};

// The variable that a source has its key or its PIN in; nothing where it has none.
std::optional<std::string> variable_of(const std::string& source);
// Errc::denied: another key than the expected one, or a wrong password.
[[nodiscard]] Result<std::unique_ptr<RoleSigner>> open_role_signer(const std::string& location,
                                                                   const SignerOptions& options,
                                                                   const World& world);
// A key that is in memory.
[[nodiscard]] Result<std::unique_ptr<RoleSigner>> role_signer(const crypto::PrivateKey& key,
                                                              const SignerOptions& options,
                                                              std::string description);

}  // namespace sluice::tuf
