// SPDX-License-Identifier: Apache-2.0
#include "yaml/to_json.h"

#include "base/text.h"
#include "yaml/fields.h"
#include "yaml/scalar.h"

namespace sluice::yaml {

namespace {

Result<json::Value> number_to_json(const Node& scalar, std::string_view file) {
  if (const auto whole = integer_of(scalar)) return *whole;
  if (!is_ambiguous(scalar.text)) {
    // What JSON can say in the same words keeps its text: nothing is rounded.
    auto same = json::parse_strict(scalar.text);
    if (same) return same;
    if (const auto number = number_of(scalar)) return json::Value::number(*number);
  }
  return Fields(scalar, std::string(file))
      .refuse(cat("the number ", printable(scalar.text, 64), " has no form in JSON"));
}

Result<json::Value> scalar_to_json(const Node& scalar, std::string_view file) {
  switch (resolve(scalar)) {
    case Scalar::null:
      return nullptr;
    case Scalar::boolean:
      return *boolean_of(scalar);
    case Scalar::integer:
    case Scalar::floating:
      return number_to_json(scalar, file);
    case Scalar::string:
      break;
  }
  return scalar.text;
}

}  // namespace

Result<json::Value> to_json(const Node& node, std::string_view file) {
  if (node.kind == Node::Kind::scalar) return scalar_to_json(node, file);
  if (node.kind == Node::Kind::sequence) {
    json::Array out;
    out.reserve(node.elements.size());
    for (const Node& element : node.elements) {
      SLUICE_TRY(out.emplace_back(), to_json(element, file));
    }
    return out;
  }
  json::Object out;
  out.reserve(node.members.size());
  for (const Member& member : node.members) {
    SLUICE_TRY(json::Value value, to_json(member.value, file));
    out.emplace_back(member.key, std::move(value));
  }
  return out;
}

}  // namespace sluice::yaml
