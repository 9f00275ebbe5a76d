// SPDX-License-Identifier: Apache-2.0
// What holds for every command: exit codes, help, suggestions, output that cannot be written.
#include <gtest/gtest.h>

#include "base/text.h"
#include "json/value.h"
#include "support/program.h"

namespace sluice {
namespace {

using test::has;
using test::Ran;
using test::sluice;
using test::TempFolder;

TEST(CommandLine, VersionIsOneLineOrJson) {
  const Ran text = sluice()({"version"});
  EXPECT_EQ(text.exit_code, 0);
  EXPECT_TRUE(text.out.starts_with("sluice 0.")) << text.out;
  EXPECT_TRUE(text.err.empty());
  const auto json = json::parse_strict(sluice()({"version", "--output", "json"}).out);
  ASSERT_TRUE(json);
  EXPECT_EQ(*json->find("kind")->string(), "sluice.version/v1");
}

TEST(CommandLine, AWrongCallIsTwoAndNamesTheRightOne) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{"verfy"}, "did you mean \"verify\"?"},
      {{"key", "generat"}, "did you mean \"generate\"?"},
      {{"verify", "--kye", "k", "f"}, "did you mean \"--key\"?"},
      {{"verify", "--key"}, "needs a value"},
      {{"attest", "f"}, "--predicate FILE is needed"},
      {{"verify", "f"}, "who may have signed?"},
      {{"sign", "--key", "a", "--key", "b", "f"}, "given twice"},
      {{"verify", "--checks=yes", "--key", "k", "f"}, "takes no value"},
      {{"version", "--output", "jsn"}, "did you mean \"json\"?"},
      {{"version", "more"}, "one argument too many"},
      {{"key"}, "second word"},
      {{"completion", "tcsh"}, "bash, zsh, fish, man"},
      {{"key", "generate", "--type", "ecdsa-p25"}, "did you mean \"ecdsa-p256\"?"}};
  for (const auto& [arguments, message] : cases) {
    const Ran ran = sluice()(arguments);
    EXPECT_EQ(ran.exit_code, 2) << join(arguments, " ");
    EXPECT_TRUE(has(ran.err, message)) << join(arguments, " ") << ": " << ran.err;
    EXPECT_TRUE(has(ran.err, "--help")) << ran.err;
    EXPECT_TRUE(ran.out.empty()) << ran.out;
  }
}

TEST(CommandLine, EveryCommandHasHelpWithAnExample) {
  const std::string overview = sluice()({"--help"}).out;
  EXPECT_EQ(sluice()({"-h"}).out, overview);
  for (const auto* words :
       {"sign", "verify", "key generate", "key import", "key export", "key public", "key info",
        "aiops check", "config show", "doctor", "completion", "version"}) {
    std::vector<std::string> arguments;
    for (const auto word : split(words, ' ')) arguments.emplace_back(word);
    EXPECT_TRUE(has(overview, cat("  ", arguments[0], " "))) << words;
    arguments.emplace_back("--help");
    const Ran ran = sluice()(arguments);
    EXPECT_EQ(ran.exit_code, 0) << words;
    EXPECT_TRUE(has(ran.out, "\nexamples\n  # ")) << ran.out;
    EXPECT_TRUE(has(ran.out, cat("usage: sluice ", words))) << ran.out;
    for (const auto line : split(ran.out, '\n')) EXPECT_LE(line.size(), 120U) << line;
  }
}

TEST(CommandLine, NoArgumentsIsAWrongCallThatShowsTheWay) {
  const Ran ran = sluice()({});
  EXPECT_EQ(ran.exit_code, 2);
  EXPECT_TRUE(has(ran.err, "usage: sluice COMMAND"));
}

TEST(CommandLine, OutputThatCannotBeWrittenIsNeverASuccess) {
  const auto shell = test::Program("/bin/sh");
  const std::string binary = *test::find_program("sh") != "" ? std::string(SLUICE_BINARY_PATH) : "";
  EXPECT_EQ(shell({"-c", cat("'", binary, "' version >/dev/full")}).exit_code, 3);
  EXPECT_EQ(shell({"-c", cat("'", binary, "' version >&-")}).exit_code, 3);
  // The reader is gone before anything is written.
  const Ran broken = shell({"-c", cat("( trap '' PIPE; sleep 0.2; '", binary,
                                      "' completion bash; echo $? >&2 ) | true")});
  EXPECT_EQ(trim(split(broken.err, '\n').size() > 1 ? split(broken.err, '\n')[1] : ""), "3")
      << broken.err;
}

TEST(CommandLine, AFileOverTheLimitOfTheProcessIsAnErrorAndLeavesNothing) {
  const test::TempFolder folder;
  const auto shell = test::Program("/bin/sh").in(folder.path()).with("SLUICE_PASSWORD", "pw");
  const Ran ran = shell({"-c", cat("ulimit -f 0; '", SLUICE_BINARY_PATH, "' key generate")});
  EXPECT_EQ(ran.exit_code, 3) << ran.err;
  EXPECT_TRUE(has(ran.err, "File too large")) << ran.err;
  EXPECT_EQ(shell({"-c", "ls -A"}).out, "");
}

TEST(CommandLine, NoColourWithoutATerminalUnlessAsked) {
  const TempFolder folder;
  folder.write("f", "x");
  const auto program = test::sluice().in(folder.path()).with("SLUICE_PASSWORD", "x");
  ASSERT_EQ(program({"key", "generate", "--out-prefix", "k"}).exit_code, 0);
  EXPECT_FALSE(has(program({"verify", "--key", "k.pub", "f"}).out, "\x1b"));
  EXPECT_TRUE(
      has(program({"verify", "--key", "k.pub", "--color", "always", "f"}).out, "\x1b[31mrefused"));
}

TEST(CommandLine, HelpIsAlsoAWord) {
  EXPECT_EQ(sluice()({"help", "verify"}).out, sluice()({"verify", "--help"}).out);
  EXPECT_EQ(sluice()({"-V"}).out, sluice()({"version"}).out);
}

TEST(Completion, ScriptsAreAcceptedByTheirShells) {
  const TempFolder folder;
  for (const auto* shell : {"bash", "zsh", "fish"}) {
    const Ran script = sluice()({"completion", shell});
    EXPECT_EQ(script.exit_code, 0);
    EXPECT_TRUE(has(script.out, "generate")) << shell;
    const Path file = folder.write(shell, script.out);
    const auto program = test::find_program(shell);
    if (!program) continue;  // bash is always there; the others where they are installed
    EXPECT_EQ(test::Program(*program)({"-n", file}).exit_code, 0) << shell;
  }
}

TEST(Completion, BashCompletesCommandsOptionsAndChoices) {
  const TempFolder folder;
  const Path script = folder.write("s", sluice()({"completion", "bash"}).out);
  const auto complete = [&](const std::string& words) {
    const auto parts = split(words, ' ');
    return test::Program("/bin/bash")({"-c", cat("source ", script.native(), "; COMP_WORDS=(",
                                                 words, "); COMP_CWORD=", parts.size() - 1,
                                                 "; _sluice; echo \"${COMPREPLY[@]}\"")})
        .out;
  };
  EXPECT_EQ(complete("sluice ve"), "verify version\n");
  EXPECT_EQ(complete("sluice key ge"), "generate\n");
  EXPECT_EQ(complete("sluice key generate --type ecdsa-p3"), "ecdsa-p384\n");
  EXPECT_EQ(complete("sluice verify --bu"), "--bundle\n");
  EXPECT_EQ(complete("sluice completion f"), "fish\n");
}

TEST(Completion, ManPagesForEveryCommand) {
  const TempFolder folder;
  ASSERT_EQ(sluice()({"completion", "man", "--dir", (folder / "man").native()}).exit_code, 0);
  const auto pages = system_files().list(folder / "man");
  ASSERT_TRUE(pages);
  EXPECT_GE(pages->size(), 12U);
  const std::string verify = test::read_file(folder / "man/sluice-verify.1");
  EXPECT_TRUE(has(verify, ".SH EXAMPLES"));
  if (const auto man = test::find_program("man")) {
    const Ran ran = test::Program(*man).with(
        "MANWIDTH", "80")({"--warnings", "-l", (folder / "man/sluice-verify.1").native()});
    EXPECT_EQ(ran.exit_code, 0);
    EXPECT_EQ(ran.err, "");
    EXPECT_TRUE(has(ran.out, "SYNOPSIS"));
  }
}

}  // namespace
}  // namespace sluice
