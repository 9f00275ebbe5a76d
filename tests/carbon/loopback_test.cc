// SPDX-License-Identifier: Apache-2.0
// The providers with the real client against servers on this machine: the shared samples as their
// routes.json serves them, and servers that misbehave.
#include <gtest/gtest.h>

#include "base/text.h"
#include "carbon/support.h"
#include "carbon/window.h"
#include "net/client.h"
#include "support/fake_world.h"
#include "support/servers/raw_server.h"
#include "support/servers/route_server.h"
#include "support/temp_folder.h"

namespace sluice::carbon {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using test::RawConnection;
using test::RawRequest;
using test::RawServer;
using test::RouteServer;

class Samples : public testing::Test {
 protected:
  void SetUp() override {
    const auto folder = test::shared_folder("data/carbon/samples");
    if (!folder) GTEST_SKIP() << "no shared samples";
    server = std::make_unique<RouteServer>(*folder);
    maps = electricity_maps(*http, {.url = server->url(), .token = a_token()});
    uk = uk_carbon_intensity(*http, {.url = server->url()});
  }
  Trouble trouble(std::string_view zone) {
    const auto answer = maps->latest(Zone(std::string(zone)), now);
    EXPECT_FALSE(answer) << zone;
    return answer ? Trouble::not_configured : answer.error().trouble;
  }

  std::unique_ptr<RouteServer> server;  // ends last: it waits for connections that are kept
  test::FakeWorld fake;
  std::unique_ptr<Http> http = net::make_client(fake.world());
  std::unique_ptr<Provider> maps;
  std::unique_ptr<Provider> uk;
  Time now = kNow - minutes(20);  // as the samples say: 2030-01-15T09:00:00Z
};

TEST_F(Samples, ElectricityMapsLatest) {
  const auto germany = maps->latest(Zone("DE"), now);
  ASSERT_TRUE(germany) << germany.error().error.text();
  EXPECT_EQ(germany->intensity, Intensity::whole(293));
  EXPECT_TRUE(germany->estimated);
  const auto france = maps->latest(Zone("FR"), now);
  ASSERT_TRUE(france);
  EXPECT_EQ(france->intensity, Intensity::whole(41));
  EXPECT_FALSE(france->estimated);
  EXPECT_EQ(server->served(),
            (std::vector<std::string>{"em-latest.json", "em-latest-measured.json"}));
}

TEST_F(Samples, ElectricityMapsRefusals) {
  EXPECT_EQ(trouble("XX-NOWHERE"), Trouble::wrong_zone);
  EXPECT_EQ(trouble("PL"), Trouble::unauthorised);
  EXPECT_EQ(trouble("ZZ"), Trouble::unknown_zone);
  EXPECT_EQ(trouble("NL"), Trouble::limited);
  EXPECT_EQ(trouble("BE"), Trouble::unreachable);
  const auto forecast = maps->forecast(Zone("FR"), now, now + hours(1));
  EXPECT_EQ(forecast.error().trouble, Trouble::unauthorised);
  maps = electricity_maps(*http, {.url = server->url()});
  EXPECT_EQ(trouble("DE"), Trouble::unauthorised);
  EXPECT_EQ(server->served(),
            (std::vector<std::string>{"em-latest-wrong-zone.json", "em-401-zone.json",
                                      "em-401-zone.json", "em-404-zone.json", "em-429.json",
                                      "em-502.html", "em-502.html", "em-401-endpoint.json",
                                      "em-401-endpoint.json", "em-401-no-token.json"}));
}

TEST_F(Samples, ElectricityMapsForecastAndItsWindow) {
  const auto forecast = maps->forecast(Zone("DE"), now, now + hours(24));
  ASSERT_TRUE(forecast) << forecast.error().error.text();
  EXPECT_EQ(forecast->steps.size(), 24U);
  EXPECT_EQ(forecast->steps.front().intensity, Intensity::whole(293));
  // 179 from 13:00 and 187 from 14:00 are the two cheapest hours side by side.
  const auto window = best_window(forecast->steps, {now, hours(2), now + hours(12)});
  ASSERT_TRUE(window);
  EXPECT_EQ(window->start, now + hours(4));
  EXPECT_EQ(window->mean(), 183);
  EXPECT_TRUE(advise(*window).wait);
}

TEST_F(Samples, UnitedKingdomNow) {
  const auto nation = uk->latest(Zone("GB"), now);
  ASSERT_TRUE(nation) << nation.error().error.text();
  EXPECT_EQ(nation->intensity, Intensity::whole(162));
  EXPECT_FALSE(nation->estimated);
  const auto postcode = uk->latest(Zone("GB-RG10"), now);
  ASSERT_TRUE(postcode) << postcode.error().error.text();
  EXPECT_EQ(postcode->intensity, Intensity::whole(166));
  EXPECT_TRUE(postcode->estimated);
}

TEST_F(Samples, UnitedKingdomForecast) {
  for (const auto* zone : {"GB", "GB-RG10"}) {
    const auto forecast = uk->forecast(Zone(zone), now, now + hours(48));
    ASSERT_TRUE(forecast) << zone << forecast.error().error.text();
    EXPECT_GE(forecast->steps.size(), 96U);
    EXPECT_EQ(forecast->steps.front().intensity, Intensity::whole(166));
    EXPECT_FALSE(best_window(forecast->steps, {now, minutes(187), now + hours(40)})->gaps);
  }
  EXPECT_EQ(uk->forecast(Zone("GB-XX99"), now, now).error().trouble, Trouble::unknown_zone);
  EXPECT_EQ(server->served(),
            (std::vector<std::string>{"uk-fw48h.json", "uk-regional-postcode-fw48h.json",
                                      "uk-empty-postcode.txt"}));
}

class Loopback : public testing::Test {
 protected:
  Answer<Reading> latest(const RawServer& server, std::chrono::milliseconds timeout) {
    std::string url = server.url();
    url.pop_back();
    return electricity_maps(*http, {.url = url, .token = a_token("t"), .timeout = timeout})
        ->latest(Zone("DE"), kNow);
  }
  test::FakeWorld fake;
  std::unique_ptr<Http> http = net::make_client(fake.world());
};

TEST_F(Loopback, TheTokenArrives) {
  RawServer server(RawServer::answering(
      [](const RawRequest&) { return RawServer::answer(200, latest_body("DE", "7")); }));
  const auto reading = latest(server, std::chrono::seconds(20));
  ASSERT_TRUE(reading) << reading.error().error.text();
  EXPECT_EQ(server.requests().at(0).header("auth-token"), "t");
  EXPECT_EQ(server.requests().at(0).header("authorization"), "");
}

TEST_F(Loopback, NoRedirectIsFollowed) {
  RawServer other(RawServer::answering(
      [](const RawRequest&) { return RawServer::answer(200, latest_body("DE", "7")); }));
  RawServer server(RawServer::answering([&](const RawRequest&) {
    return RawServer::answer(302, "", cat("Location: ", other.url(), "\r\n"));
  }));
  EXPECT_FALSE(latest(server, std::chrono::seconds(20)));
  EXPECT_EQ(other.accepted(), 0);
}

TEST_F(Loopback, AServerThatNeverAnswersIsUnreachable) {
  test::FakeWorld real;
  const World world{system_clock(), system_files(), real.environment, real.random,
                    system_processes()};
  http = net::make_client(world);
  RawServer server([](RawConnection& connection) {
    (void)connection.read_request();
    connection.wait_until_closed();
  });
  const auto answer = latest(server, std::chrono::milliseconds(60));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().trouble, Trouble::unreachable);
  EXPECT_EQ(answer.error().error.code, Errc::timeout);
}

TEST_F(Loopback, AServerThatEndsInTheMiddleIsUnreachable) {
  RawServer server([](RawConnection& connection) {
    (void)connection.read_request();
    connection.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"zone\":");
    connection.reset();
  });
  EXPECT_EQ(latest(server, std::chrono::seconds(20)).error().trouble, Trouble::unreachable);
  EXPECT_EQ(server.accepted(), 2);
}

TEST_F(Loopback, AnAnswerWithoutEndIsCutOffAtItsBound) {
  RawServer server([](RawConnection& connection) {
    (void)connection.read_request();
    connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    const std::string chunk = "10000\r\n" + std::string(0x10000, ' ') + "\r\n";
    while (connection.write(chunk)) {
    }
  });
  const auto answer = latest(server, std::chrono::seconds(20));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().trouble, Trouble::malformed);
  EXPECT_EQ(answer.error().error.code, Errc::limit);
}

}  // namespace
}  // namespace sluice::carbon
