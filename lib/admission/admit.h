// SPDX-License-Identifier: Apache-2.0
// The verdict on one review: a pure function of the review, the rules, whom we trust, the evidence
// and the time.
//
// An image may run if a bundle in the evidence holds a decision about its digest that is all of
// this: signed by a key of the policy for this environment; of this gate; by this policy; for this
// environment; PASSED; not older than the policy's max_age, not over, not from the future; about
// this image's repository; and neither its key, its image nor its id is revoked. Nothing found is a
// refusal. A later decision that did not pass is not a revocation (an incident must not keep a
// cluster from moving a pod to another node); it is told as a warning.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "admission/evidence.h"
#include "admission/image.h"
#include "admission/review.h"

namespace sluice::admission {

struct Rules {
  std::optional<std::string> environment = {};  // of namespaces that are not in the map
  std::map<std::string, std::string, std::less<>> namespaces = {};
  std::set<std::string, std::less<>> exempt = {};
  bool any_policy = false;        // decisions by other policies count as well
  std::chrono::seconds skew{60};  // how far clocks may be apart
};

// In this order: of several bundles the one that came furthest says why it was not enough.
enum class Reason : std::uint8_t {
  no_images,  // the operation brings none
  exempt,     // the namespace is not looked at
  unchanged,  // every image was there before
  admitted,
  unreadable,      // the images of the object cannot be told
  no_environment,  // the namespace belongs to none
  out_of_time,     // the caller would not have waited any longer
  bad_reference,
  not_pinned,
  image_revoked,
  no_evidence,
  not_verified,  // no signature by a key of the policy
  other_verifier,
  other_environment,
  other_resource,
  other_policy,
  not_passed,
  from_future,
  too_old,
  revoked,  // the key or the decision
};
std::string_view code(Reason reason);  // "not-pinned": for metrics, logs and tests
bool allows(Reason reason);

struct ImageVerdict {
  ImageUse use;
  Reason reason = Reason::no_evidence;
  std::string text = {};      // one clause, foreign parts made safe
  std::string decision = {};  // the id of what admitted it
};

struct Admission {
  bool allowed = false;
  Reason reason = Reason::unreadable;  // of the first image that is refused, or of the whole
  std::string environment = {};
  std::string message = {};  // for people: each image that is refused, and what to do
  std::vector<std::string> warnings = {};
  std::vector<ImageVerdict> images = {};
  std::size_t remembered = 0;  // signatures that had been verified before
  std::size_t verified = 0;    // now
};

struct Moment {
  Time now{};
  std::function<bool()> out_of_time = {};  // asked before each image and each signature
};

Admission admit(const Review& review, const Rules& rules, const Trust& trust,
                const Evidence& evidence, const Moment& moment);

// The AdmissionReview that answers: always with the caller's uid, never with what was not asked
// for.
std::string answer_of(const Review& review, const Admission& admission);

}  // namespace sluice::admission
