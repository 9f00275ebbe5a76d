// SPDX-License-Identifier: Apache-2.0
// The folder of a repository in the hands of somebody who wants something signed that nobody saw,
// published that nobody signed, or gone that others need.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "base/text.h"
#include "support/tufrepo/work_folder.h"
#include "tufrepo/role_list.h"

namespace sluice::tuf {
namespace {

using test::WorkFolder;

class AttackTest : public testing::Test {
 protected:
  AttackTest() {
    work.init();
    work.add("app.txt", "hello");
    work.sign_all({"ann", "ben", "carla"});
    EXPECT_EQ(work.publish(), "good") << work.detail;
  }
  Proposal examine() {
    auto repository = work.open();
    return examine_proposal(repository, work.clock.now()).value();
  }
  std::vector<std::string> faults() {
    std::vector<std::string> out;
    for (const auto& fault : examine().faults) out.push_back(fault.id);
    return out;
  }
  std::string file(const std::string& name) const { return test::read_file(work.folder / name); }
  void overwrite(const std::string& name, const std::string& content) const {
    std::filesystem::create_directories((work.folder / name).parent_path());
    ASSERT_TRUE(system_files().replace(work.folder / name, content));
  }
  // Staging as somebody's branch has it, and later again over what was published meanwhile.
  std::map<std::string, std::string> staging() const {
    std::map<std::string, std::string> out;
    const auto paths = walk(system_files(), work.folder / "staging");
    if (!paths) return out;
    for (const auto& path : *paths) {
      const auto name = path.lexically_relative(work.folder).native();
      out[name] = file(name);
    }
    return out;
  }
  std::string signature_file(const std::string& role, const std::string& person) {
    return cat("staging/signatures/", role, "/", work.key(person).keyid.str(), ".json");
  }

  WorkFolder work;
};

using Names = std::vector<std::string>;

TEST_F(AttackTest, AChangeOnTopOfAnOvertakenProposalIsRefusedAndTakesNothingBack) {
  work.add("theirs.txt", "theirs");
  const auto theirs = staging();
  auto repository = work.open();
  ASSERT_TRUE(repository.unstage(RoleName("targets")));
  work.add("ours.txt", "ours");
  work.sign_all({"carla"});
  ASSERT_EQ(work.publish(), "good") << work.detail;

  for (const auto& [name, text] : theirs) overwrite(name, text);
  ASSERT_EQ(faults(), Names{"outdated"});
  work.add("more.txt", "more");
  EXPECT_EQ(
      work.problem,
      "what is proposed of targets was made from version 1, and version 2 is published by now");
  work.change([&](Repository& r) { return renew(r, RoleName("targets"), work.clock.now()); });
  EXPECT_NE(work.problem, "");
  EXPECT_EQ(faults(), Names{"outdated"});

  auto again = work.open();
  ASSERT_TRUE(again.unstage(RoleName("targets")));
  work.add("more.txt", "more");
  EXPECT_EQ(work.problem, "");
  work.sign_all({"carla"});
  EXPECT_EQ(work.publish(), "good") << work.detail;
  EXPECT_EQ(work.client("c", {"ours.txt", "more.txt"}), "good") << work.detail;
}

TEST_F(AttackTest, AChangeOnTopOfAnEditedProposalIsRefused) {
  work.add("b.txt", "b");
  std::string text = file("staging/targets.json");
  overwrite("staging/targets.json", text.replace(text.find("b.txt"), 5, "e.txt"));
  ASSERT_EQ(faults(), Names{"edited"});
  work.add("c.txt", "c");
  EXPECT_EQ(work.problem, "what is proposed of targets was edited");
  EXPECT_EQ(faults(), Names{"edited"});
}

TEST_F(AttackTest, WhatIsPublishedAlreadyIsNoHindrance) {
  work.add("b.txt", "b");
  work.sign_all({"carla"});
  const auto before = staging();
  ASSERT_EQ(work.publish(), "good") << work.detail;
  for (const auto& [name, text] : before) overwrite(name, text);  // died before it tidied up
  work.add("c.txt", "c");
  EXPECT_EQ(work.problem, "");
}

TEST_F(AttackTest, ASignatureFolderThatIsALinkLosesNothingOfWhatItLeadsTo) {
  work.add("b.txt", "b");
  const Path elsewhere = work.temp / "diary";
  std::filesystem::create_directories(elsewhere);
  const std::string keyid = work.key("carla").keyid.str();
  for (const std::string name : {"monday.json", "tuesday.txt"}) {
    ASSERT_TRUE(system_files().create(elsewhere / name, R"({"dear": "diary"})"));
  }
  ASSERT_TRUE(system_files().create(elsewhere / cat(keyid, ".json"), "half a signature"));
  std::filesystem::create_directories(work.folder / "staging/signatures");
  std::filesystem::remove_all(work.folder / "staging/signatures/targets");
  std::filesystem::create_symlink(elsewhere, work.folder / "staging/signatures/targets");
  auto repository = work.open();
  EXPECT_EQ(repository.signatures(RoleName("targets")).error().code, Errc::denied);
  EXPECT_EQ(repository.unstage(RoleName("targets")).error().code, Errc::denied);
  ASSERT_TRUE(renew(repository, RoleName("targets"), work.clock.now() + std::chrono::days(1)));
  EXPECT_EQ(repository.save().error().code, Errc::denied);
  for (const std::string& name :
       {std::string("monday.json"), std::string("tuesday.txt"), cat(keyid, ".json")}) {
    EXPECT_TRUE(system_files().info(elsewhere / name)) << name;
  }
}

TEST_F(AttackTest, ASecondSignatureOfAKeyDoesNotStandBeforeItsGoodOne) {
  work.add("b.txt", "b");
  work.sign("targets", "carla");
  const std::string good = file(signature_file("targets", "carla"));
  std::string bad = good;
  const auto at = bad.find("\"sig\": \"") + 8;
  bad[at] = bad[at] == '0' ? '1' : '0';
  overwrite("staging/signatures/targets/0.json", bad);
  EXPECT_TRUE(examine().ready());
  EXPECT_EQ(work.publish(), "good") << work.detail;
}

TEST_F(AttackTest, AStagedFileThatIsALinkIsNotFollowed) {
  ASSERT_TRUE(system_files().create(work.temp / "secret.json", "{}"));
  std::filesystem::create_directories(work.folder / "staging");
  std::filesystem::create_symlink(work.temp / "secret.json", work.folder / "staging/targets.json");
  auto repository = work.open();
  const auto staged = repository.staged(RoleName("targets"));
  ASSERT_FALSE(staged);
  EXPECT_EQ(staged.error().code, Errc::denied) << staged.error().text();
}

TEST_F(AttackTest, ARevokedKeyIsGoneUnderAllItsKeyids) {
  RoleKey again = work.key("carla");
  const std::string own = again.keyid.str();
  again.keyid = KeyId(std::string(64, 'c'));
  work.change([&](Repository& r) {
    return delegate_paths(
        r, {.role = RoleName("libs"), .paths = {"libs/*"}, .keys = {{again, work.key("dora")}, 1}},
        work.clock.now());
  });
  ASSERT_EQ(work.problem, "");
  work.change(
      [&](Repository& r) { return revoke_key(r, own, work.key("erin"), work.clock.now()); });
  ASSERT_EQ(work.problem, "");
  auto repository = work.open();
  const auto roles = listed_roles(repository);
  ASSERT_TRUE(roles);
  std::size_t seen = 0;
  for (const auto& each : *roles) {
    for (const auto& keyid : each.keys.keyids) {
      EXPECT_NE(keyid, own) << each.role.str();
      EXPECT_NE(keyid, again.keyid.str()) << each.role.str();
      if (keyid == work.key("erin").keyid.str()) ++seen;
    }
  }
  EXPECT_EQ(seen, 2U);  // targets and libs
}

// --- what a signer sees

TEST_F(AttackTest, WhatIsPublishedCannotBeEditedToHideAChange) {
  work.add("evil.txt", "evil");
  // The base lists it already, as if it had been there for long: the difference would be empty.
  std::string base = file("metadata/1.targets.json");
  const auto at = base.find("\"targets\":{") + 11;
  const std::string listed = "\"evil.txt\":" + [&] {
    auto repository = work.open();
    return std::string(*(*repository.staged(RoleName("targets")))->draft.find("evil.txt"));
  }();
  base.insert(at, listed + ",");
  overwrite("metadata/1.targets.json", base);
  auto repository = work.open();
  const auto digest = (*repository.published(RoleName("targets")))->digest()->hex();
  std::string record = file("staging/made-from/targets.json");
  const auto from = record.find("\"from_sha256\": \"") + 16;
  overwrite("staging/made-from/targets.json", record.replace(from, 64, digest));
  EXPECT_EQ(faults(), Names{"published"});
}

TEST_F(AttackTest, WhatIsPublishedHoldsAfterEverythingExpired) {
  work.add("b.txt", "b");
  work.clock.set(work.clock.now() + std::chrono::days(3'000));
  EXPECT_EQ(faults(), Names{"expired"});
}

TEST_F(AttackTest, ARootThatIsPutInByHandIsNamed) {
  work.change([&](Repository& r) {
    return add_key(r, RoleName("root"), work.key("dora"), work.clock.now());
  });
  std::string root = file("metadata/1.root.json");
  overwrite("metadata/1.root.json",
            root.replace(root.find("\"threshold\":2"), 13, "\"threshold\":1"));
  const auto found = faults();
  EXPECT_NE(std::ranges::find(found, "published"), found.end());
}

class DifferenceForSigners : public AttackTest {
 protected:
  std::string told(Shown shown = Shown::whole) {
    std::string out;
    for (const auto& role : examine().roles) {
      for (const auto& change : role.changes) out += change.text(shown) + "\n";
    }
    return out;
  }
  void edit(const std::string& role, const std::function<void(json::Value& head)>& use) {
    auto repository = work.open();
    Draft draft = **repository.latest(RoleName(role));
    use(draft.head());
    ASSERT_TRUE(repository.stage(RoleName(role), std::move(draft), work.clock.now()));
    ASSERT_TRUE(repository.save());
  }
  void delegate(const std::string& role) {
    work.change([&](Repository& r) {
      return delegate_paths(
          r, {.role = RoleName(role), .paths = {"libs/*"}, .keys = work.keys({role})},
          work.clock.now());
    });
    ASSERT_EQ(work.problem, "");
  }
};

TEST_F(DifferenceForSigners, TheOrderOfDelegationsIsTold) {
  delegate("libs");
  delegate("guests");
  work.sign_all({"carla", "libs", "guests"});
  ASSERT_EQ(work.publish(), "good") << work.detail;
  edit("targets", [](json::Value& head) {
    auto& roles = *member_in(*member_in(head, "delegations"), "roles")->array();
    std::swap(roles[0], roles[1]);
  });
  EXPECT_TRUE(told().find("the order of delegations: libs, guests -> guests, libs") !=
              std::string::npos)
      << told();
}

TEST_F(DifferenceForSigners, ADelegationThatComesLastHasNoOrderToTell) {
  delegate("libs");
  work.sign_all({"carla", "libs"});
  ASSERT_EQ(work.publish(), "good") << work.detail;
  delegate("guests");
  EXPECT_EQ(told().find("the order"), std::string::npos) << told();
}

TEST_F(DifferenceForSigners, AKeyUnderTheKeyidOfAnotherIsNotCalledByItsName) {
  const std::string carla = work.key("carla").keyid.str();
  {
    auto repository = work.open();
    ASSERT_TRUE(repository.name_key("carla", work.key("carla")));
    ASSERT_TRUE(repository.save_names());
  }
  RoleKey mallory = work.key("mallory");
  const std::string own = mallory.keyid.str();
  mallory.keyid = KeyId(carla);
  work.change([&](Repository& r) {
    return delegate_paths(r,
                          {.role = RoleName("libs"), .paths = {"libs/*"}, .keys = {{mallory}, 1}},
                          work.clock.now());
  });
  ASSERT_EQ(work.problem, "");
  EXPECT_NE(told().find(cat("adds key ed25519 ", carla, ", whose own keyid is ", own, " to libs")),
            std::string::npos)
      << told();
  EXPECT_EQ(told().find("carla ("), std::string::npos) << told();
  // The one that is hers keeps her name.
  for (const auto& role : examine().roles) {
    if (role.role.str() == "targets") {
      EXPECT_TRUE(role.quorums[0].voters[0].shown.starts_with("carla (ed25519 "));
    }
    if (role.role.str() == "libs") {
      EXPECT_TRUE(role.quorums[0].voters[0].shown.starts_with("ed25519 "));
    }
  }
}

TEST_F(DifferenceForSigners, WhatAKeyidStandsForIsTold) {
  const std::string ann = work.key("ann").keyid.str();
  const std::string other = *work.key("mallory").keyval.find("public")->string();
  edit("root", [&](json::Value& head) {
    member_in(*member_in(*member_in(head, "keys"), ann), "keyval")->set("public", other);
  });
  EXPECT_NE(told().find(cat("changes what the keyid ", ann, " stands for: ")), std::string::npos);
  EXPECT_NE(told().find(other), std::string::npos) << told();
}

TEST_F(DifferenceForSigners, AKeyThatIsTakenFromTheListIsToldAndRefused) {
  const std::string carla = work.key("carla").keyid.str();
  const std::string listed = sorted_json(work.key("carla").json());
  edit("root", [&](json::Value& head) {
    std::erase_if(*member_in(head, "keys")->object(),
                  [&](const json::Member& each) { return each.first == carla; });
  });
  EXPECT_NE(told().find(cat("no longer lists the keyid ", carla, ", which stood for: ", listed)),
            std::string::npos)
      << told();
  EXPECT_NE(told(Shown::briefly).find("no longer lists the keyid "), std::string::npos);
  const auto found = examine().faults;
  const auto form = std::ranges::find(found, "form", &Fault::id);
  ASSERT_NE(form, found.end());
  EXPECT_EQ(form->role.str(), "root");
  EXPECT_TRUE(form->blocks);
  EXPECT_EQ(form->what,
            cat("the role targets has the keyid ", carla, ", under which no key is listed"));
}

// Once that was published all the same.
TEST_F(DifferenceForSigners, AKeyUnderAKeyidThatStoodForNothingIsToldWhole) {
  const std::string carla = work.key("carla").keyid.str();
  auto repository = work.open();
  Draft after = **repository.published(RoleName("root"));
  auto& keys = *member_in(after.head(), "keys");
  *member_in(keys, carla) = work.key("mallory").json();
  Draft before = after;
  std::erase_if(*member_in(before.head(), "keys")->object(),
                [&](const json::Member& each) { return each.first == carla; });
  const auto changes = difference(&before, after, nullptr);
  ASSERT_TRUE(changes);
  ASSERT_EQ(changes->size(), 1U);
  EXPECT_EQ((*changes)[0].kind, "key-listed");
  EXPECT_EQ((*changes)[0].text(Shown::whole),
            cat("lists under the keyid ", carla, ": ", sorted_json(work.key("mallory").json())));
}

TEST_F(DifferenceForSigners, AKeyThatNoRoleUsesIsToldAndIsNoFault) {
  const auto dora = work.key("dora");
  edit("root",
       [&](json::Value& head) { member_in(head, "keys")->set(dora.keyid.str(), dora.json()); });
  EXPECT_NE(
      told().find(cat("lists under the keyid ", dora.keyid.str(), ": ", sorted_json(dora.json()))),
      std::string::npos)
      << told();
  EXPECT_EQ(faults(), Names{});
}

TEST_F(DifferenceForSigners, AKeyThatComesWithItsRoleIsToldOnce) {
  work.change([&](Repository& r) {
    return add_key(r, RoleName("root"), work.key("dora"), work.clock.now());
  });
  EXPECT_NE(told().find(cat("adds key ed25519 ", work.key("dora").keyid.str(), " to root")),
            std::string::npos);
  EXPECT_EQ(told().find("under the keyid"), std::string::npos) << told();
  edit("root", [&](json::Value& head) {  // but for what its keyid does not cover
    member_in(*member_in(head, "keys"), work.key("dora").keyid.str())->set("x-owner", "@mallory");
  });
  EXPECT_NE(told().find(R"("x-owner":"@mallory")"), std::string::npos) << told();
}

TEST_F(DifferenceForSigners, ARootThatClientsOfOthersRefuseIsNotPublished) {
  for (const json::Value& mirrors :
       std::vector<json::Value>{"x", json::Object{{"keyids", json::Array{}}}}) {
    edit("root", [&](json::Value& head) { member_in(head, "roles")->set("mirrors", mirrors); });
    EXPECT_EQ(faults(), Names{"form"});
    EXPECT_NE(told().find("lists the role mirrors"), std::string::npos) << told();
    work.sign_all({"ann", "ben"});
    EXPECT_EQ(work.publish(), "tuf.publish.form") << work.detail;
  }
  edit("root", [](json::Value& head) {
    std::erase_if(*member_in(head, "roles")->object(),
                  [](const json::Member& each) { return each.first == "mirrors"; });
    member_in(*member_in(head, "roles"), "root")->set("name", "of all");
  });
  EXPECT_NE(told().find("root name: \"of all\""), std::string::npos) << told();
  work.sign_all({"ann", "ben"});
  EXPECT_EQ(work.publish(), "good") << work.detail;
  // It is there by now, and stands in nobody's way.
  work.change([&](Repository& r) { return renew(r, RoleName("root"), work.clock.now()); });
  EXPECT_EQ(faults(), Names{});
}

TEST_F(DifferenceForSigners, ManyProposalsAreLookedAtToo) {
  edit("targets", [](json::Value& head) { head.set("delegations", json::Object{}); });
  auto repository = work.open();
  const auto proposal = examine_proposal(repository, work.clock.now(), {.changes = false});
  ASSERT_TRUE(proposal);
  EXPECT_NE(std::ranges::find(proposal->faults, "form", &Fault::id), proposal->faults.end());
}

TEST_F(DifferenceForSigners, AnExpiryIsToldAsItIsWritten) {
  Draft draft = Draft::fresh(RoleType::targets);
  draft.head().set("expires", "2030-01-01T00:00:00.5Z");
  Draft before = Draft::fresh(RoleType::targets);
  before.head().set("expires", "2030-01-01T00:00:00Z");
  const auto changes = difference(&before, draft, nullptr);
  ASSERT_TRUE(changes);
  ASSERT_EQ(changes->size(), 1U);
  EXPECT_EQ((*changes)[0].text(), "expires: 2030-01-01T00:00:00Z -> 2030-01-01T00:00:00.5Z");
}

TEST_F(DifferenceForSigners, WordsOfOthersCannotBeTakenForOurs) {
  const auto digest = crypto::digest_of(crypto::HashAlgorithm::sha256, bytes_of("x"));
  const NewTarget target{
      cat("app.txt\u00A0\u2003\u2800 5\u3164B,\u034F sha256 abab"), 1, {digest}, ""};
  work.change(
      [&](Repository& r) { return add_targets(r, {target}, std::nullopt, work.clock.now()); });
  edit("targets", [](json::Value& head) {
    head.set("threshold of root", 1);
    head.set("expires:", "2030");
  });
  EXPECT_NE(
      told().find(
          R"(adds "app.txt\xa0\u{2003}\u{2800} 5\u{3164}B,\u{034f} sha256 abab"   1 B, sha256 )"),
      std::string::npos)
      << told();
  EXPECT_NE(told().find("\"threshold of root\": 1\n"), std::string::npos) << told();
  EXPECT_NE(told().find("\"expires:\": \"2030\"\n"), std::string::npos) << told();
  const auto who =
      identity_key("ann@example.org, issuer https://accounts.google.com", "https://evil.example")
          .value();
  edit("root", [&](json::Value& head) {
    member_in(head, "keys")->set(who.keyid.str(), who.json());
    member_in(*member_in(*member_in(head, "roles"), "root"), "keyids")
        ->array()
        ->emplace_back(who.keyid.str());
  });
  EXPECT_NE(
      told().find("adds key identity \"ann@example.org, issuer https://accounts.google.com\", "
                  "issuer https://evil.example to root\n"),
      std::string::npos)
      << told();
}

TEST_F(DifferenceForSigners, TargetsAreToldToTheirEnd) {
  const auto digest = crypto::digest_of(crypto::HashAlgorithm::sha256, bytes_of("x"));
  NewTarget target{
      "b.txt", 5'000, {digest}, cat(R"({"note": ")", std::string(2'000, 'x'), R"("})")};
  const auto put = [&](const std::string& last) {
    target.custom = cat(R"({"a": ")", std::string(2'000, 'x'), R"(", "z": ")", last, R"("})");
    work.change(
        [&](Repository& r) { return add_targets(r, {target}, std::nullopt, work.clock.now()); });
    ASSERT_EQ(work.problem, "");
  };
  put("last words");
  EXPECT_NE(told().find("last words"), std::string::npos);
  EXPECT_NE(told().find(digest.hex()), std::string::npos);
  EXPECT_NE(told().find("(5000 bytes)"), std::string::npos);
  EXPECT_EQ(told(Shown::briefly).find("last words"), std::string::npos);
}

TEST_F(DifferenceForSigners, AChangeBehindWhatIsShownInBriefIsShownWhole) {
  const std::string long_one(2'000, 'x');
  const Change change{"target-changed", "a",
                      cat(R"({"custom":{"a":")", long_one, R"(1"},"hashes":{},"length":1})"),
                      cat(R"({"custom":{"a":")", long_one, R"(2"},"hashes":{},"length":1})")};
  EXPECT_NE(change.text().find(cat(long_one, "2")), std::string::npos);
}

TEST_F(DifferenceForSigners, MembersThatNobodyKnowsAreTold) {
  work.add("b.txt", "b");
  {
    auto repository = work.open();
    Draft draft = (*repository.staged(RoleName("targets")))->draft;
    std::string entry(*draft.find("b.txt"));
    draft.put("b.txt", cat(R"({"also":"this",)", entry.substr(1)));
    ASSERT_TRUE(repository.stage_as_is(RoleName("targets"), std::move(draft)));
    ASSERT_TRUE(repository.save());
  }
  EXPECT_NE(told().find(R"(also "this")"), std::string::npos) << told();
  edit("targets", [](json::Value& head) {
    member_or_new(head, "delegations", json::Value(json::Object{})).set("keys", json::Object{});
    member_in(head, "delegations")->set("roles", json::Array{});
    member_in(head, "delegations")->set("beside", "it");
  });
  EXPECT_NE(told().find("delegations beside: it"), std::string::npos) << told();
}

TEST_F(DifferenceForSigners, APathCannotLookLikeAPathAndAHash) {
  const std::string good(64, 'a');
  const auto digest = crypto::digest_of(crypto::HashAlgorithm::sha256, bytes_of("x"));
  const NewTarget target{cat("app.txt   1 B, sha256 ", good), 1, {digest}, ""};
  work.change(
      [&](Repository& r) { return add_targets(r, {target}, std::nullopt, work.clock.now()); });
  ASSERT_EQ(work.problem, "");
  EXPECT_NE(
      told().find(cat("adds \"app.txt   1 B, sha256 ", good, "\"   1 B, sha256 ", digest.hex())),
      std::string::npos)
      << told();
}

TEST_F(DifferenceForSigners, AFileBelowKeysCannotBeMoreThanAName) {
  const auto key = work.key("mallory");
  overwrite("keys/carla (ed25519 12345678) and ann.json", json::write(key.json()));
  work.change([&](Repository& r) { return add_key(r, RoleName("root"), key, work.clock.now()); });
  EXPECT_NE(told().find(cat("adds key ed25519 ", key.keyid.str(), " to root")), std::string::npos)
      << told();
}

TEST_F(DifferenceForSigners, NamesThatWouldChangeTheScreenAreEscaped) {
  const auto digest = crypto::digest_of(crypto::HashAlgorithm::sha256, bytes_of("x"));
  const NewTarget target{"a\u202Etxt.exe", 1, {digest}, R"({"b": "\u001b[2J\u200b"})"};
  work.change(
      [&](Repository& r) { return add_targets(r, {target}, std::nullopt, work.clock.now()); });
  ASSERT_EQ(work.problem, "");
  EXPECT_NE(told().find("adds \"a\\u{202e}txt.exe\""), std::string::npos) << told();
  EXPECT_EQ(told().find('\x1b'), std::string::npos);
  EXPECT_EQ(told().find("\u200b"), std::string::npos);
}

}  // namespace
}  // namespace sluice::tuf
