// SPDX-License-Identifier: Apache-2.0
#include "admission/admit.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace sluice::admission {

namespace {

constexpr std::array<std::string_view, 20> kCodes = {
    "no-images",      "exempt",       "unchanged",      "admitted",          "unreadable",
    "no-environment", "out-of-time",  "bad-reference",  "not-pinned",        "image-revoked",
    "no-evidence",    "not-verified", "other-verifier", "other-environment", "other-resource",
    "other-policy",   "not-passed",   "from-future",    "too-old",           "revoked"};

// One review, judged.
class Judge {
 public:
  Judge(const std::string& environment, const Rules& rules, const Trust& trust,
        const Evidence& evidence, const Moment& moment)
      : environment_(environment),
        rules_(rules),
        trust_(trust),
        evidence_(evidence),
        moment_(moment),
        signatories_(trust.signatories.find(environment)->second) {}

  ImageVerdict judge(const ImageUse& use, Admission& into) {
    ImageVerdict verdict{.use = use};
    // The same image in many containers is looked at once.
    if (const auto at = judged_.find(use.image); at != judged_.end()) {
      verdict.reason = at->second.reason;
      verdict.text = at->second.text;
      verdict.decision = at->second.decision;
      return verdict;
    }
    const auto found = judge_image(use.image, into);
    verdict.reason = found.reason;
    verdict.text = found.text;
    verdict.decision = found.decision;
    judged_.emplace(use.image, found);
    return verdict;
  }

 private:
  struct Found {
    Reason reason;
    std::string text;
    std::string decision = {};
  };

  bool out_of_time() const { return moment_.out_of_time && moment_.out_of_time(); }

  Found judge_image(const std::string& name, Admission& into) {
    if (out_of_time()) return late();
    const auto image = parse_image(name);
    if (!image) return {Reason::bad_reference, image.error().text()};
    if (!image->digest) {
      return {Reason::not_pinned,
              cat("it is not pinned by a digest, so what runs could be another image; write ",
                  printable(name, 300), "@sha256:…")};
    }
    const std::string digest = image->digest->text();
    if (trust_.revoked.images.contains(digest)) {
      return {Reason::image_revoked, "this image is revoked"};
    }
    const auto bundles = evidence_.by_image.find(digest);
    if (bundles == evidence_.by_image.end()) {
      return {Reason::no_evidence, cat("no decision about it was found; ", how_to_get_one(*image))};
    }
    Found best{Reason::not_verified, "no key of the policy has signed what was found"};
    for (const auto& bundle : bundles->second) {
      if (out_of_time()) return late();
      auto found = judge_bundle(*bundle, *image, into);
      if (allows(found.reason)) {
        if (best.reason == Reason::not_passed) into.warnings.push_back(warning(name, best));
        return found;
      }
      if (found.reason > best.reason) best = std::move(found);
    }
    best.text += cat("; ", how_to_get_one(*image));
    return best;
  }

  static Found late() {
    return {Reason::out_of_time, "there was no time left to look at it; try again"};
  }
  static std::string warning(const std::string& name, const Found& later) {
    return cat(printable(name, 150), ": admitted, though ", later.text);
  }

  Found judge_bundle(const Bundle& bundle, const ImageReference& image, Admission& into) {
    Found best{Reason::not_verified, "no key of the policy has signed what was found"};
    for (const auto& signatory : signatories_) {
      bool known = false;
      const auto heard = bundle.testimony(signatory, *image.digest, known);
      ++(known ? into.remembered : into.verified);
      if (!heard || !(*heard)->decision) continue;
      auto found = judge_decision(**heard, signatory, image);
      if (allows(found.reason)) return found;
      if (found.reason > best.reason) best = std::move(found);
    }
    return best;
  }

  Found judge_decision(const Testimony& heard, const Signatory& signatory,
                       const ImageReference& image) const {
    const gate::SignedDecision& decision = *heard.decision;
    const std::string id = printable(decision.id, 60);
    if (decision.vsa.verifier_id != trust_.policy.verifier) {
      return {Reason::other_verifier, cat("the decision ", id, " is of another gate, ",
                                          printable(decision.vsa.verifier_id, 200))};
    }
    if (decision.environment != environment_) {
      return {Reason::other_environment,
              cat("the decision ", id, " is for ", printable(decision.environment, 80))};
    }
    if (!is_about(heard, image)) {
      return {Reason::other_resource,
              cat("the decision ", id, " is about ", printable(decision.vsa.resource_uri, 200))};
    }
    if (!rules_.any_policy && !by_this_policy(decision.vsa.policy)) {
      return {Reason::other_policy, cat("the decision ", id, " was made by another policy")};
    }
    if (decision.vsa.result != evidence::VsaResult::passed || !gate::passes(decision.verdict)) {
      return {
          Reason::not_passed,
          cat("the decision ", id, " says ", name(decision.verdict),
              decision.reasons.empty() ? std::string()
                                       : cat(" (", printable(decision.reasons.front(), 60), ")"))};
    }
    return judge_time(decision, id, signatory);
  }

  // Everything here changes with the clock or a file, so it is looked at each time.
  Found judge_time(const gate::SignedDecision& decision, const std::string& id,
                   const Signatory& signatory) const {
    const Time made = decision.vsa.time_verified;
    if (made > moment_.now + rules_.skew) {
      return {Reason::from_future,
              cat("the decision ", id, " is from the future, ", rfc3339(made))};
    }
    const Time over = std::min(made + trust_.policy.max_age, *decision.valid_until);
    if (moment_.now > over) {
      return {Reason::too_old,
              cat("the decision ", id, " of ", rfc3339(made), " held until ", rfc3339(over))};
    }
    if (trust_.revoked.keys.contains(signatory.fingerprint) ||
        trust_.revoked.decisions.contains(decision.id)) {
      return {Reason::revoked, cat("the decision ", id, ", or its key, is revoked")};
    }
    return {Reason::admitted, {}, decision.id};
  }

  // The resource is what is pulled, or the digest of one of the decision's images.
  static bool is_about(const Testimony& heard, const ImageReference& image) {
    const std::string& resource = heard.decision->vsa.resource_uri;
    return std::ranges::find(heard.subjects, resource) != heard.subjects.end() ||
           same_repository(resource, image);
  }

  bool by_this_policy(const evidence::ResourceDescriptor& policy) const {
    const auto& own = trust_.policy.digest;
    return std::ranges::any_of(policy.digest, [&](const auto& digest) {
      return digest.first == crypto::name(own.algorithm()) && digest.second == own.hex();
    });
  }

  std::string how_to_get_one(const ImageReference& image) const {
    return cat("sluice gate check --env ", printable(environment_, 80), " --resource ",
               printable(image.repository, 255), " --digest ", image.digest->text(),
               " --key KEY --bundle FILE, and put that into the folder of evidence");
  }

  const std::string& environment_;
  const Rules& rules_;
  const Trust& trust_;
  const Evidence& evidence_;
  const Moment& moment_;
  const std::vector<Signatory>& signatories_;
  std::map<std::string, Found, std::less<>> judged_;
};

const std::string* environment_of(const Rules& rules, const std::string& name_space) {
  const auto at = rules.namespaces.find(name_space);
  if (at != rules.namespaces.end()) return &at->second;
  return rules.environment ? &*rules.environment : nullptr;
}

Admission allow(Reason reason) { return {.allowed = true, .reason = reason}; }
Admission refuse(Reason reason, std::string message) {
  return {.allowed = false, .reason = reason, .message = std::move(message)};
}

}  // namespace

std::string_view code(Reason reason) { return kCodes.at(static_cast<std::size_t>(reason)); }
bool allows(Reason reason) { return reason <= Reason::admitted; }

Admission admit(const Review& review, const Rules& rules, const Trust& trust,
                const Evidence& evidence, const Moment& moment) {
  if (review.brings_no_images) return allow(Reason::no_images);
  if (!review.name_space.empty() && rules.exempt.contains(review.name_space)) {
    return allow(Reason::exempt);
  }
  if (!review.trouble.empty()) {
    return refuse(Reason::unreadable, cat(subject_of(review), ": ", review.trouble));
  }
  if (review.images.empty()) return allow(Reason::unchanged);
  const std::string* environment = environment_of(rules, review.name_space);
  if (environment == nullptr || !trust.signatories.contains(*environment)) {
    return refuse(Reason::no_environment,
                  cat("the namespace ", printable(review.name_space, 300),
                      " belongs to no environment of the policy; the server's --namespace or "
                      "--environment says to which"));
  }
  Admission admission{.allowed = true, .reason = Reason::admitted, .environment = *environment};
  Judge judge(*environment, rules, trust, evidence, moment);
  for (const auto& use : review.images) {
    admission.images.push_back(judge.judge(use, admission));
    const Reason reason = admission.images.back().reason;
    if (allows(reason) || !admission.allowed) continue;
    admission.allowed = false;
    admission.reason = reason;
  }
  return admission;
}

}  // namespace sluice::admission
