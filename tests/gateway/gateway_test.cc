// SPDX-License-Identifier: Apache-2.0
// Who may ask, what they may say, and what they are answered.
#include <gtest/gtest.h>

#include "base/text.h"
#include "gate/attest.h"
#include "gateway/check.h"
#include "sigstore/verify_key.h"
#include "store/sqlite.h"
#include "support/fake_world.h"
#include "support/temp_folder.h"

namespace sluice {
namespace {

using gateway::Callers;
using gateway::parse_callers;
using gateway::parse_question;
using gateway::Reply;
using test::TempFolder;

const Time kAsked = *parse_rfc3339("2026-11-20T15:00:00Z");
const std::string kImage = "sha256:" + std::string(64, '5');

std::string hex_of(std::string_view token) {
  return crypto::digest_of(crypto::HashAlgorithm::sha256, bytes_of(token)).hex();
}

std::string callers_text() {
  return cat(
      "apiVersion: sluice/v1\nkind: Callers\ncallers:\n"
      "  - {name: web-ci, token_sha256: ",
      hex_of("secret-1"),
      ", environments: [production]}\n"
      "  - {name: deployer, certificate: \"URI:spiffe://example.org/deployer\", environments: "
      "[staging]}\n");
}

TEST(GatewayCallers, AreKnownByTokenOrCertificate) {
  const auto callers = parse_callers(callers_text(), "callers.yaml");
  ASSERT_TRUE(callers) << callers.error().text();
  const auto name_of = [&](const gateway::Credentials& shown) {
    const auto* found = find_caller(*callers, shown);
    return found == nullptr ? std::string("nobody") : found->name;
  };
  EXPECT_EQ(name_of({.token = "secret-1"}), "web-ci");
  EXPECT_EQ(name_of({.token = "secret-2"}), "nobody");
  EXPECT_EQ(name_of({.token = ""}), "nobody");
  EXPECT_EQ(name_of({.token = hex_of("secret-1")}), "nobody");
  EXPECT_EQ(name_of({}), "nobody");
  const std::vector<std::string> certificate = {"DNS:x", "URI:spiffe://example.org/deployer"};
  EXPECT_EQ(name_of({.certificate = certificate}), "deployer");
  EXPECT_EQ(name_of({.certificate = {"DNS:x"}}), "nobody");
  EXPECT_EQ(name_of({.token = "wrong", .certificate = certificate}), "nobody");
  EXPECT_TRUE((*callers)[0].may_ask_for("production"));
  EXPECT_FALSE((*callers)[0].may_ask_for("staging"));
}

TEST(GatewayCallers, AreReadStrictly) {
  const std::string head = "apiVersion: sluice/v1\nkind: Callers\ncallers:\n";
  const auto reads = [&](const std::string& row) {
    return parse_callers(cat(head, "  - {", row, "}\n"), "c").has_value();
  };
  const std::string token = cat("token_sha256: ", hex_of("t"));
  EXPECT_TRUE(reads(cat("name: a, ", token, ", environments: [p]")));
  EXPECT_FALSE(reads(cat("name: a, ", token, ", environments: []")));
  EXPECT_FALSE(reads(cat("name: a, ", token)));
  EXPECT_FALSE(reads(cat("name: '', ", token, ", environments: [p]")));
  EXPECT_FALSE(reads("name: a, environments: [p]"));
  EXPECT_FALSE(reads("name: a, token_sha256: abc, environments: [p]"));
  EXPECT_FALSE(reads("name: a, token: t, environments: [p]"));
  EXPECT_FALSE(reads("name: a, certificate: deployer, environments: [p]"));
  EXPECT_FALSE(reads(cat("name: a, certificate: 'DNS:x', ", token, ", environments: [p]")));
}

TEST(GatewayCallers, ATokenComesAsABearer) {
  EXPECT_EQ(gateway::bearer_token("Bearer abc"), "abc");
  EXPECT_EQ(gateway::bearer_token("bearer  abc "), "abc");
  for (const auto* text : {"", "Bearer", "Bearer ", "Basic abc", "abc", "Bearerabc"})
    EXPECT_FALSE(gateway::bearer_token(text)) << text;
}

TEST(GatewayQuestion, IsReadStrictly) {
  const auto reads = [](const std::string& members) {
    return parse_question(
               cat(R"({"kind":"sluice.gate-check/v1","environment":"production")", members, "}"),
               kAsked)
        .has_value();
  };
  const std::string risk = R"("kind":"sluice.risk/v1","level":"low","score":3,"changed_paths":2)";
  EXPECT_TRUE(reads(""));
  EXPECT_TRUE(reads(cat(R"(,"subjects":[{"name":"web","digest":")", kImage, R"("}])")));
  EXPECT_TRUE(reads(cat(R"(,"risk":{)", risk, R"(,"advice":"x"})")));
  EXPECT_TRUE(reads(R"(,"risk":{"kind":"sluice.signal/v1","signal":"risk","level":"low"})"));
  EXPECT_FALSE(
      reads(R"(,"risk":{"kind":"sluice.signal/v1","signal":"health","health":"healthy"})"));
  EXPECT_FALSE(
      reads(R"(,"risk":{"kind":"sluice.risk/v1","level":"none","score":3,"changed_paths":2})"));
  EXPECT_FALSE(reads(R"(,"risk":{"kind":"sluice.risk/v2"})"));
  EXPECT_FALSE(reads(R"(,"signals":[])"));
  EXPECT_FALSE(reads(R"(,"subjects":[{"digest":"sha256:12"}])"));
  EXPECT_FALSE(reads(cat(R"(,"change":")", std::string(1001, 'x'), R"(")")));
  EXPECT_FALSE(reads(R"(,"environment":"staging")"));
  EXPECT_FALSE(parse_question("", kAsked));
  EXPECT_FALSE(parse_question(R"({"kind":"sluice.gate-check/v2","environment":"p"})", kAsked));
}

TEST(GatewayQuestion, TheRiskIsTheCallersWord) {
  const auto question = parse_question(
      R"({"kind":"sluice.gate-check/v1","environment":"p","risk":{"kind":"sluice.signal/v1",)"
      R"("signal":"risk","level":"low","asserted":false}})",
      kAsked);
  ASSERT_TRUE(question) << question.error().text();
  EXPECT_TRUE(question->risk->asserted);
}

class Gateway : public testing::Test {
 protected:
  Gateway()
      : key_(*crypto::PrivateKey::generate(crypto::KeyType::ecdsa_p256)),
        store_(*store::open_sqlite(folder_ / "decisions.db", store::Access::write)) {
    fake_.clock.set(kAsked);
  }
  gateway::Service service() {
    gateway::Service service{
        .world = fake_.world(),
        .program = "sluice 0.1.0",
        .policy = [this] { return *policy::parse(policy_, "sluice.yaml"); },
        .callers = [] { return std::optional(*parse_callers(callers_text(), "callers.yaml")); },
        .gather = [this](const policy::Environment&, Time) { return gathered_; },
        .store = *store_,
        .storing = storing_};
    service.signer = &key_;
    return service;
  }
  static std::string question(std::string_view environment = "production",
                              std::string_view level = "low", std::string_view subject = kImage) {
    return cat(
        R"({"kind":"sluice.gate-check/v1","environment":")", environment,
        R"(","change":"web 1a2b3c4","resource":"registry.example/web","subjects":[{"name":"web","digest":")",
        subject, R"("}],"risk":{"kind":"sluice.risk/v1","level":")", level,
        R"(","score":3,"changed_paths":2}})");
  }
  Reply ask(const std::string& body) { return service().answer(body, {.token = "secret-1"}); }
  static json::Value parsed(const Reply& reply) {
    auto value = json::parse_strict(reply.body);
    EXPECT_TRUE(value) << reply.body;
    return value.value_or(json::Value{});
  }
  std::size_t stored() { return store_->list({})->size(); }

  TempFolder folder_;
  test::FakeWorld fake_;
  crypto::PrivateKey key_;
  std::unique_ptr<store::DecisionStore> store_;
  std::mutex storing_;
  std::vector<gate::Signal> gathered_ = {{.id = "health",
                                          .value = gate::Health::healthy,
                                          .source = "http://prometheus.example",
                                          .observed_at = kAsked}};
  std::string policy_ =
      "apiVersion: sluice/v1\nkind: Policy\nverifier: https://gate.example.org/web\n"
      "signals: {risk: {asserted: accept}}\n"
      "environments:\n  production: {signals: [risk, health]}\n  staging: {signals: [risk]}\n";
};

TEST_F(Gateway, DecidesStoresSignsAndAnswers) {
  const auto reply = ask(question());
  ASSERT_EQ(reply.status, 200) << reply.body << reply.trouble;
  EXPECT_EQ(reply.caller, "web-ci");
  const auto answer = parsed(reply);
  EXPECT_EQ(*answer.find("verdict")->string(), "approve");
  EXPECT_EQ(answer.find("exit_code")->integer(), 0);
  EXPECT_EQ(stored(), 1U);
  const auto verdict = sigstore::verify_with_key(
      system_files(), {.key = key_.public_key(),
                       .bundle = json::write(*answer.find("bundle")),
                       .bundle_source = "answer",
                       .artifact = *crypto::Digest::parse(kImage),
                       .predicate_type = std::string(evidence::kVsaPredicate)});
  ASSERT_TRUE(verdict && verdict->passed());
  const auto decision = gate::read_decision(*verdict->value()->statement);
  ASSERT_TRUE(decision);
  EXPECT_EQ(decision->id, *answer.find("id")->string());
  EXPECT_EQ(decision->vsa.resource_uri, "registry.example/web");
}

TEST_F(Gateway, EachVerdictHasItsExitCode) {
  const auto code = [&](std::string_view level) {
    return parsed(ask(question("production", level))).find("exit_code")->integer().value();
  };
  EXPECT_EQ(code("low"), 0);
  EXPECT_EQ(code("medium"), 0);
  EXPECT_EQ(code("high"), 1);
  gathered_[0].value = gate::Health::incident;
  EXPECT_EQ(code("low"), 75);
  gathered_[0].value = gate::Unknown::unreachable;
  EXPECT_EQ(code("low"), 3);
}

TEST_F(Gateway, WhatIsUndecidedIsNotSigned) {
  gathered_.clear();
  const auto answer = parsed(ask(question()));
  EXPECT_EQ(*answer.find("verdict")->string(), "undecided");
  EXPECT_EQ(answer.find("bundle"), nullptr);
  EXPECT_EQ(stored(), 1U);
}

TEST_F(Gateway, TheCallersWordCountsOnlyWhereThePolicyTakesIt) {
  policy_.replace(policy_.find("signals: {risk"), 35, "");
  const auto answer = parsed(ask(question()));
  EXPECT_EQ(*answer.find("verdict")->string(), "undecided");
  EXPECT_EQ(*(*answer.find("reasons")->array())[0].find("signal")->string(), "risk");
}

TEST_F(Gateway, TheRecordSaysWhoSaidIt) {
  const auto reply = ask(question());
  const auto record = *gate::parse_record(store_->get(reply.id)->record);
  EXPECT_EQ(record.inputs.signals[0].source, "caller web-ci");
  EXPECT_TRUE(record.inputs.signals[0].asserted);
  EXPECT_FALSE(record.inputs.signals[1].asserted);
  EXPECT_TRUE(gate::replay(store_->get(reply.id)->record, reply.id).passed());
}

TEST_F(Gateway, StrangersAndWrongEnvironmentsLearnNothing) {
  EXPECT_EQ(service().answer(question(), {}).status, 401);
  EXPECT_EQ(service().answer(question(), {.token = "guess"}).status, 401);
  EXPECT_EQ(service().answer("rubbish", {}).status, 401);
  const auto known = ask(question("staging"));
  const auto unknown = ask(question("secret"));
  EXPECT_EQ(known.status, 403);
  EXPECT_EQ(unknown.status, 403);
  EXPECT_EQ(stored(), 0U);
  EXPECT_EQ(ask("rubbish").status, 400);
  EXPECT_EQ(ask(std::string(gateway::kMaxQuestion + 1, ' ')).status, 413);
  EXPECT_EQ(stored(), 0U);
}

TEST_F(Gateway, ASignedDecisionIsPutIntoTheFolder) {
  auto with_folder = service();
  with_folder.publish = folder_ / "evidence";
  std::filesystem::create_directory(*with_folder.publish);
  const auto reply = with_folder.answer(question(), {.token = "secret-1"});
  const auto text = test::read_file(*with_folder.publish / cat(reply.id, ".json"));
  EXPECT_EQ(text, json::write(*parsed(reply).find("bundle")));
  with_folder.publish = folder_ / "absent";
  const auto other = with_folder.answer(question(), {.token = "secret-1"});
  EXPECT_EQ(other.status, 200);
  EXPECT_NE(other.trouble, "");
}

TEST_F(Gateway, WhatCannotBeStoredIsNotAnswered) {
  class Full final : public store::DecisionStore {
   public:
    Result<void> append(const store::Row&, std::string_view) override {
      return fail(Errc::io, "the disk of /var/lib is full");
    }
    Result<std::vector<store::Row>> list(const store::Filter&) override {
      return fail(Errc::io, "full");
    }
    Result<store::StoredDecision> get(std::string_view) override { return fail(Errc::io, "full"); }
    Result<void> add_outcome(std::string_view, const store::Outcome&) override {
      return fail(Errc::io, "full");
    }
    Result<std::vector<store::Outcome>> outcomes(std::string_view) override {
      return fail(Errc::io, "full");
    }
    Result<void> add_skip(std::string_view, const store::Skip&) override {
      return fail(Errc::io, "full");
    }
  } full;
  auto broken = service();
  const gateway::Service with_full{broken.world,   broken.program, broken.policy,
                                   broken.callers, broken.gather,  full,
                                   storing_,       broken.signer,  broken.publish};
  const auto reply = with_full.answer(question(), {.token = "secret-1"});
  EXPECT_EQ(reply.status, 503);
  EXPECT_EQ(reply.body.find("/var/lib"), std::string::npos);
  EXPECT_NE(reply.trouble.find("/var/lib"), std::string::npos);
}

}  // namespace
}  // namespace sluice
