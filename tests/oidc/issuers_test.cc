// SPDX-License-Identifier: Apache-2.0
#include "oidc/issuers.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace sluice::oidc {
namespace {

std::string title_of(std::string_view issuer) {
  const auto* row = known_issuer(issuer);
  return row == nullptr ? "" : std::string(row->title);
}

TEST(Issuers, AreKnownByTheirWholeName) {
  const std::string github = "https://token.actions.githubusercontent.com";
  EXPECT_EQ(title_of(github), "GitHub Actions");
  EXPECT_EQ(title_of(github + "/my-company"), "GitHub Actions of an enterprise");
  EXPECT_EQ(title_of(github + "/"), "");
  EXPECT_EQ(title_of(github + "/a/b"), "");
  EXPECT_EQ(title_of(github + ".evil.org"), "");
  EXPECT_EQ(title_of("https://evil.org/" + github), "");
  EXPECT_EQ(title_of("http://token.actions.githubusercontent.com"), "");
  EXPECT_EQ(title_of("https://gitlab.com"), "GitLab CI");
  EXPECT_EQ(title_of("https://gitlab.example.org"), "");
  EXPECT_EQ(title_of(""), "");
}

TEST(Issuers, AStarIsOneWordAndNoMore) {
  EXPECT_TRUE(matches_issuer("https://oidc.eks.*.amazonaws.com/id/*",
                             "https://oidc.eks.us-west-2.amazonaws.com/id/ABC_1"));
  EXPECT_FALSE(matches_issuer("https://oidc.eks.*.amazonaws.com/id/*",
                              "https://oidc.eks.us.west.amazonaws.com/id/ABC"));
  EXPECT_FALSE(matches_issuer("https://oidc.eks.*.amazonaws.com/id/*",
                              "https://oidc.eks.evil.org/x.amazonaws.com/id/ABC"));
  EXPECT_FALSE(matches_issuer("https://oidc.eks.*.amazonaws.com/id/*",
                              "https://oidc.eks..amazonaws.com/id/ABC"));
  EXPECT_TRUE(matches_issuer("a*a", "aaa"));
  EXPECT_FALSE(matches_issuer("a*a", "aa"));
  EXPECT_TRUE(matches_issuer("a**", "abc"));
  EXPECT_FALSE(matches_issuer("abc", "abcd"));
  EXPECT_FALSE(matches_issuer("abcd", "abc"));
  EXPECT_TRUE(matches_issuer("*", std::string(1024, 'a')));
  EXPECT_FALSE(matches_issuer("*", std::string(1025, 'a')));
}

TEST(Issuers, HaveTheClaimsThatFulciosTemplatesName) {
  EXPECT_EQ(issuer_titled("GitHub Actions")->claims.size(), 16U);
  EXPECT_EQ(issuer_titled("GitLab CI")->claims.size(), 13U);
  EXPECT_EQ(issuer_titled("Buildkite")->claims.size(), 7U);
  EXPECT_EQ(issuer_titled("Codefresh")->claims.size(), 5U);
  EXPECT_EQ(issuer_titled("nobody"), nullptr);
  std::set<std::string_view> titles;
  for (const auto& row : known_issuers()) {
    EXPECT_TRUE(titles.insert(row.title).second) << row.title;
    const std::set<std::string_view> claims(row.claims.begin(), row.claims.end());
    EXPECT_EQ(claims.size(), row.claims.size()) << row.title;
    EXPECT_EQ(row.claims.empty(), row.kind != IssuerKind::ci && row.kind != IssuerKind::kubernetes)
        << row.title;
  }
}

}  // namespace
}  // namespace sluice::oidc
