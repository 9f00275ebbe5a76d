// SPDX-License-Identifier: Apache-2.0
// What a timestamp authority is asked, and which of its answers counts; sign_test.cc has what a
// hostile one does to a run.
#include "signing/tsa_client.h"

#include <gtest/gtest.h>

#include "support/fake_world.h"
#include "support/virtual_sigstore/services.h"

namespace sluice::sigstore {
namespace {

using test::at;

const std::string kUrl = "https://stamps0.example.org/api/v1/timestamp";
const Bytes kSignature{1, 2, 3};
const Time kStampNow = at("2026-06-01T12:00:00Z");

class Stamps : public testing::Test {
 protected:
  StampQuestion question() { return stamp_question(kUrl, kSignature, random_, {}).value(); }
  x509::Timestamp stamp(const StampQuestion& asked) {
    return read_stamp_answer(kUrl, services_.send(asked.request)).value();
  }
  std::string judged(const x509::Timestamp& stamp, StampRules rules) {
    Report rows("");
    const auto time = judge_stamp(stamp, rules, "a test", rows);
    EXPECT_TRUE(time);
    EXPECT_EQ(time->has_value(), rows.first_failure() == nullptr);
    return rows.first_failure() == nullptr ? "" : rows.first_failure()->id;
  }

  test::FakeRandom random_;
  test::VirtualServices services_;
  TrustRoot trust_ = TrustRoot::parse(services_.trusted_root(), "a test").value();
};

TEST_F(Stamps, AnAnswerToOurQuestionCounts) {
  const StampQuestion asked = question();
  const auto answer = stamp(asked);
  const StampRules good{.signature = kSignature,
                        .nonce = asked.nonce,
                        .trust = trust_,
                        .between = std::pair(kStampNow, kStampNow)};
  EXPECT_EQ(judged(answer, good), "");
  // To another question: one of ours that is older, say.
  StampRules other = good;
  other.nonce = question().nonce;
  EXPECT_EQ(judged(answer, other), "sign.timestamp.nonce");
  const Bytes another{1, 2, 4};
  EXPECT_EQ(judged(answer, {.signature = another, .nonce = asked.nonce, .trust = trust_}),
            "sign.timestamp.imprint");
}

TEST_F(Stamps, TheTimeIsThatOfTheExchangeUpToAMinute) {
  const StampQuestion asked = question();
  const auto answer = stamp(asked);
  const auto with = [&](Time sent, Time came) {
    return judged(answer, {.signature = kSignature,
                           .nonce = asked.nonce,
                           .trust = trust_,
                           .between = std::pair(sent, came)});
  };
  using std::chrono::seconds;
  EXPECT_EQ(with(kStampNow + seconds(60), kStampNow + seconds(61)), "");
  EXPECT_EQ(with(kStampNow + seconds(61), kStampNow + seconds(61)), "sign.timestamp.stale");
  EXPECT_EQ(with(kStampNow - seconds(90), kStampNow - seconds(60)), "");
  EXPECT_EQ(with(kStampNow - seconds(90), kStampNow - seconds(61)), "sign.timestamp.stale");
  EXPECT_EQ(with(kStampNow - seconds(500), kStampNow), "");  // a slow service
}

TEST_F(Stamps, NoncesAreNewAndLookAlike) {
  const Bytes one = question().nonce;
  const Bytes two = question().nonce;
  EXPECT_NE(one, two);
  EXPECT_EQ(one.size(), 8U);
  EXPECT_EQ(one.front() & 0xc0U, 0x40U);
}

TEST_F(Stamps, AnswersHaveToBeAnswers) {
  const auto trouble = [&](int status, std::string body) {
    HttpResponse response;
    response.status = status;
    response.body = std::move(body);
    const auto answer = read_stamp_answer(kUrl, response);
    return answer ? "" : answer.error().check.id;
  };
  const std::string good = services_.send(question().request)->body;
  EXPECT_EQ(trouble(200, good), "");
  EXPECT_EQ(trouble(201, good), "");
  EXPECT_EQ(trouble(202, good), "sign.timestamp.refused");
  EXPECT_EQ(trouble(200, good + "x"), "sign.timestamp.answer");
  EXPECT_EQ(trouble(200, ""), "sign.timestamp.answer");
  EXPECT_EQ(trouble(415, R"({"code":415,"message":"no"})"), "sign.timestamp.refused");
  EXPECT_FALSE(stamp_question("stamps.example.org", kSignature, random_, {}));
}

}  // namespace
}  // namespace sluice::sigstore
