// SPDX-License-Identifier: Apache-2.0
// Predicate types by the short names that people know, and statements made of predicates.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "crypto/digest.h"
#include "json/value.h"

namespace sluice::evidence {

struct PredicateName {
  std::string_view name;  // "slsaprovenance1"
  std::string_view type;  // "https://slsa.dev/provenance/v1"
};
// Those of cosign; "custom" is what it calls a predicate without a type of its own.
const std::vector<PredicateName>& predicate_names();
// The type of a short name; any other text is taken for a type as it stands: an absolute URI.
// Errc::usage with the likely name where it is neither.
[[nodiscard]] Result<std::string> predicate_type_named(std::string_view text);

struct StatementSubject {
  std::string name;
  crypto::Digest digest;
};
inline constexpr std::string_view kStatementV1 = "https://in-toto.io/Statement/v1";
inline constexpr std::string_view kStatementV01 = "https://in-toto.io/Statement/v0.1";

// An in-toto statement, as JSON text.
std::string write_statement(const std::vector<StatementSubject>& subjects,
                            std::string_view predicate_type, json::Value predicate,
                            std::string_view statement_type = kStatementV1);

}  // namespace sluice::evidence
