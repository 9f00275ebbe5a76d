// SPDX-License-Identifier: Apache-2.0
#include "json/scan.h"

#include "json/text_out.h"

namespace sluice::json::scan {

void append_decoded(std::string& out, std::string_view inside) {
  const char* p = inside.data();
  const char* end = p + inside.size();
  while (p != end) {
    const auto left = static_cast<std::size_t>(end - p);
    const auto* backslash = static_cast<const char*>(std::memchr(p, '\\', left));
    const char* plain_end = backslash == nullptr ? end : backslash;
    out.append(p, plain_end);
    p = plain_end;
    if (p == end) return;
    const auto escape = read_escape(p, end);
    if (!escape) return;  // not reached: the text was checked
    append_utf8(out, escape->value);
    p = escape->after;
  }
}

}  // namespace sluice::json::scan
