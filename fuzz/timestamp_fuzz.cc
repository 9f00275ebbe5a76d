// SPDX-License-Identifier: Apache-2.0
// Timestamps, and their verification by nobody and by whoever came along.
#include <cstdlib>

#include "x509/timestamp.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice;
  using namespace sluice::x509;
  const ByteView bytes(data, size);
  static_cast<void>(Timestamp::from_token(bytes));
  const auto stamp = Timestamp::from_reply(bytes);
  if (!stamp) return 0;
  if (verify_timestamp(*stamp, bytes_of("message"), {})) std::abort();
  // With its own certificates trusted, only the message that the corpus stamps can pass.
  std::vector<Authority> authorities;
  for (const ByteView der : (*stamp)->certificates) {
    auto certificate = Certificate::from_der(der);
    if (!certificate) continue;
    authorities.push_back(Authority::from_chain({*certificate}, Window{Time::min()}).value());
  }
  const auto verified = verify_timestamp(*stamp, bytes_of("message"), authorities);
  if (verified && verified->time != (*stamp)->time) std::abort();
  if (verify_timestamp(*stamp, bytes_of("another message"), authorities)) std::abort();
  return 0;
}
