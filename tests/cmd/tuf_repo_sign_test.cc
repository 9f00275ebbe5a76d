// SPDX-License-Identifier: Apache-2.0
// Who signs a proposal, and is asked: at a terminal of the test's, where others go on working while
// somebody thinks.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <map>

#include "cmd/served_sigstore.h"
#include "crypto/private_key.h"
#include "json/value.h"
#include "support/forwarding_files.h"
#include "support/json_schema.h"
#include "support/program.h"

namespace sluice {
namespace {

using std::chrono::hours;
using test::has;
using test::Told;
using Words = std::vector<std::string>;

// Somebody who sits at a terminal, and what happens elsewhere before he answers.
class Person final : public cli::Console {
 public:
  Result<void> print(std::string_view data) override {
    out += data;
    return {};
  }
  void talk(std::string_view text) override { err += text; }
  bool terminal_out() const override { return true; }
  bool terminal_in() const override { return true; }
  Result<SecretBytes> ask_secret(std::string_view prompt) override {
    secrets.emplace_back(prompt);
    if (meanwhile) meanwhile();
    return SecretBytes::copy_of(password);
  }
  Result<std::string> ask(std::string_view question) override {
    questions.emplace_back(question);
    if (meanwhile) meanwhile();
    return answer;
  }
  std::string password;
  std::string answer;
  std::function<void()> meanwhile;
  std::vector<std::string> secrets;  // that he was asked for
  std::vector<std::string> questions;
  std::string out;
  std::string err;
};

// Nobody waits for a lock, and the reading of keys is counted.
class CountingFiles final : public test::ForwardingFiles {
 public:
  Result<std::string> read_plain(const Path& path, std::size_t max, Links links) override {
    ++read[path.filename().native()];
    return ForwardingFiles::read_plain(path, max, links);
  }
  Result<std::unique_ptr<FileLock>> lock(const Path& path, std::chrono::milliseconds) override {
    return ForwardingFiles::lock(path, std::chrono::milliseconds(0));
  }
  std::map<std::string, int> read;
};

// Root by ann and ben, both; targets by carla. What carla and "locked" have is encrypted.
class TufSigning : public testing::Test {
 protected:
  TufSigning() {
    for (const std::string person : {"ann", "ben", "carla", "locked", "zoe"}) make_key(person);
    environment.values["ONLINE"] = test::read_file(folder / "zoe.key");
    make({"--online-signer", "env:ONLINE"});
    folder.write("app.txt", "release 1.0\n");
  }
  void make_key(const std::string& person) {
    const auto key = crypto::PrivateKey::generate(crypto::KeyType::ed25519);
    folder.write(person + ".pub", key->public_key().pem());
    const bool encrypted = person == "carla" || person == "locked";
    const auto secret = SecretBytes::copy_of("right");
    folder.write(person + ".key", encrypted ? *key->to_encrypted_pkcs8_pem(secret)
                                            : std::string(key->to_pkcs8_pem()->reveal_text()));
  }
  std::string at(const std::string& name) const { return (folder / name).native(); }
  // Published once.
  void make(Words more) {
    std::filesystem::remove_all(folder / "repo");
    Words words{"init",       "--root-key",    at("ann.pub"),
                "--root-key", at("ben.pub"),   "--root-threshold",
                "2",          "--targets-key", at("carla.pub")};
    words.insert(words.end(), more.begin(), more.end());
    words.push_back(at("repo"));
    words.insert(words.begin(), "tuf");
    const Told told = without_a_person(words);
    EXPECT_EQ(told.code, 0) << told.all();
  }
  void publish_all() {
    for (const std::string person : {"ann", "ben", "carla"})
      good({"sign", "--key", key(person), "--yes"});
    good({"publish"});
  }
  std::string key(const std::string& person) const { return at(person + ".key"); }
  int run(cli::Console& console, const Words& words, Environment& variables) {
    const World world{clock, files, variables, random, system_processes()};
    return cli::run_program(console, world, "sluice", words);
  }
  int run(Person& person, Words words) {
    words.insert(words.begin(), "tuf");
    words.insert(words.end(), {"--repo", at("repo")});
    return run(person, words, environment);
  }
  // Where nobody sits, and the password is known.
  Told without_a_person(const Words& words) {
    test::FakeEnvironment variables = environment;
    variables.values["SLUICE_PASSWORD"] = "right";
    test::KeptConsole console;
    const int code = run(console, words, variables);
    return {code, std::move(console.out), std::move(console.err)};
  }
  Told job(Words words) {
    words.insert(words.begin(), "tuf");
    words.insert(words.end(), {"--repo", at("repo")});
    return without_a_person(words);
  }
  Told good(const Words& words) {
    Told told = job(words);
    EXPECT_EQ(told.code, 0) << words[0] << "\n" << told.all();
    return told;
  }
  json::Value parsed(const std::string& text) {
    auto value = json::parse_strict(text);
    EXPECT_TRUE(value) << text;
    return value ? *std::move(value) : json::Value();
  }
  std::size_t signatures(const std::string& role) const {
    const auto entries = system_files().list(folder / "repo/staging/signatures" / role);
    return entries ? entries->size() : 0;
  }
  // The repository, as it lies on a stick.
  void put_on_a_stick() const {
    std::filesystem::remove_all(folder / "stick");
    std::filesystem::copy(folder / "repo/staging", folder / "stick",
                          std::filesystem::copy_options::recursive);
  }

  test::TempFolder folder;
  CountingFiles files;
  test::FakeClock clock;
  test::FakeEnvironment environment;
  test::FakeRandom random;
};

// --- keys that do not sign

TEST_F(TufSigning, AWrongPasswordIsAnErrorWhateverElseMightBeSigned) {
  for (const Words& keys :
       {Words{"--key", key("carla")}, Words{"--key", key("ann"), "--key", key("carla")},
        Words{"--key", key("ann"), "--key", key("locked")}}) {
    for (const bool json : {false, true}) {
      Words words{"sign", "--yes"};
      words.insert(words.end(), keys.begin(), keys.end());
      if (json) words.insert(words.end(), {"--output", "json"});
      Person person;
      person.password = "wrong";
      EXPECT_EQ(run(person, words), 3) << person.out;
      EXPECT_TRUE(has(person.err, "the password does not open the key")) << person.err;
      EXPECT_TRUE(has(person.err, keys.back())) << person.err;
      if (json) {
        const auto told = parsed(person.out);
        EXPECT_EQ(test::misfit(test::published_schema("error.v1"), told, ""), "");
        EXPECT_EQ(*told.find("code")->string(), "denied");
      }
      EXPECT_EQ(person.secrets.size(), 1U);
      EXPECT_EQ(signatures("root") + signatures("targets"), 0U);
    }
  }
  Person person;
  person.password = "right";
  EXPECT_EQ(run(person, {"sign", "--yes", "--key", key("ann"), "--key", key("carla")}), 0);
  EXPECT_EQ(signatures("root") + signatures("targets"), 2U);
}

TEST_F(TufSigning, AKeyThatIsNobodysIsAnErrorUnlessAnotherOneSigns) {
  const Told alone = job({"sign", "--yes", "--key", key("zoe")});
  EXPECT_EQ(alone.code, 3) << alone.all();
  EXPECT_TRUE(has(alone.err, "zoe.key is none of the keys that may sign; nothing was signed"))
      << alone.err;
  EXPECT_TRUE(has(alone.err, "sluice tuf status")) << alone.err;
  const auto told = parsed(job({"sign", "--yes", "--key", key("zoe"), "--output", "json"}).out);
  EXPECT_TRUE(has(*told.find("message")->string(), "is none of the keys that may sign"));
  const Told beside = good({"sign", "--yes", "--key", key("zoe"), "--key", key("ann")});
  EXPECT_TRUE(has(beside.err, "zoe.key is none of the keys that may sign")) << beside.err;
  EXPECT_TRUE(has(beside.out, "signed    1 signature\n")) << beside.out;
}

TEST_F(TufSigning, AKeyThatHasSignedAlreadyIsToldAndNoError) {
  good({"sign", "--yes", "--key", key("ann")});
  const Told again = good({"sign", "--yes", "--key", key("ann")});
  EXPECT_TRUE(has(again.err, "ann.key has signed its part already")) << again.err;
  EXPECT_FALSE(has(again.out, "signed    ")) << again.out;
  const auto told = parsed(good({"sign", "--yes", "--key", key("ann"), "--key", key("ben"), "--key",
                                 key("zoe"), "--output", "json"})
                               .out);
  EXPECT_EQ(told.find("signed")->integer(), 1);
  const auto& keys = *told.find("keys")->array();
  ASSERT_EQ(keys.size(), 3U);
  EXPECT_TRUE(has(*keys[0].find("why_not")->string(), "has signed its part already"));
  EXPECT_EQ(keys[0].find("signed")->boolean(), false);
  EXPECT_EQ(keys[1].find("signed")->boolean(), true);
  EXPECT_EQ(keys[1].find("why_not"), nullptr);
  EXPECT_TRUE(has(*keys[2].find("why_not")->string(), "is none of the keys that may sign"));
  // Of what nobody can tell whose it is there is no success either.
  EXPECT_EQ(job({"sign", "--yes", "--key", key("zoe"), "--key", key("locked")}).code, 3);
}

TEST_F(TufSigning, ARoleThatIsNamedIsSignedOrItIsAnError) {
  const Told other = job({"sign", "--yes", "--key", key("ann"), "--role", "targets"});
  EXPECT_EQ(other.code, 3);
  EXPECT_TRUE(has(other.err, "ann.key is none of the keys that may sign, while signing targets"))
      << other.err;
  const Told half =
      job({"sign", "--yes", "--key", key("ann"), "--role", "targets", "--role", "root"});
  EXPECT_EQ(half.code, 3);
  EXPECT_EQ(signatures("root"), 0U);
  good({"sign", "--yes", "--key", key("ann"), "--key", key("carla"), "--role", "targets", "--role",
        "root"});
  EXPECT_EQ(signatures("root") + signatures("targets"), 2U);
}

TEST_F(TufSigning, ARoleThatIsNotProposedIsNamed) {
  for (const Words& words :
       {Words{"sign", "--yes", "--key", key("ann"), "--role", "nosuch"},
        Words{"diff", "--role", "nosuch"}, Words{"propose", "--drop", "--role", "nosuch"}}) {
    const Told told = job(words);
    EXPECT_EQ(told.code, 3) << words[0] << told.all();
    EXPECT_TRUE(has(told.err, "nosuch is not proposed")) << told.err;
  }
  good({"diff", "--role", "root"});
  good({"sign", "--yes", "--key", key("ann"), "--role", "root"});
}

TEST_F(TufSigning, AnOnlineKeyWithAWrongPasswordIsTheErrorOfPublish) {
  make({"--online-signer", key("locked")});
  publish_all();
  Person person;
  person.password = "wrong";
  EXPECT_EQ(run(person, {"publish", "--new-timestamp"}), 3) << person.out;
  EXPECT_TRUE(has(person.err, "the password does not open the key")) << person.err;
  EXPECT_TRUE(has(person.err, "locked.key, while signing timestamp")) << person.err;
  person.password = "right";
  EXPECT_EQ(run(person, {"publish", "--new-timestamp"}), 0) << person.err;
}

TEST_F(TufSigning, AKeyIsOpenedOnceForAllRolesThatItSigns) {
  publish_all();
  good({"delegate", "--bins", "16", "--key", at("carla.pub")});
  files.read.clear();
  Person person;
  person.password = "right";
  EXPECT_EQ(run(person, {"sign", "--yes", "--key", key("carla")}), 0) << person.err;
  EXPECT_TRUE(has(person.out, "signed    17 signatures\n")) << person.out;
  EXPECT_EQ(files.read["carla.key"], 1);
  EXPECT_EQ(person.secrets.size(), 1U);
}

TEST_F(TufSigning, NobodyIsAskedTwiceForAPasswordWhereMetadataCallsTheKeyAnotherName) {
  publish_all();
  // As others compute keyids, and with a scheme that is not what we would take.
  const auto rsa = crypto::PrivateKey::generate(crypto::KeyType::rsa);
  folder.write("rsa.key", *rsa->to_encrypted_pkcs8_pem(SecretBytes::copy_of("right")));
  const json::Value listed =
      json::Object{{"keyid", std::string(64, 'a')},
                   {"keytype", "rsa"},
                   {"keyval", json::Object{{"public", rsa->public_key().pem()}}},
                   {"scheme", "rsassa-pss-sha512"}};
  folder.write("rsa.json", json::write(listed));
  good({"delegate", "libs", "--path", "libs/*", "--key", at("rsa.json")});
  good({"delegate", "apps", "--path", "apps/*", "--key", at("rsa.json")});
  Person person;
  person.password = "right";
  EXPECT_EQ(run(person, {"sign", "--yes", "--key", key("rsa")}), 0) << person.err;
  EXPECT_TRUE(has(person.out, "signed    2 signatures\n")) << person.out;
  EXPECT_EQ(person.secrets.size(), 1U);
}

// --- the question

TEST_F(TufSigning, AQuestionIsAskedInTheOpenAndYOrYesSigns) {
  for (const std::string no : {"", "n", "no", "yess", "q"}) {
    Person person;
    person.answer = no;
    EXPECT_EQ(run(person, {"sign", "--key", key("ann")}), 1) << no;
    EXPECT_EQ(person.questions, std::vector<std::string>{"Sign? [y/N] "});
    EXPECT_TRUE(person.secrets.empty());
    EXPECT_TRUE(has(person.out, "You are about to sign root 1, its first version")) << person.out;
    EXPECT_TRUE(has(person.err, "Nothing was signed.")) << person.err;
    EXPECT_EQ(signatures("root"), 0U);
  }
  std::size_t count = 0;
  for (const auto& [yes, who] : {std::pair<std::string, std::string>{"y", "ann"}, {"Yes", "ben"}}) {
    Person person;
    person.answer = yes;
    EXPECT_EQ(run(person, {"sign", "--key", key(who)}), 0) << person.err;
    EXPECT_EQ(signatures("root"), ++count);
  }
}

// --- while somebody is asked

TEST_F(TufSigning, OthersGoOnWhileSomebodyThinksWhetherToSign) {
  publish_all();
  good({"add", at("app.txt")});
  clock.advance(hours(20));
  const std::string before = test::read_file(folder / "repo/metadata/timestamp.json");
  Person person;
  person.password = "right";
  person.answer = "y";
  person.meanwhile = [&] {
    good({"refresh-online"});
    good({"propose", "--renew", "root"});
  };
  EXPECT_EQ(run(person, {"sign", "--key", key("carla"), "--role", "targets"}), 0) << person.err;
  EXPECT_EQ(person.secrets.size() + person.questions.size(), 2U);
  EXPECT_EQ(signatures("targets"), 1U);
  EXPECT_NE(test::read_file(folder / "repo/metadata/timestamp.json"), before);
}

TEST_F(TufSigning, WhatChangedWhileSomebodyThoughtIsNotSigned) {
  publish_all();
  good({"add", at("app.txt")});
  good({"propose", "--renew", "root"});
  Person person;
  person.answer = "y";
  person.meanwhile = [&] { good({"add", "--as", "evil.txt", at("app.txt")}); };
  environment.values["SLUICE_PASSWORD"] = "right";
  EXPECT_EQ(run(person, {"sign", "--key", key("ann"), "--key", key("carla")}), 3) << person.out;
  EXPECT_TRUE(has(person.err, "somebody else changed the proposal of targets in this moment"))
      << person.err;
  EXPECT_EQ(signatures("targets") + signatures("root"), 0U);
  person.meanwhile = nullptr;
  EXPECT_EQ(run(person, {"sign", "--key", key("ann"), "--key", key("carla")}), 0) << person.err;
  EXPECT_EQ(signatures("targets") + signatures("root"), 2U);
}

TEST_F(TufSigning, OthersGoOnWhileSomebodyTypesThePasswordOfAnOnlineKey) {
  make({"--online-signer", key("locked")});
  publish_all();
  clock.advance(hours(20));
  good({"add", at("app.txt")});
  good({"sign", "--yes", "--key", key("carla")});
  for (const Words& words :
       {Words{"refresh-online"}, Words{"publish"}, Words{"publish", "--new-timestamp"}}) {
    Person person;
    person.password = "right";
    person.meanwhile = [&] { good({"propose"}); };  // which holds the repository
    EXPECT_EQ(run(person, words), 0) << words[0] << person.out << person.err;
    EXPECT_EQ(person.secrets.size(), 1U) << words[0];
  }
  const Told verified = without_a_person({"tuf", "verify", "--deep", at("repo")});
  EXPECT_EQ(verified.code, 0) << verified.all();
}

TEST_F(TufSigning, APublisherDoesNotGoOnWithWhatAnotherPublishedWhileHeTyped) {
  make({"--online-signer", key("locked")});
  publish_all();
  const auto timestamp = [&] { return test::read_file(folder / "repo/metadata/timestamp.json"); };
  std::string theirs;
  Person person;
  person.password = "right";
  person.meanwhile = [&] {
    good({"publish", "--new-timestamp"});
    good({"publish", "--new-timestamp"});
    theirs = timestamp();
  };
  EXPECT_EQ(run(person, {"publish", "--new-timestamp"}), 3) << person.out;
  EXPECT_TRUE(has(person.err, "somebody else published in this moment")) << person.err;
  EXPECT_TRUE(has(person.err, "do the same again")) << person.err;
  EXPECT_EQ(timestamp(), theirs);
  person.meanwhile = nullptr;
  EXPECT_EQ(run(person, {"publish", "--new-timestamp"}), 0) << person.err;
}

TEST_F(TufSigning, APublisherDoesNotPublishWhatChangedWhileHeTyped) {
  make({"--online-signer", key("locked")});
  publish_all();
  good({"add", at("app.txt")});
  good({"sign", "--yes", "--key", key("carla")});
  Person person;
  person.password = "right";
  person.meanwhile = [&] { good({"add", "--as", "more.txt", at("app.txt")}); };
  EXPECT_EQ(run(person, {"publish"}), 3) << person.out;
  EXPECT_TRUE(has(person.err, "somebody else changed the proposal of targets in this moment"))
      << person.err;
  EXPECT_FALSE(system_files().info(folder / "repo/metadata/2.targets.json"));
}

TEST_F(TufSigning, ACommandThatWaitsInVainSaysWhatToDo) {
  const auto held = system_files().lock(folder / "repo/.sluice-staging.lock", hours(0));
  ASSERT_TRUE(held);
  const Told told = job({"add", at("app.txt")});
  EXPECT_EQ(told.code, 3);
  EXPECT_TRUE(has(told.err, "another command has been changing ")) << told.err;
  EXPECT_TRUE(has(told.err, "wait for it to end, and do the same again")) << told.err;
}

TEST_F(TufSigning, ThereIsOneLockForTheRepositoryAndOneForTheStore) {
  publish_all();
  good({"add", at("app.txt")});
  std::vector<std::string> own;
  for (const auto& entry : std::filesystem::directory_iterator(folder / "repo")) {
    const std::string name = entry.path().filename();
    if (name.starts_with(".sluice-")) own.push_back(name);
  }
  std::ranges::sort(own);
  EXPECT_EQ(own, (std::vector<std::string>{".sluice-lock", ".sluice-staging.lock"}));
}

// --- signatures from elsewhere

TEST_F(TufSigning, WhatIsNoStagingAreaIsNotCollected) {
  std::filesystem::create_directories(folder / "empty");
  std::filesystem::create_directories(folder / "others/signatures/other");
  for (const std::string place : {"nowhere", "empty", "others", "app.txt"}) {
    const Told told = job({"sign", "--collect", at(place)});
    EXPECT_EQ(told.code, 3) << place << told.all();
    EXPECT_TRUE(has(told.err, place)) << told.err;
  }
  EXPECT_TRUE(has(job({"sign", "--collect", at("nowhere")}).err, "there are no signatures in "));
  EXPECT_TRUE(has(job({"sign", "--collect", at("others")}).err,
                  "there is no signature of what is proposed in "));
}

TEST_F(TufSigning, WhatIsHereAlreadyIsNotTakenOverAgain) {
  good({"sign", "--yes", "--key", key("ann")});
  put_on_a_stick();
  std::filesystem::remove_all(folder / "repo/staging/signatures");
  EXPECT_TRUE(has(good({"sign", "--collect", at("stick")}).out, "took over 1 signature\n"));
  const Told again = good({"sign", "--collect", at("stick")});
  EXPECT_FALSE(has(again.out, "took over")) << again.out;
  EXPECT_TRUE(has(again.out, "known     1 signature, here already\n")) << again.out;
  const auto told = parsed(good({"sign", "--collect", at("stick"), "--output", "json"}).out);
  EXPECT_EQ(told.find("collected")->integer(), 0);
  EXPECT_EQ(told.find("collected_before")->integer(), 1);
}

// --- what was edited by hand

TEST_F(TufSigning, WhatIsTakenAfterAHandsEditIsShownWithWhoSigns) {
  publish_all();
  good({"add", at("app.txt")});
  good({"sign", "--yes", "--key", key("carla")});
  std::string text = test::read_file(folder / "repo/staging/targets.json");
  text.insert(text.find("\"_type\""), "\"x-note\": \"by hand\", ");
  folder.write("repo/staging/targets.json", text);
  std::filesystem::copy(folder / "repo", folder / "copy", std::filesystem::copy_options::recursive);
  const Told told = good({"propose"});
  EXPECT_TRUE(has(told.out, "targets is taken as it stands in ")) << told.out;
  EXPECT_TRUE(has(told.out, "1 signature was over the version before")) << told.out;
  EXPECT_TRUE(has(told.out, "adds app.txt")) << told.out;
  EXPECT_TRUE(has(told.out, "x-note")) << told.out;
  EXPECT_TRUE(has(told.out, "still needed  carla (ed25519 ")) << told.out;
  std::filesystem::remove_all(folder / "repo");
  std::filesystem::rename(folder / "copy", folder / "repo");
  const auto json = parsed(good({"propose", "--output", "json"}).out);
  EXPECT_EQ(*json.find("kind")->string(), "sluice.tuf-proposal/v1");
  EXPECT_EQ(*(*json.find("taken")->array())[0].string(), "targets");
  EXPECT_EQ(json.find("signatures_dropped")->integer(), 1);
  EXPECT_EQ(parsed(good({"propose", "--output", "json"}).out).find("taken")->array()->size(), 0U);
}

}  // namespace
}  // namespace sluice
