// SPDX-License-Identifier: Apache-2.0
// Repositories that others write, read: python-tuf's, go-tuf's, tuftool's. Each is skipped where
// its program is not installed (./dev lab install).
#include <gtest/gtest.h>

#include <fstream>

#include "base/text.h"
#include "support/program.h"
#include "support/servers/http_server.h"

namespace sluice {
namespace {

using test::has;
using test::Program;
using test::Ran;
using test::RawRequest;
using test::ServedAnswer;
using Words = std::vector<std::string>;

class TufPeers : public testing::Test {
 protected:
  Ran run(Words words) const {
    words.insert(words.begin(), {"tuf", "client"});
    return test::sluice().in(folder.path()).with("HOME", folder.path().native())(words);
  }
  Ran download(const Words& names) const {
    Words words{"download",
                "--cache",
                "c",
                "--metadata-url",
                server.url("/repo/metadata"),
                "--target-url",
                server.url("/repo/targets"),
                "--to",
                "out"};
    words.insert(words.end(), names.begin(), names.end());
    return run(words);
  }
  std::string fetched(const std::string& name) const {
    return test::read_file(folder / "out" / name);
  }
  void init() const {
    const Ran ran = run({"init", "--cache", "c", (folder / "repo/metadata/1.root.json").native()});
    ASSERT_EQ(ran.exit_code, 0) << ran.out << ran.err;
  }
  // What the drivers of python-tuf and go-tuf write: roots, keys, delegations, hash bins.
  void reads_all_of_it() const {
    init();
    Words names{"app.txt", "libs/a.txt"};
    for (int i = 0; i < 20; ++i) names.push_back(cat("bins/", i, ".txt"));
    const Ran ran = download(names);
    ASSERT_EQ(ran.exit_code, 0) << ran.out << ran.err;
    EXPECT_TRUE(has(ran.out, "root")) << ran.out;
    EXPECT_EQ(fetched("app.txt"), "an app\n");
    EXPECT_EQ(fetched("libs/a.txt"), "a library, \"quoted\" and \\ so on\n");
    for (int i = 0; i < 20; ++i) {
      EXPECT_EQ(fetched(cat("bins/", i, ".txt")), cat("in a bin: ", i, "\n"));
    }
    EXPECT_EQ(test::read_file(folder / "c/root.json"),
              test::read_file(folder / "repo/metadata/2.root.json"));
    EXPECT_EQ(download({"libs/none.txt"}).exit_code, 1);
    // One byte of one signature's message.
    const Path file = folder / "repo/metadata/1.libs.json";
    std::string text = test::read_file(file);
    text[text.find("2090")] = '3';
    std::ofstream(file) << text;
    std::filesystem::remove_all(folder / "c");
    std::filesystem::remove_all(folder / "out");
    init();
    EXPECT_EQ(download({"libs/a.txt"}).exit_code, 1);
    EXPECT_EQ(download({"app.txt"}).exit_code, 0);
  }

  test::TempFolder folder;
  test::HttpServer server{[this](const RawRequest& request) -> ServedAnswer {
    const Path file = folder / request.target.substr(1);
    if (!std::filesystem::is_regular_file(file)) return {.status = 404, .body = "no"};
    return {.status = 200, .body = test::read_file(file)};
  }};
};

TEST_F(TufPeers, PythonTuf) {
  const auto program = test::find_program("python-tuf");
  if (!program) GTEST_SKIP() << "python-tuf is not here: ./dev lab install python-tuf";
  const Path python =
      std::filesystem::canonical(*program).parent_path() / "environment/bin/python3";
  const Ran made =
      Program(python.native())
          .in(folder.path())(
              {"-B", std::string(SLUICE_SOURCE_DIR) + "/tests/support/tuf/python_tuf_repo.py",
               "repo"});
  ASSERT_EQ(made.exit_code, 0) << made.err;
  reads_all_of_it();
}

TEST_F(TufPeers, GoTuf) {
  const auto program = test::find_program("go-tuf-repo");
  if (!program) GTEST_SKIP() << "go-tuf-repo is not here: ./dev lab install go-tuf-repo";
  const Ran made = Program(*program).in(folder.path())({"repo"});
  ASSERT_EQ(made.exit_code, 0) << made.err;
  reads_all_of_it();
}

TEST_F(TufPeers, Tuftool) {
  const auto program = test::find_program("tuftool");
  if (!program) GTEST_SKIP() << "tuftool is not here: ./dev lab install tuftool";
  const Program tuftool = Program(*program).in(folder.path());
  const auto does = [&](const Words& words) {
    const Ran ran = Program(tuftool)(words);
    EXPECT_EQ(ran.exit_code, 0) << join(words, " ") << "\n" << ran.err;
  };
  std::filesystem::create_directories(folder / "in/libs");
  folder.write("in/app.txt", "an app\n");
  folder.write("in/libs/a.txt", "a library\n");
  does({"root", "init", "root.json"});
  does({"root", "expire", "root.json", "2090-01-01T00:00:00Z"});
  for (const std::string role : {"root", "snapshot", "targets", "timestamp"}) {
    does({"root", "set-threshold", "root.json", role, "1"});
  }
  does({"root", "gen-rsa-key", "root.json", "key.pem", "--bits", "2048", "--role", "root", "--role",
        "snapshot", "--role", "targets", "--role", "timestamp"});
  does({"root", "sign", "root.json", "-k", "key.pem"});
  Words create{"create",        "--root", "root.json", "--key", "key.pem",
               "--add-targets", "in",     "--outdir",  "repo"};
  for (const std::string role : {"targets", "snapshot", "timestamp"}) {
    for (const std::string& word :
         {cat("--", role, "-expires"), std::string("2090-01-01T00:00:00Z"),
          cat("--", role, "-version"), std::string("1")}) {
      create.push_back(word);
    }
  }
  does(create);
  init();
  const Ran ran = download({"app.txt"});
  ASSERT_EQ(ran.exit_code, 0) << ran.out << ran.err;
  EXPECT_EQ(fetched("app.txt"), "an app\n");
}

}  // namespace
}  // namespace sluice
