// SPDX-License-Identifier: Apache-2.0
// Who makes room where there are too many connections.
#include "server/crowd.h"

#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace sluice {
namespace {

using server::address_group;
using server::Doing;
using server::Guest;
using server::who_goes;
using namespace std::chrono_literals;

constexpr std::uint64_t kNewcomer = 99;

TEST(ServerCrowd, StrangersWhoOweBytesGoFirst) {
  const std::vector<Guest> guests = {
      {.id = 1, .address = "a", .doing = Doing::idle, .since = 90s, .answered = true},
      {.id = 2, .address = "b", .doing = Doing::reading, .since = 9s, .answered = true},
      {.id = 3, .address = "c", .doing = Doing::shaking_hands, .since = 3s},
      {.id = 4, .address = "d", .doing = Doing::idle, .since = 4s},
      {.id = 5, .address = "e", .doing = Doing::handling, .since = 30s},
      {.id = 6,
       .address = "f",
       .doing = Doing::idle,
       .since = 99s,
       .answered = true,
       .certified = true},
      {.id = kNewcomer, .address = "g"}};
  std::vector<Guest> left = guests;
  std::vector<std::uint64_t> order;
  while (const auto one = who_goes(left, kNewcomer, 8)) {
    order.push_back(*one);
    std::erase_if(left, [&](const Guest& each) { return each.id == *one; });
  }
  EXPECT_EQ(order, (std::vector<std::uint64_t>{4, 3, 2, 1, 6}));
}

TEST(ServerCrowd, AnAddressWithMoreThanAFairPartGoesBeforeAll) {
  std::vector<Guest> guests = {{.id = 1, .address = "lone", .doing = Doing::reading, .since = 9s}};
  for (std::uint64_t i = 10; i < 30; ++i) {
    guests.push_back(
        {.id = i, .address = "many", .doing = Doing::idle, .since = 2s, .answered = true});
  }
  EXPECT_GE(who_goes(guests, kNewcomer, 8).value_or(0), 10U);
  EXPECT_EQ(who_goes(guests, kNewcomer, 20), 1U);
}

TEST(ServerCrowd, AHandshakeThatBeganJustNowIsSparedUnlessThereIsARush) {
  std::vector<Guest> guests;
  for (std::uint64_t i = 10; i < 30; ++i) {
    guests.push_back(
        {.id = i, .address = "many", .doing = Doing::idle, .since = 9s, .answered = true});
  }
  guests.push_back({.id = 1, .address = "lone", .since = 10ms});
  EXPECT_NE(who_goes(guests, kNewcomer, 100), 1U);
  for (std::uint64_t i = 40; i < 60; ++i) {
    guests.push_back({.id = i, .address = "rush", .since = 500ms});
  }
  EXPECT_GE(who_goes(guests, kNewcomer, 100).value_or(0), 40U);
}

TEST(ServerCrowd, NobodyGoesWhereAllAreBeingAnswered) {
  const std::vector<Guest> guests = {{.id = 1, .address = "a", .doing = Doing::handling},
                                     {.id = kNewcomer, .address = "b"}};
  EXPECT_EQ(who_goes(guests, kNewcomer, 1), std::nullopt);
}

TEST(ServerCrowd, ANetworkOfIpv6CountsAsOneAddress) {
  using Address = std::array<unsigned char, 16>;
  const Address one = {0x20, 0x01, 0x0D, 0xB8, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1};
  Address other = one;
  other[15] = 2;
  EXPECT_EQ(address_group(one), address_group(other));
  other[7] = 2;
  EXPECT_NE(address_group(one), address_group(other));
  const Address mapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 192, 0, 2, 7};
  other = mapped;
  other[15] = 8;
  EXPECT_NE(address_group(mapped), address_group(other));
}

}  // namespace
}  // namespace sluice
