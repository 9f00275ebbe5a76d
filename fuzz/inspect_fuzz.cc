// SPDX-License-Identifier: Apache-2.0
// Inspection and conversion of any bytes: an inspection finds fault with exactly what the parser
// refuses and its text has no control characters; what is converted is a bundle.
#include <algorithm>
#include <cstdlib>

#include "crypto/private_key.h"
#include "sigstore/convert.h"
#include "sigstore/inspect.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice;
  static const auto key = crypto::PrivateKey::generate(crypto::KeyType::ecdsa_p256).value();
  const std::string text(text_of(ByteView(data, size)));

  const auto inspection = sigstore::inspect(text);
  require(inspection.sound() == sigstore::parse_bundle(text).has_value());
  const std::string shown = sigstore::as_text(inspection, "fuzz", false);
  require(std::ranges::none_of(shown, [](char c) {
    return c != '\n' && (static_cast<unsigned char>(c) < 0x20 || c == 0x7f);
  }));
  require(json::parse_strict(json::write(sigstore::to_json(inspection, "fuzz"))).has_value());

  const auto log = [&](std::uint64_t) { return Result<std::string>(text); };
  for (const bool with_key : {false, true}) {
    sigstore::ConvertRequest request{.text = text, .ask_log = log};
    if (with_key) {
      request.key = key.public_key();
    } else {
      request.certificate = text;
    }
    if (const auto done = sigstore::convert(request))
      require(sigstore::parse_bundle(done->text)->version == done->version);
    request.certificate.reset();
    request.ask_log = {};
    request.timestamp = text;
    static_cast<void>(sigstore::convert(request));
    request.timestamp.reset();
    static_cast<void>(sigstore::convert(request));
  }
  return 0;
}
