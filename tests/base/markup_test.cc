// SPDX-License-Identifier: Apache-2.0
#include "base/markup.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(EscapedMarkup, LeavesNoCharacterThatMeansSomething) {
  EXPECT_EQ(escaped_markup("<a href=\"x\">'&amp;'</a>"),
            "&lt;a href=&quot;x&quot;&gt;&#39;&amp;amp;&#39;&lt;/a&gt;");
  EXPECT_EQ(escaped_markup("plain \xc3\xbc"), "plain \xc3\xbc");
}

}  // namespace
}  // namespace sluice
