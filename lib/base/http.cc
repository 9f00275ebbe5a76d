// SPDX-License-Identifier: Apache-2.0
#include "base/http.h"

namespace sluice {

std::optional<std::string> HttpResponse::header(std::string_view lower_case_name) const {
  for (const auto& [name, value] : headers) {
    if (name == lower_case_name) return value;
  }
  return std::nullopt;
}

}  // namespace sluice
