// SPDX-License-Identifier: Apache-2.0
// From tokens to a tree.
#include <algorithm>

#include "base/text.h"
#include "json/tokenizer.h"

namespace sluice::json {

namespace {

// A tree is walked and destroyed by recursion: whatever the caller allows, it ends here.
constexpr int kDeepestTree = 1000;

class TreeBuilder {
 public:
  TreeBuilder(Tokenizer& in, const Limits& limits)
      : in_(in), most_(limits.values), deepest_(std::min(limits.depth, kDeepestTree)) {}

  Result<Value> build() {
    Value root;
    SLUICE_CHECK(fill(root, in_.next(), 0));
    return root;
  }

 private:
  Result<void> fill(Value& into, Token token, int depth) {
    if (token == Token::failed) return fail(in_.error());
    if (++count_ > most_) return refuse(cat("more than ", most_, " values"));
    switch (token) {
      case Token::begin_object:
        return fill_object(into, depth + 1);
      case Token::begin_array:
        return fill_array(into, depth + 1);
      case Token::string:
        into = Value(std::string(in_.text(buffer_)));
        return {};
      case Token::number:
        into = number();
        return {};
      case Token::boolean:
        into = Value(in_.boolean());
        return {};
      case Token::null:
        into = Value();
        return {};
      default:
        break;
    }
    return fail(in_.error_here(Errc::malformed, "expected a value"));
  }

  Result<void> fill_object(Value& into, int depth) {
    if (depth > deepest_) return refuse(cat("nested deeper than ", deepest_, " levels"));
    Object members;
    for (;;) {
      const Token token = in_.next();
      if (token == Token::failed) return fail(in_.error());
      if (token == Token::end_object) break;
      Member& member = members.emplace_back(in_.text(buffer_), Value());
      SLUICE_CHECK(fill(member.second, in_.next(), depth));
    }
    into = Value(std::move(members));
    return {};
  }

  Result<void> fill_array(Value& into, int depth) {
    if (depth > deepest_) return refuse(cat("nested deeper than ", deepest_, " levels"));
    Array elements;
    for (;;) {
      const Token token = in_.next();
      if (token == Token::end_array) break;
      SLUICE_CHECK(fill(elements.emplace_back(), token, depth));
    }
    into = Value(std::move(elements));
    return {};
  }

  Value number() const {
    if (const auto whole = in_.integer()) return *whole;
    return Decimal{std::string(in_.raw())};
  }

  std::unexpected<Error> refuse(std::string_view what) const {
    return fail(in_.error_here(Errc::limit, what));
  }

  Tokenizer& in_;
  std::size_t most_;
  int deepest_;
  std::size_t count_ = 0;
  std::string buffer_;
};

}  // namespace

Result<Value> read_value(Tokenizer& in, const Limits& limits) {
  return TreeBuilder(in, limits).build();
}

Result<Value> parse_strict(std::string_view text, const Limits& limits) {
  Tokenizer in(text, limits);
  SLUICE_TRY(Value root, read_value(in, limits));
  SLUICE_CHECK(in.finish());
  return root;
}

}  // namespace sluice::json
