// SPDX-License-Identifier: Apache-2.0
#include "intoto/key.h"

#include <algorithm>

#include "base/text.h"

namespace sluice::intoto {

namespace {

std::string hash_of(const json::Value& value) {
  // Strings alone: these always have a canonical form.
  const std::string form = json::canonical_olpc(value).value_or("");
  return crypto::digest_of(crypto::HashAlgorithm::sha256, bytes_of(form)).hex();
}

json::Value hash_algorithms() { return json::Array{json::Value("sha256"), json::Value("sha512")}; }

json::Value key_values(std::string_view public_text) {
  json::Value out;
  out.set("public", public_text);
  return out;
}

// securesystemslib hashes the PEM with its closing newline, Go without it and with one member more.
// Go calls the scheme of each ECDSA key that of P-256, whatever its curve; it signs by the curve.
std::string python_id_of(const crypto::PublicKey& key, const crypto::MetadataScheme& scheme) {
  json::Value value;
  value.set("keytype", scheme.keytype);
  value.set("scheme", scheme.name);
  value.set("keyval", key_values(crypto::metadata_key_text(key)));
  return hash_of(value);
}

std::string go_id_of(const crypto::PublicKey& key, const crypto::MetadataScheme& scheme) {
  const std::string text = crypto::metadata_key_text(key);
  const bool ecdsa = scheme.scheme.kind == crypto::SchemeKind::ecdsa;
  json::Value value;
  value.set("keytype", scheme.keytype);
  value.set("scheme", ecdsa ? "ecdsa-sha2-nistp256" : scheme.name);
  value.set("keyid_hash_algorithms", hash_algorithms());
  value.set("keyval", key_values(trim(text)));
  return hash_of(value);
}

bool is_key_id(std::string_view text) {
  return !text.empty() && text.size() <= 128 && std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
  });
}

Result<std::string> public_text_of(const json::Fields& keyval) {
  SLUICE_CHECK(keyval.only({"public", "private", "certificate"}));
  if (keyval.has("private")) {
    SLUICE_TRY(const std::string secret, keyval.string("private"));
    if (!secret.empty()) {
      return fail(
          Error{Errc::malformed,
                "there is a private key inside; whoever can read this file can sign with it",
                {},
                "take the private part out, and replace the key: it is no secret any more"});
    }
  }
  return keyval.string("public");
}

}  // namespace

Key::Key(const crypto::PublicKey& key) : Key(key, crypto::default_metadata_scheme(key.type())) {}

Key::Key(crypto::PublicKey key, const crypto::MetadataScheme& scheme)
    : key_(std::move(key)),
      scheme_(&scheme),
      python_id_(python_id_of(key_, scheme)),
      go_id_(go_id_of(key_, scheme)) {}

Result<Key> Key::parse(const json::Fields& fields) {
  if (fields.has("method") || fields.has("subkeys")) {
    return fail(Errc::unsupported, cat(fields.path(), " is a GPG key"));
  }
  SLUICE_CHECK(fields.only({"keyid", "keyid_hash_algorithms", "keytype", "keyval", "scheme"}));
  SLUICE_TRY(const std::string keytype, fields.string("keytype"));
  SLUICE_TRY(const std::string scheme, fields.string("scheme"));
  SLUICE_TRY(const auto keyval, fields.object("keyval"));
  const auto* known = crypto::find_metadata_scheme(keytype, scheme);
  if (known == nullptr) {
    return fail(Errc::unsupported, cat(fields.path(), ": keytype ", printable(keytype, 60),
                                       " with the scheme ", printable(scheme, 60)));
  }
  SLUICE_TRY(const std::string text, public_text_of(keyval));
  SLUICE_TRY(auto material, within(crypto::read_metadata_key(*known, trim(text)), fields.path()));
  Key out(std::move(material), *known);
  if (fields.has("keyid")) {
    SLUICE_TRY(out.listed_id_, fields.string("keyid"));
    if (!is_key_id(out.listed_id_)) {
      return fail(Errc::malformed, cat(fields.path(), ".keyid is no hex"));
    }
  }
  if (keyval.has("certificate")) {
    SLUICE_TRY(out.certificate_, keyval.string("certificate"));
  }
  return out;
}

std::vector<std::string> Key::ids() const {
  std::vector<std::string> out;
  for (const std::string* each : {&listed_id_, &python_id_, &go_id_}) {
    if (!each->empty() && std::ranges::find(out, *each) == out.end()) out.push_back(*each);
  }
  return out;
}

json::Value Key::to_json(std::string_view id) const {
  json::Value out;
  out.set("keyid", id);
  out.set("keyid_hash_algorithms", hash_algorithms());
  out.set("keytype", scheme_->keytype);
  json::Value values = key_values(crypto::metadata_key_text(key_));
  if (!certificate_.empty()) values.set("certificate", certificate_);
  out.set("keyval", std::move(values));
  out.set("scheme", scheme_->name);
  return out;
}

std::string Key::describe() const { return cat(key_.describe(), " ", id().substr(0, 8)); }

Result<crypto::PrivateKey> metadata_signer(const crypto::PrivateKey& key) {
  return key.with_scheme(crypto::default_metadata_scheme(key.public_key().type()).scheme);
}

std::string identity_id(std::string_view signer) {
  json::Value value;
  value.set("identity", signer);
  return hash_of(value);
}

}  // namespace sluice::intoto
