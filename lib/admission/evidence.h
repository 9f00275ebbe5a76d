// SPDX-License-Identifier: Apache-2.0
// Bundles with signed decisions, as they lie in a folder: found by the image that they claim to be
// about, verified when they are first needed, remembered for as long as they lie there.
//
// What a bundle claims only leads to it. What is believed comes from the verification, of the bytes
// that were read once and are kept.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "admission/trust.h"
#include "base/files.h"
#include "gate/attest.h"

namespace sluice::admission {

// What one key says in one bundle of one image.
struct Testimony {
  std::optional<gate::SignedDecision> decision;  // none: the bundle proves nothing
  std::vector<std::string> subjects = {};        // digests of the decision
  std::string why = {};                          // there is none
};

class Bundle {
 public:
  // Errc::malformed, Errc::unsupported: no bundle with a decision in it.
  [[nodiscard]] static Result<std::shared_ptr<const Bundle>> read(std::string name,
                                                                  std::string text);

  const std::string& name() const { return name_; }
  std::size_t size() const { return text_.size(); }
  const std::vector<std::string>& claims() const { return claims_; }  // digests of images
  const std::string& claimed_time() const { return claimed_time_; }   // to try the newest first

  // The signature is verified once for each key and image, good or bad. What may change from one
  // moment to the next (age, revocation, environment) is not looked at here. `known` says whether
  // it was remembered.
  [[nodiscard]] Result<std::shared_ptr<const Testimony>> testimony(const Signatory& signatory,
                                                                   const crypto::Digest& image,
                                                                   bool& known) const;

 private:
  Bundle(std::string name, std::string text) : name_(std::move(name)), text_(std::move(text)) {}
  [[nodiscard]] Result<std::shared_ptr<const Testimony>> verify(const Signatory& signatory,
                                                                const crypto::Digest& image) const;

  std::string name_;
  std::string text_;
  std::string hint_;  // of the key; not authenticated
  std::vector<std::string> claims_;
  std::string claimed_time_;
  mutable std::mutex mutex_;
  // By key and image, so never more than keys of the policy times images of the bundle. Shared with
  // those who are reading one.
  mutable std::map<std::pair<std::string, std::string>, std::shared_ptr<const Testimony>> heard_;
};

struct EvidenceLimits {
  std::size_t files = 50'000;
  std::size_t file = 1U << 20;
  std::size_t bytes = 256U << 20;  // of all together
  std::size_t claims = 1'000;      // images of one bundle
};

// A picture of the folder at one moment; never changed.
struct Evidence {
  struct Entry {
    FileInfo info;
    std::shared_ptr<const Bundle> bundle;  // none: it holds nothing for us
  };
  std::map<std::string, Entry, std::less<>> files;
  // Newest claim first.
  std::unordered_map<std::string, std::vector<std::shared_ptr<const Bundle>>> by_image;
  std::size_t bundles = 0;
  std::size_t bytes = 0;
  std::size_t ignored = 0;  // files that are no bundle, too large, too many, or no plain file
};

// Reads what is new since `before`; what has not changed is taken over, with what is remembered of
// it. Links are followed to plain files (that is how Kubernetes mounts them); nothing else is
// opened.
[[nodiscard]] Result<Evidence> scan_evidence(Files& files, const Path& folder,
                                             const Evidence& before,
                                             const EvidenceLimits& limits = {});

}  // namespace sluice::admission
