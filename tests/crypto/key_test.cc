// SPDX-License-Identifier: Apache-2.0
#include "crypto/key.h"

#include <gtest/gtest.h>

#include "base/codec.h"
#include "base/limits.h"
#include "base/text.h"
#include "crypto/private_key.h"
#include "support/fake_world.h"
#include "support/temp_folder.h"

namespace sluice::crypto {
namespace {

constexpr KeyType kAllTypes[] = {KeyType::ecdsa_p256, KeyType::ecdsa_p384, KeyType::ecdsa_p521,
                                 KeyType::ed25519, KeyType::rsa};
constexpr Scheme kPss{SchemeKind::rsa_pss, HashAlgorithm::sha384};
constexpr Scheme kPure{SchemeKind::ed25519, HashAlgorithm::sha512};
constexpr Scheme kPrehashed{SchemeKind::ed25519ph, HashAlgorithm::sha512};

// One key of each type for all tests: RSA takes its time.
const PrivateKey& key_of(KeyType type) {
  static const auto* const keys = [] {
    auto* made = new std::vector<PrivateKey>;
    for (const KeyType one : kAllTypes) made->push_back(PrivateKey::generate(one, 2048).value());
    return made;
  }();
  return (*keys)[static_cast<std::size_t>(type)];
}

PasswordSource gives(std::string_view password) {
  return [=]() -> Result<SecretBytes> { return SecretBytes::copy_of(password); };
}

Result<SecretBytes> never() {
  ADD_FAILURE() << "asked for a password";
  return fail(Errc::internal, "not to be asked");
}

class EachType : public testing::TestWithParam<KeyType> {};
INSTANTIATE_TEST_SUITE_P(Keys, EachType, testing::ValuesIn(kAllTypes), [](const auto& one) {
  std::string text(name(one.param));
  std::erase(text, '-');
  return text;
});

TEST_P(EachType, SignsWhatItsPublicHalfVerifies) {
  const PrivateKey& key = key_of(GetParam());
  EXPECT_EQ(key.public_key().type(), GetParam());
  EXPECT_EQ(key.scheme(), key.public_key().default_scheme());
  const Message message = Message::of(key.scheme(), bytes_of("hello")).value();
  const Message other = Message::of(key.scheme(), bytes_of("hellp")).value();
  const Bytes signature = key.sign(message).value();
  EXPECT_EQ(verify(key.public_key(), message, signature), Match::yes);
  EXPECT_EQ(verify(key.public_key(), other, signature), Match::no);
}

TEST_P(EachType, SignsBytesInMemoryAsItSignsAMessage) {
  const PrivateKey& key = key_of(GetParam());
  for (const std::size_t size : {std::size_t{0}, std::size_t{100'000}}) {
    Bytes bytes(size, 'x');
    const Bytes signature = key.sign_bytes(bytes).value();
    const Message message = Message::of(key.scheme(), bytes).value();
    EXPECT_EQ(verify(key.public_key(), message, signature), Match::yes);
    bytes.push_back('x');
    EXPECT_EQ(verify(key.public_key(), key.scheme(), bytes, signature), Match::no);
  }
}

TEST_P(EachType, SignsTheEmptyMessage) {
  const PrivateKey& key = key_of(GetParam());
  const Message message = Message::of(key.scheme(), ByteView()).value();
  EXPECT_EQ(verify(key.public_key(), message, key.sign(message).value()), Match::yes);
}

TEST_P(EachType, PublicHalfGoesThroughPemAndDer) {
  const PublicKey& key = key_of(GetParam()).public_key();
  EXPECT_EQ(PublicKey::from_pem(key.pem()).value(), key);
  EXPECT_EQ(PublicKey::from_der(key.der()).value(), key);
  EXPECT_EQ(key.fingerprint(), digest_of(HashAlgorithm::sha256, key.der()));
  Bytes longer = key.der();
  longer.push_back(0);
  EXPECT_EQ(PublicKey::from_der(longer).error().code, Errc::malformed);
  EXPECT_EQ(PublicKey::from_pem(key.pem() + key.pem()).error().code, Errc::malformed);
  for (std::size_t size = 0; size < key.der().size(); ++size) {
    EXPECT_FALSE(PublicKey::from_der(ByteView(key.der()).first(size))) << size;
  }
}

TEST_P(EachType, GoesThroughPkcs8) {
  const PrivateKey& key = key_of(GetParam());
  const SecretBytes pem = key.to_pkcs8_pem().value();
  EXPECT_EQ(PrivateKey::format_of(pem.reveal_text()), KeyFormat::pkcs8);
  EXPECT_EQ(PrivateKey::from_pem(pem.reveal_text(), never).value().public_key(), key.public_key());
}

TEST_P(EachType, GoesThroughEncryptedPkcs8) {
  const PrivateKey& key = key_of(GetParam());
  const std::string pem = key.to_encrypted_pkcs8_pem(SecretBytes::copy_of("pässword")).value();
  EXPECT_EQ(PrivateKey::format_of(pem), KeyFormat::encrypted_pkcs8);
  EXPECT_EQ(PrivateKey::from_pem(pem, gives("pässword")).value().public_key(), key.public_key());
  EXPECT_EQ(PrivateKey::from_pem(pem, gives("password")).error().code, Errc::denied);
  EXPECT_EQ(PrivateKey::from_pem(pem, gives("")).error().code, Errc::denied);
  EXPECT_EQ(PrivateKey::from_pem(pem, PasswordSource()).error().code, Errc::denied);
}

TEST_P(EachType, GoesThroughCosignsFormat) {
  const PrivateKey& key = key_of(GetParam());
  const std::string pem =
      key.to_cosign_pem(SecretBytes::copy_of("password"), system_random()).value();
  EXPECT_EQ(PrivateKey::format_of(pem), KeyFormat::cosign);
  EXPECT_EQ(PrivateKey::from_pem(pem, gives("password")).value().public_key(), key.public_key());
  EXPECT_EQ(PrivateKey::from_pem(pem, gives("passwort")).error().code, Errc::denied);
}

TEST_P(EachType, TakesAnEmptyPassword) {
  const PrivateKey& key = key_of(GetParam());
  const SecretBytes none;
  const std::string pkcs8 = key.to_encrypted_pkcs8_pem(none).value();
  const std::string cosign = key.to_cosign_pem(none, system_random()).value();
  EXPECT_EQ(PrivateKey::from_pem(pkcs8, gives("")).value().public_key(), key.public_key());
  EXPECT_EQ(PrivateKey::from_pem(cosign, gives("")).value().public_key(), key.public_key());
}

TEST_P(EachType, RefusesTheSchemesOfOthers) {
  const PublicKey& key = key_of(GetParam()).public_key();
  int fitting = 0;
  for (const auto kind : {SchemeKind::ecdsa, SchemeKind::ed25519, SchemeKind::ed25519ph,
                          SchemeKind::rsa_pkcs1, SchemeKind::rsa_pss}) {
    const Message message = Message::of({kind, HashAlgorithm::sha512}, bytes_of("x")).value();
    const auto match = verify(key, message, Bytes(64));
    if (match) {
      ++fitting;
      EXPECT_EQ(*match, Match::no);
    } else {
      EXPECT_EQ(match.error().code, Errc::unsupported);
    }
  }
  const bool ecdsa = GetParam() != KeyType::ed25519 && GetParam() != KeyType::rsa;
  EXPECT_EQ(fitting, ecdsa ? 1 : 2);
}

TEST(Ed25519Key, IsReadFromItsThirtyTwoBytes) {
  const PublicKey& key = key_of(KeyType::ed25519).public_key();
  const ByteView raw = key.ed25519();
  ASSERT_EQ(raw.size(), 32U);
  const auto again = PublicKey::from_ed25519(raw);
  ASSERT_TRUE(again) << again.error().text();
  EXPECT_EQ(*again, key);
  EXPECT_EQ(PublicKey::from_ed25519(raw.first(31)).error().code, Errc::malformed);
  Bytes longer = copy_of(raw);
  longer.push_back(0);
  EXPECT_EQ(PublicKey::from_ed25519(longer).error().code, Errc::malformed);
  // The point of order one: signatures under it fit messages that nobody signed.
  Bytes small(32);
  small[0] = 1;
  EXPECT_EQ(PublicKey::from_ed25519(small).error().code, Errc::malformed);
  EXPECT_TRUE(key_of(KeyType::ecdsa_p256).public_key().ed25519().empty());
}

TEST(KeyNames, AreReadAndWritten) {
  for (const KeyType type : kAllTypes) EXPECT_EQ(key_type_named(name(type)), type);
  EXPECT_EQ(key_type_named("dsa").error().code, Errc::usage);
  EXPECT_EQ(key_of(KeyType::ecdsa_p384).public_key().describe(), "ECDSA P-384");
  EXPECT_EQ(key_of(KeyType::ed25519).public_key().describe(), "Ed25519");
  EXPECT_EQ(key_of(KeyType::rsa).public_key().describe(), "RSA 2048");
  EXPECT_EQ(key_of(KeyType::ecdsa_p521).public_key().bits(), 521U);
  EXPECT_EQ(name(kPss), "rsa-pss-sha384");
}

TEST(PrivateKey, RsaOfAnImpossibleSizeIsNotMade) {
  for (const unsigned bits : {0U, 1024U, 2047U, 2050U, 8200U}) {
    EXPECT_EQ(PrivateKey::generate(KeyType::rsa, bits).error().code, Errc::usage) << bits;
  }
}

TEST(PrivateKey, SignsUnderAnotherSchemeOfItsType) {
  const PrivateKey pss = key_of(KeyType::rsa).with_scheme(kPss).value();
  const PrivateKey prehashed = key_of(KeyType::ed25519).with_scheme(kPrehashed).value();
  for (const PrivateKey& key : {pss, prehashed}) {
    const Message message = Message::of(key.scheme(), bytes_of("hello")).value();
    EXPECT_EQ(verify(key.public_key(), message, key.sign(message).value()), Match::yes);
  }
  EXPECT_EQ(key_of(KeyType::rsa).with_scheme(kPure).error().code, Errc::unsupported);
  EXPECT_EQ(key_of(KeyType::ed25519)
                .with_scheme({SchemeKind::ed25519, HashAlgorithm::sha256})
                .error()
                .code,
            Errc::unsupported);
}

// The key of RFC 8032, 7.1, test 1. From 64 KiB on it is OpenSSL that signs; what is expected was
// computed by the formulas of RFC 8032, with neither library.
TEST(PrivateKey, Ed25519SignsLargeMessagesAsItSignsSmallOnes) {
  const PrivateKey key = PrivateKey::from_pem(
                             "-----BEGIN PRIVATE KEY-----\n"
                             "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
                             "-----END PRIVATE KEY-----\n",
                             never)
                             .value();
  const auto signature = [&](std::size_t size) {
    const Bytes bytes(size, 'x');
    const Bytes out = key.sign_bytes(bytes).value();
    EXPECT_EQ(key.sign(Message::of(kPure, bytes).value()).value(), out) << size;
    return to_hex(out);
  };
  EXPECT_EQ(signature(65'535),
            "29b8ff9c7cffcb29a605ad0540fbdd3aa96e694c74b013671da12ee4830807cf"
            "1dc7e3c8778cc501077406d40031a3894490b1d06633f94e1ae65ce39918d90e");
  EXPECT_EQ(signature(65'536),
            "3002b5b754c640b542bb0b5a18197b2edf3dc03e5b18f2ef8455e18d98f59758"
            "3c72b345afba23d0d249543cec50b2a147d60960526f10f55192310d74722201");
  const PrivateKey prehashed = key.with_scheme(kPrehashed).value();
  const Bytes bytes(70'000, 'x');
  const Message message = Message::of(kPrehashed, bytes).value();
  EXPECT_EQ(prehashed.sign_bytes(bytes).value(), prehashed.sign(message).value());
}

TEST(PrivateKey, DoesNotSignAMessageTakenInForAnotherScheme) {
  const Message message = Message::of(kPss, bytes_of("hello")).value();
  EXPECT_EQ(key_of(KeyType::rsa).sign(message).error().code, Errc::unsupported);
  EXPECT_EQ(key_of(KeyType::ed25519).sign(message).error().code, Errc::unsupported);
}

TEST(PrivateKey, ErrorsNameTheArmourThatWasFound) {
  const auto error =
      PrivateKey::from_pem("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", never)
          .error();
  EXPECT_EQ(error.code, Errc::unsupported);
  EXPECT_NE(error.what.find("CERTIFICATE"), std::string::npos);
  EXPECT_EQ(PrivateKey::format_of("nothing").error().code, Errc::malformed);
}

TEST(PrivateKey, PasswordThatCannotBeHadIsTheError) {
  const std::string pem =
      key_of(KeyType::ed25519).to_encrypted_pkcs8_pem(SecretBytes::copy_of("x")).value();
  const auto error = PrivateKey::from_pem(
      pem, []() -> Result<SecretBytes> { return fail(Errc::io, "no terminal"); });
  EXPECT_EQ(error.error().code, Errc::io);
}

TEST(PrivateKey, CosignSaltAndNonceComeFromTheRandomSource) {
  const SecretBytes password = SecretBytes::copy_of("x");
  const auto write = [&] {
    test::FakeRandom random;
    return key_of(KeyType::ed25519).to_cosign_pem(password, random).value();
  };
  EXPECT_EQ(write(), write());
  EXPECT_NE(write(), key_of(KeyType::ed25519).to_cosign_pem(password, system_random()).value());
}

TEST(Message, OfAFileIsThatOfItsBytes) {
  const test::TempFolder folder;
  const std::string content(1 << 20, 'x');
  const Path path = folder.write("file", content);
  for (const Scheme scheme : {kPure, kPrehashed, kPss}) {
    const PrivateKey key =
        key_of(scheme.kind == SchemeKind::rsa_pss ? KeyType::rsa : KeyType::ed25519)
            .with_scheme(scheme)
            .value();
    const Message from_file = Message::of_file(scheme, system_files(), path).value();
    const Message from_bytes = Message::of(scheme, bytes_of(content)).value();
    const auto stated = scheme == kPure ? HashAlgorithm::sha256 : scheme.hash;
    EXPECT_EQ(from_file.digest(), digest_of(stated, bytes_of(content)));
    EXPECT_EQ(from_file.digest(), from_bytes.digest());
    EXPECT_EQ(verify(key.public_key(), from_file, key.sign(from_bytes).value()), Match::yes);
  }
  EXPECT_EQ(Message::of_file(kPss, system_files(), folder / "none").error().code, Errc::not_found);
}

TEST(Message, OfADigestIsForSchemesThatSignOne) {
  const Digest digest = digest_of(HashAlgorithm::sha384, bytes_of("hello"));
  const Message message = Message::of_digest(kPss, digest).value();
  const PrivateKey key = key_of(KeyType::rsa).with_scheme(kPss).value();
  const Message whole = Message::of(kPss, bytes_of("hello")).value();
  EXPECT_EQ(verify(key.public_key(), whole, key.sign(message).value()), Match::yes);
  EXPECT_EQ(Message::of_digest(kPure, digest).error().code, Errc::unsupported);
  EXPECT_EQ(Message::of_digest(kPrehashed, digest).error().code, Errc::unsupported);
  EXPECT_EQ(Message::of_digest({SchemeKind::rsa_pss, HashAlgorithm::sha256}, digest).error().code,
            Errc::unsupported);
}

// Endless, without a size.
class EndlessSource final : public ByteSource {
 public:
  Result<std::size_t> read(std::span<std::uint8_t> into) override {
    given += into.size();
    return into.size();
  }
  Result<void> unchanged() override { return {}; }
  std::optional<std::uint64_t> size() const override { return std::nullopt; }
  std::uint64_t given = 0;
};

TEST(Message, PureEd25519TakesNoMoreThanItHolds) {
  EndlessSource source;
  const auto message = Message::of(kPure, source);
  ASSERT_FALSE(message);
  EXPECT_EQ(message.error().code, Errc::limit);
  EXPECT_NE(message.error().hint.find("ed25519ph"), std::string::npos);
  EXPECT_LE(source.given, limits::kWholeMessage + (1U << 20));
}

TEST(EcdsaDerFromRaw, TakesItsOwnWidthOnly) {
  EXPECT_TRUE(ecdsa_der_from_raw(KeyType::ecdsa_p256, Bytes(64)));
  EXPECT_EQ(ecdsa_der_from_raw(KeyType::ecdsa_p256, Bytes(65)).error().code, Errc::malformed);
  EXPECT_EQ(ecdsa_der_from_raw(KeyType::ecdsa_p521, Bytes(131)).error().code, Errc::malformed);
  EXPECT_EQ(ecdsa_der_from_raw(KeyType::ed25519, Bytes(64)).error().code, Errc::unsupported);
}

}  // namespace
}  // namespace sluice::crypto
