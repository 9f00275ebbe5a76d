// SPDX-License-Identifier: Apache-2.0
// One run of one command: its arguments, the world, and where to write.
#pragma once

#include <string>
#include <string_view>

#include "base/log.h"
#include "base/world.h"
#include "cli.h"
#include "config/settings.h"
#include "json/value.h"

namespace sluice::cli {

// Standard output carries data and is checked: what could not be written is an error, never a
// success. Standard error carries talk.
class Console {
 public:
  virtual ~Console() = default;
  [[nodiscard]] virtual Result<void> print(std::string_view data) = 0;
  virtual void talk(std::string_view text) = 0;
  virtual bool terminal_out() const = 0;
  virtual bool terminal_in() const = 0;
  // Asks on the terminal without echo; Errc::denied where there is no terminal.
  [[nodiscard]] virtual Result<SecretBytes> ask_secret(std::string_view prompt) = 0;
  // The same for a question whose answer may be seen.
  [[nodiscard]] virtual Result<std::string> ask(std::string_view question) = 0;
};

Console& system_console();

struct Invocation {
  Arguments args;
  World world;
  Console& console;
  config::Settings settings;
  Log log;
  bool json = false;    // --output json
  bool colour = false;  // of what goes to standard output

  [[nodiscard]] Result<void> print_json(const json::Value& value) {
    return console.print(json::write_pretty(value));
  }
};

}  // namespace sluice::cli
