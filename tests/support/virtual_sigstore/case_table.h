// SPDX-License-Identifier: Apache-2.0
// How the table of cases is written down.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "support/virtual_sigstore/cases.h"
#include "support/virtual_sigstore/virtual_sigstore.h"

namespace sluice::test {

inline constexpr std::string_view kArtifact = "the artifact\n";

class CaseTable {
 public:
  const VirtualSigstore& world() const { return world_; }

  // What is due stands before the slash of the id; "good" is for what passes. The policy names the
  // usual identity, or the key of what was made.
  BundleCase& add(std::string id, std::string why, const Made& made);
  BundleCase& add(std::string id, std::string why, const SignWish& wish) {
    return add(std::move(id), std::move(why), world_.sign(kArtifact, wish));
  }
  // Under a trusted root that is not the usual one.
  BundleCase& add(std::string id, std::string why, const SignWish& wish, const Change& root);

  std::vector<BundleCase> take() && { return std::move(list_); }

 private:
  VirtualSigstore world_;
  std::string root_ = world_.trusted_root();
  std::vector<BundleCase> list_;
};

inline constexpr std::string_view kEntryPath = "verificationMaterial.tlogEntries.0";
inline constexpr std::string_view kStampPath =
    "verificationMaterial.timestampVerificationData.rfc3161Timestamps.0.signedTimestamp";
inline constexpr std::string_view kLeafPath = "verificationMaterial.certificate.rawBytes";

// A wish with one thing changed.
SignWish broken(SignWish wish, Change change);                                // the finished bundle
SignWish broken_text(SignWish wish, ChangeText change);                       // its text
SignWish logged(SignWish wish, const std::function<void(LogWish&)>& change);  // its first entry
SignWish entry_broken(SignWish wish, Change change);  // the finished first entry
SignWish stamped(SignWish wish, const std::function<void(StampWish&)>& change);
SignWish certified(SignWish wish, std::function<void(CertificateWish&)> change);
SignWish stating(SignWish wish, std::string payload);  // DSSE over this
SignWish with_key(SignWish wish, crypto::KeyType key);
SignWish with_version(SignWish wish, std::string_view media_type);  // chain below 0.3

void add_good_shapes(CaseTable& table);
void add_good_logs(CaseTable& table);
void add_bundle_cases(CaseTable& table);
void add_body_cases(CaseTable& table);
void add_log_cases(CaseTable& table);
void add_checkpoint_cases(CaseTable& table);
void add_time_cases(CaseTable& table);
void add_certificate_cases(CaseTable& table);
void add_identity_cases(CaseTable& table);
void add_content_cases(CaseTable& table);

}  // namespace sluice::test
