// SPDX-License-Identifier: Apache-2.0
// Sigstore's public instances as they were when tools/trust-material last ran. That script writes
// embedded_*.cc, with the package, the files and their digests at the head of each.
#pragma once

#include <string_view>

#include "sigstore/trust_root.h"

namespace sluice::sigstore {

struct EmbeddedMaterial {
  std::string_view origin;  // "the Python package sigstore 4.5.1"
  std::string_view dated;   // when that was published, as RFC 3339
  std::string_view trusted_root;
  std::string_view signing_config;
  std::string_view tuf_root;  // root.json, from where a TUF client begins
};
const EmbeddedMaterial& embedded_material(Instance instance);

// Written by the script.
extern const EmbeddedMaterial kEmbeddedProduction;
extern const EmbeddedMaterial kEmbeddedStaging;

}  // namespace sluice::sigstore
