// SPDX-License-Identifier: Apache-2.0
// The trusted roots of Sigstore's public conformance suite, and what follows from them for the
// bundles beside them.
#include <gtest/gtest.h>

#include <map>

#include "base/codec.h"
#include "base/text.h"
#include "json/value.h"
#include "sigstore/trust_root.h"
#include "support/temp_folder.h"

namespace sluice::sigstore {
namespace {

const json::Value& member_at(const json::Value& value, std::string_view path) {
  static const json::Value none;
  const json::Value* here = &value;
  const auto keys = split(path, '.');
  for (const std::string_view key : keys) {
    here = here->find(key);
    if (here == nullptr) return none;
  }
  return *here;
}

std::string text_in(const json::Value& value, std::string_view path) {
  const std::string* text = member_at(value, path).string();
  return text == nullptr ? std::string() : *text;
}

json::Value document(const Path& path) {
  return json::parse_strict(test::read_file(path)).value_or(json::Value());
}

// Signature, certificate and timestamps of a bundle.
struct Parts {
  std::optional<x509::Certificate> leaf;
  Bytes signature;
  std::optional<x509::Timestamp> stamp;
  std::vector<Time> times;
};

Parts parts_of(const json::Value& bundle) {
  Parts out;
  out.signature = from_base64(text_in(bundle, "messageSignature.signature")).value_or(Bytes());
  const auto& material = member_at(bundle, "verificationMaterial");
  std::string der = text_in(material, "certificate.rawBytes");
  if (const auto* chain = member_at(material, "x509CertificateChain.certificates").array()) {
    der = text_in(chain->front(), "rawBytes");
  }
  if (auto leaf = x509::Certificate::from_der(from_base64(der).value_or(Bytes()))) {
    out.leaf = *std::move(leaf);
    out.times = {(*out.leaf)->validity.not_before};
  }
  if (const auto* stamps =
          member_at(material, "timestampVerificationData.rfc3161Timestamps").array()) {
    const Bytes reply = from_base64(text_in(stamps->front(), "signedTimestamp")).value_or(Bytes());
    if (auto stamp = x509::Timestamp::from_reply(reply)) out.stamp = *std::move(stamp);
  }
  return out;
}

class TrustCases : public testing::Test {
 protected:
  void SetUp() override {
    const auto found = test::shared_folder("conformance/sigstore");
    if (!found) GTEST_SKIP() << "no conformance/sigstore in ../shared (SLUICE_SHARED)";
    folder_ = *found;
  }
  Result<TrustRoot> root_of(std::string_view name) const {
    return trust_file(system_files(), folder_ / "bundle-verify" / name / "trusted_root.json")
        ->trust_root();
  }
  Parts bundle_of(std::string_view name) const {
    return parts_of(document(folder_ / "bundle-verify" / name / "bundle.sigstore.json"));
  }
  Path folder_;
};

TEST_F(TrustCases, EveryTrustedRootIsReadWholeButTheOneWithoutAStart) {
  int read = 0;
  const auto files = walk(system_files(), folder_).value();
  for (const Path& path : files) {
    if (path.filename() != "trusted_root.json") continue;
    SCOPED_TRACE(path.string());
    const auto root = trust_file(system_files(), path)->trust_root();
    if (path.string().find("missing-validity-start_fail") != std::string::npos) {
      ASSERT_FALSE(root);
      EXPECT_EQ(root.error().code, Errc::malformed);
      EXPECT_NE(root.error().text().find("tlogs[1].publicKey.validFor has no start"),
                std::string::npos)
          << root.error().text();
      continue;
    }
    ASSERT_TRUE(root) << root.error().text();
    EXPECT_TRUE(root->prove()) << root->prove().error().text();
    EXPECT_TRUE(root->unknown_members().empty());
    for (const TrustEntry& one : root->entries()) {
      EXPECT_FALSE(one.unusable) << one.url << ": " << one.unusable->text();
    }
    ++read;
  }
  EXPECT_GE(read, 29);
}

TEST_F(TrustCases, ACertificateLogOfAnotherInstanceIsNotTrusted) {
  const auto root = root_of("invalid-ct-key_fail").value();
  const Parts bundle = bundle_of("invalid-ct-key_fail");
  const auto issuers = root.issuers_for(*bundle.leaf, {}).value();
  const auto chain =
      x509::verify_chain(*bundle.leaf, {}, issuers, bundle.times, x509::kCodeSigning);
  ASSERT_TRUE(chain);
  const auto logs = root.ct_logs_for(*bundle.leaf).value();
  const auto proofs = x509::verify_embedded_scts(*chain, logs, 1);
  ASSERT_FALSE(proofs);
  EXPECT_EQ(proofs.error().detail, "a log that is not trusted here has seen the certificate");
  EXPECT_NE(proofs.error().expected.find("ctfe.sigstage.dev"), std::string::npos);
  // The same leaf under the production instance, whose log it names.
  const auto good = trust_file(system_files(), folder_ / "trust/production/trusted_root.json")
                        ->trust_root()
                        .value();
  const auto found = good.ct_logs_for(*bundle.leaf).value();
  EXPECT_EQ(found.size(), 1U);
  EXPECT_TRUE(x509::verify_embedded_scts(*chain, found, 1));
}

TEST_F(TrustCases, TimestampsAreRefusedForTheirOwnReasons) {
  const std::map<std::string, std::string> due{
      {"rekor2-timestamp-with-embedded-cert", ""},
      {"rekor2-timestamp-without-embedded-cert", ""},
      {"rekor2-timestamp-outside-trust-root-tsa-validity_fail",
       "timestamp.certificate.trust-window"},
      {"rekor2-timestamp-untrusted-tsa-with-embedded-cert_fail", "timestamp.signer"},
      {"rekor2-timestamp-untrusted-tsa-without-embedded-cert_fail", "timestamp.signer"}};
  for (const auto& [name, id] : due) {
    SCOPED_TRACE(name);
    const Parts bundle = bundle_of(name);
    ASSERT_TRUE(bundle.stamp);
    const auto stampers = root_of(name)->stampers_for(*bundle.stamp);
    ASSERT_TRUE(stampers) << stampers.error().text();
    const auto verified = x509::verify_timestamp(*bundle.stamp, bundle.signature, *stampers);
    EXPECT_EQ(verified ? std::string() : verified.error().id, id);
  }
}

TEST_F(TrustCases, TheEndOfALogsTimeBelongsToIt) {
  const auto root = root_of("trust-root-tlog-validity-end-inclusive").value();
  const json::Value bundle = document(
      folder_ / "bundle-verify/trust-root-tlog-validity-end-inclusive/bundle.sigstore.json");
  const json::Value entry = member_at(bundle, "verificationMaterial.tlogEntries").array()->front();
  const auto logs = root.logs_with_id(from_base64(text_in(entry, "logId.keyId")).value());
  ASSERT_EQ(logs->size(), 1U);
  const Time signed_at{std::chrono::seconds(std::stoll(text_in(entry, "integratedTime")))};
  EXPECT_EQ(logs->front().window.end, signed_at);
  EXPECT_TRUE(logs->front().window.contains(signed_at));
  EXPECT_FALSE(logs->front().window.contains(signed_at + std::chrono::seconds(1)));
}

}  // namespace
}  // namespace sluice::sigstore
