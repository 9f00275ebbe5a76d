// SPDX-License-Identifier: Apache-2.0
// The part of a verification that is about what was signed: artifact, signature, statement.
// For the verifier alone.
#pragma once

#include "sigstore/entry.h"
#include "sigstore/verifier.h"

namespace sluice::sigstore {

class ContentJudge {
 public:
  // `artifact`: of the request; none where it names none.
  ContentJudge(ArtifactReading* artifact, const VerifyRequest& request, const Bundle& bundle,
               const SignedBy& signer, Report& report)
      : artifact_(artifact), request_(request), bundle_(bundle), signer_(signer), report_(report) {}

  // artifact.digest and signature, over bytes that are not interpreted.
  [[nodiscard]] Result<void> check_signature();
  // What a log has to have recorded; to be asked after check_signature.
  const std::optional<crypto::Digest>& recorded_digest() const { return recorded_; }

  // What an envelope holds; only once everything else has passed.
  [[nodiscard]] Result<void> check_payload(VerifiedContent& content);
  // Rows for what check_payload would have looked at.
  void skip_payload(const std::string& why);

 private:
  [[nodiscard]] Result<void> check_message(const MessageSignature& signed_message);
  bool check_stated_digest(const MessageSignature& signed_message, const KnownDigests& known);
  [[nodiscard]] Result<void> explain_other_artifact(const MessageSignature& signed_message);
  [[nodiscard]] Result<void> check_bytes(const crypto::Message& message, const Bytes& signature,
                                         std::string_view over);
  [[nodiscard]] Result<void> check_payload_is(const dsse::Envelope& envelope);
  [[nodiscard]] Result<void> check_statement(const dsse::Envelope& envelope,
                                             VerifiedContent& content);
  void check_predicate_type(const dsse::Statement& statement);
  [[nodiscard]] Result<void> check_subject(const dsse::Statement& statement);

  ArtifactReading* artifact_;
  const VerifyRequest& request_;
  const Bundle& bundle_;
  const SignedBy& signer_;
  Report& report_;
  std::optional<crypto::Digest> recorded_;
};

std::string signer_text(const SignedBy& signer);  // "ECDSA P-256 key …", "the certificate's key"

}  // namespace sluice::sigstore
