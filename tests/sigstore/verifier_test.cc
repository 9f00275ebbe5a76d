// SPDX-License-Identifier: Apache-2.0
// Every good and every bad bundle comes out as it has to: those of the virtual Sigstore, and those
// of Sigstore's public corpus.
#include "sigstore/verifier.h"

#include <gtest/gtest.h>

#include <map>

#include "base/text.h"
#include "json/value.h"
#include "support/temp_folder.h"
#include "support/virtual_sigstore/cases.h"

namespace sluice::sigstore {
namespace {

using test::BundleCase;
using test::CasePolicy;

std::optional<std::string> given(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional(text);
}

Result<VerifierOptions> options_of(const CasePolicy& policy) {
  VerifierOptions out;
  if (!policy.key.empty()) {
    SLUICE_TRY(auto key, crypto::PublicKey::from_pem(policy.key));
    out.keys.push_back({std::move(key), policy.key_scheme});
  } else {
    IdentityWish wish;
    wish.identity = given(policy.identity);
    wish.identity_regexp = given(policy.identity_regexp);
    wish.issuer = given(policy.issuer);
    wish.issuer_regexp = given(policy.issuer_regexp);
    wish.repo = given(policy.repository);
    wish.workflow = given(policy.workflow);
    wish.ref = given(policy.ref);
    wish.trigger = given(policy.trigger);
    wish.sha = given(policy.sha);
    SLUICE_TRY(auto rule, make_identity_rule(wish));
    out.rules.push_back(std::move(rule));
  }
  if (policy.logs) out.thresholds.logs = *policy.logs;
  if (policy.stamps) out.thresholds.times = *policy.stamps;
  if (policy.scts) out.thresholds.certificate_logs = *policy.scts;
  if (!policy.witness_policy.empty()) {
    SLUICE_TRY(out.witnesses, parse_witness_policy(policy.witness_policy));
  }
  return out;
}

Result<Verdict<VerifiedContent>> verify_case(const BundleCase& one, const std::string& bundle,
                                             const Path& file) {
  SLUICE_TRY(auto options, options_of(one.policy));
  SLUICE_TRY(options.trust, TrustRoot::parse(one.trusted_root, "the case's trust"));
  VerifyRequest request{.bundle = given(bundle), .bundle_source = "the case's bundle"};
  if (one.digest) {
    request.artifact = *one.digest;
  } else {
    request.artifact = file;
  }
  request.predicate_type = given(one.policy.predicate_type);
  return Verifier(std::move(options)).verify(system_files(), request);
}

std::string rows(const Report& report) {
  std::string out;
  for (const Check& check : report.checks()) {
    out += cat("  ", name(check.outcome), " ", check.id, ": ", check.detail, " | ", check.expected,
               " | ", check.found, "\n");
  }
  return out;
}

// "pass", or the id of the first check that failed.
std::string outcome_of(const Result<Verdict<VerifiedContent>>& verdict) {
  if (!verdict) return cat("error: ", verdict.error().text());
  if (verdict->passed()) return "pass";
  const Check* failure = verdict->report().first_failure();
  return failure == nullptr ? "not run" : failure->id;
}

// Where our first failing row has another name than the table's, and why.
struct Otherwise {
  std::string_view ours;
  std::string_view why;
};
constexpr std::string_view kForm = "a version's demands are part of its form";
constexpr std::string_view kTimes = "times are counted, whoever states them";
constexpr std::string_view kNoCertificate = "such a certificate is not well formed";
const std::map<std::string, Otherwise, std::less<>> kOtherwise{
    {"log.promise/none-in-0.1", {"bundle.format", kForm}},
    {"log.inclusion/no-proof-v1", {"bundle.format", kForm}},
    {"log.inclusion/no-proof-v2", {"bundle.format", kForm}},
    {"log.inclusion/none-in-0.2", {"bundle.format", kForm}},
    {"log.checkpoint/empty-v1", {"bundle.format", kForm}},
    {"log.checkpoint/empty-v2", {"bundle.format", kForm}},
    {"log.checkpoint/missing-v1", {"bundle.format", kForm}},
    {"log.checkpoint/missing-v2", {"bundle.format", kForm}},
    {"certificate.format/chain-in-0.3", {"bundle.format", kForm}},
    {"timestamp.threshold/one-stamper-twice", {"time.verified", kTimes}},
    {"timestamp.threshold/one-of-two", {"time.verified", kTimes}},
    {"certificate.extensions/unknown-critical", {"certificate.format", kNoCertificate}},
    {"identity.subject/host-name", {"certificate.format", kNoCertificate}},
    {"identity.repository/none", {"certificate.format", kNoCertificate}},
    {"certificate.constraints/authority", {"certificate.names", "the constraint is on names"}},
    {"certificate.chain/untrusted",
     {"certificate.signature", "an authority of that name is trusted, and did not sign it"}},
    {"timestamp.signer/untrusted",
     {"timestamp.certificate.chain", "the service's certificate came along"}},
    {"certificate.format/key-where-identity-is-asked",
     {"bundle.key", "what is wrong is that it is a key"}},
    {"certificate.sct/other-key", {"error", "the trust root contradicts itself"}},
    {"log.threshold/key-no-entry", {"pass", "a key needs no log unless that is asked for"}},
    {"good/two-names",
     {"identity.subject", "Fulcio gives one name; two say of none that it signed"}},
};

TEST(Verifier, JudgesEveryCaseOfTheVirtualSigstore) {
  const test::TempFolder folder;
  int ran = 0;
  std::size_t named_otherwise = 0;
  std::map<std::string, int> refused;
  for (const BundleCase& one : test::bundle_cases()) {
    SCOPED_TRACE(cat(one.id, ": ", one.why));
    const Path file = folder.write("artifact", one.artifact);
    const auto verdict = verify_case(one, one.bundle, file);
    const std::string found = verdict ? outcome_of(verdict) : "error";
    const auto otherwise = kOtherwise.find(one.id);
    if (otherwise != kOtherwise.end()) ++named_otherwise;
    EXPECT_EQ(found, otherwise == kOtherwise.end() ? one.expect : otherwise->second.ours)
        << (verdict ? rows(verdict->report()) : std::string());
    if (verdict && !verdict->passed()) {
      ++refused[found];
      // A refusal says what to make of it.
      const Check* failure = verdict->report().first_failure();
      ASSERT_NE(failure, nullptr);
      EXPECT_FALSE(failure->detail.empty());
      EXPECT_FALSE(refusal_kind(verdict->report()).empty());
    }
    ++ran;
  }
  EXPECT_EQ(static_cast<std::size_t>(ran), test::bundle_cases().size());
  EXPECT_GE(ran, 120);
  EXPECT_EQ(named_otherwise, kOtherwise.size());
  EXPECT_GE(refused.size(), 25U) << "kinds of refusals";
  RecordProperty("cases", ran);
}

// ---- the public corpus
// ----------------------------------------------------------------------------

std::string text_at(const json::Value& value, std::string_view key) {
  const json::Value* found = value.find(key);
  return found == nullptr || found->string() == nullptr ? "" : *found->string();
}

// The first check that fails, for each case that has to. One case has its base64 in lines, and one
// proof comes without a checkpoint: both are refused for their form, before what they lie about.
// The trust root without a start is an error: nothing can be decided by it.
const std::map<std::string, std::string> kCorpusRefusals{
    {"bundle-empty-certificate-chain_fail", "bundle.format"},
    {"bundle-from-wrong-instance_fail", "log.known"},
    {"bundle-malformed-json_fail", "bundle.format"},
    {"bundle-unknown-version_fail", "bundle.format"},
    {"bundle-with-root-cert_fail", "certificate.format"},
    {"checkpoint-bad-keyhint_fail", "log.checkpoint"},
    {"checkpoint-wrong-roothash_fail", "log.checkpoint"},
    {"dsse-invalid-sig_fail", "signature"},
    {"dsse-mismatch-envelope_fail", "log.body"},
    {"dsse-mismatch-sig_fail", "log.body"},
    {"incorrect-public-key_fail", "log.body"},
    {"intoto-missing-inclusion-proof_fail", "bundle.format"},
    {"intoto-set-outside-signing-cert-validity_fail", "certificate.validity"},
    {"intoto-tsa-timestamp-outside-cert-validity_fail", "certificate.validity"},
    {"invalid-checkpoint-signature_fail", "log.checkpoint"},
    {"invalid-ct-key_fail", "certificate.sct"},
    {"invalid-inclusion-proof_fail", "bundle.format"},
    {"message-digest-mismatch_fail", "artifact.digest"},
    {"rekor2-checkpoint-missing-log-signature_fail", "log.checkpoint"},
    {"rekor2-checkpoint-missing-root-hash_fail", "log.checkpoint"},
    {"rekor2-checkpoint-no-matching-signature_fail", "log.checkpoint"},
    {"rekor2-dsse-invalid-sig_fail", "signature"},
    {"rekor2-dsse-mismatch-envelope_fail", "log.body"},
    {"rekor2-dsse-mismatch-sig_fail", "log.body"},
    {"rekor2-no-inclusion-proof_fail", "bundle.format"},
    {"rekor2-timestamp-outside-trust-root-tsa-validity_fail", "timestamp.certificate.trust-window"},
    {"rekor2-timestamp-outside-tsa-cert-validity_fail", "timestamp.certificate.validity"},
    {"rekor2-timestamp-payload-mismatch_fail", "timestamp.imprint"},
    {"rekor2-timestamp-untrusted-tsa-with-embedded-cert_fail", "timestamp.signer"},
    {"rekor2-timestamp-untrusted-tsa-without-embedded-cert_fail", "timestamp.signer"},
    {"rekor2-timestamp-with-incorrect-time_fail", "bundle.format"},
    {"set-invalid-signature_fail", "log.promise"},
    {"signature-mismatch_fail", "signature"},
    {"trust-root-tlog-missing-validity-start_fail", "error"},
    {"wrong-hashedrekord-artifact_fail", "log.body"},
    {"wrong-hashedrekord-cert-and-sig_fail", "log.body"},
    {"wrong-hashedrekord-entry_fail", "log.body"},
};

Result<Verdict<VerifiedContent>> verify_corpus(const Path& folder, const json::Value& one,
                                               bool by_digest, bool embedded) {
  VerifierOptions options;
  const auto key = text_at(one, "key");
  if (!key.empty()) {
    SLUICE_TRY(auto read, crypto::PublicKey::from_pem(test::read_file(folder / key)));
    options.keys.push_back({std::move(read), {}});
  } else {
    IdentityWish wish;
    wish.identity = text_at(one, "certificate_identity");
    wish.issuer = text_at(one, "certificate_oidc_issuer");
    SLUICE_TRY(auto rule, make_identity_rule(wish));
    options.rules.push_back(std::move(rule));
  }
  if (embedded) {
    SLUICE_TRY(options.trust, TrustRoot::embedded(Instance::production));
  } else {
    const Path file = folder / text_at(one, "trusted_root");
    SLUICE_TRY(options.trust, TrustRoot::parse(test::read_file(file), file.filename()));
  }
  VerifyRequest request{.bundle = test::read_file(folder / text_at(one, "bundle")),
                        .bundle_source = "bundle"};
  SLUICE_TRY(const auto digest, crypto::Digest::parse(text_at(one, "artifact_digest")));
  if (by_digest) {
    request.artifact = digest;
  } else {
    request.artifact = folder / text_at(one, "artifact");
  }
  return Verifier(std::move(options)).verify(system_files(), request);
}

TEST(Verifier, JudgesEveryCaseOfThePublicCorpus) {
  const auto folder = test::shared_folder("conformance/sigstore");
  if (!folder) GTEST_SKIP() << "no conformance/sigstore in ../shared (SLUICE_SHARED)";
  const auto cases = json::parse_strict(test::read_file(*folder / "cases.json"));
  ASSERT_TRUE(cases);
  int ran = 0;
  for (const auto& one : *cases->find("cases")->array()) {
    const std::string name = text_at(one, "case");
    SCOPED_TRACE(name);
    const bool pass = text_at(one, "expect") == "pass";
    const auto* by_default = one.find("trusted_root_is_public_good_default");
    for (const bool by_digest : {false, true}) {
      for (const bool embedded : {false, true}) {
        if (embedded && !(by_default != nullptr && by_default->boolean().value_or(false))) continue;
        const auto verdict = verify_corpus(*folder, one, by_digest, embedded);
        const std::string found = outcome_of(verdict);
        const auto due = kCorpusRefusals.find(name);
        ASSERT_EQ(due == kCorpusRefusals.end(), pass);
        EXPECT_EQ(verdict ? found : "error", pass ? "pass" : due->second)
            << found << "\n"
            << (verdict ? rows(verdict->report()) : std::string());
        ++ran;
      }
    }
  }
  EXPECT_GE(ran, 104);
  RecordProperty("runs", ran);
}

}  // namespace
}  // namespace sluice::sigstore
