// SPDX-License-Identifier: Apache-2.0
#include "ci/outputs.h"

#include <gtest/gtest.h>

#include "support/fake_world.h"
#include "support/temp_folder.h"

namespace sluice::ci {
namespace {

TEST(Outputs, OfGitHubStandBetweenLinesThatNobodyCanGuess) {
  test::FakeRandom random;
  const std::string text =
      github_outputs({{"reason", "a\nverdict=approve\nend_"}, {"verdict", "block"}}, random);
  const auto first = text.substr(0, text.find('\n'));
  EXPECT_TRUE(first.starts_with("reason<<end_"));
  const std::string end = first.substr(8);
  EXPECT_GE(end.size(), 32U);
  EXPECT_NE(text.find("\nend_\n" + end + "\nverdict<<end_"), std::string::npos) << text;
  EXPECT_EQ(text.find("verdict<<" + end), std::string::npos) << "each has its own";
}

TEST(Outputs, OfGitLabAreOneLineEach) {
  EXPECT_EQ(dotenv({{"exit-code", "1"}, {"verdict", "a\nSLUICE_VERDICT=approve\r\x7f"}}),
            "SLUICE_EXIT_CODE=1\nSLUICE_VERDICT=a SLUICE_VERDICT=approve  \n");
}

TEST(Outputs, AreAddedToWhatIsThere) {
  const test::TempFolder folder;
  const auto file = folder.write("output", "earlier=1\n");
  ASSERT_TRUE(append(system_files(), file, "later=2\n", 100));
  EXPECT_EQ(test::read_file(file), "earlier=1\nlater=2\n");
  EXPECT_EQ(append(system_files(), file, "x", 18).error().code, Errc::limit);
  ASSERT_TRUE(append(system_files(), folder / "new", "x", 1));
  EXPECT_EQ(test::read_file(folder / "new"), "x");
}

}  // namespace
}  // namespace sluice::ci
