// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "json/value.h"

namespace sluice::json {

namespace {

std::string_view with_article(Value::Kind kind) {
  switch (kind) {
    case Value::Kind::null:
      return "null";
    case Value::Kind::boolean:
      return "a boolean";
    case Value::Kind::integer:
      return "a number";
    case Value::Kind::decimal:
      return "a number";
    case Value::Kind::string:
      return "a string";
    case Value::Kind::array:
      return "an array";
    case Value::Kind::object:
      return "an object";
  }
  return "null";
}

bool is_plain(std::string_view key) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '$' || c == '@';
  };
  return !key.empty() && std::ranges::all_of(key, plain);
}

std::string trail(const std::string& path, std::string_view key) {
  if (!is_plain(key)) return cat(path, "[\"", printable(key, 64), "\"]");
  return path.empty() ? std::string(key) : cat(path, ".", key);
}

std::unexpected<Error> mismatch(const std::string& path, std::string_view wanted,
                                const Value& found) {
  const std::string at = path.empty() ? "the document" : path;
  if (found.decimal() != nullptr) {
    return fail(Errc::malformed, cat(at, ": expected ", wanted, ", found the number ",
                                     printable(found.decimal()->text, 40)));
  }
  return fail(Errc::malformed,
              cat(at, ": expected ", wanted, ", found ", with_article(found.kind())));
}

}  // namespace

Result<const Value*> Fields::need(std::string_view key) const {
  if (value_->object() == nullptr) return mismatch(path_, "an object", *value_);
  const Value* found = value_->find(key);
  if (found == nullptr) {
    return fail(Errc::malformed, cat(trail(path_, key), ": required, but not there"));
  }
  return found;
}

Result<std::string> Fields::string(std::string_view key) const {
  SLUICE_TRY(const Value* found, need(key));
  if (found->string() == nullptr) return mismatch(trail(path_, key), "a string", *found);
  return *found->string();
}

Result<std::int64_t> Fields::integer(std::string_view key) const {
  SLUICE_TRY(const Value* found, need(key));
  const auto whole = found->integer();
  if (!whole) return mismatch(trail(path_, key), "an integer", *found);
  return *whole;
}

Result<std::int64_t> Fields::integer_or_text(std::string_view key) const {
  SLUICE_TRY(const Value* found, need(key));
  if (const auto whole = found->integer()) return *whole;
  const std::string* text = found->string();
  if (text == nullptr) return mismatch(trail(path_, key), "an integer", *found);
  std::int64_t out = 0;
  const char* end = text->data() + text->size();
  const auto [at, status] = std::from_chars(text->data(), end, out);
  if (status != std::errc{} || at != end || cat(out) != *text) {
    return fail(Errc::malformed, cat(trail(path_, key), ": expected an integer, found \"",
                                     printable(*text, 40), "\""));
  }
  return out;
}

Result<bool> Fields::boolean(std::string_view key) const {
  SLUICE_TRY(const Value* found, need(key));
  const auto truth = found->boolean();
  if (!truth) return mismatch(trail(path_, key), "a boolean", *found);
  return *truth;
}

Result<Fields> Fields::object(std::string_view key) const {
  SLUICE_TRY(const Value* found, need(key));
  if (found->object() == nullptr) return mismatch(trail(path_, key), "an object", *found);
  return Fields(*found, trail(path_, key));
}

Result<std::vector<Fields>> Fields::array(std::string_view key, std::size_t max) const {
  SLUICE_TRY(const Value* found, need(key));
  const Array* elements = found->array();
  const std::string path = trail(path_, key);
  if (elements == nullptr) return mismatch(path, "an array", *found);
  if (elements->size() > max) {
    return fail(Errc::limit, cat(path, ": ", elements->size(), " elements, more than ", max));
  }
  std::vector<Fields> out;
  out.reserve(elements->size());
  for (const Value& element : *elements) {
    out.emplace_back(element, cat(path, "[", out.size(), "]"));
  }
  return out;
}

Result<std::string> Fields::as_string() const {
  if (value_->string() == nullptr) return mismatch(path_, "a string", *value_);
  return *value_->string();
}

const Value* Fields::optional(std::string_view key) const {
  const Value* found = value_->find(key);
  return found == nullptr || found->is(Value::Kind::null) ? nullptr : found;
}

Result<void> Fields::only(std::initializer_list<std::string_view> known) const {
  if (value_->object() == nullptr) return mismatch(path_, "an object", *value_);
  for (const Member& member : *value_->object()) {
    if (std::ranges::find(known, member.first) != known.end()) continue;
    const auto meant = closest(member.first, {known.begin(), known.end()});
    std::string what = cat(trail(path_, member.first), ": unknown member");
    if (!meant.empty()) what += cat(" (did you mean \"", meant, "\"?)");
    return fail(Errc::malformed, std::move(what));
  }
  return {};
}

}  // namespace sluice::json
