// SPDX-License-Identifier: Apache-2.0
#include "admission/trust.h"

#include "base/text.h"
#include "yaml/fields.h"

namespace sluice::admission {

namespace {

constexpr std::size_t kMaxRows = 10'000;

Result<void> read_rows(const yaml::Fields& root, std::string_view key, bool digests,
                       std::set<std::string, std::less<>>& into) {
  if (!root.has(key)) return {};
  SLUICE_TRY(const auto rows, root.sequence(key, kMaxRows));
  for (const auto& row : rows) {
    SLUICE_TRY(std::string text, row.as_string());
    if (digests) {
      if (const auto digest = crypto::Digest::parse(text); !digest) {
        return row.refuse(digest.error().what);
      }
    } else if (text.empty()) {
      return row.refuse("an id is not empty");
    }
    into.insert(std::move(text));
  }
  return {};
}

}  // namespace

Result<Revocations> parse_revocations(std::string_view text, std::string_view source) {
  const std::string file = printable(source, 300);
  SLUICE_TRY(const yaml::Node node, yaml::parse(text, file, {.bytes = kMaxRevocations}));
  const yaml::Fields root(node, file);
  SLUICE_CHECK(root.only({"apiVersion", "kind", "keys", "images", "decisions"}));
  SLUICE_CHECK(root.choice("apiVersion", "apiVersion", {"sluice/v1"}));
  SLUICE_CHECK(root.choice("kind", "kind", {"Revocations"}));
  Revocations out;
  SLUICE_CHECK(read_rows(root, "keys", true, out.keys));
  SLUICE_CHECK(read_rows(root, "images", true, out.images));
  SLUICE_CHECK(read_rows(root, "decisions", false, out.decisions));
  return out;
}

Result<Trust> make_trust(policy::Policy policy, Revocations revoked, const policy::ReadFile& read) {
  Trust trust{.policy = std::move(policy), .signatories = {}, .revoked = std::move(revoked)};
  for (const auto& environment : trust.policy.environments) {
    SLUICE_TRY(const auto keys, policy::keys_for(trust.policy, environment.name, read));
    auto& signatories = trust.signatories[environment.name];
    for (const auto& key : keys) signatories.push_back({key, key.fingerprint().text()});
  }
  return trust;
}

}  // namespace sluice::admission
