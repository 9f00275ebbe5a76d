// SPDX-License-Identifier: Apache-2.0
#include "intoto/gpg_packet.h"

#include <gtest/gtest.h>

#include "intoto/gpg_builder.h"

namespace sluice::intoto {
namespace {

using crypto::KeyType;
using test::GpgPair;
using test::GpgSignatureSpec;

constexpr std::string_view kMessage = "what is signed";

Bytes made_by(const GpgPair& pair, const GpgSignatureSpec& spec = {}) {
  return spec.packet(pair, bytes_of(kMessage));
}

TEST(GpgSignaturePacket, SaysWhoWhenAndWhat) {
  for (const auto type : {KeyType::rsa, KeyType::ed25519}) {
    const auto pair = GpgPair::make(type, 'a');
    const auto read = parse_gpg_signature(made_by(pair));
    ASSERT_TRUE(read) << read.error().text();
    EXPECT_EQ(read->said.fingerprint, pair.id);
    EXPECT_EQ(read->said.made, Time(std::chrono::seconds(1'700'000'000)));
    EXPECT_FALSE(read->said.expires);
    EXPECT_EQ(read->said.algorithm, pair.rsa() ? GpgAlgorithm::rsa : GpgAlgorithm::eddsa);
    EXPECT_EQ(check_gpg(pair.key.public_key(), bytes_of(kMessage),
                        {.keyid = pair.id,
                         .sig = read->sig,
                         .certificate = {},
                         .other_headers = to_hex(read->headers),
                         .json = {}})
                  .value(),
              crypto::Match::yes);
  }
}

TEST(GpgSignaturePacket, OfEd25519HasBothHalvesInFullLength) {
  const auto pair = GpgPair::make(KeyType::ed25519, 'a');
  // Halves that begin with zeros are shorter in the packet: one in 128 is.
  bool short_one = false;
  for (int i = 0; i < 2000 && !short_one; ++i) {
    const std::string message = cat("message ", i);
    const Bytes packet = GpgSignatureSpec{}.packet(pair, bytes_of(message));
    const auto read = parse_gpg_signature(packet);
    ASSERT_TRUE(read) << i;
    EXPECT_EQ(read->sig.size(), 64U);
    if (read->sig[0] != 0 && read->sig[32] != 0) continue;
    short_one = true;
    EXPECT_EQ(read->sig, GpgSignatureSpec{}.sign(pair, bytes_of(message)));
  }
  EXPECT_TRUE(short_one);
}

struct Spoilt {
  std::string_view name;
  GpgSignatureSpec spec;
  Errc code;
};

Bytes fingerprint_of(char fill) {
  Bytes out{4};
  test::append(out, from_hex(std::string(40, fill)).value());
  return out;
}

TEST(GpgSignaturePacket, RefusesEachThingThatInTotoHasNoPlaceFor) {
  const auto pair = GpgPair::make(KeyType::ed25519, 'a');
  const std::vector<Spoilt> all{
      {"version 3", {.version = 3}, Errc::unsupported},
      {"of a text", {.type = 1}, Errc::malformed},
      {"of a user id", {.type = 0x10}, Errc::malformed},
      {"of a subkey", {.type = 0x18}, Errc::malformed},
      {"DSA", {.algorithm = 17}, Errc::unsupported},
      {"ECDSA", {.algorithm = 19}, Errc::unsupported},
      {"SHA-1", {.hash = 2}, Errc::unsupported},
      {"SHA-512", {.hash = 10}, Errc::unsupported},
      {"without a time", {.made = {}}, Errc::malformed},
      {"fingerprint outside of what is hashed",
       {.hashed_fingerprint = false, .more_unhashed = test::subpacket(33, fingerprint_of('a'))},
       Errc::unsupported},
      {"two fingerprints",
       {.more_hashed = test::subpacket(33, fingerprint_of('a'))},
       Errc::malformed},
      {"two times", {.more_hashed = test::subpacket(2, {1, 2, 3, 4})}, Errc::malformed},
      {"another issuer",
       {.more_hashed = test::subpacket(16, {1, 2, 3, 4, 5, 6, 7, 8})},
       Errc::malformed},
      {"a critical subpacket",
       {.more_hashed = test::subpacket(0x80U | 20U, {1})},
       Errc::unsupported},
      {"a subpacket that is cut off", {.more_hashed = {9, 20, 1}}, Errc::malformed},
      {"a subpacket of no bytes", {.more_hashed = {0}}, Errc::malformed},
  };
  for (const auto& each : all) {
    const auto read = parse_gpg_signature(made_by(pair, each.spec));
    ASSERT_FALSE(read) << each.name;
    EXPECT_EQ(read.error().code, each.code) << each.name << ": " << read.error().text();
  }
  EXPECT_TRUE(parse_gpg_signature(made_by(pair, {.more_hashed = test::subpacket(20, {1})})));
  EXPECT_TRUE(
      parse_gpg_signature(made_by(pair, {.more_hashed = test::subpacket(0x80U | 28U, {'a'})})));
}

TEST(GpgSignaturePacket, IsOneAndNothingBehindIt) {
  const auto pair = GpgPair::make(KeyType::rsa, 'b');
  const Bytes one = made_by(pair);
  ASSERT_TRUE(parse_gpg_signature(one));
  Bytes two = one;
  test::append(two, one);
  EXPECT_FALSE(parse_gpg_signature(two));
  Bytes more = one;
  more.push_back(0);
  EXPECT_FALSE(parse_gpg_signature(more));
  Bytes inside = one;
  inside.push_back(0);
  ++inside[2];  // the packet's length
  EXPECT_FALSE(parse_gpg_signature(inside));
  EXPECT_FALSE(parse_gpg_signature(bytes_of("-----BEGIN PGP SIGNATURE-----\n")));
  EXPECT_FALSE(parse_gpg_signature({}));
  for (std::size_t i = 0; i < one.size(); ++i) {
    EXPECT_FALSE(parse_gpg_signature(ByteView(one).first(i))) << i;
  }
}

TEST(GpgNumber, HasNoBitAboveItsLength) {
  const auto read = [](const Bytes& bytes) {
    Reader in(bytes);
    return gpg_number(in).has_value();
  };
  EXPECT_TRUE(read({0, 9, 0x01, 0xff}));
  EXPECT_FALSE(read({0, 9, 0x02, 0xff}));
  EXPECT_TRUE(read({0, 8, 0xff}));
  EXPECT_FALSE(read({0, 16, 0xff}));
  EXPECT_TRUE(read({0, 0}));
}

}  // namespace
}  // namespace sluice::intoto
