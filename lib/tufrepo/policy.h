// SPDX-License-Identifier: Apache-2.0
// tuf-repo.yaml: what the people of a repository decided about it and no metadata says.
//
//   kind: sluice.tuf-repo/v1
//   hashes: [sha256]                 of targets
//   roles:
//     root: {expires: 365d}
//     timestamp: {expires: 1d, renew: 12h, online: "env:TUF_ONLINE_KEY"}
//     delegated: {expires: 90d}      all that are not named
//   targets: here                    or elsewhere
//   publish: {to: s3://bucket/prefix, single-writer: true}
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/digest.h"
#include "tuf/metadata.h"

namespace sluice::tuf {

inline constexpr std::string_view kPolicyFile = "tuf-repo.yaml";

struct RolePolicy {
  std::chrono::seconds expires{};
  std::chrono::seconds renew{};          // refresh-online signs anew when less than this is left
  std::vector<std::string> online = {};  // sources of keys, as role_key.h reads them
};

struct RepoPolicy {
  RolePolicy of(const RoleName& role) const;

  std::vector<crypto::HashAlgorithm> hashes{crypto::HashAlgorithm::sha256};
  std::map<std::string, RolePolicy, std::less<>> roles;
  bool targets_here =
      true;                // copies below targets/; else they are listed and kept by somebody else
  std::string publish_to;  // empty: nowhere but here
  bool single_writer = false;
};

[[nodiscard]] Result<RepoPolicy> parse_policy(std::string_view text, std::string_view file);
[[nodiscard]] Result<std::string> write_policy(const RepoPolicy& policy);  // as init writes it
// "90d", "12h", "30m"; a bare number is days.
[[nodiscard]] Result<std::chrono::seconds> parse_period(std::string_view text);
std::string period_text(std::chrono::seconds period);

}  // namespace sluice::tuf
