// SPDX-License-Identifier: Apache-2.0
#include "crypto/private_key.h"

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/decoder.h>
#include <openssl/ec.h>
#include <openssl/encoder.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <sodium.h>

#include <algorithm>
#include <array>
#include <new>
#include <utility>

#include "base/codec.h"
#include "base/text.h"
#include "crypto/encrypted_key.h"
#include "crypto/openssl.h"
#include "crypto/pem.h"

namespace sluice::crypto {

namespace {

using Bio = Owned<BIO, BIO_free_all>;
using Encoder = Owned<OSSL_ENCODER_CTX, OSSL_ENCODER_CTX_free>;
using Decoder = Owned<OSSL_DECODER_CTX, OSSL_DECODER_CTX_free>;
using PrivateKeyInfo = Owned<PKCS8_PRIV_KEY_INFO, PKCS8_PRIV_KEY_INFO_free>;

enum class KeyArmour : std::uint8_t { pkcs8, encrypted_pkcs8, cosign, ec, rsa };

struct KeyArmourName {
  std::string_view label;
  KeyArmour armour;
  KeyFormat format;
};
constexpr std::array kKeyArmours{
    KeyArmourName{"PRIVATE KEY", KeyArmour::pkcs8, KeyFormat::pkcs8},
    KeyArmourName{"ENCRYPTED PRIVATE KEY", KeyArmour::encrypted_pkcs8, KeyFormat::encrypted_pkcs8},
    KeyArmourName{"ENCRYPTED SIGSTORE PRIVATE KEY", KeyArmour::cosign, KeyFormat::cosign},
    KeyArmourName{"ENCRYPTED COSIGN PRIVATE KEY", KeyArmour::cosign, KeyFormat::cosign},
    KeyArmourName{"EC PRIVATE KEY", KeyArmour::ec, KeyFormat::traditional},
    KeyArmourName{"RSA PRIVATE KEY", KeyArmour::rsa, KeyFormat::traditional},
};

Result<KeyArmourName> armour_named(std::string_view label) {
  const auto* const found = std::ranges::find(kKeyArmours, label, &KeyArmourName::label);
  if (found != kKeyArmours.end()) return *found;
  return fail(Errc::unsupported, cat("a PEM block ", label, ", where a PRIVATE KEY is due"));
}

// What stands in front of the point of a key on a named curve in its SPKI (RFC 5480), in hex.
struct PointHead {
  std::string_view curve;
  std::string_view head;
};
constexpr std::array kPointHeads{
    PointHead{"prime256v1", "3059301306072a8648ce3d020106082a8648ce3d030107034200"},
    PointHead{"secp384r1", "3076301006072a8648ce3d020106052b81040022036200"},
    PointHead{"secp521r1", "30819b301006072a8648ce3d020106052b8104002303818600"},
};

// For an ECDSA key made here: OpenSSL's encoder takes several times as long as making the key. Not
// for keys from outside, which may state their curve in parameters of their own. Empty for others.
Bytes spki_of_point(const EVP_PKEY& key) {
  std::array<char, 32> curve{};
  if (EVP_PKEY_get_group_name(&key, curve.data(), curve.size(), nullptr) != 1) return {};
  const auto* const found =
      std::ranges::find(kPointHeads, std::string_view(curve.data()), &PointHead::curve);
  if (found == kPointHeads.end()) return {};
  std::array<std::uint8_t, 160> point{};
  std::size_t size = 0;
  if (EVP_PKEY_get_octet_string_param(&key, OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size(),
                                      &size) != 1) {
    return {};
  }
  Bytes out = from_hex(found->head).value();
  // The head states the length of what follows it: another form of point is not for it.
  const std::size_t due = std::size_t{out[out[1] == 0x81 ? 2 : 1]} + (out[1] == 0x81 ? 3 : 2);
  if (out.size() + size != due || point[0] != 4) return {};
  out.insert(out.end(), point.begin(), point.begin() + static_cast<std::ptrdiff_t>(size));
  return out;
}

// The public half, under all the rules for public keys.
Result<PublicKey> public_half(const EVP_PKEY& key) {
  if (EVP_PKEY_is_a(&key, "ED25519") == 1) {
    std::array<std::uint8_t, 32> raw{};
    std::size_t raw_size = raw.size();
    if (EVP_PKEY_get_raw_public_key(&key, raw.data(), &raw_size) != 1) throw std::bad_alloc();
    return PublicKey::from_ed25519(raw);
  }
  std::uint8_t* der = nullptr;
  const int size = i2d_PUBKEY(&key, &der);
  ERR_clear_error();
  if (size <= 0) {
    const char* kind = EVP_PKEY_get0_type_name(&key);
    return fail(Errc::unsupported,
                cat("a private key of kind ", kind == nullptr ? "unknown" : kind));
  }
  auto out = PublicKey::from_der({der, static_cast<std::size_t>(size)});
  OPENSSL_free(der);
  return out;
}

// RFC 8410: all that an Ed25519 key without attributes is, but for its 32 bytes. OpenSSL's decoders
// take a millisecond for it.
constexpr std::string_view kEd25519InfoHead = "302e020100300506032b657004220420";

Pkey plain_ed25519_info(ByteView der) {
  static const Bytes head = from_hex(kEd25519InfoHead).value();
  constexpr std::size_t kSeed = 32;
  if (der.size() != head.size() + kSeed || !equal(der.first(head.size()), head)) return nullptr;
  Pkey key(
      EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, der.data() + head.size(), kSeed));
  ERR_clear_error();
  return key;
}

Result<Pkey> read_key_info(ByteView der) {
  if (Pkey plain = plain_ed25519_info(der)) return plain;
  const std::uint8_t* at = der.data();
  const PrivateKeyInfo info(d2i_PKCS8_PRIV_KEY_INFO(nullptr, &at, static_cast<long>(der.size())));
  ERR_clear_error();
  if (!info) return fail(Errc::malformed, "not a private key in PKCS#8 form");
  if (at != der.data() + der.size()) return fail(Errc::malformed, "bytes after the end of the key");
  Pkey key(EVP_PKCS82PKEY(info.get()));
  ERR_clear_error();
  if (key) return key;
  const ASN1_OBJECT* algorithm = nullptr;
  PKCS8_pkey_get0(&algorithm, nullptr, nullptr, nullptr, info.get());
  const int nid = OBJ_obj2nid(algorithm);
  const bool ours =
      nid == NID_X9_62_id_ecPublicKey || nid == NID_rsaEncryption || nid == NID_ED25519;
  if (ours) return fail(Errc::malformed, cat("a damaged private key of kind ", OBJ_nid2sn(nid)));
  return fail(Errc::unsupported,
              cat("a private key of kind ", nid == NID_undef ? "unknown" : OBJ_nid2sn(nid)));
}

bool is_key_info(ByteView der) {
  const std::uint8_t* at = der.data();
  const PrivateKeyInfo info(d2i_PKCS8_PRIV_KEY_INFO(nullptr, &at, static_cast<long>(der.size())));
  ERR_clear_error();
  return info != nullptr;
}

// "EC PRIVATE KEY" (SEC 1) and "RSA PRIVATE KEY" (PKCS#1): that structure, and no other.
Result<Pkey> read_traditional(ByteView der, const char* kind) {
  // OpenSSL's decoder takes PKCS#8 as well, whatever structure it is asked for.
  if (is_key_info(der))
    return fail(Errc::malformed, cat("PKCS#8 in the armour of a private ", kind, " key"));
  EVP_PKEY* key = nullptr;
  const Decoder decoder(OSSL_DECODER_CTX_new_for_pkey(&key, "DER", "type-specific", kind,
                                                      EVP_PKEY_KEYPAIR, nullptr, nullptr));
  if (!decoder) throw std::bad_alloc();
  const std::uint8_t* at = der.data();
  std::size_t left = der.size();
  const int rc = OSSL_DECODER_from_data(decoder.get(), &at, &left);
  ERR_clear_error();
  Pkey owned(key);
  if (rc != 1 || !owned) return fail(Errc::malformed, cat("not a private ", kind, " key"));
  if (left != 0) return fail(Errc::malformed, "bytes after the end of the key");
  return owned;
}

SecretBytes key_info_of(const EVP_PKEY& key) {
  const Encoder encoder(
      OSSL_ENCODER_CTX_new_for_pkey(&key, EVP_PKEY_KEYPAIR, "DER", "PrivateKeyInfo", nullptr));
  const Bio out(BIO_new(BIO_s_secmem()));
  if (!encoder || !out || OSSL_ENCODER_to_bio(encoder.get(), out.get()) != 1) {
    ERR_clear_error();
    throw std::bad_alloc();
  }
  char* data = nullptr;
  const long size = BIO_get_mem_data(out.get(), &data);
  return SecretBytes::copy_of(std::string_view(data, static_cast<std::size_t>(size)));
}

// OpenSSL's seed of an Ed25519 key, as the 64 bytes that libsodium signs with.
SecretBytes sodium_key_of(const EVP_PKEY& key) {
  ready_sodium();
  SecretBytes seed(crypto_sign_SEEDBYTES);
  std::size_t size = seed.size();
  if (EVP_PKEY_get_raw_private_key(&key, seed.reveal().data(), &size) != 1) throw std::bad_alloc();
  SecretBytes out(crypto_sign_SECRETKEYBYTES);
  std::array<std::uint8_t, crypto_sign_PUBLICKEYBYTES> half{};
  crypto_sign_seed_keypair(half.data(), out.reveal().data(), seed.reveal().data());
  return out;
}

// A file may state a public point that is not the private number's.
bool halves_agree(EVP_PKEY& key) {
  const PkeyContext context = pkey_context(key);
  const int rc = EVP_PKEY_pairwise_check(context.get());
  ERR_clear_error();
  return rc == 1;
}

}  // namespace

// The key itself never changes; the same key under another scheme shares it.
struct KeyMaterial {
  Pkey pkey;            // its private numbers are in OpenSSL's secret heap
  SecretBytes ed25519;  // libsodium's form; empty for other types
  PublicKey half;
};

struct PrivateKey::Impl {
  std::shared_ptr<const KeyMaterial> material;  // shared by the same key under several schemes
  Scheme scheme;

  // From outside the halves may be of different keys.
  enum class Halves : std::uint8_t { to_be_checked, made_together };
  static Result<PrivateKey> adopt(Pkey pkey, Halves halves = Halves::to_be_checked);
  static Result<PrivateKey> read(std::string_view pem, const PasswordSource& password);
};

Result<PrivateKey> PrivateKey::Impl::adopt(Pkey pkey, Halves halves) {
  const Bytes spki = halves == Halves::made_together ? spki_of_point(*pkey) : Bytes();
  ERR_clear_error();
  SLUICE_TRY(PublicKey half, spki.empty() ? public_half(*pkey) : PublicKey::from_der(spki));
  const KeyType type = half.type();
  const bool ecdsa = type != KeyType::ed25519 && type != KeyType::rsa;
  if (ecdsa && halves == Halves::to_be_checked && !halves_agree(*pkey)) {
    return fail(Errc::malformed,
                "a damaged key: its private and its public half do not belong together");
  }
  SecretBytes ed25519 = type == KeyType::ed25519 ? sodium_key_of(*pkey) : SecretBytes();
  const Scheme scheme = half.default_scheme();
  auto material = std::make_shared<const KeyMaterial>(
      KeyMaterial{std::move(pkey), std::move(ed25519), std::move(half)});
  return PrivateKey(std::make_shared<const Impl>(Impl{std::move(material), scheme}));
}

Result<PrivateKey> PrivateKey::Impl::read(std::string_view pem, const PasswordSource& password) {
  SLUICE_TRY(const PemBlock block, read_pem(pem));
  SLUICE_TRY(const KeyArmourName armour, armour_named(block.label));
  const ByteView content = block.content.reveal();
  const auto ask = [&]() -> Result<SecretBytes> {
    if (password) return password();
    return fail(Errc::denied, "the key is encrypted and there is no password for it");
  };
  const auto pkey = [&]() -> Result<Pkey> {
    switch (armour.armour) {
      case KeyArmour::pkcs8:
        return read_key_info(content);
      case KeyArmour::ec:
        return read_traditional(content, "EC");
      case KeyArmour::rsa:
        return read_traditional(content, "RSA");
      case KeyArmour::encrypted_pkcs8: {
        SLUICE_TRY(const SecretBytes secret, ask());
        SLUICE_TRY(const SecretBytes plain, decrypt_pkcs8(content, secret));
        return read_key_info(plain.reveal());
      }
      case KeyArmour::cosign: {
        SLUICE_TRY(const SecretBytes secret, ask());
        SLUICE_TRY(const SecretBytes plain, decrypt_cosign(text_of(content), secret));
        return read_key_info(plain.reveal());
      }
    }
    return fail(Errc::internal, "a kind of armour that nobody reads");
  };
  SLUICE_TRY(Pkey key, pkey());
  return adopt(std::move(key));
}

std::string_view name(KeyFormat format) {
  switch (format) {
    case KeyFormat::pkcs8:
      return "pkcs8";
    case KeyFormat::encrypted_pkcs8:
      return "encrypted-pkcs8";
    case KeyFormat::cosign:
      return "cosign";
    case KeyFormat::traditional:
      return "traditional";
  }
  return "?";
}

Result<PrivateKey> PrivateKey::generate(KeyType type, unsigned rsa_bits) {
  ready_secret_heap();
  if (type == KeyType::rsa && (rsa_bits < 2048 || rsa_bits > 8192 || rsa_bits % 8 != 0)) {
    return fail(Errc::usage, cat("an RSA key of ", rsa_bits, " bits; possible are 2048 to 8192"));
  }
  const auto make = [&]() -> EVP_PKEY* {
    switch (type) {
      case KeyType::ecdsa_p256:
        return EVP_EC_gen("P-256");
      case KeyType::ecdsa_p384:
        return EVP_EC_gen("P-384");
      case KeyType::ecdsa_p521:
        return EVP_EC_gen("P-521");
      case KeyType::ed25519:
        return EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
      case KeyType::rsa:
        return EVP_RSA_gen(rsa_bits);
    }
    return nullptr;
  };
  Pkey pkey(make());
  ERR_clear_error();
  if (!pkey)
    return fail(Errc::internal,
                cat("OpenSSL cannot make a key of type ", sluice::crypto::name(type)));
  return Impl::adopt(std::move(pkey), Impl::Halves::made_together);
}

Result<PrivateKey> PrivateKey::from_pem(std::string_view pem, const PasswordSource& password) {
  ready_secret_heap();
  return Impl::read(pem, password);
}

Result<KeyFormat> PrivateKey::format_of(std::string_view pem) {
  SLUICE_TRY(const std::string_view label, pem_label(pem));
  SLUICE_TRY(const KeyArmourName armour, armour_named(label));
  return armour.format;
}

Result<SecretBytes> PrivateKey::to_pkcs8_pem() const {
  return write_secret_pem("PRIVATE KEY", key_info_of(*impl_->material->pkey).reveal());
}

Result<std::string> PrivateKey::to_encrypted_pkcs8_pem(const SecretBytes& password) const {
  SLUICE_TRY(const Bytes der, encrypt_pkcs8(key_info_of(*impl_->material->pkey), password));
  return write_pem("ENCRYPTED PRIVATE KEY", der);
}

Result<std::string> PrivateKey::to_cosign_pem(const SecretBytes& password, Random& random) const {
  SLUICE_TRY(const std::string json,
             encrypt_cosign(key_info_of(*impl_->material->pkey), password, random));
  return write_pem("ENCRYPTED SIGSTORE PRIVATE KEY", bytes_of(json));
}

const PublicKey& PrivateKey::public_key() const { return impl_->material->half; }
Scheme PrivateKey::scheme() const { return impl_->scheme; }

Result<PrivateKey> PrivateKey::with_scheme(Scheme scheme) const {
  SLUICE_CHECK(check_scheme(scheme, public_key().type()));
  return PrivateKey(std::make_shared<const Impl>(Impl{impl_->material, scheme}));
}

namespace {

using SignContext = Owned<EVP_MD_CTX, EVP_MD_CTX_free>;

// Of large messages OpenSSL makes the same signature in less than half of the time: it hashes them
// twice. Nothing: to be asked of libsodium.
std::optional<Bytes> sign_large_ed25519(const KeyMaterial& material, ByteView message) {
  constexpr std::size_t kLarge = 64U << 10;
  if (message.size() < kLarge) return std::nullopt;
  const SignContext context(EVP_MD_CTX_new());
  Bytes out(crypto_sign_BYTES);
  std::size_t size = out.size();
  const bool done =
      context &&
      EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, material.pkey.get()) == 1 &&
      EVP_DigestSign(context.get(), out.data(), &size, message.data(), message.size()) == 1 &&
      size == out.size();
  ERR_clear_error();
  return done ? std::optional(std::move(out)) : std::nullopt;
}

Bytes sign_pure_ed25519(const KeyMaterial& material, ByteView message) {
  if (auto large = sign_large_ed25519(material, message)) return *std::move(large);
  Bytes out(crypto_sign_BYTES);
  crypto_sign_detached(out.data(), nullptr, message.data(), message.size(),
                       material.ed25519.reveal().data());
  return out;
}

Bytes sign_ed25519(const KeyMaterial& material, const Message::Impl& message) {
  if (message.scheme.kind == SchemeKind::ed25519) {
    return sign_pure_ed25519(material, message.whole);
  }
  Bytes out(crypto_sign_BYTES);
  crypto_sign_ed25519ph_state copy = *message.prehash;
  crypto_sign_ed25519ph_final_create(&copy, out.data(), nullptr, material.ed25519.reveal().data());
  return out;
}

}  // namespace

Result<Bytes> Signer::sign_bytes(ByteView message) const {
  SLUICE_TRY(const auto taken, Message::of(scheme(), message));
  return sign(taken);
}

Result<Bytes> PrivateKey::sign_bytes(ByteView message) const {
  if (impl_->scheme.kind != SchemeKind::ed25519) return Signer::sign_bytes(message);
  return sign_pure_ed25519(*impl_->material, message);
}

Result<Bytes> PrivateKey::sign(const Message& message) const {
  if (message.scheme() != impl_->scheme) {
    return fail(Errc::unsupported,
                cat("a message taken in for ", sluice::crypto::name(message.scheme()),
                    ", to be signed with ", sluice::crypto::name(impl_->scheme)));
  }
  const KeyMaterial& material = *impl_->material;
  if (!material.ed25519.empty()) return sign_ed25519(material, message.impl());

  const PkeyContext context = pkey_context(*material.pkey);
  const ByteView digest = message.digest().bytes();
  std::size_t size = static_cast<std::size_t>(EVP_PKEY_get_size(material.pkey.get()));
  Bytes out(size);
  const bool done =
      EVP_PKEY_sign_init(context.get()) == 1 && set_padding(context.get(), impl_->scheme) &&
      EVP_PKEY_sign(context.get(), out.data(), &size, digest.data(), digest.size()) == 1;
  ERR_clear_error();
  if (!done)
    return fail(Errc::internal,
                cat("OpenSSL cannot sign with ", sluice::crypto::name(impl_->scheme)));
  out.resize(size);
  // A damaged RSA key gives signatures that are wrong, and some of those give the key away.
  if (public_key().type() == KeyType::rsa) {
    SLUICE_TRY(const Match match, verify(public_key(), message, out));
    if (match != Match::yes)
      return fail(Errc::malformed, "a damaged key: its own signature does not fit");
  }
  return out;
}

}  // namespace sluice::crypto
