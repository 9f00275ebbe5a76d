// SPDX-License-Identifier: Apache-2.0
#include "tuf/delegations.h"

#include <gtest/gtest.h>

#include <random>

#include "base/text.h"
#include "json/value.h"

namespace sluice::tuf {
namespace {

using Names = std::vector<std::string>;

struct Role {
  std::string name;
  Names paths = {};
  Names prefixes = {};
  bool terminating = false;
};

Result<Delegations> read(const std::vector<Role>& roles) {
  json::Array list;
  for (const auto& each : roles) {
    json::Value role;
    role.set("name", each.name);
    role.set("keyids", json::Value(json::Array{}));
    role.set("threshold", std::int64_t{1});
    role.set("terminating", each.terminating);
    json::Array texts;
    for (const auto& text : each.prefixes.empty() ? each.paths : each.prefixes) {
      texts.emplace_back(text);
    }
    role.set(each.prefixes.empty() ? "paths" : "path_hash_prefixes", json::Value(std::move(texts)));
    list.push_back(std::move(role));
  }
  json::Value all{json::Object{}};
  all.set("keys", json::Value(json::Object{}));
  all.set("roles", json::Value(std::move(list)));
  const std::string text = json::write(all);
  json::Tokenizer in(text, {.bytes = text.size()});
  return read_delegations(in, text, {});
}

Names covering(const Delegations& delegations, const std::string& path, const std::string& hash) {
  Names out;
  for (const auto& each : delegations.covering(path, hash)) out.push_back(each.role.str());
  return out;
}

// What 5.6.7 says, role by role.
Names expected(const std::vector<Role>& roles, const std::string& path, const std::string& hash) {
  Names out;
  for (const auto& each : roles) {
    const bool covers =
        std::ranges::any_of(each.paths, [&](const auto& one) { return path_matches(one, path); }) ||
        std::ranges::any_of(each.prefixes, [&](const auto& one) { return hash.starts_with(one); });
    if (!covers) continue;
    out.push_back(each.name);
    if (each.terminating) break;
  }
  return out;
}

TEST(DelegationsTest, AnyMixtureIsSearchedInItsOrder) {
  std::mt19937 random(20261129);  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same each time
  const auto below = [&](unsigned n) { return static_cast<unsigned>(random() % n); };
  std::size_t found = 0;
  for (int round = 0; round < 400; ++round) {
    std::vector<Role> roles;
    const auto count = 1 + below(12);
    for (unsigned i = 0; i < count; ++i) {
      Role role{.name = cat("r", below(100'000)), .terminating = below(4) == 0};
      for (unsigned k = 1 + below(3); k > 0; --k) {
        if (below(2) == 0 && role.paths.empty()) {
          role.prefixes.emplace_back(below(4), "0123456789abcdef"[below(3)]);
        } else if (role.prefixes.empty()) {
          role.paths.push_back(Names{"*", "a/*", "b/*", "a/x"}[below(4)]);
        }
      }
      roles.push_back(std::move(role));
    }
    const auto delegations = read(roles);
    if (!delegations) continue;  // one name twice
    for (const std::string path : {"a/x", "b/y", "z", "c/d/e"}) {
      for (const std::string start : {"0000", "0100", "1111", "2f00", "ffff"}) {
        const std::string hash = start + std::string(60, '7');
        const auto those = covering(*delegations, path, hash);
        ASSERT_EQ(those, expected(roles, path, hash)) << "round " << round << " " << path;
        found += those.size();
      }
    }
  }
  EXPECT_GT(found, 1'000U);
}

TEST(DelegationsTest, ARoleIsFoundByItsNameWhateverTheOrder) {
  const auto delegations = read({{"c", {"c/*"}}, {"a", {"a/*"}}, {"b", {"b/*"}}});
  ASSERT_TRUE(delegations);
  EXPECT_EQ(delegations->size(), 3U);
  for (const std::string name : {"a", "b", "c"}) {
    const auto* found = delegations->find(RoleName(name));
    ASSERT_NE(found, nullptr) << name;
    EXPECT_EQ(found->role.str(), name);
    EXPECT_EQ(delegations->keys_of(RoleName(name)), &found->keys);
  }
  EXPECT_EQ(delegations->find(RoleName("d")), nullptr);
  EXPECT_EQ(delegations->keys_of(RoleName("")), nullptr);
}

TEST(DelegationsTest, ANameTwiceIsRefusedWhereverItStands) {
  EXPECT_TRUE(read({{"a", {"a/*"}}, {"b", {"b/*"}}, {"c", {"c/*"}}}));
  const auto twice = read({{"a", {"a/*"}}, {"b", {"b/*"}}, {"a", {"c/*"}}});
  ASSERT_FALSE(twice);
  EXPECT_NE(twice.error().what.find("two delegations to the role a"), std::string::npos);
}

TEST(DelegationsTest, APrefixLongerThanAHashCoversNothing) {
  const std::string hash(64, 'a');
  const auto delegations = read(
      {{"long", {}, {hash + "a"}}, {"whole", {}, {hash}}, {"none", {}, {std::string(63, 'b')}}});
  ASSERT_TRUE(delegations);
  EXPECT_EQ(covering(*delegations, "x", hash), Names{"whole"});
}

}  // namespace
}  // namespace sluice::tuf
