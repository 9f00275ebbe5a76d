// SPDX-License-Identifier: Apache-2.0
// Talk for operators: levelled lines as text or JSON. Secrets are redacted by their type.
#pragma once

#include <concepts>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/secret.h"
#include "base/text.h"
#include "base/time.h"

namespace sluice {

enum class LogLevel : std::uint8_t { debug, info, warning, error };
enum class LogFormat : std::uint8_t { text, json };

// A name and a value. Text is made safe to show; a secret shows its kind and nothing else.
class LogField {
 public:
  LogField(std::string_view name, std::string_view value) : name_(name), value_(value) {}
  LogField(std::string_view name, std::integral auto value) : name_(name), value_(cat(value)) {}
  LogField(std::string_view name, const SecretBytes&) : name_(name), value_("[redacted]") {}

  const std::string& name() const { return name_; }
  const std::string& value() const { return value_; }

 private:
  std::string name_;
  std::string value_;
};

class Log {
 public:
  using Sink = std::function<void(std::string_view line)>;  // a whole line, with its newline

  Log(Clock& clock, LogLevel least, LogFormat format, Sink sink);
  void write(LogLevel level, std::string_view message, const std::vector<LogField>& fields = {});

 private:
  Clock& clock_;
  LogLevel least_;
  LogFormat format_;
  Sink sink_;
};

}  // namespace sluice
