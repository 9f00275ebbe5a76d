// SPDX-License-Identifier: Apache-2.0
#include "tuf/fetcher.h"

#include "base/text.h"

namespace sluice::tuf {

namespace {

// What a request may take beside its fixed time: as if the bytes came at this rate.
constexpr std::size_t kAssumedRate = 64U << 10;

}  // namespace

HttpRequest Fetcher::request(const std::string& url, std::size_t max,
                             std::optional<Range> range) const {
  HttpRequest out;
  out.url = url;
  out.origin_headers = headers_;
  if (range) out.headers.emplace_back("Range", cat("bytes=", range->from, "-", range->to));
  out.compressed = false;
  out.budget.max_body = max;
  out.budget.least_rate = kLeastRate;
  out.budget.total = time_ + std::chrono::seconds(max / kAssumedRate);
  return out;
}

Result<HttpResponse> Fetcher::send(const HttpRequest& request) const {
  if (http_ == nullptr) return fail(Errc::denied, "no requests are made: this runs offline");
  return http_->send(request);
}

std::vector<Result<HttpResponse>> Fetcher::get_all(const std::vector<HttpRequest>& requests) const {
  if (http_ != nullptr) return http_->send_all(requests);
  std::vector<Result<HttpResponse>> out;
  for (const auto& each : requests) out.push_back(send(each));
  return out;
}

Result<std::optional<std::string>> Fetcher::body_of(Result<HttpResponse> answer,
                                                    const std::string& url) {
  if (!answer) return fail(std::move(answer).error());
  if (answer->status == 404 || answer->status == 403) return std::nullopt;
  if (answer->status != 200 && answer->status != 206) {
    return fail(Errc::network, cat(printable(url, 300), " answers with status ", answer->status));
  }
  return std::move(answer->body);
}

Result<std::optional<std::string>> Fetcher::get(const std::string& url, std::size_t max) const {
  return body_of(send(request(url, max)), url);
}

}  // namespace sluice::tuf
