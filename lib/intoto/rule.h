// SPDX-License-Identifier: Apache-2.0
// Artifact rules (in-toto specification 4.3.3): read strictly, written back, with parameters.
//
//   CREATE|DELETE|MODIFY|ALLOW|DISALLOW PATTERN
//   REQUIRE NAME
//   MATCH PATTERN [IN PREFIX] WITH MATERIALS|PRODUCTS [IN PREFIX] FROM STEP
//
// Keywords in capitals or not. Refused is what no artifact can have (names are clean, see below)
// and so would never take effect: in a DISALLOW that would let through what it was to stop.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "intoto/glob.h"

namespace sluice::intoto {

enum class RuleKind : std::uint8_t { match, create, remove, modify, allow, disallow, require };
std::string_view name(RuleKind kind);  // "MATCH", "DELETE"

enum class Side : std::uint8_t { materials, products };
std::string_view name(Side side);  // "materials"

struct Rule {
  RuleKind kind;
  std::string pattern;  // as it counts: parameters are put in
  Glob glob;            // of require: the literal name
  std::string in = {};  // of match: PREFIX without its slash at the end, of this step's artifacts
  Side with = Side::products;
  std::string with_in = {};
  std::string from = {};

  std::string text() const;                // MATCH src/* WITH PRODUCTS FROM clone
  std::vector<std::string> words() const;  // as a layout has them
};

// Values for {NAME}.
using Parameters = std::map<std::string, std::string, std::less<>>;

// What a layout's text may have: strict, or what the other implementations let pass.
struct RuleReading {
  bool unclean_names = false;  // "./a", "a//b", "a/../b", "a/": compared as they are written
};

// Errc::malformed: not a rule, with what is wrong in it. Errc::usage: a parameter that is missing,
// or whose value would say more than a name does.
[[nodiscard]] Result<Rule> parse_rule(const std::vector<std::string>& words,
                                      const Parameters& parameters,
                                      const RuleReading& reading = {});

[[nodiscard]] Result<std::string> substitute(std::string_view text, const Parameters& parameters);
// For a word of a command: braces that name none of the parameters stay as they are.
[[nodiscard]] Result<std::string> substitute_known(std::string_view text,
                                                   const Parameters& parameters);
// The names in braces, in their order; Errc::malformed for braces that name none.
[[nodiscard]] Result<std::vector<std::string>> parameters_in(std::string_view text);
// A name of letters, digits, _ and -; a value without characters that a pattern, a path, a shell or
// a terminal gives a meaning to: a value says which, and must not say how many.
[[nodiscard]] Result<void> check_parameter(std::string_view name, std::string_view value);

// A name as tools record it after cleaning: no empty part, no "." part, ".." only in front.
bool is_clean_name(std::string_view name);

}  // namespace sluice::intoto
