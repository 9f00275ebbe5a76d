// SPDX-License-Identifier: Apache-2.0
// The certificates, logs' proofs and timestamps inside Sigstore's public conformance bundles: each
// good one passes, and each bad one that this room can know of is refused for its own reason.
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "base/codec.h"
#include "base/text.h"
#include "json/value.h"
#include "support/temp_folder.h"
#include "x509/sct.h"
#include "x509/timestamp.h"

namespace sluice::x509 {
namespace {

using json::Value;

// The first check that fails. What is not listed passes here, also where the bundle is bad for
// another reason.
const std::map<std::string, std::string> kRefusedCases{
    {"bundle-from-wrong-instance_fail", "certificate.chain"},
    {"intoto-set-outside-signing-cert-validity_fail", "certificate.validity"},
    {"intoto-tsa-timestamp-outside-cert-validity_fail", "certificate.validity"},
    {"invalid-ct-key_fail", "certificate.sct"},
    {"rekor2-timestamp-outside-trust-root-tsa-validity_fail", "timestamp.certificate.trust-window"},
    {"rekor2-timestamp-outside-tsa-cert-validity_fail", "timestamp.certificate.validity"},
    {"rekor2-timestamp-payload-mismatch_fail", "timestamp.imprint"},
    {"rekor2-timestamp-untrusted-tsa-with-embedded-cert_fail", "timestamp.signer"},
    {"rekor2-timestamp-untrusted-tsa-without-embedded-cert_fail", "timestamp.signer"},
    {"rekor2-timestamp-with-incorrect-time_fail", "certificate.validity"},
};

const Value& at(const Value& value, std::string_view path) {
  static const Value none;
  const Value* here = &value;
  const auto keys = split(path, '.');
  for (const std::string_view key : keys) {
    here = here->find(key);
    if (here == nullptr) return none;
  }
  return *here;
}

std::string text_at(const Value& value, std::string_view path) {
  const std::string* text = at(value, path).string();
  return text == nullptr ? std::string() : *text;
}

Bytes bytes_at(const Value& value, std::string_view path) {
  std::string text = text_at(value, path);
  // One case has line ends in its base64, and would be refused for that alone.
  std::erase_if(text, [](char c) { return c == ' ' || c == '\n'; });
  return from_base64(text).value_or(Bytes());
}

json::Array list_at(const Value& value, std::string_view path) {
  const json::Array* list = at(value, path).array();
  return list == nullptr ? json::Array{} : *list;
}

Value read_json(const Path& path) {
  return json::parse_strict(test::read_file(path)).value_or(Value());
}

Window window_of(const Value& valid_for) {
  Window out{parse_rfc3339(text_at(valid_for, "start")).value(), {}};
  const auto end = text_at(valid_for, "end");
  if (!end.empty()) out.end = parse_rfc3339(end).value();
  return out;
}

struct Trust {
  std::vector<Authority> issuers;
  std::vector<Authority> stampers;
  std::vector<CtLog> logs;
};

std::vector<Authority> authorities_of(const Value& root, std::string_view key) {
  std::vector<Authority> out;
  for (const Value& one : list_at(root, key)) {
    std::vector<Certificate> chain;
    for (const Value& certificate : list_at(one, "certChain.certificates")) {
      auto read = Certificate::from_der(bytes_at(certificate, "rawBytes"));
      EXPECT_TRUE(read) << read.error().text();
      if (read) chain.push_back(*std::move(read));
    }
    auto authority = Authority::from_chain(std::move(chain), window_of(at(one, "validFor")),
                                           text_at(one, "uri"));
    EXPECT_TRUE(authority) << authority.error().text();
    if (authority) out.push_back(*std::move(authority));
  }
  return out;
}

Trust trust_of(const Path& path) {
  const Value root = read_json(path);
  Trust out{authorities_of(root, "certificateAuthorities"),
            authorities_of(root, "timestampAuthorities"),
            {}};
  for (const Value& log : list_at(root, "ctlogs")) {
    auto key = crypto::PublicKey::from_der(bytes_at(log, "publicKey.rawBytes"));
    // The corpus has keys and windows that are broken on purpose.
    if (!key || text_at(log, "publicKey.validFor.start").empty()) continue;
    out.logs.emplace_back(*std::move(key), window_of(at(log, "publicKey.validFor")),
                          text_at(log, "baseUrl"));
  }
  return out;
}

struct BundleParts {
  std::vector<Certificate> certificates;  // leaf first
  Bytes signature;
  std::vector<Bytes> stamps;
  std::vector<Time> log_times;  // under a log's promise; v1 only
};

std::optional<BundleParts> parts_of(const Value& bundle) {
  const Value& material = at(bundle, "verificationMaterial");
  std::vector<Value> certificates = list_at(material, "x509CertificateChain.certificates");
  if (at(material, "certificate").object() != nullptr) {
    certificates.push_back(at(material, "certificate"));
  }
  if (certificates.empty()) return std::nullopt;
  BundleParts out;
  for (const Value& one : certificates) {
    auto read = Certificate::from_der(bytes_at(one, "rawBytes"));
    EXPECT_TRUE(read) << read.error().text();
    if (!read) return std::nullopt;
    out.certificates.push_back(*std::move(read));
  }
  const auto envelope = list_at(bundle, "dsseEnvelope.signatures");
  out.signature = envelope.empty() ? bytes_at(bundle, "messageSignature.signature")
                                   : bytes_at(envelope.front(), "sig");
  for (const Value& one : list_at(material, "timestampVerificationData.rfc3161Timestamps")) {
    out.stamps.push_back(bytes_at(one, "signedTimestamp"));
  }
  for (const Value& entry : list_at(material, "tlogEntries")) {
    const std::string seconds = text_at(entry, "integratedTime");
    if (at(entry, "inclusionPromise").object() == nullptr || seconds.empty()) continue;
    out.log_times.emplace_back(std::chrono::seconds(std::stoll(seconds)));
  }
  return out;
}

struct Counts {
  int bundles = 0, chains = 0, proofs = 0, stamps = 0;
};

// The id of the first check that fails, or "pass".
std::string first_failure(const BundleParts& parts, const Trust& trust, Counts& counts,
                          Check& failed) {
  std::vector<Time> times = parts.log_times;
  for (const Bytes& der : parts.stamps) {
    const auto stamp = Timestamp::from_reply(der);
    if (!stamp) return stamp.error().text();
    const auto verified = verify_timestamp(*stamp, parts.signature, trust.stampers);
    if (!verified) return (failed = verified.error()).id;
    ++counts.stamps;
    times.push_back(verified->time);
  }
  const auto chain =
      verify_chain(parts.certificates.front(), std::span(parts.certificates).subspan(1),
                   trust.issuers, times, kCodeSigning);
  if (!chain) return (failed = chain.error()).id;
  ++counts.chains;
  const auto proofs = verify_embedded_scts(*chain, trust.logs, 1);
  if (!proofs) return (failed = proofs.error()).id;
  ++counts.proofs;
  return "pass";
}

TEST(SigstoreCases, EveryChainProofAndTimestampIsJudgedRightly) {
  const auto folder = test::shared_folder("conformance/sigstore");
  if (!folder) GTEST_SKIP() << "no conformance/sigstore in ../shared (SLUICE_SHARED)";
  Counts counts;
  std::set<std::string> refused;
  for (const Value& one : list_at(read_json(*folder / "cases.json"), "cases")) {
    const std::string name = text_at(one, "case");
    SCOPED_TRACE(name);
    const Value bundle = read_json(*folder / text_at(one, "bundle"));
    const auto parts = parts_of(bundle);
    if (!parts) continue;  // signed with a key, without certificates, or no JSON
    ++counts.bundles;
    const Trust trust = trust_of(*folder / text_at(one, "trusted_root"));
    const auto due = kRefusedCases.find(name);
    Check failed;
    const std::string found = first_failure(*parts, trust, counts, failed);
    EXPECT_EQ(found, due == kRefusedCases.end() ? "pass" : due->second)
        << failed.detail << " | " << failed.expected << " | " << failed.found << " | "
        << failed.source;
    if (found != "pass") refused.insert(name);
  }
  EXPECT_EQ(refused.size(), kRefusedCases.size());
  EXPECT_GE(counts.bundles, 49);
  EXPECT_GE(counts.chains, 40);
  EXPECT_GE(counts.proofs, 39);
  EXPECT_GE(counts.stamps, 15);
  RecordProperty("bundles", counts.bundles);
}

TEST(SigstoreCases, ThePublicGoodAuthoritiesAreAsPublished) {
  const auto folder = test::shared_folder("conformance/sigstore/trust");
  if (!folder) GTEST_SKIP() << "no conformance/sigstore in ../shared (SLUICE_SHARED)";
  for (const char* instance : {"production", "staging"}) {
    const Trust trust = trust_of(*folder / instance / "trusted_root.json");
    EXPECT_GE(trust.issuers.size(), 1U) << instance;
    EXPECT_GE(trust.logs.size(), 2U) << instance;
    ASSERT_GE(trust.stampers.size(), 1U) << instance;
    EXPECT_NE(trust.stampers.front().service(), nullptr) << instance;
  }
}

}  // namespace
}  // namespace sluice::x509
