// SPDX-License-Identifier: Apache-2.0
#include "crypto/key.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/params.h>
#include <openssl/x509.h>
#include <sodium.h>

#include <algorithm>
#include <array>
#include <mutex>
#include <new>
#include <optional>
#include <utility>

#include "base/codec.h"
#include "base/limits.h"
#include "base/text.h"
#include "crypto/openssl.h"
#include "crypto/pem.h"

namespace sluice::crypto {

namespace {

struct OpensslFree {
  void operator()(std::uint8_t* bytes) const { OPENSSL_free(bytes); }
};
using DerBuffer = std::unique_ptr<std::uint8_t, OpensslFree>;
using Spki = Owned<X509_PUBKEY, X509_PUBKEY_free>;
using Number = Owned<BIGNUM, BN_free>;

constexpr unsigned kRsaLeast = 2048;
constexpr unsigned kRsaMost = 8192;
// Larger public exponents bring nothing, and Go's programs refuse them.
constexpr int kRsaExponentBits = 31;

// `head` is what stands in front of an uncompressed point in the one DER form of an SPKI, in hex.
struct Curve {
  int nid;
  KeyType type;
  unsigned bits;
  std::string_view shown;
  std::string_view head;
};
constexpr std::array kCurves{
    Curve{NID_X9_62_prime256v1, KeyType::ecdsa_p256, 256, "ECDSA P-256",
          "3059301306072a8648ce3d020106082a8648ce3d030107034200"},
    Curve{NID_secp384r1, KeyType::ecdsa_p384, 384, "ECDSA P-384",
          "3076301006072a8648ce3d020106052b81040022036200"},
    Curve{NID_secp521r1, KeyType::ecdsa_p521, 521, "ECDSA P-521",
          "30819b301006072a8648ce3d020106052b8104002303818600"},
};

// What stands in front of the 32 bytes of an Ed25519 key in its SPKI (RFC 8410 4), in hex.
constexpr std::string_view kEd25519Head = "302a300506032b6570032100";
constexpr std::size_t kEd25519Size = 32;

struct TypeName {
  KeyType type;
  std::string_view name;
};
constexpr std::array kTypeNames{
    TypeName{KeyType::ecdsa_p256, "ecdsa-p256"},
    TypeName{KeyType::ecdsa_p384, "ecdsa-p384"},
    TypeName{KeyType::ecdsa_p521, "ecdsa-p521"},
    TypeName{KeyType::ed25519, "ed25519"},
    TypeName{KeyType::rsa, "rsa"},
};

// The parts of an SPKI that decide which kind of key it is.
struct SpkiParts {
  int algorithm = NID_undef;
  std::string algorithm_name;
  int parameter_type = V_ASN1_UNDEF;
  int curve = NID_undef;
  std::string curve_name;
  ByteView key;
};

// secp256k1, or 1.3.132.0.10 for those without a name in OpenSSL.
std::string object_name(const ASN1_OBJECT* object) {
  const int nid = OBJ_obj2nid(object);
  if (nid != NID_undef) return OBJ_nid2sn(nid);
  std::array<char, 80> text{};
  const int size = OBJ_obj2txt(text.data(), text.size(), object, 1);
  return size <= 0 ? "of an unreadable name" : printable(text.data());
}

SpkiParts parts_of(const X509_PUBKEY& spki) {
  SpkiParts parts;
  ASN1_OBJECT* algorithm = nullptr;
  const unsigned char* key = nullptr;
  int key_size = 0;
  X509_ALGOR* identifier = nullptr;
  X509_PUBKEY_get0_param(&algorithm, &key, &key_size, &identifier, &spki);
  parts.algorithm = OBJ_obj2nid(algorithm);
  parts.algorithm_name = object_name(algorithm);
  parts.key = {key, static_cast<std::size_t>(key_size)};
  const void* parameter = nullptr;
  X509_ALGOR_get0(nullptr, &parts.parameter_type, &parameter, identifier);
  if (parts.parameter_type == V_ASN1_OBJECT) {
    parts.curve = OBJ_obj2nid(static_cast<const ASN1_OBJECT*>(parameter));
    parts.curve_name = object_name(static_cast<const ASN1_OBJECT*>(parameter));
  }
  return parts;
}

// The one DER form of these parts: what is not equal to it was written differently (long lengths,
// unused bits), and two spellings of a key must not have two fingerprints.
Bytes spell(const SpkiParts& parts) {
  const Spki fresh(X509_PUBKEY_new());
  DerBuffer key(static_cast<std::uint8_t*>(OPENSSL_memdup(parts.key.data(), parts.key.size())));
  if (!fresh || !key) throw std::bad_alloc();
  ASN1_OBJECT* parameter =
      parts.parameter_type == V_ASN1_OBJECT ? OBJ_nid2obj(parts.curve) : nullptr;
  if (X509_PUBKEY_set0_param(fresh.get(), OBJ_nid2obj(parts.algorithm), parts.parameter_type,
                             parameter, key.get(), static_cast<int>(parts.key.size())) != 1) {
    throw std::bad_alloc();
  }
  static_cast<void>(key.release());
  std::uint8_t* out = nullptr;
  const int size = i2d_X509_PUBKEY(fresh.get(), &out);
  const DerBuffer owner(out);
  return size <= 0 ? Bytes{} : Bytes(out, out + size);
}

Pkey take_pkey(const X509_PUBKEY& spki) {
  Pkey key(X509_PUBKEY_get(&spki));
  ERR_clear_error();
  return key;
}

Result<PublicKey> ecdsa_key(const X509_PUBKEY& spki, const SpkiParts& parts, ByteView der) {
  if (parts.parameter_type == V_ASN1_SEQUENCE) {
    return fail(Error{Errc::unsupported, "an EC key with explicit curve parameters"}.advise(
        "only named curves are safe: convert it with openssl ec -param_enc named_curve"));
  }
  if (parts.parameter_type != V_ASN1_OBJECT) {
    return fail(Errc::malformed, "an EC key that names no curve");
  }
  const auto* const curve = std::ranges::find(kCurves, parts.curve, &Curve::nid);
  if (curve == kCurves.end()) {
    return fail(Errc::unsupported, cat("an EC key on the curve ", parts.curve_name,
                                       "; accepted are P-256, P-384, P-521"));
  }
  const std::size_t coordinate = (curve->bits + 7) / 8;
  if (parts.key.size() == coordinate + 1 && (parts.key[0] == 2 || parts.key[0] == 3)) {
    return fail(Error{Errc::unsupported, "an EC key with a compressed point"}.advise(
        "convert it: openssl ec -pubin -conv_form uncompressed"));
  }
  if (parts.key.size() != 2 * coordinate + 1 || parts.key[0] != 4) {
    return fail(Errc::malformed,
                cat("the point of the ", curve->shown, " key is not written as one"));
  }
  Pkey pkey = take_pkey(spki);
  if (!pkey)
    return fail(Errc::malformed, cat("the point of the key is not on ", curve->shown.substr(6)));
  return PublicKey(std::make_shared<PublicKey::Impl>(
      PublicKey::Impl{curve->type, curve->bits, copy_of(der), {}, std::move(pkey)}));
}

// A key that has a curve and no point yet.
Pkey curve_of(const Curve& curve) {
  const PkeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
  std::string name(OBJ_nid2sn(curve.nid));
  std::array parameters{
      OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, name.data(), name.size()),
      OSSL_PARAM_construct_end()};
  EVP_PKEY* out = nullptr;
  if (!context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &out, EVP_PKEY_KEY_PARAMETERS, parameters.data()) != 1) {
    ERR_clear_error();
    return nullptr;
  }
  return Pkey(out);
}

struct PlainForm {
  const Curve* curve;
  Bytes head;
  Pkey bare;
};
const std::vector<PlainForm>& plain_forms() {
  static const std::vector<PlainForm> forms = [] {
    std::vector<PlainForm> out;
    for (const Curve& curve : kCurves) {
      out.push_back({&curve, from_hex(curve.head).value(), curve_of(curve)});
    }
    return out;
  }();
  return forms;
}

// A key in the form that nearly all of them have, read twenty times as fast as OpenSSL's decoders
// do. Nothing where it has another form, or is wrong: they say what it is.
std::optional<PublicKey> plain_ecdsa_key(ByteView der) {
  for (const PlainForm& form : plain_forms()) {
    const std::size_t head = form.head.size();
    const std::size_t point = 1 + 2 * ((form.curve->bits + 7U) / 8U);
    if (der.size() != head + point || !equal(der.first(head), form.head) || der[head] != 4)
      continue;
    Pkey key(form.bare ? EVP_PKEY_dup(form.bare.get()) : nullptr);
    const bool on_curve =
        key && EVP_PKEY_set1_encoded_public_key(key.get(), der.data() + head, point) == 1;
    ERR_clear_error();
    if (!on_curve) return std::nullopt;
    return PublicKey(std::make_shared<PublicKey::Impl>(
        PublicKey::Impl{form.curve->type, form.curve->bits, copy_of(der), {}, std::move(key)}));
  }
  return std::nullopt;
}

// Whether a point is safe never changes, and to find out takes longer than to check a signature:
// of those that are, some are kept. The same keys stand in one metadata file after the other.
class SafePoints {
 public:
  using Point = std::array<std::uint8_t, kEd25519Size>;

  bool has(const Point& point) {
    const std::scoped_lock lock(mutex_);
    return known_[place(point)] == point;
  }
  void keep(const Point& point) {
    const std::scoped_lock lock(mutex_);
    known_[place(point)] = point;
  }

 private:
  static std::size_t place(const Point& point) { return point[0] % 64; }

  std::mutex mutex_;
  std::array<Point, 64> known_{};  // all zeros is no safe point; guarded by mutex_
};

bool is_safe_point(const SafePoints::Point& point) {
  static SafePoints known;
  static constexpr SafePoints::Point kNone{};
  if (point != kNone && known.has(point)) return true;
  ready_sodium();
  if (crypto_core_ed25519_is_valid_point(point.data()) != 1) return false;
  known.keep(point);
  return true;
}

Result<PublicKey> ed25519_key(const X509_PUBKEY& spki, const SpkiParts& parts, ByteView der) {
  std::array<std::uint8_t, 32> raw{};
  if (parts.parameter_type != V_ASN1_UNDEF || parts.key.size() != raw.size()) {
    return fail(Errc::malformed, "not an Ed25519 key: it has parameters or not 32 bytes");
  }
  std::ranges::copy(parts.key, raw.begin());
  // OpenSSL takes any 32 bytes. Under a key of small order, signatures fit messages that nobody
  // signed.
  if (!is_safe_point(raw)) {
    return fail(Errc::malformed,
                "not a safe Ed25519 key: its point has a small order or is not canonical");
  }
  Pkey pkey = take_pkey(spki);
  if (!pkey) return fail(Errc::malformed, "not an Ed25519 key");
  return PublicKey(std::make_shared<PublicKey::Impl>(
      PublicKey::Impl{KeyType::ed25519, 256, copy_of(der), raw, std::move(pkey)}));
}

// As plain_ecdsa_key(): those 44 bytes are all that a good one can be.
std::optional<PublicKey> plain_ed25519_key(ByteView der) {
  static const Bytes head = from_hex(kEd25519Head).value();
  if (der.size() != head.size() + kEd25519Size || !equal(der.first(head.size()), head)) {
    return std::nullopt;
  }
  std::array<std::uint8_t, kEd25519Size> raw{};
  std::ranges::copy(der.last(raw.size()), raw.begin());
  if (!is_safe_point(raw)) return std::nullopt;
  Pkey pkey(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, raw.data(), raw.size()));
  ERR_clear_error();
  if (!pkey) return std::nullopt;
  return PublicKey(std::make_shared<PublicKey::Impl>(
      PublicKey::Impl{KeyType::ed25519, 256, copy_of(der), raw, std::move(pkey)}));
}

Number number_of(const EVP_PKEY& key, const char* parameter) {
  BIGNUM* out = nullptr;
  if (EVP_PKEY_get_bn_param(&key, parameter, &out) != 1) return nullptr;
  return Number(out);
}

// The SPKI of a key in OpenSSL's hands; empty where it has none.
Bytes spki_of(const EVP_PKEY& key) {
  std::uint8_t* out = nullptr;
  const int size = i2d_PUBKEY(&key, &out);
  const DerBuffer owner(out);
  ERR_clear_error();
  return size <= 0 ? Bytes{} : Bytes(out, out + size);
}

Result<PublicKey> rsa_key(const X509_PUBKEY& spki, const SpkiParts& parts, ByteView der) {
  if (parts.parameter_type != V_ASN1_NULL) {
    return fail(Errc::malformed, "an RSA key with algorithm parameters");
  }
  Pkey pkey = take_pkey(spki);
  if (!pkey) return fail(Errc::malformed, "the numbers of the RSA key are broken");
  const Number modulus = number_of(*pkey, OSSL_PKEY_PARAM_RSA_N);
  const Number exponent = number_of(*pkey, OSSL_PKEY_PARAM_RSA_E);
  if (!modulus || !exponent) return fail(Errc::malformed, "an RSA key that lacks its numbers");
  const auto bits = static_cast<unsigned>(BN_num_bits(modulus.get()));
  if (bits < kRsaLeast || bits > kRsaMost) {
    return fail(Errc::unsupported,
                cat("an RSA key of ", bits, " bits; accepted are ", kRsaLeast, " to ", kRsaMost));
  }
  if (BN_is_odd(modulus.get()) != 1 || BN_is_negative(modulus.get()) == 1) {
    return fail(Errc::malformed, "an RSA key with an impossible modulus");
  }
  if (BN_is_odd(exponent.get()) != 1 || BN_is_negative(exponent.get()) == 1 ||
      BN_is_one(exponent.get()) == 1 || BN_num_bits(exponent.get()) > kRsaExponentBits) {
    return fail(Errc::unsupported,
                cat("an RSA key whose exponent is not odd, from 3 to ", kRsaExponentBits, " bits"));
  }
  // spell() says nothing about the two numbers inside.
  if (!equal(spki_of(*pkey), der)) return fail(Errc::malformed, "an RSA key that is not in DER");
  return PublicKey(std::make_shared<PublicKey::Impl>(
      PublicKey::Impl{KeyType::rsa, bits, copy_of(der), {}, std::move(pkey)}));
}

Result<PublicKey> from_pkcs1(ByteView der) {
  const std::uint8_t* at = der.data();
  const Pkey pkey(d2i_PublicKey(EVP_PKEY_RSA, nullptr, &at, static_cast<long>(der.size())));
  ERR_clear_error();
  if (!pkey) return fail(Errc::malformed, "not an RSA key in PKCS#1 form");
  if (at != der.data() + der.size()) return fail(Errc::malformed, "bytes after the end of the key");
  return PublicKey::from_der(spki_of(*pkey));
}

}  // namespace

std::string_view name(KeyType type) {
  return std::ranges::find(kTypeNames, type, &TypeName::type)->name;
}

Result<KeyType> key_type_named(std::string_view wanted) {
  const auto* const found = std::ranges::find(kTypeNames, wanted, &TypeName::name);
  if (found != kTypeNames.end()) return found->type;
  std::vector<std::string> names;
  for (const auto& one : kTypeNames) names.emplace_back(one.name);
  return fail(Errc::usage, cat("\"", printable(wanted, 40), "\" is no type of key; there are ",
                               join(names, ", ")));
}

std::string name(Scheme scheme) {
  switch (scheme.kind) {
    case SchemeKind::ecdsa:
      return cat("ecdsa-", name(scheme.hash));
    case SchemeKind::ed25519:
      return "ed25519";
    case SchemeKind::ed25519ph:
      return "ed25519ph";
    case SchemeKind::rsa_pkcs1:
      return cat("rsa-pkcs1-", name(scheme.hash));
    case SchemeKind::rsa_pss:
      return cat("rsa-pss-", name(scheme.hash));
  }
  return "?";
}

Result<PublicKey> PublicKey::from_der(ByteView der) {
  if (der.size() > limits::kKeyFile) {
    return fail(Errc::limit, cat("a public key of more than ", human_bytes(limits::kKeyFile)));
  }
  ready_openssl();
  if (auto plain = plain_ed25519_key(der)) return *std::move(plain);
  if (auto plain = plain_ecdsa_key(der)) return *std::move(plain);
  const std::uint8_t* at = der.data();
  const Spki spki(der.empty() ? nullptr
                              : d2i_X509_PUBKEY(nullptr, &at, static_cast<long>(der.size())));
  ERR_clear_error();
  if (!spki) return fail(Errc::malformed, "not a public key (SPKI in DER)");
  if (at != der.data() + der.size()) return fail(Errc::malformed, "bytes after the end of the key");

  const SpkiParts parts = parts_of(*spki);
  const auto checked = [&]() -> Result<PublicKey> {
    switch (parts.algorithm) {
      case NID_X9_62_id_ecPublicKey:
        return ecdsa_key(*spki, parts, der);
      case NID_ED25519:
        return ed25519_key(*spki, parts, der);
      case NID_rsaEncryption:
        return rsa_key(*spki, parts, der);
      default:
        return fail(Errc::unsupported, cat("a public key of kind ", parts.algorithm_name,
                                           "; accepted are ECDSA, Ed25519, RSA"));
    }
  };
  SLUICE_TRY(PublicKey key, checked());
  if (!equal(spell(parts), der)) return fail(Errc::malformed, "a public key that is not in DER");
  return key;
}

Result<PublicKey> PublicKey::from_ed25519(ByteView raw) {
  if (raw.size() != kEd25519Size) {
    return fail(Errc::malformed, cat("an Ed25519 key has 32 bytes, not ", raw.size()));
  }
  Bytes spki = from_hex(kEd25519Head).value();
  spki.insert(spki.end(), raw.begin(), raw.end());
  return from_der(spki);
}

Result<PublicKey> PublicKey::from_pem(std::string_view pem) {
  ready_openssl();
  SLUICE_TRY(const PublicPem block, read_public_pem(pem));
  if (block.label == "PUBLIC KEY") return from_der(block.content);
  if (block.label == "RSA PUBLIC KEY") return from_pkcs1(block.content);
  Error error{Errc::unsupported, cat("a PEM block ", block.label, ", where a PUBLIC KEY is due")};
  if (block.label.ends_with("PRIVATE KEY")) {
    return fail(std::move(error).advise("take the public half: sluice key public"));
  }
  return fail(std::move(error));
}

KeyType PublicKey::type() const { return impl_->type; }
unsigned PublicKey::bits() const { return impl_->bits; }
const Bytes& PublicKey::der() const { return impl_->der; }
std::string PublicKey::pem() const { return write_pem("PUBLIC KEY", impl_->der); }
Digest PublicKey::fingerprint() const { return digest_of(HashAlgorithm::sha256, impl_->der); }
ByteView PublicKey::ed25519() const {
  return type() == KeyType::ed25519 ? ByteView(impl_->ed25519) : ByteView();
}
bool PublicKey::operator==(const PublicKey& other) const { return impl_->der == other.impl_->der; }

std::string PublicKey::describe() const {
  if (type() == KeyType::rsa) return cat("RSA ", bits());
  if (type() == KeyType::ed25519) return "Ed25519";
  return std::string(std::ranges::find(kCurves, type(), &Curve::type)->shown);
}

Scheme PublicKey::default_scheme() const {
  switch (type()) {
    case KeyType::ecdsa_p256:
      return {SchemeKind::ecdsa, HashAlgorithm::sha256};
    case KeyType::ecdsa_p384:
      return {SchemeKind::ecdsa, HashAlgorithm::sha384};
    case KeyType::ecdsa_p521:
      return {SchemeKind::ecdsa, HashAlgorithm::sha512};
    case KeyType::ed25519:
      return {SchemeKind::ed25519, HashAlgorithm::sha512};
    case KeyType::rsa:
      break;
  }
  return {SchemeKind::rsa_pkcs1, HashAlgorithm::sha256};
}

}  // namespace sluice::crypto
