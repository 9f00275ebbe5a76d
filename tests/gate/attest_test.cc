// SPDX-License-Identifier: Apache-2.0
// Decisions as VSAs: what passes, what fails, what is never made.
#include "gate/attest.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "gate/builders.h"

namespace sluice {
namespace {

using gate::Health;
using gate::Verdict;
using policy::Level;

gate::Record signable() {
  return test::record({test::risk(Level::low), test::health(Health::healthy), test::carbon(100)});
}
gate::Record with_health(Health health) {
  return test::record({test::risk(Level::medium), test::health(health), test::carbon(100)});
}

std::string statement(const gate::Record& record) {
  const auto text = gate::statement_of(record, "registry.example/web");
  EXPECT_TRUE(text) << text.error().text();
  return text.value_or("");
}

Result<gate::SignedDecision> read(std::string_view text) {
  SLUICE_TRY(const auto parsed, dsse::parse_statement(bytes_of(text)));
  return gate::read_decision(parsed);
}

Result<gate::SignedDecision> read_changed(std::string text, std::string_view from,
                                          std::string_view to) {
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from << " is not in " << text;
  return read(text.replace(at, from.size(), to));
}

TEST(Attest, AnApprovalIsPassedAndSaysHowLong) {
  const auto decision = read(statement(signable()));
  ASSERT_TRUE(decision) << decision.error().text();
  EXPECT_EQ(decision->vsa.result, evidence::VsaResult::passed);
  EXPECT_EQ(decision->vsa.verified_levels, std::vector<std::string>{"SLUICE_GATE_APPROVED"});
  EXPECT_EQ(decision->vsa.verifier_id, "https://gate.example.org/web");
  EXPECT_EQ(decision->vsa.resource_uri, "registry.example/web");
  EXPECT_EQ(decision->vsa.time_verified, test::kNow);
  EXPECT_EQ(decision->vsa.slsa_version, "1.1");
  EXPECT_EQ(decision->vsa.policy.uri, "file:sluice.yaml");
  EXPECT_EQ(decision->vsa.policy.digest.at(0).second, signable().inputs.policy.digest.hex());
  EXPECT_EQ(decision->verdict, Verdict::approve);
  EXPECT_EQ(decision->environment, "production");
  EXPECT_EQ(decision->valid_until, test::kNow + std::chrono::hours(1));
  EXPECT_EQ(decision->inputs_digest, signable().inputs_digest);
}

TEST(Attest, ConditionsPassAndAreNamed) {
  const auto decision = read(statement(with_health(Health::healthy)));
  ASSERT_TRUE(decision) << decision.error().text();
  EXPECT_EQ(decision->vsa.result, evidence::VsaResult::passed);
  ASSERT_EQ(decision->conditions.size(), 1U);
  EXPECT_EQ(decision->conditions[0].code, "risk.condition");
}

TEST(Attest, ADelayAndABlockAreFailed) {
  const auto delay = read(statement(with_health(Health::incident)));
  ASSERT_TRUE(delay) << delay.error().text();
  EXPECT_EQ(delay->vsa.result, evidence::VsaResult::failed);
  EXPECT_EQ(delay->vsa.verified_levels, std::vector<std::string>{"FAILED"});
  EXPECT_EQ(delay->verdict, Verdict::delay);
  EXPECT_EQ(delay->retry_after, test::kNow + std::chrono::minutes(15));
  const auto block = read(statement(test::record({test::risk(Level::high)})));
  ASSERT_TRUE(block) << block.error().text();
  EXPECT_EQ(block->vsa.result, evidence::VsaResult::failed);
  EXPECT_EQ(block->reasons, std::vector<std::string>{"risk.block"});
  EXPECT_EQ(block->valid_until, std::nullopt);
}

TEST(Attest, WhatMustNotBeSignedIsNotMade) {
  const auto refused = [](const auto& change) {
    gate::Record record = signable();
    change(record);
    const auto text = gate::statement_of(record, "");
    return !text && text.error().code == Errc::denied;
  };
  EXPECT_FALSE(refused([](gate::Record&) {}));
  EXPECT_TRUE(refused([](gate::Record& r) { r.decision.verdict = Verdict::undecided; }));
  EXPECT_TRUE(refused([](gate::Record& r) { r.inputs.origin = gate::PolicyOrigin::builtin; }));
  EXPECT_TRUE(refused([](gate::Record& r) { r.inputs.policy.verifier.clear(); }));
  EXPECT_TRUE(refused([](gate::Record& r) { r.inputs.subjects.clear(); }));
}

TEST(Attest, SpeaksOfEachArtifact) {
  gate::Record record = signable();
  record.inputs.subjects.push_back(
      {"", crypto::digest_of(crypto::HashAlgorithm::sha512, bytes_of("other"))});
  const auto parsed = dsse::parse_statement(bytes_of(*gate::statement_of(record, "")));
  ASSERT_TRUE(parsed);
  ASSERT_EQ(parsed->subjects.size(), 2U);
  EXPECT_EQ(parsed->subjects[1].digests.at(0).first, "sha512");
  EXPECT_EQ(gate::read_decision(*parsed)->vsa.resource_uri,
            record.inputs.subjects[0].digest.text());
}

TEST(Attest, AContradictionIsRefused) {
  const std::string passed = statement(signable());
  const std::string failed = statement(test::record({test::risk(Level::high)}));
  EXPECT_FALSE(read_changed(passed, "\"verdict\":\"approve\"", "\"verdict\":\"block\""));
  EXPECT_FALSE(read_changed(passed, "\"verdict\":\"approve\"", "\"verdict\":\"undecided\""));
  EXPECT_FALSE(read_changed(failed, "\"verdict\":\"block\"", "\"verdict\":\"approve\""));
  EXPECT_FALSE(read_changed(failed, "\"verdict\":\"block\"", "\"verdict\":\"undecided\""));
  EXPECT_TRUE(read_changed(failed, "\"verdict\":\"block\"", "\"verdict\":\"delay\""));
  EXPECT_FALSE(read_changed(passed, "\"validUntil\"", "\"retryAfter\""));
  EXPECT_FALSE(read_changed(passed, "\"evaluator\"", "\"evaluater\""));
  EXPECT_FALSE(read_changed(passed, "inputsDigest\":\"sha256:", "inputsDigest\":\"sha256:x"));
}

TEST(Attest, AVsaOfAnotherVerifierIsNoDecisionOfOurs) {
  const auto other = read_changed(statement(signable()), "urn:sluice:decision:v1", "urn:other:v1");
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, Errc::unsupported);
}

TEST(Attest, APolicysFileNameBecomesAUri) {
  gate::Record record = signable();
  record.inputs.policy.source = "my policy\n%.yaml";
  EXPECT_EQ(read(statement(record))->vsa.policy.uri, "file:my%20policy%0A%25.yaml");
}

}  // namespace
}  // namespace sluice
