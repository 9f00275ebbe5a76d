// SPDX-License-Identifier: Apache-2.0
// The TLS side of the server, on OpenSSL: contexts from files, and who the other side is.
#pragma once

#include <memory>

#include "server/server.h"

struct ssl_ctx_st;
struct ssl_st;

namespace sluice::server {

void free_tls_context(ssl_ctx_st* context);
struct FreeTlsContext {
  void operator()(ssl_ctx_st* context) const { free_tls_context(context); }
};

struct TlsContext {
  std::unique_ptr<ssl_ctx_st, FreeTlsContext> context;
  Time ends{};  // of the server's certificate
};

// TLS 1.2 and 1.3 with forward secrecy, HTTP/1.1 alone, client certificates where authorities are
// given (asked for, and verified where one is shown).
[[nodiscard]] Result<TlsContext> make_tls_context(const TlsFiles& files);

// What the other side showed, and OpenSSL verified; nothing where it showed none.
std::optional<ClientCertificate> shown_certificate(ssl_st* connection);

}  // namespace sluice::server
