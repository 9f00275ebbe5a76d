// SPDX-License-Identifier: Apache-2.0
// A JSON document as a tree, and the strict parser and writers around it.
//
// One mechanism reads all JSON: the tokenizer (json/tokenizer.h). This tree is for documents of
// ordinary size; large ones are read token by token.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/limits.h"
#include "base/result.h"

namespace sluice::json {

struct Limits {
  std::size_t bytes = 16U << 20;
  int depth = limits::kJsonDepth;
  std::size_t values = 4'000'000;  // nodes of the tree
};

class Value;
using Array = std::vector<Value>;
using Member = std::pair<std::string, Value>;
using Object = std::vector<Member>;  // in document order; keys are unique when parsed

// A number that is no int64: kept as it was written, so that nothing is lost by reading it.
struct Decimal {
  std::string text;
  bool operator==(const Decimal&) const = default;
};

class Value {
 public:
  enum class Kind : std::uint8_t { null, boolean, integer, decimal, string, array, object };

  Value() = default;
  Value(std::nullptr_t) {}
  Value(bool v) : v_(v) {}
  Value(int v) : v_(std::int64_t{v}) {}
  Value(std::int64_t v) : v_(v) {}
  Value(Decimal v) : v_(std::move(v)) {}
  Value(const char* v) : v_(std::string(v)) {}
  Value(std::string v) : v_(std::move(v)) {}
  Value(std::string_view v) : v_(std::string(v)) {}
  Value(Array v) : v_(std::move(v)) {}
  Value(Object v) : v_(std::move(v)) {}
  // A double, written as short as it can be (an integer where it is one); null where it is not
  // finite: JSON has no such number.
  static Value number(double value);

  Kind kind() const { return static_cast<Kind>(v_.index()); }
  bool is(Kind kind) const { return this->kind() == kind; }

  // The value where it has that kind, else nullptr or nullopt.
  std::optional<bool> boolean() const;
  std::optional<std::int64_t> integer() const;
  std::optional<double> number() const;  // an integer or a decimal that double can hold
  const Decimal* decimal() const { return std::get_if<Decimal>(&v_); }
  const std::string* string() const { return std::get_if<std::string>(&v_); }
  const Array* array() const { return std::get_if<Array>(&v_); }
  const Object* object() const { return std::get_if<Object>(&v_); }
  Array* array() { return std::get_if<Array>(&v_); }
  Object* object() { return std::get_if<Object>(&v_); }

  // The member of an object; nullptr where there is none or this is no object.
  const Value* find(std::string_view key) const;
  // Sets or appends a member; a null becomes an object first. This must be null or an object.
  Value& set(std::string key, Value value);

  bool operator==(const Value&) const = default;

 private:
  std::variant<std::monostate, bool, std::int64_t, Decimal, std::string, Array, Object> v_;
};

std::string_view name(Value::Kind kind);

// RFC 8259, exactly: UTF-8 without a mark, no equal keys in one object, no lone surrogates, no
// trailing bytes. The error names line and column.
[[nodiscard]] Result<Value> parse_strict(std::string_view text, const Limits& limits = {});

std::string write(const Value& value);         // compact, members in their order
std::string write_pretty(const Value& value);  // two blanks of indent, closing newline

// Canonical forms. OLPC (TUF, in-toto; securesystemslib): sorted keys, integers only, only the
// quote and the backslash escaped. JCS: RFC 8785.
[[nodiscard]] Result<std::string> canonical_olpc(const Value& value);
[[nodiscard]] Result<std::string> canonical_jcs(const Value& value);

// Typed access with a trail: the error says where in the document what was expected.
//   Fields root(value, "bundle");
//   SLUICE_TRY(auto media_type, root.string("mediaType"));
class Fields {
 public:
  // Errc::malformed from the first access if value is no object.
  Fields(const Value& value, std::string path) : value_(&value), path_(std::move(path)) {}

  [[nodiscard]] Result<std::string> string(std::string_view key) const;
  [[nodiscard]] Result<std::int64_t> integer(std::string_view key) const;
  // protobuf's JSON writes 64-bit integers as strings: "12" and 12 are both read.
  [[nodiscard]] Result<std::int64_t> integer_or_text(std::string_view key) const;
  [[nodiscard]] Result<bool> boolean(std::string_view key) const;
  [[nodiscard]] Result<Fields> object(std::string_view key) const;
  // Each element; at most max of them.
  [[nodiscard]] Result<std::vector<Fields>> array(std::string_view key, std::size_t max) const;
  [[nodiscard]] Result<std::string> as_string() const;  // this value itself

  // nullptr where the member is absent or null.
  const Value* optional(std::string_view key) const;
  bool has(std::string_view key) const { return optional(key) != nullptr; }
  // Refuses members that are not in the list, naming the first (with a suggestion).
  [[nodiscard]] Result<void> only(std::initializer_list<std::string_view> known) const;

  const Value& value() const { return *value_; }
  const std::string& path() const { return path_; }

 private:
  [[nodiscard]] Result<const Value*> need(std::string_view key) const;
  const Value* value_;
  std::string path_;
};

}  // namespace sluice::json
