// SPDX-License-Identifier: Apache-2.0
// With SoftHSM (Debian: softhsm2), whose tokens are folders, and OpenSC's pkcs11-tool.
#include "tufrepo/pkcs11.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "base/text.h"
#include "support/fake_world.h"
#include "support/program.h"
#include "support/temp_folder.h"
#include "tufrepo/role_key_parts.h"

namespace sluice::tuf {
namespace {

TEST(Pkcs11Uris, AreTakenApart) {
  const auto uri = parse_pkcs11_uri(
      "pkcs11:token=my%20token;object=root;id=%01%ff;type=private;slot-id=3"
      "?module-path=/usr/lib/x.so&pin-source=env:PIN");
  ASSERT_TRUE(uri) << uri.error().text();
  EXPECT_EQ(uri->token, "my token");
  EXPECT_EQ(uri->object, "root");
  EXPECT_EQ(uri->id, "\x01\xff");
  EXPECT_EQ(uri->slot, 3U);
  EXPECT_EQ(uri->module_path, "/usr/lib/x.so");
  EXPECT_EQ(uri->pin_source, "env:PIN");
  EXPECT_TRUE(parse_pkcs11_uri("pkcs11:"));
}

TEST(Pkcs11Uris, RefuseWhatIsNotKnownAndPinsThatOthersSee) {
  for (const char* text :
       {"pkcs12:", "pkcs11:tokn=x", "pkcs11:token", "pkcs11:token=a;token=b", "pkcs11:token=%4",
        "pkcs11:token=%zz", "pkcs11:slot-id=x", "pkcs11:slot-id=", "pkcs11:type=cert",
        "pkcs11:token=a?pin-value=1234", "pkcs11:?module-name=x"}) {
    const auto uri = parse_pkcs11_uri(text);
    ASSERT_FALSE(uri) << text;
    EXPECT_EQ(uri.error().code, Errc::usage) << text;
    EXPECT_EQ(uri.error().text().find("1234"), std::string::npos);
  }
}

// One folder of tokens for all tests of this process: the module reads its settings once.
class Tokens : public testing::Test {
 protected:
  struct Shared {
    test::TempFolder folder;
    std::string module;
    std::string tool;
  };
  static Shared* shared;

  static void SetUpTestSuite() {
    const auto util = test::find_program("softhsm2-util");
    const auto tool = test::find_program("pkcs11-tool");
    const Path module = "/usr/lib/softhsm/libsofthsm2.so";
    if (!util || !tool || !std::filesystem::exists(module)) return;
    shared = new Shared;
    shared->module = module.string();
    shared->tool = *tool;
    std::filesystem::create_directories(shared->folder / "tokens");
    const Path config = shared->folder.write(
        "conf", cat("directories.tokendir = ", (shared->folder / "tokens").string(),
                    "\nobjectstore.backend = file\nlog.level = ERROR\n"));
    ::setenv("SOFTHSM2_CONF", config.c_str(), 1);
    for (const char* label : {"release", "spare"}) {
      const auto made = test::Program(*util).with("SOFTHSM2_CONF", config.string())(
          {"--init-token", "--free", "--label", label, "--so-pin", "5678", "--pin", "1234"});
      ASSERT_EQ(made.exit_code, 0) << made.out << made.err;
    }
    make("EC:prime256v1", "p256", "01");
    make("EC:secp384r1", "p384", "02");
    make("EC:secp521r1", "p521", "03");
    make("EC:edwards25519", "ed", "04");
    make("rsa:2048", "rsa", "05");
    make("EC:prime256v1", "twin", "06");
    make("EC:prime256v1", "twin", "07");
  }
  static void TearDownTestSuite() {
    delete shared;
    shared = nullptr;
  }
  static void make(const std::string& type, const std::string& label, const std::string& id) {
    const auto made =
        test::Program(shared->tool)
            .with("SOFTHSM2_CONF", (shared->folder / "conf").string())(
                {"--module", shared->module, "--token-label", "release", "--login", "--pin", "1234",
                 "--keypairgen", "--key-type", type, "--label", label, "--id", id});
    ASSERT_EQ(made.exit_code, 0) << type << made.out << made.err;
  }

  void SetUp() override {
    if (shared == nullptr) GTEST_SKIP() << "softhsm2 and opensc are not installed";
    options.pkcs11_module = shared->module;
    options.pin = [] { return Result<SecretBytes>(SecretBytes::copy_of("1234")); };
  }
  Result<std::unique_ptr<RoleSigner>> open(const std::string& uri) {
    return pkcs11_signer(uri, options, world.world());
  }

  SignerOptions options;
  test::FakeWorld world;
};
Tokens::Shared* Tokens::shared = nullptr;

TEST_F(Tokens, SignWithEachKindOfKey) {
  const std::pair<const char*, const char*> keys[] = {{"p256", "ecdsa-sha2-nistp256"},
                                                      {"p384", "ecdsa-sha2-nistp384"},
                                                      {"p521", "ecdsa-sha2-nistp521"},
                                                      {"ed", "ed25519"},
                                                      {"rsa", "rsassa-pss-sha256"}};
  for (const auto& [label, scheme] : keys) {
    const auto signer = open(cat("pkcs11:token=release;object=", label));
    ASSERT_TRUE(signer) << label << signer.error().text();
    EXPECT_EQ((*signer)->key().scheme, scheme);
    // sign() verifies with the public key what the token answered.
    for (int i = 0; i < 3; ++i) {
      const auto signature = (*signer)->sign(cat("{\"n\":", i, "}"));
      EXPECT_TRUE(signature) << label << signature.error().text();
    }
  }
}

TEST_F(Tokens, SignWithEachSchemeOfRsa) {
  for (const char* scheme : {"rsassa-pss-sha384", "rsassa-pss-sha512", "rsa-pkcs1v15-sha256",
                             "rsa-pkcs1v15-sha384", "rsa-pkcs1v15-sha512"}) {
    options.scheme = scheme;
    const auto signer = open("pkcs11:token=release;id=%05");
    ASSERT_TRUE(signer) << signer.error().text();
    const auto signature = (*signer)->sign("{}");
    EXPECT_TRUE(signature) << scheme << signature.error().text();
  }
}

TEST_F(Tokens, ManySignersShareAModule) {
  auto one = open("pkcs11:token=release;object=p256");
  auto two = open("pkcs11:token=release;object=ed");
  ASSERT_TRUE(one && two);
  EXPECT_TRUE((*one)->sign("{}"));
  one->reset();
  EXPECT_TRUE((*two)->sign("{}"));
  two->reset();
  EXPECT_TRUE(open("pkcs11:token=release;object=p256"));
}

TEST_F(Tokens, MustBeTheKeyThatIsExpected) {
  const auto p256 = open("pkcs11:token=release;object=p256");
  ASSERT_TRUE(p256);
  options.expected = (*p256)->key();
  EXPECT_TRUE(open("pkcs11:token=release;object=p256"));
  const auto other = open("pkcs11:token=release;object=p384");
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, Errc::denied);
}

TEST_F(Tokens, AreRefusedWhereNoneOrSeveralFit) {
  EXPECT_TRUE(open("pkcs11:token=release;object=p256"));
  EXPECT_EQ(open("pkcs11:token=nobody;object=p256").error().code, Errc::not_found);
  EXPECT_NE(open("pkcs11:token=nobody").error().what.find("\"release\""), std::string::npos);
  EXPECT_EQ(open("pkcs11:object=p256").error().code, Errc::denied);  // two tokens
  EXPECT_EQ(open("pkcs11:token=release;object=none").error().code, Errc::not_found);
  EXPECT_EQ(open("pkcs11:token=release;object=twin").error().code, Errc::denied);
  EXPECT_TRUE(open("pkcs11:token=release;object=twin;id=%06"));
}

TEST_F(Tokens, TakePinsFromFilesAndVariables) {
  options.pin = {};
  const std::string uri = "pkcs11:token=release;object=p256";
  EXPECT_EQ(open(uri).error().code, Errc::denied);
  world.environment.values["PIN"] = "1234";
  EXPECT_TRUE(open(uri + "?pin-source=env:PIN"));
  const std::string path = shared->folder.write("pin", "1234\n").string();
  EXPECT_TRUE(open(cat(uri, "?pin-source=file:", path)));
  EXPECT_TRUE(open(cat(uri, "?pin-source=", path)));
  world.environment.values["PIN"] = "9999";
  const auto wrong = open(uri + "?pin-source=env:PIN");
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code, Errc::denied);
  EXPECT_NE(wrong.error().text().find("refuses the PIN"), std::string::npos);
  EXPECT_EQ(wrong.error().text().find("9999"), std::string::npos);
  EXPECT_EQ(open(uri + "?pin-source=env:NONE").error().code, Errc::usage);
}

TEST_F(Tokens, AreNotFoundWithoutAModule) {
  options.pkcs11_module.clear();
  EXPECT_EQ(open("pkcs11:token=release").error().code, Errc::usage);
  EXPECT_EQ(open("pkcs11:token=release?module-path=/no/such.so").error().code, Errc::not_found);
  EXPECT_EQ(open("pkcs11:token=release?module-path=libc.so.6").error().code, Errc::unsupported);
}

}  // namespace
}  // namespace sluice::tuf
