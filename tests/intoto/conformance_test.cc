// SPDX-License-Identifier: Apache-2.0
// The public in-toto cases: every verdict. Skipped, clearly, where ../shared is not there.
#include <gtest/gtest.h>

#include "intoto/chain_builder.h"

namespace sluice::intoto {
namespace {

std::string text_of_member(const json::Value& value, std::string_view key) {
  const auto* found = value.find(key);
  return found == nullptr || found->string() == nullptr ? "" : *found->string();
}

TEST(InTotoConformance, EveryVerdict) {
  const auto folder = test::shared_folder("conformance/in-toto");
  if (!folder) GTEST_SKIP() << "no shared vectors: set SLUICE_SHARED";
  const auto manifest = json::parse_strict(test::read_file(*folder / "cases.json"));
  ASSERT_TRUE(manifest);
  std::size_t count = 0;
  for (const auto& one : *manifest->find("cases")->array()) {
    const std::string name = text_of_member(one, "name");
    test::FakeWorld world;
    test::TempFolder work;
    std::filesystem::copy(*folder / name / "cwd", work / "cwd",
                          std::filesystem::copy_options::recursive);
    std::filesystem::remove(work / "cwd/.gitkeep");
    VerifyOptions options;
    const auto owner = crypto::PublicKey::from_pem(test::read_file(*folder / name / "owner.pub"));
    ASSERT_TRUE(owner) << name;
    options.owners = {Key(*owner)};
    for (const auto& [key, value] : *one.find("parameters")->object()) {
      options.parameters[key] = *value.string();
    }
    options.inspections.commands = true;
    options.inspections.folder = work / "cwd";
    options.inspections.scratch = work.path();
    const auto verdict =
        verify_chain(world.world(), test::read_file(*folder / name / "root.layout"), name,
                     *folder / name / "links", options);
    ASSERT_TRUE(verdict) << name << ": " << verdict.error().text();
    const std::string wanted = text_of_member(one, "expected");
    EXPECT_EQ(verdict->passed() ? "accept" : "reject", wanted)
        << name << " (" << text_of_member(one, "reason")
        << "): " << test::refusal(verdict->report());
    ++count;
  }
  EXPECT_EQ(count, 17U);
}

}  // namespace
}  // namespace sluice::intoto
