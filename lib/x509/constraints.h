// SPDX-License-Identifier: Apache-2.0
// Name constraints (RFC 5280 4.2.1.10): which names an authority may certify.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "x509/name.h"

namespace sluice::x509 {

struct NameConstraints {
  std::vector<GeneralName> permitted;
  std::vector<GeneralName> excluded;

  // Refuses constraints that are not well formed, and those with a minimum or a maximum.
  [[nodiscard]] static Result<NameConstraints> parse(ByteView value);

  // What a subject with these names violates, as a clause; nothing where it violates nothing. A
  // name of a kind that is constrained but cannot be compared here is a violation.
  std::optional<std::string> violated_by(const Name& subject,
                                         std::span<const GeneralName> names) const;
};

}  // namespace sluice::x509
