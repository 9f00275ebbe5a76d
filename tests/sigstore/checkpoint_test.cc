// SPDX-License-Identifier: Apache-2.0
#include "sigstore/checkpoint.h"

#include <gtest/gtest.h>

#include <map>
#include <optional>

#include "base/codec.h"
#include "base/text.h"
#include "crypto/private_key.h"
#include "json/value.h"
#include "support/temp_folder.h"

namespace sluice::sigstore {
namespace {

using crypto::KeyType;
using crypto::PrivateKey;

constexpr std::string_view kRoot = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=";
constexpr std::string_view kSignature = "\n— log.test AAAAAAE=\n";

std::string checkpoint_text(std::string_view size = "20852163", std::string_view root = kRoot,
                            std::string_view origin = "log.test") {
  return cat(origin, "\n", size, "\n", root, "\n");
}

Errc checkpoint_refusal(std::string_view text) {
  const auto checkpoint = parse_checkpoint(cat(text, kSignature));
  return checkpoint ? Errc::internal : checkpoint.error().code;
}

TEST(Checkpoint, IsOriginSizeAndRoot) {
  const auto one = parse_checkpoint(cat(checkpoint_text(), "more\n", kSignature));
  ASSERT_TRUE(one) << one.error().text();
  EXPECT_EQ(one->origin, "log.test");
  EXPECT_EQ(one->size, 20'852'163U);
  EXPECT_EQ(to_base64(one->root), kRoot);
  EXPECT_EQ(one->extensions, std::vector<std::string>{"more"});
  EXPECT_EQ(one->text, cat(checkpoint_text(), "more\n"));
  EXPECT_EQ(one->signatures.size(), 1U);
  EXPECT_EQ(one->head(), (TreeHead{one->size, one->root}));
}

TEST(Checkpoint, HasThreeLinesAndNoEmptyOne) {
  EXPECT_EQ(checkpoint_refusal(checkpoint_text()), Errc::internal);
  EXPECT_EQ(checkpoint_refusal("log.test\n20852163\n"), Errc::malformed);
  EXPECT_EQ(checkpoint_refusal("log.test\n"), Errc::malformed);
  EXPECT_EQ(checkpoint_refusal(checkpoint_text("1", kRoot, "")), Errc::malformed);
  EXPECT_EQ(checkpoint_refusal(checkpoint_text() + "\n"), Errc::malformed);
  EXPECT_EQ(checkpoint_refusal(checkpoint_text() + "\nmore\n"), Errc::malformed);
  EXPECT_EQ(checkpoint_refusal(checkpoint_text("1", kRoot, "any text is an origin + more")),
            Errc::internal);
}

TEST(Checkpoint, SizeIsADecimalNumber) {
  for (const auto* good : {"0", "1", "10", "9223372036854775807"}) {
    EXPECT_EQ(checkpoint_refusal(checkpoint_text(good)), Errc::internal) << good;
  }
  for (const auto* bad : {"00", "01", "9223372036854775808", "18446744073709551616", "-1", "+1",
                          " 1", "1 ", "0x1", "1e3", "a"}) {
    EXPECT_EQ(checkpoint_refusal(checkpoint_text(bad)), Errc::malformed) << bad;
  }
}

TEST(Checkpoint, RootIsThirtyTwoBytesInCanonicalBase64) {
  EXPECT_EQ(checkpoint_refusal(checkpoint_text("1", kRoot)), Errc::internal);
  for (const auto* bad : {"CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I",
                          "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2J=",
                          "CsUYapGGPo4dkMgIAUqom_Xajj7h2fB2MPA3j2jxq2I=",
                          "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxqw==",
                          "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2IA",
                          "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I= "}) {
    EXPECT_EQ(checkpoint_refusal(checkpoint_text("1", bad)), Errc::malformed) << bad;
  }
}

TEST(Origins, OfRekorV1EndWithATreeId) {
  EXPECT_EQ(origin_name("rekor.test - 2605736670972794746"), "rekor.test");
  EXPECT_EQ(origin_name("a - 1 - 2"), "a - 1");
  for (const auto* whole : {"rekor.test", "rekor.test - ", "rekor.test - 1a", "rekor.test -1",
                            "rekor.test  1", " - 1", "rekor.test - 1 "}) {
    EXPECT_EQ(origin_name(whole), whole);
  }
}

TEST(LogKeys, HaveTheNamesThatTheBaseUrlGives) {
  const auto key = PrivateKey::generate(KeyType::ed25519).value();
  const auto names = [&](std::string_view url) -> std::vector<std::string> {
    const auto log = log_key(url, Bytes(32), key.public_key(), key.scheme());
    return log ? log->names : std::vector<std::string>{std::string(name(log.error().code))};
  };
  using Names = std::vector<std::string>;
  EXPECT_EQ(names("https://log.test"), Names{"log.test"});
  EXPECT_EQ(names("https://log.test/"), Names{"log.test"});
  EXPECT_EQ(names("http://localhost:8000"), (Names{"localhost", "localhost:8000"}));
  EXPECT_EQ(names("https://log.test/a/b/"), (Names{"log.test", "log.test/a/b"}));
  EXPECT_EQ(names("http://log.test:80/a"), (Names{"log.test", "log.test:80", "log.test:80/a"}));
  EXPECT_EQ(names("http://[::1]:80"), (Names{"::1", "[::1]:80"}));
  for (const auto* bad : {"", "log.test", "ftp://log.test", "https://", "https:///a", "https://:1",
                          "https://a@log.test", "https://log.test?a", "https://log.test#a",
                          "https://log.test:", "https://log.test:a", "https://log test",
                          "https://log+test", "https://[::1"}) {
    EXPECT_EQ(names(bad), Names{"malformed"}) << bad;
  }
}

TEST(LogKeys, HaveTheFirstFourBytesOfTheLogsId) {
  const auto key = PrivateKey::generate(KeyType::ed25519).value();
  const auto with = [&](const Bytes& id) {
    return log_key("https://log.test", id, key.public_key(), key.scheme());
  };
  EXPECT_EQ(with({1, 2, 3, 4, 5})->id, (NoteKeyId{1, 2, 3, 4}));
  EXPECT_EQ(with({1, 2, 3}).error().code, Errc::malformed);
}

// A log that signs checkpoints of whatever origin, under whatever name.
class FakeLog {
 public:
  explicit FakeLog(KeyType type) : key_(PrivateKey::generate(type).value()) {}

  Checkpoint sign(std::string_view origin, std::string_view name, const NoteKeyId& id) const {
    const std::string text = checkpoint_text("1", kRoot, origin);
    Bytes payload(id.begin(), id.end());
    const auto message = crypto::Message::of(key_.scheme(), bytes_of(text)).value();
    const Bytes signature = key_.sign(message).value();
    payload.insert(payload.end(), signature.begin(), signature.end());
    return parse_checkpoint(cat(text, "\n— ", name, " ", to_base64(payload), "\n")).value();
  }
  LogKey key(std::string_view url, ByteView log_id) const {
    return log_key(url, log_id, key_.public_key(), key_.scheme()).value();
  }
  Bytes spki_id() const { return copy_of(key_.public_key().fingerprint().bytes()); }
  Bytes note_id(std::string_view name) const {
    return copy_of(note_key_hash(name, NoteKind::ed25519, key_.public_key())->bytes());
  }

 private:
  PrivateKey key_;
};

TEST(LogsCheckpoint, OfRekorV2IsNamedByTheHost) {
  const FakeLog log(KeyType::ed25519);
  const LogKey key = log.key("https://log.test:3000", log.note_id("log.test"));
  EXPECT_EQ(verify_checkpoint(log.sign("log.test", "log.test", key.id), key), LogMatch::yes);
  // The same key, and the same signature line, for another log.
  EXPECT_EQ(verify_checkpoint(log.sign("other.test", "log.test", key.id), key),
            LogMatch::other_log);
  EXPECT_EQ(verify_checkpoint(log.sign("other.test", "other.test", key.id), key),
            LogMatch::other_log);
  EXPECT_EQ(verify_checkpoint(log.sign("log.test - 12", "log.test", key.id), key),
            LogMatch::other_log);
  EXPECT_EQ(verify_checkpoint(log.sign("log.test", "log.test:3000", key.id), key),
            LogMatch::absent);
  EXPECT_EQ(verify_checkpoint(log.sign("log.test", "log.test", {1, 2, 3, 4}), key),
            LogMatch::absent);
  const FakeLog forger(KeyType::ed25519);
  EXPECT_EQ(verify_checkpoint(forger.sign("log.test", "log.test", key.id), key), LogMatch::no);
}

TEST(LogsCheckpoint, OfRekorV1IsNamedByItsOwnOption) {
  const FakeLog log(KeyType::ecdsa_p256);
  const LogKey key = log.key("http://rekor.internal:3000", log.spki_id());
  EXPECT_EQ(verify_checkpoint(log.sign("rekor.test - 12", "rekor.test", key.id), key),
            LogMatch::yes);
  EXPECT_EQ(verify_checkpoint(log.sign("rekor.test - 12", "rekor.internal", key.id), key),
            LogMatch::absent);
  // Without a tree id it is no checkpoint of Rekor v1.
  EXPECT_EQ(verify_checkpoint(log.sign("rekor.test", "rekor.test", key.id), key),
            LogMatch::other_log);
  EXPECT_EQ(verify_checkpoint(log.sign("rekor.internal", "rekor.internal", key.id), key),
            LogMatch::yes);
  const FakeLog forger(KeyType::ecdsa_p256);
  EXPECT_EQ(verify_checkpoint(forger.sign("rekor.test - 12", "rekor.test", key.id), key),
            LogMatch::no);
}

// Each checkpoint of the conformance corpus, under the trust root of its case.
class Corpus : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = test::shared_folder("conformance/sigstore");
    if (!folder_) GTEST_SKIP() << "the conformance corpus is not here";
  }

  static std::string text_at(const json::Value* value, std::string_view key) {
    const auto* member = value == nullptr ? nullptr : value->find(key);
    return member == nullptr || member->string() == nullptr ? "" : *member->string();
  }

  // The log of that id, in that trust root.
  std::optional<LogKey> log_of(const std::string& trust_root, const Bytes& log_id) const {
    const auto root = json::parse_strict(test::read_file(*folder_ / trust_root));
    if (!root) return std::nullopt;
    for (const auto& log : *root->find("tlogs")->array()) {
      const auto id = from_base64(text_at(log.find("logId"), "keyId"));
      if (!id || *id != log_id) continue;
      const auto der = from_base64(text_at(log.find("publicKey"), "rawBytes"));
      const auto key = crypto::PublicKey::from_der(*der);
      EXPECT_TRUE(key) << trust_root;
      return log_key(text_at(&log, "baseUrl"), *id, *key, key->default_scheme()).value();
    }
    return std::nullopt;
  }

  std::string outcome(const std::string& checkpoint, const std::optional<LogKey>& log) {
    const auto parsed = parse_checkpoint(checkpoint);
    if (!parsed) return std::string(name(parsed.error().code));
    if (!log) return "unknown log";
    const auto match = verify_checkpoint(*parsed, *log);
    if (!match) return match.error().text();
    if (*match != LogMatch::yes) {
      return *match == LogMatch::absent ? "absent" : *match == LogMatch::no ? "no" : "other log";
    }
    ++(parsed->origin == origin_name(parsed->origin) ? v2_ : v1_);
    return "yes";
  }

  std::optional<Path> folder_;
  int v1_ = 0;
  int v2_ = 0;
};

TEST_F(Corpus, CheckpointsAreSignedAsTheirCasesSay) {
  const std::map<std::string, std::string> not_yes = {
      {"bundle-from-wrong-instance_fail", "unknown log"},
      {"checkpoint-bad-keyhint_fail", "absent"},
      {"invalid-checkpoint-signature_fail", "no"},
      {"rekor2-checkpoint-missing-log-signature_fail", "malformed"},
      {"rekor2-checkpoint-missing-root-hash_fail", "malformed"},
      {"rekor2-checkpoint-no-matching-signature_fail", "other log"},
  };
  const auto cases = json::parse_strict(test::read_file(*folder_ / "cases.json"));
  ASSERT_TRUE(cases);
  for (const auto& one : *cases->find("cases")->array()) {
    const std::string id = text_at(&one, "case");
    const auto bundle = json::parse_strict(test::read_file(*folder_ / text_at(&one, "bundle")));
    if (!bundle) continue;
    const auto* material = bundle->find("verificationMaterial");
    const auto* entries = material == nullptr ? nullptr : material->find("tlogEntries");
    if (entries == nullptr) continue;
    for (const auto& entry : *entries->array()) {
      const auto* proof = entry.find("inclusionProof");
      if (proof == nullptr || proof->find("checkpoint") == nullptr) continue;
      const auto log_id = from_base64(text_at(entry.find("logId"), "keyId"));
      const auto due = not_yes.find(id);
      EXPECT_EQ(outcome(text_at(proof->find("checkpoint"), "envelope"),
                        log_of(text_at(&one, "trusted_root"), *log_id)),
                due == not_yes.end() ? "yes" : due->second)
          << id;
    }
  }
  EXPECT_EQ(v1_, 21);
  EXPECT_EQ(v2_, 18);
}

// The inclusion proofs of the bundles that are good lead to the root of their checkpoint.
TEST_F(Corpus, ProofsLeadToTheRootOfTheirCheckpoint) {
  int proved = 0;
  for (const auto& one : std::filesystem::directory_iterator(*folder_ / "bundle-verify")) {
    const std::string id = one.path().filename();
    if (!one.is_directory() || id.ends_with("_fail")) continue;
    const auto bundle = json::parse_strict(test::read_file(one.path() / "bundle.sigstore.json"));
    ASSERT_TRUE(bundle) << id;
    const auto* entries = bundle->find("verificationMaterial")->find("tlogEntries");
    for (const auto& entry : *entries->array()) {
      const auto* proof = entry.find("inclusionProof");
      ASSERT_NE(proof, nullptr) << id;
      std::vector<Hash> path;
      for (const auto& hash : *proof->find("hashes")->array()) {
        path.push_back(hash_from(from_base64(*hash.string()).value()).value());
      }
      const auto checkpoint = parse_checkpoint(text_at(proof->find("checkpoint"), "envelope"));
      ASSERT_TRUE(checkpoint) << id;
      const auto index = std::stoull("0" + text_at(proof, "logIndex"));  // absent: 0
      const Hash leaf = leaf_hash(from_base64(text_at(&entry, "canonicalizedBody")).value());
      EXPECT_EQ(root_of_inclusion(index, checkpoint->size, leaf, path), checkpoint->root) << id;
      EXPECT_NE(root_of_inclusion(index, checkpoint->size, leaf_hash({}), path), checkpoint->root);
      ++proved;
    }
  }
  EXPECT_EQ(proved, 15);
}

// What checkpoint.h says of ids and names, for every log of every trust root that is here.
TEST_F(Corpus, IdsOfLogsAreHashesOfTheirKeysAndNames) {
  int v1 = 0;
  int v2 = 0;
  for (const auto* file :
       {"trust/production/trusted_root.json", "trust/staging/trusted_root.json"}) {
    const auto root = json::parse_strict(test::read_file(*folder_ / file)).value();
    for (const auto& log : *root.find("tlogs")->array()) {
      const auto id = from_base64(text_at(log.find("logId"), "keyId")).value();
      const auto known = log_of(file, id);
      ASSERT_TRUE(known);
      if (known->key.type() == KeyType::ed25519) {
        const auto hash = note_key_hash(known->names.front(), NoteKind::ed25519, known->key);
        EXPECT_TRUE(equal(hash->bytes(), id)) << known->names.front();
        ++v2;
      } else {
        EXPECT_TRUE(equal(known->key.fingerprint().bytes(), id)) << known->names.front();
        ++v1;
      }
    }
  }
  EXPECT_EQ(v1, 2);
  EXPECT_EQ(v2, 4);
}

}  // namespace
}  // namespace sluice::sigstore
