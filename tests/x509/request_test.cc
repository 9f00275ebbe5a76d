// SPDX-License-Identifier: Apache-2.0
#include "x509/request.h"

#include <gtest/gtest.h>
#include <openssl/ts.h>
#include <openssl/x509.h>

#include <memory>

#include "support/fake_world.h"
#include "x509/support.h"

namespace sluice::x509 {
namespace {

using namespace test;
using crypto::KeyType;

struct Free {
  void operator()(X509_REQ* request) const { X509_REQ_free(request); }
  void operator()(TS_REQ* request) const { TS_REQ_free(request); }
};

// OpenSSL reads and verifies it: nothing of ours wrote that.
TEST(CertificateRequest, IsOneThatOthersVerify) {
  for (const auto type : {KeyType::ecdsa_p256, KeyType::ecdsa_p384, KeyType::ecdsa_p521,
                          KeyType::ed25519, KeyType::rsa}) {
    const auto key = crypto::PrivateKey::generate(type).value();
    Bytes der = certificate_request(key).value();
    const std::uint8_t* at = der.data();
    const std::unique_ptr<X509_REQ, Free> request(
        d2i_X509_REQ(nullptr, &at, static_cast<long>(der.size())));
    ASSERT_TRUE(request) << name(type);
    EXPECT_EQ(at, der.data() + der.size());
    EXPECT_EQ(X509_REQ_verify(request.get(), X509_REQ_get0_pubkey(request.get())), 1) << name(type);
    EXPECT_EQ(X509_NAME_entry_count(X509_REQ_get_subject_name(request.get())), 0);
    EXPECT_EQ(X509_REQ_get_attr_count(request.get()), 0);
    // One bit of the signature.
    der.back() ^= 1;
    at = der.data();
    const std::unique_ptr<X509_REQ, Free> altered(
        d2i_X509_REQ(nullptr, &at, static_cast<long>(der.size())));
    if (altered) {
      EXPECT_NE(X509_REQ_verify(altered.get(), X509_REQ_get0_pubkey(altered.get())), 1);
    }
  }
}

TEST(CertificateRequest, IsRefusedForASchemeWithoutAnIdentifier) {
  const auto key = crypto::PrivateKey::generate(KeyType::ed25519).value();
  const auto prehashed =
      key.with_scheme({crypto::SchemeKind::ed25519ph, crypto::HashAlgorithm::sha512}).value();
  EXPECT_TRUE(certificate_request(key));
  EXPECT_EQ(certificate_request(prehashed).error().code, Errc::unsupported);
}

TEST(TimestampQuestion, IsOneThatOthersRead) {
  FakeRandom random;
  for (const auto hash : {crypto::HashAlgorithm::sha256, crypto::HashAlgorithm::sha384,
                          crypto::HashAlgorithm::sha512}) {
    const auto digest = crypto::digest_of(hash, bytes_of("a signature"));
    const auto question = timestamp_question(digest, random);
    const std::uint8_t* at = question.der.data();
    const std::unique_ptr<TS_REQ, Free> request(
        d2i_TS_REQ(nullptr, &at, static_cast<long>(question.der.size())));
    ASSERT_TRUE(request);
    EXPECT_EQ(TS_REQ_get_version(request.get()), 1);
    EXPECT_NE(TS_REQ_get_cert_req(request.get()), 0);
    ASN1_OCTET_STRING* imprint = TS_MSG_IMPRINT_get_msg(TS_REQ_get_msg_imprint(request.get()));
    EXPECT_EQ(Bytes(imprint->data, imprint->data + imprint->length), copy_of(digest.bytes()));
    const ASN1_INTEGER* nonce = TS_REQ_get_nonce(request.get());
    EXPECT_EQ(Bytes(nonce->data, nonce->data + nonce->length), question.nonce);
  }
}

TEST(TimestampNonce, HasToBeThatOfTheQuestion) {
  FakeRandom random;
  const auto question =
      timestamp_question(crypto::digest_of(crypto::HashAlgorithm::sha256, {}), random);
  const MadeCertificate root = make_root(root_wish("stamps root"));
  const MadeCertificate service = issue(root, stamper_wish());
  const auto answer = [&](std::function<void(std::vector<Bytes>&)> change) -> std::string {
    const auto stamp =
        Timestamp::from_reply(make_stamp(service, root.name, {}, {.change_info = change}));
    if (!stamp) return stamp.error().text();
    const auto answers = answers_question(*stamp, question.nonce);
    return answers ? "" : answers.error().id;
  };
  const auto with = [&](Bytes nonce) {
    return answer([nonce](std::vector<Bytes>& info) { info.push_back(der(0x02, nonce)); });
  };
  EXPECT_EQ(with(question.nonce), "");
  EXPECT_EQ(answer({}), "timestamp.nonce");
  Bytes other = question.nonce;
  other.back() ^= 1;
  EXPECT_EQ(with(other), "timestamp.nonce");
  other = question.nonce;
  other.push_back(0);
  EXPECT_EQ(with(other), "timestamp.nonce");
  EXPECT_EQ(with(Bytes(64, 1)), "timestamp.nonce");
  EXPECT_NE(with(Bytes(65, 1)).find("too long"), std::string::npos);
  // A question without one has no answer that can be told from an old one.
  const auto stamp = Timestamp::from_reply(make_stamp(service, root.name, {}));
  EXPECT_FALSE(answers_question(*stamp, {}));
}

}  // namespace
}  // namespace sluice::x509
