// SPDX-License-Identifier: Apache-2.0
// The written form of a record's parts. For the files of this room.
#pragma once

#include "gate/record.h"
#include "json/value.h"

namespace sluice::gate {

std::optional<PolicyOrigin> origin_named(std::string_view word);

json::Value inputs_json(const Inputs& inputs);
[[nodiscard]] Result<Inputs> inputs_from(const json::Value& value);
// Over the compact text with the members in their order, as it was parsed.
crypto::Digest inputs_digest(const json::Value& inputs);

json::Value decision_json(const Decision& decision);
[[nodiscard]] Result<Decision> decision_from(const json::Fields& fields);

}  // namespace sluice::gate
