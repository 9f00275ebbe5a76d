// SPDX-License-Identifier: Apache-2.0
// RFC 3161 timestamps: a service's word that some bytes existed at a time.
//
// The structure is read by our own DER reader and only the signature by OpenSSL: its TS_RESP_verify
// takes BER, any digest (SHA-1 included), several purposes beside timeStamping, and its clock; it
// looks neither at unsigned attributes nor at what else could be changed without a signature
// noticing.
#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "x509/chain.h"

namespace sluice::x509 {

inline constexpr std::size_t kTimestampMost = 64U << 10;  // bytes of a reply
inline constexpr std::size_t kTimestampCertificatesMost = 8;

// What was read of a reply, and proves nothing by itself. The views are of `der`.
struct TimestampFields {
  Bytes der;

  // The signed content (TSTInfo).
  ByteView content;
  ByteView policy;
  crypto::HashAlgorithm imprint_hash;
  ByteView imprint;
  ByteView serial;
  Time time;                           // fractions of a second are cut off
  std::chrono::microseconds accuracy;  // zero where none is stated
  ByteView nonce;                      // content of its INTEGER; empty where there is none

  std::vector<ByteView> certificates;  // that came along, not looked into

  // Who signed: by issuer and serial number, or by key identifier.
  std::optional<Name> signer_issuer;
  ByteView signer_serial;
  ByteView signer_key_id;
  crypto::HashAlgorithm digest;
  AlgorithmId signature_algorithm;
  Bytes signed_attributes;  // in the form that is signed
  ByteView message_digest;
  crypto::HashAlgorithm signer_hash;  // of the certificate, by ESSCertIDv2
  ByteView signer_digest;             // empty where the token does not say
  std::optional<Name> ess_issuer;
  ByteView ess_serial;
  ByteView signature;
};

// Read once, never changed; copies share it.
class Timestamp {
 public:
  // A whole TimeStampResp that was granted, or its token alone. SHA-256, -384 and -512 only, one
  // signer, signed attributes and nothing unsigned beside them, no revocation lists. A nonce is for
  // answers_question(); the name of the service is not compared.
  [[nodiscard]] static Result<Timestamp> from_reply(ByteView der);
  [[nodiscard]] static Result<Timestamp> from_token(ByteView der);

  const TimestampFields* operator->() const { return fields_.get(); }
  const TimestampFields& operator*() const { return *fields_; }

 private:
  explicit Timestamp(std::shared_ptr<const TimestampFields> fields) : fields_(std::move(fields)) {}
  std::shared_ptr<const TimestampFields> fields_;  // shared because it never changes
};

// Is it the answer to the question that had this nonce (RFC 3161 2.4.2), and no older one handed
// out again? timestamp.nonce. For who asked; later nobody knows the question any more.
[[nodiscard]] Judged<void> answers_question(const Timestamp& timestamp, ByteView nonce);

struct VerifiedTime {
  Time time;
  std::chrono::microseconds accuracy;
  Authority authority;  // two stamps of one authority are one witness
  Certificate signer;
  std::string detail() const;  // for the row of a report
};

// Does the timestamp speak of these bytes, by a service that one of the authorities vouches for at
// the stated time? An authority that begins with the service's own certificate vouches for that
// one alone; under the others any certificate for timestamps counts that comes along. Beside it
// only those of authorities may come; what they say is not looked at unless the chain needs them.
// The signer has to be named by a SHA-2 digest (RFC 5816); the older way, by SHA-1, is not enough.
// With a memo, signatures that held before are not checked again; everything else is.
[[nodiscard]] Judged<VerifiedTime> verify_timestamp(const Timestamp& timestamp, ByteView message,
                                                    std::span<const Authority> authorities,
                                                    crypto::SignatureMemo* memo = nullptr);

}  // namespace sluice::x509
