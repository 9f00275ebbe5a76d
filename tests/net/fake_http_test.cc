// SPDX-License-Identifier: Apache-2.0
#include "support/fake_http.h"

#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>

namespace sluice::test {
namespace {

TEST(FakeHttp, AnswersInOrderAndTheLastOneStays) {
  FakeHttp http;
  http.answer("GET https://a.test/", 503).answer("GET https://a.test/", 200, "ok", {{"x", "y"}});
  EXPECT_EQ(http.send({.url = "https://a.test/"})->status, 503);
  EXPECT_EQ(http.send({.url = "https://a.test/"})->body, "ok");
  EXPECT_EQ(http.send({.url = "https://a.test/"})->header("x"), "y");
  EXPECT_EQ(http.count("GET https://a.test/"), 3U);
}

TEST(FakeHttp, FailsAsItIsTold) {
  FakeHttp http;
  http.answer_error("POST https://a.test/", Error{Errc::timeout, "no answer"});
  const auto answers = http.send_all({{.method = "POST", .url = "https://a.test/", .body = "b"}});
  EXPECT_EQ(answers.at(0).error().code, Errc::timeout);
  EXPECT_EQ(http.requests().at(0).body, "b");
}

TEST(FakeHttp, AnUnexpectedRequestFailsTheTest) {
  FakeHttp http;
  EXPECT_NONFATAL_FAILURE((void)http.send({.url = "https://a.test/"}), "no answer");
}

}  // namespace
}  // namespace sluice::test
