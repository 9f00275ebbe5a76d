// SPDX-License-Identifier: Apache-2.0
#include "intoto/gpg_packet.h"

#include <bit>

#include "base/codec.h"
#include "base/text.h"

namespace sluice::intoto {

namespace {

constexpr std::uint8_t kSignaturePacket = 2;
constexpr std::uint64_t kSignatureVersion = 4;
constexpr std::uint64_t kOfBinaryDocument = 0;
constexpr std::uint64_t kSha256Number = 8;
constexpr std::uint64_t kFingerprintVersion = 4;
constexpr std::size_t kFingerprintBytes = 20;
constexpr std::size_t kPacketMost = 1U << 20;
constexpr std::size_t kPointBytes = 32;
constexpr std::uint64_t kTwoBytes = 192;  // from here on a length has a second byte
constexpr std::uint64_t kFiveBytes = 255;

enum class Subpacket : std::uint8_t {
  created = 2,
  expires = 3,
  issuer = 16,
  user_id = 28,
  fingerprint = 33
};

Result<std::size_t> packet_length(Reader& in) {
  constexpr std::uint64_t kPartial = 224;
  SLUICE_TRY(const auto first, in.big_endian(1));
  if (first < kTwoBytes) return first;
  if (first < kPartial) {
    SLUICE_TRY(const auto second, in.big_endian(1));
    return (first - kTwoBytes) * 256 + second + kTwoBytes;
  }
  if (first != kFiveBytes) return fail(Errc::unsupported, "a packet of unknown length");
  return in.big_endian(4);
}

Result<std::size_t> subpacket_length(Reader& in) {
  SLUICE_TRY(const auto first, in.big_endian(1));
  if (first < kTwoBytes) return first;
  if (first == kFiveBytes) return in.big_endian(4);
  SLUICE_TRY(const auto second, in.big_endian(1));
  return (first - kTwoBytes) * 256 + second + kTwoBytes;
}

// What the subpackets say; each of those that count is there once.
class SubpacketReader {
 public:
  explicit SubpacketReader(GpgHeaders& out) : out_(out) {}

  Result<void> run(ByteView all) {
    Reader in(all);
    while (in.left() > 0) {
      SLUICE_TRY(const auto length, subpacket_length(in));
      SLUICE_TRY(const auto one, in.take(length));
      Reader inside(one);
      SLUICE_TRY(const auto kind, inside.big_endian(1));
      SLUICE_CHECK(take(static_cast<std::uint8_t>(kind & 0x7fU), (kind & 0x80U) != 0, inside));
    }
    if (!made_) return fail(Errc::malformed, "a GPG signature that does not say when it was made");
    out_.made = Time(std::chrono::seconds(*made_));
    if (lasts_ && *lasts_ > 0) out_.expires = out_.made + std::chrono::seconds(*lasts_);
    if (!out_.fingerprint.empty() && !out_.fingerprint.ends_with(out_.short_id)) {
      return fail(Errc::malformed, "a GPG signature that names two different keys");
    }
    return {};
  }

 private:
  Result<void> take(std::uint8_t kind, bool critical, Reader& in) {
    switch (static_cast<Subpacket>(kind)) {
      case Subpacket::created:
        return number(in, made_);
      case Subpacket::expires:
        return number(in, lasts_);
      case Subpacket::issuer:
        return hex(in, 8, out_.short_id);
      case Subpacket::fingerprint: {
        SLUICE_TRY(const auto version, in.big_endian(1));
        if (version != kFingerprintVersion) {
          return fail(Errc::unsupported, cat("a GPG key of version ", version));
        }
        return hex(in, kFingerprintBytes, out_.fingerprint);
      }
      case Subpacket::user_id:
        return {};
    }
    if (!critical) return {};
    return fail(Errc::unsupported,
                cat("a GPG signature with a critical subpacket that is not known here: ", kind));
  }

  static Result<void> number(Reader& in, std::optional<std::uint64_t>& out) {
    if (out) return fail(Errc::malformed, "a GPG signature that says one thing twice");
    SLUICE_TRY(out, in.big_endian(4));
    return in.finish();
  }
  static Result<void> hex(Reader& in, std::size_t size, std::string& out) {
    if (!out.empty()) return fail(Errc::malformed, "a GPG signature that says one thing twice");
    SLUICE_TRY(const auto bytes, in.take(size));
    out = to_hex(bytes);
    return in.finish();
  }

  GpgHeaders& out_;
  std::optional<std::uint64_t> made_;
  std::optional<std::uint64_t> lasts_;
};

Result<Bytes> signature_numbers(Reader& in, GpgAlgorithm algorithm) {
  SLUICE_TRY(const auto first, gpg_number(in));
  if (algorithm == GpgAlgorithm::rsa) return copy_of(first);
  SLUICE_TRY(const auto second, gpg_number(in));
  Bytes out;
  for (const ByteView half : {first, second}) {
    if (half.size() > kPointBytes) {
      return fail(Errc::malformed, "a number of the GPG signature is too large");
    }
    out.insert(out.end(), kPointBytes - half.size(), 0);
    out.insert(out.end(), half.begin(), half.end());
  }
  return out;
}

}  // namespace

Result<GpgPacket> next_gpg_packet(Reader& in) {
  SLUICE_TRY(const auto head, in.big_endian(1));
  if ((head & 0x80U) == 0) return fail(Errc::malformed, "it is no OpenPGP packet");
  GpgPacket out{};
  std::size_t length = 0;
  if ((head & 0x40U) != 0) {
    out.tag = static_cast<std::uint8_t>(head & 0x3fU);
    SLUICE_TRY(length, packet_length(in));
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

Result<ByteView> gpg_number(Reader& in) {
  SLUICE_TRY(const auto bits, in.big_endian(2));
  SLUICE_TRY(const auto bytes, in.take((bits + 7) / 8));
  if (bytes.empty()) return bytes;
  if (static_cast<std::uint64_t>(std::bit_width(bytes.front())) > (bits - 1) % 8 + 1) {
    return fail(Errc::malformed, "a number is longer than it says");
  }
  return bytes;
}

Result<GpgAlgorithm> gpg_algorithm(std::uint64_t number) {
  for (const auto known : {GpgAlgorithm::rsa, GpgAlgorithm::eddsa}) {
    if (number == static_cast<std::uint64_t>(known)) return known;
  }
  return fail(Error{Errc::unsupported,
                    cat("a GPG key of the kind ", number, ", which is neither RSA nor EdDSA"),
                    {},
                    "gpg --quick-generate-key NAME ed25519 sign"});
}

Result<GpgHeaders> read_gpg_headers(ByteView headers) {
  Reader in(headers);
  SLUICE_TRY(const auto version, in.big_endian(1));
  if (version != kSignatureVersion) {
    return fail(Errc::unsupported, cat("a GPG signature of version ", version));
  }
  SLUICE_TRY(const auto type, in.big_endian(1));
  if (type != kOfBinaryDocument) {
    return fail(Errc::malformed, cat("a GPG signature of the type ", type, ", not of a document"));
  }
  GpgHeaders out;
  SLUICE_TRY(const auto algorithm, in.big_endian(1));
  SLUICE_TRY(out.algorithm, gpg_algorithm(algorithm));
  SLUICE_TRY(const auto hash, in.big_endian(1));
  if (hash != kSha256Number) {
    return fail(Errc::unsupported, cat("a GPG signature over another hash than SHA-256: ", hash));
  }
  SLUICE_TRY(const auto length, in.big_endian(2));
  SLUICE_TRY(const auto subpackets, in.take(length));
  SLUICE_CHECK(in.finish());
  SLUICE_CHECK(SubpacketReader(out).run(subpackets));
  return out;
}

Result<GpgSignature> parse_gpg_signature(ByteView answer) {
  Reader in(answer);
  SLUICE_TRY(const auto packet, next_gpg_packet(in));
  if (packet.tag != kSignaturePacket) {
    return fail(Errc::malformed, cat("a packet of the kind ", packet.tag, " and no signature"));
  }
  if (in.left() > 0) {
    return fail(Error{Errc::malformed,
                      "gpg made more than one signature",
                      {},
                      "are there local-user lines in gpg.conf?"});
  }
  constexpr std::size_t kBeforeSubpackets = 6;
  Reader body(packet.body);
  SLUICE_CHECK(body.take(4));
  SLUICE_TRY(const auto hashed, body.big_endian(2));
  SLUICE_CHECK(body.take(hashed));
  GpgSignature out;
  out.headers = copy_of(packet.body.first(kBeforeSubpackets + hashed));
  SLUICE_TRY(out.said, read_gpg_headers(out.headers));
  if (out.said.fingerprint.empty()) {
    return fail(Errc::unsupported,
                "a GPG signature without its key's fingerprint: gpg 2.1 or newer writes it");
  }
  SLUICE_TRY(const auto unhashed, body.big_endian(2));
  SLUICE_CHECK(body.take(unhashed));
  SLUICE_CHECK(body.take(2));  // the hash begins so: a help for those who look for a key
  SLUICE_TRY(out.sig, signature_numbers(body, out.said.algorithm));
  SLUICE_CHECK(body.finish());
  return out;
}

}  // namespace sluice::intoto
