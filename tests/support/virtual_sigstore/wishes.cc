// SPDX-License-Identifier: Apache-2.0
// Wishes that come often, statements, and what certificates say of workflows.
#include "base/text.h"
#include "support/virtual_sigstore/virtual_sigstore.h"

namespace sluice::test {

std::string statement(const std::vector<Subject>& subjects, std::string_view predicate_type,
                      std::string_view type) {
  json::Array list;
  for (const Subject& one : subjects) {
    json::Value digests = json::Object{};
    for (const auto& [algorithm, hex] : one.digests) digests.set(algorithm, hex);
    list.push_back(object({{"name", one.name}, {"digest", std::move(digests)}}));
  }
  return json::write(object({{"_type", type},
                             {"subject", std::move(list)},
                             {"predicateType", predicate_type},
                             {"predicate", object({{"made", "for a test"}})}}));
}

Subject subject_of(std::string name, ByteView artifact) {
  return {std::move(name),
          {{"sha256", crypto::digest_of(crypto::HashAlgorithm::sha256, artifact).hex()}}};
}

WorkloadIdentity github_workflow() {
  const std::string repository = "https://github.com/example/app";
  const std::string workflow = cat(repository, "/.github/workflows/release.yml@refs/tags/v1.2.3");
  const std::string sha = "9a1f7ffb1a1fd1e5f9d39a5e4d1a6a8f0d6c2e31";
  const std::string issuer = "https://token.actions.githubusercontent.com";
  WorkloadIdentity out{workflow, issuer, {}};
  const std::vector<std::pair<unsigned, std::string>> claims{
      {1, issuer},
      {2, "push"},
      {3, sha},
      {4, "release"},
      {5, "example/app"},
      {6, "refs/tags/v1.2.3"},
      {8, issuer},
      {9, workflow},
      {10, sha},
      {11, "github-hosted"},
      {12, repository},
      {13, sha},
      {14, "refs/tags/v1.2.3"},
      {15, "632596897"},
      {16, "https://github.com/example"},
      {17, "131804563"},
      {18, workflow},
      {19, sha},
      {20, "push"},
      {21, cat(repository, "/actions/runs/8347481628/attempts/1")},
      {22, "public"}};
  for (const auto& [number, text] : claims)
    out.extensions.push_back(fulcio_extension(number, text));
  return out;
}

WorkloadIdentity gitlab_pipeline() {
  const std::string repository = "https://gitlab.com/example/group/app";
  const std::string config = cat(repository, "//.gitlab-ci.yml@refs/heads/main");
  const std::string sha = "714a629c0b401fdce83e847fc9589983fc6f46bc";
  const std::string issuer = "https://gitlab.com";
  WorkloadIdentity out{config, issuer, {}};
  const std::vector<std::pair<unsigned, std::string>> claims{
      {1, issuer},
      {8, issuer},
      {9, config},
      {10, sha},
      {11, "gitlab-hosted"},
      {12, repository},
      {13, sha},
      {14, "refs/heads/main"},
      {15, "52312345"},
      {16, "https://gitlab.com/example/group"},
      {17, "80123456"},
      {18, config},
      {19, sha},
      {20, "push"},
      {21, cat(repository, "/-/jobs/5712345678")},
      {22, "public"}};
  for (const auto& [number, text] : claims)
    out.extensions.push_back(fulcio_extension(number, text));
  return out;
}

SignWish rekor_v2() { return {}; }

SignWish rekor_v1() {
  SignWish wish;
  wish.logs = {{.log = kLogV1}};
  wish.stamps = {};
  return wish;
}

SignWish in_envelope(SignWish wish) {
  wish.envelope = true;
  return wish;
}

SignWish by_key(SignWish wish) {
  wish.material = Material::key;
  return wish;
}

SignWish by(SignWish wish, const WorkloadIdentity& identity) {
  wish.names = {uri_name(identity.subject)};
  wish.claims = identity.extensions;
  return wish;
}

}  // namespace sluice::test
