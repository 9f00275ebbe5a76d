// SPDX-License-Identifier: Apache-2.0
// Keys of logs: their kinds as the file names them, and the ids that follow from them.
#include <algorithm>
#include <array>

#include "base/codec.h"
#include "base/text.h"
#include "crypto/pem.h"
#include "sigstore/checkpoint.h"
#include "sigstore/trust_raw.h"

namespace sluice::sigstore {

namespace {

using crypto::HashAlgorithm;
using crypto::KeyType;
using crypto::PublicKey;
using crypto::Scheme;
using crypto::SchemeKind;

constexpr Scheme kEcdsa256{SchemeKind::ecdsa, HashAlgorithm::sha256};
constexpr Scheme kEcdsa384{SchemeKind::ecdsa, HashAlgorithm::sha384};
constexpr Scheme kEcdsa512{SchemeKind::ecdsa, HashAlgorithm::sha512};
constexpr Scheme kPkcs1{SchemeKind::rsa_pkcs1, HashAlgorithm::sha256};
constexpr Scheme kPss{SchemeKind::rsa_pss, HashAlgorithm::sha256};
constexpr Scheme kPure{SchemeKind::ed25519, HashAlgorithm::sha512};
constexpr Scheme kPrehashed{SchemeKind::ed25519ph, HashAlgorithm::sha512};

// sigstore_common.proto, PublicKeyDetails. `bits` only where the name states them.
struct KeyDetails {
  std::string_view name;
  KeyType type;
  Scheme scheme;
  unsigned bits = 0;
  bool pkcs1 = false;  // the bytes are an RSAPublicKey, not an SPKI
};
constexpr std::array kKeyDetails{
    KeyDetails{"PKIX_ECDSA_P256_SHA_256", KeyType::ecdsa_p256, kEcdsa256},
    KeyDetails{"PKIX_ECDSA_P384_SHA_384", KeyType::ecdsa_p384, kEcdsa384},
    KeyDetails{"PKIX_ECDSA_P521_SHA_512", KeyType::ecdsa_p521, kEcdsa512},
    KeyDetails{"PKIX_ED25519", KeyType::ed25519, kPure},
    KeyDetails{"PKIX_ED25519_PH", KeyType::ed25519, kPrehashed},
    KeyDetails{"PKIX_RSA_PKCS1V15_2048_SHA256", KeyType::rsa, kPkcs1, 2048},
    KeyDetails{"PKIX_RSA_PKCS1V15_3072_SHA256", KeyType::rsa, kPkcs1, 3072},
    KeyDetails{"PKIX_RSA_PKCS1V15_4096_SHA256", KeyType::rsa, kPkcs1, 4096},
    KeyDetails{"PKIX_RSA_PSS_2048_SHA256", KeyType::rsa, kPss, 2048},
    KeyDetails{"PKIX_RSA_PSS_3072_SHA256", KeyType::rsa, kPss, 3072},
    KeyDetails{"PKIX_RSA_PSS_4096_SHA256", KeyType::rsa, kPss, 4096},
    // Deprecated, and still in files.
    KeyDetails{"PKIX_ECDSA_P384_SHA_256", KeyType::ecdsa_p384, kEcdsa256},
    KeyDetails{"PKIX_ECDSA_P521_SHA_256", KeyType::ecdsa_p521, kEcdsa256},
    KeyDetails{"PKIX_RSA_PKCS1V5", KeyType::rsa, kPkcs1},
    KeyDetails{"PKIX_RSA_PSS", KeyType::rsa, kPss},
    KeyDetails{"PKCS1_RSA_PKCS1V5", KeyType::rsa, kPkcs1, 0, true},
    KeyDetails{"PKCS1_RSA_PSS", KeyType::rsa, kPss, 0, true},
};

struct DecodedKey {
  PublicKey key;
  Scheme scheme;
};

Result<DecodedKey> decode_key(const RawLog& raw) {
  // An absent one is protobuf's zero; every log of Sigstore hashes with SHA-256.
  if (!raw.hash_algorithm.empty() && raw.hash_algorithm != "SHA2_256") {
    return fail(Errc::unsupported, cat("a log whose tree is hashed with ", raw.hash_algorithm,
                                       "; SHA2_256 is accepted"));
  }
  const auto* const found =
      std::ranges::find(kKeyDetails, std::string_view(raw.key_details), &KeyDetails::name);
  if (found == kKeyDetails.end()) {
    return fail(Errc::unsupported, cat("a key of the kind ", raw.key_details,
                                       "; ECDSA, Ed25519 and RSA keys are accepted"));
  }
  SLUICE_TRY(auto key, found->pkcs1
                           ? PublicKey::from_pem(crypto::write_pem("RSA PUBLIC KEY", raw.key))
                           : PublicKey::from_der(raw.key));
  if (key.type() != found->type || (found->bits != 0 && key.bits() != found->bits)) {
    return fail(Errc::malformed,
                cat("its key is said to be ", found->name, " and is ", key.describe()));
  }
  return DecodedKey{std::move(key), found->scheme};
}

// Does the stated id belong to this whole one? Older files have the first four bytes of it.
bool is_id(ByteView stated, ByteView whole) {
  return equal(stated, whole.first(std::min(stated.size(), whole.size())));
}

struct ProvenId {
  LogIdKind kind;
  Bytes id;
  std::string name;
};

Result<ProvenId> prove_id(const RawLog& raw, const DecodedKey& key) {
  std::vector<std::string> names;
  if (auto log = log_key(raw.url, raw.id, key.key, key.scheme)) names = std::move(log->names);
  const std::string host = names.empty() ? std::string() : names.front();
  if (Bytes id = key_log_id(key.key); is_id(raw.id, id)) {
    return ProvenId{LogIdKind::key, std::move(id), host};
  }
  for (const std::string& name : names) {
    SLUICE_TRY(Bytes id, note_log_id(name, key.key));
    if (is_id(raw.id, id)) return ProvenId{LogIdKind::note, std::move(id), name};
  }
  // The id of an ECDSA key does not depend on a name.
  const KeyType type = key.key.type();
  if (type == KeyType::ed25519 || type == KeyType::rsa) {
    return ProvenId{LogIdKind::foreign, raw.id, host};
  }
  return fail(Errc::malformed, cat("its id ", to_base64(raw.id), " is not that of its key, ",
                                   to_base64(key_log_id(key.key))));
}

}  // namespace

std::string_view name(LogIdKind kind) {
  switch (kind) {
    case LogIdKind::key:
      return "key";
    case LogIdKind::note:
      return "note";
    case LogIdKind::foreign:
      return "foreign";
  }
  return {};
}

Bytes key_log_id(const PublicKey& key) { return copy_of(key.fingerprint().bytes()); }

Result<Bytes> note_log_id(std::string_view name, const PublicKey& key) {
  if (key.type() != KeyType::ed25519) return key_log_id(key);
  SLUICE_TRY(const auto hash, note_key_hash(name, NoteKind::ed25519, key));
  return copy_of(hash.bytes());
}

Result<std::string> key_details_of(const PublicKey& key) {
  for (const KeyDetails& one : kKeyDetails) {
    if (one.type == key.type() && (one.bits == 0 || one.bits == key.bits())) {
      return std::string(one.name);
    }
  }
  return fail(Errc::unsupported, cat("a key of the kind ", key.describe(), " for a log"));
}

Result<TransparencyLog> decode_log(const RawLog& raw) {
  SLUICE_TRY(auto key, within(decode_key(raw), cat("reading ", raw.path)));
  SLUICE_TRY(auto id, within(prove_id(raw, key), cat("reading ", raw.path)));
  return TransparencyLog{.url = raw.url,
                         .name = std::move(id.name),
                         .operated_by = raw.operated_by,
                         .id = std::move(id.id),
                         .id_kind = id.kind,
                         .checkpoint_key_id = raw.checkpoint_key_id,
                         .key = std::move(key.key),
                         .scheme = key.scheme,
                         .window = raw.window};
}

Result<x509::CtLog> decode_ct_log(const RawLog& raw) {
  SLUICE_TRY(auto key, within(decode_key(raw), cat("reading ", raw.path)));
  x509::CtLog log(std::move(key.key), key.scheme, raw.window, raw.url);
  if (equal(log.id(), raw.id)) return log;
  return fail(Error{Errc::malformed, cat("its id ", to_base64(raw.id), " is not that of its key, ",
                                         to_base64(log.id()))}
                  .in(cat("reading ", raw.path)));
}

Result<x509::Authority> decode_authority(const RawAuthority& raw) {
  std::vector<x509::Certificate> chain;
  for (const Bytes& der : raw.certificates) {
    SLUICE_TRY(auto certificate,
               within(x509::Certificate::from_der(der), cat("reading ", raw.path)));
    chain.push_back(std::move(certificate));
  }
  std::string label = raw.url.empty() ? chain.back().describe() : raw.url;
  return within(x509::Authority::from_chain(std::move(chain), raw.window, std::move(label)),
                cat("reading ", raw.path));
}

}  // namespace sluice::sigstore
