// SPDX-License-Identifier: Apache-2.0
#include "tuf/client.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "base/text.h"
#include "support/fake_world.h"
#include "support/temp_folder.h"
#include "support/tuf/fake_repo.h"
#include "tuf/names.h"

namespace sluice::tuf {
namespace {

using std::chrono::days;
using std::chrono::hours;
using test::kTufNow;
using test::make_tuf_key;
using Strings = std::vector<std::string>;

class ClientTest : public testing::Test {
 protected:
  ClientTest() {
    clock.set(kTufNow);
    options.folder = folder / "cache";
    options.metadata_urls = {"http://one/metadata/"};
    options.target_urls = {"http://one/targets/"};
    options.note = [this](const std::string& what) { notes.push_back(what); };
    auto client = open();
    EXPECT_TRUE(client.init(repo.files.at("metadata/1.root.json")));
  }
  Client open() { return {system_files(), clock, &http, options}; }
  template <class T>
  static std::string outcome(const Result<Verdict<T>>& result) {
    if (!result) return cat("error: ", result.error().what);
    const Check* failure = result->report().first_failure();
    return failure == nullptr ? "good" : failure->id;
  }
  std::string refresh() { return outcome(open().refresh()); }
  // One run: refresh, search, download.
  std::string get(const std::string& path) {
    auto client = open();
    const auto refreshed = client.refresh();
    if (outcome(refreshed) != "good") return outcome(refreshed);
    const auto found = client.find(path);
    if (outcome(found) != "good") return outcome(found);
    return outcome(client.download({*found->value()}, folder / "out"));
  }
  std::string cached(const std::string& name) const {
    return test::read_file(folder / "cache" / name);
  }
  std::string fetched(const std::string& name) const {
    return test::read_file(folder / "out" / name);
  }
  Strings requests() { return http.take_requests(); }
  void publish_all() { repo.publish({"root", "targets", "snapshot", "timestamp"}); }
  void publish() { repo.publish({"targets", "snapshot", "timestamp"}); }

  test::TempFolder folder;
  test::FakeRepo repo;
  test::RepoHttp http{repo};
  test::FakeClock clock;
  ClientOptions options;
  Strings notes;
};

TEST_F(ClientTest, RefreshesInTheOrderOfTheWorkflowAndKeepsTheBytes) {
  EXPECT_EQ(refresh(), "good");
  EXPECT_EQ(requests(), (Strings{"metadata/2.root.json", "metadata/timestamp.json",
                                 "metadata/1.snapshot.json", "metadata/1.targets.json"}));
  EXPECT_EQ(cached("root.json"), repo.files.at("metadata/1.root.json"));
  EXPECT_EQ(cached("timestamp.json"), repo.files.at("metadata/timestamp.json"));
  EXPECT_EQ(cached("snapshot.json"), repo.files.at("metadata/1.snapshot.json"));
  EXPECT_EQ(cached("targets.json"), repo.files.at("metadata/1.targets.json"));
  EXPECT_TRUE(notes.empty()) << notes[0];
  EXPECT_EQ(refresh(), "good");
  EXPECT_EQ(requests(), (Strings{"metadata/2.root.json", "metadata/timestamp.json"}));
}

TEST_F(ClientTest, WithoutConsistentSnapshotsNamesHaveNoVersions) {
  repo.part("root").set("consistent_snapshot", false);
  repo.add_target("targets", "a/b.txt", "hello");
  publish_all();
  EXPECT_EQ(get("a/b.txt"), "good");
  EXPECT_EQ(requests(),
            (Strings{"metadata/2.root.json", "metadata/3.root.json", "metadata/timestamp.json",
                     "metadata/snapshot.json", "metadata/targets.json", "targets/a/b.txt"}));
}

TEST_F(ClientTest, InitRefusesWhatIsNoRootAndAnotherRootThanBefore) {
  options.folder = folder / "fresh";
  EXPECT_EQ(outcome(open().init("{}")), "tuf.root.format");
  EXPECT_EQ(refresh(), cat("error: ", (folder / "fresh").native(), " holds no root to begin with"));
  EXPECT_TRUE(requests().empty());
  EXPECT_EQ(outcome(open().init(repo.files.at("metadata/1.root.json"))), "good");
  EXPECT_EQ(outcome(open().init(repo.files.at("metadata/1.root.json"))), "good");
  test::FakeRepo other;
  EXPECT_NE(outcome(open().init(other.files.at("metadata/1.root.json"))), "good");
  EXPECT_EQ(refresh(), "good");
}

TEST_F(ClientTest, ARootGivenAtTheCallIsTheOneToBeginWith) {
  options.root = test::FakeRepo().files.at("metadata/1.root.json");
  publish_all();
  EXPECT_EQ(refresh(),
            cat("error: ", (folder / "cache").native(), " holds another root of version 1"));
  options.root = repo.files.at("metadata/2.root.json");
  EXPECT_EQ(refresh(), "good");
  EXPECT_EQ(requests()[0], "metadata/3.root.json");
  options.root = repo.files.at("metadata/1.root.json");
  EXPECT_EQ(refresh(), "good");
  std::filesystem::remove_all(folder / "cache");
  EXPECT_EQ(refresh(), "good");  // no init was needed
}

TEST_F(ClientTest, RootsAreFollowedOneByOneAndKept) {
  for (int i = 0; i < 3; ++i) repo.publish({"root"});
  EXPECT_EQ(refresh(), "good");
  EXPECT_EQ(cached("root.json"), repo.files.at("metadata/4.root.json"));
  for (int version = 1; version <= 4; ++version) {
    EXPECT_EQ(cached(cat("root_history/", version, ".root.json")),
              repo.files.at(cat("metadata/", version, ".root.json")));
  }
  requests();
  EXPECT_EQ(refresh(), "good");
  EXPECT_EQ(requests()[0], "metadata/5.root.json");
}

TEST_F(ClientTest, MoreRootsThanTheLimitTakeMoreThanOneRun) {
  options.limits.roots = 2;
  for (int i = 0; i < 5; ++i) repo.publish({"root"});
  EXPECT_EQ(refresh(), "good");
  EXPECT_EQ(cached("root.json"), repo.files.at("metadata/3.root.json"));
  EXPECT_EQ(refresh(), "good");
  EXPECT_EQ(refresh(), "good");
  EXPECT_EQ(cached("root.json"), repo.files.at("metadata/6.root.json"));
}

TEST_F(ClientTest, ARefusedFileLeavesWhatWasTrusted) {
  EXPECT_EQ(refresh(), "good");
  const std::string before = cached("timestamp.json");
  publish();
  repo.signers("timestamp") = {make_tuf_key()};
  repo.publish({"timestamp"});
  EXPECT_EQ(refresh(), "tuf.timestamp.signature");
  EXPECT_EQ(cached("timestamp.json"), before);
}

TEST_F(ClientTest, RollbackAcrossRuns) {
  publish();
  EXPECT_EQ(refresh(), "good");
  repo.set_version("timestamp", 1);
  repo.publish({"timestamp"});
  EXPECT_EQ(refresh(), "tuf.timestamp.rollback");
  repo.set_version("timestamp", 3);
  repo.set_version("targets", 1);
  publish();
  EXPECT_EQ(refresh(), "tuf.snapshot.rollback");
  EXPECT_EQ(cached("snapshot.json"), repo.files.at("metadata/2.snapshot.json"));
}

TEST_F(ClientTest, RecoversFromAFastForwardOnceTheKeysAreNew) {
  repo.set_version("timestamp", 1'000'000);
  repo.publish({"timestamp"});
  EXPECT_EQ(refresh(), "good");
  repo.set_version("timestamp", 2);
  repo.publish({"timestamp"});
  EXPECT_EQ(refresh(), "tuf.timestamp.rollback");
  repo.set_keys("timestamp", {make_tuf_key()}, 1);
  repo.set_version("timestamp", 2);
  repo.publish({"root", "timestamp"});
  EXPECT_EQ(refresh(), "good");
}

TEST_F(ClientTest, RecoversAlsoWhereOnlyOneOfTheKeysIsReplaced) {
  // Two keys with threshold 1: what was fast-forwarded still verifies under the key that stays.
  const auto stays = make_tuf_key();
  repo.set_keys("timestamp", {stays, make_tuf_key()}, 1);
  repo.set_version("timestamp", 1'000'000);
  repo.publish({"root", "timestamp"});
  EXPECT_EQ(refresh(), "good");
  repo.set_keys("timestamp", {stays, make_tuf_key()}, 1);
  repo.set_version("timestamp", 2);
  repo.publish({"root", "timestamp"});
  EXPECT_EQ(refresh(), "good");
}

TEST_F(ClientTest, EndlessDataIsCutOffAndNamed) {
  EXPECT_EQ(refresh(), "good");
  repo.files["metadata/timestamp.json"] = std::string(options.limits.timestamp + 1, ' ');
  auto client = open();
  const auto verdict = client.refresh();
  EXPECT_EQ(outcome(verdict), "tuf.timestamp.endless-data");
  EXPECT_NE(verdict->report().first_failure()->detail.find("endless data attack: timestamp.json"),
            std::string::npos);
  publish();
  EXPECT_EQ(refresh(), "good");
}

TEST_F(ClientTest, AStatedLengthIsTheLimit) {
  repo.state_hashes = true;
  publish();
  std::size_t asked = 0;
  http.answer("2.snapshot.json", [&](const HttpRequest& request) -> Result<HttpResponse> {
    asked = request.budget.max_body;
    return HttpResponse{.status = 200,
                        .headers = {},
                        .body = repo.files.at("metadata/2.snapshot.json"),
                        .url = request.url};
  });
  EXPECT_EQ(refresh(), "good");
  EXPECT_EQ(asked, repo.files.at("metadata/2.snapshot.json").size());
}

TEST_F(ClientTest, RequestsAreBoundInRateAndTime) {
  http.answer("timestamp.json", [&](const HttpRequest& request) -> Result<HttpResponse> {
    EXPECT_GE(request.budget.least_rate, 1000U);
    EXPECT_LE(request.budget.total, std::chrono::minutes(1));
    EXPECT_FALSE(request.compressed);
    return fail(Errc::timeout, cat("no answer from ", request.url, " within 30 s"));
  });
  EXPECT_EQ(refresh(), "error: no answer from http://one/metadata/timestamp.json within 30 s");
}

TEST_F(ClientTest, ASlowAnswerIsAnAttackAndNoAnswerIsNone) {
  repo.add_target("targets", "a", "hello");
  publish();
  const auto slow = [](const HttpRequest& request) -> Result<HttpResponse> {
    return fail(Errc::timeout, cat(request.url, kTooSlow, "9 bytes in 10 s"));
  };
  const std::pair<std::string, std::string> parts[] = {{"2.root.json", "root"},
                                                       {"timestamp.json", "timestamp"},
                                                       {"2.snapshot.json", "snapshot"},
                                                       {"2.targets.json", "targets"},
                                                       {".a", "target"}};
  for (const auto& [ending, kind] : parts) {
    http.answer(ending, slow);
    EXPECT_EQ(get("a"), cat("tuf.", kind, ".slow-retrieval"));
    http.clear_answers();
  }
  http.answer("timestamp.json", slow);
  const auto verdict = open().refresh();
  ASSERT_TRUE(verdict);
  EXPECT_EQ(verdict->report().first_failure()->detail,
            "slow retrieval attack: timestamp.json: http://one/metadata/timestamp.json is too "
            "slow: 9 bytes in 10 s (TUF 1.5.2)");
  // Another mirror is asked.
  http.clear_answers();
  http.answer("http://one/metadata/timestamp.json", slow);
  options.metadata_urls.emplace_back("http://two/metadata/");
  EXPECT_EQ(get("a"), "good");
}

TEST_F(ClientTest, AnErrorOfTheServerEndsTheRootsAndAMissingOneDoesNot) {
  for (const int status : {403, 404}) {
    http.answer("2.root.json", [=](const HttpRequest& request) -> Result<HttpResponse> {
      return HttpResponse{.status = status, .headers = {}, .body = "no", .url = request.url};
    });
    EXPECT_EQ(refresh(), "good");
  }
  http.answer("2.root.json", [](const HttpRequest& request) -> Result<HttpResponse> {
    return HttpResponse{.status = 500, .headers = {}, .body = "no", .url = request.url};
  });
  EXPECT_EQ(refresh(), "error: http://one/metadata/2.root.json answers with status 500");
}

TEST_F(ClientTest, TheNextMirrorIsTakenWhereOneFailsOrLies) {
  options.metadata_urls = {"http://one/metadata/", "http://two/metadata"};
  publish();
  http.answer("http://one/metadata/timestamp.json", [](const HttpRequest&) -> Result<HttpResponse> {
    return fail(Errc::network, "no route to host");
  });
  http.answer("http://one/metadata/2.snapshot.json",
              [](const HttpRequest& request) -> Result<HttpResponse> {
                return HttpResponse{.status = 200, .headers = {}, .body = "{}", .url = request.url};
              });
  http.answer("http://one/metadata/2.targets.json",
              [](const HttpRequest& request) -> Result<HttpResponse> {
                return HttpResponse{.status = 404, .headers = {}, .body = "", .url = request.url};
              });
  EXPECT_EQ(refresh(), "good");
  EXPECT_EQ(notes.size(), 2U);
  EXPECT_EQ(cached("targets.json"), repo.files.at("metadata/2.targets.json"));
}

TEST_F(ClientTest, HeadersAreForTheServerThatTheyWereGivenFor) {
  options.headers = {{"X-Registry-Secret", "s"}};
  std::size_t with = 0;
  http.answer("timestamp.json", [&](const HttpRequest& request) -> Result<HttpResponse> {
    EXPECT_TRUE(request.headers.empty());
    with += request.origin_headers == options.headers ? 1 : 0;
    return HttpResponse{.status = 200,
                        .headers = {},
                        .body = repo.files.at("metadata/timestamp.json"),
                        .url = request.url};
  });
  EXPECT_EQ(refresh(), "good");
  EXPECT_EQ(with, 1U);
}

TEST_F(ClientTest, AMirrorThatIsDownAltogetherIsNoObstacle) {
  options.metadata_urls = {"http://down/metadata/", "http://two/metadata"};
  publish_all();
  int asked = 0;
  for (const auto& [name, body] : std::map(repo.files)) {
    http.answer(cat("http://down/", name), [&](const HttpRequest&) -> Result<HttpResponse> {
      ++asked;
      return fail(Errc::network, "connection refused");
    });
  }
  // The next root, which there is not yet: one mirror is silent, the other has none.
  http.answer("http://down/metadata/3.root.json", [](const HttpRequest&) -> Result<HttpResponse> {
    return fail(Errc::network, "connection refused");
  });
  EXPECT_EQ(refresh(), "good");
  EXPECT_GT(asked, 0);
  EXPECT_EQ(cached("targets.json"), repo.files.at("metadata/2.targets.json"));
  // Nor does one that lies about the next root stop those that have none.
  http.answer(
      "http://down/metadata/3.root.json", [](const HttpRequest& request) -> Result<HttpResponse> {
        return HttpResponse{.status = 200, .headers = {}, .body = "<html>", .url = request.url};
      });
  EXPECT_EQ(refresh(), "good");
  http.answer("http://down/metadata/3.root.json", [](const HttpRequest&) -> Result<HttpResponse> {
    return fail(Errc::network, "connection refused");
  });
  // Where nobody answers, nothing says that there is no newer root.
  http.answer("http://two/metadata/3.root.json", [](const HttpRequest&) -> Result<HttpResponse> {
    return fail(Errc::network, "no route to host");
  });
  EXPECT_EQ(refresh(), "error: connection refused");
}

TEST_F(ClientTest, WhereAllMirrorsFailTheRefusalCounts) {
  options.metadata_urls = {"http://one/metadata/", "http://two/metadata"};
  http.answer("http://one/metadata/timestamp.json",
              [](const HttpRequest& request) -> Result<HttpResponse> {
                return HttpResponse{.status = 200, .headers = {}, .body = "{}", .url = request.url};
              });
  http.answer("http://two/metadata/timestamp.json", [](const HttpRequest&) -> Result<HttpResponse> {
    return fail(Errc::network, "no route to host");
  });
  EXPECT_EQ(refresh(), "tuf.timestamp.format");
}

TEST_F(ClientTest, ADamagedCacheIsFetchedAgain) {
  repo.delegate("targets", "libs", {"libs/*"});
  repo.add_target("libs", "libs/a", "aaa");
  repo.publish({"libs", "targets", "snapshot", "timestamp"});
  repo.publish({"root"});
  EXPECT_EQ(get("libs/a"), "good");
  for (const std::string name : {"timestamp.json", "snapshot.json", "targets.json", "libs.json",
                                 "root.json", "root_history/2.root.json", "client.state"}) {
    for (const std::string damage : {"", "{", "\0\0\0", "{\"signed\":{},\"signatures\":[]}"}) {
      const std::string before = cached(name);
      ASSERT_FALSE(before.empty()) << name;
      folder.write("cache/" + name, damage);
      EXPECT_EQ(get("libs/a"), "good") << name << ": " << damage;
      if (name == "client.state") continue;  // which has another time in it
      EXPECT_EQ(cached(name), before) << name;
    }
  }
}

// What is of the right form and cannot be verified now, say for want of trust material.
TEST_F(ClientTest, ARootOfTheCacheIsNeverPassedOver) {
  repo.publish({"root"});
  EXPECT_EQ(refresh(), "good");
  const std::string good = repo.files.at("metadata/2.root.json");
  const std::string other = test::FakeRepo::sign(repo.part("root"), {make_tuf_key()});
  folder.write("cache/root_history/2.root.json", other);
  // Whoever holds it back would choose the keys of the root before.
  repo.files.erase("metadata/2.root.json");
  EXPECT_EQ(refresh(), "tuf.root.signature");
  EXPECT_EQ(cached("root_history/2.root.json"), other);
  options.offline = true;
  EXPECT_EQ(refresh(), "tuf.root.signature");
  options.offline = false;
  repo.files["metadata/2.root.json"] = good;
  EXPECT_EQ(refresh(), "good");
  EXPECT_EQ(cached("root_history/2.root.json"), good);
}

TEST_F(ClientTest, WhatCannotBeVerifiedNowStaysInTheCache) {
  publish();
  EXPECT_EQ(refresh(), "good");
  // As if the keys of this run did not count.
  for (const std::string name : {"timestamp", "snapshot"}) {
    const std::string other = test::FakeRepo::sign(repo.part(name), {make_tuf_key()});
    folder.write(cat("cache/", name, ".json"), other);
    const std::string served = name == "timestamp" ? "timestamp.json" : "2.snapshot.json";
    http.answer(served, [](const HttpRequest&) -> Result<HttpResponse> {
      return fail(Errc::network, "no route to host");
    });
    EXPECT_EQ(refresh(), "error: no route to host");
    EXPECT_EQ(cached(name + ".json"), other);
    http.clear_answers();
    EXPECT_EQ(refresh(), "good");
    EXPECT_NE(cached(name + ".json"), other);
  }
}

TEST_F(ClientTest, ALinkInTheCacheIsReplacedAndNotFollowed) {
  EXPECT_EQ(refresh(), "good");
  const Path target = folder.write("elsewhere", "mine");
  std::filesystem::remove(folder / "cache/timestamp.json");
  std::filesystem::create_symlink(target, folder / "cache/timestamp.json");
  EXPECT_EQ(refresh(), "good");
  EXPECT_EQ(test::read_file(target), "mine");
  EXPECT_EQ(cached("timestamp.json"), repo.files.at("metadata/timestamp.json"));
}

TEST_F(ClientTest, ADamagedFirstRootGivesWayToTheNextOne) {
  repo.publish({"root"});
  EXPECT_EQ(refresh(), "good");
  folder.write("cache/root_history/1.root.json", "{");
  EXPECT_EQ(refresh(), "good");
  folder.write("cache/root_history/2.root.json", "{");
  EXPECT_EQ(refresh(), "good");  // from root.json
}

TEST_F(ClientTest, LeftoversOfKilledProcessesAreSweptAway) {
  folder.write("cache/.sluice-0123.tmp", "half");
  EXPECT_EQ(refresh(), "good");
  EXPECT_FALSE(std::filesystem::exists(folder / "cache/.sluice-0123.tmp"));
}

TEST_F(ClientTest, WorksOfflineUntilItExpires) {
  repo.delegate("targets", "libs", {"libs/*"});
  repo.add_target("libs", "libs/a", "aaa");
  repo.publish({"libs", "targets", "snapshot", "timestamp"});
  options.offline = true;
  EXPECT_EQ(refresh(),
            cat("error: ", (folder / "cache").native(), " does not have timestamp.json"));
  options.offline = false;
  EXPECT_EQ(get("libs/a"), "good");
  requests();
  options.offline = true;
  EXPECT_EQ(get("libs/a"), "good");
  clock.set(kTufNow + days(29));
  EXPECT_EQ(get("libs/a"), "good");
  EXPECT_TRUE(requests().empty());
  clock.set(kTufNow + days(30));
  EXPECT_EQ(refresh(), "tuf.root.expired");
  repo.set_expires("root", kTufNow + days(90));
  repo.publish({"root"});
  options.offline = false;
  EXPECT_EQ(refresh(), "tuf.timestamp.expired");
  options.offline = true;
  EXPECT_EQ(refresh(), "tuf.timestamp.expired");
}

TEST_F(ClientTest, OfflineNothingIsWritten) {
  EXPECT_EQ(refresh(), "good");
  options.offline = true;
  folder.write("cache/targets.json", "{");
  std::filesystem::remove(folder / "cache/.lock");
  EXPECT_EQ(refresh(), "tuf.targets.format");
  EXPECT_EQ(cached("targets.json"), "{");
  EXPECT_FALSE(std::filesystem::exists(folder / "cache/.lock"));
}

TEST_F(ClientTest, AClockSetBackIsNoticed) {
  EXPECT_EQ(refresh(), "good");
  clock.set(kTufNow - std::chrono::minutes(9));
  EXPECT_EQ(refresh(), "good");
  clock.set(kTufNow - std::chrono::minutes(11));
  EXPECT_EQ(refresh(), "tuf.clock.time");
  clock.set(kTufNow + days(2));
  EXPECT_EQ(refresh(), "good");
  clock.set(kTufNow + days(1));
  EXPECT_EQ(refresh(), "tuf.clock.time");
  std::filesystem::remove(folder / "cache/client.state");
  EXPECT_EQ(refresh(), "good");
}

TEST_F(ClientTest, WritesBehindUntilItIsSettled) {
  options.write_behind = true;
  auto client = open();
  ASSERT_EQ(outcome(client.refresh()), "good");
  ASSERT_TRUE(client.settle());
  for (const char* name : {"timestamp.json", "snapshot.json", "targets.json", "client.state"}) {
    EXPECT_FALSE(cached(name).empty()) << name;
  }
  // A refusal is written at once: what was accepted before it stays known.
  repo.publish({"snapshot", "timestamp"});
  repo.files["metadata/2.snapshot.json"] += " ";
  repo.files["metadata/2.snapshot.json"].front() = '[';
  EXPECT_NE(outcome(client.refresh()), "good");
  EXPECT_EQ(cached("timestamp.json"), repo.files.at("metadata/timestamp.json"));
}

TEST_F(ClientTest, ALargeRoleIsInTheCacheOnceItIsAccepted) {
  repo.part("targets").set("filler", std::string(2U << 20, 'x'));
  publish();
  const std::string good = repo.files.at("metadata/2.targets.json");
  repo.files["metadata/2.targets.json"][good.size() / 2] = 'y';
  EXPECT_EQ(refresh(), "tuf.targets.signature");
  EXPECT_EQ(cached("targets.json"), "");
  EXPECT_EQ(
      std::ranges::count_if(std::filesystem::directory_iterator(folder / "cache"),
                            [](const auto& entry) { return entry.path().extension() == ".tmp"; }),
      0);
  repo.files["metadata/2.targets.json"] = good;
  EXPECT_EQ(refresh(), "good");
  EXPECT_TRUE(cached("targets.json") == good);
}

TEST_F(ClientTest, FetchesATargetAndAsksForItOnce) {
  repo.add_target("targets", "app/a.txt", "hello");
  publish();
  EXPECT_EQ(get("app/a.txt"), "good");
  EXPECT_EQ(fetched("app/a.txt"), "hello");
  EXPECT_TRUE(requests().back().starts_with("targets/app/2cf24d"));
  EXPECT_EQ(get("app/a.txt"), "good");
  EXPECT_EQ(requests().back(), "metadata/timestamp.json");
  folder.write("out/app/a.txt", "jello");
  EXPECT_EQ(get("app/a.txt"), "good");
  EXPECT_EQ(fetched("app/a.txt"), "hello");
}

TEST_F(ClientTest, AWrongTargetNeverAppears) {
  repo.add_target("targets", "a.txt", "hello");
  publish();
  const std::string good = "hello";
  const auto served = [&](const std::string& body) {
    for (auto& [name, content] : repo.files) {
      if (name.ends_with(".a.txt")) content = body;
    }
    return get("a.txt");
  };
  EXPECT_EQ(served("jello"), "tuf.target.hash");
  EXPECT_EQ(served("hell"), "tuf.target.hash");
  EXPECT_EQ(served("hello!"), "tuf.target.endless-data");
  EXPECT_FALSE(std::filesystem::exists(folder / "out/a.txt"));
  options.target_urls = {"http://one/targets/", "http://two/targets/"};
  http.answer(
      "http://two/targets/2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824."
      "a.txt",
      [&](const HttpRequest& request) -> Result<HttpResponse> {
        return HttpResponse{.status = 200, .headers = {}, .body = good, .url = request.url};
      });
  EXPECT_EQ(served("jello"), "good");
  EXPECT_EQ(fetched("a.txt"), "hello");
}

TEST_F(ClientTest, ATargetWithoutAHashThatIsKnownIsRefused) {
  repo.add_target("targets", "a.txt", "hello");
  json::Value target;
  target.set("hashes",
             json::Value(json::Object{{"md5", json::Value("5d41402abc4b2a76b9719d911017c592")}}));
  target.set("length", 5);
  repo.part("targets").set("targets", json::Value(json::Object{{"a.txt", target}}));
  publish();
  EXPECT_EQ(get("a.txt"), "tuf.target.hash");
}

TEST_F(ClientTest, PathsThatLeadOutOfTheFolderAreRefused) {
  const std::string nul("a\0b", 3);
  const Strings bad = {"../a", "a/../../b", "/etc/passwd",        "a//b", "a/./b", "a\\..\\b",
                       nul,    "a/",        std::string(300, 'x')};
  for (const auto& path : bad) repo.add_target("targets", path, "evil");
  repo.add_target("targets", "..a", "good");
  repo.add_target("targets", "%2e%2e%2fb", "good");
  publish();
  for (const auto& path : bad) {
    EXPECT_EQ(get(path), "tuf.target.path") << printable(path);
  }
  EXPECT_FALSE(std::filesystem::exists(folder / "a"));
  EXPECT_FALSE(std::filesystem::exists(folder / "out"));
  EXPECT_EQ(get("..a"), "good");
  // Percent signs are letters of the name, and are escaped in the URL.
  EXPECT_EQ(target_url("%2e%2e%2fb", ""), "%252e%252e%252fb");
}

TEST_F(ClientTest, SeveralTargetsComeAtOnceAndThoseBeforeABadOneStay) {
  for (const std::string name : {"a", "b", "c"}) repo.add_target("targets", name, name);
  publish();
  auto client = open();
  ASSERT_EQ(outcome(client.refresh()), "good");
  std::vector<Found> found;
  for (const std::string name : {"a", "b", "c"}) found.push_back(*client.find(name)->value());
  for (auto& [name, content] : repo.files) {
    if (name.ends_with(".b")) content = "x";
  }
  EXPECT_EQ(outcome(client.download(found, folder / "out")), "tuf.target.hash");
  EXPECT_EQ(fetched("a"), "a");
  EXPECT_EQ(fetched("b"), "");
}

TEST_F(ClientTest, LargeTargetsComeInPiecesAndGoOnWhereTheyStopped) {
  std::string big(20U << 20, 'x');
  for (std::size_t i = 0; i < big.size(); i += 4096)
    big[i] = static_cast<char>('a' + i / 4096 % 26);
  repo.add_target("targets", "big", big);
  publish();
  int asked = 0;
  const std::string name = cat(
      "targets/", crypto::digest_of(crypto::HashAlgorithm::sha256, bytes_of(big)).hex(), ".big");
  const auto piece = [&](const HttpRequest& request, std::size_t from) {
    HttpResponse out{
        .status = 206, .headers = {}, .body = big.substr(from, 8U << 20), .url = request.url};
    out.headers.emplace_back("content-range",
                             cat("bytes ", from, "-", from + out.body.size() - 1, "/", big.size()));
    return out;
  };
  http.answer(name, [&](const HttpRequest& request) -> Result<HttpResponse> {
    if (++asked == 2) return fail(Errc::network, "connection reset");
    return piece(request, 0);
  });
  EXPECT_EQ(get("big"), "error: connection reset");
  EXPECT_EQ(fetched("big"), "");
  std::vector<std::string> ranges;
  http.answer(name, [&](const HttpRequest& request) -> Result<HttpResponse> {
    ranges.push_back(request.headers.back().second);
    return piece(request, ranges.size() == 1 ? 8U << 20 : 16U << 20);
  });
  EXPECT_EQ(get("big"), "good");
  EXPECT_EQ(ranges, (Strings{"bytes=8388608-16777215", "bytes=16777216-20971519"}));
  EXPECT_EQ(fetched("big"), big);
  EXPECT_TRUE(std::filesystem::is_empty(folder / "cache/pieces"));
  // A server without ranges sends the whole.
  std::filesystem::remove(folder / "out/big");
  http.answer(name, [&](const HttpRequest& request) -> Result<HttpResponse> {
    return HttpResponse{.status = 200, .headers = {}, .body = big, .url = request.url};
  });
  EXPECT_EQ(get("big"), "good");
  // So it does where a piece of it came from another server before.
  std::filesystem::remove(folder / "out/big");
  http.answer(name, [&](const HttpRequest& request) -> Result<HttpResponse> {
    if (request.headers.back().second.starts_with("bytes=0-")) return piece(request, 0);
    if (request.budget.max_body < big.size()) return fail(Errc::limit, "larger than allowed");
    return HttpResponse{.status = 200, .headers = {}, .body = big, .url = request.url};
  });
  EXPECT_EQ(get("big"), "good");
  EXPECT_EQ(fetched("big"), big);
  // Pieces that make up something else are gone before the next attempt.
  std::filesystem::remove(folder / "out/big");
  http.answer(name, [&](const HttpRequest& request) -> Result<HttpResponse> {
    const auto from = static_cast<std::size_t>(std::stoul(request.headers.back().second.substr(6)));
    auto out = piece(request, from);
    out.body[0] = '!';
    return out;
  });
  EXPECT_EQ(get("big"), "tuf.target.hash");
  EXPECT_TRUE(std::filesystem::is_empty(folder / "cache/pieces"));
}

class Delegated : public ClientTest {
 protected:
  // Which role lists the path, or why none does.
  std::string lister(const std::string& path) {
    auto client = open();
    const auto refreshed = client.refresh();
    if (outcome(refreshed) != "good") return outcome(refreshed);
    requests();
    const auto found = client.find(path);
    return outcome(found) == "good" ? found->value()->role.str() : outcome(found);
  }
  void publish_with(std::initializer_list<std::string> roles) {
    repo.publish(roles);
    publish();
  }
};

TEST_F(Delegated, SearchesBeforeItGoesOnInTheOrderOfTheList) {
  repo.delegate("targets", "a", {"*"});
  repo.delegate("targets", "b", {"*"});
  repo.delegate("a", "c", {"*"});
  repo.add_target("c", "x", "from c");
  repo.add_target("b", "x", "from b");
  repo.add_target("b", "y", "from b");
  publish_with({"a", "b", "c"});
  EXPECT_EQ(lister("x"), "c");
  EXPECT_EQ(requests(), (Strings{"metadata/1.a.json", "metadata/1.c.json"}));
  EXPECT_EQ(lister("y"), "b");
  EXPECT_EQ(lister("z"), "tuf.target.unknown");
  EXPECT_TRUE(requests().empty());
}

TEST_F(Delegated, ATerminatingDelegationEndsTheSearch) {
  repo.delegate("targets", "a", {"x*"}, true);
  repo.delegate("targets", "b", {"*"});
  repo.add_target("b", "x", "from b");
  repo.add_target("b", "y", "from b");
  publish_with({"a", "b"});
  EXPECT_EQ(lister("x"), "tuf.target.unknown");
  EXPECT_EQ(lister("y"), "b");
}

TEST_F(Delegated, ARoleSpeaksOnlyForItsPaths) {
  repo.delegate("targets", "a", {"a/*"});
  repo.delegate("a", "deep", {"*/*"});
  repo.add_target("a", "b/x", "stolen");
  repo.add_target("deep", "b/x", "stolen");
  repo.add_target("deep", "a/x", "good");
  publish_with({"a", "deep"});
  EXPECT_EQ(lister("b/x"), "tuf.target.unknown");
  EXPECT_EQ(lister("a/x"), "deep");
}

TEST_F(Delegated, CyclesEnd) {
  repo.delegate("targets", "a", {"*"});
  repo.delegate("a", "b", {"*"});
  repo.delegate("b", "a", {"*"});
  publish_with({"a", "b"});
  EXPECT_EQ(lister("x"), "tuf.target.unknown");
}

TEST_F(Delegated, ASearchWithoutEndIsRefused) {
  options.limits.roles = 4;
  std::string parent = "targets";
  for (const std::string role : {"r1", "r2", "r3", "r4", "r5"}) {
    repo.delegate(parent, role, {"*"});
    parent = role;
  }
  repo.add_target("r4", "four", "4");
  repo.add_target("r5", "five", "5");
  publish_with({"r1", "r2", "r3", "r4", "r5"});
  EXPECT_EQ(lister("four"), "r4");
  EXPECT_EQ(lister("five"), "tuf.target.limit");
}

TEST_F(Delegated, ARefusedRoleEndsTheSearch) {
  // Whoever can break the first role must not choose the second one.
  repo.delegate("targets", "a", {"*"});
  repo.delegate("targets", "b", {"*"});
  repo.add_target("b", "x", "from b");
  repo.signers("a") = {make_tuf_key()};
  publish_with({"a", "b"});
  EXPECT_EQ(lister("x"), "tuf.delegated.signature");
}

TEST_F(Delegated, ByHashPrefix) {
  const std::string in = path_hash("in").substr(0, 3);
  repo.delegate_by_hash("targets", "a", {in});
  repo.add_target("a", "in", "1");
  repo.add_target("a", "out", "2");
  publish_with({"a"});
  EXPECT_EQ(lister("in"), "a");
  EXPECT_EQ(lister("out"), "tuf.target.unknown");
}

TEST_F(Delegated, ByBin) {
  repo.delegate_bins("targets", "bin", 3);
  const Bins bins{"bin", 3, {}};
  const auto keys = repo.signers("bin");
  for (const std::string digit : {"0", "1", "2", "3", "4", "5", "6", "7"}) {
    repo.signers("bin-" + digit) = keys;
    (void)repo.part("bin-" + digit);
  }
  for (const std::string path : {"p1", "p2", "p3", "p4"}) {
    repo.add_target(bins.bin_of(path_hash(path)).str(), path, path);
  }
  // In a bin that is not the path's own, it does not count.
  repo.add_target(bins.bin_of(path_hash("p1")).str() == "bin-0" ? "bin-1" : "bin-0", "stray", "s");
  for (const std::string digit : {"0", "1", "2", "3", "4", "5", "6", "7"})
    repo.publish({"bin-" + digit});
  publish();
  for (const std::string path : {"p1", "p2", "p3", "p4"}) {
    EXPECT_EQ(lister(path), bins.bin_of(path_hash(path)).str());
    EXPECT_LE(requests().size(), 1U);
  }
}

TEST_F(Delegated, NamesThatLookLikePathsStayInTheFolder) {
  for (const std::string role : {"../up", "/etc/role", "a/b", "..", "?", "#", "per%2Fcent"}) {
    repo.delegate("targets", role, {"*"});
    repo.publish({role});
  }
  publish();
  EXPECT_EQ(lister("nothing"), "tuf.target.unknown");
  EXPECT_EQ(cached("..%2Fup.json"), repo.files.at("metadata/1...%2Fup.json"));
  EXPECT_FALSE(std::filesystem::exists(folder / "up.json"));
  EXPECT_FALSE(cached("per%252Fcent.json").empty());
  EXPECT_FALSE(std::filesystem::exists(folder / "cache/a"));
}

TEST_F(Delegated, ARoleReachedThroughAnotherParentNeedsThatParentsKeys) {
  repo.delegate("targets", "pa", {"a/*"});
  repo.delegate("targets", "pb", {"b/*"});
  repo.delegate("pa", "shared", {"a/*"});
  const auto trusted = repo.signers("shared");
  repo.signers("shared") = {make_tuf_key()};
  repo.delegate("pb", "shared", {"b/*"});
  repo.signers("shared") = trusted;
  repo.add_target("shared", "a/x", "good");
  repo.add_target("shared", "b/x", "evil");
  publish_with({"pa", "pb", "shared"});
  auto client = open();
  ASSERT_EQ(outcome(client.refresh()), "good");
  EXPECT_EQ(outcome(client.find("a/x")), "good");
  EXPECT_EQ(outcome(client.find("b/x")), "tuf.delegated.signature");
  EXPECT_EQ(outcome(client.find("a/x")), "good");
}

}  // namespace
}  // namespace sluice::tuf
