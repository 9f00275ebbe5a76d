// SPDX-License-Identifier: Apache-2.0
#include "intoto/artifact.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "intoto/support.h"

namespace sluice::intoto {
namespace {

using test::kDigestA;
using test::kDigestB;

DigestSet set(std::initializer_list<std::pair<std::string_view, std::string>> digests) {
  DigestSet out;
  for (const auto& [algorithm, hex] : digests) {
    const auto added = out.add(algorithm, hex);
    EXPECT_TRUE(added) << algorithm;
  }
  return out;
}

TEST(Digests, AgreeByACommonStrongOne) {
  EXPECT_EQ(agreement(set({{"sha256", kDigestA}}), set({{"sha256", kDigestA}})), Agreement::same);
  EXPECT_EQ(agreement(set({{"sha256", kDigestA}}), set({{"sha256", kDigestB}})), Agreement::differ);
  // Where one side has more than the other, too: in-toto's own tools say that these differ.
  EXPECT_EQ(agreement(set({{"sha256", kDigestA}}),
                      set({{"sha256", kDigestA}, {"sha512", kDigestA + kDigestA}})),
            Agreement::same);
  EXPECT_EQ(
      agreement(set({{"sha384", kDigestA + std::string(32, 'a')}}), set({{"sha256", kDigestA}})),
      Agreement::no_common);
}

TEST(Digests, OneConflictOutweighsEveryAgreement) {
  EXPECT_EQ(agreement(set({{"sha256", kDigestA}, {"md5", std::string(32, 'a')}}),
                      set({{"sha256", kDigestA}, {"md5", std::string(32, 'b')}})),
            Agreement::differ);
}

TEST(Digests, WeakOnesAloneSayNothing) {
  EXPECT_EQ(agreement(set({{"md5", std::string(32, 'a')}}), set({{"md5", std::string(32, 'a')}})),
            Agreement::no_common);
  EXPECT_EQ(agreement(DigestSet(), DigestSet()), Agreement::no_common);
  EXPECT_FALSE(set({{"md5", std::string(32, 'a')}, {"sha1", std::string(40, 'a')}}).strong());
  EXPECT_FALSE(set({{"mystery", "00"}}).strong());
  EXPECT_TRUE(set({{"gitCommit", std::string(40, 'a')}}).strong());
}

TEST(Digests, RefuseWhatIsNoDigest) {
  DigestSet digests;
  EXPECT_TRUE(digests.add("sha256", kDigestA));
  for (const auto& [algorithm, hex] : std::initializer_list<std::pair<std::string, std::string>>{
           {"sha256", kDigestB},                    // twice
           {"sha512", kDigestA},                    // short
           {"sha512", kDigestA + kDigestA + "aa"},  // long
           {"sha384", std::string(96, 'A')},        // upper case: two texts for one digest
           {"sha384", std::string(95, 'a')},
           {"x", ""},
           {"x", "0"},
           {"x", "zz"},
           {"", "00"}}) {
    EXPECT_FALSE(digests.add(algorithm, hex)) << algorithm << " " << hex;
  }
  DigestSet upper;
  EXPECT_FALSE(upper.add("sha256", std::string(64, 'A')));
  EXPECT_TRUE(upper.add("sha256", kDigestA));
}

TEST(Digests, AreBoundedInNumber) {
  DigestSet digests;
  EXPECT_TRUE(digests.add("sha256", kDigestA));
  for (int i = 1; i < 16; ++i) EXPECT_TRUE(digests.add(cat("x", i), "00")) << i;
  EXPECT_FALSE(digests.add("y", "00"));
}

TEST(Digests, AreWrittenInOrder) {
  std::string out;
  set({{"sha512", kDigestA + kDigestA}, {"sha256", kDigestA}, {"md5", std::string(32, 'c')}})
      .append_json(out);
  EXPECT_EQ(out, cat("{\"md5\":\"", std::string(32, 'c'), "\",\"sha256\":\"", kDigestA,
                     "\",\"sha512\":\"", kDigestA, kDigestA, "\"}"));
  EXPECT_EQ(set({{"md5", std::string(32, 'c')}, {"sha512", kDigestA + kDigestA}}).text(),
            cat("sha512:", kDigestA, kDigestA));
}

TEST(Digests, OneAloneIsWrittenAsItWasRead) {
  const std::string hex = "0123456789abcdef" + std::string(46, '7') + "0f";
  std::string out = "x";
  set({{"sha256", hex}}).append_json(out);
  EXPECT_EQ(out, cat("x{\"sha256\":\"", hex, "\"}"));
  out.clear();
  set({{"sha512", kDigestA + kDigestA}}).append_json(out);
  EXPECT_EQ(out, cat("{\"sha512\":\"", kDigestA, kDigestA, "\"}"));
}

TEST(ArtifactList, IsSortedAndHasEachNameOnce) {
  const auto digests = set({{"sha256", kDigestA}});
  const auto list = Artifacts::of({{"b", digests}, {"a", digests}, {"\xc3\xa4", digests}});
  ASSERT_TRUE(list);
  EXPECT_EQ((*list)[0].name, "a");
  EXPECT_EQ((*list)[2].name, "\xc3\xa4");
  EXPECT_NE(list->find("b"), nullptr);
  EXPECT_EQ(list->find("c"), nullptr);
  EXPECT_EQ(list->find(""), nullptr);
  EXPECT_FALSE(Artifacts::of({{"a", digests}, {"b", digests}, {"a", digests}}));
  EXPECT_FALSE(Artifacts::of({{"", digests}}));
}

}  // namespace
}  // namespace sluice::intoto
