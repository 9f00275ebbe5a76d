// SPDX-License-Identifier: Apache-2.0
// sluice called as cosign: what its commands do, and their exit codes. Where the real cosign is
// installed, both are given the same arguments.
#include <gtest/gtest.h>

#include <filesystem>
#include <map>

#include "base/codec.h"
#include "base/text.h"
#include "cmd/cosign_support.h"
#include "crypto/pem.h"
#include "json/value.h"

namespace sluice {
namespace {

TEST_F(CosignMode, KeysGoBothWays) {
  sign_hello();
  const std::string pub = test::read_file(folder_ / "k.pub");
  EXPECT_EQ(ours({"public-key", "--key", "k.key"}).out, pub);
  const Ran from_variable = called("cosign").with(
      "HERS", test::read_file(folder_ / "k.key"))({"public-key", "--key", "env://HERS"});
  EXPECT_EQ(from_variable.out, pub) << from_variable.err;
  expect_refused(ours({"generate-key-pair", "--output-key-prefix", "k"}), "exists already");
  expect_refused(ours({"generate-key-pair", "k8s://ns/name"}), "does not cover keys in k8s://");
  expect_refused(ours({"public-key", "--key", "awskms:///alias/a"}),
                 "does not cover keys from awskms://");
  EXPECT_EQ(std::filesystem::status(folder_ / "k.key").permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);

  if (!test::find_program("cosign")) GTEST_SKIP() << "cosign is not installed";
  EXPECT_EQ(theirs({"public-key", "--key", "k.key"}).out, pub);
  ASSERT_EQ(theirs({"generate-key-pair"}).exit_code, 0);
  EXPECT_EQ(ours({"public-key", "--key", "cosign.key"}).out,
            test::read_file(folder_ / "cosign.pub"));
  // A password on standard input is taken as it is, by both.
  const auto piped = [&](const std::string& program, const Words& words) {
    return Program(program).in(folder_.path()).input("typed\n")(words);
  };
  ASSERT_EQ(piped((folder_ / "bin/cosign").native(),
                  {"generate-key-pair", "--output-key-prefix", "piped"})
                .exit_code,
            0);
  EXPECT_EQ(piped(*test::find_program("cosign"), {"public-key", "--key", "piped.key"}).exit_code,
            0);
}

TEST_F(CosignMode, ImportsAKey) {
  const auto key = *crypto::PrivateKey::generate(crypto::KeyType::ecdsa_p256);
  folder_.write("plain.pem", std::string(key.to_pkcs8_pem()->reveal_text()));
  const Ran first = ours({"import-key-pair", "-k", "plain.pem"});
  ASSERT_EQ(first.exit_code, 0) << first.err;
  EXPECT_TRUE(has(first.err, "Private key written to import-cosign.key\n")) << first.err;
  EXPECT_EQ(test::read_file(folder_ / "import-cosign.pub"), key.public_key().pem());
  expect_refused(ours({"import-key-pair", "-k", "plain.pem"}), "exists already");
  EXPECT_EQ(ours({"import-key-pair", "-k", "plain.pem", "-y"}).exit_code, 0);
  if (!test::find_program("cosign")) GTEST_SKIP() << "cosign is not installed";
  EXPECT_EQ(theirs({"public-key", "--key", "import-cosign.key"}).out, key.public_key().pem());
}

TEST_F(CosignMode, ReadsTheBlobFromStandardInput) {
  sign_hello();
  expect_verified(called("cosign").input("hello\n")(by_key({"-"})));
  expect_refused(called("cosign").input("hullo\n")(by_key({"-"})), "artifact digest");
  expect_refused(ours(by_key({"https://example.org/hello"})), "does not cover blobs from https://");
}

TEST_F(CosignMode, AsksForAUserWhoSaysWhoMayHaveSigned) {
  write_signed(test::rekor_v1());
  expect_verified(ours(by_identity({"hello"})));
  const Words bare = {"verify-blob", "--bundle", "b.json", "--trusted-root", "root.json", "hello"};
  expect_refused(ours(bare), "who may have signed?");
  expect_refused(ours(bare + Words{"--certificate-identity", "a@b.example"}), "who vouches");
  expect_refused(ours(bare + Words{"--certificate-github-workflow-repository", "example/app"}),
                 "who may have signed?");
  expect_refused(ours(by_identity({"--key", "k.pub", "hello"})), "two ways");
  // It would make cosign trust somebody else.
  expect_refused(called("cosign").with("SIGSTORE_ROOT_FILE", "ca.pem")(
                     {"verify-blob", "--bundle", "b.json", "--certificate-identity", "a@b.example",
                      "--certificate-oidc-issuer", "https://id.example", "hello"}),
                 "SIGSTORE_ROOT_FILE");
  expect_verified(called("cosign").with("SIGSTORE_ROOT_FILE", "ca.pem")(by_identity({"hello"})));
}

TEST_F(CosignMode, WarnsOfAnExpressionThatFitsEverybody) {
  write_signed(test::rekor_v1());
  const Words call = {"verify-blob", "--bundle", "b.json", "--trusted-root", "root.json", "hello"};
  const Ran wide = ours(call + Words{"--certificate-identity-regexp", ".*",
                                     "--certificate-oidc-issuer", std::string(test::kIssuer)});
  expect_verified(wide);
  EXPECT_TRUE(has(wide.err, "WARNING: ")) << wide.err;
  const Ran exact = ours(by_identity({"hello"}));
  EXPECT_EQ(exact.err, "Verified OK\n");
}

TEST_F(CosignMode, PrintsTheAnchoredFormOfAnExpressionThatFitsAPart) {
  write_signed(test::rekor_v1());
  const Words call = {"verify-blob",
                      "--bundle",
                      "b.json",
                      "--trusted-root",
                      "root.json",
                      "hello",
                      "--certificate-oidc-issuer",
                      std::string(test::kIssuer),
                      "--certificate-identity-regexp"};
  const Ran part = ours(call + Words{"@example.org"});
  expect_refused(part, "The anchored form that passes");
  EXPECT_TRUE(has(part.err, "--certificate-identity-regexp")) << part.err;
  expect_verified(ours(call + Words{"[a-z]+@example[.]org"}));
  if (!test::find_program("cosign")) GTEST_SKIP() << "cosign is not installed";
  EXPECT_EQ(theirs(call + Words{"@example.org"}).exit_code, 0);
}

TEST_F(CosignMode, ComparesTheClaimsOfGitHub) {
  const auto workflow = test::github_workflow();
  write_signed(test::by(test::rekor_v1(), workflow));
  const Words call = {"verify-blob",
                      "--bundle",
                      "b.json",
                      "--trusted-root",
                      "root.json",
                      "hello",
                      "--certificate-identity",
                      workflow.subject,
                      "--certificate-oidc-issuer",
                      workflow.issuer};
  const std::vector<std::pair<std::string, std::string>> claims = {{"repository", "example/app"},
                                                                   {"ref", "refs/tags/v1.2.3"}};
  for (const auto& [name, value] : claims) {
    const std::string flag = "--certificate-github-workflow-" + name;
    expect_verified(ours(call + Words{flag, value}));
    expect_refused(ours(call + Words{flag, value + "x"}), cat("FAIL     ", name));
  }
}

// What both have to say of the same arguments. "strict": only we refuse; "lenient": only cosign.
TEST_F(CosignMode, AgreesWithCosignOnWhatIsAskedOfLogsAndTimes) {
  if (!test::find_program("cosign")) GTEST_SKIP() << "cosign is not installed";
  struct Kind {
    std::string name;
    test::SignWish wish;
  };
  auto no_log = test::rekor_v2();
  no_log.logs.clear();
  auto no_sct = test::rekor_v1();
  no_sct.scts.clear();
  auto v1_stamped = test::rekor_v1();
  v1_stamped.stamps = {{}};
  auto bare = test::rekor_v1();
  bare.logs.clear();
  const std::vector<Kind> kinds = {{"v1", test::rekor_v1()},   {"v2", test::rekor_v2()},
                                   {"no log", no_log},         {"no sct", no_sct},
                                   {"v1 stamped", v1_stamped}, {"nothing", bare}};
  const std::vector<Words> flags = {{},
                                    {"--use-signed-timestamps"},
                                    {"--insecure-ignore-tlog"},
                                    {"--insecure-ignore-tlog", "--use-signed-timestamps"},
                                    {"--private-infrastructure", "--use-signed-timestamps"},
                                    {"--insecure-ignore-sct"},
                                    {"--insecure-ignore-sct=false"}};
  // Without a log cosign compares the certificate with today's date, also where somebody says when
  // it was signed: minutes later everything is refused. Here the time that is proven counts.
  const std::map<std::string, std::string> differences = {
      {"v1: --insecure-ignore-tlog", "lenient"},
      {"v2: --insecure-ignore-tlog", "lenient"},
      {"no log: --insecure-ignore-tlog", "lenient"},
      {"v1 stamped: --insecure-ignore-tlog", "lenient"}};
  for (const Kind& kind : kinds) {
    write_signed(kind.wish);
    for (const Words& more : flags) {
      const std::string name = cat(kind.name, ": ", join(more, " "));
      const Ran one = ours(by_identity(more + Words{"hello"}));
      const Ran two = theirs(by_identity(more + Words{"hello"}));
      const std::string found = one.exit_code == two.exit_code ? "same"
                                : one.exit_code != 0           ? "strict"
                                                               : "lenient";
      const auto due = differences.find(name);
      EXPECT_EQ(found, due == differences.end() ? "same" : due->second) << name << "\n"
                                                                        << one.err << "\n"
                                                                        << two.err;
    }
  }
}

TEST_F(CosignMode, AgreesWithCosignOnKeys) {
  if (!test::find_program("cosign")) GTEST_SKIP() << "cosign is not installed";
  const std::vector<std::pair<std::string, test::SignWish>> kinds = {
      {"v1", test::by_key(test::rekor_v1())}, {"v2", test::by_key(test::rekor_v2())}};
  for (const auto& [name, wish] : kinds) {
    const auto made = world_.sign("hello\n", wish);
    folder_.write("b.json", made.bundle);
    folder_.write("root.json", world_.trusted_root());
    folder_.write("k.pub", made.key.public_key().pem());
    for (const Words& more :
         {Words{}, Words{"--insecure-ignore-tlog"}, Words{"--use-signed-timestamps"}}) {
      for (const std::string blob : {"hello", "other"}) {
        const Words call = Words{"verify-blob", "--bundle",       "b.json",    "--key",
                                 "k.pub",       "--trusted-root", "root.json", blob} +
                           more;
        EXPECT_EQ(ours(call).exit_code, theirs(call).exit_code)
            << name << join(more, " ") << blob << ours(call).err << theirs(call).err;
      }
    }
  }
}

TEST_F(CosignMode, VerifiesAttestationsByTheirShortTypes) {
  const auto made = world_.sign("hello\n", test::in_envelope(test::rekor_v1()));
  folder_.write("b.json", made.bundle);
  folder_.write("root.json", world_.trusted_root());
  Words call = by_identity({});
  call[0] = "verify-blob-attestation";
  const std::string hex =
      crypto::digest_of(crypto::HashAlgorithm::sha256, bytes_of("hello\n")).hex();
  struct Row {
    Words more;
    bool good;
  };
  const std::vector<Row> rows = {
      {{"--type", "slsaprovenance1", "hello"}, true},
      {{"--type", std::string(test::kProvenance), "hello"}, true},
      {{"--type", "slsaprovenance", "hello"}, false},
      {{"hello"}, false},  // the default is custom
      {{"--type", "slsaprovenance1", "other"}, false},
      {{"--type", "slsaprovenance1", "--check-claims=false", "other"}, true},
      {{"--type", "slsaprovenance1", "--check-claims=false"}, true},
      {{"--type", "slsaprovenance1", "--digest", hex, "--digestAlg", "sha256"}, true},
      {{"--type", "slsaprovenance1", "--digest", std::string(64, '0'), "--digestAlg", "sha256"},
       false},
      {{"--type", "slsaprovenance1", "--digest", hex}, false},
      {{"--type", "slsaprovenance1"}, false}};
  for (const auto& [more, good] : rows) {
    const Ran ran = ours(call + more);
    EXPECT_EQ(ran.exit_code, good ? 0 : 1) << join(more, " ") << ran.err;
    EXPECT_EQ(has(ran.err, "Verified OK"), good) << ran.err;
    if (!test::find_program("cosign")) continue;
    const Ran real = theirs(call + more);
    EXPECT_EQ(real.exit_code, ran.exit_code) << join(more, " ") << real.err;
  }
  expect_refused(ours(call + Words{"--type", "provenance", "hello"}),
                 "neither a URI nor a predicate type");
}

// cosign's own names, by what it makes of them.
TEST_F(CosignMode, KnowsTheShortTypesThatCosignWrites) {
  if (!test::find_program("cosign")) GTEST_SKIP() << "cosign is not installed";
  ASSERT_EQ(theirs({"generate-key-pair"}).exit_code, 0);
  ASSERT_EQ(theirs({"signing-config", "create", "--out", "none.json"}).exit_code, 0);
  folder_.write("predicate", R"({"a":1})");
  int ran = 0;
  for (const std::string type : {"custom", "slsaprovenance02", "slsaprovenance1", "spdx",
                                 "spdxjson", "cyclonedx", "openvex", "https://example.org/p"}) {
    std::filesystem::remove(folder_ / "a.json");
    const Ran made =
        theirs({"attest-blob", "--yes", "--key", "cosign.key", "--signing-config", "none.json",
                "--bundle", "a.json", "--type", type, "--predicate", "predicate", "hello"});
    if (made.exit_code != 0) continue;  // it wants a predicate of that form
    ++ran;
    expect_verified(ours({"verify-blob-attestation", "--bundle", "a.json", "--key", "cosign.pub",
                          "--insecure-ignore-tlog", "--type", type, "hello"}));
  }
  EXPECT_GE(ran, 5);
}

TEST_F(CosignMode, TakesOlderOutputsApartFromABundle) {
  const auto made = world_.sign("hello\n", test::rekor_v1());
  folder_.write("root.json", world_.trusted_root());
  const auto document = *json::parse_strict(made.bundle);
  const auto& entry = document.find("verificationMaterial")->find("tlogEntries")->array()->front();
  const auto text = [](const json::Value* value) { return *value->string(); };
  const std::string log_id = to_hex(*from_base64(text(entry.find("logId")->find("keyId"))));
  const std::string pem = crypto::write_pem("CERTIFICATE", made.chain.front());
  // What cosign 2 wrote with --bundle: the log's promise, and no proof.
  folder_.write("old.json",
                cat(R"({"base64Signature":")", to_base64(made.signature), R"(","cert":")",
                    to_base64(bytes_of(pem)), R"(","rekorBundle":{"SignedEntryTimestamp":")",
                    text(entry.find("inclusionPromise")->find("signedEntryTimestamp")),
                    R"(","Payload":{"body":")", text(entry.find("canonicalizedBody")),
                    R"(","integratedTime":)", text(entry.find("integratedTime")), R"(,"logIndex":)",
                    text(entry.find("logIndex")), R"(,"logID":")", log_id, R"("}}})"));
  Words call = by_identity({});
  call[2] = "old.json";
  expect_verified(ours(call + Words{"hello"}));
  expect_refused(ours(call + Words{"other"}), "signature");
  expect_refused(ours(call + Words{"--signature", "x", "hello"}), "--signature goes with --bundle");

  // A bare signature, as a file and as text.
  sign_hello();
  const auto bundle = *json::parse_strict(test::read_file(folder_ / "hello.json"));
  const std::string signature = text(bundle.find("messageSignature")->find("signature"));
  folder_.write("hello.sig", signature);
  for (const std::string& given : {std::string("hello.sig"), signature}) {
    const Words by_signature = {"verify-blob", "--signature", given,
                                "--key",       "k.pub",       "--insecure-ignore-tlog"};
    expect_verified(ours(by_signature + Words{"hello"}));
    expect_refused(ours(by_signature + Words{"other"}), "signature");
    if (!test::find_program("cosign")) continue;
    EXPECT_EQ(theirs(by_signature + Words{"hello"}).exit_code, 0);
  }
  // Nothing says that a log has it.
  expect_refused(ours({"verify-blob", "--signature", "hello.sig", "--key", "k.pub",
                       "--trusted-root", "root.json", "hello"}),
                 "log");
  expect_refused(ours(by_key({"--signature", "hello.sig", "hello"})), "--signature goes with");
}

TEST_F(CosignMode, MakesAndUpgradesBundles) {
  sign_hello();
  const auto bundle = *json::parse_strict(test::read_file(folder_ / "hello.json"));
  folder_.write("hello.sig", *bundle.find("messageSignature")->find("signature")->string());
  const Words create = {"bundle",    "create", "--artifact", "hello", "--signature",
                        "hello.sig", "--key",  "k.pub",      "--out", "made.json"};
  expect_refused(ours(create), "does not cover searching a log");
  ASSERT_EQ(ours(create + Words{"--ignore-tlog"}).exit_code, 0);
  expect_verified(ours({"verify-blob", "--bundle", "made.json", "--key", "k.pub",
                        "--insecure-ignore-tlog", "hello"}));
  const Ran shown = ours({"bundle", "inspect", "made.json"});
  EXPECT_EQ(shown.exit_code, 0) << shown.err;
  EXPECT_TRUE(shown.out.starts_with("bundle 0.3")) << shown.out;

  auto old = test::rekor_v1();
  old.media_type = std::string(test::kMedia01);
  old.material = test::Material::chain;
  write_signed(old);
  ASSERT_EQ(ours({"bundle", "upgrade", "--out", "new.json", "b.json"}).exit_code, 0);
  // Bundles' commands take no flag from the environment, as with cosign.
  const Ran printed = called("cosign").with("COSIGN_OUT", "x")({"bundle", "upgrade", "b.json"});
  EXPECT_TRUE(has(printed.out, test::kMedia03)) << printed.out << printed.err;
  EXPECT_TRUE(has(test::read_file(folder_ / "new.json"), test::kMedia03));
  Words call = by_identity({"hello"});
  call[2] = "new.json";
  expect_verified(ours(call));
  old.logs.front().proof = false;
  write_signed(old);
  expect_refused(ours({"bundle", "upgrade", "b.json"}), "proof");
}

TEST_F(CosignMode, CreatesATrustedRootThatBothTrust) {
  const auto pem = [](const Bytes& der) { return crypto::write_pem("CERTIFICATE", der); };
  folder_.write("ca.pem", pem(world_.intermediate.der) + pem(world_.root.der));
  folder_.write("log.pub", world_.logs.at(1).key.public_key().pem());
  folder_.write("tiles.pub", world_.logs.at(0).key.public_key().pem());
  folder_.write("ct.pub", world_.ct_logs.at(0).key.public_key().pem());
  folder_.write("tsa.pem",
                pem(world_.stampers.at(0).service.der) + pem(world_.stampers.at(0).root.der));
  const std::string start = ",start-time=2026-01-01T00:00:00Z";
  const std::string host = world_.logs.at(0).host;
  const Words create = {
      "trusted-root",
      "create",
      "--out",
      "root.json",
      "--fulcio",
      "url=https://fulcio.example.org,certificate-chain=ca.pem,start-time=2026-01-01T00:00:00Z",
      "--rekor",
      cat("url=https://", world_.logs.at(1).host, ",public-key=log.pub", start),
      "--rekor",
      cat("url=https://", host, ",public-key=tiles.pub,origin=", host, start),
      "--ctfe",
      cat("url=https://ct0.example.org,public-key=ct.pub", start),
      "--tsa",
      "url=https://stamps0.example.org/api/v1/timestamp,certificate-chain=tsa.pem"};
  const Ran made = ours(create);
  ASSERT_EQ(made.exit_code, 0) << made.err;
  EXPECT_EQ(made.out, "");
  for (const auto& wish : {test::rekor_v1(), test::rekor_v2()}) {
    folder_.write("b.json", world_.sign("hello\n", wish).bundle);
    expect_verified(ours(by_identity({"hello"})));
    if (!test::find_program("cosign")) continue;
    const Ran real = theirs(by_identity({"hello"}));
    EXPECT_EQ(real.exit_code, 0) << real.err;
  }
  expect_refused(ours({"trusted-root", "create", "--out", "t.json", "--rekor",
                       cat("url=https://", host, ",public-key=tiles.pub,origin=else", start)}),
                 "does not cover an origin");
  expect_refused(ours({"trusted-root", "create", "--out", "t.json", "--fulcio", "url=https://a.b"}),
                 "certificate-chain= is needed");
}

TEST_F(CosignMode, AnswersThePublicCorpusAsCosignDoes) {
  const auto corpus = test::shared_folder("conformance/sigstore");
  if (!corpus) GTEST_SKIP() << "no conformance/sigstore in ../shared (SLUICE_SHARED)";
  const bool real = test::find_program("cosign").has_value();
  const auto cases = json::parse_strict(test::read_file(*corpus / "cases.json"));
  ASSERT_TRUE(cases);
  int ran = 0;
  for (const auto& one : *cases->find("cases")->array()) {
    const auto text = [&](const char* key) {
      const auto* value = one.find(key);
      return value == nullptr ? std::string() : *value->string();
    };
    const auto file = [&](const char* key) { return (*corpus / text(key)).native(); };
    const std::string name = text("case");
    Words words = {"verify-blob", "--bundle", file("bundle"), "--trusted-root",
                   file("trusted_root")};
    if (one.find("key") != nullptr) {
      words = words + Words{"--key", file("key")};
    } else {
      words = words + Words{"--certificate-identity", text("certificate_identity"),
                            "--certificate-oidc-issuer", text("certificate_oidc_issuer")};
    }
    const auto* stamped = one.find("has_rfc3161");
    if (stamped != nullptr && stamped->boolean().value_or(false)) {
      words.emplace_back("--use-signed-timestamps");
    }
    words.push_back(file("artifact"));
    const Ran own = ours(words);
    EXPECT_EQ(own.exit_code, text("expect") == "pass" ? 0 : 1) << name << "\n" << own.err;
    ++ran;
    if (!real) continue;
    const Ran other = theirs(words);
    EXPECT_EQ(own.exit_code, other.exit_code) << name << "\n" << own.err << other.err;
  }
  EXPECT_EQ(ran, 52);
  if (!real) GTEST_SKIP() << "compared with what is expected alone: cosign is not installed";
}

}  // namespace
}  // namespace sluice
