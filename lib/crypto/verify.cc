// SPDX-License-Identifier: Apache-2.0
// Messages taken in as their scheme needs them, and the check of a signature.
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <sodium.h>

#include <algorithm>
#include <array>
#include <new>
#include <optional>
#include <utility>

#include "base/limits.h"
#include "base/text.h"
#include "crypto/key.h"
#include "crypto/openssl.h"

namespace sluice::crypto {

namespace {

using VerifyContext = Owned<EVP_MD_CTX, EVP_MD_CTX_free>;
using EcdsaSignature = Owned<ECDSA_SIG, ECDSA_SIG_free>;

bool is_ed25519(SchemeKind kind) {
  return kind == SchemeKind::ed25519 || kind == SchemeKind::ed25519ph;
}

Result<void> check_hash(Scheme scheme) {
  if (is_ed25519(scheme.kind) && scheme.hash != HashAlgorithm::sha512) {
    return fail(Errc::unsupported, cat(name(scheme), " goes with sha512, not ", name(scheme.hash)));
  }
  return {};
}

// For large messages, whose SHA-512 OpenSSL makes in half of the time. Nothing: to be asked of
// libsodium. Both decide alike where neither the key, which key.cc sees to, nor the signature's
// point has a part of small order.
std::optional<bool> verify_large_ed25519(const PublicKey::Impl& key, ByteView message,
                                         ByteView signature) {
  constexpr std::size_t kLarge = 64U << 10;
  if (message.size() < kLarge || crypto_core_ed25519_is_valid_point(signature.data()) != 1) {
    return std::nullopt;
  }
  const VerifyContext context(EVP_MD_CTX_new());
  const bool begun = context && EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr,
                                                     key.pkey.get()) == 1;
  std::optional<bool> out;
  if (begun) {
    out = EVP_DigestVerify(context.get(), signature.data(), signature.size(), message.data(),
                           message.size()) == 1;
  }
  ERR_clear_error();
  return out;
}

bool verify_pure_ed25519(const PublicKey::Impl& key, ByteView message, ByteView signature) {
  if (signature.size() != crypto_sign_BYTES) return false;
  ready_sodium();
  if (const auto large = verify_large_ed25519(key, message, signature)) return *large;
  return crypto_sign_verify_detached(signature.data(), message.data(), message.size(),
                                     key.ed25519.data()) == 0;
}

bool verify_ed25519(const PublicKey::Impl& key, const Message::Impl& message, ByteView signature) {
  if (message.scheme.kind == SchemeKind::ed25519) {
    return verify_pure_ed25519(key, message.whole, signature);
  }
  if (signature.size() != crypto_sign_BYTES) return false;
  ready_sodium();
  crypto_sign_ed25519ph_state copy = *message.prehash;
  return crypto_sign_ed25519ph_final_verify(&copy, signature.data(), key.ed25519.data()) == 0;
}

}  // namespace

// Takes a message piece by piece and keeps of it what the scheme needs.
class MessageIntake::Absorber {
 public:
  explicit Absorber(Scheme scheme) : scheme_(scheme) {
    if (scheme.kind == SchemeKind::ed25519ph) {
      ready_sodium();
      prehash_.reset(new crypto_sign_ed25519ph_state);
      crypto_sign_ed25519ph_init(prehash_.get());
    } else {
      // A SHA-512 digest beside the signature would mark the prehashed form.
      hasher_.emplace(scheme.kind == SchemeKind::ed25519 ? HashAlgorithm::sha256 : scheme.hash);
    }
  }

  void expect(std::uint64_t size) {
    if (scheme_.kind != SchemeKind::ed25519) return;
    whole_.reserve(static_cast<std::size_t>(std::min<std::uint64_t>(size, limits::kWholeMessage)));
  }

  Result<void> update(ByteView piece) {
    if (hasher_) hasher_->update(piece);
    if (prehash_) crypto_sign_ed25519ph_update(prehash_.get(), piece.data(), piece.size());
    if (scheme_.kind != SchemeKind::ed25519) return {};
    if (piece.size() > limits::kWholeMessage - whole_.size()) {
      return fail(
          Error{Errc::limit, cat("a message of more than ", human_bytes(limits::kWholeMessage),
                                 ", which Ed25519 would have to hold in memory")}
              .advise("use ed25519ph, or an ECDSA key: they take messages of any size"));
    }
    whole_.insert(whole_.end(), piece.begin(), piece.end());
    return {};
  }

  Message finish() {
    Digest digest = hasher_ ? hasher_->finish() : prehash_digest();
    return Message(std::make_shared<Message::Impl>(
        Message::Impl{scheme_, std::move(digest), std::move(whole_), std::move(prehash_)}));
  }

 private:
  // libsodium's state is a SHA-512 in progress.
  Digest prehash_digest() const {
    crypto_sign_ed25519ph_state copy = *prehash_;
    std::array<std::uint8_t, crypto_hash_sha512_BYTES> out{};
    crypto_hash_sha512_final(&copy.hs, out.data());
    return Digest::from_bytes(HashAlgorithm::sha512, out).value();
  }

  Scheme scheme_;
  std::optional<Hasher> hasher_;
  Prehash prehash_;
  Bytes whole_;
};

bool set_padding(evp_pkey_ctx_st* context, Scheme scheme) {
  const EVP_MD* hash = openssl_hash(scheme.hash);
  if (EVP_PKEY_CTX_set_signature_md(context, hash) != 1) return false;
  switch (scheme.kind) {
    case SchemeKind::rsa_pkcs1:
      return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1;
    case SchemeKind::rsa_pss:
      // A salt of any other length is refused: found out automatically, invalid signatures pass.
      return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
             EVP_PKEY_CTX_set_rsa_mgf1_md(context, hash) == 1 &&
             EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) == 1;
    default:
      return true;
  }
}

Result<void> check_scheme(Scheme scheme, KeyType type) {
  SLUICE_CHECK(check_hash(scheme));
  const bool fits = [&] {
    switch (scheme.kind) {
      case SchemeKind::ecdsa:
        return type == KeyType::ecdsa_p256 || type == KeyType::ecdsa_p384 ||
               type == KeyType::ecdsa_p521;
      case SchemeKind::ed25519:
      case SchemeKind::ed25519ph:
        return type == KeyType::ed25519;
      case SchemeKind::rsa_pkcs1:
      case SchemeKind::rsa_pss:
        return type == KeyType::rsa;
    }
    return false;
  }();
  if (fits) return {};
  return fail(Errc::unsupported,
              cat("the scheme ", name(scheme), " with a key of type ", name(type)));
}

MessageIntake::MessageIntake(std::unique_ptr<Absorber> absorber) : absorber_(std::move(absorber)) {}
MessageIntake::MessageIntake(MessageIntake&&) noexcept = default;
MessageIntake& MessageIntake::operator=(MessageIntake&&) noexcept = default;
MessageIntake::~MessageIntake() = default;

Result<MessageIntake> MessageIntake::begin(Scheme scheme, std::uint64_t expected) {
  SLUICE_CHECK(check_hash(scheme));
  auto absorber = std::make_unique<Absorber>(scheme);
  absorber->expect(expected);
  return MessageIntake(std::move(absorber));
}

Result<void> MessageIntake::update(ByteView piece) { return absorber_->update(piece); }
Message MessageIntake::finish() { return absorber_->finish(); }

Result<Message> Message::of(Scheme scheme, ByteView bytes) {
  SLUICE_CHECK(check_hash(scheme));
  MessageIntake::Absorber absorber(scheme);
  SLUICE_CHECK(absorber.update(bytes));
  return absorber.finish();
}

Result<Message> Message::of(Scheme scheme, ByteSource& source) {
  SLUICE_CHECK(check_hash(scheme));
  MessageIntake::Absorber absorber(scheme);
  absorber.expect(source.size().value_or(0));
  SLUICE_CHECK(read_pieces(source, [&](ByteView piece) { return absorber.update(piece); }));
  return absorber.finish();
}

Result<Message> Message::of_file(Scheme scheme, Files& files, const Path& path) {
  SLUICE_TRY(const auto source, files.open(path));
  return within(of(scheme, *source), cat("reading ", shown(path)));
}

Result<Message> Message::of_digest(Scheme scheme, const Digest& digest) {
  if (is_ed25519(scheme.kind)) {
    return fail(Errc::unsupported, cat(name(scheme), " signs a message, not a digest"));
  }
  if (digest.algorithm() != scheme.hash) {
    return fail(Errc::unsupported,
                cat(name(scheme), " with a ", name(digest.algorithm()), " digest"));
  }
  return Message(std::make_shared<Impl>(Impl{scheme, digest, {}, nullptr}));
}

const Scheme& Message::scheme() const { return impl_->scheme; }
const Digest& Message::digest() const { return impl_->digest; }

Result<Match> verify(const PublicKey& key, const Message& message, ByteView signature) {
  const Scheme scheme = message.scheme();
  SLUICE_CHECK(check_scheme(scheme, key.type()));
  if (is_ed25519(scheme.kind)) {
    return verify_ed25519(key.impl(), message.impl(), signature) ? Match::yes : Match::no;
  }
  if (signature.empty()) return Match::no;
  const PkeyContext context = pkey_context(*key.impl().pkey);
  if (EVP_PKEY_verify_init(context.get()) != 1 || !set_padding(context.get(), scheme)) {
    ERR_clear_error();
    return fail(Errc::internal, "OpenSSL cannot start a verification");
  }
  const ByteView digest = message.digest().bytes();
  // Exactly 1 is a match: 0 means a wrong signature, less than 0 a malformed one.
  const int rc = EVP_PKEY_verify(context.get(), signature.data(), signature.size(), digest.data(),
                                 digest.size());
  ERR_clear_error();
  return rc == 1 ? Match::yes : Match::no;
}

Result<Match> verify(const PublicKey& key, Scheme scheme, ByteView message, ByteView signature) {
  SLUICE_CHECK(check_scheme(scheme, key.type()));
  if (scheme.kind == SchemeKind::ed25519) {
    return verify_pure_ed25519(key.impl(), message, signature) ? Match::yes : Match::no;
  }
  SLUICE_TRY(const auto taken, Message::of(scheme, message));
  return verify(key, taken, signature);
}

Result<Bytes> ecdsa_der_from_raw(KeyType type, ByteView raw) {
  const std::size_t width = type == KeyType::ecdsa_p256   ? 32
                            : type == KeyType::ecdsa_p384 ? 48
                            : type == KeyType::ecdsa_p521 ? 66
                                                          : 0;
  if (width == 0)
    return fail(Errc::unsupported, cat("an ECDSA signature by a key of type ", name(type)));
  if (raw.size() != 2 * width) {
    return fail(Errc::malformed, cat("a raw ", name(type), " signature has ", 2 * width,
                                     " bytes, not ", raw.size()));
  }
  const auto number = [&](std::size_t from) {
    return BN_bin2bn(raw.data() + from, static_cast<int>(width), nullptr);
  };
  const EcdsaSignature signature(ECDSA_SIG_new());
  if (!signature || ECDSA_SIG_set0(signature.get(), number(0), number(width)) != 1) {
    throw std::bad_alloc();
  }
  Bytes out(static_cast<std::size_t>(std::max(0, i2d_ECDSA_SIG(signature.get(), nullptr))));
  std::uint8_t* at = out.data();
  if (out.empty() || i2d_ECDSA_SIG(signature.get(), &at) != static_cast<int>(out.size())) {
    return fail(Errc::internal, "OpenSSL cannot write an ECDSA signature");
  }
  return out;
}

}  // namespace sluice::crypto
