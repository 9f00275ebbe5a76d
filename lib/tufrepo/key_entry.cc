// SPDX-License-Identifier: Apache-2.0
#include "tufrepo/key_entry.h"

#include <algorithm>

#include "base/limits.h"
#include "base/text.h"
#include "tufrepo/draft.h"
#include "tufrepo/word.h"

namespace sluice::tuf {

namespace {

constexpr std::size_t kShortKeyid = 8;
constexpr std::size_t kLongestKeyName = 100;
constexpr std::size_t kLongestKeytype = 40;  // that is shown

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

std::string type_and_keyid(std::string_view keytype, std::string_view keyid) {
  return cat(as_word(keytype, kLongestKeytype), " ", as_word(keyid.substr(0, kShortKeyid)));
}

// Of what nobody here can read, an identity without those who know it: by all that it says.
bool is_same(const RoleKey& named, const Key& listed) {
  const auto known = understood(named, {});
  if (known && known->usable()) return known->material == listed.material;
  if (listed.key || listed.keytype != named.keytype || listed.scheme_name != named.scheme) {
    return false;
  }
  const auto keyval = json::parse_strict(listed.keyval);
  return keyval && sorted_json(*keyval) == sorted_json(named.keyval);
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
  return with_name(name_of(keyid), type_and_keyid(keytype, keyid));
}

std::string KeyNames::shown(const std::string& keyid, const Key& key) const {
  const auto* named_key = key_called_by(keyid);
  const bool same = named_key != nullptr && is_same(*named_key, key);
  return with_name(same ? name_of(keyid) : nullptr, key.foreign != nullptr
                                                        ? key.foreign->describe()
                                                        : type_and_keyid(key.keytype, keyid));
}

std::string KeyNames::shown_whole(const std::string& keyid, const json::Value& key,
                                  const std::string& whose) const {
  const auto listed = parse_role_key(keyid, key);
  const auto own = listed ? compute_keyid(*listed) : Result<KeyId>(fail(listed.error()));
  const std::string_view type = listed ? std::string_view(listed->keytype) : "unreadable";
  std::string out = with_name(name_of(keyid, key),
                              whose.empty() ? cat(as_word(type), " ", as_word(keyid)) : whose);
  if (own && own->str() != keyid) out += cat(", whose own keyid is ", own->str());
  return out;
}

std::string KeyNames::with_name(const std::string* name, const std::string& what) {
  return name == nullptr ? what : cat(printable(*name, kLongestKeyName), " (", what, ")");
}

const RoleKey* KeyNames::key_called_by(std::string_view keyid) const {
  const auto* name = name_of(keyid);
  return name == nullptr ? nullptr : named(*name);
}

const std::string* KeyNames::name_of(std::string_view keyid, const json::Value& key) const {
  const auto* named_key = key_called_by(keyid);
  if (named_key == nullptr) return nullptr;
  const auto listed = parse_role_key(keyid, key);
  const auto own = listed ? compute_keyid(*listed) : Result<KeyId>(fail(listed.error()));
  const auto of_name = compute_keyid(*named_key);
  return own && of_name && *own == *of_name ? name_of(keyid) : nullptr;
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
