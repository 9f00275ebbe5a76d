// SPDX-License-Identifier: Apache-2.0
#include "intoto/gpg_key.h"

#include <algorithm>
#include <array>

#include "base/codec.h"
#include "base/text.h"
#include "crypto/digest.h"
#include "intoto/gpg_packet.h"

namespace sluice::intoto {

namespace {

constexpr std::string_view kRsaMethod = "pgp+rsa-pkcsv1.5";
constexpr std::string_view kEdMethod = "pgp+eddsa-ed25519";
constexpr std::string_view kHash = "pgp+SHA2";
constexpr std::int64_t kSecondsMost = 0xffffffff;  // OpenPGP has 32 bits for them
constexpr std::size_t kSubkeysMost = 32;
constexpr std::size_t kFingerprintDigits = 40;
constexpr std::size_t kModulusHexMost = 2048;
constexpr std::size_t kHeadersMost = 64U << 10;
constexpr std::uint8_t kVersion = 4;
constexpr std::uint8_t kTrailer = 0xff;
constexpr std::uint8_t kSequence = 0x30;
constexpr std::uint8_t kInteger = 0x02;
constexpr std::uint8_t kBitString = 0x03;
// rsaEncryption with its NULL (RFC 3279 2.3.1).
constexpr std::array<std::uint8_t, 15> kRsaAlgorithm{0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
                                                     0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00};
constexpr std::size_t kShortLength = 0x80;
constexpr unsigned kByte = 8;

Bytes element(std::uint8_t tag, const Bytes& inside) {
  Bytes out{tag};
  if (inside.size() < kShortLength) {
    out.push_back(static_cast<std::uint8_t>(inside.size()));
  } else {
    out.push_back(0x82);
    out.push_back(static_cast<std::uint8_t>(inside.size() >> kByte));
    out.push_back(static_cast<std::uint8_t>(inside.size() & 0xffU));
  }
  out.insert(out.end(), inside.begin(), inside.end());
  return out;
}

Result<Bytes> integer_of(const std::string& hex) {
  if (hex.size() > kModulusHexMost) return fail(Errc::malformed, "a number is too large");
  SLUICE_TRY(Bytes number, from_hex(cat(hex.size() % 2 == 0 ? "" : "0", lower_ascii(hex))));
  const auto first = std::ranges::find_if(number, [](std::uint8_t byte) { return byte != 0; });
  number.erase(number.begin(), first);
  if (number.empty()) return fail(Errc::malformed, "a number is 0");
  if ((number.front() & 0x80U) != 0) number.insert(number.begin(), 0);
  return element(kInteger, number);
}

Result<crypto::PublicKey> rsa_key(const std::string& modulus, const std::string& exponent) {
  SLUICE_TRY(Bytes numbers, integer_of(modulus));
  SLUICE_TRY(const Bytes second, integer_of(exponent));
  numbers.insert(numbers.end(), second.begin(), second.end());
  Bytes bits{0};
  const Bytes key = element(kSequence, numbers);
  bits.insert(bits.end(), key.begin(), key.end());
  Bytes whole(kRsaAlgorithm.begin(), kRsaAlgorithm.end());
  const Bytes string = element(kBitString, bits);
  whole.insert(whole.end(), string.begin(), string.end());
  return crypto::PublicKey::from_der(element(kSequence, whole));
}

Result<crypto::PublicKey> public_key_of(const json::Fields& fields, std::string_view method) {
  if (method == kRsaMethod) {
    SLUICE_TRY(const std::string modulus, fields.string("n"));
    SLUICE_TRY(const std::string exponent, fields.string("e"));
    return rsa_key(modulus, exponent);
  }
  SLUICE_TRY(const std::string point, fields.string("q"));
  SLUICE_TRY(const Bytes raw, from_hex(lower_ascii(point)));
  return crypto::PublicKey::from_ed25519(raw);
}

// When the key is no good any more, where its object says so.
Result<std::optional<Time>> expiry_of_part(const json::Fields& fields) {
  if (!fields.has("validity_period")) return std::optional<Time>();
  SLUICE_TRY(const auto created, fields.integer("creation_time"));
  SLUICE_TRY(const auto lasts, fields.integer("validity_period"));
  if (created < 0 || created > kSecondsMost || lasts < 0 || lasts > kSecondsMost) {
    return fail(Errc::malformed, cat(fields.path(), ": its times are none"));
  }
  if (lasts == 0) return std::optional<Time>();  // never
  return std::optional(Time(std::chrono::seconds(created + lasts)));
}

// What a signature says of itself, as bytes and read.
struct Said {
  Bytes headers;
  GpgHeaders what;
};
Result<Said> said_in(const MetadataSignature& signature) {
  SLUICE_TRY(Bytes headers, from_hex(lower_ascii(signature.other_headers)));
  if (headers.size() > kHeadersMost) return fail(Errc::limit, "headers of a GPG signature");
  SLUICE_TRY(auto what, read_gpg_headers(headers));
  return Said{std::move(headers), std::move(what)};
}

// What gpg signs: the message, the headers, and the trailer of version 4.
crypto::Digest signed_digest(ByteView message, const Bytes& headers) {
  Bytes trailer{kVersion, kTrailer};
  for (int shift = 24; shift >= 0; shift -= 8) {
    trailer.push_back(static_cast<std::uint8_t>((headers.size() >> shift) & 0xffU));
  }
  crypto::Hasher hasher(crypto::HashAlgorithm::sha256);
  hasher.update(message);
  hasher.update(headers);
  hasher.update(trailer);
  return hasher.finish();
}

Result<crypto::Match> verify_digest(const crypto::PublicKey& key, GpgAlgorithm algorithm,
                                    const crypto::Digest& digest, Bytes sig) {
  const bool rsa = key.type() == crypto::KeyType::rsa;
  if (rsa != (algorithm == GpgAlgorithm::rsa)) return crypto::Match::no;
  if (!rsa) {
    // EdDSA of OpenPGP signs the digest, as a message.
    return crypto::verify(key, {crypto::SchemeKind::ed25519, crypto::HashAlgorithm::sha512},
                          digest.bytes(), sig);
  }
  // OpenPGP writes numbers without the zeros in front.
  const std::size_t length = (key.bits() + kByte - 1) / kByte;
  if (sig.size() < length) sig.insert(sig.begin(), length - sig.size(), 0);
  SLUICE_TRY(const auto message,
             crypto::Message::of_digest(
                 {crypto::SchemeKind::rsa_pkcs1, crypto::HashAlgorithm::sha256}, digest));
  return crypto::verify(key, message, sig);
}

}  // namespace

bool GpgKey::is_one(const json::Fields& fields) { return fields.has("method"); }

Result<GpgKey::Part> GpgKey::part_of(const json::Fields& fields) {
  SLUICE_CHECK(fields.only({"keyid", "type", "keytype", "method", "hashes", "keyval", "subkeys",
                            "creation_time", "validity_period"}));
  SLUICE_TRY(std::string id, fields.string("keyid"));
  id = lower_ascii(id);
  // A name, and the beginning of files' names: nothing else is read out of it.
  if (id.size() != kFingerprintDigits || !from_hex(id)) {
    return fail(Errc::malformed, cat(fields.path(), ".keyid is no fingerprint of a GPG key"));
  }
  SLUICE_TRY(const std::string method, fields.string("method"));
  if (method != kRsaMethod && method != kEdMethod) {
    return fail(Errc::unsupported,
                cat(fields.path(), ": a GPG key of the method ", printable(method, 60), "; ",
                    kRsaMethod, " and ", kEdMethod, " are supported"));
  }
  SLUICE_TRY(const auto hashes, fields.array("hashes", 1));
  if (hashes.size() != 1 || hashes[0].as_string().value_or("") != kHash) {
    return fail(Errc::unsupported, cat(fields.path(), ": another hash than ", kHash));
  }
  SLUICE_TRY(const auto keyval, fields.object("keyval"));
  if (keyval.has("private")) {
    SLUICE_TRY(const std::string secret, keyval.string("private"));
    if (!secret.empty()) {
      return fail(Errc::malformed, cat(fields.path(), ": there is a private key inside"));
    }
  }
  SLUICE_TRY(const auto values, keyval.object("public"));
  SLUICE_TRY(auto key, within(public_key_of(values, method), fields.path()));
  SLUICE_TRY(const auto expires, expiry_of_part(fields));
  return Part{std::move(id), std::move(key), expires};
}

Result<GpgKey> GpgKey::parse(const json::Fields& fields) {
  GpgKey out;
  SLUICE_TRY(auto master, part_of(fields));
  out.parts_.push_back(std::move(master));
  if (!fields.has("subkeys")) return out;
  SLUICE_TRY(const auto subkeys, fields.object("subkeys"));
  if (subkeys.value().object()->size() > kSubkeysMost) {
    return fail(Errc::limit, cat(fields.path(), " has more than ", kSubkeysMost, " subkeys"));
  }
  for (const auto& [id, value] : *subkeys.value().object()) {
    SLUICE_TRY(auto part, part_of(json::Fields(value, cat(fields.path(), ".subkeys.", id))));
    out.parts_.push_back(std::move(part));
  }
  return out;
}

std::vector<std::string> GpgKey::ids() const {
  std::vector<std::string> out;
  for (const Part& part : parts_) out.push_back(part.id);
  return out;
}

std::vector<crypto::PublicKey> GpgKey::materials() const {
  std::vector<crypto::PublicKey> out;
  for (const Part& part : parts_) out.push_back(part.key);
  return out;
}

const crypto::PublicKey* GpgKey::part(std::string_view id) const {
  const auto at = std::ranges::find(parts_, id, &Part::id);
  return at == parts_.end() ? nullptr : &at->key;
}

std::optional<GpgKey> GpgKey::only(std::string_view id) const {
  if (part(id) == nullptr) return std::nullopt;
  GpgKey out = *this;
  out.alone_ = id;
  return out;
}

std::string GpgKey::describe() const {
  return cat("GPG ", material().describe(), " ", id().substr(0, 8));
}

bool GpgKey::counts(const Part& part, const std::optional<Time>& signature_expires,
                    Time now) const {
  for (const auto& expires : {parts_.front().expires, part.expires, signature_expires}) {
    if (expires && *expires < now) return false;
  }
  return true;
}

Result<SignatureFinding> GpgKey::check(const SignedMetadata& metadata, Time now) const {
  using Outcome = SignatureFinding::Outcome;
  SignatureFinding out;
  const auto& signatures = metadata.signatures();
  for (std::size_t i = 0; i < signatures.size(); ++i) {
    if (signatures[i].other_headers.empty()) continue;
    const std::string called = lower_ascii(signatures[i].keyid);
    const bool named = alone_.empty() ? part(called) != nullptr : called == alone_;
    if (named && out.outcome == Outcome::absent) out = {Outcome::wrong, i};
    const auto said = said_in(signatures[i]);
    if (!said) continue;
    // Once for all of its parts: large links take their time.
    const auto digest = signed_digest(metadata.message(), said->headers);
    for (const Part& part : parts_) {
      if (!alone_.empty() && part.id != alone_) continue;
      SLUICE_TRY(const auto match,
                 verify_digest(part.key, said->what.algorithm, digest, signatures[i].sig));
      if (match != crypto::Match::yes) continue;
      if (counts(part, said->what.expires, now)) return SignatureFinding{Outcome::valid, i};
      out = {Outcome::expired, i};
    }
  }
  return out;
}

Result<crypto::Match> check_gpg(const crypto::PublicKey& key, ByteView message,
                                const MetadataSignature& signature) {
  const auto said = said_in(signature);
  if (!said) return crypto::Match::no;
  return verify_digest(key, said->what.algorithm, signed_digest(message, said->headers),
                       signature.sig);
}

}  // namespace sluice::intoto
