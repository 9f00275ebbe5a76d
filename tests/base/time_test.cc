// SPDX-License-Identifier: Apache-2.0
#include "base/time.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(Time, RoundTrips) {
  for (const auto* text : {"2026-11-20T14:02:11Z", "1970-01-01T00:00:00Z", "2024-02-29T23:59:59Z",
                           "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z"}) {
    const auto time = parse_rfc3339(text);
    ASSERT_TRUE(time) << text;
    EXPECT_EQ(rfc3339(*time), text);
  }
}

TEST(Time, OffsetsAndFractionsFoldIn) {
  EXPECT_EQ(rfc3339(*parse_rfc3339("2026-11-20T14:02:11.999999999+02:30")), "2026-11-20T11:32:11Z");
  EXPECT_EQ(rfc3339(*parse_rfc3339("2026-11-20t14:02:11-00:01")), "2026-11-20T14:03:11Z");
}

TEST(Time, RefusesEverythingElse) {
  for (const auto* text :
       {"", "2026-11-20", "2026-11-20T14:02:11", "2026-11-20 14:02:11Z", "26-11-20T14:02:11Z",
        "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z",
        "2026-11-20T24:00:00Z", "2026-11-20T23:60:00Z", "2026-11-20T23:59:60Z",
        "2026-11-20T14:02:11.Z", "2026-11-20T14:02:11.1234567890Z", "2026-11-20T14:02:11+24:00",
        "2026-11-20T14:02:11+0200", "2026-11-20T14:02:11Z ", " 2026-11-20T14:02:11Z",
        "+026-11-20T14:02:11Z", "2026-11-20T14:02:1-1Z"}) {
    EXPECT_FALSE(parse_rfc3339(text)) << text;
  }
}

TEST(Time, HumanDuration) {
  using namespace std::chrono_literals;
  EXPECT_EQ(human_duration(90s), "90 s");
  EXPECT_EQ(human_duration(600s), "10 min");
  EXPECT_EQ(human_duration(2h + 5min), "2 h 5 min");
  EXPECT_EQ(human_duration(72h), "3 days");
}

}  // namespace
}  // namespace sluice
