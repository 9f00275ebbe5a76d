// SPDX-License-Identifier: Apache-2.0
#include "base/http.h"

namespace sluice {

std::vector<Result<HttpResponse>> Http::send_all_hearing(const std::vector<HttpRequest>& requests,
                                                         const OnAnswer& answered) {
  auto answers = send_all(requests);
  for (std::size_t i = 0; i < answers.size(); ++i) answered(i, answers[i]);
  return answers;
}

std::optional<std::string> HttpResponse::header(std::string_view lower_case_name) const {
  for (const auto& [name, value] : headers) {
    if (name == lower_case_name) return value;
  }
  return std::nullopt;
}

}  // namespace sluice
