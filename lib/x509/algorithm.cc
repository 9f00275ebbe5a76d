// SPDX-License-Identifier: Apache-2.0
#include "x509/algorithm.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "x509/oid.h"

namespace sluice::x509 {

namespace {

using crypto::HashAlgorithm;
using crypto::Scheme;
using crypto::SchemeKind;

struct HashRow {
  Oid oid;
  HashAlgorithm hash;
};
constexpr std::array kHashes{
    HashRow{oid::kSha256, HashAlgorithm::sha256},
    HashRow{oid::kSha384, HashAlgorithm::sha384},
    HashRow{oid::kSha512, HashAlgorithm::sha512},
};

struct SchemeRow {
  Oid oid;
  Scheme scheme;
};
constexpr std::array kSchemes{
    SchemeRow{oid::kEcdsaSha256, {SchemeKind::ecdsa, HashAlgorithm::sha256}},
    SchemeRow{oid::kEcdsaSha384, {SchemeKind::ecdsa, HashAlgorithm::sha384}},
    SchemeRow{oid::kEcdsaSha512, {SchemeKind::ecdsa, HashAlgorithm::sha512}},
    SchemeRow{oid::kRsaSha256, {SchemeKind::rsa_pkcs1, HashAlgorithm::sha256}},
    SchemeRow{oid::kRsaSha384, {SchemeKind::rsa_pkcs1, HashAlgorithm::sha384}},
    SchemeRow{oid::kRsaSha512, {SchemeKind::rsa_pkcs1, HashAlgorithm::sha512}},
    SchemeRow{oid::kEd25519, {SchemeKind::ed25519, HashAlgorithm::sha512}},
};

// What is refused most often, by the name that people know it by.
struct KnownName {
  Oid oid;
  std::string_view name;
};
constexpr std::array kRefused{
    KnownName{Oid("1.3.14.3.2.26"), "SHA-1"},
    KnownName{Oid("1.2.840.113549.2.5"), "MD5"},
    KnownName{Oid("1.2.840.113549.1.1.4"), "RSA with MD5"},
    KnownName{Oid("1.2.840.113549.1.1.5"), "RSA with SHA-1"},
    KnownName{Oid("1.2.840.10045.4.1"), "ECDSA with SHA-1"},
    KnownName{Oid("1.2.840.10040.4.3"), "DSA with SHA-1"},
    KnownName{Oid("2.16.840.1.101.3.4.3.2"), "DSA with SHA-256"},
};

std::string shown(ByteView oid) {
  for (const auto& known : kRefused) {
    if (known.oid == oid) return std::string(known.name);
  }
  return dotted(oid);
}

bool is_null(ByteView parameters) {
  return parameters.size() == 2 && parameters[0] == tag::kNull && parameters[1] == 0;
}

// RFC 4055 3.1. The defaults are SHA-1, so that everything has to be stated.
Result<Scheme> pss_of(ByteView parameters) {
  SLUICE_TRY(DerReader in, enter_whole(parameters, tag::kSequence));
  SLUICE_TRY(DerReader hash_in, in.enter(tag::constructed(0)));
  SLUICE_TRY(const AlgorithmId hash_id, read_algorithm(hash_in));
  SLUICE_CHECK(hash_in.finish());
  SLUICE_TRY(const HashAlgorithm hash, hash_of(hash_id));
  SLUICE_TRY(DerReader mask_in, in.enter(tag::constructed(1)));
  SLUICE_TRY(const AlgorithmId mask, read_algorithm(mask_in));
  SLUICE_CHECK(mask_in.finish());
  DerReader mask_hash_in(mask.parameters);
  SLUICE_TRY(const AlgorithmId mask_hash_id, read_algorithm(mask_hash_in));
  SLUICE_CHECK(mask_hash_in.finish());
  SLUICE_TRY(const HashAlgorithm mask_hash, hash_of(mask_hash_id));
  SLUICE_TRY(DerReader salt_in, in.enter(tag::constructed(2)));
  SLUICE_TRY(const std::uint64_t salt, salt_in.number(1024));
  SLUICE_CHECK(salt_in.finish());
  SLUICE_CHECK(in.finish());
  if (oid::kMgf1 != mask.oid || mask_hash != hash || salt != crypto::digest_size(hash)) {
    return fail(Errc::unsupported, "RSA-PSS whose mask or salt does not go with its digest");
  }
  return Scheme{SchemeKind::rsa_pss, hash};
}

}  // namespace

Result<AlgorithmId> read_algorithm(DerReader& in) {
  SLUICE_TRY(const DerElement outer, in.element(tag::kSequence));
  DerReader inside(outer.content);
  SLUICE_TRY(const ByteView oid, inside.oid());
  ByteView parameters;
  if (!inside.done()) {
    SLUICE_TRY(const DerElement given, inside.any());
    parameters = given.whole;
  }
  SLUICE_CHECK(inside.finish());
  return AlgorithmId{oid, parameters, outer.whole};
}

Result<HashAlgorithm> hash_of(const AlgorithmId& algorithm) {
  const auto* const row =
      std::ranges::find_if(kHashes, [&](const HashRow& one) { return one.oid == algorithm.oid; });
  if (row == kHashes.end()) {
    return fail(Errc::unsupported,
                cat("the digest ", shown(algorithm.oid), "; accepted are SHA-256, 384 and 512"));
  }
  if (!algorithm.parameters.empty() && !is_null(algorithm.parameters)) {
    return fail(Errc::malformed, "a digest algorithm with parameters");
  }
  return row->hash;
}

Result<Scheme> scheme_of(const AlgorithmId& algorithm) {
  if (oid::kRsaPss == algorithm.oid) return pss_of(algorithm.parameters);
  const auto* const row = std::ranges::find_if(
      kSchemes, [&](const SchemeRow& one) { return one.oid == algorithm.oid; });
  if (row == kSchemes.end()) {
    return fail(Errc::unsupported, cat("signatures by ", shown(algorithm.oid)));
  }
  // RFC 4055 5 and RFC 5758 3.2: NULL, which may be missing, for RSA; nothing for the others.
  const bool null_allowed = row->scheme.kind == SchemeKind::rsa_pkcs1;
  if (!algorithm.parameters.empty() && !(null_allowed && is_null(algorithm.parameters))) {
    return fail(Errc::malformed, "a signature algorithm with parameters");
  }
  return row->scheme;
}

Bytes write_algorithm(HashAlgorithm hash) {
  const auto* const row = std::ranges::find(kHashes, hash, &HashRow::hash);
  return der_element(tag::kSequence, der_element(tag::kOid, row->oid.bytes()));
}

Result<Bytes> write_algorithm(Scheme scheme) {
  const auto* const row = std::ranges::find(kSchemes, scheme, &SchemeRow::scheme);
  if (row == kSchemes.end()) {
    return fail(Errc::unsupported, cat("a request that is signed by ", crypto::name(scheme)));
  }
  Bytes content = der_element(tag::kOid, row->oid.bytes());
  if (scheme.kind == SchemeKind::rsa_pkcs1) content.insert(content.end(), {tag::kNull, 0});
  return der_element(tag::kSequence, content);
}

}  // namespace sluice::x509
