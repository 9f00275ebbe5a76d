// SPDX-License-Identifier: Apache-2.0
// Timestamps over a signature, from an RFC 3161 service: asked for, and not believed.
#pragma once

#include <optional>
#include <string>

#include "base/random.h"
#include "signing/service.h"
#include "sigstore/trust_root.h"
#include "x509/timestamp.h"

namespace sluice::sigstore {

// A question, and what its answer has to hold.
struct StampQuestion {
  HttpRequest request;
  Bytes nonce;
};
// `url` is the whole URL. SHA-256 of the signature, a nonce of 64 bits, with the certificate.
[[nodiscard]] Result<StampQuestion> stamp_question(std::string_view url, ByteView signature,
                                                   Random& random, const ServicePatience& patience);

// The reply's DER: a granted one that can be read. sign.timestamp.reachable, .refused, .answer.
[[nodiscard]] Answered<x509::Timestamp> read_stamp_answer(std::string_view url,
                                                          Result<HttpResponse> answer);

struct StampRules {
  ByteView signature;
  std::optional<Bytes> nonce;  // none: it was asked for by an earlier run
  const TrustRoot& trust;
  // When it was asked for and when it came, by this machine's clock; none: by an earlier run.
  std::optional<std::pair<Time, Time>> between = {};
  crypto::SignatureMemo* memo = nullptr;  // of signatures that held before
};

// Appends, in this order; a row that failed ends it:
//   sign.timestamp.nonce     it answers this very question
//   sign.timestamp.imprint … what x509/timestamp.h refuses
//   sign.timestamp.stale     its time is that of the exchange, up to a minute
// Error: the trust material is malformed.
[[nodiscard]] Result<std::optional<x509::VerifiedTime>> judge_stamp(const x509::Timestamp& stamp,
                                                                    const StampRules& rules,
                                                                    const std::string& source,
                                                                    Report& report);

}  // namespace sluice::sigstore
