// SPDX-License-Identifier: Apache-2.0
#include "net/failure.h"

#include <curl/curl.h>

#include <system_error>

#include "base/text.h"

namespace sluice::net {

namespace {

Failure weather(std::string what, std::string hint = {}) {
  return {Error{Errc::network, std::move(what)}.advise(std::move(hint)), true};
}
Failure final_failure(Errc code, std::string what, std::string hint = {}) {
  return {Error{code, std::move(what)}.advise(std::move(hint)), false};
}

bool mentions(const FailedTransfer& transfer, std::string_view words) {
  return lower_ascii(transfer.text).find(words) != std::string::npos;
}

Failure timed_out(const FailedTransfer& transfer, const Url& url) {
  if (transfer.took + std::chrono::milliseconds(5) >= transfer.allowed) {
    return {Error{Errc::timeout, "the time is used up"}, false, true};
  }
  return {Error{Errc::timeout, cat("no connection to ", url.shown(), " within ",
                                   human_milliseconds(transfer.connect_allowed))},
          true};
}

// The numbers are X509_V_ERR_* of OpenSSL's x509_vfy.h, which never change.
Failure untrusted(const FailedTransfer& transfer, const Url& url) {
  const std::string who = cat("the TLS certificate of ", url.authority(), " is refused: ");
  switch (transfer.verify_result) {
    case 2:   // issuer not found
    case 18:  // self-signed
    case 19:  // self-signed in the chain
    case 20:  // local issuer not found
    case 21:  // no chain
      return final_failure(
          Errc::denied,
          cat(who, "none of the authorities in ", transfer.authorities, " vouches for it"),
          "where the server has an authority of your own, set SSL_CERT_FILE to a file with its "
          "certificate");
    case 9:
      return final_failure(Errc::denied, cat(who, "it is not valid yet"),
                           "check the clock of this machine");
    case 10:
      return final_failure(Errc::denied, cat(who, "it has expired"),
                           "the server needs a new certificate; check the clock of this machine");
    case 62:
    case 64:
      return final_failure(Errc::denied, cat(who, "it is made out to another name"),
                           "use the name that the certificate holds");
    default:
      break;
  }
  if (mentions(transfer, "subject name") || mentions(transfer, "common name")) {
    return final_failure(Errc::denied, cat(who, "it is made out to another name"),
                         "use the name that the certificate holds");
  }
  return final_failure(Errc::denied, cat(who, printable(transfer.text, 200)));
}

Failure not_connected(const FailedTransfer& transfer, const Url& url) {
  const std::string why = transfer.os_error != 0
                              ? std::generic_category().message(static_cast<int>(transfer.os_error))
                              : "no address answers";
  if (transfer.through_proxy) {
    return weather(cat("cannot connect to the proxy ", transfer.proxy, ": ", why),
                   "check HTTP_PROXY, HTTPS_PROXY and NO_PROXY");
  }
  return weather(cat("cannot connect to ", url.authority(), ": ", why));
}

Failure broken_off(const FailedTransfer& transfer, const Url& url) {
  if (transfer.proxy_status >= 400) {
    return final_failure(Errc::denied,
                         cat("the proxy ", transfer.proxy, " refuses to connect to ",
                             url.authority(), " (status ", transfer.proxy_status, ")"),
                         transfer.proxy_status == 407
                             ? "the proxy wants a user and a password in its URL"
                             : "check the rules of the proxy, or add the host to NO_PROXY");
  }
  if (mentions(transfer, "certificate required") || mentions(transfer, "bad certificate") ||
      mentions(transfer, "alert handshake failure") || mentions(transfer, "unknown ca")) {
    return final_failure(Errc::denied,
                         cat(url.authority(), " refuses this client in the TLS handshake"),
                         "it may want a client certificate, or another one");
  }
  return weather(cat("the connection to ", url.authority(), " broke off"));
}

Failure no_handshake(const FailedTransfer& transfer, const Url& url) {
  if (mentions(transfer, "alert") || mentions(transfer, "certificate")) {
    return broken_off(transfer, url);
  }
  if (mentions(transfer, "wrong version number") || mentions(transfer, "unsupported protocol")) {
    return final_failure(Errc::network,
                         cat(url.authority(), " does not speak TLS 1.2 or newer there"),
                         "is it http, or another port?");
  }
  return weather(cat("no TLS connection to ", url.authority()));
}

}  // namespace

std::string human_milliseconds(std::chrono::milliseconds length) {
  const auto count = length.count();
  return count % 1000 == 0 ? cat(count / 1000, " s") : cat(count, " ms");
}

Failure explain(const FailedTransfer& transfer, const Url& url) {
  switch (transfer.code) {
    case CURLE_OPERATION_TIMEDOUT:
      return timed_out(transfer, url);
    case CURLE_COULDNT_RESOLVE_HOST:
      return weather(cat("the name ", printable(url.host, 100), " cannot be resolved"),
                     "check the name; behind a proxy, set HTTPS_PROXY");
    case CURLE_COULDNT_RESOLVE_PROXY:
      return weather(cat("the name of the proxy ", transfer.proxy, " cannot be resolved"),
                     "check HTTP_PROXY, HTTPS_PROXY and NO_PROXY");
    case CURLE_COULDNT_CONNECT:
      return transfer.proxy_status >= 400 ? broken_off(transfer, url)
                                          : not_connected(transfer, url);
    case CURLE_PROXY:
      return weather(cat("the proxy ", transfer.proxy, " does not connect to ", url.authority()));
    case CURLE_PEER_FAILED_VERIFICATION:
      return untrusted(transfer, url);
    case CURLE_SSL_CACERT_BADFILE:
      return final_failure(
          Errc::io, cat("no certificate authorities can be read from ", transfer.authorities),
          "set SSL_CERT_FILE to a file of PEM certificates");
    case CURLE_SSL_CERTPROBLEM:
      return final_failure(Errc::io, "the client certificate or its key cannot be used",
                           "both must be PEM, belong together, and the password must fit");
    case CURLE_SSL_CONNECT_ERROR:
      return no_handshake(transfer, url);
    case CURLE_GOT_NOTHING:
      return weather(cat(url.authority(), " closed the connection without an answer"));
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
      return broken_off(transfer, url);
    case CURLE_PARTIAL_FILE:
      return weather(cat("the answer from ", url.shown(), " ends early"));
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_WEIRD_SERVER_REPLY:
      return final_failure(Errc::malformed,
                           cat("what answers at ", url.authority(), " does not speak HTTP"));
    case CURLE_BAD_CONTENT_ENCODING:
      return final_failure(Errc::malformed,
                           cat("the answer from ", url.shown(), " is compressed in a broken way"));
    case CURLE_OUT_OF_MEMORY:
      return final_failure(Errc::internal, "no memory for an HTTP exchange");
    default:
      return weather(cat("no answer from ", url.shown(), ": ",
                         curl_easy_strerror(static_cast<CURLcode>(transfer.code))));
  }
}

}  // namespace sluice::net
