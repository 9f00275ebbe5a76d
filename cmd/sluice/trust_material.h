// SPDX-License-Identifier: Apache-2.0
// Which trust material a command works with.
#pragma once

#include <optional>
#include <vector>

#include "invocation.h"
#include "sigstore/signing_config.h"
#include "sigstore/trust_root.h"

namespace sluice::cli {

// The first of: --trusted-root FILE; --staging; the setting trust.root (SLUICE_TRUST_ROOT); what
// `trust import` stored; what `trust init` and `trust update` fetched, until it expires; what the
// program was built with, and its source then says so. --staging: what was fetched of that
// instance, else what was built in. A file that is there and cannot be read is an error, never
// passed over. Opens no socket.
[[nodiscard]] Result<sigstore::TrustRoot> trust_root_for(Invocation& in);
// Whether that is a file that the user chose, and not what was fetched or built in.
bool trust_is_named(const Invocation& in);
// The services to sign with: --signing-config FILE; what `trust init` and `trust update` fetched,
// until it expires; what the program was built with.
[[nodiscard]] Result<sigstore::SigningConfig> signing_config_for(Invocation& in);
std::vector<Option> trust_options();  // what trust_root_for() looks at

// $XDG_DATA_HOME/sluice/trusted_root.json, by default below ~/.local/share; nothing without a home.
std::optional<Path> imported_trust(const Environment& environment);

// Trust material for people and for tools (docs/schema/trust.v1.json), as it is at that time.
std::string trust_text(const sigstore::TrustRoot& root, Time now);
json::Value trust_json(const sigstore::TrustRoot& root, Time now);
// "39 days old"; "of unknown age". For a line of a report.
std::string trust_age(const sigstore::TrustRoot& root, Time now);

// In trust_create.cc and trust_fetch.cc.
Command trust_create_command();
Command trust_init_command();
Command trust_update_command();

}  // namespace sluice::cli
