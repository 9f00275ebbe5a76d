// SPDX-License-Identifier: Apache-2.0
// Several bundles about one artifact, and one verifier for many bundles.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <thread>

#include "base/text.h"
#include "sigstore/verifier.h"
#include "support/temp_folder.h"
#include "support/virtual_sigstore/virtual_sigstore.h"

namespace sluice::sigstore {
namespace {

using crypto::HashAlgorithm;
using crypto::KeyType;
using crypto::Scheme;
using crypto::SchemeKind;
using test::Made;
using test::SignWish;

constexpr std::string_view kTogether = "the artifact\n";
constexpr Scheme kEcdsa{SchemeKind::ecdsa, HashAlgorithm::sha384};
constexpr Scheme kPure{SchemeKind::ed25519, HashAlgorithm::sha512};
constexpr Scheme kPrehashed{SchemeKind::ed25519ph, HashAlgorithm::sha512};

const test::VirtualSigstore& together_world() {
  static const test::VirtualSigstore world;
  return world;
}

// Gives its bytes once.
class OncePipe {
 public:
  explicit OncePipe(std::string text)
      : writer_([this, text = std::move(text)] { std::ofstream(path_) << text; }) {}
  const Path& path() const { return path_; }

 private:
  Path make() const {
    Path path = folder_.path() / "pipe";
    EXPECT_EQ(::mkfifo(path.c_str(), 0600), 0);
    return path;
  }
  test::TempFolder folder_;
  Path path_ = make();
  std::jthread writer_;
};

// ---- one reading

TEST(ArtifactReading, TakesInWhatWasAnnouncedAtOnce) {
  const OncePipe pipe{std::string(kTogether)};
  const Artifact artifact = pipe.path();
  ArtifactReading reading(system_files(), artifact);
  reading.announce(kEcdsa, HashAlgorithm::sha256);
  reading.announce(kPure, {});
  reading.announce(kPrehashed, {});
  for (const Scheme scheme : {kPure, kEcdsa, kPrehashed}) {
    const auto absorbed = reading.absorb(scheme, {});
    ASSERT_TRUE(absorbed) << absorbed.error().text();
    const auto whole = crypto::Message::of(scheme, bytes_of(kTogether)).value();
    EXPECT_EQ(absorbed->message.digest(), whole.digest());
    EXPECT_EQ(absorbed->message.scheme(), scheme);
    EXPECT_EQ(absorbed->known.all().size(), 3U);
    EXPECT_EQ(absorbed->known.any().algorithm(), HashAlgorithm::sha256);
  }
  EXPECT_EQ(reading.digests({HashAlgorithm::sha512})->all().size(), 3U);
}

TEST(ArtifactReading, WhatIsReadAgainHasToBeTheSame) {
  const test::TempFolder folder;
  const Artifact artifact = folder.write("file", kTogether);
  ArtifactReading reading(system_files(), artifact);
  ASSERT_TRUE(reading.digests({}));
  const auto more = reading.digests({HashAlgorithm::sha512});
  ASSERT_TRUE(more);
  EXPECT_EQ(*more->find(HashAlgorithm::sha512),
            crypto::digest_of(HashAlgorithm::sha512, bytes_of(kTogether)));
  folder.write("file", "another one\n");
  EXPECT_EQ(*reading.digests({})->find(HashAlgorithm::sha256),
            crypto::digest_of(HashAlgorithm::sha256, bytes_of(kTogether)));
  const auto changed = reading.digests({HashAlgorithm::sha384});
  ASSERT_FALSE(changed);
  EXPECT_EQ(changed.error().code, Errc::io);
}

Verifier verifier_for(std::vector<KeySigner> keys, const std::string& regexp = ".*@example[.]org") {
  VerifierOptions options{.keys = std::move(keys)};
  options.rules.push_back(
      make_identity_rule({.identity_regexp = regexp, .issuer = std::string(test::kIssuer)})
          .value());
  options.trust = TrustRoot::parse(together_world().trusted_root(), "a test's trust").value();
  return Verifier(std::move(options));
}

TEST(VerifyTogether, ReadsTheArtifactOnceForEveryKindOfBundle) {
  SignWish keyed = test::by_key(test::rekor_v2());
  keyed.key = KeyType::ed25519;
  keyed.scheme = SchemeKind::ed25519ph;
  SignWish strong = test::rekor_v1();
  strong.key = KeyType::ecdsa_p384;
  const Made by_key = together_world().sign(kTogether, keyed);
  const std::vector<std::string> bundles = {
      together_world().sign(kTogether, test::rekor_v2()).bundle,
      together_world().sign(kTogether, strong).bundle,
      together_world().sign(kTogether, test::in_envelope(test::rekor_v2())).bundle,
      by_key.bundle,
      together_world().sign("another one", test::rekor_v1()).bundle,
      "no bundle",
  };
  std::vector<VerifyRequest> requests;
  for (const auto& bundle : bundles) requests.push_back({bundle, "a test's bundle"});
  const OncePipe pipe{std::string(kTogether)};
  const auto verdicts = verifier_for({{by_key.key.public_key(), by_key.key.scheme()}})
                            .verify_together(system_files(), pipe.path(), std::move(requests));
  ASSERT_TRUE(verdicts) << verdicts.error().text();
  ASSERT_EQ(verdicts->size(), 6U);
  for (std::size_t i = 0; i < 4; ++i) {
    const Check* failure = (*verdicts)[i].report().first_failure();
    EXPECT_TRUE((*verdicts)[i].passed()) << i << (failure != nullptr ? failure->detail : "");
  }
  EXPECT_EQ((*verdicts)[4].report().first_failure()->id, "artifact.digest");
  EXPECT_EQ((*verdicts)[5].report().first_failure()->id, "bundle.format");
}

// ---- who is another signer

VerifiedContent content_by(const std::string& signer, const std::string& key) {
  VerifiedContent out{
      parse_bundle(together_world().sign(kTogether, test::rekor_v2()).bundle).value()};
  out.signer = signer;
  out.signer_key = key;
  return out;
}

std::vector<std::size_t> different(const std::vector<VerifiedContent>& contents) {
  std::vector<const VerifiedContent*> list;
  for (const auto& one : contents) list.push_back(&one);
  return different_signers(list);
}

TEST(DifferentSigners, HaveAnotherIdentityAndAnotherKey) {
  using Numbers = std::vector<std::size_t>;
  const auto ada = content_by("ada", "1");
  const auto bob = content_by("bob", "2");
  EXPECT_EQ(different({ada, bob}), (Numbers{0, 1}));
  EXPECT_EQ(different({ada, content_by("ada", "3"), bob}), (Numbers{0, 2}));  // a new certificate
  EXPECT_EQ(different({ada, content_by("bob", "1")}), (Numbers{0}));          // two names, one key
  EXPECT_EQ(different({ada, bob, content_by("ada", "2")}), (Numbers{0}));     // joins the two
  EXPECT_EQ(different({bob, content_by("eve", "3"), content_by("eve", "2"), ada}), (Numbers{0, 3}));
  EXPECT_TRUE(different({}).empty());
}

// ---- one certificate for many

TEST(Verifier, ACertificateThatComesAgainIsJudgedAgainForItsTime) {
  SignWish wish = test::rekor_v2();
  const Made first = together_world().sign(kTogether, wish);
  wish.with_key = first.key;
  wish.with_chain = first.chain;
  const Made second = together_world().sign(kTogether, wish);
  SignWish late = wish;
  late.stamps.front().wish.time = test::at("2026-12-31T12:00:00Z");
  const Made after = together_world().sign(kTogether, late);
  const Verifier verifier = verifier_for({});
  const test::TempFolder folder;
  const auto failure = [&](const Made& made) -> std::string {
    const auto verdict = verifier.verify(
        system_files(), {made.bundle, "a test's bundle", folder.write("file", kTogether)});
    if (!verdict) return verdict.error().text();
    return verdict->passed() ? "passed" : verdict->report().first_failure()->id;
  };
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(failure(first), "passed");
    EXPECT_EQ(failure(second), "passed");
    EXPECT_EQ(failure(after), "certificate.validity");
  }
  // The same names by an authority that is not trusted.
  test::VirtualSigstore stranger;
  EXPECT_NE(failure(stranger.sign(kTogether, test::rekor_v2())), "passed");
}

}  // namespace
}  // namespace sluice::sigstore
