// SPDX-License-Identifier: Apache-2.0
// Bundles by somebody who wants more to be believed than they prove, each beside the smallest one
// that does prove it.
#include <gtest/gtest.h>

#include "base/codec.h"
#include "base/text.h"
#include "sigstore/verifier.h"
#include "support/temp_folder.h"
#include "support/virtual_sigstore/virtual_sigstore.h"

namespace sluice::sigstore {
namespace {

using test::LogWish;
using test::Made;
using test::SignWish;
using test::VirtualSigstore;

constexpr std::string_view kAttacked = "the artifact\n";

const VirtualSigstore& attacked_world() {
  static const VirtualSigstore world;
  return world;
}

// What a verification asks for, beyond the usual identity or the key of what was made.
struct Asked {
  Thresholds thresholds = {};
  std::string witnesses = {};
  test::Change change_root = {};
};

Result<Verdict<VerifiedContent>> ask(const SignWish& wish, const Asked& asked = {}) {
  const test::TempFolder folder;
  const Made made = attacked_world().sign(kAttacked, wish);
  VerifierOptions options{.thresholds = asked.thresholds};
  SLUICE_TRY(options.trust,
             TrustRoot::parse(attacked_world().trusted_root(asked.change_root), "a test's trust"));
  if (wish.material == test::Material::key) {
    options.keys.push_back({made.key.public_key(), made.key.scheme()});
  } else {
    SLUICE_TRY(auto rule, make_identity_rule({.identity = std::string(test::kIdentity),
                                              .issuer = std::string(test::kIssuer)}));
    options.rules.push_back(std::move(rule));
  }
  if (!asked.witnesses.empty()) {
    SLUICE_TRY(options.witnesses, parse_witness_policy(asked.witnesses));
  }
  return Verifier(std::move(options))
      .verify(system_files(), {.bundle = made.bundle,
                               .bundle_source = "a test's bundle",
                               .artifact = folder.write("artifact", kAttacked)});
}

// "pass", or the ids of the rows that failed.
std::string answer(const SignWish& wish, const Asked& asked = {}) {
  const auto verdict = ask(wish, asked);
  if (!verdict) return cat("error: ", verdict.error().text());
  if (verdict->passed()) return "pass";
  std::vector<std::string> failed;
  for (const Check& check : verdict->report().checks()) {
    if (check.outcome == Outcome::fail) failed.push_back(check.id);
  }
  return join(failed, " ");
}

std::string policy_of_one_witness() {
  return attacked_world().witness_policy(test::kLogV2, {0}, 1);
}

// ---- witnesses

// Whoever makes a bundle chooses its version, and 0.1 does without proofs.
SignWish witnessed_v1() {
  SignWish wish = test::rekor_v1();
  wish.media_type = std::string(test::kMedia01);
  wish.logs.front().witnesses = {0};
  return wish;
}

TEST(Attack, WitnessesAreAskedForWhereNoCheckpointCameAlong) {
  const Asked asked{.witnesses = policy_of_one_witness()};
  EXPECT_EQ(answer(witnessed_v1(), asked), "pass");

  SignWish bare = witnessed_v1();
  bare.logs.front().proof = false;
  EXPECT_EQ(answer(bare), "pass") << "without a policy the promise is enough";
  EXPECT_TRUE(answer(bare, asked).starts_with("log.witnesses")) << answer(bare, asked);

  SignWish unsigned_root = witnessed_v1();
  unsigned_root.logs.front().change_entry = [](json::Value& entry) {
    test::erase(entry, "inclusionProof.checkpoint");
  };
  EXPECT_EQ(answer(unsigned_root), "pass");
  EXPECT_TRUE(answer(unsigned_root, asked).starts_with("log.witnesses"));
}

TEST(Attack, WitnessesAreAskedForWhereNoEntryCameAlong) {
  SignWish wish = test::by_key(test::rekor_v2());
  wish.logs.front().witnesses = {0};
  const Asked asked{.witnesses = policy_of_one_witness()};
  EXPECT_EQ(answer(wish, asked), "pass");
  wish.logs = {};
  EXPECT_EQ(answer(wish), "pass") << "a key needs no log";
  EXPECT_EQ(answer(wish, asked), "log.threshold");
  const Asked none{.thresholds = {.logs = 0}, .witnesses = policy_of_one_witness()};
  EXPECT_EQ(answer(wish, none), "log.threshold");
  EXPECT_EQ(answer(wish, {.witnesses = "quorum none\n"}), "pass") << "a policy may ask for nobody";
}

// ---- thresholds

TEST(Attack, ACertificateIsNeverLookedAtForNoTime) {
  const Asked none{.thresholds = {.times = 0}};
  EXPECT_EQ(answer(test::rekor_v2(), none), "pass") << "there is one, and it counts";
  SignWish timeless = test::in_envelope(test::rekor_v2());
  timeless.stamps = {};
  const auto verdict = ask(timeless, none);
  ASSERT_TRUE(verdict) << verdict.error().text();
  ASSERT_NE(verdict->report().first_failure(), nullptr) << "a refusal says what failed";
  EXPECT_EQ(verdict->report().first_failure()->id, "time.verified");
  EXPECT_EQ(refusal_kind(verdict->report()), "untrusted");
  for (const Check& check : verdict->report().checks()) {
    EXPECT_FALSE(check.id.starts_with("statement.")) << "nobody vouches for what it says";
  }
}

TEST(Attack, WhatWasNotLookedAtHasAReason) {
  Report report("a");
  report.pass("bundle.present", "signed", "signed");
  EXPECT_EQ(refusal_kind(report), "");
  report.skip("certificate.chain", "certificate chain", "needs a time");
  EXPECT_EQ(refusal_kind(report), "untrusted");
}

SignWish in_two_logs(std::size_t one, std::size_t other) {
  SignWish wish = test::rekor_v2();
  wish.logs = {{.log = one}, {.log = other}};
  return wish;
}

TEST(Attack, TwoLogsWithOneKeyAreOneWitness) {
  const Asked two{.thresholds = {.logs = 2}};
  EXPECT_EQ(answer(in_two_logs(test::kLogV2, test::kEcdsaLogV2), two), "pass");
  EXPECT_EQ(answer(in_two_logs(test::kLogV2, test::kLogV2), two), "log.threshold");

  // The same key under another name has another id, as Rekor v2 makes them.
  VirtualSigstore world;
  world.logs.push_back(world.logs[test::kLogV2]);
  world.logs.back().host = "alias.rekor.example.org";
  const Made made = world.sign(kAttacked, in_two_logs(test::kLogV2, world.logs.size() - 1));
  const test::TempFolder folder;
  for (const std::size_t wanted : {1U, 2U}) {
    VerifierOptions options{.thresholds = {.logs = wanted}};
    options.trust = TrustRoot::parse(world.trusted_root(), "a test's trust").value();
    options.rules.push_back(make_identity_rule({.identity = std::string(test::kIdentity),
                                                .issuer = std::string(test::kIssuer)})
                                .value());
    const auto verdict =
        Verifier(std::move(options))
            .verify(system_files(), {.bundle = made.bundle,
                                     .bundle_source = "a test's bundle",
                                     .artifact = folder.write("artifact", kAttacked)});
    ASSERT_TRUE(verdict) << verdict.error().text();
    EXPECT_EQ(verdict->passed(), wanted == 1);
  }
}

TEST(Attack, ALogThatIsNotTrustedAnyMoreIsNoneWhereNothingSaysWhen) {
  const auto until = [](std::string_view end) {
    return [end](json::Value& root) { test::set(root, "tlogs.0.publicKey.validFor.end", end); };
  };
  SignWish wish = test::by_key(test::rekor_v2());
  const Asked later{.thresholds = {.logs = 1}, .change_root = until("2026-06-01T12:00:02Z")};
  const Asked before{.thresholds = {.logs = 1}, .change_root = until("2026-06-01T12:00:01Z")};
  EXPECT_EQ(answer(wish, later), "pass");
  EXPECT_EQ(answer(wish, before), "log.known");
  wish.stamps = {};  // who leaves evidence out must not gain by it
  EXPECT_EQ(answer(wish, {.thresholds = {.logs = 1}}), "pass");
  EXPECT_EQ(answer(wish, later), "log.known");
  EXPECT_EQ(answer(wish, before), "log.known");
}

SignWish stamped_at(std::initializer_list<std::pair<std::size_t, std::string_view>> stamps) {
  SignWish wish = test::rekor_v2();
  wish.stamps = {};
  for (const auto& [service, time] : stamps) {
    wish.stamps.push_back({.service = service, .wish = {.time = test::at(time)}});
  }
  return wish;
}

TEST(Attack, OneServiceInTwoSpansOfTimeIsOneClock) {
  constexpr std::string_view kFirst = "2026-06-01T12:00:02Z";
  constexpr std::string_view kThen = "2026-06-01T12:00:04Z";
  // Trusted until that second under one entry, from the next on under another.
  const auto in_spans = [](json::Value& root) {
    json::Array& services = *test::at(root, "timestampAuthorities").array();
    json::Value again = services.front();
    test::set(services.front(), "validFor.end", "2026-06-01T12:00:03Z");
    test::set(again, "validFor.start", "2026-06-01T12:00:04Z");
    services.push_back(std::move(again));
  };
  const Asked two{.thresholds = {.times = 2}, .change_root = in_spans};
  EXPECT_EQ(answer(stamped_at({{0, kFirst}, {1, kThen}}), two), "pass");
  EXPECT_EQ(answer(stamped_at({{0, kFirst}, {0, kThen}}), {.change_root = in_spans}), "pass");
  EXPECT_TRUE(answer(stamped_at({{0, kFirst}, {0, kThen}}), two).starts_with("time.verified"));

  // Two certificates behind one URL are one service as well.
  const auto one_url = [](json::Value& root) {
    const std::string url = test::text_at(root, "timestampAuthorities.0.uri");
    test::set(root, "timestampAuthorities.1.uri", url);
  };
  const Asked behind_one{.thresholds = {.times = 2}, .change_root = one_url};
  EXPECT_TRUE(
      answer(stamped_at({{0, kFirst}, {1, kThen}}), behind_one).starts_with("time.verified"));
}

// ---- what was refused and should not be

TEST(Attack, AnIntotoEntryOfRekorV1IsKnownByItsGlobalIndexAlsoWithoutAPromise) {
  SignWish wish = test::in_envelope(test::rekor_v1());
  wish.logs.front().kind = test::EntryKind::intoto;
  wish.stamps = {{}};
  EXPECT_EQ(answer(wish), "pass");
  wish.logs.front().promise = false;
  EXPECT_EQ(answer(wish), "pass");
  // Rekor v2 has no shards: there both are one number.
  SignWish other = test::rekor_v2();
  other.logs.front().change_entry = [](json::Value& entry) {
    test::set(entry, "logIndex", "4163436");
  };
  EXPECT_TRUE(answer(other).starts_with("log.inclusion")) << answer(other);
}

TEST(Attack, ACheckpointIsSignedUnderTheKeyIdThatTheTrustMaterialStatesForIt) {
  const auto& log = attacked_world().logs[test::kLogV2];
  const std::string by_key = to_base64(log.key.public_key().fingerprint().bytes());
  SignWish wish = test::rekor_v2();
  wish.logs.front().change_entry = [&](json::Value& entry) {
    test::set(entry, "logId.keyId", by_key);
  };
  const auto root_with = [&](const Bytes& key_id) {
    return [&by_key, key_id](json::Value& root) {
      test::set(root, "tlogs.0.logId.keyId", by_key);
      test::set(root, "tlogs.0.checkpointKeyId", test::object({{"keyId", to_base64(key_id)}}));
    };
  };
  EXPECT_EQ(answer(wish, {.change_root = root_with(log.id())}), "pass");
  EXPECT_EQ(answer(wish, {.change_root = root_with(test::first_four(log.id()))}), "pass");
  EXPECT_TRUE(answer(wish, {.change_root = root_with(Bytes(4, 7))}).starts_with("log.checkpoint"));
}

// ---- what a report says

std::string fact_of(const SignWish& wish, std::string_view label) {
  const auto verdict = ask(wish);
  if (!verdict || !verdict->passed()) return "refused";
  for (const auto& [name, value] : verdict->report().facts()) {
    if (name == label) return value;
  }
  return "no fact";
}

TEST(Attack, ATimeIsOfWhoStatesIt) {
  constexpr std::string_view kEntry = "the log (rekor.example.org, entry 4163436)";
  SignWish wish = test::rekor_v1();
  EXPECT_EQ(fact_of(wish, "at"), cat("2026-06-01 12:00:03Z, by ", kEntry));
  wish.stamps = {{}};
  EXPECT_EQ(
      fact_of(wish, "at"),
      cat("2026-06-01 12:00:02Z, by https://stamps0.example.org/api/v1/timestamp; in ", kEntry));
  wish.stamps.front().wish.time = test::at("2026-06-01T12:00:05Z");
  wish.logs.push_back(wish.logs.front());
  EXPECT_EQ(fact_of(wish, "at"), cat("2026-06-01 12:00:03Z, by ", kEntry));
}

TEST(Attack, AnIndexThatNobodySignedIsNotReported) {
  SignWish wish = test::rekor_v1();
  wish.stamps = {{}};
  wish.logs.front().promise = false;
  wish.logs.front().change_entry = [](json::Value& entry) {
    test::set(entry, "logIndex", "987654321");
  };
  const std::string at = fact_of(wish, "at");
  EXPECT_TRUE(at.contains("entry 5)")) << at;
  EXPECT_FALSE(at.contains("987654321")) << at;
}

// ---- memory and time

std::string crowded(std::size_t values) {
  std::string list = "0";
  for (std::size_t i = 1; i < values; ++i) list += ",0";
  return list;
}

TEST(Attack, ABundleOfCountlessValuesIsNotBuiltUp) {
  const auto error_of = [](std::size_t values) {
    const auto bundle = parse_bundle(cat(R"({"mediaType":")", test::kMedia03,
                                         R"(","verificationMaterial":[)", crowded(values), "]}"));
    return bundle ? std::string("none") : bundle.error().text();
  };
  EXPECT_TRUE(error_of(kBundleValuesMost - 10).contains("expected an object"));
  EXPECT_TRUE(error_of(kBundleValuesMost).contains("more than")) << error_of(kBundleValuesMost);
}

TEST(Attack, TheBodyOfAnEntryNeither) {
  const auto wish_of = [](std::size_t values) {
    SignWish wish = test::rekor_v1();
    wish.logs.front().change_body_text = [values](std::string& body) {
      body = cat(R"({"apiVersion":"0.0.1","kind":"hashedrekord","spec":[)", crowded(values), "]}");
    };
    return wish;
  };
  const auto detail_of = [&](std::size_t values) {
    const auto verdict = ask(wish_of(values));
    const Check* failure = verdict ? verdict->report().first_failure() : nullptr;
    return failure == nullptr ? std::string() : failure->detail;
  };
  EXPECT_TRUE(detail_of(kBundleValuesMost - 10).contains("expected an object"));
  EXPECT_TRUE(detail_of(kBundleValuesMost).contains("more than")) << detail_of(kBundleValuesMost);
}

}  // namespace
}  // namespace sluice::sigstore
