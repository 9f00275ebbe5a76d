// SPDX-License-Identifier: Apache-2.0
#include "gate/headline.h"

#include "base/text.h"
#include "gate/explain.h"

namespace sluice::gate {

namespace {

struct CodePoint {
  char32_t value;
  std::size_t length;
};

// Of text that is UTF-8.
CodePoint decode(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  const std::size_t length = lead < 0x80 ? 1U : lead < 0xE0 ? 2U : lead < 0xF0 ? 3U : 4U;
  if (length == 1 || text.size() < length) return {lead, 1};
  char32_t value = lead & (0xFFU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) value = (value << 6) | (byte(i) & 0x3FU);
  return {value, length};
}

// East Asian wide and emoji, roughly: what is counted twice by mistake only makes a line shorter.
std::size_t columns_of(char32_t c) {
  const bool wide = (c >= 0x1100 && c <= 0x115F) || (c >= 0x2E80 && c <= 0xA4CF) ||
                    (c >= 0xAC00 && c <= 0xD7A3) || (c >= 0xF900 && c <= 0xFAFF) ||
                    (c >= 0xFE30 && c <= 0xFE6F) || (c >= 0xFF00 && c <= 0xFFE6) ||
                    (c >= 0x1F000 && c <= 0x1FAFF) || (c >= 0x20000 && c <= 0x3FFFD);
  return wide ? 2 : 1;
}

}  // namespace

std::string fitted(std::string_view text, std::size_t columns) {
  if (columns == 0) return {};
  std::size_t used = 0;
  std::size_t cut = 0;  // what fits beside an ellipsis
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint point = decode(text.substr(at));
    used += columns_of(point.value);
    if (used > columns) return cat(text.substr(0, cut), "…");
    at += point.length;
    if (used < columns) cut = at;
  }
  return std::string(text);
}

std::string verdict_word(const Decision& decision) {
  switch (decision.verdict) {
    case Verdict::approve:
      return "APPROVE";
    case Verdict::conditions:
      return "APPROVE with conditions";
    case Verdict::delay:
      return decision.until ? cat("DELAY until ", human_time(*decision.until)) : "DELAY";
    case Verdict::undecided:
      return "UNDECIDED";
    case Verdict::block:
      return "BLOCK";
  }
  return "UNDECIDED";
}

std::string_view effect_word(policy::Effect effect) {
  switch (effect) {
    case policy::Effect::ignore:
      return "-";
    case policy::Effect::approve:
      return "ok";
    case policy::Effect::condition:
      return "warn";
    case policy::Effect::delay:
      return "DELAY";
    case policy::Effect::undecided:
      return "?";
    case policy::Effect::block:
      return "BLOCK";
  }
  return "?";
}

std::string next_step(const Record& record) {
  const Decision& decision = record.decision;
  switch (decision.verdict) {
    case Verdict::approve:
    case Verdict::conditions:
      return decision.valid_until ? cat("Holds until ", human_time(*decision.valid_until), ".")
                                  : std::string();
    case Verdict::delay:
      return decision.until ? cat("Ask again from ", human_time(*decision.until), ".") : "";
    case Verdict::undecided:
      return "Nothing is approved or signed. Make the unknown known, and ask again.";
    case Verdict::block:
      return "Change what is blocked, and ask again.";
  }
  return {};
}

}  // namespace sluice::gate
