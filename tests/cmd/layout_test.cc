// SPDX-License-Identifier: Apache-2.0
// sluice layout, and in-toto-verify and in-toto-sign, as they are called.
#include <gtest/gtest.h>

#include "json/value.h"
#include "support/program.h"

namespace sluice::test {
namespace {

class LayoutCommand : public testing::Test {
 protected:
  void SetUp() override {
    for (const std::string name : {"owner", "ci"}) {
      ASSERT_EQ(call({"key", "generate", "--out-prefix", name, "--type", "ed25519"}).exit_code, 0);
    }
    folder_.write("ci.yml", "jobs:\n  make:\n    runs-on: x\n    steps: []\n");
    folder_.write("src", "what it works on");
    std::filesystem::create_directory(folder_ / "links");
    ASSERT_EQ(call({"layout", "new", "--from", "ci.yml", "--functionary", "ci.pub", "--to",
                    "draft.layout"})
                  .exit_code,
              0);
    ASSERT_EQ(record().exit_code, 0);
  }
  Ran call(const std::vector<std::string>& arguments) {
    return sluice().in(folder_.path()).with("SLUICE_PASSWORD", "correct horse")(arguments);
  }
  Ran record() {
    return call({"run", "--step", "make", "--key", "ci.key", "--materials", "src", "--products",
                 "src", "--products", "out", "--metadata-folder", "links", "--", "sh", "-c",
                 "echo made > out"});
  }
  Ran sign() {
    return call({"layout", "sign", "draft.layout", "--key", "owner.key", "--to", "root.layout"});
  }
  Ran verify(const std::vector<std::string>& more = {}, const std::string& word = "verify") {
    std::vector<std::string> all{"layout",    word,      "root.layout", "--key",
                                 "owner.pub", "--links", "links"};
    all.insert(all.end(), more.begin(), more.end());
    return call(all);
  }
  void edit(std::string_view from, std::string_view to) {
    std::string text = read_file(folder_ / "draft.layout");
    const auto at = text.find(from);
    ASSERT_NE(at, std::string::npos) << text;
    folder_.write("draft.layout", text.replace(at, from.size(), to));
  }
  TempFolder folder_;
};

TEST_F(LayoutCommand, NewCheckSignVerify) {
  EXPECT_EQ(call({"layout", "check", "draft.layout", "--strict"}).exit_code, 0);
  EXPECT_EQ(sign().exit_code, 0);
  const auto good = verify();
  EXPECT_EQ(good.exit_code, 0) << good.out << good.err;
  EXPECT_TRUE(good.out.starts_with("verified  supply chain of root.layout")) << good.out;
  const auto list = verify({"--output", "json"});
  const auto value = json::parse_strict(list.out);
  ASSERT_TRUE(value);
  EXPECT_EQ(*value->find("verdict")->string(), "verified");
}

TEST_F(LayoutCommand, ARefusalNamesTheNextCommandAndExplainAnswersIt) {
  edit("\"CREATE\",\n          \"*\"", "\"CREATE\",\n          \"other\"");
  ASSERT_EQ(sign().exit_code, 0);
  const auto refused = verify();
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_TRUE(has(refused.out, "step make made out, which no rule allows")) << refused.out;
  EXPECT_TRUE(has(refused.out,
                  "sluice layout explain root.layout --key owner.pub --links links "
                  "--step make"))
      << refused.out;
  const auto explained = verify({"--step", "make"}, "explain");
  EXPECT_EQ(explained.exit_code, 1);
  EXPECT_TRUE(has(explained.out, "CREATE out")) << explained.out;
  EXPECT_EQ(verify({"--step", "nothing"}, "explain").exit_code, 2);
}

TEST_F(LayoutCommand, CheckFailsForErrorsAndIfAskedForWarnings) {
  edit("\"DISALLOW\"", "\"ALLOW\"");
  EXPECT_EQ(call({"layout", "check", "draft.layout"}).exit_code, 0);
  const auto strict = call({"layout", "check", "draft.layout", "--strict", "--output", "json"});
  EXPECT_EQ(strict.exit_code, 1);
  EXPECT_TRUE(has(strict.out, "\"open-end\"")) << strict.out;
  edit("\"threshold\": 1", "\"threshold\": 0");
  const auto broken = call({"layout", "check", "draft.layout"});
  EXPECT_EQ(broken.exit_code, 1);
  EXPECT_TRUE(has(broken.out, "threshold")) << broken.out;
  EXPECT_EQ(sign().exit_code, 1);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "root.layout"));
}

TEST_F(LayoutCommand, OlderEvidenceIsNoEvidenceOfThisRun) {
  ASSERT_EQ(call({"layout", "new", "--from", "ci.yml", "--functionary", "ci.pub", "--fresh", "shop",
                  "--to", "fresh.layout"})
                .exit_code,
            0);
  ASSERT_EQ(call({"layout", "sign", "fresh.layout", "--key", "owner.key", "--to", "root.layout"})
                .exit_code,
            0);
  EXPECT_TRUE(has(verify().out, "the parameter RUN has no value"));
  const auto unbound = verify({"--parameter", "RUN=7"});
  EXPECT_TRUE(has(unbound.out, "does not say of which run it is")) << unbound.out;
  const auto bind = [this](const std::string& id) {
    return call({"run", "--step", "make", "--key", "ci.key", "--materials", "src", "--products",
                 "src", "--metadata-folder", "links", "--bind", "--run-id", id, "--commit",
                 std::string(40, 'a'), "--", "true"})
        .exit_code;
  };
  ASSERT_EQ(bind("6"), 0);
  EXPECT_TRUE(has(verify({"--parameter", "RUN=7"}).out, "is of another run"));
  ASSERT_EQ(bind("7"), 0);
  EXPECT_EQ(verify({"--parameter", "RUN=7", "--state", "state"}).exit_code, 0);
  EXPECT_EQ(verify({"--parameter", "RUN=7", "--require-commit", std::string(40, 'b')}).exit_code,
            1);
}

// A link that holds what a bundle begins with, as the output of its command.
TEST_F(LayoutCommand, WordsInALinkDoNotMakeItABundle) {
  ASSERT_EQ(call({"run", "--step", "make", "--key", "ci.key", "--materials", "src", "--products",
                  "src", "--products", "out", "--metadata-folder", "links", "--", "sh", "-c",
                  "echo made > out; echo "
                  "'\"mediaType\":\"application/vnd.dev.sigstore.bundle.v0.3+json\"'"})
                .exit_code,
            0);
  ASSERT_EQ(sign().exit_code, 0);
  const auto good = verify();
  EXPECT_EQ(good.exit_code, 0) << good.out;
}

TEST_F(LayoutCommand, CommandsOfDelegatesComeWithThoseOfTheOwner) {
  ASSERT_EQ(sign().exit_code, 0);
  EXPECT_EQ(verify({"--run-delegated-inspections"}).exit_code, 2);
  EXPECT_EQ(verify({"--run-inspections", "--run-delegated-inspections"}).exit_code, 0);
}

TEST_F(LayoutCommand, WithoutAnOwnerOrALayoutNothingIsDecided) {
  ASSERT_EQ(sign().exit_code, 0);
  EXPECT_EQ(call({"layout", "verify", "root.layout"}).exit_code, 2);
  EXPECT_EQ(call({"layout", "verify", "nothing", "--key", "owner.pub"}).exit_code, 3);
  EXPECT_EQ(verify({"--parameter", "X"}).exit_code, 2);
  EXPECT_EQ(verify({"--parameter", "X=*"}).exit_code, 1);
  EXPECT_EQ(verify({"--parameter", "X=1"}).exit_code, 0);
  EXPECT_EQ(verify({"--max-age", "soon"}).exit_code, 2);
}

TEST_F(LayoutCommand, CalledAsPythonsPrograms) {
  std::filesystem::create_symlink(sluice_path(), folder_ / "in-toto-verify");
  std::filesystem::create_symlink(sluice_path(), folder_ / "in-toto-sign");
  const auto as = [this](const std::string& name, const std::vector<std::string>& words) {
    return Program((folder_ / name).string())
        .in(folder_.path())
        .with("SLUICE_PASSWORD", "correct horse")(words);
  };
  ASSERT_EQ(sign().exit_code, 0);
  EXPECT_EQ(
      as("in-toto-sign", {"-f", "root.layout", "-k", "owner.key", "-o", "b.layout"}).exit_code, 0);
  EXPECT_EQ(as("in-toto-sign", {"-f", "b.layout", "-k", "owner.pub", "--verify"}).exit_code, 0);
  EXPECT_EQ(as("in-toto-sign", {"-f", "b.layout", "-k", "ci.pub", "--verify"}).exit_code, 1);
  const std::vector<std::string> words{"--layout",  "b.layout",   "--verification-keys",
                                       "owner.pub", "--link-dir", "links"};
  const auto good = as("in-toto-verify", words);
  EXPECT_EQ(good.exit_code, 0) << good.err;
  EXPECT_EQ(as("in-toto-verify", {"-l", "b.layout", "--verification-keys", "ci.pub"}).exit_code, 1);
  EXPECT_EQ(as("in-toto-verify", {"--layout", "b.layout"}).exit_code, 2);
}

}  // namespace
}  // namespace sluice::test
