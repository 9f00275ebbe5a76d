// SPDX-License-Identifier: Apache-2.0
// Chains that testdata/make made, without any code of ours: each comes out as its manifest says.
#include <gtest/gtest.h>

#include <map>

#include "intoto/chain_builder.h"

namespace sluice::intoto {
namespace {

std::string member(const json::Value& value, std::string_view key) {
  const auto* found = value.find(key);
  return found == nullptr || found->string() == nullptr ? "" : *found->string();
}

TEST(InTotoVectors, EachComesOutAsItsManifestSays) {
  const test::TempFolder made;
  const auto ran = system_processes().run(
      {.command = {"/usr/bin/python3", SLUICE_SOURCE_DIR "/testdata/make", made.path(), "intoto"}});
  ASSERT_TRUE(ran) << ran.error().text();
  ASSERT_EQ(ran->exit_code, 0) << ran->err;
  const Path folder = made / "intoto";
  const auto manifest = json::parse_strict(test::read_file(folder / "manifest.json"));
  ASSERT_TRUE(manifest);
  std::map<std::string, std::size_t> count;
  for (const auto& one : *manifest->find("cases")->array()) {
    const auto content = json::parse_strict(test::read_file(folder / member(one, "file")));
    ASSERT_TRUE(content);
    const test::TempFolder links;
    for (const auto& [name, text] : *content->find("links")->object()) {
      links.write(name, *text.string());
    }
    test::FakeWorld world;
    VerifyOptions options;
    options.owners = {Key(*crypto::PublicKey::from_pem(member(*content, "owner")))};
    const auto verdict =
        verify_chain(world.world(), member(*content, "layout"), "test", links.path(), options);
    ASSERT_TRUE(verdict) << verdict.error().text();
    EXPECT_EQ(verdict->passed() ? "pass" : "refuse", member(one, "expect"))
        << member(one, "id") << ": " << member(one, "why") << ": "
        << test::refusal(verdict->report());
    ++count[member(one, "expect")];
  }
  // Two for each kind of rule, and those made by chance.
  EXPECT_EQ(count["pass"] + count["refuse"], 422U);
  EXPECT_GT(count["pass"], 80U);
  EXPECT_GT(count["refuse"], 80U);
}

}  // namespace
}  // namespace sluice::intoto
