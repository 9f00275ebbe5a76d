// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <set>
#include <string>

#include "config/settings.h"

namespace sluice::config {
namespace {

std::string variable_of(std::string_view name) {
  std::string out = "SLUICE_";
  for (const char c : name) out += c == '.' ? '_' : static_cast<char>(std::toupper(c));
  return out;
}

TEST(ConfigTable, NamesEachSettingTheSameWayEverywhere) {
  std::set<std::string_view> flags;
  for (const Row& row : table()) {
    EXPECT_EQ(row.variable, variable_of(row.name));
    EXPECT_TRUE(row.flag.starts_with("--")) << row.name;
    EXPECT_TRUE(flags.insert(row.flag).second) << row.flag;
    EXPECT_FALSE(row.help.empty()) << row.name;
    EXPECT_EQ(row.type == Type::word, !row.words.empty()) << row.name;
  }
  EXPECT_TRUE(std::ranges::is_sorted(table(), {}, &Row::name));
}

TEST(ConfigTable, HasARowForEachKey) {
  for (const std::string_view name :
       {kColor.name, kHashThreads.name, kLogFormat.name, kLogLevel.name, kNetCaFile.name,
        kNetProxy.name, kNetTimeout.name, kOutput.name, kTrustRoot.name}) {
    EXPECT_NE(std::ranges::find(table(), name, &Row::name), table().end()) << name;
  }
  EXPECT_EQ(table().size(), 9U);
}

// Whoever adds a setting decides this by hand; a project must never choose its own judge.
TEST(ConfigTable, LetsAProjectSetOnlyWhatIsHarmless) {
  std::set<std::string_view> allowed;
  for (const Row& row : table()) {
    if (row.project_may_set) allowed.insert(row.name);
  }
  EXPECT_EQ(allowed, (std::set<std::string_view>{"color", "hash.threads", "log.format",
                                                 "net.timeout_seconds", "output"}));
}

}  // namespace
}  // namespace sluice::config
