// SPDX-License-Identifier: Apache-2.0
// Reviews, keys and signed decisions for the tests of this room.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "admission/admit.h"
#include "base/text.h"
#include "gate/record.h"
#include "sigstore/verify_key.h"

namespace sluice::test {

inline const Time kNow = *parse_rfc3339("2026-11-20T15:00:00Z");

inline crypto::Digest digest_of(std::string_view content) {
  return crypto::digest_of(crypto::HashAlgorithm::sha256, bytes_of(content));
}
// "registry.example/NAME@sha256:…", the digest being that of the name.
inline std::string image(std::string_view name) {
  return cat("registry.example/", name, "@", digest_of(name).text());
}

// ---- reviews ----

inline std::string container(std::string_view name, std::string_view image) {
  return cat(R"({"name":")", name, R"(","image":")", image, R"(","resources":{}})");
}
inline std::string pod_spec(const std::vector<std::string>& containers,
                            std::string_view more = "") {
  return cat(R"({"containers":[)", join(containers, ","), "]", more, "}");
}

struct WantedReview {
  std::string group = "";
  std::string kind = "Pod";
  std::string operation = "CREATE";
  std::string object = "null";
  std::string old_object = "null";
  std::string more = "";  // members of the request, each with its comma
  std::string name_space = "shop";
};

inline std::string review(const WantedReview& want) {
  return cat(
      R"({"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":"u-1",)",
      R"("kind":{"group":")", want.group, R"(","version":"v1","kind":")", want.kind, R"("},)",
      want.more, R"("name":"web","namespace":")", want.name_space, R"(","operation":")",
      want.operation, R"(","userInfo":{"username":"dev"},"object":)", want.object,
      R"(,"oldObject":)", want.old_object, R"(,"dryRun":false,"options":null}})");
}

inline std::string pod(std::string_view spec, std::string_view metadata = R"({"name":"web"})") {
  return cat(R"({"apiVersion":"v1","kind":"Pod","metadata":)", metadata, R"(,"spec":)", spec,
             R"(,"status":{"phase":"Pending"}})");
}

// ---- trust and evidence ----

struct WantedDecision {
  std::vector<std::string> images = {};  // names, as in image()
  std::string environment = "production";
  policy::Level risk = policy::Level::low;
  Time at = kNow - std::chrono::minutes(10);
  std::string resource = "";
  std::string policy = "";  // another text than the gate's own
};

// A gate with a key of its own, and the policy that trusts it.
class Gate {
 public:
  Gate() : key_(*crypto::PrivateKey::generate(crypto::KeyType::ecdsa_p256)) {}

  std::string policy_text() const {
    std::string pem = key_.public_key().pem();
    std::string indented;
    for (const auto line : split(trim(pem), '\n')) indented += cat("      ", line, "\n");
    return cat(
        "apiVersion: sluice/v1\nkind: Policy\nverifier: https://gate.example.org/web\n"
        "signals:\n  risk: {asserted: accept}\n"
        "environments:\n  production: {signals: [risk]}\n  staging: {signals: [risk]}\n"
        "keys:\n  - name: gate\n    pem: |\n",
        indented);
  }
  policy::Policy policy() const { return *policy::parse(policy_text(), "sluice.yaml"); }
  const crypto::PrivateKey& key() const { return key_; }
  std::string fingerprint() const { return key_.public_key().fingerprint().text(); }

  admission::Trust trust(admission::Revocations revoked = {}) const {
    return *admission::make_trust(policy(), std::move(revoked), [](const std::string&) {
      return fail(Errc::not_found, "there are no key files here");
    });
  }

  gate::Record record(const WantedDecision& want) const {
    gate::Inputs inputs{
        .policy = *policy::parse(want.policy.empty() ? policy_text() : want.policy, "sluice.yaml")};
    inputs.environment = want.environment;
    inputs.now = want.at;
    for (const auto& each : want.images) inputs.subjects.push_back({each, digest_of(each)});
    inputs.signals = {{.id = "risk", .value = want.risk, .source = "git", .observed_at = want.at}};
    return *gate::judge(std::move(inputs), cat("id-", ++count_), "sluice 0.1.0");
  }

  // The text of a bundle, as `sluice gate check --bundle` writes it.
  std::string bundle(const WantedDecision& want) const { return sign(statement(want)); }
  std::string statement(const WantedDecision& want) const {
    return *gate::statement_of(record(want), want.resource);
  }
  std::string sign(std::string_view statement) const {
    return *sigstore::sign_payload(MediaType(std::string(dsse::kInTotoPayload)),
                                   bytes_of(statement), key_);
  }

 private:
  crypto::PrivateKey key_;
  mutable int count_ = 0;
};

inline admission::Evidence evidence_of(const std::vector<std::string>& bundles) {
  admission::Evidence out;
  for (const auto& text : bundles) {
    const auto bundle = admission::Bundle::read(cat("bundle-", out.bundles++), text);
    if (!bundle) continue;
    for (const auto& claim : (*bundle)->claims()) {
      auto& list = out.by_image[claim];
      list.insert(list.begin(), *bundle);
    }
  }
  return out;
}

}  // namespace sluice::test
