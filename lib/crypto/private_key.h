// SPDX-License-Identifier: Apache-2.0
// Private keys: made, read from every usual file format, written encrypted, and used to sign.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/random.h"
#include "base/secret.h"
#include "crypto/key.h"

namespace sluice::crypto {

// Signs with a key that may be in a file, in a token or behind a service.
class Signer {
 public:
  virtual ~Signer() = default;
  virtual const PublicKey& public_key() const = 0;
  virtual Scheme scheme() const = 0;
  [[nodiscard]] virtual Result<Bytes> sign(const Message& message) const = 0;
};

// Asked for only when the file turns out to be encrypted.
using PasswordSource = std::function<Result<SecretBytes>()>;

enum class KeyFormat : std::uint8_t { pkcs8, encrypted_pkcs8, cosign, traditional };
std::string_view name(KeyFormat format);

// A private key in memory: the key material is held in locked memory, and wiped.
class PrivateKey final : public Signer {
 public:
  [[nodiscard]] static Result<PrivateKey> generate(KeyType type, unsigned rsa_bits = 3072);

  // "PRIVATE KEY", "ENCRYPTED PRIVATE KEY", "EC PRIVATE KEY", "RSA PRIVATE KEY",
  // "ENCRYPTED SIGSTORE PRIVATE KEY" and "ENCRYPTED COSIGN PRIVATE KEY". A wrong password is
  // Errc::denied; other armour is Errc::unsupported by its name.
  [[nodiscard]] static Result<PrivateKey> from_pem(std::string_view pem,
                                                   const PasswordSource& password);
  [[nodiscard]] static Result<KeyFormat> format_of(std::string_view pem);

  [[nodiscard]] Result<SecretBytes> to_pkcs8_pem() const;  // not encrypted
  [[nodiscard]] Result<std::string> to_encrypted_pkcs8_pem(const SecretBytes& password) const;
  [[nodiscard]] Result<std::string> to_cosign_pem(const SecretBytes& password,
                                                  Random& random) const;

  const PublicKey& public_key() const override;
  Scheme scheme() const override;
  [[nodiscard]] Result<PrivateKey> with_scheme(Scheme scheme) const;  // Ed25519ph, RSA-PSS
  [[nodiscard]] Result<Bytes> sign(const Message& message) const override;
  // The same over bytes that are in memory: pure Ed25519 copies nothing and hashes nothing else.
  [[nodiscard]] Result<Bytes> sign(ByteView message) const;

  struct Impl;
  explicit PrivateKey(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}

 private:
  std::shared_ptr<const Impl> impl_;
};

}  // namespace sluice::crypto
