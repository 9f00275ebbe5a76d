// SPDX-License-Identifier: Apache-2.0
#include "carbon/electricity_maps.h"

#include <algorithm>

#include "base/text.h"
#include "carbon/answer.h"

namespace sluice::carbon {

namespace {

using std::chrono::hours;
using std::chrono::seconds;

constexpr std::string_view kElectricityMaps = "Electricity Maps";

Answer<void> expect_zone(const json::Fields& root, const Zone& zone) {
  SLUICE_TRY(const std::string found, root.string("zone"));
  if (found == zone.str()) return {};
  return fail_as(
      Trouble::wrong_zone,
      cat(kElectricityMaps, " answered for ", printable(found, 40), ", not for ", zone.str()),
      "look at the name of the zone");
}

// The service can count combustion only, too; what it calls "direct" is another number.
Answer<void> expect_lifecycle(const json::Fields& root) {
  if (!root.has("emissionFactorType")) return {};
  SLUICE_TRY(const std::string factor, root.string("emissionFactorType"));
  if (factor == "lifecycle") return {};
  return fail_as(Trouble::malformed,
                 cat(kElectricityMaps, " answered with another signal: ", printable(factor, 40)));
}

struct Point {
  Time at;
  std::optional<Intensity> intensity;
};

// A point holds until the next one, for an hour at most: after that nothing is known.
std::vector<Step> steps_of(const std::vector<Point>& points) {
  std::vector<Step> steps;
  steps.reserve(points.size());
  seconds length = hours(1);
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (i + 1 < points.size())
      length = std::min<seconds>(points[i + 1].at - points[i].at, hours(1));
    if (points[i].intensity) {
      steps.push_back({points[i].at, points[i].at + length, *points[i].intensity});
    }
  }
  return steps;
}

class ElectricityMaps final : public Provider {
 public:
  ElectricityMaps(Http& http, ElectricityMapsOptions options)
      : http_(http), options_(std::move(options)) {}

  std::string_view name() const override { return "electricitymaps"; }
  Signal signal() const override { return Signal::average_lifecycle; }
  std::string source() const override { return options_.url; }

  Answer<Reading> latest(const Zone& zone, Time now) override {
    SLUICE_TRY(const auto document, get("latest", zone, ""));
    const json::Fields root(document, "answer");
    SLUICE_CHECK(expect_zone(root, zone));
    SLUICE_CHECK(expect_lifecycle(root));
    SLUICE_TRY(const auto intensity, intensity_in(root, "carbonIntensity"));
    if (!intensity) {
      return fail_as(Trouble::no_value,
                     cat(kElectricityMaps, " has no value for ", zone.str(), " at this time"));
    }
    SLUICE_TRY(const Time at, time_in(root, "datetime"));
    bool estimated = root.has("estimationMethod");
    if (root.has("isEstimated")) {
      SLUICE_TRY(const bool flag, root.boolean("isEstimated"));
      estimated = estimated || flag;
    }
    return check_reading({.zone = zone,
                          .intensity = *intensity,
                          .provider = std::string(name()),
                          .signal = signal(),
                          .at = at,
                          .estimated = estimated,
                          .source = source()},
                         now);
  }

  Answer<Forecast> forecast(const Zone& zone, Time now, Time until) override {
    // What plans offer; more than the plan has is refused, so no more is asked for than is needed.
    int horizon = 24;
    while (horizon < 72 && now + hours(horizon) < until) horizon += 24;
    SLUICE_TRY(const auto document, get("forecast", zone, cat("&horizonHours=", horizon)));
    const json::Fields root(document, "answer");
    SLUICE_CHECK(expect_zone(root, zone));
    SLUICE_CHECK(expect_lifecycle(root));
    SLUICE_TRY(const auto list, root.array("forecast", kMaxSteps));
    std::vector<Point> points;
    for (const auto& entry : list) {
      SLUICE_TRY(const Time at, time_in(entry, "datetime"));
      SLUICE_TRY(const auto intensity, intensity_in(entry, "carbonIntensity"));
      if (!points.empty() && at <= points.back().at) {
        return fail_as(Trouble::malformed, cat("the forecast goes back at ", human_time(at)));
      }
      points.push_back({at, intensity});
    }
    return check_forecast({.zone = zone,
                           .provider = std::string(name()),
                           .signal = signal(),
                           .steps = steps_of(points),
                           .source = source()},
                          now);
  }

 private:
  Answer<json::Value> get(std::string_view what, const Zone& zone, std::string_view more) {
    Question question{.whom = kElectricityMaps, .request = {}};
    question.request.url = cat(options_.url, "/v3/carbon-intensity/", what, "?zone=", zone.str(),
                               "&shouldUseFallbackCallerLookup=false", more);
    question.request.authorization = options_.token;
    question.request.authorization_header = "auth-token";
    question.request.authorization_scheme = "";
    question.request.budget.total = options_.timeout;
    return ask(http_, std::move(question));
  }

  Http& http_;
  ElectricityMapsOptions options_;
};

}  // namespace

std::unique_ptr<Provider> electricity_maps(Http& http, ElectricityMapsOptions options) {
  return std::make_unique<ElectricityMaps>(http, std::move(options));
}

}  // namespace sluice::carbon
