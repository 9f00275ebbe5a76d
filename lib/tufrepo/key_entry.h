// SPDX-License-Identifier: Apache-2.0
// Public keys as people hand them in, and what people call them.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/files.h"
#include "tuf/key.h"
#include "tufrepo/role_key.h"

namespace sluice::tuf {

// A PEM public key, a TUF key in JSON, with or without its "keyid". Errc::unsupported for a key
// that no signature could ever count for.
[[nodiscard]] Result<RoleKey> read_public_key(std::string_view text, const ForeignKeys& foreign);
// As clients understand it.
[[nodiscard]] Result<Key> understood(const RoleKey& key, const ForeignKeys& foreign);
[[nodiscard]] Result<Key> understood(const json::Value& key, const ForeignKeys& foreign);

// "ops-a", "release bot 2": letters, digits, and "-_.@ " within.
[[nodiscard]] Result<void> check_key_name(std::string_view name);

// The folder keys/ of a repository: NAME.json holds a key, and its name is what people call it.
class KeyNames {
 public:
  [[nodiscard]] static Result<KeyNames> load(Files& files, const Path& folder);
  // "ops-a (ed25519 3b688a2c)", or "ed25519 3b688a2c" where it has no name.
  std::string shown(const std::string& keyid, std::string_view keytype) const;
  // The same, but by its name only where the key of that name is this one. An identity by who it
  // is.
  std::string shown(const std::string& keyid, const Key& key) const;
  // As metadata lists it: with the whole keyid, or with whose it is where that is known.
  std::string shown_whole(const std::string& keyid, const json::Value& key,
                          const std::string& whose = {}) const;
  const std::string* name_of(std::string_view keyid) const;
  // nullptr also where the key of that name is not what metadata lists under the keyid.
  const std::string* name_of(std::string_view keyid, const json::Value& key) const;
  const RoleKey* named(std::string_view name) const;
  // Errc::denied where the name is another key's; Errc::usage where it can be none's.
  [[nodiscard]] Result<void> check_free(std::string_view name, const RoleKey& key) const;
  void add(std::string name, RoleKey key);
  const std::map<std::string, RoleKey, std::less<>>& all() const { return by_name_; }
  // By name or keyid or the beginning of a keyid (8 characters at least); of `among` where it is
  // not empty. Errc::not_found, or Errc::usage where it could be more than one.
  [[nodiscard]] Result<std::string> resolve(std::string_view given,
                                            const std::vector<std::string>& among) const;

 private:
  static std::string with_name(const std::string* name, const std::string& what);
  const RoleKey* key_called_by(std::string_view keyid) const;

  std::map<std::string, std::string, std::less<>> by_id_;
  std::map<std::string, RoleKey, std::less<>> by_name_;
};

}  // namespace sluice::tuf
