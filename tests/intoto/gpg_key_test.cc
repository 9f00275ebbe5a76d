// SPDX-License-Identifier: Apache-2.0
#include "intoto/gpg_key.h"

#include <gtest/gtest.h>

#include "intoto/chain_builder.h"
#include "intoto/gpg_builder.h"
#include "intoto/gpg_export.h"

namespace sluice::intoto {
namespace {

using crypto::KeyType;
using Outcome = SignatureFinding::Outcome;
using test::GpgPair;
using test::GpgSignatureSpec;

constexpr std::string_view kLink = R"({"_type":"link","name":"build"})";
const Time kNow = *parse_rfc3339("2026-11-28T12:00:00Z");

Result<GpgKey> gpg_key(const json::Value& object) {
  return GpgKey::parse(json::Fields(object, "key"));
}

json::Value with_subkeys(const GpgPair& master, const std::vector<const GpgPair*>& subkeys) {
  json::Value out = master.object();
  json::Value all{json::Object{}};
  for (const auto* each : subkeys) all.set(each->id, each->object());
  out.set("subkeys", std::move(all));
  return out;
}

Outcome outcome_of(const GpgKey& key, const std::string& text, Time now = kNow) {
  const auto metadata = SignedMetadata::parse(text);
  EXPECT_TRUE(metadata) << metadata.error().text();
  return key.check(*metadata, now)->outcome;
}

std::string link_by(const GpgPair& pair, const GpgSignatureSpec& spec = {}) {
  return test::gpg_signed(kLink, {spec.entry(pair, bytes_of(kLink))});
}

TEST(GpgKeys, FindTheirSignatures) {
  for (const auto type : {KeyType::rsa, KeyType::ed25519}) {
    const auto pair = GpgPair::make(type, 'a');
    const auto other = GpgPair::make(type, 'b');
    const auto key = gpg_key(pair.object());
    ASSERT_TRUE(key) << key.error().text();
    EXPECT_EQ(outcome_of(*key, link_by(pair)), Outcome::valid);
    EXPECT_EQ(outcome_of(*key, link_by(other)), Outcome::absent);
    std::string changed = link_by(pair);
    changed.replace(changed.find("build"), 5, "bvild");
    EXPECT_EQ(outcome_of(*key, changed), Outcome::wrong);
  }
}

TEST(GpgKeys, DoNotTakeAnotherKindOfSignatureForOneOfADocument) {
  const auto pair = GpgPair::make(KeyType::ed25519, 'a');
  const auto key = gpg_key(pair.object()).value();
  // Each is really made by the key, over these bytes and these headers.
  for (const GpgSignatureSpec& spec : std::vector<GpgSignatureSpec>{
           {.version = 3}, {.type = 1}, {.type = 0x13}, {.algorithm = 1}, {.hash = 10}}) {
    EXPECT_EQ(outcome_of(key, link_by(pair, spec)), Outcome::wrong);
  }
}

TEST(GpgKeys, HaveAnEnd) {
  const auto pair = GpgPair::make(KeyType::ed25519, 'a');
  const auto subkey = GpgPair::make(KeyType::ed25519, 'b');
  const auto ending = [](json::Value object, std::int64_t lasts) {
    object.set("creation_time", kNow.time_since_epoch().count() - 1000);
    object.set("validity_period", lasts);
    return object;
  };
  EXPECT_EQ(outcome_of(*gpg_key(ending(pair.object(), 1000)), link_by(pair)), Outcome::valid);
  EXPECT_EQ(outcome_of(*gpg_key(ending(pair.object(), 999)), link_by(pair)), Outcome::expired);
  EXPECT_EQ(outcome_of(*gpg_key(ending(pair.object(), 0)), link_by(pair)), Outcome::valid);
  EXPECT_FALSE(gpg_key(ending(pair.object(), -1)));
  // A subkey is no longer good than its master key.
  const auto both = with_subkeys(pair, {&subkey});
  EXPECT_EQ(outcome_of(*gpg_key(both), link_by(subkey)), Outcome::valid);
  EXPECT_EQ(outcome_of(*gpg_key(ending(both, 999)), link_by(subkey)), Outcome::expired);
}

TEST(GpgKeys, TheirSignaturesMayHaveAnEnd) {
  const auto pair = GpgPair::make(KeyType::ed25519, 'a');
  const auto key = gpg_key(pair.object()).value();
  const auto made = static_cast<std::uint32_t>(kNow.time_since_epoch().count() - 60);
  EXPECT_EQ(outcome_of(key, link_by(pair, {.made = made, .lasts = 60})), Outcome::valid);
  EXPECT_EQ(outcome_of(key, link_by(pair, {.made = made, .lasts = 59})), Outcome::expired);
}

TEST(GpgKeys, AreOfTheTwoKinds) {
  json::Value object = GpgPair::make(KeyType::ed25519, 'a').object();
  ASSERT_TRUE(gpg_key(object));
  object.set("method", "pgp+dsa-fips-180-2");
  EXPECT_EQ(gpg_key(object).error().code, Errc::unsupported);
  object.set("method", "pgp+rsa-pkcsv1.5");
  EXPECT_FALSE(gpg_key(object));
}

TEST(GpgKeys, AreCalledByTheirFingerprints) {
  json::Value object = GpgPair::make(KeyType::ed25519, 'a').object();
  for (const std::string id :
       {"", "aaaaaaaa", "\x1b[31mred", "../../../../../../../../../../../../../../x"}) {
    object.set("keyid", id);
    EXPECT_EQ(gpg_key(object).error().code, Errc::malformed) << id;
  }
}

TEST(GpgKeys, OfAllTheirPartsOrOfOneAlone) {
  const auto master = GpgPair::make(KeyType::rsa, 'a');
  const auto subkey = GpgPair::make(KeyType::ed25519, 'b');
  const auto key = gpg_key(with_subkeys(master, {&subkey})).value();
  const auto alone = key.only(subkey.id);
  ASSERT_TRUE(alone);
  EXPECT_FALSE(key.only(std::string(40, 'c')));
  EXPECT_EQ(outcome_of(key, link_by(master)), Outcome::valid);
  EXPECT_EQ(outcome_of(*alone, link_by(subkey)), Outcome::valid);
  EXPECT_EQ(outcome_of(*alone, link_by(master)), Outcome::absent);
  EXPECT_EQ(material_of(Functionary(key)), material_of(Functionary(*alone)));
}

// --- in chains

struct GpgChain : test::ChainBuilder {
  // One step, by these ids of these keys.
  Report judged(const std::vector<std::pair<std::string, json::Value>>& keys,
                const std::vector<std::string>& ids, int threshold,
                const std::vector<const GpgPair*>& signers) {
    json::Value object{json::Object{}};
    for (const auto& [id, key] : keys) object.set(id, key);
    json::Array names;
    for (const auto& id : ids) names.emplace_back(id);
    json::Value one;
    one.set("_type", "step");
    one.set("expected_command", json::Array{});
    one.set("expected_materials", json::Array{});
    one.set("expected_products", json::Array{});
    one.set("name", "build");
    one.set("pubkeys", std::move(names));
    one.set("threshold", threshold);
    json::Value whole = layout();
    whole.set("keys", std::move(object));
    whole.set("steps", json::Array{std::move(one)});
    const std::string payload = write_link(link("build", {}, {}));
    for (const auto* each : signers) {
      links.write(link_file_name("build", each->id),
                  test::gpg_signed(payload, {GpgSignatureSpec{}.entry(*each, bytes_of(payload))}));
    }
    return verify_payload(json::write(whole));
  }
};

TEST(GpgFunctionaries, AMasterKeyAndItsSubkeyAreOnePerson) {
  const auto master = GpgPair::make(KeyType::ed25519, 'a');
  const auto subkey = GpgPair::make(KeyType::ed25519, 'b');
  const auto second = GpgPair::make(KeyType::ed25519, 'c');
  const auto bundle = with_subkeys(master, {&subkey});
  EXPECT_EQ(refusal(GpgChain{}.judged({{master.id, bundle}, {second.id, second.object()}},
                                      {master.id, second.id}, 2, {&master, &second})),
            "");
  EXPECT_EQ(refusal(GpgChain{}.judged({{master.id, bundle}, {second.id, second.object()}},
                                      {master.id, second.id}, 2, {&master, &subkey})),
            "link.threshold");
  // Nor where the step names the two of them.
  EXPECT_EQ(refusal(GpgChain{}.judged({{master.id, bundle}}, {master.id, subkey.id}, 2,
                                      {&master, &subkey})),
            "layout.thresholds");
}

TEST(GpgFunctionaries, AStepMayNameASubkeyWhichThenSignsAlone) {
  const auto master = GpgPair::make(KeyType::ed25519, 'a');
  const auto subkey = GpgPair::make(KeyType::ed25519, 'b');
  const auto bundle = with_subkeys(master, {&subkey});
  EXPECT_EQ(refusal(GpgChain{}.judged({{master.id, bundle}}, {subkey.id}, 1, {&subkey})), "");
  EXPECT_EQ(refusal(GpgChain{}.judged({{master.id, bundle}}, {subkey.id}, 1, {&master})),
            "link.signature");
  EXPECT_EQ(refusal(GpgChain{}.judged({{master.id, bundle}}, {std::string(40, 'd')}, 1, {&subkey})),
            "layout.functionaries");
}

TEST(GpgFunctionaries, AKeyThatTwoOfThemHaveIsRefused) {
  const auto master = GpgPair::make(KeyType::ed25519, 'a');
  const auto other = GpgPair::make(KeyType::ed25519, 'b');
  const auto shared = GpgPair::make(KeyType::ed25519, 'c');
  const std::vector<std::string> ids{master.id, other.id};
  EXPECT_EQ(refusal(GpgChain{}.judged({{master.id, with_subkeys(master, {&shared})},
                                       {other.id, with_subkeys(other, {&shared})}},
                                      ids, 2, {&shared})),
            "layout.keys");
  // A key file, and the same key as a subkey.
  const Key pem(shared.key.public_key());
  EXPECT_EQ(refusal(GpgChain{}.judged({{master.id, with_subkeys(master, {&shared})},
                                       {pem.python_id(), pem.to_json(pem.python_id())}},
                                      {master.id, pem.python_id()}, 2, {&shared})),
            "layout.keys");
  // The same key twice, as a master: one functionary.
  EXPECT_EQ(refusal(GpgChain{}.judged(
                {{master.id, master.object()}, {std::string(40, 'e'), master.object()}},
                {master.id, std::string(40, 'e')}, 1, {&master})),
            "");
}

TEST(GpgFunctionaries, ALinkByAnExpiredKeySaysSo) {
  const auto pair = GpgPair::make(KeyType::ed25519, 'a');
  json::Value object = pair.object();
  object.set("creation_time", 1'000'000'000);
  object.set("validity_period", 86400);
  const auto report = GpgChain{}.judged({{pair.id, object}}, {pair.id}, 1, {&pair});
  EXPECT_EQ(refusal(report), "link.signature");
  EXPECT_NE(report.first_failure()->detail.find("expired"), std::string::npos)
      << report.first_failure()->detail;
}

// --- from gpg's keyring

struct Exported {
  Bytes bytes;
  std::string listing;

  void add(const GpgPair& pair, bool master, char validity = 'u',
           std::string_view capabilities = "s", std::optional<std::int64_t> expires = {}) {
    Bytes body{4};
    test::append_number(body, 1'000'000, 4);
    body.push_back(pair.rsa() ? 1 : 22);
    if (pair.rsa()) {
      test::append(body, test::mpi(pair.modulus()));
      test::append(body, test::mpi({1, 0, 1}));
    } else {
      test::append(body, {0x09, 0x2b, 0x06, 0x01, 0x04, 0x01, 0xda, 0x47, 0x0f, 0x01});
      Bytes point{0x40};
      test::append(point, copy_of(pair.key.public_key().ed25519()));
      test::append(body, test::mpi(point));
    }
    test::append(bytes, test::packet(master ? 6 : 14, body));
    listing +=
        cat(master ? "pub:" : "sub:", std::string(1, validity), ":255:", pair.rsa() ? "1" : "22",
            ":", pair.id.substr(24), ":1000000:", expires ? cat(*expires) : "",
            ":::::", capabilities, "::::::\n", "fpr:::::::::", pair.id, ":\n");
  }
  Result<json::Value> object() const {
    const auto listed = gpg_listing(listing);
    if (!listed) return std::unexpected(listed.error());
    return gpg_key_object(bytes, *listed);
  }
};

TEST(GpgExport, IsTheKeyThatPythonWouldWrite) {
  for (const auto type : {KeyType::rsa, KeyType::ed25519}) {
    const auto pair = GpgPair::make(type, 'a');
    Exported out;
    out.add(pair, true, 'u', "scESC");
    const auto object = out.object();
    ASSERT_TRUE(object) << object.error().text();
    json::Value wanted = pair.object();
    wanted.set("creation_time", 1'000'000);
    EXPECT_EQ(json::canonical_olpc(*object).value(), json::canonical_olpc(wanted).value());
    EXPECT_EQ(outcome_of(*gpg_key(*object), link_by(pair)), Outcome::valid);
  }
}

TEST(GpgExport, HasTheSubkeysThatSignAndAreGood) {
  const auto master = GpgPair::make(KeyType::rsa, 'a');
  const auto signs = GpgPair::make(KeyType::ed25519, 'b');
  const auto encrypts = GpgPair::make(KeyType::rsa, 'c');
  const auto revoked = GpgPair::make(KeyType::ed25519, 'd');
  Exported out;
  out.add(master, true, 'u', "cESC");
  out.add(signs, false, 'u', "s", 5'000'000);
  out.add(encrypts, false, 'u', "e");
  out.add(revoked, false, 'r', "s");
  const auto object = out.object();
  ASSERT_TRUE(object) << object.error().text();
  const auto key = gpg_key(*object).value();
  EXPECT_EQ(key.ids(), (std::vector<std::string>{master.id, signs.id}));
  const auto* subkey = object->find("subkeys")->find(signs.id);
  EXPECT_EQ(json::write(*subkey->find("validity_period")), "4000000");
}

TEST(GpgExport, RefusesAKeyThatGpgWouldNotUse) {
  const auto pair = GpgPair::make(KeyType::ed25519, 'a');
  for (const char validity : {'r', 'e', 'i', 'd'}) {
    Exported out;
    out.add(pair, true, validity, "sc");
    EXPECT_EQ(out.object().error().code, Errc::denied) << validity;
  }
  for (const char validity : {'-', 'u', 'f', 'n'}) {
    Exported out;
    out.add(pair, true, validity, "sc");
    EXPECT_TRUE(out.object()) << validity;
  }
}

TEST(GpgExport, HasToAgreeWithTheListing) {
  const auto a = GpgPair::make(KeyType::ed25519, 'a');
  const auto b = GpgPair::make(KeyType::ed25519, 'b');
  Exported two;
  two.add(a, true);
  two.add(b, true);
  EXPECT_FALSE(two.object());  // an id that two keys have
  Exported good;
  good.add(a, true);
  ASSERT_TRUE(good.object());
  Exported more = good;
  more.listing += "sub:u:255:22:bb:1000000:::::s::::::\nfpr:::::::::bb:\n";
  EXPECT_FALSE(more.object());
  Exported time = good;
  time.listing.replace(time.listing.find("1000000"), 7, "1000001");
  EXPECT_FALSE(time.object());
  Exported kind = good;
  kind.listing.replace(kind.listing.find(":22:"), 4, ":1:");
  EXPECT_FALSE(kind.object());
  Exported none = good;
  none.bytes.clear();
  EXPECT_FALSE(none.object());
}

}  // namespace
}  // namespace sluice::intoto
