// SPDX-License-Identifier: Apache-2.0
#include "json/canonical_text.h"

#include <algorithm>
#include <vector>

#include "base/text.h"
#include "json/tokenizer.h"

namespace sluice::json {

namespace {

class TextCanonical {
 public:
  explicit TextCanonical(std::string_view text) : in_(text, {.bytes = text.size()}) {
    out_.reserve(text.size());
  }

  Result<std::string> run() && {
    SLUICE_CHECK(value(in_.next()));
    SLUICE_CHECK(in_.finish());
    return std::move(out_);
  }

 private:
  struct Member {  // where it stands in out_: the key without quotes, and the whole of it
    std::size_t begin;
    std::size_t key_size;
    std::size_t end;
    bool escaped;
  };

  Result<void> value(Token token) {
    switch (token) {
      case Token::begin_object:
        return object();
      case Token::begin_array:
        return array();
      case Token::string:
        append_text();
        return {};
      case Token::number:
        return number();
      case Token::boolean:
      case Token::null:
        out_ += in_.raw();
        return {};
      default:
        break;
    }
    if (token == Token::failed) return fail(in_.error());
    return fail(in_.error_here(Errc::malformed, "expected a value"));
  }

  Result<void> number() {
    const std::string_view raw = in_.raw();
    if (raw.find_first_of(".eE") != std::string_view::npos) {
      return fail(in_.error_here(Errc::unsupported, "a number that is no integer"));
    }
    out_ += raw == "-0" ? "0" : raw;
    return {};
  }

  // Whether anything in it had to be escaped.
  bool append_text() {
    bool escaped = false;
    out_ += '"';
    for (const char c : in_.text(buffer_)) {
      if (c == '"' || c == '\\') {
        out_ += '\\';
        escaped = true;
      }
      out_ += c;
    }
    out_ += '"';
    return escaped;
  }

  Result<void> array() {
    out_ += '[';
    for (bool first = true;; first = false) {
      SLUICE_TRY(const bool more, in_.next_element());
      if (!more) break;
      if (!first) out_ += ',';
      SLUICE_CHECK(value(in_.next()));
    }
    out_ += ']';
    return {};
  }

  Result<void> object() {
    out_ += '{';
    const std::size_t begin = out_.size();
    const std::size_t first = members_.size();
    bool sorted = true;
    for (Token token = in_.next(); token != Token::end_object; token = in_.next()) {
      if (token != Token::key) {
        if (token == Token::failed) return fail(in_.error());
        return fail(in_.error_here(Errc::malformed, "expected a key"));
      }
      if (members_.size() > first) out_ += ',';
      Member member{out_.size(), 0, 0, false};
      member.escaped = append_text();
      member.key_size = out_.size() - member.begin - 2;
      out_ += ':';
      if (members_.size() > first && sorted) sorted = less(members_.back(), member);
      SLUICE_CHECK(value(in_.next()));
      member.end = out_.size();
      members_.push_back(member);
    }
    if (!sorted) sort(begin, first);
    members_.resize(first);
    out_ += '}';
    return {};
  }

  void sort(std::size_t begin, std::size_t first) {
    const auto from = members_.begin() + static_cast<std::ptrdiff_t>(first);
    std::sort(from, members_.end(),
              [this](const Member& a, const Member& b) { return less(a, b); });
    std::string ordered;
    ordered.reserve(out_.size() - begin);
    for (auto at = from; at != members_.end(); ++at) {
      if (at != from) ordered += ',';
      ordered.append(out_, at->begin, at->end - at->begin);
    }
    out_.resize(begin);
    out_ += ordered;
  }

  bool less(const Member& a, const Member& b) const {
    const auto key = [this](const Member& m) {
      return std::string_view(out_).substr(m.begin + 1, m.key_size);
    };
    if (!a.escaped && !b.escaped) return key(a) < key(b);
    return plain(key(a)) < plain(key(b));
  }

  static std::string plain(std::string_view escaped) {
    std::string out;
    for (std::size_t i = 0; i < escaped.size(); ++i) {
      if (escaped[i] == '\\') ++i;
      out += escaped[i];
    }
    return out;
  }

  Tokenizer in_;
  std::string out_;
  std::string buffer_;
  std::vector<Member> members_;  // of all open objects
};

}  // namespace

Result<std::string> canonical_olpc_text(std::string_view value) {
  return within(TextCanonical(value).run(), "writing canonical JSON (OLPC)");
}

}  // namespace sluice::json
