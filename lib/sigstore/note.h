// SPDX-License-Identifier: Apache-2.0
// Signed notes (C2SP signed-note): a text, and lines that each carry one signature over it.
//
// A signature is chosen by the name and the key id of its line, never by trying keys. Lines of
// others are left alone: they have to be well formed, nothing else.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "crypto/key.h"

namespace sluice::sigstore {

inline constexpr std::size_t kNoteBytes = 512U << 10;
inline constexpr std::size_t kNoteSignatures = 64;  // the specification wants at least 16

using NoteKeyId = std::array<std::uint8_t, 4>;

struct NoteSignature {
  std::string name;
  NoteKeyId key_id;
  Bytes bytes;  // at least one
};

struct Note {
  std::string text;  // what is signed: up to the last blank line, with the newline before it
  std::vector<NoteSignature> signatures;  // at least one
};

// Refuses what is no UTF-8, control characters but the newline, a line without its newline, a
// signature line that is not "— NAME BASE64" with a canonical payload of five bytes or more.
[[nodiscard]] Result<Note> parse_note(std::string_view text);

// A name may stand in a signature line: not empty, no blank of Unicode's, no plus, no control.
bool is_note_name(std::string_view name);

// The type of signature, as it goes into verifier keys and key ids.
enum class NoteKind : std::uint8_t {
  ed25519 = 0x01,      // over the text
  ecdsa = 0x02,        // over the text's SHA-256; the key id is that of the key alone
  cosignature = 0x04,  // a witness: over a time and the text (sigstore/witness.h)
};

// The hash whose first four bytes are the key id: SHA-256(name || '\n' || type || 32-byte key);
// for ecdsa SHA-256(SPKI). A log's id in a trust root is the whole of it.
[[nodiscard]] Result<crypto::Digest> note_key_hash(std::string_view name, NoteKind kind,
                                                   const crypto::PublicKey& key);

struct NoteKey {
  std::string name;
  NoteKeyId id;
  crypto::PublicKey key;
  crypto::Scheme scheme;
};

// With the id that this name and key have.
[[nodiscard]] Result<NoteKey> note_key(std::string name, NoteKind kind,
                                       const crypto::PublicKey& key);

// "name+01234567+base64(type || key)": the id must be that of name and key. A type of the future
// (ML-DSA, say) is Errc::unsupported.
struct VerifierKey {
  NoteKind kind;
  NoteKey key;
};
[[nodiscard]] Result<VerifierKey> parse_verifier_key(std::string_view text);
std::string write_verifier_key(const VerifierKey& key);

enum class NoteMatch : std::uint8_t {
  yes,
  absent,  // no line has that name and key id
  no,      // a line has them, and its signature is wrong
};

// All lines with that name and key id must hold: one wrong one is a "no", whatever the others are
// (signed-note, "Signatures"). An Error: the scheme does not go with the key.
[[nodiscard]] Result<NoteMatch> verify_note(const Note& note, const NoteKey& key);

}  // namespace sluice::sigstore
