// SPDX-License-Identifier: Apache-2.0
// Processes, logs, parallel work, verdicts.
#include <gtest/gtest.h>

#include <atomic>

#include "base/log.h"
#include "base/parallel.h"
#include "base/process.h"
#include "base/verdict.h"
#include "support/fake_world.h"
#include "support/temp_folder.h"

namespace sluice {
namespace {

using namespace std::chrono_literals;

Result<ProcessResult> shell(const std::string& script, ProcessRequest request = {}) {
  request.command = {"sh", "-c", script};
  return system_processes().run(request);
}

TEST(Processes, StreamsAndExitCodeComeBack) {
  const auto result = shell("cat; echo oops >&2; exit 3", {.command = {}, .input = "in"});
  ASSERT_TRUE(result);
  EXPECT_EQ(result->out, "in");
  EXPECT_EQ(result->err, "oops\n");
  EXPECT_EQ(result->exit_code, 3);
}

TEST(Processes, ALargeInputAndOutputDoNotDeadlock) {
  const std::string megabyte(1U << 20, 'x');
  const auto result = shell("cat", {.command = {}, .input = megabyte});
  ASSERT_TRUE(result);
  EXPECT_EQ(result->out, megabyte);
  EXPECT_FALSE(result->truncated);
}

TEST(Processes, OutputBeyondTheBoundIsDroppedAndSaid) {
  const auto result = shell("head -c 5000 /dev/zero", {.command = {}, .max_output = 100});
  ASSERT_TRUE(result);
  EXPECT_EQ(result->out.size(), 100U);
  EXPECT_TRUE(result->truncated);
}

TEST(Processes, AChildThatDoesNotReadEndsWell) {
  const auto result = shell("exec true", {.command = {}, .input = std::string(1U << 20, 'x')});
  ASSERT_TRUE(result);
  EXPECT_EQ(result->exit_code, 0);
}

// Gone, or dead and not yet collected.
bool has_ended(const std::string& pid) {
  const std::string stat = test::read_file(Path("/proc") / pid / "stat");
  return stat.empty() || stat.find(") Z ") != std::string::npos;
}

TEST(Processes, TooLongIsEndedWithAllThatItStarted) {
  const test::TempFolder folder;
  const auto result = shell("sleep 60 & echo $! >pid; wait",
                            {.command = {}, .folder = folder.path(), .timeout = 300ms});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Errc::timeout);
  const std::string pid(trim(test::read_file(folder / "pid")));
  ASSERT_FALSE(pid.empty());
  for (int i = 0; i < 1000 && !has_ended(pid); ++i) system_clock().sleep(1ms);
  EXPECT_TRUE(has_ended(pid));
}

TEST(Processes, ASignalIs128AndItsNumber) { EXPECT_EQ(shell("kill -TERM $$")->exit_code, 143); }

TEST(Processes, AnUnknownProgramIsNotFound) {
  const auto result = system_processes().run({.command = {"no-such-program-here"}});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Errc::not_found);
}

TEST(Processes, TheEnvironmentIsTheOneGiven) {
  ProcessRequest request;
  request.environment.emplace().emplace_back("ONLY", "this");
  EXPECT_EQ(shell("echo $ONLY$HOME", request)->out, "this\n");
}

struct Lines {
  test::FakeClock clock;
  std::string text;
  Log log(LogFormat format) {
    return Log(clock, LogLevel::info, format, [this](std::string_view line) { text += line; });
  }
};

TEST(Log, ASecretIsRedactedByItsType) {
  for (const auto format : {LogFormat::text, LogFormat::json}) {
    Lines lines;
    lines.log(format).write(LogLevel::info, "login", {{"token", SecretBytes::copy_of("hunter2")}});
    EXPECT_EQ(lines.text.find("hunter2"), std::string::npos);
    EXPECT_NE(lines.text.find("[redacted]"), std::string::npos);
  }
}

TEST(Log, ForeignTextCannotForgeALineOrAField) {
  Lines lines;
  lines.log(LogFormat::json).write(LogLevel::error, "a\n{\"b\":1}", {{"k", "\",\"x\":\""}});
  EXPECT_EQ(lines.text,
            "{\"time\":\"2026-11-20T00:00:00Z\",\"level\":\"error\",\"message\":\"a\\\\x0a{"
            "\\\"b\\\":1}\","
            "\"k\":\"\\\",\\\"x\\\":\\\"\"}\n");
}

TEST(Log, LessThanTheLevelIsNotWritten) {
  Lines lines;
  lines.log(LogFormat::text).write(LogLevel::debug, "detail");
  EXPECT_EQ(lines.text, "");
}

TEST(Parallel, EachItemOnceWhateverTheThreads) {
  for (const unsigned threads : {0U, 1U, 2U, 7U}) {
    std::vector<std::atomic<int>> seen(1001);
    for_each_parallel(seen.size(), threads, [&](std::size_t i) { ++seen[i]; });
    for (const auto& count : seen) ASSERT_EQ(count, 1);
  }
  EXPECT_THROW(for_each_parallel(100, 3,
                                 [](std::size_t i) {
                                   if (i == 57) throw std::bad_alloc();
                                 }),
               std::bad_alloc);
  for_each_parallel(0, 4, [](std::size_t) { FAIL(); });
}

TEST(Verdict, HandsOnTheValueOnlyIfEveryCheckPassed) {
  const auto conclude = [](auto&&... steps) {
    Report report("thing");
    (steps(report), ...);
    return Verdict<int>::conclude(std::move(report), 7);
  };
  const auto good = [](Report& r) { r.pass("a", "a", "fine"); };
  const auto bad = [](Report& r) { r.fail("b", "b", "wrong"); };
  const auto left_out = [](Report& r) { r.skip("c", "c", "needs b"); };
  EXPECT_TRUE(conclude(good).passed());
  EXPECT_EQ(*conclude(good).value(), 7);
  EXPECT_FALSE(conclude().passed());  // nothing was checked
  EXPECT_FALSE(conclude(good, bad).passed());
  EXPECT_FALSE(conclude(good, left_out).passed());
  EXPECT_EQ(conclude(good, bad).report().first_failure()->id, "b");
}

TEST(Verdict, NoValueIsNoPass) {
  Report report("thing");
  report.pass("a", "a", "fine");
  EXPECT_FALSE(Verdict<int>::conclude(std::move(report), std::nullopt).passed());
}

}  // namespace
}  // namespace sluice
