// SPDX-License-Identifier: Apache-2.0
// What OpenSSL makes is read and verified here: certificates and timestamps that share no code with
// ours.
#include <gtest/gtest.h>
#include <openssl/asn1.h>
#include <openssl/evp.h>
#include <openssl/ts.h>
#include <openssl/x509v3.h>

#include <memory>

#include "x509/support.h"
#include "x509/timestamp.h"

namespace sluice::x509 {
namespace {

using namespace test;

template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* pointer) const {
    Free(pointer);
  }
};
using OpensslKey = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using OpensslCertificate = std::unique_ptr<X509, Freed<X509_free>>;
using OpensslExtension = std::unique_ptr<X509_EXTENSION, Freed<X509_EXTENSION_free>>;

void extend(X509* certificate, X509* issuer, int kind, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const OpensslExtension extension(X509V3_EXT_conf_nid(nullptr, &context, kind, value));
  ASSERT_TRUE(extension);
  ASSERT_EQ(X509_add_ext(certificate, extension.get(), -1), 1);
}

struct Maker {
  OpensslKey key{EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-384")};
  OpensslCertificate certificate{X509_new()};

  Maker(const char* name, const Maker* issuer,
        const std::vector<std::pair<int, const char*>>& extensions) {
    static int serial = 0;
    X509* const own = certificate.get();
    X509* const by = issuer == nullptr ? own : issuer->certificate.get();
    X509_set_version(own, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(own), ++serial);
    X509_gmtime_adj(X509_getm_notBefore(own), -3600);
    X509_gmtime_adj(X509_getm_notAfter(own), 3600);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(own), "O", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>(name), -1, -1, 0);
    X509_set_issuer_name(own, X509_get_subject_name(by));
    X509_set_pubkey(own, key.get());
    for (const auto& [kind, value] : extensions) extend(own, by, kind, value);
    X509_sign(own, issuer == nullptr ? key.get() : issuer->key.get(), EVP_sha384());
  }

  Certificate read() const {
    std::uint8_t* out = nullptr;
    const int size = i2d_X509(certificate.get(), &out);
    const Bytes der(out, out + size);
    OPENSSL_free(out);
    return Certificate::from_der(der).value();
  }
};

Maker authority_maker() {
  return Maker("maker's root", nullptr,
               {{NID_basic_constraints, "critical,CA:TRUE"},
                {NID_key_usage, "critical,keyCertSign,cRLSign"},
                {NID_subject_key_identifier, "hash"}});
}

TEST(OpensslMade, ACertificateVerifies) {
  const Maker root = authority_maker();
  const Maker leaf("leaf", &root,
                   {{NID_key_usage, "critical,digitalSignature"},
                    {NID_ext_key_usage, "codeSigning"},
                    {NID_subject_key_identifier, "hash"},
                    {NID_authority_key_identifier, "keyid:always,issuer:always"},
                    {NID_subject_alt_name, "email:a@example.org,URI:https://example.org/"},
                    {NID_info_access, "OCSP;URI:http://ocsp.example.org/"}});
  const Certificate read = leaf.read();
  EXPECT_EQ(read->alternative_names[0].value, "a@example.org");
  const std::vector authorities{Authority::from_chain({root.read()}, kAlways).value()};
  const std::array times{read->validity.not_before};
  const auto chain = verify_chain(read, {}, authorities, times, kCodeSigning);
  EXPECT_TRUE(chain) << chain.error().detail;
  EXPECT_FALSE(verify_chain(read, {}, authorities, times, kTimeStamping));
}

ASN1_INTEGER* next_serial(TS_RESP_CTX*, void*) {
  ASN1_INTEGER* const serial = ASN1_INTEGER_new();
  ASN1_INTEGER_set(serial, 4711);
  return serial;
}

// A reply to a request over SHA-256 of these bytes.
Bytes openssl_stamp(const Maker& service, ByteView message, bool with_certificate) {
  const auto digest = crypto::digest_of(crypto::HashAlgorithm::sha256, message);
  using Request = std::unique_ptr<TS_REQ, Freed<TS_REQ_free>>;
  using Imprint = std::unique_ptr<TS_MSG_IMPRINT, Freed<TS_MSG_IMPRINT_free>>;
  using Algorithm = std::unique_ptr<X509_ALGOR, Freed<X509_ALGOR_free>>;
  using Object = std::unique_ptr<ASN1_OBJECT, Freed<ASN1_OBJECT_free>>;
  using Responder = std::unique_ptr<TS_RESP_CTX, Freed<TS_RESP_CTX_free>>;
  using Reply = std::unique_ptr<TS_RESP, Freed<TS_RESP_free>>;
  using Io = std::unique_ptr<BIO, Freed<BIO_free>>;
  const Request request(TS_REQ_new());
  const Imprint imprint(TS_MSG_IMPRINT_new());
  const Algorithm algorithm(X509_ALGOR_new());
  X509_ALGOR_set0(algorithm.get(), OBJ_nid2obj(NID_sha256), V_ASN1_NULL, nullptr);
  TS_MSG_IMPRINT_set_algo(imprint.get(), algorithm.get());
  Bytes hash = copy_of(digest.bytes());
  TS_MSG_IMPRINT_set_msg(imprint.get(), hash.data(), static_cast<int>(hash.size()));
  TS_REQ_set_version(request.get(), 1);
  TS_REQ_set_msg_imprint(request.get(), imprint.get());
  TS_REQ_set_cert_req(request.get(), with_certificate ? 1 : 0);

  const Responder responder(TS_RESP_CTX_new());
  const Object policy(OBJ_txt2obj("1.2.3.4.1", 1));
  TS_RESP_CTX_set_serial_cb(responder.get(), next_serial, nullptr);
  TS_RESP_CTX_set_signer_cert(responder.get(), service.certificate.get());
  TS_RESP_CTX_set_signer_key(responder.get(), service.key.get());
  TS_RESP_CTX_set_signer_digest(responder.get(), EVP_sha384());
  TS_RESP_CTX_set_ess_cert_id_digest(responder.get(), EVP_sha256());
  TS_RESP_CTX_set_def_policy(responder.get(), policy.get());
  TS_RESP_CTX_add_md(responder.get(), EVP_sha256());
  TS_RESP_CTX_set_accuracy(responder.get(), 1, 500, 100);
  TS_RESP_CTX_add_flags(responder.get(), TS_TSA_NAME | TS_ORDERING);

  const Io in(BIO_new(BIO_s_mem()));
  i2d_TS_REQ_bio(in.get(), request.get());
  const Reply reply(TS_RESP_create_response(responder.get(), in.get()));
  std::uint8_t* out = nullptr;
  const int size = i2d_TS_RESP(reply.get(), &out);
  const Bytes der(out, out + size);
  OPENSSL_free(out);
  return der;
}

TEST(OpensslMade, ATimestampVerifies) {
  const Maker root = authority_maker();
  const Maker service(
      "stamper", &root,
      {{NID_key_usage, "critical,digitalSignature"}, {NID_ext_key_usage, "critical,timeStamping"}});
  const Bytes message{1, 2, 3};
  for (const bool with_certificate : {true, false}) {
    const auto stamp = Timestamp::from_reply(openssl_stamp(service, message, with_certificate));
    ASSERT_TRUE(stamp) << stamp.error().text();
    const std::vector both{Authority::from_chain({service.read(), root.read()}, kAlways).value()};
    const auto verified = verify_timestamp(*stamp, message, both);
    ASSERT_TRUE(verified) << verified.error().detail;
    EXPECT_EQ(verified->accuracy, std::chrono::microseconds(1'500'100));
    const std::vector root_alone{Authority::from_chain({root.read()}, kAlways).value()};
    EXPECT_EQ(verify_timestamp(*stamp, message, root_alone).has_value(), with_certificate);
    EXPECT_FALSE(verify_timestamp(*stamp, Bytes{1, 2, 4}, both));
  }
}

}  // namespace
}  // namespace sluice::x509
