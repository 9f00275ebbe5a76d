// SPDX-License-Identifier: Apache-2.0
// Certificates: whatever is read is the same when it is read again, and none that nobody vouches
// for passes.
#include <array>
#include <cstdlib>

#include "x509/path.h"
#include "x509/sct.h"

namespace {

using namespace sluice;
using namespace sluice::x509;

void require(bool holds) {
  if (!holds) std::abort();
}

void use(const Certificate& certificate) {
  const auto again = Certificate::from_pem(certificate.pem());
  require(again && *again == certificate && !certificate.describe().empty());
  const Bytes before = certificate.precertificate_tbs();
  require(before.size() <= certificate->tbs.size());
  const bool proofs = certificate->find(oid::kSctList) != nullptr ||
                      certificate->find(oid::kPrecertificatePoison) != nullptr;
  require(equal(before, certificate->tbs) != proofs);
  for (const auto& name : certificate->alternative_names) {
    require(name.value.find('\0') == std::string::npos);
  }

  const std::array times{certificate->validity.not_before};
  require(!verify_chain(certificate, {}, {}, times, kCodeSigning));
  // As its own anchor it keeps all rules or none of them is broken silently.
  auto anchor = Authority::from_chain({certificate}, Window{Time::min()});
  require(anchor.has_value());
  const std::array authorities{*std::move(anchor)};
  const std::array pool{certificate, certificate};
  const auto chain = verify_chain(certificate, pool, authorities, times, ChainRules{});
  if (chain) {
    require(certificate->validity.contains(times[0]));
    static_cast<void>(verify_embedded_scts(*chain, {}, 1));
  }
  // As the issuer of itself, whose signature nobody checks here: all rules for authorities.
  const std::array path{certificate, certificate, certificate};
  static_cast<void>(judge_path(path, authorities[0], times, ChainRules{}));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView bytes(data, size);
  if (const auto certificate = Certificate::from_der(bytes)) use(*certificate);
  static_cast<void>(Certificate::list_from_pem(text_of(bytes), 4));
  return 0;
}
