// SPDX-License-Identifier: Apache-2.0
#include "intoto_identity.h"

#include "base/text.h"
#include "dsse/envelope.h"

namespace sluice::cli {

namespace {

std::string first_failure_of(const Report& report) {
  const Check* check = report.first_failure();
  return check == nullptr ? "" : cat(": ", check->title, ": ", check->detail);
}

Result<sigstore::SignedBundle> only_bundle_of(const sigstore::SignReport& report,
                                              const std::string& what) {
  if (!report.shared.passed() && report.shared.first_failure() != nullptr) {
    return fail(Errc::denied, cat(what, " is not signed", first_failure_of(report.shared)));
  }
  const auto& outcome = report.items.front().outcome;
  if (!outcome) return fail(Error(outcome.error()).in(cat("signing ", what)));
  if (!outcome->passed()) {
    return fail(Errc::denied, cat(what, " is not signed", first_failure_of(outcome->report())));
  }
  return *outcome->value();
}

}  // namespace

PayloadSigner::PayloadSigner(Invocation& in, std::unique_ptr<SignSetup> setup)
    : console_(in.console),
      setup_(std::move(setup)),
      signing_(in.world, *setup_->http, std::move(setup_->options)) {}

Result<sigstore::SignedBundle> PayloadSigner::sign(std::string what, std::string_view payload,
                                                   bool statement) {
  sigstore::SignPayload content{MediaType(std::string(dsse::kInTotoPayload)),
                                copy_of(bytes_of(payload)), statement};
  SLUICE_TRY(const auto report, signing_.sign({{what, std::move(content)}}));
  for (const auto& note : report.notes) console_.talk(cat("sluice: ", printable(note), "\n"));
  return only_bundle_of(report, what);
}

Result<void> PayloadSigner::done() { return signing_.forget_journal(); }

}  // namespace sluice::cli
