// SPDX-License-Identifier: Apache-2.0
// Each provider on answers in its documented shape, and on answers that are wrong.
#include <gtest/gtest.h>

#include "base/text.h"
#include "carbon/static_table.h"
#include "carbon/support.h"

namespace sluice::carbon {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using test::FakeHttp;

class ElectricityMapsTest : public testing::Test {
 protected:
  Answer<Reading> latest(std::string_view zone = "DE") {
    return electricity_maps(http, {.url = "http://em", .token = a_token()})
        ->latest(Zone(std::string(zone)), kNow);
  }
  Answer<Forecast> forecast(seconds ahead = hours(20)) {
    return electricity_maps(http, {.url = "http://em", .token = a_token()})
        ->forecast(Zone("DE"), kNow, kNow + ahead);
  }
  Trouble trouble_of_latest(std::string body) {
    http.answer(latest_url("DE"), 200, std::move(body));
    const auto answer = latest();
    EXPECT_FALSE(answer);
    return answer ? Trouble::not_configured : answer.error().trouble;
  }
  FakeHttp http;
};

TEST_F(ElectricityMapsTest, ReadsTheLatestValue) {
  http.answer(latest_url("DE"), 200,
              latest_body("DE", "293.25", "2030-01-15T09:00:00.000Z",
                          R"(,"emissionFactorType":"lifecycle","isEstimated":false,)"
                          R"("estimationMethod":null)"));
  const auto reading = latest();
  ASSERT_TRUE(reading) << reading.error().error.text();
  EXPECT_EQ(reading->intensity.milligrams(), 293'250);
  EXPECT_EQ(reading->zone, Zone("DE"));
  EXPECT_EQ(reading->provider, "electricitymaps");
  EXPECT_EQ(reading->signal, Signal::average_lifecycle);
  EXPECT_EQ(reading->at, kNow - minutes(20));
  EXPECT_EQ(reading->source, "http://em");
  EXPECT_FALSE(reading->estimated || reading->assumed || reading->stale || reading->cached);
}

TEST_F(ElectricityMapsTest, SendsTheTokenUnderItsHeaderAndNowhereElse) {
  http.answer(latest_url("DE"), 200, latest_body("DE", "1"));
  ASSERT_TRUE(latest());
  const auto request = http.requests().at(0);
  EXPECT_EQ(request.authorization_header, "auth-token");
  EXPECT_EQ(request.authorization_scheme, "");
  EXPECT_EQ(request.authorization->reveal_text(), "synthetic-em-token");
  EXPECT_EQ(request.url.find("token"), std::string::npos);
  EXPECT_EQ(request.budget.redirects, 0);
  for (const auto& [name, value] : request.headers) EXPECT_EQ(value.find("synthetic"), value.npos);
}

TEST_F(ElectricityMapsTest, SaysWhatIsEstimated) {
  http.answer(latest_url("DE"), 200,
              latest_body("DE", "1", "2030-01-15T09:00:00Z", R"(,"isEstimated":true)"));
  http.answer(latest_url("FR"), 200,
              latest_body("FR", "1", "2030-01-15T09:00:00Z",
                          R"(,"isEstimated":false,"estimationMethod":"TIME_SLICER_AVERAGE")"));
  EXPECT_TRUE(latest("DE")->estimated);
  EXPECT_TRUE(latest("FR")->estimated);
}

TEST_F(ElectricityMapsTest, NullIsNoValueAndZeroIsOne) {
  EXPECT_EQ(trouble_of_latest(latest_body("DE", "null")), Trouble::no_value);
  http.answer(latest_url("FR"), 200, latest_body("FR", "0"));
  EXPECT_EQ(latest("FR")->intensity, Intensity::whole(0));
}

TEST_F(ElectricityMapsTest, RefusesAnotherZone) {
  EXPECT_EQ(trouble_of_latest(latest_body("US-MIDA-PJM", "402")), Trouble::wrong_zone);
}

TEST_F(ElectricityMapsTest, RefusesAnotherSignal) {
  EXPECT_EQ(trouble_of_latest(latest_body("DE", "1", "2030-01-15T09:00:00Z",
                                          R"(,"emissionFactorType":"direct")")),
            Trouble::malformed);
}

TEST_F(ElectricityMapsTest, RefusesNumbersThatNoGridHas) {
  for (const auto* number : {"-0.001", "5000.1", "1e300", "\"293\"", "[]", "true", "1e999"}) {
    FakeHttp fresh;
    fresh.answer(latest_url("DE"), 200, latest_body("DE", number));
    const auto answer = electricity_maps(fresh, {.url = "http://em"})->latest(Zone("DE"), kNow);
    ASSERT_FALSE(answer) << number;
    EXPECT_EQ(answer.error().trouble, Trouble::malformed) << number;
  }
  http.answer(latest_url("DE"), 200, latest_body("DE", "5000"));
  EXPECT_TRUE(latest());
}

TEST_F(ElectricityMapsTest, KnowsFreshFromStaleFromUselessFromFuture) {
  const auto at = [&](seconds before) {
    FakeHttp fresh;
    fresh.answer(latest_url("DE"), 200, latest_body("DE", "1", rfc3339(kNow - before)));
    return electricity_maps(fresh, {.url = "http://em"})->latest(Zone("DE"), kNow);
  };
  EXPECT_FALSE(at(hours(3))->stale);
  EXPECT_TRUE(at(hours(3) + seconds(1))->stale);
  EXPECT_TRUE(at(hours(24))->stale);
  EXPECT_EQ(at(hours(24) + seconds(1)).error().trouble, Trouble::no_value);
  EXPECT_TRUE(at(-hours(1)));
  EXPECT_EQ(at(-hours(1) - seconds(1)).error().trouble, Trouble::malformed);
}

TEST_F(ElectricityMapsTest, RefusesTimesThatAreNone) {
  EXPECT_EQ(trouble_of_latest(latest_body("DE", "1", "yesterday")), Trouble::malformed);
  http.answer(latest_url("FR"), 200, latest_body("FR", "1", "2030-13-01T00:00:00Z"));
  EXPECT_EQ(latest("FR").error().trouble, Trouble::malformed);
}

TEST_F(ElectricityMapsTest, AsksTwiceBeforeItCallsATokenBad) {
  http.answer(latest_url("DE"), 401, R"({"message":"Unauthorized"})");
  EXPECT_EQ(latest().error().trouble, Trouble::unauthorised);
  EXPECT_EQ(http.requests().size(), 2U);

  FakeHttp better;
  better.answer(latest_url("DE"), 401).answer(latest_url("DE"), 200, latest_body("DE", "7"));
  EXPECT_TRUE(
      electricity_maps(better, {.url = "http://em", .token = a_token()})->latest(Zone("DE"), kNow));

  FakeHttp without;
  without.answer(latest_url("DE"), 401);
  const auto answer = electricity_maps(without, {.url = "http://em"})->latest(Zone("DE"), kNow);
  EXPECT_EQ(answer.error().trouble, Trouble::unauthorised);
  EXPECT_NE(answer.error().error.hint.find("SLUICE_ELECTRICITYMAPS_TOKEN"), std::string::npos);
  EXPECT_EQ(without.requests().size(), 1U);
}

TEST_F(ElectricityMapsTest, EachStatusHasItsTrouble) {
  const auto trouble = [](int status) {
    FakeHttp fresh;
    fresh.answer(latest_url("DE"), status, "<html>", {});
    const auto answer =
        electricity_maps(fresh, {.url = "http://em", .token = a_token()})->latest(Zone("DE"), kNow);
    return std::pair(answer.error().trouble, fresh.requests().size());
  };
  EXPECT_EQ(trouble(403), std::pair(Trouble::unauthorised, std::size_t{1}));
  EXPECT_EQ(trouble(404), std::pair(Trouble::unknown_zone, std::size_t{1}));
  EXPECT_EQ(trouble(429), std::pair(Trouble::limited, std::size_t{1}));
  EXPECT_EQ(trouble(400), std::pair(Trouble::malformed, std::size_t{1}));
  EXPECT_EQ(trouble(204), std::pair(Trouble::malformed, std::size_t{1}));
  EXPECT_EQ(trouble(302), std::pair(Trouble::malformed, std::size_t{1}));
  EXPECT_EQ(trouble(502), std::pair(Trouble::unreachable, std::size_t{2}));
}

TEST_F(ElectricityMapsTest, NoAnswerIsUnreachable) {
  http.answer_error(latest_url("DE"), {Errc::network, "refused"});
  EXPECT_EQ(latest().error().trouble, Trouble::unreachable);
  EXPECT_EQ(http.requests().size(), 2U);
  FakeHttp slow;
  slow.answer_error(latest_url("DE"), {Errc::timeout, "slow"});
  EXPECT_EQ(electricity_maps(slow, {.url = "http://em"})->latest(Zone("DE"), kNow).error().trouble,
            Trouble::unreachable);
  EXPECT_EQ(slow.requests().size(), 1U);  // the time is used up
}

TEST_F(ElectricityMapsTest, WhatItSaysOfARefusalIsMadeSafe) {
  http.answer(latest_url("DE"), 404, "{\"message\":\"no\\u001b[31m\\nzone\"}");
  const std::string text = latest().error().error.text();
  EXPECT_NE(text.find("no"), std::string::npos);
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_EQ(text.find('\n'), std::string::npos);
}

TEST_F(ElectricityMapsTest, BrokenDocumentsAreMalformed) {
  for (const auto* body : {"", "<html>", "[]", "{}", "{\"zone\":\"DE\"}", "{\"zone\":1}", "null",
                           "{\"zone\":\"DE\",\"zone\":\"DE\"}"}) {
    FakeHttp fresh;
    fresh.answer(latest_url("DE"), 200, body);
    const auto answer = electricity_maps(fresh, {.url = "http://em"})->latest(Zone("DE"), kNow);
    ASSERT_FALSE(answer) << body;
    EXPECT_EQ(answer.error().trouble, Trouble::malformed) << body;
  }
}

std::string points(const std::vector<std::pair<std::string, std::string>>& list) {
  std::string out = R"({"zone":"DE","forecast":[)";
  for (const auto& [at, grams] : list) {
    if (out.back() == '}') out += ",";
    out += cat(R"({"datetime":")", at, R"(","carbonIntensity":)", grams, "}");
  }
  return out + "]}";
}

TEST_F(ElectricityMapsTest, ReadsAForecastAndLeavesHolesOpen) {
  http.answer(forecast_url("DE"), 200,
              points({{"2030-01-15T09:00:00Z", "300"},
                      {"2030-01-15T10:00:00Z", "null"},
                      {"2030-01-15T11:00:00Z", "200"},
                      {"2030-01-15T13:00:00Z", "100"},
                      {"2030-01-15T13:15:00Z", "90"}}));
  const auto answer = forecast();
  ASSERT_TRUE(answer) << answer.error().error.text();
  const Time nine = kNow - minutes(20);
  const std::vector<Step> expected = {
      {nine, nine + hours(1), Intensity::whole(300)},
      {nine + hours(2), nine + hours(3), Intensity::whole(200)},
      {nine + hours(4), nine + hours(4) + minutes(15), Intensity::whole(100)},
      {nine + hours(4) + minutes(15), nine + hours(4) + minutes(30), Intensity::whole(90)}};
  EXPECT_EQ(answer->steps, expected);
}

TEST_F(ElectricityMapsTest, AsksAsFarAheadAsNeededAndNoFarther) {
  const auto body = points({{"2030-01-15T09:00:00Z", "300"}});
  for (const auto* horizon : {"24", "48", "72"})
    http.answer(forecast_url("DE", horizon), 200, body);
  EXPECT_TRUE(forecast(hours(24)));
  EXPECT_TRUE(forecast(hours(24) + seconds(1)));
  EXPECT_TRUE(forecast(hours(200)));
  EXPECT_EQ(http.count(forecast_url("DE", "24")), 1U);
  EXPECT_EQ(http.count(forecast_url("DE", "48")), 1U);
  EXPECT_EQ(http.count(forecast_url("DE", "72")), 1U);
}

TEST_F(ElectricityMapsTest, RefusesForecastsThatCannotBe) {
  const std::vector<std::pair<std::string, Trouble>> cases = {
      {points({}), Trouble::no_value},
      {points({{"2030-01-15T09:00:00Z", "null"}}), Trouble::no_value},
      {points({{"2030-01-15T10:00:00Z", "1"}, {"2030-01-15T09:00:00Z", "1"}}), Trouble::malformed},
      {points({{"2030-01-15T10:00:00Z", "1"}, {"2030-01-15T10:00:00Z", "1"}}), Trouble::malformed},
      {points({{"2030-01-13T09:19:59Z", "1"}}), Trouble::malformed},
      {points({{"2030-01-30T08:20:01Z", "1"}}), Trouble::malformed},
      {R"({"zone":"FR","forecast":[]})", Trouble::wrong_zone}};
  for (const auto& [body, trouble] : cases) {
    FakeHttp fresh;
    fresh.answer(forecast_url("DE"), 200, body);
    const auto answer =
        electricity_maps(fresh, {.url = "http://em"})->forecast(Zone("DE"), kNow, kNow);
    ASSERT_FALSE(answer) << body;
    EXPECT_EQ(answer.error().trouble, trouble) << body << answer.error().error.text();
  }
  // The closest ones that can be.
  http.answer(forecast_url("DE"), 200,
              points({{"2030-01-13T09:20:00Z", "1"}, {"2030-01-30T08:20:00Z", "1"}}));
  EXPECT_TRUE(forecast()) << forecast().error().error.text();
}

TEST_F(ElectricityMapsTest, RefusesMorePointsThanItsBound) {
  const auto body_of = [](std::size_t count) {
    std::string out = R"({"zone":"DE","forecast":[)";
    for (std::size_t i = 0; i < count; ++i) {
      if (i > 0) out += ",";
      out += cat(R"({"datetime":")", rfc3339(kNow + seconds(i)), R"(","carbonIntensity":1})");
    }
    return out + "]}";
  };
  http.answer(forecast_url("DE"), 200, body_of(kMaxSteps));
  http.answer(forecast_url("DE"), 200, body_of(kMaxSteps + 1));
  http.answer(forecast_url("DE"), 200, body_of(100'000));
  EXPECT_TRUE(forecast());
  EXPECT_EQ(forecast().error().trouble, Trouble::malformed);
  EXPECT_EQ(forecast().error().trouble, Trouble::malformed);
}

class UkTest : public testing::Test {
 protected:
  Answer<Reading> latest(const std::string& zone) {
    return uk_carbon_intensity(http, {.url = "http://uk"})->latest(Zone(zone), kNow);
  }
  Answer<Forecast> forecast(const std::string& zone) {
    return uk_carbon_intensity(http, {.url = "http://uk"})->forecast(Zone(zone), kNow, kNow);
  }
  FakeHttp http;
};

constexpr auto kHalfHour =
    R"({"from":"2030-01-15T09:00Z","to":"2030-01-15T09:30Z","intensity":{"forecast":166}})";

TEST_F(UkTest, TakesTheActualValueOrElseTheForecast) {
  http.answer("GET http://uk/intensity", 200,
              R"({"data":[{"from":"2030-01-15T09:00Z","to":"2030-01-15T09:30Z",)"
              R"("intensity":{"forecast":166,"actual":162,"index":"moderate"}}]})");
  http.answer("GET http://uk/intensity", 200,
              R"({"data":[{"from":"2030-01-15T09:00Z","to":"2030-01-15T09:30Z",)"
              R"("intensity":{"forecast":166,"actual":null}}]})");
  http.answer("GET http://uk/intensity", 200,
              R"({"data":[{"from":"2030-01-15T09:00Z","to":"2030-01-15T09:30Z",)"
              R"("intensity":{"forecast":null,"actual":null}}]})");
  const auto measured = latest("GB");
  ASSERT_TRUE(measured) << measured.error().error.text();
  EXPECT_EQ(measured->intensity, Intensity::whole(162));
  EXPECT_FALSE(measured->estimated);
  EXPECT_EQ(measured->signal, Signal::average_combustion);
  EXPECT_EQ(measured->at, kNow - minutes(20));
  const auto modelled = latest("GB");
  EXPECT_EQ(modelled->intensity, Intensity::whole(166));
  EXPECT_TRUE(modelled->estimated);
  EXPECT_EQ(latest("GB").error().trouble, Trouble::no_value);
}

TEST_F(UkTest, TakesAnObjectOrAListOfOne) {
  const std::string object = cat(R"({"regionid":12,"postcode":"RG10","data":[)", kHalfHour, "]}");
  http.answer("GET http://uk/regional/postcode/RG10", 200, cat(R"({"data":)", object, "}"));
  http.answer("GET http://uk/regional/postcode/RG10", 200, cat(R"({"data":[)", object, "]}"));
  http.answer("GET http://uk/regional/regionid/12", 200, cat(R"({"data":[)", object, "]}"));
  for (const auto* zone : {"GB-RG10", "GB-RG10", "GB-12"}) {
    const auto reading = latest(zone);
    ASSERT_TRUE(reading) << zone << reading.error().error.text();
    EXPECT_EQ(reading->intensity, Intensity::whole(166));
    EXPECT_TRUE(reading->estimated);
  }
}

TEST_F(UkTest, RefusesAnotherPlace) {
  const std::string object = cat(R"({"regionid":13,"postcode":"RG1","data":[)", kHalfHour, "]}");
  http.answer("GET http://uk/regional/postcode/RG10", 200, cat(R"({"data":)", object, "}"));
  http.answer("GET http://uk/regional/regionid/12", 200, cat(R"({"data":[)", object, "]}"));
  EXPECT_EQ(latest("GB-RG10").error().trouble, Trouble::wrong_zone);
  EXPECT_EQ(latest("GB-12").error().trouble, Trouble::wrong_zone);
}

TEST_F(UkTest, KnowsItsPlaces) {
  for (const auto* zone : {"DE", "GB-0", "GB-18", "GB-NIR", "GB-01", "GB-RG", "GB-RG100", "GB-",
                           "GBX", "GB-ABC1", "GB-1A1"}) {
    EXPECT_EQ(latest(zone).error().trouble, Trouble::unknown_zone) << zone;
  }
  EXPECT_TRUE(http.requests().empty());
}

TEST_F(UkTest, AnEmptyAnswerOrABadRequestIsAnUnknownPostcode) {
  http.answer("GET http://uk/regional/postcode/XX99", 200, "\n");
  http.answer("GET http://uk/regional/postcode/X1", 400,
              R"({"error":{"code":"400 Bad Request","message":"a valid postcode"}})");
  EXPECT_EQ(latest("GB-XX99").error().trouble, Trouble::unknown_zone);
  const auto refused = latest("GB-X1");
  EXPECT_EQ(refused.error().trouble, Trouble::unknown_zone);
  EXPECT_NE(refused.error().error.what.find("a valid postcode"), std::string::npos);
}

TEST_F(UkTest, ForecastsFromTheHalfHour) {
  http.answer("GET http://uk/intensity/2030-01-15T09:00Z/fw48h", 200,
              cat(R"({"data":[)", kHalfHour, "]}"));
  http.answer("GET http://uk/regional/intensity/2030-01-15T09:00Z/fw48h/regionid/12", 200,
              cat(R"({"data":{"regionid":12,"data":[)", kHalfHour, "]}}"));
  const std::vector<Step> expected = {
      {kNow - minutes(20), kNow + minutes(10), Intensity::whole(166)}};
  EXPECT_EQ(forecast("GB")->steps, expected);
  EXPECT_EQ(forecast("GB-12")->steps, expected);
}

TEST_F(UkTest, RefusesStepsThatOverlapOrAreEmpty) {
  const auto step = [](const char* from, const char* to) {
    return cat(R"({"from":")", from, R"(","to":")", to, R"(","intensity":{"forecast":1}})");
  };
  const std::string url = "GET http://uk/intensity/2030-01-15T09:00Z/fw48h";
  http.answer(url, 200,
              cat(R"({"data":[)", step("2030-01-15T09:00Z", "2030-01-15T09:31Z"), ",",
                  step("2030-01-15T09:30Z", "2030-01-15T10:00Z"), "]}"));
  http.answer(url, 200, cat(R"({"data":[)", step("2030-01-15T09:00Z", "2030-01-15T09:00Z"), "]}"));
  http.answer(url, 200,
              cat(R"({"data":[)", step("2030-01-15T09:00Z", "2030-01-15T09:30Z"), ",",
                  step("2030-01-15T09:30Z", "2030-01-15T10:00Z"), "]}"));
  EXPECT_EQ(forecast("GB").error().trouble, Trouble::malformed);
  EXPECT_EQ(forecast("GB").error().trouble, Trouble::malformed);
  EXPECT_EQ(forecast("GB")->steps.size(), 2U);
}

std::string table_text(const std::string& zones) {
  return cat("kind: sluice.carbon-table/v1\nsignal: average-lifecycle\nzones:\n", zones);
}

TEST(StaticTable, HoldsOneNumberOrOneForEachHour) {
  std::string by_hour = "  FR: [";
  for (int i = 0; i < 24; ++i) by_hour += cat(i * 10, i < 23 ? ", " : "]\n");
  const auto table = parse_static_table(table_text("  DE: 350.5\n" + by_hour), "t.yaml");
  ASSERT_TRUE(table) << table.error().text();
  const auto provider = static_provider(*table);
  EXPECT_EQ(provider->latest(Zone("DE"), kNow)->intensity.milligrams(), 350'500);
  EXPECT_EQ(provider->latest(Zone("FR"), kNow)->intensity, Intensity::whole(90));
  EXPECT_TRUE(provider->latest(Zone("FR"), kNow)->estimated);
  EXPECT_EQ(provider->latest(Zone("IT"), kNow).error().trouble, Trouble::unknown_zone);
  const auto forecast = provider->forecast(Zone("FR"), kNow, kNow + hours(20));
  ASSERT_TRUE(forecast);
  EXPECT_EQ(forecast->steps.size(), 21U);
  EXPECT_EQ(forecast->steps.back().intensity, Intensity::whole(50));
  EXPECT_EQ(provider->forecast(Zone("FR"), kNow, kNow + hours(24 * 400))->steps.size(), 360U);
}

TEST(StaticTable, SaysWhereItIsWrong) {
  EXPECT_TRUE(parse_static_table(table_text("  DE: 5000\n"), "t.yaml"));
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"  DE: 5001\n", "t.yaml:4:"},
      {"  DE: many\n", "t.yaml:4:"},
      {"  DE: [1, 2]\n", "these are 2"},
      {"  D: 1\n", "not a grid zone"},
      {"  de: 1\n  DE: 1\n", "stands there twice"}};
  for (const auto& [zones, part] : cases) {
    const auto table = parse_static_table(table_text(zones), "t.yaml");
    ASSERT_FALSE(table) << zones;
    EXPECT_EQ(table.error().code, Errc::usage);
    EXPECT_NE(table.error().text().find(part), std::string::npos) << table.error().text();
  }
  EXPECT_FALSE(
      parse_static_table("kind: sluice.carbon-table/v2\nsignal: average-lifecycle\n"
                         "zones:\n  DE: 1\n",
                         "t.yaml"));
}

}  // namespace
}  // namespace sluice::carbon
