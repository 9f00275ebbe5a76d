// SPDX-License-Identifier: Apache-2.0
// One bit of each character of valid bundles is flipped. What is still accepted is listed here,
// with the reason why it does no harm; everything else is refused.
#include <gtest/gtest.h>

#include <atomic>
#include <iostream>
#include <map>
#include <mutex>
#include <set>

#include "base/parallel.h"
#include "base/text.h"
#include "json/value.h"
#include "sigstore/verifier.h"
#include "support/temp_folder.h"
#include "support/virtual_sigstore/cases.h"

namespace sluice::sigstore {
namespace {

struct Harmless {
  std::string_view where;  // the member that holds it
  std::string_view why;
};
const std::vector<Harmless> kHarmless{
    {"envelope",
     "lines of a checkpoint by others than the log and the witnesses that are asked for: nobody "
     "relies on them, and there is no key here to check them with"},
};

struct Subject {
  std::string name;
  std::string bundle;
  Artifact artifact;
  Verifier verifier;
};

// The last member name before that place.
std::string member_at(std::string_view text, std::size_t place) {
  for (std::size_t end = text.rfind("\":", place); end != std::string_view::npos && end > 0;) {
    const std::size_t begin = text.rfind('"', end - 1);
    if (begin == std::string_view::npos) break;
    return std::string(text.substr(begin + 1, end - begin - 1));
  }
  return "";
}

bool accepted(const Subject& subject, const std::string& bundle) {
  const auto verdict = subject.verifier.verify(
      system_files(),
      {.bundle = bundle, .bundle_source = "mutation", .artifact = subject.artifact});
  return verdict && verdict->passed();
}

// Where a flipped bit was accepted: the member, and how often.
std::map<std::string, int> survivors(const Subject& subject) {
  std::map<std::string, int> out;
  std::mutex mutex;
  for_each_parallel(subject.bundle.size(), hardware_threads(), [&](std::size_t i) {
    std::string changed = subject.bundle;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    if (!accepted(subject, changed)) return;
    const std::lock_guard lock(mutex);
    ++out[member_at(subject.bundle, i)];
  });
  return out;
}

void expect_refused(const Subject& subject) {
  SCOPED_TRACE(subject.name);
  ASSERT_TRUE(accepted(subject, subject.bundle));
  const auto left = survivors(subject);
  int count = 0;
  for (const auto& [member, times] : left) {
    count += times;
    const bool known =
        std::ranges::any_of(kHarmless, [&](const Harmless& one) { return one.where == member; });
    EXPECT_TRUE(known) << member << ": " << times << " flipped bits were accepted";
  }
  std::cout << "mutations of " << subject.name << ": " << subject.bundle.size() << " tried, "
            << count << " accepted\n";
}

Result<Subject> subject_of(const test::BundleCase& one) {
  VerifierOptions options;
  if (one.policy.key.empty()) {
    IdentityWish wish;
    wish.identity = one.policy.identity;
    wish.issuer = one.policy.issuer;
    SLUICE_TRY(auto rule, make_identity_rule(wish));
    options.rules.push_back(std::move(rule));
  } else {
    SLUICE_TRY(auto key, crypto::PublicKey::from_pem(one.policy.key));
    options.keys.push_back({std::move(key), one.policy.key_scheme});
  }
  if (!one.policy.witness_policy.empty()) {
    SLUICE_TRY(options.witnesses, parse_witness_policy(one.policy.witness_policy));
  }
  SLUICE_TRY(options.trust, TrustRoot::parse(one.trusted_root, "seed"));
  return Subject{one.id, one.bundle,
                 crypto::digest_of(crypto::HashAlgorithm::sha256, bytes_of(one.artifact)),
                 Verifier(std::move(options))};
}

TEST(Mutation, NoBitOfABundleOfTheVirtualSigstoreCanBeFlipped) {
  const auto& seeds = test::mutation_seeds();
  ASSERT_GE(seeds.size(), 4U);
  for (const auto& one : seeds) {
    const auto subject = subject_of(one);
    ASSERT_TRUE(subject) << subject.error().text();
    expect_refused(*subject);
  }
}

TEST(Mutation, NoBitOfARealBundleCanBeFlipped) {
  const auto folder = test::shared_folder("conformance/sigstore");
  if (!folder) GTEST_SKIP() << "no conformance/sigstore in ../shared (SLUICE_SHARED)";
  const auto cases = json::parse_strict(test::read_file(*folder / "cases.json"));
  ASSERT_TRUE(cases);
  const std::set<std::string> wanted{"happy-path-v0.3-new-mediaType",
                                     "intoto-with-custom-trust-root", "rekor2-dsse-happy-path",
                                     "managed-key-happy-path"};
  std::size_t ran = 0;
  for (const auto& one : *cases->find("cases")->array()) {
    const auto text = [&](std::string_view key) {
      const auto* value = one.find(key);
      return value == nullptr || value->string() == nullptr ? std::string() : *value->string();
    };
    if (!wanted.contains(text("case"))) continue;
    ++ran;
    test::BundleCase made;
    made.id = text("case");
    made.bundle = test::read_file(*folder / text("bundle"));
    made.trusted_root = test::read_file(*folder / text("trusted_root"));
    made.policy.identity = text("certificate_identity");
    made.policy.issuer = text("certificate_oidc_issuer");
    if (!text("key").empty()) made.policy.key = test::read_file(*folder / text("key"));
    auto subject = subject_of(made);
    ASSERT_TRUE(subject) << subject.error().text();
    subject->artifact = *crypto::Digest::parse(text("artifact_digest"));
    // Blanks between members are JSON's, and no member's.
    subject->bundle = json::write(*json::parse_strict(subject->bundle));
    expect_refused(*subject);
  }
  EXPECT_EQ(ran, wanted.size());
}

}  // namespace
}  // namespace sluice::sigstore
