// SPDX-License-Identifier: Apache-2.0
#include "carbon/intensity.h"

#include <gtest/gtest.h>

#include <cmath>

#include "carbon/documents.h"
#include "carbon/support.h"
#include "carbon/zones.h"

namespace sluice::carbon {
namespace {

TEST(Level, ChangesAtTwoThreeAndFourHundred) {
  const auto level = [](double grams) { return name(level_of(*Intensity::of(grams))); };
  EXPECT_EQ(level(199.999), "low");
  EXPECT_EQ(level(200), "medium");
  EXPECT_EQ(level(299.999), "medium");
  EXPECT_EQ(level(300), "high");
  EXPECT_EQ(level(399.999), "high");
  EXPECT_EQ(level(400), "very-high");
  for (const auto* word : {"low", "medium", "high", "very-high"}) {
    EXPECT_EQ(name(level_named(word).value()), word);
  }
  EXPECT_EQ(level_named("very high"), std::nullopt);
}

TEST(Intensity, IsANumberThatAGridCanHave) {
  EXPECT_EQ(Intensity::of(0)->milligrams(), 0);
  EXPECT_EQ(Intensity::of(-0.0)->milligrams(), 0);
  EXPECT_EQ(Intensity::of(0.0004)->milligrams(), 0);
  EXPECT_EQ(Intensity::of(0.0005)->milligrams(), 1);
  EXPECT_EQ(Intensity::of(5000)->milligrams(), 5'000'000);
  EXPECT_FALSE(Intensity::of(5000.001));
  EXPECT_FALSE(Intensity::of(-0.001));
  EXPECT_FALSE(Intensity::of(std::nan("")));
  EXPECT_FALSE(Intensity::of(HUGE_VAL));
}

TEST(Zone, IsPlainAndInCapitals) {
  EXPECT_EQ(parse_zone("us-cal-ciso").value(), Zone("US-CAL-CISO"));
  for (const auto* text : {"", "D", "DE ", "DE&x=1", "DE/..", "D\nE", "D\xc3\x84",
                           "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456"}) {
    EXPECT_EQ(parse_zone(text).error().code, Errc::usage) << text;
  }
  EXPECT_TRUE(parse_zone("ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"));
}

TEST(CloudRegions, EachIsFoundAndNamesAZone) {
  EXPECT_GT(cloud_regions().size(), 130U);
  for (const auto& row : cloud_regions()) {
    const auto found = find_cloud_region(row.region);
    ASSERT_TRUE(found) << row.region;
    EXPECT_EQ(found->zone, row.zone);
    const auto zone = parse_zone(row.zone);
    ASSERT_TRUE(zone);
    EXPECT_EQ(zone->str(), row.zone);
  }
  EXPECT_EQ(find_cloud_region("AWS:eu-west-1")->zone, "IE");
  EXPECT_EQ(find_cloud_region("gcp:us-central1")->zone, "US-MIDW-MISO");
}

TEST(CloudRegions, AnUnknownOneIsSaidToBeUnknown) {
  const auto typo = find_cloud_region("aws:eu-west1");
  EXPECT_EQ(typo.error().code, Errc::not_found);
  EXPECT_NE(typo.error().what.find("did you mean \"aws:eu-west-1\""), std::string::npos);
  const auto bare = find_cloud_region("westeurope");
  EXPECT_NE(bare.error().what.find("did you mean \"azure:westeurope\""), std::string::npos);
  const auto far = find_cloud_region("moon:sea-of-tranquillity");
  EXPECT_EQ(far.error().code, Errc::not_found);
  EXPECT_EQ(far.error().what.find("did you mean"), std::string::npos);
  EXPECT_FALSE(find_cloud_region(""));
  EXPECT_FALSE(find_cloud_region("aws:"));
}

TEST(Observe, AssumesWhereNothingIsConfiguredAndSaysSo) {
  const Reading reading = observe(nullptr, Zone("DE"), kNow);
  EXPECT_TRUE(reading.assumed);
  EXPECT_EQ(reading.intensity, Intensity::whole(300));
  EXPECT_EQ(reading.trouble, Trouble::not_configured);
  EXPECT_FALSE(reading.why.empty());
  EXPECT_EQ(reading.provider, "none");
}

TEST(Observe, AssumesWhereTheSourceFailsAndSaysWhy) {
  test::FakeHttp http;
  http.answer(latest_url("DE"), 429, R"({"message":"Rate limit exceeded"})");
  const auto provider = electricity_maps(http, {.url = "http://em", .token = a_token()});
  const Reading reading = observe(provider.get(), Zone("DE"), kNow);
  EXPECT_TRUE(reading.assumed);
  EXPECT_EQ(reading.intensity, kAssumed);
  EXPECT_EQ(reading.trouble, Trouble::limited);
  EXPECT_NE(reading.why.find("Rate limit exceeded"), std::string::npos);
  EXPECT_EQ(reading.provider, "electricitymaps");
}

TEST(Observe, HandsOnWhatTheSourceSays) {
  test::FakeHttp http;
  http.answer(latest_url("DE"), 200, latest_body("DE", "12"));
  const auto provider = electricity_maps(http, {.url = "http://em"});
  const Reading reading = observe(provider.get(), Zone("DE"), kNow);
  EXPECT_FALSE(reading.assumed);
  EXPECT_EQ(reading.intensity, Intensity::whole(12));
  EXPECT_EQ(reading.trouble, std::nullopt);
}

TEST(Documents, AReadingAndAForecastComeBackAsTheyWere) {
  const Reading reading{.zone = Zone("DE"),
                        .intensity = *Intensity::of(293.125),
                        .provider = "uk",
                        .signal = Signal::average_combustion,
                        .at = kNow,
                        .estimated = true,
                        .stale = true,
                        .source = "http://em"};
  const auto text = json::write(as_json(reading));
  const auto again = reading_from(*json::parse_strict(text));
  ASSERT_TRUE(again) << again.error().text();
  EXPECT_EQ(json::write(as_json(*again)), text);
  EXPECT_EQ(again->intensity, reading.intensity);
  EXPECT_EQ(again->signal, reading.signal);

  Forecast forecast{.zone = Zone("DE"), .provider = "uk", .source = "http://em"};
  for (int i = 0; i < 50; ++i) {
    const Time from = kNow + std::chrono::minutes(30 * i);
    forecast.steps.push_back({from, from + std::chrono::minutes(30), *Intensity::of(i * 7.013)});
  }
  const auto back = forecast_from(*json::parse_strict(json::write(as_json(forecast))));
  ASSERT_TRUE(back) << back.error().text();
  EXPECT_EQ(back->steps, forecast.steps);
}

}  // namespace
}  // namespace sluice::carbon
