// SPDX-License-Identifier: Apache-2.0
// gate check with evidence that it gathers itself: a real Prometheus, grids on this machine, and
// whatever can go wrong with them.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>

#include "base/text.h"
#include "base/time.h"
#include "json/value.h"
#include "support/git_folder.h"
#include "support/program.h"
#include "support/servers/http_server.h"
#include "support/servers/prometheus.h"
#include "support/service_history.h"

namespace sluice {
namespace {

using std::chrono::hours;
using test::has;
using test::HttpServer;
using test::Prometheus;
using test::Ran;
using test::RawRequest;
using test::RawServer;
using test::ServedAnswer;

constexpr auto kNobody = "http://127.0.0.1:1";  // nothing listens there

class GateSources : public testing::Test {
 protected:
  // The policy at the base, and a harmless change on top of it.
  void base(const std::string& signals, const std::string& sources,
            const std::string& rules = "{}") const {
    folder_.write("sluice.yaml", cat("apiVersion: sluice/v1\nkind: Policy\nsignals: ", rules,
                                     "\nsources: ", sources,
                                     "\nenvironments: {production: {signals: [", signals, "]}}\n"));
    folder_.commit();
    folder_.git({"checkout", "--quiet", "-B", "topic"});
    folder_.write("src/cart.cc", "change");
    folder_.commit();
  }
  Ran run(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), "gate");
    return test::sluice().in(folder_.path()).with("HOME", folder_.beside("home"))(arguments);
  }
  Ran check(std::vector<std::string> more = {}) const {
    more.insert(more.begin(), {"check", "main..HEAD"});
    return run(more);
  }
  static void fits_a_terminal(const Ran& ran) {
    const auto lines = split(ran.out, '\n');
    EXPECT_LE(lines.size(), 25U) << ran.out;
    for (const auto line : lines) EXPECT_LE(line.size(), 82U) << line;  // "…" takes three bytes
  }

  test::GitFolder folder_;
};

std::string prometheus(const std::string& url) {
  return cat("{deadline: 5s, health: {prometheus: '", url, "', service: checkout}}");
}

// Unplugged.

TEST_F(GateSources, AnUnpluggedPrometheusLeadsToWhatThePolicySays) {
  const std::vector<std::pair<std::string, int>> effects = {
      {"undecided", 3}, {"delay", 75}, {"block", 1}, {"ignore", 0}};
  for (const auto& [effect, exit_code] : effects) {
    folder_.git({"checkout", "--quiet", "-B", "main"});
    base("risk, health", prometheus(kNobody), cat("{health: {on_unknown: ", effect, "}}"));
    const Ran ran = check();
    EXPECT_EQ(ran.exit_code, exit_code) << effect << ran.out << ran.err;
    EXPECT_TRUE(has(ran.out, cat("unknown       unknown: ", effect))) << ran.out;
    EXPECT_TRUE(has(ran.out, "the source did not answer: checkout, 5 of 5 signals")) << ran.out;
    EXPECT_TRUE(has(ran.out, "[http://127.0.0.1:1/]")) << ran.out;
    fits_a_terminal(ran);
    EXPECT_EQ(run({"replay"}).exit_code, 0);
  }
}

TEST_F(GateSources, WhatIsIgnoredAloneIsNoApproval) {
  base("health", prometheus(kNobody), "{health: {on_unknown: ignore}}");
  const Ran ran = check();
  EXPECT_EQ(ran.exit_code, 3) << ran.out;
  EXPECT_TRUE(has(ran.out, "not one of the signals that count is known")) << ran.out;
}

TEST_F(GateSources, ASilentServerIsOverAtTheDeadline) {
  const RawServer silent([](test::RawConnection& connection) { connection.wait_until_closed(); });
  base("risk, health, carbon",
       cat("{deadline: 1s, health: {prometheus: '", silent.url(""), "', service: checkout}, ",
           "carbon: {url: '", silent.url(""), "', zone: DE}}"));
  const auto began = std::chrono::steady_clock::now();
  const Ran ran = check();
  const auto took = std::chrono::steady_clock::now() - began;
  EXPECT_EQ(ran.exit_code, 3) << ran.out << ran.err;
  EXPECT_GE(took, std::chrono::milliseconds(900));
  EXPECT_LT(took, std::chrono::seconds(5)) << "one deadline for both, and two tries of each";
  EXPECT_TRUE(has(ran.out, "  ?       health    unknown")) << ran.out;
  EXPECT_TRUE(has(ran.out, "  -       carbon    unknown")) << ran.out;
  fits_a_terminal(ran);
}

TEST_F(GateSources, AServerThatLiesIsNotBelieved) {
  // A million points, and times that go back: never healthy.
  std::string body = R"({"status":"success","data":{"resultType":"matrix","result":[{"values":[)";
  const std::string point = cat("[", system_clock().now().time_since_epoch().count(), ",\"1\"]");
  for (int i = 0; i < 1'000'000; ++i) body.append(i == 0 ? "" : ",").append(point);
  body += "]}]}}";
  const HttpServer many(
      [&](const RawRequest&) { return ServedAnswer{.body = body, .type = "application/json"}; });
  base("health", prometheus(many.url("")));
  const Ran ran = check();
  EXPECT_EQ(ran.exit_code, 3) << ran.out;
  EXPECT_TRUE(has(ran.out, "the source's answer makes no sense")) << ran.out;
}

// Carbon, in the shape of Electricity Maps.

std::string time_in(hours ahead) {
  return rfc3339(std::chrono::floor<hours>(system_clock().now()) + ahead);
}

struct Grid {
  std::string zone = "DE";
  std::string grams = "400";
  std::vector<int> forecast = {400, 390, 120, 380, 370, 390, 400, 400};

  ServedAnswer operator()(const RawRequest& request) const {
    if (has(request.target, "/latest")) {
      return {
          .body = cat(R"({"zone":")", zone, R"(","carbonIntensity":)", grams, R"(,"datetime":")",
                      time_in(hours(0)), R"(","updatedAt":")", time_in(hours(0)),
                      R"(","emissionFactorType":"lifecycle","isEstimated":true,)",
                      R"("estimationMethod":"TIME_SLICER_AVERAGE"})"),
          .type = "application/json"};
    }
    std::string list;
    for (std::size_t i = 0; i < forecast.size(); ++i) {
      list += cat(i == 0 ? "" : ",", R"({"carbonIntensity":)", forecast[i], R"(,"datetime":")",
                  time_in(hours(i)), "\"}");
    }
    return {.body = cat(R"({"zone":")", zone, R"(","forecast":[)", list, "]}"),
            .type = "application/json"};
  }
};

std::string grid_at(const HttpServer& server, std::string_view more = "") {
  return cat("{carbon: {url: '", server.url(""), "', zone: DE", more, "}}");
}

TEST_F(GateSources, ACleanerHourAheadDelaysUntilThen) {
  const HttpServer server(Grid{});
  base("risk, carbon", grid_at(server));
  const Ran ran = check();
  EXPECT_EQ(ran.exit_code, 75) << ran.out << ran.err;
  EXPECT_TRUE(ran.out.starts_with("DELAY until ")) << ran.out;
  EXPECT_TRUE(has(ran.out, "  DELAY   carbon    400 g/kWh     waits to save 10 %")) << ran.out;
  EXPECT_TRUE(has(ran.out, "[electricitymaps DE]")) << ran.out;
  fits_a_terminal(ran);
  EXPECT_EQ(run({"replay"}).exit_code, 0);
}

TEST_F(GateSources, AHardLimitBlocksAndAWaitThatIsTooLongIsNone) {
  // Whatever the minute: no window that begins within half an hour reaches the fifth hour.
  const HttpServer server(Grid{.forecast = {400, 400, 400, 400, 120, 400, 400, 400}});
  base("risk, carbon", grid_at(server), "{carbon: {hard_limit: 350}}");
  EXPECT_EQ(check().exit_code, 1);
  folder_.git({"checkout", "--quiet", "-B", "main"});
  base("risk, carbon", grid_at(server), "{carbon: {max_delay: 30m}}");
  EXPECT_EQ(check().exit_code, 0);
}

TEST_F(GateSources, AnotherZoneAndANullAreUnknown) {
  for (const Grid& grid : {Grid{.zone = "FR"}, Grid{.grams = "null"}}) {
    const HttpServer server(grid);
    folder_.git({"checkout", "--quiet", "-B", "main"});
    base("risk, carbon", grid_at(server), "{carbon: {on_unknown: block}}");
    const Ran ran = check();
    EXPECT_EQ(ran.exit_code, 1) << ran.out;
    EXPECT_TRUE(has(ran.out, "unknown: block")) << ran.out;
    const Ran all = run({"explain", "--output", "json"});
    EXPECT_TRUE(has(all.out, grid.zone == "FR" ? "answered for FR, not for DE" : "has no value"))
        << all.out;
    fits_a_terminal(ran);
  }
}

TEST_F(GateSources, ATokenOfTheEnvironmentStaysHere) {
  std::string seen = "none came";
  const HttpServer server([&](const RawRequest& request) {
    seen = request.header("auth-token");
    return Grid{}(request);
  });
  base("carbon", grid_at(server));
  const auto call = [&](std::vector<std::string> words) {
    words.insert(words.begin(), {"gate", "check", "main..HEAD", "--no-cache"});
    return test::sluice()
        .in(folder_.path())
        .with("HOME", folder_.beside("home"))
        .with("SLUICE_ELECTRICITYMAPS_TOKEN", "s3cret")(words);
  };
  EXPECT_EQ(call({}).exit_code, 75);
  EXPECT_EQ(seen, "");
  folder_.write("token", "s3cret\n");
  const Ran named = call({"--token-file", "token"});
  EXPECT_EQ(seen, "s3cret");
  EXPECT_FALSE(has(named.out + named.err, "s3cret"));
  EXPECT_FALSE(has(run({"explain", "--output", "json"}).out, "s3cret"));
}

TEST_F(GateSources, TheAnswerOfThisHourIsAskedForOnce) {
  std::atomic<int> asked = 0;
  const HttpServer server([&](const RawRequest& request) {
    ++asked;
    return Grid{}(request);
  });
  base("carbon", grid_at(server));
  EXPECT_EQ(check().exit_code, 75);
  EXPECT_EQ(check().exit_code, 75);
  // Twice as much where an hour ends in between.
  EXPECT_TRUE(asked == 2 || asked == 4) << asked;
}

// Files that the policy names.

TEST_F(GateSources, AChangeCannotAlterTheModelThatJudgesIt) {
  const std::string strict =
      "apiVersion: sluice/v1\nkind: RiskModel\nrules:\n  - {id: everything, pattern: src, weight: "
      "20}\n";
  folder_.write("ops/model.yaml", strict);
  base("risk", "{risk: {model: ops/model.yaml}}");
  const Ran ran = check();
  EXPECT_EQ(ran.exit_code, 1) << ran.out << ran.err;
  EXPECT_TRUE(has(ran.out, "1 everything")) << ran.out;
  folder_.write("ops/model.yaml", "apiVersion: sluice/v1\nkind: RiskModel\nrulse: []\n");
  folder_.commit();
  EXPECT_EQ(check().exit_code, 1);
  // From disk it is what lies beside the policy: here a file that is no model.
  const Ran disk = check({"--policy-file", "sluice.yaml"});
  EXPECT_EQ(disk.exit_code, 3) << disk.out;
  EXPECT_TRUE(has(disk.out, "the risk model: ops/model.yaml:")) << disk.out;
}

TEST_F(GateSources, AProfileThatIsNotThereIsEvidence) {
  base("health", cat("{health: {prometheus: '", kNobody, "', profile: ops/checkout.yaml}}"));
  folder_.write("ops/checkout.yaml", "apiVersion: sluice/v1\nkind: AiopsProfile\nservice: a\n");
  folder_.commit();  // too late: the base has none
  const Ran ran = check();
  EXPECT_EQ(ran.exit_code, 3);
  EXPECT_TRUE(has(ran.out, "no source is configured")) << ran.out;
  EXPECT_EQ(test::sluice().in(folder_.path())({"policy", "check", "sluice.yaml"}).exit_code, 0);
  folder_.remove("ops/checkout.yaml");
  const Ran checked = test::sluice().in(folder_.path())({"policy", "check", "sluice.yaml"});
  EXPECT_EQ(checked.exit_code, 2);
  EXPECT_TRUE(has(checked.err, "checkout.yaml")) << checked.err;
}

TEST_F(GateSources, AFileOfThePolicyStaysInItsFolder) {
  folder_.write(
      "policies/sluice.yaml",
      cat("apiVersion: sluice/v1\nkind: Policy\nsources: {health: {prometheus: '", kNobody,
          "', profile: checkout.yaml}}\nenvironments: {production: {signals: [health]}}\n"));
  folder_.write("policies/data/checkout.yaml",
                "apiVersion: sluice/v1\nkind: AiopsProfile\nservice: checkout\n");
  folder_.write("secret.yaml", "password of nobody\n");
  const auto link = folder_.path() / "policies/checkout.yaml";
  const auto policy_check = [this] {
    return test::sluice().in(folder_.path())({"policy", "check", "policies/sluice.yaml"});
  };
  std::filesystem::create_symlink("data/checkout.yaml", link);
  EXPECT_EQ(policy_check().exit_code, 0);
  std::filesystem::remove(link);
  std::filesystem::create_symlink("../secret.yaml", link);
  const Ran led_out = policy_check();
  EXPECT_EQ(led_out.exit_code, 2) << led_out.out;
  EXPECT_FALSE(has(led_out.out + led_out.err, "password")) << led_out.out << led_out.err;
}

// A real Prometheus, with an incident that is going on or without.

class GatePrometheus : public GateSources {
 protected:
  void SetUp() override {
    if (!Prometheus::installed()) {
      GTEST_SKIP() << "no prometheus and promtool on PATH: ./dev lab install prometheus";
    }
  }
  // The decision with this history behind it.
  Ran decide(std::optional<Time> outage, const std::string& rules = "{}") {
    const test::TempFolder data;
    const Time now = std::chrono::floor<std::chrono::minutes>(system_clock().now());
    EXPECT_TRUE(test::load_history(data.path(), test::service_history(now, outage)));
    const Prometheus server(data.path(), "");
    EXPECT_TRUE(server.started()) << server.log();
    base("risk, health",
         cat("{health: {prometheus: 'http://", server.authority(), "', service: checkout}}"),
         rules);
    return check();
  }
  static Time half_an_hour_ago() { return system_clock().now() - std::chrono::minutes(30); }
};

TEST_F(GatePrometheus, AHealthyServiceIsApproved) {
  const Ran ran = decide(std::nullopt);
  EXPECT_EQ(ran.exit_code, 0) << ran.out << ran.err;
  EXPECT_TRUE(ran.out.starts_with("APPROVE")) << ran.out;
  EXPECT_TRUE(has(ran.out, "checkout: all 5 signals are as expected")) << ran.out;
  fits_a_terminal(ran);
}

TEST_F(GatePrometheus, AnIncidentDelays) {
  const Ran ran = decide(half_an_hour_ago());
  EXPECT_EQ(ran.exit_code, 75) << ran.out << ran.err;
  EXPECT_TRUE(has(ran.out, "  DELAY   health    incident")) << ran.out;
  EXPECT_TRUE(has(ran.out, "checkout: error rate and p95 latency, both since ")) << ran.out;
  fits_a_terminal(ran);
  // Nobody is asked again: the server is gone by now.
  const Ran replayed = run({"replay"});
  EXPECT_EQ(replayed.exit_code, 0) << replayed.out;
  EXPECT_TRUE(has(run({"explain", "--output", "markdown"}).out, "anomalous"));
}

TEST_F(GatePrometheus, AnIncidentBlocksWhereThePolicySaysSo) {
  const Ran ran = decide(half_an_hour_ago(), "{health: {on_incident: block}}");
  EXPECT_EQ(ran.exit_code, 1) << ran.out << ran.err;
  EXPECT_TRUE(ran.out.starts_with("BLOCK")) << ran.out;
}

}  // namespace
}  // namespace sluice
