// SPDX-License-Identifier: Apache-2.0
// tuf client as a user calls it: a repository on this machine, processes that are killed, and disks
// that are full.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <mutex>
#include <thread>

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

class TufCommand : public testing::Test {
 protected:
  TufCommand() {
    // Far away: these tests run by the machine's clock.
    const Time later = std::chrono::sys_days(std::chrono::year(2090) / 1 / 1);
    for (const std::string role : {"root", "timestamp", "snapshot", "targets", "libs"}) {
      repo.set_expires(role, later);
    }
    repo.delegate("targets", "libs", {"libs/*"});
    repo.add_target("targets", "app.txt", "hello");
    repo.add_target("libs", "libs/a", "library");
    repo.publish({"root", "libs", "targets", "snapshot", "timestamp"});
    root = folder.write("root.json", repo.files.at("metadata/1.root.json"));
  }

  Ran run(Words words) const {
    words.insert(words.begin(), {"tuf", "client"});
    return test::sluice().in(folder.path()).with("HOME", folder.path().native())(words);
  }
  Words with_urls(Words words) const {
    words.insert(words.end(), {"--cache", "c", "--metadata-url", server.url("/metadata")});
    return words;
  }
  Ran init() const { return run({"init", "--cache", "c", root.native()}); }
  Ran refresh(Words more = {}) const {
    more.insert(more.begin(), "refresh");
    return run(with_urls(std::move(more)));
  }
  Words download_words(const std::string& target) const {
    return with_urls({"download", "--target-url", server.url("/targets"), "--to", "out", target});
  }
  Ran download(const std::string& target) const { return run(download_words(target)); }
  std::string fetched(const std::string& name) const {
    return test::read_file(folder / "out" / name);
  }

  test::TempFolder folder;
  test::FakeRepo repo;
  mutable std::mutex mutex;
  std::size_t requests = 0;
  test::HttpServer server{[this](const RawRequest& request) -> ServedAnswer {
    const std::lock_guard hold(mutex);
    ++requests;
    const auto at = repo.files.find(request.target.substr(1));
    if (at == repo.files.end()) return {.status = 404, .body = "no"};
    return {.status = 200, .body = at->second};
  }};
  Path root;
};

TEST_F(TufCommand, InitRefreshDownloadTargets) {
  EXPECT_EQ(init().exit_code, 0);
  const Ran refreshed = refresh();
  EXPECT_EQ(refreshed.exit_code, 0) << refreshed.out << refreshed.err;
  EXPECT_TRUE(has(refreshed.out, "verified  http://127.0.0.1"));
  EXPECT_TRUE(has(refreshed.out, "root         2, good until 2090-01-01 00:00:00Z"));
  EXPECT_TRUE(has(refreshed.out, "1 target, 1 delegated role"));
  const Ran got = download("libs/a");
  EXPECT_EQ(got.exit_code, 0) << got.out << got.err;
  EXPECT_TRUE(has(got.out, "listed by    libs"));
  EXPECT_EQ(fetched("libs/a"), "library");
  EXPECT_TRUE(has(download("libs/a").out, "was there already"));
  const Ran listed = run(with_urls({"targets"}));
  EXPECT_TRUE(has(listed.out, "  5  app.txt\n"));
  EXPECT_TRUE(has(listed.err, "1 delegated role may list more"));
  EXPECT_EQ(run({"targets", "--cache", "c", "--offline", "libs/a"}).exit_code, 0);
}

TEST_F(TufCommand, ARefusalNamesAttackFileAndClauseAndEndsWithOne) {
  init();
  EXPECT_EQ(refresh().exit_code, 0);
  repo.set_version("timestamp", 1);
  repo.publish({"timestamp"});
  const Ran refused = refresh();
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_TRUE(has(refused.out, "refused   http://127.0.0.1"));
  EXPECT_TRUE(has(refused.out,
                  "rollback attack: timestamp.json: it has version 1, version 2 was "
                  "seen (TUF 5.4.3.1)"));
  EXPECT_EQ(download("libs/none").exit_code, 1);
}

TEST_F(TufCommand, CouldNotDecideIsThree) {
  EXPECT_EQ(refresh().exit_code, 3);  // no root yet
  EXPECT_EQ(run({"init", "--cache", "c", "missing.json"}).exit_code, 3);
  init();
  EXPECT_EQ(run({"refresh", "--cache", "c", "--metadata-url", "http://127.0.0.1:1/m"}).exit_code,
            3);
  EXPECT_EQ(run({"refresh", "--cache", "c"}).exit_code, 2);
  EXPECT_EQ(run({"refresh"}).exit_code, 2);
  EXPECT_EQ(run({"init", "--cache", "d", (folder.write("x", "{}")).native()}).exit_code, 1);
}

TEST_F(TufCommand, WordsThatLeadOnHaveHelp) {
  const Ran group = test::sluice()({"tuf", "client", "--help"});
  EXPECT_EQ(group.exit_code, 0);
  EXPECT_TRUE(has(group.out, "tuf client download"));
  const Ran more = test::sluice()({"tuf", "client"});
  EXPECT_EQ(more.exit_code, 2);
  EXPECT_TRUE(
      has(more.err, "sluice tuf client needs a third word: init, refresh, download, targets"));
  EXPECT_TRUE(has(test::sluice()({"tuf", "client", "refrsh"}).err, "refresh"));
}

TEST_F(TufCommand, JsonIsWhatTheSchemaSays) {
  init();
  const auto schema = json::parse_strict(
      test::read_file(Path(SLUICE_SOURCE_DIR) / "docs/schema/tuf-client.v1.json"));
  ASSERT_TRUE(schema);
  for (const Words& words : {with_urls({"refresh"}), download_words("libs/a"),
                             with_urls({"targets"}), with_urls({"targets", "none"})}) {
    Words call = words;
    call.insert(call.end(), {"--output", "json"});
    const auto value = json::parse_strict(run(call).out);
    ASSERT_TRUE(value);
    EXPECT_EQ(*value->find("kind")->string(), "sluice.tuf-client/v1");
    for (const auto& key : *schema->find("required")->array()) {
      EXPECT_NE(value->find(*key.string()), nullptr) << *key.string();
    }
    for (const auto& [key, member] : *value->object()) {
      EXPECT_NE(schema->find("properties")->find(key), nullptr) << key;
    }
  }
}

TEST_F(TufCommand, TwentyProcessesShareOneCache) {
  init();
  std::vector<Ran> ran(20);
  {
    std::vector<std::jthread> threads;
    for (auto& each : ran) {
      threads.emplace_back([&] { each = download("libs/a"); });
    }
  }
  for (const auto& each : ran) EXPECT_EQ(each.exit_code, 0) << each.out << each.err;
  EXPECT_EQ(fetched("libs/a"), "library");
  EXPECT_EQ(refresh().exit_code, 0);
}

// Runs a program and kills it as it enters its n-th system call that changes the file system.
// Nothing where this machine does not allow to trace.
struct Traced {
  bool killed = false;
  int exit_code = -1;
};
bool is_change(std::uint64_t number, const std::uint64_t* args) {
  switch (number) {
    case SYS_write:
      return args[0] > 2;
    case SYS_openat:
      return (args[2] & O_CREAT) != 0;
    case SYS_renameat2:
    case SYS_unlinkat:
    case SYS_mkdirat:
    case SYS_linkat:
    case SYS_fsync:
#ifdef SYS_rename
    case SYS_rename:
    case SYS_unlink:
    case SYS_mkdir:
#endif
      return true;
    default:
      return false;
  }
}

std::optional<Traced> run_killed(const Path& folder, const Words& words, int nth) {
  std::vector<char*> arguments;
  for (const auto& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  const pid_t child = ::fork();
  if (child == 0) {
    const int null = ::open("/dev/null", O_RDWR);
    ::dup2(null, 1);
    ::dup2(null, 2);
    if (::chdir(folder.c_str()) != 0 || ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) {
      ::_exit(126);
    }
    ::execv(arguments[0], arguments.data());
    ::_exit(127);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  if (!WIFSTOPPED(status)) return std::nullopt;
  const auto options = PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE;
  ::ptrace(PTRACE_SETOPTIONS, child, nullptr, options);
  int seen = 0;
  pid_t stopped = child;
  std::uintptr_t signal = 0;
  for (;;) {
    ::ptrace(PTRACE_SYSCALL, stopped, nullptr, signal);
    signal = 0;
    stopped = ::waitpid(-1, &status, __WALL);
    if (stopped < 0) return std::nullopt;
    if (!WIFSTOPPED(status)) {
      if (stopped != child) continue;
      if (WIFSIGNALED(status)) return Traced{.killed = true};
      return Traced{.killed = false, .exit_code = WEXITSTATUS(status)};
    }
    if (WSTOPSIG(status) != (SIGTRAP | 0x80)) {
      if (WSTOPSIG(status) != SIGTRAP && WSTOPSIG(status) != SIGSTOP) {
        signal = static_cast<std::uintptr_t>(WSTOPSIG(status));
      }
      continue;
    }
    __ptrace_syscall_info info{};
    ::ptrace(static_cast<__ptrace_request>(PTRACE_GET_SYSCALL_INFO), stopped, sizeof info, &info);
    const std::uint64_t* args = reinterpret_cast<const std::uint64_t*>(info.entry.args);
    if (info.op == PTRACE_SYSCALL_INFO_ENTRY && is_change(info.entry.nr, args) && seen++ == nth) {
      ::kill(child, SIGKILL);
    }
  }
}

TEST_F(TufCommand, KilledAtEachSystemCallThatWritesTheNextRunSucceeds) {
  // Each time from the state that an older run left, to new keys, a new root and a new target.
  init();
  ASSERT_EQ(download("libs/a").exit_code, 0);
  std::filesystem::copy(folder / "c", folder / "c.before",
                        std::filesystem::copy_options::recursive);
  std::filesystem::copy(folder / "out", folder / "out.before",
                        std::filesystem::copy_options::recursive);
  repo.add_target("libs", "libs/a", "new library");
  repo.set_keys("snapshot", {test::make_tuf_key()}, 1);
  repo.publish({"root", "libs", "targets", "snapshot", "timestamp"});
  Words words = download_words("libs/a");
  words.insert(words.begin(), {test::sluice_path(), "tuf", "client"});
  int killed = 0;
  for (int at = 0;; ++at) {
    for (const std::string name : {"c", "out"}) {
      std::filesystem::remove_all(folder / name);
      std::filesystem::copy(folder / (name + ".before"), folder / name,
                            std::filesystem::copy_options::recursive);
    }
    const auto traced = run_killed(folder.path(), words, at);
    if (!traced) GTEST_SKIP() << "this machine does not allow to trace a process";
    if (!traced->killed) {
      EXPECT_EQ(traced->exit_code, 0);
      break;
    }
    ++killed;
    const std::string target = fetched("libs/a");
    EXPECT_TRUE(target == "library" || target == "new library") << "at call " << at;
    const Ran next = download("libs/a");
    ASSERT_EQ(next.exit_code, 0) << "at call " << at << ": " << next.out << next.err;
    EXPECT_EQ(fetched("libs/a"), "new library");
  }
  EXPECT_GE(killed, 25);
}

TEST_F(TufCommand, OnAFullDiskNothingIsCutShortAndTheNextRunSucceeds) {
  repo.add_target("targets", "big", std::string(100'000, 'x'));
  repo.publish({"targets", "snapshot", "timestamp"});
  for (const int blocks : {0, 1, 2, 4, 100}) {  // of 512 bytes, for each file
    std::filesystem::remove_all(folder / "c");
    std::filesystem::remove_all(folder / "out");
    init();
    std::string line = cat("ulimit -f ", blocks, "; exec '", test::sluice_path(), "' tuf client");
    for (const auto& word : download_words("big")) line += cat(" '", word, "'");
    const Ran full = test::Program("/bin/sh").in(folder.path())({"-c", line});
    EXPECT_EQ(full.exit_code, 3) << blocks << full.out << full.err;
    EXPECT_TRUE(has(full.err, "File too large")) << full.err;
    EXPECT_EQ(fetched("big"), "");
    EXPECT_EQ(download("big").exit_code, 0);
    EXPECT_EQ(fetched("big").size(), 100'000U);
  }
}

// A real file system without room, in a name space of its own, from hardly any to just enough.
TEST_F(TufCommand, OnASmallFileSystemNothingIsCutShortAndTheNextRunSucceeds) {
  repo.add_target("targets", "big", std::string(100'000, 'x'));
  repo.publish({"targets", "snapshot", "timestamp"});
  std::filesystem::create_directories(folder / "small");
  const auto line = [](const Words& words) {
    std::string out;
    for (const auto& word : words) out += cat(" '", word, "'");
    return out;
  };
  const std::string client = cat("'", test::sluice_path(), "' tuf client");
  const std::string script =
      cat("full=0; for pages in 1 2 3 5 8 12 16 24 32 36 40 44; do\n"
          "mount -t tmpfs -o size=$((pages * 4))k none small || exit 77\n"
          "cd small; ",
          client, " init --cache c '", root.native(), "' >/dev/null 2>&1; ", client,
          line(download_words("big")), " >/dev/null 2>/dev/null || {\n",
          "  [ $? = 3 ] || echo $pages: wrong exit code\n  full=$((full + 1))\n",
          // Whole it may be there: what had no room is then a file of the cache.
          "  [ ! -e out/big ] || [ $(wc -c <out/big) = 100000 ] || echo $pages: cut short\n}\n",
          "mount -o remount,size=4m ", (folder / "small").native(), "\n", client,
          " init --cache c '", root.native(), "' >/dev/null 2>&1; ", client,
          line(download_words("big")), " >log 2>&1 || { echo $pages: the next run; cat log; }\n",
          "[ $(wc -c <out/big) = 100000 ] || echo $pages: not whole\n",
          "cd ..; umount small; done; echo full $full times\n");
  const Ran ran = test::Program("/bin/sh").in(folder.path())(
      {"-c", "exec unshare --user --map-root-user --mount /bin/sh -c \"$0\"", script});
  if (ran.exit_code == 77 || ran.exit_code == 1 || ran.exit_code == 127) {
    GTEST_SKIP() << "this machine does not allow to mount a file system: " << ran.err;
  }
  EXPECT_TRUE(ran.out.starts_with("full ")) << ran.out << ran.err;
  EXPECT_GE(std::stoi(ran.out.substr(5)), 6) << ran.out;
}

}  // namespace
}  // namespace sluice
