// SPDX-License-Identifier: Apache-2.0
// bundle inspect and convert as a user calls them; with outputs that cosign itself wrote.
#include <gtest/gtest.h>

#include "base/codec.h"
#include "base/text.h"
#include "crypto/pem.h"
#include "crypto/private_key.h"
#include "json/value.h"
#include "support/program.h"
#include "support/servers/http_server.h"

namespace sluice {
namespace {

using test::has;
using test::Program;
using test::Ran;
using test::TempFolder;

class BundleCommand : public testing::Test {
 protected:
  BundleCommand() {
    folder_.write("hello", "hello\n");
    folder_.write("k.pub", key_.public_key().pem());
  }

  Program program() const {
    return test::sluice()
        .in(folder_.path())
        .with("HOME", folder_.path().native())
        .with("SLUICE_PASSWORD", "pw");
  }
  Ran run(std::vector<std::string> words) const {
    words.insert(words.begin(), "bundle");
    return program()(words);
  }
  static json::Value parsed(const Ran& ran) {
    const auto value = json::parse_strict(ran.out);
    EXPECT_TRUE(value) << ran.out << ran.err;
    return value ? *value : json::Value();
  }

  Bytes signature() const {
    return *key_.sign(*crypto::Message::of(key_.scheme(), bytes_of("hello\n")));
  }
  static std::string body(const Bytes& signature, const crypto::PrivateKey& key) {
    const auto digest = crypto::digest_of(crypto::HashAlgorithm::sha256, bytes_of("hello\n"));
    return cat(
        R"({"apiVersion":"0.0.1","kind":"hashedrekord","spec":{"data":{"hash":{"algorithm":)",
        R"("sha256","value":")", digest.hex(), R"("}},"signature":{"content":")",
        to_base64(signature), R"(","publicKey":{"content":")",
        to_base64(bytes_of(key.public_key().pem())), R"("}}}})");
  }
  static std::string payload(const std::string& body) {
    return cat(R"("body":")", to_base64(bytes_of(body)),
               R"(","integratedTime":1780315202,"logIndex":12,"logID":")", std::string(64, '0'),
               "\"");
  }
  // What cosign 2 wrote with --bundle.
  void write_old(const Bytes& signature, const std::string& body) const {
    folder_.write("old.json", cat(R"({"base64Signature":")", to_base64(signature),
                                  R"(","rekorBundle":{"SignedEntryTimestamp":"AQID","Payload":{)",
                                  payload(body), "}}}"));
  }

  TempFolder folder_;
  crypto::PrivateKey key_ = *crypto::PrivateKey::generate(crypto::KeyType::ecdsa_p256);
};

TEST_F(BundleCommand, InspectsWhatSignWrote) {
  ASSERT_EQ(program()({"key", "generate"}).exit_code, 0);
  ASSERT_EQ(program()({"sign", "--key", "sluice.key", "hello"}).exit_code, 0);
  const Ran text = run({"inspect", "hello.sigstore.json"});
  EXPECT_EQ(text.exit_code, 0) << text.err;
  EXPECT_TRUE(text.out.starts_with("bundle 0.3  hello.sigstore.json\n  not verified")) << text.out;
  const auto document = parsed(run({"inspect", "--output", "json", "hello.sigstore.json"}));
  EXPECT_EQ(*document.find("kind")->string(), "sluice.bundle/v1");
  EXPECT_EQ(document.find("sound")->boolean(), true);
  const Ran piped =
      program().input(test::read_file(folder_ / "hello.sigstore.json"))({"bundle", "inspect", "-"});
  EXPECT_EQ(piped.exit_code, 0);
  EXPECT_TRUE(has(piped.out, "standard input")) << piped.out;
}

TEST_F(BundleCommand, ABrokenBundleExitsWithOneAndAMissingFileWithThree) {
  folder_.write("b", R"({"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json",)"
                     R"("verificationMaterial":{"publicKey":{"hint":"x"}}})");
  const Ran broken = run({"inspect", "b"});
  EXPECT_EQ(broken.exit_code, 1);
  EXPECT_TRUE(has(broken.out, "either a messageSignature or a dsseEnvelope")) << broken.out;
  EXPECT_TRUE(has(broken.out, "hint  x")) << broken.out;
  const Ran other = run({"inspect", "k.pub"});
  EXPECT_EQ(other.exit_code, 1);
  EXPECT_TRUE(has(other.out, "it looks like a public key (PEM)")) << other.out;
  EXPECT_EQ(parsed(run({"inspect", "--output", "json", "k.pub"})).find("sound")->boolean(), false);
  EXPECT_EQ(run({"inspect", "missing"}).exit_code, 3);
  EXPECT_EQ(run({"inspect", "."}).exit_code, 3);
  EXPECT_EQ(run({"inspect"}).exit_code, 2);
}

TEST_F(BundleCommand, MoreThanTheLimitIsNotRead) {
  folder_.write("most", std::string(16U << 20, ' '));
  folder_.write("more", std::string((16U << 20) + 1, ' '));
  EXPECT_EQ(run({"inspect", "most"}).exit_code, 1);
  EXPECT_EQ(run({"inspect", "more"}).exit_code, 3);
  EXPECT_EQ(run({"convert", "more"}).exit_code, 3);
}

TEST_F(BundleCommand, ConvertsASignatureWithItsKey) {
  folder_.write("sig", to_base64(signature()) + "\n");
  const Ran ran = run({"convert", "--signature", "sig", "--key", "k.pub", "--artifact", "hello",
                       "--out", "hello.sigstore.json"});
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_TRUE(has(ran.err, "nothing was verified")) << ran.err;
  EXPECT_EQ(program()({"verify", "--key", "k.pub", "hello"}).exit_code, 0);
  // The smallest difference: the signature of another file.
  folder_.write("hello", "hullo\n");
  EXPECT_EQ(program()({"verify", "--key", "k.pub", "hello"}).exit_code, 1);
}

TEST_F(BundleCommand, ConvertRefusesToReplaceWhatItReads) {
  const std::string text = to_base64(signature());
  folder_.write("sig", text);
  EXPECT_EQ(run({"convert", "--signature", "sig", "--key", "k.pub", "--out", "sig"}).exit_code, 2);
  EXPECT_EQ(run({"convert", "sig", "--key", "k.pub", "--out", "sig"}).exit_code, 2);
  EXPECT_EQ(test::read_file(folder_ / "sig"), text);
  EXPECT_EQ(run({"convert", "--key", "k.pub"}).exit_code, 2);
  EXPECT_EQ(run({"convert", "--signature", "sig", "sig"}).exit_code, 2);
}

TEST_F(BundleCommand, ConvertsOfflineToAnHonest01) {
  const Bytes signed_once = signature();
  write_old(signed_once, body(signed_once, key_));
  const Ran ran = run({"convert", "old.json", "--key", "k.pub", "--out", "b"});
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_TRUE(has(ran.err, "version 0.1")) << ran.err;
  EXPECT_TRUE(has(test::read_file(folder_ / "b"), "version=0.1"));
  EXPECT_EQ(
      program()({"verify", "--key", "k.pub", "--key-alone", "--bundle", "b", "hello"}).exit_code,
      0);
}

TEST_F(BundleCommand, ConvertRefusesAnEntryOfAnotherSignature) {
  write_old(signature(), body(signature(), key_));  // ECDSA: no two are the same
  const Ran ran = run({"convert", "old.json", "--key", "k.pub", "--out", "b"});
  EXPECT_EQ(ran.exit_code, 1);
  EXPECT_TRUE(has(ran.err, "log entry 12 is about another signature")) << ran.err;
  EXPECT_EQ(test::read_file(folder_ / "b"), "");
}

TEST_F(BundleCommand, ConvertAsksTheLogForTheProof) {
  const Bytes signed_once = signature();
  const std::string entry = body(signed_once, key_);
  write_old(signed_once, entry);
  const std::string hash(64, '1');
  int status = 200;
  std::string asked;
  test::HttpServer log([&](const test::RawRequest& request) {
    asked = request.target;
    const std::string answer =
        cat(R"({"00aa":{)", payload(entry),
            R"(,"verification":{"inclusionProof":{"checkpoint":"log\n2\nx\n\n- log AAAA\n",)",
            R"("hashes":[")", hash, R"("],"logIndex":1,"rootHash":")", hash,
            R"(","treeSize":2},"signedEntryTimestamp":"BAUG"}}})");
    return test::ServedAnswer{status, answer, {}, "application/json"};
  });
  const std::vector<std::string> words = {"convert", "old.json",    "--key",
                                          "k.pub",   "--rekor-url", log.url("")};
  const Ran ran = run(words);
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_EQ(asked, "/api/v1/log/entries?logIndex=12");
  EXPECT_TRUE(has(ran.out, "bundle.v0.3+json")) << ran.out;
  EXPECT_TRUE(has(ran.out, "\"treeSize\":\"2\"")) << ran.out;
  status = 404;
  const Ran gone = run(words);
  EXPECT_EQ(gone.exit_code, 3);
  EXPECT_TRUE(has(gone.err, "404")) << gone.err;
}

TEST_F(BundleCommand, InspectsTheWholePublicCorpus) {
  const auto folder = test::shared_folder("conformance/sigstore/bundle-verify");
  if (!folder) GTEST_SKIP() << "../shared/conformance/sigstore is not here";
  int sound = 0;
  int broken = 0;
  const auto entries = system_files().list(*folder);
  ASSERT_TRUE(entries);
  for (const auto& entry : *entries) {
    const Path bundle = *folder / entry.name / "bundle.sigstore.json";
    if (!system_files().info(bundle)) continue;
    const Ran ran = run({"inspect", bundle.native()});
    ASSERT_LE(ran.exit_code, 1) << bundle << ran.err;
    EXPECT_EQ(ran.err, "") << bundle;
    (ran.exit_code == 0 ? sound : broken) += 1;
  }
  EXPECT_EQ(sound + broken, 52);
  EXPECT_EQ(broken, 7);
}

// What cosign writes in its older formats, as far as it still does.
class OldCosign : public BundleCommand {
 protected:
  void SetUp() override {
    const auto program = test::find_program("cosign");
    if (!program) GTEST_SKIP() << "cosign is not installed (./dev lab install)";
    cosign_ = *program;
    folder_.write("predicate", "{\"a\":1}");
    ASSERT_EQ(cosign({"generate-key-pair"}).exit_code, 0);
  }
  Ran cosign(const std::vector<std::string>& arguments) const {
    return Program(cosign_)
        .in(folder_.path())
        .with("COSIGN_PASSWORD", "pw")
        .with("HOME", folder_.path())(arguments);
  }
  // In the older format, without a log; nullopt where this cosign does not write it any more.
  std::optional<Ran> old(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin() + 1,
                     {"--yes", "--key", "cosign.key", "--tlog-upload=false",
                      "--new-bundle-format=false", "--use-signing-config=false"});
    const Ran ran = cosign(arguments);
    if (ran.exit_code != 0 && has(ran.err, "unknown flag")) return std::nullopt;
    EXPECT_EQ(ran.exit_code, 0) << ran.err;
    return ran;
  }

  std::string cosign_;
};

TEST_F(OldCosign, ItsSignaturesVerifyAsBundles) {
  if (!old({"sign-blob", "--output-signature", "sig", "--bundle", "old.json", "hello"}))
    GTEST_SKIP() << "this cosign does not write the older format";
  for (const auto& input :
       std::vector<std::vector<std::string>>{{"--signature", "sig"}, {"old.json"}}) {
    std::vector<std::string> words = {"convert", "--key", "cosign.pub", "--artifact",
                                      "hello",   "--out", "b"};
    words.insert(words.end(), input.begin(), input.end());
    const Ran ran = run(words);
    ASSERT_EQ(ran.exit_code, 0) << ran.err;
    const std::vector<std::string> verify = {
        "verify-blob", "--key", "cosign.pub", "--insecure-ignore-tlog", "--bundle", "b", "hello"};
    EXPECT_EQ(cosign(verify).exit_code, 0) << cosign(verify).err;
    EXPECT_EQ(program()({"verify", "--key", "cosign.pub", "--bundle", "b", "hello"}).exit_code, 0);
    folder_.write("hello", "hullo\n");
    EXPECT_NE(cosign(verify).exit_code, 0);
    EXPECT_EQ(program()({"verify", "--key", "cosign.pub", "--bundle", "b", "hello"}).exit_code, 1);
    folder_.write("hello", "hello\n");
  }
  EXPECT_TRUE(has(run({"inspect", "sig"}).out, "a bare signature in base64"));
  EXPECT_TRUE(has(run({"inspect", "old.json"}).out, "what cosign 1 and 2 wrote with --bundle"));
}

TEST_F(OldCosign, ItsAttestationsVerifyAsBundles) {
  if (!old({"attest-blob", "--type", "https://example.org/p", "--predicate", "predicate",
            "--output-signature", "envelope", "--bundle", "old.json", "hello"}))
    GTEST_SKIP() << "this cosign does not write the older format";
  for (const std::string input : {"envelope", "old.json"}) {
    const Ran ran = run({"convert", input, "--key", "cosign.pub", "--out", "b"});
    ASSERT_EQ(ran.exit_code, 0) << ran.err;
    const Ran theirs =
        cosign({"verify-blob-attestation", "--key", "cosign.pub", "--insecure-ignore-tlog",
                "--bundle", "b", "--type", "https://example.org/p", "hello"});
    EXPECT_EQ(theirs.exit_code, 0) << theirs.err;
    EXPECT_EQ(program()({"verify", "--key", "cosign.pub", "--bundle", "b", "--type",
                         "https://example.org/p", "hello"})
                  .exit_code,
              0);
  }
}

// A public keyless bundle, taken apart into what cosign 2 would have written of it, and put
// together again: cosign verifies it offline, against the public-good root.
TEST_F(OldCosign, VerifiesAConvertedKeylessSignature) {
  const auto corpus = test::shared_folder("conformance/sigstore");
  if (!corpus) GTEST_SKIP() << "../shared/conformance/sigstore is not here";
  const auto whole = json::parse_strict(
      test::read_file(*corpus / "bundle-verify/happy-path-v0.3/bundle.sigstore.json"));
  ASSERT_TRUE(whole);
  const json::Value& material = *whole->find("verificationMaterial");
  const json::Value& entry = material.find("tlogEntries")->array()->front();
  const auto text = [](const json::Value& value, std::vector<std::string> keys) {
    const json::Value* at = &value;
    for (const auto& key : keys) at = at->find(key);
    return *at->string();
  };
  const auto hex = [](const std::string& base64) { return to_hex(*from_base64(base64)); };
  const std::string pem =
      crypto::write_pem("CERTIFICATE", *from_base64(text(material, {"certificate", "rawBytes"})));
  const std::string logged =
      cat(R"("body":")", text(entry, {"canonicalizedBody"}), R"(","integratedTime":)",
          text(entry, {"integratedTime"}), R"(,"logIndex":)", text(entry, {"logIndex"}),
          R"(,"logID":")", hex(text(entry, {"logId", "keyId"})), "\"");
  const std::string promise = text(entry, {"inclusionPromise", "signedEntryTimestamp"});
  folder_.write(
      "old.json",
      cat(R"({"base64Signature":")", text(*whole, {"messageSignature", "signature"}),
          R"(","cert":")", to_base64(bytes_of(pem)), R"(","rekorBundle":{"SignedEntryTimestamp":")",
          promise, R"(","Payload":{)", logged, "}}}"));
  const json::Value& proof = *entry.find("inclusionProof");
  std::vector<std::string> hashes;
  for (const auto& each : *proof.find("hashes")->array())
    hashes.push_back(cat("\"", hex(*each.string()), "\""));
  const std::string answer =
      cat(R"({"00aa":{)", logged, R"(,"verification":{"inclusionProof":{"checkpoint":)",
          json::write(text(proof, {"checkpoint", "envelope"})), R"(,"hashes":[)", join(hashes, ","),
          R"(],"logIndex":)", text(proof, {"logIndex"}), R"(,"rootHash":")",
          hex(text(proof, {"rootHash"})), R"(","treeSize":)", text(proof, {"treeSize"}),
          R"(},"signedEntryTimestamp":")", promise, R"("}}})");
  test::HttpServer log([&](const test::RawRequest&) {
    return test::ServedAnswer{200, answer, {}, "application/json"};
  });
  const auto verifies = [&](const std::string& bundle) {
    return cosign({"verify-blob", "--bundle", bundle, "--trusted-root",
                   *corpus / "trust/production/trusted_root.json", "--certificate-identity",
                   cat("https://github.com/sigstore-conformance/",
                       "extremely-dangerous-public-oidc-beacon/.github/workflows/",
                       "extremely-dangerous-oidc-beacon.yml@refs/heads/main"),
                   "--certificate-oidc-issuer", "https://token.actions.githubusercontent.com",
                   *corpus / "bundle-verify/a.txt"});
  };
  ASSERT_EQ(run({"convert", "old.json", "--out", "offline"}).exit_code, 0);
  EXPECT_EQ(verifies("offline").exit_code, 0) << verifies("offline").err;
  ASSERT_EQ(run({"convert", "old.json", "--rekor-url", log.url(""), "--out", "proven"}).exit_code,
            0);
  EXPECT_EQ(verifies("proven").exit_code, 0) << verifies("proven").err;
  // The same parts as the public bundle has, so the same text.
  const auto converted = json::parse_strict(test::read_file(folder_ / "proven"));
  ASSERT_TRUE(converted);
  EXPECT_EQ(*converted->find("verificationMaterial")->find("tlogEntries"),
            *material.find("tlogEntries"));
  EXPECT_TRUE(has(run({"inspect", "offline"}).out, "bundle 0.1"));
  EXPECT_TRUE(has(run({"inspect", "proven"}).out, "bundle 0.3"));
}

}  // namespace
}  // namespace sluice
