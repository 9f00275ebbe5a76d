// SPDX-License-Identifier: Apache-2.0
#include "tufrepo/role_key.h"

#include "base/codec.h"
#include "base/text.h"
#include "tufrepo/pkcs11.h"
#include "tufrepo/role_key_parts.h"
#include "tufrepo/word.h"

namespace sluice::tuf {

namespace {

std::string_view default_scheme_name(crypto::KeyType type) {
  switch (type) {
    case crypto::KeyType::ed25519:
      return "ed25519";
    case crypto::KeyType::ecdsa_p256:
      return "ecdsa-sha2-nistp256";
    case crypto::KeyType::ecdsa_p384:
      return "ecdsa-sha2-nistp384";
    case crypto::KeyType::ecdsa_p521:
      return "ecdsa-sha2-nistp521";
    case crypto::KeyType::rsa:
      return "rsassa-pss-sha256";
  }
  return {};
}

std::string_view key_type_name(crypto::KeyType type) {
  if (type == crypto::KeyType::ed25519) return "ed25519";
  return type == crypto::KeyType::rsa ? "rsa" : "ecdsa";
}

}  // namespace

json::Value RoleKey::json() const {
  return json::Object{{"keytype", keytype}, {"keyval", keyval}, {"scheme", scheme}};
}

std::string RoleKey::describe() const {
  if (keytype == "sigstore-oidc") {
    const json::Value* identity = keyval.find("identity");
    const std::string* text = identity == nullptr ? nullptr : identity->string();
    return cat("identity ", text == nullptr ? "?" : as_word(*text, 200));
  }
  return cat(printable(keytype, 40), " ", printable(keyid.str(), 12));
}

Result<KeyId> compute_keyid(const RoleKey& key) {
  SLUICE_TRY(const std::string text, json::canonical_olpc(key.json()));
  return KeyId(crypto::digest_of(crypto::HashAlgorithm::sha256, bytes_of(text)).hex());
}

Result<RoleKey> role_key(const crypto::PublicKey& key, std::string_view scheme) {
  RoleKey out;
  out.keytype = std::string(key_type_name(key.type()));
  out.scheme = std::string(scheme.empty() ? default_scheme_name(key.type()) : scheme);
  const bool raw = key.type() == crypto::KeyType::ed25519;
  out.keyval = json::Object{{"public", raw ? to_hex(key.ed25519()) : key.pem()}};
  SLUICE_CHECK(usable_key(out));
  SLUICE_TRY(out.keyid, compute_keyid(out));
  return out;
}

Result<RoleKey> identity_key(std::string_view identity, std::string_view issuer) {
  if (identity.empty() || issuer.empty()) {
    return fail(Errc::usage, "an identity needs a name and an issuer");
  }
  RoleKey out;
  out.keytype = "sigstore-oidc";
  out.scheme = "Fulcio";
  out.keyval = json::Object{{"identity", identity}, {"issuer", issuer}};
  SLUICE_TRY(out.keyid, compute_keyid(out));
  return out;
}

Result<RoleKey> parse_role_key(std::string_view keyid, const json::Value& value) {
  const json::Fields fields(value, cat("key ", printable(keyid, 12)));
  RoleKey out;
  out.keyid = KeyId(std::string(keyid));
  SLUICE_TRY(out.keytype, fields.string("keytype"));
  SLUICE_TRY(out.scheme, fields.string("scheme"));
  SLUICE_TRY(const auto keyval, fields.object("keyval"));
  out.keyval = keyval.value();
  return out;
}

std::optional<std::string> variable_of(const std::string& source) {
  constexpr std::string_view kVariable = "env:";
  std::string where = source;
  if (source.starts_with("pkcs11:")) {
    const auto uri = parse_pkcs11_uri(source);
    where = uri ? uri->pin_source : std::string();
  }
  if (!where.starts_with(kVariable)) return std::nullopt;
  return where.substr(kVariable.size());
}

Result<Key> usable_key(const RoleKey& key) {
  const std::string text = json::write(key.json());
  json::Tokenizer in(text);
  SLUICE_TRY(Key out, read_key(in, text, {}));
  if (!out.key)
    return fail(Errc::unsupported, cat("the key ", key.describe(), ": ", out.why_unusable));
  return out;
}

Result<RoleSignature> checked_signature(const RoleKey& key, const Key& usable,
                                        std::string_view message, ByteView signature) {
  SLUICE_TRY(const auto match,
             crypto::verify(*usable.key, *usable.scheme, bytes_of(message), signature));
  if (match != crypto::Match::yes) {
    return fail(Errc::denied, cat("what was answered is no signature by ", key.describe()));
  }
  return RoleSignature{key.keyid, to_hex(signature), ""};
}

Result<RoleKey> settle_key(const crypto::PublicKey& found, const SignerOptions& options,
                           std::string_view where) {
  if (!options.expected) return role_key(found, options.scheme);
  SLUICE_TRY(const Key usable, usable_key(*options.expected));
  if (*usable.key == found) return *options.expected;
  SLUICE_TRY(const RoleKey other, role_key(found));
  return fail(Error{Errc::denied, cat(printable(where, 200), " is ", other.describe(), ", not ",
                                      options.expected->describe())}
                  .advise("name the key that the metadata lists"));
}

}  // namespace sluice::tuf
