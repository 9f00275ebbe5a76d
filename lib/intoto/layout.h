// SPDX-License-Identifier: Apache-2.0
// A layout: who has to perform which steps of a supply chain, and what may come of them (in-toto
// specification 4.3).
//
// Read strictly. Each thing that makes a layout mean less than it seems to is refused by a check of
// its own, before any link is looked at: equal members, equal or path-like step names, thresholds
// that everybody or nobody meets, functionaries that do not exist, rules that cannot apply, private
// keys. What python in-toto or in-toto-golang let pass is read where LayoutReading says so.
//
// Our extension stands in a member "sluice", which the other implementations do not accept: a
// layout without it is read by all three.
//
//   "sluice": {"name": "shop", "version": 7, "max_age": "24h",
//              "run": "{RUN}", "commit": "{COMMIT}",
//              "steps": {"scan": {"success": true, "command": "exact"}}}
//
// Keys may be identities, as securesystemslib writes them, with the parts of `sluice verify`'s
// options besides:
//
//   {"keytype": "sigstore-oidc", "scheme": "Fulcio", "keyval": {"issuer": "…", "identity": "…"}}
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/time.h"
#include "base/verdict.h"
#include "intoto/gpg_key.h"
#include "intoto/key.h"
#include "intoto/rule.h"

namespace sluice::intoto {

inline constexpr std::size_t kStepsMost = 256;     // and as many inspections
inline constexpr std::size_t kRulesMost = 10'000;  // of one list
inline constexpr std::size_t kLayoutKeysMost = 1024;
inline constexpr std::int64_t kThresholdMost = 1024;

// Strict, unless it says otherwise.
struct LayoutReading {
  bool unclean_names = false;     // python: "./a" is a pattern like any other
  bool any_rfc3339 = false;       // go: fractions of a second and offsets in "expires"
  bool inspection_names = false;  // go: an inspection may have the name of a step
};

// A functionary that is no key: an identity, as its parts are called on the command line ("issuer",
// "identity", "repo", "workflow", "ref", ...). Judged by what cmd wires (verify.h).
struct IdentityKey {
  std::string id;
  std::map<std::string, std::string> parts;
  std::string describe() const;  // "identity release@example.org (https://accounts.example.org)"
};
using Functionary = std::variant<Key, GpgKey, IdentityKey>;
std::string describe(const Functionary& functionary);
// What it is, whatever it is called: equal texts are one and the same functionary.
std::string material_of(const Functionary& functionary);

// What a certificate has to say to be a functionary's, as in-toto-golang has it: "*" is anything,
// an empty list means that there is none, else the sets have to be equal.
struct CertificateConstraint {
  std::string common_name;
  std::vector<std::string> dns_names;
  std::vector<std::string> emails;
  std::vector<std::string> organizations;
  std::vector<std::string> roots;  // ids in rootcas
  std::vector<std::string> uris;
};

struct Step {
  std::string name;
  std::vector<std::string> functionaries;  // ids in keys
  std::vector<CertificateConstraint> certificates = {};
  std::size_t threshold = 1;
  std::vector<std::string> command = {};  // what is expected; may be empty
  std::vector<Rule> materials = {};
  std::vector<Rule> products = {};
  bool success = false;        // demands return value 0
  bool exact_command = false;  // demands the command, and does not only mention a difference
};

struct Inspection {
  std::string name;
  std::vector<std::string> run;  // empty: nothing is run
  std::vector<Rule> materials = {};
  std::vector<Rule> products = {};
};

struct Freshness {
  std::optional<std::string> run = {};  // that every link has to name
  std::optional<std::string> commit = {};
  std::optional<std::chrono::seconds> max_age = {};
  bool asked() const { return run || commit || max_age; }
};

struct Layout {
  Time expires;
  std::string readme;
  std::map<std::string, Functionary, std::less<>> keys;   // by the id that steps use
  std::map<std::string, std::string, std::less<>> roots;  // PEM by id
  std::vector<std::string> intermediates;                 // PEM
  std::vector<Step> steps;
  std::vector<Inspection> inspections;
  std::string name;                       // of the extension; empty without it
  std::optional<std::int64_t> version{};  // likewise
  Freshness freshness = {};

  const Step* find_step(std::string_view name) const;
};

// Appends a row for each check of the layout's form, and answers the layout if all of them passed:
//   layout.format       JSON without equal members, a layout, no unknown members, the right types
//   layout.expires      (its form) UTC, to the second
//   layout.keys         each can be used, none has its private part with it
//   layout.steps        at least one; names are names, and each is there once
//   layout.functionaries  each id is a key's
//   layout.thresholds   at least 1, and not more than there are different functionaries
//   layout.parameters   each has a value, and each value says which and not how many
//   layout.rules        each is a rule that can apply
//   layout.extension    where there is one
std::optional<Layout> read_layout(std::string_view payload, const Parameters& parameters,
                                  const LayoutReading& reading, Report& report);

// The names in braces in a layout's rules and commands, sorted; empty where it cannot be read.
std::vector<std::string> layout_parameters(std::string_view payload);

}  // namespace sluice::intoto
