// SPDX-License-Identifier: Apache-2.0
// Checkpoints (C2SP tlog-checkpoint): a log's tree head as a signed note.
//
// What names and origins look like in Sigstore, as found in the checkpoints of the conformance
// corpus and in the trust roots that come with them:
//   Rekor v1   origin "rekor.sigstore.dev - 2605736670972794746" (host of the base URL, tree id),
//              signature line "rekor.sigstore.dev"; key id = the first 4 bytes of the log's id,
//              which is SHA-256(SPKI); ECDSA P-256 over the text's SHA-256
//   Rekor v2   origin and signature line "log2025-1.rekor.sigstore.dev" (host of the base URL);
//              key id = the first 4 bytes of the log's id, which is the whole of note_key_hash();
//              Ed25519 over the text; witnesses, and the log's other keys, on further lines in any
//              order
// Names are compared with the base URL for Rekor v2 alone. A Rekor v1 server has its name from an
// option that nobody has to set, and its key id does not depend on it: there the key decides.
// Ports: Rekor v1 has them in its name ("localhost:8000"), Rekor v2 is known by its host without
// one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sigstore/merkle.h"
#include "sigstore/note.h"

namespace sluice::sigstore {

// text and signatures are those of the note: verify_note() takes a checkpoint.
struct Checkpoint : Note {
  std::string origin;
  std::uint64_t size = 0;
  Hash root{};
  std::vector<std::string> extensions;  // lines after the third

  TreeHead head() const { return {size, root}; }
};

// Refuses, beside what parse_note() does: fewer than three lines, an empty line, a size with
// leading zeros or above kTreeMost, a root that is not 32 bytes in canonical base64.
[[nodiscard]] Result<Checkpoint> parse_checkpoint(std::string_view text);

// A log of the trust root, as its checkpoints name it.
struct LogKey {
  std::vector<std::string> names;  // from the base URL: its host; with the port; with the path
  NoteKeyId id;
  crypto::PublicKey key;
  crypto::Scheme scheme;
};

// log_id: its first four bytes are the key id; fewer are malformed, and so is a base URL without a
// host. Key and scheme are the trust root's.
[[nodiscard]] Result<LogKey> log_key(std::string_view base_url, ByteView log_id,
                                     crypto::PublicKey key, crypto::Scheme scheme);

enum class LogMatch : std::uint8_t {
  yes,
  other_log,  // the origin is none of the log's names: the key may sign for several logs
  absent,     // no line has the origin's name and the log's key id
  no,         // such a line's signature is wrong
};

// Did this log sign this checkpoint? The line is that of the origin's name (without the tree id).
[[nodiscard]] Result<LogMatch> verify_checkpoint(const Checkpoint& checkpoint, const LogKey& log);

// "rekor.sigstore.dev" of "rekor.sigstore.dev - 2605736670972794746"; an origin without a decimal
// tree id is a name as it stands.
std::string_view origin_name(std::string_view origin);

}  // namespace sluice::sigstore
