// SPDX-License-Identifier: Apache-2.0
// Targets metadata (TUF 4.5): which files there are. Who else is trusted to say so for which paths
// stands in delegations.h. A file of 100,000 targets is indexed, not built: a target is read when
// it is asked for.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tuf/delegations.h"

namespace sluice::tuf {

struct TargetFile {
  std::string path;
  std::uint64_t length = 0;
  Hashes hashes;
  std::string custom;  // JSON text; empty where there is none
};

struct OpenedTargets;

class Targets {
 public:
  const Header& header() const { return header_; }
  std::size_t count() const { return index_.size(); }
  [[nodiscard]] Result<std::optional<TargetFile>> find(std::string_view path) const;
  // In the order of the document, until `use` fails.
  [[nodiscard]] Result<void> each(const std::function<Result<void>(TargetFile)>& use) const;

  const Delegations& delegations() const { return delegations_; }

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
  Delegations delegations_;
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

}  // namespace sluice::tuf
