// SPDX-License-Identifier: Apache-2.0
// The "delegations" of targets metadata (TUF 4.5): to whom a role leaves which paths. There may be
// tens of thousands, and all are asked for one after the other: roles are found by name and by
// hash prefix without looking at the others.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tuf/metadata.h"

namespace sluice::tuf {

// PATHPATTERN of 4.5: part by part, "*" and "?" within a part, case as it is. All other characters,
// brackets included, stand for themselves.
bool path_matches(std::string_view pattern, std::string_view path);

struct Delegation {
  RoleName role{""};
  RoleKeys keys;
  bool terminating = false;
  std::vector<std::string> paths;          // one of the two is empty
  std::vector<std::string> hash_prefixes;  // lower-case hex
};

// TAP 15: 2^bits roles that are named by number, with the same keys, each for its share of the
// hashes of paths.
struct Bins {
  std::string prefix;
  int bits = 0;
  RoleKeys keys;

  std::uint64_t count() const { return std::uint64_t{1} << static_cast<unsigned>(bits); }
  std::uint64_t number_of(std::string_view path_hash) const;  // its leftmost bits
  RoleName bin(std::uint64_t number) const;
  RoleName bin_of(std::string_view path_hash) const { return bin(number_of(path_hash)); }
  bool names(const RoleName& role) const;  // whether it is one of the bins
};

class Delegations {
 public:
  const Keys& keys() const { return keys_; }
  const std::vector<Delegation>& roles() const { return roles_; }  // in the order that counts
  const std::optional<Bins>& bins() const { return bins_; }        // if so, there are no roles

  const Delegation* find(const RoleName& role) const;   // of roles(); nullptr: none
  const RoleKeys* keys_of(const RoleName& role) const;  // of bins, too; nullptr: not delegated to
  std::size_t size() const { return bins_ ? bins_->count() : roles_.size(); }
  // Those whose paths or hash prefixes cover the path, up to the first that ends the search.
  struct Covering {
    RoleName role;
    bool terminating;
  };
  std::vector<Covering> covering(std::string_view path, std::string_view path_hash) const;

 private:
  friend auto read_delegations(json::Tokenizer& in, std::string_view document,
                               const ForeignKeys& foreign) -> Result<Delegations>;
  struct Prefix {
    std::uint32_t role;
    std::uint32_t number;  // among the role's
  };
  std::string_view text(const Prefix& prefix) const;
  [[nodiscard]] Result<void> index(const json::Tokenizer& in);  // names that are there twice

  Keys keys_;
  std::vector<Delegation> roles_;
  std::optional<Bins> bins_;
  std::vector<std::uint32_t> by_name_;     // of roles_
  std::vector<std::uint32_t> with_paths_;  // of roles_, in their order
  std::vector<Prefix> by_prefix_;          // of all others
  std::vector<std::size_t> prefix_sizes_;  // that there are
};

// Refuses roles beside bins, a role twice, top-level names, thresholds below 1, and delegations
// that have both paths and hash prefixes, or neither.
[[nodiscard]] Result<Delegations> read_delegations(json::Tokenizer& in, std::string_view document,
                                                   const ForeignKeys& foreign);

// SHA-256 of a target's path, in hex: what hash prefixes and bins go by.
std::string path_hash(std::string_view path);

}  // namespace sluice::tuf
