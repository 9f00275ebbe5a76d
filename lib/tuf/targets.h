// SPDX-License-Identifier: Apache-2.0
// Targets metadata (TUF 4.6): which files there are, and who else is trusted to say so for which
// paths. A file of 100,000 targets is indexed, not built: a target is read when it is asked for.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tuf/metadata.h"

namespace sluice::tuf {

struct TargetFile {
  std::string path;
  std::uint64_t length = 0;
  Hashes hashes;
  std::string custom;  // JSON text; empty where there is none
};

// PATHPATTERN of 4.5: part by part, "*" and "?" within a part, case as it is. All other characters,
// brackets included, stand for themselves.
bool path_matches(std::string_view pattern, std::string_view path);

struct Delegation {
  RoleName role{""};
  RoleKeys keys;
  bool terminating = false;
  std::vector<std::string> paths;          // one of the two is empty
  std::vector<std::string> hash_prefixes;  // lower-case hex

  bool covers(std::string_view path, std::string_view path_hash) const;
};

// TAP 15: 2^bits roles that are named by number, with the same keys, each for its share of the
// hashes of paths.
struct Bins {
  std::string prefix;
  int bits = 0;
  RoleKeys keys;

  std::uint64_t number_of(std::string_view path_hash) const;  // its leftmost bits
  RoleName bin_of(std::string_view path_hash) const;
  bool names(const RoleName& role) const;  // whether it is one of the bins
};

struct OpenedTargets;

class Targets {
 public:
  const Header& header() const { return header_; }
  std::size_t count() const { return index_.size(); }
  [[nodiscard]] Result<std::optional<TargetFile>> find(std::string_view path) const;
  // In the order of the document, until `use` fails.
  [[nodiscard]] Result<void> each(const std::function<Result<void>(TargetFile)>& use) const;

  const Keys& keys() const { return keys_; }
  const std::vector<Delegation>& delegations() const { return delegations_; }
  const std::optional<Bins>& bins() const { return bins_; }
  // Those that cover the path, in the order in which they count: at most one where there are bins.
  std::vector<Delegation> covering(std::string_view path) const;
  // Of a role that this one delegates to; nothing where it does not.
  std::optional<RoleKeys> keys_of(const RoleName& role) const;

  const std::string& document() const { return *document_; }  // the whole file as it came

 private:
  friend class TargetsReader;
  friend auto parse_targets(Document, std::string_view, const ForeignKeys&) -> Result<Targets>;
  friend auto open_targets(Document, std::size_t, const ForeignKeys&)
      -> std::optional<OpenedTargets>;
  struct Entry {  // in document_
    std::uint32_t key;
    std::uint32_t key_size;
    std::uint32_t value;
    std::uint32_t value_size;
  };
  std::string_view raw_key(const Entry& entry) const;
  std::string_view key(const Entry& entry, std::string& buffer) const;
  [[nodiscard]] Result<TargetFile> read(const Entry& entry) const;

  Document document_;
  Header header_;
  std::vector<Entry> index_;
  bool plain_and_sorted_ = true;
  Keys keys_;
  std::vector<Delegation> delegations_;
  std::optional<Bins> bins_;
};

// `signed_part` is a part of the document, as open_envelope() found it.
[[nodiscard]] Result<Targets> parse_targets(Document document, std::string_view signed_part,
                                            const ForeignKeys& foreign);

// Envelope and targets in one pass over the document, which is half of the work where it is large.
// Nothing where either is refused: open_envelope() and parse_targets() say why.
struct OpenedTargets {
  Envelope envelope;
  Targets targets;
};
std::optional<OpenedTargets> open_targets(Document document, std::size_t max,
                                          const ForeignKeys& foreign);

// SHA-256 of a target's path, in hex: what hash prefixes and bins go by.
std::string path_hash(std::string_view path);

}  // namespace sluice::tuf
