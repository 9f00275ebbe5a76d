// SPDX-License-Identifier: Apache-2.0
#include "support/servers/certificates.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <stdexcept>

#include "base/text.h"

namespace sluice::test {

namespace {

template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* pointer) const {
    Free(pointer);
  }
};
using KeyPtr = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using CertificatePtr = std::unique_ptr<X509, Freed<X509_free>>;
using ExtensionPtr = std::unique_ptr<X509_EXTENSION, Freed<X509_EXTENSION_free>>;
using BioPtr = std::unique_ptr<BIO, Freed<BIO_free>>;

void require(bool done) {
  if (!done) throw std::runtime_error("OpenSSL cannot make a certificate");
}

std::string text_in(const BioPtr& bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

std::string pem_of(const CertificatePtr& certificate) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  require(PEM_write_bio_X509(bio.get(), certificate.get()) == 1);
  return text_in(bio);
}
std::string pem_of(const KeyPtr& key) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  require(PEM_write_bio_PKCS8PrivateKey(bio.get(), key.get(), nullptr, nullptr, 0, nullptr,
                                        nullptr) == 1);
  return text_in(bio);
}

KeyPtr new_key() {
  KeyPtr key(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"));
  require(key != nullptr);
  return key;
}

void extend(X509* certificate, X509* issuer, int id, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const ExtensionPtr extension(X509V3_EXT_conf_nid(nullptr, &context, id, value.c_str()));
  require(extension != nullptr && X509_add_ext(certificate, extension.get(), -1) == 1);
}

CertificatePtr unsigned_certificate(const std::string& name, EVP_PKEY* key,
                                    const TestCertificate& wish) {
  static long serial = 1000;
  CertificatePtr out(X509_new());
  require(out != nullptr);
  X509_set_version(out.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(out.get()), ++serial);
  X509_gmtime_adj(X509_getm_notBefore(out.get()), wish.not_before.count());
  X509_gmtime_adj(X509_getm_notAfter(out.get()), wish.not_after.count());
  X509_NAME_add_entry_by_txt(X509_get_subject_name(out.get()), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  require(X509_set_pubkey(out.get(), key) == 1);
  return out;
}

}  // namespace

struct TestAuthority::State {
  KeyPtr key = new_key();
  CertificatePtr certificate;
  std::string pem;
};

TestAuthority::TestAuthority(const std::string& name) : state_(std::make_unique<State>()) {
  TestCertificate wish;
  wish.not_before = -std::chrono::hours(24 * 365);
  state_->certificate = unsigned_certificate(name, state_->key.get(), wish);
  X509* const own = state_->certificate.get();
  X509_set_issuer_name(own, X509_get_subject_name(own));
  extend(own, own, NID_basic_constraints, "critical,CA:TRUE");
  extend(own, own, NID_key_usage, "critical,keyCertSign");
  extend(own, own, NID_subject_key_identifier, "hash");
  require(X509_sign(own, state_->key.get(), EVP_sha256()) > 0);
  state_->pem = pem_of(state_->certificate);
}

TestAuthority::~TestAuthority() = default;

const std::string& TestAuthority::pem() const { return state_->pem; }

TestIdentity TestAuthority::issue(const TestCertificate& wish) const {
  const KeyPtr key = new_key();
  const CertificatePtr leaf = unsigned_certificate("sluice test", key.get(), wish);
  X509* const issuer = state_->certificate.get();
  X509_set_issuer_name(leaf.get(), X509_get_subject_name(issuer));
  extend(leaf.get(), issuer, NID_basic_constraints, "critical,CA:FALSE");
  extend(leaf.get(), issuer, NID_key_usage, "critical,digitalSignature");
  extend(leaf.get(), issuer, NID_ext_key_usage, "serverAuth,clientAuth");
  extend(leaf.get(), issuer, NID_subject_alt_name, join(wish.names, ","));
  require(X509_sign(leaf.get(), state_->key.get(), EVP_sha256()) > 0);
  return {pem_of(leaf), pem_of(key)};
}

}  // namespace sluice::test
