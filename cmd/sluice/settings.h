// SPDX-License-Identifier: Apache-2.0
// From arguments to settings, and from settings to what the rooms take.
#pragma once

#include "base/log.h"
#include "cli.h"
#include "config/settings.h"
#include "invocation.h"
#include "net/client.h"

namespace sluice::cli {

[[nodiscard]] Result<config::Settings> settings_for(const World& world, const Arguments& args);
net::ClientOptions client_options(const config::Settings& settings);
std::vector<Option> network_options();  // for commands that open connections
Option threads_option();
unsigned threads(const config::Settings& settings);

}  // namespace sluice::cli
