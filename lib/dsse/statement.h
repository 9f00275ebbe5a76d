// SPDX-License-Identifier: Apache-2.0
// in-toto statements: which artifacts (subjects, by digest) a predicate speaks of.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "crypto/digest.h"
#include "json/value.h"

namespace sluice::dsse {

struct Subject {
  std::string name;                                          // may be empty
  std::vector<std::pair<std::string, std::string>> digests;  // algorithm and hex, as written

  // The digests of algorithms that this program computes; Errc::malformed where one has a wrong
  // form.
  [[nodiscard]] Result<std::vector<crypto::Digest>> known_digests() const;
};

// Statement v0.1 and v1. The predicate is kept as it was parsed.
struct Statement {
  std::string type;            // "https://in-toto.io/Statement/v1"
  std::string predicate_type;  // a URI
  std::vector<Subject> subjects;
  json::Value predicate;
};

[[nodiscard]] Result<Statement> parse_statement(ByteView payload);

}  // namespace sluice::dsse
