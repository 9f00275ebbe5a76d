// SPDX-License-Identifier: Apache-2.0
// What Fulcio says about whom it certified, in extensions below 1.3.6.1.4.1.57264.1.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace sluice::x509 {

// By the last number of the identifier. The first six are raw strings, all later ones UTF8String.
// NOLINTNEXTLINE(performance-enum-size): it also holds numbers that have no name yet
enum class FulcioField : std::uint16_t {
  issuer_v1 = 1,
  github_trigger = 2,
  github_sha = 3,
  github_workflow = 4,
  github_repository = 5,
  github_ref = 6,
  // 7 is a kind of subject alternative name: AlternativeName::Kind::username
  issuer = 8,
  build_signer_uri = 9,
  build_signer_digest = 10,
  runner_environment = 11,
  source_repository_uri = 12,
  source_repository_digest = 13,
  source_repository_ref = 14,
  source_repository_id = 15,
  source_repository_owner_uri = 16,
  source_repository_owner_id = 17,
  build_config_uri = 18,
  build_config_digest = 19,
  build_trigger = 20,
  run_invocation_uri = 21,
  source_repository_visibility = 22,
  deployment_environment = 23,
  token_subject = 24,
};

// "1.3.6.1.4.1.57264.1.12" and "source repository URI"
std::string oid_text(FulcioField field);
std::string_view name(FulcioField field);  // empty for one that is newer than this program

class FulcioClaims {
 public:
  // nullptr where the certificate does not say it.
  const std::string* find(FulcioField field) const;
  // Who vouched for the subject: the newer field, else the older one. Where a certificate has
  // both, they are the same: one that contradicts itself is malformed.
  const std::string* issuer() const;
  // All of them by number, also those that are newer than this program.
  const std::map<FulcioField, std::string>& all() const { return all_; }

  // Takes one extension: what follows Fulcio's identifier in its own, and its value.
  [[nodiscard]] Result<void> add(ByteView below, ByteView value);
  // To be called after the last one.
  [[nodiscard]] Result<void> finish() const;

 private:
  std::map<FulcioField, std::string> all_;
};

}  // namespace sluice::x509
