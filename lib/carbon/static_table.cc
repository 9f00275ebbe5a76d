// SPDX-License-Identifier: Apache-2.0
#include "carbon/static_table.h"

#include <algorithm>

#include "base/text.h"
#include "yaml/fields.h"

namespace sluice::carbon {

namespace {

using std::chrono::hours;

constexpr std::size_t kHoursOfADay = 24;

Result<Intensity> table_number(const yaml::Fields& field) {
  SLUICE_TRY(const double grams, field.as_number());
  const auto intensity = Intensity::of(grams);
  if (!intensity) return field.refuse("grams per kWh are a number from 0 to 5000");
  return *intensity;
}

Result<std::vector<Intensity>> table_row(const yaml::Fields& field) {
  std::vector<Intensity> row;
  if (field.node().kind != yaml::Node::Kind::sequence) {
    SLUICE_TRY(const Intensity all_day, table_number(field));
    row.push_back(all_day);
    return row;
  }
  SLUICE_TRY(const auto elements, field.elements(kHoursOfADay));
  if (elements.size() != kHoursOfADay) {
    return field.refuse(
        cat("one number, or 24 for the hours of the day; these are ", elements.size()));
  }
  for (const auto& element : elements) {
    SLUICE_TRY(const Intensity intensity, table_number(element));
    row.push_back(intensity);
  }
  return row;
}

Error as_misuse(Error error) {
  error.code = Errc::usage;
  return error;
}

Result<StaticTable> read_table(std::string_view text, std::string_view file) {
  SLUICE_TRY(const auto node, yaml::parse(text, file));
  const yaml::Fields root(node, std::string(file));
  SLUICE_CHECK(root.only({"kind", "signal", "zones"}));
  SLUICE_CHECK(root.choice("kind", "kind", {"sluice.carbon-table/v1"}));
  SLUICE_TRY(const auto signal,
             root.choice("signal", "signal", {"average-lifecycle", "average-combustion"}));
  StaticTable table{std::string(file), *signal_named(signal), {}};
  SLUICE_TRY(const auto zones, root.mapping("zones"));
  if (zones.node().members.size() > kMaxTableZones) {
    return zones.refuse(cat("more than ", kMaxTableZones, " zones"));
  }
  for (const auto& member : zones.node().members) {
    SLUICE_TRY(const auto field, zones.at(member.key));
    const auto zone = parse_zone(member.key);
    if (!zone) return field.refuse(zone.error().what);
    SLUICE_TRY(auto row, table_row(field));
    if (!table.zones.emplace(*zone, std::move(row)).second) {
      return field.refuse(cat("the zone ", zone->str(), " stands there twice"));
    }
  }
  return table;
}

class StaticProvider final : public Provider {
 public:
  explicit StaticProvider(StaticTable table) : table_(std::move(table)) {}

  std::string_view name() const override { return "static"; }
  Signal signal() const override { return table_.signal; }
  std::string source() const override { return table_.file; }

  Answer<Reading> latest(const Zone& zone, Time now) override {
    SLUICE_TRY(const auto row, row_of(zone));
    const Time hour = std::chrono::floor<hours>(now);
    return Reading{.zone = zone,
                   .intensity = at_hour(*row, hour),
                   .provider = std::string(name()),
                   .signal = signal(),
                   .at = hour,
                   .estimated = true,
                   .source = source()};
  }

  Answer<Forecast> forecast(const Zone& zone, Time now, Time until) override {
    SLUICE_TRY(const auto row, row_of(zone));
    Forecast out{
        .zone = zone, .provider = std::string(name()), .signal = signal(), .source = source()};
    const Time end = std::min<Time>(until, now + kHorizon - hours(1));
    Time at = std::chrono::floor<hours>(now);
    do {
      out.steps.push_back({at, at + hours(1), at_hour(*row, at)});
      at += hours(1);
    } while (at < end);
    return check_forecast(std::move(out), now);
  }

 private:
  static Intensity at_hour(const std::vector<Intensity>& row, Time hour) {
    if (row.size() == 1) return row.front();
    const auto of_day =
        std::chrono::floor<hours>(hour - std::chrono::floor<std::chrono::days>(hour));
    return row[static_cast<std::size_t>(of_day.count())];
  }

  Answer<const std::vector<Intensity>*> row_of(const Zone& zone) const {
    const auto at = table_.zones.find(zone);
    if (at != table_.zones.end()) return &at->second;
    std::vector<std::string_view> known;
    for (const auto& [name, row] : table_.zones) known.push_back(name.str());
    // Any two country codes look alike, so only longer names are suggested.
    const auto best = zone.str().size() > 3 ? closest(zone.str(), known) : std::string_view();
    return fail_as(Trouble::unknown_zone,
                   cat(table_.file, " has no zone ", zone.str(),
                       best.empty() ? std::string() : cat(" (did you mean ", best, "?)")));
  }

  StaticTable table_;
};

}  // namespace

Result<StaticTable> parse_static_table(std::string_view text, std::string_view file) {
  auto table = read_table(text, file);
  if (!table) return fail(as_misuse(std::move(table).error()));
  return table;
}

std::unique_ptr<Provider> static_provider(StaticTable table) {
  return std::make_unique<StaticProvider>(std::move(table));
}

}  // namespace sluice::carbon
