// SPDX-License-Identifier: Apache-2.0
// What somebody put into the folder of a repository by hand: into staging/, beside signatures, and
// where a file is expected.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "base/text.h"
#include "support/program.h"
#include "support/tufrepo/work_folder.h"
#include "tuf/limits.h"

namespace sluice::tuf {
namespace {

using test::WorkFolder;

class ByHand : public testing::Test {
 protected:
  ByHand() {
    work.init();
    work.add("app.txt", "hello");
    work.sign_all({"ann", "ben", "carla"});
    EXPECT_EQ(work.publish(), "good") << work.detail;
  }
  std::string file(const std::string& name) const { return test::read_file(work.folder / name); }
  void write(const std::string& name, const std::string& content) const {
    std::filesystem::create_directories((work.folder / name).parent_path());
    ASSERT_TRUE(system_files().replace(work.folder / name, content));
  }
  void edit(const std::string& role, const std::function<void(Draft& draft)>& use) {
    auto repository = work.open();
    Draft draft = **repository.latest(RoleName(role));
    draft.clear_signatures();
    use(draft);
    ASSERT_TRUE(repository.stage(RoleName(role), std::move(draft), work.clock.now()));
    ASSERT_TRUE(repository.save());
  }
  std::vector<Fault> faults(bool files = false) {
    auto repository = work.open();
    return examine_proposal(repository, work.clock.now(), {.files = files}).value().faults;
  }
  static std::string join_faults(const std::vector<Fault>& all) {
    std::string out;
    for (const auto& each : all) out += cat(each.id, " ", each.what, "\n");
    return out;
  }
  std::string signature_file(const std::string& role, const std::string& person) {
    return cat("staging/signatures/", role, "/", work.key(person).keyid.str(), ".json");
  }
  void targets_elsewhere() const {
    auto policy = parse_policy(file("tuf-repo.yaml"), "tuf-repo.yaml").value();
    policy.targets_here = false;
    write("tuf-repo.yaml", write_policy(policy).value());
  }

  WorkFolder work;
};

// --- beside signatures

TEST_F(ByHand, WhatStandsBesideASignatureIsNotPublished) {
  work.change([&](Repository& r) { return renew(r, RoleName("root"), work.clock.now()); });
  work.sign_all({"ann", "ben"});
  const std::string name = signature_file("root", "ann");
  auto text = json::parse_strict(file(name)).value();
  auto* signature = member_in(text, "signature");
  signature->set("x", std::string(900'000, 'A'));
  signature->set("bundle", json::Object{{"x", "of no identity"}});
  write(name, json::write(text));
  ASSERT_EQ(work.publish(), "good") << work.detail;
  const auto root = json::parse_strict(file("metadata/2.root.json")).value();
  ASSERT_EQ(root.find("signatures")->array()->size(), 2U);
  for (const auto& each : *root.find("signatures")->array()) {
    std::vector<std::string> members;
    for (const auto& [member, value] : *each.object()) members.push_back(member);
    EXPECT_EQ(members, (std::vector<std::string>{"keyid", "sig"}));
  }
}

TEST_F(ByHand, WhatStandsInTheStagedFileBesideASignatureIsNotPublished) {
  work.add("b.txt", "b");
  work.sign_all({"carla"});
  const auto beside = json::parse_strict(file(signature_file("targets", "carla"))).value();
  json::Value signature = *beside.find("signature");
  signature.set("x", "unsigned");
  auto staged = json::parse_strict(file("staging/targets.json")).value();
  staged.set("signatures", json::Array{signature});
  write("staging/targets.json", json::write(staged));
  std::filesystem::remove(work.folder / signature_file("targets", "carla"));
  ASSERT_EQ(work.publish(), "good") << work.detail;
  EXPECT_EQ(file("metadata/2.targets.json").find("unsigned"), std::string::npos);
}

TEST_F(ByHand, ARootThatClientsOfOthersDoNotReadIsNotPublished) {
  const auto propose = [&](std::size_t size) {
    edit("root", [&](Draft& draft) { draft.head().set("x-filler", std::string(size, 'x')); });
    work.sign_all({"ann", "ben"});
    return work.publish();
  };
  EXPECT_EQ(propose(511'000), "tuf.publish.root-size");
  EXPECT_FALSE(system_files().info(work.folder / "metadata/2.root.json"));
  EXPECT_EQ(propose(509'000), "good") << work.detail;
  EXPECT_LE(file("metadata/2.root.json").size(), 512'000U);
}

TEST_F(ByHand, FilesWithoutEndBesideSignaturesKeepNobodyFromSigning) {
  work.add("b.txt", "b");
  const auto junk = [&](std::size_t i) {
    const std::string keyid =
        crypto::digest_of(crypto::HashAlgorithm::sha256, bytes_of(cat(i))).hex();
    const json::Value signature = json::Object{{"keyid", keyid}, {"sig", "00"}};
    std::ofstream(work.folder / cat("staging/signatures/targets/", keyid, ".json"))
        << write_staged_signature({keyid, signature, 2, keyid});
  };
  std::filesystem::create_directories(work.folder / "staging/signatures/targets");
  for (std::size_t i = 0; i <= kMaxSignatures; ++i) junk(i);
  EXPECT_TRUE(faults().empty());
  work.sign_all({"carla"});
  EXPECT_EQ(work.publish(), "good") << work.detail;
}

// --- targets

TEST_F(ByHand, ALengthThatIsNotTheFilesIsNotPublished) {
  work.add("b.txt", "second");
  EXPECT_TRUE(faults(true).empty());
  edit("targets", [](Draft& draft) {
    std::string entry(*draft.find("b.txt"));
    draft.put("b.txt", entry.replace(entry.find("\"length\":6"), 10, "\"length\":5"));
  });
  const auto found = faults(true);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].id, "target");
  EXPECT_TRUE(found[0].what.ends_with(".b.txt: it has 6 bytes, 5 are listed")) << found[0].what;
  work.sign_all({"carla"});
  EXPECT_EQ(work.publish({.now = work.clock.now(), .read_targets = true}), "tuf.publish.target");
  edit("targets", [](Draft& draft) {
    std::string entry(*draft.find("b.txt"));
    draft.put("b.txt", entry.replace(entry.find("\"length\":5"), 10, "\"LENGTH\":5"));
  });
  const auto without = faults(true);
  EXPECT_TRUE(std::ranges::any_of(without, [](const Fault& fault) {
    return fault.id == "target" && fault.what == "b.txt: its length is not listed";
  })) << join_faults(without);
}

TEST_F(ByHand, APathThatLeadsOutIsNotPublishedWhereverTargetsAre) {
  work.add("b.txt", "b");
  targets_elsewhere();
  EXPECT_TRUE(faults().empty());
  for (const std::string path : {"../../x", "/abs", "a//b"}) {
    edit("targets", [&](Draft& draft) { draft.put(path, std::string(*draft.find("b.txt"))); });
    const auto found = faults();
    ASSERT_EQ(found.size(), 1U) << path;
    EXPECT_EQ(found[0].id, "target");
    EXPECT_TRUE(found[0].blocks);
    work.sign_all({"carla"});
    EXPECT_EQ(work.publish(), "tuf.publish.target") << path;
    edit("targets", [&](Draft& draft) { draft.erase(path); });
  }
  EXPECT_TRUE(faults().empty());
}

TEST_F(ByHand, APathThatLeadsOutAndIsPublishedAlreadyStaysWhatItIs) {
  auto repository = work.open();
  Draft draft = **repository.published(RoleName("targets"));
  draft.put("/abs", std::string(*draft.find("app.txt")));
  work.overwrite("targets", std::move(draft), "carla");
  targets_elsewhere();
  edit("targets", [](Draft& staged) { staged.put("b", std::string(*staged.find("app.txt"))); });
  EXPECT_TRUE(faults().empty());
}

// --- roles

TEST_F(ByHand, ASignatureFolderIsNeverAnotherFolder) {
  const auto repository = work.open();
  const Path all = work.folder / "staging" / "signatures";
  for (const std::string name : {".", "..", "...", "%2E", "a/b", "../targets"}) {
    const Path folder = repository.signature_folder(RoleName(name));
    EXPECT_EQ(folder.lexically_normal().parent_path(), all) << name;
    EXPECT_NE(folder, repository.signature_folder(RoleName(cat(name, "x")))) << name;
  }
  EXPECT_NE(repository.signature_folder(RoleName(".")),
            repository.signature_folder(RoleName("%2E")));
}

TEST_F(ByHand, GivingUpARoleThatIsCalledLikeAFolderTakesNothingElse) {
  work.add("b.txt", "b");
  // In the form of a signature, and named after one: for what is signed in staging/ itself.
  write("staging/...json", file("staging/targets.json"));
  const std::string bystander = cat("staging/", std::string(64, 'a'), ".json");
  write(bystander, "{}");
  auto repository = work.open();
  EXPECT_TRUE(repository.unstage(RoleName("..")));
  EXPECT_FALSE(system_files().info(work.folder / "staging/...json"));
  EXPECT_TRUE(system_files().info(work.folder / bystander));
}

TEST_F(ByHand, ARoleWhoseNameEndsLikeARootIsNoRoot) {
  // As it was taken over from elsewhere: its first roots are gone.
  std::filesystem::rename(work.folder / "metadata/1.root.json",
                          work.folder / "metadata/4.root.json");
  for (const std::string name : {"2.x.root.json", "x.root.json", "03.root.json", "root.json"}) {
    write("metadata/" + name, "{}");
  }
  auto repository = work.open();
  const auto version = repository.version_of(RoleName("root"));
  ASSERT_TRUE(version) << version.error().text();
  EXPECT_EQ(*version, 4);
}

TEST_F(ByHand, ARootThatIsThereMoreThanOneVersionAheadIsToldAsAHole) {
  write("metadata/3.root.json", file("metadata/1.root.json"));
  auto repository = work.open();
  EXPECT_EQ(repository.version_of(RoleName("root")).error().code, Errc::not_found);
}

// --- versions

TEST_F(ByHand, AVersionThatNoOtherCanFollowIsSaidToBeOne) {
  constexpr Version kLast = std::numeric_limits<Version>::max();
  const auto publish_at = [&](Version version) {
    auto repository = work.open();
    Draft targets = **repository.published(RoleName("targets"));
    Draft snapshot = **repository.published(RoleName("snapshot"));
    targets.set_version(version);
    snapshot.put("targets.json", cat("{\"version\":", version, "}"));
    work.overwrite("targets", std::move(targets), "carla");
    work.overwrite("snapshot", std::move(snapshot), "online");
  };
  publish_at(kLast - 1);
  work.add("b.txt", "b");
  EXPECT_EQ(work.problem, "");
  {
    auto repository = work.open();
    EXPECT_EQ((*repository.staged(RoleName("targets")))->draft.version(), kLast);
    ASSERT_TRUE(repository.unstage(RoleName("targets")));
  }
  publish_at(kLast);
  work.add("b.txt", "b");
  EXPECT_EQ(work.problem, cat("targets has version ", kLast, ", and no version can follow that"));
  auto repository = work.open();
  EXPECT_EQ(repository.published(RoleName("targets")).error().code, Errc::limit);
}

// --- folders that are links

class LinkedFolder : public ByHand {
 protected:
  // Moves what is there, so that all of it is behind the link.
  void link(const std::string& name) {
    elsewhere = work.temp / "elsewhere";
    std::filesystem::create_directories(work.folder / name);
    std::filesystem::rename(work.folder / name, elsewhere);
    std::filesystem::create_directory_symlink(elsewhere, work.folder / name);
    before = content();
  }
  std::map<std::string, std::string> content() const {
    std::map<std::string, std::string> out;
    const auto paths = walk(system_files(), elsewhere);
    for (const auto& path : paths.value()) out[path.native()] = test::read_file(path);
    return out;
  }
  // Everything that would write there.
  void expect_untouched() {
    const RoleName targets("targets");
    {
      auto repository = work.open();
      Draft draft = **repository.published(targets);
      draft.put("c.txt", std::string(*draft.find("app.txt")));
      const auto staged = repository.stage(targets, draft, work.clock.now());
      EXPECT_FALSE(staged && repository.save());
    }
    {
      auto repository = work.open();
      EXPECT_FALSE(repository.unstage(targets));
    }
    EXPECT_EQ(content(), before);
  }
  Path elsewhere;
  std::map<std::string, std::string> before;
};

TEST_F(LinkedFolder, AboveAllIsNeitherReadNorWritten) {
  work.add("b.txt", "b");
  work.sign_all({"carla"});
  link("staging");
  expect_untouched();
  auto repository = work.open();
  const auto roles = repository.staged_roles();
  ASSERT_FALSE(roles);
  EXPECT_EQ(roles.error().code, Errc::denied);
  EXPECT_TRUE(test::has(roles.error().text(), "staging is a link")) << roles.error().text();
  // What is published online looks at no proposal.
  work.clock.set(work.clock.now() + std::chrono::hours(20));
  EXPECT_EQ(work.refresh_online(), "good");
  EXPECT_EQ(content(), before);
}

TEST_F(LinkedFolder, OfWhatItWasMadeFromIsNeitherReadNorWritten) {
  work.add("b.txt", "b");
  link("staging/made-from");
  expect_untouched();
}

TEST_F(LinkedFolder, OfAllSignaturesIsNeitherReadNorWritten) {
  work.add("b.txt", "b");
  work.sign_all({"carla"});
  link("staging/signatures");
  expect_untouched();
  auto repository = work.open();
  EXPECT_EQ(repository.signatures(RoleName("targets")).error().code, Errc::denied);
}

TEST_F(LinkedFolder, OfOneRolesSignaturesIsNotWritten) {
  work.add("b.txt", "b");
  link("staging/signatures/targets");
  auto repository = work.open();
  const std::string keyid = work.key("carla").keyid.str();
  const auto added = repository.add_signatures(
      {{RoleName("targets"), {keyid, json::Object{{"keyid", keyid}}, 2, ""}}});
  ASSERT_FALSE(added);
  EXPECT_EQ(added.error().code, Errc::denied);
  EXPECT_EQ(content(), before);
}

TEST_F(LinkedFolder, OfNamesIsNotWritten) {
  link("keys");
  auto repository = work.open();
  EXPECT_TRUE(repository.save_names());
  ASSERT_TRUE(repository.name_key("carla", work.key("carla")));
  EXPECT_EQ(repository.save_names().error().code, Errc::denied);
  EXPECT_EQ(content(), before);
}

TEST_F(LinkedFolder, ThatHoldsTheRepositoryIsNoHindrance) {
  std::filesystem::rename(work.folder, work.temp / "real");
  std::filesystem::create_directory_symlink(work.temp / "real", work.folder);
  work.add("b.txt", "b");
  work.sign_all({"carla"});
  EXPECT_EQ(work.publish(), "good") << work.detail;
}

// --- where a file is expected

TEST_F(ByHand, APipeIsNotWaitedFor) {
  const auto pipe_at = [&](const std::string& name) {
    std::filesystem::remove(work.folder / name);
    ASSERT_EQ(::mkfifo((work.folder / name).c_str(), 0600), 0) << name;
  };
  {
    pipe_at("metadata/1.targets.json");
    auto repository = work.open();
    EXPECT_EQ(repository.published(RoleName("targets")).error().code, Errc::denied);
    EXPECT_EQ(repository.published_file(RoleName("targets"), 1).error().code, Errc::denied);
  }
  pipe_at("metadata/2.root.json");
  pipe_at("metadata/timestamp.json");
  auto repository = work.open();
  EXPECT_EQ(repository.published(RoleName("root")).error().code, Errc::denied);
  EXPECT_EQ(repository.published(RoleName("timestamp")).error().code, Errc::denied);
  pipe_at("tuf-repo.yaml");
  const auto none = Repository::open(system_files(), work.folder);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, Errc::denied) << none.error().text();
}

TEST_F(ByHand, ALinkToWhatIsNoFileIsNotRead) {
  std::filesystem::create_symlink("/dev/zero", work.folder / "metadata/2.root.json");
  auto repository = work.open();
  EXPECT_EQ(repository.published(RoleName("root")).error().code, Errc::denied);
}

}  // namespace
}  // namespace sluice::tuf
