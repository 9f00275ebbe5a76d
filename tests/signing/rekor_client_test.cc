// SPDX-License-Identifier: Apache-2.0
// Requests and answers of logs; how a run meets them is in sign_test.cc and sign_bad_days_test.cc.
#include "signing/rekor_client.h"

#include <gtest/gtest.h>

#include "base/codec.h"
#include "base/text.h"
#include "support/virtual_sigstore/services.h"

namespace sluice::sigstore {
namespace {

using test::at;

struct Signed {
  explicit Signed(crypto::KeyType type = crypto::KeyType::ecdsa_p256)
      : key(crypto::PrivateKey::generate(type).value()) {
    const auto message = crypto::Message::of(key.scheme(), bytes_of("an artifact")).value();
    bundle.material = PublicKeyHint{key_hint(key.public_key())};
    bundle.content = MessageSignature{message.digest(), key.sign(message).value()};
    digest = message.digest();
  }
  Recorded recorded() const { return {bundle, signer, digest}; }

  crypto::PrivateKey key;
  Bundle bundle;
  SignedBy signer{key.public_key(), key.scheme(), {}};
  std::optional<crypto::Digest> digest;
};

const LogService kV1{"https://rekor.example.org", 1};
const LogService kV2{"https://log2026.rekor.example.org", 2};

TEST(LogRequest, IsWhatEitherGenerationTakes) {
  const Signed one;
  test::VirtualServices services;
  for (const LogService& log : {kV1, kV2}) {
    const auto request = entry_request(log, one.recorded(), {});
    ASSERT_TRUE(request);
    const auto answer = read_entry_answer(log, services.send(*request));
    ASSERT_TRUE(answer) << answer.error().check.detail;
    ASSERT_TRUE(std::holds_alternative<LogEntry>(*answer));
    EXPECT_FALSE(compare_body(std::get<LogEntry>(*answer), one.recorded()));
    // The same once more.
    const auto again = read_entry_answer(log, services.send(*request));
    ASSERT_TRUE(again);
    EXPECT_TRUE(std::holds_alternative<Duplicate>(*again));
  }
}

TEST(LogRequest, IsRefusedForWhatALogCannotTake) {
  const Signed plain(crypto::KeyType::ed25519);
  EXPECT_EQ(entry_request(kV2, plain.recorded(), {}).error().code, Errc::unsupported);
  const Signed one;
  EXPECT_EQ(entry_request({kV1.url, 3}, one.recorded(), {}).error().code, Errc::unsupported);
  LogService small = kV1;
  small.request_most = entry_request(kV1, one.recorded(), {})->body.size();
  EXPECT_TRUE(entry_request(small, one.recorded(), {}));
  --small.request_most;
  EXPECT_EQ(entry_request(small, one.recorded(), {}).error().code, Errc::limit);
}

TEST(LogRequest, OneThatWouldBeTooLargeIsKnownBefore) {
  EXPECT_FALSE(is_too_large(kV1, 1000));
  EXPECT_TRUE(is_too_large(kV1, kRekor1RequestMost));
  EXPECT_FALSE(is_too_large(kV2, kRekor1RequestMost));
}

TEST(LogAnswer, OfRekor2MayLeaveOutWhatIsZero) {
  test::VirtualServices services;
  const Signed one;
  json::Value value =
      json::parse_strict(services.send(*entry_request(kV2, one.recorded(), {}))->body).value();
  EXPECT_EQ(parse_rekor2_entry(json::write(value))->index, 0U);
  test::erase(value, "logIndex");
  test::erase(value, "inclusionProof.logIndex");
  test::erase(value, "inclusionProof.hashes");
  const auto entry = parse_rekor2_entry(json::write(value));
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->index, 0U);
  EXPECT_FALSE(entry->integrated_time);
  value.set("surprise", 1);
  EXPECT_FALSE(parse_rekor2_entry(json::write(value)));
}

TEST(LogAnswer, OfRekor1IsReadStrictly) {
  test::VirtualServices services;
  const Signed one;
  const std::string good = services.send(*entry_request(kV1, one.recorded(), {}))->body;
  ASSERT_TRUE(parse_rekor1_entry(good));
  const auto broken = [&](const std::function<void(json::Value&)>& change) {
    json::Value value = json::parse_strict(good).value();
    auto [id, entry] = value.object()->front();
    change(entry);
    return !parse_rekor1_entry(json::write(test::object({{id, entry}})));
  };
  EXPECT_FALSE(broken([](json::Value&) {}));
  EXPECT_FALSE(broken([](json::Value& entry) { entry.set("attestation", json::Object{}); }));
  EXPECT_TRUE(broken([](json::Value& entry) { entry.set("body", "e30="); }));  // another leaf
  EXPECT_TRUE(broken([](json::Value& entry) { entry.set("integratedTime", 0); }));
  EXPECT_TRUE(broken([](json::Value& entry) { entry.set("logIndex", -1); }));
  EXPECT_TRUE(broken([](json::Value& entry) { entry.set("logID", "xyz"); }));
  EXPECT_TRUE(broken([](json::Value& entry) { test::erase(entry, "verification"); }));
  EXPECT_TRUE(
      broken([](json::Value& entry) { test::erase(entry, "verification.signedEntryTimestamp"); }));
  EXPECT_TRUE(broken(
      [](json::Value& entry) { test::set(entry, "verification.inclusionProof.rootHash", "00"); }));
  for (const std::string_view bad : {"{}", "[]", R"({"x":{}})", "{\"a\":{},\"b\":{}}"}) {
    EXPECT_FALSE(parse_rekor1_entry(bad)) << bad;
  }
}

TEST(LogAnswer, ADuplicateSaysWhere) {
  const auto answered = [](const LogService& log, Headers headers) -> std::string {
    HttpResponse response;
    response.status = 409;
    response.headers = std::move(headers);
    const auto answer = read_entry_answer(log, response);
    if (!answer) return answer.error().check.id;
    const auto& duplicate = std::get<Duplicate>(*answer);
    return log.version == 1 ? duplicate.id : cat(duplicate.index);
  };
  const std::string hash(64, 'a');
  const std::string tree(16, '1');
  EXPECT_EQ(answered(kV1, {{"location", "/api/v1/log/entries/" + hash}}), hash);
  EXPECT_EQ(answered(kV1, {{"location", "https://x/api/v1/log/entries/" + tree + hash}}),
            tree + hash);
  for (const std::string& bad : {std::string(), std::string("/api/"), hash + "a", hash + "/../x",
                                 "x/" + std::string(64, 'A'), hash + "?x"}) {
    EXPECT_EQ(answered(kV1, {{"location", bad}}), "sign.log.duplicate") << bad;
  }
  EXPECT_EQ(answered(kV1, {}), "sign.log.duplicate");
  EXPECT_EQ(answered(kV2, {{"x-log-index", "0"}}), "0");
  EXPECT_EQ(answered(kV2, {{"x-log-index", "123456789012345678"}}), "123456789012345678");
  for (const char* bad : {"", "-1", "1 ", "0x1", "1234567890123456789"}) {
    EXPECT_EQ(answered(kV2, {{"x-log-index", bad}}), "sign.log.duplicate") << bad;
  }
  EXPECT_EQ(answered(kV2, {}), "sign.log.duplicate");
}

TEST(EntryRecoveryFromFiles, ReadsThemWhereTheyAre) {
  test::VirtualServices services;
  const Signed one;
  ASSERT_TRUE(services.send(*entry_request(kV2, one.recorded(), {})));
  const auto trust = TrustRoot::parse(services.trusted_root(), "a test").value();
  const auto recovered = [&](const LogService& log, std::uint64_t index) -> std::string {
    EntryRecovery recovery(services, system_clock(), trust, system_clock().ticks(), {});
    const auto entry = recovery.recover(log, {{}, index});
    if (!entry)
      return cat(entry.error().check.id, entry.error().code == Errc::timeout ? ", late" : "");
    Report rows("");
    const std::vector<Time> times{at("2026-06-01T12:00:00Z")};
    EXPECT_TRUE(judge_entry(*entry, one.recorded(), {trust, times}, rows, "a test").value());
    return "";
  };
  EXPECT_EQ(recovered(kV2, 0), "");
  LogService named = kV2;
  named.files_url = kV2.url + "/api/v2";
  EXPECT_EQ(recovered(named, 0), "");
  named.files_url = kV2.url + "/elsewhere/";
  EXPECT_EQ(recovered(named, 0), "sign.log.duplicate");
  // An index that no checkpoint covers yet is waited for, as long as there is time.
  EXPECT_EQ(recovered(kV2, 1), "sign.log.duplicate, late");
}

}  // namespace
}  // namespace sluice::sigstore
