// SPDX-License-Identifier: Apache-2.0
#include "sigstore/convert.h"

#include <gtest/gtest.h>

#include "sigstore/made_bundle.h"
#include "sigstore/verify_key.h"
#include "support/program.h"

namespace sluice::sigstore {
namespace {

using test::has;

class ConvertBundle : public testing::Test {
 protected:
  static void SetUpTestSuite() { made_ = std::make_unique<MadeBundle>(); }
  static void TearDownTestSuite() { made_.reset(); }

  static std::string log_id() { return to_hex(made_->entry().log_id); }
  static std::string payload(const std::string& body) {
    return cat(R"("body":")", to_base64(bytes_of(body)),
               R"(","integratedTime":1780315202,"logIndex":1004,"logID":")", log_id(), "\"");
  }
  // As cosign 1 and 2 wrote it with --bundle.
  static std::string old_bundle(const std::string& body) {
    return cat(R"({"base64Signature":")", to_base64(made_->signature), R"(","cert":")",
               to_base64(bytes_of(made_->certificate_pem())),
               R"(","rekorBundle":{"SignedEntryTimestamp":"AQID","Payload":{)", payload(body),
               "}}}");
  }
  static std::string old_bundle() { return old_bundle(made_->body()); }
  // What Rekor says about the same entry.
  static std::string answer(const std::string& body) {
    const auto proof = MadeBundle::proof();
    return cat(R"({"00aa":{)", payload(body), R"(,"verification":{"inclusionProof":{"checkpoint":)",
               json::write(json::Value(proof.checkpoint)), R"(,"hashes":[")",
               to_hex(proof.hashes[0]), R"("],"logIndex":4,"rootHash":")", to_hex(proof.root),
               R"(","treeSize":9},"signedEntryTimestamp":"BAUG"}}})");
  }
  static Converted converted(const ConvertRequest& request) {
    auto result = convert(request);
    if (!result) throw std::runtime_error(result.error().text());
    return *std::move(result);
  }
  static std::string refusal(const ConvertRequest& request) {
    const auto result = convert(request);
    if (result) return "converted";
    EXPECT_EQ(result.error().code, Errc::malformed) << result.error().text();
    return result.error().text();
  }
  static std::string notes(const Converted& done) { return join(done.notes, "\n"); }

  static inline std::unique_ptr<MadeBundle> made_;
};

TEST_F(ConvertBundle, AnOldBundleOfflineIsAnHonest01) {
  const auto done = converted({.text = old_bundle()});
  EXPECT_EQ(done.version, BundleVersion::v01);
  EXPECT_TRUE(has(notes(done), "--rekor-url")) << notes(done);
  const auto bundle = parse_bundle(done.text);
  ASSERT_TRUE(bundle) << bundle.error().text();
  EXPECT_EQ(bundle->version, BundleVersion::v01);
  EXPECT_EQ(signature_of(*bundle), made_->signature);
  EXPECT_EQ(std::get<CertificateChain>(bundle->material).certificates,
            std::vector<Bytes>{made_->leaf.der});
  EXPECT_EQ(std::get<MessageSignature>(bundle->content).digest, made_->digest);
  ASSERT_EQ(bundle->entries.size(), 1U);
  const LogEntry& entry = bundle->entries[0];
  EXPECT_EQ(entry.index, 1004U);
  EXPECT_EQ(entry.log_id, made_->entry().log_id);
  EXPECT_EQ(entry.kind, "hashedrekord");
  EXPECT_EQ(entry.integrated_time, made_->entry().integrated_time);
  EXPECT_EQ(entry.promise, (Bytes{1, 2, 3}));
  EXPECT_EQ(text_of(entry.body), made_->body());
  EXPECT_FALSE(entry.proof);
}

TEST_F(ConvertBundle, WithTheProofFromTheLogItIs03) {
  std::uint64_t asked = 0;
  const auto done = converted({.text = old_bundle(), .ask_log = [&](std::uint64_t index) {
                                 asked = index;
                                 return Result<std::string>(answer(made_->body()));
                               }});
  EXPECT_EQ(asked, 1004U);
  EXPECT_EQ(done.version, BundleVersion::v03);
  const auto bundle = parse_bundle(done.text);
  ASSERT_TRUE(bundle);
  const auto& proof = bundle->entries[0].proof;
  ASSERT_TRUE(proof);
  EXPECT_EQ(proof->index, 4U);
  EXPECT_EQ(proof->tree_size, 9U);
  EXPECT_EQ(proof->checkpoint, MadeBundle::proof().checkpoint);
  EXPECT_EQ(bundle->entries[0].promise, (Bytes{1, 2, 3})) << "the promise that came is kept";
}

TEST_F(ConvertBundle, TheLogHasToSpeakOfTheSameEntry) {
  const auto with = [&](std::string text) {
    return ConvertRequest{.text = old_bundle(),
                          .ask_log = [text](std::uint64_t) { return Result<std::string>(text); }};
  };
  const std::string good = answer(made_->body());
  EXPECT_TRUE(convert(with(good)));
  for (const auto& bad :
       {answer(made_->body(made_->digest, Bytes{1}, made_->certificate_pem())),
        replaced(good, "\"logIndex\":1004", "\"logIndex\":1005"),
        replaced(good, "1780315202", "1780315203"), replaced(good, "0909", "0908")}) {
    EXPECT_TRUE(has(refusal(with(bad)), "another one"));
  }
  for (const std::string bad : {"", "{}", "<html>", R"({"a":{}})"}) {
    const auto result = convert(with(bad));
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, Errc::network) << result.error().text();
  }
  const auto down = convert({.text = old_bundle(), .ask_log = [](std::uint64_t) {
                               return Result<std::string>(fail(Errc::timeout, "no answer"));
                             }});
  ASSERT_FALSE(down);
  EXPECT_EQ(down.error().code, Errc::timeout);
}

TEST_F(ConvertBundle, PartsOfDifferentSignaturesAreRefused) {
  const auto other = crypto::digest_of(crypto::HashAlgorithm::sha256, bytes_of("other"));
  EXPECT_TRUE(has(
      refusal({.text = old_bundle(made_->body(made_->digest, Bytes{1}, made_->certificate_pem()))}),
      "another signature"));
  EXPECT_TRUE(has(refusal({.text = old_bundle(made_->body(made_->digest, made_->signature,
                                                          made_->root.key.public_key().pem()))}),
                  "another signer"));
  EXPECT_TRUE(
      has(refusal({.text = old_bundle(), .key = made_->root.key.public_key()}), "another signer"));
  EXPECT_TRUE(has(refusal({.text = old_bundle(),
                           .artifact_digest = [&](auto) { return Result<crypto::Digest>(other); }}),
                  "the artifact's digest"));
  Bundle bundle = made_->bundle();
  std::get<MessageSignature>(bundle.content).digest = other;
  EXPECT_TRUE(has(refusal({.text = write_bundle(bundle)}), "another digest"));
  bundle = made_->bundle();
  bundle.entries[0].kind = "dsse";
  EXPECT_TRUE(has(refusal({.text = write_bundle(bundle)}), "another kind"));
}

TEST_F(ConvertBundle, ASignatureWithItsCertificate) {
  const std::string pem = made_->certificate_pem();
  const auto digest = [](auto) { return Result<crypto::Digest>(made_->digest); };
  for (const auto& signature : {to_base64(made_->signature), to_base64(made_->signature) + "\n",
                                std::string(text_of(made_->signature))}) {
    for (const auto& certificate : {pem, to_base64(bytes_of(pem))}) {
      const auto done =
          converted({.text = signature, .certificate = certificate, .artifact_digest = digest});
      const auto bundle = parse_bundle(done.text);
      ASSERT_TRUE(bundle);
      EXPECT_EQ(done.version, BundleVersion::v03);
      EXPECT_EQ(notes(done), "");
      EXPECT_EQ(signature_of(*bundle), made_->signature);
      EXPECT_EQ(std::get<MessageSignature>(bundle->content).digest, made_->digest);
    }
  }
  const auto done = converted({.text = to_base64(made_->signature), .certificate = pem});
  EXPECT_TRUE(has(notes(done), "--artifact")) << notes(done);
}

TEST_F(ConvertBundle, ASignatureNeedsItsSigner) {
  EXPECT_TRUE(has(refusal({.text = to_base64(made_->signature)}), "nothing says who signed"));
}

TEST_F(ConvertBundle, ASignatureWithItsKeyVerifies) {
  const auto key = made_->leaf.key.public_key();
  const auto done =
      converted({.text = to_base64(made_->signature), .key = key, .artifact_digest = [](auto) {
                   return Result<crypto::Digest>(made_->digest);
                 }});
  const auto verdict = verify_with_key(
      system_files(),
      {.key = key, .bundle = done.text, .bundle_source = "b", .artifact = made_->digest});
  ASSERT_TRUE(verdict);
  EXPECT_TRUE(verdict->passed());
}

TEST_F(ConvertBundle, AnEnvelopeWithItsKeyVerifies) {
  const std::string statement = cat(
      R"({"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"a","digest":{"sha256":")",
      made_->digest.hex(), R"("}}],"predicateType":"https://example.org/p","predicate":{}})");
  const auto envelope = dsse::sign(MediaType(std::string(dsse::kInTotoPayload)),
                                   bytes_of(statement), made_->leaf.key);
  const std::string text = json::write(dsse::to_json(*envelope));
  const auto key = made_->leaf.key.public_key();
  // Bare, and as attest-blob put it into its --bundle.
  for (const auto& input :
       {text, cat(R"({"base64Signature":")", to_base64(bytes_of(text)), "\"}")}) {
    const auto done = converted({.text = input, .key = key});
    const auto verdict = verify_with_key(
        system_files(),
        {.key = key, .bundle = done.text, .bundle_source = "b", .artifact = made_->digest});
    ASSERT_TRUE(verdict);
    EXPECT_TRUE(verdict->passed()) << verdict->report().first_failure()->detail;
  }
}

TEST_F(ConvertBundle, TheSignerMayComeFromTheLog) {
  const auto key = made_->leaf.key.public_key();
  std::string text = old_bundle(made_->body(made_->digest, made_->signature, key.pem()));
  const std::size_t cert = text.find("\"cert\"");
  text.erase(cert, text.find("\"rekorBundle\"") - cert);
  const auto done = converted({.text = text});
  EXPECT_TRUE(has(notes(done), "from the log's entry")) << notes(done);
  EXPECT_EQ(std::get<PublicKeyHint>(parse_bundle(done.text)->material).hint, key_hint(key));
}

TEST_F(ConvertBundle, ATimestampGoesIn) {
  const Bytes reply = made_->stamp(made_->signature);
  for (const auto& timestamp : {std::string(text_of(reply)),
                                cat(R"({"SignedRFC3161Timestamp":")", to_base64(reply), "\"}")}) {
    const auto done = converted({.text = to_base64(made_->signature),
                                 .certificate = made_->certificate_pem(),
                                 .timestamp = timestamp});
    EXPECT_EQ(parse_bundle(done.text)->timestamps, std::vector<Bytes>{reply});
  }
  const Bytes foreign = made_->stamp(bytes_of("else"));
  EXPECT_TRUE(has(refusal({.text = to_base64(made_->signature),
                           .certificate = made_->certificate_pem(),
                           .timestamp = std::string(text_of(foreign))}),
                  "something else"));
}

TEST_F(ConvertBundle, OlderBundlesBecome03) {
  Bundle bundle = made_->bundle();
  std::get<CertificateChain>(bundle.material).certificates.push_back(made_->root.der);
  for (const auto version : {BundleVersion::v01, BundleVersion::v02}) {
    const auto done = converted({.text = write_bundle(bundle, version)});
    EXPECT_EQ(done.version, BundleVersion::v03);
    EXPECT_TRUE(has(notes(done), "2 certificates")) << notes(done);
    EXPECT_TRUE(done.text == write_bundle(bundle)) << "all else is kept";
  }
  bundle.entries[0].proof.reset();
  const auto done = converted({.text = write_bundle(bundle, BundleVersion::v01)});
  EXPECT_EQ(done.version, BundleVersion::v01);
  // What is new already comes out as it went in.
  const std::string newest = write_bundle(made_->bundle());
  EXPECT_TRUE(converted({.text = newest}).text == newest);
}

TEST_F(ConvertBundle, MendsWhatOnlyItsVersionForbids) {
  const Bundle whole = made_->bundle();
  const std::string chain =
      replaced(write_bundle(whole, BundleVersion::v02), "version=0.2", "version=0.3");
  ASSERT_FALSE(parse_bundle(chain));
  const auto done = converted({.text = chain});
  EXPECT_TRUE(done.text == write_bundle(whole));
  EXPECT_TRUE(has(notes(done), "mended: ")) << notes(done);

  Bundle bare = whole;
  bare.entries[0].proof.reset();
  const std::string unproven = write_bundle(bare);
  ASSERT_FALSE(parse_bundle(unproven));
  EXPECT_EQ(converted({.text = unproven}).version, BundleVersion::v01);
  const auto log = [](std::uint64_t) { return Result<std::string>(answer(made_->body())); };
  EXPECT_TRUE(converted({.text = unproven, .ask_log = log}).text == write_bundle(whole));

  // Neither proof nor promise; or a version that nobody knows.
  bare.entries[0].promise.reset();
  EXPECT_TRUE(has(refusal({.text = write_bundle(bare)}), "no inclusionProof"));
  const auto unknown = convert({.text = replaced(chain, "version=0.3", "version=0.4")});
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, Errc::unsupported);
}

TEST_F(ConvertBundle, WhatIsNothingOfTheKindIsNamed) {
  EXPECT_TRUE(has(refusal({.text = made_->certificate_pem()}), "a certificate"));
  EXPECT_TRUE(
      has(refusal({.text = to_base64(bytes_of(made_->certificate_pem()))}), "a certificate"));
  EXPECT_TRUE(has(refusal({.text = R"({"_type":"x","predicateType":"y"})"}), "nobody signed"));
  EXPECT_TRUE(has(refusal({.text = ""}), "an empty file"));
  EXPECT_TRUE(has(refusal({.text = R"({"base64Signature":"AA==","more":1})"}), "more"));
  EXPECT_TRUE(has(refusal({.text = R"({"base64Signature":"A"})"}), "base64"));
}

}  // namespace
}  // namespace sluice::sigstore
