// SPDX-License-Identifier: Apache-2.0
#include "yaml/fields.h"

#include <algorithm>

#include "base/text.h"
#include "yaml/scalar.h"

namespace sluice::yaml {

namespace {

std::string did_you_mean(std::string_view word, std::initializer_list<std::string_view> words) {
  const auto meant = closest(word, {words.begin(), words.end()});
  return meant.empty() ? std::string() : cat(" (did you mean \"", meant, "\"?)");
}

}  // namespace

std::unexpected<Error> Fields::refuse(std::string_view what) const {
  return fail(Errc::malformed, located(file_, node_->line, node_->column, what));
}

std::unexpected<Error> Fields::refuse(const Member& member, std::string_view what) const {
  return fail(Errc::malformed, located(file_, member.line, member.column, what));
}

std::unexpected<Error> Fields::mismatch(std::string_view wanted) const {
  const std::string subject = path_.empty() ? "" : cat(printable(path_, 128), ": ");
  return refuse(cat(subject, "expected ", wanted, ", found ", described(*node_)));
}

Result<Fields> Fields::at(std::string_view key) const {
  if (node_->kind != Node::Kind::mapping) return mismatch("a mapping");
  const std::string path = path_.empty() ? std::string(key) : cat(path_, ".", key);
  const Node* found = node_->find(key);
  if (found == nullptr) return refuse(cat(printable(path, 128), ": required, but not there"));
  return Fields(*found, file_, path);
}

Result<std::string> Fields::as_string() const {
  if (node_->kind != Node::Kind::scalar || resolve(*node_) == Scalar::null) {
    return mismatch("a string");
  }
  return node_->text;
}

Result<std::int64_t> Fields::as_integer() const {
  if (const auto whole = integer_of(*node_)) return *whole;
  if (node_->kind == Node::Kind::scalar && resolve(*node_) == Scalar::integer) {
    if (is_ambiguous(node_->text)) {
      return refuse(cat(node_->text,
                        " is read differently by different programs: write it without "
                        "leading zeros, or as 0o... where it is octal"));
    }
    return refuse(cat("the integer ", printable(node_->text, 64), " is out of range"));
  }
  return mismatch("an integer");
}

Result<double> Fields::as_number() const {
  if (const auto number = number_of(*node_)) return *number;
  return mismatch("a number");
}

Result<bool> Fields::as_boolean() const {
  if (const auto truth = boolean_of(*node_)) return *truth;
  return mismatch("true or false");
}

Result<std::string> Fields::as_choice(std::string_view what,
                                      std::initializer_list<std::string_view> words) const {
  SLUICE_TRY(std::string word, as_string());
  if (std::ranges::find(words, word) != words.end()) return word;
  return refuse(cat("unknown ", what, " \"", printable(word, 64), "\"", did_you_mean(word, words)));
}

Result<std::vector<Fields>> Fields::elements(std::size_t max) const {
  if (node_->kind != Node::Kind::sequence) return mismatch("a sequence");
  if (node_->elements.size() > max) {
    return fail(Errc::limit, located(file_, node_->line, node_->column,
                                     cat(node_->elements.size(), " elements, more than ", max)));
  }
  std::vector<Fields> out;
  out.reserve(node_->elements.size());
  for (const Node& element : node_->elements) {
    out.emplace_back(element, file_, cat(path_, "[", out.size(), "]"));
  }
  return out;
}

Result<std::string> Fields::string(std::string_view key) const {
  SLUICE_TRY(const Fields field, at(key));
  return field.as_string();
}

Result<std::int64_t> Fields::integer(std::string_view key) const {
  SLUICE_TRY(const Fields field, at(key));
  return field.as_integer();
}

Result<double> Fields::number(std::string_view key) const {
  SLUICE_TRY(const Fields field, at(key));
  return field.as_number();
}

Result<bool> Fields::boolean(std::string_view key) const {
  SLUICE_TRY(const Fields field, at(key));
  return field.as_boolean();
}

Result<std::string> Fields::choice(std::string_view key, std::string_view what,
                                   std::initializer_list<std::string_view> words) const {
  SLUICE_TRY(const Fields field, at(key));
  return field.as_choice(what, words);
}

Result<Fields> Fields::mapping(std::string_view key) const {
  SLUICE_TRY(Fields field, at(key));
  if (field.node().kind != Node::Kind::mapping) return field.mismatch("a mapping");
  return field;
}

Result<std::vector<Fields>> Fields::sequence(std::string_view key, std::size_t max) const {
  SLUICE_TRY(const Fields field, at(key));
  return field.elements(max);
}

const Node* Fields::optional(std::string_view key) const {
  const Node* found = node_->find(key);
  if (found == nullptr) return nullptr;
  const bool null = found->kind == Node::Kind::scalar && resolve(*found) == Scalar::null;
  return null ? nullptr : found;
}

Result<void> Fields::only(std::initializer_list<std::string_view> known) const {
  if (node_->kind != Node::Kind::mapping) return mismatch("a mapping");
  for (const Member& member : node_->members) {
    if (std::ranges::find(known, member.key) != known.end()) continue;
    return refuse(member, cat("unknown key \"", printable(member.key, 64), "\"",
                              did_you_mean(member.key, known)));
  }
  return {};
}

}  // namespace sluice::yaml
