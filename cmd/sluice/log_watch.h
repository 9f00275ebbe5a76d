// SPDX-License-Identifier: Apache-2.0
// How `sluice log watch` says what it found.
#pragma once

#include <string>

#include "invocation.h"
#include "sigstore/log_look.h"

namespace sluice::cli {

// One line of JSON each (docs/schema/log-alert.v1.json, log-watch.v1.json), or text for people.
json::Value alert_json(const sigstore::LogAlert& alert, const std::string& log, Time seen);
json::Value finding_json(const sigstore::EntryFinding& finding, const std::string& log, Time seen);
std::string alert_text(const sigstore::LogAlert& alert, const std::string& log,
                       const std::string& evidence, bool colour);
std::string finding_text(const sigstore::EntryFinding& finding, const std::string& log,
                         bool colour);

struct LookSummary {
  std::string log;
  sigstore::Look look;
  std::size_t alerts = 0;
  std::size_t unread = 0;
};
json::Value summary_json(const LookSummary& summary, Time seen);
std::string summary_text(const LookSummary& summary, const std::string& watched_for);

}  // namespace sluice::cli
