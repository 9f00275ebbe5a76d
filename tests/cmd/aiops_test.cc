// SPDX-License-Identifier: Apache-2.0
// sluice aiops check, from outside: exit codes, text, JSON, credentials.
#include <gtest/gtest.h>

#include <cstdlib>

#include "base/text.h"
#include "json/value.h"
#include "support/program.h"
#include "support/servers/raw_server.h"

namespace sluice {
namespace {

using test::has;
using test::Ran;
using test::RawRequest;
using test::RawServer;
using test::sluice;

long form_number(const RawRequest& request, std::string_view key) {
  const auto at = request.body.find(cat("&", key, "="));
  return std::strtol(request.body.c_str() + at + key.size() + 2, nullptr, 10);
}

// The last `bad` points of these queries are far above the others.
std::string metrics(const RawRequest& request, const std::vector<std::string>& anomalous) {
  const long begin = form_number(request, "start");
  const long end = form_number(request, "end");
  const long step = form_number(request, "step");
  bool bad = false;
  for (const auto& name : anomalous) bad = bad || has(request.body, name);
  std::string out = R"({"status":"success","data":{"resultType":"matrix","result":[{"values":[)";
  for (long time = begin; time <= end; time += step) {
    const bool late = bad && end - time < 3 * step;
    const std::string value = late ? "0.041" : cat("0.00", 3 + (time - begin) / step * 2 % 5);
    out += cat(time == begin ? "" : ",", "[", time, ",\"", value, "\"]");
  }
  return RawServer::answer(200, out + "]}]}}");
}

struct AiopsCheck : testing::Test {
  test::TempFolder folder;
  std::vector<std::string> anomalous = {};
  RawServer server{RawServer::answering(
      [this](const RawRequest& request) { return metrics(request, anomalous); })};

  Ran check(std::vector<std::string> more = {}) {
    more.insert(more.begin(),
                {"aiops", "check", "--prometheus", server.url(), "--service", "checkout"});
    return sluice().in(folder.path())(more);
  }
};

TEST_F(AiopsCheck, HealthyIsZero) {
  const Ran ran = check({"--fail-on", "warning"});
  EXPECT_EQ(ran.exit_code, 0) << ran.out << ran.err;
  EXPECT_TRUE(ran.out.starts_with("healthy   checkout\n  all 5 signals are as expected\n"))
      << ran.out;
  EXPECT_EQ(ran.err, "");
  for (const auto line : split(ran.out, '\n')) EXPECT_LE(line.size(), 80U) << line;
}

TEST_F(AiopsCheck, AnIncidentIsReportedAndFailsWhereAsked) {
  anomalous = {"5..", "histogram_quantile"};
  const Ran ran = check();
  EXPECT_EQ(ran.exit_code, 0);
  EXPECT_TRUE(ran.out.starts_with("incident  checkout\n  error rate and p95 latency, both since "))
      << ran.out;
  EXPECT_TRUE(has(ran.out, "  anomalous     error rate    4.1 % (0.5")) << ran.out;
  EXPECT_TRUE(has(ran.out, "  normal        memory        ")) << ran.out;
  for (const auto line : split(ran.out, '\n')) EXPECT_LE(line.size(), 80U) << line;
  EXPECT_EQ(check({"--fail-on", "incident"}).exit_code, 1);
  EXPECT_EQ(check({"--fail-on", "warning"}).exit_code, 1);
  anomalous = {"5.."};
  EXPECT_TRUE(check().out.starts_with("warning   checkout\n  error rate alone\n"));
  EXPECT_EQ(check({"--fail-on", "incident"}).exit_code, 0);
  EXPECT_EQ(check({"--fail-on", "warning"}).exit_code, 1);
}

TEST_F(AiopsCheck, JsonSaysTheSame) {
  anomalous = {"5..", "histogram_quantile"};
  const Ran ran = check({"--output", "json"});
  const auto json = json::parse_strict(ran.out);
  ASSERT_TRUE(json) << ran.out;
  EXPECT_EQ(*json->find("kind")->string(), "sluice.health/v1");
  EXPECT_EQ(*json->find("health")->string(), "incident");
  EXPECT_EQ(json->find("signals")->array()->size(), 5U);
}

TEST_F(AiopsCheck, AnUnpluggedPrometheusIsThree) {
  for (const auto& more : std::vector<std::vector<std::string>>{{}, {"--fail-on", "incident"}}) {
    std::vector<std::string> call = {"aiops",     "check",   "--prometheus", "http://127.0.0.1:1",
                                     "--service", "checkout"};
    call.insert(call.end(), more.begin(), more.end());
    const Ran ran = sluice()(call);
    EXPECT_EQ(ran.exit_code, 3);
    EXPECT_TRUE(
        ran.out.starts_with("unknown   checkout\n  5 of 5 signals are not known: unreachable\n"))
        << ran.out;
  }
}

TEST_F(AiopsCheck, CredentialsComeFromFilesAndStayOutOfTheOutput) {
  folder.write("token", "hunter2\n");
  folder.write("basic", "me:pw\n");
  const Ran bearer = check({"--bearer-token-file", "token", "--log-level", "debug"});
  EXPECT_EQ(bearer.exit_code, 0) << bearer.err;
  EXPECT_EQ(server.requests().back().header("authorization"), "Bearer hunter2");
  EXPECT_FALSE(has(bearer.out + bearer.err, "hunter2"));
  EXPECT_EQ(check({"--basic-auth-file", "basic"}).exit_code, 0);
  EXPECT_EQ(server.requests().back().header("authorization"), "Basic bWU6cHc=");
  EXPECT_EQ(check({"--basic-auth-file", "basic", "--bearer-token-file", "token"}).exit_code, 2);
  EXPECT_EQ(check({"--bearer-token-file", "absent"}).exit_code, 3);
}

TEST_F(AiopsCheck, AnotherHostsAlertmanagerSeesNoToken) {
  RawServer alerts(
      RawServer::answering([](const RawRequest&) { return RawServer::answer(200, "[]"); }));
  folder.write("token", "hunter2\n");
  EXPECT_EQ(check({"--bearer-token-file", "token", "--alertmanager", alerts.url()}).exit_code, 0);
  ASSERT_EQ(alerts.requests().size(), 1U);
  EXPECT_EQ(alerts.requests()[0].header("authorization"), "");
  EXPECT_EQ(server.requests().back().header("authorization"), "Bearer hunter2");
}

TEST_F(AiopsCheck, AWrongCallIsTwo) {
  folder.write("p.yaml", "apiVersion: sluice/v1\nkind: AiopsProfile\nservice: a\nstepp: 5m\n");
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{}, "say whom to ask"},
      {{"--prometheus", "http://a", "--engine", "http://b"}, "say whom to ask"},
      {{"--prometheus", "http://a.test"}, "say which service"},
      {{"--prometheus", "http://a.test", "--profile", "p.yaml"},
       "p.yaml:4:1: unknown key \"stepp\" (did you mean \"step\"?)"},
      {{"--prometheus", "http://a.test", "--profile", "absent.yaml"}, "absent.yaml"},
      {{"--prometheus", "http://a.test", "--service", "a", "--client-key", "k"}, "--client-key"},
      {{"--engine", "http://a.test", "--service", "a", "--alertmanager", "http://b"},
       "--alertmanager goes with"},
      {{"--prometheus", "http://a.test/?x=1", "--service", "a"}, "without a query"}};
  for (const auto& [arguments, message] : cases) {
    std::vector<std::string> call = {"aiops", "check"};
    call.insert(call.end(), arguments.begin(), arguments.end());
    const Ran ran = sluice().in(folder.path())(call);
    EXPECT_EQ(ran.exit_code, 2) << ran.err;
    EXPECT_TRUE(has(ran.err, message)) << ran.err;
    EXPECT_EQ(ran.out, "");
  }
}

TEST_F(AiopsCheck, AnEngineThatIsOutOfOrderIsThree) {
  RawServer engine(RawServer::answering(
      [](const RawRequest&) { return RawServer::answer(200, R"({"health":"healthy"})"); }));
  const Ran ran = sluice()({"aiops", "check", "--engine", engine.url(), "--service", "checkout"});
  EXPECT_EQ(ran.exit_code, 3);
  EXPECT_TRUE(ran.out.starts_with("unknown   checkout\n  engine: malformed\n")) << ran.out;
  ASSERT_EQ(engine.requests().size(), 1U);
  EXPECT_EQ(engine.requests()[0].target, "/v1/health");
}

}  // namespace
}  // namespace sluice
