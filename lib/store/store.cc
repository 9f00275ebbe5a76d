// SPDX-License-Identifier: Apache-2.0
#include "store/store.h"

#include <algorithm>
#include <array>

namespace sluice::store {

namespace {

constexpr std::array<std::string_view, 3> kOutcomes = {"ok", "rolled-back", "incident"};

}  // namespace

std::string_view name(OutcomeKind kind) { return kOutcomes.at(static_cast<std::size_t>(kind)); }

std::optional<OutcomeKind> outcome_named(std::string_view word) {
  const auto* const at = std::ranges::find(kOutcomes, word);
  if (at == kOutcomes.end()) return std::nullopt;
  return static_cast<OutcomeKind>(at - kOutcomes.begin());
}

}  // namespace sluice::store
