// SPDX-License-Identifier: Apache-2.0
#include "settings.h"

#include <algorithm>

#include "base/parallel.h"
#include "base/text.h"
#include "crypto/digest.h"
#include "version.h"

namespace sluice::cli {

Result<config::Settings> settings_for(const World& world, const Arguments& args) {
  config::Flags flags;
  for (const auto& row : config::table()) {
    auto value = args.get(row.flag);
    // A command may offer more forms of output than the setting has; it reads its flag itself.
    if (row.flag == "--output" && (value == "markdown" || value == "html")) continue;
    if (value) flags.emplace_back(row.name, *std::move(value));
  }
  std::error_code error;
  const Path folder = std::filesystem::current_path(error);
  if (error) return fail(Errc::not_found, "the folder that sluice was called in is gone");
  return config::load(world, flags, folder);
}

net::ClientOptions client_options(const config::Settings& settings) {
  crypto::ready_openssl();  // before libcurl does it, and reads openssl.cnf
  net::ClientOptions options;
  options.proxy = settings.get(config::kNetProxy).value;
  options.ca_file = settings.get(config::kNetCaFile).value.value_or(Path());
  options.user_agent = cat("sluice/", kVersion);
  return options;
}

std::vector<Option> network_options() {
  return {{"--proxy", "URL", "go through this proxy; default: as https_proxy says"},
          {"--ca-file", "FILE", "trust the authorities in this PEM file instead of the machine's"},
          {"--timeout", "SECONDS", "time that one request may take; default: 30"}};
}

Option threads_option() {
  return {"--threads", "N", "files that are read at a time; default: one for each core"};
}

unsigned threads(const config::Settings& settings) {
  const unsigned wanted = settings.get(config::kHashThreads).value;
  // A project may set it, but not more than makes sense: each takes memory.
  return wanted == 0 ? hardware_threads() : std::min(wanted, 4 * hardware_threads());
}

}  // namespace sluice::cli
