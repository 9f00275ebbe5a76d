// SPDX-License-Identifier: Apache-2.0
// The policy file: which signals count in which environment, what each of them leads to, and whom
// admission trusts.
//
//   apiVersion: sluice/v1
//   kind: Policy
//   verifier: https://gate.example.org/web
//   signals:
//     risk: {block_at: high, condition_at: medium}
//     health: {on_incident: delay, retry_after: 15m}
//   sources:
//     health: {prometheus: "https://metrics.example.org", service: checkout}
//   environments:
//     production: {signals: [risk, health], risk: {condition_at: low}}
//     staging: {signals: [risk]}
//
// Published as docs/schema/policy.v1.json. Reading is strict: a key or a word that is not known is
// refused with its line and column. What is not written has the default that stands here.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "crypto/digest.h"
#include "crypto/key.h"

namespace sluice::policy {

enum class Level : std::uint8_t { low, medium, high };  // of risk
std::string_view name(Level level);
std::optional<Level> level_named(std::string_view word);

// What a signal leads to. The order is that of precedence: what comes later wins.
enum class Effect : std::uint8_t { ignore, approve, condition, delay, undecided, block };
std::string_view name(Effect effect);
std::optional<Effect> effect_named(std::string_view word);

// Of every signal.
struct Common {
  Effect on_unknown = Effect::undecided;                       // undecided, delay, block or ignore
  std::chrono::seconds retry_after{std::chrono::minutes(15)};  // how long a delay lasts
  std::chrono::seconds max_age{std::chrono::minutes(15)};      // older than this is unknown: stale
  bool accept_asserted = false;  // does it count when only the caller says so?
};

struct RiskRule : Common {
  std::optional<Level> block_at = Level::high;  // none: "never"
  std::optional<Level> delay_at;
  std::optional<Level> condition_at = Level::medium;
};

struct HealthRule : Common {
  Effect on_incident = Effect::delay;     // block, delay, condition
  Effect on_warning = Effect::condition;  // block, delay, condition, approve
};

// Waits only where that saves enough; blocks only above a hard limit. Intensities in g/kWh.
struct CarbonRule : Common {
  std::optional<double> hard_limit;
  double low = 200;  // below this nobody waits
  double wait_percent = 10;
  double wait_grams = 0;
  std::chrono::seconds max_delay{std::chrono::hours(6)};
};

// Where the gate itself asks for evidence. Files are named from the policy's own folder and stay
// below it; credentials have no place here.
struct HealthSource {
  std::string prometheus = {};    // a URL; or ...
  std::string engine = {};        // ... that of an external engine
  std::string alertmanager = {};  // beside prometheus: a URL; may be empty
  std::string profile = {};       // a file; or ...
  std::string service = {};       // ... the default metrics of this service
};

struct CarbonSource {
  std::string provider = "electricitymaps";              // or uk, static
  std::string url = {};                                  // empty: the provider's public address
  std::string zone = {};                                 // of the grid; or ...
  std::string region = {};                               // ... of a cloud: "aws:eu-central-1"
  std::string table = {};                                // a file, for static alone
  std::chrono::seconds duration{std::chrono::hours(1)};  // how long a rollout takes
};

struct Sources {
  std::chrono::seconds deadline{30};  // for all of them together
  std::optional<HealthSource> health = {};
  std::optional<CarbonSource> carbon = {};
  std::string risk_model = {};  // a file; empty: the built-in model
};

inline constexpr std::chrono::seconds kLongestDeadline = std::chrono::minutes(10);
inline constexpr std::chrono::seconds kLongestRollout = std::chrono::hours(24 * 14);

struct Environment {
  std::string name;
  std::vector<std::string> signals;  // that count, in the order of the file; at least one
  RiskRule risk;
  HealthRule health;
  CarbonRule carbon;
  Sources sources = {};

  bool counts(std::string_view signal) const;
  const Common& common(std::string_view signal) const;  // of a signal that is known
};

// A key that admission trusts: in the policy itself, or in a file beside it.
struct TrustedKey {
  std::string name;
  std::optional<crypto::PublicKey> key;   // inline
  std::string file;                       // else
  std::vector<std::string> environments;  // empty: every one
};

struct Policy {
  std::string source;         // the file's name, as it was given
  std::string text;           // its bytes
  crypto::Digest digest;      // of those: SHA-256
  std::string verifier = {};  // URI of the gate; empty: its decisions cannot be signed
  std::chrono::seconds max_age{std::chrono::hours(1)};  // how long an approval holds
  std::vector<Environment> environments = {};           // at least one
  std::vector<TrustedKey> keys = {};

  const Environment* find(std::string_view environment) const;
};

inline constexpr std::size_t kMaxPolicy = 256U << 10;

// The signals that a policy may name.
const std::vector<std::string_view>& signal_names();

[[nodiscard]] Result<Policy> parse(std::string_view text, std::string_view source);

// What `gate check` goes by where there is no policy: risk alone, and never signed.
std::string_view builtin_text();

// Reads a file that a policy names, from where the policy itself was read: from its folder, or from
// its git revision, so that a change cannot alter what judges it.
using ReadFile = std::function<Result<std::string>(const std::string& name)>;

// The keys for an environment. Key files are not covered by the policy's digest; inline keys are.
[[nodiscard]] Result<std::vector<crypto::PublicKey>> keys_for(const Policy& policy,
                                                              std::string_view environment,
                                                              const ReadFile& read);

// "90s", "15m", "6h", "2d"; from one second to 90 days.
[[nodiscard]] Result<std::chrono::seconds> parse_duration(std::string_view text);

}  // namespace sluice::policy
