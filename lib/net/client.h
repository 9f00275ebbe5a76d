// SPDX-License-Identifier: Apache-2.0
// net: the way out. HTTP over libcurl, as base/http.h promises it.
//
//   client.h    the client, its options, and the one that refuses everything (--offline)
//   url.h       URLs taken apart; same origin
//   ca.h        where the certificate authorities are
//   proxy.h     which proxy
//   retry.h     what is tried again, and when          redirect.h  where a redirect may lead
//   headers.h   bounds on header lines                 failure.h   errors in words that help
//   exchange.h  one request over tries and redirects   session.h   transfers on shared connections
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/http.h"
#include "base/world.h"

namespace sluice::net {

struct ClientOptions {
  // A proxy's URL; an empty text: none at all; nothing: as the environment says (net/proxy.h).
  std::optional<std::string> proxy = {};
  // Authorities to trust instead of the machine's (net/ca.h).
  Path ca_file = {};
  Path ca_folder = {};
  // PEM; the key may be in the certificate's file. Shown to every server that asks for one.
  Path client_certificate = {};
  Path client_key = {};
  std::shared_ptr<const SecretBytes> client_key_password = {};
  std::string user_agent = "sluice";
  // Requests at a time to one host: as many connections, or streams of one where the server offers
  // HTTP/2. More wait for their turn; their time starts with it.
  std::size_t max_connections_per_host = 16;
  std::size_t max_parallel = 64;  // over all hosts
  bool offline = false;
};

// A client for any number of threads. Each call takes a session, which is a set of connections,
// from a pool and puts it back, so that one thread never waits for another one's transfers, and
// calls that follow each other find their connections open. Nothing is set up before the first
// request.
//
// TLS is 1.2 or newer, and a server proves its name: there is no switch against that. No cookies,
// no .netrc, no credentials in URLs. libcurl reads no proxy variable itself. A request that must
// not be repeated opens its own connection, since libcurl by itself repeats what it sent on a kept
// connection that turns out dead.
//
// Known limits: libcurl keeps copies of headers, of a proxy's password and of the key's password in
// ordinary memory, which it does not wipe; and with OpenSSL it obeys SSLKEYLOGFILE.
std::unique_ptr<Http> make_client(const World& world, ClientOptions options = {});

// Refuses every request with Errc::denied.
std::unique_ptr<Http> make_offline_client();

}  // namespace sluice::net
