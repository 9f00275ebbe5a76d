// SPDX-License-Identifier: Apache-2.0
// Who may ask the gate over the network, and for which environments.
//
//   apiVersion: sluice/v1
//   kind: Callers
//   callers:
//     - {name: web-ci, token_sha256: 9f86d0…, environments: [production]}
//     - {name: deployer, certificate: "URI:spiffe://example.org/deployer", environments: [staging]}
//
// A token stands there as its SHA-256, so that the file is no secret; a certificate by one of its
// subjectAltNames ("DNS:…", "URI:…", "email:…") or by its fingerprint ("sha256:…").
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "crypto/digest.h"

namespace sluice::gateway {

struct Caller {
  std::string name;
  std::optional<crypto::Digest> token = {};  // or ...
  std::string certificate = {};
  std::vector<std::string> environments = {};  // at least one

  bool may_ask_for(std::string_view environment) const;
};

using Callers = std::vector<Caller>;

inline constexpr std::size_t kMaxCallers = 1U << 20;  // bytes of the file

[[nodiscard]] Result<Callers> parse_callers(std::string_view text, std::string_view source);

// What somebody showed: a token as it came, names of a certificate that was verified.
struct Credentials {
  std::optional<std::string_view> token = {};
  std::vector<std::string> certificate = {};
};

// nullptr: nobody that is known. Tokens are compared by their digests, all of them, in a time that
// says nothing of how near one came.
const Caller* find_caller(const Callers& callers, const Credentials& shown);

// The token of "Bearer TOKEN".
std::optional<std::string_view> bearer_token(std::string_view authorization);

}  // namespace sluice::gateway
