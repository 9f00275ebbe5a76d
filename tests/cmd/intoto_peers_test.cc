// SPDX-License-Identifier: Apache-2.0
// Recording, with python in-toto and in-toto-golang at the other end, and sluice in their place.
#include <cstdlib>

#include "cmd/intoto_support.h"

namespace sluice {
namespace {

using test::has;
using test::InTotoFolder;
using test::Program;
using test::Ran;
using test::read_file;

using Names = std::vector<std::string>;

class InTotoPeers : public InTotoFolder {
 protected:
  void SetUp() override {
    if (!test::find_program("in-toto") || !test::find_program("in-toto-golang")) {
      GTEST_SKIP()
          << "python in-toto or in-toto-golang is not installed (./dev lab install in-toto "
             "in-toto-golang)";
    }
  }
  Ran python(const std::vector<std::string>& words) const {
    return Program(*test::find_program("in-toto")).in(folder_.path())(words);
  }
  Ran go(const std::vector<std::string>& words) const {
    return Program(*test::find_program("in-toto-golang")).in(folder_.path())(words);
  }

  // One step by that key under that id: it takes src and makes app of a.c.
  void write_layout(const std::string& id, const std::string& key_name) const {
    json::Value step;
    step.set("_type", "step");
    step.set("name", "build");
    step.set("expected_command", json::Array{});
    step.set("expected_materials",
             json::Array{json::Array{"ALLOW", "src/*"}, json::Array{"DISALLOW", "*"}});
    step.set("expected_products",
             json::Array{json::Array{"REQUIRE", "app"}, json::Array{"CREATE", "app"},
                         json::Array{"DISALLOW", "*"}});
    step.set("pubkeys", json::Array{json::Value(id)});
    step.set("threshold", 1);
    json::Value keys = json::Object{};
    keys.set(id, key(key_name).to_json(id));
    json::Value layout;
    layout.set("_type", "layout");
    layout.set("expires", "2099-01-01T00:00:00Z");
    layout.set("inspect", json::Array{});
    layout.set("keys", std::move(keys));
    layout.set("readme", "");
    layout.set("steps", json::Array{std::move(step)});
    json::Value whole;
    whole.set("signatures", json::Array{});
    whole.set("signed", std::move(layout));
    folder_.write("unsigned.layout", json::write_pretty(whole));
  }
  bool python_accepts(const std::string& key_name) const {
    write_layout(key(key_name).python_id(), key_name);
    const Ran made =
        python({"sign", "-f", "unsigned.layout", "-k", "key.pem", "-o", "root.layout"});
    EXPECT_EQ(made.exit_code, 0) << made.err;
    return python({"verify", "-l", "root.layout", "--verification-keys", "key.pub"}).exit_code == 0;
  }
  bool go_accepts(const std::string& key_name) const {
    write_layout(key(key_name).go_id(), key_name);
    const Ran made = go({"sign", "-f", "unsigned.layout", "-k", "key.pem", "-o", "root.layout"});
    EXPECT_EQ(made.exit_code, 0) << made.err;
    return go({"verify", "-l", "root.layout", "-k", "key.pub"}).exit_code == 0;
  }
  void build(const std::string& key_name, const std::string& format) const {
    std::filesystem::remove(folder_ / "app");
    const Ran ran =
        here()({"run", "--key", key_name + ".pem", "--format", format, "--step", "build",
                "--materials", "src", "--products", "app", "--", "cp", "src/a.c", "app"});
    ASSERT_EQ(ran.exit_code, 0) << ran.err;
  }
};

TEST_F(InTotoPeers, BothFindAndVerifyWhatSluiceRecords) {
  make_key("ecdsa", crypto::KeyType::ecdsa_p256);
  make_key("rsa", crypto::KeyType::rsa);
  for (const auto& key_name : Names{"key", "ecdsa", "rsa"}) {
    for (const auto& format : Names{"metablock", "dsse"}) {
      build(key_name, format);
      EXPECT_TRUE(python_accepts(key_name)) << key_name << " " << format;
      EXPECT_TRUE(go_accepts(key_name)) << key_name << " " << format;
    }
  }
}

TEST_F(InTotoPeers, NeitherAcceptsItChanged) {
  build("key", "metablock");
  for (const auto& id : {key().python_id(), key().go_id()}) {
    const std::string file = intoto::link_file_name("build", id);
    std::string text = read_file(folder_ / file);
    const auto at = text.find("src/a.c");
    ASSERT_NE(at, std::string::npos);
    text[at + 4] = 'A';
    folder_.write(file, text);
  }
  EXPECT_FALSE(python_accepts("key"));
  EXPECT_FALSE(go_accepts("key"));
}

TEST_F(InTotoPeers, WhatTheyRecordHoldsHere) {
  make_key("ecdsa", crypto::KeyType::ecdsa_p256);
  make_key("rsa", crypto::KeyType::rsa);
  for (const auto& key_name : Names{"key", "ecdsa", "rsa"}) {
    for (const bool dsse : {false, true}) {
      Names words = {"-n", "build", "-m", "src", "-p", "src"};
      if (dsse) words.insert(words.begin(), "--use-dsse");
      const auto with = [&](Names head, const std::string& key_option) {
        head.insert(head.end(), words.begin(), words.end());
        head.insert(head.end(), {key_option, key_name + ".pem", "--", "true"});
        return head;
      };
      ASSERT_EQ(python(with({"run"}, "--signing-key")).exit_code, 0);
      EXPECT_EQ(link(link_file("build", key_name), key_name).materials.size(), 2U);
      ASSERT_EQ(go(with({"run"}, "-k")).exit_code, 0);
      const auto file = folder_ / intoto::link_file_name("build", key(key_name).go_id());
      EXPECT_EQ(link(file, key_name).products.size(), 2U) << key_name << dsse;
    }
  }
}

TEST_F(InTotoPeers, ARecordingBegunByOneIsEndedByAnother) {
  ASSERT_EQ(
      python({"record", "start", "-n", "a", "--signing-key", "key.pem", "-m", "src"}).exit_code, 0);
  EXPECT_EQ(here()({"record", "stop", "--key", "key.pem", "--step", "a"}).exit_code, 0);
  EXPECT_EQ(link(link_file("a")).materials.size(), 2U);
  ASSERT_EQ(go({"record", "start", "-n", "b", "-k", "key.pem", "-m", "src"}).exit_code, 0);
  EXPECT_EQ(here()({"record", "stop", "--key", "key.pem", "--step", "b"}).exit_code, 0);
  EXPECT_EQ(link(link_file("b")).materials.size(), 2U);
  ASSERT_EQ(here()({"record", "start", "--key", "key.pem", "--step", "c", "--materials", "src"})
                .exit_code,
            0);
  EXPECT_EQ(python({"record", "stop", "-n", "c", "--signing-key", "key.pem"}).exit_code, 0);
  EXPECT_EQ(link(link_file("c")).materials.size(), 2U);
}

// Files of every kind that a rule or a habit treats differently.
class InTotoPrograms : public InTotoPeers {
 protected:
  void SetUp() override {
    InTotoPeers::SetUp();
    if (IsSkipped()) return;
    std::filesystem::create_directories(folder_ / "t/.git/x");
    std::filesystem::create_directories(folder_ / "t/deep/er");
    std::filesystem::create_directories(folder_ / "away");
    for (const auto* name : {"t/a", "t/b.pyc", "t/c~", "t/x.link", "t/.git/x/y", "t/deep/er/d",
                             "t/\xc3\xa4 b", "away/e", "t/.hidden"}) {
      folder_.write(name, name);
    }
    std::filesystem::create_symlink("a", folder_ / "t/to_file");
    std::filesystem::create_symlink("nothing", folder_ / "t/to_nothing");
    std::filesystem::create_symlink("../away", folder_ / "t/to_folder");
  }
  // Both record it by these words; the links must have the same artifacts.
  void expect_same(const Names& words) {
    Names theirs = {"run"};
    Names ours;
    for (auto* list : {&theirs, &ours}) {
      list->insert(list->end(), words.begin(), words.end());
      list->insert(list->end(), {"-n", "s", "--signing-key", "key.pem"});
    }
    theirs.insert(theirs.end(), {"--", "sh", "-c", "echo out; exit 7"});
    ours.insert(ours.end(), {"--", "sh", "-c", "echo out; exit 7"});
    std::filesystem::remove(link_file("s"));  // or it were a material
    const Ran peer = python(theirs);
    const auto expected = link(link_file("s"));
    std::filesystem::remove(link_file("s"));
    const Ran mine = called("in-toto-run")(ours);
    const auto found = link(link_file("s"));
    EXPECT_EQ(mine.exit_code, peer.exit_code) << mine.err;
    EXPECT_EQ(names(found.materials), names(expected.materials));
    EXPECT_EQ(found.materials, expected.materials);
    EXPECT_EQ(names(found.products), names(expected.products));
    EXPECT_EQ(found.products, expected.products);
    EXPECT_EQ(found.command, expected.command);
    EXPECT_EQ(found.return_value(), expected.return_value());
    EXPECT_EQ(text(found.byproducts, "stdout"), text(expected.byproducts, "stdout"));
    EXPECT_FALSE(expected.materials.empty());
  }
};

TEST_F(InTotoPrograms, RecordWhatPythonRecords) {
  expect_same({"-m", "t", "-p", "t/a", "missing"});
  expect_same({"-m", ".", "--exclude", "*.pem", "as-*", "-s"});
  expect_same({"--materials", "t", "away", "--exclude", "deep", "*.pyc"});
  expect_same({"--mat", "t", "--lstrip-paths", "t/deep/", "away/"});
  expect_same({"-m", "deep", "to_folder", "--base-path", "t"});
  expect_same({"-mt/a", "--products=t/deep", "-d", "."});
  expect_same({"-m", "dir:t/deep", "t/./a", "away/../t/a"});
  expect_same({"-m", "t", "--use-dsse"});
}

TEST_F(InTotoPrograms, AgreeOnExitCodes) {
  const Names key_words = {"-n", "s", "--signing-key", "key.pem"};
  const auto both = [&](Names more, const Names& command) {
    more.insert(more.end(), key_words.begin(), key_words.end());
    more.insert(more.end(), command.begin(), command.end());
    Names theirs = more;
    theirs.insert(theirs.begin(), "run");
    EXPECT_EQ(called("in-toto-run")(more).exit_code, python(theirs).exit_code)
        << testing::PrintToString(more);
  };
  both({}, {"--", "true"});
  both({}, {"--", "sh", "-c", "exit 42"});
  both({}, {"--", "sh", "-c", "kill -TERM $$"});
  both({}, {"--", "./not-there"});
  both({}, {});
  both({"-x"}, {});
  both({"--unknown"}, {"--", "true"});
  both({"-m"}, {"--", "true"});
  both({"-v", "-q"}, {"--", "true"});
  both({"--run-timeout", "many"}, {"--", "true"});
  both({"--run-timeout", "1"}, {"--", "sh", "-c", "exec sleep 60"});
  both({"--lstrip-paths", "t/", "t/deep", "-m", "t"}, {"--", "true"});
  EXPECT_EQ(called("in-toto-run")({"-n", "s", "--", "true"}).exit_code, 2);
  EXPECT_EQ(python({"run", "-n", "s", "--", "true"}).exit_code, 2);
}

TEST_F(InTotoPrograms, MockWritesAnUnsignedLink) {
  ASSERT_EQ(called("in-toto-mock")({"--name", "m", "--", "sh", "-c", "exit 3"}).exit_code, 0);
  const auto metadata = intoto::SignedMetadata::parse(read_file(folder_ / "m.link"));
  ASSERT_TRUE(metadata);
  EXPECT_TRUE(metadata->signatures().empty());
  // Which python signs afterwards.
  EXPECT_EQ(python({"sign", "-f", "m.link", "-k", "key.pem"}).exit_code, 0);
  EXPECT_EQ(link(link_file("m")).return_value(), 3);
}

TEST_F(InTotoPrograms, MatchProductsAnswersAsPythonDoes) {
  const Ran made =
      run({"--products", "t", "--products", "src", "--folder-links", "leave-out", "--", "true"});
  ASSERT_EQ(made.exit_code, 0) << made.err;
  const auto both = [&](const Names& more, int code) {
    Names words = {"-l", link_file().filename().native()};
    words.insert(words.end(), more.begin(), more.end());
    Names theirs = words;
    theirs.insert(theirs.begin(), "match-products");
    EXPECT_EQ(python(theirs).exit_code, code) << testing::PrintToString(more);
    EXPECT_EQ(called("in-toto-match-products")(words).exit_code, code)
        << testing::PrintToString(more);
  };
  both({"-p", "t", "src", "--exclude", ".git", "*.link"}, 0);
  both({"-p", "src"}, 1);
  both({"-p", "t", "src", "away", "-e", ".git", "*.link"}, 1);
  folder_.write("src/a.c", "changed");
  both({"-p", "t", "src", "-e", ".git", "*.link"}, 1);
  const Ran said =
      called("in-toto-match-products")({"-v", "-l", link_file().filename().native(), "-p", "src"});
  EXPECT_TRUE(has(said.out, "Hashes differ: src/a.c\n")) << said.out;
  EXPECT_TRUE(has(said.out, "Only in products: t/a\n"));
}

TEST_F(InTotoPrograms, RecordInTwoHalves) {
  ASSERT_EQ(called("in-toto-record")({"start", "-n", "r", "--signing-key", "key.pem", "-m", "src"})
                .exit_code,
            0);
  EXPECT_EQ(
      python({"record", "stop", "-n", "r", "--signing-key", "key.pem", "-p", "src"}).exit_code, 0);
  ASSERT_EQ(
      python({"record", "start", "-n", "r", "--signing-key", "key.pem", "-m", "src"}).exit_code, 0);
  EXPECT_EQ(called("in-toto-record")({"stop", "-n", "r", "--signing-key", "key.pem", "-p", "src"})
                .exit_code,
            0);
  EXPECT_EQ(link(link_file("r")).products.size(), 2U);
  EXPECT_EQ(called("in-toto-record")({"stop", "-n", "r", "--signing-key", "key.pem"}).exit_code, 1);
}

TEST_F(InTotoPrograms, RefuseByNameWhatTheyDoNotCover) {
  const Ran ran = called("in-toto-sign")({"-f", "a.layout", "-k", "key.pem", "--prompt"});
  EXPECT_EQ(ran.exit_code, 2);
  EXPECT_TRUE(has(ran.err, "does not cover --prompt")) << ran.err;
}

}  // namespace
}  // namespace sluice
