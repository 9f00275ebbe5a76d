// SPDX-License-Identifier: Apache-2.0
#include "sigstore/inspect.h"

#include <gtest/gtest.h>

#include "sigstore/looks_like.h"
#include "sigstore/made_bundle.h"
#include "sigstore/verify_key.h"
#include "support/json_schema.h"
#include "support/program.h"

namespace sluice::sigstore {
namespace {

using test::has;

class InspectBundle : public testing::Test {
 protected:
  static void SetUpTestSuite() { made_ = std::make_unique<MadeBundle>(); }
  static void TearDownTestSuite() { made_.reset(); }

  static Inspection inspected(const Bundle& bundle, BundleVersion version = BundleVersion::v03) {
    return inspect(write_bundle(bundle, version));
  }
  // A value by the keys that lead to it; numbers are places in lists.
  static std::string at(const Inspection& inspection, const std::vector<std::string>& keys) {
    const json::Value* value = &inspection.description;
    for (const auto& key : keys) {
      if (value == nullptr) return "(none)";
      const json::Array* list = value->array();
      const std::size_t place = list == nullptr ? 0 : std::stoul(key);
      value = list == nullptr ? value->find(key) : place < list->size() ? &(*list)[place] : nullptr;
    }
    if (value == nullptr) return "(none)";
    return value->string() != nullptr ? *value->string() : json::write(*value);
  }
  static std::string all_of(const std::vector<Finding>& findings) {
    std::string out;
    for (const auto& each : findings) out += cat(each.where, ": ", each.what, "\n");
    return out;
  }
  static std::string problems(const Inspection& inspection) { return all_of(inspection.problems); }
  static std::string remarks(const Inspection& inspection) { return all_of(inspection.remarks); }

  static inline std::unique_ptr<MadeBundle> made_;
};

TEST_F(InspectBundle, ShowsEveryPartOfASoundOne) {
  const auto seen = inspected(made_->bundle());
  EXPECT_TRUE(seen.sound()) << problems(seen);
  EXPECT_EQ(remarks(seen), "");
  EXPECT_EQ(at(seen, {"version"}), "0.3");
  EXPECT_EQ(at(seen, {"content", "kind"}), "message");
  EXPECT_EQ(at(seen, {"content", "digest"}), made_->digest.text());
  const auto leaf = [&](std::vector<std::string> keys) {
    keys.insert(keys.begin(), {"signer", "certificates", "0"});
    return at(seen, keys);
  };
  EXPECT_EQ(leaf({"names", "0", "value"}), "release@example.org");
  EXPECT_EQ(leaf({"vouched_by"}), "https://accounts.example.org");
  EXPECT_EQ(leaf({"claims", "1", "oid"}), "1.3.6.1.4.1.57264.1.8");
  EXPECT_EQ(leaf({"claims", "1", "name"}), "issuer");
  EXPECT_EQ(leaf({"issuer"}), "CN=root");
  EXPECT_EQ(leaf({"serial"}), "2a");
  EXPECT_EQ(leaf({"not_before"}), "2026-06-01T12:00:00Z");
  EXPECT_EQ(leaf({"not_after"}), "2026-06-01T12:10:00Z");
  EXPECT_EQ(leaf({"key"}), "ECDSA P-256");
  EXPECT_EQ(leaf({"logged", "0", "time"}), "2026-06-01T12:00:01Z");
  EXPECT_EQ(leaf({"logged", "1"}), "(none)");
  EXPECT_EQ(at(seen, {"log_entries", "0", "index"}), "1004");
  EXPECT_EQ(at(seen, {"log_entries", "0", "proof", "checkpoint", "origin"}), "log.example - 1");
  EXPECT_EQ(at(seen, {"log_entries", "0", "proof", "checkpoint", "signatures", "0", "key_id"}),
            "01020304");
  for (const std::string same : {"same_digest", "same_signature", "same_signer"})
    EXPECT_EQ(at(seen, {"log_entries", "0", "body", same}), "true") << same;
  EXPECT_EQ(at(seen, {"timestamps", "0", "time"}), "2026-06-01T12:00:02Z");
  EXPECT_EQ(at(seen, {"timestamps", "0", "of_this_signature"}), "true");
  EXPECT_EQ(at(seen, {"timestamps", "0", "certificates", "0", "subject"}), "CN=stamper");
}

TEST_F(InspectBundle, SaysFirstThatNothingIsVerified) {
  const auto seen = inspected(made_->bundle());
  const std::string text = as_text(seen, "b.json", false);
  EXPECT_TRUE(text.starts_with("bundle 0.3  b.json\n  not verified")) << text;
  EXPECT_TRUE(has(text, "release@example.org")) << text;
  const auto document = to_json(seen, "b.json");
  EXPECT_EQ(document.find("verified")->boolean(), false);
  EXPECT_EQ(*document.find("kind")->string(), "sluice.bundle/v1");
}

TEST_F(InspectBundle, ForeignTextReachesPeopleEscaped) {
  Bundle bundle = made_->bundle();
  bundle.entries[0].kind = "hashed\x1b[31mrekord";
  const std::string text = as_text(inspected(bundle), "b\x1b.json", false);
  EXPECT_FALSE(has(text, "\x1b")) << text;
  EXPECT_TRUE(has(text, "\\x1b[31m")) << text;
}

TEST_F(InspectBundle, ShowsWhoTheHintMeans) {
  Bundle bundle;
  bundle.material = PublicKeyHint{key_hint(made_->leaf.key.public_key())};
  bundle.content = MessageSignature{made_->digest, made_->signature};
  const auto seen = inspected(bundle);
  EXPECT_EQ(at(seen, {"signer", "kind"}), "public key");
  EXPECT_EQ(at(seen, {"signer", "key_fingerprint"}),
            made_->leaf.key.public_key().fingerprint().text());
  EXPECT_EQ(remarks(seen), "");
  const std::string text = as_text(seen, "b.json", false);
  EXPECT_TRUE(has(text, "\nlog entries  none\ntimestamps  none\n")) << text;
}

TEST_F(InspectBundle, ShowsTheStatementAndTenOfItsSubjects) {
  std::string subjects;
  for (int i = 0; i < 12; ++i)
    subjects += cat(i == 0 ? "" : ",", R"({"name":"f)", i, R"(","digest":{"sha256":"aa"}})");
  const std::string statement =
      cat(R"({"_type":"https://in-toto.io/Statement/v1","subject":[)", subjects,
          R"(],"predicateType":"https://example.org/p","predicate":{}})");
  const auto text = sign_payload(MediaType(std::string(dsse::kInTotoPayload)), bytes_of(statement),
                                 made_->leaf.key);
  const auto seen = inspect(*text);
  EXPECT_EQ(at(seen, {"content", "statement", "predicate_type"}), "https://example.org/p");
  EXPECT_EQ(at(seen, {"content", "statement", "subject_count"}), "12");
  EXPECT_EQ(at(seen, {"content", "statement", "subjects", "9", "name"}), "f9");
  EXPECT_EQ(at(seen, {"content", "statement", "subjects", "10"}), "(none)");
  EXPECT_EQ(at(seen, {"content", "statement", "subjects", "0", "digests", "0"}), "sha256:aa");
}

// One part is broken: it says why, and all the others are there.
TEST_F(InspectBundle, ABrokenPartDoesNotHideTheOthers) {
  const std::string good = write_bundle(made_->bundle());
  struct Case {
    std::string from, to;
    std::vector<std::string> broken;
    std::string reason;
  };
  const std::vector<Case> cases = {
      {cat(R"("signature":")", to_base64(made_->signature)),
       R"("signature":"!!!)",
       {"content"},
       "base64"},
      {R"("algorithm":"SHA2_256")", R"("algorithm":"MD5")", {"content"}, "MD5"},
      {R"("rootHash":")",
       R"("rootHash":"AA==","x":")",
       {"log_entries", "0"},
       "inclusionProof.x: unknown"},
      {R"("integratedTime":")", R"("integratedTime":"999)", {"log_entries", "0"}, "no time"},
      {R"("kindVersion":{)",
       R"("kindVersion":{"z":1,)",
       {"log_entries", "0"},
       "kindVersion.z: unknown"},
      {R"("signedTimestamp":")", R"("signedTimestamp":"=)", {"timestamps", "0"}, "base64"},
      {R"("rawBytes":")", R"("rawBytes":"*)", {"signer", "certificates", "0"}, "base64"},
  };
  const std::vector<std::vector<std::string>> whole = {
      {"content", "kind"}, {"signer", "kind"}, {"log_entries", "0", "log_id"}, {"timestamps", "0"}};
  for (const auto& each : cases) {
    const auto seen = inspect(replaced(good, each.from, each.to));
    EXPECT_FALSE(seen.sound()) << each.from;
    auto keys = each.broken;
    keys.emplace_back("broken");
    EXPECT_TRUE(has(at(seen, keys), each.reason)) << each.from << " " << at(seen, keys);
    EXPECT_TRUE(has(problems(seen), each.reason)) << problems(seen);
    for (const auto& part : whole) EXPECT_NE(at(seen, part), "(none)") << each.from << part[0];
    EXPECT_TRUE(as_text(seen, "b", false).starts_with("broken      b\n"));
  }
}

TEST_F(InspectBundle, OfABrokenEntryTheRestIsStillRead) {
  const auto seen = inspect(replaced(write_bundle(made_->bundle()), R"("signedEntryTimestamp":")",
                                     R"("signedEntryTimestamp":"%)"));
  EXPECT_TRUE(has(at(seen, {"log_entries", "0", "broken"}), "signedEntryTimestamp"));
  EXPECT_EQ(at(seen, {"log_entries", "0", "promise"}), "false");
  EXPECT_EQ(at(seen, {"log_entries", "0", "proof", "tree_size"}), "9");
  EXPECT_EQ(at(seen, {"log_entries", "0", "body", "same_signature"}), "true");
}

TEST_F(InspectBundle, AnUnknownVersionStillShowsItsParts) {
  const auto seen =
      inspect(replaced(write_bundle(made_->bundle()), "bundle.v0.3+json", "bundle.v0.9+json"));
  EXPECT_TRUE(has(problems(seen), "0.1, 0.2 and 0.3 are known")) << problems(seen);
  EXPECT_EQ(at(seen, {"version"}), "(none)");
  EXPECT_EQ(at(seen, {"log_entries", "0", "body", "same_signer"}), "true");
}

TEST_F(InspectBundle, SaysWhatAVersionDoesNotAllow) {
  Bundle bundle = made_->bundle();
  const std::string chain = write_bundle(bundle, BundleVersion::v02);
  EXPECT_TRUE(inspect(chain).sound());
  const auto seen = inspect(replaced(chain, "bundle+json;version=0.2", "bundle+json;version=0.3"));
  EXPECT_TRUE(has(problems(seen), "version 0.3 holds one certificate")) << problems(seen);
  EXPECT_EQ(at(seen, {"signer", "certificates", "0", "key"}), "ECDSA P-256");
  EXPECT_TRUE(has(seen.problems[0].advice, "bundle convert"));

  bundle.entries[0].proof.reset();
  EXPECT_TRUE(inspected(bundle, BundleVersion::v01).sound());
  EXPECT_TRUE(has(problems(inspected(bundle, BundleVersion::v02)), "no inclusionProof"));
}

TEST_F(InspectBundle, SaysWhyASoundOneWouldNotVerify) {
  struct Case {
    std::function<void(Bundle&)> change;
    std::string remark;
    BundleVersion version = BundleVersion::v03;
  };
  const auto body = [](std::string text) { return copy_of(bytes_of(text)); };
  const auto key_pem = made_->root.key.public_key().pem();
  const std::vector<Case> cases = {
      {[&](Bundle& b) {
         std::get<CertificateChain>(b.material).certificates.push_back(made_->root.der);
       },
       "holds a root", BundleVersion::v02},
      {[&](Bundle& b) { b.material = CertificateChain{{made_->root.der}}; }, "is an authority's"},
      {[&](Bundle& b) { b.material = CertificateChain{{Bytes{1, 2}}}; }, "no certificate"},
      {[&](Bundle& b) {
         const auto other = crypto::digest_of(crypto::HashAlgorithm::sha256, bytes_of("other"));
         b.entries[0].body = body(made_->body(other, made_->signature, made_->certificate_pem()));
       },
       "another digest"},
      {[&](Bundle& b) {
         b.entries[0].body = body(made_->body(made_->digest, Bytes{1}, made_->certificate_pem()));
       },
       "another signature"},
      {[&](Bundle& b) {
         b.entries[0].body = body(made_->body(made_->digest, made_->signature, key_pem));
       },
       "another certificate or key"},
      {[&](Bundle& b) { b.entries[0].body = body("{}"); }, "body cannot be read"},
      {[&](Bundle& b) { b.entries[0].body.clear(); }, "bound to nothing"},
      {[&](Bundle& b) { b.entries[0].kind = "dsse"; }, "the entry calls it a dsse"},
      {[&](Bundle& b) { b.entries[0].promise.reset(); }, "under no promise"},
      {[&](Bundle& b) { b.entries[0].integrated_time = test::at("2026-06-01T12:10:01Z"); },
       "the integrated time is 2026-06-01 12:10:01Z, when the certificate was not valid"},
      {[&](Bundle& b) { b.entries[0].proof->tree_size = 8; }, "the checkpoint is of 9 entries"},
      {[&](Bundle& b) { b.entries[0].proof->index = 9; }, "has none of that number"},
      {[&](Bundle& b) { b.entries[0].proof->root = Bytes(32, 8); }, "another root hash"},
      {[&](Bundle& b) { b.entries[0].proof->checkpoint = "x"; }, "no signed note"},
      {[&](Bundle& b) { b.timestamps = {made_->stamp(bytes_of("else"))}; }, "of something else"},
      {[&](Bundle& b) { b.timestamps = {Bytes{0x30, 0}}; }, "no timestamp that counts"},
      {[&](Bundle& b) { b.entries.clear(); }, "no log entry"},
      {[&](Bundle& b) { b.entries.clear(), b.timestamps.clear(); }, "nothing tells when"},
  };
  for (const auto& each : cases) {
    Bundle bundle = made_->bundle();
    each.change(bundle);
    const auto seen = inspected(bundle, each.version);
    EXPECT_TRUE(seen.sound()) << problems(seen);
    EXPECT_TRUE(has(remarks(seen), each.remark)) << each.remark << " in:\n" << remarks(seen);
  }
}

TEST_F(InspectBundle, SaysWhatAnotherFileLooksLike) {
  const Bytes gzip = {0x1f, 0x8b, 8, 0};
  const std::string pem = made_->certificate_pem();
  const std::string envelope = R"({"payload":"","payloadType":"a","signatures":[]})";
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "an empty file"},
      {" \n", "nothing but blanks"},
      {std::string(text_of(gzip)), "gzip"},
      {"PK\x03\x04 rest", "zip"},
      {pem, "a certificate (PEM)"},
      {to_base64(bytes_of(pem)), "base64 of a certificate (PEM)"},
      {std::string(text_of(made_->leaf.der)), "a certificate (DER)"},
      {std::string(text_of(made_->stamp(made_->signature))), "RFC 3161"},
      {made_->root.key.public_key().pem(), "a public key"},
      {to_base64(made_->signature) + "\n", "a bare signature in base64"},
      {std::string(text_of(made_->signature)), "maybe a bare signature"},
      {"<!DOCTYPE html><html>404</html>", "a web page"},
      {R"({"base64Signature":"AA=="})", "what cosign 1 and 2 wrote"},
      {envelope, "a DSSE envelope"},
      {R"({"SignedRFC3161Timestamp":"AA=="})", "a timestamp alone"},
      {R"({"_type":"x","predicateType":"y"})", "an in-toto statement that nobody signed"},
      {R"({"ab":{"body":"","verification":{}}})", "what a log (Rekor) answers"},
      {"{}\n{}\n", "one a line"},
      {"[1]", "JSON, but array"},
      {"hello, world", "text that is no JSON"},
      {"\xff\x00z", "no text"},
      {write_bundle(made_->bundle()).substr(0, 400), "broken, or ends early"}};
  for (const auto& [text, like] : cases) {
    const auto seen = inspect(text);
    EXPECT_FALSE(seen.sound()) << like;
    EXPECT_TRUE(has(seen.looks_like, like)) << like << ": " << seen.looks_like;
    EXPECT_TRUE(has(as_text(seen, "f", false), like)) << like;
  }
}

TEST_F(InspectBundle, TellsLineAndColumnOfBrokenJson) {
  const auto seen = inspect("{\n  \"mediaType\": nope}");
  EXPECT_TRUE(has(problems(seen), "line 2, column 16")) << problems(seen);
}

TEST_F(InspectBundle, NeverCallsSoundWhatTheParserRefuses) {
  const std::string good = write_bundle(made_->bundle());
  std::size_t refused = 0;
  for (std::size_t i = 0; i < good.size(); i += 3) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 1);
    const bool parses = parse_bundle(bad).has_value();
    EXPECT_EQ(inspect(bad).sound(), parses) << i;
    refused += parses ? 0 : 1;
  }
  EXPECT_GT(refused, 50U);
}

TEST_F(InspectBundle, TheSchemaHasEveryMember) {
  const json::Value schema = test::published_schema("bundle-inspection.v1");
  const std::string good = write_bundle(made_->bundle());
  std::vector<std::string> texts = {good, "", "{}", good.substr(0, 100)};
  for (const std::string key : {"hashes", "signature", "keyId", "rawBytes", "signedTimestamp"})
    texts.push_back(replaced(good, cat("\"", key, "\":"), cat("\"x", key, "\":")));
  const auto envelope =
      sign_payload(MediaType(std::string(dsse::kInTotoPayload)), bytes_of("{}"), made_->leaf.key);
  texts.push_back(*envelope);
  for (const auto& text : texts)
    EXPECT_EQ(test::misfit(schema, to_json(inspect(text), "b"), "inspection"), "")
        << text.substr(0, 99);
  json::Value wrong = to_json(inspect(good), "b");
  wrong.set("verified", true);
  EXPECT_EQ(test::misfit(schema, wrong, "inspection"), "inspection.verified");
}

TEST_F(InspectBundle, TheWholePublicCorpus) {
  const auto folder = test::shared_folder("conformance/sigstore/bundle-verify");
  if (!folder) GTEST_SKIP() << "../shared/conformance/sigstore is not here";
  std::size_t bundles = 0;
  const auto paths = walk(system_files(), *folder);
  ASSERT_TRUE(paths);
  for (const auto& path : *paths) {
    if (path.filename() != "bundle.sigstore.json") continue;
    ++bundles;
    const std::string text = test::read_file(path);
    const auto seen = inspect(text);
    EXPECT_EQ(seen.sound(), parse_bundle(text).has_value()) << path;
    EXPECT_EQ(as_text(seen, "b", false).empty(), false) << path;
    // What verifies has nothing against it.
    const bool verifies = !path.parent_path().native().ends_with("_fail");
    EXPECT_TRUE(!verifies || remarks(seen) + problems(seen) == "") << path;
  }
  EXPECT_EQ(bundles, 52U);
}

}  // namespace
}  // namespace sluice::sigstore
