// SPDX-License-Identifier: Apache-2.0
// From a tree to text: compact, for people, and the two canonical forms.
#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

#include "base/text.h"
#include "json/scan.h"
#include "json/text_out.h"
#include "json/value.h"

namespace sluice::json {

namespace {

void append_compact(std::string& out, const Value& value);

// What needs no layout: everything but a filled array or object.
void append_scalar(std::string& out, const Value& value) {
  switch (value.kind()) {
    case Value::Kind::boolean:
      out += *value.boolean() ? "true" : "false";
      return;
    case Value::Kind::integer:
      out += cat(*value.integer());
      return;
    case Value::Kind::decimal:
      out += value.decimal()->text;
      return;
    case Value::Kind::string:
      append_quoted(out, *value.string());
      return;
    case Value::Kind::array:
      out += "[]";
      return;
    case Value::Kind::object:
      out += "{}";
      return;
    case Value::Kind::null:
      break;
  }
  out += "null";
}

void append_compact(std::string& out, const Value& value) {
  if (const Array* elements = value.array()) {
    out += '[';
    for (const Value& element : *elements) {
      if (&element != elements->data()) out += ',';
      append_compact(out, element);
    }
    out += ']';
  } else if (const Object* members = value.object()) {
    out += '{';
    for (const Member& member : *members) {
      if (&member != members->data()) out += ',';
      append_quoted(out, member.first);
      out += ':';
      append_compact(out, member.second);
    }
    out += '}';
  } else {
    append_scalar(out, value);
  }
}

void append_line(std::string& out, std::size_t indent) {
  out += '\n';
  out.append(2 * indent, ' ');
}

void append_pretty(std::string& out, const Value& value, std::size_t indent) {
  const Array* elements = value.array();
  const Object* members = value.object();
  if (elements != nullptr && !elements->empty()) {
    out += '[';
    for (const Value& element : *elements) {
      if (&element != elements->data()) out += ',';
      append_line(out, indent + 1);
      append_pretty(out, element, indent + 1);
    }
    append_line(out, indent);
    out += ']';
  } else if (members != nullptr && !members->empty()) {
    out += '{';
    for (const Member& member : *members) {
      if (&member != members->data()) out += ',';
      append_line(out, indent + 1);
      append_quoted(out, member.first);
      out += ": ";
      append_pretty(out, member.second, indent + 1);
    }
    append_line(out, indent);
    out += '}';
  } else {
    append_scalar(out, value);
  }
}

// The order of UTF-16 code units (RFC 8785 3.2.3), of strings that are UTF-8. It differs from the
// order of bytes only where one has a character above U+FFFF and the other one from U+E000 on.
bool utf16_less(std::string_view a, std::string_view b) {
  const auto [at_a, at_b] = std::ranges::mismatch(a, b);
  if (at_a == a.end() || at_b == b.end()) return at_a == a.end() && at_b != b.end();
  const auto x = static_cast<unsigned char>(*at_a);
  const auto y = static_cast<unsigned char>(*at_b);
  const auto pair_lead = [](unsigned char c) { return c >= 0xF0; };
  const auto above_surrogates = [](unsigned char c) { return c == 0xEE || c == 0xEF; };
  if (pair_lead(x) && above_surrogates(y)) return true;
  if (pair_lead(y) && above_surrogates(x)) return false;
  return x < y;
}

void append_olpc_string(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  out += '"';
}

bool is_whole(std::string_view number) {
  return number.find_first_of(".eE") == std::string_view::npos;
}

// Whether the double is exactly the whole number that the text is.
bool is_exactly(double value, std::string_view whole) {
  std::array<char, 400> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value,
                                 std::chars_format::fixed, 0)
                       .ptr;
  return std::string_view(digits.data(), static_cast<std::size_t>(end - digits.data())) == whole;
}

// A number in the form of RFC 8785 3.2.2.3. A whole number that double rounds to another one has no
// such form (two different documents would share it), and neither has one beyond double.
Result<std::string> jcs_number(std::string_view text) {
  const auto value = nearest_double(text);
  if (!value) return fail(Errc::unsupported, cat("the number ", text, " is out of range"));
  std::string out = ecmascript_number(*value);
  if (is_whole(text) && out != text && !is_exactly(*value, text)) {
    return fail(Errc::unsupported, cat("the integer ", text, " is too large to be exact"));
  }
  return out;
}

Result<std::string> olpc_number(std::string_view text) {
  if (!is_whole(text)) {
    return fail(Errc::unsupported, cat("the number ", text, " is no integer"));
  }
  return std::string(text);
}

struct Dialect {
  bool (*less)(std::string_view, std::string_view);
  void (*append_string)(std::string&, std::string_view);
  Result<std::string> (*number)(std::string_view);
};

bool byte_less(std::string_view a, std::string_view b) { return a < b; }

constexpr Dialect kOlpc = {byte_less, append_olpc_string, olpc_number};
constexpr Dialect kJcs = {utf16_less, append_quoted, jcs_number};

class Canonical {
 public:
  explicit Canonical(const Dialect& dialect) : dialect_(dialect) {}

  Result<std::string> of(const Value& value) && {
    SLUICE_CHECK(append(value));
    return std::move(out_);
  }

 private:
  Result<void> append(const Value& value) {
    if (value.array() != nullptr) return append_array(*value.array());
    if (value.object() != nullptr) return append_object(*value.object());
    if (value.string() != nullptr) return append_string(*value.string());
    if (value.decimal() != nullptr) return append_number(value.decimal()->text);
    if (value.integer()) return append_number(cat(*value.integer()));
    append_scalar(out_, value);
    return {};
  }

  Result<void> append_array(const Array& elements) {
    out_ += '[';
    for (const Value& element : elements) {
      if (&element != elements.data()) out_ += ',';
      SLUICE_CHECK(append(element));
    }
    out_ += ']';
    return {};
  }

  Result<void> append_object(const Object& members) {
    std::vector<const Member*> order;
    order.reserve(members.size());
    for (const Member& member : members) order.push_back(&member);
    const auto key = [](const Member* member) -> std::string_view { return member->first; };
    std::ranges::sort(order, dialect_.less, key);
    if (std::ranges::adjacent_find(order, {}, key) != order.end()) {
      return fail(Errc::malformed, "two equal keys in one object have no canonical form");
    }
    out_ += '{';
    for (const Member* member : order) {
      if (member != order.front()) out_ += ',';
      SLUICE_CHECK(append_string(member->first));
      out_ += ':';
      SLUICE_CHECK(append(member->second));
    }
    out_ += '}';
    return {};
  }

  Result<void> append_string(const std::string& text) {
    if (!is_utf8(text)) return fail(Errc::malformed, "a string that is no UTF-8");
    dialect_.append_string(out_, text);
    return {};
  }

  Result<void> append_number(std::string_view text) {
    SLUICE_TRY(const std::string number, dialect_.number(text));
    out_ += number;
    return {};
  }

  const Dialect& dialect_;
  std::string out_;
};

}  // namespace

std::string write(const Value& value) {
  std::string out;
  append_compact(out, value);
  return out;
}

std::string write_pretty(const Value& value) {
  std::string out;
  append_pretty(out, value, 0);
  out += '\n';
  return out;
}

Result<std::string> canonical_olpc(const Value& value) {
  return within(Canonical(kOlpc).of(value), "writing canonical JSON (OLPC)");
}

Result<std::string> canonical_jcs(const Value& value) {
  return within(Canonical(kJcs).of(value), "writing canonical JSON (RFC 8785)");
}

}  // namespace sluice::json
