// SPDX-License-Identifier: Apache-2.0
#include "policy/policy.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace sluice::policy {

namespace {

constexpr std::array<std::string_view, 3> kLevels = {"low", "medium", "high"};
constexpr std::array<std::string_view, 6> kEffects = {"ignore", "approve",   "condition",
                                                      "delay",  "undecided", "block"};

template <class E, std::size_t N>
std::optional<E> word_of(const std::array<std::string_view, N>& words, std::string_view word) {
  const auto* const at = std::ranges::find(words, word);
  if (at == words.end()) return std::nullopt;
  return static_cast<E>(at - words.begin());
}

constexpr std::chrono::seconds kLongest = std::chrono::days(90);

}  // namespace

std::string_view name(Level level) { return kLevels.at(static_cast<std::size_t>(level)); }
std::optional<Level> level_named(std::string_view word) { return word_of<Level>(kLevels, word); }
std::string_view name(Effect effect) { return kEffects.at(static_cast<std::size_t>(effect)); }
std::optional<Effect> effect_named(std::string_view word) {
  return word_of<Effect>(kEffects, word);
}

const std::vector<std::string_view>& signal_names() {
  static const std::vector<std::string_view> names = {"risk", "health", "carbon"};
  return names;
}

bool Environment::counts(std::string_view signal) const {
  return std::ranges::find(signals, signal) != signals.end();
}

const Common& Environment::common(std::string_view signal) const {
  if (signal == "health") return health;
  if (signal == "carbon") return carbon;
  return risk;
}

const Environment* Policy::find(std::string_view environment) const {
  const auto at = std::ranges::find(environments, environment, &Environment::name);
  return at == environments.end() ? nullptr : &*at;
}

std::string_view builtin_text() {
  return "apiVersion: sluice/v1\n"
         "kind: Policy\n"
         "signals:\n"
         "  risk: {block_at: high, condition_at: medium, max_age: 1d, asserted: accept}\n"
         "environments:\n"
         "  default: {signals: [risk]}\n";
}

Result<std::chrono::seconds> parse_duration(std::string_view text) {
  const auto wrong = [&] {
    return fail(Errc::malformed, cat("\"", printable(text, 40),
                                     "\" is no duration: write 90s, 15m, 6h or 2d, at most 90d"));
  };
  if (text.size() < 2 || text.size() > 9) return wrong();
  std::int64_t count = 0;
  for (const char c : text.substr(0, text.size() - 1)) {
    if (c < '0' || c > '9') return wrong();
    count = count * 10 + (c - '0');
  }
  std::chrono::seconds unit{};
  switch (text.back()) {
    case 's':
      unit = std::chrono::seconds(1);
      break;
    case 'm':
      unit = std::chrono::minutes(1);
      break;
    case 'h':
      unit = std::chrono::hours(1);
      break;
    case 'd':
      unit = std::chrono::days(1);
      break;
    default:
      return wrong();
  }
  const auto length = count * unit;
  if (length.count() < 1 || length > kLongest) return wrong();
  return length;
}

Result<std::vector<crypto::PublicKey>> keys_for(const Policy& policy, std::string_view environment,
                                                const ReadFile& read) {
  std::vector<crypto::PublicKey> keys;
  for (const TrustedKey& each : policy.keys) {
    if (!each.environments.empty() &&
        std::ranges::find(each.environments, environment) == each.environments.end()) {
      continue;
    }
    if (each.key) {
      keys.push_back(*each.key);
      continue;
    }
    SLUICE_TRY(const std::string pem, read(each.file));
    SLUICE_TRY(auto key, within(crypto::PublicKey::from_pem(pem),
                                cat("reading the trusted key ", printable(each.file, 200))));
    keys.push_back(std::move(key));
  }
  return keys;
}

}  // namespace sluice::policy
