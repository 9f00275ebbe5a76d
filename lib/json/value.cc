// SPDX-License-Identifier: Apache-2.0
#include "json/value.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "json/text_out.h"

namespace sluice::json {

std::string_view name(Value::Kind kind) {
  switch (kind) {
    case Value::Kind::null:
      return "null";
    case Value::Kind::boolean:
      return "boolean";
    case Value::Kind::integer:
      return "integer";
    case Value::Kind::decimal:
      return "number";
    case Value::Kind::string:
      return "string";
    case Value::Kind::array:
      return "array";
    case Value::Kind::object:
      return "object";
  }
  return "null";
}

Value Value::number(double value) {
  if (!std::isfinite(value)) return {};
  std::string text = ecmascript_number(value);
  // As reading that text would give it, so that what is written reads back as the same value.
  std::int64_t whole = 0;
  const char* end = text.data() + text.size();
  const auto [at, status] = std::from_chars(text.data(), end, whole);
  if (status == std::errc{} && at == end) return whole;
  return Decimal{std::move(text)};
}

std::optional<bool> Value::boolean() const {
  const bool* value = std::get_if<bool>(&v_);
  return value == nullptr ? std::nullopt : std::optional(*value);
}

std::optional<std::int64_t> Value::integer() const {
  const auto* value = std::get_if<std::int64_t>(&v_);
  return value == nullptr ? std::nullopt : std::optional(*value);
}

std::optional<double> Value::number() const {
  if (const auto whole = integer()) return static_cast<double>(*whole);
  const Decimal* fraction = decimal();
  return fraction == nullptr ? std::nullopt : nearest_double(fraction->text);
}

const Value* Value::find(std::string_view key) const {
  const Object* members = object();
  if (members == nullptr) return nullptr;
  const auto at = std::ranges::find(*members, key, &Member::first);
  return at == members->end() ? nullptr : &at->second;
}

Value& Value::set(std::string key, Value value) {
  if (is(Kind::null)) v_ = Object{};
  Object& members = std::get<Object>(v_);
  const auto at = std::ranges::find(members, key, &Member::first);
  if (at != members.end()) {
    at->second = std::move(value);
    return at->second;
  }
  return members.emplace_back(std::move(key), std::move(value)).second;
}

}  // namespace sluice::json
