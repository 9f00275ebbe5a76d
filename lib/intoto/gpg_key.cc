// SPDX-License-Identifier: Apache-2.0
#include "intoto/gpg_key.h"

#include <algorithm>
#include <array>

#include "base/codec.h"
#include "base/text.h"

namespace sluice::intoto {

namespace {

constexpr std::string_view kMethod = "pgp+rsa-pkcsv1.5";
constexpr std::string_view kHash = "pgp+SHA2";
constexpr std::size_t kSubkeysMost = 32;
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

}  // namespace

bool GpgKey::is_one(const json::Fields& fields) { return fields.has("method"); }

Result<GpgKey::Part> GpgKey::part_of(const json::Fields& fields) {
  SLUICE_CHECK(fields.only({"keyid", "type", "keytype", "method", "hashes", "keyval", "subkeys",
                            "creation_time", "validity_period"}));
  SLUICE_TRY(std::string id, fields.string("keyid"));
  SLUICE_TRY(const std::string method, fields.string("method"));
  if (method != kMethod) {
    return fail(Errc::unsupported, cat(fields.path(), ": a GPG key of the method ",
                                       printable(method, 60), "; ", kMethod, " is supported"));
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
  SLUICE_TRY(const std::string modulus, values.string("n"));
  SLUICE_TRY(const std::string exponent, values.string("e"));
  SLUICE_TRY(auto key, within(rsa_key(modulus, exponent), fields.path()));
  return Part{lower_ascii(id), std::move(key)};
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

std::string GpgKey::describe() const {
  return cat("GPG ", material().describe(), " ", id().substr(0, 8));
}

Result<SignatureFinding> GpgKey::check(const SignedMetadata& metadata) const {
  using Outcome = SignatureFinding::Outcome;
  SignatureFinding out;
  const auto& signatures = metadata.signatures();
  for (std::size_t i = 0; i < signatures.size(); ++i) {
    if (signatures[i].other_headers.empty()) continue;
    for (const Part& part : parts_) {
      SLUICE_TRY(const auto match, check_gpg(part.key, metadata.message(), signatures[i]));
      if (match == crypto::Match::yes) return SignatureFinding{Outcome::valid, i};
      if (part.id == signatures[i].keyid) out = {Outcome::wrong, i};
    }
  }
  return out;
}

Result<crypto::Match> check_gpg(const crypto::PublicKey& key, ByteView message,
                                const MetadataSignature& signature) {
  const auto headers = from_hex(lower_ascii(signature.other_headers));
  if (!headers || headers->empty() || headers->size() > kHeadersMost ||
      headers->front() != kVersion) {
    return crypto::Match::no;
  }
  Bytes whole = copy_of(message);
  whole.insert(whole.end(), headers->begin(), headers->end());
  whole.insert(whole.end(), {kVersion, kTrailer});
  for (int shift = 24; shift >= 0; shift -= 8) {
    whole.push_back(static_cast<std::uint8_t>((headers->size() >> shift) & 0xffU));
  }
  // OpenPGP writes numbers without the zeros in front.
  Bytes sig = signature.sig;
  const std::size_t length = key.bits() / kByte;
  if (sig.size() < length) sig.insert(sig.begin(), length - sig.size(), 0);
  return crypto::verify(key, {crypto::SchemeKind::rsa_pkcs1, crypto::HashAlgorithm::sha256}, whole,
                        sig);
}

}  // namespace sluice::intoto
