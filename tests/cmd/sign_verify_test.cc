// SPDX-License-Identifier: Apache-2.0
// key, sign and verify as a user calls them, with other programs at the other end.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "base/text.h"
#include "json/value.h"
#include "support/program.h"

namespace sluice {
namespace {

using test::has;
using test::Program;
using test::Ran;
using test::read_file;
using test::TempFolder;

class SignVerify : public testing::Test {
 protected:
  Ran run(const std::vector<std::string>& arguments) const {
    return test::sluice().in(folder_.path()).with("SLUICE_PASSWORD", "correct horse")(arguments);
  }
  void make_key(const std::string& type = "ecdsa-p256", const std::string& prefix = "k") const {
    const Ran ran = run({"key", "generate", "--type", type, "--out-prefix", prefix});
    ASSERT_EQ(ran.exit_code, 0) << ran.err;
  }
  void sign(const std::string& file = "hello") const {
    const Ran ran = run({"sign", "--key", "k.key", file});
    ASSERT_EQ(ran.exit_code, 0) << ran.err;
  }
  std::string first_failure(const std::vector<std::string>& arguments) const {
    auto words = arguments;
    words.insert(words.begin(), {"verify", "--key", "k.pub", "--output", "json"});
    const auto json = json::parse_strict(run(words).out);
    if (!json) return "no JSON";
    for (const auto& check : *json->find("checks")->array()) {
      if (*check.find("outcome")->string() == "fail") return *check.find("id")->string();
    }
    return "none";
  }
  void flip(const std::string& file, std::size_t at) const {
    std::string content = read_file(folder_ / file);
    content[at] = static_cast<char>(content[at] ^ 1);
    folder_.write(file, content);
  }

  TempFolder folder_;
  Path hello_ = folder_.write("hello", "hello\n");
};

TEST_F(SignVerify, TheWholeWay) {
  make_key();
  sign();
  const Ran ran = run({"verify", "--key", "k.pub", "hello"});
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_TRUE(ran.out.starts_with("verified  hello\n")) << ran.out;
}

TEST_F(SignVerify, PrivateKeysAreForTheirOwnerAndNeverOverwritten) {
  make_key();
  struct stat info{};
  ASSERT_EQ(::stat((folder_ / "k.key").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
  const std::string before = read_file(folder_ / "k.key");
  EXPECT_EQ(run({"key", "generate", "--out-prefix", "k"}).exit_code, 3);
  EXPECT_EQ(read_file(folder_ / "k.key"), before);
}

TEST_F(SignVerify, AKeyFileThatOthersCanReadIsWarnedOf) {
  make_key();
  EXPECT_FALSE(has(run({"sign", "--key", "k.key", "hello"}).err, "warning"));
  ::chmod((folder_ / "k.key").c_str(), 0644);
  EXPECT_TRUE(has(run({"sign", "--key", "k.key", "hello"}).err, "chmod 600"));
}

TEST_F(SignVerify, AFlippedBitIsRefusedWithItsCheckNamed) {
  make_key();
  sign();
  const std::string bundle = read_file(folder_ / "hello.sigstore.json");
  flip("hello", 0);
  EXPECT_EQ(run({"verify", "--key", "k.pub", "hello"}).exit_code, 1);
  EXPECT_EQ(first_failure({"hello"}), "artifact.digest");
  flip("hello", 0);

  std::string altered = bundle;  // another character of base64, so that it still decodes
  char& letter = altered[bundle.find("\"signature\":\"") + 30];
  letter = letter == 'A' ? 'B' : 'A';
  folder_.write("hello.sigstore.json", altered);
  EXPECT_EQ(run({"verify", "--key", "k.pub", "hello"}).exit_code, 1);
  EXPECT_EQ(first_failure({"hello"}), "signature");

  folder_.write("hello.sigstore.json", bundle);
  flip("hello.sigstore.json", 3);
  EXPECT_EQ(run({"verify", "--key", "k.pub", "hello"}).exit_code, 1);
  EXPECT_EQ(first_failure({"hello"}), "bundle.format");

  folder_.write("hello.sigstore.json", bundle);
  EXPECT_EQ(run({"verify", "--key", "k.pub", "hello"}).exit_code, 0);
}

TEST_F(SignVerify, WhatCannotBeDecidedIsThree) {
  make_key();
  sign();
  EXPECT_EQ(run({"verify", "--key", "k.pub", "absent"}).exit_code, 3);
  EXPECT_EQ(run({"verify", "--key", "k.pub", "."}).exit_code, 3);
  EXPECT_EQ(run({"verify", "--key", "absent.pub", "hello"}).exit_code, 3);
  EXPECT_EQ(run({"verify", "--key", "k.pub", "--bundle", "absent", "hello"}).exit_code, 3);
  const Ran private_key = run({"verify", "--key", "k.key", "hello"});
  EXPECT_EQ(private_key.exit_code, 3);
  EXPECT_TRUE(has(private_key.err, "sluice key public")) << private_key.err;
}

TEST_F(SignVerify, AFileWithoutABundleIsRefusedAsUnsigned) {
  make_key();
  EXPECT_EQ(run({"verify", "--key", "k.pub", "hello"}).exit_code, 1);
  EXPECT_EQ(first_failure({"hello"}), "bundle.present");
}

TEST_F(SignVerify, AWrongPasswordIsSaidAndNothingWritten) {
  make_key();
  const Ran ran = test::sluice()
                      .in(folder_.path())
                      .with("SLUICE_PASSWORD", "wrong")({"sign", "--key", "k.key", "hello"});
  EXPECT_EQ(ran.exit_code, 3);
  EXPECT_TRUE(has(ran.err, "password")) << ran.err;
  EXPECT_EQ(read_file(folder_ / "hello.sigstore.json"), "");
}

TEST_F(SignVerify, NoTerminalMeansNoPromptButTheWayOut) {
  const Ran ran = test::sluice().in(folder_.path())({"key", "generate"});
  EXPECT_EQ(ran.exit_code, 3);
  EXPECT_TRUE(has(ran.err, "SLUICE_PASSWORD")) << ran.err;
}

TEST_F(SignVerify, ThePasswordComesFromAFile) {
  folder_.write("pw", "correct horse\n");
  make_key();
  const Ran ran = test::sluice().in(folder_.path())(
      {"sign", "--key", "k.key", "--password-file", "pw", "hello"});
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
}

// Argument parsers have rewritten such names; the file that is named is the file that is verified.
TEST_F(SignVerify, FileNamesAreTakenAsTheyAre) {
  make_key();
  for (const std::string name :
       {"[hello]", "a,b", "{x}", "%%", "--", "-f", "\xFF\xFE", "a\nb", "./sha256:00"}) {
    folder_.write(name, name);
    const Ran signed_one = run({"sign", "--key", "k.key", "--", name});
    EXPECT_EQ(signed_one.exit_code, 0) << name << signed_one.err;
    EXPECT_FALSE(has(signed_one.out, "\xFF"));
    EXPECT_EQ(run({"verify", "--key", "k.pub", "--", name}).exit_code, 0) << name;
    folder_.write(name, "changed");
    EXPECT_EQ(run({"verify", "--key", "k.pub", "--", name}).exit_code, 1) << name;
  }
}

// A file that somebody named like the digest that is asked about does not answer for it.
TEST_F(SignVerify, ADigestIsADigestWhateverFilesAreThere) {
  make_key();
  sign();
  const std::string other = "sha256:" + std::string(64, '0');
  folder_.write(other, "hello\n");
  EXPECT_EQ(run({"verify", "--key", "k.pub", "--bundle", "hello.sigstore.json", other}).exit_code,
            1);
  EXPECT_EQ(
      run({"verify", "--key", "k.pub", "--bundle", "hello.sigstore.json", "./" + other}).exit_code,
      0);
  EXPECT_EQ(
      run({"verify", "--key", "k.pub", "--bundle", "hello.sigstore.json", "sha256:xyz"}).exit_code,
      2);
}

TEST_F(SignVerify, AFileNamedHelpIsNoWayToASuccess) {
  make_key();
  for (const auto* help : {"--help", "-h"}) {
    const Ran ran = run({"verify", "--key", "k.pub", help, "hello"});
    EXPECT_EQ(ran.exit_code, 2);
    EXPECT_EQ(ran.out, "");
  }
  EXPECT_EQ(run({"verify", "--help"}).exit_code, 0);
}

TEST_F(SignVerify, NoArtifactIsNoVerification) {
  make_key();
  ASSERT_EQ(
      run({"sign", "--key", "k.key", "--payload-type", "text/plain", "--bundle", "e.json", "hello"})
          .exit_code,
      0);
  EXPECT_EQ(run({"verify", "--key", "k.pub", "--bundle", "e.json"}).exit_code, 2);
  EXPECT_EQ(run({"verify", "--key", "k.pub", "--bundle", "e.json", ""}).exit_code, 2);
}

TEST_F(SignVerify, OutputsDoNotOverwriteWhatIsRead) {
  make_key();
  folder_.write("pw", "correct horse");
  const std::string key = read_file(folder_ / "k.key");
  for (const auto* target : {"k.key", "./k.key", "hello", "pw", ""}) {
    EXPECT_EQ(run({"sign", "--key", "k.key", "--password-file", "pw", "--bundle", target, "hello"})
                  .exit_code,
              2)
        << target;
  }
  EXPECT_EQ(read_file(folder_ / "k.key"), key);
  ASSERT_EQ(
      run({"sign", "--key", "k.key", "--payload-type", "text/plain", "--bundle", "e.json", "hello"})
          .exit_code,
      0);
  for (const auto* target : {"k.pub", "e.json"}) {
    EXPECT_EQ(
        run({"verify", "--key", "k.pub", "--bundle", "e.json", "--payload-out", target}).exit_code,
        2)
        << target;
  }
}

TEST_F(SignVerify, NothingIsSignedThatCannotBeVerified) {
  make_key("ed25519");
  EXPECT_EQ(run({"sign", "--key", "k.key", "--prehash", "--payload-type", "text/plain", "hello"})
                .exit_code,
            2);
  EXPECT_EQ(run({"sign", "--key", "k.key", "--payload-type", "", "hello"}).exit_code, 2);
  EXPECT_EQ(run({"sign", "--key", "k.key", "--payload-type", "a\xFF", "hello"}).exit_code, 2);
  const std::vector<std::string> sign_large = {"sign",           "--key",      "k.key",
                                               "--payload-type", "text/plain", "large"};
  folder_.write("large", std::string(11U << 20, 'x'));
  ASSERT_EQ(run(sign_large).exit_code, 0);
  EXPECT_EQ(run({"verify", "--key", "k.pub", "large"}).exit_code, 0);
  folder_.write("large", std::string((11U << 20) + 1, 'x'));
  EXPECT_EQ(run(sign_large).exit_code, 3);
}

TEST_F(SignVerify, APipeThatNobodyNamedIsNotWaitedFor) {
  make_key();
  ASSERT_EQ(::mkfifo((folder_ / "hello.sigstore.json").c_str(), 0600), 0);
  EXPECT_EQ(run({"verify", "--key", "k.pub", "hello"}).exit_code, 3);
  ASSERT_EQ(::mkfifo((folder_ / ".sluice.yaml").c_str(), 0600), 0);
  EXPECT_EQ(run({"version"}).exit_code, 2);
}

TEST_F(SignVerify, AnArtifactThatIsAPipeIsNotWaitedForAmongOthers) {
  make_key();
  sign();
  ASSERT_EQ(::mkfifo((folder_ / "pipe").c_str(), 0600), 0);
  folder_.write("pipe.sigstore.json", read_file(folder_ / "hello.sigstore.json"));
  EXPECT_EQ(run({"verify", "--key", "k.pub", "hello", "pipe"}).exit_code, 3);
  folder_.write("batch", R"({"artifact":"hello"}
{"artifact":"/dev/zero","bundle":"hello.sigstore.json"}
{"artifact":"hello","bundle":"pipe"}
)");
  const Ran ran = run({"verify", "--key", "k.pub", "--batch", "batch"});
  EXPECT_EQ(ran.exit_code, 3) << ran.out;
  EXPECT_TRUE(has(ran.out, "/dev/zero is no plain file")) << ran.out;
  EXPECT_TRUE(has(ran.out, "pipe is no plain file")) << ran.out;
  // Whoever names a pipe and its bundle means it.
  const Ran piped = Program("/bin/sh").in(folder_.path())(
      {"-c", cat("cat hello | '", SLUICE_BINARY_PATH,
                 "' verify --key k.pub --bundle hello.sigstore.json /dev/stdin")});
  EXPECT_EQ(piped.exit_code, 0) << piped.out << piped.err;
}

// A name ends at a NUL for the system: the report would be about one file and name another.
TEST_F(SignVerify, ANameWithANulIsNoFiles) {
  make_key();
  sign();
  folder_.write("batch", R"({"artifact":"hello"}
{"artifact":"hello\u0000.other","bundle":"hello.sigstore.json"}
{"artifact":"hello","bundle":"hello.sigstore.json\u0000.other"}
{"artifact":"hello.sigstore.json\u0000"}
)");
  const Ran ran = run({"verify", "--key", "k.pub", "--batch", "batch"});
  EXPECT_EQ(ran.exit_code, 3) << ran.out;
  const auto lines = split(ran.out, '\n');
  ASSERT_EQ(lines.size(), 5U) << ran.out;
  EXPECT_TRUE(lines[0].contains(R"("verdict":"verified")"));
  for (const std::size_t i : {1U, 2U, 3U}) {
    EXPECT_TRUE(lines[i].contains("NUL")) << lines[i];
  }
}

TEST_F(SignVerify, WhatStandsBeforeABrokenLineIsAnswered) {
  make_key();
  sign();
  folder_.write("batch", cat("{\"artifact\":\"hello\"}\n", std::string(70'000, ' '), "\n"));
  const Ran ran = run({"verify", "--key", "k.pub", "--batch", "batch"});
  EXPECT_EQ(ran.exit_code, 3);
  EXPECT_TRUE(has(ran.out, R"("verdict":"verified")")) << ran.out;
  EXPECT_TRUE(has(ran.err, "line 2 is longer")) << ran.err;
}

TEST_F(SignVerify, TheKeyAloneGoesWithNoDemandThatNobodyWouldLookAt) {
  make_key();
  sign();
  EXPECT_EQ(run({"verify", "--key", "k.pub", "--key-alone", "hello"}).exit_code, 0);
  for (const char* demand : {"--logs", "--times", "--certificate-logs", "--witness-policy"}) {
    const Ran ran = run({"verify", "--key", "k.pub", "--key-alone", demand, "1", "hello"});
    EXPECT_EQ(ran.exit_code, 2) << demand;
    EXPECT_TRUE(has(ran.err, demand)) << ran.err;
  }
}

// A sanitizer reserves terabytes of addresses: its programs start under no such bound.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
TEST_F(SignVerify, TooLittleMemoryIsUndecidedOnEveryThread) {
  make_key("ecdsa-p256");
  std::string words;
  for (int i = 0; i < 3; ++i) {
    folder_.write(cat("f", i), "x");
    folder_.write(cat("f", i, ".sigstore.json"), "[" + std::string(15U << 20, ' ') + "]");
    words += cat(" f", i);
  }
  const Ran ran = Program("/bin/sh").in(folder_.path())(
      {"-c", cat("ulimit -v 60000; exec '", SLUICE_BINARY_PATH, "' verify --threads 3 --key k.pub",
                 words)});
  EXPECT_EQ(ran.exit_code, 3) << ran.out << ran.err;
}
#endif

TEST_F(SignVerify, SeveralFilesEachGetTheirAnswer) {
  make_key();
  folder_.write("other", "other");
  ASSERT_EQ(run({"sign", "--key", "k.key", "hello", "other"}).exit_code, 0);
  EXPECT_EQ(run({"verify", "--key", "k.pub", "hello", "other"}).exit_code, 0);
  EXPECT_EQ(run({"verify", "--key", "k.pub", "hello", "absent"}).exit_code, 3);
  // A wrong word is said before anything is verified.
  EXPECT_EQ(run({"verify", "--key", "k.pub", "hello", "sha256:" + std::string(64, '0')}).exit_code,
            2);
  folder_.write("other", "changed");
  const Ran ran = run({"verify", "--key", "k.pub", "--output", "json", "absent", "other", "hello"});
  EXPECT_EQ(ran.exit_code, 1);
  const auto json = json::parse_strict(ran.out);
  ASSERT_TRUE(json);
  ASSERT_EQ(json->array()->size(), 3U);
  EXPECT_EQ(*(*json->array())[0].find("kind")->string(), "sluice.error/v1");
  EXPECT_EQ(*(*json->array())[1].find("verdict")->string(), "refused");
  EXPECT_EQ(*(*json->array())[2].find("verdict")->string(), "verified");
}

TEST_F(SignVerify, ByDigestWithoutTheFile) {
  make_key();
  sign();
  const std::string digest =
      "sha256:5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03";
  EXPECT_EQ(run({"verify", "--key", "k.pub", "--bundle", "hello.sigstore.json", digest}).exit_code,
            0);
  std::string other = digest;
  other.back() = '4';
  EXPECT_EQ(run({"verify", "--key", "k.pub", "--bundle", "hello.sigstore.json", other}).exit_code,
            1);
  EXPECT_EQ(run({"verify", "--key", "k.pub", digest}).exit_code, 2);
}

TEST_F(SignVerify, StandardInputAndOutput) {
  make_key();
  const Ran bundle = test::sluice()
                         .in(folder_.path())
                         .with("SLUICE_PASSWORD", "correct horse")
                         .input("hello\n")({"sign", "--key", "k.key", "--bundle", "-", "-"});
  ASSERT_EQ(bundle.exit_code, 0) << bundle.err;
  const Ran verified =
      test::sluice()
          .in(folder_.path())
          .input(bundle.out)({"verify", "--key", "k.pub", "--bundle", "-", "hello"});
  EXPECT_EQ(verified.exit_code, 0) << verified.out << verified.err;
}

TEST_F(SignVerify, PayloadsOfATypeOfOnesOwn) {
  make_key();
  ASSERT_EQ(
      run({"sign", "--key", "k.key", "--payload-type", "text/plain", "--bundle", "e.json", "hello"})
          .exit_code,
      0);
  const Ran ran = run({"verify", "--key", "k.pub", "--bundle", "e.json", "--payload-out", "-"});
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_EQ(ran.out, "hello\n");
  EXPECT_TRUE(has(ran.err, "verified"));
  flip("e.json", read_file(folder_ / "e.json").find("\"payload\":\"") + 12);
  const Ran refused =
      run({"verify", "--key", "k.pub", "--bundle", "e.json", "--payload-out", "out"});
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_EQ(read_file(folder_ / "out"), "");
}

TEST_F(SignVerify, ABundleCannotGoIntoAFolderThatIsNotThere) {
  make_key();
  const Ran ran = run({"sign", "--key", "k.key", "--bundle", "absent/b.json", "hello"});
  EXPECT_EQ(ran.exit_code, 3);
  EXPECT_TRUE(has(ran.err, "absent/b.json")) << ran.err;
}

TEST_F(SignVerify, AFullDiskLeavesNoHalfBundle) {
  make_key();
  const Ran ran = Program("/bin/sh")
                      .in(folder_.path())
                      .with("SLUICE_PASSWORD", "correct horse")(
                          {"-c", cat("trap '' XFSZ; ulimit -f 0; exec '", SLUICE_BINARY_PATH,
                                     "' sign --key k.key hello")});
  EXPECT_EQ(ran.exit_code, 3) << ran.err;
  const auto entries = system_files().list(folder_.path());
  ASSERT_TRUE(entries);
  for (const auto& entry : *entries) {
    EXPECT_TRUE(entry.name == "hello" || entry.name.starts_with("k.")) << entry.name;
  }
}

TEST_F(SignVerify, AFileOfMoreThanFourGibibytes) {
  make_key();
  std::ofstream(folder_ / "large").put('x');
  std::filesystem::resize_file(folder_ / "large", (std::uintmax_t{4} << 30) + 1);  // sparse
  ASSERT_EQ(run({"sign", "--key", "k.key", "large"}).exit_code, 0);
  EXPECT_EQ(run({"verify", "--key", "k.pub", "large"}).exit_code, 0);
  std::filesystem::resize_file(folder_ / "large", (std::uintmax_t{4} << 30) + 2);
  EXPECT_EQ(run({"verify", "--key", "k.pub", "large"}).exit_code, 1);
}

TEST_F(SignVerify, KeysMoveBetweenFormats) {
  make_key("ed25519");
  folder_.write("pw", "another");
  ASSERT_EQ(run({"key", "export", "k.key", "--format", "pkcs8", "--new-password-file", "pw",
                 "--out", "p8"})
                .exit_code,
            0);
  ASSERT_EQ(
      run({"key", "import", "p8", "--input-password-file", "pw", "--out-prefix", "back"}).exit_code,
      0);
  EXPECT_EQ(read_file(folder_ / "back.pub"), read_file(folder_ / "k.pub"));
  EXPECT_EQ(run({"key", "public", "k.key"}).out, read_file(folder_ / "k.pub"));
  const Ran plain = run({"key", "export", "k.key", "--format", "pkcs8", "--unencrypted"});
  EXPECT_TRUE(plain.out.starts_with("-----BEGIN PRIVATE KEY-----"));
  EXPECT_TRUE(has(plain.err, "not encrypted"));
  EXPECT_EQ(run({"key", "export", "k.key", "--unencrypted"}).exit_code, 2);
}

TEST_F(SignVerify, InfoTellsWhatAFileHolds) {
  make_key("ecdsa-p384");
  for (const auto* file : {"k.key", "k.pub"}) {
    const auto json = json::parse_strict(run({"key", "info", "--output", "json", file}).out);
    ASSERT_TRUE(json);
    EXPECT_EQ(*json->find("type")->string(), "ecdsa-p384");
  }
}

TEST_F(SignVerify, OpensslVerifiesOurs) {
  make_key();
  sign();
  const auto bundle = json::parse_strict(read_file(folder_ / "hello.sigstore.json"));
  folder_.write("sig.b64", *bundle->find("messageSignature")->find("signature")->string() + "\n");
  const Program openssl(*test::find_program("openssl"));
  const Program here = Program(openssl).in(folder_.path());
  ASSERT_EQ(here({"base64", "-d", "-A", "-in", "sig.b64", "-out", "sig"}).exit_code, 0);
  EXPECT_EQ(here({"dgst", "-sha256", "-verify", "k.pub", "-signature", "sig", "hello"}).exit_code,
            0);
  folder_.write("hello", "hullo\n");
  EXPECT_NE(here({"dgst", "-sha256", "-verify", "k.pub", "-signature", "sig", "hello"}).exit_code,
            0);
}

}  // namespace
}  // namespace sluice
