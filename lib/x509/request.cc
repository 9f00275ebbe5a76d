// SPDX-License-Identifier: Apache-2.0
#include "x509/request.h"

#include <array>

#include "x509/der.h"

namespace sluice::x509 {

namespace {

void append(Bytes& to, ByteView more) { to.insert(to.end(), more.begin(), more.end()); }

Bytes bits_of(ByteView bytes) {
  Bytes content{0};  // no unused bits
  append(content, bytes);
  return der_element(tag::kBitString, content);
}

}  // namespace

Result<Bytes> certificate_request(const crypto::Signer& key) {
  SLUICE_TRY(const Bytes algorithm, write_algorithm(key.scheme()));
  Bytes info = der_element(tag::kInteger, std::array<std::uint8_t, 1>{0});
  append(info, der_element(tag::kSequence, {}));  // no subject: the token names it
  append(info, key.public_key().der());
  append(info, der_element(tag::constructed(0), {}));  // no attributes
  Bytes request = der_element(tag::kSequence, info);
  SLUICE_TRY(const auto message, crypto::Message::of(key.scheme(), request));
  SLUICE_TRY(const Bytes signature, key.sign(message));
  append(request, algorithm);
  append(request, bits_of(signature));
  return der_element(tag::kSequence, request);
}

TimestampQuestion timestamp_question(const crypto::Digest& digest, Random& random) {
  Bytes nonce(8);
  random.fill(nonce);
  // Positive, and with no byte that a minimal INTEGER would not have.
  nonce.front() = static_cast<std::uint8_t>((nonce.front() & 0x3fU) | 0x40U);
  Bytes imprint = write_algorithm(digest.algorithm());
  append(imprint, der_element(tag::kOctetString, digest.bytes()));
  Bytes content = der_element(tag::kInteger, std::array<std::uint8_t, 1>{1});
  append(content, der_element(tag::kSequence, imprint));
  append(content, der_element(tag::kInteger, nonce));
  append(content, der_element(tag::kBoolean, std::array<std::uint8_t, 1>{0xff}));  // certReq
  return {der_element(tag::kSequence, content), std::move(nonce)};
}

}  // namespace sluice::x509
