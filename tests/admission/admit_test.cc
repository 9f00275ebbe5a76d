// SPDX-License-Identifier: Apache-2.0
#include "admission/admit.h"

#include <gtest/gtest.h>

#include "admission/builders.h"
#include "base/codec.h"
#include "json/value.h"

namespace sluice {
namespace {

using admission::Admission;
using admission::Evidence;
using admission::Moment;
using admission::Reason;
using admission::Revocations;
using admission::Rules;
using test::container;
using test::Gate;
using test::image;
using test::kNow;
using test::pod;
using test::pod_spec;
using namespace std::chrono_literals;

class Admit : public testing::Test {
 protected:
  admission::Review review_of(const std::vector<std::string>& images) const {
    std::vector<std::string> containers;
    for (const auto& each : images)
      containers.push_back(container(cat("c", containers.size()), each));
    return *admission::parse_review(test::review({.object = pod(pod_spec(containers))}));
  }
  Admission admit(const std::vector<std::string>& images, const Evidence& evidence) const {
    return admission::admit(review_of(images), rules_, gate_.trust(revoked_), evidence,
                            {.now = now_});
  }
  Reason reason(const Evidence& evidence) const { return admit({image("web")}, evidence).reason; }
  Evidence decided(test::WantedDecision want = {}) const {
    want.images = {"web"};
    return test::evidence_of({gate_.bundle(want)});
  }

  Gate gate_;
  Rules rules_{.environment = "production"};
  Revocations revoked_;
  Time now_ = kNow;
};

TEST_F(Admit, AnImageWithADecisionThatPassedMayRun) {
  const auto admission = admit({image("web")}, decided());
  EXPECT_TRUE(admission.allowed);
  EXPECT_EQ(admission.reason, Reason::admitted);
  EXPECT_EQ(admission.environment, "production");
  EXPECT_EQ(admission.images.at(0).decision, "id-1");
}

TEST_F(Admit, WithoutEvidenceNothingRuns) {
  EXPECT_EQ(reason({}), Reason::no_evidence);
  EXPECT_EQ(reason(test::evidence_of({gate_.bundle({.images = {"other"}})})), Reason::no_evidence);
}

TEST_F(Admit, EachImageNeedsOne) {
  const auto evidence = test::evidence_of({gate_.bundle({.images = {"web", "init"}})});
  EXPECT_TRUE(admit({image("web"), image("init")}, evidence).allowed);
  const auto admission = admit({image("web"), image("sidecar"), image("init")}, evidence);
  EXPECT_FALSE(admission.allowed);
  EXPECT_EQ(admission.reason, Reason::no_evidence);
  ASSERT_EQ(admission.images.size(), 3U);
  EXPECT_EQ(admission.images[0].reason, Reason::admitted);
  EXPECT_EQ(admission.images[1].reason, Reason::no_evidence);
  EXPECT_EQ(admission.images[2].reason, Reason::admitted);
}

TEST_F(Admit, ATagAloneIsRefusedAndBesideADigestItSaysNothing) {
  const auto with = [&](const std::string& text) { return admit({text}, decided()).reason; };
  EXPECT_EQ(with("registry.example/web:1"), Reason::not_pinned);
  EXPECT_EQ(with("registry.example/web"), Reason::not_pinned);
  EXPECT_EQ(with("registry.example/web:1@" + test::digest_of("web").text()), Reason::admitted);
  EXPECT_EQ(with(""), Reason::bad_reference);
  EXPECT_EQ(with("registry.example/Web@" + test::digest_of("web").text()), Reason::bad_reference);
}

TEST_F(Admit, AForeignKeyProvesNothing) {
  const Gate other;
  const auto evidence =
      test::evidence_of({other.bundle({.images = {"web"}, .policy = gate_.policy_text()})});
  EXPECT_EQ(reason(evidence), Reason::not_verified);
}

TEST_F(Admit, AnAlteredDecisionProvesNothing) {
  std::string statement = gate_.statement({.images = {"web"}, .risk = policy::Level::high});
  auto value = *json::parse_strict(gate_.sign(statement));
  // The payload of an approval under the signature of a block.
  const auto approved = *json::parse_strict(gate_.bundle({.images = {"web"}}));
  auto& envelope = const_cast<json::Value&>(*value.find("dsseEnvelope"));
  envelope.set("payload", *approved.find("dsseEnvelope")->find("payload"));
  const auto bundle = admission::Bundle::read("altered", json::write(value));
  ASSERT_TRUE(bundle);
  EXPECT_EQ(reason(test::evidence_of({json::write(value)})), Reason::not_verified);
}

TEST_F(Admit, AnotherPredicateIsNoDecision) {
  const std::string statement = cat(
      R"({"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"web","digest":{"sha256":")",
      test::digest_of("web").hex(),
      R"("}}],"predicateType":"https://slsa.dev/provenance/v1","predicate":{}})");
  EXPECT_EQ(reason(test::evidence_of({gate_.sign(statement)})), Reason::no_evidence);
}

TEST_F(Admit, ADecisionCountsForItsEnvironment) {
  EXPECT_EQ(reason(decided({.environment = "staging"})), Reason::other_environment);
  rules_.environment = "staging";
  EXPECT_EQ(reason(decided({.environment = "staging"})), Reason::admitted);
}

TEST_F(Admit, AKeyCountsForItsEnvironments) {
  const Gate other;
  auto trust = gate_.trust();
  trust.signatories["production"].clear();
  const auto admission =
      admission::admit(review_of({image("web")}), rules_, trust, decided(), {.now = now_});
  EXPECT_EQ(admission.reason, Reason::not_verified);
}

TEST_F(Admit, ABlockAndADelayDoNotAdmit) {
  EXPECT_EQ(reason(decided({.risk = policy::Level::high})), Reason::not_passed);
}

TEST_F(Admit, AnEarlierApprovalStillHoldsAndTheBlockIsTold) {
  const auto evidence = test::evidence_of(
      {gate_.bundle({.images = {"web"}, .at = kNow - 20min}),
       gate_.bundle({.images = {"web"}, .risk = policy::Level::high, .at = kNow - 10min})});
  const auto admission = admit({image("web")}, evidence);
  EXPECT_TRUE(admission.allowed);
  ASSERT_EQ(admission.warnings.size(), 1U);
  EXPECT_NE(admission.warnings[0].find("says block"), std::string::npos) << admission.warnings[0];
}

TEST_F(Admit, AgeIsLookedAtEachTime) {
  const auto evidence = decided({.at = kNow});  // holds for an hour
  const auto at = [&](std::chrono::seconds later) {
    now_ = kNow + later;
    return reason(evidence);
  };
  EXPECT_EQ(at(0s), Reason::admitted);
  EXPECT_EQ(at(1h), Reason::admitted);
  EXPECT_EQ(at(1h + 1s), Reason::too_old);
  EXPECT_EQ(at(-60s), Reason::admitted);
  EXPECT_EQ(at(-61s), Reason::from_future);
}

TEST_F(Admit, ThePolicyOfTheServerBoundsTheAgeAsWell) {
  const std::string lenient = gate_.policy_text().replace(gate_.policy_text().find("signals:"), 0,
                                                          "decision: {max_age: 2d}\n");
  rules_.any_policy = true;
  EXPECT_EQ(reason(decided({.at = kNow - 2h, .policy = lenient})), Reason::too_old);
  EXPECT_EQ(reason(decided({.at = kNow - 59min, .policy = lenient})), Reason::admitted);
}

TEST_F(Admit, ADecisionByAnotherPolicyCountsOnlyWhereThatIsSaid) {
  const std::string other = gate_.policy_text() + "# another\n";
  EXPECT_EQ(reason(decided({.policy = other})), Reason::other_policy);
  rules_.any_policy = true;
  EXPECT_EQ(reason(decided({.policy = other})), Reason::admitted);
}

TEST_F(Admit, ADecisionOfAnotherGateDoesNotCount) {
  std::string other = gate_.policy_text();
  other.replace(other.find("example.org/web"), 15, "example.org/tool");
  rules_.any_policy = true;
  EXPECT_EQ(reason(decided({.policy = other})), Reason::other_verifier);
}

TEST_F(Admit, ADecisionIsAboutOneRepository) {
  EXPECT_EQ(reason(decided({.resource = "oci://registry.example/web"})), Reason::admitted);
  EXPECT_EQ(reason(decided({.resource = "registry.example/web:1.2"})), Reason::admitted);
  EXPECT_EQ(reason(decided({.resource = test::digest_of("web").text()})), Reason::admitted);
  EXPECT_EQ(reason(decided({.resource = "registry.example/other"})), Reason::other_resource);
  EXPECT_EQ(reason(decided({.resource = test::digest_of("other").text()})), Reason::other_resource);
}

TEST_F(Admit, WhatIsRevokedCountsNoMoreAtOnce) {
  const auto evidence = decided();
  EXPECT_EQ(reason(evidence), Reason::admitted);
  revoked_ = {.images = {test::digest_of("web").text()}};
  EXPECT_EQ(reason(evidence), Reason::image_revoked);
  revoked_ = {.keys = {gate_.fingerprint()}};
  EXPECT_EQ(reason(evidence), Reason::revoked);
  revoked_ = {.decisions = {"id-1"}};
  EXPECT_EQ(reason(evidence), Reason::revoked);
  revoked_ = {};
  EXPECT_EQ(reason(evidence), Reason::admitted);
}

TEST_F(Admit, ASignatureIsVerifiedOnceForEachKeyAndImage) {
  const auto evidence = decided();
  EXPECT_EQ(admit({image("web")}, evidence).verified, 1U);
  const auto again = admit({image("web")}, evidence);
  EXPECT_EQ(again.verified, 0U);
  EXPECT_EQ(again.remembered, 1U);
  const Gate other;  // a refusal is remembered as well
  const auto foreign = test::evidence_of({other.bundle({.images = {"web"}})});
  EXPECT_EQ(admit({image("web")}, foreign).verified, 1U);
  EXPECT_EQ(admit({image("web")}, foreign).remembered, 1U);
  EXPECT_EQ(reason(foreign), Reason::not_verified);
}

TEST_F(Admit, OneImageInManyContainersIsLookedAtOnce) {
  const std::vector<std::string> images(1000, image("web"));
  const auto admission = admit(images, decided());
  EXPECT_TRUE(admission.allowed);
  EXPECT_EQ(admission.images.size(), 1000U);
  EXPECT_EQ(admission.verified + admission.remembered, 1U);
}

TEST_F(Admit, NamespacesHaveEnvironments) {
  const auto in = [&](Rules rules) {
    return admission::admit(review_of({image("web")}), rules, gate_.trust(), decided(),
                            {.now = now_})
        .reason;
  };
  EXPECT_EQ(in({.environment = "production"}), Reason::admitted);
  EXPECT_EQ(in({.namespaces = {{"shop", "production"}}}), Reason::admitted);
  EXPECT_EQ(in({.environment = "production", .namespaces = {{"shop", "staging"}}}),
            Reason::other_environment);
  EXPECT_EQ(in({.namespaces = {{"other", "production"}}}), Reason::no_environment);
  EXPECT_EQ(in({.environment = "unheard-of"}), Reason::no_environment);
  EXPECT_EQ(in({.exempt = {"shop"}}), Reason::exempt);
  EXPECT_EQ(in({.exempt = {"sho"}}), Reason::no_environment);
}

TEST_F(Admit, WhatIsLeftWhenTimeIsOverIsRefused) {
  int asked = 0;
  const Moment moment{now_, [&] { return ++asked > 3; }};
  const auto evidence = test::evidence_of({gate_.bundle({.images = {"a", "b", "c"}})});
  const auto admission = admission::admit(review_of({image("a"), image("b"), image("c")}), rules_,
                                          gate_.trust(), evidence, moment);
  EXPECT_FALSE(admission.allowed);
  EXPECT_EQ(admission.reason, Reason::out_of_time);
  EXPECT_EQ(admission.images[0].reason, Reason::admitted);
}

TEST_F(Admit, NothingThatTheObjectSaysOfItselfCounts) {
  const auto object =
      pod(pod_spec({container("a", image("web"))}),
          R"({"annotations":{"sluice/admitted":"true","skip":"true"},)"
          R"("ownerReferences":[{"kind":"ReplicaSet","name":"web","controller":true}],)"
          R"("deletionTimestamp":"2026-11-20T15:00:00Z"})");
  for (const auto* operation : {"CREATE", "UPDATE"}) {
    const auto review =
        *admission::parse_review(test::review({.operation = operation, .object = object}));
    EXPECT_EQ(admission::admit(review, rules_, gate_.trust(), {}, {.now = now_}).reason,
              Reason::no_evidence);
  }
}

// ---- what is answered ----

json::Value answered(const admission::Review& review, const Admission& admission) {
  const auto value = json::parse_strict(admission::answer_of(review, admission));
  EXPECT_TRUE(value);
  EXPECT_EQ(*value->find("kind")->string(), "AdmissionReview");
  EXPECT_EQ(*value->find("apiVersion")->string(), "admission.k8s.io/v1");
  return *value->find("response");
}

TEST_F(Admit, TheAnswerNamesImageReasonAndWhatToDo) {
  const auto review = review_of({image("web"), "registry.example/tool:1"});
  const auto admission = admission::admit(review, rules_, gate_.trust(), {}, {.now = now_});
  const auto response = answered(review, admission);
  EXPECT_EQ(*response.find("uid")->string(), "u-1");
  EXPECT_EQ(*response.find("allowed")->boolean(), false);
  EXPECT_EQ(response.find("status")->find("code")->integer(), 403);
  const std::string message = *response.find("status")->find("message")->string();
  EXPECT_TRUE(message.starts_with(
      "sluice: Pod shop/web may not run in production: 2 of 2 images are refused\n"))
      << message;
  EXPECT_NE(message.find("containers \"c0\": " + image("web")), std::string::npos) << message;
  EXPECT_NE(message.find("sluice gate check --env production --resource registry.example/web "
                         "--digest " +
                         test::digest_of("web").text()),
            std::string::npos)
      << message;
  EXPECT_NE(message.find("containers \"c1\": registry.example/tool:1: it is not pinned"),
            std::string::npos)
      << message;
}

TEST_F(Admit, TheAnswerHasABound) {
  const std::vector<std::string> images(1000, std::string(4000, 'x') + "\x1b[31m");
  const auto review = review_of({"a"});
  auto many = review;
  many.images.clear();
  for (int i = 0; i < 1000; ++i)
    many.images.push_back({"containers", std::string(900, 'n'), images[0]});
  const auto admission = admission::admit(many, rules_, gate_.trust(), {}, {.now = now_});
  const auto response = answered(many, admission);
  const std::string message = *response.find("status")->find("message")->string();
  EXPECT_LT(message.size(), 32U << 10);
  EXPECT_EQ(message.find('\x1b'), std::string::npos);
  EXPECT_NE(message.find("and 980 more"), std::string::npos);
}

TEST_F(Admit, AnApprovalNamesItsDecisionForTheAuditLog) {
  const auto review = review_of({image("web")});
  const auto admission = admission::admit(review, rules_, gate_.trust(), decided(), {.now = now_});
  const auto response = answered(review, admission);
  EXPECT_EQ(*response.find("allowed")->boolean(), true);
  EXPECT_EQ(response.find("status"), nullptr);
  EXPECT_EQ(*response.find("auditAnnotations")->find("decisions")->string(), "id-1");
}

TEST(AdmissionReason, EachHasACodeOfItsOwn) {
  std::set<std::string_view> codes;
  for (int i = 0; i <= static_cast<int>(Reason::revoked); ++i) {
    codes.insert(admission::code(static_cast<Reason>(i)));
  }
  EXPECT_EQ(codes.size(), static_cast<std::size_t>(Reason::revoked) + 1);
  EXPECT_TRUE(admission::allows(Reason::admitted));
  EXPECT_FALSE(admission::allows(Reason::unreadable));
}

TEST(Revocations, AreReadStrictly) {
  const std::string digest = "sha256:" + std::string(64, 'a');
  const auto head = std::string("apiVersion: sluice/v1\nkind: Revocations\n");
  const auto read = admission::parse_revocations(
      cat(head, "keys: [\"", digest, "\"]\nimages: [\"", digest, "\"]\ndecisions: [id-1]\n"), "r");
  ASSERT_TRUE(read) << read.error().text();
  EXPECT_TRUE(read->keys.contains(digest));
  EXPECT_TRUE(read->images.contains(digest));
  EXPECT_TRUE(read->decisions.contains("id-1"));
  EXPECT_TRUE(admission::parse_revocations(head, "r"));
  EXPECT_FALSE(admission::parse_revocations("", "r"));
  EXPECT_FALSE(admission::parse_revocations(head + "key: [x]\n", "r"));
  EXPECT_FALSE(admission::parse_revocations(head + "keys: [web]\n", "r"));
  EXPECT_FALSE(admission::parse_revocations("apiVersion: sluice/v2\nkind: Revocations\n", "r"));
}

}  // namespace
}  // namespace sluice
