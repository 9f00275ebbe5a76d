// SPDX-License-Identifier: Apache-2.0
#include "carbon/cache.h"

#include "base/codec.h"
#include "base/text.h"
#include "carbon/documents.h"

namespace sluice::carbon {

namespace {

using std::chrono::hours;

constexpr std::size_t kMaxEntry = 2U << 20;

// FNV-1a, 64 bits: tells sources apart in file names. The entry holds the source in full, too.
std::string short_name(std::string_view text) {
  std::uint64_t state = 0xcbf29ce484222325U;
  for (const char c : text) {
    state = (state ^ static_cast<std::uint8_t>(c)) * 0x100000001b3U;
  }
  std::string out;
  for (int shift = 60; shift >= 0; shift -= 4) out += "0123456789abcdef"[(state >> shift) & 15U];
  return out;
}

Result<Reading> read_back(const json::Value& value, const Reading* /*kind*/) {
  return reading_from(value);
}
Result<Forecast> read_back(const json::Value& value, const Forecast* /*kind*/) {
  return forecast_from(value);
}
Answer<Reading> check_again(Reading reading, Time now) {
  return check_reading(std::move(reading), now);
}
Answer<Forecast> check_again(Forecast forecast, Time now) {
  return check_forecast(std::move(forecast), now);
}

class Cached final : public Provider {
 public:
  Cached(Provider& inner, Files& files, CacheOptions options)
      : inner_(inner), files_(files), options_(std::move(options)) {}

  std::string_view name() const override { return inner_.name(); }
  Signal signal() const override { return inner_.signal(); }
  std::string source() const override { return inner_.source(); }

  Answer<Reading> latest(const Zone& zone, Time now) override {
    return remember<Reading>(zone, now, "latest", [&] { return inner_.latest(zone, now); });
  }

  // How far ahead was asked for belongs to the question, in whole days.
  Answer<Forecast> forecast(const Zone& zone, Time now, Time until) override {
    const auto ahead = std::chrono::ceil<std::chrono::days>(std::max(until, now) - now).count();
    return remember<Forecast>(zone, now, cat("forecast-", ahead),
                              [&] { return inner_.forecast(zone, now, until); });
  }

 private:
  template <class T, class Ask>
  Answer<T> remember(const Zone& zone, Time now, std::string_view question, Ask ask_inner) {
    const Path path =
        options_.folder / cat(inner_.name(), "-", zone.str(), "-", carbon::name(inner_.signal()),
                              "-", question, "-", short_name(inner_.source()), ".json");
    if (auto hit = load<T>(path, zone, now)) return *std::move(hit);
    if (const auto made = files_.make_folders(options_.folder); !made) {
      note(made.error());
      return ask_inner();
    }
    const auto lock = files_.lock(Path(path.native() + ".lock"), options_.wait);
    if (!lock) note(lock.error());
    // Whoever held the lock until now has probably asked.
    if (auto hit = load<T>(path, zone, now)) return *std::move(hit);
    Answer<T> answer = ask_inner();
    if (answer) store(path, now, as_json(*answer));
    return answer;
  }

  template <class T>
  std::optional<T> load(const Path& path, const Zone& zone, Time now) {
    const auto text = files_.read(path, kMaxEntry);
    if (!text && text.error().code == Errc::not_found) return std::nullopt;
    if (!text) {
      if (text.error().code == Errc::limit) drop(path);
      note(text.error());
      return std::nullopt;
    }
    auto entry = parse_entry<T>(*text);
    if (!entry) {
      note(Error(entry.error()).in(cat("reading ", shown(path))));
      drop(path);
      return std::nullopt;
    }
    if (entry->hour != std::chrono::floor<hours>(now)) return std::nullopt;
    T& value = entry->value;
    if (value.provider != inner_.name() || value.source != printable(inner_.source()) ||
        value.signal != inner_.signal() || value.zone != zone) {
      return std::nullopt;
    }
    value.source = inner_.source();
    value.cached = true;
    auto checked = check_again(std::move(value), now);
    if (!checked) return std::nullopt;
    return *std::move(checked);
  }

  template <class T>
  struct Entry {
    Time hour;
    T value;
  };

  template <class T>
  static Result<Entry<T>> parse_entry(std::string_view text) {
    SLUICE_TRY(const auto document, json::parse_strict(text, {.bytes = kMaxEntry}));
    const json::Fields root(document, "entry");
    SLUICE_TRY(const auto kind, root.string("kind"));
    if (kind != "sluice.carbon-cache/v1") return fail(Errc::malformed, "not an entry of ours");
    SLUICE_TRY(const auto hour_text, root.string("hour"));
    SLUICE_TRY(const Time hour, parse_rfc3339(hour_text));
    SLUICE_TRY(const auto value, root.object("value"));
    SLUICE_TRY(auto read, read_back(value.value(), static_cast<const T*>(nullptr)));
    return Entry<T>{hour, std::move(read)};
  }

  void store(const Path& path, Time now, json::Value value) {
    json::Value entry;
    entry.set("kind", "sluice.carbon-cache/v1");
    entry.set("hour", rfc3339(std::chrono::floor<hours>(now)));
    entry.set("value", std::move(value));
    if (const auto done = files_.replace(path, json::write(entry), 0600); !done) note(done.error());
  }

  void drop(const Path& path) {
    if (const auto gone = files_.remove(path); !gone) note(gone.error());
  }

  void note(const Error& error) {
    if (options_.note) options_.note(error.text());
  }

  Provider& inner_;
  Files& files_;
  CacheOptions options_;
};

}  // namespace

std::optional<Path> cache_folder(const Environment& environment) {
  // The base directory specification: a path that is not absolute counts as not set.
  if (const auto named = environment.get("XDG_CACHE_HOME"); named && named->starts_with('/')) {
    return Path(*named) / "sluice" / "carbon";
  }
  if (const auto home = environment.get("HOME"); home && home->starts_with('/')) {
    return Path(*home) / ".cache" / "sluice" / "carbon";
  }
  return std::nullopt;
}

std::unique_ptr<Provider> cached(Provider& provider, Files& files, CacheOptions options) {
  return std::make_unique<Cached>(provider, files, std::move(options));
}

}  // namespace sluice::carbon
