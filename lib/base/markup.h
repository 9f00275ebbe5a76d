// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace sluice {

// As text of HTML and XML, also within quotes.
std::string escaped_markup(std::string_view text);

}  // namespace sluice
