// SPDX-License-Identifier: Apache-2.0
// X.509 certificates. This room: a certificate (here), a chain of them at given times (chain.h),
// the proof that a log has seen one (sct.h), and signed times (timestamp.h).
//
// Reading is strict DER with limits, and proves nothing. What is malformed in an extension that is
// known here makes the whole certificate malformed, critical or not; an unknown critical extension
// is refused where a chain is verified.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "crypto/key.h"
#include "x509/algorithm.h"
#include "x509/constraints.h"
#include "x509/fulcio.h"
#include "x509/name.h"
#include "x509/oid.h"

namespace sluice::x509 {

inline constexpr std::size_t kCertificateMost = 64U << 10;  // bytes of DER
inline constexpr std::size_t kExtensionsMost = 64;
inline constexpr std::size_t kAlternativeNamesMost = 256;

// Both ends belong to it (RFC 5280 4.1.2.5).
struct Validity {
  Time not_before;
  Time not_after;
  bool contains(Time time) const { return not_before <= time && time <= not_after; }
};

struct Extension {
  ByteView oid;
  bool critical;
  ByteView value;
  ByteView whole;  // the element, as it stands in the certificate
};

struct BasicConstraints {
  bool critical;
  bool authority;
  std::optional<std::uint64_t> path_length;
};

enum class KeyUse : std::uint16_t {  // bits of Certificate's key_usage
  digital_signature = 0x8000,
  content_commitment = 0x4000,
  certificate_signing = 0x0400,
};

struct ExtendedKeyUsage {
  bool critical;
  std::vector<ByteView> purposes;
  bool has(const Oid& purpose) const;
};

// A name of the subject, as text to compare with.
struct AlternativeName {
  // username: Fulcio's other name 1.3.6.1.4.1.57264.1.7. `value` of ip is its text, of other and
  // directory is empty.
  enum class Kind : std::uint8_t { email, uri, dns, ip, username, directory, other };
  Kind kind;
  std::string value;
};
std::string_view name(AlternativeName::Kind kind);

// What a certificate says. All views are of `der`.
struct CertificateFields {
  Bytes der;

  ByteView tbs;  // what is signed
  AlgorithmId algorithm;
  ByteView signature;

  ByteView serial;
  Name issuer;
  Name subject;
  Validity validity;
  crypto::PublicKey key;

  std::vector<Extension> extensions;  // all of them, each kind at most once
  std::optional<BasicConstraints> basic_constraints;
  std::optional<std::uint16_t> key_usage;
  std::optional<ExtendedKeyUsage> extended_key_usage;
  std::optional<NameConstraints> name_constraints;
  ByteView subject_key_id;    // empty where there is none
  ByteView authority_key_id;  // empty where there is none
  bool alternative_names_critical = false;
  std::vector<GeneralName> general_names;
  std::vector<AlternativeName> alternative_names;  // the same ones, in the same order
  FulcioClaims fulcio;
  std::optional<ByteView> sct_list;  // the TLS structure inside the extension

  const Extension* find(const Oid& oid) const;
  bool is_authority() const { return basic_constraints && basic_constraints->authority; }
  bool is_self_issued() const { return subject == issuer; }
  bool has_use(KeyUse use) const;  // false where the certificate states none
};

// Read once, never changed; copies share it, also between threads.
class Certificate {
 public:
  [[nodiscard]] static Result<Certificate> from_der(ByteView der);
  [[nodiscard]] static Result<Certificate> from_pem(std::string_view pem);  // exactly one
  // The CERTIFICATE blocks of a text in their order, at least one and at most `most`. Text between
  // the blocks is skipped, blocks of other kinds are refused.
  [[nodiscard]] static Result<std::vector<Certificate>> list_from_pem(std::string_view pem,
                                                                      std::size_t most);

  const CertificateFields* operator->() const { return fields_.get(); }
  const CertificateFields& operator*() const { return *fields_; }
  bool operator==(const Certificate& other) const { return fields_->der == other->der; }

  std::string pem() const;
  crypto::Digest fingerprint() const;  // SHA-256 of the DER
  std::string describe() const;        // for people: the subject, or who it is otherwise

  // Was it signed by this key? Errc::unsupported where the algorithm is too weak or unknown, or is
  // none of this kind of key.
  [[nodiscard]] Result<crypto::Match> signed_by(const crypto::PublicKey& key,
                                                crypto::SignatureMemo* memo = nullptr) const;

  // What the certificate was before the log's proofs went in (RFC 6962 3.2): the signed part
  // without SCT list and poison, every other byte kept.
  Bytes precertificate_tbs() const;

 private:
  explicit Certificate(std::shared_ptr<const CertificateFields> fields)
      : fields_(std::move(fields)) {}
  // Shared because it never changes and copies are many.
  std::shared_ptr<const CertificateFields> fields_;
};

}  // namespace sluice::x509
