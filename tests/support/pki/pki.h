// SPDX-License-Identifier: Apache-2.0
// Certificates, logs' proofs and timestamps that exist in memory alone. What is made is good unless
// the test breaks it before it is signed.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "crypto/private_key.h"
#include "support/pki/der_writer.h"

namespace sluice::test {

Time at(std::string_view rfc3339);

Bytes common_name(std::string_view text);  // a distinguished name; empty for an empty text
Bytes extension(std::string_view oid, bool critical, const Bytes& value);

Bytes basic_constraints(bool authority, std::optional<unsigned> path_length = {});
Bytes key_usage(std::uint8_t first_byte);  // 0x80: digital signature, 0x04: certificate signing
Bytes extended_key_usage(const std::vector<std::string>& purposes, bool critical = false);
Bytes alternative_names(const std::vector<Bytes>& names, bool critical = true);
Bytes email_name(std::string_view text);
Bytes dns_name(std::string_view text);
Bytes uri_name(std::string_view text);
Bytes ip_name(const Bytes& address);
Bytes username_name(std::string_view text);
Bytes fulcio_extension(unsigned number, std::string_view text);  // raw or UTF8String, as is due

inline constexpr std::string_view kCodeSigningPurpose = "1.3.6.1.5.5.7.3.3";
inline constexpr std::string_view kTimeStampingPurpose = "1.3.6.1.5.5.7.3.8";

// AlgorithmIdentifiers of a scheme, and of its digest.
Bytes signature_algorithm(crypto::Scheme scheme);
Bytes digest_algorithm(crypto::HashAlgorithm hash);

struct CertificateWish {
  std::string name = {};  // the subject's common name
  Time from = at("2026-01-01T00:00:00Z");
  Time to = at("2026-12-31T23:59:59Z");
  std::vector<Bytes> extensions = {};
  crypto::KeyType key = crypto::KeyType::ecdsa_p256;
  std::optional<crypto::PrivateKey> with_key = {};  // this one, else a new one of that kind
  // Certifies this instead: the private key of what is made has nothing to do with it then.
  std::optional<crypto::PublicKey> for_key = {};
  Bytes serial = {0x02, 0x01, 0x2a};  // the element
  // May change any of the fields (version, serial, algorithm, issuer, validity, subject, key,
  // extensions) before they are signed, and then the whole.
  std::function<void(std::vector<Bytes>&)> change_fields = {};
  std::function<void(std::vector<Bytes>&)> change_whole = {};
};

// A certificate, and the key that it certifies.
struct MadeCertificate {
  crypto::PrivateKey key;
  Bytes name;
  Bytes der;
};

CertificateWish root_wish(std::string name = "root");  // an authority without limits
CertificateWish intermediate_wish(std::string name = "intermediate");
CertificateWish leaf_wish();     // what Fulcio issues, for ten minutes
CertificateWish stamper_wish();  // a timestamping service

MadeCertificate make_root(const CertificateWish& wish = root_wish());
MadeCertificate issue(const MadeCertificate& issuer, const CertificateWish& wish);

// A log, and its proof over a certificate that is about to be made.
struct MadeLog {
  crypto::PrivateKey key = crypto::PrivateKey::generate(crypto::KeyType::ecdsa_p256).value();
};
struct SctWish {
  Time time = at("2026-06-01T12:00:01Z");
  Bytes extensions = {};
  std::function<void(Bytes&)> change_signed = {};
  std::function<void(Bytes&)> change_sct = {};  // the serialized one
};
Bytes make_sct(const MadeLog& log, ByteView issuer_spki, ByteView precertificate_tbs,
               const SctWish& wish = {});
Bytes sct_list(const std::vector<Bytes>& scts);
Bytes sct_extension(const std::vector<Bytes>& scts);
// The leaf with proofs of these logs inside.
MadeCertificate issue_logged(const MadeCertificate& issuer, CertificateWish wish,
                             const std::vector<std::pair<const MadeLog*, SctWish>>& logs);

struct StampWish {
  Time time = at("2026-06-01T12:00:02Z");
  crypto::HashAlgorithm imprint = crypto::HashAlgorithm::sha256;
  bool with_certificate = true;
  std::vector<Bytes> more_certificates = {};
  // May change the parts of TSTInfo (version, policy, imprint, serial, time, …), the signed
  // attributes (content type, digest, signing certificate), the signer (version, id, digest,
  // attributes, algorithm, signature), the signed data (version, digests, content, certificates,
  // signers) and the reply (status, token).
  std::function<void(std::vector<Bytes>&)> change_info = {};
  std::function<void(std::vector<Bytes>&)> change_attributes = {};
  std::function<void(std::vector<Bytes>&)> change_signer = {};
  std::function<void(std::vector<Bytes>&)> change_data = {};
  std::function<void(std::vector<Bytes>&)> change_reply = {};
};
Bytes make_stamp(const MadeCertificate& service, const Bytes& issuer_name, ByteView message,
                 const StampWish& wish = {});

}  // namespace sluice::test
