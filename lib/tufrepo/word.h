// SPDX-License-Identifier: Apache-2.0
// Foreign text among words of ours.
#pragma once

#include <string>
#include <string_view>

namespace sluice::tuf {

// One word, of letters, digits and marks that paths, addresses and URLs are made of: nothing that
// could be taken for the end of it and the beginning of something else.
bool is_one_word(std::string_view text);
// A word as it is, anything else in quotes, as JSON. Of `text` as JSON at most so many bytes, then
// an ellipsis.
std::string as_word(std::string_view text, std::size_t max = std::string::npos);

}  // namespace sluice::tuf
