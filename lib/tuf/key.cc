// SPDX-License-Identifier: Apache-2.0
#include "tuf/key.h"

#include <algorithm>
#include <array>

#include "base/codec.h"
#include "base/text.h"
#include "tuf/limits.h"

namespace sluice::tuf {

namespace {

using crypto::HashAlgorithm;
using crypto::KeyType;
using crypto::PublicKey;
using crypto::SchemeKind;

struct KnownScheme {
  std::string_view keytype;  // the second spelling of ECDSA's is the name of its scheme
  std::string_view name;
  crypto::Scheme scheme;
  std::optional<KeyType> type;
};
constexpr std::array kKnownSchemes{
    KnownScheme{
        "ed25519", "ed25519", {SchemeKind::ed25519, HashAlgorithm::sha512}, KeyType::ed25519},
    KnownScheme{"ecdsa",
                "ecdsa-sha2-nistp256",
                {SchemeKind::ecdsa, HashAlgorithm::sha256},
                KeyType::ecdsa_p256},
    KnownScheme{"ecdsa",
                "ecdsa-sha2-nistp384",
                {SchemeKind::ecdsa, HashAlgorithm::sha384},
                KeyType::ecdsa_p384},
    KnownScheme{"ecdsa",
                "ecdsa-sha2-nistp521",
                {SchemeKind::ecdsa, HashAlgorithm::sha512},
                KeyType::ecdsa_p521},
    KnownScheme{
        "rsa", "rsassa-pss-sha256", {SchemeKind::rsa_pss, HashAlgorithm::sha256}, KeyType::rsa},
    KnownScheme{
        "rsa", "rsassa-pss-sha384", {SchemeKind::rsa_pss, HashAlgorithm::sha384}, KeyType::rsa},
    KnownScheme{
        "rsa", "rsassa-pss-sha512", {SchemeKind::rsa_pss, HashAlgorithm::sha512}, KeyType::rsa},
    KnownScheme{
        "rsa", "rsa-pkcs1v15-sha256", {SchemeKind::rsa_pkcs1, HashAlgorithm::sha256}, KeyType::rsa},
    KnownScheme{
        "rsa", "rsa-pkcs1v15-sha384", {SchemeKind::rsa_pkcs1, HashAlgorithm::sha384}, KeyType::rsa},
    KnownScheme{
        "rsa", "rsa-pkcs1v15-sha512", {SchemeKind::rsa_pkcs1, HashAlgorithm::sha512}, KeyType::rsa},
};

const KnownScheme* known_scheme(const Key& key) {
  const auto* const found =
      std::ranges::find(kKnownSchemes, std::string_view(key.scheme_name), &KnownScheme::name);
  if (found == kKnownSchemes.end()) return nullptr;
  const bool ecdsa = found->keytype == "ecdsa";
  return key.keytype == found->keytype || (ecdsa && key.keytype == found->name) ? found : nullptr;
}

// What stands in front of the key's own bytes in the one DER form of an SPKI.
std::string_view spki_head(KeyType type) {
  switch (type) {
    case KeyType::ed25519:
      return "302a300506032b6570032100";
    case KeyType::ecdsa_p256:
      return "3059301306072a8648ce3d020106082a8648ce3d030107034200";
    case KeyType::ecdsa_p384:
      return "3076301006072a8648ce3d020106052b81040022036200";
    case KeyType::ecdsa_p521:
      return "30819b301006072a8648ce3d020106052b8104002303818600";
    case KeyType::rsa:
      break;
  }
  return {};
}

Result<PublicKey> decode_public(const KnownScheme& known, const std::string& text) {
  const bool pem = text.find("-----BEGIN") != std::string::npos;
  if (pem && known.type != KeyType::ed25519) return PublicKey::from_pem(text);
  const std::string_view head = spki_head(*known.type);
  if (head.empty()) return fail(Errc::malformed, "an RSA key that is no PEM");
  return PublicKey::from_der([&]() -> Bytes {
    auto raw = from_hex(lower_ascii(text));
    if (!raw) return {};
    Bytes der = from_hex(head).value();
    der.insert(der.end(), raw->begin(), raw->end());
    return der;
  }());
}

void make_usable(Key& key, const std::optional<std::string>& text, const ForeignKeys& foreign,
                 const std::string& keyval) {
  key.material = cat(key.keytype, "\n", key.scheme_name, "\n", keyval);
  const KnownScheme* known = known_scheme(key);
  if (known == nullptr) {
    if (foreign) key.foreign = foreign({key.keytype, key.scheme_name, keyval});
    // However its value is written: the same one counts once.
    if (key.foreign) key.material = cat("foreign\n", key.foreign->describe());
    if (!key.foreign) {
      key.why_unusable = cat("unsupported: keytype ", printable(key.keytype, 60), ", scheme ",
                             printable(key.scheme_name, 60));
    }
    return;
  }
  auto decoded = text ? decode_public(*known, *text)
                      : Result<PublicKey>(fail(Errc::malformed, "a key without its public part"));
  if (!decoded) {
    key.why_unusable = decoded.error().what;
  } else if (decoded->type() != known->type) {
    key.why_unusable =
        cat("the scheme ", known->name, " with a key of type ", crypto::name(decoded->type()));
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
