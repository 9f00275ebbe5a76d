// SPDX-License-Identifier: Apache-2.0
// carbon now and window as a user calls them, with providers on this machine.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "base/process.h"
#include "base/text.h"
#include "json/value.h"
#include "support/program.h"
#include "support/servers/http_server.h"
#include "support/servers/route_server.h"

namespace sluice {
namespace {

using test::has;
using test::HttpServer;
using test::Program;
using test::Ran;
using test::RawRequest;
using test::ServedAnswer;
using test::TempFolder;

constexpr auto kAt = "2030-01-15T09:20:00Z";
constexpr auto kTable =
    "kind: sluice.carbon-table/v1\nsignal: average-lifecycle\nzones:\n"
    "  DE: [350, 350, 350, 350, 350, 350, 350, 350, 350, 350, 350, 350,\n"
    "       210, 210, 350, 350, 350, 350, 350, 350, 350, 350, 350, 350]\n"
    "  NO: 20\n  FR: 300\n  IE: 250\n";

class CarbonCommand : public testing::Test {
 protected:
  CarbonCommand() { folder_.write("t.yaml", kTable); }

  Program program() const {
    return test::sluice().in(folder_.path()).with("HOME", folder_.path().native());
  }
  // The command's words, "carbon" left out, and the fixed time added.
  Ran run(std::vector<std::string> words) const { return program()(with_time(std::move(words))); }
  Ran run_with_token(std::vector<std::string> words) const {
    return program().with("SLUICE_ELECTRICITYMAPS_TOKEN", "s3cret")(with_time(std::move(words)));
  }
  static std::vector<std::string> with_time(std::vector<std::string> words) {
    words.insert(words.begin(), "carbon");
    words.insert(words.end(), {"--now", kAt});
    return words;
  }
  static json::Value parsed(const Ran& ran) {
    const auto value = json::parse_strict(ran.out);
    EXPECT_TRUE(value) << ran.out << ran.err;
    return value ? *value : json::Value();
  }
  static std::string member(const Ran& ran, std::string_view key) {
    const auto document = parsed(ran);
    const json::Value* value = document.find(key);
    return value == nullptr ? "(none)" : json::write(*value);
  }

  TempFolder folder_;
};

ServedAnswer germany(std::string_view grams) {
  return {.body = cat(R"({"zone":"DE","carbonIntensity":)", grams,
                      R"(,"datetime":"2030-01-15T09:00:00Z","isEstimated":true})"),
          .type = "application/json"};
}

TEST_F(CarbonCommand, ReadsATable) {
  const Ran ran = run({"now", "--zone", "de", "--table", "t.yaml"});
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_EQ(ran.out,
            "350 g/kWh  high  DE\n"
            "  at          2030-01-15 09:00:00Z, estimated\n"
            "  source      static, t.yaml\n"
            "  signal      average over the life cycle\n");
}

TEST_F(CarbonCommand, FailsFromTheLevelThatWasNamed) {
  const auto code = [&](const char* zone, const char* level) {
    return run({"now", "--zone", zone, "--table", "t.yaml", "--fail-on", level}).exit_code;
  };
  EXPECT_EQ(code("DE", "high"), 1);
  EXPECT_EQ(code("DE", "very-high"), 0);
  EXPECT_EQ(code("DE", "medium"), 1);
  EXPECT_EQ(code("NO", "medium"), 0);
  EXPECT_EQ(code("NO", "low"), 1);
  EXPECT_EQ(code("FR", "high"), 1);  // exactly 300
  EXPECT_EQ(code("DE", "terrible"), 2);
}

TEST_F(CarbonCommand, AssumesWhereNothingIsConfigured) {
  const Ran ran = run({"now", "--zone", "DE"});
  EXPECT_EQ(ran.exit_code, 0);
  EXPECT_TRUE(ran.out.starts_with("300 g/kWh  assumed  DE\n")) << ran.out;
  EXPECT_TRUE(has(ran.out, "no provider is configured"));
  EXPECT_EQ(run({"now", "--zone", "DE", "--fail-on", "low"}).exit_code, 3);
  const Ran json = run({"now", "--zone", "DE", "--output", "json"});
  EXPECT_EQ(member(json, "assumed"), "true");
  EXPECT_EQ(member(json, "trouble"), "\"not-configured\"");
}

TEST_F(CarbonCommand, AssumesWhereTheSourceFailsAndIsUndecided) {
  const Ran ran = run({"now", "--zone", "IT", "--table", "t.yaml"});
  EXPECT_EQ(ran.exit_code, 3);
  EXPECT_TRUE(has(ran.out, "assumed")) << ran.out;
  EXPECT_TRUE(has(ran.out, "t.yaml has no zone IT")) << ran.out;
  EXPECT_EQ(run({"now", "--zone", "IE", "--table", "t.yaml"}).exit_code, 0);
}

TEST_F(CarbonCommand, AnUnknownRegionIsSaidToBeUnknown) {
  const Ran ran = run({"now", "--region", "aws:eu-west-l", "--table", "t.yaml"});
  EXPECT_EQ(ran.exit_code, 3);
  EXPECT_EQ(ran.out, "");
  EXPECT_TRUE(has(ran.err, "did you mean \"aws:eu-west-1\"?")) << ran.err;
  const Ran known = run({"now", "--region", "aws:eu-west-1", "--table", "t.yaml"});
  EXPECT_EQ(known.exit_code, 0);
  EXPECT_TRUE(known.out.starts_with("250 g/kWh  medium  IE\n")) << known.out;
}

TEST_F(CarbonCommand, RefusesCallsThatMakeNoSense) {
  const std::vector<std::vector<std::string>> calls = {
      {"now"},
      {"now", "--zone", "DE", "--region", "aws:eu-west-1"},
      {"now", "--zone", "D/E"},
      {"now", "--zone", "DE", "--provider", "static"},
      {"now", "--zone", "DE", "--provider", "uk", "--table", "t.yaml"},
      {"now", "--zone", "DE", "--provider", "uk", "--url", "ftp://x/"},
      {"window", "--zone", "DE", "--table", "t.yaml"},
      {"window", "--zone", "DE", "--table", "t.yaml", "--for", "45m"},
      {"window", "--zone", "DE", "--table", "t.yaml", "--for", "45", "--within", "6h"},
      {"window", "--zone", "DE", "--table", "t.yaml", "--for", "5m1h", "--within", "6h"},
      {"window", "--zone", "DE", "--table", "t.yaml", "--for", "0m", "--within", "6h"},
      {"window", "--zone", "DE", "--table", "t.yaml", "--for", "2h", "--within", "1h"},
      {"window", "--zone", "DE", "--table", "t.yaml", "--for", "2h", "--finish-by", "soon"},
      {"window", "--zone", "DE", "--table", "t.yaml", "--for", "2h", "--within", "9h",
       "--save-at-least", "-1"}};
  for (const auto& call : calls) EXPECT_EQ(run(call).exit_code, 2) << join(call, " ");
  EXPECT_EQ(run({"window", "--zone", "DE", "--table", "t.yaml", "--for", "2h", "--within", "2h"})
                .exit_code,
            0);
}

TEST_F(CarbonCommand, ATokenGoesOverHttpsOrStaysHere) {
  const std::vector<std::string> call = {"now", "--zone", "DE", "--url", "http://203.0.113.1"};
  const Ran ran = run_with_token(call);
  EXPECT_EQ(ran.exit_code, 2);
  EXPECT_TRUE(has(ran.err, "https")) << ran.err;
}

TEST_F(CarbonCommand, WaitsForTheBestWindow) {
  const Ran ran =
      run({"window", "--zone", "DE", "--table", "t.yaml", "--for", "1h30m", "--within", "6h"});
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_EQ(ran.out,
            "WAIT until 2030-01-15 12:00:00Z   90 min in DE\n"
            "  210 g/kWh then, 350 g/kWh now: saves 140 g/kWh (40 %)\n"
            "\n"
            "  finish by   2030-01-15 15:20:00Z\n"
            "  forecast    until 2030-01-15 16:00:00Z\n"
            "  source      static, t.yaml\n"
            "  signal      average over the life cycle\n");
  const Ran json = run({"window", "--zone", "DE", "--table", "t.yaml", "--for", "90m",
                        "--finish-by", "2030-01-15T15:20:00Z", "--output", "json"});
  EXPECT_EQ(member(json, "kind"), "\"sluice.carbon-window/v1\"");
  EXPECT_EQ(member(json, "notBefore"), "\"2030-01-15T12:00:00Z\"");
  EXPECT_EQ(member(json, "savingGramsPerKwh"), "140");
}

TEST_F(CarbonCommand, DoesNotWaitForLessThanWasAskedFor) {
  const std::vector<std::string> call = {"window", "--zone",   "DE",   "--table",
                                         "t.yaml", "--for",    "1h",   "--within",
                                         "6h",     "--output", "json", "--save-at-least"};
  auto enough = call;
  enough.emplace_back("140");
  EXPECT_EQ(member(run(enough), "advice"), "\"wait\"");
  auto more = call;
  more.emplace_back("140.001");
  EXPECT_EQ(member(run(more), "advice"), "\"now\"");
  EXPECT_EQ(member(run(more), "reason"), "\"saves-little\"");
  EXPECT_EQ(member(run(more), "notBefore"), "(none)");
}

TEST_F(CarbonCommand, AWindowWithoutAForecastIsUndecided) {
  const Ran ran = run({"window", "--zone", "DE", "--for", "1h", "--within", "6h"});
  EXPECT_EQ(ran.exit_code, 3);
  EXPECT_TRUE(has(ran.err, "no provider is configured")) << ran.err;
}

TEST_F(CarbonCommand, AsksOnceAnHourAndShowsNoToken) {
  std::atomic<int> asked = 0;
  HttpServer server([&](const RawRequest& request) {
    ++asked;
    EXPECT_EQ(request.header("auth-token"), "s3cret");
    EXPECT_FALSE(has(request.target, "s3cret"));
    return germany("293");
  });
  const std::vector<std::string> call = {"now",      "--zone", "DE",          "--url", server.url(),
                                         "--output", "json",   "--log-level", "debug"};
  const Ran first = run_with_token(call);
  EXPECT_EQ(first.exit_code, 0) << first.err;
  EXPECT_EQ(member(first, "gramsPerKwh"), "293");
  EXPECT_EQ(member(first, "estimated"), "true");
  EXPECT_EQ(member(first, "cached"), "false");
  const Ran second = run_with_token(call);
  EXPECT_EQ(member(second, "cached"), "true");
  EXPECT_EQ(asked, 1);
  for (const auto& text : {first.out, first.err, second.out, second.err}) {
    EXPECT_FALSE(has(text, "s3cret"));
  }
  auto fresh = call;
  fresh.emplace_back("--no-cache");
  EXPECT_EQ(member(run_with_token(fresh), "cached"), "false");
  EXPECT_EQ(asked, 2);
}

TEST_F(CarbonCommand, TheTokenComesFromAFile) {
  HttpServer server([&](const RawRequest& request) {
    EXPECT_EQ(request.header("auth-token"), "from-file");
    return germany("293");
  });
  folder_.write("token", "from-file\n");
  const Ran ran = run({"now", "--zone", "DE", "--url", server.url(), "--token-file", "token",
                       "--provider", "electricitymaps"});
  EXPECT_EQ(ran.exit_code, 0) << ran.out << ran.err;
}

TEST_F(CarbonCommand, TwoProcessesAtOnceMakeOneCall) {
  std::atomic<int> asked = 0;
  HttpServer server([&](const RawRequest&) {
    ++asked;
    std::this_thread::sleep_for(std::chrono::milliseconds(150));
    return germany("293");
  });
  std::array<Ran, 2> ran;
  {
    std::vector<std::jthread> jobs;
    for (auto& one : ran) {
      jobs.emplace_back(
          [&] { one = run_with_token({"now", "--zone", "DE", "--url", server.url()}); });
    }
  }
  EXPECT_EQ(asked, 1);
  for (const auto& one : ran) EXPECT_EQ(one.exit_code, 0) << one.out << one.err;
}

TEST_F(CarbonCommand, KilledAtAnyTimeItLeavesACacheThatWorks) {
  HttpServer server([&](const RawRequest&) { return germany("293"); });
  const auto words = with_time({"now", "--zone", "DE", "--url", server.url()});
  const Path entries = folder_.path() / ".cache" / "sluice" / "carbon";
  int killed = 0;
  for (int i = 0; i < 60; ++i) {
    std::filesystem::remove_all(entries);
    ProcessRequest request;
    const char* given = std::getenv("SLUICE_BINARY");
    request.command.emplace_back(given != nullptr ? given : SLUICE_BINARY_PATH);
    request.command.insert(request.command.end(), words.begin(), words.end());
    request.environment = {{"HOME", folder_.path().native()},
                           {"SLUICE_ELECTRICITYMAPS_TOKEN", "s3cret"}};
    request.timeout = std::chrono::milliseconds(1 + i);
    const auto result = system_processes().run(request);
    if (!result) ++killed;
    std::error_code none;
    for (const auto& entry : std::filesystem::directory_iterator(entries, none)) {
      if (entry.path().extension() != ".json") continue;
      EXPECT_TRUE(json::parse_strict(test::read_file(entry.path()))) << entry.path();
    }
  }
  EXPECT_GT(killed, 0);
  const Ran after = run_with_token({"now", "--zone", "DE", "--url", server.url()});
  EXPECT_EQ(after.exit_code, 0) << after.out << after.err;
  EXPECT_FALSE(has(after.err, "warning"));
}

TEST_F(CarbonCommand, TheSharedSamplesThroughTheProgram) {
  const auto samples = test::shared_folder("data/carbon/samples");
  if (!samples) GTEST_SKIP() << "no shared samples";
  const test::RouteServer server(*samples);
  const auto at_nine = [&](std::vector<std::string> words) {
    words.insert(words.begin(), "carbon");
    words.insert(words.end(),
                 {"--url", server.url(), "--now", "2030-01-15T09:00:00Z", "--output", "json"});
    return program().with("SLUICE_ELECTRICITYMAPS_TOKEN", "synthetic-em-token")(words);
  };
  const Ran germany_now = at_nine({"now", "--region", "gcp:europe-west3"});
  EXPECT_EQ(germany_now.exit_code, 0);
  EXPECT_EQ(member(germany_now, "gramsPerKwh"), "293");
  const Ran elsewhere = at_nine({"now", "--zone", "XX-NOWHERE"});
  EXPECT_EQ(elsewhere.exit_code, 3);
  EXPECT_EQ(member(elsewhere, "trouble"), "\"wrong-zone\"");
  EXPECT_EQ(member(elsewhere, "gramsPerKwh"), "300");
  const Ran window = at_nine({"window", "--zone", "DE", "--for", "2h", "--within", "12h"});
  EXPECT_EQ(window.exit_code, 0) << window.err;
  EXPECT_EQ(member(window, "notBefore"), "\"2030-01-15T13:00:00Z\"");
  const Ran england = at_nine(
      {"window", "--provider", "uk", "--zone", "GB-RG10", "--for", "187m", "--within", "20h"});
  EXPECT_EQ(member(england, "reason"), "\"low\"") << england.err;
}

}  // namespace
}  // namespace sluice
