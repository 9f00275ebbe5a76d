// SPDX-License-Identifier: Apache-2.0
#include "tuf/key.h"

#include "base/text.h"
#include "crypto/metadata_key.h"
#include "tuf/limits.h"

namespace sluice::tuf {

namespace {

using crypto::PublicKey;

void make_usable(Key& key, const std::optional<std::string>& text, const ForeignKeys& foreign,
                 const std::string& keyval) {
  key.material = cat(key.keytype, "\n", key.scheme_name, "\n", keyval);
  const auto* known = crypto::find_metadata_scheme(key.keytype, key.scheme_name);
  if (known == nullptr) {
    if (foreign) key.foreign = foreign({key.keytype, key.scheme_name, keyval});
    // However its value is written: the same one counts once.
    if (key.foreign) key.material = cat("foreign\n", key.foreign->describe());
    if (key.foreign) key.keyval = keyval;
    if (!key.foreign) {
      key.why_unusable = cat("unsupported: keytype ", printable(key.keytype, 60), ", scheme ",
                             printable(key.scheme_name, 60));
    }
    return;
  }
  auto decoded = text ? crypto::read_metadata_key(*known, *text)
                      : Result<PublicKey>(fail(Errc::malformed, "a key without its public part"));
  if (!decoded) {
    key.why_unusable = decoded.error().what;
  } else {
    key.scheme = known->scheme;
    key.material = std::string(text_of(decoded->der()));
    key.key = *std::move(decoded);
  }
}

struct KeyValue {
  std::string json;
  std::optional<std::string> text;
};

Result<KeyValue> read_keyval(json::Tokenizer& in, std::string_view document) {
  KeyValue out;
  SLUICE_CHECK(in.enter_object());
  const std::size_t begin = in.offset();
  for (;;) {
    SLUICE_TRY(const auto key, in.next_key());
    if (!key) break;
    if (*key == "public") {
      const json::Token token = in.next();
      std::string buffer;
      if (token == json::Token::string) {
        out.text = std::string(in.text(buffer));
        continue;
      }
      return fail(in.error_here(Errc::malformed, "expected a string as the public key"));
    }
    SLUICE_CHECK(in.skip());
  }
  out.json = std::string(document.substr(begin, in.offset() + 1 - begin));
  return out;
}

}  // namespace

std::string Key::describe() const {
  if (key) return key->describe();
  if (foreign) return foreign->describe();
  return why_unusable;
}

Result<Key> read_key(json::Tokenizer& in, std::string_view document, const ForeignKeys& foreign) {
  Key out;
  std::optional<KeyValue> keyval;
  bool has_type = false;
  bool has_scheme = false;
  SLUICE_CHECK(in.enter_object());
  for (;;) {
    SLUICE_TRY(const auto key, in.next_key());
    if (!key) break;
    if (*key == "keytype" || *key == "scheme") {
      const bool is_type = *key == "keytype";
      SLUICE_TRY(const auto text, in.read_string());
      (is_type ? out.keytype : out.scheme_name) = std::string(text);
      (is_type ? has_type : has_scheme) = true;
    } else if (*key == "keyval") {
      SLUICE_TRY(keyval, read_keyval(in, document));
    } else {
      SLUICE_CHECK(in.skip());
    }
  }
  if (!has_type || !has_scheme || !keyval) {
    return fail(in.error_here(Errc::malformed, "a key without keytype, scheme or keyval"));
  }
  make_usable(out, keyval->text, foreign, keyval->json);
  return out;
}

Result<Keys> read_keys(json::Tokenizer& in, std::string_view document, const ForeignKeys& foreign) {
  Keys out;
  SLUICE_CHECK(in.enter_object());
  for (;;) {
    SLUICE_TRY(const auto keyid, in.next_key());
    if (!keyid) return out;
    if (out.size() == kMaxKeys) {
      return fail(in.error_here(Errc::limit, cat("more than ", kMaxKeys, " keys")));
    }
    std::string name(*keyid);
    SLUICE_TRY(auto key, read_key(in, document, foreign));
    out.insert_or_assign(std::move(name), std::move(key));
  }
}

}  // namespace sluice::tuf
