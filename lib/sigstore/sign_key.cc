// SPDX-License-Identifier: Apache-2.0
#include "sigstore/sign_key.h"

#include "dsse/envelope.h"

namespace sluice::sigstore {

namespace {

std::string finish_message(const crypto::Signer& signer, const crypto::Message& message,
                           Bytes signature) {
  return write_bundle(signer.public_key(),
                      MessageSignature{message.digest(), std::move(signature)});
}

}  // namespace

Result<std::string> sign_file(Files& files, const Path& path, const crypto::Signer& signer) {
  SLUICE_TRY(const crypto::Message message, crypto::Message::of_file(signer.scheme(), files, path));
  SLUICE_TRY(auto signature, signer.sign(message));
  return finish_message(signer, message, std::move(signature));
}

Result<std::string> sign_source(ByteSource& source, const crypto::Signer& signer) {
  SLUICE_TRY(const crypto::Message message, crypto::Message::of(signer.scheme(), source));
  SLUICE_TRY(auto signature, signer.sign(message));
  return finish_message(signer, message, std::move(signature));
}

Result<std::string> sign_payload(const MediaType& payload_type, ByteView payload,
                                 const crypto::Signer& signer) {
  SLUICE_TRY(const auto envelope, dsse::sign(payload_type, payload, signer));
  return write_bundle(signer.public_key(), envelope);
}

}  // namespace sluice::sigstore
