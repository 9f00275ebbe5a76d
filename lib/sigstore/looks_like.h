// SPDX-License-Identifier: Apache-2.0
// What a file is that was given where a bundle was expected. A guess for people, by its first bytes
// and the members of its JSON; nothing is decided by it.
#pragma once

#include <string>
#include <string_view>

namespace sluice::sigstore {

struct Likeness {
  std::string what;    // "a PEM certificate"
  std::string advice;  // what to do with it; may be empty
};

Likeness looks_like(std::string_view text);

}  // namespace sluice::sigstore
