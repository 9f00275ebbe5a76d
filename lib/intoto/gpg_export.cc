// SPDX-License-Identifier: Apache-2.0
#include "intoto/gpg_export.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/codec.h"
#include "base/text.h"
#include "intoto/gpg_packet.h"

namespace sluice::intoto {

namespace {

constexpr std::uint8_t kPublicKey = 6;
constexpr std::uint8_t kSubkey = 14;
constexpr std::uint64_t kKeyVersion = 4;
constexpr std::size_t kListedMost = 256;
// Ed25519, 1.3.6.1.4.1.11591.15.1, with its length in front.
constexpr std::array<std::uint8_t, 10> kEd25519Curve{0x09, 0x2b, 0x06, 0x01, 0x04,
                                                     0x01, 0xda, 0x47, 0x0f, 0x01};
constexpr std::size_t kEd25519Point = 33;
constexpr std::uint8_t kPlainPoint = 0x40;

// Columns of gpg's listing, from 0.
constexpr std::size_t kValidity = 1;
constexpr std::size_t kAlgorithm = 3;
constexpr std::size_t kCreated = 5;
constexpr std::size_t kExpires = 6;
constexpr std::size_t kFingerprint = 9;
constexpr std::size_t kCapabilities = 11;

template <class Number>
Result<Number> listed_number(std::string_view text) {
  Number out = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (status != std::errc{} || end != text.data() + text.size()) {
    return fail(Errc::malformed,
                cat("gpg's listing has \"", printable(text, 40), "\" where a number is due"));
  }
  return out;
}

Result<GpgListed> listed_key(const std::vector<std::string_view>& columns) {
  if (columns.size() <= kCapabilities) {
    return fail(Errc::malformed, "a line of gpg's listing is too short");
  }
  GpgListed out{.master = columns[0] == "pub"};
  if (!columns[kValidity].empty()) out.validity = columns[kValidity].front();
  SLUICE_TRY(out.algorithm, listed_number<std::uint64_t>(columns[kAlgorithm]));
  SLUICE_TRY(out.created, listed_number<std::int64_t>(columns[kCreated]));
  if (!columns[kExpires].empty()) {
    SLUICE_TRY(out.expires, listed_number<std::int64_t>(columns[kExpires]));
  }
  // Small letters are the key's own; large ones are what all of them can together.
  out.signs = columns[kCapabilities].find('s') != std::string_view::npos;
  return out;
}

Result<json::Value> public_numbers(Reader& in, GpgAlgorithm algorithm) {
  json::Value out;
  if (algorithm == GpgAlgorithm::rsa) {
    SLUICE_TRY(const auto modulus, gpg_number(in));
    SLUICE_TRY(const auto exponent, gpg_number(in));
    out.set("e", to_hex(exponent));
    out.set("n", to_hex(modulus));
    return out;
  }
  SLUICE_TRY(const auto curve, in.take(kEd25519Curve.size()));
  if (!std::ranges::equal(curve, kEd25519Curve)) {
    return fail(Errc::unsupported, "a GPG key on another curve than Ed25519");
  }
  SLUICE_TRY(const auto point, gpg_number(in));
  if (point.size() != kEd25519Point || point.front() != kPlainPoint) {
    return fail(Errc::malformed, "a GPG key whose point is none of Ed25519");
  }
  out.set("q", to_hex(point.subspan(1)));
  return out;
}

Result<json::Value> key_of(ByteView body, const GpgListed& listed) {
  Reader in(body);
  SLUICE_TRY(const auto version, in.big_endian(1));
  if (version != kKeyVersion) {
    return fail(Errc::unsupported, cat("a GPG key of version ", version));
  }
  SLUICE_TRY(const auto created, in.big_endian(4));
  SLUICE_TRY(const auto number, in.big_endian(1));
  if (number != listed.algorithm || static_cast<std::int64_t>(created) != listed.created) {
    return fail(Errc::malformed, "gpg's listing and its export do not agree");
  }
  SLUICE_TRY(const GpgAlgorithm algorithm, gpg_algorithm(number));
  SLUICE_TRY(auto numbers, public_numbers(in, algorithm));
  SLUICE_CHECK(in.finish());
  const bool rsa = algorithm == GpgAlgorithm::rsa;
  json::Value keyval;
  keyval.set("private", "");
  keyval.set("public", std::move(numbers));
  json::Value out;
  out.set("creation_time", listed.created);
  out.set("hashes", json::Array{json::Value("pgp+SHA2")});
  out.set("keyid", listed.fingerprint);
  out.set("keyval", std::move(keyval));
  out.set("method", rsa ? "pgp+rsa-pkcsv1.5" : "pgp+eddsa-ed25519");
  out.set("type", rsa ? "rsa" : "eddsa");
  if (listed.expires) out.set("validity_period", *listed.expires - listed.created);
  return out;
}

Result<void> check_master(const GpgListed& listed) {
  if (listed.usable()) return {};
  return fail(Errc::denied, cat("the GPG key ", listed.fingerprint, " is ",
                                listed.validity == 'r'   ? "revoked"
                                : listed.validity == 'e' ? "expired"
                                                         : "none that gpg lets be used"));
}

}  // namespace

bool GpgListed::usable() const {
  return std::string_view("reid").find(validity) == std::string_view::npos;
}

Result<std::vector<GpgListed>> gpg_listing(std::string_view text) {
  std::vector<GpgListed> out;
  for (const auto line : split(text, '\n')) {
    const auto columns = split(line, ':');
    if (columns[0] == "pub" || columns[0] == "sub") {
      if (out.size() == kListedMost) return fail(Errc::limit, "gpg lists too many keys");
      SLUICE_TRY(auto key, listed_key(columns));
      out.push_back(std::move(key));
    } else if (columns[0] == "fpr" && columns.size() > kFingerprint && !out.empty() &&
               out.back().fingerprint.empty()) {
      out.back().fingerprint = lower_ascii(columns[kFingerprint]);
    }
  }
  return out;
}

Result<json::Value> gpg_key_object(ByteView exported, const std::vector<GpgListed>& listed) {
  Reader in(exported);
  std::optional<json::Value> master;
  json::Value subkeys{json::Object{}};
  std::size_t count = 0;
  while (in.left() > 0) {
    SLUICE_TRY(const GpgPacket packet, next_gpg_packet(in));
    if (packet.tag != kPublicKey && packet.tag != kSubkey) continue;
    if (packet.tag == kPublicKey && master) {
      return fail(Error{Errc::malformed,
                        "there are several keys of that id",
                        {},
                        "give the whole fingerprint: gpg --fingerprint"});
    }
    if (packet.tag == kSubkey && !master) return fail(Errc::malformed, "a subkey without a key");
    if (count == listed.size() || listed[count].master != (packet.tag == kPublicKey)) {
      return fail(Errc::malformed, "gpg's listing and its export do not agree");
    }
    const GpgListed& about = listed[count++];
    if (packet.tag == kPublicKey) {
      SLUICE_CHECK(check_master(about));
      SLUICE_TRY(master, key_of(packet.body, about));
      continue;
    }
    if (!about.signs || !about.usable()) continue;
    auto key = key_of(packet.body, about);
    // A subkey of another kind signs nothing here; the master key has to be one that does.
    if (!key && key.error().code == Errc::unsupported) continue;
    if (!key) return std::unexpected(std::move(key).error());
    subkeys.set(about.fingerprint, *std::move(key));
  }
  if (!master) return fail(Errc::not_found, "there is no such key");
  if (count != listed.size()) {
    return fail(Errc::malformed, "gpg's listing and its export do not agree");
  }
  if (!subkeys.object()->empty()) master->set("subkeys", std::move(subkeys));
  return *std::move(master);
}

}  // namespace sluice::intoto
