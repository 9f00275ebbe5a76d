// SPDX-License-Identifier: Apache-2.0
// tuf: The Update Framework, as its client sees it.
//
//   trusted_set.h  the workflow as a pure state machine: bytes in, trusted state or a verdict out
//   client.h       all that it takes around it: requests, mirrors, the cache, the targets
//   metadata.h     root, timestamp, snapshot      targets.h  targets, delegations, hash bins
//   envelope.h     signatures and thresholds      key.h      keys and schemes
//   canonical.h    what signatures are over       limits.h   what a repository may ask of us
//
// Everything is read from tokens, with the bounds of limits.h. Unknown members are kept where they
// are: in the bytes that were signed.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "tuf/envelope.h"

namespace sluice::tuf {

using Version = std::int64_t;
using RoleName = StrongString<struct TufRoleTag>;

// The four roles that root speaks of; a delegated role is of the type targets.
enum class RoleType : std::uint8_t { root, timestamp, snapshot, targets };
std::string_view name(RoleType type);
RoleName role_name(RoleType type);
bool is_top_level(std::string_view role);

// What all have (TUF 4.3).
struct Header {
  std::string type;
  std::string spec_version;
  Version version = 0;
  Time expires{};
};

// What a file says about another one (METAFILES of 4.4, 4.5; TARGETS of 4.6).
struct Hashes {
  bool stated = false;
  std::vector<crypto::Digest> known;  // sha256, sha384, sha512
};
struct FileMeta {
  Version version = 0;
  std::optional<std::uint64_t> length;
  Hashes hashes;
};
// Why these bytes are not what was stated; nothing where they are. Hashes that are stated and all
// of unknown kinds match nothing.
std::optional<std::string> mismatch(const std::optional<std::uint64_t>& length,
                                    const Hashes& hashes, std::string_view bytes);

struct Root {  // 4.3
  Header header;
  bool consistent_snapshot = false;
  Keys keys;
  std::array<RoleKeys, 4> roles;  // by RoleType
  const RoleKeys& role(RoleType type) const { return roles[static_cast<std::size_t>(type)]; }
};

struct Timestamp {  // 4.6
  Header header;
  FileMeta snapshot;
};

// ".json":{"version":1}, about: no snapshot lists more files than it has bytes by this.
inline constexpr std::size_t kLeastListed = 22;

class Snapshot {  // 4.4
 public:
  const Header& header() const { return header_; }
  std::optional<FileMeta> find(const RoleName& role) const;  // nothing where it is not listed
  struct File {
    std::string_view name;  // "targets.json"
    Version version = 0;
  };
  std::size_t count() const { return list_->entries.size(); }
  File file(std::size_t i) const;  // sorted by name

 private:
  friend class SnapshotReader;
  // Of many thousand files most have a version and nothing else: their names are kept in one piece.
  struct Entry {
    std::uint32_t name;
    std::uint32_t name_size;
    Version version;
  };
  struct List {
    std::string names;
    std::vector<Entry> entries;
    std::vector<std::pair<std::uint32_t, FileMeta>> more;  // by where the name is
  };
  Header header_;
  // Shared because it never changes, and a trusted set may be copied.
  std::shared_ptr<const List> list_ = std::make_shared<List>();
};

// "_type", wherever it stands; the rest is not looked at.
[[nodiscard]] Result<std::string> type_of(std::string_view signed_part);

// Each takes "signed" as open_envelope() found it. Errc::malformed also for the wrong type.
[[nodiscard]] Result<Root> parse_root(std::string_view signed_part, const ForeignKeys& foreign);
[[nodiscard]] Result<Timestamp> parse_timestamp(std::string_view signed_part);
[[nodiscard]] Result<Snapshot> parse_snapshot(std::string_view signed_part);

// Envelope and snapshot in one pass over the document, which is half of the work where it is large.
// Nothing where either is refused: open_envelope() and parse_snapshot() say why.
struct OpenedSnapshot {
  Envelope envelope;
  Snapshot snapshot;
};
std::optional<OpenedSnapshot> open_snapshot(std::string_view document, std::size_t max);

// Pieces for targets.cc. read_header_member: false where the key is none of the header's.
[[nodiscard]] Result<bool> read_header_member(json::Tokenizer& in, std::string_view key,
                                              Header& header);
[[nodiscard]] Result<void> check_header(const Header& header, RoleType type);
// The signed part, which comes next: where it is. `member` reads the value of each member that is
// none of the header's.
[[nodiscard]] Result<json::Slice> read_signed_part(
    json::Tokenizer& in, Header& header,
    const std::function<Result<void>(std::string_view key)>& member);
[[nodiscard]] Result<Hashes> read_hashes(json::Tokenizer& in);
[[nodiscard]] Result<std::uint64_t> read_length(json::Tokenizer& in);

}  // namespace sluice::tuf
