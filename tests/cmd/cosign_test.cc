// SPDX-License-Identifier: Apache-2.0
// cosign at the other end: it reads our keys and bundles, and we read its.
#include <gtest/gtest.h>

#include "base/text.h"
#include "support/program.h"

namespace sluice {
namespace {

using test::Program;
using test::Ran;
using test::TempFolder;

class Cosign : public testing::Test {
 protected:
  void SetUp() override {
    const auto program = test::find_program("cosign");
    if (!program) GTEST_SKIP() << "cosign is not installed (./dev lab install)";
    cosign_ = *program;
    folder_.write("hello", "hello\n");
    folder_.write("predicate", "{\"a\":1}");
    ASSERT_EQ(cosign({"signing-config", "create", "--out", "none.json"}).exit_code, 0);
  }
  Ran cosign(const std::vector<std::string>& arguments) const {
    return Program(cosign_)
        .in(folder_.path())
        .with("COSIGN_PASSWORD", "pw")
        .with("HOME", folder_.path())(arguments);
  }
  Ran sluice(const std::vector<std::string>& arguments) const {
    return test::sluice().in(folder_.path()).with("COSIGN_PASSWORD", "pw")(arguments);
  }

  TempFolder folder_;
  std::string cosign_;
};

TEST_F(Cosign, VerifiesWhatWeSigned) {
  for (const std::string type : {"ecdsa-p256", "ed25519", "rsa"}) {
    ASSERT_EQ(sluice({"key", "generate", "--type", type, "--out-prefix", type}).exit_code, 0);
    ASSERT_EQ(sluice({"sign", "--key", type + ".key", "hello"}).exit_code, 0);
    const std::vector<std::string> verify = {
        "verify-blob",         "--key", type + ".pub", "--insecure-ignore-tlog", "--bundle",
        "hello.sigstore.json", "hello"};
    const Ran good = cosign(verify);
    EXPECT_EQ(good.exit_code, 0) << type << good.err;
    folder_.write("hello", "hullo\n");
    EXPECT_NE(cosign(verify).exit_code, 0) << type;
    folder_.write("hello", "hello\n");
  }
}

TEST_F(Cosign, SignsWithOurKeys) {
  ASSERT_EQ(sluice({"key", "generate", "--out-prefix", "k"}).exit_code, 0);
  const Ran ran = cosign({"sign-blob", "--yes", "--key", "k.key", "--signing-config", "none.json",
                          "--bundle", "b", "hello"});
  ASSERT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_EQ(sluice({"verify", "--key", "k.pub", "--bundle", "b", "hello"}).exit_code, 0);
}

TEST_F(Cosign, OursVerifiesWhatItSigned) {
  const auto key_of = [](const std::string& kind) -> std::vector<std::string> {
    if (kind == "ed25519") return {"genpkey", "-algorithm", "ed25519", "-out", "k.pem"};
    if (kind == "rsa")
      return {"genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", "k.pem"};
    return {"ecparam", "-name", kind, "-genkey", "-noout", "-out", "k.pem"};
  };
  for (const std::string kind : {"prime256v1", "secp384r1", "secp521r1", "ed25519", "rsa"}) {
    std::filesystem::remove(folder_ / "import-cosign.key");
    std::filesystem::remove(folder_ / "import-cosign.pub");
    ASSERT_EQ(Program(*test::find_program("openssl")).in(folder_.path())(key_of(kind)).exit_code, 0)
        << kind;
    ASSERT_EQ(cosign({"import-key-pair", "--key", "k.pem"}).exit_code, 0) << kind;
    const Ran ran = cosign({"sign-blob", "--yes", "--key", "import-cosign.key", "--signing-config",
                            "none.json", "--bundle", "b", "hello"});
    ASSERT_EQ(ran.exit_code, 0) << kind << ran.err;
    const Ran good = sluice({"verify", "--key", "import-cosign.pub", "--bundle", "b", "hello"});
    EXPECT_EQ(good.exit_code, 0) << kind << good.out << good.err;
    folder_.write("hello", "hullo\n");
    EXPECT_EQ(sluice({"verify", "--key", "import-cosign.pub", "--bundle", "b", "hello"}).exit_code,
              1)
        << kind;
    folder_.write("hello", "hello\n");
    // And its encrypted key signs here.
    EXPECT_EQ(sluice({"sign", "--key", "import-cosign.key", "hello"}).exit_code, 0) << kind;
  }
}

TEST_F(Cosign, AttestationsBothWays) {
  ASSERT_EQ(cosign({"generate-key-pair"}).exit_code, 0);
  ASSERT_EQ(cosign({"attest-blob", "--yes", "--key", "cosign.key", "--signing-config", "none.json",
                    "--bundle", "a", "--type", "custom", "--predicate", "predicate", "hello"})
                .exit_code,
            0);
  const std::string type = "https://cosign.sigstore.dev/attestation/v1";
  const Ran good =
      sluice({"verify", "--key", "cosign.pub", "--bundle", "a", "--type", type, "hello"});
  EXPECT_EQ(good.exit_code, 0) << good.out << good.err;
  EXPECT_EQ(
      sluice({"verify", "--key", "cosign.pub", "--bundle", "a", "--type", type + "/2", "hello"})
          .exit_code,
      1);

  folder_.write(
      "statement",
      cat(R"({"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"hello","digest":{"sha256":")",
          "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03",
          R"("}}],"predicateType":"https://example.org/p","predicate":{}})"));
  ASSERT_EQ(sluice({"sign", "--key", "cosign.key", "--payload-type", "application/vnd.in-toto+json",
                    "--bundle", "o", "statement"})
                .exit_code,
            0);
  const std::vector<std::string> verify = {"verify-blob-attestation",
                                           "--key",
                                           "cosign.pub",
                                           "--insecure-ignore-tlog",
                                           "--bundle",
                                           "o",
                                           "--type",
                                           "https://example.org/p",
                                           "hello"};
  EXPECT_EQ(cosign(verify).exit_code, 0) << cosign(verify).err;
  folder_.write("hello", "hullo\n");
  EXPECT_NE(cosign(verify).exit_code, 0);
}

}  // namespace
}  // namespace sluice
