// SPDX-License-Identifier: Apache-2.0
#include "json/tokenizer.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <functional>
#include <numeric>
#include <span>
#include <utility>

#include "base/text.h"
#include "json/scan.h"

namespace sluice::json {

namespace {

constexpr std::size_t kLargestDocument = 0x7FFFFFFF;  // keys are kept as 31-bit offsets
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_scalar(Token token) {
  return token == Token::string || token == Token::number || token == Token::boolean ||
         token == Token::null;
}

std::string_view described(Token token) {
  switch (token) {
    case Token::begin_object:
      return "an object";
    case Token::end_object:
      return "the end of the object";
    case Token::begin_array:
      return "an array";
    case Token::end_array:
      return "the end of the array";
    case Token::key:
      return "a key";
    case Token::string:
      return "a string";
    case Token::number:
      return "a number";
    case Token::boolean:
      return "a boolean";
    case Token::null:
      return "null";
    case Token::end:
      return "the end of the document";
    case Token::failed:
      return "no JSON";
  }
  return "no JSON";
}

std::string located(std::string_view document, std::size_t offset, std::string_view what) {
  const Position at = position_of(document, offset);
  return cat("line ", at.line, ", column ", at.column, ": ", what);
}

}  // namespace

Position position_of(std::string_view document, std::size_t offset) {
  Position at;
  for (const char c : document.substr(0, offset)) {
    if (c == '\n') {
      ++at.line;
      at.column = 1;
    } else if ((static_cast<unsigned char>(c) & 0xC0U) != 0x80) {  // starts a character
      ++at.column;
    }
  }
  return at;
}

Tokenizer::Tokenizer(std::string_view document, const Limits& limits)
    : document_(document),
      at_(document.data()),
      stop_(document.data() + document.size()),
      depth_limit_(static_cast<std::size_t>(std::max(limits.depth, 0))) {
  const std::size_t most = std::min(limits.bytes, kLargestDocument);
  if (document.size() > most) {
    error_ =
        Error{Errc::limit, cat("the document has ", document.size(), " bytes, more than ", most)};
    current_ = Token::failed;
    document_ = {};
  } else if (document.starts_with(kByteOrderMark)) {
    fail_at(0, Errc::malformed, "a byte-order mark, which JSON does not have");
  }
  frames_.reserve(std::min<std::size_t>(depth_limit_, 64));
}

// The next byte that is no blank; NUL, which no document holds outside its strings, at the end.
inline char Tokenizer::peek() {
  if (at_ != stop_ && static_cast<unsigned char>(*at_) > ' ') [[likely]]
    return *at_;
  return peek_after_blank();
}

char Tokenizer::peek_after_blank() {
  while (at_ != stop_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\t' || *at_ == '\r')) {
    ++at_;
    not_canonical_ = static_cast<std::size_t>(at_ - document_.data());
  }
  return at_ == stop_ ? '\0' : *at_;
}

[[gnu::flatten]] Token Tokenizer::next() { return current_ = step(); }

// To the end of the container just opened, which is at depth `outside`.
[[gnu::flatten]] Token Tokenizer::skip_container(std::size_t outside) {
  Token token = Token::failed;
  do {
    token = step();
  } while (token != Token::failed && frames_.size() > outside);
  return current_ = token;
}

inline Token Tokenizer::step() {
  if (current_ == Token::failed) [[unlikely]]
    return Token::failed;
  switch (expect_) {
    case Expect::separator:
      return after_value();
    case Expect::first_key: {
      const char c = peek();
      if (c == '"') return key_token();
      if (c == '}') return close(Token::end_object);
      return unexpected("expected a key or \"}\"");
    }
    case Expect::first_element: {
      const char c = peek();
      return c == ']' ? close(Token::end_array) : value(c);
    }
    case Expect::value:
      return value(peek());
    case Expect::nothing:
      break;
  }
  if (peek() == '\0' && at_ == stop_) {
    begin_ = end_ = document_.size();
    return Token::end;
  }
  return unexpected("expected nothing after the value");
}

inline Token Tokenizer::after_value() {
  const char c = peek();
  if (frames_.back().object) {
    if (c == '}') return close(Token::end_object);
    if (c != ',') return unexpected("expected \",\" or \"}\"");
    ++at_;
    return peek() == '"' ? key_token() : unexpected("expected a key after the comma");
  }
  if (c == ']') return close(Token::end_array);
  if (c != ',') return unexpected("expected \",\" or \"]\"");
  ++at_;
  return value(peek());
}

inline Token Tokenizer::value(char first) {
  begin_ = static_cast<std::size_t>(at_ - document_.data());
  switch (first) {
    case '"':
      return string_token(Token::string);
    case '{':
      return open(Token::begin_object);
    case '[':
      return open(Token::begin_array);
    case 't':
      return word("true", Token::boolean);
    case 'f':
      return word("false", Token::boolean);
    case 'n':
      return word("null", Token::null);
    default:
      break;
  }
  if (first == '-' || is_digit(first)) return number_token();
  return unexpected("expected a value");
}

inline Token Tokenizer::open(Token token) {
  if (frames_.size() >= depth_limit_) {
    return too_deep();
  }
  const bool object = token == Token::begin_object;
  frames_.push_back({static_cast<std::uint32_t>(keys_.size()), object, true});
  expect_ = object ? Expect::first_key : Expect::first_element;
  ++at_;
  end_ = begin_ + 1;
  return token;
}

Token Tokenizer::too_deep() {
  return fail_at(begin_, Errc::limit, cat("nested deeper than ", depth_limit_, " levels"));
}

inline Token Tokenizer::close(Token token) {
  begin_ = static_cast<std::size_t>(at_ - document_.data());
  ++at_;
  end_ = begin_ + 1;
  const Frame frame = frames_.back();
  if (frame.object) {
    if (!frame.ascending && !keys_differ(frame.first_key)) return Token::failed;
    keys_.erase(keys_.begin() + frame.first_key, keys_.end());
  }
  frames_.pop_back();
  expect_ = frames_.empty() ? Expect::nothing : Expect::separator;
  return token;
}

inline Token Tokenizer::string_token(Token token) {
  if (!scan_string()) return Token::failed;
  if (token == Token::string) expect_ = frames_.empty() ? Expect::nothing : Expect::separator;
  return token;
}

inline Token Tokenizer::key_token() {
  begin_ = static_cast<std::size_t>(at_ - document_.data());
  if (string_token(Token::key) == Token::failed) return Token::failed;
  const Key key(begin_ + 1, end_ - begin_ - 2, escaped_);
  Frame& frame = frames_.back();
  if (keys_.size() > frame.first_key && !in_order(keys_.back(), key)) {
    frame.ascending = false;
    not_canonical_ = begin_ + 1;
  }
  if (keys_.size() == keys_.capacity()) make_room();
  keys_.push_back(key);
  if (peek() != ':') return unexpected("expected \":\" after the key");
  ++at_;
  expect_ = Expect::value;
  return Token::key;
}

// Once there are many they are taken to be as dense as until here, and get their room in one step.
void Tokenizer::make_room() {
  constexpr std::size_t kMany = 1024;
  const std::size_t count = keys_.size();
  if (count < kMany) return;
  const std::size_t expected = count * (document_.size() - begin_) / begin_;
  keys_.reserve(count + std::clamp(expected + expected / 16, count / 2, 16 * count));
}

inline Token Tokenizer::number_token() {
  const char* p = at_;
  const auto digits = [&] {
    const char* from = p;
    while (p != stop_ && is_digit(*p)) ++p;
    return p != from;
  };
  const auto bad = [&](std::string_view what) {
    return fail_at(static_cast<std::size_t>(p - document_.data()), Errc::malformed, what);
  };
  if (*p == '-') ++p;
  const char* whole = p;
  if (!digits()) return bad("expected a digit after the minus sign");
  if (*whole == '0' && p - whole > 1) return bad("a number with a leading zero");
  fraction_ = false;
  if (p != stop_ && *p == '.') {
    ++p;
    fraction_ = true;
    if (!digits()) return bad("expected a digit after the decimal point");
  }
  if (p != stop_ && (*p == 'e' || *p == 'E')) {
    ++p;
    fraction_ = true;
    if (p != stop_ && (*p == '+' || *p == '-')) ++p;
    if (!digits()) return bad("expected a digit in the exponent");
  }
  at_ = p;
  end_ = static_cast<std::size_t>(p - document_.data());
  const bool minus_zero = *whole == '0' && document_[begin_] == '-';
  if (fraction_ || minus_zero) not_canonical_ = end_;
  expect_ = frames_.empty() ? Expect::nothing : Expect::separator;
  return Token::number;
}

Token Tokenizer::word(std::string_view expected, Token token) {
  if (!document_.substr(begin_).starts_with(expected)) return unexpected("expected a value");
  at_ += expected.size();
  end_ = begin_ + expected.size();
  expect_ = frames_.empty() ? Expect::nothing : Expect::separator;
  return token;
}

// Moves behind the closing quote of the string at at_; false after an error.
inline bool Tokenizer::scan_string() {
  escaped_ = false;
  at_ = scan::find_special(at_ + 1, stop_);
  if (at_ == stop_ || *at_ != '"') {
    if (!scan_rest_of_string()) return false;
  }
  ++at_;
  end_ = static_cast<std::size_t>(at_ - document_.data());
  return true;
}

// From the first byte of a string that is no plain ASCII to its closing quote.
bool Tokenizer::scan_rest_of_string() {
  for (;; at_ = scan::find_special(at_, stop_)) {
    if (at_ == stop_) {
      fail_at(begin_, Errc::malformed, "a string without an end");
      return false;
    }
    if (*at_ == '"') return true;
    const auto offset = static_cast<std::size_t>(at_ - document_.data());
    if (*at_ == '\\') {
      if (!scan_escape()) return false;
    } else if (static_cast<unsigned char>(*at_) < 0x20) {
      fail_at(offset, Errc::malformed, "a control character inside a string");
      return false;
    } else if (!scan_sequences()) {
      return false;
    }
  }
}

bool Tokenizer::scan_sequences() {
  do {
    const char* after = scan::after_sequence(at_, stop_);
    if (after == nullptr) {
      fail_at(static_cast<std::size_t>(at_ - document_.data()), Errc::malformed,
              "bytes inside a string that are no UTF-8");
      return false;
    }
    at_ = after;
  } while (at_ != stop_ && static_cast<signed char>(*at_) < 0);
  return true;
}

bool Tokenizer::scan_escape() {
  escaped_ = true;
  const auto offset = static_cast<std::size_t>(at_ - document_.data());
  const auto escape = scan::read_escape(at_, stop_);
  if (!escape) {
    const bool unicode = stop_ - at_ >= 2 && at_[1] == 'u';
    fail_at(offset, Errc::malformed,
            unicode ? "a \\u escape without four hex digits or its other half"
                    : "an escape that JSON does not have");
    return false;
  }
  const bool canonical = at_[1] == '"' || at_[1] == '\\';
  if (!canonical) not_canonical_ = offset + 1;
  at_ = escape->after;
  return true;
}

Token Tokenizer::fail_at(std::size_t offset, Errc code, std::string_view what) {
  error_ = Error{code, located(document_, offset, what)};
  begin_ = end_ = offset;
  return current_ = Token::failed;
}

Token Tokenizer::unexpected(std::string_view wanted) {
  const auto offset = static_cast<std::size_t>(at_ - document_.data());
  if (at_ == stop_) {
    return fail_at(offset, Errc::malformed, cat(wanted, ", found the end of the document"));
  }
  const char* after = scan::after_sequence(at_, stop_);
  const std::string_view found(at_, after == nullptr ? 1 : static_cast<std::size_t>(after - at_));
  return fail_at(offset, Errc::malformed, cat(wanted, ", found \"", printable(found), "\""));
}

Error Tokenizer::error() const {
  return error_.value_or(Error{Errc::internal, "the JSON reader has no error to tell"});
}

Error Tokenizer::error_here(Errc code, std::string_view what) const {
  return Error{code, located(document_, begin_, what)};
}

Error Tokenizer::wrong(std::string_view wanted, Token found) const {
  if (found == Token::failed) return error();
  return error_here(Errc::malformed, cat("expected ", wanted, ", found ", described(found)));
}

std::string_view Tokenizer::text(std::string& buffer) const {
  if (current_ != Token::key && current_ != Token::string) return {};
  const std::string_view inside = document_.substr(begin_ + 1, end_ - begin_ - 2);
  if (!escaped_) return inside;
  buffer.clear();
  scan::append_decoded(buffer, inside);
  return buffer;
}

std::optional<std::int64_t> Tokenizer::integer() const {
  if (current_ != Token::number || fraction_) return std::nullopt;
  std::int64_t out = 0;
  const char* from = document_.data() + begin_;
  const auto [end, status] = std::from_chars(from, document_.data() + end_, out);
  if (status != std::errc{}) return std::nullopt;
  return out;
}

std::string Tokenizer::decoded(Key key) const {
  std::string out;
  scan::append_decoded(out, view(key));
  return out;
}

bool Tokenizer::decoded_in_order(Key before, Key after) const {
  return decoded(before) < decoded(after);
}

inline bool Tokenizer::in_order(Key before, Key after) const {
  if (!before.escaped() && !after.escaped()) [[likely]] {
    return view(before) < view(after);
  }
  return decoded_in_order(before, after);
}

bool Tokenizer::same(Key a, Key b) const {
  if (!a.escaped() && !b.escaped()) [[likely]]
    return view(a) == view(b);
  return decoded(a) == decoded(b);
}

// Whether all keys of the innermost object from index `from` on differ; false after an error.
bool Tokenizer::keys_differ(std::size_t from) {
  constexpr std::size_t kFew = 12;
  if (keys_.size() - from > kFew) return many_keys_differ(from);
  for (std::size_t i = from + 1; i < keys_.size(); ++i) {
    for (std::size_t j = from; j < i; ++j) {
      if (!same(keys_[j], keys_[i])) continue;
      report_twin(keys_[j], keys_[i]);
      return false;
    }
  }
  return true;
}

// Keys go into buckets by their hash, and each bucket is sorted: linear for keys as they come, and
// no choice of keys makes it quadratic.
bool Tokenizer::many_keys_differ(std::size_t from) {
  struct Hashed {
    std::uint32_t hash;
    std::uint32_t index;
  };
  const std::size_t count = keys_.size() - from;
  const unsigned bits = std::min(static_cast<unsigned>(std::bit_width(count)), 24U);
  const auto bucket = [bits](std::uint32_t hash) { return hash >> (32 - bits); };
  std::vector<std::uint32_t> hashes(count);
  std::vector<std::uint32_t> ends((std::size_t{1} << bits) + 1);
  for (std::size_t i = 0; i < count; ++i) {
    hashes[i] = hash(keys_[from + i]);
    ++ends[bucket(hashes[i]) + 1];
  }
  std::partial_sum(ends.begin(), ends.end(), ends.begin());
  std::vector<Hashed> order(count);
  for (std::size_t i = 0; i < count; ++i) {  // each start moves on to become its bucket's end
    order[ends[bucket(hashes[i])]++] = {hashes[i], static_cast<std::uint32_t>(from + i)};
  }
  const auto less = [this](const Hashed& a, const Hashed& b) {
    if (a.hash != b.hash) return a.hash < b.hash;
    if (in_order(keys_[a.index], keys_[b.index])) return true;
    return !in_order(keys_[b.index], keys_[a.index]) && a.index < b.index;
  };
  std::optional<std::pair<std::uint32_t, std::uint32_t>> twins;  // the pair that comes first
  for (std::size_t begin = 0, i = 0; begin < count; begin = ends[i++]) {
    const std::span<Hashed> one(order.begin() + static_cast<std::ptrdiff_t>(begin),
                                order.begin() + static_cast<std::ptrdiff_t>(ends[i]));
    if (one.size() < 2) continue;
    std::ranges::sort(one, less);
    for (std::size_t k = 1; k < one.size(); ++k) {
      const auto [hash_before, before] = one[k - 1];
      const auto [hash_here, here] = one[k];
      if (hash_before != hash_here || !same(keys_[before], keys_[here])) continue;
      if (!twins || here < twins->second) twins = {before, here};
    }
  }
  if (!twins) return true;
  report_twin(keys_[twins->first], keys_[twins->second]);
  return false;
}

std::uint32_t Tokenizer::hash(Key key) const {
  const std::hash<std::string_view> of;
  const std::uint64_t wide = key.escaped() ? of(decoded(key)) : of(view(key));
  return static_cast<std::uint32_t>(wide ^ (wide >> 32));
}

Token Tokenizer::report_twin(Key first, Key second) {
  const Position at = position_of(document_, first.begin() - 1);
  return fail_at(
      second.begin() - 1, Errc::malformed,
      cat("the key \"", printable(decoded(second)),
          "\" a second time in one object (first on line ", at.line, ", column ", at.column, ")"));
}

Result<void> Tokenizer::enter_object() {
  const Token token = next();
  if (token != Token::begin_object) return fail(wrong("an object", token));
  return {};
}

Result<void> Tokenizer::enter_array() {
  const Token token = next();
  if (token != Token::begin_array) return fail(wrong("an array", token));
  return {};
}

Result<std::optional<std::string_view>> Tokenizer::next_key() {
  const Token token = next();
  if (token == Token::key) return text(buffer_);
  if (token == Token::end_object) return std::nullopt;
  return fail(wrong("a key", token));
}

Result<bool> Tokenizer::next_element() {
  if (current_ == Token::failed) return fail(error());
  const bool in_array = !frames_.empty() && !frames_.back().object;
  if (!in_array || (expect_ != Expect::first_element && expect_ != Expect::separator)) {
    return fail(Errc::internal, "asked for an array's element outside an array");
  }
  const char c = peek();
  if (c == ']') {
    next();
    return false;
  }
  if (expect_ == Expect::separator) {
    if (c != ',') return fail(wrong("an element", next()));
    ++at_;
  }
  expect_ = Expect::value;
  return true;
}

Result<std::string_view> Tokenizer::read_string() {
  const Token token = next();
  if (token != Token::string) return fail(wrong("a string", token));
  return text(buffer_);
}

Result<std::int64_t> Tokenizer::read_integer() {
  const Token token = next();
  if (token != Token::number) return fail(wrong("an integer", token));
  const auto value = integer();
  if (!value) return fail(error_here(Errc::malformed, "expected an integer of 64 bits"));
  return *value;
}

Result<bool> Tokenizer::read_boolean() {
  const Token token = next();
  if (token != Token::boolean) return fail(wrong("a boolean", token));
  return boolean();
}

Result<Slice> Tokenizer::skip() {
  const std::size_t outside = frames_.size();
  Token token = next();
  const std::size_t begin = begin_;
  if (token == Token::begin_object || token == Token::begin_array) {
    token = skip_container(outside);
  } else if (!is_scalar(token)) {
    return fail(wrong("a value", token));
  }
  if (token == Token::failed) return fail(error());
  return since(begin);
}

std::optional<Tokenizer::LoneInteger> Tokenizer::lone_integer(std::string_view key) {
  constexpr std::ptrdiff_t kMostDigits = 15;
  if (expect_ != Expect::value || current_ != Token::key || frames_.size() >= depth_limit_) {
    return std::nullopt;
  }
  const std::string_view rest(at_, static_cast<std::size_t>(stop_ - at_));
  const std::size_t head = key.size() + 4;  // {"":
  if (rest.size() < head || !rest.starts_with("{\"") || rest.substr(2, key.size()) != key ||
      rest.substr(key.size() + 2, 2) != "\":") {
    return std::nullopt;
  }
  const char* const digits = at_ + head;
  const char* p = digits;
  LoneInteger out;
  while (p != stop_ && is_digit(*p) && p - digits < kMostDigits) {
    out.value = out.value * 10 + (*p++ - '0');
  }
  const bool leading_zero = p - digits > 1 && *digits == '0';
  if (p == digits || leading_zero || p == stop_ || *p != '}') return std::nullopt;
  begin_ = static_cast<std::size_t>(at_ - document_.data());
  at_ = p + 1;
  end_ = static_cast<std::size_t>(at_ - document_.data());
  out.slice = {begin_, end_, true};
  begin_ = end_ - 1;  // as if its last brace had been read
  current_ = Token::end_object;
  expect_ = Expect::separator;
  return out;
}

Result<void> Tokenizer::finish() {
  const Token token = current_ == Token::end ? Token::end : next();
  if (token != Token::end) return fail(wrong("the end of the document", token));
  return {};
}

}  // namespace sluice::json
