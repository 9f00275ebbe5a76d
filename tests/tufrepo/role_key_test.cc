// SPDX-License-Identifier: Apache-2.0
#include "tufrepo/role_key.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/codec.h"
#include "base/text.h"
#include "support/fake_world.h"
#include "support/program.h"
#include "support/temp_folder.h"
#include "tuf/envelope.h"
#include "tufrepo/role_key_parts.h"

namespace sluice::tuf {
namespace {

// Written by securesystemslib 0.31.0 with the password "correct horse"; keys of no use.
constexpr std::string_view kOldEd25519 =
    "4175f17df5e6310b0aff306f02d4f05c@@@@100000@@@@6b5215b4a698ad7fa974ce0e5263432032485a6006ef"
    "85233b83e484bdf4ed3b@@@@e328e0c0e0884a4f31e1739ae71c109f@@@@90d4d543623c112077935174c72750"
    "66b21eb24ed8f54f3bcf4b93e2fb2da7c915c02c54a21f29f5c40fbeb9c5012d68ee55104ac36a0838feb6fe54"
    "60e0e72b412b13ec265a035282b37a4a13d5a2b93ad70566ce3deec7d0b4a8d6be36f7e3168c684dae54014a61"
    "c3415e8a3e38b6a4ce260c35d4513b59fff8b76821de864d9388a8f6e3223778b8f50530cd42eadc0d34ed5132"
    "ed31bc12c408aba2547735e4d56a733131fad745317634f650122faee7218d7ba51fc61928725dbb9a5372dd51"
    "27ed61adf5460c4aac6bd0de790066447f095d7318b8e7cba6c8be47aa749882277e59ecc07593733da6b63bc0"
    "4266942ebd4b05e390493e9a9161d92bce90e87f4000a0c140e1c4af8ad2bd7de0b26b460d4dc5d90024fa0c12"
    "2b1dff4586f945bb18e09fc14a1f30216ed99078635f710c4d79dadcb7dd9eb17ba2eae1456aa004dceb50990d"
    "50e82b0283ff";
constexpr std::string_view kOldEcdsa =
    "0d76d069a2a9f494b649d5a8bac85f36@@@@100000@@@@c7655b0b030b67904ab77249b8286de55a4d8d40971a"
    "4876f4150091d7bd1cc8@@@@0b785ea7de5fe6371d91dbe740bf7c67@@@@f2aebc7ca111e0195585e695634e27"
    "f735eb84904d529965da0f164a9ed29981fa0c845765b26216e5125c8b7923be75b5471b63dfd8ee128d36981a"
    "1ff1c52a774e010b91269576b1a9c1c910872b1fe2aed0bdddc10a4bb8d07cfbca37b38b36c15a867af33b7be7"
    "e49131282f28caa5ca4f747f661fd814b7b8a526bf854d875a59685ce30cc9bca5ef0752bbccbe0908159625ee"
    "01fb0478161d86be4327685a025745013fd51f4b56fc709fe3fddb87df4b776e0363b864dc988bc8c39a5fc62b"
    "e9e65971183bc1f9ca1828f23a5ad1ceeb443963b9e2b4b951fade328aa1ff753265796193d522d352a394c152"
    "262aedc96376ec36a8a426361bdfa35a52c6e1da0e05f56c751776441e90f86f2f40a1a74f0fb03ce8e42e478e"
    "ee93e7b9caa4feda067cd929d2439bdc830dbf7f580f2922b9351a4760136c321e1a0505f649bbe3ab4f88a73f"
    "1d47513436efe36e32e4fa92cb629e4c4d792aa1159b0bec15ef8cf390d151ff36e259a4e70204f24e6238da55"
    "ece9950914386fa8dbd20b280ef362a21e5b9840df30c05ce231280cabae4a5b2aaed8cf05f183f036d2f49df9"
    "a9b542826e461396fa011aa491fe77b77db75e9152a6b38e3a8f7be660582e62c5be1447ae3427b9b02beaa144"
    "675379005b48a94c66555069a34427ddde451b29bd5ea3cb44945aca638e7e2719483a1e35f79638357c8d2398"
    "4038c3a56d28ea5cdcc5e0c8e41c2cbdd97b9e6e9e828a7b2144f88062dce678742fc909965bebce1c0c16361d"
    "2e6985543043c760a7bc02dec5056859e89a7dceedf6cb5e008f130a2491e97c0d7e10fe45526aefbab556a4d6"
    "67e5b31ba8f85bc297355fad1857b3518e81a7d8fdf2de19f00e74c8";

constexpr std::string_view kEd25519Public =
    "4bd6ae65ba8b2a2fd5f0d4054902e0d084c2efa98d93ea7e88c20c3e70590728";

crypto::PasswordSource password(std::string text) {
  return [text = std::move(text)]() -> Result<SecretBytes> { return SecretBytes::copy_of(text); };
}
crypto::PrivateKey make_key(crypto::KeyType type, unsigned bits = 2048) {
  return crypto::PrivateKey::generate(type, bits).value();
}

// Counts as metadata's reader counts.
void expect_counts(RoleSigner& signer) {
  const std::string message = "{\"_type\":\"root\"}";
  const auto signature = signer.sign(message);
  ASSERT_TRUE(signature) << signature.error().text();
  EXPECT_EQ(signature->keyid, signer.key().keyid);
  const std::string keys =
      json::write(json::Object{{signer.key().keyid.str(), signer.key().json()}});
  json::Tokenizer in(keys);
  const auto read = read_keys(in, keys, {});
  ASSERT_TRUE(read);
  Envelope envelope;
  envelope.signatures = {{signature->keyid.str(), signature->sig, ""}};
  envelope.signed_part = message;
  const auto counted = count_signatures(envelope, *read, {{signature->keyid.str()}, 1});
  ASSERT_TRUE(counted);
  EXPECT_EQ(counted->valid, 1U) << join(counted->not_by, ", ");
}

class RoleKeyTest : public testing::Test {
 protected:
  Result<std::unique_ptr<RoleSigner>> open(const std::string& where,
                                           const SignerOptions& options = {}) {
    return open_role_signer(where, options, world.world());
  }
  void expect_signs(const std::string& where, const SignerOptions& options = {}) {
    const auto signer = open(where, options);
    ASSERT_TRUE(signer) << signer.error().text();
    expect_counts(**signer);
  }
  test::FakeWorld world;
  test::TempFolder folder;
};

TEST(RoleKeyIds, AreThoseOfSecuresystemslib) {
  const auto ed = crypto::PublicKey::from_ed25519(from_hex(kEd25519Public).value()).value();
  EXPECT_EQ(role_key(ed)->keyid.str(),
            "714ef4789a17ce4ba205ade6756de1a791f7747f450f19ddda1b532274f29922");
  const auto ec = crypto::PublicKey::from_pem(
      "-----BEGIN PUBLIC KEY-----\n"
      "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEaxfR8uEsQkf4vOblY6RA8ncDfYEt\n"
      "6zOg9KE5RdiYwpZP40Li/hp/m47n60p8D54WK84zV2sxXs7LtkBoN79R9Q==\n"
      "-----END PUBLIC KEY-----\n");
  ASSERT_TRUE(ec);
  EXPECT_EQ(role_key(*ec)->keyid.str(),
            "cf4736fae1a3a019d3506e4345cfb6549c7aa731eb5c19f61b60f0175882edcf");
  EXPECT_EQ(identity_key("a@example.org", "https://issuer.example")->keyid.str(),
            "82f098cb2aed25d4e84b7a2b94e503eafc0903e54903ae619edfb8df66537293");
  EXPECT_FALSE(identity_key("", "https://issuer.example"));
}

TEST(RoleKeyIds, StayAsMetadataHasThem) {
  const auto key = role_key(make_key(crypto::KeyType::ed25519).public_key()).value();
  const auto read = parse_role_key("another-id", key.json());
  ASSERT_TRUE(read);
  EXPECT_EQ(read->keyid.str(), "another-id");
  EXPECT_EQ(compute_keyid(*read), key.keyid);
  EXPECT_FALSE(parse_role_key("x", json::Object{{"keytype", "ed25519"}}));
}

TEST(RoleKeyIds, RefuseASchemeThatDoesNotGoWithTheKey) {
  const auto rsa = make_key(crypto::KeyType::rsa);
  EXPECT_EQ(role_key(rsa.public_key())->scheme, "rsassa-pss-sha256");
  EXPECT_TRUE(role_key(rsa.public_key(), "rsa-pkcs1v15-sha512"));
  EXPECT_FALSE(role_key(rsa.public_key(), "ed25519"));
  EXPECT_FALSE(role_key(rsa.public_key(), "none"));
}

TEST_F(RoleKeyTest, SignWithEveryTypeAndScheme) {
  using crypto::KeyType;
  for (const auto type :
       {KeyType::ed25519, KeyType::ecdsa_p256, KeyType::ecdsa_p384, KeyType::ecdsa_p521}) {
    const auto pem = make_key(type).to_pkcs8_pem().value();
    expect_signs(folder.write("key", pem.reveal_text()).string());
  }
  const auto pem = make_key(KeyType::rsa).to_pkcs8_pem().value();
  const std::string rsa = folder.write("rsa", pem.reveal_text()).string();
  for (const char* scheme : {"", "rsassa-pss-sha384", "rsassa-pss-sha512", "rsa-pkcs1v15-sha256"}) {
    expect_signs(rsa, {.scheme = scheme});
  }
}

TEST_F(RoleKeyTest, ReadEncryptedFiles) {
  const auto key = make_key(crypto::KeyType::ecdsa_p256);
  const auto secret = SecretBytes::copy_of("pw");
  for (const std::string& pem : {key.to_encrypted_pkcs8_pem(secret).value(),
                                 key.to_cosign_pem(secret, world.random).value()}) {
    const std::string path = folder.write("key", pem).string();
    expect_signs(path, {.password = password("pw")});
    EXPECT_EQ(open(path, {.password = password("no")}).error().code, Errc::denied);
    EXPECT_EQ(open(path).error().code, Errc::denied);
  }
}

TEST_F(RoleKeyTest, ReadTheOldFormatsOfSecuresystemslib) {
  const std::string ed = folder.write("ed", kOldEd25519).string();
  const auto signer = open(ed, {.password = password("correct horse")});
  ASSERT_TRUE(signer) << signer.error().text();
  EXPECT_EQ(*(*signer)->key().keyval.find("public")->string(), kEd25519Public);
  expect_counts(**signer);
  const std::string ec = folder.write("ec", kOldEcdsa).string();
  expect_signs(ec, {.password = password("correct horse")});
  for (const auto& path : {ed, ec}) {
    EXPECT_EQ(open(path, {.password = password("wrong horse")}).error().code, Errc::denied);
  }
  std::string damaged(kOldEd25519);
  damaged.back() = damaged.back() == '0' ? '1' : '0';
  EXPECT_EQ(open(folder.write("d", damaged).string(), {.password = password("correct horse")})
                .error()
                .code,
            Errc::denied);
  std::string greedy(kOldEd25519);
  greedy.replace(greedy.find("100000"), 6, "99999999999");
  EXPECT_EQ(open(folder.write("g", greedy).string(), {.password = password("correct horse")})
                .error()
                .code,
            Errc::limit);
}

TEST_F(RoleKeyTest, ReadTheJsonOfSecuresystemslib) {
  const std::string plain =
      "{\"keytype\": \"ed25519\", \"scheme\": \"ed25519\", \"keyid_hash_algorithms\": "
      "[\"sha256\"], "
      "\"keyval\": {\"public\": \"a7\", \"private\": "
      "\"f439c6ea89e343584b0076aa2fa787cc075ed552342d78b851ab5c1767a0898e\"}}";
  const auto signer = open(folder.write("plain", plain).string());
  ASSERT_TRUE(signer) << signer.error().text();
  // The public half is computed, not believed.
  EXPECT_EQ(*(*signer)->key().keyval.find("public")->string(),
            "a704c7bf972ac544ee4e3736f10e2e2e74471b5945dbf62a2e480ceacf407dec");
  expect_counts(**signer);
  const auto half = open(folder.write("half", "{\"keyval\": {\"public\": \"a7\"}}").string());
  ASSERT_FALSE(half);
  EXPECT_NE(half.error().what.find("public half"), std::string::npos);
  EXPECT_FALSE(open(folder.write("n", "{\"keyval\": {\"private\": \"f4\"}}").string()));
  EXPECT_FALSE(open(folder.write("e", "{}").string()));
}

TEST_F(RoleKeyTest, ReadTraditionalPemsThatOpensslEncrypted) {
  const auto openssl = test::find_program("openssl");
  if (!openssl) GTEST_SKIP() << "there is no openssl program";
  for (const char* cipher : {"-aes256", "-aes128", "-des3"}) {
    const std::string path = (folder / cipher).string();
    const auto made = test::Program(*openssl)(
        {"genrsa", "-traditional", cipher, "-passout", "pass:pw", "-out", path, "2048"});
    ASSERT_EQ(made.exit_code, 0) << made.err;
    expect_signs(path, {.password = password("pw")});
    EXPECT_FALSE(open(path, {.password = password("no")})) << cipher;
    EXPECT_FALSE(open(path)) << cipher;
  }
}

TEST_F(RoleKeyTest, ComeFromVariables) {
  const auto key = make_key(crypto::KeyType::ed25519);
  const auto pem = key.to_pkcs8_pem().value();
  world.environment.values["ONLINE_KEY"] = pem.reveal_text();
  expect_signs("env:ONLINE_KEY");
  const auto missing = open("env:NO_KEY");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Errc::usage);
}

TEST_F(RoleKeyTest, MustBeTheOnesThatAreExpected) {
  const auto key = make_key(crypto::KeyType::ed25519);
  const auto pem = key.to_pkcs8_pem().value();
  const std::string path = folder.write("key", pem.reveal_text()).string();
  RoleKey listed = role_key(key.public_key()).value();
  listed.keyid = KeyId("as-listed");
  const auto right = open(path, {.expected = listed});
  ASSERT_TRUE(right) << right.error().text();
  EXPECT_EQ((*right)->sign("{}")->keyid.str(), "as-listed");
  const auto other = role_key(make_key(crypto::KeyType::ed25519).public_key()).value();
  const auto wrong = open(path, {.expected = other});
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code, Errc::denied);
}

TEST_F(RoleKeyTest, ComeFromIdentitiesThroughWhoeverKnowsThem) {
  EXPECT_EQ(open("sigstore:").error().code, Errc::unsupported);
  class Asked final : public IdentitySigners {
   public:
    Result<std::unique_ptr<RoleSigner>> open(const std::string& location,
                                             const std::optional<RoleKey>&) override {
      seen = location;
      return fail(Errc::denied, "not now");
    }
    std::string seen;
  } asked;
  EXPECT_EQ(open("sigstore:ambient", {.identities = &asked}).error().code, Errc::denied);
  EXPECT_EQ(asked.seen, "sigstore:ambient");
}

class CommandKeys : public RoleKeyTest {
 protected:
  // A program that signs with the file "key" in one of several ways.
  std::string program(const std::string& body) {
    const Path path = folder.write("sign it", cat("#!/bin/sh\n", body, "\n"));
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
    return cat("cmd:'", path.string(), "' arg");
  }
};

TEST_F(CommandKeys, AnswerInBytesBase64OrHex) {
  if (!test::find_program("openssl")) GTEST_SKIP() << "there is no openssl program";
  const auto key = make_key(crypto::KeyType::ecdsa_p256);
  const auto pem = key.to_pkcs8_pem().value();
  const std::string path = folder.write("key", pem.reveal_text()).string();
  const SignerOptions options{.public_key = key.public_key()};
  const std::string sign = cat("openssl dgst -sha256 -sign '", path, "'");
  for (const char* as : {"", " | base64", " | base64 -w0", " | od -An -v -tx1 | tr -d ' \\n'"}) {
    expect_signs(program(cat(sign, as)), options);
  }
}

TEST_F(CommandKeys, AreNotBelieved) {
  const auto key = make_key(crypto::KeyType::ed25519);
  const SignerOptions options{.public_key = key.public_key(),
                              .command_time = std::chrono::milliseconds(300)};
  const auto fails = [&](const std::string& body, Errc code, std::string_view what) {
    const auto signer = open(program(body), options);
    ASSERT_TRUE(signer) << signer.error().text();
    const auto signature = (*signer)->sign("{}");
    ASSERT_FALSE(signature) << body;
    EXPECT_EQ(signature.error().code, code) << body << signature.error().text();
    EXPECT_NE(signature.error().text().find(what), std::string::npos) << signature.error().text();
  };
  fails("cat; echo done", Errc::denied, "no signature by ed25519");
  fails("cat >/dev/null", Errc::denied, "answered nothing");
  fails("cat >/dev/null; echo no token >&2; exit 3", Errc::denied, "ended with 3: no token");
  fails("cat >/dev/null; head -c 100000 /dev/zero", Errc::denied, "too much");
  fails("sleep 60", Errc::timeout, "");
  const auto nobody = open("cmd:/no/such/program", options);
  ASSERT_TRUE(nobody);
  EXPECT_EQ((*nobody)->sign("{}").error().code, Errc::not_found);
  EXPECT_EQ(open("cmd:true").error().code, Errc::usage);  // whose signature would it be?
}

TEST_F(CommandKeys, GetNothingThatOpensOtherKeys) {
  const auto key = make_key(crypto::KeyType::ed25519);
  const SignerOptions options{.public_key = key.public_key(), .withheld = {"TUF_ONLINE_KEY"}};
  world.environment.values = {{"SLUICE_PASSWORD", "a"},
                              {"SLUICE_PASSWORD_ROOT", "b"},
                              {"TUF_ONLINE_KEY", "c"},
                              {"TUF_ONLINE_KEYS", "d"},
                              {"KMS_TOKEN", "e"}};
  const Path seen = folder / "seen";
  const auto signer = open(program(cat("cat >/dev/null; env > '", seen.string(), "'")), options);
  ASSERT_TRUE(signer) << signer.error().text();
  const auto signature = (*signer)->sign("{}");
  ASSERT_FALSE(signature);
  EXPECT_NE(signature.error().what.find("answered nothing"), std::string::npos)
      << signature.error().what;
  const std::string text = test::read_file(seen);
  std::vector<std::string> got;
  for (const auto line : split(text, '\n')) {
    if (line.starts_with("SLUICE_") || line.starts_with("TUF_") || line.starts_with("KMS_")) {
      got.emplace_back(line);
    }
  }
  std::ranges::sort(got);
  EXPECT_EQ(got, (std::vector<std::string>{"KMS_TOKEN=e", "TUF_ONLINE_KEYS=d"}));
}

TEST(Sources, NameTheVariableThatTheyAreIn) {
  EXPECT_EQ(variable_of("env:TUF_ONLINE_KEY"), "TUF_ONLINE_KEY");
  EXPECT_EQ(variable_of("pkcs11:token=a?pin-source=env:PIN"), "PIN");
  for (const char* other :
       {"env.key", "cmd:env:X", "pkcs11:token=a?pin-source=file:env", "pkcs11:"}) {
    EXPECT_FALSE(variable_of(other)) << other;
  }
}

TEST(Commands, AreSplitAsAShellWouldAndNothingMore) {
  using Words = std::vector<std::string>;
  EXPECT_EQ(split_command("a  b\tc").value(), (Words{"a", "b", "c"}));
  EXPECT_EQ(split_command("'a b' \"c d\" e'f'g ''").value(), (Words{"a b", "c d", "efg", ""}));
  EXPECT_EQ(split_command("a\\ b $X `c` \"\\\"\" '\\'").value(),
            (Words{"a b", "$X", "`c`", "\"", "\\"}));
  for (const char* text : {"", "  ", "'a", "\"a", "''"}) {
    EXPECT_FALSE(split_command(text)) << text;
  }
}

}  // namespace
}  // namespace sluice::tuf
