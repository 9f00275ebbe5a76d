// SPDX-License-Identifier: Apache-2.0
// carbon: how much carbon dioxide a kilowatt-hour costs here and now, and when it will cost less.
//
//   intensity.h         readings, forecasts, providers; the default where nothing is known
//   electricity_maps.h  uk.h  static_table.h     the providers
//   zones.h             the grid zone that a cloud region lies in
//   cache.h             a provider that asks once an hour
//   window.h            the best time for a job before a deadline, and whether to wait for it
//   documents.h         all of it as JSON
//
// Every number keeps where it came from. Signals of two kinds, or of two providers, are never
// compared with each other.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/strong.h"
#include "base/time.h"

namespace sluice::carbon {

// A grid zone in the words of its provider: "DE", "US-CAL-CISO", "GB-RG10".
using Zone = StrongString<struct ZoneTag>;
// Letters, digits and hyphens, 2 to 32 of them; small letters become capitals. Errc::usage.
[[nodiscard]] Result<Zone> parse_zone(std::string_view text);

// Grams of CO2 equivalent for each kilowatt-hour, to the milligram, so that sums are exact.
class Intensity {
 public:
  constexpr Intensity() = default;
  // Nothing below 0, above 5,000 (no grid comes near) or not finite.
  static std::optional<Intensity> of(double grams);
  static constexpr Intensity whole(std::int32_t grams) { return Intensity(grams * 1000LL); }

  constexpr std::int64_t milligrams() const { return milligrams_; }
  constexpr double grams() const { return static_cast<double>(milligrams_) / 1000; }
  constexpr auto operator<=>(const Intensity&) const = default;

 private:
  constexpr explicit Intensity(std::int64_t milligrams) : milligrams_(milligrams) {}
  std::int64_t milligrams_ = 0;
};

// Assumed where nothing better is known; a value that was assumed never blocks anything.
inline constexpr Intensity kAssumed = Intensity::whole(300);

// low below 200, medium below 300, high below 400.
enum class Level : std::uint8_t { low, medium, high, very_high };
Level level_of(Intensity intensity);
std::string_view name(Level level);  // "low", "medium", "high", "very-high"
std::optional<Level> level_named(std::string_view name);

// What the number counts. Both are averages over everything that generates at that time: fit for
// reports, and a hint for timing. Neither says what one more kilowatt-hour would change.
enum class Signal : std::uint8_t { average_lifecycle, average_combustion };
std::string_view name(Signal signal);  // "average-lifecycle", "average-combustion"
std::optional<Signal> signal_named(std::string_view name);

// Why there is no number.
enum class Trouble : std::uint8_t {
  not_configured,
  unknown_zone,
  unauthorised,  // no token, a bad one, or one that does not cover this
  limited,       // too many requests
  unreachable,
  no_value,    // the source knows the zone and has no number for it now
  wrong_zone,  // the answer is about another zone than the one that was asked for
  malformed    // an answer that does not follow its format, or cannot be true
};
std::string_view name(Trouble trouble);  // "unknown-zone", ...

struct Failure {
  Trouble trouble = Trouble::malformed;
  Error error;

  Failure(Trouble kind, Error what) : trouble(kind), error(std::move(what)) {}
  Failure(Error what);  // NOLINT(google-explicit-constructor): SLUICE_TRY hands on an Error
  Failure&& in(std::string frame) && {
    error.where.push_back(std::move(frame));
    return std::move(*this);
  }
};
template <class T>
using Answer = std::expected<T, Failure>;
std::unexpected<Failure> fail_as(Trouble trouble, std::string what, std::string hint = {});

struct Reading {
  Zone zone{""};
  Intensity intensity = kAssumed;
  std::string provider = "none";
  Signal signal = Signal::average_lifecycle;
  Time at{};               // the beginning of the time that it is about
  bool estimated = false;  // modelled by the source, not measured
  bool assumed = false;    // nobody said so: the default
  bool stale = false;      // older than kFresh
  bool cached = false;
  std::string source = {};              // a URL without query, a file
  std::string why = {};                 // where it is assumed
  std::optional<Trouble> trouble = {};  // where it is assumed
  std::string hint = {};                // where it is assumed: what would help
};

// One step of a forecast: this much from here to there.
struct Step {
  Time from;
  Time to;
  Intensity intensity;
  bool operator==(const Step&) const = default;
};

struct Forecast {
  Zone zone{""};
  std::string provider = {};
  Signal signal = Signal::average_lifecycle;
  std::vector<Step> steps = {};  // in order, none overlaps; there may be gaps
  bool cached = false;
  std::string source = {};
};

inline constexpr std::chrono::hours kFresh{3};          // a reading older than this is stale
inline constexpr std::chrono::hours kUseful{24};        // and one older than this is no value
inline constexpr std::chrono::hours kAhead{1};          // as far as a reading may lie in the future
inline constexpr std::chrono::hours kHorizon{24 * 15};  // as far as a forecast may reach
inline constexpr std::size_t kMaxSteps = 10'000;
inline constexpr std::size_t kMaxAnswer = 4U << 20;

// Sets the stale flag. Trouble::malformed for a time that is yet to come, Trouble::no_value for one
// too long ago.
[[nodiscard]] Answer<Reading> check_reading(Reading reading, Time now);
// At least one step, at most kMaxSteps; none empty or overlapping; from two days ago to kHorizon.
[[nodiscard]] Answer<Forecast> check_forecast(Forecast forecast, Time now);

class Provider {
 public:
  virtual ~Provider() = default;
  virtual std::string_view name() const = 0;
  virtual Signal signal() const = 0;
  virtual std::string source() const = 0;  // where it asks: part of the key of a cache
  [[nodiscard]] virtual Answer<Reading> latest(const Zone& zone, Time now) = 0;
  // At least until the given time, where the provider looks that far ahead.
  [[nodiscard]] virtual Answer<Forecast> forecast(const Zone& zone, Time now, Time until) = 0;
};

// What is known, whatever happens: the provider's reading, or the default, marked as assumed and
// saying why. No provider: nothing is configured.
Reading observe(Provider* provider, const Zone& zone, Time now);

}  // namespace sluice::carbon
