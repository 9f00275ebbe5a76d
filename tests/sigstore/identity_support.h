// SPDX-License-Identifier: Apache-2.0
// Signers of several kinds, and what is said of them when an identity is asked for.
#pragma once

#include <gtest/gtest.h>

#include <map>

#include "base/text.h"
#include "sigstore/identity.h"
#include "support/pki/pki.h"

namespace sluice::sigstore {

inline const std::string kGitHubRun = "https://token.actions.githubusercontent.com";
inline const std::string kSha = "c7b3dfb335f051e1c86bda4c716fac97df62ad81";

// What a certificate says; issued when it is asked for.
struct Signer {
  std::vector<Bytes> names;
  std::map<unsigned, std::string> fields;

  Signer with(unsigned field, std::string_view text) const {
    Signer out = *this;
    out.fields[field] = text;
    return out;
  }
  Signer without(std::initializer_list<unsigned> gone) const {
    Signer out = *this;
    for (const unsigned field : gone) out.fields.erase(field);
    return out;
  }
  Signer named(std::vector<Bytes> given) const { return {std::move(given), fields}; }

  x509::Certificate certificate() const {
    static const auto root = test::make_root();
    auto wish = test::leaf_wish();
    wish.extensions = {test::key_usage(0x80)};
    if (!names.empty()) wish.extensions.push_back(test::alternative_names(names));
    for (const auto& [number, text] : fields) {
      wish.extensions.push_back(test::fulcio_extension(number, text));
    }
    return x509::Certificate::from_der(test::issue(root, wish).der).value();
  }
};

inline Signer person() {
  return {{test::email_name("release@example.org")},
          {{1, "https://accounts.example.org"}, {8, "https://accounts.example.org"}}};
}

inline Signer on_github() {
  const std::string workflow =
      "https://github.com/org/app/.github/workflows/release.yml@refs/tags/v1.2";
  return {{test::uri_name(workflow)},
          {{1, kGitHubRun},
           {2, "push"},
           {3, kSha},
           {4, "Release"},
           {5, "org/app"},
           {6, "refs/tags/v1.2"},
           {8, kGitHubRun},
           {9, workflow},
           {12, "https://github.com/org/app"},
           {13, kSha},
           {14, "refs/tags/v1.2"},
           {18, workflow},
           {20, "push"}}};
}
inline Signer on_older_github() { return on_github().without({8, 9, 12, 13, 14, 18, 20}); }

inline Signer on_gitlab(const std::string& host = "gitlab.com") {
  const std::string config =
      cat("https://", host, "/group/sub/app//.gitlab-ci.yml@refs/heads/main");
  return {{test::uri_name(config)},
          {{1, "https://" + host},
           {8, "https://" + host},
           {9, config},
           {12, cat("https://", host, "/group/sub/app")},
           {13, kSha},
           {14, "refs/heads/main"},
           {18, config},
           {20, "push"}}};
}

inline IdentityRule rule_of(const IdentityWish& wish) {
  auto rule = make_identity_rule(wish);
  if (!rule) ADD_FAILURE() << rule.error().text();
  return rule.value();
}

inline Report judged(const IdentityWish& wish, const Signer& signer) {
  Report report("app.tar.gz");
  judge_identity(rule_of(wish), signer.certificate(), report);
  return report;
}

// "" where all passed, else the first row that failed.
inline std::string refusal(const IdentityWish& wish, const Signer& signer) {
  const Report report = judged(wish, signer);
  EXPECT_FALSE(report.checks().empty());
  const Check* failure = report.first_failure();
  return failure == nullptr ? "" : failure->id;
}
inline Check first_failure(const IdentityWish& wish, const Signer& signer) {
  const Report report = judged(wish, signer);
  const Check* failure = report.first_failure();
  if (failure == nullptr) {
    ADD_FAILURE() << "it passed";
    return {};
  }
  return *failure;
}

inline const IdentityWish kPerson{.identity = "release@example.org",
                                  .issuer = "https://accounts.example.org"};
inline IdentityWish repo(std::string name, std::optional<std::string> workflow = {},
                         std::optional<std::string> ref = {}) {
  return {.repo = std::move(name), .workflow = std::move(workflow), .ref = std::move(ref)};
}

}  // namespace sluice::sigstore
