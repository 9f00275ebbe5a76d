// SPDX-License-Identifier: Apache-2.0
// A repository that others edited by hand, and programs that sign, as the command line has them.
#include <gtest/gtest.h>

#include <filesystem>

#include "base/text.h"
#include "support/program.h"
#include "support/tuf/fake_repo.h"

namespace sluice {
namespace {

using test::has;
using test::Ran;
using Words = std::vector<std::string>;

class TufVerifyByHand : public testing::Test {
 protected:
  TufVerifyByHand() {
    // Far away: these tests run by the machine's clock.
    const Time later = std::chrono::sys_days(std::chrono::year(2090) / 1 / 1);
    for (const std::string role : {"root", "timestamp", "snapshot", "targets"}) {
      repo.set_expires(role, later);
    }
  }
  // The file of the target is where its path leads to.
  Ran verify(const std::string& path, const Words& more = {}) {
    repo.add_target("targets", path, "hello");
    repo.publish({"root", "targets", "snapshot", "timestamp"});
    std::filesystem::remove_all(folder / "up");
    for (const auto& [name, bytes] : repo.files) {
      const Path file = (folder / "up/repo" / name).lexically_normal();
      std::filesystem::create_directories(file.parent_path());
      EXPECT_TRUE(system_files().replace(file, bytes));
    }
    Words words{"tuf", "verify"};
    words.insert(words.end(), more.begin(), more.end());
    words.emplace_back("up/repo");
    return test::sluice().in(folder.path()).with("HOME", folder.path().native())(words);
  }

  test::TempFolder folder;
  test::FakeRepo repo;
};

TEST_F(TufVerifyByHand, ATargetBelowItsFolderIsGood) {
  EXPECT_EQ(verify("x").exit_code, 0);
  EXPECT_EQ(verify("a/x", {"--deep"}).exit_code, 0);
}

TEST_F(TufVerifyByHand, ATargetWhosePathLeadsOutIsNamedAndNotLookedFor) {
  const Ran told = verify("../../x");
  EXPECT_EQ(told.exit_code, 1) << told.out << told.err;
  EXPECT_TRUE(has(told.out, "\"../../x\" cannot be a target")) << told.out;
  EXPECT_FALSE(has(told.out, "there is no targets/")) << told.out;
}

TEST_F(TufVerifyByHand, ATargetWhosePathLeadsOutIsNotReadEither) {
  const Ran told = verify("../../x", {"--deep"});
  EXPECT_EQ(told.exit_code, 1) << told.out << told.err;
  EXPECT_TRUE(has(told.out, "\"../../x\" cannot be a target")) << told.out;
}

class TufCommandKeys : public testing::Test {
 protected:
  TufCommandKeys() {
    for (const std::string person : {"ann", "online"}) {
      EXPECT_EQ(run({"key", "generate", "--type", "ed25519", "--out-prefix", person}).exit_code, 0);
    }
    EXPECT_EQ(run({"tuf", "init", "--root-key", "ann.pub", "--targets-key", "ann.pub",
                   "--online-signer", "env:TUF_ONLINE_KEY", "repo"})
                  .exit_code,
              0);
    // Says what it was given, and signs nothing.
    const Path program = folder.write("look", "#!/bin/sh\ncat >/dev/null\nenv >>\"$HOME/seen\"\n");
    std::filesystem::permissions(program, std::filesystem::perms::owner_all);
  }
  Ran run(const Words& words) const {
    return test::sluice()
        .in(folder.path())
        .with("HOME", folder.path().native())
        .with("SLUICE_PASSWORD", "the password")
        .with("KMS_TOKEN", "the token")
        .with("TUF_ONLINE_KEY", test::read_file(folder / "online.key"))(words);
  }
  void expect_seen_only_what_is_its_own() const {
    const std::string seen = test::read_file(folder / "seen");
    EXPECT_TRUE(has(seen, "KMS_TOKEN=the token\n")) << seen;
    EXPECT_FALSE(has(seen, "the password")) << seen;
    EXPECT_FALSE(has(seen, "TUF_ONLINE_KEY")) << seen;
    EXPECT_FALSE(has(seen, "PRIVATE KEY")) << seen;
  }

  test::TempFolder folder;
};

TEST_F(TufCommandKeys, GetNoSecretsOfOursWhenSomebodySigns) {
  EXPECT_NE(run({"tuf", "sign", "--repo", "repo", "--yes", "--key",
                 cat("cmd:", (folder / "look").native())})
                .exit_code,
            0);
  expect_seen_only_what_is_its_own();
}

TEST_F(TufCommandKeys, GetNoSecretsOfOursWhenAPolicyNamesThem) {
  EXPECT_EQ(run({"tuf", "sign", "--repo", "repo", "--yes", "--key", "ann.key"}).exit_code, 0);
  std::string policy = test::read_file(folder / "repo/tuf-repo.yaml");
  const std::string online = "env:TUF_ONLINE_KEY\"]";
  for (std::size_t at = policy.find(online); at != std::string::npos;
       at = policy.find(online, at + online.size() + 100)) {
    policy.insert(at + online.size() - 1, cat(", \"cmd:", (folder / "look").native(), "\""));
  }
  ASSERT_TRUE(has(policy, "cmd:")) << policy;
  ASSERT_TRUE(system_files().replace(folder / "repo/tuf-repo.yaml", policy));
  (void)run({"tuf", "publish", "--repo", "repo"});
  expect_seen_only_what_is_its_own();
}

}  // namespace
}  // namespace sluice
