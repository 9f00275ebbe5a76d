// SPDX-License-Identifier: Apache-2.0
#include "sigstore/names.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace sluice::sigstore {

namespace {

using crypto::HashAlgorithm;
using crypto::KeyType;
using crypto::SchemeKind;

struct HashRow {
  std::string_view label;
  HashAlgorithm algorithm;
};
constexpr std::array kHashRows{HashRow{"SHA2_256", HashAlgorithm::sha256},
                               HashRow{"SHA2_384", HashAlgorithm::sha384},
                               HashRow{"SHA2_512", HashAlgorithm::sha512}};

struct DetailsRow {
  std::string_view label;
  KeyDetails details;
};
constexpr crypto::Scheme ecdsa(HashAlgorithm hash) { return {SchemeKind::ecdsa, hash}; }
constexpr crypto::Scheme kPkcs1{SchemeKind::rsa_pkcs1, HashAlgorithm::sha256};
constexpr crypto::Scheme kPss{SchemeKind::rsa_pss, HashAlgorithm::sha256};
// The first row that fits is the one that is written.
constexpr std::array kDetailsRows{
    DetailsRow{"PKIX_ECDSA_P256_SHA_256", {KeyType::ecdsa_p256, ecdsa(HashAlgorithm::sha256)}},
    DetailsRow{"PKIX_ECDSA_P384_SHA_384", {KeyType::ecdsa_p384, ecdsa(HashAlgorithm::sha384)}},
    DetailsRow{"PKIX_ECDSA_P521_SHA_512", {KeyType::ecdsa_p521, ecdsa(HashAlgorithm::sha512)}},
    // Deprecated, and cosign still signs so with these keys.
    DetailsRow{"PKIX_ECDSA_P384_SHA_256", {KeyType::ecdsa_p384, ecdsa(HashAlgorithm::sha256)}},
    DetailsRow{"PKIX_ECDSA_P521_SHA_256", {KeyType::ecdsa_p521, ecdsa(HashAlgorithm::sha256)}},
    DetailsRow{"PKIX_ED25519", {KeyType::ed25519, {SchemeKind::ed25519, HashAlgorithm::sha512}}},
    DetailsRow{"PKIX_ED25519_PH",
               {KeyType::ed25519, {SchemeKind::ed25519ph, HashAlgorithm::sha512}}},
    DetailsRow{"PKIX_RSA_PKCS1V15_2048_SHA256", {KeyType::rsa, kPkcs1, 2048}},
    DetailsRow{"PKIX_RSA_PKCS1V15_3072_SHA256", {KeyType::rsa, kPkcs1, 3072}},
    DetailsRow{"PKIX_RSA_PKCS1V15_4096_SHA256", {KeyType::rsa, kPkcs1, 4096}},
    DetailsRow{"PKIX_RSA_PSS_2048_SHA256", {KeyType::rsa, kPss, 2048}},
    DetailsRow{"PKIX_RSA_PSS_3072_SHA256", {KeyType::rsa, kPss, 3072}},
    DetailsRow{"PKIX_RSA_PSS_4096_SHA256", {KeyType::rsa, kPss, 4096}},
    DetailsRow{"PKIX_RSA_PKCS1V5", {KeyType::rsa, kPkcs1}},
    DetailsRow{"PKIX_RSA_PSS", {KeyType::rsa, kPss}},
    DetailsRow{"PKCS1_RSA_PKCS1V5", {KeyType::rsa, kPkcs1, 0, true}},
    DetailsRow{"PKCS1_RSA_PSS", {KeyType::rsa, kPss, 0, true}},
};

}  // namespace

std::string_view hash_label(HashAlgorithm algorithm) {
  return std::ranges::find(kHashRows, algorithm, &HashRow::algorithm)->label;
}

Result<HashAlgorithm> hash_labelled(std::string_view label) {
  const auto* const row = std::ranges::find(kHashRows, label, &HashRow::label);
  if (row != kHashRows.end()) return row->algorithm;
  return fail(Errc::unsupported, cat("the hash algorithm \"", printable(label, 40),
                                     "\"; SHA2_256, SHA2_384 and SHA2_512 are known"));
}

bool goes_with(const crypto::PublicKey& key, const KeyDetails& details) {
  return key.type() == details.type && (details.bits == 0 || details.bits == key.bits());
}

Result<std::string_view> key_details_label(const crypto::PublicKey& key, crypto::Scheme scheme) {
  const auto* const row = std::ranges::find_if(kDetailsRows, [&](const DetailsRow& one) {
    return one.details.scheme == scheme && goes_with(key, one.details);
  });
  if (row != kDetailsRows.end()) return row->label;
  return fail(Errc::unsupported,
              cat("Sigstore has no name for ", key.describe(), " with ", crypto::name(scheme)));
}

Result<KeyDetails> key_details_labelled(std::string_view label) {
  const auto* const row = std::ranges::find(kDetailsRows, label, &DetailsRow::label);
  if (row != kDetailsRows.end()) return row->details;
  return fail(Errc::unsupported,
              cat("keys of the kind \"", printable(label, 60), "\" are not known here"));
}

}  // namespace sluice::sigstore
