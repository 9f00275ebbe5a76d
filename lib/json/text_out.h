// SPDX-License-Identifier: Apache-2.0
// Pieces that more than one writer of JSON text needs.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sluice::json {

// The code point, which is no surrogate, as UTF-8.
void append_utf8(std::string& out, char32_t value);

// A string with its quotes, escaped as RFC 8785 3.2.2.2 says: the shortest form. Bytes that are no
// UTF-8 come out as U+FFFD.
void append_quoted(std::string& out, std::string_view text);

// A finite number as ECMAScript writes it (ECMA-262 6.1.6.1.20 Number::toString).
std::string ecmascript_number(double value);

// The double nearest to a JSON number; nothing beyond the range of double.
std::optional<double> nearest_double(std::string_view number);

}  // namespace sluice::json
