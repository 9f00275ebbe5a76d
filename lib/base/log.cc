// SPDX-License-Identifier: Apache-2.0
#include "base/log.h"

#include <utility>

namespace sluice {

namespace {

std::string_view name(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return "debug";
    case LogLevel::info:
      return "info";
    case LogLevel::warning:
      return "warning";
    case LogLevel::error:
      return "error";
  }
  return "error";
}

// printable() has left no control character and no broken UTF-8; two characters remain.
std::string json_string(std::string_view text) {
  std::string out = "\"";
  for (const char c : printable(text, 4096)) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

}  // namespace

Log::Log(Clock& clock, LogLevel least, LogFormat format, Sink sink)
    : clock_(clock), least_(least), format_(format), sink_(std::move(sink)) {}

void Log::write(LogLevel level, std::string_view message, const std::vector<LogField>& fields) {
  if (level < least_) return;
  const std::string time = rfc3339(clock_.now());
  std::string line;
  if (format_ == LogFormat::json) {
    line = cat("{\"time\":\"", time, "\",\"level\":\"", name(level),
               "\",\"message\":", json_string(message));
    for (const auto& field : fields) {
      line += cat(",", json_string(field.name()), ":", json_string(field.value()));
    }
    line += "}\n";
  } else {
    line = cat(time, " ", name(level), " ", printable(message));
    for (const auto& field : fields)
      line += cat(" ", printable(field.name()), "=", json_string(field.value()));
    line += '\n';
  }
  sink_(line);
}

}  // namespace sluice
