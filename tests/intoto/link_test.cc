// SPDX-License-Identifier: Apache-2.0
#include "intoto/link.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "intoto/support.h"

namespace sluice::intoto {
namespace {

using test::kDigestA;
using test::with;

std::string plain(std::string_view materials, std::string_view rest = "") {
  return cat(R"({"_type":"link","name":"build","products":{"app":{"sha256":")", kDigestA,
             R"("}},"materials":)", materials, rest, "}");
}

Link made() {
  DigestSet digests;
  EXPECT_TRUE(digests.add("sha256", kDigestA));
  Link link;
  link.name = "build";
  link.command = {"make", "all", "a \"b\" \\ \n \x01 \xc3\xa4"};
  link.materials = Artifacts::of({{"src/a.c", digests}, {"src/b.c", digests}}).value();
  link.products = Artifacts::of({{"app", digests}}).value();
  link.byproducts.set("stdout", "hello\n");
  link.byproducts.set("return-value", 3);
  link.environment.set("workdir", "w");
  return link;
}

TEST(LinkText, RoundTripsInBothForms) {
  const Link link = made();
  for (const auto& text : {write_link(link), write_link_statement(link)}) {
    const auto again = parse_link(text);
    ASSERT_TRUE(again) << again.error().text();
    EXPECT_EQ(again->name, link.name);
    EXPECT_EQ(again->command, link.command);
    EXPECT_EQ(again->materials, link.materials);
    EXPECT_EQ(again->products, link.products);
    EXPECT_EQ(again->return_value(), 3);
    EXPECT_EQ(*again->byproducts.find("stdout"), json::Value("hello\n"));
    EXPECT_EQ(*again->environment.find("workdir"), json::Value("w"));
  }
  EXPECT_EQ(parse_link(write_link(link))->form, LinkForm::link);
  EXPECT_EQ(parse_link(write_link_statement(link))->form, LinkForm::statement);
}

TEST(LinkText, IsCanonicalWhereNothingNeedsAnEscape) {
  Link link = made();
  link.command = {"make"};
  link.byproducts = json::Object{};
  link.byproducts.set("z", json::Array{json::Object{{"b", 1}, {"a", 2}}});
  link.byproducts.set("a", "x");
  const std::string text = write_link(link);
  EXPECT_EQ(json::canonical_olpc(json::parse_strict(text).value()).value(), text);
}

TEST(LinkText, AStepWithoutACommandHasNoReturnValue) {
  Link link = made();
  link.byproducts = json::Object{};
  EXPECT_EQ(parse_link(write_link(link))->return_value(), std::nullopt);
  link.byproducts.set("return-value", "0");
  EXPECT_EQ(parse_link(write_link(link))->return_value(), std::nullopt);
}

TEST(LinkText, ReadsWhatTheOthersLeaveOut) {
  EXPECT_TRUE(parse_link(plain("{}")));
  EXPECT_TRUE(parse_link(plain("{}", R"(,"command":[],"byproducts":{},"environment":{})")));
}

TEST(LinkText, RefusesArtifactsWithoutAStrongDigest) {
  EXPECT_TRUE(parse_link(plain(cat(R"({"a":{"sha256":")", kDigestA, "\"}}"))));
  EXPECT_FALSE(parse_link(plain(R"({"a":{}})")));
  const auto weak = parse_link(plain(cat(R"({"a":{"md5":")", std::string(32, 'a'), "\"}}")));
  ASSERT_FALSE(weak);
  EXPECT_NE(weak.error().text().find("weak"), std::string::npos) << weak.error().text();
  // Beside a strong one it may stand.
  EXPECT_TRUE(parse_link(
      plain(cat(R"({"a":{"md5":")", std::string(32, 'a'), R"(","sha256":")", kDigestA, "\"}}"))));
}

TEST(LinkText, RefusesWhatIsNotExactlyALink) {
  const std::string good = plain("{}", R"(,"command":["x"],"byproducts":{},"environment":{})");
  ASSERT_TRUE(parse_link(good));
  for (const auto& text : {
           with(good, R"("materials":{})", R"("materials":null)"),
           with(good, R"("materials":{})", R"("materials":[])"),
           with(good, R"("materials":{},)", ""),
           with(good, R"("name":"build")", R"("name":"")"),
           with(good, R"("name":"build",)", ""),
           with(good, R"("_type":"link")", R"("_type":"layout")"),
           with(good, R"("_type":"link",)", ""),
           with(good, R"("name":"build")", R"("name":"build","name":"build")"),
           with(good, R"("name":"build")", R"("name":"build","extra":1)"),
           with(good, R"("name":"build")", R"("name":"build","predicate":{})"),
           with(good, R"(["x"])", R"("x")"),
           with(good, R"(["x"])", R"([1])"),
           with(good, R"("byproducts":{})", R"("byproducts":[])"),
           with(good, R"("environment":{})", R"("environment":null)"),
           with(good, kDigestA, kDigestA.substr(2)),
           with(good, "\"app\"", "\"\""),
           with(good, cat("{\"sha256\":\"", kDigestA, "\"}"), cat("\"", kDigestA, "\"")),
           good + "x",
       }) {
    EXPECT_FALSE(parse_link(text)) << text;
  }
}

TEST(LinkText, RefusesAStatementThatIsSomethingElse) {
  const std::string good = write_link_statement(made());
  ASSERT_TRUE(parse_link(good));
  EXPECT_TRUE(parse_link(with(good, "Statement/v1", "Statement/v0.1")));
  for (const auto& text : {
           with(good, "link/v0.3", "link/v0.4"),
           with(good, "Statement/v1", "Statement/v2"),
           with(good, R"("subject":)", R"("products":{},"subject":)"),
           with(good, R"("subject":)", R"("name":"other","subject":)"),
           with(good, R"("name":"app")", R"("nome":"app")"),
           with(good, R"("subject":)", R"("other":)"),
       }) {
    EXPECT_FALSE(parse_link(text)) << text;
  }
}

TEST(StepName, MustBeFitForAFileName) {
  EXPECT_TRUE(check_step_name("build"));
  EXPECT_TRUE(check_step_name("build image.v2 \xc3\xa4"));
  EXPECT_TRUE(check_step_name(std::string(200, 'x')));
  for (const std::string& name :
       {std::string(), std::string("../x"), std::string("a/b"), std::string("a\\b"),
        std::string(".hidden"), std::string("a\nb"), std::string("a\0b", 3), std::string("\xff"),
        std::string(201, 'x')}) {
    EXPECT_FALSE(check_step_name(name)) << name;
  }
  EXPECT_EQ(link_file_name("build", "d8d1f2f5aa"), "build.d8d1f2f5.link");
  EXPECT_EQ(unfinished_file_name("build", "d8d1f2f5aa"), ".build.d8d1f2f5.link-unfinished");
}

}  // namespace
}  // namespace sluice::intoto
