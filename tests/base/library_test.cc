// SPDX-License-Identifier: Apache-2.0
#include "base/library.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(Libraries, GiveTheFunctionsThatTheyHave) {
  EXPECT_TRUE(function_of_library("libc.so.6", "strlen"));
  EXPECT_EQ(function_of_library("libc.so.6", "no_such_function").error().code, Errc::unsupported);
  const auto none = function_of_library("/no/such/library.so", "strlen");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, Errc::not_found);
  EXPECT_NE(none.error().what.find("/no/such/library.so"), std::string::npos);
}

}  // namespace
}  // namespace sluice
