// SPDX-License-Identifier: Apache-2.0
// Chains of certificates, verified at times that somebody else has proven. There is no other
// clock here, no network, no store of the system's and no revocation: short lives and logs stand in
// for it.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "x509/authority.h"
#include "x509/judged.h"

namespace sluice::x509 {

inline constexpr std::size_t kIntermediatesMost = 16;  // that come from outside
inline constexpr std::size_t kChainTimesMost = 64;

struct ChainRules {
  // The first part of the ids of checks, and the title of their rows.
  std::string_view id = "certificate";
  std::string_view title = "certificate chain";
  std::string_view moment = "the time of the signature";  // what the times are, in a clause
  // What the certificate is for: it has to say so, and its authorities must not say otherwise.
  std::optional<Oid> purpose = std::nullopt;
  bool purpose_stands_alone = false;  // critical, and with no other purpose beside it
  bool signs_data = false;            // no authority, and a key that may sign
  std::size_t depth = 8;  // authorities below the anchor; self-issued ones are not counted
};
// What Fulcio issues.
inline constexpr ChainRules kCodeSigning{.purpose = oid::kCodeSigning, .signs_data = true};
// RFC 3161 2.3.
inline constexpr ChainRules kTimeStamping{.id = "timestamp.certificate",
                                          .title = "timestamp's certificate",
                                          .moment = "the time that it stamped",
                                          .purpose = oid::kTimeStamping,
                                          .purpose_stands_alone = true,
                                          .signs_data = true};

// A path from a certificate to an anchor. Only verify_chain makes one.
class VerifiedChain {
 public:
  const Certificate& leaf() const { return path_.front(); }
  // Who signed the leaf; nullptr where the leaf itself is the anchor.
  const Certificate* issuer() const { return path_.size() > 1 ? &path_[1] : nullptr; }
  const std::vector<Certificate>& path() const { return path_; }  // leaf first, anchor last
  const Authority& authority() const { return authority_; }
  std::string detail() const;  // for the row of a report: "to O=sigstore.dev, CN=sigstore, …"

 private:
  friend class ChainSearch;
  VerifiedChain(std::vector<Certificate> path, Authority authority, std::vector<Time> times)
      : path_(std::move(path)), authority_(std::move(authority)), times_(std::move(times)) {}
  std::vector<Certificate> path_;
  Authority authority_;
  std::vector<Time> times_;
};

// Is there a path from the leaf, through the intermediates (which nobody vouches for) if need be,
// to one of the authorities, on which at every one of the times every certificate is valid and the
// authority is trusted, which keeps RFC 5280 6.1 and the rules, and whose authority is proven?
// Certificate policies are not processed: critical limits on them are refused. At least one time is
// needed.
//
// Of several paths that fail, the refusal is about the one that came furthest. The number of
// signatures that are checked is bounded. With a memo, those that held before are not checked
// again; everything else is.
[[nodiscard]] Judged<VerifiedChain> verify_chain(const Certificate& leaf,
                                                 std::span<const Certificate> intermediates,
                                                 std::span<const Authority> authorities,
                                                 std::span<const Time> times,
                                                 const ChainRules& rules,
                                                 crypto::SignatureMemo* memo = nullptr);

}  // namespace sluice::x509
