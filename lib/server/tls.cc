// SPDX-License-Identifier: Apache-2.0
#include "server/tls.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>

#include "base/text.h"
#include "crypto/digest.h"

namespace sluice::server {

void free_tls_context(ssl_ctx_st* context) { SSL_CTX_free(context); }

namespace {

template <auto Free>
struct FreeTls {
  template <class T>
  void operator()(T* pointer) const {
    Free(pointer);
  }
};
using BioPtr = std::unique_ptr<BIO, FreeTls<BIO_free>>;
using CertificatePtr = std::unique_ptr<X509, FreeTls<X509_free>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, FreeTls<EVP_PKEY_free>>;
using NamesPtr = std::unique_ptr<GENERAL_NAMES, FreeTls<GENERAL_NAMES_free>>;

constexpr std::size_t kMaxCertificates = 100;
constexpr std::size_t kMaxNames = 64;

BioPtr bio_over(std::string_view text) {
  return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

// Never asks: a server has no terminal.
int no_password(char*, int, int, void*) { return -1; }

Result<std::vector<CertificatePtr>> certificates_in(std::string_view pem, std::string_view what) {
  std::vector<CertificatePtr> found;
  const BioPtr bio = bio_over(pem);
  while (found.size() <= kMaxCertificates) {
    CertificatePtr one(PEM_read_bio_X509(bio.get(), nullptr, no_password, nullptr));
    if (!one) break;
    found.push_back(std::move(one));
  }
  const auto last = ERR_peek_last_error();
  ERR_clear_error();
  if (last != 0 && ERR_GET_REASON(last) != PEM_R_NO_START_LINE) {
    return fail(Errc::malformed, cat(what, " holds a certificate that cannot be read"));
  }
  if (found.empty()) return fail(Errc::malformed, cat(what, " holds no certificate (PEM)"));
  if (found.size() > kMaxCertificates) {
    return fail(Errc::limit, cat(what, " holds more than ", kMaxCertificates, " certificates"));
  }
  return found;
}

Result<Time> end_of(const X509* certificate) {
  std::tm broken{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &broken) != 1) {
    ERR_clear_error();
    return fail(Errc::malformed, "the certificate does not say when it ends");
  }
  const auto day = std::chrono::year(broken.tm_year + 1900) /
                   std::chrono::month(static_cast<unsigned>(broken.tm_mon + 1)) /
                   std::chrono::day(static_cast<unsigned>(broken.tm_mday));
  return Time(std::chrono::sys_days(day)) + std::chrono::hours(broken.tm_hour) +
         std::chrono::minutes(broken.tm_min) + std::chrono::seconds(broken.tm_sec);
}

Result<void> use_identity(SSL_CTX* context, const TlsFiles& files, Time& ends) {
  SLUICE_TRY(const auto chain, certificates_in(files.certificate, "the certificate file"));
  const BioPtr bio = bio_over(files.key.reveal_text());
  const KeyPtr key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_password, nullptr));
  ERR_clear_error();
  if (!key) {
    return fail(Errc::malformed, "the key file holds no private key (PEM, not encrypted)");
  }
  if (SSL_CTX_use_certificate(context, chain.front().get()) != 1) {
    ERR_clear_error();
    return fail(Errc::malformed, "the certificate cannot be used for TLS");
  }
  for (std::size_t i = 1; i < chain.size(); ++i) {
    if (SSL_CTX_add1_chain_cert(context, chain[i].get()) != 1) {
      ERR_clear_error();
      return fail(Errc::malformed, "the certificate's chain cannot be used");
    }
  }
  if (SSL_CTX_use_PrivateKey(context, key.get()) != 1 || SSL_CTX_check_private_key(context) != 1) {
    ERR_clear_error();
    return fail(Errc::malformed, "the key is not that of the certificate");
  }
  SLUICE_TRY(ends, end_of(chain.front().get()));
  return {};
}

Result<void> use_authorities(SSL_CTX* context, const std::string& pem) {
  if (pem.empty()) return {};
  SLUICE_TRY(const auto authorities, certificates_in(pem, "the file of client authorities"));
  X509_STORE* store = SSL_CTX_get_cert_store(context);
  for (const auto& each : authorities) {
    if (X509_STORE_add_cert(store, each.get()) != 1 ||
        SSL_CTX_add_client_CA(context, each.get()) != 1) {
      ERR_clear_error();
      return fail(Errc::malformed, "an authority of client certificates cannot be used");
    }
  }
  SSL_CTX_set_verify_depth(context, 8);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  return {};
}

// HTTP/1.1 where it is offered; whoever offers only other protocols gets none, and will go.
int choose_protocol(SSL*, const unsigned char** out, unsigned char* out_size,
                    const unsigned char* in, unsigned in_size, void*) {
  static constexpr unsigned char kHttp11[] = "\x08http/1.1";
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, out_size, kHttp11, sizeof kHttp11 - 1, in, in_size) !=
      OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_NOACK;
  }
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

bool set_up(SSL_CTX* context) {
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                   SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_NO_TICKET |
                                   SSL_OP_SINGLE_ECDH_USE);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  // Connections wait for a long time with nothing to say; their buffers need not.
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_alpn_select_cb(context, choose_protocol, nullptr);
  return SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 &&
         SSL_CTX_set_num_tickets(context, 0) == 1 &&
         SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20") == 1 &&
         SSL_CTX_set_max_send_fragment(context, 16384) == 1;
}

std::string subject_of(X509* certificate) {
  const BioPtr out(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(out.get(), X509_get_subject_name(certificate), 0,
                     XN_FLAG_RFC2253 & ~static_cast<unsigned long>(ASN1_STRFLGS_ESC_MSB));
  char* text = nullptr;
  const auto size = BIO_get_mem_data(out.get(), &text);
  return size > 0 ? std::string(text, static_cast<std::size_t>(size)) : std::string();
}

std::vector<std::string> names_of(X509* certificate) {
  std::vector<std::string> out;
  const NamesPtr names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  ERR_clear_error();
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()) && out.size() < kMaxNames; ++i) {
    int type = 0;
    const auto* value = static_cast<const ASN1_STRING*>(
        GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names.get(), i), &type));
    const char* kind = type == GEN_DNS     ? "DNS:"
                       : type == GEN_URI   ? "URI:"
                       : type == GEN_EMAIL ? "email:"
                                           : nullptr;
    if (kind == nullptr) continue;
    const std::string_view text(reinterpret_cast<const char*>(ASN1_STRING_get0_data(value)),
                                static_cast<std::size_t>(ASN1_STRING_length(value)));
    // A name with a NUL or a control character in it is nobody's name.
    if (std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7F; })) {
      out.push_back(cat(kind, text));
    }
  }
  return out;
}

}  // namespace

Result<TlsContext> make_tls_context(const TlsFiles& files) {
  crypto::ready_openssl();
  TlsContext out;
  out.context.reset(SSL_CTX_new(TLS_server_method()));
  if (!out.context || !set_up(out.context.get())) {
    ERR_clear_error();
    return fail(Errc::internal, "cannot set TLS up");
  }
  SLUICE_CHECK(use_identity(out.context.get(), files, out.ends));
  SLUICE_CHECK(use_authorities(out.context.get(), files.client_authorities));
  return out;
}

std::optional<ClientCertificate> shown_certificate(ssl_st* connection) {
  const CertificatePtr certificate(SSL_get1_peer_certificate(connection));
  if (!certificate || SSL_get_verify_result(connection) != X509_V_OK) return std::nullopt;
  unsigned char* der = nullptr;
  const int size = i2d_X509(certificate.get(), &der);
  if (size <= 0) return std::nullopt;
  const auto digest = crypto::digest_of(crypto::HashAlgorithm::sha256,
                                        ByteView(der, static_cast<std::size_t>(size)));
  OPENSSL_free(der);
  return ClientCertificate{subject_of(certificate.get()), names_of(certificate.get()),
                           digest.text()};
}

}  // namespace sluice::server
