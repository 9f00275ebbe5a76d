// SPDX-License-Identifier: Apache-2.0
// The risk of ranges of real repositories.
#include "risk/analysis.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "support/git_folder.h"

namespace sluice::risk {
namespace {

using test::GitFolder;

Analysis analysed(const GitFolder& folder, const std::string& range,
                  git::Compare compare = git::Compare::merge_base) {
  const auto repository = git::Repository::open(folder.path());
  if (!repository) throw std::runtime_error(repository.error().text());
  const auto sides = repository->range(range, compare);
  if (!sides) throw std::runtime_error(sides.error().text());
  const auto scorer = PathScorer::compile(seed_model());
  auto analysis = analyse(*repository, *sides, *scorer);
  if (!analysis) throw std::runtime_error(analysis.error().text());
  return *std::move(analysis);
}

// The model as a pipeline has it; a line for each pair of commits.
std::string shell_form(const GitFolder& folder, int count, const std::string& options) {
  const bool zero = options.contains("-z");
  return folder.shell(cat(R"(
i=0
while [ $i -lt )",
                          count, R"( ]; do
  infra=$(git diff --name-only )",
                          options, R"( a$i..b$i | grep -)", zero ? "z" : "",
                          R"(cE '(terraform|k8s|helm)' || :)
  database=$(git diff --name-only )",
                          options, R"( a$i..b$i | grep -)", zero ? "z" : "",
                          R"(cE '(migration|schema)' || :)
  score=$((infra * 3 + database * 5))
  if [ $score -gt 10 ]; then level=high; elif [ $score -gt 5 ]; then level=medium; else level=low; fi
  echo "$infra $database $score $level"
  i=$((i + 1))
done)"));
}

std::string our_form(const Analysis& analysis) {
  const auto& found = analysis.assessment;
  return cat(found.paths_by_rule[0], " ", found.paths_by_rule[1], " ", found.score, " ",
             name(found.level));
}

TEST(Analysis, TheSeedModelIsItsShellForm) {
  constexpr int kChanges = 200;
  const GitFolder folder;
  test::generate_changes(folder, kChanges);
  const auto expected = shell_form(folder, kChanges, "");
  const auto lines = split(expected, '\n');
  ASSERT_EQ(lines.size(), std::size_t{kChanges});
  std::array<int, 3> levels{};
  for (int i = 0; i < kChanges; ++i) {
    const auto analysis = analysed(folder, cat("a", i, "..b", i), git::Compare::trees);
    EXPECT_EQ(our_form(analysis), lines[static_cast<std::size_t>(i)]) << i;
    ++levels[static_cast<std::size_t>(analysis.assessment.level)];
  }
  for (const int count : levels) EXPECT_GT(count, 5);  // else the generator shows too little
}

TEST(Analysis, OfAnyNameItIsTheShellFormOverBytes) {
  const GitFolder folder;
  folder.commit();
  folder.git({"branch", "a0"});
  for (const std::string name :
       {"\terraform", "k8s\nschema", "\xff/helm", "\xc3\xa4/k8s", "\"k8s\"", "migra\ntion"}) {
    folder.write(name, name);
  }
  folder.commit();
  folder.git({"branch", "b0"});
  EXPECT_EQ(our_form(analysed(folder, "a0..b0")), shell_form(folder, 1, "-z"));
  EXPECT_EQ(our_form(analysed(folder, "a0..b0")), "4 1 17 high");
}

TEST(Analysis, ARenameCountsOnceUnderItsNewName) {
  const GitFolder folder;
  folder.write("k8s/web.yaml", "one\ntwo\nthree\n");
  folder.write("plain", "four\nfive\nsix\n");
  folder.commit();
  folder.shell("git mv k8s/web.yaml web.yaml; mkdir helm; git mv plain helm/plain");
  folder.commit();
  const auto analysis = analysed(folder, "HEAD~1..HEAD");
  EXPECT_EQ(our_form(analysis), "1 0 3 low");
  const auto json = as_json(analysis);
  const auto& counted = *json.find("counted")->array();
  ASSERT_EQ(counted.size(), 1U);
  EXPECT_EQ(*counted[0].find("path")->string(), "helm/plain");
  EXPECT_EQ(*counted[0].find("old_path")->string(), "plain");
  EXPECT_EQ(*counted[0].find("status")->string(), "renamed");
}

TEST(Analysis, NotesSayWhatTheReaderShouldKnow) {
  const GitFolder folder;
  folder.write("k8s", "1");
  folder.commit();
  folder.commit();
  folder.git({"clone", "--quiet", "--depth=1", cat("file://", folder.path().native()), "clone"});
  const auto ids = [](const Analysis& analysis) {
    std::string out;
    for (const auto& note : analysis.notes) out += note.id;
    return out;
  };
  EXPECT_EQ(ids(analysed(folder, "HEAD~1..HEAD")), "");
  const auto repository = git::Repository::open(folder / "clone");
  const auto scorer = PathScorer::compile(seed_model());
  const auto range = repository->range("HEAD..HEAD", git::Compare::merge_base);
  EXPECT_EQ(ids(*analyse(*repository, *range, *scorer)), "shallow-clone");
}

TEST(AnalysisText, ListsSomePathsAndCountsTheRest) {
  const GitFolder folder;
  folder.commit();
  for (int i = 10; i < 22; ++i) folder.write(cat("k8s/", i), cat(i));
  folder.write("schema.sql", "1");
  folder.commit();
  const auto analysis = analysed(folder, "HEAD~1..HEAD");
  const std::string text = as_text(analysis, false);
  EXPECT_TRUE(text.starts_with("high      HEAD~1...HEAD: score 41, above 10\n")) << text;
  EXPECT_TRUE(text.contains("infrastructure    12 paths x 3 = 36   (terraform|k8s|helm)\n"))
      << text;
  EXPECT_TRUE(text.contains("k8s/19\n    and 2 more; --output json lists them\n")) << text;
  EXPECT_FALSE(text.contains("k8s/20"));
  EXPECT_TRUE(text.contains("database          1 path x 5 = 5   (migration|schema)\n")) << text;
  EXPECT_TRUE(text.ends_with("\n\nConsider staged rollout with canary deployment\n")) << text;
  EXPECT_EQ(as_json(analysis).find("counted")->array()->size(), 13U);
}

TEST(AnalysisText, NothingOfANameReachesTheTerminalRaw) {
  const GitFolder folder;
  folder.commit();
  folder.write("k8s\x1b[2J\n\x07", "1");
  folder.write("helm\xff", "2");
  folder.write(
      "\xe2\x80\xae"
      "schema",
      "3");  // from here on written from right to left
  folder.commit();
  const auto analysis = analysed(folder, "HEAD~1..HEAD");
  const std::string text = as_text(analysis, false);
  EXPECT_FALSE(text.contains('\x1b')) << text;
  EXPECT_FALSE(text.contains('\x07'));
  EXPECT_FALSE(text.contains("\xe2\x80\xae"));
  EXPECT_TRUE(is_utf8(text));
  EXPECT_TRUE(text.contains("k8s\\x1b[2J\\x0a\\x07\n")) << text;

  const auto json = as_json(analysis);
  const auto& counted = *json.find("counted")->array();
  EXPECT_EQ(*counted[0].find("path")->string(), "helm\\xff");
  EXPECT_EQ(*counted[0].find("path_base64")->string(), "aGVsbf8=");
  EXPECT_EQ(*counted[1].find("path")->string(), "k8s\x1b[2J\n\x07");
  EXPECT_EQ(counted[1].find("path_base64"), nullptr);
  EXPECT_FALSE(json::write_pretty(json).contains('\x1b'));
}

}  // namespace
}  // namespace sluice::risk
