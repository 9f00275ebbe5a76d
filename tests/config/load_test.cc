// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <string>

#include "base/limits.h"
#include "base/text.h"
#include "config/settings.h"
#include "support/fake_world.h"
#include "support/temp_folder.h"

namespace sluice::config {
namespace {

// A home folder, and in it a repository with a folder below.
struct Place {
  Place() {
    world.environment.values["HOME"] = (folder / "home").string();
    EXPECT_TRUE(system_files().make_folders(repo / ".git"));
    EXPECT_TRUE(system_files().make_folders(repo / "deep/er"));
  }
  void user(std::string_view text) { folder.write("home/.config/sluice/config.yaml", text); }
  void project(std::string_view text) { folder.write("home/repo/.sluice.yaml", text); }
  Result<Settings> load(const Flags& flags = {}) {
    return config::load(world.world(), flags, repo / "deep/er");
  }
  std::string refusal(const Flags& flags = {}) {
    const auto settings = load(flags);
    if (settings) return "accepted";
    EXPECT_EQ(settings.error().code, Errc::usage);
    return settings.error().what;
  }

  test::TempFolder folder;
  test::FakeWorld world;
  Path repo = folder / "home/repo";
};

std::string file(const Path& path, std::string_view rest) { return cat(path.string(), rest); }

TEST(ConfigLoad, HasADefaultForEverySetting) {
  Place place;
  const auto settings = place.load();
  ASSERT_TRUE(settings) << settings.error().what;
  EXPECT_EQ(settings->get(kOutput).value, Output::text);
  EXPECT_EQ(settings->get(kColor).value, Color::automatic);
  EXPECT_EQ(settings->get(kLogLevel).value, LogLevel::warning);
  EXPECT_EQ(settings->get(kLogFormat).value, LogFormat::text);
  EXPECT_EQ(settings->get(kNetProxy).value, std::nullopt);
  EXPECT_EQ(settings->get(kNetCaFile).value, std::nullopt);
  EXPECT_EQ(settings->get(kNetTimeout).value, std::chrono::seconds(30));
  EXPECT_EQ(settings->get(kHashThreads).value, 0U);
  EXPECT_EQ(settings->get(kOutput).origin.text, "default");
}

TEST(ConfigLoad, TakesTheMostImportantSourceAndRemembersIt) {
  Place place;
  const auto output = [&](const Flags& flags = {}) {
    const auto settings = place.load(flags);
    EXPECT_TRUE(settings) << settings.error().what;
    const auto found = settings->get(kOutput);
    return cat(found.value == Output::json ? "json" : "text", " from ", found.origin.text);
  };
  EXPECT_EQ(output(), "text from default");
  place.user("\noutput: json\n");
  EXPECT_EQ(output(),
            cat("json from ", place.folder.path().string(), "/home/.config/sluice/config.yaml:2"));
  place.project("# ours\n\noutput: text\n");
  EXPECT_EQ(output(), cat("text from ", place.repo.string(), "/.sluice.yaml:3"));
  place.world.environment.values["SLUICE_OUTPUT"] = "json";
  EXPECT_EQ(output(), "json from environment SLUICE_OUTPUT");
  EXPECT_EQ(output({{"output", "text"}}), "text from flag --output");
}

TEST(ConfigLoad, ReadsEverySettingFromTheUsersFile) {
  Place place;
  place.user(
      "version: 1\noutput: json\ncolor: never\nlog:\n  level: debug\n  format: json\n"
      "net:\n  proxy: http://proxy:3128\n  ca_file: ca.pem\n  timeout_seconds: 5\n"
      "hash: {threads: 2}\n");
  const auto settings = place.load();
  ASSERT_TRUE(settings) << settings.error().what;
  EXPECT_EQ(settings->get(kOutput).value, Output::json);
  EXPECT_EQ(settings->get(kColor).value, Color::never);
  EXPECT_EQ(settings->get(kLogLevel).value, LogLevel::debug);
  EXPECT_EQ(settings->get(kLogFormat).value, LogFormat::json);
  EXPECT_EQ(settings->get(kNetProxy).value, "http://proxy:3128");
  EXPECT_EQ(settings->get(kNetTimeout).value, std::chrono::seconds(5));
  EXPECT_EQ(settings->get(kHashThreads).value, 2U);
  // A path counts from the folder of the file that holds it.
  EXPECT_EQ(settings->get(kNetCaFile).value, place.folder / "home/.config/sluice/ca.pem");
}

TEST(ConfigLoad, RefusesWhatAProjectMustNotSetAndSaysWhereItBelongs) {
  for (const auto& [name, lines, column] :
       {std::tuple{"net.proxy", "net:\n  proxy: http://evil:1\n", "2:3"},
        std::tuple{"net.ca_file", "net:\n  ca_file: evil.pem\n", "2:3"},
        std::tuple{"log.level", "log:\n  level: error\n", "2:3"}}) {
    Place place;
    place.user(lines);
    ASSERT_TRUE(place.load()) << name;  // the same lines are fine there
    place.user("");
    place.project(lines);
    const auto settings = place.load();
    ASSERT_FALSE(settings) << name;
    EXPECT_EQ(settings.error().code, Errc::usage);
    EXPECT_EQ(settings.error().what,
              file(place.repo / ".sluice.yaml", cat(":", column, ": \"", name,
                                                    "\" cannot be set by a project's file, because "
                                                    "whoever writes the repository writes it")));
    EXPECT_TRUE(settings.error().hint.contains(".config/sluice/config.yaml"))
        << settings.error().hint;
  }
}

// Flags are no way around: the project's file stays wrong.
TEST(ConfigLoad, RefusesTheProjectsFileEvenWhereAFlagWouldWin) {
  Place place;
  place.project("net:\n  proxy: http://evil:1\n");
  EXPECT_NE(place.refusal({{"net.proxy", "http://good:1"}}), "accepted");
}

TEST(ConfigLoad, RefusesUnknownSettingsWithASuggestion) {
  Place place;
  const Path path = place.repo / ".sluice.yaml";
  place.project("outptu: json\n");
  EXPECT_EQ(place.refusal(),
            file(path, ":1:1: unknown setting \"outptu\" (did you mean \"output\"?)"));
  place.project("log:\n  formta: json\n");
  EXPECT_EQ(place.refusal(),
            file(path, ":2:3: unknown setting \"log.formta\" (did you mean \"log.format\"?)"));
  place.project("log.format: json\n");
  EXPECT_EQ(place.refusal(), file(path,
                                  ":1:1: unknown setting \"log.format\" (write it nested: "
                                  "\"log:\" and below it \"format:\")"));
  place.project("version: 2\n");
  EXPECT_EQ(place.refusal(), file(path, ":1:10: the file is of version 2, this program reads 1"));
}

TEST(ConfigLoad, RefusesValuesThatASettingDoesNotHave) {
  Place place;
  const Path path = place.repo / ".sluice.yaml";
  place.project("output: jsn\n");
  EXPECT_EQ(place.refusal(),
            file(path, ":1:9: output: unknown value \"jsn\" (did you mean \"json\"?)"));
  place.project("output: qqqqqqq\n");
  EXPECT_EQ(place.refusal(),
            file(path, ":1:9: output: unknown value \"qqqqqqq\" (one of: text, json)"));
  place.project("output: [json]\n");
  EXPECT_EQ(place.refusal(), file(path, ":1:9: output: expected a string, found a sequence"));
  place.project("log: json\n");
  EXPECT_EQ(place.refusal(),
            file(path, ":1:6: expected settings, one on each line: \"name: value\""));
  place.project("net: {timeout_seconds: 0}\n");
  EXPECT_EQ(place.refusal(),
            file(path,
                 ":1:24: net.timeout_seconds: expected an integer from 1 to 3600, found "
                 "\"0\""));
  place.project("net: {timeout_seconds: \"5\"}\n");
  EXPECT_EQ(place.refusal(),
            file(path, ":1:24: net.timeout_seconds: expected an integer, found \"5\""));
  place.project("output: text\noutput: json\n");
  EXPECT_EQ(place.refusal(),
            file(path, ":2:1: the key \"output\" a second time in one mapping (first on line 1)"));
}

TEST(ConfigLoad, RefusesBadVariablesAndFlagsByName) {
  Place place;
  place.world.environment.values["SLUICE_HASH_THREADS"] = "1025";
  EXPECT_EQ(place.refusal(),
            "SLUICE_HASH_THREADS: expected an integer from 0 to 1024, found \"1025\"");
  place.world.environment.values["SLUICE_HASH_THREADS"] = "1024";
  EXPECT_EQ(place.refusal(), "accepted");
  EXPECT_EQ(place.refusal({{"color", "sometimes"}}),
            "--color: unknown value \"sometimes\" (one of: auto, always, never)");
}

TEST(ConfigLoad, NeverRepeatsAProxysPassword) {
  Place place;
  EXPECT_EQ(place.refusal({{"net.proxy", "user:secret@proxy"}}),
            "--proxy: expected a URL that begins with http:// or https://");
  const auto settings = place.load({{"net.proxy", "http://user:se@cret@proxy:1/x@y"}});
  ASSERT_TRUE(settings);
  EXPECT_EQ(settings->get(kNetProxy).value, "http://user:se@cret@proxy:1/x@y");
  for (const Shown& shown : settings->all()) {
    EXPECT_FALSE(shown.value.contains("cret")) << shown.value;
    if (shown.row->name == "net.proxy") {
      EXPECT_EQ(shown.value, "http://[redacted]@proxy:1/x@y");
    }
  }
}

TEST(ConfigLoad, HonoursNoColor) {
  Place place;
  place.project("color: always\n");
  EXPECT_EQ(place.load()->get(kColor).value, Color::always);
  place.world.environment.values["NO_COLOR"] = "1";
  EXPECT_EQ(place.load()->get(kColor).value, Color::never);
  EXPECT_EQ(place.load()->get(kColor).origin.text, "environment NO_COLOR");
  place.world.environment.values["SLUICE_COLOR"] = "auto";
  EXPECT_EQ(place.load()->get(kColor).value, Color::automatic);
  EXPECT_EQ(place.load({{"color", "always"}})->get(kColor).value, Color::always);
}

TEST(ConfigLoad, LooksForTheProjectsFileUpToTheRootOfTheRepository) {
  Place place;
  Files& files = system_files();
  const Path deep = place.repo / "deep/er";
  EXPECT_EQ(project_file(files, deep).value(), std::nullopt);
  place.folder.write("home/.sluice.yaml", "output: json\n");  // above the repository: not ours
  EXPECT_EQ(project_file(files, deep).value(), std::nullopt);
  place.project("output: json\n");
  EXPECT_EQ(project_file(files, deep).value(), place.repo / ".sluice.yaml");
  place.folder.write("home/repo/deep/.sluice.yaml", "");
  EXPECT_EQ(project_file(files, deep).value(), place.repo / "deep/.sluice.yaml");
}

TEST(ConfigLoad, LooksOnlyInTheFolderItselfOutsideARepository) {
  test::TempFolder folder;
  folder.write("shared/.sluice.yaml", "output: json\n");
  ASSERT_TRUE(system_files().make_folders(folder / "shared/mine"));
  EXPECT_EQ(project_file(system_files(), folder / "shared/mine").value(), std::nullopt);
  EXPECT_EQ(project_file(system_files(), folder / "shared").value(),
            folder / "shared/.sluice.yaml");
}

TEST(ConfigLoad, FindsTheUsersFileAsTheDesktopSpecificationSays) {
  test::FakeEnvironment environment;
  EXPECT_EQ(user_file(environment), std::nullopt);
  environment.values["HOME"] = "/home/u";
  EXPECT_EQ(user_file(environment), Path("/home/u/.config/sluice/config.yaml"));
  environment.values["XDG_CONFIG_HOME"] = "relative";  // must be ignored
  EXPECT_EQ(user_file(environment), Path("/home/u/.config/sluice/config.yaml"));
  environment.values["XDG_CONFIG_HOME"] = "/x";
  EXPECT_EQ(user_file(environment), Path("/x/sluice/config.yaml"));
}

TEST(ConfigLoad, FailsWhereAFileCannotBeRead) {
  Place place;
  EXPECT_TRUE(place.load());
  ASSERT_TRUE(system_files().make_folders(place.repo / ".sluice.yaml"));  // a folder
  EXPECT_TRUE(place.refusal().starts_with("cannot read ")) << place.refusal();
}

TEST(ConfigLoad, RefusesAFileAboveTheLimit) {
  Place place;
  place.project("#" + std::string(limits::kConfigFile - 1, 'x'));
  EXPECT_EQ(place.refusal(), "accepted");
  place.project("#" + std::string(limits::kConfigFile, 'x'));
  EXPECT_NE(place.refusal(), "accepted");
}

}  // namespace
}  // namespace sluice::config
