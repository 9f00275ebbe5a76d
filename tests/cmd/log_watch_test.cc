// SPDX-License-Identifier: Apache-2.0
// log watch as a user calls it, against a log on this machine.
#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>

#include "base/text.h"
#include "json/value.h"
#include "support/program.h"
#include "support/servers/http_server.h"
#include "support/virtual_sigstore/entry.h"
#include "support/virtual_sigstore/services.h"

namespace sluice {
namespace {

using test::has;
using test::HttpServer;
using test::Ran;
using test::RawRequest;
using test::ServedAnswer;
using test::VirtualRekorV2;

class LogWatch : public testing::Test {
 protected:
  LogWatch() : server_([this](const RawRequest& request) { return serve(request); }) {
    folder_.write("root.json", world_.trusted_root());
  }
  void TearDown() override { release(); }

  std::string entry(const test::SignWish& wish) const {
    return json::canonical_jcs(test::body_v2(world_.sign("artifact", wish))).value();
  }
  std::string other(std::size_t number) const {
    std::string out = other_;
    const auto digest = crypto::digest_of(crypto::HashAlgorithm::sha256, bytes_of(cat(number)));
    test::replace(out, test::base64(text_of(other_made_.digest().bytes())),
                  test::base64(text_of(digest.bytes())));
    return out;
  }
  void grow(VirtualRekorV2& log, std::size_t size) const {
    while (log.size() < size) log.add_other(other(log.size()));
  }

  std::vector<std::string> words(const std::vector<std::string>& more) const {
    std::vector<std::string> out{"log",
                                 "watch",
                                 "--log",
                                 name_,
                                 "--read-from",
                                 read_from_.empty() ? server_.url() : read_from_,
                                 "--trusted-root",
                                 "root.json",
                                 "--state",
                                 "state.json",
                                 "--certificate-identity",
                                 std::string(test::kIdentity),
                                 "--certificate-oidc-issuer",
                                 std::string(test::kIssuer)};
    out.insert(out.end(), more.begin(), more.end());
    return out;
  }
  test::Program program(test::Program base = test::sluice()) const {
    return base.in(folder_.path()).with("HOME", folder_.path().native());
  }
  Ran watch(const std::vector<std::string>& more) const { return program()(words(more)); }
  Ran once(std::vector<std::string> more = {}) const {
    more.emplace_back("--once");
    return watch(more);
  }
  static std::vector<json::Value> lines(const Ran& ran) {
    std::vector<json::Value> out;
    for (const auto line : split(ran.out, '\n')) {
      if (line.empty()) continue;
      const auto value = json::parse_strict(line);
      EXPECT_TRUE(value) << line;
      if (value) out.push_back(*value);
    }
    return out;
  }

  // Answers wait from here on, where the request has that in it, until they are released.
  void hold(std::string part) { held_ = std::move(part); }
  void release() {
    const std::lock_guard lock(mutex_);
    held_.clear();
    released_.notify_all();
  }

  test::TempFolder folder_;
  test::VirtualSigstore world_;
  std::string mine_ = entry({});
  test::Made other_made_ = world_.sign("other", {.names = {test::email_name("eve@example.net")}});
  std::string other_ = json::canonical_jcs(test::body_v2(other_made_)).value();
  VirtualRekorV2 log_{world_};
  VirtualRekorV2 shorter_{world_};
  int looks_until_shorter_ = -1;  // then the log is another one
  std::string name_ = "log2026.rekor.example.org";
  std::string read_from_ = {};  // else from the server

 private:
  ServedAnswer serve(const RawRequest& request) {
    std::unique_lock lock(mutex_);
    released_.wait(lock, [&] { return held_.empty() || !has(request.target, held_); });
    if (request.target.ends_with("/checkpoint") && looks_until_shorter_ >= 0) {
      if (looks_until_shorter_-- == 0) now_ = &shorter_;
    }
    const auto answer =
        now_->answer({.method = request.method, .url = cat("https://log", request.target)});
    return {.status = answer->status,
            .body = answer->body,
            .headers = {},
            .type = "application/octet-stream"};
  }

  std::mutex mutex_;
  std::condition_variable released_;
  std::string held_;
  VirtualRekorV2* now_ = &log_;
  HttpServer server_;  // last: it asks the rest
};

TEST_F(LogWatch, TellsOfWhatIsNewAndOnlyThen) {
  grow(log_, 3);
  EXPECT_EQ(once().exit_code, 0);
  log_.add_other(mine_);
  const Ran found = once();
  EXPECT_EQ(found.exit_code, 1) << found.err;
  EXPECT_TRUE(has(found.out, "ALERT     entry 3 of log2026.rekor.example.org\n")) << found.out;
  EXPECT_TRUE(has(found.out, "  signed by    release@example.org (https://accounts.example.org)"))
      << found.out;
  EXPECT_TRUE(has(found.out, "  chain        holds, to ")) << found.out;
  const Ran nothing = once();
  EXPECT_EQ(nothing.exit_code, 0) << nothing.err;
  EXPECT_TRUE(has(nothing.out, "nothing new")) << nothing.out;
}

TEST_F(LogWatch, BeginsAtThePresentEndWhereItIsToldTo) {
  log_.add_other(mine_);
  const Ran first = once({"--from-now"});
  EXPECT_EQ(first.exit_code, 0) << first.out;
  EXPECT_TRUE(has(first.out, "what is older was not looked at")) << first.out;
  log_.add_other(entry({}));
  EXPECT_EQ(once({"--from-now"}).exit_code, 1);
}

void expect_schema(const json::Value& value, std::string_view file) {
  const auto schema =
      json::parse_strict(test::read_file(Path(SLUICE_SOURCE_DIR) / "docs/schema" / file));
  ASSERT_TRUE(schema) << file;
  for (const auto& key : *schema->find("required")->array()) {
    EXPECT_NE(value.find(*key.string()), nullptr) << *key.string();
  }
  for (const auto& [key, member] : *value.object()) {
    EXPECT_NE(schema->find("properties")->find(key), nullptr) << key;
  }
}

TEST_F(LogWatch, SpeaksInLinesOfJson) {
  log_.add_other(mine_);
  log_.add_other("unread");
  const Ran ran = once({"--output", "json"});
  EXPECT_EQ(ran.exit_code, 1);
  const auto told = lines(ran);
  ASSERT_EQ(told.size(), 3U) << ran.out;
  expect_schema(told[0], "log-alert.v1.json");
  EXPECT_EQ(*told[0].find("id")->string(), "entry.identity");
  EXPECT_EQ(told[0].find("certificate")->find("chain_holds")->boolean(), true);
  expect_schema(told[1], "log-alert.v1.json");
  EXPECT_EQ(*told[1].find("level")->string(), "notice");
  expect_schema(told[2], "log-watch.v1.json");
  EXPECT_EQ(told[2].find("end")->integer(), 2);
  const auto state = json::parse_strict(test::read_file(folder_ / "state.json"));
  ASSERT_TRUE(state);
  expect_schema(*state, "log-state.v1.json");
}

TEST_F(LogWatch, EndsByARollbackWithTheEvidenceBesideTheState) {
  grow(log_, 5);
  grow(shorter_, 4);
  ASSERT_EQ(once().exit_code, 0);
  const std::string state = test::read_file(folder_ / "state.json");
  looks_until_shorter_ = 2;  // two looks later
  const Ran ran = watch({"--interval", "1s", "--output", "json"});
  EXPECT_EQ(ran.exit_code, 1) << ran.err;
  const auto told = lines(ran);
  ASSERT_EQ(told.size(), 2U) << ran.out;  // the first look, and the alert
  expect_schema(told[1], "log-alert.v1.json");
  EXPECT_EQ(*told[1].find("id")->string(), "log.rollback");
  EXPECT_EQ(test::read_file(folder_ / "state.json"), state);
  const std::string file = *told[1].find("evidence")->string();
  EXPECT_TRUE(has(test::read_file(folder_ / file), "log2026.rekor.example.org\\n5\\n")) << file;

  const Ran text = once();
  EXPECT_EQ(text.exit_code, 1);
  EXPECT_TRUE(has(text.out, "it has shrunk  (log.rollback)")) << text.out;
}

TEST_F(LogWatch, ThatIsKilledGoesOnFromTheLastRound) {
  log_.add_other(mine_);
  grow(log_, 2100);
  log_.add_other(entry({}));
  hold("tile/entries/008");
  std::vector<std::string> killed = words({"--once", "--output", "json"});
  killed.insert(killed.begin(), {"-s", "KILL", "3", test::sluice_path()});
  const auto timeout = test::find_program("timeout");
  ASSERT_TRUE(timeout);
  const Ran first = program(test::Program(*timeout))(killed);
  release();
  EXPECT_NE(first.exit_code, 0);
  const auto told = lines(first);
  ASSERT_EQ(told.size(), 1U) << first.out << first.err;
  EXPECT_EQ(told[0].find("index")->integer(), 0);
  const Ran second = once({"--output", "json"});
  ASSERT_EQ(lines(second).size(), 2U) << second.out << second.err;
  EXPECT_EQ(lines(second)[0].find("index")->integer(), 2100);
  EXPECT_EQ(lines(second)[1].find("first")->integer(), 2048);
}

TEST_F(LogWatch, CannotTellWhereTheLogDoesNotAnswer) {
  grow(log_, 3);
  read_from_ = "http://127.0.0.1:1";
  const Ran away = once({"--output", "json"});
  EXPECT_EQ(away.exit_code, 3);
  ASSERT_EQ(lines(away).size(), 1U) << away.out;
  EXPECT_EQ(*lines(away)[0].find("code")->string(), "network");
  EXPECT_FALSE(std::filesystem::exists(folder_ / "state.json"));
  read_from_ = {};
  folder_.write("state.json", "{\"kind\":\"sluice.log-state/v9\"}");
  const Ran newer = once();
  EXPECT_EQ(newer.exit_code, 3);
  EXPECT_TRUE(has(newer.err, "of a newer sluice")) << newer.err;
}

TEST_F(LogWatch, SaysAThingAgainWhereItsStateCannotBeKept) {
  log_.add_other(mine_);
  std::filesystem::create_symlink("nowhere", folder_ / "state.json");  // never replaced
  const Ran first = once();
  EXPECT_EQ(first.exit_code, 1);
  EXPECT_TRUE(has(first.err, "will not replace")) << first.err;
  std::filesystem::remove(folder_ / "state.json");
  EXPECT_EQ(once().exit_code, 1);
}

TEST_F(LogWatch, RefusesCallsThatMeanNothing) {
  EXPECT_EQ(once({"--interval", "1m"}).exit_code, 2);
  EXPECT_EQ(watch({"--interval", "0s"}).exit_code, 2);
  EXPECT_EQ(watch({"--interval", "25h"}).exit_code, 2);
  EXPECT_EQ(watch({"--interval", "soon"}).exit_code, 2);
  EXPECT_EQ(once({"--digest", "sha256:12"}).exit_code, 2);
  name_ = "log2099.rekor.example.org";
  const Ran unknown = once();
  EXPECT_EQ(unknown.exit_code, 2);
  EXPECT_TRUE(has(unknown.err, "https://log2026.rekor.example.org")) << unknown.err;
  const Ran nobody = program()({"log", "watch", "--log", "log2026.rekor.example.org",
                                "--trusted-root", "root.json", "--state", "state.json"});
  EXPECT_EQ(nobody.exit_code, 2);
  EXPECT_TRUE(has(nobody.err, "watch for whom?")) << nobody.err;
}

}  // namespace
}  // namespace sluice
