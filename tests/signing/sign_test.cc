// SPDX-License-Identifier: Apache-2.0
#include "signing/sign.h"

#include <filesystem>

#include "base/codec.h"
#include "signing/sign_support.h"

namespace sluice::sigstore {
namespace {

using test::at;
using test::busy;
using test::dropped;

class Sign : public SignTest {
 protected:
  // As somebody else verifies it: by identity, against the artifact's file.
  std::string verified(const SignItem& item, const SignResult& result) {
    VerifierOptions wish;
    wish.trust = TrustRoot::parse(services_.trusted_root(), "the test's").value();
    wish.rules.push_back(make_identity_rule({.identity = std::string(test::kIdentity),
                                             .issuer = std::string(test::kIssuer)})
                             .value());
    std::optional<Artifact> artifact;
    if (const auto* path = std::get_if<Path>(&item.content)) artifact = *path;
    const auto verdict =
        Verifier(wish).verify(system_files(), {.bundle = result.outcome->value()->text,
                                               .bundle_source = "the bundle",
                                               .artifact = artifact});
    const Check* failure = verdict->report().first_failure();
    return failure == nullptr ? "" : failure->id;
  }
  const SignedBundle& bundle(std::size_t item = 0) const {
    return *last_->items.at(item).outcome->value();
  }
  const std::string& detail() const {
    return last_->items.front().outcome->report().first_failure()->detail;
  }
};

TEST_F(Sign, AFileWithCertificateLogAndTimestamp) {
  const auto item = file("artifact");
  const SignReport report = sign(options(), {item});
  ASSERT_EQ(outcome_of(report.items[0]), "");
  EXPECT_TRUE(report.complete());
  EXPECT_EQ(verified(item, report.items[0]), "");
  const SignedBundle& made = *report.items[0].outcome->value();
  EXPECT_EQ(made.entries.size(), 1U);
  EXPECT_EQ(made.timestamps, 1U);
  EXPECT_EQ(made.signer, "release@example.org (https://accounts.example.org)");
  EXPECT_TRUE(made.notes.empty());
  EXPECT_EQ(services_.fulcio.issued(), 1U);
  EXPECT_EQ(report.certificates, 1U);
}

TEST_F(Sign, ByTheSigningRequestTheCaIsAskedOnce) {
  EXPECT_EQ(answer(), "");
  EXPECT_EQ(services_.fulcio.requests(), 1U);
}

TEST_F(Sign, ByTheChallengeThatTheCaNames) {
  SignOptions wish = options();
  wish.proof = KeyProof::challenge;
  EXPECT_EQ(answer(wish), "");
  EXPECT_EQ(services_.fulcio.requests("GET /api/v2/configuration"), 1U);
  // A CA that does not say takes the address, and so does the rule of last resort.
  services_.fulcio.hooks.before = [](const HttpRequest& request) -> std::optional<test::Answer> {
    if (request.method == "GET") return busy(500);
    return std::nullopt;
  };
  EXPECT_EQ(answer(wish), "");
}

TEST_F(Sign, AsAWorkflow) {
  auto tokens = tokens_of(services_.github, "example/app");
  SignOptions wish = options();
  wish.tokens = &tokens;
  wish.ca_rules.claims = std::vector<std::string>{"repository", "job_workflow_ref"};
  EXPECT_EQ(answer(wish), "");
  EXPECT_NE(bundle().signer.find(
                "https://github.com/example/app/.github/workflows/release.yml@refs/heads/main"),
            std::string::npos);
}

TEST_F(Sign, WithTheTimeOfALogOfRekor1) {
  EXPECT_EQ(answer(options_v1()), "");
  EXPECT_EQ(bundle().timestamps, 0U);
  EXPECT_EQ(bundle().times.size(), 1U);
}

TEST_F(Sign, PayloadsInLogsOfBothGenerations) {
  for (SignOptions wish : {options(), options_v1()}) {
    const SignReport report = sign(wish, {payload()});
    ASSERT_EQ(outcome_of(report.items[0]), "");
    EXPECT_EQ(verified(payload(), report.items[0]), "");
  }
}

TEST_F(Sign, ByDigestAlone) {
  const auto digest = crypto::digest_of(crypto::HashAlgorithm::sha256, bytes_of("an artifact"));
  const SignReport report = sign(options(), {{"elsewhere", digest}});
  ASSERT_EQ(outcome_of(report.items[0]), "");
  EXPECT_EQ(verified(file("artifact"), report.items[0]), "");
  const auto other = crypto::digest_of(crypto::HashAlgorithm::sha512, bytes_of("an artifact"));
  EXPECT_EQ(outcome_of(sign(options(), {{"elsewhere", other}}).items[0]), "error: unsupported");
}

TEST_F(Sign, WithLargerCurves) {
  for (const auto type : {crypto::KeyType::ecdsa_p384, crypto::KeyType::ecdsa_p521}) {
    SignOptions wish = options();
    wish.key_type = type;
    EXPECT_EQ(answer(wish), "");
  }
  SignOptions wish = options();
  wish.key_type = crypto::KeyType::rsa;
  EXPECT_EQ(Signing(world_.world(), wire_, wish).sign({file("artifact")}).error().code,
            Errc::unsupported);
}

TEST_F(Sign, AHundredFilesUnderOneCertificateInTheirOrder) {
  const auto items = files(100);
  SignOptions wish = options();
  wish.at_once = 64;
  const SignReport report = sign(wish, items);
  ASSERT_TRUE(report.complete());
  EXPECT_EQ(services_.fulcio.issued(), 1U);
  EXPECT_EQ(services_.rekor_v2.size(), 100U);
  for (std::size_t i = 0; i < items.size(); ++i) {
    EXPECT_EQ(report.items[i].name, items[i].name);
    EXPECT_EQ(verified(items[i], report.items[i]), "");
  }
  // Log and timestamp of all items of a wave go out together.
  EXPECT_EQ(wire_.waves, (std::vector<std::size_t>{128, 72}));
}

TEST_F(Sign, SeveralCallsShareTheCertificateWhileItIsGood) {
  Signing signing(world_.world(), wire_, options());
  ASSERT_TRUE(signing.sign({file("one")})->complete());
  world_.clock.advance(std::chrono::minutes(8));
  ASSERT_TRUE(signing.sign({file("two")})->complete());
  EXPECT_EQ(services_.fulcio.issued(), 1U);
  world_.clock.advance(std::chrono::minutes(2));
  ASSERT_TRUE(signing.sign({file("three")})->complete());
  EXPECT_EQ(services_.fulcio.issued(), 2U);
}

TEST_F(Sign, OneFileThatIsMissingLeavesTheOthers) {
  const SignReport report = sign(options(), {{"gone", folder_ / "gone"}, file("here")});
  EXPECT_EQ(outcome_of(report.items[0]), "error: not_found");
  EXPECT_EQ(outcome_of(report.items[1]), "");
  EXPECT_FALSE(report.complete());
}

TEST_F(Sign, InEveryLogThatIsAskedFor) {
  SignOptions wish = options();
  wish.services.logs = {{kUrlV2, 2}, {kUrlV1, 1}};
  wish.services.stampers = {kUrlStamps, kUrlOtherStamps};
  wish.journal = folder_ / "journal";
  services_.rekor_v1.hooks.before = [](const HttpRequest&) { return dropped(); };
  EXPECT_EQ(answer(wish), "error: network");
  services_.rekor_v1.hooks = {};
  EXPECT_EQ(answer(wish), "");
  EXPECT_EQ(bundle().entries.size(), 2U);
  EXPECT_EQ(bundle().timestamps, 2U);
  EXPECT_EQ(services_.rekor_v2.requests("POST /api/v2/log/entries"), 1U);
}

// The CA's clock may be ahead of the timestamp authority's: a stamp from before the certificate
// would be worth nothing.
TEST_F(Sign, WaitsForItsCertificateToBegin) {
  services_.fulcio.change_leaf = [](test::CertificateWish& leaf) {
    leaf.from += std::chrono::seconds(3);
  };
  EXPECT_EQ(answer(), "");
  EXPECT_EQ(services_.stamps.requests(), 2U);
  EXPECT_EQ(world_.clock.slept(), std::chrono::seconds(3));
}

// What the CA takes is the longest part: it has its request before anything is read.
TEST_F(Sign, TheCaIsAskedBeforeTheItemsAreRead) {
  auto wish = options();
  wish.services.logs.clear();
  const std::vector items{file("kept", "before"), file("gone", "before")};
  std::size_t asked = 0;
  wire_.under_way = [&](const std::vector<HttpRequest>& requests) {
    asked = requests.size();
    EXPECT_NE(requests.front().url.find("signingCert"), std::string::npos);
    file("kept", "as the CA works");
    std::filesystem::remove(std::get<Path>(items[1].content));
  };
  const SignReport report = sign(wish, items);
  EXPECT_EQ(asked, 1U);
  ASSERT_EQ(outcome_of(report.items[0]), "");
  EXPECT_EQ((*report.items[0].outcome).value()->digest,
            crypto::digest_of(crypto::HashAlgorithm::sha256, bytes_of("as the CA works")));
  EXPECT_EQ(outcome_of(report.items[1]), "error: not_found");
}

// A stamp is over the signature, which needs no certificate.
TEST_F(Sign, WithoutALogTheStampIsAskedForBesideTheCertificate) {
  SignOptions wish = options();
  wish.services.logs.clear();
  EXPECT_EQ(answer(wish), "");
  EXPECT_EQ(wire_.waves, (std::vector<std::size_t>{2}));
  EXPECT_EQ(bundle().timestamps, 1U);
  const SignReport report = sign(wish, files(8));
  EXPECT_TRUE(report.complete());
  EXPECT_EQ(report.certificates, 1U);
  EXPECT_EQ(wire_.waves, (std::vector<std::size_t>{2, 9}));
  EXPECT_EQ(services_.stamps.requests(), 9U);
}

TEST_F(Sign, AStampFromBeforeTheCertificateIsAskedForOnceMore) {
  SignOptions wish = options();
  wish.services.logs.clear();
  services_.fulcio.change_leaf = [](test::CertificateWish& leaf) {
    leaf.from += std::chrono::seconds(3);
  };
  EXPECT_EQ(answer(wish), "");
  EXPECT_EQ(bundle().timestamps, 1U);
  EXPECT_EQ(services_.stamps.requests(), 3U);  // beside it, at once, and when it has begun
  EXPECT_EQ(world_.clock.slept(), std::chrono::seconds(3));
}

TEST_F(Sign, AnEarlyStampIsJudgedAndRepeatedAsAnyOther) {
  SignOptions wish = options();
  wish.services.logs.clear();
  wish.services.spare_stampers.clear();
  int lost = 1;
  services_.stamps.hooks.before = [&](const HttpRequest&) -> std::optional<test::Answer> {
    if (lost-- > 0) return busy(503);
    return std::nullopt;
  };
  EXPECT_EQ(answer(wish), "");
  EXPECT_EQ(services_.fulcio.issued(), 1U);
  services_.stamps.hooks.before = {};
  services_.fulcio.hooks.before = [](const HttpRequest&) { return busy(403); };
  EXPECT_EQ(answer(wish), "sign.certificate.refused");
  EXPECT_EQ(services_.stamps.requests(), 3U);
}

// What is many, large or to be logged is not asked for ahead.
TEST_F(Sign, MuchIsStampedAfterTheCertificate) {
  SignOptions wish = options();
  wish.services.logs.clear();
  EXPECT_TRUE(sign(wish, files(9)).complete());
  EXPECT_TRUE(sign(wish, {file("large", std::string((1U << 20) + 1, 'x'))}).complete());
  wish.journal = folder_.path() / "journal";
  EXPECT_EQ(answer(wish), "");
  EXPECT_EQ(wire_.waves, (std::vector<std::size_t>{9, 1, 1}));
}

TEST_F(Sign, ByKeyWithLogsAndTimestamps) {
  using crypto::KeyType;
  for (const auto type : {KeyType::ecdsa_p256, KeyType::ed25519, KeyType::rsa}) {
    const auto key = crypto::PrivateKey::generate(type).value();
    for (SignOptions wish : {options(), options_v1()}) {
      wish.tokens = nullptr;
      wish.key = &key;
      wish.services.ca.clear();
      const SignReport report = sign(wish, {file("artifact"), payload()});
      ASSERT_EQ(outcome_of(report.items[0]), "") << crypto::name(type);
      ASSERT_EQ(outcome_of(report.items[1]), "") << crypto::name(type);
      EXPECT_EQ(report.items[0].outcome->value()->entries.size(), 1U);
    }
  }
  EXPECT_EQ(services_.fulcio.requests(), 0U);
}

TEST_F(Sign, TheCallHasToMakeSense) {
  const auto refused = [&](auto change) {
    SignOptions wish = options();
    change(wish);
    const auto report = Signing(world_.world(), wire_, wish).sign({file("artifact")});
    return !report && report.error().code == Errc::usage;
  };
  EXPECT_FALSE(refused([](SignOptions&) {}));
  EXPECT_TRUE(refused([](SignOptions& wish) { wish.tokens = nullptr; }));
  EXPECT_TRUE(refused([](SignOptions& wish) { wish.services.ca.clear(); }));
  EXPECT_TRUE(refused([](SignOptions& wish) { wish.trust.reset(); }));
  EXPECT_TRUE(refused([](SignOptions& wish) { wish.services.stampers.clear(); }));
  EXPECT_EQ(Signing(world_.world(), wire_, options()).sign({}).error().code, Errc::usage);
}

// ---- tokens

TEST_F(Sign, NamesWhatIsWrongWithATokenBeforeTheCaIsAsked) {
  struct Row {
    const char* id;
    test::Change change;
  };
  const Time now = at("2026-06-01T12:00:00Z");
  const auto moment = [&](std::int64_t from_now) {
    return std::int64_t{now.time_since_epoch().count()} + from_now;
  };
  const std::vector<Row> rows{
      {"", [](json::Value&) {}},
      {"oidc.expiry", [&](json::Value& claims) { claims.set("exp", moment(-61)); }},
      {"oidc.audience", [](json::Value& claims) { claims.set("aud", "other"); }},
      {"oidc.email", [](json::Value& claims) { claims.set("email_verified", false); }},
      {"oidc.subject", [](json::Value& claims) { test::erase(claims, "sub"); }},
      {"oidc.not-before", [&](json::Value& claims) { claims.set("nbf", moment(3600)); }},
      {"oidc.clock", [&](json::Value& claims) {
         claims.set("iat", moment(301));
         claims.set("exp", moment(600));
       }}};
  for (const Row& row : rows) {
    auto tokens = token_of(services_.issuer.token(test::kIdentity, now, row.change));
    SignOptions wish = options();
    wish.tokens = &tokens;
    wish.ca_rules.kind = oidc::IssuerKind::email;
    const auto before = services_.fulcio.requests("POST /api/v2/signingCert");
    EXPECT_EQ(answer(wish), row.id);
    EXPECT_EQ(services_.fulcio.requests("POST /api/v2/signingCert") - before,
              *row.id == '\0' ? 1U : 0U);
  }
}

TEST_F(Sign, AMissingClaimIsNamed) {
  auto tokens = tokens_of(services_.github, "example/app");  // short of what GitHub's tokens have
  SignOptions wish = options();
  wish.tokens = &tokens;
  EXPECT_EQ(answer(wish), "oidc.claims");
  EXPECT_NE(detail().find("repository_id"), std::string::npos) << detail();
}

TEST_F(Sign, TheAudienceOfThisCaCounts) {
  services_.issuer.audience = "our-ca";
  EXPECT_EQ(answer(), "");  // the CA's configuration says so
  SignOptions wish = options();
  auto tokens =
      token_of(services_.issuer.token(test::kIdentity, world_.clock.now(),
                                      [](json::Value& claims) { claims.set("aud", "sigstore"); }));
  wish.tokens = &tokens;
  EXPECT_EQ(answer(wish), "oidc.audience");
}

TEST_F(Sign, WhatTheCaRefusesIsExaminedOnceMoreByItsOwnRules) {
  auto tokens =
      token_of(services_.issuer.token(test::kIdentity, world_.clock.now(), [](json::Value& claims) {
        claims.set("email_verified", false);
      }));
  SignOptions wish = options();
  wish.tokens = &tokens;  // of an issuer that is not known here
  EXPECT_EQ(answer(wish), "oidc.email");
  EXPECT_EQ(services_.fulcio.requests("POST /api/v2/signingCert"), 1U);
}

TEST_F(Sign, SaysWhatTheCaSaidWhereNothingIsFound) {
  test::VirtualIssuer stranger;
  auto tokens = token_of(stranger.token(test::kIdentity));  // signed by a key that nobody knows
  SignOptions wish = options();
  wish.tokens = &tokens;
  EXPECT_EQ(answer(wish), "sign.certificate.refused");
  EXPECT_NE(detail().find("There was an error processing the identity token"), std::string::npos);
}

// ---- the CA

TEST_F(Sign, RefusesWhatAHostileCaReturns) {
  struct Row {
    const char* id;
    std::function<void()> change;
  };
  auto& fulcio = services_.fulcio;
  const auto other_key = crypto::PrivateKey::generate(crypto::KeyType::ecdsa_p256).value();
  const auto leaf = [&](std::function<void(test::CertificateWish&)> change) {
    return [&fulcio, change] { fulcio.change_leaf = change; };
  };
  const auto named = [&](std::string_view name, std::string_view issuer) {
    return leaf([name, issuer](test::CertificateWish& wish) {
      wish.extensions[2] = test::alternative_names({test::email_name(name)});
      wish.extensions[3] = test::fulcio_extension(1, issuer);
      wish.extensions[4] = test::fulcio_extension(8, issuer);
    });
  };
  const std::vector<Row> rows{
      {"", [] {}},
      {"sign.certificate.key",
       leaf([&](test::CertificateWish& wish) { wish.for_key = other_key.public_key(); })},
      {"", named(test::kIdentity, test::kIssuer)},
      {"sign.certificate.identity", named("mallory@example.org", test::kIssuer)},
      {"sign.certificate.identity", named(test::kIdentity, "https://other.example.org")},
      {"sign.certificate.identity", leaf([](test::CertificateWish& wish) {
         wish.extensions[2] = test::alternative_names(
             {test::email_name(test::kIdentity), test::email_name("mallory@example.org")});
       })},
      {"sign.certificate.sct", [&] { fulcio.scts.clear(); }},
      {"sign.certificate.sct",
       [&] { fulcio.scts = {{0, {.change_signed = [](Bytes& bytes) { bytes.back() ^= 1; }}}}; }},
      {"sign.clock", leaf([](test::CertificateWish& wish) {
         wish.from += std::chrono::hours(1), wish.to += std::chrono::hours(1);
       })},
      {"sign.clock", leaf([](test::CertificateWish& wish) {
         wish.from -= std::chrono::hours(1), wish.to -= std::chrono::hours(1);
       })},
      {"", leaf([](test::CertificateWish& wish) { wish.from += std::chrono::seconds(1); })},
      {"sign.certificate.purpose", leaf([](test::CertificateWish& wish) {
         wish.extensions[1] = test::extended_key_usage({"1.3.6.1.5.5.7.3.1"});
       })},
      {"sign.certificate.answer",
       [&] { fulcio.hooks.after = [](test::Answer& got) { got = busy(200); }; }},
      {"sign.certificate.answer",
       [&] {
         fulcio.hooks.after = [](test::Answer& got) { got->body.resize(got->body.size() / 2); };
       }},
      {"sign.certificate.answer",
       [&] { fulcio.hooks.change_answer = [](json::Value& value) { value = json::Object{}; }; }},
      {"sign.certificate.answer",
       [&] {
         fulcio.hooks.change_answer = [](json::Value& value) {
           test::set(value, "signedCertificateEmbeddedSct.chain.certificates",
                     json::Array(9, json::Value("x")));
         };
       }},
  };
  for (const Row& row : rows) {
    fulcio.change_leaf = {};
    fulcio.scts = {{}};
    fulcio.hooks = {};
    row.change();
    EXPECT_EQ(answer(), row.id);
  }
}

TEST_F(Sign, RefusesACaThatIsNotTrusted) {
  const test::VirtualServices stranger;
  SignOptions wish = options();
  wish.trust = TrustRoot::parse(stranger.trusted_root(), "another's").value();
  EXPECT_EQ(answer(wish).substr(0, 17), "sign.certificate.");
}

TEST_F(Sign, AClockThatIsAnHourOffIsNamed) {
  wire_.services_are_ahead = std::chrono::hours(-1);  // ours is ahead
  auto tokens =
      token_of(services_.issuer.token(test::kIdentity, world_.clock.now() - std::chrono::hours(1)));
  SignOptions wish = options();
  wish.tokens = &tokens;
  EXPECT_EQ(answer(wish), "oidc.expiry");
  // A token that lives for long does not show it; the certificate does.
  auto longer = token_of(services_.issuer.token(
      test::kIdentity, world_.clock.now() - std::chrono::hours(1), [&](json::Value& claims) {
        claims.set(
            "exp",
            std::int64_t{(world_.clock.now() + std::chrono::hours(5)).time_since_epoch().count()});
      }));
  wish.tokens = &longer;
  EXPECT_EQ(answer(wish), "sign.clock");
  EXPECT_NE(detail().find("expired 50 min ago"), std::string::npos) << detail();
}

// ---- logs

TEST_F(Sign, RefusesWhatAHostileLogReturns) {
  struct Row {
    const char* id;
    std::function<void(test::VirtualLogService&)> change;
  };
  const auto answered = [](test::Change change) {
    return [change](test::VirtualLogService& log) { log.hooks.change_answer = change; };
  };
  const auto whole = [](std::function<void(test::Answer&)> change) {
    return [change](test::VirtualLogService& log) { log.hooks.after = change; };
  };
  std::string other;  // an entry of somebody else's, as the log answered for it
  const std::vector<Row> both{
      {"", [](test::VirtualLogService&) {}},
      {"sign.log.checkpoint",
       [](test::VirtualLogService& log) {
         log.change_note = [](std::string& note) { note.insert(note.size() - 9, "A"); };
       }},
      {"sign.log.answer", whole([](test::Answer& got) { got = busy(200); })},
      {"sign.log.answer", whole([](test::Answer& got) { got->body.resize(got->body.size() - 9); })},
      {"sign.log.answer", whole([](test::Answer& got) { got->body = "{}"; })},
      {"sign.log.refused", whole([](test::Answer& got) { got->status = 400; })},
      {"sign.log.duplicate", whole([](test::Answer& got) {
         got->status = 409;
         got->headers.clear();
       })},
      {"sign.log.body", whole([&](test::Answer& got) { got->body = other; })},
  };
  for (const SignOptions& wish : {options(), options_v1()}) {
    test::VirtualLogService& log = wish.services.logs[0].version == 2
                                       ? static_cast<test::VirtualLogService&>(services_.rekor_v2)
                                       : services_.rekor_v1;
    log.hooks.after = [&](test::Answer& got) { other = got->body; };
    ASSERT_EQ(answer(wish), "");
    for (const Row& row : both) {
      log.hooks = {};
      log.change_note = {};
      row.change(log);
      EXPECT_EQ(answer(wish), row.id) << log.size();
    }
    log.hooks = {};
  }
  for (const Row& row : std::vector<Row>{
           {"sign.log.inclusion", answered([](json::Value& value) { value.set("logIndex", "7"); })},
           {"sign.log.inclusion", answered([](json::Value& value) {
              test::set(value, "inclusionProof.hashes", json::Array{});
            })},
           {"sign.log.checkpoint", answered([](json::Value& value) {
              test::set(value, "inclusionProof.treeSize", "9999");
            })},
           {"sign.log.known", answered([](json::Value& value) {
              test::set(value, "logId.keyId", to_base64(Bytes(32, 7)));
            })},
           {"sign.log.body", answered([](json::Value& value) {
              test::set(value, "kindVersion.version", "0.0.9");
            })}}) {
    services_.rekor_v2.hooks = {};
    row.change(services_.rekor_v2);
    const std::string id = answer();
    // A tree of another size has another proof.
    EXPECT_TRUE(id == row.id || id == "sign.log.inclusion") << id << " for " << row.id;
  }
}

TEST_F(Sign, RefusesALogThatRecordsSomethingElse) {
  services_.rekor_v2.change_body = [](std::string& body) {
    body[body.find("\"digest\":\"") + 12] ^= 1;
  };
  EXPECT_EQ(answer(), "sign.log.body");
  services_.rekor_v1.change_promise = [](json::Value& value) { value.set("integratedTime", 1); };
  EXPECT_EQ(answer(options_v1()), "sign.log.promise");
  services_.rekor_v1.change_promise = [](json::Value& value) { value.set("logIndex", 1); };
  EXPECT_EQ(answer(options_v1()), "sign.log.promise");
}

TEST_F(Sign, AnAttestationThatIsTooLargeIsRefusedBeforeAnythingIsSent) {
  const auto large = payload(kRekor1RequestMost);
  SignOptions wish = options_v1();
  EXPECT_EQ(outcome_of(sign(wish, {large}).items[0]), "sign.log.size");
  EXPECT_EQ(services_.fulcio.requests(), 0U);
  EXPECT_EQ(services_.rekor_v1.requests(), 0U);
  wish.services.spare_logs = {{kUrlV2, 2}};  // which gets a digest alone
  wish.services.stampers = {kUrlStamps};
  EXPECT_EQ(outcome_of(sign(wish, {large}).items[0]), "");
  EXPECT_EQ(services_.rekor_v1.requests(), 0U);
  EXPECT_EQ(outcome_of(sign(options(), {large}).items[0]), "");
}

// ---- timestamps

TEST_F(Sign, RefusesWhatAHostileTimestampAuthorityReturns) {
  struct Row {
    const char* id;
    std::function<void(test::VirtualStampService&)> change;
  };
  const auto stamped = [](std::function<void(test::StampWish&)> change) {
    return [change](test::VirtualStampService& service) { service.change_stamp = change; };
  };
  const auto later = [&](std::chrono::seconds by) {
    return stamped([by](test::StampWish& wish) { wish.time += by; });
  };
  const std::vector<Row> rows{
      {"", [](test::VirtualStampService&) {}},
      {"", later(std::chrono::seconds(60))},
      {"sign.timestamp.stale", later(std::chrono::seconds(61))},
      {"sign.timestamp.stale", later(std::chrono::seconds(-61))},
      {"sign.timestamp.stale", later(std::chrono::hours(-1))},
      {"sign.timestamp.nonce", stamped([](test::StampWish& wish) {
         wish.change_info = [inner = wish.change_info](std::vector<Bytes>& info) {
           inner(info);
           info.pop_back();
         };
       })},
      {"sign.timestamp.nonce", stamped([](test::StampWish& wish) {
         wish.change_info = [inner = wish.change_info](std::vector<Bytes>& info) {
           inner(info);
           info.back() = test::der_integer(4711);
         };
       })},
      {"sign.timestamp.imprint",
       [](test::VirtualStampService& service) { service.other_message = Bytes{1, 2, 3}; }},
      {"sign.timestamp.answer",
       [](test::VirtualStampService& service) {
         service.hooks.after = [](test::Answer& got) { got = busy(200); };
       }},
      {"sign.timestamp.answer",
       [](test::VirtualStampService& service) {
         service.hooks.after = [](test::Answer& got) { got->body.resize(got->body.size() - 1); };
       }},
      {"sign.timestamp.refused",
       [](test::VirtualStampService& service) {
         service.hooks.after = [](test::Answer& got) { got->status = 400; };
       }},
  };
  for (const Row& row : rows) {
    services_.stamps.change_stamp = {};
    services_.stamps.other_message.reset();
    services_.stamps.hooks = {};
    row.change(services_.stamps);
    EXPECT_EQ(answer(), row.id);
  }
}

TEST_F(Sign, RefusesTheStampOfAForeignService) {
  SignOptions wish = options();
  wish.services.stampers = {kUrlOtherStamps};
  EXPECT_EQ(answer(wish), "");
  const std::string other = services_.world.trusted_root([](json::Value& root) {
    root.find("timestampAuthorities");
    test::at(root, "timestampAuthorities").array()->pop_back();
  });
  wish.trust = TrustRoot::parse(other, "without it").value();
  EXPECT_EQ(answer(wish), "sign.timestamp.certificate.chain");
}

}  // namespace
}  // namespace sluice::sigstore
