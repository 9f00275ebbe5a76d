// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "admission/admit.h"
#include "base/text.h"
#include "json/value.h"

namespace sluice::admission {

namespace {

constexpr std::size_t kMaxLines = 20;
constexpr std::size_t kMaxWarnings = 5;
constexpr std::size_t kMaxWarning = 250;  // an API server cuts what is longer than 256

// One line for each image that is refused: where it stands, which it is, why not.
std::string message_of(const Review& review, const Admission& admission) {
  if (!admission.message.empty()) return admission.message;
  std::size_t refused = 0;
  std::string lines;
  for (const auto& each : admission.images) {
    if (allows(each.reason) || ++refused > kMaxLines) continue;
    lines +=
        cat("\n  ", each.use.list, " \"", printable(each.use.name, 100),
            "\": ", printable(each.use.image, 300), ": ", each.text, " [", code(each.reason), "]");
  }
  std::string out =
      cat(subject_of(review), " may not run in ", printable(admission.environment, 80), ": ",
          refused, " of ", admission.images.size(),
          admission.images.size() == 1 ? " image is" : " images are", " refused");
  out += lines;
  if (refused > kMaxLines) out += cat("\n  and ", refused - kMaxLines, " more");
  return out;
}

// For the cluster's audit log: by which decisions it came in.
json::Value audit_of(const Admission& admission) {
  std::vector<std::string> ids;
  for (const auto& each : admission.images) {
    if (each.decision.empty() || std::ranges::find(ids, each.decision) != ids.end()) continue;
    if (ids.size() < kMaxLines) ids.push_back(printable(each.decision, 60));
  }
  json::Value out;
  out.set("reason", code(admission.reason));
  if (!admission.environment.empty()) out.set("environment", admission.environment);
  if (!ids.empty()) out.set("decisions", join(ids, ","));
  return out;
}

}  // namespace

std::string answer_of(const Review& review, const Admission& admission) {
  json::Value response;
  response.set("uid", review.uid);
  response.set("allowed", admission.allowed);
  if (!admission.allowed) {
    json::Value status;
    status.set("code", 403);
    status.set("reason", "Forbidden");
    status.set("message", cat("sluice: ", message_of(review, admission)));
    response.set("status", std::move(status));
  }
  if (!admission.warnings.empty()) {
    json::Array warnings;
    for (const auto& each : admission.warnings) {
      if (warnings.size() == kMaxWarnings) break;
      warnings.emplace_back(printable(each, kMaxWarning));
    }
    response.set("warnings", std::move(warnings));
  }
  response.set("auditAnnotations", audit_of(admission));
  json::Value out;
  out.set("apiVersion", "admission.k8s.io/v1");
  out.set("kind", "AdmissionReview");
  out.set("response", std::move(response));
  return json::write(out);
}

}  // namespace sluice::admission
