// SPDX-License-Identifier: Apache-2.0
#include "support/virtual_sigstore/note.h"

#include "base/codec.h"
#include "base/text.h"

namespace sluice::test {

namespace {

using crypto::HashAlgorithm;

constexpr std::uint8_t kEd25519Note = 0x01;
constexpr std::uint8_t kCosignature = 0x04;

Bytes named_hash(std::string_view name, std::uint8_t kind, const Bytes& key) {
  Bytes whole = copy_of(bytes_of(cat(name, "\n")));
  whole.push_back(kind);
  whole.insert(whole.end(), key.begin(), key.end());
  return copy_of(crypto::digest_of(HashAlgorithm::sha256, whole).bytes());
}

Bytes sign_note(const crypto::PrivateKey& key, std::string_view text) {
  return key.sign(crypto::Message::of(key.scheme(), bytes_of(text)).value()).value();
}

}  // namespace

Bytes first_four(ByteView hash) { return copy_of(hash.first(4)); }

Bytes raw_ed25519(const crypto::PublicKey& key) { return copy_of(ByteView(key.der()).last(32)); }

Bytes note_hash(std::string_view name, const crypto::PublicKey& key) {
  if (key.type() != crypto::KeyType::ed25519) return copy_of(key.fingerprint().bytes());
  return named_hash(name, kEd25519Note, raw_ed25519(key));
}

std::string checkpoint_body(std::string_view origin, std::uint64_t size, ByteView root,
                            std::string_view more) {
  return cat(origin, "\n", size, "\n", to_base64(root), "\n", more);
}

std::string note_line(std::string_view name, ByteView key_id, ByteView signature) {
  Bytes whole = copy_of(key_id);
  whole.insert(whole.end(), signature.begin(), signature.end());
  return cat("\u2014 ", name, " ", to_base64(whole), "\n");
}

std::string signed_line(std::string_view name, const crypto::PrivateKey& key,
                        std::string_view body) {
  return note_line(name, first_four(note_hash(name, key.public_key())), sign_note(key, body));
}

Bytes Witness::key_id() const {
  return first_four(named_hash(name, kCosignature, raw_ed25519(key.public_key())));
}

std::string Witness::verifier_key() const {
  Bytes whole{kCosignature};
  const Bytes raw = raw_ed25519(key.public_key());
  whole.insert(whole.end(), raw.begin(), raw.end());
  return cat(name, "+", to_hex(key_id()), "+", to_base64(whole));
}

std::string Witness::cosign(std::string_view body, Time time) const {
  const auto seconds = static_cast<std::uint64_t>(time.time_since_epoch().count());
  Bytes whole;
  for (unsigned shift = 64; shift != 0; shift -= 8) {
    whole.push_back(static_cast<std::uint8_t>(seconds >> (shift - 8)));
  }
  const Bytes signature = sign_note(key, cat("cosignature/v1\ntime ", seconds, "\n", body));
  whole.insert(whole.end(), signature.begin(), signature.end());
  return note_line(name, key_id(), whole);
}

}  // namespace sluice::test
