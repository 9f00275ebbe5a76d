// SPDX-License-Identifier: Apache-2.0
// By which name a key is shown: only by its own.
#include "tufrepo/key_entry.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "support/tufrepo/work_folder.h"

namespace sluice::tuf {
namespace {

// Knows nobody, and says so.
class Somebody final : public crypto::SignatureVerifier {
 public:
  explicit Somebody(std::string who) : who_(std::move(who)) {}
  crypto::Scheme scheme() const override {
    return {crypto::SchemeKind::ecdsa, crypto::HashAlgorithm::sha256};
  }
  std::string describe() const override { return who_; }
  Result<crypto::Match> verify(const crypto::Message&, ByteView) const override {
    return crypto::Match::no;
  }

 private:
  std::string who_;
};

ForeignKeys everybody() {
  return [](const ForeignKey& key) -> std::shared_ptr<const crypto::SignatureVerifier> {
    return key.keytype == "sigstore-oidc" ? std::make_shared<Somebody>(key.keyval) : nullptr;
  };
}

class KeyNamesTest : public testing::Test {
 protected:
  Key listed(const RoleKey& key) { return understood(key, everybody()).value(); }
  RoleKey identity(const std::string& who) {
    return identity_key(who, "https://accounts.example.org").value();
  }
  test::WorkFolder work;
  KeyNames names;
};

TEST_F(KeyNamesTest, AKeyIsShownByItsName) {
  const auto ann = work.key("ann");
  names.add("ann", ann);
  const std::string id = ann.keyid.str();
  EXPECT_EQ(names.shown(id, listed(ann)), cat("ann (ed25519 ", id.substr(0, 8), ")"));
  EXPECT_EQ(names.shown_whole(id, ann.json()), cat("ann (ed25519 ", id, ")"));
  EXPECT_NE(names.name_of(id, ann.json()), nullptr);
}

TEST_F(KeyNamesTest, AnotherKeyUnderItsKeyidIsNot) {
  const auto ann = work.key("ann");
  const auto mallory = work.key("mallory");
  names.add("ann", ann);
  const std::string id = ann.keyid.str();
  EXPECT_EQ(names.shown(id, listed(mallory)), cat("ed25519 ", id.substr(0, 8)));
  EXPECT_EQ(names.shown_whole(id, mallory.json()),
            cat("ed25519 ", id, ", whose own keyid is ", mallory.keyid.str()));
  EXPECT_EQ(names.name_of(id, mallory.json()), nullptr);
}

TEST_F(KeyNamesTest, AnIdentityIsShownByItsNameHoweverItIsWritten) {
  const auto ann = identity("ann@example.org");
  names.add("ann", ann);
  EXPECT_EQ(names.shown(ann.keyid.str(), listed(ann)), cat("ann (", json::write(ann.keyval), ")"));
  RoleKey turned = ann;
  turned.keyval =
      json::Object{{"issuer", "https://accounts.example.org"}, {"identity", "ann@example.org"}};
  EXPECT_TRUE(names.shown(ann.keyid.str(), listed(turned)).starts_with("ann ("));
}

TEST_F(KeyNamesTest, AnIdentityLendsItsNameToNoOtherUnderTheKeyidThatItStates) {
  auto ann = identity("ann@example.org");
  const auto mallory = identity("mallory@example.org");
  ann.keyid = mallory.keyid;
  names.add("ann", ann);
  EXPECT_EQ(names.shown(mallory.keyid.str(), listed(mallory)), json::write(mallory.keyval));
  EXPECT_EQ(names.name_of(mallory.keyid.str(), mallory.json()), nullptr);
  // Nor a key of which nothing is known, or to one.
  RoleKey unknown{mallory.keyid, "x", "y", json::Object{{"public", "z"}}};
  EXPECT_EQ(names.shown(mallory.keyid.str(), listed(unknown)),
            cat("x ", mallory.keyid.str().substr(0, 8)));
  const auto ben = work.key("ben");
  EXPECT_TRUE(names.shown(mallory.keyid.str(), listed(ben)).starts_with("ed25519 "));
}

TEST_F(KeyNamesTest, AKeyLendsItsNameToNoIdentity) {
  auto ann = work.key("ann");
  const auto mallory = identity("mallory@example.org");
  ann.keyid = mallory.keyid;
  names.add("ann", ann);
  EXPECT_EQ(names.shown(mallory.keyid.str(), listed(mallory)), json::write(mallory.keyval));
}

TEST_F(KeyNamesTest, KindsAndKeyidsCannotBeTakenForMore) {
  RoleKey key{KeyId("a), ann (b"), "ed25519 12345678", "x", json::Object{}};
  EXPECT_EQ(names.shown(key.keyid.str(), listed(key)), R"("ed25519 12345678" "a), ann ")");
  EXPECT_TRUE(names.shown_whole(key.keyid.str(), key.json())
                  .starts_with(R"("ed25519 12345678" "a), ann (b", whose own keyid is )"));
}

}  // namespace
}  // namespace sluice::tuf
