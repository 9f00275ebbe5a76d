// SPDX-License-Identifier: Apache-2.0
#include "intoto/gpg_export.h"

#include "base/codec.h"
#include "base/text.h"

namespace sluice::intoto {

namespace {

constexpr std::uint8_t kPublicKey = 6;
constexpr std::uint8_t kSubkey = 14;
constexpr std::uint64_t kKeyVersion = 4;
constexpr std::uint64_t kRsa = 1;
constexpr std::uint64_t kRsaSignOnly = 3;
constexpr std::size_t kPacketMost = 1U << 20;
constexpr std::size_t kFingerprintColumn = 9;

struct Packet {
  std::uint8_t tag;
  ByteView body;
};

Result<std::size_t> new_length(Reader& in) {
  constexpr std::uint64_t kTwo = 192;
  constexpr std::uint64_t kPartial = 224;
  constexpr std::uint64_t kFive = 255;
  SLUICE_TRY(const auto first, in.big_endian(1));
  if (first < kTwo) return first;
  if (first < kPartial) {
    SLUICE_TRY(const auto second, in.big_endian(1));
    return (first - kTwo) * 256 + second + kTwo;
  }
  if (first != kFive) return fail(Errc::unsupported, "a packet of unknown length");
  return in.big_endian(4);
}

Result<Packet> next_packet(Reader& in) {
  SLUICE_TRY(const auto head, in.big_endian(1));
  if ((head & 0x80U) == 0) return fail(Errc::malformed, "it is no OpenPGP packet");
  Packet out{};
  std::size_t length = 0;
  if ((head & 0x40U) != 0) {
    out.tag = static_cast<std::uint8_t>(head & 0x3fU);
    SLUICE_TRY(length, new_length(in));
  } else {
    out.tag = static_cast<std::uint8_t>((head & 0x3cU) >> 2U);
    const unsigned kind = head & 0x03U;
    if (kind == 3) return fail(Errc::unsupported, "a packet of unknown length");
    SLUICE_TRY(length, in.big_endian(std::size_t{1} << kind));
  }
  if (length > kPacketMost) return fail(Errc::limit, "a packet is too large");
  SLUICE_TRY(out.body, in.take(length));
  return out;
}

Result<std::string> number_of(Reader& in) {
  SLUICE_TRY(const auto bits, in.big_endian(2));
  SLUICE_TRY(const auto bytes, in.take((bits + 7) / 8));
  return to_hex(bytes);
}

Result<json::Value> key_of(ByteView body, const std::string& fingerprint) {
  Reader in(body);
  SLUICE_TRY(const auto version, in.big_endian(1));
  if (version != kKeyVersion) return fail(Errc::unsupported, cat("a key of version ", version));
  SLUICE_CHECK(in.take(4));
  SLUICE_TRY(const auto algorithm, in.big_endian(1));
  if (algorithm != kRsa && algorithm != kRsaSignOnly) {
    return fail(Errc::unsupported, cat("the GPG key ", fingerprint, " is none of RSA"));
  }
  json::Value numbers;
  SLUICE_TRY(const auto modulus, number_of(in));
  SLUICE_TRY(const auto exponent, number_of(in));
  numbers.set("e", exponent);
  numbers.set("n", modulus);
  json::Value keyval;
  keyval.set("private", "");
  keyval.set("public", std::move(numbers));
  json::Value out;
  out.set("hashes", json::Array{json::Value("pgp+SHA2")});
  out.set("keyid", fingerprint);
  out.set("keyval", std::move(keyval));
  out.set("method", "pgp+rsa-pkcsv1.5");
  out.set("type", "rsa");
  return out;
}

}  // namespace

Result<json::Value> gpg_key_object(ByteView exported,
                                   const std::vector<std::string>& fingerprints) {
  Reader in(exported);
  std::optional<json::Value> master;
  json::Value subkeys{json::Object{}};
  std::size_t count = 0;
  while (in.left() > 0) {
    SLUICE_TRY(const Packet packet, next_packet(in));
    if (packet.tag != kPublicKey && packet.tag != kSubkey) continue;
    if (packet.tag == kPublicKey && master) return fail(Errc::malformed, "there are several keys");
    if (count == fingerprints.size()) {
      return fail(Errc::malformed, "there are more keys than fingerprints");
    }
    const std::string id = lower_ascii(fingerprints[count++]);
    auto key = key_of(packet.body, id);
    // A subkey of another kind signs nothing here; the master key has to be one that does.
    if (!key && packet.tag == kSubkey && key.error().code == Errc::unsupported) continue;
    if (!key) return std::unexpected(std::move(key).error());
    if (packet.tag == kPublicKey) {
      master = *std::move(key);
    } else {
      subkeys.set(id, *std::move(key));
    }
  }
  if (!master) return fail(Errc::not_found, "there is no such key");
  if (!subkeys.object()->empty()) master->set("subkeys", std::move(subkeys));
  return *std::move(master);
}

std::vector<std::string> gpg_fingerprints(std::string_view listing) {
  std::vector<std::string> out;
  for (const auto line : split(listing, '\n')) {
    const auto columns = split(line, ':');
    if (columns.size() > kFingerprintColumn && columns[0] == "fpr") {
      out.emplace_back(columns[kFingerprintColumn]);
    }
  }
  return out;
}

}  // namespace sluice::intoto
