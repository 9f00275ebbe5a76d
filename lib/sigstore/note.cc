// SPDX-License-Identifier: Apache-2.0
#include "sigstore/note.h"

#include <algorithm>
#include <optional>

#include "base/codec.h"
#include "base/text.h"

namespace sluice::sigstore {

namespace {

using crypto::PublicKey;
using crypto::Scheme;

constexpr std::string_view kSignatureStart = "\xE2\x80\x94 ";  // em dash, blank
constexpr std::size_t kNameShown = 100;

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20; }

// Unicode's White_Space beyond ASCII, in UTF-8: U+0085, U+00A0, U+1680, U+2000 to U+200A, U+2028,
// U+2029, U+202F, U+205F, U+3000. Valid UTF-8 has none of them across two characters.
bool has_wide_blank(std::string_view text) {
  constexpr std::array<std::string_view, 8> kBlanks = {
      "\xC2\x85",     "\xC2\xA0",     "\xE1\x9A\x80", "\xE2\x80\xA8",
      "\xE2\x80\xA9", "\xE2\x80\xAF", "\xE2\x81\x9F", "\xE3\x80\x80"};
  if (std::ranges::any_of(kBlanks, [&](std::string_view one) { return text.contains(one); })) {
    return true;
  }
  constexpr std::string_view kSpaces = "\xE2\x80";
  for (auto at = text.find(kSpaces); at != text.npos; at = text.find(kSpaces, at + 1)) {
    const auto last = static_cast<unsigned char>(at + 2 < text.size() ? text[at + 2] : '\0');
    if (last >= 0x80 && last <= 0x8A) return true;
  }
  return false;
}

Result<void> check_characters(std::string_view text) {
  if (text.size() > kNoteBytes) {
    return fail(Errc::limit, cat("a signed note of more than ", human_bytes(kNoteBytes)));
  }
  if (!is_utf8(text)) return fail(Errc::malformed, "the signed note is not UTF-8");
  if (std::ranges::any_of(text, [](char c) { return is_control(c) && c != '\n'; })) {
    return fail(Errc::malformed, "the signed note has a control character");
  }
  if (!text.ends_with('\n')) {
    return fail(Errc::malformed, "the signed note does not end with a newline");
  }
  return {};
}

Result<NoteSignature> parse_signature_line(std::string_view line) {
  if (!line.starts_with(kSignatureStart)) {
    return fail(Errc::malformed, "it does not begin with an em dash and a blank");
  }
  line.remove_prefix(kSignatureStart.size());
  const auto blank = line.find(' ');
  if (blank == line.npos) return fail(Errc::malformed, "it is not a name and a signature");
  NoteSignature out{.name = std::string(line.substr(0, blank)), .key_id = {}, .bytes = {}};
  if (!is_note_name(out.name)) {
    return fail(Errc::malformed, cat("\"", printable(out.name, kNameShown), "\" is no key name"));
  }
  SLUICE_TRY(const Bytes payload, from_base64(line.substr(blank + 1)));
  if (payload.size() <= out.key_id.size()) {
    return fail(Errc::malformed, "there is no signature behind the key id");
  }
  std::copy_n(payload.begin(), out.key_id.size(), out.key_id.begin());
  out.bytes.assign(payload.begin() + static_cast<std::ptrdiff_t>(out.key_id.size()), payload.end());
  return out;
}

bool is_ecdsa(const PublicKey& key) {
  using enum crypto::KeyType;
  return key.type() == ecdsa_p256 || key.type() == ecdsa_p384 || key.type() == ecdsa_p521;
}

Scheme scheme_of(NoteKind kind) {
  using crypto::HashAlgorithm;
  using crypto::SchemeKind;
  if (kind == NoteKind::ecdsa) return {SchemeKind::ecdsa, HashAlgorithm::sha256};
  return {SchemeKind::ed25519, HashAlgorithm::sha512};
}

// The kind and the key of what stands behind the key id of a verifier key.
Result<std::pair<NoteKind, PublicKey>> parse_key_material(ByteView material) {
  if (material.empty()) return fail(Errc::malformed, "there is no key behind the key id");
  const ByteView key = material.subspan(1);
  switch (static_cast<NoteKind>(material.front())) {
    case NoteKind::ed25519:
    case NoteKind::cosignature: {
      SLUICE_TRY(auto ed25519, PublicKey::from_ed25519(key));
      return std::pair{static_cast<NoteKind>(material.front()), std::move(ed25519)};
    }
    case NoteKind::ecdsa: {
      SLUICE_TRY(auto ecdsa, PublicKey::from_der(key));
      return std::pair{NoteKind::ecdsa, std::move(ecdsa)};
    }
  }
  return fail(Errc::unsupported, cat("a key of signature type ", unsigned{material.front()},
                                     "; 1 (Ed25519), 2 (ECDSA) and 4 (cosignatures of Ed25519) "
                                     "are known"));
}

}  // namespace

bool is_note_name(std::string_view name) {
  return !name.empty() && is_utf8(name) && !has_wide_blank(name) &&
         std::ranges::none_of(name, [](char c) { return is_control(c) || c == ' ' || c == '+'; });
}

Result<Note> parse_note(std::string_view text) {
  SLUICE_CHECK(check_characters(text));
  const auto gap = text.rfind("\n\n");
  if (gap == text.npos) {
    return fail(Errc::malformed, "no blank line between the note's text and its signatures");
  }
  Note note;
  note.text = text.substr(0, gap + 1);
  text.remove_prefix(gap + 2);
  if (text.empty()) return fail(Errc::malformed, "the note has no signature");
  text.remove_suffix(1);
  const auto lines = split(text, '\n');
  if (lines.size() > kNoteSignatures) {
    return fail(Errc::limit, cat("a note with more than ", kNoteSignatures, " signatures"));
  }
  for (const auto line : lines) {
    SLUICE_TRY(auto signature,
               within(parse_signature_line(line),
                      cat("reading signature ", note.signatures.size() + 1, " of the note")));
    note.signatures.push_back(std::move(signature));
  }
  return note;
}

Result<crypto::Digest> note_key_hash(std::string_view name, NoteKind kind, const PublicKey& key) {
  if (!is_note_name(name)) {
    return fail(Errc::malformed, cat("\"", printable(name, kNameShown), "\" is no key name"));
  }
  if (kind == NoteKind::ecdsa && is_ecdsa(key)) return key.fingerprint();
  if (kind == NoteKind::ecdsa || key.ed25519().empty()) {
    return fail(Errc::unsupported,
                cat("a key of the kind ", key.describe(), " for signatures of type ",
                    static_cast<unsigned>(kind), " of signed notes"));
  }
  crypto::Hasher hasher(crypto::HashAlgorithm::sha256);
  hasher.update(bytes_of(name));
  const std::array<std::uint8_t, 2> type{'\n', static_cast<std::uint8_t>(kind)};
  hasher.update(type);
  hasher.update(key.ed25519());
  return hasher.finish();
}

Result<NoteKey> note_key(std::string name, NoteKind kind, const PublicKey& key) {
  SLUICE_TRY(const auto hash, note_key_hash(name, kind, key));
  NoteKey out{.name = std::move(name), .id = {}, .key = key, .scheme = scheme_of(kind)};
  std::copy_n(hash.bytes().begin(), out.id.size(), out.id.begin());
  return out;
}

Result<VerifierKey> parse_verifier_key(std::string_view text) {
  const auto first = text.find('+');
  const auto second = first == text.npos ? text.npos : text.find('+', first + 1);
  if (second == text.npos) {
    return fail(Errc::malformed, "a verifier key is NAME+ID+KEY, with the id in hex");
  }
  SLUICE_TRY(const Bytes id, within(from_hex(text.substr(first + 1, second - first - 1)),
                                    "reading the id of a verifier key"));
  SLUICE_TRY(const Bytes material,
             within(from_base64(text.substr(second + 1)), "reading the key of a verifier key"));
  SLUICE_TRY(auto parsed, parse_key_material(material));
  SLUICE_TRY(auto key, note_key(std::string(text.substr(0, first)), parsed.first, parsed.second));
  if (!equal(id, key.id)) {
    return fail(Errc::malformed, cat("the verifier key's id is ", to_hex(id).substr(0, 16),
                                     ", but that of its name and key is ", to_hex(key.id)));
  }
  return VerifierKey{parsed.first, std::move(key)};
}

std::string write_verifier_key(const VerifierKey& key) {
  Bytes material{static_cast<std::uint8_t>(key.kind)};
  const ByteView raw =
      key.kind == NoteKind::ecdsa ? ByteView(key.key.key.der()) : key.key.key.ed25519();
  material.insert(material.end(), raw.begin(), raw.end());
  return cat(key.key.name, "+", to_hex(key.key.id), "+", to_base64(material));
}

Result<NoteMatch> verify_note(const Note& note, const NoteKey& key) {
  std::optional<crypto::Message> message;
  for (const auto& one : note.signatures) {
    if (one.key_id != key.id || one.name != key.name) continue;
    if (!message) {
      SLUICE_TRY(message, crypto::Message::of(key.scheme, bytes_of(note.text)));
    }
    SLUICE_TRY(const auto match, crypto::verify(key.key, *message, one.bytes));
    if (match == crypto::Match::no) return NoteMatch::no;
  }
  return message ? NoteMatch::yes : NoteMatch::absent;
}

}  // namespace sluice::sigstore
