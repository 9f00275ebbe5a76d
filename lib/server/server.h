// SPDX-License-Identifier: Apache-2.0
// What listens for strangers: HTTP/1.1 over TLS, with a bound on everything that a stranger can use
// up.
//
// A few threads move bytes; handlers run on threads of their own, in lanes, so that slow work
// (asking other services) and large bodies never stand before quick work (a cluster's reviews). Who
// has to go where there are too many connections is decided in crowd.h, what bodies may take in
// budget.h. A handler that
// throws is answered with 500, one that takes too long with 503; neither disturbs another
// connection.
//
// Refused by the server itself: 400 what is no HTTP/1.1, or could be read in two ways (both a
// length and chunks, two lengths, two hosts); 403 who has to show a certificate; 404; 405; 408 a
// request that comes too slowly; 411; 413; 414; 415; 417; 431; 503 when there are more requests
// than threads and places to wait. There is no plain HTTP, no session resumption (each connection
// shows its certificate anew) and no renegotiation.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/http.h"
#include "base/secret.h"
#include "base/time.h"

namespace sluice::server {

struct Limits {
  std::size_t body = 32U << 20;
  std::size_t small_body = 1U << 20;         // larger ones have a queue of their own
  std::size_t bodies = 128U << 20;           // of all requests that are under way
  std::size_t bodies_for_small = 32U << 20;  // of that, what large ones leave
  std::size_t header = 16U << 10;            // bytes of request line and headers together
  std::size_t header_count = 100;
  std::size_t target = 4U << 10;
  std::size_t connections = 512;  // at a time; crowd.h says who makes room
  std::size_t per_address = 256;  // of one address
  int waiting = 1024;             // connections that the system keeps until there is room
  std::size_t queued = 256;       // requests that wait for a thread, in each lane
  std::size_t queued_large = 16;  // and of these, with large bodies
  std::chrono::milliseconds handshake{5'000};
  std::chrono::milliseconds read{10'000};  // a whole request, from its first byte
  std::chrono::milliseconds handle{31'000};
  std::chrono::milliseconds write{10'000};
  std::chrono::milliseconds idle{120'000};  // between requests
  unsigned movers = 2;                      // threads that move bytes
  unsigned quick = 4;                       // threads of handlers
  unsigned large = 2;
  unsigned slow = 4;
};

struct ClientCertificate {
  std::string subject;             // RFC 2253
  std::vector<std::string> names;  // "DNS:…", "URI:…", "email:…", from subjectAltName
  std::string fingerprint;         // "sha256:…" of the whole certificate
};

struct Request {
  std::string method;
  std::string path;   // without the query; compared as it was sent, nothing is decoded
  std::string query;  // as it was sent
  Headers headers;    // names in lower case
  std::string body;
  std::string remote;                              // address of the other side
  std::optional<ClientCertificate> certificate;    // verified against the authorities
  std::chrono::steady_clock::time_point received;  // its first byte

  // The first of that name; nothing where there is none.
  std::optional<std::string_view> header(std::string_view lower_case_name) const;
  std::optional<std::string_view> parameter(
      std::string_view name) const;  // of the query, not decoded
};

struct Response {
  int status = 200;
  std::string body = {};
  std::string type = "application/json";
  Headers headers = {};  // one that could not be sent safely is left out
};

// {"error": what}, for refusals.
Response refusal(int status, std::string_view what);

using Handler = std::function<Response(const Request&)>;

// At once: on the thread that moves bytes, for what only reads memory.
enum class Lane : std::uint8_t { at_once, quick, slow };

struct Route {
  std::string method;  // GET answers HEAD as well
  std::string path;
  Handler handler;
  Lane lane = Lane::quick;
  std::string content_type = {};  // demanded of the body; empty: any
  bool certified = false;         // 403 for who showed no certificate, before the body is read
  std::size_t body = 0;           // a bound of its own, below that of all; 0: none
};

// One request that was answered, or refused before it came to a handler (then without a route).
struct Exchange {
  std::string route;  // the path of the route; empty: none
  int status = 0;
  std::chrono::microseconds took{0};
  std::size_t received = 0;  // bytes of the body
};

struct TlsFiles {
  std::string certificate;              // PEM: the server's, then its chain
  SecretBytes key;                      // PEM
  std::string client_authorities = {};  // PEM; empty: no client certificate is asked for
};

struct Setup {
  Clock& clock;                       // for the Date of answers
  std::string address = "127.0.0.1";  // numeric
  std::uint16_t port = 0;             // 0: any that is free
  Limits limits = {};
  std::vector<Route> routes;
  std::function<void(const Exchange&)> observe = {};  // from many threads
};

class Server {
 public:
  // Listens when it answers. Errc::malformed: certificate or key cannot be used; Errc::denied,
  // Errc::io: cannot listen there.
  [[nodiscard]] static Result<std::unique_ptr<Server>> start(Setup setup, const TlsFiles& tls);
  virtual ~Server() = default;  // stops at once

  virtual std::uint16_t port() const = 0;
  virtual std::size_t connections() const = 0;
  virtual Time certificate_ends() const = 0;
  // For connections that come from now on. What cannot be used changes nothing.
  [[nodiscard]] virtual Result<void> replace(const TlsFiles& tls) = 0;
  // Takes no new connections, lets running requests end within the bound, then closes the rest.
  // The answer: how many had to be cut off.
  virtual std::size_t stop(std::chrono::milliseconds within) = 0;
};

}  // namespace sluice::server
