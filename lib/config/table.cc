// SPDX-License-Identifier: Apache-2.0
// Every setting, declared once.
#include <array>

#include "config/table.h"

namespace sluice::config {

namespace {

constexpr std::array<std::string_view, 3> kColors = {"auto", "always", "never"};
constexpr std::array<std::string_view, 4> kLevels = {"debug", "info", "warning", "error"};
constexpr std::array<std::string_view, 2> kForms = {"text", "json"};

constexpr std::array<Row, 9> kTable = {{
    {.name = "color",
     .flag = "--color",
     .variable = "SLUICE_COLOR",
     .fallback = "auto",
     .words = kColors,
     .project_may_set = true,
     .help = "colour in output: on a terminal only, always, or never (NO_COLOR is honoured)"},
    {.name = "hash.threads",
     .flag = "--threads",
     .variable = "SLUICE_HASH_THREADS",
     .fallback = "0",
     .type = Type::integer,
     .least = 0,
     .most = 1024,
     .project_may_set = true,
     .help = "threads that hash many files; 0: all cores"},
    {.name = "log.format",
     .flag = "--log-format",
     .variable = "SLUICE_LOG_FORMAT",
     .fallback = "text",
     .words = kForms,
     .project_may_set = true,
     .help = "form of log lines on standard error"},
    // A project that could raise this would hide warnings about itself.
    {.name = "log.level",
     .flag = "--log-level",
     .variable = "SLUICE_LOG_LEVEL",
     .fallback = "warning",
     .words = kLevels,
     .help = "least important log lines that are shown"},
    {.name = "net.ca_file",
     .flag = "--ca-file",
     .variable = "SLUICE_NET_CA_FILE",
     .fallback = "",
     .type = Type::path,
     .help = "PEM file of the authorities that TLS servers may have; default: the system's"},
    {.name = "net.proxy",
     .flag = "--proxy",
     .variable = "SLUICE_NET_PROXY",
     .fallback = "",
     .type = Type::url,
     .help = "proxy for all requests, as http://host:port"},
    {.name = "net.timeout_seconds",
     .flag = "--timeout",
     .variable = "SLUICE_NET_TIMEOUT_SECONDS",
     .fallback = "30",
     .type = Type::integer,
     .least = 1,
     .most = 3600,
     .project_may_set = true,
     .help = "time that one request may take"},
    {.name = "output",
     .flag = "--output",
     .variable = "SLUICE_OUTPUT",
     .fallback = "text",
     .words = kForms,
     .project_may_set = true,
     .help = "form of results on standard output"},
    {.name = "trust.root",
     .flag = "--trusted-root",
     .variable = "SLUICE_TRUST_ROOT",
     .fallback = "",
     .type = Type::path,
     .help = "trusted_root.json of the Sigstore that is trusted; default: imported, or built in"},
}};

}  // namespace

std::span<const Row> table() { return kTable; }

const Row* find_row(std::string_view name) {
  for (const Row& row : kTable) {
    if (row.name == name) return &row;
  }
  return nullptr;
}

}  // namespace sluice::config
