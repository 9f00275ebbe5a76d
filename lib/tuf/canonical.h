// SPDX-License-Identifier: Apache-2.0
// The canonical form that TUF signatures cover: OLPC's.
#pragma once

#include "json/canonical_text.h"

namespace sluice::tuf {

[[nodiscard]] inline Result<std::string> canonical_form(std::string_view value) {
  return json::canonical_olpc_text(value);
}

}  // namespace sluice::tuf
