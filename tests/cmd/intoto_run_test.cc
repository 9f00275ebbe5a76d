// SPDX-License-Identifier: Apache-2.0
// sluice run and sluice record, from outside.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/intoto_support.h"
#include "cmd/sluice/intoto_step.h"
#include "support/git_folder.h"

namespace sluice {
namespace {

using test::has;
using test::InTotoFolder;
using test::read_file;

using Names = std::vector<std::string>;

class RunCommand : public InTotoFolder {};

TEST_F(RunCommand, RecordsWhatWentInAndWhatCameOut) {
  const auto ran = run({"--materials", "src", "--products", "app", "--", "sh", "-c",
                        "cat src/a.c > app; echo out; echo err >&2"});
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_EQ(ran.out, "out\n");
  EXPECT_TRUE(has(ran.err, "err\n"));
  const auto made = link();
  EXPECT_EQ(made.name, "build");
  EXPECT_EQ(names(made.materials), (Names{"src/a.c", "src/sub/b.c"}));
  EXPECT_EQ(names(made.products), Names{"app"});
  EXPECT_EQ(agreement(made.products[0].digests, made.materials[0].digests),
            intoto::Agreement::same);
  EXPECT_EQ(made.command.front(), "sh");
  EXPECT_EQ(made.return_value(), 0);
  EXPECT_EQ(text(made.byproducts, "stdout"), "out\n");
  EXPECT_EQ(text(made.byproducts, "stderr"), "err\n");
  EXPECT_TRUE(made.environment.object()->empty());
  // By both names, python's and Go's, the same.
  EXPECT_EQ(read_file(folder_ / intoto::link_file_name("build", key().go_id())),
            read_file(link_file()));
}

TEST_F(RunCommand, HandsOnTheExitCodeAndRecordsIt) {
  EXPECT_EQ(run({"--", "sh", "-c", "exit 3"}).exit_code, 3);
  EXPECT_EQ(link().return_value(), 3);
  EXPECT_EQ(run({"--", "sh", "-c", "kill -KILL $$"}).exit_code, 128 + 9);
  EXPECT_EQ(link().return_value(), 137);
  EXPECT_EQ(text(link().byproducts, "signal"), "9");
}

TEST_F(RunCommand, HasCodesOfItsOwnWhereItFailsItself) {
  folder_.write("no-program", "x");
  EXPECT_EQ(run({"--", "./nothing-here"}).exit_code, 127);
  EXPECT_EQ(run({"--", "no-program-of-that-name"}).exit_code, 127);
  EXPECT_EQ(run({"--", "./no-program"}).exit_code, 126);
  EXPECT_EQ(run({}).exit_code, 125);
  EXPECT_EQ(run({"--no-command", "--", "true"}).exit_code, 125);
  EXPECT_EQ(run({"--unknown", "--", "true"}).exit_code, 125);
  EXPECT_EQ(run({"--metadata-folder", "nowhere", "--", "true"}).exit_code, 125);
  EXPECT_EQ(here()({"run", "--step", "../x", "--key", "key.pem", "--", "true"}).exit_code, 125);
  EXPECT_EQ(here()({"run", "--step", "x", "--key", "nothing", "--", "true"}).exit_code, 125);
  EXPECT_FALSE(std::filesystem::exists(link_file()));
}

TEST_F(RunCommand, FailsBeforeTheCommandWhereTheMaterialsCannotBeRecorded) {
  const auto ran = run({"--materials", "nothing", "--", "touch", "ran"});
  EXPECT_EQ(ran.exit_code, 125);
  EXPECT_TRUE(has(ran.err, "there is no nothing")) << ran.err;
  folder_.write("src/\xff\xfe", "x");
  const auto name = run({"--materials", "src", "--", "touch", "ran"});
  EXPECT_EQ(name.exit_code, 125);
  EXPECT_TRUE(has(name.err, "\\xff\\xfe")) << name.err;
  EXPECT_TRUE(has(name.err, "no UTF-8")) << name.err;
  EXPECT_FALSE(std::filesystem::exists(folder_ / "ran"));
}

TEST_F(RunCommand, AProductThatIsNotThereIsSaidAndTheLinkWritten) {
  const auto ran = run({"--products", "app", "--products", "src", "--", "sh", "-c", "exit 1"});
  EXPECT_EQ(ran.exit_code, 1);
  EXPECT_TRUE(has(ran.err, "not there: app")) << ran.err;
  EXPECT_EQ(link().products.size(), 2U);
  EXPECT_EQ(text(*link().byproducts.find("left-out")->find("products"), "not there"), "1");
}

TEST_F(RunCommand, AStepMayHaveNoCommand) {
  for (const auto& word : Names{"--no-command", "-x"}) {
    EXPECT_EQ(run({"--materials", "src", word}).exit_code, 0);
    EXPECT_TRUE(link().command.empty());
    EXPECT_EQ(link().return_value(), std::nullopt);
    std::filesystem::remove(link_file());
  }
}

TEST_F(RunCommand, StandardInputIsTheCommands) {
  const auto ran =
      here().input("from outside")({"run", "--key", "key.pem", "--step", "build", "--", "cat"});
  EXPECT_EQ(ran.out, "from outside");
}

TEST_F(RunCommand, AFloodOnEitherStreamNeitherBlocksNorFillsTheLink) {
  const std::string flood =
      "head -c 3000000 /dev/zero | tr '\\0' e >&2; echo between; "
      "head -c 3000000 /dev/zero | tr '\\0' o; echo; echo end";
  const auto ran = run({"--capture", "1000", "--", "sh", "-c", flood});
  EXPECT_EQ(ran.exit_code, 0);
  EXPECT_EQ(ran.out.size(), 3'000'000U + 8 + 1 + 4);
  EXPECT_GE(ran.err.size(), 3'000'000U);
  const std::string kept = text(link().byproducts, "stdout");
  EXPECT_TRUE(kept.starts_with("between\noooo"));
  EXPECT_TRUE(kept.ends_with("ooo\nend\n"));
  EXPECT_TRUE(has(kept, cat("[", ran.out.size() - 1000, " bytes left out]"))) << kept.size();
  EXPECT_LT(kept.size(), 1100U);
}

TEST_F(RunCommand, CanLeaveTheStreamsAlone) {
  const auto ran = run({"--no-capture", "--", "sh", "-c", "echo out"});
  EXPECT_EQ(ran.out, "out\n");
  EXPECT_EQ(text(link().byproducts, "stdout"), "");
}

TEST_F(RunCommand, DoesNotWaitForWhatTheCommandLeavesRunning) {
  const Path pipe = folder_ / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  // It would wait for a writer for ever.
  const auto ran = run({"--", "sh", "-c", "cat pipe & echo started"});
  EXPECT_EQ(ran.exit_code, 0);
  EXPECT_EQ(ran.out, "started\n");
  const int fd = ::open(pipe.c_str(), O_WRONLY | O_NONBLOCK);
  EXPECT_GE(fd, 0);
  ::close(fd);
}

TEST_F(RunCommand, SignalsReachTheCommand) {
  // The command's parent is sluice: what it is sent comes back.
  const auto ran = run(
      {"--", "sh", "-c", "trap 'echo caught; exit 9' USR1; kill -USR1 $PPID; while :; do :; done"});
  EXPECT_EQ(ran.exit_code, 9);
  EXPECT_EQ(ran.out, "caught\n");
  EXPECT_EQ(link().return_value(), 9);
}

TEST_F(RunCommand, TheCommandGetsNoPasswordAndTheLinkNoSecret) {
  const auto ran = here()
                       .with("SLUICE_PASSWORD", "correct horse")
                       .with("API_TOKEN", "abcdef-secret")
                       .with("PLAIN", "abcdef-plain")(
                           {"run", "--key", "key.pem", "--step", "build", "--", "sh", "-c",
                            "echo $API_TOKEN $PLAIN [$SLUICE_PASSWORD]", "abcdef-secret"});
  EXPECT_EQ(ran.out, "abcdef-secret abcdef-plain []\n");  // the streams are what they are
  EXPECT_EQ(text(link().byproducts, "stdout"), "*** abcdef-plain []\n");
  EXPECT_EQ(link().command.back(), "***");
  EXPECT_FALSE(has(read_file(link_file()), "abcdef-secret"));
}

TEST_F(RunCommand, AnEncryptedKeyTakesItsPassword) {
  ASSERT_EQ(here()
                .with("SLUICE_PASSWORD", "correct horse")(
                    {"key", "generate", "--type", "ed25519", "--out-prefix", "enc"})
                .exit_code,
            0);
  const auto call = [&](const std::string& password) {
    return here().with("SLUICE_PASSWORD",
                       password)({"run", "--key", "enc.key", "--step", "s", "--", "true"});
  };
  EXPECT_EQ(call("wrong").exit_code, 125);
  EXPECT_EQ(call("correct horse").exit_code, 0);
  EXPECT_EQ(link(link_file("s", "enc"), "enc").name, "s");
}

TEST_F(RunCommand, WhatIsLeftOutIsNamed) {
  std::filesystem::create_directories(folder_ / "src/.git");
  folder_.write("src/.git/config", "x");
  folder_.write("src/x.o", "x");
  ASSERT_EQ(::mkfifo((folder_ / "src/pipe").c_str(), 0600), 0);
  const auto ran = run({"--materials", "src", "--exclude", "*.o", "--", "true"});
  EXPECT_EQ(ran.exit_code, 0);
  EXPECT_TRUE(has(ran.err, "2 left out, excluded by a pattern: ")) << ran.err;
  EXPECT_TRUE(has(ran.err, "src/.git"));
  EXPECT_TRUE(has(ran.err, "1 left out, pipes, sockets and devices: src/pipe"));
  EXPECT_EQ(names(link().materials), (Names{"src/a.c", "src/sub/b.c"}));
  EXPECT_EQ(run({"--products", "src", "--", "true"}).exit_code, 0);
  EXPECT_EQ(names(link().products), (Names{"src/a.c", "src/sub/b.c", "src/x.o"}));
  EXPECT_EQ(run({"--quiet", "--materials", "src", "--", "true"}).err, "");
  EXPECT_EQ(run({"--no-default-excludes", "--materials", "src", "--", "true"}).exit_code, 0);
  EXPECT_EQ(names(link().materials),
            (Names{"src/.git/config", "src/a.c", "src/sub/b.c", "src/x.o"}));
}

TEST_F(RunCommand, NamesFollowBaseAndPrefixes) {
  EXPECT_EQ(run({"--base-path", "src", "--materials", ".", "--products", "sub", "--lstrip-paths",
                 "sub/", "--lstrip-paths", "x/", "--", "true"})
                .exit_code,
            0);
  EXPECT_EQ(names(link().materials), (Names{"a.c", "b.c"}));
  EXPECT_EQ(names(link().products), Names{"b.c"});
  EXPECT_EQ(run({"--materials", "src", "--lstrip-paths", "src/", "--lstrip-paths", "src/sub/", "--",
                 "true"})
                .exit_code,
            125);
}

TEST_F(RunCommand, DigestsMayBeReused) {
  EXPECT_EQ(run({"--reuse-digests", "--materials", "src", "--products", "src", "--", "sh", "-c",
                 "echo changed > src/a.c"})
                .exit_code,
            0);
  const auto made = link();
  EXPECT_EQ(agreement(made.materials[0].digests, made.products[0].digests),
            intoto::Agreement::differ);
  EXPECT_EQ(agreement(made.materials[1].digests, made.products[1].digests),
            intoto::Agreement::same);
}

TEST_F(RunCommand, TheLinkMayBeBoundToRunAndCommit) {
  const std::string commit(40, 'c');
  EXPECT_EQ(run({"--bind", "--run-id", "77", "--commit", commit, "--", "true"}).exit_code, 0);
  const auto made = link();
  const auto* bound = made.environment.find("sluice");
  ASSERT_NE(bound, nullptr);
  EXPECT_EQ(text(*bound, "run"), "77");
  EXPECT_EQ(text(*bound, "commit"), commit);
  EXPECT_EQ(text(*bound, "finished").size(), 20U);
  EXPECT_EQ(run({"--run-id", "77", "--", "true"}).exit_code, 125);
  EXPECT_EQ(run({"--bind", "--commit", "main", "--", "true"}).exit_code, 125);
  // Nobody says which commit this is.
  const auto unknown = run({"--bind", "--", "true"});
  EXPECT_EQ(unknown.exit_code, 125);
  EXPECT_TRUE(has(unknown.err, "--commit")) << unknown.err;
}

TEST_F(RunCommand, APipelineSaysItsRunAndARepositoryItsCommit) {
  const test::GitFolder repository;
  repository.write("a", "x");
  const std::string commit = repository.commit();
  const auto call = [&](const test::Program& program) {
    return program({"run", "--key", "key.pem", "--step", "build", "--bind", "--base-path",
                    repository.path().native(), "--materials", "git:src=.", "--", "true"});
  };
  const auto ran = call(here()
                            .with("GITHUB_ACTIONS", "true")
                            .with("GITHUB_RUN_ID", "12")
                            .with("GITHUB_RUN_ATTEMPT", "3"));
  ASSERT_EQ(ran.exit_code, 0) << ran.err;
  auto made = link();
  EXPECT_EQ(text(*made.environment.find("sluice"), "run"), "12-3");
  EXPECT_EQ(text(*made.environment.find("sluice"), "commit"), commit);
  ASSERT_EQ(names(made.materials), (Names{"git:src@commit", "git:src@tree"}));
  EXPECT_EQ(made.materials[0].digests.text(), "gitCommit:" + commit);
  EXPECT_EQ(made.materials[1].digests.text(),
            "gitTree:" + repository.git({"rev-parse", "HEAD^{tree}"}));
  ASSERT_EQ(call(here().with("GITLAB_CI", "true").with("CI_PIPELINE_ID", "45")).exit_code, 0);
  made = link();
  EXPECT_EQ(text(*made.environment.find("sluice"), "run"), "45");
}

TEST_F(RunCommand, OtherFormsOfTheLink) {
  EXPECT_EQ(run({"--format", "dsse", "--products", "src", "--", "true"}).exit_code, 0);
  EXPECT_EQ(link().form, intoto::LinkForm::link);
  EXPECT_EQ(run({"--format", "statement", "--products", "src", "--", "true"}).exit_code, 0);
  EXPECT_EQ(link().form, intoto::LinkForm::statement);
  EXPECT_EQ(names(link().products), (Names{"src/a.c", "src/sub/b.c"}));
}

TEST_F(RunCommand, ImagesAndFoldersAreProductsToo) {
  const std::string digest(64, 'd');
  folder_.write("metadata.json", cat(R"({"containerimage.digest":"sha256:)", digest, "\"}"));
  EXPECT_EQ(
      run({"--products", "oci:app=metadata.json", "--products", "dir:src", "--", "true"}).exit_code,
      0);
  const auto made = link();
  EXPECT_EQ(names(made.products), (Names{"dir:src", "oci:app"}));
  EXPECT_EQ(made.products.find("oci:app")->digests.text(), "sha256:" + digest);
  // Before the command an image has to be there, as every material has.
  EXPECT_EQ(run({"--materials", "oci:app=nothing", "--", "true"}).exit_code, 125);
  EXPECT_EQ(run({"--materials", "git:src", "--", "true"}).exit_code, 125);
}

class RecordCommand : public InTotoFolder {
 protected:
  test::Ran record(std::vector<std::string> words, const std::string& key_file = "key.pem") const {
    words.insert(words.begin(), "record");
    words.insert(words.end(), {"--key", key_file, "--step", "edit"});
    return here()(words);
  }
  Path unfinished() const {
    return folder_ / intoto::unfinished_file_name("edit", key().python_id());
  }
};

TEST_F(RecordCommand, StartsAndStops) {
  ASSERT_EQ(record({"start", "--materials", "src"}).exit_code, 0);
  EXPECT_TRUE(std::filesystem::exists(unfinished()));
  folder_.write("src/a.c", "edited\n");
  const auto ran = record({"stop", "--products", "src"});
  ASSERT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_FALSE(std::filesystem::exists(unfinished()));
  const auto made = link(link_file("edit"));
  EXPECT_EQ(agreement(made.materials[0].digests, made.products[0].digests),
            intoto::Agreement::differ);
  EXPECT_EQ(agreement(made.materials[1].digests, made.products[1].digests),
            intoto::Agreement::same);
  // There is nothing to stop any more.
  EXPECT_EQ(record({"stop", "--products", "src"}).exit_code, 3);
}

TEST_F(RecordCommand, RefusesWhatWasChangedMeanwhile) {
  ASSERT_EQ(record({"start", "--materials", "src"}).exit_code, 0);
  std::string text = read_file(unfinished());
  const auto at = text.find("src/a.c");
  ASSERT_NE(at, std::string::npos);
  text[at] = 'S';
  folder_.write(unfinished().filename().native(), text);
  const auto ran = record({"stop", "--products", "src"});
  EXPECT_EQ(ran.exit_code, 3);
  EXPECT_TRUE(has(ran.err, "not signed by this key")) << ran.err;
  EXPECT_FALSE(std::filesystem::exists(link_file("edit")));
}

TEST_F(RecordCommand, AnotherKeyCannotStopIt) {
  make_key("other", crypto::KeyType::ecdsa_p256);
  ASSERT_EQ(record({"start", "--materials", "src"}).exit_code, 0);
  EXPECT_EQ(record({"stop", "--products", "src"}, "other.pem").exit_code, 3);
  EXPECT_EQ(record({"stop", "--products", "src"}).exit_code, 0);
}

// Signs links of up to so many bytes.
class BoundedWriter final : public cli::LinkWriter {
 public:
  explicit BoundedWriter(std::optional<std::size_t> most) : most_(most) {}
  Result<std::vector<Path>> write(const intoto::Link&) override { return std::vector<Path>{}; }
  std::string who() const override { return "nobody"; }
  std::optional<std::size_t> most() const override { return most_; }

 private:
  std::optional<std::size_t> most_;
};

TEST(LinkSize, MaterialsThatNoLinkOfItHoldsAreRefusedBeforeTheCommandRuns) {
  intoto::Link link;
  std::vector<intoto::Artifact> all;
  for (int i = 100; i < 200; ++i) {
    const auto digest = crypto::digest_of(crypto::HashAlgorithm::sha256, bytes_of(cat(i)));
    all.push_back({cat("f", i), intoto::DigestSet::of(digest)});
  }
  link.materials = intoto::Artifacts::of(all).value();
  // What is refused beforehand would be refused of the link itself, whatever its form.
  const std::size_t least = link.materials.size() * (4 + 80);
  EXPECT_LT(least, write_link(link).size());
  EXPECT_LT(least, write_link_statement(link).size());
  EXPECT_TRUE(check_materials(link.materials, BoundedWriter(std::nullopt)));
  EXPECT_TRUE(check_materials(link.materials, BoundedWriter(least)));
  const auto refused = check_materials(link.materials, BoundedWriter(least - 1));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::limit);
  EXPECT_TRUE(has(refused.error().hint, "--key"));
  EXPECT_TRUE(cli::check_link_size(1, 10, 10));
  EXPECT_FALSE(cli::check_link_size(1, 11, 10));
}

}  // namespace
}  // namespace sluice
