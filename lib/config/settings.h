// SPDX-License-Identifier: Apache-2.0
// Where a setting comes from: flag, then environment, then the project's .sluice.yaml, then the
// user's file, then the default. The first that has it wins, and each value remembers which.
//
// The project's file is written by whoever writes the repository, so it cannot set what weakens
// security: whom to trust, which way the network goes, which warnings are seen. Each row of the
// table says who may set it.
#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/files.h"
#include "base/log.h"
#include "base/result.h"
#include "base/world.h"

namespace sluice::config {

enum class Source : std::uint8_t { flag, environment, project, user, fallback };

struct Origin {
  Source source = Source::fallback;
  std::string text = "default";  // "flag --output", "environment NO_COLOR", "/work/.sluice.yaml:3"
};

enum class Type : std::uint8_t { word, integer, url, path };

// One setting, as the table declares it.
struct Row {
  std::string_view name;  // in a file: "log.level" is the key level in the mapping log
  std::string_view flag;
  std::string_view variable;
  std::string_view fallback;  // empty: none
  Type type = Type::word;
  std::span<const std::string_view> words = {};  // of Type::word
  std::int64_t least = 0;                        // of Type::integer
  std::int64_t most = 0;
  bool project_may_set = false;
  std::string_view help;
};
std::span<const Row> table();  // sorted by name

enum class Output : std::uint8_t { text, json };
enum class Color : std::uint8_t { automatic, always, never };

template <class T>
struct Key {
  std::string_view name;
};
inline constexpr Key<Color> kColor{"color"};
inline constexpr Key<unsigned> kHashThreads{"hash.threads"};  // 0: all that there are
inline constexpr Key<LogFormat> kLogFormat{"log.format"};
inline constexpr Key<LogLevel> kLogLevel{"log.level"};
inline constexpr Key<std::optional<Path>> kNetCaFile{"net.ca_file"};
inline constexpr Key<std::optional<std::string>> kNetProxy{"net.proxy"};
inline constexpr Key<std::chrono::seconds> kNetTimeout{"net.timeout_seconds"};
inline constexpr Key<Output> kOutput{"output"};
inline constexpr Key<std::optional<Path>> kTrustRoot{"trust.root"};

template <class T>
struct Setting {
  T value;
  Origin origin;
};

// For `config show`: a value as text that is safe to show (no password of a proxy).
struct Shown {
  const Row* row;
  std::string value;
  Origin origin;
};

class Settings {
 public:
  template <class T>
  Setting<T> get(Key<T> key) const;
  std::vector<Shown> all() const;  // in the order of the table

 private:
  friend class Loader;
  struct Chosen {
    std::string value;
    Origin origin;
  };
  Settings();
  const Chosen& chosen(std::string_view name) const;
  std::vector<Chosen> chosen_;  // one for each row of the table
};

template <>
Setting<Output> Settings::get(Key<Output> key) const;
template <>
Setting<Color> Settings::get(Key<Color> key) const;
template <>
Setting<LogLevel> Settings::get(Key<LogLevel> key) const;
template <>
Setting<LogFormat> Settings::get(Key<LogFormat> key) const;
template <>
Setting<unsigned> Settings::get(Key<unsigned> key) const;
template <>
Setting<std::chrono::seconds> Settings::get(Key<std::chrono::seconds> key) const;
template <>
Setting<std::optional<std::string>> Settings::get(Key<std::optional<std::string>> key) const;
template <>
Setting<std::optional<Path>> Settings::get(Key<std::optional<Path>> key) const;

// What the command line gave: names of settings and values.
using Flags = std::vector<std::pair<std::string_view, std::string>>;

// The folder is absolute: where the command was called. The project's file is the nearest
// .sluice.yaml from there upward to the root of the repository (the folder that holds .git);
// outside a repository only the folder itself is looked at, so that nobody's file in a parent such
// as /tmp counts. The user's file is $XDG_CONFIG_HOME/sluice/config.yaml, by default
// ~/.config/sluice/config.yaml. Anything wrong in any of them is Errc::usage.
[[nodiscard]] Result<Settings> load(const World& world, const Flags& flags, const Path& folder);

// The files that load would read.
[[nodiscard]] Result<std::optional<Path>> project_file(Files& files, const Path& folder);
std::optional<Path> user_file(const Environment& environment);

}  // namespace sluice::config
