// SPDX-License-Identifier: Apache-2.0
// Everything of aiops that strangers write: answers of Prometheus, Alertmanager and engines, and
// profiles. The first byte chooses.
#include <cmath>
#include <cstdint>
#include <cstdlib>

#include "aiops/check.h"
#include "aiops/engine.h"

namespace {

using namespace sluice;
using namespace sluice::aiops;

constexpr Time kBegin{std::chrono::seconds(1'700'000'000)};
constexpr Grid kAsked{kBegin, kBegin + std::chrono::hours(4), std::chrono::seconds(60)};

void require(bool holds) {
  if (!holds) std::abort();
}

void range(std::string_view text) {
  const Fetched fetched = read_range_document(text, kAsked);
  const Series& series = fetched.series;
  require(series.times.size() == series.values.size());
  require(fetched.state != State::normal || !series.empty());
  require(decided(fetched.state) || !fetched.detail.empty());
  for (std::size_t i = 0; i < series.size(); ++i) {
    require(series.times[i] >= kAsked.begin && series.times[i] <= kAsked.end);
    require(i == 0 || series.times[i] > series.times[i - 1]);
  }
  require(flag_outliers(series.values, {}).size() == series.size());
  const auto judged = judge(series, {});
  require(!judged || (std::isfinite(judged->value) && std::isfinite(judged->expected)));
  require(!judged || judged->anomalous == judged->since.has_value());
}

void health(std::string_view text) {
  if (const auto document = json::parse_strict(text)) {
    const auto report = health_from_json(*document);
    if (report) {
      const auto again = health_from_json(to_json(*report));
      require(again && json::write(to_json(*again)) == json::write(to_json(*report)));
      require(!reason(*report).empty());
    }
  }
  HttpResponse answer;
  answer.status = 200;
  answer.body = text;
  require(!read_engine(answer, "checkout", kBegin, "fuzz").signals.empty());
}

void profile(std::string_view text) {
  const auto read = parse_profile(text, "fuzz.yaml");
  if (!read) return;
  require(read->signals.size() >= read->converge && read->converge >= 1);
  require(grid_for(*read, kBegin).points() <= kMostPoints);
  for (const auto& signal : read->signals) require(!signal.query.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text = text_of(ByteView(data + 1, size - 1));
  switch (data[0]) {
    case 'r':
      range(text);
      break;
    case 'a':
      static_cast<void>(read_alerts_document(text, kBegin));
      break;
    case 'h':
      health(text);
      break;
    default:
      profile(text);
  }
  return 0;
}
