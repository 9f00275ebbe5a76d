// SPDX-License-Identifier: Apache-2.0
// What people get wrong when they begin a TUF repository, add to it and remove from it.
#include <gtest/gtest.h>

#include <filesystem>

#include "base/text.h"
#include "cmd/tuf_folder.h"
#include "json/value.h"
#include "support/program.h"

namespace sluice {
namespace {

using test::has;
using test::Ran;
using Words = std::vector<std::string>;

class TufTargets : public test::TufFolder {
 protected:
  TufTargets() {
    for (const std::string person : {"ann", "ben", "online"}) {
      EXPECT_EQ(run({"key", "generate", "--type", "ed25519", "--out-prefix", person}).exit_code, 0);
    }
    folder.write("one/app.bin", "1");
    folder.write("two/app.bin", "2");
    folder.write("three/app.bin", "1");
  }
  // Targets by online keys too, so that --publish needs nobody.
  void init() const {
    const Ran ran = run({"tuf", "init", "--root-key", "ann.pub", "--targets-signer",
                         "env:TUF_ONLINE_KEY", "--online-signer", "env:TUF_ONLINE_KEY", "repo"});
    EXPECT_EQ(ran.exit_code, 0) << ran.err;
  }
  void start() const {
    init();
    tuf({"sign", "--key", "ann.key", "--yes"});
    tuf({"publish"});
  }
  bool there(const std::string& path) const {
    return system_files().info(folder / path).has_value();
  }
  std::size_t target_files() const {
    const auto found = walk(system_files(), folder / "repo" / "targets");
    return found ? found->size() : 0;
  }
  std::string staged() const {
    return test::read_file(folder / "repo" / "staging" / "targets.json");
  }
};

// --- init

TEST_F(TufTargets, AnInitThatIsRefusedLeavesNothingAndTheCorrectedOneWorks) {
  const auto init_with = [&](const std::string& targets_key, const std::string& online) {
    return run({"tuf", "init", "--root-key", "ann.pub", "--targets-key", targets_key,
                "--online-signer", online, "repo"});
  };
  const Ran taken = init_with("ann=ben.pub", "../online.key");
  EXPECT_EQ(taken.exit_code, 3);
  EXPECT_TRUE(has(taken.err, "the name ann is another key's")) << taken.err;
  EXPECT_EQ(init_with("ben.pub", "../none.key").exit_code, 3);
  EXPECT_FALSE(there("repo"));
  const Ran good = init_with("ben.pub", "../online.key");
  EXPECT_EQ(good.exit_code, 0) << good.err;
  const Ran again = init_with("ben.pub", "../online.key");
  EXPECT_EQ(again.exit_code, 3);
  EXPECT_TRUE(has(again.err, "sluice tuf status")) << again.err;
  EXPECT_FALSE(has(again.err, "import")) << again.err;
}

TEST_F(TufTargets, AKeyInAnotherFormatIsCalledByItsName) {
  init();
  folder.write("ssh.pub", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGJ carla@example.org\n");
  folder.write("text.pub", "carla's key\n");
  const Ran ssh = tuf({"key", "add", "root", "ssh.pub"}, 2);
  EXPECT_TRUE(has(ssh.err, "ssh.pub is a key of ssh; what is wanted is a public key as PEM"))
      << ssh.err;
  EXPECT_TRUE(has(ssh.err, "sluice key generate")) << ssh.err;
  EXPECT_TRUE(has(tuf({"key", "add", "root", "text.pub"}, 2).err, "text.pub is no public key"));
  tuf({"key", "add", "root", "ben.pub"});
}

// --- add

TEST_F(TufTargets, TwoFilesOfOneNameAreRefusedAndLeaveNothingBehind) {
  init();
  const Ran refused = tuf({"add", "one", "two"}, 2);
  EXPECT_TRUE(has(refused.err,
                  "two different targets would be called app.bin: one/app.bin, and two/app.bin"))
      << refused.err;
  EXPECT_EQ(target_files(), 0U);
  EXPECT_FALSE(has(staged(), "app.bin"));
  folder.write("list", "\none/app.bin\n\n{\"file\":\"two/app.bin\"}\n");
  EXPECT_TRUE(has(tuf({"add", "--list", "list", "three"}, 2).err,
                  "one/app.bin (line 2 of the list), and two/app.bin (line 4 of the list)"));
  EXPECT_TRUE(has(tuf({"add", "one", "three"}).out, "1 target\n"));
}

TEST_F(TufTargets, LinesThatAreOneTargetAreNamedByTheirNumbers) {
  init();
  const std::string policy = test::read_file(folder / "repo/tuf-repo.yaml");
  folder.write("repo/tuf-repo.yaml", cat(policy, "targets: elsewhere\n"));
  std::string list;
  for (int i = 1; i <= 1'500; ++i) {
    // Empty lines, and those with a file, count as well.
    list += i % 7 == 0   ? std::string("\n")
            : i == 600   ? std::string("one/app.bin\n")
            : i == 1'234 ? cat(R"({"path":"p/20","length":1,"hashes":{"sha256":")",
                               std::string(64, 'b'), "\"}}\n")
                         : cat(R"({"path":"p/)", i, R"(","length":1,"hashes":{"sha256":")",
                               std::string(64, 'a'), "\"}}\n");
  }
  folder.write("list", list);
  const Ran refused = tuf({"add", "--list", "list"}, 2);
  EXPECT_TRUE(has(refused.err, "called p/20: line 20 of the list, and line 1234 of the list"))
      << refused.err;
  folder.write("bad", "{\"path\":\"a\"\n");
  EXPECT_TRUE(has(tuf({"add", "--list", "bad"}, 3).err, ", while reading line 1 of the list"));
}

TEST_F(TufTargets, WhatChangesNothingIsNotProposedAndNotPublished) {
  start();
  tuf({"add", "--publish", "one"});
  const std::string timestamp = test::read_file(folder / "repo/metadata/timestamp.json");
  const Ran same = tuf({"add", "one"});
  EXPECT_EQ(same.out, "nothing changes\n  1 target\n  1 of 1 was listed so already\n");
  EXPECT_FALSE(there("repo/staging/targets.json"));
  EXPECT_TRUE(has(tuf({"add", "--publish", "one"}).out, "nothing changes"));
  EXPECT_EQ(test::read_file(folder / "repo/metadata/timestamp.json"), timestamp);
  const auto told = json::parse_strict(tuf({"add", "--output", "json", "one"}).out);
  ASSERT_TRUE(told);
  EXPECT_EQ(*told->find("kind")->string(), "sluice.tuf-proposed/v1");
  EXPECT_TRUE(told->find("roles")->array()->empty());
  folder.write("one/more", "x");
  EXPECT_TRUE(has(tuf({"add", "one"}).out, "  2 targets\n  1 of 2 was listed so already\n"));
}

TEST_F(TufTargets, ATargetWhoseFileIsGoneGetsItBack) {
  start();
  tuf({"add", "--publish", "one"});
  std::filesystem::remove_all(folder / "repo/targets");
  EXPECT_TRUE(has(tuf({"add", "one"}).out, "nothing changes"));
  EXPECT_EQ(target_files(), 1U);
}

TEST_F(TufTargets, TheRepositorysOwnFoldersAreNoTargets) {
  init();
  const auto in_repo = [&](const Words& words) {
    return test::sluice().in(folder / "repo").with("HOME", folder.path().native())(words);
  };
  const Ran here = in_repo({"tuf", "add", "."});
  EXPECT_EQ(here.exit_code, 2);
  EXPECT_TRUE(has(here.err, "its own files would become targets")) << here.err;
  EXPECT_EQ(in_repo({"tuf", "add", ".."}).exit_code, 2);
  for (const std::string own : {"metadata", "staging/made-from", "keys", "targets"}) {
    const Ran refused = in_repo({"tuf", "add", own});
    EXPECT_EQ(refused.exit_code, 2) << own;
    EXPECT_TRUE(has(refused.err, "of the repository, which is its own")) << refused.err;
  }
  std::filesystem::create_directory_symlink(folder / "repo", folder / "link");
  EXPECT_EQ(tuf({"add", "link"}, 2).exit_code, 2);
  EXPECT_EQ(tuf({"add", "repo/../repo/keys/"}, 2).exit_code, 2);
  EXPECT_FALSE(has(staged(), "length"));
  // What lies beside them is a folder like any other.
  folder.write("repo/dist/keys/x", "x");
  EXPECT_EQ(in_repo({"tuf", "add", "dist"}).exit_code, 0);
  EXPECT_TRUE(has(staged(), "\"keys/x\"")) << staged();
}

TEST_F(TufTargets, CustomMetadataThatIsNotWhatItsOptionTakesIsACallThatIsWrong) {
  init();
  const auto refused = [&](const std::string& option, const std::string& value) {
    const Ran ran = tuf({"add", option, value, "one"}, 2);
    EXPECT_TRUE(has(ran.err, cat(option, " takes "))) << ran.err;
  };
  refused("--custom", "{bad");
  refused("--custom", "[1]");
  refused("--sbom-digest", "sha256:00");
  for (const std::string bad :
       {"yesterday", "2026", "2026-13-01", "2026-11-20T25:00:00Z", "20.11.26"}) {
    refused("--release-date", bad);
  }
  for (const std::string good :
       {"2026-11-20", "2026-11-20T14:02:11Z", "2026-11-20T14:02:11+01:00"}) {
    tuf({"add", "--release-date", good, "one"});
    EXPECT_TRUE(has(staged(), cat("\"release_date\": \"", good, "\"")));
  }
}

// --- remove

TEST_F(TufTargets, NamesFoldersAndListsAreRemoved) {
  start();
  for (const std::string under : {"v1", "v1/x", "v2", "v3"}) {
    tuf({"add", "--under", under, "one"});
  }
  tuf({"publish"});
  const Ran unknown = tuf({"remove", "v1/", "v4/", "app.bin"}, 3);
  EXPECT_TRUE(has(unknown.err, "no role lists app.bin, v4/")) << unknown.err;
  EXPECT_FALSE(there("repo/staging/targets.json"));
  EXPECT_EQ(tuf({"remove"}, 2).exit_code, 2);
  folder.write("list", "v2/app.bin\n\n{\"path\":\"v3/app.bin\",\"length\":1}\n");
  const Ran removed = tuf({"remove", "v1/", "--list", "list"});
  EXPECT_TRUE(has(removed.out, "proposed  targets 3\n  4 targets\n  2 below v1/\n")) << removed.out;
  EXPECT_FALSE(has(staged(), "app.bin"));
  folder.write("list", "v2/app.bin\n{\"pth\":1}\n");
  EXPECT_TRUE(has(tuf({"remove", "--list", "list"}, 3).err, "while reading line 2 of the list"));
  tuf({"propose", "--drop"});
  EXPECT_TRUE(has(tuf({"remove", "--publish", "v1/x/"}).out, "published  targets 3"));
}

// --- proposals that are given up

TEST_F(TufTargets, FilesOfAProposalThatIsGivenUpAreSpokenOf) {
  start();
  tuf({"add", "--publish", "one"});
  tuf({"add", "--version", "2", "one"});
  tuf({"add", "--under", "x", "one", "two"}, 2);
  tuf({"add", "--under", "x", "two"});
  const Ran dropped = tuf({"propose", "--drop"});
  EXPECT_EQ(
      dropped.out,
      "given up  1 role\n  1 file of what was proposed stays below targets/, which is served: "
      "sluice tuf clean\n");
  EXPECT_EQ(target_files(), 2U);
  tuf({"clean"});
  EXPECT_EQ(target_files(), 1U);
  tuf({"add", "--under", "y", "one", "ann.pub"});
  const auto told = json::parse_strict(tuf({"propose", "--drop", "--output", "json"}).out);
  ASSERT_TRUE(told);
  EXPECT_EQ(told->find("files_left")->integer(), 2);
  tuf({"propose", "--renew", "targets"});
  EXPECT_EQ(tuf({"propose", "--drop"}).out, "given up  1 role\n");
}

}  // namespace
}  // namespace sluice
