// SPDX-License-Identifier: Apache-2.0
// TAP 4: the map, and the search over several repositories.
#include "tuf/map.h"

#include <gtest/gtest.h>

#include <map>

#include "base/text.h"

namespace sluice::tuf {
namespace {

using Strings = std::vector<std::string>;

std::string map_of(const std::string& mapping,
                   const std::string& repositories =
                       R"("a":["https://a.example"],"b":["https://b.example","http://c.example"],)"
                       R"("c":["https://c.example"])") {
  return cat(R"({"repositories":{)", repositories, R"(},"mapping":[)", mapping, "]}");
}
std::string mapping_of(const std::string& paths, const std::string& repositories, int threshold,
                       bool terminating) {
  return cat(R"({"paths":[)", paths, R"(],"repositories":[)", repositories, R"(],"threshold":)",
             threshold, R"(,"terminating":)", terminating ? "true" : "false", "}");
}

// What each repository says, by its name.
class MapTest : public testing::Test {
 protected:
  struct Answer {
    std::string content;  // empty: not listed
    std::string custom = {};
    std::string refusal = {};  // the id of a check that fails
    bool unreachable = false;
  };

  std::string search(const std::string& map, const std::string& path = "app") {
    asked.clear();
    const auto parsed = parse_map(map);
    if (!parsed) return cat("map: ", parsed.error().what);
    const auto verdict = find_agreed(
        *parsed, path, [&](const MappedRepository& repository) -> Result<Verdict<Found>> {
          asked.push_back(repository.name);
          return say(answers.at(repository.name), path);
        });
    if (!verdict) return cat("error: ", verdict.error().what);
    if (verdict->passed()) return join(verdict->value()->repositories, "+");
    return verdict->report().first_failure()->id;
  }
  static Result<Verdict<Found>> say(const Answer& answer, const std::string& path) {
    if (answer.unreachable) return fail(Errc::network, "no answer");
    Report report(path);
    std::optional<Found> found;
    if (!answer.refusal.empty()) {
      report.fail(answer.refusal, "x", "refused");
    } else if (answer.content.empty()) {
      report.fail("tuf.target.unknown", "x", "not listed");
    } else {
      report.pass("tuf.target.listed", "x", "listed");
      found = Found{{.path = path,
                     .length = answer.content.size(),
                     .hashes = {.stated = true,
                                .known = {crypto::digest_of(crypto::HashAlgorithm::sha256,
                                                            bytes_of(answer.content))}},
                     .custom = answer.custom},
                    RoleName("targets")};
    }
    return Verdict<Found>::conclude(std::move(report), std::move(found));
  }

  std::map<std::string, Answer> answers{{"a", {"one"}}, {"b", {"one"}}, {"c", {"one"}}};
  Strings asked;
  const std::string both = mapping_of(R"("*")", R"("a","b")", 2, true);
};

TEST_F(MapTest, AsManyAsTheThresholdSaysHaveToListTheSame) {
  EXPECT_EQ(search(map_of(both)), "a+b");
  answers["b"] = {"two"};
  EXPECT_EQ(search(map_of(both)), "tuf.map.agreement");
  answers["b"] = {""};
  EXPECT_EQ(search(map_of(both)), "tuf.map.agreement");
  EXPECT_EQ(search(map_of(mapping_of(R"("*")", R"("a","b")", 1, true))), "a");
  EXPECT_EQ(search(map_of(mapping_of(R"("*")", R"("b","a")", 1, true))), "a");
}

TEST_F(MapTest, RepositoriesAreAskedInTheirOrderUntilEnoughAgree) {
  EXPECT_EQ(search(map_of(mapping_of(R"("*")", R"("c","a","b")", 2, true))), "c+a");
  EXPECT_EQ(asked, (Strings{"c", "a"}));
  answers["c"] = {"other"};
  EXPECT_EQ(search(map_of(mapping_of(R"("*")", R"("c","a","b")", 2, true))), "a+b");
}

TEST_F(MapTest, CustomIsNotCompared) {
  answers["b"] = {"one", R"({"x":1})"};
  EXPECT_EQ(search(map_of(both)), "a+b");
}

TEST_F(MapTest, TheFirstMappingThatCoversThePathCountsFirst) {
  const std::string map = map_of(cat(mapping_of(R"("lib/*","lib?")", R"("a","b")", 2, true), ",",
                                     mapping_of(R"("*")", R"("c")", 1, true)));
  EXPECT_EQ(search(map, "lib/x"), "a+b");
  EXPECT_EQ(search(map, "libx"), "a+b");
  EXPECT_EQ(search(map, "app"), "c");
  EXPECT_EQ(search(map, "lib/x/y"), "c");  // a star stays within a part, but alone it is all
  answers["a"] = {"two"};
  EXPECT_EQ(search(map, "lib/x"), "tuf.map.agreement");
  EXPECT_EQ(search(map_of(mapping_of(R"("lib/*")", R"("a")", 1, true))), "tuf.map.mapping");
}

TEST_F(MapTest, WithoutTerminatingTheSearchGoesOn) {
  const std::string map = map_of(cat(mapping_of(R"("*")", R"("a","b")", 2, false), ",",
                                     mapping_of(R"("app")", R"("c")", 1, false)));
  answers["b"] = {"two"};
  EXPECT_EQ(search(map), "c");
  answers["b"] = {""};
  EXPECT_EQ(search(map), "c");
  answers["c"] = {""};
  EXPECT_EQ(search(map), "tuf.map.mapping");
}

// Else whoever cuts a repository off chooses the mapping.
TEST_F(MapTest, ARepositoryThatIsRefusedOrSilentIsNotPassedOver) {
  const std::string map = map_of(cat(mapping_of(R"("*")", R"("a","b")", 2, false), ",",
                                     mapping_of(R"("*")", R"("c")", 1, true)));
  answers["a"] = {.content = "", .unreachable = true};
  EXPECT_EQ(search(map), "error: no answer");
  answers["a"] = {.content = "", .refusal = "tuf.timestamp.rollback"};
  EXPECT_EQ(search(map), "tuf.timestamp.rollback");
  // Where enough of the others agree it is not needed.
  EXPECT_EQ(search(map_of(mapping_of(R"("*")", R"("a","b","c")", 2, true))), "b+c");
}

TEST_F(MapTest, HashesOfUnknownKindsAgreeWithNothing) {
  const auto map = parse_map(map_of(both)).value();
  const auto verdict =
      find_agreed(map, "app", [](const MappedRepository&) -> Result<Verdict<Found>> {
        Report report("app");
        report.pass("tuf.target.listed", "x", "listed");
        return Verdict<Found>::conclude(
            std::move(report),
            Found{
                {.path = "app", .length = 3, .hashes = {.stated = true, .known = {}}, .custom = {}},
                RoleName("targets")});
      });
  EXPECT_EQ(verdict->report().first_failure()->id, "tuf.map.agreement");
}

TEST_F(MapTest, WhatDoesNotFollowTheFormIsAnError) {
  const auto bad = [&](const std::string& map) {
    const auto parsed = parse_map(map);
    return parsed ? std::string("good") : parsed.error().text();
  };
  EXPECT_EQ(bad(map_of(both)), "good");
  const std::pair<std::string, std::string> cases[] = {
      {"{}", "repositories"},
      {R"({"repositories":{},"mapping":[]})", "1 to 64 repositories"},
      {map_of(""), "without a mapping"},
      {map_of(both, R"("a":["https://a.example"])"), "no repository is called b"},
      {map_of(both, R"("a":[],"b":["https://b.example"])"), "empty"},
      {map_of(both, R"("a":["file:///etc"],"b":["https://b.example"])"), "no http or https URL"},
      {map_of(both, R"("":["https://a.example"],"a":["https://a.example"])"), "1 to 128 bytes"},
      {map_of(mapping_of(R"("*")", R"("a","b")", 0, true)), "threshold is 0"},
      {map_of(mapping_of(R"("*")", R"("a","b")", 3, true)), "1 to 2 repositories"},
      {map_of(mapping_of(R"("*")", R"("a","a")", 2, true)), "a second time"},
      {map_of(mapping_of("", R"("a")", 1, true)), "empty"},
      {map_of(R"({"paths":["*"],"repositories":["a"]})"), "threshold"},
      {map_of(R"({"paths":["*"],"repositories":["a"],"threshold":1,"terminate":true})"),
       "terminate"},
      {map_of(R"({"paths":["*"],"repositories":["a"],"threshold":true})"), "threshold"},
      {map_of(both) + "x", ""},
      {R"({"repositories":{"a":["https://a.example"],"a":["https://b.example"]},"mapping":[]})",
       ""}};
  for (const auto& [map, why] : cases) {
    EXPECT_NE(bad(map), "good") << map;
    EXPECT_NE(bad(map).find(why), std::string::npos) << bad(map);
  }
}

TEST_F(MapTest, NamesOfRepositoriesAreNeverPaths) {
  for (const std::string& name : Strings{"..", ".", "/", "../../x", "a/b", std::string(128, '/')}) {
    const std::string folder = repository_folder(name);
    EXPECT_TRUE(path_below("cache", folder)) << folder;
    EXPECT_LE(folder.size(), 200U);
  }
  EXPECT_NE(repository_folder("a/b"), repository_folder("a%2Fb"));
}

}  // namespace
}  // namespace sluice::tuf
