// SPDX-License-Identifier: Apache-2.0
// Links and layouts by keys of gpg: a keyring of the test's own, and python in-toto at the other
// end.
#include "cmd/intoto_support.h"

namespace sluice::test {
namespace {

using Names = std::vector<std::string>;

class InTotoGpg : public InTotoFolder {
 protected:
  void SetUp() override {
    if (!find_program("gpg")) GTEST_SKIP() << "gpg is not installed (Debian: gnupg)";
    std::filesystem::create_directory(home_);
    std::filesystem::permissions(home_, std::filesystem::perms::owner_all);
    rsa_ = generate("rsa", "rsa2048", "sign");
    ed_ = generate("ed", "ed25519", "sign");
  }
  void TearDown() override {
    // The agent that gpg started for this keyring.
    if (find_program("gpgconf")) Program("gpgconf")({"--homedir", home_.native(), "--kill", "all"});
  }

  Ran gpg(Names words) const {
    words.insert(words.begin(), {"--batch", "--no-tty", "--quiet", "--homedir", home_.native()});
    return Program("gpg").in(folder_.path())(words);
  }
  std::string generate(const std::string& name, const std::string& kind, const std::string& use) {
    const Ran made = gpg(
        {"--passphrase", "", "--quick-generate-key", name + "@example.org", kind, use, "never"});
    EXPECT_EQ(made.exit_code, 0) << made.err;
    return fingerprints(name).front();
  }
  Names fingerprints(const std::string& name) const {
    Names out;
    // gpg finds whatever has the words somewhere: these are the whole address.
    const Ran listed =
        gpg({"--with-colons", "--fingerprint", "--fingerprint", cat("<", name, "@example.org>")});
    for (const auto line : split(listed.out, '\n')) {
      const auto columns = split(line, ':');
      if (columns[0] == "fpr") out.push_back(lower_ascii(columns[9]));
    }
    return out;
  }
  // `sluice run` or another command, with the keyring.
  Ran by_gpg(Names words) const {
    words.insert(words.end(), {"--gpg-home", home_.native()});
    return here()(words);
  }
  Ran build(const std::string& id) const {
    return by_gpg_run(
        {"run", "--gpg", id, "--step", "build", "--materials", "src", "--products", "app"});
  }
  Ran by_gpg_run(Names words) const {
    words.insert(words.end(), {"--gpg-home", home_.native(), "--", "cp", "src/a.c", "app"});
    std::filesystem::remove(folder_ / "app");
    return here()(words);
  }
  Path link_of(const std::string& id) const {
    return folder_ / intoto::link_file_name("build", id);
  }
  // One step "build", by keys of gpg, signed by gpg.
  void draft(const std::string& functionary) {
    folder_.write("ci.yml", "jobs:\n  build:\n    steps: []\n");
    std::filesystem::remove(folder_ / "l");
    const Ran made = by_gpg(
        {"layout", "new", "--from", "ci.yml", "--functionary", "gpg:" + functionary, "--to", "l"});
    ASSERT_EQ(made.exit_code, 0) << made.err;
  }
  Ran verify(const std::string& owner) const {
    return by_gpg({"layout", "verify", "l", "--gpg", owner});
  }

  Path home_ = folder_ / "g";
  std::string rsa_;
  std::string ed_;
};

TEST_F(InTotoGpg, LinksAndLayoutsHold) {
  for (const auto& id : Names{rsa_, ed_}) {
    draft(id);
    const Ran signed_by = by_gpg({"layout", "sign", "l", "--gpg", id});
    ASSERT_EQ(signed_by.exit_code, 0) << signed_by.err;
    EXPECT_TRUE(has(signed_by.out, "GPG")) << signed_by.out;
    const Ran ran = build(id);
    ASSERT_EQ(ran.exit_code, 0) << ran.err;
    EXPECT_TRUE(has(ran.err, id.substr(0, 8))) << ran.err;
    const Ran good = verify(id);
    EXPECT_EQ(good.exit_code, 0) << good.out << good.err;
    EXPECT_EQ(verify(id == rsa_ ? ed_ : rsa_).exit_code, 1);
    std::string text = read_file(link_of(id));
    folder_.write(link_of(id).filename().native(),
                  text.replace(text.find("src/a.c"), 7, "src/b.c"));
    EXPECT_EQ(verify(id).exit_code, 1);
    std::filesystem::remove(link_of(id));
  }
}

TEST_F(InTotoGpg, ASubkeySignsForItsMasterKey) {
  const std::string master = generate("m", "rsa2048", "cert");
  ASSERT_EQ(gpg({"--passphrase", "", "--quick-add-key", master, "rsa2048", "sign", "1y"}).exit_code,
            0);
  const std::string subkey = fingerprints("m").at(1);
  draft(master);
  ASSERT_EQ(by_gpg({"layout", "sign", "l", "--gpg", master}).exit_code, 0);
  const Ran ran = build(master);
  ASSERT_EQ(ran.exit_code, 0) << ran.err;
  ASSERT_TRUE(std::filesystem::exists(link_of(subkey))) << ran.err;
  EXPECT_EQ(verify(master).exit_code, 0);
  EXPECT_EQ(verify(subkey).exit_code, 0);
}

TEST_F(InTotoGpg, RecordingInTwoHalves) {
  ASSERT_EQ(
      by_gpg({"record", "start", "--gpg", ed_, "--step", "build", "--materials", "src"}).exit_code,
      0);
  const Path half = folder_ / intoto::unfinished_file_name("build", ed_);
  ASSERT_TRUE(std::filesystem::exists(half));
  const std::string text = read_file(half);
  std::string changed = text;
  folder_.write(half.filename().native(), changed.replace(changed.find("src/a.c"), 7, "src/b.c"));
  const Names stop{"record", "stop", "--gpg", ed_, "--step", "build", "--products", "src"};
  EXPECT_EQ(by_gpg(stop).exit_code, 3);
  folder_.write(half.filename().native(), text);
  EXPECT_EQ(by_gpg(stop).exit_code, 0);
  EXPECT_TRUE(std::filesystem::exists(link_of(ed_)));
}

TEST_F(InTotoGpg, TwoOwnersOneOfThemWithAKeyFile) {
  draft(ed_);
  ASSERT_EQ(here()({"layout", "sign", "l", "--key", "key.pem"}).exit_code, 0);
  ASSERT_EQ(by_gpg({"layout", "sign", "l", "--gpg", rsa_, "--append"}).exit_code, 0);
  ASSERT_EQ(by_gpg({"layout", "sign", "l", "--gpg", rsa_, "--append"}).exit_code, 0);
  ASSERT_EQ(build(ed_).exit_code, 0);
  const Ran both = by_gpg({"layout", "verify", "l", "--gpg", rsa_, "--key", "key.pub"});
  EXPECT_EQ(both.exit_code, 0) << both.out << both.err;
  EXPECT_EQ(intoto::SignedMetadata::parse(read_file(folder_ / "l"))->signatures().size(), 3U);
  EXPECT_EQ(by_gpg({"layout", "verify", "l", "--gpg", rsa_, "--gpg", ed_}).exit_code, 1);
}

TEST_F(InTotoGpg, WhatCannotBeSignedIsFoundOutBeforeTheCommandRuns) {
  const auto refused = [&](const std::string& id, int code) {
    const Ran ran = build(id);
    EXPECT_EQ(ran.exit_code, code) << id << ran.err;
    EXPECT_FALSE(std::filesystem::exists(folder_ / "app")) << id;
    return ran.err;
  };
  EXPECT_TRUE(has(refused(std::string(40, '0'), 125), "gpg said"));
  EXPECT_TRUE(has(refused("nobody@example.org", 125), "no id of a GPG key"));
  const std::string curve = generate("p", "nistp256", "sign");
  EXPECT_TRUE(has(refused(curve, 125), "neither RSA nor EdDSA"));
  const Ran dsse = by_gpg_run({"run", "--gpg", ed_, "--format", "dsse", "--step", "build"});
  EXPECT_EQ(dsse.exit_code, 125);
  EXPECT_TRUE(has(dsse.err, "Metablock")) << dsse.err;
  EXPECT_EQ(by_gpg_run({"run", "--gpg", ed_, "--key", "key.pem", "--step", "b"}).exit_code, 125);
}

TEST_F(InTotoGpg, TwoSignersInItsSettingsAreNoSignature) {
  folder_.write("g/gpg.conf", cat("local-user ", rsa_, "\n"));
  const Ran ran = build(ed_);
  EXPECT_EQ(ran.exit_code, 125);
  EXPECT_TRUE(has(ran.err, "more than one signature")) << ran.err;
  folder_.write("g/gpg.conf", "armor\ntextmode\ndigest-algo SHA512\n");
  EXPECT_EQ(build(ed_).exit_code, 0);
}

TEST_F(InTotoGpg, ARevokedOwnerIsNone) {
  draft(ed_);
  ASSERT_EQ(by_gpg({"layout", "sign", "l", "--gpg", ed_}).exit_code, 0);
  ASSERT_EQ(build(ed_).exit_code, 0);
  ASSERT_EQ(verify(ed_).exit_code, 0);
  std::string upper = ed_;
  for (char& c : upper) c = c >= 'a' && c <= 'f' ? static_cast<char>(c - 'a' + 'A') : c;
  // gpg guards its revocations by a colon, against mistakes.
  std::string text = read_file(home_ / "openpgp-revocs.d" / (upper + ".rev"));
  text.replace(text.find(":-----BEGIN"), 1, "");
  folder_.write("rev", text);
  ASSERT_EQ(gpg({"--import", (folder_ / "rev").native()}).exit_code, 0);
  const Ran ran = verify(ed_);
  EXPECT_EQ(ran.exit_code, 3) << ran.out;
  EXPECT_TRUE(has(ran.err, "revoked")) << ran.err;
}

TEST_F(InTotoGpg, WithoutGpgItIsSaid) {
  folder_.write("empty/x", "");
  Names words{"run", "--gpg", ed_, "--step", "b", "--no-command"};
  const Ran ran = sluice().in(folder_.path()).with("PATH", (folder_ / "empty").native())(words);
  EXPECT_EQ(ran.exit_code, 125);
  EXPECT_TRUE(has(ran.err, "the program gpg is not installed")) << ran.err;
}

// --- with python in-toto

class InTotoGpgPeers : public InTotoGpg {
 protected:
  void SetUp() override {
    if (!find_program("in-toto")) {
      GTEST_SKIP() << "python in-toto is not installed (./dev lab install in-toto)";
    }
    InTotoGpg::SetUp();
  }
  Ran python(Names words) const {
    return Program(*find_program("in-toto"))
        .in(folder_.path())
        .with("HOME", folder_.path().native())(words);
  }
  Ran python_gpg(Names words) const {
    words.insert(words.end(), {"--gpg-home", home_.native()});
    return python(words);
  }
};

TEST_F(InTotoGpgPeers, PythonVerifiesWhatSluiceSigns) {
  for (const auto& id : Names{rsa_, ed_}) {
    draft(id);
    ASSERT_EQ(by_gpg({"layout", "sign", "l", "--gpg", id}).exit_code, 0);
    ASSERT_EQ(build(id).exit_code, 0);
    const Ran good = python_gpg({"verify", "-l", "l", "--gpg", id});
    EXPECT_EQ(good.exit_code, 0) << good.err;
    std::string text = read_file(link_of(id));
    folder_.write(link_of(id).filename().native(),
                  text.replace(text.find("src/a.c"), 7, "src/b.c"));
    EXPECT_EQ(python_gpg({"verify", "-l", "l", "--gpg", id}).exit_code, 1);
    std::filesystem::remove(link_of(id));
  }
}

TEST_F(InTotoGpgPeers, SluiceVerifiesWhatPythonSigns) {
  for (const auto& id : Names{rsa_, ed_}) {
    draft(id);
    // python reads signed metadata alone.
    ASSERT_EQ(here()({"layout", "sign", "l", "--key", "key.pem"}).exit_code, 0);
    ASSERT_EQ(python_gpg({"sign", "-f", "l", "--gpg", id}).exit_code, 0);
    const Ran ran = python({"run", "-n", "build", "-m", "src", "-p", "src", "--gpg", id,
                            "--gpg-home", home_.native(), "--", "true"});
    ASSERT_EQ(ran.exit_code, 0) << ran.err;
    const Ran good = verify(id);
    EXPECT_EQ(good.exit_code, 0) << good.out << good.err;
    std::filesystem::remove(link_of(id));
  }
}

TEST_F(InTotoGpgPeers, TheProgramsOfPythonsNamesTakeItsOptions) {
  for (const auto& id : Names{rsa_, ed_}) {
    draft(id);
    ASSERT_EQ(here()({"layout", "sign", "l", "--key", "key.pem"}).exit_code, 0);
    const auto as = [&](const std::string& name, Names words) {
      words.insert(words.begin(), {"--gpg-home", home_.native()});
      return called(name)(words);
    };
    EXPECT_EQ(as("in-toto-sign", {"-f", "l", "--gpg", id}).exit_code, 0);
    EXPECT_EQ(as("in-toto-sign", {"-f", "l", "--gpg", id, "--verify"}).exit_code, 0);
    EXPECT_EQ(python_gpg({"sign", "-f", "l", "--gpg", id, "--verify"}).exit_code, 0);
    const Ran ran = as("in-toto-run",
                       {cat("--gpg=", id), "-n", "build", "-m", "src", "-p", "src", "--", "true"});
    EXPECT_EQ(ran.exit_code, 0) << ran.err;
    EXPECT_EQ(python_gpg({"verify", "-l", "l", "--gpg", id}).exit_code, 0);
    EXPECT_EQ(as("in-toto-verify", {"-l", "l", "--gpg", id}).exit_code, 0);
    std::filesystem::remove(link_of(id));
  }
}

TEST_F(InTotoGpgPeers, ARecordingBegunByOneIsEndedByTheOther) {
  const Names start{"start",      "-n",           "build", "--gpg", ed_,
                    "--gpg-home", home_.native(), "-m",    "src"};
  const Names stop{"stop", "-n", "build", "--gpg", ed_, "--gpg-home", home_.native(), "-p", "src"};
  const auto record = [&](const Names& words, bool by_python) {
    Names all = words;
    if (!by_python) return called("in-toto-record")(all).exit_code;
    all.insert(all.begin(), "record");
    return python(all).exit_code;
  };
  for (const bool python_first : {true, false}) {
    EXPECT_EQ(record(start, python_first), 0);
    EXPECT_EQ(record(stop, !python_first), 0);
    EXPECT_TRUE(std::filesystem::remove(link_of(ed_)));
  }
}

TEST_F(InTotoGpgPeers, WithoutAnIdItIsTheDefaultKeyInBoth) {
  const Names words{"-n", "build", "-x", "--gpg-home", home_.native(), "--gpg"};
  Names theirs = words;
  theirs.insert(theirs.begin(), "run");
  ASSERT_EQ(python(theirs).exit_code, 0);
  const bool first = std::filesystem::remove(link_of(rsa_));
  const bool second = std::filesystem::remove(link_of(ed_));
  ASSERT_NE(first, second);
  ASSERT_EQ(called("in-toto-run")(words).exit_code, 0);
  EXPECT_TRUE(std::filesystem::exists(link_of(first ? rsa_ : ed_)));
  EXPECT_EQ(called("in-toto-run")({"-n", "s", "-x", "--gpg", "--signing-key", "k"}).exit_code, 2);
  Names envelope = words;
  envelope.insert(envelope.begin(), "--use-dsse");
  EXPECT_EQ(called("in-toto-run")(envelope).exit_code, 1);
}

}  // namespace
}  // namespace sluice::test
