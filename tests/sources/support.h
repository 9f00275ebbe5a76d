// SPDX-License-Identifier: Apache-2.0
// What the tests of this room share: a policy, fakes that answer, and a call.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <map>

#include "base/text.h"
#include "sources/sources.h"
#include "support/fake_http.h"
#include "support/fake_world.h"

namespace sluice::sources {

inline constexpr auto kRange = "POST https://metrics.test/api/v1/query_range";
inline constexpr auto kEngine = "POST https://engine.test/v1/health";
inline constexpr auto kLatest =
    "GET https://grid.test/v3/carbon-intensity/latest?zone=DE"
    "&shouldUseFallbackCallerLookup=false";
inline constexpr auto kForecast =
    "GET https://grid.test/v3/carbon-intensity/forecast?zone=DE"
    "&shouldUseFallbackCallerLookup=false&horizonHours=24";

inline long form_number(const HttpRequest& request, std::string_view key) {
  const auto at = request.body.find(cat("&", key, "="));
  return std::strtol(request.body.c_str() + at + key.size() + 2, nullptr, 10);
}

// A matrix over the whole grid that was asked for; the last three points are far above the others
// where the query has one of these parts.
inline Result<HttpResponse> matrix(const HttpRequest& request,
                                   const std::vector<std::string>& anomalous) {
  bool bad = false;
  for (const auto& part : anomalous) bad = bad || request.body.find(part) != std::string::npos;
  const long begin = form_number(request, "start");
  const long end = form_number(request, "end");
  const long step = form_number(request, "step");
  std::string body = R"({"status":"success","data":{"resultType":"matrix","result":[{"values":[)";
  for (long time = begin; time <= end; time += step) {
    const bool late = bad && end - time < 3 * step;
    const std::string value = late ? "0.041" : cat("0.00", 3 + (time - begin) / step * 2 % 5);
    body += cat(time == begin ? "" : ",", "[", time, ",\"", value, "\"]");
  }
  return HttpResponse{.status = 200, .headers = {}, .body = body + "]}]}}", .url = request.url};
}

class Sources : public testing::Test {
 protected:
  test::FakeWorld fake;
  std::shared_ptr<test::FakeHttp> http = std::make_shared<test::FakeHttp>();
  std::map<std::string, std::string> files = {};
  Access access{.metrics = http, .carbon = http};

  policy::ReadFile reader() {
    return [this](const std::string& name) -> Result<std::string> {
      const auto at = files.find(name);
      if (at == files.end()) return fail(Errc::not_found, cat(name, " is not there"));
      return at->second;
    };
  }
  // The environment of a policy that counts all three signals and has these sources.
  policy::Environment environment(const std::string& sources) {
    const auto policy =
        policy::parse(cat("apiVersion: sluice/v1\nkind: Policy\nsources: ", sources,
                          "\nenvironments: {production: {signals: [risk, health, carbon]}}\n"),
                      "sluice.yaml");
    EXPECT_TRUE(policy) << policy.error().text();
    return policy ? policy->environments.front() : policy::Environment{};
  }
  std::vector<gate::Signal> ask(const std::string& sources) {
    return gather(fake.world(), access, environment(sources), reader(), fake.clock.now());
  }
  // Of sources that give one signal.
  gate::Signal ask_one(const std::string& sources) {
    auto signals = ask(sources);
    EXPECT_EQ(signals.size(), 1U);
    return signals.empty() ? gate::Signal{} : signals.front();
  }
  void metrics(std::vector<std::string> anomalous) {
    http->answer_by(kRange, [anomalous = std::move(anomalous)](const HttpRequest& request) {
      return matrix(request, anomalous);
    });
  }
  void grid(const std::string& latest, const std::string& forecast) {
    http->answer(kLatest, 200, latest).answer(kForecast, 200, forecast);
  }
};

inline constexpr auto kProm = "{health: {prometheus: 'https://metrics.test', service: checkout}}";
inline constexpr auto kGrid = "{carbon: {url: 'https://grid.test', zone: DE}}";

}  // namespace sluice::sources
