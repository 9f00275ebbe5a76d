// SPDX-License-Identifier: Apache-2.0
#include "gate/record.h"

#include <algorithm>
#include <array>

#include "base/codec.h"
#include "base/text.h"
#include "gate/record_json.h"

namespace sluice::gate {

namespace {

constexpr std::array<std::string_view, 3> kOrigins = {"file", "revision", "builtin"};
constexpr std::size_t kMaxShort = 512;
constexpr std::size_t kMaxSignalText = 3000;
constexpr std::size_t kMaxSignalDetails = 200;
constexpr std::size_t kMaxRaw = 256U << 10;

void make_storable(std::string& text, std::size_t max) {
  if (text.size() > max || !is_utf8(text)) text = printable(text, max);
}

Signal storable(Signal signal) {
  make_storable(signal.id, 64);
  if (!makes_sense(signal)) signal.value = Unknown::malformed;
  make_storable(signal.text, kMaxSignalText);
  make_storable(signal.source, kMaxShort);
  if (signal.details.size() > kMaxSignalDetails) {
    const auto left = signal.details.size() - kMaxSignalDetails + 1;
    signal.details.resize(kMaxSignalDetails);
    signal.details.back() = {"…", cat(left, " more")};
  }
  for (Detail& detail : signal.details) {
    make_storable(detail.label, kMaxShort);
    make_storable(detail.text, kMaxSignalText);
  }
  if (json::write(signal.raw).size() > kMaxRaw) signal.raw = "left out: too large";
  return signal;
}

}  // namespace

std::string_view name(PolicyOrigin origin) { return kOrigins.at(static_cast<std::size_t>(origin)); }

std::optional<PolicyOrigin> origin_named(std::string_view word) {
  const auto* const at = std::ranges::find(kOrigins, word);
  if (at == kOrigins.end()) return std::nullopt;
  return static_cast<PolicyOrigin>(at - kOrigins.begin());
}

Result<Record> judge(Inputs inputs, std::string id, std::string program) {
  if (inputs.signals.size() > kMaxSignals) {
    return fail(Errc::limit, cat(inputs.signals.size(), " signals, more than ", kMaxSignals));
  }
  make_storable(inputs.environment, kMaxShort);
  make_storable(inputs.change, kMaxShort);
  make_storable(inputs.policy.source, kMaxShort);
  for (Subject& subject : inputs.subjects) make_storable(subject.name, kMaxShort);
  for (Signal& signal : inputs.signals) signal = storable(std::move(signal));
  // Through their written form and back: what is decided upon is what a replay will read.
  SLUICE_TRY(const json::Value written, json::parse_strict(json::write(inputs_json(inputs))));
  SLUICE_TRY(inputs, inputs_from(written));
  Decision decision = decide(inputs.policy, inputs.environment, inputs.signals, inputs.now);
  const auto digest = inputs_digest(written);
  return Record{std::move(id), std::move(program), std::string(kEvaluator), std::move(inputs),
                digest,        std::move(decision)};
}

std::string new_id(Time now, Random& random) {
  std::array<std::uint8_t, 8> noise{};
  random.fill(noise);
  std::string stamp = rfc3339(now);
  std::erase_if(stamp, [](char c) { return c == '-' || c == ':'; });
  return cat(stamp, "-", to_hex(noise));
}

std::string subject_of(const Record& record) {
  if (!record.inputs.change.empty()) return record.inputs.change;
  if (record.inputs.subjects.empty()) return {};
  const Subject& first = record.inputs.subjects.front();
  return first.name.empty() ? first.digest.text() : first.name;
}

std::string summary_of(const Record& record) {
  const auto reasons = record.decision.reasons();
  if (reasons.empty()) return "nothing speaks against it";
  const Finding& first = *reasons.front();
  return first.signal.empty() ? first.text : cat(first.signal, ": ", first.text);
}

store::Row row_of(const Record& record) {
  return {.id = record.id,
          .at = record.inputs.now,
          .environment = record.inputs.environment,
          .verdict = std::string(name(record.decision.verdict)),
          .subject = subject_of(record),
          .summary = summary_of(record),
          .policy_digest = record.inputs.policy.digest.text()};
}

}  // namespace sluice::gate
