// SPDX-License-Identifier: Apache-2.0
// tuf client download --map: two repositories on this machine that have to agree (TAP 4).
#include <gtest/gtest.h>

#include "base/text.h"
#include "json/value.h"
#include "support/program.h"
#include "support/servers/http_server.h"
#include "support/tuf/fake_repo.h"

namespace sluice {
namespace {

using test::has;
using test::Ran;
using test::RawRequest;
using test::ServedAnswer;
using Words = std::vector<std::string>;

// One repository; `flat`: the metadata beside targets/, not in metadata/.
struct Served {
  explicit Served(bool flat) : flat_(flat) {
    // Far away: these tests run by the machine's clock.
    for (const std::string role : {"root", "timestamp", "snapshot", "targets"}) {
      repo.set_expires(role, std::chrono::sys_days(std::chrono::year(2090) / 1 / 1));
    }
    list("app.txt", "hello");
  }
  void list(const std::string& path, const std::string& content) {
    repo.add_target("targets", path, content);
    repo.publish({"root", "targets", "snapshot", "timestamp"});
  }

  bool flat_;
  test::FakeRepo repo;
  test::HttpServer server{[this](const RawRequest& request) -> ServedAnswer {
    std::string name = request.target.substr(1);
    if (flat_ && !name.starts_with("targets/")) name = "metadata/" + name;
    const auto at = repo.files.find(name);
    if (at == repo.files.end()) return {.status = 404, .body = "no"};
    return {.status = 200, .body = at->second};
  }};
};

class TufMap : public testing::Test {
 protected:
  TufMap() { write_map("../one"); }
  // The first one's name is somebody's idea of a path.
  void write_map(const std::string& name) {
    folder.write("map.json",
                 cat(R"({"repositories":{")", name, R"(":[")", one.server.url(), R"("],"two":[")",
                     two.server.url(), R"("]},"mapping":[{"paths":["*"],"repositories":[")", name,
                     R"(","two"],"threshold":2,"terminating":true}]})"));
    first = name;
  }
  Ran run(Words words) const {
    words.insert(words.begin(), {"tuf", "client"});
    return test::sluice().in(folder.path()).with("HOME", folder.path().native())(words);
  }
  Ran init(const std::string& name, const Served& served) const {
    const Path root = folder.write("root.json", served.repo.files.at("metadata/1.root.json"));
    return run({"init", "--cache", "c/caches", "--repository", name, root.native()});
  }
  void init_both() const {
    EXPECT_EQ(init(first, one).exit_code, 0);
    EXPECT_EQ(init("two", two).exit_code, 0);
  }
  Ran download(const Words& more = {}) const {
    Words words{"download", "--cache", "c/caches", "--map", "map.json", "--to", "out", "app.txt"};
    words.insert(words.end(), more.begin(), more.end());
    return run(words);
  }

  test::TempFolder folder;
  Served one{false};
  Served two{true};
  std::string first;
};

TEST_F(TufMap, WhatBothListIsFetched) {
  init_both();
  const Ran ran = download();
  EXPECT_EQ(ran.exit_code, 0) << ran.out << ran.err;
  EXPECT_TRUE(has(ran.out, "agreed by")) << ran.out;
  EXPECT_EQ(test::read_file(folder / "out/app.txt"), "hello");
  const auto value = json::parse_strict(download({"--output", "json"}).out).value();
  const json::Value& entry = value.find("targets")->array()->front();
  EXPECT_EQ(json::write(*entry.find("repositories")), R"(["../one","two"])");
  EXPECT_EQ(entry.find("present")->boolean(), true);
  EXPECT_EQ(download({"--offline"}).exit_code, 0);
}

TEST_F(TufMap, WhatTheyDisagreeOnIsRefused) {
  init_both();
  two.list("app.txt", "other");
  const Ran ran = download();
  EXPECT_EQ(ran.exit_code, 1) << ran.out << ran.err;
  EXPECT_TRUE(
      has(ran.out, "2 have to agree; others list something else (TAP 4, searching, step 4.1)"))
      << ran.out;
  EXPECT_FALSE(std::filesystem::exists(folder / "out/app.txt"));
  one.list("app.txt", "other");
  EXPECT_EQ(download().exit_code, 0);
  EXPECT_EQ(test::read_file(folder / "out/app.txt"), "other");
}

TEST_F(TufMap, ARepositoryThatIsRefusedIsNamedWithItsAttack) {
  init_both();
  ASSERT_EQ(download().exit_code, 0);
  two.repo.set_version("timestamp", 1);
  two.repo.publish({"timestamp"});
  const Ran ran = download();
  EXPECT_EQ(ran.exit_code, 1);
  EXPECT_TRUE(has(ran.out, "rollback attack: timestamp.json")) << ran.out;
}

TEST_F(TufMap, NamesOfRepositoriesStayBelowTheCache) {
  init_both();
  std::size_t folders = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder / "c")) {
    EXPECT_EQ(entry.path().filename(), "caches");
    ++folders;
  }
  EXPECT_EQ(folders, 1U);
  EXPECT_TRUE(std::filesystem::exists(folder / "c/caches/repository-..%2Fone/root.json"));
}

TEST_F(TufMap, WhatIsMissingOrContradictsItselfIsNotDecided) {
  const Ran begun = download();
  EXPECT_EQ(begun.exit_code, 3);
  EXPECT_TRUE(has(begun.err, "--repository '../one'")) << begun.err;
  EXPECT_EQ(download({"--metadata-url", "http://127.0.0.1:1/"}).exit_code, 2);
  folder.write("map.json", "{}");
  EXPECT_EQ(download().exit_code, 3);
}

}  // namespace
}  // namespace sluice
