// SPDX-License-Identifier: Apache-2.0
#include "x509/timestamp.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "crypto/memo.h"
#include "x509/support.h"

namespace sluice::x509 {
namespace {

using namespace test;

const std::string kMessage = "a signature";

struct StampWorld {
  CertificateWish root = root_wish("stamps root");
  CertificateWish service = stamper_wish();
  StampWish stamp = {};
  Window window = kAlways;
  bool service_is_trusted = true;  // else its certificate comes along
  std::string message = kMessage;
  std::function<void(Bytes&)> change_bytes = {};

  // "", the id of the failed check, or the error of the parser.
  std::string answer() const {
    const MadeCertificate made_root = test::make_root(root);
    const MadeCertificate made_service = issue(made_root, service);
    Bytes reply = make_stamp(made_service, made_root.name, bytes_of(kMessage), stamp);
    if (change_bytes) change_bytes(reply);
    const auto parsed = Timestamp::from_reply(reply);
    if (!parsed) return parsed.error().text();
    std::vector<Certificate> chain{read(made_root)};
    if (service_is_trusted) chain.insert(chain.begin(), read(made_service));
    const std::vector authorities{Authority::from_chain(chain, window).value()};
    const auto verified = verify_timestamp(*parsed, bytes_of(message), authorities);
    crypto::SignatureMemo memo;  // changes no answer
    for (int i = 0; i < 2; ++i) {
      const auto again = verify_timestamp(*parsed, bytes_of(message), authorities, &memo);
      EXPECT_EQ(again ? "" : again.error().id, verified ? "" : verified.error().id);
    }
    if (!verified) return verified.error().id;
    EXPECT_EQ(verified->time, std::chrono::floor<std::chrono::seconds>(stamp.time));
    EXPECT_EQ(verified->authority, authorities[0]);
    return "";
  }
};

struct StampRow {
  const char* name;
  std::function<void(StampWorld&)> change;
  const char* answer = "";  // the id of the failed check, or a part of the parser's error
};

using Parts = std::vector<Bytes>;
using Change = std::function<void(Parts&)>;
std::function<void(StampWorld&)> changed_info(Change change) {
  return [=](StampWorld& world) { world.stamp.change_info = change; };
}
std::function<void(StampWorld&)> changed_attributes(Change change) {
  return [=](StampWorld& world) { world.stamp.change_attributes = change; };
}
std::function<void(StampWorld&)> changed_signer(Change change) {
  return [=](StampWorld& world) { world.stamp.change_signer = change; };
}
std::function<void(StampWorld&)> changed_data(Change change) {
  return [=](StampWorld& world) { world.stamp.change_data = change; };
}
std::function<void(StampWorld&)> changed_reply(Change change) {
  return [=](StampWorld& world) { world.stamp.change_reply = change; };
}
std::function<void(StampWorld&)> changed_service(std::size_t index, Bytes value) {
  return [=](StampWorld& world) { world.service.extensions[index] = value; };
}
Change set_part(std::size_t index, Bytes value) {
  return [=](Parts& parts) { parts[index] = value; };
}
Change insert_part(std::size_t index, Bytes value) {
  return [=](Parts& parts) {
    parts.insert(parts.begin() + static_cast<std::ptrdiff_t>(index), value);
  };
}
Change remove_at(std::size_t index) {
  return [=](Parts& parts) { parts.erase(parts.begin() + static_cast<std::ptrdiff_t>(index)); };
}
Bytes attribute_of(std::string_view oid, const Bytes& value) {
  return der_sequence({der_oid(oid), der_set({value})});
}
Bytes critical_purposes(std::vector<std::string> list) { return extended_key_usage(list, true); }

const std::string kStampPurpose(kTimeStampingPurpose);
const Bytes kSha1 = der_sequence({der_oid("1.3.14.3.2.26"), der_null()});
const Bytes kSha384 = digest_algorithm(crypto::HashAlgorithm::sha384);

const std::vector<StampRow>& stamp_rows() {
  static const std::vector<StampRow> all{
      {"as made", [](StampWorld&) {}},
      {"the certificate does not come along",
       [](StampWorld& w) { w.stamp.with_certificate = false; }},
      {"the certificate comes along and is not in the trust root",
       [](StampWorld& w) { w.service_is_trusted = false; }},
      {"the certificate is nowhere",
       [](StampWorld& w) { w.service_is_trusted = w.stamp.with_certificate = false; },
       "timestamp.signer"},
      {"other bytes", [](StampWorld& w) { w.message = "another signature"; }, "timestamp.imprint"},

      {"SHA-384", [](StampWorld& w) { w.stamp.imprint = crypto::HashAlgorithm::sha384; }},
      {"SHA-512", [](StampWorld& w) { w.stamp.imprint = crypto::HashAlgorithm::sha512; }},
      {"SHA-1", changed_info(set_part(2, der_sequence({kSha1, der_octets(Bytes(20, 1))}))),
       "SHA-1"},
      {"an imprint that is too short",
       changed_info(set_part(2, der_sequence({digest_algorithm(crypto::HashAlgorithm::sha256),
                                              der_octets(Bytes(31, 1))}))),
       "as long as its digest"},
      {"another P-256 digest of the signer",
       [](StampWorld& w) { w.service.key = crypto::KeyType::ecdsa_p384; }},
      {"an RSA signer", [](StampWorld& w) { w.service.key = crypto::KeyType::rsa; }},
      {"an RSA signer by the key's identifier",
       [](StampWorld& w) {
         w.service.key = crypto::KeyType::rsa;
         w.stamp.change_signer =
             set_part(4, der_sequence({der_oid("1.2.840.113549.1.1.1"), der_null()}));
       }},
      {"an Ed25519 signer", [](StampWorld& w) { w.service.key = crypto::KeyType::ed25519; }},

      {"version 2 of the content", changed_info(set_part(0, der_integer(2))), "not of version 1"},
      {"without accuracy", changed_info(remove_at(5))},
      {"accurate to a minute", changed_info(set_part(5, der_sequence({der_integer(60)})))},
      {"accurate to a minute and a microsecond",
       changed_info(set_part(5, der_sequence({der_integer(60), der(0x81, Bytes{1})}))),
       "timestamp.accuracy"},
      {"999 milliseconds", changed_info(set_part(5, der_sequence({der(0x80, Bytes{0x03, 0xe7})})))},
      {"1000 milliseconds", changed_info(set_part(5, der_sequence({der(0x80, Bytes{0x03, 0xe8})}))),
       "above 999"},
      {"a nonce", changed_info(insert_part(6, der_integer(4711)))},
      {"a fraction of a second", changed_info(set_part(4, der_text(0x18, "20260601120002.25Z")))},
      {"a fraction with zeros behind",
       changed_info(set_part(4, der_text(0x18, "20260601120002.250Z"))), "no time"},
      {"a UTCTime", changed_info(set_part(4, der_text(0x17, "260601120002Z"))), "0x17"},
      {"an extension",
       changed_info(insert_part(6, der_explicit(1, extension("1.2.3", false, der_null()))))},
      {"a critical extension",
       changed_info(insert_part(6, der_explicit(1, extension("1.2.3", true, der_null())))),
       "critical extension 1.2.3"},
      {"something behind the content", changed_info(insert_part(6, der_octets(Bytes{1}))),
       "more than belong"},

      {"the time of another attribute",
       changed_attributes(
           insert_part(1, attribute_of("1.2.840.113549.1.9.5", der_utc_time(kSigned))))},
      {"an attribute twice", changed_attributes([](Parts& parts) { parts.push_back(parts[1]); }),
       "attribute twice"},
      {"an attribute of two values", changed_attributes([](Parts& parts) {
         parts[0] =
             der_sequence({der_oid("1.2.840.113549.1.9.3"),
                           der_set({der_oid("1.2.840.113549.1.9.16.1.4"), der_oid("1.2.3")})});
       }),
       "more than belong"},
      {"no content type", changed_attributes(remove_at(0)), "without content type"},
      {"another content type",
       changed_attributes(
           set_part(0, attribute_of("1.2.840.113549.1.9.3", der_oid("1.2.840.113549.1.7.1")))),
       "other content"},
      {"no digest", changed_attributes(remove_at(1)), "without content type and digest"},
      {"the digest of other content",
       changed_attributes(
           set_part(1, attribute_of("1.2.840.113549.1.9.4", der_octets(Bytes(32, 1))))),
       "timestamp.content"},
      {"no signing certificate", changed_attributes(remove_at(2)), "timestamp.signer"},
      {"another signing certificate",
       changed_attributes(set_part(
           2,
           attribute_of("1.2.840.113549.1.9.16.2.47",
                        der_sequence({der_sequence({der_sequence({der_octets(Bytes(32, 1))})})})))),
       "timestamp.signer"},
      {"a signing certificate by SHA-1",
       changed_attributes(set_part(2, attribute_of("1.2.840.113549.1.9.16.2.47",
                                                   der_sequence({der_sequence({der_sequence(
                                                       {kSha1, der_octets(Bytes(20, 1))})})})))),
       "SHA-1"},
      {"a signing certificate by the older attribute alone",
       changed_attributes(set_part(
           2,
           attribute_of("1.2.840.113549.1.9.16.2.12",
                        der_sequence({der_sequence({der_sequence({der_octets(Bytes(20, 1))})})})))),
       "timestamp.signer"},

      {"a signer of version 2", changed_signer(set_part(0, der_integer(2))), "no known version"},
      {"another serial number of the signer",
       changed_signer([](Parts& parts) { parts[1].back() ^= 1U; }), "timestamp.signer"},
      {"another digest of the signer", changed_signer(set_part(2, kSha384)), "contradict"},
      {"another digest of the signature",
       changed_signer(set_part(
           4, signature_algorithm({crypto::SchemeKind::ecdsa, crypto::HashAlgorithm::sha384}))),
       "timestamp.signature"},
      {"a signature that was altered", changed_signer([](Parts& parts) { parts[5].back() ^= 1U; }),
       "timestamp.signature"},
      {"an empty signature", changed_signer(set_part(5, der_octets({}))), "timestamp.signature"},
      {"no signed attributes", changed_signer(remove_at(3)), "without signed attributes"},
      {"attributes that nobody signed",
       changed_signer(insert_part(6, der_explicit(1, attribute_of("1.2.3", der_null())))),
       "nobody signed"},

      {"signed data of version 1", changed_data(set_part(0, der_integer(1))), "wrong version"},
      {"two digests", changed_data([](Parts& parts) {
         parts[1] = der_set({digest_algorithm(crypto::HashAlgorithm::sha256), kSha384});
       }),
       "more than belong"},
      {"content of another kind", changed_data([](Parts& parts) {
         parts[2] =
             der_sequence({der_oid("1.2.840.113549.1.7.1"), der_explicit(0, der_octets(Bytes{1}))});
       }),
       "no timestamp"},
      {"revocation lists", changed_data(insert_part(4, der_explicit(1, der_sequence({})))),
       "revocation"},
      {"two signers", changed_data([](Parts& parts) {
         const Bytes one(parts[4].begin() + 4, parts[4].end());
         parts[4] = der_set({one, one});
       }),
       "several signers"},
      {"no signers", changed_data(set_part(4, der_set({}))), "0x30 is due"},

      {"granted with words",
       changed_reply(
           set_part(0, der_sequence({der_integer(0), der_sequence({der_text(0x0c, "fine")})})))},
      {"granted with modifications", changed_reply(set_part(0, der_sequence({der_integer(1)}))),
       "not granted"},
      {"rejected", changed_reply([](Parts& parts) { parts = {der_sequence({der_integer(2)})}; }),
       "not granted"},
      {"granted and failed",
       changed_reply(set_part(0, der_sequence({der_integer(0), der(0x03, Bytes{5, 0x20})}))),
       "more than belong"},
      {"granted without a token", changed_reply(remove_at(1)), "0x30 is due"},
      {"something behind the token", changed_reply(insert_part(2, der_null())), "more than belong"},
      {"a byte behind the reply",
       [](StampWorld& w) { w.change_bytes = [](Bytes& bytes) { bytes.push_back(0); }; },
       "more than belong"},

      {"purposes that are not critical", changed_service(1, extended_key_usage({kStampPurpose})),
       "timestamp.certificate.purpose"},
      {"a purpose beside it",
       changed_service(1, critical_purposes({kStampPurpose, std::string(kCodeSigningPurpose)})),
       "timestamp.certificate.purpose"},
      {"any purpose", changed_service(1, critical_purposes({"2.5.29.37.0"})),
       "timestamp.certificate.purpose"},
      {"a key for more than signatures", changed_service(0, key_usage(0xc0))},
      {"a key for encryption", changed_service(0, key_usage(0x20)), "timestamp.certificate.usage"},
      {"the first second of the certificate", [](StampWorld& w) { w.service.from = kSigned; }},
      {"a second before the certificate",
       [](StampWorld& w) { w.service.from = kSigned + std::chrono::seconds(1); },
       "timestamp.certificate.validity"},
      {"the last second of the root", [](StampWorld& w) { w.root.to = kSigned; }},
      {"a second after the root",
       [](StampWorld& w) { w.root.to = kSigned - std::chrono::seconds(1); },
       "timestamp.certificate.validity"},
      {"the last second of the trust", [](StampWorld& w) { w.window.end = kSigned; }},
      {"a second after the trust",
       [](StampWorld& w) { w.window.end = kSigned - std::chrono::seconds(1); },
       "timestamp.certificate.trust-window"},
  };
  return all;
}

TEST(Timestamp, KeepsEachRule) {
  for (const StampRow& row : stamp_rows()) {
    SCOPED_TRACE(row.name);
    StampWorld world;
    row.change(world);
    const std::string answer = world.answer();
    const std::string due = row.answer;
    EXPECT_EQ(answer.empty(), due.empty()) << answer;
    EXPECT_NE(answer.find(due), std::string::npos) << answer;
  }
  EXPECT_EQ(stamp_rows().size(), 69U);
}

struct TwoServices {
  MadeCertificate root = make_root(root_wish("stamps root"));
  MadeCertificate service = issue(root, stamper_wish());
  MadeCertificate other = issue(root, stamper_wish());  // same name, serial number, issuer

  Judged<VerifiedTime> verify(const MadeCertificate& by, const StampWish& wish,
                              const std::vector<MadeCertificate>& trusted) const {
    const auto stamp = Timestamp::from_reply(make_stamp(by, root.name, bytes_of(kMessage), wish));
    std::vector<Certificate> chain;
    for (const auto& one : trusted) chain.push_back(read(one));
    const std::vector authorities{Authority::from_chain(chain, kAlways).value()};
    return verify_timestamp(*stamp, bytes_of(kMessage), authorities);
  }
};

TEST(Timestamp, ATrustedServiceVouchesForItselfAlone) {
  const TwoServices world;
  EXPECT_TRUE(world.verify(world.service, {}, {world.service, world.root}));
  const auto other = world.verify(world.other, {}, {world.service, world.root});
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().id, "timestamp.signer");
  // Under the root alone, both are welcome if they come along.
  EXPECT_TRUE(world.verify(world.other, {}, {world.root}));
  EXPECT_TRUE(world.verify(world.service, {}, {world.root}));
}

TEST(Timestamp, ServicesOfOneNameAndSerialNumberAreToldApart) {
  const TwoServices world;
  const auto stamp =
      Timestamp::from_reply(make_stamp(world.other, world.root.name, bytes_of(kMessage)));
  const std::vector authorities{
      Authority::from_chain({read(world.service), read(world.root)}, kAlways).value(),
      Authority::from_chain({read(world.other), read(world.root)}, kAlways).value()};
  const auto verified = verify_timestamp(*stamp, bytes_of(kMessage), authorities);
  ASSERT_TRUE(verified) << verified.error().detail;
  EXPECT_EQ(verified->authority, authorities[1]);
}

TEST(Timestamp, WhatComesAlongHasToFit) {
  const TwoServices world;
  const std::vector<MadeCertificate> trusted{world.service, world.root};
  EXPECT_TRUE(world.verify(world.service, {.more_certificates = {world.root.der}}, trusted));
  const auto impostor = world.verify(
      world.service, {.with_certificate = false, .more_certificates = {world.other.der}}, trusted);
  ASSERT_FALSE(impostor);
  EXPECT_EQ(impostor.error().id, "timestamp.signer");
  const StampWish garbage{.more_certificates = {der_sequence({der_null()})}};
  EXPECT_FALSE(world.verify(world.service, garbage, trusted));
  EXPECT_FALSE(world.verify(world.service, garbage, {world.root}));
}

TEST(Timestamp, AnIntermediateMayComeAlong) {
  const MadeCertificate root = make_root(root_wish("stamps root"));
  const MadeCertificate middle = issue(root, root_wish("stamps middle"));
  const MadeCertificate service = issue(middle, stamper_wish());
  const std::vector authorities{Authority::from_chain({read(root)}, kAlways).value()};
  for (const bool comes : {true, false}) {
    const StampWish wish{.more_certificates =
                             comes ? std::vector<Bytes>{middle.der} : std::vector<Bytes>{}};
    const auto stamp =
        Timestamp::from_reply(make_stamp(service, middle.name, bytes_of(kMessage), wish));
    const auto verified = verify_timestamp(*stamp, bytes_of(kMessage), authorities);
    EXPECT_EQ(verified.has_value(), comes);
    if (!comes) {
      EXPECT_EQ(verified.error().id, "timestamp.certificate.chain");
    }
  }
}

TEST(Timestamp, ASignerMayBeNamedByItsKey) {
  CertificateWish wish = stamper_wish();
  wish.extensions.push_back(extension("2.5.29.14", false, der_octets(Bytes(20, 9))));
  const MadeCertificate root = make_root(root_wish("stamps root"));
  const MadeCertificate service = issue(root, wish);
  const auto answer = [&](std::uint8_t key_id) {
    const StampWish stamp{.change_signer = [&](Parts& parts) {
      parts[0] = der_integer(3);
      parts[1] = der(0x80, Bytes(20, key_id));
    }};
    const auto parsed =
        Timestamp::from_reply(make_stamp(service, root.name, bytes_of(kMessage), stamp));
    const std::vector authorities{
        Authority::from_chain({read(service), read(root)}, kAlways).value()};
    return verify_timestamp(*parsed, bytes_of(kMessage), authorities).has_value();
  };
  EXPECT_TRUE(answer(9));
  EXPECT_FALSE(answer(8));
}

TEST(Timestamp, ABareTokenIsReadToo) {
  const TwoServices world;
  const Bytes reply = make_stamp(world.service, world.root.name, bytes_of(kMessage));
  DerReader in(enter_whole(reply, tag::kSequence).value());
  ASSERT_TRUE(in.any());
  const Bytes token = copy_of(in.any()->whole);
  EXPECT_TRUE(Timestamp::from_token(token));
  EXPECT_FALSE(Timestamp::from_token(reply));
  EXPECT_FALSE(Timestamp::from_reply(token));
}

TEST(Timestamp, IsRefusedWhereverItIsCutShort) {
  const TwoServices world;
  const Bytes reply = make_stamp(world.service, world.root.name, bytes_of(kMessage));
  ASSERT_TRUE(Timestamp::from_reply(reply));
  for (std::size_t size = 0; size < reply.size(); ++size) {
    EXPECT_FALSE(Timestamp::from_reply(ByteView(reply).first(size))) << size;
  }
  EXPECT_EQ(Timestamp::from_reply(Bytes(kTimestampMost + 1, 0x30)).error().code, Errc::limit);
}

TEST(Timestamp, SaysWhoStampedAndWhen) {
  const TwoServices world;
  const auto verified = world.verify(world.service, {}, {world.service, world.root});
  ASSERT_TRUE(verified);
  EXPECT_EQ(verified->detail(), "2026-06-01 12:00:02Z, by CN=stamper (CN=stamps root)");
  EXPECT_EQ(verified->accuracy, std::chrono::seconds(1));
}

}  // namespace
}  // namespace sluice::x509
