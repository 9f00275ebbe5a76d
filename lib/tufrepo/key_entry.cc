// SPDX-License-Identifier: Apache-2.0
#include "tufrepo/key_entry.h"

#include <algorithm>

#include "base/limits.h"
#include "base/text.h"
#include "tufrepo/draft.h"

namespace sluice::tuf {

namespace {

constexpr std::size_t kShortKeyid = 8;
constexpr std::size_t kLongestKeyName = 100;
constexpr std::size_t kLongestKeyid = 200;  // that is shown

Result<RoleKey> key_from_json(std::string_view text) {
  SLUICE_TRY(auto value, json::parse_strict(text, {.bytes = limits::kKeyFile}));
  // securesystemslib's file of a public key has the key itself, or wraps it with its keyid.
  const auto* keyid = value.find("keyid");
  const std::string stated =
      keyid != nullptr && keyid->string() != nullptr ? *keyid->string() : std::string();
  SLUICE_TRY(auto key, parse_role_key(stated, value));
  if (stated.empty()) {
    SLUICE_TRY(key.keyid, compute_keyid(key));
  }
  return key;
}

}  // namespace

Result<Key> understood(const json::Value& key, const ForeignKeys& foreign) {
  const std::string text = json::write(key);
  json::Tokenizer in(text);
  return read_key(in, text, foreign);
}

Result<Key> understood(const RoleKey& key, const ForeignKeys& foreign) {
  return understood(key.json(), foreign);
}

Result<RoleKey> read_public_key(std::string_view text, const ForeignKeys& foreign) {
  if (trim(text).starts_with("-----BEGIN")) {
    SLUICE_TRY(const auto key, crypto::PublicKey::from_pem(text));
    return role_key(key);
  }
  SLUICE_TRY(auto key, key_from_json(text));
  SLUICE_TRY(const auto known, understood(key, foreign));
  if (!known.usable()) return fail(Errc::unsupported, known.why_unusable);
  return key;
}

Result<void> check_key_name(std::string_view name) {
  const bool plain = std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("-_.@+ ").find(c) != std::string_view::npos;
  });
  if (name.empty() || name.size() > kLongestKeyName || !plain || name.front() == '.' ||
      name.front() == ' ' || name.back() == ' ') {
    return fail(Error{Errc::usage,
                      cat("\"", printable(name, kLongestKeyName), "\" cannot be the name of a key")}
                    .advise("letters, digits, and - _ . @ + within"));
  }
  return {};
}

Result<KeyNames> KeyNames::load(Files& files, const Path& folder) {
  KeyNames out;
  if (!files.info(folder)) return out;
  SLUICE_TRY(const auto entries, files.list(folder));
  for (const auto& entry : entries) {
    if (entry.kind != FileKind::file || !entry.name.ends_with(".json")) continue;
    const Path path = folder / entry.name;
    SLUICE_TRY(const auto text, files.read(path, limits::kKeyFile));
    SLUICE_TRY(auto key, within(key_from_json(text), cat("reading ", sluice::shown(path))));
    // Another name was not given by `sluice`, and could look like more than a name.
    std::string name = entry.name.substr(0, entry.name.size() - 5);
    if (check_key_name(name)) out.add(std::move(name), std::move(key));
  }
  return out;
}

void KeyNames::add(std::string name, RoleKey key) {
  by_id_.insert_or_assign(key.keyid.str(), name);
  by_name_.insert_or_assign(std::move(name), std::move(key));
}

std::string KeyNames::shown(const std::string& keyid, std::string_view keytype) const {
  return shown_as(keyid,
                  cat(printable(keytype, 40), " ", printable(keyid.substr(0, kShortKeyid), 40)));
}

std::string KeyNames::shown_as(std::string_view keyid, const std::string& what) const {
  const auto* name = name_of(keyid);
  return name == nullptr ? what : cat(printable(*name, kLongestKeyName), " (", what, ")");
}

std::string KeyNames::shown(const std::string& keyid, const Key& key) const {
  static const KeyNames kNone;
  const auto* name = name_of(keyid);
  const auto* named_key = name == nullptr ? nullptr : named(*name);
  if (named_key == nullptr) return shown(keyid, key.keytype);
  const auto known = understood(*named_key, {});
  // What is not understood without help, an identity, cannot be compared here.
  const bool other = known && known->usable() && known->material != key.material;
  return (other ? kNone : *this).shown(keyid, key.keytype);
}

std::string KeyNames::shown_whole(const std::string& keyid, const json::Value& key,
                                  const std::string& whose) const {
  const auto listed = parse_role_key(keyid, key);
  const auto own = listed ? compute_keyid(*listed) : Result<KeyId>(fail(listed.error()));
  const std::string_view type = listed ? std::string_view(listed->keytype) : "unreadable";
  std::string out =
      whose.empty() ? cat(printable(type, 40), " ", printable(keyid, kLongestKeyid)) : whose;
  const auto* name = name_of(keyid);
  const auto* named_key = name == nullptr ? nullptr : named(*name);
  if (own && named_key != nullptr) {
    const auto of_name = compute_keyid(*named_key);
    if (of_name && *of_name == *own) out = cat(printable(*name, kLongestKeyName), " (", out, ")");
  }
  if (own && own->str() != keyid) out += cat(", whose own keyid is ", own->str());
  return out;
}

const std::string* KeyNames::name_of(std::string_view keyid) const {
  const auto at = by_id_.find(keyid);
  return at == by_id_.end() ? nullptr : &at->second;
}

const RoleKey* KeyNames::named(std::string_view name) const {
  const auto at = by_name_.find(name);
  return at == by_name_.end() ? nullptr : &at->second;
}

Result<void> KeyNames::check_free(std::string_view name, const RoleKey& key) const {
  SLUICE_CHECK(check_key_name(name));
  const auto* other = named(name);
  if (other == nullptr || other->keyid == key.keyid) return {};
  return fail(Error{Errc::denied, cat("the name ", name, " is another key's")}.advise(
      "give it another one: NAME=FILE"));
}

Result<std::string> KeyNames::resolve(std::string_view given,
                                      const std::vector<std::string>& among) const {
  if (const auto* key = named(given)) return key->keyid.str();
  std::vector<std::string> known = among;
  if (known.empty()) {
    for (const auto& [keyid, name] : by_id_) known.push_back(keyid);
  }
  std::vector<std::string> found;
  for (const auto& keyid : known) {
    if (keyid == given) return keyid;
    if (given.size() >= kShortKeyid && keyid.starts_with(given)) found.push_back(keyid);
  }
  if (found.size() == 1) return found[0];
  if (found.size() > 1) {
    return fail(Errc::usage, cat("more than one key begins with ", printable(given, 80)));
  }
  return fail(Error{Errc::not_found, cat("no key is called ", printable(given, 80))}.advise(
      "say its name below keys/, or its keyid as `sluice tuf status` shows it"));
}

}  // namespace sluice::tuf
