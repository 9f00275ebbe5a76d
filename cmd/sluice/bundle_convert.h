// SPDX-License-Identifier: Apache-2.0
// The end of `bundle convert`, which other names of it share.
#pragma once

#include <optional>
#include <string>

#include "invocation.h"
#include "sigstore/convert.h"

namespace sluice::cli {

struct ConvertTarget {
  std::optional<std::string> rekor_url = {};  // a log to ask for proofs that are missing
  std::string out = "-";                      // - is standard output
  bool newest = false;                        // a bundle 0.3, or nothing
};

// kRefused, and nothing written, where the inputs are not what they should be.
[[nodiscard]] Result<int> convert_and_write(Invocation& in, sigstore::ConvertRequest request,
                                            const ConvertTarget& target);

}  // namespace sluice::cli
