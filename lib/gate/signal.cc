// SPDX-License-Identifier: Apache-2.0
#include "gate/signal.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace sluice::gate {

namespace {

constexpr std::array<std::string_view, 9> kUnknown = {
    "unreachable", "no-data",         "stale",   "malformed",      "not-configured",
    "assumed",     "caller-asserted", "missing", "from-the-future"};
constexpr std::array<std::string_view, 9> kSentences = {
    "the source did not answer",
    "the source has no data",
    "the evidence is older than the policy takes",
    "the source's answer makes no sense",
    "no source is configured",
    "only an assumed value is known",
    "only the caller says so, and the policy does not take that",
    "the policy counts it, and it is not there",
    "it was observed later than now: a clock is wrong"};
constexpr std::array<std::string_view, 3> kHealth = {"healthy", "warning", "incident"};
constexpr std::size_t kMaxText = 4096;
constexpr std::size_t kMaxDetails = 1000;

template <class E, std::size_t N>
std::optional<E> named(const std::array<std::string_view, N>& words, std::string_view word) {
  const auto* const at = std::ranges::find(words, word);
  if (at == words.end()) return std::nullopt;
  return static_cast<E>(at - words.begin());
}

struct ValueJson {
  json::Value& out;
  void operator()(Unknown reason) const { out.set("unknown", name(reason)); }
  void operator()(policy::Level level) const { out.set("level", policy::name(level)); }
  void operator()(Health health) const { out.set("health", name(health)); }
  void operator()(const Carbon& carbon) const {
    out.set("grams", json::Value::number(carbon.grams));
    if (!carbon.window) return;
    json::Value window;
    window.set("start", rfc3339(carbon.window->start));
    window.set("mean", json::Value::number(carbon.window->mean));
    window.set("saving_percent", json::Value::number(carbon.window->saving_percent));
    out.set("window", std::move(window));
  }
};

Result<std::string> short_text(const json::Fields& fields, std::string_view key) {
  if (!fields.has(key)) return std::string();
  SLUICE_TRY(std::string text, fields.string(key));
  if (text.size() <= kMaxText) return text;
  return fail(Errc::limit, cat(fields.path(), ".", key, " has more than ", kMaxText, " bytes"));
}

Result<double> measure(const json::Fields& fields, std::string_view key, double least,
                       double most) {
  const json::Value* found = fields.optional(key);
  const auto value = found == nullptr ? std::nullopt : found->number();
  if (!value || *value < least || *value > most) {
    return fail(Errc::malformed,
                cat(fields.path(), ".", key, " is no number between ",
                    static_cast<std::int64_t>(least), " and ", static_cast<std::int64_t>(most)));
  }
  return *value;
}

Result<Time> time_at(const json::Fields& fields, std::string_view key) {
  SLUICE_TRY(const std::string text, fields.string(key));
  return within(parse_rfc3339(text), cat("reading ", fields.path(), ".", key));
}

template <class T>
Result<T> word_at(const json::Fields& fields, std::string_view key,
                  std::optional<T> (*lookup)(std::string_view)) {
  SLUICE_TRY(const std::string word, fields.string(key));
  if (const auto value = lookup(word)) return *value;
  return fail(Errc::malformed,
              cat(fields.path(), ".", key, ": unknown word \"", printable(word, 60), "\""));
}

Result<Carbon> carbon_at(const json::Fields& fields) {
  Carbon carbon;
  SLUICE_TRY(carbon.grams, measure(fields, "grams", 0, kMaxIntensity));
  if (!fields.has("window")) return carbon;
  SLUICE_TRY(const auto from, fields.object("window"));
  SLUICE_CHECK(from.only({"start", "mean", "saving_percent"}));
  Window window;
  SLUICE_TRY(window.start, time_at(from, "start"));
  SLUICE_TRY(window.mean, measure(from, "mean", 0, kMaxIntensity));
  SLUICE_TRY(window.saving_percent, measure(from, "saving_percent", -kMaxIntensity, 100));
  carbon.window = window;
  return carbon;
}

// Exactly one of the four, and the one that goes with the signal's name.
Result<void> take_value(const json::Fields& fields, Signal& into) {
  int given = 0;
  for (const auto* key : {"unknown", "level", "health", "grams"}) given += fields.has(key) ? 1 : 0;
  const auto misplaced = [&] {
    return fail(Errc::malformed,
                cat(fields.path(), " of \"", printable(into.id, 60),
                    "\" has to hold exactly one of \"unknown\" and, for risk \"level\", for health "
                    "\"health\", for carbon \"grams\""));
  };
  if (given != 1 || (fields.has("window") && !fields.has("grams"))) return misplaced();
  if (fields.has("unknown")) {
    SLUICE_TRY(into.value, word_at<Unknown>(fields, "unknown", unknown_named));
  } else if (fields.has("level") && into.id == "risk") {
    SLUICE_TRY(into.value, word_at<policy::Level>(fields, "level", policy::level_named));
  } else if (fields.has("health") && into.id == "health") {
    SLUICE_TRY(into.value, word_at<Health>(fields, "health", health_named));
  } else if (fields.has("grams") && into.id == "carbon") {
    SLUICE_TRY(into.value, carbon_at(fields));
  } else {
    return misplaced();
  }
  return {};
}

Result<void> take_details(const json::Fields& fields, Signal& into) {
  if (!fields.has("details")) return {};
  SLUICE_TRY(const auto rows, fields.array("details", kMaxDetails));
  for (const auto& row : rows) {
    SLUICE_CHECK(row.only({"label", "text"}));
    SLUICE_TRY(std::string label, short_text(row, "label"));
    SLUICE_TRY(std::string text, short_text(row, "text"));
    into.details.push_back({std::move(label), std::move(text)});
  }
  return {};
}

}  // namespace

std::string_view name(Unknown reason) { return kUnknown.at(static_cast<std::size_t>(reason)); }
std::optional<Unknown> unknown_named(std::string_view word) {
  return named<Unknown>(kUnknown, word);
}
std::string_view sentence(Unknown reason) {
  return kSentences.at(static_cast<std::size_t>(reason));
}
std::string_view name(Health health) { return kHealth.at(static_cast<std::size_t>(health)); }
std::optional<Health> health_named(std::string_view word) { return named<Health>(kHealth, word); }

bool makes_sense(const Signal& signal) {
  if (std::holds_alternative<policy::Level>(signal.value)) return signal.id == "risk";
  if (std::holds_alternative<Health>(signal.value)) return signal.id == "health";
  const auto* carbon = std::get_if<Carbon>(&signal.value);
  if (carbon == nullptr) return true;
  // Written so that what is no number is outside.
  const auto sound = [](double value) { return value >= 0 && value <= kMaxIntensity; };
  if (signal.id != "carbon" || !sound(carbon->grams)) return false;
  if (!carbon->window) return true;
  const double percent = carbon->window->saving_percent;
  return sound(carbon->window->mean) && percent >= -kMaxIntensity && percent <= 100;
}

json::Value to_json(const Signal& signal) {
  json::Value out;
  out.set("kind", "sluice.signal/v1");
  out.set("signal", signal.id);
  std::visit(ValueJson{out}, signal.value);
  if (!signal.text.empty()) out.set("text", signal.text);
  if (!signal.source.empty()) out.set("source", signal.source);
  if (signal.observed_at) out.set("observed_at", rfc3339(*signal.observed_at));
  if (signal.asserted) out.set("asserted", true);
  if (!signal.details.empty()) {
    json::Array rows;
    for (const Detail& detail : signal.details) {
      json::Value row;
      row.set("label", detail.label);
      row.set("text", detail.text);
      rows.push_back(std::move(row));
    }
    out.set("details", std::move(rows));
  }
  if (!signal.raw.is(json::Value::Kind::null)) out.set("raw", signal.raw);
  return out;
}

Result<Signal> signal_from(const json::Value& value) {
  const json::Fields fields(value, "signal");
  SLUICE_TRY(const std::string kind, fields.string("kind"));
  if (kind != "sluice.signal/v1") {
    return fail(Errc::unsupported,
                cat("\"", printable(kind, 80), "\" is not known here; sluice.signal/v1 is"));
  }
  SLUICE_CHECK(fields.only({"kind", "signal", "unknown", "level", "health", "grams", "window",
                            "text", "source", "observed_at", "asserted", "details", "raw"}));
  Signal signal;
  SLUICE_TRY(signal.id, short_text(fields, "signal"));
  if (std::ranges::find(policy::signal_names(), signal.id) == policy::signal_names().end()) {
    const auto meant = closest(signal.id, policy::signal_names());
    return fail(Errc::malformed,
                cat("unknown signal \"", printable(signal.id, 64), "\"",
                    meant.empty() ? std::string() : cat(" (did you mean \"", meant, "\"?)")));
  }
  SLUICE_CHECK(take_value(fields, signal));
  SLUICE_TRY(signal.text, short_text(fields, "text"));
  SLUICE_TRY(signal.source, short_text(fields, "source"));
  if (fields.has("observed_at")) {
    SLUICE_TRY(signal.observed_at, time_at(fields, "observed_at"));
  }
  if (fields.has("asserted")) {
    SLUICE_TRY(signal.asserted, fields.boolean("asserted"));
  }
  SLUICE_CHECK(take_details(fields, signal));
  if (const json::Value* raw = fields.optional("raw")) signal.raw = *raw;
  return signal;
}

Result<Signal> parse_signal(std::string_view text) {
  SLUICE_TRY(const auto value, json::parse_strict(text, {.bytes = kMaxSignalFile}));
  return signal_from(value);
}

}  // namespace sluice::gate
