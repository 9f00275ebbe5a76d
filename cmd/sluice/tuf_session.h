// SPDX-License-Identifier: Apache-2.0
// A TUF client as commands run it: with the settings' network, the log's notes and the terminal's
// progress. What `tuf client` and `trust update` have in common.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/http.h"
#include "invocation.h"
#include "tuf/client.h"

namespace sluice::cli {

// The client with what it stands on.
struct TufSession {
  std::unique_ptr<Http> http;  // none: offline
  std::unique_ptr<tuf::Client> client;
};
// The caller says where things are; time limits, notes and progress are filled in here.
TufSession open_tuf(Invocation& in, tuf::ClientOptions options);

// The lines of --headers FILE, as "Name: value": values may be secret, and arguments are seen by
// others.
[[nodiscard]] Result<Headers> tuf_headers(const Invocation& in);

// Versions and expiries, as facts of a report.
void add_tuf_facts(Report& report, const tuf::State& state);
// What became of a target, as facts.
void add_fetched_facts(Report& report, const tuf::Fetched& fetched);
// Entries of "targets" (docs/schema/tuf-client.v1.json).
json::Value target_json(const tuf::TargetFile& file);
json::Value found_json(const tuf::Found& found);
json::Value fetched_json(const tuf::Fetched& fetched);
// Prints the report, with all that tools want to know beside it; the exit code.
[[nodiscard]] Result<int> tuf_answer(Invocation& in, const Report& report, const tuf::State* state,
                                     json::Array targets);
// "sha256:…" of what a trusted role lists.
std::string listed_digest(const tuf::TargetFile& file);

}  // namespace sluice::cli
