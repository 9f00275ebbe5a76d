// SPDX-License-Identifier: Apache-2.0
#include "aiops/prometheus.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/text.h"

namespace sluice::aiops {
namespace {

using std::chrono::seconds;

const Grid kGrid{Time(seconds(1000)), Time(seconds(1600)), seconds(60)};

std::string matrix(const std::string& values) {
  return cat(R"({"status":"success","data":{"resultType":"matrix","result":[)",
             R"({"metric":{},"values":[)", values, "]}]}}");
}
Fetched read(const std::string& body) { return read_range_document(body, kGrid); }
std::string said(const std::string& body) {
  const Fetched fetched = read(body);
  return cat(name(fetched.state), ": ", fetched.detail);
}
Result<HttpResponse> status(int code, std::string body = {}) {
  HttpResponse out;
  out.status = code;
  out.body = std::move(body);
  return out;
}

TEST(PrometheusAnswer, ValuesAreTexts) {
  const Fetched fetched =
      read(matrix(R"([1000,"1.5"],[1060,"NaN"],[1120,"+Inf"],[1180,"-Inf"],[1240.5,"-2e-07"],)"
                  R"([1600,"3"])"));
  ASSERT_EQ(fetched.state, State::normal) << fetched.detail;
  ASSERT_EQ(fetched.series.size(), 6U);
  EXPECT_EQ(fetched.series.values[0], 1.5);
  EXPECT_TRUE(std::isnan(fetched.series.values[1]));
  EXPECT_TRUE(std::isinf(fetched.series.values[2]));
  EXPECT_LT(fetched.series.values[3], 0);
  EXPECT_EQ(fetched.series.values[4], -2e-07);
  EXPECT_EQ(fetched.series.times[5], kGrid.end);
  for (const char* value : {"", "x", "1,5", "0x10", "inf", "nan", "1 ", "1e999", "--1"})
    EXPECT_EQ(read(matrix(cat("[1000,\"", value, "\"]"))).state, State::malformed) << value;
  EXPECT_EQ(read(matrix("[1000,1.5]")).state, State::malformed);
}

TEST(PrometheusAnswer, ALieAboutTimesIsNoAnswer) {
  EXPECT_EQ(read(matrix(R"([1000,"1"],[1600,"1"])")).state, State::normal);
  EXPECT_EQ(said(matrix(R"([999,"1"])")), "malformed: a point outside the time that was asked for");
  EXPECT_EQ(said(matrix(R"([1601,"1"])")),
            "malformed: a point outside the time that was asked for");
  EXPECT_EQ(said(matrix(R"([1060,"1"],[1060,"1"])")), "malformed: times that do not ascend");
  EXPECT_EQ(said(matrix(R"([1120,"1"],[1060,"1"])")), "malformed: times that do not ascend");
  EXPECT_EQ(read(matrix(R"([1e300,"1"])")).state, State::malformed);
  EXPECT_EQ(read(matrix(R"(["1000","1"])")).state, State::malformed);
  std::string many;
  for (int i = 0; i < 12; ++i) many += cat(i == 0 ? "" : ",", "[", 1000 + i, ",\"1\"]");
  EXPECT_EQ(read(matrix(many)).state, State::too_large);
}

TEST(PrometheusAnswer, SeveralSeriesAreNeverOne) {
  EXPECT_EQ(read(R"({"status":"success","data":{"resultType":"matrix","result":[)"
                 R"({"metric":{"a":"1"},"values":[[1000,"1"]]},)"
                 R"({"metric":{"a":"2"},"values":[[1000,"2"]]}]}})")
                .state,
            State::ambiguous);
}

TEST(PrometheusAnswer, NothingIsNoData) {
  EXPECT_EQ(said(R"({"status":"success","data":{"resultType":"matrix","result":[]}})"),
            "no-data: nothing fits the query");
  EXPECT_EQ(read(matrix("")).state, State::no_data);
}

TEST(PrometheusAnswer, OtherDocumentsAreMalformed) {
  for (const char* body :
       {"", "<html>", "[]", "{}", "null", R"({"status":"success"})",
        R"({"status":"success","data":{"resultType":"vector","result":[]}})",
        R"({"status":"success","data":{"resultType":"matrix","result":{}}})",
        R"({"status":"success","data":{"resultType":"matrix","result":[{"histograms":[]}]}})",
        R"({"status":"success","data":{"resultType":"matrix","result":[{"values":[[1000]]}]}})",
        R"({"status":"success","data":{"resultType":"matrix","result":[{"values":[[]]}]}})",
        R"({"status":"success","data":{"resultType":"matrix","result":[{"values":[[1,"1",2]]}]}})",
        R"({"status":"success","data":{"resultType":"matrix","result":[]}} more)"}) {
    EXPECT_EQ(read(body).state, State::malformed) << body;
  }
  EXPECT_EQ(said(R"({"status":"error","errorType":"bad_data","error":"parse \u001b[31m"})"),
            "rejected: bad_data: parse \\x1b[31m");
  EXPECT_EQ(read(R"({"status":"error","errorType":"timeout","error":"x"})").state,
            State::unreachable);
}

TEST(PrometheusAnswer, WarningsAreKept) {
  const Fetched fetched = read(R"({"status":"success","warnings":["one\u0007"],"data":)"
                               R"({"resultType":"matrix","result":[{"values":[[1000,"1"]]}]}})");
  EXPECT_EQ(fetched.state, State::normal);
  EXPECT_EQ(fetched.warnings, std::vector<std::string>{"one\\x07"});
}

TEST(PrometheusAnswer, AStatusSaysWhoseFaultItIs) {
  const auto state = [](int code, std::string body = {}) {
    return read_range(status(code, std::move(body)), kGrid).state;
  };
  EXPECT_EQ(state(400), State::rejected);
  EXPECT_EQ(state(422), State::rejected);
  EXPECT_EQ(state(404), State::rejected);
  EXPECT_EQ(state(401), State::unauthorised);
  EXPECT_EQ(state(403), State::unauthorised);
  EXPECT_EQ(state(429), State::unreachable);
  EXPECT_EQ(state(500), State::unreachable);
  EXPECT_EQ(state(503, R"({"status":"error","errorType":"timeout","error":"late"})"),
            State::unreachable);
  EXPECT_EQ(state(422, R"({"status":"error","errorType":"timeout","error":"late"})"),
            State::unreachable);
  EXPECT_EQ(state(204), State::malformed);
  EXPECT_EQ(state(302), State::malformed);
  EXPECT_EQ(read_range(fail(Errc::timeout, "x"), kGrid).state, State::unreachable);
  EXPECT_EQ(read_range(fail(Errc::limit, "x"), kGrid).state, State::too_large);
}

TEST(PrometheusAnswer, OneBadPartSpoilsTheWhole) {
  Fetched good = read(matrix(R"([1000,"1"])"));
  Fetched later = read(matrix(R"([1600,"1"])"));
  EXPECT_EQ(join_parts({good, later}).series.size(), 2U);
  EXPECT_EQ(join_parts({good, {.state = State::no_data}}).state, State::normal);
  EXPECT_EQ(join_parts({{.state = State::no_data}, {.state = State::no_data}}).state,
            State::no_data);
  EXPECT_EQ(join_parts({good, {.state = State::unreachable}, later}).state, State::unreachable);
  EXPECT_EQ(join_parts({}).state, State::no_data);
}

TEST(PrometheusRequest, IsAPostThatMayBeRepeated) {
  const HttpRequest request =
      range_request({.url = "https://p.test/prom/"}, "sum(a{b=\"c d\"}) + 1", kGrid);
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.url, "https://p.test/prom/api/v1/query_range");
  EXPECT_EQ(request.body,
            "query=sum%28a%7Bb%3D%22c%20d%22%7D%29%20%2B%201&start=1000&end=1600&step=60");
  EXPECT_EQ(request.repeatable, true);
}

TEST(PrometheusRequest, BasicTakesUserAndPassword) {
  const auto made = basic_credential(SecretBytes::copy_of(std::string_view("me:p:w")));
  ASSERT_TRUE(made);
  EXPECT_EQ(made->reveal_text(), "bWU6cDp3");
  for (const std::string_view wrong : {"", "me", ":pw", "a:b\nc"})
    EXPECT_FALSE(basic_credential(SecretBytes::copy_of(wrong))) << wrong;
}

TEST(Alertmanager, ListsWhatIsOpen) {
  EXPECT_EQ(alerts_request({.url = "http://a.test"}, {{"job", "che\"ck"}}).url,
            "http://a.test/api/v2/alerts?active=true&silenced=false&inhibited=false"
            "&unprocessed=true&filter=job%3D%22che%5C%22ck%22");
  // Alertmanager takes "\\x27" as those four letters, and would find no alerts.
  const std::string odd = alerts_request({.url = "http://a.test"}, {{"job", "it's\\a\nb`"}}).url;
  EXPECT_TRUE(odd.ends_with("&filter=job%3D%22it%27s%5C%5Ca%5Cnb%60%22")) << odd;
  const Time now{seconds(1'700'000'000)};
  const auto open = read_alerts_document(
      R"([{"labels":{"alertname":"High\u001b[0m","severity":"page"},"annotations":)"
      R"({"summary":"slow"},"startsAt":"2023-11-14T22:00:00.123Z","other":1}])",
      now);
  ASSERT_EQ(open.alerts.size(), 1U) << open.detail;
  EXPECT_EQ(open.alerts[0].name, "High\\x1b[0m");
  EXPECT_EQ(open.alerts[0].severity, "page");
  EXPECT_EQ(rfc3339(*open.alerts[0].since), "2023-11-14T22:00:00Z");
  EXPECT_EQ(read_alerts_document("[]", now).state, State::normal);
  for (const char* body :
       {"", "{}", "[1]", "[{}]", R"([{"labels":{}}])", R"([{"labels":{"alertname":"x"}}])",
        R"([{"labels":{"alertname":"x"},"startsAt":"today"}])"})
    EXPECT_EQ(read_alerts_document(body, now).state, State::malformed) << body;
  EXPECT_EQ(read_alerts(status(401), now).state, State::unauthorised);
}

}  // namespace
}  // namespace sluice::aiops
