// SPDX-License-Identifier: Apache-2.0
// The OLPC canonical form of JSON text, which the signatures of TUF and in-toto cover, without a
// document tree: tokens go straight into the text that comes out, and only members out of order are
// moved.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace sluice::json {

// Keys sorted by their bytes, no blanks, only the quote and the backslash escaped, integers only
// (Errc::unsupported for other numbers).
[[nodiscard]] Result<std::string> canonical_olpc_text(std::string_view value);

}  // namespace sluice::json
