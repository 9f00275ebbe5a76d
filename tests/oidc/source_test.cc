// SPDX-License-Identifier: Apache-2.0
#include "oidc/source.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "oidc/support.h"

namespace sluice::oidc {
namespace {

using std::chrono::seconds;
using tests::kNow;
using tests::kNowSeconds;
using tests::mail_claims;
using tests::with;

// Gives tokens of ten minutes, each from where the last one ends; or what `next` is set to.
struct Issuing {
  std::int64_t asked = 0;
  bool broken = false;
  std::string subject = "id-7";

  Result<Token> operator()() {
    ++asked;
    if (broken) return fail(Errc::network, "no way there");
    const auto claims = with(mail_claims(), "exp", kNowSeconds + 600 * asked);
    return tests::token_of(with(claims, "sub", subject));
  }
};

TEST(TokenSource, HandsOutOneTokenUntilItAges) {
  Issuing issuing;
  TokenSource source(std::ref(issuing));
  EXPECT_EQ(issuing.asked, 0) << "nobody needs one yet";
  const auto first = source.token(kNow);
  ASSERT_TRUE(first);
  EXPECT_EQ(source.token(kNow + seconds(539)), *first);
  EXPECT_EQ(issuing.asked, 1);
  const auto second = source.token(kNow + seconds(540));
  ASSERT_TRUE(second);
  EXPECT_NE(*second, *first);
  EXPECT_EQ((*second)->claims().expires, kNow + seconds(1200));
  EXPECT_EQ(issuing.asked, 2);
  EXPECT_EQ((*first)->claims().expires, kNow + seconds(600)) << "who has it may go on using it";
}

TEST(TokenSource, TheFirstErrorIsTheAnswer) {
  Issuing issuing{.broken = true};
  TokenSource source(std::ref(issuing));
  EXPECT_EQ(source.token(kNow).error().code, Errc::network);
  issuing.broken = false;
  EXPECT_TRUE(source.token(kNow)) << "and the next call tries again";
}

TEST(TokenSource, AGoodTokenIsUsedWhileRenewalFails) {
  Issuing issuing;
  TokenSource source(std::ref(issuing));
  const auto first = source.token(kNow);
  issuing.broken = true;
  EXPECT_EQ(source.token(kNow + seconds(560)), *first);
  ASSERT_TRUE(source.trouble());
  EXPECT_EQ(source.trouble()->code, Errc::network);
  EXPECT_EQ(issuing.asked, 2);
  EXPECT_EQ(source.token(kNow + seconds(569)), *first);
  EXPECT_EQ(issuing.asked, 2) << "not again within ten seconds";
  EXPECT_EQ(source.token(kNow + seconds(570)), *first);
  EXPECT_EQ(issuing.asked, 3);
  EXPECT_EQ(source.token(kNow + seconds(600)).error().code, Errc::network) << "it is over";
  issuing.broken = false;
  EXPECT_TRUE(source.token(kNow + seconds(601)));
  EXPECT_FALSE(source.trouble());
}

TEST(TokenSource, SomebodyElsesTokenIsRefused) {
  Issuing issuing;
  TokenSource source(std::ref(issuing));
  EXPECT_TRUE(source.token(kNow));
  issuing.subject = "id-8";
  const auto other = source.token(kNow + seconds(590));
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, Errc::denied);
  EXPECT_NE(other.error().what.find("expected id-7 of "), std::string::npos);
}

TEST(TokenSource, ThreadsShareOneToken) {
  Issuing issuing;
  TokenSource source(std::ref(issuing));
  std::vector<std::shared_ptr<const Token>> got(8);
  {
    std::vector<std::jthread> threads;
    for (auto& each : got) threads.emplace_back([&] { each = source.token(kNow).value(); });
  }
  for (const auto& each : got) EXPECT_EQ(each, got[0]);
  EXPECT_EQ(issuing.asked, 1);
}

}  // namespace
}  // namespace sluice::oidc
