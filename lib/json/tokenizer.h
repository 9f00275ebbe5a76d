// SPDX-License-Identifier: Apache-2.0
// The one strict reader of JSON text: pulls tokens out of a document that stays where it is.
//
// Promises RFC 8259 exactly. Refuses a byte-order mark, bytes that are no UTF-8, halves of
// surrogate pairs, equal keys in one object (after decoding), nesting deeper than the limit, and
// anything after the value. What is skipped is checked as strictly as what is read.
//
//   Tokenizer in(document, limits);
//   SLUICE_CHECK(in.enter_object());
//   for (;;) {
//     SLUICE_TRY(const auto key, in.next_key());
//     if (!key) break;
//     if (*key == "signed") {
//       SLUICE_TRY(part, in.skip());  // hash part.in(document): the bytes as they were received
//     } else { ... }
//   }
//   SLUICE_CHECK(in.finish());
//
// Equal keys are found at the latest when their object closes, so nothing that was read counts
// before finish() has passed.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "json/value.h"

namespace sluice::json {

enum class Token : std::uint8_t {
  begin_object,
  end_object,
  begin_array,
  end_array,
  key,  // its colon is read too
  string,
  number,
  boolean,
  null,
  end,     // the document is complete
  failed,  // error() says why; stays so
};

struct Slice {
  std::size_t begin = 0;
  std::size_t end = 0;
  bool canonical = false;  // is its own OLPC canonical form: no need to build that
  std::string_view in(std::string_view document) const {
    return document.substr(begin, end - begin);
  }
};

struct Position {
  std::size_t line = 1;
  std::size_t column = 1;  // in characters
};
Position position_of(std::string_view document, std::size_t offset);

class Tokenizer {
 public:
  // The document must outlive the tokenizer. Of the limits, bytes and depth count here.
  explicit Tokenizer(std::string_view document, const Limits& limits = {});

  Token next();

  // About the token that next() answered last.
  std::size_t offset() const { return begin_; }
  std::string_view raw() const { return document_.substr(begin_, end_ - begin_); }  // with quotes
  // A key or string without its quotes: a view of the document, or of buffer where it had escapes.
  std::string_view text(std::string& buffer) const;
  std::optional<std::int64_t> integer() const;  // a number without fraction and exponent, in range
  bool boolean() const { return document_[begin_] == 't'; }
  Error error() const;  // after Token::failed

  // For readers that know what must come. Each reads on, and fails where something else comes.
  [[nodiscard]] Result<void> enter_object();
  [[nodiscard]] Result<void> enter_array();
  // The next key of the object, nothing at its end. Valid until the next call.
  [[nodiscard]] Result<std::optional<std::string_view>> next_key();
  // Whether the array has one more element (which is to be read then).
  [[nodiscard]] Result<bool> next_element();
  [[nodiscard]] Result<std::string_view> read_string();  // valid until the next call
  [[nodiscard]] Result<std::int64_t> read_integer();
  [[nodiscard]] Result<bool> read_boolean();
  // The whole value that comes, checked, as the bytes that it has in the document.
  [[nodiscard]] Result<Slice> skip();
  // As skip, of a value that was read token by token: from its first token to the one just read.
  Slice since(std::size_t begin) const { return {begin, end_, not_canonical_ <= begin}; }
  // The value of a member where it is exactly {"key":N}, N from 0 to 10^15, without a blank; else
  // nothing is consumed. For lists of many thousands of such: in one step instead of five.
  struct LoneInteger {
    std::int64_t value = 0;
    Slice slice;
  };
  std::optional<LoneInteger> lone_integer(std::string_view key);
  [[nodiscard]] Result<void> finish();

  // An Error about the current token: for readers that refuse what they read.
  Error error_here(Errc code, std::string_view what) const;

 private:
  enum class Expect : std::uint8_t { value, first_key, first_element, separator, nothing };
  struct Frame {
    std::uint32_t first_key;  // in keys_
    bool object;
    bool ascending;
  };
  // Without its quotes. In one number: to set a field of bits reads what is there, and fresh memory
  // that is read first is handed out twice.
  class Key {
   public:
    Key(std::size_t begin, std::size_t length, bool escaped)
        : packed_(std::uint64_t{begin} << 32U | length << 1U | (escaped ? 1U : 0U)) {}
    std::size_t begin() const { return packed_ >> 32U; }
    std::size_t length() const { return (packed_ & 0xFFFFFFFFU) >> 1U; }
    bool escaped() const { return (packed_ & 1U) != 0; }

   private:
    std::uint64_t packed_;
  };

  char peek();
  [[gnu::noinline]] char peek_after_blank();
  Token step();
  Token after_value();
  Token value(char first);
  Token open(Token token);
  Token close(Token token);
  Token string_token(Token token);
  Token key_token();
  [[gnu::noinline]] void make_room();
  Token number_token();
  Token word(std::string_view expected, Token token);
  Token skip_container(std::size_t outside);
  bool scan_string();
  [[gnu::noinline]] bool scan_rest_of_string();
  bool scan_sequences();
  bool scan_escape();
  // Kept out of the way of the inner loop.
  [[gnu::noinline, gnu::cold]] Token fail_at(std::size_t offset, Errc code, std::string_view what);
  [[gnu::noinline, gnu::cold]] Token unexpected(std::string_view wanted);
  [[gnu::noinline, gnu::cold]] Token too_deep();
  [[gnu::noinline, gnu::cold]] bool decoded_in_order(Key before, Key after) const;
  Error wrong(std::string_view wanted, Token found) const;
  std::string_view view(Key key) const { return document_.substr(key.begin(), key.length()); }
  std::string decoded(Key key) const;
  bool in_order(Key before, Key after) const;
  bool same(Key a, Key b) const;
  [[gnu::noinline]] bool keys_differ(std::size_t from);
  bool many_keys_differ(std::size_t from);
  std::uint32_t hash(Key key) const;
  Token report_twin(Key first, Key second);

  std::string_view document_;
  const char* at_ = nullptr;
  const char* stop_ = nullptr;
  std::size_t depth_limit_;
  Expect expect_ = Expect::value;
  Token current_ = Token::null;
  bool escaped_ = false;   // of the string just scanned
  bool fraction_ = false;  // of the number just scanned: has a fraction or an exponent
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::size_t not_canonical_ = 0;  // one behind the last byte that no canonical form has
  std::vector<Frame> frames_;
  std::vector<Key> keys_;  // of all open objects
  std::string buffer_;
  std::optional<Error> error_;
};

// The value that comes next as a tree, within the count that limits.values leaves.
[[nodiscard]] Result<Value> read_value(Tokenizer& in, const Limits& limits = {});

}  // namespace sluice::json
