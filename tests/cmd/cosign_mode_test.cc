// SPDX-License-Identifier: Apache-2.0
// sluice called as cosign: its arguments, its exit codes, and what is refused by name. Where the
// real cosign is installed, both are given the same arguments.
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <set>

#include "base/codec.h"
#include "base/text.h"
#include "crypto/pem.h"
#include "json/value.h"
#include "support/program.h"
#include "support/virtual_sigstore/virtual_sigstore.h"

namespace sluice {
namespace {

using test::has;
using test::Program;
using test::Ran;
using test::TempFolder;

using Words = std::vector<std::string>;

constexpr std::string_view kCoveredCommands =
    "sign-blob, attest-blob, verify-blob, verify-blob-attestation, generate-key-pair, "
    "import-key-pair, public-key, bundle create, bundle inspect, bundle upgrade, initialize, "
    "signing-config create, trusted-root create, version";

Words operator+(Words left, const Words& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

class CosignMode : public testing::Test {
 protected:
  CosignMode() {
    std::filesystem::create_directories(folder_ / "bin");
    std::filesystem::create_symlink(test::sluice_path(), folder_ / "bin/cosign");
    folder_.write("hello", "hello\n");
    folder_.write("other", "hullo\n");
  }

  Program called(const std::string& name) const {
    return Program((folder_ / "bin" / name).native())
        .in(folder_.path())
        .with("HOME", folder_.path().native())
        .with("COSIGN_PASSWORD", "pw");
  }
  Ran ours(const Words& words) const { return called("cosign")(words); }
  Ran theirs(const Words& words) const {
    return Program(*test::find_program("cosign"))
        .in(folder_.path())
        .with("HOME", folder_.path().native())
        .with("COSIGN_PASSWORD", "pw")(words);
  }
  // A pair k.key, k.pub, and hello's bundle by it, hello.json.
  void sign_hello() const {
    ASSERT_EQ(ours({"generate-key-pair", "--output-key-prefix", "k"}).exit_code, 0);
    const Ran ran = test::sluice()
                        .in(folder_.path())
                        .with("SLUICE_PASSWORD",
                              "pw")({"sign", "--key", "k.key", "--bundle", "hello.json", "hello"});
    ASSERT_EQ(ran.exit_code, 0) << ran.err;
  }
  // Without a log.
  static Words by_key(const Words& more) {
    return Words{"verify-blob", "--bundle", "hello.json",
                 "--key",       "k.pub",    "--insecure-ignore-tlog"} +
           more;
  }
  // What a virtual Sigstore has signed, in b.json; whom to trust, in root.json.
  void write_signed(const test::SignWish& wish) const {
    folder_.write("b.json", world_.sign("hello\n", wish).bundle);
    folder_.write("root.json", world_.trusted_root());
  }
  static Words by_identity(const Words& more) {
    return Words{"verify-blob",
                 "--bundle",
                 "b.json",
                 "--trusted-root",
                 "root.json",
                 "--certificate-identity",
                 std::string(test::kIdentity),
                 "--certificate-oidc-issuer",
                 std::string(test::kIssuer)} +
           more;
  }
  static void expect_verified(const Ran& ran) {
    EXPECT_EQ(ran.exit_code, 0) << ran.out << ran.err;
    EXPECT_EQ(ran.out, "");
    EXPECT_TRUE(ran.err.ends_with("Verified OK\n")) << ran.err;
  }
  static void expect_refused(const Ran& ran, std::string_view why) {
    EXPECT_EQ(ran.exit_code, 1) << ran.out << ran.err;
    EXPECT_EQ(ran.out, "");
    EXPECT_TRUE(has(ran.err, why)) << ran.err;
    EXPECT_FALSE(has(ran.err, "Verified OK")) << ran.err;
  }

  TempFolder folder_;
  test::VirtualSigstore world_;
};

TEST_F(CosignMode, IsChosenByTheWholeNameOfTheLink) {
  const Ran version = ours({"version"});
  EXPECT_EQ(version.exit_code, 0);
  EXPECT_TRUE(has(version.out, "called as cosign")) << version.out;
  const auto document = json::parse_strict(ours({"version", "--json"}).out);
  ASSERT_TRUE(document);
  EXPECT_TRUE(document->find("gitVersion")->string()->starts_with("sluice-"));

  std::filesystem::create_symlink(test::sluice_path(), folder_ / "bin/cosigner");
  EXPECT_EQ(called("cosigner")({"public-key"}).exit_code, 2);  // sluice's own code
}

TEST_F(CosignMode, ShowsWhatItCovers) {
  for (const Words& words : {Words{}, Words{"--help"}, Words{"help"}, Words{"-h"}}) {
    const Ran ran = ours(words);
    EXPECT_EQ(ran.exit_code, 0);
    EXPECT_TRUE(has(ran.out, "verify-blob-attestation")) << ran.out;
    EXPECT_TRUE(has(ran.out, "Not covered: attach attestation")) << ran.out;
  }
  const Ran one = ours({"verify-blob", "--help"});
  EXPECT_EQ(one.exit_code, 0);
  EXPECT_TRUE(has(one.out, "--certificate-oidc-issuer-regexp")) << one.out;
  EXPECT_TRUE(has(one.out, "-t, --timeout DURATION")) << one.out;
  EXPECT_EQ(ours({"help", "verify-blob"}).out, one.out);
  const Ran group = ours({"bundle"});
  EXPECT_EQ(group.exit_code, 0);
  EXPECT_TRUE(has(group.out, "bundle upgrade")) << group.out;
  EXPECT_FALSE(has(group.out, "verify-blob")) << group.out;
}

TEST_F(CosignMode, NamesTheCommandsThatItDoesNotCover) {
  for (const Words& words : {Words{"attach", "sbom"},
                             Words{"attach", "signature", "image"},
                             Words{"attest"},
                             Words{"clean"},
                             Words{"completion", "bash"},
                             Words{"copy"},
                             Words{"dockerfile", "verify"},
                             Words{"download", "attestation"},
                             Words{"env"},
                             Words{"generate"},
                             Words{"load"},
                             Words{"login"},
                             Words{"manifest", "verify"},
                             Words{"piv-tool"},
                             Words{"pkcs11-tool"},
                             Words{"save"},
                             Words{"sign", "--key", "k", "image"},
                             Words{"tree"},
                             Words{"triangulate"},
                             Words{"upload", "blob"},
                             Words{"verify", "image"},
                             Words{"verify-attestation"}}) {
    const std::string name =
        words.size() > 1 && words[0] != "sign" && words[0] != "verify" && words[0] != "completion"
            ? cat(words[0], " ", words[1])
            : words[0];
    const Ran ran = ours(words);
    expect_refused(ran, cat("does not cover `", name, "`; it covers: ", kCoveredCommands));
  }
  expect_refused(ours({"frob"}), "unknown command \"frob\", which cosign 3.1.3 does not have");
  expect_refused(ours({"bundle", "frob"}), "unknown command \"bundle frob\"");
}

TEST_F(CosignMode, NamesEveryFlagThatItDoesNotCover) {
  sign_hello();
  struct Refused {
    Words call;
    Words switches;
    Words valued;
  };
  const Words verify = {"--ca-intermediates",
                        "--ca-roots",
                        "--certificate-chain",
                        "--cert-chain",
                        "--cert-email",
                        "--sct",
                        "--slot",
                        "--timestamp-certificate-chain"};
  const Words sign_switches = {"--sk", "--issue-certificate", "--insecure-skip-verify",
                               "--oidc-disable-ambient-providers"};
  const Words sign_valued = {"--certificate",
                             "--certificate-chain",
                             "--fulcio-url",
                             "--oidc-client-secret-file",
                             "--oidc-issuer",
                             "--oidc-provider",
                             "--oidc-redirect-url",
                             "--output-certificate",
                             "--output-signature",
                             "--rekor-url",
                             "--rfc3161-timestamp",
                             "--slot",
                             "--timestamp-client-cacert",
                             "--timestamp-client-cert",
                             "--timestamp-client-key",
                             "--timestamp-server-name",
                             "--timestamp-server-url"};
  const std::vector<Refused> table = {
      {by_key({"hello"}), {"--sk", "--allow-certificate-chain"}, verify},
      {{"verify-blob-attestation", "--bundle", "hello.json", "--key", "k.pub", "hello"},
       {"--sk", "--allow-certificate-chain"},
       verify},
      {{"sign-blob", "--bundle", "b.json", "--key", "k.key", "hello"}, sign_switches, sign_valued},
      {{"attest-blob", "--bundle", "b.json", "--key", "k.key", "--predicate", "hello.json",
        "hello"},
       sign_switches,
       sign_valued},
      {{"sign-blob", "--bundle", "b.json", "--key", "k.key", "hello"}, {}, {"--output"}},
      {{"attest-blob", "--bundle", "b.json", "--key", "k.key", "--predicate", "hello.json",
        "hello"},
       {},
       {"--output-attestation"}},
      {{"signing-config", "create"}, {"--with-default-rekor-v2"}, {}},
      {{"generate-key-pair"}, {}, {"--kms"}},
      {{"public-key", "--key", "k.key"}, {"--sk"}, {"--slot"}},
      {{"bundle", "create", "--artifact", "hello"}, {"--sk"}, {"--slot"}},
      {{"trusted-root", "create", "--out", "t.json"},
       {"--with-default-services", "--no-default-fulcio", "--no-default-rekor", "--no-default-ctfe",
        "--no-default-tsa"},
       {"--certificate-chain", "--fulcio-uri", "--ctfe-key", "--ctfe-start-time", "--ctfe-end-time",
        "--ctfe-url", "--rekor-key", "--rekor-start-time", "--rekor-end-time", "--rekor-url",
        "--timestamp-certificate-chain", "--timestamp-uri"}}};
  const auto shown = [](const std::string& flag) {
    return flag.starts_with("--cert-") ? cat("--certificate-", flag.substr(7)) : flag;
  };
  int ran = 0;
  for (const auto& [call, switches, valued] : table) {
    for (const std::string& flag : switches) {
      expect_refused(ours(call + Words{flag}), cat("does not cover ", flag, " of ", call[0]));
      ++ran;
    }
    for (const std::string& flag : valued) {
      expect_refused(ours(call + Words{flag, "value"}),
                     cat("does not cover ", shown(flag), " of ", call[0]));
      expect_refused(ours(call + Words{flag + "=value"}), "does not cover");
      ++ran;
    }
    expect_refused(ours(call + Words{"--frob"}), "unknown flag: --frob");
  }
  EXPECT_EQ(ran, 42 + 2 * (4 + 17) + 3);
  // Off is as if it had not been given.
  expect_verified(ours(by_key({"--sk=false", "hello"})));
}

TEST_F(CosignMode, KnowsEveryFlagThatCosignHas) {
  if (!test::find_program("cosign")) GTEST_SKIP() << "cosign is not installed";
  for (const Words& command :
       {Words{"sign-blob"}, Words{"attest-blob"}, Words{"initialize"},
        Words{"signing-config", "create"}, Words{"verify-blob"}, Words{"verify-blob-attestation"},
        Words{"generate-key-pair"}, Words{"import-key-pair"}, Words{"public-key"},
        Words{"bundle", "create"}, Words{"bundle", "inspect"}, Words{"bundle", "upgrade"},
        Words{"trusted-root", "create"}, Words{"version"}}) {
    const std::string help = theirs(command + Words{"--help"}).out;
    const std::string own = ours(command + Words{"--help"}).out;
    int flags = 0;
    for (const auto line : split(help, '\n')) {
      const auto at = line.find("--");
      const auto before = trim(line.substr(0, std::min(at, line.size())));
      if (at == std::string_view::npos || !(before.empty() || before.ends_with(','))) continue;
      const auto name = line.substr(at, line.find_first_of("= :", at) - at);
      if (name.size() < 4) continue;
      EXPECT_TRUE(has(own, name)) << join(command, " ") << ": " << name;
      ++flags;
    }
    EXPECT_GE(flags, 4) << help;
  }
}

TEST_F(CosignMode, TakesArgumentsAsCosignDoes) {
  sign_hello();
  expect_verified(ours(by_key({"hello"})));
  expect_refused(ours(by_key({"other"})), "artifact digest");
  // In front of the command; short; a single dash; an older spelling; off and on again.
  expect_verified(ours(Words{"--timeout", "5m", "-t=90s"} + by_key({"hello"})));
  expect_verified(ours({"verify-blob", "-bundle", "hello.json", "-key=k.pub",
                        "-insecure-ignore-tlog=true", "--new-bundle-format=false", "hello"}));
  expect_refused(ours(by_key({"--insecure-ignore-tlog=false", "hello"})), "log");
  expect_verified(ours(by_key({"--insecure-ignore-tlog=F", "--insecure-ignore-tlog", "hello"})));
  expect_refused(ours(by_key({"--insecure-ignore-tlog=maybe", "hello"})), "is true or false");
  // The last counts.
  folder_.write("bad.json", "{}");
  expect_verified(ours(Words{"verify-blob", "--bundle", "bad.json"} + [] {
    Words rest = by_key({"hello"});
    rest.erase(rest.begin());
    return rest;
  }()));
  expect_refused(ours(by_key({"--bundle", "bad.json", "hello"})), "bundle");
  const Ran wordy = ours(by_key({"-d", "hello"}));
  expect_verified(wordy);
  EXPECT_TRUE(has(wordy.err, "artifact digest")) << wordy.err;
  expect_refused(ours(by_key({})), "BLOB is needed");
  expect_refused(ours(by_key({"hello", "other"})), "one argument too many");
  expect_refused(ours(by_key({"--timeout", "5 m", "hello"})), "wants a duration");
  expect_refused(ours({"verify-blob", "hello", "--key"}), "needs an argument: --key");
}

TEST_F(CosignMode, RefusesAnEmptyValue) {
  sign_hello();
  expect_refused(ours(by_key({"--certificate-github-workflow-ref=", "hello"})),
                 "--certificate-github-workflow-ref is empty");
  expect_refused(ours(by_key({"--trusted-root", "", "hello"})), "--trusted-root is empty");
}

TEST_F(CosignMode, TakesFlagsFromTheEnvironment) {
  sign_hello();
  const Words call = {"verify-blob", "--bundle", "hello.json", "hello"};
  const auto with = [&](const std::string& name, const std::string& value) {
    return called("cosign").with("COSIGN_KEY", "k.pub").with(name, value)(call);
  };
  expect_verified(with("COSIGN_INSECURE_IGNORE_TLOG", "true"));
  expect_refused(with("COSIGN_INSECURE_IGNORE_TLOG", "false"), "log");
  expect_refused(with("COSIGN_CA_ROOTS", "x"), "does not cover --ca-roots (from COSIGN_CA_ROOTS)");
  // What is on the command line goes before it.
  expect_verified(called("cosign").with("COSIGN_BUNDLE", "nowhere")(by_key({"hello"})));
}

TEST_F(CosignMode, WritesOutputToTheFileThatIsNamed) {
  sign_hello();
  const Ran ran = ours({"public-key", "--key", "k.key", "--output-file", "out"});
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_EQ(ran.out, "");
  EXPECT_EQ(test::read_file(folder_ / "out"), test::read_file(folder_ / "k.pub"));
}

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
