// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "base/text.h"
#include "base/time.h"
#include "policy/parse_parts.h"

namespace sluice::policy {

namespace {

using yaml::Fields;

constexpr std::size_t kMaxUrl = 1024;
constexpr std::size_t kMaxFileName = 1024;
constexpr std::size_t kMaxWord = 200;  // a service, a zone, a region

Result<void> take_word(const Fields& from, std::string_view key, std::string& into) {
  if (!from.has(key)) return {};
  SLUICE_TRY(const Fields field, from.at(key));
  SLUICE_TRY(std::string text, field.as_string());
  if (text.empty() || text.size() > kMaxWord) {
    return field.refuse(cat(field.path(), " has 1 to ", kMaxWord, " bytes"));
  }
  into = std::move(text);
  return {};
}

// What curl makes of it is for those who ask; here a slip is found before anybody does.
Result<void> take_url(const Fields& from, std::string_view key, std::string& into) {
  if (!from.has(key)) return {};
  SLUICE_TRY(const Fields field, from.at(key));
  SLUICE_TRY(std::string text, field.as_string());
  const bool web = text.starts_with("https://") || text.starts_with("http://");
  const bool plain =
      std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7F && c != '\\'; });
  if (!web || !plain || text.ends_with("://") || text.size() > kMaxUrl) {
    return field.refuse(cat(field.path(), " is a URL, as https://metrics.example.org"));
  }
  const auto authority = text.substr(0, text.find('/', text.find("://") + 3));
  if (authority.find('@') != std::string::npos) {
    return field.refuse("no credential stands in a policy; a token is given by a file");
  }
  if (text.find_first_of("?#") != std::string::npos) {
    return field.refuse(cat(field.path(), " is a URL without a query"));
  }
  into = std::move(text);
  return {};
}

Result<void> exactly_one(const Fields& from, std::string_view one, std::string_view other) {
  if (from.has(one) != from.has(other)) return {};
  return from.refuse(cat("give one of \"", one, "\" and \"", other, "\""));
}

Result<HealthSource> take_health_source(const Fields& from) {
  SLUICE_CHECK(from.only({"prometheus", "engine", "alertmanager", "profile", "service"}));
  SLUICE_CHECK(exactly_one(from, "prometheus", "engine"));
  SLUICE_CHECK(exactly_one(from, "profile", "service"));
  HealthSource out;
  SLUICE_CHECK(take_url(from, "prometheus", out.prometheus));
  SLUICE_CHECK(take_url(from, "engine", out.engine));
  SLUICE_CHECK(take_url(from, "alertmanager", out.alertmanager));
  SLUICE_CHECK(take_file(from, "profile", out.profile));
  SLUICE_CHECK(take_word(from, "service", out.service));
  if (!out.engine.empty() && !out.alertmanager.empty()) {
    return from.refuse(
        "an engine sees to its alerts itself; \"alertmanager\" goes with prometheus");
  }
  return out;
}

Result<CarbonSource> take_carbon_source(const Fields& from) {
  SLUICE_CHECK(from.only({"provider", "url", "zone", "region", "table", "duration"}));
  SLUICE_CHECK(exactly_one(from, "zone", "region"));
  CarbonSource out;
  SLUICE_CHECK(take_url(from, "url", out.url));
  SLUICE_CHECK(take_word(from, "zone", out.zone));
  SLUICE_CHECK(take_word(from, "region", out.region));
  SLUICE_CHECK(take_file(from, "table", out.table));
  if (!out.table.empty()) out.provider = "static";
  if (from.has("provider")) {
    SLUICE_TRY(out.provider,
               from.choice("provider", "provider", {"electricitymaps", "uk", "static"}));
  }
  if ((out.provider == "static") == out.table.empty()) {
    return from.refuse("\"provider: static\" and \"table\" go together");
  }
  if (out.provider == "static" && !out.url.empty()) {
    return from.refuse("a table is a file; \"url\" goes with the other providers");
  }
  SLUICE_CHECK(take_duration(from, "duration", out.duration));
  if (out.duration > kLongestRollout) return from.refuse("a rollout takes at most 14 days");
  return out;
}

}  // namespace

Result<void> take_file(const Fields& from, std::string_view key, std::string& into) {
  if (!from.has(key)) return {};
  SLUICE_TRY(const Fields field, from.at(key));
  SLUICE_TRY(std::string text, field.as_string());
  bool below = !text.empty() && text.size() <= kMaxFileName;
  for (const std::string_view part : split(text, '/')) {
    below = below && !part.empty() && part != "." && part != "..";
  }
  if (!below || text.find('\0') != std::string::npos) {
    return field.refuse(
        cat(field.path(), " is a file below the policy's folder, as ops/checkout.yaml"));
  }
  into = std::move(text);
  return {};
}

Result<void> take_duration(const Fields& from, std::string_view key, std::chrono::seconds& into) {
  if (!from.has(key)) return {};
  SLUICE_TRY(const Fields field, from.at(key));
  SLUICE_TRY(const std::string text, field.as_string());
  auto length = parse_duration(text);
  if (!length) return field.refuse(length.error().what);
  into = *length;
  return {};
}

Result<void> take_sources(const Fields& from, Sources& into) {
  if (!from.has("sources")) return {};
  SLUICE_TRY(const Fields all, from.mapping("sources"));
  SLUICE_CHECK(all.only({"deadline", "health", "carbon", "risk"}));
  SLUICE_CHECK(take_duration(all, "deadline", into.deadline));
  if (into.deadline > kLongestDeadline) {
    return all.refuse(cat("the deadline is at most ", human_duration(kLongestDeadline)));
  }
  if (all.has("health")) {
    SLUICE_TRY(const Fields field, all.mapping("health"));
    SLUICE_TRY(into.health, take_health_source(field));
  }
  if (all.has("carbon")) {
    SLUICE_TRY(const Fields field, all.mapping("carbon"));
    SLUICE_TRY(into.carbon, take_carbon_source(field));
  }
  if (all.has("risk")) {
    SLUICE_TRY(const Fields field, all.mapping("risk"));
    SLUICE_CHECK(field.only({"model"}));
    SLUICE_CHECK(take_file(field, "model", into.risk_model));
  }
  return {};
}

}  // namespace sluice::policy
