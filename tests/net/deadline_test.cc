// SPDX-License-Identifier: Apache-2.0
#include "net/deadline.h"

#include <gtest/gtest.h>

#include "support/fake_http.h"
#include "support/fake_world.h"

namespace sluice::net {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

HttpRequest get() {
  HttpRequest out;
  out.url = "https://a.test/";
  return out;
}
constexpr auto kGet = "GET https://a.test/";

TEST(Deadline, CutsTheBudgetToWhatIsLeft) {
  test::FakeWorld fake;
  test::FakeHttp http;
  http.answer(kGet, 200);
  const auto bounded = until(http, fake.clock, fake.clock.ticks() + seconds(10));
  EXPECT_TRUE(bounded->send(get()));
  fake.clock.advance(seconds(4));
  EXPECT_TRUE(bounded->send(get()));
  auto small = get();
  small.budget.total = milliseconds(700);
  EXPECT_TRUE(bounded->send(small));
  const auto seen = http.requests();
  EXPECT_EQ(seen[0].budget.total, seconds(10));
  EXPECT_EQ(seen[1].budget.total, seconds(6));
  EXPECT_EQ(seen[1].budget.connect, seconds(6));
  EXPECT_EQ(seen[2].budget.total, milliseconds(700));
}

TEST(Deadline, SendsNothingAfterwards) {
  test::FakeWorld fake;
  test::FakeHttp http;
  http.answer(kGet, 200);
  const auto bounded = until(http, fake.clock, fake.clock.ticks() + seconds(1));
  fake.clock.advance(seconds(1));
  const auto answer = bounded->send(get());
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Errc::timeout);
  EXPECT_EQ(bounded->send_all({get(), get()}).size(), 2U);
  EXPECT_TRUE(http.requests().empty());
}

TEST(Deadline, MoreThanTheConnectionsGoOneAfterTheOther) {
  test::FakeWorld fake;
  test::FakeHttp http;
  // Each takes a second here, though the real client asks them at the same time.
  http.answer_by(kGet, [&](const HttpRequest& request) -> Result<HttpResponse> {
    fake.clock.advance(seconds(1));
    return HttpResponse{.status = 200, .headers = {}, .body = "", .url = request.url};
  });
  const auto bounded = until(http, fake.clock, fake.clock.ticks() + seconds(20));
  const auto answers = bounded->send_all(std::vector<HttpRequest>(40, get()));
  ASSERT_EQ(answers.size(), 40U);
  EXPECT_TRUE(answers[31]);
  ASSERT_FALSE(answers[32]);  // the third part would begin after 32 seconds
  EXPECT_EQ(answers[32].error().code, Errc::timeout);
  EXPECT_EQ(http.requests()[15].budget.total, seconds(20));
  EXPECT_EQ(http.requests()[16].budget.total, seconds(4));
  EXPECT_EQ(http.requests().size(), 32U);
}

}  // namespace
}  // namespace sluice::net
