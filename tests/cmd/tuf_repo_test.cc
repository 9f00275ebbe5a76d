// SPDX-License-Identifier: Apache-2.0
// A TUF repository as people keep it with the built program: ceremonies, mistakes, other clients.
#include <gtest/gtest.h>
#include <poll.h>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <future>

#include "base/text.h"
#include "cmd/tuf_folder.h"
#include "json/value.h"
#include "support/json_schema.h"
#include "support/program.h"

namespace sluice {
namespace {

using test::has;
using test::Ran;
using Words = std::vector<std::string>;

class TufRepository : public test::TufFolder {
 protected:
  TufRepository() {
    for (const std::string person : {"ann", "ben", "online"}) make_key(person);
    folder.write("app.txt", "release 1.0\n");
  }
  Ran init(Words more = {}) const {
    Words words{"tuf",           "init",    "--root-key",       "ann.pub",
                "--root-key",    "ben.pub", "--root-threshold", "2",
                "--targets-key", "ann.pub", "--online-signer",  "env:TUF_ONLINE_KEY"};
    words.insert(words.end(), more.begin(), more.end());
    words.emplace_back("repo");
    return run(words);
  }
  void sign(const std::string& person) const {
    tuf({"sign", "--key", cat(person, ".key"), "--yes"});
  }
  void start() const {
    EXPECT_EQ(init().exit_code, 0);
    tuf({"add", "--under", "app/1.0", "--version", "1.0.0", "app.txt"});
    sign("ann");
    sign("ben");
    tuf({"publish"});
  }
  json::Value status() const {
    return *json::parse_strict(tuf({"status", "--output", "json"}).out);
  }
  std::string published(const std::string& name) const {
    return test::read_file(folder / "repo" / "metadata" / name);
  }
};

TEST_F(TufRepository, FromAnEmptyFolderToAReleaseThatAClientAccepts) {
  start();
  const Ran verified = run({"tuf", "verify", "repo"});
  EXPECT_EQ(verified.exit_code, 0) << verified.out << verified.err;
  EXPECT_TRUE(has(verified.out, "targets      1")) << verified.out;
  EXPECT_TRUE(has(published("1.targets.json"), R"("custom":{"version":"1.0.0"})"));
}

TEST_F(TufRepository, StatusSaysWhoIsNeededAndFollowsItsSchema) {
  EXPECT_EQ(init().exit_code, 0);
  sign("ann");
  const Ran told = tuf({"status"});
  EXPECT_TRUE(has(told.out, "1 of 2 signatures, the keys of root 1, which is proposed"))
      << told.out;
  EXPECT_TRUE(has(told.out, "still needed  ben (ed25519 ")) << told.out;
  EXPECT_TRUE(has(told.out, "Nothing is published before it is complete."));
  EXPECT_EQ(test::misfit(test::published_schema("tuf-status.v1"), status(), ""), "");
  sign("ben");
  tuf({"publish"});
  EXPECT_EQ(test::misfit(test::published_schema("tuf-status.v1"), status(), ""), "");
}

TEST_F(TufRepository, SigningWithoutATerminalNeedsYesAndShowsWhatChanges) {
  EXPECT_EQ(init().exit_code, 0);
  const Ran refused = tuf({"sign", "--key", "ann.key"}, 3);
  EXPECT_TRUE(has(refused.out, "You are about to sign root 1, its first version")) << refused.out;
  EXPECT_TRUE(has(refused.out, "adds key ben (ed25519 ")) << refused.out;
  EXPECT_TRUE(has(refused.err, "there is no terminal")) << refused.err;
  EXPECT_FALSE(system_files().info(folder / "repo/staging/signatures/root"));
  sign("ann");
}

// What is typed once `question` is there; nothing waits for ever.
Ran type_at_a_terminal(const Path& folder, Words words, std::string_view question,
                       std::string_view answer) {
  constexpr int kLongestWait = 30'000;
  words.insert(words.begin(), test::sluice_path());
  std::vector<char*> arguments;
  for (auto& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  std::string home = cat("HOME=", folder.native());
  std::array<char*, 2> variables{home.data(), nullptr};
  Ran out;
  int terminal = -1;
  const pid_t child = ::forkpty(&terminal, nullptr, nullptr, nullptr);
  if (child == 0) {
    if (::chdir(folder.c_str()) == 0) ::execve(arguments[0], arguments.data(), variables.data());
    ::_exit(127);
  }
  EXPECT_GT(child, 0);
  if (child < 0) return out;
  std::string_view left = answer;
  for (;;) {
    pollfd ready{terminal, POLLIN, 0};
    std::array<char, 4'096> part{};
    const ssize_t got =
        ::poll(&ready, 1, kLongestWait) == 1 ? ::read(terminal, part.data(), part.size()) : -1;
    if (got <= 0) break;  // it has ended
    out.out.append(part.data(), static_cast<std::size_t>(got));
    if (left.empty() || !has(out.out, question)) continue;
    EXPECT_EQ(::write(terminal, left.data(), left.size()), static_cast<ssize_t>(left.size()));
    left = {};
  }
  ::close(terminal);  // which ends one that still waits
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  if (WIFEXITED(status)) out.exit_code = WEXITSTATUS(status);
  return out;
}

TEST_F(TufRepository, AtATerminalTheQuestionAndItsAnswerAreSeen) {
  EXPECT_EQ(init().exit_code, 0);
  folder.write("password", "example");
  const Words words{"tuf",    "sign", "--key",           "ann.key",
                    "--repo", "repo", "--password-file", "password"};
  const Ran no = type_at_a_terminal(folder.path(), words, "[y/N] ", "no\n");
  EXPECT_EQ(no.exit_code, 1) << no.out;
  EXPECT_TRUE(has(no.out, "You are about to sign root 1")) << no.out;
  EXPECT_TRUE(has(no.out, "Sign? [y/N] no\r\nNothing was signed.")) << no.out;
  const Ran yes = type_at_a_terminal(folder.path(), words, "[y/N] ", "y\n");
  EXPECT_EQ(yes.exit_code, 0) << yes.out;
  EXPECT_TRUE(has(yes.out, "Sign? [y/N] y\r\nsigned    2 signatures")) << yes.out;
}

TEST_F(TufRepository, IncompleteIsExitCodeOne) {
  EXPECT_EQ(init().exit_code, 0);
  const Ran refused = tuf({"publish"}, 1);
  EXPECT_TRUE(has(refused.out, "0 of 2 signatures")) << refused.out;
  EXPECT_EQ(published("timestamp.json"), "");
}

TEST_F(TufRepository, CheckedStatusSaysByItsExitCodeWhetherItIsGoodAndComplete) {
  EXPECT_EQ(init().exit_code, 0);
  tuf({"status"});
  tuf({"status", "--check"}, 75);
  sign("ann");
  tuf({"status", "--check", "--output", "json"}, 75);
  sign("ben");
  tuf({"status", "--check"});
  tuf({"publish"});
  tuf({"status", "--check"});
  tuf({"add", "--under", "app/1.0", "app.txt"});
  sign("ann");
  tuf({"status", "--check"});
  for (const auto& entry : std::filesystem::directory_iterator(folder / "repo/targets/app/1.0")) {
    std::filesystem::resize_file(entry.path(), 3);
  }
  tuf({"status"});
  const Ran refused = tuf({"status", "--check"}, 1);
  EXPECT_TRUE(has(refused.out, "is not what is listed: its hash is another one")) << refused.out;
  tuf({"publish"}, 1);
  EXPECT_EQ(published("2.targets.json"), "");
}

TEST_F(TufRepository, ThresholdsAboveTheNumberOfKeysAreRefused) {
  const Ran refused = init({"--targets-threshold", "2"});
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_TRUE(has(refused.err, "the threshold of targets is 2, and it has 1 key")) << refused.err;
}

TEST_F(TufRepository, APolicyThatIsThereAlreadyCountsAndKeepsItsComments) {
  EXPECT_TRUE(system_files().make_folders(folder / "repo"));
  const std::string policy =
      "# ours\nkind: sluice.tuf-repo/v1\nroles:\n  root: {expires: 100d}\n"
      "  snapshot: {online: \"env:TUF_ONLINE_KEY\"}\n"
      "  timestamp: {expires: 6h, online: \"env:TUF_ONLINE_KEY\"}\n";
  folder.write("repo/tuf-repo.yaml", policy);
  EXPECT_EQ(
      run({"tuf", "init", "--root-key", "ann.pub", "--targets-key", "ann.pub", "repo"}).exit_code,
      0);
  EXPECT_EQ(test::read_file(folder / "repo/tuf-repo.yaml"), policy);
  EXPECT_TRUE(has(tuf({"status"}).out, "the first, good for 99 days") ||
              has(tuf({"status"}).out, "the first, good for 100 days"));
}

TEST_F(TufRepository, SignaturesTravelOnAStick) {
  start();
  tuf({"key", "add", "root", "carl=online.pub"});
  // Ben's copy of the folder.
  std::filesystem::copy(folder / "repo", folder / "bens", std::filesystem::copy_options::recursive);
  EXPECT_EQ(run({"tuf", "sign", "--repo", "bens", "--key", "ben.key", "--yes"}).exit_code, 0);
  sign("ann");
  EXPECT_EQ(tuf({"publish"}, 1).exit_code, 1);
  const Ran collected = tuf({"sign", "--collect", "bens/staging"});
  EXPECT_TRUE(has(collected.out, "took over 1 signature")) << collected.out;
  tuf({"publish"});
}

TEST_F(TufRepository, TwoWhoAddAtOnceLoseNothingInSilence) {
  start();
  std::vector<std::string> added;
  for (int round = 0; round < 5; ++round) {
    std::vector<std::future<Ran>> both;
    std::vector<std::string> names;
    for (const std::string who : {"a", "b"}) {
      names.push_back(cat(who, "-", round));
      both.push_back(std::async(std::launch::async, [this, name = names.back()] {
        return run({"tuf", "add", "--as", name, "app.txt", "--repo", "repo"});
      }));
    }
    for (std::size_t i = 0; i < both.size(); ++i) {
      const Ran ran = both[i].get();
      if (ran.exit_code == 0) {
        added.push_back(names[i]);
      } else {
        EXPECT_EQ(ran.exit_code, 3) << ran.out << ran.err;
        EXPECT_TRUE(has(ran.err, "somebody else changed the proposal")) << ran.err;
      }
    }
  }
  EXPECT_GE(added.size(), 5U);  // one of each two at least
  const std::string staged = test::read_file(folder / "repo/staging/targets.json");
  for (const auto& name : added) EXPECT_TRUE(has(staged, cat("\"", name, "\""))) << name;
}

TEST_F(TufRepository, AddAndPublishAtOnceNeedsOnlineKeys) {
  start();
  folder.write("b.txt", "b");
  EXPECT_TRUE(has(tuf({"add", "--publish", "b.txt"}, 1).out, "0 of 1 signature"));
  tuf({"delegate", "--bins", "4", "--signer", "env:TUF_ONLINE_KEY"});
  const std::string policy = test::read_file(folder / "repo/tuf-repo.yaml");
  folder.write("repo/tuf-repo.yaml",
               cat(policy, "  delegated: {online: \"env:TUF_ONLINE_KEY\"}\n"));
  sign("ann");
  tuf({"publish"});
  const Ran added = tuf({"add", "--publish", "b.txt"});
  EXPECT_TRUE(has(added.out, "snapshot 3, timestamp 3")) << added.out;
  EXPECT_EQ(run({"tuf", "verify", "--deep", "repo"}).exit_code, 0);
}

TEST_F(TufRepository, NewBinsAreFilledFromAListAndWrittenOnce) {
  start();
  const std::string policy = test::read_file(folder / "repo/tuf-repo.yaml");
  folder.write("repo/tuf-repo.yaml",
               cat(policy, "  delegated: {online: \"env:TUF_ONLINE_KEY\"}\n"));
  folder.write("b.txt", "b");
  folder.write("list", "b.txt\n\n{\"file\":\"app.txt\",\"path\":\"x/\\\"y\"}\n");
  EXPECT_EQ(
      tuf({"delegate", "team", "--path", "x/*", "--signer", "env:TUF_ONLINE_KEY", "--list", "list"},
          2)
          .exit_code,
      2);
  const Ran filled =
      tuf({"delegate", "--bins", "4", "--signer", "env:TUF_ONLINE_KEY", "--list", "list"});
  EXPECT_TRUE(has(filled.out, "2 targets")) << filled.out;
  sign("ann");
  const Ran published = tuf({"publish"});
  EXPECT_TRUE(has(published.out, "bins-0 1, bins-1 1, bins-2 1, bins-3 1")) << published.out;
  const Ran verified = run({"tuf", "verify", "--deep", "repo"});
  EXPECT_EQ(verified.exit_code, 0) << verified.out;
  const Ran again = tuf({"add", "--version", "2", "b.txt"});
  EXPECT_TRUE(has(again.out, "proposed  bins-")) << again.out;
}

TEST_F(TufRepository, AListOnStandardInputAndNamesThatArePaths) {
  start();
  folder.write("list", "app.txt\n{\"file\":\"app.txt\",\"path\":\"x/y\",\"custom\":{\"a\":1}}\n");
  tuf({"add", "--list", "list"});
  EXPECT_EQ(tuf({"add", "--as", "../x", "app.txt"}, 2).exit_code, 2);
  EXPECT_EQ(tuf({"add", "--as", "/x", "app.txt"}, 2).exit_code, 2);
  folder.write("bad", "{\"path\":\"x\",\"length\":1,\"hashes\":{\"sha256\":\"00\"}}\n");
  EXPECT_EQ(tuf({"add", "--list", "bad"}, 3).exit_code, 3);
  const Ran diff = tuf({"diff"});
  EXPECT_TRUE(has(diff.out, "adds app.txt")) << diff.out;
  EXPECT_TRUE(has(diff.out, "adds x/y")) << diff.out;
}

// Lines are read by many, and count in their order; the usual ones by a short way.
TEST_F(TufRepository, ALongListCountsInItsOrderAndNamesTheLineThatIsWrong) {
  start();
  const std::string policy = test::read_file(folder / "repo/tuf-repo.yaml");
  folder.write("repo/tuf-repo.yaml", cat(policy, "targets: elsewhere\n"));
  const std::string hash(64, 'a');
  const auto line = [&](std::string_view path, int length, std::string_view more = "") {
    return cat(R"({"path":")", path, R"(","length":)", length, R"(,"hashes":{"sha256":")", hash,
               R"("})", more, "}\n");
  };
  std::string list;
  for (int i = 0; i < 2'000; ++i) {
    list += i == 700 ? "\n" : line(cat("p/", i), i);
  }
  list += line("with", 1, R"(,"custom":{"b":2,"a":1})");
  list += cat(R"({ "hashes": {"sha256":")", hash, R"("}, "path": "sp\u0061ced", "length": 3 })");
  folder.write("list", list);
  const Ran added = tuf({"add", "--list", "list"});
  EXPECT_TRUE(has(added.out, "2001 targets")) << added.out;
  const std::string staged = test::read_file(folder / "repo/staging/targets.json");
  const auto entry = [&](std::string_view path) {
    const std::size_t at = staged.find(cat("\"", path, "\": {"));
    if (at == std::string::npos) return std::string("none");
    const std::size_t length = staged.find("\"length\": ", at);
    return staged.substr(length + 10, staged.find('\n', length) - length - 10);
  };
  EXPECT_EQ(entry("p/0"), "0");
  EXPECT_EQ(entry("p/1"), "1");
  EXPECT_EQ(entry("p/1999"), "1999");
  EXPECT_EQ(entry("p/700"), "none");
  EXPECT_EQ(entry("spaced"), "3");
  EXPECT_TRUE(has(staged, "\"a\": 1")) << staged.substr(0, 500);
  const auto refused = [&](const std::string& bad, std::string_view why) {
    folder.write("bad", cat(line("a", 1), bad, list));
    const Ran ran = tuf({"add", "--list", "bad"}, 3);
    EXPECT_EQ(ran.exit_code, 3) << bad;
    EXPECT_TRUE(has(ran.err, "line 2 of the list")) << ran.err;
    EXPECT_TRUE(has(ran.err, why)) << ran.err;
  };
  refused(line("b", 1, R"(,"sise":2)"), "unknown member");
  refused(line("b", 1, R"(,"length":2)"), "a second time");
  refused(R"({"path":"b","length":"1","hashes":{}})"
          "\n",
          "expected an integer");
  refused(cat(R"({"path":"b","hashes":{"sha256":")", hash, "\"}}\n"), "required, but not there");
  refused(line("b", -1), "a negative length");
  refused(R"({"path":"b","length":1,"hashes":{"sha256":"ab"}})"
          "\n",
          "sha256");
  folder.write("late", cat(list, "\n", line("b", -1)));
  EXPECT_TRUE(has(tuf({"add", "--list", "late"}, 3).err, "line 2003 of the list"));
  EXPECT_EQ(tuf({"add", "--as", "one", "--list", "list"}, 2).exit_code, 2);
}

TEST_F(TufRepository, AnEditedStagingAreaIsNamedAndCanBeTakenAsItIs) {
  start();
  tuf({"add", "app.txt"});
  std::string text = test::read_file(folder / "repo/staging/targets.json");
  text.insert(text.find("\"_type\""), "\"x-note\": \"by hand\", ");
  folder.write("repo/staging/targets.json", text);
  EXPECT_TRUE(has(tuf({"status"}).out, "the staged file was edited after it was proposed"));
  EXPECT_EQ(tuf({"sign", "--key", "ann.key", "--yes"}, 3).exit_code, 3);
  tuf({"propose"});
  sign("ann");
  tuf({"publish"});
  EXPECT_TRUE(has(published("2.targets.json"), "by hand"));
}

TEST_F(TufRepository, RotationAndRevocation) {
  start();
  make_key("dora");
  tuf({"key", "rotate", "root", "ben", "dora.pub"});
  sign("ann");
  sign("dora");
  EXPECT_EQ(tuf({"publish"}, 1).exit_code, 1);
  sign("ben");
  tuf({"publish"});
  make_key("emma");
  const Ran revoked = tuf({"key", "revoke", "ann", "--replace-with", "emma.pub"});
  EXPECT_TRUE(has(revoked.out, "next: sluice tuf sign")) << revoked.out;
  sign("ann");
  sign("dora");
  sign("emma");
  tuf({"publish"});
  EXPECT_EQ(run({"tuf", "verify", "repo"}).exit_code, 0);
}

TEST_F(TufRepository, VerifyNamesAMissingTargetAndWarns) {
  start();
  EXPECT_EQ(run({"tuf", "verify", "repo"}).exit_code, 0);
  const Ran warned = run({"tuf", "verify", "--fail-on-warning", "repo"});
  EXPECT_EQ(warned.exit_code, 1);
  EXPECT_TRUE(has(warned.out, "every key of root has to sign")) << warned.out;
  std::filesystem::remove_all(folder / "repo/targets/app");
  const Ran missing = run({"tuf", "verify", "repo"});
  EXPECT_EQ(missing.exit_code, 1);
  EXPECT_TRUE(has(missing.out, "there is no targets/app/1.0/")) << missing.out;
}

TEST_F(TufRepository, AnImportKeepsEveryByte) {
  start();
  const Ran imported =
      run({"tuf", "import", "--metadata", "repo/metadata", "--targets", "repo/targets", "copy"});
  EXPECT_EQ(imported.exit_code, 0) << imported.out << imported.err;
  for (const std::string name :
       {"1.root.json", "1.targets.json", "1.snapshot.json", "timestamp.json"}) {
    EXPECT_EQ(test::read_file(folder / "copy/metadata" / name), published(name)) << name;
  }
  EXPECT_EQ(run({"tuf", "verify", "--deep", "copy"}).exit_code, 0);
  EXPECT_EQ(run({"tuf", "import", "--metadata", "repo/metadata", "copy"}).exit_code, 3);
}

TEST_F(TufRepository, RefreshOnlineWithNothingDueWritesNothing) {
  start();
  const std::string before = published("timestamp.json");
  EXPECT_TRUE(has(tuf({"refresh-online"}).out, "nothing is due"));
  EXPECT_EQ(published("timestamp.json"), before);
  tuf({"publish", "--new-timestamp"});
  EXPECT_NE(published("timestamp.json"), before);
}

}  // namespace
}  // namespace sluice
