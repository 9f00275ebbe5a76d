// SPDX-License-Identifier: Apache-2.0
#include "evidence/vsa.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace sluice {
namespace {

using evidence::Vsa;
using evidence::VsaResult;

const auto kDigest = crypto::digest_of(crypto::HashAlgorithm::sha256, bytes_of("image"));

Vsa passed() {
  Vsa vsa;
  vsa.verifier_id = "https://gate.example.org/web";
  vsa.verifier_version = {{"sluice", "0.1.0"}};
  vsa.time_verified = *parse_rfc3339("2026-11-20T15:00:00Z");
  vsa.resource_uri = "registry.example/web";
  vsa.policy = {"file:sluice.yaml", {{"sha256", kDigest.hex()}}};
  vsa.result = VsaResult::passed;
  vsa.verified_levels = {"EXAMPLE_APPROVED"};
  vsa.slsa_version = "1.1";
  vsa.extensions = {{"urn:example:more", json::Value("text")}};
  return vsa;
}

Result<Vsa> read(std::string_view text) {
  SLUICE_TRY(const auto statement, dsse::parse_statement(bytes_of(text)));
  return evidence::read_vsa(statement);
}

// The written statement with one piece of its text put in place of another.
Result<Vsa> read_changed(std::string_view from, std::string_view to) {
  std::string text = *evidence::write_vsa({{"web", kDigest}}, passed());
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from << " is not in " << text;
  text.replace(at, from.size(), to);
  return read(text);
}

TEST(Vsa, IsWrittenAsTheSpecificationSays) {
  EXPECT_EQ(*evidence::write_vsa({{"web", kDigest}}, passed()),
            cat("{\"_type\":\"https://in-toto.io/Statement/v1\",\"subject\":[{\"name\":\"web\","
                "\"digest\":{\"sha256\":\"",
                kDigest.hex(),
                "\"}}],\"predicateType\":\"https://slsa.dev/verification_summary/v1\","
                "\"predicate\":{\"verifier\":{\"id\":\"https://gate.example.org/web\","
                "\"version\":{\"sluice\":\"0.1.0\"}},\"timeVerified\":\"2026-11-20T15:00:00Z\","
                "\"resourceUri\":\"registry.example/web\",\"policy\":{\"uri\":\"file:sluice.yaml\","
                "\"digest\":{\"sha256\":\"",
                kDigest.hex(),
                "\"}},\"verificationResult\":\"PASSED\",\"verifiedLevels\":[\"EXAMPLE_APPROVED\"],"
                "\"slsaVersion\":\"1.1\",\"urn:example:more\":\"text\"}}"));
}

TEST(Vsa, IsReadBack) {
  Vsa vsa = passed();
  vsa.input_attestations = {{"file:a", {{"sha256", kDigest.hex()}}}, {"file:b", {}}};
  const auto again = read(*evidence::write_vsa({{"", kDigest}}, vsa));
  ASSERT_TRUE(again) << again.error().text();
  EXPECT_EQ(again->verifier_id, vsa.verifier_id);
  EXPECT_EQ(again->verifier_version, vsa.verifier_version);
  EXPECT_EQ(again->time_verified, vsa.time_verified);
  EXPECT_EQ(again->resource_uri, vsa.resource_uri);
  EXPECT_EQ(again->policy.digest, vsa.policy.digest);
  EXPECT_EQ(again->input_attestations.size(), 2U);
  EXPECT_EQ(again->result, VsaResult::passed);
  EXPECT_EQ(again->verified_levels, vsa.verified_levels);
  EXPECT_EQ(again->slsa_version, "1.1");
  EXPECT_EQ(again->extensions, vsa.extensions);
}

TEST(Vsa, OfOthersIsReadThoughItSaysMore) {
  EXPECT_TRUE(read_changed("\"slsaVersion\"", "\"somethingNew\":1,\"slsaVersion\""));
  EXPECT_TRUE(read_changed(",\"slsaVersion\":\"1.1\"", ""));
  EXPECT_TRUE(read_changed("2026-11-20T15:00:00Z", "2026-11-20T15:00:00.351608Z"));
  EXPECT_TRUE(read_changed("EXAMPLE_APPROVED", "SLSA_BUILD_LEVEL_3"));
}

TEST(Vsa, RefusesWhatIsNotExact) {
  for (const auto& [from, to] : std::vector<std::pair<std::string, std::string>>{
           {"\"PASSED\"", "\"passed\""},
           {"\"PASSED\"", "\"SKIPPED\""},
           {"\"PASSED\"", "true"},
           {"\"PASSED\",", "\"PASSED\",\"verificationResult\":\"FAILED\","},
           {"[\"EXAMPLE_APPROVED\"]", "[\"EXAMPLE_APPROVED\",\"FAILED\"]"},
           {"[\"EXAMPLE_APPROVED\"]", "[]"},
           {"[\"EXAMPLE_APPROVED\"]", "\"EXAMPLE_APPROVED\""},
           {"2026-11-20T15:00:00Z", "yesterday"},
           {"\"timeVerified\"", "\"timeverified\""},
           {"\"resourceUri\"", "\"resource\""},
           {"\"verifier\":{\"id\"", "\"verifier\":{\"name\""},
           {"\"https://gate.example.org/web\"", "\"\""},
           {"\"policy\":{\"uri\"", "\"policy\":{\"url\""},
           {"verification_summary/v1", "verification_summary/v0.2"},
           {"verification_summary/v1", "verification_summary/v1/"}}) {
    EXPECT_FALSE(read_changed(from, to)) << from << " -> " << to;
  }
  EXPECT_TRUE(read_changed("\"PASSED\"", "\"PASSED\""));
}

TEST(Vsa, IsNotWrittenWhereItContradictsItself) {
  const auto refused = [](const auto& change) {
    Vsa vsa = passed();
    change(vsa);
    return !evidence::write_vsa({{"web", kDigest}}, vsa);
  };
  EXPECT_FALSE(evidence::write_vsa({}, passed()));
  EXPECT_FALSE(refused([](Vsa&) {}));
  EXPECT_TRUE(refused([](Vsa& vsa) { vsa.verified_levels = {"FAILED"}; }));
  EXPECT_TRUE(refused([](Vsa& vsa) { vsa.result = VsaResult::failed; }));
  EXPECT_TRUE(refused([](Vsa& vsa) { vsa.verified_levels = {}; }));
  EXPECT_TRUE(refused([](Vsa& vsa) { vsa.verified_levels = {"SLSA_BUILD_LEVEL_3"}; }));
  EXPECT_TRUE(refused([](Vsa& vsa) { vsa.verifier_id.clear(); }));
  EXPECT_TRUE(refused([](Vsa& vsa) { vsa.resource_uri.clear(); }));
  EXPECT_TRUE(refused([](Vsa& vsa) { vsa.policy.uri.clear(); }));
  EXPECT_TRUE(refused([](Vsa& vsa) { vsa.extensions[0].first = "more"; }));
}

}  // namespace
}  // namespace sluice
