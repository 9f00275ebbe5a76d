// SPDX-License-Identifier: Apache-2.0
// Public keys, schemes, messages, and the one function that verifies a signature.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/strong.h"
#include "crypto/digest.h"

namespace sluice::crypto {

enum class KeyType : std::uint8_t { ecdsa_p256, ecdsa_p384, ecdsa_p521, ed25519, rsa };
std::string_view name(KeyType type);  // "ecdsa-p256"
[[nodiscard]] Result<KeyType> key_type_named(std::string_view name);

enum class SchemeKind : std::uint8_t { ecdsa, ed25519, ed25519ph, rsa_pkcs1, rsa_pss };

// How a key signs. It comes from the trusted key or the trust root, never from the message.
struct Scheme {
  SchemeKind kind;
  HashAlgorithm hash;  // what the message is hashed with; sha512 for both kinds of Ed25519
  bool operator==(const Scheme&) const = default;
};
std::string name(Scheme scheme);  // "ecdsa-sha256", "rsa-pss-sha256", "ed25519ph"

// An SPKI public key of a kind that this program accepts: ECDSA on P-256, P-384, P-521 (named
// curves only), Ed25519, RSA of 2048 to 8192 bits with an odd exponent of at least 3.
class PublicKey {
 public:
  // One "PUBLIC KEY" block ("RSA PUBLIC KEY" is read as well); Errc::unsupported for other kinds.
  [[nodiscard]] static Result<PublicKey> from_pem(std::string_view pem);
  [[nodiscard]] static Result<PublicKey> from_der(ByteView spki);  // no trailing bytes
  // The 32 bytes of RFC 8032, as verifier keys of signed notes have them.
  [[nodiscard]] static Result<PublicKey> from_ed25519(ByteView raw);

  KeyType type() const;
  unsigned bits() const;
  std::string describe() const;   // "ECDSA P-256", "RSA 3072"
  Scheme default_scheme() const;  // P-256 SHA-256, P-384 SHA-384, P-521 SHA-512, RSA PKCS#1 SHA-256
  const Bytes& der() const;       // SPKI
  std::string pem() const;
  Digest fingerprint() const;  // SHA-256 of der()
  ByteView ed25519() const;    // the 32 bytes of RFC 8032; empty for other kinds
  bool operator==(const PublicKey& other) const;

  struct Impl;  // OpenSSL's side, known to lib/crypto (and x509) alone
  explicit PublicKey(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
  const Impl& impl() const { return *impl_; }

 private:
  std::shared_ptr<const Impl> impl_;  // shared because it never changes and copies are many
};

// A message, taken in as one scheme needs it: a digest where that suffices (any size of message in
// constant memory), the whole of it for pure Ed25519 (at most limits::kWholeMessage).
class Message {
 public:
  [[nodiscard]] static Result<Message> of(Scheme scheme, ByteView bytes);
  [[nodiscard]] static Result<Message> of(Scheme scheme, ByteSource& source);
  [[nodiscard]] static Result<Message> of_file(Scheme scheme, Files& files, const Path& path);
  // For the schemes that sign a digest; Errc::unsupported for both kinds of Ed25519.
  [[nodiscard]] static Result<Message> of_digest(Scheme scheme, const Digest& digest);

  const Scheme& scheme() const;
  // The message's digest, as a bundle states it: of the scheme's hash, but SHA-256 for pure
  // Ed25519.
  const Digest& digest() const;

  struct Impl;
  explicit Message(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
  const Impl& impl() const { return *impl_; }

 private:
  std::shared_ptr<const Impl> impl_;
};

// The same piece by piece, for who takes one reading in for several schemes. Move-only.
class MessageIntake {
 public:
  // `expected`: the size of the message, where it is known; it may turn out another.
  [[nodiscard]] static Result<MessageIntake> begin(Scheme scheme, std::uint64_t expected = 0);
  MessageIntake(MessageIntake&&) noexcept;
  MessageIntake& operator=(MessageIntake&&) noexcept;
  ~MessageIntake();

  [[nodiscard]] Result<void> update(ByteView piece);
  Message finish();  // once

 private:
  class Absorber;
  friend class Message;
  explicit MessageIntake(std::unique_ptr<Absorber> absorber);
  std::unique_ptr<Absorber> absorber_;
};

enum class Match : std::uint8_t { yes, no };
class SignatureMemo;  // crypto/memo.h

// Is this a signature of that message by that key? A malformed signature is a "no"; a scheme that
// does not go with the key is Errc::unsupported.
[[nodiscard]] Result<Match> verify(const PublicKey& key, const Message& message,
                                   ByteView signature);

// The same over bytes that are in memory: nothing is copied, and hashed is what the scheme needs.
[[nodiscard]] Result<Match> verify(const PublicKey& key, Scheme scheme, ByteView message,
                                   ByteView signature);

// ECDSA signatures as JOSE writes them (r || s, fixed width) in the DER form that verify() takes.
[[nodiscard]] Result<Bytes> ecdsa_der_from_raw(KeyType type, ByteView raw);

// What a room asks for when the key may be something else: an identity, a hardware token.
class SignatureVerifier {
 public:
  virtual ~SignatureVerifier() = default;
  virtual Scheme scheme() const = 0;
  [[nodiscard]] virtual Result<Match> verify(const Message& message, ByteView signature) const = 0;
  virtual std::string describe() const = 0;
};

}  // namespace sluice::crypto
