// SPDX-License-Identifier: Apache-2.0
#include "sigstore/trust_root.h"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <thread>

#include "base/codec.h"
#include "base/text.h"
#include "json/value.h"
#include "sigstore/names.h"
#include "sigstore/trust_raw.h"
#include "support/pki/pki.h"
#include "support/temp_folder.h"

namespace sluice::sigstore {
namespace {

using crypto::KeyType;
using crypto::PrivateKey;
using json::Value;
using test::MadeCertificate;

// A Sigstore of one's own: a CA with an intermediate, two logs, a certificate log, a TSA.
struct World {
  MadeCertificate root = test::make_root();
  MadeCertificate intermediate = test::issue(root, test::intermediate_wish());
  MadeCertificate leaf = test::issue(intermediate, test::leaf_wish());
  MadeCertificate tsa_root = test::make_root(test::root_wish("stamp root"));
  MadeCertificate tsa = test::issue(tsa_root, test::stamper_wish());
  crypto::PublicKey rekor = PrivateKey::generate(KeyType::ecdsa_p256).value().public_key();
  crypto::PublicKey tiles = PrivateKey::generate(KeyType::ed25519).value().public_key();
  crypto::PublicKey ct = PrivateKey::generate(KeyType::ecdsa_p384).value().public_key();
};

RawLog log_of(const crypto::PublicKey& key, std::string url, Bytes id) {
  RawLog out;
  out.url = std::move(url);
  out.hash_algorithm = "SHA2_256";
  out.key_details = key_details_label(key, key.default_scheme()).value();
  out.key = key.der();
  out.window = {test::at("2026-01-01T00:00:00Z"), {}};
  out.id = std::move(id);
  return out;
}

RawAuthority authority_of(const MadeCertificate& first, const MadeCertificate& anchor,
                          std::string url) {
  RawAuthority out;
  out.url = std::move(url);
  out.certificates = {first.der, anchor.der};
  out.window = {test::at("2026-01-01T00:00:00Z"), {}};
  return out;
}

RawTrust raw_of(const World& world) {
  RawTrust out;
  out.logs = {log_of(world.rekor, "https://rekor.example", key_log_id(world.rekor)),
              log_of(world.tiles, "https://tiles.example",
                     note_log_id("tiles.example", world.tiles).value())};
  out.issuers = {authority_of(world.intermediate, world.root, "https://ca.example")};
  out.ct_logs = {log_of(world.ct, "https://ct.example/2026", key_log_id(world.ct))};
  out.stampers = {authority_of(world.tsa, world.tsa_root, "https://tsa.example/api")};
  return out;
}

const World& world() {
  static const World one;
  return one;
}

Bytes tiles_id() { return note_log_id("tiles.example", world().tiles).value(); }

// The good one after a change of its document, text by text.
std::string changed(std::string_view from, std::string_view to) {
  std::string text = write_raw_trust(raw_of(world()));
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

Result<TrustRoot> read(const std::string& text) { return TrustRoot::parse(text, "a test"); }

Error error_of(const std::string& text) {
  const auto root = read(text);
  EXPECT_FALSE(root);
  return root ? Error{} : root.error();
}

Result<TrustRoot> read(const RawTrust& raw) { return read(write_raw_trust(raw)); }

x509::Certificate certificate(const MadeCertificate& made) {
  return x509::Certificate::from_der(made.der).value();
}

TEST(TrustRoot, GivesWhatAVerifierAsksFor) {
  const auto root = read(raw_of(world()));
  ASSERT_TRUE(root) << root.error().text();
  EXPECT_TRUE(root->prove());
  EXPECT_EQ(root->source(), "a test");
  EXPECT_FALSE(root->dated());
  const auto issuers = root->issuers_for(certificate(world().leaf), {});
  ASSERT_EQ(issuers->size(), 1U);
  EXPECT_EQ(issuers->front().label(), "https://ca.example");
  const auto logs = root->logs_with_id(key_log_id(world().rekor));
  ASSERT_EQ(logs->size(), 1U);
  EXPECT_EQ(logs->front().name, "rekor.example");
  EXPECT_EQ(logs->front().id_kind, LogIdKind::key);
  EXPECT_EQ(logs->front().key, world().rekor);
  const auto tiles = root->logs_with_id(tiles_id());
  ASSERT_EQ(tiles->size(), 1U);
  EXPECT_EQ(tiles->front().name, "tiles.example");
  EXPECT_EQ(tiles->front().id_kind, LogIdKind::note);
  EXPECT_EQ(tiles->front().scheme.kind, crypto::SchemeKind::ed25519);
  EXPECT_TRUE(root->logs_with_id(Bytes(32, 1))->empty());
  EXPECT_TRUE(root->logs_with_id({})->empty());
}

TEST(TrustRoot, WordsThatAreNotForPeopleAreShownInASafeForm) {
  const Error error = error_of(changed("SHA2_256", "SHA2\\u001b[31m"));
  EXPECT_EQ(error.code, Errc::malformed);
  EXPECT_TRUE(error.text().contains(R"("SHA2\x1b[31m")")) << error.text();
}

TEST(TrustRoot, EveryMediaTypeIsKnownAndNoOther) {
  for (const std::string_view good : {"application/vnd.dev.sigstore.trustedroot+json;version=0.1",
                                      "application/vnd.dev.sigstore.trustedroot.v0.1+json",
                                      "application/vnd.dev.sigstore.trustedroot+json;version=0.2",
                                      "application/vnd.dev.sigstore.trustedroot.v0.2+json"}) {
    EXPECT_TRUE(read(changed(kTrustedRootV01, good))) << good;
  }
  for (const std::string_view bad : {"application/vnd.dev.sigstore.trustedroot+json;version=0.3",
                                     "application/vnd.dev.sigstore.bundle.v0.3+json", ""}) {
    EXPECT_EQ(error_of(changed(kTrustedRootV01, bad)).code, Errc::unsupported) << bad;
  }
}

TEST(TrustRoot, MembersOfNewerPublishersAreSkippedAndListed) {
  const auto root = read(changed("\"tlogs\"", "\"news\": {\"a\": [1]}, \"tlogs\""));
  ASSERT_TRUE(root) << root.error().text();
  EXPECT_EQ(root->unknown_members(), std::vector<std::string>{"trusted root.news"});
  // Not where the same member comes twice.
  const Error twice = error_of(changed("\"baseUrl\"", "\"baseUrl\": \"x\", \"baseUrl\""));
  EXPECT_EQ(twice.code, Errc::malformed);
  EXPECT_NE(twice.text().find("baseUrl"), std::string::npos) << twice.text();
}

TEST(TrustRoot, AMissingStartIsNoTrustForAllOfThePast) {
  const std::string start = "\"start\": \"2026-01-01T00:00:00Z\"";
  for (const std::string_view bad :
       {"", "\"start\": null", "\"end\": \"2026-01-01T00:00:00Z\"", "\"start\": 5",
        "\"start\": \"yesterday\"", "\"start\": \"2026-01-01\"",
        "\"start\": \"2026-01-02T00:00:00Z\", \"end\": \"2026-01-01T23:59:59Z\""}) {
    EXPECT_EQ(error_of(changed(start, bad)).code, Errc::malformed) << bad;
  }
  for (const std::string_view good :
       {"\"start\": \"2026-01-01T00:00:00Z\", \"end\": null",
        "\"start\": \"2026-01-01T00:00:00Z\", \"end\": \"2026-01-01T00:00:00Z\""}) {
    EXPECT_TRUE(read(changed(start, good))) << good;
  }
}

TEST(TrustRoot, AWindowIsClosedAndItsFractionsCount) {
  const auto whole = parse_window("2026-01-01T00:00:00.000Z", "2026-01-31T23:59:59.999Z").value();
  EXPECT_TRUE(whole.contains(test::at("2026-01-01T00:00:00Z")));
  EXPECT_FALSE(whole.contains(test::at("2025-12-31T23:59:59Z")));
  EXPECT_TRUE(whole.contains(test::at("2026-01-31T23:59:59Z")));
  EXPECT_FALSE(whole.contains(test::at("2026-02-01T00:00:00Z")));
  const auto late = parse_window("2026-01-01T00:00:00.001Z", std::nullopt).value();
  EXPECT_FALSE(late.contains(test::at("2026-01-01T00:00:00Z")));
  EXPECT_TRUE(late.contains(test::at("2026-01-01T00:00:01Z")));
  EXPECT_TRUE(late.contains(test::at("9999-01-01T00:00:00Z")));
}

TEST(TrustRoot, BadStructureIsSeenAtOnce) {
  const std::string key = to_base64(world().ct.der());
  std::string loose = key;
  loose.insert(4, "\\n");
  for (const auto& [from, to] : std::vector<std::pair<std::string, std::string>>{
           {key, loose},
           {key, ""},
           {cat("\"", key, "\""), "7"},
           {"\"tlogs\": [", "\"tlogs\": [7, "},
           {"\"tlogs\": [", "\"tlogs\": 7, \"more\": ["},
           {"\"publicKey\"", "\"publickey\""},
           {"\"keyDetails\"", "\"keydetails\""},
           {"SHA2_256", "SHA2_\\u0007"},
           {"https://rekor.example", "https://rekor.example\\u001b[2J"},
           {to_base64(key_log_id(world().rekor)), to_base64(Bytes(31, 7))}}) {
    EXPECT_EQ(error_of(changed(from, to)).code, Errc::malformed) << from << " -> " << to;
  }
  EXPECT_FALSE(read(std::string("[]")));
  EXPECT_FALSE(read(std::string()));
}

TEST(TrustRoot, CountsAreBounded) {
  RawTrust raw = raw_of(world());
  raw.issuers.resize(kTrustEntriesMost, raw.issuers.front());
  raw.logs.resize(kTrustEntriesMost, raw.logs.front());
  EXPECT_TRUE(read(raw));
  raw.logs.push_back(raw.logs.front());
  EXPECT_EQ(read(raw).error().code, Errc::limit);
  raw.logs.pop_back();
  raw.issuers.front().certificates.resize(kTrustChainMost, world().root.der);
  EXPECT_TRUE(read(raw));
  raw.issuers.front().certificates.push_back(world().root.der);
  EXPECT_EQ(read(raw).error().code, Errc::limit);
  raw.issuers.front().certificates.clear();
  EXPECT_EQ(read(raw).error().code, Errc::malformed);
  EXPECT_EQ(read(std::string(kTrustedRootMost + 1, ' ')).error().code, Errc::limit);
}

TEST(TrustRoot, AnIdThatIsNotThatOfItsKeyIsRefusedWhenItIsUsed) {
  RawTrust raw = raw_of(world());
  raw.logs[0].id = key_log_id(world().ct);
  auto root = read(raw).value();
  EXPECT_EQ(root.logs_with_id(raw.logs[0].id).error().code, Errc::malformed);
  EXPECT_TRUE(root.logs_with_id(raw.logs[1].id));
  EXPECT_EQ(root.prove().error().code, Errc::malformed);

  // An Ed25519 key may serve under any origin: the id alone cannot tell.
  raw = raw_of(world());
  raw.logs[1].id = note_log_id("elsewhere.example", world().tiles).value();
  root = read(raw).value();
  EXPECT_EQ(root.logs_with_id(raw.logs[1].id)->front().id_kind, LogIdKind::foreign);
  EXPECT_TRUE(root.prove());

  raw.ct_logs[0].id[0] ^= 1U;
  EXPECT_FALSE(read(raw)->prove());
}

TEST(TrustRoot, AnIdOfFourBytesStandsForTheWholeOne) {
  RawTrust raw = raw_of(world());
  const Bytes whole = raw.logs[1].id;
  raw.logs[1].id.resize(4);
  const auto root = read(raw).value();
  const auto logs = root.logs_with_id(raw.logs[1].id);
  ASSERT_EQ(logs->size(), 1U);
  EXPECT_EQ(logs->front().id, whole);
  raw.logs[0].id.resize(4);
  raw.logs[0].id[3] ^= 1U;
  EXPECT_FALSE(read(raw)->prove());
}

TEST(TrustRoot, TheNameOfALogIsHostPortAndPathAsItsIdTells) {
  for (const std::string_view name :
       {"tiles.example", "tiles.example:8443", "tiles.example:8443/a/b"}) {
    RawTrust raw = raw_of(world());
    raw.logs[1].url = "https://tiles.example:8443/a/b/";
    raw.logs[1].id = note_log_id(name, world().tiles).value();
    const auto logs = read(raw)->logs_with_id(raw.logs[1].id);
    ASSERT_TRUE(logs) << logs.error().text();
    EXPECT_EQ(logs->front().id_kind, LogIdKind::note);
    EXPECT_EQ(logs->front().name, name);
  }
}

TEST(TrustRoot, AKeyIsWhatTheFileSaysOrMalformed) {
  for (const KeyType type : {KeyType::ecdsa_p256, KeyType::ecdsa_p384, KeyType::ecdsa_p521,
                             KeyType::ed25519, KeyType::rsa}) {
    RawTrust raw = raw_of(world());
    const auto key = PrivateKey::generate(type).value().public_key();
    raw.logs = {log_of(key, "https://log.example", key_log_id(key))};
    const auto root = read(raw).value();
    const auto logs = root.logs_with_id(raw.logs[0].id);
    ASSERT_TRUE(logs) << logs.error().text();
    EXPECT_EQ(logs->front().scheme, key.default_scheme()) << name(type);

    raw.logs[0].key_details = type == KeyType::ed25519 ? "PKIX_ECDSA_P256_SHA_256" : "PKIX_ED25519";
    EXPECT_EQ(read(raw)->logs_with_id(raw.logs[0].id).error().code, Errc::malformed);
  }
}

TEST(TrustRoot, TheSchemeIsThatOfTheFile) {
  for (const auto& [details, scheme] : std::vector<std::pair<std::string, std::string>>{
           {"PKIX_ED25519", "ed25519"}, {"PKIX_ED25519_PH", "ed25519ph"}}) {
    RawTrust raw = raw_of(world());
    raw.logs[1].key_details = details;
    EXPECT_EQ(name(read(raw)->logs_with_id(raw.logs[1].id)->front().scheme), scheme);
  }
  const auto key = PrivateKey::generate(KeyType::rsa).value().public_key();
  for (const auto& [details, scheme] : std::vector<std::pair<std::string, std::string>>{
           {"PKIX_RSA_PSS", "rsa-pss-sha256"}, {"PKIX_RSA_PKCS1V5", "rsa-pkcs1-sha256"}}) {
    RawTrust raw = raw_of(world());
    raw.logs = {log_of(key, "https://log.example", key_log_id(key))};
    raw.logs[0].key_details = details;
    EXPECT_EQ(name(read(raw)->logs_with_id(raw.logs[0].id)->front().scheme), scheme);
    raw.logs[0].key_details =
        key.bits() == 2048 ? "PKIX_RSA_PSS_4096_SHA256" : "PKIX_RSA_PSS_2048_SHA256";
    EXPECT_FALSE(read(raw)->logs_with_id(raw.logs[0].id));
  }
}

TEST(TrustRoot, WhatIsUnsupportedIsListedAndNeverCounts) {
  RawTrust raw = raw_of(world());
  raw.logs[0].key_details = "PKIX_ML_DSA_65";
  raw.ct_logs[0].hash_algorithm = "SHA3_256";
  const auto root = read(raw).value();
  EXPECT_TRUE(root.prove());
  EXPECT_TRUE(root.logs_with_id(raw.logs[0].id)->empty());
  EXPECT_NE(root.unsupported_log(raw.logs[0].id).find("PKIX_ML_DSA_65"), std::string::npos);
  EXPECT_EQ(root.unsupported_log(raw.logs[1].id), "");
  int unsupported = 0;
  for (const TrustEntry& one : root.entries()) {
    if (one.unusable && one.unusable->code == Errc::unsupported) ++unsupported;
  }
  EXPECT_EQ(unsupported, 2);
  EXPECT_EQ(root.count(TrustKind::log), 2U);
}

TEST(TrustRoot, WhatNobodyAsksForIsNotDecoded) {
  RawTrust raw = raw_of(world());
  raw.issuers.push_back(raw.issuers.front());
  raw.issuers[1].certificates = {Bytes(10, 3)};
  raw.logs[0].key = Bytes(10, 3);
  const auto root = read(raw).value();
  EXPECT_EQ(root.issuers_for(certificate(world().leaf), {})->size(), 1U);
  EXPECT_TRUE(root.logs_with_id(raw.logs[1].id));
  EXPECT_FALSE(root.logs_with_id(raw.logs[0].id));
  EXPECT_FALSE(root.prove());
  // One that could have issued it, and cannot be read, is no reason to say "untrusted".
  raw.issuers[1].certificates = {world().intermediate.der, world().root.der};
  raw.issuers[1].certificates[0].push_back(0);
  EXPECT_EQ(read(raw)->issuers_for(certificate(world().leaf), {}).error().code, Errc::malformed);
}

TEST(TrustRoot, IssuersAreFoundThroughIntermediatesThatCome) {
  RawTrust raw = raw_of(world());
  raw.issuers[0].certificates = {world().root.der};
  const auto other = test::make_root(test::root_wish("another"));
  raw.issuers.push_back(authority_of(other, other, "https://another.example"));
  raw.issuers[1].certificates.pop_back();
  const auto root = read(raw).value();
  const std::vector between{certificate(world().intermediate)};
  const auto found = root.issuers_for(certificate(world().leaf), between);
  ASSERT_EQ(found->size(), 1U);
  EXPECT_EQ(found->front().label(), "https://ca.example");
  // Nobody fits: all of them, so that a refusal can say who is trusted.
  EXPECT_EQ(root.issuers_for(certificate(world().leaf), {})->size(), 2U);
}

TEST(TrustRoot, StampersAreThoseThatTheTimestampNames) {
  RawTrust raw = raw_of(world());
  const auto other_root = test::make_root(test::root_wish("another"));
  const auto other = test::issue(other_root, test::stamper_wish());
  raw.stampers.push_back(authority_of(other, other_root, "https://another.example"));
  const auto root = read(raw).value();
  const Bytes message{1, 2, 3};
  const auto stamp =
      x509::Timestamp::from_reply(test::make_stamp(world().tsa, world().tsa_root.name, message));
  ASSERT_TRUE(stamp) << stamp.error().text();
  const auto found = root.stampers_for(*stamp);
  ASSERT_EQ(found->size(), 1U);
  EXPECT_TRUE(x509::verify_timestamp(*stamp, message, *found));
  // More certificates beside it may be the way up to any of them.
  test::StampWish wish;
  wish.more_certificates = {world().tsa_root.der};
  const auto longer = x509::Timestamp::from_reply(
      test::make_stamp(world().tsa, world().tsa_root.name, message, wish));
  ASSERT_TRUE(longer) << longer.error().text();
  EXPECT_EQ(root.stampers_for(*longer)->size(), 2U);
}

TEST(TrustRoot, ABrokenLinkIsForTheChainToRefuseAndForProveToFind) {
  RawTrust raw = raw_of(world());
  raw.issuers[0].certificates[1] = test::make_root().der;  // the same name, another key
  const auto root = read(raw).value();
  root.ready_for_certificates();  // is no judgement
  const auto issuers = root.issuers_for(certificate(world().leaf), {});
  ASSERT_EQ(issuers->size(), 1U);
  const std::array times{test::at("2026-06-01T12:00:00Z")};
  const auto chain =
      x509::verify_chain(certificate(world().leaf), {}, *issuers, times, x509::kCodeSigning);
  ASSERT_FALSE(chain);
  EXPECT_EQ(chain.error().id, "certificate.authority");
  EXPECT_EQ(root.prove().error().code, Errc::malformed);
  EXPECT_NE(root.prove().error().text().find("certificateAuthorities[0]"), std::string::npos);
}

TEST(TrustRoot, IsSharedByThreads) {
  const auto root = read(raw_of(world())).value();
  std::atomic<int> good = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&, copy = root] {
        for (int round = 0; round < 50; ++round) {
          const auto issuers = copy.issuers_for(certificate(world().leaf), {});
          const auto logs = copy.logs_with_id(key_log_id(world().rekor));
          if (issuers->front().prove() && logs->size() == 1 && copy.prove()) ++good;
        }
      });
    }
  }
  EXPECT_EQ(good, 200);
}

TEST(TrustRoot, WritesWhatItReads) {
  const std::string text = write_raw_trust(raw_of(world()));
  EXPECT_EQ(write_raw_trust(parse_raw_trust(text).value()), text);
  EXPECT_EQ(read(text)->text(), text);
}

TEST(EmbeddedTrust, OfBothInstancesIsWholeAndDated) {
  for (const Instance instance : {Instance::production, Instance::staging}) {
    const auto root = TrustRoot::embedded(instance);
    ASSERT_TRUE(root) << root.error().text();
    EXPECT_TRUE(root->prove());
    // What no run looks at again is proven here.
    for (const TrustEntry& one : root->entries()) {
      if (!one.chain) continue;
      const auto& chain = one.chain->chain();
      for (std::size_t i = 0; i + 1 < chain.size(); ++i) {
        EXPECT_EQ(chain[i].signed_by(chain[i + 1]->key), crypto::Match::yes) << one.url;
      }
    }
    EXPECT_TRUE(root->unknown_members().empty());
    ASSERT_TRUE(root->dated());
    EXPECT_GE(*root->dated(), test::at("2026-01-01T00:00:00Z"));
    for (const TrustKind kind : {TrustKind::certificate_authority, TrustKind::log,
                                 TrustKind::ct_log, TrustKind::timestamp_authority}) {
      EXPECT_GE(root->count(kind), 1U) << name(kind);
    }
    for (const TrustEntry& one : root->entries()) {
      EXPECT_FALSE(one.unusable) << one.url << ": " << one.unusable->text();
    }
    EXPECT_NE(root->source().find(name(instance)), std::string::npos);
  }
}

// A file that names the same certificates as we were built with is not proven again, and any other
// is.
TEST(EmbeddedTrust, IsKnownAgainByteForByte) {
  RawTrust raw = parse_raw_trust(TrustRoot::embedded(Instance::production)->text()).value();
  for (const auto* list : {&raw.issuers, &raw.stampers}) {
    for (const RawAuthority& one : *list) EXPECT_TRUE(are_built_in(one.certificates)) << one.path;
  }
  std::vector<Bytes> chain = raw.issuers.back().certificates;
  ASSERT_GE(chain.size(), 2U);
  EXPECT_TRUE(are_built_in(std::vector(chain.rbegin(), chain.rbegin() + 1)));
  EXPECT_FALSE(are_built_in(std::vector(chain.rbegin(), chain.rend())));
  chain.front().back() ^= 1;  // the signature's last byte
  EXPECT_FALSE(are_built_in(chain));
  raw.issuers.back().certificates = chain;
  EXPECT_EQ(TrustRoot::parse(write_raw_trust(raw), "a file")->prove().error().code,
            Errc::malformed);
  EXPECT_FALSE(are_built_in(raw_of(world()).issuers.front().certificates));
}

TEST(TrustSources, ReadAFileAnewAndSayWhichOne) {
  const test::TempFolder folder;
  const auto source = trust_file(system_files(), folder / "trusted_root.json");
  EXPECT_EQ(source->trust_root().error().code, Errc::not_found);
  folder.write("trusted_root.json", write_raw_trust(raw_of(world())));
  const auto root = source->trust_root();
  ASSERT_TRUE(root) << root.error().text();
  EXPECT_NE(root->source().find("trusted_root.json"), std::string::npos);
  EXPECT_NE(root->source().find(", last changed "), std::string::npos);
  EXPECT_TRUE(embedded_trust(Instance::staging)->trust_root());
}

}  // namespace
}  // namespace sluice::sigstore
