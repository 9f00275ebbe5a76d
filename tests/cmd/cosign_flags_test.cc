// SPDX-License-Identifier: Apache-2.0
// sluice called as cosign: by which name, its commands and flags, and what is refused by name.
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "base/text.h"
#include "cmd/cosign_support.h"

namespace sluice {
namespace {

constexpr std::string_view kCoveredCommands =
    "sign-blob, attest-blob, verify-blob, verify-blob-attestation, generate-key-pair, "
    "import-key-pair, public-key, bundle create, bundle inspect, bundle upgrade, initialize, "
    "signing-config create, trusted-root create, version";

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

}  // namespace
}  // namespace sluice
