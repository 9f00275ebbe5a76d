// SPDX-License-Identifier: Apache-2.0
// What a timestamp authority answers to a question whose nonce is the first eight bytes.
#include <cstdlib>

#include "signing/tsa_client.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice;
  using namespace sluice::sigstore;
  if (size < 8) return 0;
  const Bytes nonce(data, data + 8);
  HttpResponse response;
  response.status = 200;
  response.body.assign(reinterpret_cast<const char*>(data) + 8, size - 8);
  const auto stamp = read_stamp_answer("https://stamps.example.org", response);
  if (!stamp) return 0;
  const bool answers = x509::answers_question(*stamp, nonce).has_value();
  if (answers != equal((*stamp)->nonce, nonce)) std::abort();
  static const auto trust = TrustRoot::embedded(Instance::production).value();
  const Bytes signature{1, 2, 3};
  Report rows("");
  const auto time = judge_stamp(*stamp, {.signature = signature, .nonce = nonce, .trust = trust},
                                "a corpus", rows);
  // No service of the public instance has ever stamped these bytes.
  if (time && *time) std::abort();
  if (rows.passed()) std::abort();
  return 0;
}
