// SPDX-License-Identifier: Apache-2.0
#include "report/report.h"

#include <gtest/gtest.h>

namespace sluice::report {
namespace {

Report refused() {
  Report report("app.tar.gz");
  report.pass("bundle.format", "bundle", "version 0.3");
  Check& check =
      report.fail("artifact.digest", "artifact digest", "this is not the artifact that was signed");
  check.expected = "sha256:aa";
  check.found = "sha256:bb";
  check.advice = "get the right file";
  report.skip("signature", "signature", "needs the artifact");
  return report;
}

TEST(ReportText, ARefusalSaysTheAnswerThenWhyThenWhatToDo) {
  EXPECT_EQ(as_text(refused(), {}),
            "refused   app.tar.gz\n"
            "  this is not the artifact that was signed\n"
            "\n"
            "  ok       bundle           version 0.3\n"
            "  FAIL     artifact digest  expected  sha256:aa\n"
            "                            found     sha256:bb\n"
            "  not run  signature        needs the artifact\n"
            "\n"
            "get the right file\n");
}

TEST(ReportText, WhatIsWrongBesidesIsToldInItsRow) {
  Report report = refused();
  report.fail("log.known", "log", "no log of that id is trusted").expected = "one of x";
  const std::string text = as_text(report, {});
  EXPECT_NE(text.find("  FAIL     log              no log of that id is trusted\n"
                      "                            expected  one of x\n"),
            std::string::npos)
      << text;
}

TEST(ReportText, AHeadlineSaysWhatItIsAbout) {
  Report report("a");
  report.fail("x", "certificate chain", "it had expired");
  EXPECT_TRUE(
      as_text(report, {}).starts_with("refused   a\n  certificate chain: it had expired\n"));
}

TEST(ReportText, ACommandHasALineOfItsOwn) {
  Report report = refused();
  report.advise_first_failure("To accept that one:", "sluice verify b");
  EXPECT_TRUE(as_text(report, {}).ends_with("\nTo accept that one:\n  sluice verify b\n"));
  const auto json = as_json(report);
  EXPECT_EQ(*(*json.find("checks")->array())[1].find("command")->string(), "sluice verify b");
}

TEST(ReportText, DigestsAreShortAndWholeInTheJson) {
  const std::string digest = "sha256:" + std::string(60, 'a') + "beef";
  const std::string unlabelled(64, 'c');
  Report report("a");
  report.fail("x", "x", digest + " is not " + unlabelled).found = "sha512:ab, " + digest;
  const std::string text = as_text(report, {});
  EXPECT_NE(text.find("  sha256:aaaaaaaaaaaa…aaabeef is not " + unlabelled), std::string::npos)
      << text;
  EXPECT_NE(text.find("found     sha512:ab, sha256:aaaaaaaaaaaa…aaabeef\n"), std::string::npos)
      << text;
  EXPECT_EQ(*(*as_json(report).find("checks")->array())[0].find("detail")->string(),
            digest + " is not " + unlabelled);
}

TEST(ReportText, APassIsShort) {
  Report report("a");
  report.pass("x", "x", "fine");
  report.fact("digest", "sha256:aa");
  EXPECT_EQ(as_text(report, {}),
            "verified  a\n  digest       sha256:aa\n1 check passed; --output json lists them\n");
  EXPECT_EQ(as_text(report, {.every_check = true}),
            "verified  a\n  digest       sha256:aa\n  ok       x  fine\n");
}

TEST(ReportText, ColourIsForTheVerdictsWordAndOnlyWhereAsked) {
  EXPECT_EQ(as_text(refused(), {}).find('\x1b'), std::string::npos);
  EXPECT_TRUE(as_text(refused(), {.colour = true}).starts_with("\x1b[31mrefused\x1b[0m"));
}

TEST(ReportText, ForeignTextDoesNotReachTheTerminal) {
  Report report("a\x1b[2J");
  report.fail("x", "x", "b\r\nverified");
  const std::string text = as_text(report, {});
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_EQ(text.find("\nverified"), std::string::npos);
}

TEST(ReportJson, HoldsEveryCheckInOrder) {
  const auto json = as_json(refused());
  EXPECT_EQ(*json.find("kind")->string(), "sluice.verification/v1");
  EXPECT_EQ(*json.find("verdict")->string(), "refused");
  const auto& checks = *json.find("checks")->array();
  ASSERT_EQ(checks.size(), 3U);
  EXPECT_EQ(*checks[1].find("outcome")->string(), "fail");
  EXPECT_EQ(*checks[1].find("expected")->string(), "sha256:aa");
  EXPECT_EQ(checks[0].find("expected"), nullptr);
  EXPECT_EQ(*checks[2].find("outcome")->string(), "not-run");
}

TEST(ReportJson, AFactThatComesTwiceIsNotLost) {
  Report report("a");
  report.pass("x", "x", "fine");
  report.fact("signed by", "one");
  report.fact("signed by", "another");
  const auto json = as_json(report);
  EXPECT_EQ(*json.find("facts")->find("signed by")->string(), "one; another");
}

TEST(ReportText, AnErrorGivesItsAdvice) {
  EXPECT_EQ(as_text(Error{Errc::io, "it broke", {"reading a"}, "read b"}),
            "it broke, while reading a\n  try: read b\n");
}

}  // namespace
}  // namespace sluice::report
