// SPDX-License-Identifier: Apache-2.0
#include "sigstore/note.h"

#include <gtest/gtest.h>

#include "base/codec.h"
#include "base/text.h"
#include "crypto/private_key.h"

namespace sluice::sigstore {
namespace {

using crypto::KeyType;
using crypto::PrivateKey;

// The example of the specification of signed notes, without its key.
constexpr std::string_view kExample =
    "Ognuno sta solo sul cuor della terra\n"
    "trafitto da un raggio di sole:\n"
    "\n"
    "ed è subito sera.\n"
    "\n"
    "— quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQ"
    "U0xMcXxj99ihAQwaqP3ZekRwNtIc=\n";

// Key name, key and id of Go's module checksum database, known to every Go toolchain.
constexpr std::string_view kGoSumKey =
    "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8";

const PrivateKey& note_signer(KeyType type) {
  static const auto ed25519 = PrivateKey::generate(KeyType::ed25519).value();
  static const auto ecdsa = PrivateKey::generate(KeyType::ecdsa_p256).value();
  static const auto rsa = PrivateKey::generate(KeyType::rsa, 2048).value();
  if (type == KeyType::rsa) return rsa;
  return type == KeyType::ed25519 ? ed25519 : ecdsa;
}

std::string signature_line(std::string_view name, const NoteKeyId& id, ByteView signature) {
  Bytes payload(id.begin(), id.end());
  payload.insert(payload.end(), signature.begin(), signature.end());
  return cat("— ", name, " ", to_base64(payload), "\n");
}

std::string signed_line(const NoteKey& key, KeyType type, std::string_view text) {
  const auto message = crypto::Message::of(key.scheme, bytes_of(text)).value();
  return signature_line(key.name, key.id, note_signer(type).sign(message).value());
}

NoteKey ed25519_key(std::string name = "log.test") {
  return note_key(std::move(name), NoteKind::ed25519, note_signer(KeyType::ed25519).public_key())
      .value();
}

Errc note_refusal(std::string_view text) {
  const auto note = parse_note(text);
  return note ? Errc::internal : note.error().code;
}

TEST(Note, IsTextAndSignatures) {
  const auto note = parse_note(kExample);
  ASSERT_TRUE(note) << note.error().text();
  EXPECT_EQ(note->text, kExample.substr(0, kExample.find("\n—")));
  ASSERT_EQ(note->signatures.size(), 1U);
  EXPECT_EQ(note->signatures[0].name, "quasimodo.example/salvatore");
  EXPECT_EQ(to_hex(note->signatures[0].key_id), "367ba04b");
  EXPECT_EQ(note->signatures[0].bytes.size(), 64U);
}

TEST(Note, EveryLineEndsWithANewline) {
  EXPECT_TRUE(parse_note("a\n\n— b AAAAAAE=\n"));
  EXPECT_EQ(note_refusal("a\n\n— b AAAAAAE="), Errc::malformed);
  EXPECT_EQ(note_refusal("a\n\n— b AAAAAAE=\r\n"), Errc::malformed);
  EXPECT_EQ(note_refusal(""), Errc::malformed);
  EXPECT_EQ(note_refusal("\n"), Errc::malformed);
}

TEST(Note, SignaturesStandBehindTheLastBlankLine) {
  EXPECT_EQ(parse_note("a\n\n\n— b AAAAAAE=\n")->text, "a\n\n");
  EXPECT_EQ(note_refusal("a\n— b AAAAAAE=\n"), Errc::malformed);
  EXPECT_EQ(note_refusal("a\n\n"), Errc::malformed);
  EXPECT_EQ(note_refusal("a\n\n— b AAAAAAE=\n\n"), Errc::malformed);
  EXPECT_EQ(note_refusal("\n— b AAAAAAE=\n"), Errc::malformed);
}

TEST(Note, SignatureLinesAreDashNameAndBase64) {
  EXPECT_EQ(parse_note("a\n\n— b AAAAAAE=\n— c AAAAAAEC\n")->signatures.size(), 2U);
  for (const auto* bad :
       {"- b AAAAAAE=", "– b AAAAAAE=", "—b AAAAAAE=", "—  b AAAAAAE=", "— b", "— b ",
        "— b  AAAAAAE=", "— b AAAAAAE= ", "— b AAAAAAE", "— b AAAAAAF=", "— b AAAAAA==",
        "— b+c AAAAAAE=", "— b\302\240c AAAAAAE=", "b AAAAAAE=", " — b AAAAAAE="}) {
    EXPECT_EQ(note_refusal(cat("a\n\n", bad, "\n")), Errc::malformed) << bad;
    // Those of others have to be well formed as well.
    EXPECT_EQ(note_refusal(cat("a\n\n— b AAAAAAE=\n", bad, "\n")), Errc::malformed) << bad;
  }
}

TEST(Note, HasNoControlCharactersAndIsUtf8) {
  EXPECT_TRUE(parse_note("\xC3\xA8\x7F\n\n— b AAAAAAE=\n"));
  EXPECT_EQ(note_refusal("a\tb\n\n— b AAAAAAE=\n"), Errc::malformed);
  EXPECT_EQ(note_refusal(std::string("a\0b\n\n— b AAAAAAE=\n", 19)), Errc::malformed);
  EXPECT_EQ(note_refusal("\xC3\n\n— b AAAAAAE=\n"), Errc::malformed);
}

TEST(Note, HasLimits) {
  const auto with = [](std::size_t signatures) {
    std::string text = "a\n\n";
    for (std::size_t i = 0; i < signatures; ++i) text += "— b AAAAAAE=\n";
    return text;
  };
  EXPECT_TRUE(parse_note(with(kNoteSignatures)));
  EXPECT_EQ(note_refusal(with(kNoteSignatures + 1)), Errc::limit);
  const std::string end = "\n\n— b AAAAAAE=\n";
  EXPECT_TRUE(parse_note(cat(std::string(kNoteBytes - end.size(), 'a'), end)));
  EXPECT_EQ(note_refusal(cat(std::string(kNoteBytes - end.size() + 1, 'a'), end)), Errc::limit);
}

TEST(NoteNames, HaveNoBlanksOfAnyKindAndNoPlus) {
  for (const auto* good : {"a", "example.com/behind-the-sofa", "localhost:8000", "\xC3\xA8",
                           "\xE2\x80\x8B", "\xE2\x80\x94", "a\342\200\223"}) {
    EXPECT_TRUE(is_note_name(good)) << good;
  }
  for (const auto* bad : {"", "a b", "a+b", "a\tb", "a\nb", "\xC2\x85", "a\xC2\xA0", "\xE1\x9A\x80",
                          "\xE2\x80\x80", "a\xE2\x80\x94\xE2\x80\x8A", "\xE2\x80\xA8",
                          "\xE2\x80\xAF", "\xE2\x81\x9F", "\xE3\x80\x80", "\xFF"}) {
    EXPECT_FALSE(is_note_name(bad)) << printable(bad);
  }
}

TEST(VerifierKeys, AreReadAndWritten) {
  const auto key = parse_verifier_key(kGoSumKey);
  ASSERT_TRUE(key) << key.error().text();
  EXPECT_EQ(key->kind, NoteKind::ed25519);
  EXPECT_EQ(key->key.name, "sum.golang.org");
  EXPECT_EQ(to_hex(key->key.id), "033de0ae");
  EXPECT_EQ(write_verifier_key(*key), kGoSumKey);
  for (const NoteKind kind : {NoteKind::ed25519, NoteKind::ecdsa, NoteKind::cosignature}) {
    const auto& of = note_signer(kind == NoteKind::ecdsa ? KeyType::ecdsa_p256 : KeyType::ed25519);
    const VerifierKey made{kind, note_key("log.test", kind, of.public_key()).value()};
    const auto again = parse_verifier_key(write_verifier_key(made));
    ASSERT_TRUE(again) << again.error().text();
    EXPECT_EQ(again->kind, kind);
    EXPECT_EQ(again->key.id, made.key.id);
    EXPECT_EQ(again->key.key, made.key.key);
    EXPECT_EQ(again->key.scheme, made.key.scheme);
  }
}

TEST(VerifierKeys, HaveTheIdOfTheirNameAndKey) {
  const auto code = [](std::string_view text) {
    const auto key = parse_verifier_key(text);
    return key ? Errc::internal : key.error().code;
  };
  std::string text(kGoSumKey);
  EXPECT_EQ(code(text), Errc::internal);
  for (const auto* bad :
       {"sum.golang.org+033de0af+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8",    // another id
        "sum.golang.orh+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8",    // another name
        "sum.golang.org+033de0ae+BM4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8",    // another type
        "sum.golang.org+033DE0AE+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8",    // capitals
        "sum.golang.org+033de0ae00+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8",  // five bytes
        "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAk=",    // a short key
        "sum.golang.org+033de0ae+", "sum.golang.org+033de0ae", "sum.golang.org", "", "++",
        "+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8",
        "sum golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"}) {
    EXPECT_EQ(code(bad), Errc::malformed) << bad;
  }
  EXPECT_EQ(code("sum.golang.org+033de0ae+Bs4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"),
            Errc::unsupported);
}

TEST(VerifierKeys, AreOfTheKindOfTheirType) {
  const auto of = [](NoteKind kind, KeyType type) {
    return note_key("log.test", kind, note_signer(type).public_key());
  };
  EXPECT_TRUE(of(NoteKind::ecdsa, KeyType::ecdsa_p256));
  EXPECT_EQ(of(NoteKind::ecdsa, KeyType::ed25519).error().code, Errc::unsupported);
  EXPECT_TRUE(of(NoteKind::ed25519, KeyType::ed25519));
  EXPECT_EQ(of(NoteKind::ed25519, KeyType::ecdsa_p256).error().code, Errc::unsupported);
  EXPECT_EQ(of(NoteKind::cosignature, KeyType::rsa).error().code, Errc::unsupported);
  EXPECT_EQ(
      note_key("a b", NoteKind::ed25519, note_signer(KeyType::ed25519).public_key()).error().code,
      Errc::malformed);
}

TEST(NoteSignatures, AreChosenByNameAndKeyId) {
  const NoteKey key = ed25519_key();
  const std::string good = signed_line(key, KeyType::ed25519, "text\n");
  const auto match = [&](std::string_view lines, std::string_view text = "text\n") {
    return verify_note(parse_note(cat(text, "\n", lines)).value(), key).value();
  };
  EXPECT_EQ(match(good), NoteMatch::yes);
  EXPECT_EQ(match(good, "texu\n"), NoteMatch::no);
  EXPECT_EQ(match(good, "text\ntext\n"), NoteMatch::no);

  const Bytes signature = parse_note(cat("text\n\n", good))->signatures[0].bytes;
  NoteKeyId other_id = key.id;
  other_id[3] ^= 1U;
  EXPECT_EQ(match(signature_line(key.name, key.id, signature)), NoteMatch::yes);
  EXPECT_EQ(match(signature_line(key.name, other_id, signature)), NoteMatch::absent);
  EXPECT_EQ(match(signature_line("other.test", key.id, signature)), NoteMatch::absent);
  EXPECT_EQ(match(signature_line(key.name, key.id, ByteView(signature).first(63))), NoteMatch::no);
}

TEST(NoteSignatures, OfOthersAreLeftAloneWhereverTheyStand) {
  const NoteKey key = ed25519_key();
  const NoteKey other = ed25519_key("other.test");
  const std::string good = signed_line(key, KeyType::ed25519, "text\n");
  const std::string junk = signature_line(other.name, other.id, Bytes(64));
  for (const auto& lines : {junk + good, good + junk, junk + good + junk}) {
    EXPECT_EQ(verify_note(parse_note(cat("text\n\n", lines)).value(), key), NoteMatch::yes);
  }
  EXPECT_EQ(verify_note(parse_note(cat("text\n\n", junk)).value(), key), NoteMatch::absent);
}

TEST(NoteSignatures, OfOneKeyMustAllHold) {
  const NoteKey key = ed25519_key();
  const std::string good = signed_line(key, KeyType::ed25519, "text\n");
  const std::string bad = signature_line(key.name, key.id, Bytes(64));
  for (const auto& lines : {bad + good, good + bad}) {
    EXPECT_EQ(verify_note(parse_note(cat("text\n\n", lines)).value(), key), NoteMatch::no);
  }
  EXPECT_EQ(verify_note(parse_note(cat("text\n\n", good, good)).value(), key), NoteMatch::yes);
}

TEST(NoteSignatures, OfEcdsaAreOverTheTextsSha256) {
  const NoteKey key =
      note_key("log.test", NoteKind::ecdsa, note_signer(KeyType::ecdsa_p256).public_key()).value();
  EXPECT_EQ(name(key.scheme), "ecdsa-sha256");
  EXPECT_TRUE(equal(key.id, key.key.fingerprint().bytes().first(4)));
  const std::string good = signed_line(key, KeyType::ecdsa_p256, "text\n");
  EXPECT_EQ(verify_note(parse_note(cat("text\n\n", good)).value(), key), NoteMatch::yes);
  EXPECT_EQ(verify_note(parse_note(cat("texu\n\n", good)).value(), key), NoteMatch::no);
}

TEST(NoteSignatures, NeedASchemeThatGoesWithTheKey) {
  NoteKey key = ed25519_key();
  const auto note =
      parse_note(cat("text\n\n", signed_line(key, KeyType::ed25519, "text\n"))).value();
  EXPECT_TRUE(verify_note(note, key));
  key.scheme = {crypto::SchemeKind::ecdsa, crypto::HashAlgorithm::sha256};
  EXPECT_EQ(verify_note(note, key).error().code, Errc::unsupported);
}

}  // namespace
}  // namespace sluice::sigstore
