// SPDX-License-Identifier: Apache-2.0
#include "policy/policy.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace sluice {
namespace {

using policy::Effect;
using policy::Level;
using policy::Policy;

constexpr std::string_view kHead = "apiVersion: sluice/v1\nkind: Policy\n";
constexpr std::string_view kKey =
    "-----BEGIN PUBLIC KEY-----\n"
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAECPYZiL80yk2nwQGXrr4XwaID60u2\n"
    "aKC3UzyaHihV6TY0Ft+suRxYqVrFwfzg07270VRTjb/A8Dg+SfZgQE2UdA==\n"
    "-----END PUBLIC KEY-----\n";

std::string indented(std::string_view text, std::size_t by) {
  std::string out;
  for (const auto line : split(text, '\n')) out += cat(std::string(by, ' '), line, "\n");
  return out;
}

Result<Policy> parse(std::string_view rest) {
  return policy::parse(cat(kHead, rest), "sluice.yaml");
}

std::string refusal(std::string_view rest) {
  const auto policy = parse(rest);
  if (policy) return "it was read";
  EXPECT_EQ(policy.error().code, Errc::malformed);
  return policy.error().what;
}

constexpr std::string_view kSmallest = "environments: {production: {signals: [risk]}}\n";

TEST(Policy, TheSmallestHasTheDefaults) {
  const auto policy = parse(kSmallest);
  ASSERT_TRUE(policy) << policy.error().text();
  ASSERT_EQ(policy->environments.size(), 1U);
  const auto& environment = policy->environments[0];
  EXPECT_EQ(environment.name, "production");
  EXPECT_EQ(environment.risk.block_at, Level::high);
  EXPECT_EQ(environment.risk.delay_at, std::nullopt);
  EXPECT_EQ(environment.risk.condition_at, Level::medium);
  EXPECT_EQ(environment.risk.on_unknown, Effect::undecided);
  EXPECT_EQ(environment.health.on_incident, Effect::delay);
  EXPECT_EQ(environment.health.on_warning, Effect::condition);
  EXPECT_EQ(environment.health.on_unknown, Effect::undecided);
  EXPECT_EQ(environment.carbon.on_unknown, Effect::ignore);
  EXPECT_EQ(environment.carbon.hard_limit, std::nullopt);
  EXPECT_FALSE(environment.risk.accept_asserted);
  EXPECT_EQ(policy->max_age, std::chrono::hours(1));
  EXPECT_EQ(policy->digest,
            crypto::digest_of(crypto::HashAlgorithm::sha256, bytes_of(policy->text)));
}

TEST(Policy, AnEnvironmentChangesWhatItNamesAndKeepsTheRest) {
  const auto policy = parse(
      "signals:\n"
      "  risk: {block_at: medium, on_unknown: block, retry_after: 2h}\n"
      "  carbon: {hard_limit: 400}\n"
      "environments:\n"
      "  production: {signals: [carbon, risk]}\n"
      "  staging: {signals: [risk], risk: {block_at: never}, carbon: {hard_limit: never}}\n");
  ASSERT_TRUE(policy) << policy.error().text();
  EXPECT_EQ(policy->find("production")->signals, (std::vector<std::string>{"carbon", "risk"}));
  EXPECT_EQ(policy->find("production")->risk.block_at, Level::medium);
  EXPECT_EQ(policy->find("production")->carbon.hard_limit, 400);
  const auto& staging = *policy->find("staging");
  EXPECT_EQ(staging.risk.block_at, std::nullopt);
  EXPECT_EQ(staging.risk.on_unknown, Effect::block);
  EXPECT_EQ(staging.risk.retry_after, std::chrono::hours(2));
  EXPECT_EQ(staging.carbon.hard_limit, std::nullopt);
  EXPECT_EQ(policy->find("nowhere"), nullptr);
}

TEST(Policy, AnEnvironmentReplacesWholeSources) {
  const auto policy = parse(
      "sources:\n"
      "  deadline: 5s\n"
      "  health: {prometheus: 'https://m.test', alertmanager: 'https://a.test', service: web}\n"
      "  carbon: {region: 'gcp:europe-west3', duration: 45m}\n"
      "environments:\n"
      "  production: {signals: [risk]}\n"
      "  staging:\n"
      "    signals: [risk]\n"
      "    sources: {health: {engine: 'https://e.test', service: web}, risk: {model: m.yaml}}\n");
  ASSERT_TRUE(policy) << policy.error().text();
  const auto& production = policy->find("production")->sources;
  EXPECT_EQ(production.deadline, std::chrono::seconds(5));
  EXPECT_EQ(production.health->prometheus, "https://m.test");
  EXPECT_EQ(production.carbon->provider, "electricitymaps");
  EXPECT_EQ(production.carbon->duration, std::chrono::minutes(45));
  EXPECT_EQ(production.risk_model, "");
  const auto& staging = policy->find("staging")->sources;
  EXPECT_EQ(staging.deadline, std::chrono::seconds(5));
  EXPECT_EQ(staging.health->engine, "https://e.test");
  EXPECT_EQ(staging.health->prometheus, "");
  EXPECT_EQ(staging.health->alertmanager, "");
  EXPECT_EQ(staging.carbon->region, "gcp:europe-west3");
  EXPECT_EQ(staging.risk_model, "m.yaml");
}

TEST(Policy, MistakesHaveAPlaceAndASuggestion) {
  EXPECT_EQ(refusal("sources:\n  carbon: {zone: DE, provider: electricitymap}\nenvironments: {a: "
                    "{signals: [risk]}}\n"),
            "sluice.yaml:4:32: unknown provider \"electricitymap\" (did you mean "
            "\"electricitymaps\"?)");
  EXPECT_EQ(refusal("environments:\n  production:\n    signals: [risk, carbn]\n"),
            "sluice.yaml:5:21: unknown signal \"carbn\" (did you mean \"carbon\"?)");
  EXPECT_EQ(refusal("signals:\n  helth: {}\nenvironments: {a: {signals: [risk]}}\n"),
            "sluice.yaml:4:3: unknown signal \"helth\" (did you mean \"health\"?)");
  EXPECT_EQ(refusal("enviroments: {}\n"),
            "sluice.yaml:3:1: unknown key \"enviroments\" (did you mean \"environments\"?)");
  EXPECT_EQ(refusal("signals:\n  risk: {block_at: hihg}\nenvironments: {a: {signals: [risk]}}\n"),
            "sluice.yaml:4:20: unknown level \"hihg\" (did you mean \"high\"?)");
  EXPECT_EQ(
      refusal("signals:\n  risk: {on_unknown: aprove}\nenvironments: {a: {signals: [risk]}}\n"),
      "sluice.yaml:4:22: unknown effect \"aprove\"");
}

TEST(Policy, TheHeadingIsRequired) {
  EXPECT_EQ(policy::parse("kind: Policy\nenvironments: {a: {signals: [risk]}}\n", "p").error().what,
            "p:1:1: apiVersion: required, but not there");
  EXPECT_EQ(policy::parse("apiVersion: sluice/v2\nkind: Policy\n", "p").error().what,
            "p:1:13: apiVersion \"sluice/v2\" is not known here; sluice/v1 is");
  EXPECT_FALSE(policy::parse("apiVersion: sluice/v1\nkind: Layout\n", "p"));
  EXPECT_FALSE(policy::parse("", "p"));
  EXPECT_FALSE(parse("environments: {}\n"));
  EXPECT_FALSE(parse(""));
}

struct Refused {
  const char* name;
  const char* text;
  const char* neighbour;  // the smallest change that is read
};

class PolicyRefuses : public testing::TestWithParam<Refused> {};

TEST_P(PolicyRefuses, ThisAndNotItsNeighbour) {
  EXPECT_FALSE(parse(GetParam().text));
  const auto neighbour = parse(GetParam().neighbour);
  EXPECT_TRUE(neighbour) << neighbour.error().text();
}

constexpr Refused kRefused[] = {
    {"NoSignals", "environments: {a: {signals: []}}\n", "environments: {a: {signals: [risk]}}\n"},
    {"TheSameSignalTwice", "environments: {a: {signals: [risk, risk]}}\n",
     "environments: {a: {signals: [risk, health]}}\n"},
    {"ANameWithBlanks", "environments: {a b: {signals: [risk]}}\n",
     "environments: {a-b: {signals: [risk]}}\n"},
    {"UnknownMayNotApprove", "environments: {a: {signals: [risk], risk: {on_unknown: approve}}}\n",
     "environments: {a: {signals: [risk], risk: {on_unknown: ignore}}}\n"},
    {"IncidentsMayNotPassSilently",
     "environments: {a: {signals: [health], health: {on_incident: approve}}}\n",
     "environments: {a: {signals: [health], health: {on_incident: condition}}}\n"},
    {"ADurationWithoutAUnit", "decision: {max_age: 15}\nenvironments: {a: {signals: [risk]}}\n",
     "decision: {max_age: 15m}\nenvironments: {a: {signals: [risk]}}\n"},
    {"NoDuration", "decision: {max_age: 0s}\nenvironments: {a: {signals: [risk]}}\n",
     "decision: {max_age: 1s}\nenvironments: {a: {signals: [risk]}}\n"},
    {"ADurationBeyondTheBound", "decision: {max_age: 91d}\nenvironments: {a: {signals: [risk]}}\n",
     "decision: {max_age: 90d}\nenvironments: {a: {signals: [risk]}}\n"},
    {"ManyDigits", "decision: {max_age: 999999999999h}\nenvironments: {a: {signals: [risk]}}\n",
     "decision: {max_age: 9h}\nenvironments: {a: {signals: [risk]}}\n"},
    {"ANegativeLimit", "environments: {a: {signals: [carbon], carbon: {hard_limit: -1}}}\n",
     "environments: {a: {signals: [carbon], carbon: {hard_limit: 0}}}\n"},
    {"AHundredAndOnePercent",
     "environments: {a: {signals: [carbon], carbon: {wait_percent: 101}}}\n",
     "environments: {a: {signals: [carbon], carbon: {wait_percent: 100}}}\n"},
    {"AVerifierThatIsNoUri", "verifier: gate\nenvironments: {a: {signals: [risk]}}\n",
     "verifier: urn:gate\nenvironments: {a: {signals: [risk]}}\n"},
    {"AVerifierWithBlanks", "verifier: \"urn:my gate\"\nenvironments: {a: {signals: [risk]}}\n",
     "verifier: \"urn:my-gate\"\nenvironments: {a: {signals: [risk]}}\n"},
    {"EqualKeys", "environments: {a: {signals: [risk]}, a: {signals: [risk]}}\n",
     "environments: {a: {signals: [risk]}, b: {signals: [risk]}}\n"},
    {"AKeyThatIsNeither", "keys: [{name: x}]\nenvironments: {a: {signals: [risk]}}\n",
     "keys: [{file: x}]\nenvironments: {a: {signals: [risk]}}\n"},
    {"AKeyThatIsBoth", "keys: [{file: x, pem: y}]\nenvironments: {a: {signals: [risk]}}\n",
     "keys: [{file: x}]\nenvironments: {a: {signals: [risk]}}\n"},
    {"AKeyOutsideOfThePolicysFolder",
     "keys: [{file: ../gate.pub}]\nenvironments: {a: {signals: [risk]}}\n",
     "keys: [{file: keys/gate.pub}]\nenvironments: {a: {signals: [risk]}}\n"},
    {"AKeyWithAnAbsoluteName", "keys: [{file: /dev/zero}]\nenvironments: {a: {signals: [risk]}}\n",
     "keys: [{file: zero}]\nenvironments: {a: {signals: [risk]}}\n"},
    {"AKeyOfAnUnknownEnvironment",
     "keys: [{file: x, environments: [b]}]\nenvironments: {a: {signals: [risk]}}\n",
     "keys: [{file: x, environments: [a]}]\nenvironments: {a: {signals: [risk]}}\n"},
    {"AnAssertionOfAnotherWord", "environments: {a: {signals: [risk], risk: {asserted: yes}}}\n",
     "environments: {a: {signals: [risk], risk: {asserted: accept}}}\n"},
    {"AnUnknownSource", "sources: {metrics: {}}\nenvironments: {a: {signals: [risk]}}\n",
     "sources: {risk: {}}\nenvironments: {a: {signals: [risk]}}\n"},
    {"ADeadlineBeyondTheBound", "sources: {deadline: 11m}\nenvironments: {a: {signals: [risk]}}\n",
     "sources: {deadline: 10m}\nenvironments: {a: {signals: [risk]}}\n"},
    {"MetricsFromNobody", "sources: {health: {service: a}}\nenvironments: {a: {signals: [risk]}}\n",
     "sources: {health: {prometheus: 'https://m.test', service: a}}\nenvironments: {a: {signals: "
     "[risk]}}\n"},
    {"MetricsFromTwo",
     "sources: {health: {prometheus: 'https://m.test', engine: 'https://e.test', service: "
     "a}}\nenvironments: {a: {signals: [risk]}}\n",
     "sources: {health: {engine: 'https://e.test', service: a}}\nenvironments: {a: {signals: "
     "[risk]}}\n"},
    {"MetricsOfNothing",
     "sources: {health: {prometheus: 'https://m.test'}}\nenvironments: {a: {signals: [risk]}}\n",
     "sources: {health: {prometheus: 'https://m.test', profile: a.yaml}}\nenvironments: {a: "
     "{signals: [risk]}}\n"},
    {"AnEngineWithAlerts",
     "sources: {health: {engine: 'https://e.test', alertmanager: 'https://a.test', service: "
     "a}}\nenvironments: {a: {signals: [risk]}}\n",
     "sources: {health: {prometheus: 'https://e.test', alertmanager: 'https://a.test', service: "
     "a}}\nenvironments: {a: {signals: [risk]}}\n"},
    {"AUrlOfAnotherScheme",
     "sources: {health: {prometheus: 'file:///etc/passwd', service: a}}\nenvironments: {a: "
     "{signals: [risk]}}\n",
     "sources: {health: {prometheus: 'https://m.test', service: a}}\nenvironments: {a: {signals: "
     "[risk]}}\n"},
    {"AUrlWithAPassword",
     "sources: {health: {prometheus: 'https://u:p@m.test', service: a}}\nenvironments: {a: "
     "{signals: [risk]}}\n",
     "sources: {health: {prometheus: 'https://m.test', service: a}}\nenvironments: {a: {signals: "
     "[risk]}}\n"},
    {"AUrlWithAQuery",
     "sources: {health: {prometheus: 'https://m.test/?a=b', service: a}}\nenvironments: {a: "
     "{signals: [risk]}}\n",
     "sources: {health: {prometheus: 'https://m.test/a', service: a}}\nenvironments: {a: {signals: "
     "[risk]}}\n"},
    {"AUrlWithoutAHost",
     "sources: {health: {prometheus: 'https://', service: a}}\nenvironments: {a: {signals: "
     "[risk]}}\n",
     "sources: {health: {prometheus: 'https://m.test', service: a}}\nenvironments: {a: {signals: "
     "[risk]}}\n"},
    {"AFileAbove", "sources: {risk: {model: ../m.yaml}}\nenvironments: {a: {signals: [risk]}}\n",
     "sources: {risk: {model: a/m.yaml}}\nenvironments: {a: {signals: [risk]}}\n"},
    {"AFileFromTheRoot",
     "sources: {risk: {model: /etc/m.yaml}}\nenvironments: {a: {signals: [risk]}}\n",
     "sources: {risk: {model: etc/m.yaml}}\nenvironments: {a: {signals: [risk]}}\n"},
    {"APlaceOfNoName", "sources: {carbon: {}}\nenvironments: {a: {signals: [risk]}}\n",
     "sources: {carbon: {zone: DE}}\nenvironments: {a: {signals: [risk]}}\n"},
    {"APlaceOfTwoNames",
     "sources: {carbon: {zone: DE, region: 'aws:eu-central-1'}}\nenvironments: {a: {signals: "
     "[risk]}}\n",
     "sources: {carbon: {region: 'aws:eu-central-1'}}\nenvironments: {a: {signals: [risk]}}\n"},
    {"AProviderWithATable",
     "sources: {carbon: {zone: DE, provider: uk, table: t.yaml}}\nenvironments: {a: {signals: "
     "[risk]}}\n",
     "sources: {carbon: {zone: DE, provider: static, table: t.yaml}}\nenvironments: {a: {signals: "
     "[risk]}}\n"},
    {"AStaticProviderWithoutATable",
     "sources: {carbon: {zone: DE, provider: static}}\nenvironments: {a: {signals: [risk]}}\n",
     "sources: {carbon: {zone: DE, provider: electricitymaps}}\nenvironments: {a: {signals: "
     "[risk]}}\n"},
    {"ATableWithAUrl",
     "sources: {carbon: {zone: DE, table: t.yaml, url: 'https://g.test'}}\nenvironments: {a: "
     "{signals: [risk]}}\n",
     "sources: {carbon: {zone: DE, table: t.yaml}}\nenvironments: {a: {signals: [risk]}}\n"},
    {"ARolloutOfMonths",
     "sources: {carbon: {zone: DE, duration: 15d}}\nenvironments: {a: {signals: [risk]}}\n",
     "sources: {carbon: {zone: DE, duration: 14d}}\nenvironments: {a: {signals: [risk]}}\n"},
    {"ATokenInThePolicy",
     "sources: {carbon: {zone: DE, token: x}}\nenvironments: {a: {signals: [risk]}}\n",
     "sources: {carbon: {zone: DE}}\nenvironments: {a: {signals: [risk]}}\n"},
};
INSTANTIATE_TEST_SUITE_P(All, PolicyRefuses, testing::ValuesIn(kRefused),
                         [](const auto& each) { return std::string(each.param.name); });

TEST(Policy, KeysAreInlineOrInFilesAndForEnvironments) {
  const auto policy = parse(cat("environments: {a: {signals: [risk]}, b: {signals: [risk]}}\n",
                                "keys:\n  - name: inline\n    environments: [a]\n    pem: |\n",
                                indented(kKey, 6), "  - file: gate.pub\n"));
  ASSERT_TRUE(policy) << policy.error().text();
  std::vector<std::string> asked;
  const auto read = [&](const std::string& name) -> Result<std::string> {
    asked.push_back(name);
    return std::string(kKey);
  };
  EXPECT_EQ(policy::keys_for(*policy, "a", read)->size(), 2U);
  EXPECT_EQ(policy::keys_for(*policy, "b", read)->size(), 1U);
  EXPECT_EQ(asked, (std::vector<std::string>{"gate.pub", "gate.pub"}));
  const auto absent = [](const std::string&) -> Result<std::string> {
    return fail(Errc::not_found, "none");
  };
  EXPECT_FALSE(policy::keys_for(*policy, "b", absent));
}

TEST(Policy, AnInlineKeyThatCannotBeUsedHasItsPlace) {
  const std::string what =
      refusal("environments: {a: {signals: [risk]}}\nkeys:\n  - pem: |\n      nonsense\n");
  EXPECT_TRUE(what.starts_with("sluice.yaml:5:10: this public key cannot be used")) << what;
}

TEST(Policy, TheBuiltInOneIsSoundAndNamesNoVerifier) {
  const auto policy = policy::parse(policy::builtin_text(), "built in");
  ASSERT_TRUE(policy) << policy.error().text();
  EXPECT_EQ(policy->environments.at(0).signals, std::vector<std::string>{"risk"});
  EXPECT_TRUE(policy->verifier.empty());
}

TEST(Policy, HostileNamesAreShownSafely) {
  const auto policy = policy::parse("a\x1b[31m: 1\n", "evil\nname");
  ASSERT_FALSE(policy);
  EXPECT_EQ(policy.error().what.find('\x1b'), std::string::npos);
  EXPECT_EQ(policy.error().what.find('\n'), std::string::npos);
}

TEST(Policy, HasABoundOnItsBytes) {
  const std::string padding(policy::kMaxPolicy, '#');
  EXPECT_FALSE(parse(cat(kSmallest, padding)));
}

TEST(Policy, WordsGoBothWays) {
  for (const auto effect : {Effect::ignore, Effect::approve, Effect::condition, Effect::delay,
                            Effect::undecided, Effect::block}) {
    EXPECT_EQ(policy::effect_named(policy::name(effect)), effect);
  }
  EXPECT_EQ(policy::level_named("never"), std::nullopt);
}

}  // namespace
}  // namespace sluice
