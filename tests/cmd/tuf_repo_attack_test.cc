// SPDX-License-Identifier: Apache-2.0
// A TUF repository in the hands of people who make mistakes, and of some who do not: what the
// program tells them.
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
using CommandLine = std::vector<std::string>;

class TufBadDay : public test::TufFolder {
 protected:
  TufBadDay() {
    for (const std::string person : {"ann", "ben", "online"}) make_key(person);
    folder.write("app.txt", "release 1.0\n");
    EXPECT_EQ(
        run({"tuf", "init", "--root-key", "ann.pub", "--root-key", "ben.pub", "--root-threshold",
             "2", "--targets-key", "ann.pub", "--online-signer", "env:TUF_ONLINE_KEY", "repo"})
            .exit_code,
        0);
    sign("ann");
    sign("ben");
    tuf({"publish"});
  }
  Ran sign(const std::string& person) const {
    return tuf({"sign", "--key", cat(person, ".key"), "--yes"});
  }

  std::size_t signatures(const std::string& role) const {
    const auto entries = system_files().list(folder / "repo/staging/signatures" / role);
    return entries ? entries->size() : 0;
  }
};

TEST_F(TufBadDay, StatusShowsTheKeysThatClientsTrustNowWhateverIsProposed) {
  make_key("dora");
  tuf({"key", "rotate", "root", "ben", "dora.pub"});
  const Ran told = tuf({"status"});
  EXPECT_TRUE(has(told.out, "2 of 2 keys: ann, ben\n")) << told.out;
  EXPECT_TRUE(has(told.out, "adds key dora (ed25519 ")) << told.out;
  const auto status = json::parse_strict(tuf({"status", "--output", "json"}).out);
  ASSERT_TRUE(status);
  for (const auto& role : *status->find("roles")->array()) {
    if (*role.find("role")->string() != "root") continue;
    EXPECT_EQ(role.find("version")->integer(), 1);
  }
}

TEST_F(TufBadDay, ARoleThatIsOnlyProposedIsShownAsNotPublished) {
  make_key("carla");
  tuf({"delegate", "libs", "--path", "libs/*", "--key", "carla.pub"});
  EXPECT_TRUE(has(tuf({"status"}).out, "libs        not published 1 of 1 key: carla"));
}

TEST_F(TufBadDay, SignShowsWholeKeyids) {
  make_key("dora");
  tuf({"key", "add", "root", "dora.pub"});
  const auto key = json::parse_strict(test::read_file(folder / "repo/keys/dora.json"));
  ASSERT_TRUE(key);
  const auto root = json::parse_strict(test::read_file(folder / "repo/staging/root.json"));
  std::string keyid;
  for (const auto& [id, value] : *root->find("signed")->find("keys")->object()) {
    if (*value.find("keyval") == *key->find("keyval")) keyid = id;
  }
  ASSERT_EQ(keyid.size(), 64U);
  EXPECT_TRUE(has(sign("ann").err, cat("adds key dora (ed25519 ", keyid, ") to root")));
}

TEST_F(TufBadDay, StatusNamesAKeyOnlyByItsOwnName) {
  EXPECT_TRUE(has(tuf({"status"}).out, "2 of 2 keys: ann, ben\n"));
  const auto root = json::parse_strict(test::read_file(folder / "repo/metadata/1.root.json"));
  const auto ann = json::parse_strict(test::read_file(folder / "repo/keys/ann.json"));
  std::string keyid;
  for (const auto& [id, value] : *root->find("signed")->find("keys")->object()) {
    if (*value.find("keyval") == *ann->find("keyval")) keyid = id;
  }
  // The file of that name has another key, and says that its keyid is ann's.
  auto other = json::parse_strict(test::read_file(folder / "repo/keys/ben.json")).value();
  other.set("keyid", keyid);
  std::filesystem::remove(folder / "repo/keys/ben.json");
  ASSERT_TRUE(system_files().replace(folder / "repo/keys/ann.json", json::write(other)));
  const Ran told = tuf({"status"});
  EXPECT_TRUE(has(told.out, cat("2 of 2 keys: ", keyid.substr(0, 8)))) << told.out;
  EXPECT_FALSE(has(told.out, "ann")) << told.out;
}

TEST_F(TufBadDay, SignRefusesWhatClientsOfOthersRefuse) {
  make_key("dora");
  tuf({"key", "add", "root", "dora.pub"});
  const Path staged = folder / "repo/staging/root.json";
  const std::string good = test::read_file(staged);
  std::string text = good;
  const std::string roles = "\"roles\": {";
  text.insert(text.find(roles) + roles.size(), "\"mirrors\": \"x\",");
  ASSERT_TRUE(system_files().replace(staged, text));
  tuf({"propose"});
  const Ran refused = tuf({"sign", "--key", "ann.key", "--yes"}, 3);
  EXPECT_TRUE(has(refused.err, "\"roles\" has mirrors, which is none of root")) << refused.err;
  EXPECT_TRUE(has(refused.err, "nothing was signed")) << refused.err;
  EXPECT_EQ(signatures("root"), 0U);
  tuf({"status", "--check"}, 1);
  ASSERT_TRUE(system_files().replace(staged, good));
  tuf({"propose"});
  sign("ann");
  EXPECT_EQ(signatures("root"), 1U);
}

TEST_F(TufBadDay, SigningAgainstAnEditedBaseIsRefused) {
  tuf({"add", "app.txt"});
  const Path base = folder / "repo/metadata/1.targets.json";
  std::string text = test::read_file(base);
  text.insert(text.find("\"targets\":{") + 11,
              R"("evil.txt":{"hashes":{"sha256":")" + std::string(64, 'a') + R"("},"length":1})");
  ASSERT_TRUE(system_files().replace(base, text));
  const Ran refused = tuf({"sign", "--key", "ann.key", "--yes"}, 3);
  EXPECT_TRUE(has(refused.err, "nothing was signed")) << refused.err;
  EXPECT_EQ(signatures("targets"), 0U);
  tuf({"diff"}, 3);
}

TEST_F(TufBadDay, CollectTakesOnlyWhatCounts) {
  tuf({"add", "app.txt"});
  sign("ann");
  std::filesystem::copy(folder / "repo/staging", folder / "stick",
                        std::filesystem::copy_options::recursive);
  tuf({"add", "--as", "b.txt", "app.txt"});
  const Ran old = tuf({"sign", "--collect", "stick"});
  EXPECT_TRUE(has(old.out, "left      1 signature, which are not over what is proposed"))
      << old.out;
  EXPECT_TRUE(has(old.out, "0 of 1 signature")) << old.out;
  sign("ann");
  tuf({"sign", "--collect", "stick"});
  EXPECT_TRUE(has(tuf({"status"}).out, "1 of 1 signature"));
  std::filesystem::remove_all(folder / "stick");
  std::filesystem::copy(folder / "repo/staging", folder / "stick",
                        std::filesystem::copy_options::recursive);
  std::filesystem::remove_all(folder / "repo/staging/signatures");
  EXPECT_TRUE(has(tuf({"sign", "--collect", "stick"}).out, "took over 1 signature"));
}

TEST_F(TufBadDay, CleanLooksAtNothingBesideTheRepository) {
  std::filesystem::create_directories(folder / "repo/.git/objects");
  folder.write("repo/.git/objects/aa", "x");
  folder.write("repo/metadata/stranger.txt", "x");
  const Ran told = tuf({"clean", "--dry-run"});
  EXPECT_FALSE(has(told.out, ".git")) << told.out;
  EXPECT_FALSE(has(told.out, "tuf-repo.yaml")) << told.out;
  EXPECT_TRUE(has(told.out, "left alone  metadata/stranger.txt")) << told.out;
}

TEST_F(TufBadDay, PublishSaysThatItBroughtAPlaceUpToDate) {
  const Ran first = tuf({"publish", "--to", "mirror"});
  EXPECT_TRUE(has(first.out, "brought up to date  the folder mirror")) << first.out;
  EXPECT_EQ(run({"tuf", "verify", "mirror"}).exit_code, 0);
  EXPECT_EQ(tuf({"publish", "--to", "mirror"}).out, "nothing is due\n");
}

TEST_F(TufBadDay, ATargetWhoseFileDidNotComeAlongIsNotPublished) {
  tuf({"add", "app.txt"});
  sign("ann");
  std::filesystem::rename(folder / "repo/targets", folder / "elsewhere");
  const Ran refused = tuf({"publish"}, 1);
  EXPECT_TRUE(has(refused.out, ".app.txt: there is no such file")) << refused.out;
  EXPECT_TRUE(has(refused.out, "put the file back, or list it anew")) << refused.out;
  std::filesystem::rename(folder / "elsewhere", folder / "repo/targets");
  tuf({"publish"});
  EXPECT_EQ(run({"tuf", "verify", "repo"}).exit_code, 0);
}

TEST_F(TufBadDay, LinksInAFolderAreCounted) {
  std::filesystem::create_directories(folder / "dist");
  folder.write("dist/a.txt", "a");
  std::filesystem::create_symlink("/etc/hostname", folder / "dist/b.txt");
  const Ran told = tuf({"add", "dist"});
  EXPECT_TRUE(has(told.out, "1 target\n")) << told.out;
  EXPECT_TRUE(has(told.out, "1 link was passed over")) << told.out;
}

TEST_F(TufBadDay, WhatGitLeftOfTwoProposalsIsExplained) {
  tuf({"add", "app.txt"});
  const Path staged = folder / "repo/staging/targets.json";
  const std::string text = test::read_file(staged);
  ASSERT_TRUE(system_files().replace(
      staged, cat(text, "<<<<<<< HEAD\n", text, "=======\n", text, ">>>>>>> theirs\n")));
  const Ran told = tuf({"status"});
  EXPECT_TRUE(has(told.out, "FAULT  targets: two proposals met in git")) << told.out;
  EXPECT_TRUE(has(told.out, "git checkout --ours staging")) << told.out;
  const Ran refused = tuf({"sign", "--key", "ann.key", "--yes"}, 3);
  EXPECT_TRUE(has(refused.err, "targets: two proposals met in git")) << refused.err;
}

TEST_F(TufBadDay, NamesOfRolesDoNotReachTheTerminalAsTheyAre) {
  tuf({"add", "app.txt"});
  std::string text = test::read_file(folder / "repo/staging/targets.json");
  const auto at = text.find("\"expires\": \"") + 12;
  text.replace(at, 4, "2001");
  folder.write("repo/staging/%1B%5B2J.json", text);
  for (const std::string command : {"status", "propose", "publish"}) {
    const Ran told = run({"tuf", command, "--repo", "repo"});
    EXPECT_EQ((told.out + told.err).find('\x1b'), std::string::npos) << command;
    EXPECT_TRUE(has(told.out + told.err, "\\x1b[2J")) << command << told.out << told.err;
  }
}

TEST_F(TufBadDay, AChangeThatWasRefusedNamesNoKey) {
  tuf({"key", "add", "root", "again=ann.pub"}, 2);
  EXPECT_FALSE(system_files().info(folder / "repo/keys/again.json"));
  make_key("dora");
  tuf({"key", "add", "root", "ann=dora.pub"}, 3);
  tuf({"key", "add", "root", "dora.pub"});
  EXPECT_TRUE(system_files().info(folder / "repo/keys/dora.json"));
}

TEST_F(TufBadDay, ARootThatCannotBeReadHidesNothingOfWhatIsPublished) {
  tuf({"key", "threshold", "root", "2"});
  std::string text = test::read_file(folder / "repo/staging/root.json");
  const auto at = text.find("\"threshold\": 1");
  ASSERT_NE(at, std::string::npos);
  folder.write("repo/staging/root.json", text.replace(at, 14, "\"threshold\": 0"));
  const Ran told = tuf({"status"});
  EXPECT_TRUE(has(told.out, "2 of 2 keys: ann, ben")) << told.out;
  EXPECT_TRUE(has(told.out, "FAULT  root: ")) << told.out;
  EXPECT_TRUE(has(told.out, "has the threshold 0")) << told.out;
  const Ran refused = tuf({"sign", "--key", "ann.key", "--yes"}, 3);
  EXPECT_TRUE(has(refused.err, "nothing was signed")) << refused.err;
  EXPECT_EQ(signatures("root"), 0U);
  tuf({"publish"}, 1);
}

TEST_F(TufBadDay, AStagedFileThatIsSpelledAnotherWayIsNamed) {
  tuf({"add", "app.txt"});
  folder.write("repo/staging/%1b[2J.json", test::read_file(folder / "repo/staging/targets.json"));
  const Ran told = tuf({"status"}, 3);
  EXPECT_TRUE(has(told.err, "staging/%1b[2J.json is named after no role")) << told.err;
}

TEST_F(TufBadDay, ANameThatAnotherRoleDelegatesToIsTaken) {
  make_key("carla");
  tuf({"delegate", "libs", "--path", "libs/*", "--key", "carla.pub"});
  tuf({"delegate", "--bins", "4", "--parent", "libs", "--signer", "env:TUF_ONLINE_KEY"});
  const Ran bins =
      tuf({"delegate", "--bins", "4", "--explicit", "--signer", "env:TUF_ONLINE_KEY"}, 2);
  EXPECT_TRUE(has(bins.err, "libs delegates to bins already")) << bins.err;
  tuf({"delegate", "other", "--bins", "4", "--explicit", "--signer", "env:TUF_ONLINE_KEY"});
}

TEST_F(TufBadDay, CleaningAsAPlaceTakesNoFilesOfAProposal) {
  tuf({"add", "app.txt"});
  for (const std::string place : {"repo", "./repo/../repo"}) {
    const Ran refused = tuf({"clean", "--to", place}, 3);
    EXPECT_TRUE(has(refused.err, "is where a repository is kept")) << refused.err;
  }
  sign("ann");
  tuf({"publish"});  // the file is there
  tuf({"publish", "--to", "place", "--new-timestamp"});
  tuf({"clean", "--to", "place"});
}

TEST_F(TufBadDay, AnOnlineKeyThatDoesNotSignIsNamedAsTheCause) {
  const Ran refused = test::sluice()
                          .in(folder.path())
                          .with("SLUICE_PASSWORD", "example")
                          .with("TUF_ONLINE_KEY", test::read_file(folder / "ann.key"))(
                              {"tuf", "publish", "--new-timestamp", "--repo", "repo"});
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_TRUE(has(refused.out, "tuf-repo.yaml names as online for timestamp")) << refused.out;
  EXPECT_FALSE(has(refused.out + refused.err, "PRIVATE KEY"));
}

}  // namespace
}  // namespace sluice
