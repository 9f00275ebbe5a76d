// SPDX-License-Identifier: Apache-2.0
// What the providers answer, a table of the user's, and what the cache keeps; and the window search
// on whatever forecast comes out of them. The first byte picks the reader.
#include <cstdint>
#include <cstdlib>

#include "base/http.h"
#include "carbon/documents.h"
#include "carbon/electricity_maps.h"
#include "carbon/static_table.h"
#include "carbon/uk.h"
#include "carbon/window.h"

namespace {

using namespace sluice;
using namespace sluice::carbon;

constexpr Time kNow =
    std::chrono::sys_days(std::chrono::year(2030) / 1 / 15) + std::chrono::hours(9);

void require(bool holds) {
  if (!holds) std::abort();
}

class OneAnswer final : public Http {
 public:
  explicit OneAnswer(std::string_view body) : body_(body) {}
  Result<HttpResponse> send(const HttpRequest& request) override {
    return HttpResponse{.status = 200, .headers = {}, .body = body_, .url = request.url};
  }
  std::vector<Result<HttpResponse>> send_all(const std::vector<HttpRequest>& requests) override {
    std::vector<Result<HttpResponse>> out;
    for (const auto& request : requests) out.push_back(send(request));
    return out;
  }

 private:
  std::string body_;
};

// No window may be dearer than the one that starts now, and each lies within its bounds.
void search(const Forecast& forecast) {
  for (const int minutes : {1, 47, 60, 600}) {
    const Job job{kNow, std::chrono::minutes(minutes), kNow + std::chrono::hours(30)};
    const auto window = best_window(forecast.steps, job);
    if (!window) continue;
    require(window->start >= job.now && window->start + job.length <= job.finish_by);
    require(window->start + job.length <= window->covered_until);
    require(!window->sum_now || window->sum <= *window->sum_now);
    static_cast<void>(json::write(as_json(*window, advise(*window), forecast, job)));
  }
}

void use(Provider& provider, const char* zone_name) {
  const Zone zone{std::string(zone_name)};
  if (const auto reading = provider.latest(zone, kNow)) {
    require(reading->zone == zone && reading->at <= kNow + kAhead);
    const auto text = json::write(as_json(*reading));
    const auto again = reading_from(*json::parse_strict(text));
    require(again && again->intensity == reading->intensity);
  }
  if (const auto forecast = provider.forecast(zone, kNow, kNow + std::chrono::hours(30))) {
    search(*forecast);
    const auto again = forecast_from(as_json(*forecast));
    require(again && again->steps == forecast->steps);
  }
}

void read_cache_documents(std::string_view text) {
  const auto document = json::parse_strict(text);
  if (!document) return;
  static_cast<void>(reading_from(*document));
  if (auto forecast = forecast_from(*document)) {
    if (const auto checked = check_forecast(*std::move(forecast), kNow)) search(*checked);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  OneAnswer http(text);
  switch (data[0]) {
    case 'e':
      use(*electricity_maps(http, {.url = "http://em"}), "DE");
      break;
    case 'n':
      use(*uk_carbon_intensity(http, {.url = "http://uk"}), "GB");
      break;
    case 'r':
      use(*uk_carbon_intensity(http, {.url = "http://uk"}), "GB-12");
      break;
    case 'p':
      use(*uk_carbon_intensity(http, {.url = "http://uk"}), "GB-RG10");
      break;
    case 't':
      if (auto table = parse_static_table(text, "t.yaml"))
        use(*static_provider(*std::move(table)), "DE");
      break;
    default:
      read_cache_documents(text);
  }
  return 0;
}
