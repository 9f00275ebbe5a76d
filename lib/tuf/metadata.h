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
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "tuf/envelope.h"
#include "tuf/listed.h"

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

// A file as it came. Shared, since what is read from it stays in it; it never changes.
using Document = std::shared_ptr<const std::string>;

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

  // What it was read from, where the signed part and the value of "meta" stand in that, and the
  // members of "meta" for as long as they are held; nullptr where one is no canonical JSON.
  const Document& document() const { return list_->document; }
  json::Slice part() const { return list_->part; }
  json::Slice meta() const { return list_->meta; }
  std::shared_ptr<const std::vector<Listed>> canonical_entries() const;

 private:
  friend class SnapshotReader;
  struct List {
    Document document;
    json::Slice part = {};
    json::Slice meta = {};
    bool canonical = true;
    std::vector<Listed> entries = {};     // in the document,
    std::deque<std::string> pieces = {};  // or here, where there are escapes or blanks
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
[[nodiscard]] Result<Snapshot> parse_snapshot(std::string_view signed_part);  // which is copied
// `signed_part` is a part of the document, as open_envelope() found it.
[[nodiscard]] Result<Snapshot> parse_snapshot(Document document, std::string_view signed_part);

// Envelope and snapshot in one pass over the document, which is half of the work where it is large.
// Nothing where either is refused: open_envelope() and parse_snapshot() say why.
struct OpenedSnapshot {
  Envelope envelope;
  Snapshot snapshot;
};
std::optional<OpenedSnapshot> open_snapshot(Document document, std::size_t max);
// The same for a document that was completed around its signed part, after parse_snapshot() had
// read that where it stands. Nothing where it holds anything but signatures and that part.
std::optional<OpenedSnapshot> opened_around(const Snapshot& read, std::size_t max);

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
