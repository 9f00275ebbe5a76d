// SPDX-License-Identifier: Apache-2.0
// Signing configs: what is read comes out again as it is, and whatever is chosen keeps the rules.
#include <array>
#include <cstdlib>

#include "sigstore/signing_config.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice;
  using namespace sluice::sigstore;
  const auto config = SigningConfig::parse(text_of(ByteView(data, size)));
  if (!config) return 0;
  const auto again = SigningConfig::parse(config->write());
  if (!again || again->write() != config->write()) std::abort();
  constexpr std::array<std::uint32_t, 2> kSpoken{1, 2};
  const Time now{std::chrono::seconds(1'780'000'000)};
  for (const ServiceKind kind :
       {ServiceKind::ca, ServiceKind::oidc, ServiceKind::log, ServiceKind::timestamp}) {
    const auto out = choose_services(*config, kind, kSpoken, now);
    if (!out) continue;
    if (out->chosen.empty() || out->considered.size() != config->services(kind).size()) {
      std::abort();
    }
    for (const Service& one : out->chosen) {
      if (!one.window.contains(now) || one.version != out->chosen.front().version) std::abort();
    }
  }
  return 0;
}
