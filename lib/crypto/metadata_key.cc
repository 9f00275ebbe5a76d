// SPDX-License-Identifier: Apache-2.0
#include "crypto/metadata_key.h"

#include <algorithm>
#include <array>

#include "base/codec.h"
#include "base/text.h"

namespace sluice::crypto {

namespace {

constexpr std::array kMetadataSchemes{
    MetadataScheme{
        "ed25519", "ed25519", {SchemeKind::ed25519, HashAlgorithm::sha512}, KeyType::ed25519},
    MetadataScheme{"ecdsa",
                   "ecdsa-sha2-nistp256",
                   {SchemeKind::ecdsa, HashAlgorithm::sha256},
                   KeyType::ecdsa_p256},
    MetadataScheme{"ecdsa",
                   "ecdsa-sha2-nistp384",
                   {SchemeKind::ecdsa, HashAlgorithm::sha384},
                   KeyType::ecdsa_p384},
    MetadataScheme{"ecdsa",
                   "ecdsa-sha2-nistp521",
                   {SchemeKind::ecdsa, HashAlgorithm::sha512},
                   KeyType::ecdsa_p521},
    MetadataScheme{
        "rsa", "rsassa-pss-sha256", {SchemeKind::rsa_pss, HashAlgorithm::sha256}, KeyType::rsa},
    MetadataScheme{
        "rsa", "rsassa-pss-sha384", {SchemeKind::rsa_pss, HashAlgorithm::sha384}, KeyType::rsa},
    MetadataScheme{
        "rsa", "rsassa-pss-sha512", {SchemeKind::rsa_pss, HashAlgorithm::sha512}, KeyType::rsa},
    MetadataScheme{
        "rsa", "rsa-pkcs1v15-sha256", {SchemeKind::rsa_pkcs1, HashAlgorithm::sha256}, KeyType::rsa},
    MetadataScheme{
        "rsa", "rsa-pkcs1v15-sha384", {SchemeKind::rsa_pkcs1, HashAlgorithm::sha384}, KeyType::rsa},
    MetadataScheme{
        "rsa", "rsa-pkcs1v15-sha512", {SchemeKind::rsa_pkcs1, HashAlgorithm::sha512}, KeyType::rsa},
};

// What stands in front of the key's own bytes in the one DER form of an SPKI.
std::string_view metadata_spki_head(KeyType type) {
  switch (type) {
    case KeyType::ed25519:
      return "302a300506032b6570032100";
    case KeyType::ecdsa_p256:
      return "3059301306072a8648ce3d020106082a8648ce3d030107034200";
    case KeyType::ecdsa_p384:
      return "3076301006072a8648ce3d020106052b81040022036200";
    case KeyType::ecdsa_p521:
      return "30819b301006072a8648ce3d020106052b8104002303818600";
    case KeyType::rsa:
      break;
  }
  return {};
}

}  // namespace

const MetadataScheme* find_metadata_scheme(std::string_view keytype, std::string_view scheme) {
  const auto* const found = std::ranges::find(kMetadataSchemes, scheme, &MetadataScheme::name);
  if (found == kMetadataSchemes.end()) return nullptr;
  const bool ecdsa = found->keytype == "ecdsa";
  return keytype == found->keytype || (ecdsa && keytype == found->name) ? found : nullptr;
}

const MetadataScheme& default_metadata_scheme(KeyType type) {
  return *std::ranges::find(kMetadataSchemes, type, &MetadataScheme::type);
}

Result<PublicKey> read_metadata_key(const MetadataScheme& scheme, std::string_view text) {
  auto decoded = [&]() -> Result<PublicKey> {
    const bool pem = text.find("-----BEGIN") != std::string_view::npos;
    if (pem && scheme.type != KeyType::ed25519) return PublicKey::from_pem(text);
    const std::string_view head = metadata_spki_head(scheme.type);
    if (head.empty()) return fail(Errc::malformed, "an RSA key that is no PEM");
    Bytes der;
    if (const auto raw = from_hex(lower_ascii(text))) {
      der = from_hex(head).value();
      der.insert(der.end(), raw->begin(), raw->end());
    }
    return PublicKey::from_der(der);
  }();
  if (decoded && decoded->type() != scheme.type) {
    return fail(Errc::malformed,
                cat("the scheme ", scheme.name, " with a key of type ", name(decoded->type())));
  }
  return decoded;
}

std::string metadata_key_text(const PublicKey& key) {
  return key.type() == KeyType::ed25519 ? to_hex(key.ed25519()) : key.pem();
}

}  // namespace sluice::crypto
