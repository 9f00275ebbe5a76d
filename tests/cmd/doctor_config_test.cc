// SPDX-License-Identifier: Apache-2.0
// Settings as a user meets them, and the doctor.
#include <gtest/gtest.h>

#include "base/text.h"
#include "json/value.h"
#include "support/program.h"

namespace sluice {
namespace {

using test::has;
using test::Program;
using test::Ran;
using test::sluice;
using test::TempFolder;

TEST(Config, TheOriginOfEachValueIsShown) {
  const TempFolder folder;
  folder.write(".sluice.yaml", "color: never\n");
  folder.write("home/.config/sluice/config.yaml", "color: always\noutput: text\n");
  const Program program =
      sluice().in(folder.path()).with("HOME", folder / "home").with("SLUICE_LOG_LEVEL", "error");
  const Ran ran = Program(program)({"config", "show", "--origin", "--log-format", "json"});
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_TRUE(has(ran.out, ".sluice.yaml:1)")) << ran.out;
  EXPECT_TRUE(has(ran.out, "config.yaml:2)")) << ran.out;
  EXPECT_TRUE(has(ran.out, "environment SLUICE_LOG_LEVEL")) << ran.out;
  EXPECT_TRUE(has(ran.out, "flag --log-format")) << ran.out;
  EXPECT_TRUE(has(ran.out, "(default)")) << ran.out;
}

TEST(Config, TheProjectCannotSetWhatIsTrusted) {
  const TempFolder folder;
  folder.write(".sluice.yaml", "net:\n  proxy: http://127.0.0.1:1\n");
  const Ran ran = sluice().in(folder.path())({"config", "show"});
  EXPECT_EQ(ran.exit_code, 2) << ran.out;
  EXPECT_TRUE(has(ran.err, ".sluice.yaml:2")) << ran.err;
}

TEST(Config, AMistakeIsShownByLineWithTheLikelyWord) {
  const TempFolder folder;
  folder.write(".sluice.yaml", "colour: never\n");
  const Ran ran = sluice().in(folder.path())({"version"});
  EXPECT_EQ(ran.exit_code, 2);
  EXPECT_TRUE(has(ran.err, ".sluice.yaml:1")) << ran.err;
  EXPECT_TRUE(has(ran.err, "\"color\"")) << ran.err;
}

TEST(Config, TheEnvironmentChoosesTheOutput) {
  const Ran ran = sluice().with("SLUICE_OUTPUT", "json")({"version"});
  EXPECT_TRUE(json::parse_strict(ran.out)) << ran.out;
}

TEST(Config, DebugLinesGoToStandardErrorAlone) {
  const Ran ran = sluice()({"version", "--log-level", "debug", "--log-format", "json"});
  EXPECT_TRUE(has(ran.err, "\"command\":\"version\"")) << ran.err;
  EXPECT_EQ(ran.out, sluice()({"version"}).out);
}

TEST(Doctor, FindsNothingWrongHereAndOpensNoConnection) {
  const Ran ran = sluice()({"doctor", "--output", "json"});
  EXPECT_EQ(ran.exit_code, 0) << ran.out;
  const auto json = json::parse_strict(ran.out);
  ASSERT_TRUE(json);
  for (const auto& row : *json->find("findings")->array())
    EXPECT_NE(*row.find("id")->string(), "connect");
}

TEST(Doctor, AServerThatIsNotThereIsAFinding) {
  const Ran ran = sluice()({"doctor", "--connect", "http://127.0.0.1:1/"});
  EXPECT_EQ(ran.exit_code, 3);
  EXPECT_TRUE(has(ran.out, "FAIL  connect")) << ran.out;
}

TEST(Doctor, ATemporaryFolderThatCannotBeWrittenIsAFinding) {
  const Ran ran = sluice().with("TMPDIR", "/nowhere")({"doctor"});
  EXPECT_EQ(ran.exit_code, 3);
  EXPECT_TRUE(has(ran.out, "FAIL  temporary-folder")) << ran.out;
}

}  // namespace
}  // namespace sluice
