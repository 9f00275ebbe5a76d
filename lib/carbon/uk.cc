// SPDX-License-Identifier: Apache-2.0
#include "carbon/uk.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "carbon/answer.h"

namespace sluice::carbon {

namespace {

constexpr std::string_view kUk = "the UK Carbon Intensity API";

enum class PlaceKind : std::uint8_t { nation, region, postcode };
struct Place {
  PlaceKind kind = PlaceKind::nation;
  std::string text = {};  // "12", "RG10"
};

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_capital(char c) { return c >= 'A' && c <= 'Z'; }

// One or two letters, a digit, perhaps a digit or a letter: "G1", "RG10", "EC1A".
bool is_outward_code(std::string_view text) {
  std::size_t letters = 0;
  while (letters < text.size() && is_capital(text[letters])) ++letters;
  if (letters < 1 || letters > 2 || letters == text.size()) return false;
  const std::string_view rest = text.substr(letters);
  if (!is_digit(rest[0]) || rest.size() > 2) return false;
  return rest.size() == 1 || is_digit(rest[1]) || is_capital(rest[1]);
}

bool is_region(std::string_view text) {
  int number = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), number);
  return status == std::errc{} && end == text.data() + text.size() && number >= 1 && number <= 17 &&
         cat(number) == text;
}

Answer<Place> place_of(const Zone& zone) {
  if (zone.str() == "GB") return Place{};
  if (zone.str().starts_with("GB-")) {
    std::string rest = zone.str().substr(3);
    if (is_region(rest)) return Place{PlaceKind::region, std::move(rest)};
    if (is_outward_code(rest)) return Place{PlaceKind::postcode, std::move(rest)};
  }
  return fail_as(Trouble::unknown_zone, cat(kUk, " does not cover ", zone.str()),
                 "GB, GB-1 to GB-17, or GB- and the first half of a postcode, as GB-RG10");
}

std::string path_of(const Place& place) {
  return cat(place.kind == PlaceKind::region ? "regionid/" : "postcode/", place.text);
}

// The service takes minutes and "Z" and nothing else.
std::string half_hour(Time now) {
  const Time start = now - now.time_since_epoch() % std::chrono::minutes(30);
  return rfc3339(start).substr(0, 16) + "Z";
}

// What a regional answer says of itself has to be what was asked for.
Answer<void> expect_place(const json::Fields& holder, const Place& place) {
  std::string found;
  if (place.kind == PlaceKind::region) {
    SLUICE_TRY(const auto number, holder.integer("regionid"));
    found = cat(number);
  } else {
    SLUICE_TRY(found, holder.string("postcode"));
  }
  if (found == place.text) return {};
  return fail_as(Trouble::wrong_zone,
                 cat(kUk, " answered for ", printable(found, 40), ", not for ", place.text));
}

// National answers are {"data": [half hours]}; regional ones {"data": X}, where X is by endpoint an
// object or a list of one, which holds its half hours as "data" again.
Answer<std::vector<json::Fields>> half_hours(const json::Fields& root, const Place& place) {
  if (place.kind == PlaceKind::nation) {
    SLUICE_TRY(auto list, root.array("data", kMaxSteps));
    return list;
  }
  const json::Value* data = root.value().find("data");
  if (data != nullptr && data->object() != nullptr) {
    SLUICE_TRY(const auto holder, root.object("data"));
    SLUICE_CHECK(expect_place(holder, place));
    SLUICE_TRY(auto list, holder.array("data", kMaxSteps));
    return list;
  }
  SLUICE_TRY(const auto holders, root.array("data", 1));
  if (holders.empty()) return std::vector<json::Fields>{};
  SLUICE_CHECK(expect_place(holders[0], place));
  SLUICE_TRY(auto list, holders[0].array("data", kMaxSteps));
  return list;
}

struct HalfHour {
  Time from;
  Time to;
  std::optional<Intensity> actual;
  std::optional<Intensity> forecast;
};

Answer<HalfHour> read_half_hour(const json::Fields& entry) {
  HalfHour out{};
  SLUICE_TRY(out.from, time_in(entry, "from"));
  SLUICE_TRY(out.to, time_in(entry, "to"));
  SLUICE_TRY(const auto intensity, entry.object("intensity"));
  if (intensity.has("actual")) {
    SLUICE_TRY(out.actual, intensity_in(intensity, "actual"));
  }
  SLUICE_TRY(out.forecast, intensity_in(intensity, "forecast"));
  return out;
}

class UkCarbonIntensity final : public Provider {
 public:
  UkCarbonIntensity(Http& http, UkOptions options) : http_(http), options_(std::move(options)) {}

  std::string_view name() const override { return "uk"; }
  Signal signal() const override { return Signal::average_combustion; }
  std::string source() const override { return options_.url; }

  Answer<Reading> latest(const Zone& zone, Time now) override {
    SLUICE_TRY(const auto place, place_of(zone));
    const bool national = place.kind == PlaceKind::nation;
    SLUICE_TRY(const auto document, get(national ? "/intensity" : "/regional/" + path_of(place)));
    SLUICE_TRY(const auto list, half_hours(json::Fields(document, "answer"), place));
    if (list.empty()) return nothing(zone);
    SLUICE_TRY(const auto newest, read_half_hour(list.back()));
    const auto intensity = newest.actual ? newest.actual : newest.forecast;
    if (!intensity) return nothing(zone);
    return check_reading({.zone = zone,
                          .intensity = *intensity,
                          .provider = std::string(name()),
                          .signal = signal(),
                          .at = newest.from,
                          .estimated = !newest.actual,
                          .source = source()},
                         now);
  }

  Answer<Forecast> forecast(const Zone& zone, Time now, Time /*until*/) override {
    SLUICE_TRY(const auto place, place_of(zone));
    const std::string ahead = cat("/intensity/", half_hour(now), "/fw48h");
    SLUICE_TRY(const auto document,
               get(place.kind == PlaceKind::nation ? ahead
                                                   : cat("/regional", ahead, "/", path_of(place))));
    SLUICE_TRY(const auto list, half_hours(json::Fields(document, "answer"), place));
    Forecast out{
        .zone = zone, .provider = std::string(name()), .signal = signal(), .source = source()};
    for (const auto& entry : list) {
      SLUICE_TRY(const auto part, read_half_hour(entry));
      if (part.forecast) out.steps.push_back({part.from, part.to, *part.forecast});
    }
    return check_forecast(std::move(out), now);
  }

 private:
  static std::unexpected<Failure> nothing(const Zone& zone) {
    return fail_as(Trouble::no_value, cat(kUk, " has no value for ", zone.str(), " at this time"));
  }

  Answer<json::Value> get(std::string_view path) {
    Question question{.whom = kUk,
                      .request = {},
                      .bad_request = Trouble::unknown_zone,
                      .empty_answer = Trouble::unknown_zone};
    question.request.url = cat(options_.url, path);
    question.request.budget.total = options_.timeout;
    return ask(http_, std::move(question));
  }

  Http& http_;
  UkOptions options_;
};

}  // namespace

std::unique_ptr<Provider> uk_carbon_intensity(Http& http, UkOptions options) {
  return std::make_unique<UkCarbonIntensity>(http, std::move(options));
}

}  // namespace sluice::carbon
