// SPDX-License-Identifier: Apache-2.0
// policy and gate as a user calls them: every exit code, the store, the signed decision.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <array>
#include <thread>

#include "base/text.h"
#include "base/time.h"
#include "json/value.h"
#include "support/program.h"

namespace sluice {
namespace {

using test::has;
using test::Ran;
using test::read_file;
using test::TempFolder;

constexpr const char* kGatePolicy =
    "apiVersion: sluice/v1\n"
    "kind: Policy\n"
    "verifier: https://gate.example.org/web\n"
    "signals:\n"
    "  risk: {asserted: accept}\n"
    "  health: {asserted: accept}\n"
    "environments:\n"
    "  production: {signals: [risk, health]}\n"
    "  staging: {signals: [risk]}\n";
const std::string kImage =
    "sha256:5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03";
const std::string kVsaType = "https://slsa.dev/verification_summary/v1";

class Gate : public testing::Test {
 protected:
  void SetUp() override {
    folder_.write("sluice.yaml", kGatePolicy);
    signal("low", "\"signal\":\"risk\",\"level\":\"low\"");
    signal("medium", "\"signal\":\"risk\",\"level\":\"medium\",\"text\":\"2 k8s files\"");
    signal("high", "\"signal\":\"risk\",\"level\":\"high\"");
    signal("healthy", "\"signal\":\"health\",\"health\":\"healthy\"");
    signal("incident", "\"signal\":\"health\",\"health\":\"incident\"");
    signal("unplugged", "\"signal\":\"health\",\"unknown\":\"unreachable\"");
  }
  void signal(const std::string& name, const std::string& members) const {
    folder_.write(name, cat("{\"kind\":\"sluice.signal/v1\",\"observed_at\":\"",
                            rfc3339(system_clock().now()), "\",", members, "}"));
  }
  Ran run(std::vector<std::string> arguments) const {
    return test::sluice()
        .in(folder_.path())
        .with("SLUICE_PASSWORD", "correct horse")
        .with("XDG_STATE_HOME", folder_.path())(arguments);
  }
  // gate check in production, with these signals and what else is given.
  Ran check(const std::vector<std::string>& signals, std::vector<std::string> more = {}) const {
    std::vector<std::string> words = {"gate",        "check", "--policy-file",
                                      "sluice.yaml", "--env", "production"};
    for (const auto& each : signals) words.insert(words.end(), {"--signal", each});
    words.insert(words.end(), more.begin(), more.end());
    return run(words);
  }
  void make_gate_key() const {
    ASSERT_EQ(run({"key", "generate", "--out-prefix", "gate"}).exit_code, 0);
  }
  Ran check_signed(const std::vector<std::string>& signals) const {
    return check(signals, {"--digest", kImage, "--key", "gate.key", "--bundle", "decision.json"});
  }
  Ran verify(const std::string& digest = kImage) const {
    return run(
        {"verify", "--key", "gate.pub", "--bundle", "decision.json", "--type", kVsaType, digest});
  }
  json::Value json_of(const Ran& ran) const {
    auto value = json::parse_strict(ran.out);
    EXPECT_TRUE(value) << ran.out << ran.err;
    return value.value_or(json::Value{});
  }
  std::size_t stored() const {
    const auto history = run({"gate", "history", "--output", "json"});
    return history.exit_code == 0 ? json_of(history).find("decisions")->array()->size() : 0;
  }

  TempFolder folder_;
};

TEST_F(Gate, EachVerdictHasItsExitCode) {
  EXPECT_EQ(check({"low", "healthy"}).exit_code, 0);
  EXPECT_EQ(check({"medium", "healthy"}).exit_code, 0);
  EXPECT_EQ(check({"high", "healthy"}).exit_code, 1);
  EXPECT_EQ(check({"low", "incident"}).exit_code, 75);
  EXPECT_EQ(check({"low", "unplugged"}).exit_code, 3);
  EXPECT_EQ(check({"low"}).exit_code, 3);
  EXPECT_EQ(stored(), 6U);
}

TEST_F(Gate, TheVerdictStandsFirst) {
  EXPECT_TRUE(check({"low", "healthy"}).out.starts_with("APPROVE "));
  EXPECT_TRUE(check({"medium", "healthy"}).out.starts_with("APPROVE with conditions "));
  EXPECT_TRUE(check({"high", "healthy"}).out.starts_with("BLOCK "));
  EXPECT_TRUE(check({"low", "incident"}).out.starts_with("DELAY until "));
  EXPECT_TRUE(check({"low", "unplugged"}).out.starts_with("UNDECIDED "));
}

TEST_F(Gate, WrongCallsAreTwoAndStoreNothing) {
  EXPECT_EQ(check({"low", "healthy"}, {"--env", "staging"}).exit_code, 2);  // given twice
  const Ran environment =
      run({"gate", "check", "--policy-file", "sluice.yaml", "--env", "prodution"});
  EXPECT_EQ(environment.exit_code, 2);
  EXPECT_TRUE(has(environment.err, "did you mean \"production\"")) << environment.err;
  EXPECT_EQ(run({"gate", "check", "--policy-file", "sluice.yaml"}).exit_code, 2);
  EXPECT_EQ(run({"gate", "check", "--policy-file", "absent.yaml"}).exit_code, 2);
  EXPECT_EQ(check({"low"}, {"--bundle", "x"}).exit_code, 2);
  EXPECT_EQ(check({"low"}, {"--key", "x"}).exit_code, 2);
  EXPECT_EQ(check({"low"}, {"--key", "x", "--bundle", "x"}).exit_code, 2);
  EXPECT_EQ(check({"low"}, {"--digest", "sha256:12"}).exit_code, 2);
  EXPECT_EQ(check({"absent"}).exit_code, 3);
  EXPECT_EQ(check({"sluice.yaml"}).exit_code, 3);
  EXPECT_EQ(stored(), 0U);
}

TEST_F(Gate, WithoutAPolicyRiskAloneIsJudgedAndNothingSigned) {
  const Ran ran = run({"gate", "check", "--signal", "medium", "--signal", "incident"});
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_TRUE(has(ran.err, "no policy")) << ran.err;
  EXPECT_TRUE(has(ran.out, "does not count this signal")) << ran.out;
  EXPECT_EQ(run({"gate", "check", "--signal", "high"}).exit_code, 1);
  make_gate_key();
  const Ran signing = run({"gate", "check", "--signal", "low", "--digest", kImage, "--key",
                           "gate.key", "--bundle", "decision.json"});
  EXPECT_EQ(signing.exit_code, 2);
  EXPECT_EQ(read_file(folder_ / "decision.json"), "");
}

TEST_F(Gate, TheCallersWordCountsOnlyWhereThePolicyTakesIt) {
  folder_.write("sluice.yaml",
                "apiVersion: sluice/v1\nkind: Policy\n"
                "environments: {production: {signals: [risk]}}\n");
  const Ran ran = check({"low"});
  EXPECT_EQ(ran.exit_code, 3);
  EXPECT_TRUE(has(ran.out, "only the caller says so")) << ran.out;
}

TEST_F(Gate, ASignedRefusalDoesNotVerifyItsArtifact) {
  make_gate_key();
  ASSERT_EQ(check_signed({"high"}).exit_code, 1);
  const Ran ran = verify();
  EXPECT_EQ(ran.exit_code, 1);
  EXPECT_TRUE(has(ran.out, "what was signed is a refusal")) << ran.out;
  // What it says can still be read.
  const Ran payload =
      run({"verify", "--key", "gate.pub", "--bundle", "decision.json", "--payload-out", "-"});
  EXPECT_EQ(payload.exit_code, 0) << payload.err;
  EXPECT_TRUE(has(payload.out, "\"FAILED\"")) << payload.out;
  ASSERT_EQ(check_signed({"low", "healthy"}).exit_code, 0);
  EXPECT_TRUE(has(verify().out, "PASSED, says ")) << verify().out;
}

TEST_F(Gate, ASignedDecisionIsVerifiedByTypeAndDigest) {
  make_gate_key();
  ASSERT_EQ(check_signed({"medium", "healthy"}).exit_code, 0);
  EXPECT_EQ(verify().exit_code, 0) << verify().out;
  std::string other = kImage;
  other.back() = '4';
  EXPECT_EQ(verify(other).exit_code, 1);
  EXPECT_EQ(run({"verify", "--key", "gate.pub", "--bundle", "decision.json", "--type",
                 "https://slsa.dev/provenance/v1", kImage})
                .exit_code,
            1);
  const Ran payload = run(
      {"verify", "--key", "gate.pub", "--bundle", "decision.json", "--payload-out", "-", kImage});
  const auto statement = json::parse_strict(payload.out);
  ASSERT_TRUE(statement) << payload.out;
  const auto& predicate = *statement->find("predicate");
  EXPECT_EQ(*predicate.find("verificationResult")->string(), "PASSED");
  EXPECT_EQ(*predicate.find("urn:sluice:decision:v1")->find("verdict")->string(),
            "approve-with-conditions");
}

TEST_F(Gate, ABlockAndADelayAreSignedAsFailed) {
  make_gate_key();
  for (const auto& [signals, code] : std::vector<std::pair<std::vector<std::string>, int>>{
           {{"high", "healthy"}, 1}, {{"low", "incident"}, 75}}) {
    ASSERT_EQ(check_signed(signals).exit_code, code);
    EXPECT_EQ(verify().exit_code, 1);
    const Ran payload =
        run({"verify", "--key", "gate.pub", "--bundle", "decision.json", "--payload-out", "-"});
    ASSERT_EQ(payload.exit_code, 0) << payload.err;
    EXPECT_TRUE(has(payload.out, "\"verificationResult\":\"FAILED\"")) << payload.out;
    EXPECT_TRUE(has(payload.out, "\"verifiedLevels\":[\"FAILED\"]"));
  }
}

TEST_F(Gate, WhatIsUndecidedIsStoredAndNotSigned) {
  make_gate_key();
  const Ran ran = check_signed({"low", "unplugged"});
  EXPECT_EQ(ran.exit_code, 3);
  EXPECT_TRUE(has(ran.err, "nothing was signed")) << ran.err;
  EXPECT_EQ(read_file(folder_ / "decision.json"), "");
  EXPECT_EQ(stored(), 1U);
}

TEST_F(Gate, HistoryExplainReplayAndOutcomeGoTogether) {
  ASSERT_EQ(check({"high", "healthy"}, {"--change", "web 1a2b3c4"}).exit_code, 1);
  const auto rows = json_of(run({"gate", "history", "--output", "json", "--verdict", "block"}));
  ASSERT_EQ(rows.find("decisions")->array()->size(), 1U);
  const std::string id = *(*rows.find("decisions")->array())[0].find("id")->string();
  EXPECT_TRUE(has(run({"gate", "history"}).out, "web 1a2b3c4"));
  EXPECT_EQ(run({"gate", "outcome", id, "incident", "--note", "pushed anyway"}).exit_code, 0);
  EXPECT_EQ(run({"gate", "outcome", id, "fine"}).exit_code, 2);
  EXPECT_EQ(run({"gate", "outcome", "nothing", "ok"}).exit_code, 3);
  const Ran text = run({"gate", "explain", id});
  EXPECT_EQ(text.exit_code, 0);
  EXPECT_TRUE(text.out.starts_with("BLOCK   web 1a2b3c4 -> production")) << text.out;
  EXPECT_TRUE(has(text.out, "Outcome: incident")) << text.out;
  EXPECT_TRUE(run({"gate", "explain", "--output", "markdown"}).out.starts_with("### BLOCK"));
  EXPECT_TRUE(run({"gate", "explain", "--output=html", id}).out.starts_with("<!doctype html>"));
  EXPECT_EQ(*json_of(run({"gate", "explain", "--output", "json"})).find("kind")->string(),
            "sluice.decision/v1");
  EXPECT_EQ(run({"gate", "explain", "--output", "pdf"}).exit_code, 2);
  const Ran replay = run({"gate", "replay", id});
  EXPECT_EQ(replay.exit_code, 0);
  EXPECT_TRUE(has(replay.out, "1 of 1 decided again, with the same result")) << replay.out;
}

TEST_F(Gate, AChangedRecordDoesNotReplay) {
  ASSERT_EQ(check({"high", "healthy"}).exit_code, 1);
  const Path database = folder_ / "sluice/decisions.db";
  // The log is folded into the file when its last user closes it.
  std::string bytes = read_file(database);
  const auto at = bytes.find("\"level\":\"high\"");
  ASSERT_NE(at, std::string::npos);
  bytes.replace(at, 14, "\"level\":\"low\" ");
  folder_.write("sluice/decisions.db", bytes);
  const Ran replay = run({"gate", "replay"});
  EXPECT_EQ(replay.exit_code, 1) << replay.err;
  EXPECT_TRUE(has(replay.out, "FAIL")) << replay.out;
}

// A relative one would be a store in whichever folder sluice is called in.
TEST_F(Gate, AHomeThatIsNoAbsolutePathIsNone) {
  ASSERT_EQ(check({"low", "healthy"}).exit_code, 0);
  const auto history = [&](const std::string& state, const std::string& home) {
    return test::sluice()
        .in(folder_.path())
        .with("XDG_STATE_HOME", state)
        .with("HOME", home)({"gate", "history"});
  };
  EXPECT_EQ(history(folder_.path(), "/nowhere").exit_code, 0);
  // What lies in ./sluice is not found by a state folder named ".".
  EXPECT_TRUE(has(history(".", "/nowhere").err, "/nowhere/.local/state"));
  for (const auto* home : {".", "home", ""}) {
    const Ran ran = history("", home);
    EXPECT_EQ(ran.exit_code, 2) << ran.err;
    EXPECT_TRUE(has(ran.err, "no home folder")) << ran.err;
  }
}

TEST_F(Gate, AnEmptyStoreIsSaidSo) {
  for (const auto* word : {"history", "explain", "replay"}) {
    EXPECT_EQ(run({"gate", word}).exit_code, 3) << word;
    const Ran absent = run({"gate", word, "--store", "absent.db"});
    EXPECT_EQ(absent.exit_code, 3) << word;
    EXPECT_TRUE(has(absent.err, "there are no decisions: absent.db")) << absent.err;
    EXPECT_TRUE(has(absent.err, "gate check makes the first")) << absent.err;
  }
  folder_.write("text", "no database");
  EXPECT_EQ(check({"low", "healthy"}, {"--store", "text"}).exit_code, 3);
}

TEST_F(Gate, TwoGatesAtOnceOnOneStore) {
  std::vector<std::jthread> gates;
  std::array<int, 8> codes{};
  for (int& code : codes) {
    gates.emplace_back([this, &code] { code = check({"low", "healthy"}).exit_code; });
  }
  gates.clear();
  for (const int code : codes) EXPECT_EQ(code, 0);
  EXPECT_EQ(stored(), codes.size());
  EXPECT_EQ(run({"gate", "replay", "--last", "8"}).exit_code, 0);
}

TEST_F(Gate, HostileNamesReachNobodyRaw) {
  const std::string evil = "a\x1b[2J|<script>\n# x";
  signal("evil",
         cat("\"signal\":\"risk\",\"level\":\"high\",\"text\":\"a\\u001b[2J|<script>\\n# x\""));
  for (const auto* form : {"text", "json", "markdown", "html"}) {
    const Ran ran = check({"evil", "healthy"}, {"--change", evil, "--output", form});
    EXPECT_EQ(ran.exit_code, 1) << ran.err;
    EXPECT_FALSE(has(ran.out, "\x1b")) << form;
    if (form != std::string("text") && form != std::string("json")) {
      EXPECT_FALSE(has(ran.out, "<script>")) << form;
    }
  }
  EXPECT_FALSE(has(run({"gate", "history"}).out, "\x1b"));
}

TEST_F(Gate, PolicyCheckNamesThePlace) {
  EXPECT_EQ(run({"policy", "check", "sluice.yaml"}).exit_code, 0);
  folder_.write("wrong.yaml", std::string(kGatePolicy) + "  qa: {signals: [risk, carbn]}\n");
  const Ran wrong = run({"policy", "check", "sluice.yaml", "wrong.yaml"});
  EXPECT_EQ(wrong.exit_code, 2);
  EXPECT_TRUE(
      has(wrong.err, "wrong.yaml:10:24: unknown signal \"carbn\" (did you mean \"carbon\"?)"))
      << wrong.err;
  EXPECT_TRUE(has(wrong.out, "sound     sluice.yaml")) << wrong.out;
  EXPECT_EQ(run({"policy", "check", "absent.yaml"}).exit_code, 2);
  EXPECT_EQ(run({"policy", "check"}).exit_code, 2);
  folder_.write("keys.yaml", std::string(kGatePolicy) + "keys: [{file: gate.pub}]\n");
  EXPECT_EQ(run({"policy", "check", "keys.yaml"}).exit_code, 2);
  make_gate_key();
  EXPECT_EQ(run({"policy", "check", "keys.yaml"}).exit_code, 0);
  const auto json =
      json_of(run({"policy", "check", "--output", "json", "wrong.yaml", "keys.yaml"}));
  const auto& files = *json.find("files")->array();
  EXPECT_EQ(files.at(0).find("sound")->boolean(), false);
  EXPECT_EQ(files.at(1).find("sound")->boolean(), true);
}

}  // namespace
}  // namespace sluice
