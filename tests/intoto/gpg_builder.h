// SPDX-License-Identifier: Apache-2.0
// OpenPGP made for a test, from keys of our own: what gpg would answer, and what it never would.
#pragma once

#include <gtest/gtest.h>

#include <bit>
#include <optional>
#include <string>
#include <vector>

#include "base/codec.h"
#include "base/text.h"
#include "crypto/digest.h"
#include "crypto/private_key.h"
#include "intoto/gpg_key.h"
#include "intoto/gpg_packet.h"

namespace sluice::test {

inline void append(Bytes& to, const Bytes& more) { to.insert(to.end(), more.begin(), more.end()); }
inline void append_number(Bytes& to, std::uint64_t value, int width) {
  for (int i = width - 1; i >= 0; --i) to.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}
inline Bytes mpi(Bytes number) {
  while (!number.empty() && number.front() == 0) number.erase(number.begin());
  Bytes out;
  const std::size_t bits =
      number.empty() ? 0 : (number.size() - 1) * 8 + std::size_t(std::bit_width(number.front()));
  append_number(out, bits, 2);
  append(out, number);
  return out;
}
inline Bytes subpacket(std::uint8_t kind, const Bytes& body) {
  Bytes out{static_cast<std::uint8_t>(body.size() + 1), kind};
  append(out, body);
  return out;
}
inline Bytes packet(std::uint8_t tag, const Bytes& body) {
  Bytes out{static_cast<std::uint8_t>(0x80U | (tag << 2U) | 1U)};
  append_number(out, body.size(), 2);
  append(out, body);
  return out;
}

// A key of gpg's, whose fingerprint is `fill`, 40 times.
struct GpgPair {
  crypto::PrivateKey key;
  std::string id;

  static GpgPair make(crypto::KeyType type, char fill) {
    auto key = crypto::PrivateKey::generate(type, 2048).value();
    if (type == crypto::KeyType::rsa) {
      key = key.with_scheme({crypto::SchemeKind::rsa_pkcs1, crypto::HashAlgorithm::sha256}).value();
    }
    return {std::move(key), std::string(40, fill)};
  }
  bool rsa() const { return key.public_key().type() == crypto::KeyType::rsa; }
  // Modulus and exponent: SubjectPublicKeyInfo of 2048 bits and 65537 has them in fixed places.
  Bytes modulus() const {
    const Bytes& der = key.public_key().der();
    return {der.end() - 5 - 256, der.end() - 5};
  }
  json::Value object() const {
    json::Value numbers;
    if (rsa()) {
      numbers.set("e", "010001");
      numbers.set("n", to_hex(modulus()));
    } else {
      numbers.set("q", to_hex(key.public_key().ed25519()));
    }
    json::Value keyval;
    keyval.set("private", "");
    keyval.set("public", std::move(numbers));
    json::Value out;
    out.set("hashes", json::Array{json::Value("pgp+SHA2")});
    out.set("keyid", id);
    out.set("keyval", std::move(keyval));
    out.set("method", rsa() ? "pgp+rsa-pkcsv1.5" : "pgp+eddsa-ed25519");
    out.set("type", rsa() ? "rsa" : "eddsa");
    return out;
  }
};

// Each member may be spoilt.
struct GpgSignatureSpec {
  std::uint8_t version = 4;
  std::uint8_t type = 0;
  std::optional<std::uint8_t> algorithm = {};
  std::uint8_t hash = 8;
  std::optional<std::uint32_t> made = 1'700'000'000;
  std::optional<std::uint32_t> lasts = {};
  bool hashed_fingerprint = true;
  Bytes more_hashed = {};
  Bytes more_unhashed = {};

  Bytes headers(const GpgPair& by) const {
    Bytes subpackets;
    const Bytes fingerprint = from_hex(by.id).value();
    if (hashed_fingerprint) {
      Bytes body{4};
      append(body, fingerprint);
      append(subpackets, subpacket(33, body));
    }
    const auto time = [&](std::uint8_t kind, std::optional<std::uint32_t> value) {
      if (!value) return;
      Bytes body;
      append_number(body, *value, 4);
      append(subpackets, subpacket(kind, body));
    };
    time(2, made);
    time(3, lasts);
    append(subpackets, more_hashed);
    Bytes out{version, type, algorithm.value_or(by.rsa() ? 1 : 22), hash};
    append_number(out, subpackets.size(), 2);
    append(out, subpackets);
    return out;
  }
  // RSA: the number; Ed25519: R and S.
  Bytes sign(const GpgPair& by, ByteView message) const {
    const Bytes said = headers(by);
    Bytes whole = copy_of(message);
    append(whole, said);
    append(whole, {4, 0xff});
    append_number(whole, said.size(), 4);
    const auto digest = crypto::digest_of(crypto::HashAlgorithm::sha256, whole);
    const auto over = by.rsa() ? ByteView(whole) : digest.bytes();
    return by.key.sign(crypto::Message::of(by.key.scheme(), over).value()).value();
  }
  Bytes packet(const GpgPair& by, ByteView message) const {
    const Bytes sig = sign(by, message);
    Bytes body = headers(by);
    Bytes unhashed = subpacket(16, from_hex(by.id.substr(24)).value());
    append(unhashed, more_unhashed);
    append_number(body, unhashed.size(), 2);
    append(body, unhashed);
    append(body, {0xab, 0xcd});
    if (by.rsa()) {
      append(body, mpi(sig));
    } else {
      append(body, mpi({sig.begin(), sig.begin() + 32}));
      append(body, mpi({sig.begin() + 32, sig.end()}));
    }
    return test::packet(2, body);
  }
  // As a Metablock has it.
  std::string entry(const GpgPair& by, ByteView message) const {
    return cat(R"({"keyid":")", by.id, R"(","other_headers":")", to_hex(headers(by)),
               R"(","signature":")", to_hex(sign(by, message)), "\"}");
  }
};

inline std::string gpg_signed(std::string_view payload, const std::vector<std::string>& entries) {
  return cat("{\"signatures\":[", join(entries, ","), "],\"signed\":", payload, "}");
}

}  // namespace sluice::test
