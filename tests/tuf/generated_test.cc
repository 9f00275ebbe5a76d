// SPDX-License-Identifier: Apache-2.0
// Repositories that testdata/make made, without any code of ours: each step of each comes out as
// its manifest says, a refusal changes nothing that was trusted, and nothing is written elsewhere.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "base/process.h"
#include "base/text.h"
#include "support/fake_world.h"
#include "support/temp_folder.h"
#include "support/tuf/fake_repo.h"
#include "tuf/client.h"

namespace sluice::tuf {
namespace {

class GeneratedRepositories : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    const test::TempFolder folder;
    const auto made =
        system_processes().run({.command = {"/usr/bin/python3", SLUICE_SOURCE_DIR "/testdata/make",
                                            folder.path(), "tuf"}});
    ASSERT_TRUE(made);
    ASSERT_EQ(made->exit_code, 0) << made->err;
    manifest_ =
        *json::parse_strict(test::read_file(folder / "tuf/manifest.json"), {.bytes = 256U << 20});
  }

  static const std::string& text(const json::Value& one, std::string_view key) {
    return *one.find(key)->string();
  }
  static inline json::Value manifest_;
};

// One client on one case.
class Walk {
 public:
  explicit Walk(const json::Value& one) : root_(*one.find("root")->string()) {}

  std::string step(const json::Value& step) {
    repo_.files.clear();
    for (const auto& [path, content] : *step.find("files")->object()) {
      repo_.files[path] = *content.string();
    }
    clock_.set(parse_rfc3339(*step.find("now")->string()).value());
    return get(*step.find("ask")->string());
  }
  // What is trusted, of that kind.
  std::string trusted(const std::string& kind) const {
    return test::read_file(folder_ / "cache" / (kind + ".json"));
  }
  std::vector<std::string> written() const {
    std::vector<std::string> out;
    for (const auto& entry : std::filesystem::directory_iterator(folder_.path())) {
      out.push_back(entry.path().filename());
    }
    std::ranges::sort(out);
    return out;
  }

 private:
  template <class T>
  static std::string outcome(const Result<Verdict<T>>& result) {
    if (!result) return cat("error: ", result.error().text());
    const Check* failure = result->report().first_failure();
    if (failure == nullptr) return "good";
    // Each names the file, and the clause.
    EXPECT_NE(failure->detail.find("(TUF "), std::string::npos) << failure->detail;
    EXPECT_FALSE(failure->source.empty() && failure->id != "tuf.target.path") << failure->id;
    return failure->id;
  }
  std::string get(const std::string& path) {
    Client client(system_files(), clock_, &http_,
                  {.folder = folder_ / "cache",
                   .metadata_urls = {"http://one/metadata/"},
                   .target_urls = {"http://one/targets/"},
                   .root = root_});
    const auto refreshed = client.refresh();
    if (const auto said = outcome(refreshed); said != "good") return said;
    const auto found = client.find(path);
    if (const auto said = outcome(found); said != "good") return said;
    return outcome(client.download({*found->value()}, folder_ / "out"));
  }

  std::string root_;
  test::TempFolder folder_;
  test::FakeRepo repo_;
  test::RepoHttp http_{repo_};
  test::FakeClock clock_;
};

TEST_F(GeneratedRepositories, AllStepsComeOutAsTheManifestSays) {
  std::int64_t ran = 0;
  std::size_t refusals = 0;
  std::size_t unchanged = 0;
  for (const auto& one : *manifest_.find("cases")->array()) {
    ++ran;
    Walk walk(one);
    std::size_t number = 0;
    for (const auto& step : *one.find("steps")->array()) {
      const std::string& due = text(step, "outcome");
      std::map<std::string, std::string> before;
      for (const std::string kind : {"root", "timestamp", "snapshot", "targets"}) {
        before[kind] = walk.trusted(kind);
      }
      EXPECT_EQ(walk.step(step), due)
          << text(one, "id") << ", step " << ++number << ": " << text(one, "why");
      if (due == "good") continue;
      ++refusals;
      // A newer root may have come before (5.3.6), and have taken timestamp and snapshot away
      // (5.3.11); nothing was trusted before the first refresh.
      const auto same = before.find(std::string(split(due, '.')[1]));
      if (same == before.end() || same->second.empty()) continue;
      if (walk.trusted("root") != before["root"] && due != "tuf.root.signature") continue;
      ++unchanged;
      EXPECT_TRUE(walk.trusted(same->first) == same->second) << text(one, "id") << ": " << due;
    }
    for (const auto& name : walk.written()) {
      EXPECT_TRUE(name == "cache" || name == "out") << text(one, "id") << ": " << name;
    }
  }
  EXPECT_EQ(ran, *manifest_.find("count")->integer());
  EXPECT_GE(ran, 190);
  EXPECT_GE(refusals, 150U);
  EXPECT_GE(unchanged, 90U);
}

}  // namespace
}  // namespace sluice::tuf
