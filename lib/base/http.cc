// SPDX-License-Identifier: Apache-2.0
#include "base/http.h"

namespace sluice {

std::vector<Result<HttpResponse>> Http::send_all_meanwhile(const std::vector<HttpRequest>& requests,
                                                           const Meanwhile& meanwhile) {
  std::vector<HttpRequest> all = requests;
  if (meanwhile.more) {
    for (HttpRequest& one : meanwhile.more()) all.push_back(std::move(one));
  }
  auto answers = send_all(all);
  for (std::size_t i = 0; meanwhile.answered && i < answers.size(); ++i) {
    meanwhile.answered(i, answers[i]);
  }
  return answers;
}

std::optional<std::string> HttpResponse::header(std::string_view lower_case_name) const {
  for (const auto& [name, value] : headers) {
    if (name == lower_case_name) return value;
  }
  return std::nullopt;
}

}  // namespace sluice
