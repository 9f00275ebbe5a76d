// SPDX-License-Identifier: Apache-2.0
// Object identifiers: those that this room knows, and the dotted text of any.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/bytes.h"

namespace sluice::x509 {

// A known identifier, encoded by the compiler from its dotted text: Oid("2.5.29.15").
class Oid {
 public:
  consteval explicit Oid(const char* dotted) {
    unsigned long first = 0;
    for (std::size_t index = 0; *dotted != '\0'; ++index) {
      unsigned long arc = 0;
      for (; *dotted >= '0' && *dotted <= '9'; ++dotted) {
        arc = arc * 10 + static_cast<unsigned>(*dotted - '0');
      }
      if (*dotted == '.') ++dotted;
      if (index == 0) first = arc;
      if (index == 1) add(first * 40 + arc);
      if (index > 1) add(arc);
    }
  }

  constexpr ByteView bytes() const { return {encoded_.data(), size_}; }
  // What follows this identifier in a longer one; empty where it does not begin with it.
  constexpr ByteView below(ByteView longer) const {
    return longer.size() > size_ && std::ranges::equal(longer.first(size_), bytes())
               ? longer.subspan(size_)
               : ByteView{};
  }
  friend constexpr bool operator==(const Oid& a, ByteView b) {
    return std::ranges::equal(a.bytes(), b);
  }

 private:
  consteval void add(unsigned long arc) {
    int shift = 0;
    while ((arc >> shift) >= 128) shift += 7;
    for (; shift >= 0; shift -= 7) {
      encoded_.at(size_++) =
          static_cast<std::uint8_t>(((arc >> shift) & 127U) | (shift > 0 ? 128U : 0U));
    }
  }

  std::array<std::uint8_t, 15> encoded_{};
  std::size_t size_ = 0;
};

std::string dotted(ByteView oid);  // of the encoded form, as DerReader::oid() checked it

namespace oid {

// Extensions of certificates (RFC 5280 4.2).
inline constexpr Oid kSubjectKeyId("2.5.29.14");
inline constexpr Oid kKeyUsage("2.5.29.15");
inline constexpr Oid kSubjectAltName("2.5.29.17");
inline constexpr Oid kBasicConstraints("2.5.29.19");
inline constexpr Oid kNameConstraints("2.5.29.30");
inline constexpr Oid kCertificatePolicies("2.5.29.32");
inline constexpr Oid kAuthorityKeyId("2.5.29.35");
inline constexpr Oid kPolicyConstraints("2.5.29.36");
inline constexpr Oid kExtendedKeyUsage("2.5.29.37");
inline constexpr Oid kSctList("1.3.6.1.4.1.11129.2.4.2");  // RFC 6962 3.3
inline constexpr Oid kPrecertificatePoison("1.3.6.1.4.1.11129.2.4.3");
inline constexpr Oid kFulcio("1.3.6.1.4.1.57264.1");
inline constexpr Oid kFulcioUsername("1.3.6.1.4.1.57264.1.7");

// Purposes of keys.
inline constexpr Oid kAnyPurpose("2.5.29.37.0");
inline constexpr Oid kServerAuth("1.3.6.1.5.5.7.3.1");
inline constexpr Oid kClientAuth("1.3.6.1.5.5.7.3.2");
inline constexpr Oid kCodeSigning("1.3.6.1.5.5.7.3.3");
inline constexpr Oid kTimeStamping("1.3.6.1.5.5.7.3.8");

// Digests and signatures.
inline constexpr Oid kSha256("2.16.840.1.101.3.4.2.1");
inline constexpr Oid kSha384("2.16.840.1.101.3.4.2.2");
inline constexpr Oid kSha512("2.16.840.1.101.3.4.2.3");
inline constexpr Oid kEcdsaSha256("1.2.840.10045.4.3.2");
inline constexpr Oid kEcdsaSha384("1.2.840.10045.4.3.3");
inline constexpr Oid kEcdsaSha512("1.2.840.10045.4.3.4");
inline constexpr Oid kRsa("1.2.840.113549.1.1.1");
inline constexpr Oid kMgf1("1.2.840.113549.1.1.8");
inline constexpr Oid kRsaPss("1.2.840.113549.1.1.10");
inline constexpr Oid kRsaSha256("1.2.840.113549.1.1.11");
inline constexpr Oid kRsaSha384("1.2.840.113549.1.1.12");
inline constexpr Oid kRsaSha512("1.2.840.113549.1.1.13");
inline constexpr Oid kEd25519("1.3.101.112");

// Signed messages and timestamps (RFC 5652, 5035, 3161).
inline constexpr Oid kSignedData("1.2.840.113549.1.7.2");
inline constexpr Oid kTstInfo("1.2.840.113549.1.9.16.1.4");
inline constexpr Oid kContentType("1.2.840.113549.1.9.3");
inline constexpr Oid kMessageDigest("1.2.840.113549.1.9.4");
inline constexpr Oid kSigningCertificateV2("1.2.840.113549.1.9.16.2.47");

inline constexpr Oid kEmailAddress("1.2.840.113549.1.9.1");  // in a distinguished name

}  // namespace oid
}  // namespace sluice::x509
