// SPDX-License-Identifier: Apache-2.0
// `sluice tuf refresh-online` and `publish` where something waits for people, by a clock that the
// test sets: what they say, and by which exit code a job at set times notices.
#include <gtest/gtest.h>

#include <filesystem>

#include "base/text.h"
#include "cmd/served_sigstore.h"
#include "crypto/private_key.h"
#include "json/value.h"
#include "support/program.h"

namespace sluice {
namespace {

using std::chrono::days;
using std::chrono::hours;
using test::has;
using test::Told;
using Words = std::vector<std::string>;

class TufRefresh : public testing::Test {
 protected:
  TufRefresh() {
    for (const std::string name : {"ANN", "ONLINE"}) {
      const auto key = crypto::PrivateKey::generate(crypto::KeyType::ed25519);
      environment.values[name] = std::string(key->to_pkcs8_pem()->reveal_text());
      folder.write(cat(name, ".pub"), key->public_key().pem());
    }
    folder.write("app.txt", "release 1.0\n");
    EXPECT_EQ(call({"init", "--root-key", path("ANN.pub"), "--targets-key", path("ANN.pub"),
                    "--online-signer", "env:ONLINE", repo()})
                  .code,
              0);
    tuf({"add", path("app.txt")});
    sign();
    tuf({"publish"});
  }
  std::string path(const std::string& name) const { return (folder / name).native(); }
  std::string repo() const { return path("repo"); }
  Told call(Words words) {
    words.insert(words.begin(), "tuf");
    test::KeptConsole console;
    const World world{clock, system_files(), environment, random, system_processes()};
    const int code = cli::run_program(console, world, "sluice", words);
    return {code, std::move(console.out), std::move(console.err)};
  }
  Told tuf(Words words, int expected = 0) {
    words.insert(words.end(), {"--repo", repo()});
    Told told = call(words);
    EXPECT_EQ(told.code, expected) << join(words, " ") << "\n" << told.all();
    return told;
  }
  void sign() { tuf({"sign", "--key", "env:ANN", "--yes"}); }
  void pass(std::chrono::seconds time) { clock.set(clock.now() + time); }
  std::string published(const std::string& name) const {
    return test::read_file(folder / "repo" / "metadata" / name);
  }
  void policy(const std::string& roles) const {
    folder.write("repo/tuf-repo.yaml", cat("kind: sluice.tuf-repo/v1\nroles:\n", roles));
  }

  test::TempFolder folder;
  test::FakeClock clock;
  test::FakeEnvironment environment;
  test::FakeRandom random;
};

TEST_F(TufRefresh, WhatWaitsForPeopleIsExitCode75AndTheRestIsPublished) {
  pass(days(75));
  const Told renewed = tuf({"refresh-online"});
  EXPECT_FALSE(has(renewed.out, "waits")) << renewed.out;
  pass(days(2));
  const Told soon = tuf({"refresh-online"}, 75);
  EXPECT_TRUE(has(soon.out, "published  timestamp 3\n")) << soon.out;
  EXPECT_TRUE(has(soon.out, "waits for people\n  targets: version 1 is good until ")) << soon.out;
  EXPECT_TRUE(has(soon.out, "\n    sluice tuf propose --renew targets\n")) << soon.out;
  EXPECT_TRUE(has(tuf({"refresh-online"}, 75).out, "nothing was signed\nwaits for people\n"));
  pass(days(20));
  const Told late = tuf({"refresh-online"}, 75);
  EXPECT_TRUE(has(late.out, "published  snapshot 3, timestamp 4\n")) << late.out;
  EXPECT_TRUE(has(late.out, ": clients refuse everything until a new one is published\n"))
      << late.out;
  EXPECT_FALSE(has(late.all(), "attack")) << late.all();
  tuf({"propose", "--renew", "targets"});
  sign();
  tuf({"publish"});
  EXPECT_TRUE(has(tuf({"refresh-online"}).out, "nothing is due\n"));
}

TEST_F(TufRefresh, AsJsonToo) {
  pass(days(100));
  const auto told = json::parse_strict(tuf({"refresh-online", "--output", "json"}, 75).out);
  ASSERT_TRUE(told);
  const auto* waiting = told->find("waiting");
  ASSERT_TRUE(waiting != nullptr && waiting->array() != nullptr);
  ASSERT_EQ(waiting->array()->size(), 1U);
  const auto& targets = waiting->array()->front();
  EXPECT_EQ(*targets.find("role")->string(), "targets");
  EXPECT_TRUE(*targets.find("expired")->boolean());
  EXPECT_EQ(*targets.find("next")->string(), "sluice tuf propose --renew targets");
  EXPECT_EQ(told->find("roles")->array()->size(), 2U);
}

TEST_F(TufRefresh, ATimestampWithoutAnOnlineKeyIsToldAndNothingIsWritten) {
  policy("  snapshot: {online: \"env:ONLINE\"}\n");
  pass(hours(11));
  tuf({"refresh-online"});
  const std::string before = published("timestamp.json");
  for (const auto time : {hours(9), hours(6)}) {
    pass(time);
    for (int i = 0; i < 3; ++i) {
      const Told told = tuf({"refresh-online"}, 75);
      EXPECT_TRUE(has(told.out, "nothing was signed\nwaits for people\n  timestamp: ")) << told.out;
      EXPECT_TRUE(has(told.out, "; tuf-repo.yaml names no online key for it\n")) << told.out;
    }
  }
  EXPECT_EQ(published("timestamp.json"), before);
  EXPECT_FALSE(std::filesystem::exists(folder / "repo/staging/timestamp.json"));
}

TEST_F(TufRefresh, AnOnlineKeyThatCannotBeOpenedIsTheError) {
  const auto key = crypto::PrivateKey::from_pem(environment.values.at("ONLINE"), {});
  const auto secret = SecretBytes::copy_of("right");
  environment.values["ONLINE"] = *key->to_encrypted_pkcs8_pem(secret);
  environment.values["SLUICE_PASSWORD"] = "wrong";
  pass(hours(20));
  for (const Words& words : {Words{"publish", "--new-timestamp"}, Words{"refresh-online"}}) {
    const Told told = tuf(words, 3);
    EXPECT_TRUE(has(told.err, "sluice: the password does not open the key")) << told.all();
    EXPECT_TRUE(has(told.err, "while signing timestamp")) << told.all();
    EXPECT_FALSE(has(told.all(), "name the right one")) << told.all();
  }
  environment.values.erase("SLUICE_PASSWORD");
  EXPECT_TRUE(has(tuf({"refresh-online"}, 3).err, "there is no terminal"));
  environment.values["SLUICE_PASSWORD"] = "right";
  tuf({"refresh-online"});
}

TEST_F(TufRefresh, AClockBehindWhatIsPublishedIsNoticed) {
  pass(-hours(48));
  EXPECT_TRUE(has(tuf({"refresh-online"}, 75).out, "nothing is due\nwarning  the clock of this"));
  const Told told = tuf({"publish", "--new-timestamp"});
  EXPECT_TRUE(has(told.out, "published  timestamp 2\n")) << told.out;
  EXPECT_TRUE(has(told.out, "\nwarning  the clock of this machine says ")) << told.out;
}

TEST_F(TufRefresh, WhatPeopleMustSignIsNotAddedAndPublishedAtOnce) {
  folder.write("b.txt", "b");
  const Told refused = tuf({"add", "--publish", path("b.txt")}, 1);
  EXPECT_TRUE(has(refused.out, "leave --publish out")) << refused.out;
  EXPECT_FALSE(has(refused.out, "sluice tuf sign")) << refused.out;
  tuf({"add", path("b.txt")});
  sign();
  tuf({"publish"});
}

TEST_F(TufRefresh, ADelegatedRoleThatThePolicyForgotIsPointedOut) {
  tuf({"delegate", "nightly", "--path", "nightly/*", "--signer", "env:ONLINE"});
  sign();
  const Told refused = tuf({"publish"}, 1);
  EXPECT_TRUE(has(refused.out, "below roles:   \"nightly\": {online: [SOURCE]}")) << refused.out;
  const std::string before = test::read_file(folder / "repo/tuf-repo.yaml");
  folder.write("repo/tuf-repo.yaml", cat(before, "  \"nightly\": {online: [\"env:ONLINE\"]}\n"));
  tuf({"publish"});
}

}  // namespace
}  // namespace sluice
