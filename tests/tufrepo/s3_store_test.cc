// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <thread>

#include "support/fake_http.h"
#include "tufrepo/clean.h"
#include "tufrepo/s3_config.h"
#include "tufrepo/s3_support.h"

namespace sluice::tuf {
namespace {

class S3Test : public testing::Test {
 protected:
  S3Test() {
    world.clock.set(test::kTufNow);
    set_credentials(world.environment);
  }
  std::unique_ptr<Store> open(const std::string& where = "s3://bucket/pre fix") {
    auto store = open_store(where, {.endpoint = server.endpoint()}, world.world(), http.get());
    EXPECT_TRUE(store) << store.error().text();
    return *std::move(store);
  }
  Put write(Store& store, const std::string& name, const std::string& bytes) {
    const NewFile file{name, Content::of(bytes)};
    const auto put = store.write_new({&file, 1});
    EXPECT_TRUE(put) << put.error().text();
    return put ? put->front() : Put::other;
  }
  StoredFiles stored() const {
    StoredFiles out;
    for (const auto& [key, bytes] : server.objects()) out[key.substr(8)] = bytes;
    return out;
  }
  std::size_t count(const std::string& request) const {
    const auto all = server.requests();
    return static_cast<std::size_t>(std::ranges::count(all, request));
  }

  test::FakeWorld world;
  test::FakeS3 server{"bucket", [credentials = std::make_shared<S3Credentials>(test_credentials())](
                                    const test::RawRequest& request) {
                        return judge_signature(request, *credentials);
                      }};
  std::unique_ptr<Http> http = net::make_client(world.world(), {});
};

TEST_F(S3Test, WritesANameOnceAndTakesTheSameBytesAgain) {
  const auto store = open();
  EXPECT_EQ(store->describe(), "s3://bucket/pre fix");
  EXPECT_TRUE(store->notices_others().value());
  EXPECT_EQ(write(*store, "targets/a b/ü+%.c", "one"), Put::written);
  EXPECT_EQ(write(*store, "targets/a b/ü+%.c", "one"), Put::present);
  EXPECT_EQ(write(*store, "targets/a b/ü+%.c", "two"), Put::other);
  EXPECT_EQ(write(*store, "targets/a b/ü+%.c", "longer than one"), Put::other);
  EXPECT_EQ(store->read("targets/a b/ü+%.c", 3).value()->bytes, "one");
  EXPECT_EQ(store->read("targets/none", 3).value().has_value(), false);
  EXPECT_EQ(store->read("targets/a b/ü+%.c", 2).error().code, Errc::limit);
  EXPECT_EQ(server.objects().at("pre fix/targets/a b/ü+%.c"), "one");
}

// A file of 40 MiB, which goes in parts of 16.
class S3Parts : public S3Test {
 protected:
  S3Parts() {
    bytes.resize(40U << 20);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      bytes[i] = static_cast<char>((i * 2'654'435'761U) >> 24U);
    }
    path = folder.write("large", bytes);
  }
  NewFile file(const std::string& stated) {
    return {"targets/large",
            Content::of_file(system_files(), path, bytes.size(), sha256_of(stated))};
  }
  Result<std::vector<Put>> write_large(const std::string& stated) {
    const NewFile large = file(stated);
    return open()->write_new({&large, 1});
  }
  test::TempFolder folder;
  std::string bytes;
  Path path;
};

TEST_F(S3Parts, GoInOneAfterTheOtherAndAreOneObject) {
  const auto put = write_large(bytes);
  ASSERT_TRUE(put) << put.error().text();
  EXPECT_EQ(put->front(), Put::written);
  EXPECT_TRUE(server.objects().at("pre fix/targets/large") == bytes);
  EXPECT_EQ(server.open_uploads(), 0U);
  for (const char* request :
       {"POST pre fix/targets/large parts", "PUT pre fix/targets/large part 1",
        "PUT pre fix/targets/large part 3", "POST pre fix/targets/large complete"}) {
    EXPECT_EQ(count(request), 1U) << request;
  }
  EXPECT_EQ(count("PUT pre fix/targets/large part 4"), 0U);
  EXPECT_EQ(count("PUT pre fix/targets/large"), 0U);
}

TEST_F(S3Parts, AreComparedInRangesWhereTheNameIsTaken) {
  ASSERT_TRUE(write_large(bytes));
  EXPECT_EQ(write_large(bytes)->front(), Put::present);
  EXPECT_EQ(count("POST pre fix/targets/large parts"), 1U);
  std::string other = bytes;
  other.back() = static_cast<char>(other.back() ^ 1);
  server.put("pre fix/targets/large", other);
  EXPECT_EQ(write_large(bytes)->front(), Put::other);
  server.put("pre fix/targets/large", bytes + "more");
  EXPECT_EQ(write_large(bytes)->front(), Put::other);
  server.put("pre fix/targets/large", bytes.substr(0, 20U << 20));
  EXPECT_EQ(write_large(bytes)->front(), Put::other);
}

TEST_F(S3Parts, LeaveNothingWhereTheFileIsNotWhatWasStated) {
  const auto put = write_large("something else");
  ASSERT_FALSE(put);
  EXPECT_EQ(put.error().code, Errc::denied) << put.error().text();
  EXPECT_EQ(server.open_uploads(), 0U);
  EXPECT_FALSE(server.objects().contains("pre fix/targets/large"));
}

TEST_F(S3Parts, LeaveNothingWhereOneDoesNotArrive) {
  server.refuse = [](const std::string& request) { return request.ends_with("part 2") ? 503 : 0; };
  const auto put = write_large(bytes);
  ASSERT_FALSE(put);
  EXPECT_EQ(put.error().code, Errc::network) << put.error().text();
  EXPECT_EQ(count("PUT pre fix/targets/large part 2"), 5U);
  EXPECT_EQ(server.open_uploads(), 0U);
  server.refuse = nullptr;
  EXPECT_EQ(write_large(bytes)->front(), Put::written);
}

TEST_F(S3Parts, AreSaidToBeLeftWhereTheyCannotBeGivenUp) {
  server.refuse = [](const std::string& request) {
    return request.ends_with("part 1") || request.starts_with("DELETE pre fix/targets") ? 403 : 0;
  };
  const auto put = write_large(bytes);
  ASSERT_FALSE(put);
  EXPECT_EQ(server.open_uploads(), 1U);
  EXPECT_NE(put.error().hint.find("parts are still there"), std::string::npos);
}

TEST_F(S3Parts, AreWrittenOnceWhereTheAnswerGotLost) {
  int lost = 0;
  server.lose = [&](const std::string& request) {
    return request.ends_with(" complete") && lost++ == 0 ? 500 : 0;
  };
  const auto put = write_large(bytes);
  ASSERT_TRUE(put) << put.error().text();
  EXPECT_EQ(put->front(), Put::present);
  EXPECT_TRUE(server.objects().at("pre fix/targets/large") == bytes);
}

TEST_F(S3Parts, AreNotThereBeforeTheAnswerSaysSo) {
  for (const char* said : {"", "<html>log in</html>", "<CompleteMultipartUploadResult>",
                           "<Error><Code>InternalError</Code></Error>"}) {
    server.completed = said;
    const auto put = write_large(bytes);
    ASSERT_FALSE(put) << said;
    EXPECT_EQ(put.error().code, Errc::network) << said << put.error().text();
    EXPECT_EQ(server.open_uploads(), 0U) << said;
    EXPECT_FALSE(server.objects().contains("pre fix/targets/large")) << said;
  }
  server.completed.reset();
  EXPECT_EQ(write_large(bytes)->front(), Put::written);
}

TEST_F(S3Parts, DoNotOverwriteWhoWasFirst) {
  server.in_between = [&](const std::string& request) {
    return request.ends_with("part 3") ? std::optional(std::string("another one's")) : std::nullopt;
  };
  const auto put = write_large(bytes);
  ASSERT_TRUE(put) << put.error().text();
  EXPECT_EQ(put->front(), Put::other);
  EXPECT_EQ(server.objects().at("pre fix/targets/large"), "another one's");
  EXPECT_EQ(server.open_uploads(), 0U);
}

TEST_F(S3Test, ReplacesOnlyWhatWasRead) {
  const auto store = open();
  const std::string name = "metadata/timestamp.json";
  EXPECT_EQ(store->replace(name, "1", std::nullopt).value(), Put::written);
  EXPECT_EQ(store->replace(name, "2", std::nullopt).value(), Put::other);
  const StoreTag tag = store->read(name, 10).value()->tag;
  EXPECT_EQ(store->replace(name, "2", tag).value(), Put::written);
  EXPECT_EQ(store->replace(name, "3", tag).value(), Put::other);
  EXPECT_EQ(store->replace(name, "2", tag).value(), Put::present);
}

TEST_F(S3Test, ListsOverPagesAndRemoves) {
  server.page = 3;
  const auto store = open();
  std::vector<NewFile> files;
  for (int i = 0; i < 70; ++i) files.push_back({cat("targets/", i), Content::of("x")});
  EXPECT_EQ(store->write_new(files).value().size(), 70U);
  const auto listed = store->list("targets/").value();
  EXPECT_EQ(listed.size(), 70U);
  EXPECT_TRUE(std::ranges::is_sorted(listed, {}, &ListedFile::name));
  EXPECT_TRUE(store->remove({"targets/0", "targets/1", "targets/none"}));
  EXPECT_EQ(store->list("").value().size(), 68U);
}

TEST_F(S3Test, TheProbeLeavesNothingBehind) {
  EXPECT_TRUE(open()->notices_others().value());
  EXPECT_TRUE(server.objects().empty());
  server.conditions = false;
  EXPECT_FALSE(open()->notices_others().value());
  EXPECT_TRUE(server.objects().empty());
  server.put("pre fix/.sluice-probe-0011", "left by one that died");
  EXPECT_EQ(open()->sweep().value(), 1U);
  EXPECT_TRUE(server.objects().empty());
}

TEST_F(S3Test, PublishesAndReadersReadIt) {
  test::FakeRepo repo;
  make_first(repo);
  Reader reader(repo);
  const auto store = open();
  const auto first = publish(*store, publication_of(repo.files, {}), test::kTufNow, {});
  ASSERT_TRUE(first) << first.error().text();
  EXPECT_EQ(reader.look_fresh(stored()), "one");
  make_second(repo);
  test::FakeRepo other = repo;
  const Publication ours = publication_of(repo.files, stored());
  ASSERT_TRUE(publish(*store, ours, test::kTufNow, {}));
  EXPECT_EQ(reader.look_fresh(stored()), "two");
  EXPECT_TRUE(publish(*store, ours, test::kTufNow, {})->nothing_to_do);
  EXPECT_EQ(state(*store)->condition, StoreCondition::whole);
  EXPECT_FALSE(stored().contains(std::string(kStoreNote)));
}

TEST_F(S3Test, OfTwoPublishersAtTheSameTimeOneWins) {
  test::FakeRepo repo;
  make_first(repo);
  const auto store = open();
  ASSERT_TRUE(publish(*store, publication_of(repo.files, {}), test::kTufNow, {}));
  test::FakeRepo other = repo;
  make_second(repo);
  other.add_target("libs", "libs/a", "three");
  other.publish({"libs", "snapshot", "timestamp"});
  const Publication ours = publication_of(repo.files, stored());
  const Publication theirs = publication_of(other.files, stored());
  const auto before = server.objects();
  for (int round = 0; round < 8; ++round) {
    std::array<bool, 2> won{};
    {
      std::vector<std::jthread> threads;
      for (const std::size_t who : {0U, 1U}) {
        threads.emplace_back([&, who] {
          test::FakeWorld own;
          own.clock.set(test::kTufNow);
          set_credentials(own.environment);
          const auto wire = net::make_client(own.world(), {});
          const auto place = open_store("s3://bucket/pre fix", {.endpoint = server.endpoint()},
                                        own.world(), wire.get());
          won.at(who) = publish(**place, who == 0 ? ours : theirs, test::kTufNow, {}).has_value();
        });
      }
    }
    EXPECT_NE(won[0], won[1]) << round;
    EXPECT_EQ(stored().at("metadata/timestamp.json"), won[0] ? ours.timestamp : theirs.timestamp);
    EXPECT_EQ(Reader(repo).look_fresh(stored()), won[0] ? "two" : "three");
    EXPECT_EQ(state(*store)->condition, StoreCondition::whole) << state(*store)->says;
    for (const auto& [key, bytes] : server.objects()) {
      if (before.contains(key)) continue;
      EXPECT_TRUE(store->remove({key.substr(8)})) << key;
    }
    server.put("pre fix/metadata/timestamp.json", before.at("pre fix/metadata/timestamp.json"));
  }
}

TEST_F(S3Test, APublisherThatDiedKeepsOthersOutUntilItIsGivenUp) {
  test::FakeRepo repo;
  make_first(repo);
  Reader reader(repo);
  const auto store = open();
  ASSERT_TRUE(publish(*store, publication_of(repo.files, {}), test::kTufNow, {}));
  test::FakeRepo other = repo;
  make_second(other);
  const Publication dies = publication_of(other.files, stored());
  server.refuse = [](const std::string& request) {
    return request == "PUT pre fix/metadata/timestamp.json" ? 403 : 0;
  };
  ASSERT_FALSE(publish(*store, dies, test::kTufNow, {}));
  server.refuse = nullptr;
  EXPECT_EQ(state(*store)->condition, StoreCondition::interrupted);
  EXPECT_EQ(reader.look_fresh(stored()), "one");
  repo.add_target("libs", "libs/a", "three");
  repo.publish({"libs", "snapshot", "timestamp"});
  const Publication ours = publication_of(
      repo.files, {{"metadata/timestamp.json", stored().at("metadata/timestamp.json")},
                   {"metadata/1.root.json", ""}});
  const auto refused = publish(*store, ours, test::kTufNow, {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::denied);
  EXPECT_NE(refused.error().hint.find("give it up"), std::string::npos);
  EXPECT_EQ(abandon(*store).value(), 4U);
  const auto now = publish(*store, ours, test::kTufNow, {});
  ASSERT_TRUE(now) << now.error().text();
  EXPECT_EQ(reader.look_fresh(stored()), "three");
}

TEST_F(S3Test, AStoreThatIgnoresConditionsWantsASingleWriter) {
  server.conditions = false;
  test::FakeRepo repo;
  make_first(repo);
  Reader reader(repo);
  const auto store = open();
  const Publication set = publication_of(repo.files, {});
  const auto refused = publish(*store, set, test::kTufNow, {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::denied);
  EXPECT_NE(refused.error().hint.find("--single-writer"), std::string::npos);
  EXPECT_TRUE(server.objects().empty());
  ASSERT_TRUE(publish(*store, set, test::kTufNow, {.single_writer = true}));
  EXPECT_EQ(reader.look_fresh(stored()), "one");
  EXPECT_EQ(write(*store, "metadata/1.libs.json", "other"), Put::other);
  EXPECT_FALSE(clean(*store, test::kTufNow, {}));
  EXPECT_TRUE(clean(*store, test::kTufNow, {.single_writer = true}));
}

TEST_F(S3Test, GoesOnWhenTheStoreIsBusy) {
  int left = 3;
  server.refuse = [&](const std::string& request) {
    if (!request.starts_with("PUT") || left == 0) return 0;
    --left;
    return left % 2 == 0 ? 503 : 500;
  };
  const auto store = open();
  EXPECT_EQ(write(*store, "metadata/1.root.json", "x"), Put::written);
  EXPECT_EQ(left, 0);
}

TEST_F(S3Test, TellsWhenItStaysBusyAndTheSameEndsWellLater) {
  test::FakeRepo repo;
  make_first(repo);
  const Publication set = publication_of(repo.files, {});
  server.refuse = [](const std::string& request) {
    return request == "PUT pre fix/metadata/1.snapshot.json" ? 503 : 0;
  };
  const auto store = open();
  const auto busy = publish(*store, set, test::kTufNow, {});
  ASSERT_FALSE(busy);
  EXPECT_EQ(busy.error().code, Errc::network);
  EXPECT_NE(busy.error().what.find("503 SlowDown"), std::string::npos) << busy.error().text();
  EXPECT_EQ(count("PUT pre fix/metadata/1.snapshot.json"), 5U);
  EXPECT_FALSE(stored().contains("metadata/timestamp.json"));
  server.refuse = nullptr;
  EXPECT_TRUE(publish(*store, set, test::kTufNow, {}));
}

TEST_F(S3Test, AnAnswerThatGotLostIsNoOtherPublisher) {
  std::map<std::string, int> lost;
  server.lose = [&](const std::string& request) {
    const bool first = request.starts_with("PUT") && request.find("probe") == std::string::npos &&
                       lost[request]++ == 0;
    return first ? 500 : 0;
  };
  test::FakeRepo repo;
  make_first(repo);
  Reader reader(repo);
  const auto store = open();
  const auto done = publish(*store, publication_of(repo.files, {}), test::kTufNow, {});
  ASSERT_TRUE(done) << done.error().text();
  EXPECT_EQ(reader.look_fresh(stored()), "one");
}

TEST_F(S3Test, WaitsUntilTheNewTimestampIsSeen) {
  test::FakeRepo repo;
  make_first(repo);
  const auto store = open();
  const Publication first = publication_of(repo.files, {});
  ASSERT_TRUE(publish(*store, first, test::kTufNow, {}));
  make_second(repo);
  const Publication second = publication_of(repo.files, stored());
  server.stale_reads = 3;
  const auto slept = world.clock.slept();
  const auto done = publish(*store, second, test::kTufNow, {});
  ASSERT_TRUE(done) << done.error().text();
  EXPECT_GT(world.clock.slept(), slept);
  server.stale_reads = 100;
  repo.add_target("libs", "libs/a", "three");
  repo.publish({"libs", "snapshot", "timestamp"});
  const auto stale = publish(*store, publication_of(repo.files, stored()), test::kTufNow, {});
  ASSERT_FALSE(stale);
  EXPECT_NE(stale.error().what.find("still answers with an older one"), std::string::npos)
      << stale.error().text();
}

TEST_F(S3Test, WhoBuiltOnAnOldAnswerDoesNotWin) {
  test::FakeRepo repo;
  make_first(repo);
  const auto store = open();
  ASSERT_TRUE(publish(*store, publication_of(repo.files, {}), test::kTufNow, {}));
  const StoredFiles old = stored();
  test::FakeRepo other = repo;
  make_second(repo);
  server.stale_reads = 0;
  ASSERT_TRUE(publish(*store, publication_of(repo.files, old), test::kTufNow, {}));
  other.add_target("libs", "libs/a", "three");
  other.publish({"libs", "snapshot", "timestamp"});
  // The store answers with the timestamp before this one, once.
  server.put("pre fix/metadata/timestamp.json", old.at("metadata/timestamp.json"));
  bool swapped = false;
  server.refuse = [&](const std::string& request) {
    if (request == "PUT pre fix/metadata/2.libs.json") swapped = true;
    return 0;
  };
  const auto late = publish(*store, publication_of(other.files, old), test::kTufNow, {});
  ASSERT_FALSE(late);
  EXPECT_TRUE(swapped);
  // It took back what it had written.
  EXPECT_FALSE(stored().contains(std::string(kStoreNote)));
  EXPECT_NE(late.error().what.find("another publisher was first"), std::string::npos)
      << late.error().text();
}

TEST_F(S3Test, SaysWhatIsWrongWithTheCredentialsAndNeverShowsThem) {
  world.environment.values["AWS_SECRET_ACCESS_KEY"] = "not-the/secret";
  const auto store = open();
  const auto refused = store->read("metadata/timestamp.json", 10);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::denied);
  EXPECT_NE(refused.error().what.find("403 SignatureDoesNotMatch"), std::string::npos);
  EXPECT_NE(refused.error().hint.find("secret key"), std::string::npos);
  EXPECT_EQ(refused.error().text().find("not-the/secret"), std::string::npos);
  const auto nowhere = open("s3://other-bucket")->read("x", 10);
  ASSERT_FALSE(nowhere);
}

TEST(S3Session, TokensAreSentAndSigned) {
  test::FakeWorld world;
  set_credentials(world.environment);
  world.environment.values["AWS_SESSION_TOKEN"] = "token/with+signs=";
  std::string seen;
  test::FakeS3 watched("bucket", [&](const test::RawRequest& request) {
    seen = request.header("x-amz-security-token");
    return judge_signature(request, test_credentials());
  });
  const auto wire = net::make_client(world.world(), {});
  const auto store =
      open_store("s3://bucket", {.endpoint = watched.endpoint()}, world.world(), wire.get())
          .value();
  const auto read = store->read("x", 10);
  EXPECT_TRUE(read) << read.error().text();
  EXPECT_EQ(seen, "token/with+signs=");
}

// A bucket that answers whatever it is asked, a second later each time.
class EndlessBucket : public testing::Test, public Http {
 protected:
  EndlessBucket() {
    set_credentials(world.environment);
    store =
        open_store("s3://bucket", {.endpoint = "http://127.0.0.1:1"}, world.world(), this).value();
  }
  Result<HttpResponse> send(const HttpRequest& request) override {
    world.clock.advance(takes);
    HttpResponse out;
    out.status = 200;
    out.url = request.url;
    out.body = answer(request.url, ++asked);
    return out;
  }
  std::vector<Result<HttpResponse>> send_all(const std::vector<HttpRequest>& requests) override {
    std::vector<Result<HttpResponse>> out;
    for (const auto& each : requests) out.push_back(send(each));
    return out;
  }
  static std::string page(int number, const std::string& contents) {
    return cat("<ListBucketResult>", contents,
               "<IsTruncated>true</IsTruncated><NextContinuationToken>t", number,
               "</NextContinuationToken></ListBucketResult>");
  }
  Errc listing() {
    const auto listed = store->list("targets/");
    return listed ? Errc::internal : listed.error().code;
  }

  test::FakeWorld world;
  std::chrono::milliseconds takes{1'000};
  std::function<std::string(const std::string& url, int asked)> answer;
  std::unique_ptr<Store> store;
  int asked = 0;
};

TEST_F(EndlessBucket, EmptyPagesEndAListing) {
  answer = [](const std::string&, int number) { return page(number, ""); };
  EXPECT_EQ(listing(), Errc::limit);
  EXPECT_LT(asked, 30);
  // A few of them are nothing bad.
  asked = 0;
  answer = [](const std::string&, int number) {
    return number < 10 ? page(number, "")
                       : std::string(
                             "<ListBucketResult><Contents><Key>targets/x</Key><Size>1"
                             "</Size></Contents><IsTruncated>false</IsTruncated>"
                             "</ListBucketResult>");
  };
  EXPECT_EQ(store->list("targets/").value().size(), 1U);
}

TEST_F(EndlessBucket, AListingEndsByItsPagesAndByItsTime) {
  answer = [](const std::string&, int number) {
    return page(number, cat("<Contents><Key>targets/", number, "</Key><Size>1</Size></Contents>"));
  };
  EXPECT_EQ(listing(), Errc::timeout);
  EXPECT_LT(asked, 2'000);
  takes = std::chrono::milliseconds(1);
  asked = 0;
  EXPECT_EQ(listing(), Errc::limit);
  EXPECT_EQ(asked, 20'000);
}

TEST_F(EndlessBucket, WhatIsNoRootIsNotFollowedByMore) {
  answer = [](const std::string&, int) { return std::string("{}"); };
  EXPECT_EQ(latest_root(*store).error().code, Errc::malformed);
  EXPECT_EQ(asked, 1);
  // Nor is the same root again and again.
  test::FakeRepo repo;
  answer = [&](const std::string&, int) { return repo.files.at("metadata/1.root.json"); };
  asked = 0;
  EXPECT_EQ(latest_root(*store).error().code, Errc::malformed);
  EXPECT_EQ(asked, 2);
}

TEST_F(EndlessBucket, RootsEndByTheirTimeAndByTheirNumber) {
  test::FakeRepo repo;
  json::Value root = repo.part("root");
  answer = [&](const std::string&, int number) {
    root.set("version", number);
    return test::FakeRepo::sign(root, {});
  };
  EXPECT_EQ(latest_root(*store).error().code, Errc::timeout);
  EXPECT_LT(asked, 400);
  takes = std::chrono::milliseconds(1);
  asked = 0;
  EXPECT_EQ(latest_root(*store).error().code, Errc::limit);
  EXPECT_LT(asked, 10'010);
}

TEST(S3Hosts, NameTheBucketAndAreSigned) {
  test::FakeWorld world;
  set_credentials(world.environment);
  test::FakeHttp http;
  const std::string url = "https://bucket.s3.eu-west-1.amazonaws.com/a%20b/metadata/timestamp.json";
  http.answer(cat("GET ", url), 200, "bytes", {{"etag", "\"e\""}});
  const auto store =
      open_store("s3://bucket/a b", {.region = "eu-west-1"}, world.world(), &http).value();
  const auto read = store->read("metadata/timestamp.json", 10);
  ASSERT_TRUE(read) << read.error().text();
  EXPECT_EQ((*read)->tag.str(), "\"e\"");
  const HttpRequest request = http.requests().front();
  test::RawRequest raw{"GET", "/a%20b/metadata/timestamp.json", {}, ""};
  raw.headers.emplace_back("host", "bucket.s3.eu-west-1.amazonaws.com");
  for (const auto& [name, value] : request.headers) raw.headers.emplace_back(name, value);
  EXPECT_EQ(judge_signature(raw, test_credentials()), "");
  raw.headers.front().second = "other.s3.eu-west-1.amazonaws.com";
  EXPECT_EQ(judge_signature(raw, test_credentials()), "SignatureDoesNotMatch");
}

TEST(S3Hosts, ThatSendUsOnAreToldOf) {
  test::FakeWorld world;
  set_credentials(world.environment);
  test::RawServer server(test::RawServer::answering([](const test::RawRequest&) {
    return test::RawServer::answer(307, "", "Location: http://127.0.0.1:1/elsewhere\r\n");
  }));
  const auto wire = net::make_client(world.world(), {});
  const auto store = open_store("s3://bucket", {.endpoint = cat("http://", server.authority())},
                                world.world(), wire.get())
                         .value();
  const auto moved = store->read("x", 10);
  ASSERT_FALSE(moved);
  EXPECT_NE(moved.error().hint.find("region"), std::string::npos) << moved.error().text();
}

class S3ConfigTest : public testing::Test {
 protected:
  S3ConfigTest() { set_credentials(world.environment); }
  Result<S3Config> config(const std::string& where, const StoreOptions& options = {}) {
    return s3_config(where, options, world.world());
  }
  test::FakeWorld world;
  test::TempFolder folder;
};

TEST_F(S3ConfigTest, FindsTheBucketInTheHostOrInThePath) {
  const auto host = config("s3://bucket/a/b/", {.region = "eu-west-1"});
  ASSERT_TRUE(host) << host.error().text();
  EXPECT_EQ(host->place.endpoint.text(), "https://bucket.s3.eu-west-1.amazonaws.com/");
  EXPECT_EQ(host->place.path_of("x"), "/x");
  EXPECT_EQ(host->place.prefix, "a/b/");
  const auto path =
      config("s3://bucket", {.endpoint = "https://store.example:9000", .path_style = true});
  ASSERT_TRUE(path);
  EXPECT_EQ(path->place.endpoint.authority(), "store.example:9000");
  EXPECT_EQ(path->place.path_of("x"), "/bucket/x");
  EXPECT_EQ(path->place.region, "us-east-1");
  EXPECT_TRUE(config("s3://dotted.bucket", {.region = "r"})->place.path_style);
  EXPECT_TRUE(config("s3://bucket", {.endpoint = "http://127.0.0.1:1"})->place.path_style);
}

TEST_F(S3ConfigTest, TakesSettingsFromOptionsThenTheEnvironmentThenFiles) {
  auto& values = world.environment.values;
  values["AWS_REGION"] = "r-env";
  values["AWS_ENDPOINT_URL"] = "https://env.example";
  EXPECT_EQ(config("s3://bucket")->place.region, "r-env");
  EXPECT_EQ(config("s3://bucket", {.region = "r-opt"})->place.region, "r-opt");
  EXPECT_EQ(config("s3://bucket")->place.endpoint.host, "bucket.env.example");
  values.clear();
  values["AWS_SHARED_CREDENTIALS_FILE"] =
      folder
          .write("credentials",
                 "# mine\n[default]\naws_access_key_id = A1\naws_secret_access_key=S1\n[team]\n"
                 "aws_access_key_id=A2\naws_secret_access_key=S2\naws_session_token=T2\n")
          .string();
  values["AWS_CONFIG_FILE"] =
      folder
          .write("config",
                 "[default]\nregion=r1\ns3 =\n  region = nested\n[profile team]\nregion=r2\n"
                 "endpoint_url=https://team.example\n")
          .string();
  const auto first = config("s3://bucket");
  ASSERT_TRUE(first) << first.error().text();
  EXPECT_EQ(first->credentials->access_key, "A1");
  EXPECT_EQ(first->place.region, "r1");
  const auto team = config("s3://bucket", {.profile = "team"});
  ASSERT_TRUE(team);
  EXPECT_EQ(team->credentials->access_key, "A2");
  EXPECT_EQ(team->credentials->session_token.reveal_text(), "T2");
  EXPECT_EQ(team->place.endpoint.host, "bucket.team.example");
  EXPECT_FALSE(config("s3://bucket", {.profile = "nobody"}));
}

TEST_F(S3ConfigTest, RefusesWhatCannotBeOrIsNotSafe) {
  EXPECT_TRUE(config("s3://bucket", {.region = "r"}));
  for (const char* where : {"s3://", "s3://B", "s3://a", "s3://bu_cket", "s3://bucket/../x",
                            "s3://bucket//x", "s3://-/..", "s3://..a"}) {
    EXPECT_FALSE(config(where, {.region = "r"})) << where;
  }
  EXPECT_FALSE(config("s3://bucket"));  // no region
  EXPECT_FALSE(config("s3://bucket", {.region = "eu/west"}));
  EXPECT_FALSE(config("s3://bucket", {.endpoint = "http://store.example"}));
  EXPECT_FALSE(config("s3://bucket", {.endpoint = "https://store.example/path"}));
  EXPECT_FALSE(config("s3://bucket", {.endpoint = "https://user:pw@store.example"}));
  world.environment.values["AWS_ACCESS_KEY_ID"] = "with\nbreak";
  EXPECT_FALSE(config("s3://bucket", {.region = "r"}));
  world.environment.values.erase("AWS_ACCESS_KEY_ID");
  const auto nobody = config("s3://bucket", {.region = "r"});
  ASSERT_FALSE(nobody);
  EXPECT_EQ(nobody.error().code, Errc::usage);
}

}  // namespace
}  // namespace sluice::tuf
