// SPDX-License-Identifier: Apache-2.0
// A listener for one thing only: the browser that comes back from a sign-in (RFC 8252 7.3). It
// listens on 127.0.0.1, on a port that the system chooses, answers one request per connection, and
// is gone with its object. For a server that faces strangers: the room `server`.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sluice::net {

struct LoopbackLimits {
  std::size_t head = 32U << 10;              // bytes of a request line and its headers
  std::size_t connections = 256;             // in all; after that it gives up (Errc::limit)
  std::size_t at_once = 16;                  // more wait for their turn
  std::chrono::milliseconds slowest{5'000};  // for one connection, from its first byte to its last
};

// What a browser is shown. Text is escaped; the page loads nothing and runs nothing.
struct LoopbackPage {
  int status = 200;
  std::string title;
  std::string text;
  bool last = false;  // this was the request that was waited for
};

// The query of a request, without its question mark.
using LoopbackHandler = std::function<LoopbackPage(std::string_view query)>;

// A request line, taken apart. Exactly "GET SP target SP HTTP/1.x", the target a path in printable
// ASCII; everything else is Errc::malformed, another method Errc::unsupported.
struct RequestTarget {
  std::string path;
  std::string query;
};
[[nodiscard]] Result<RequestTarget> parse_request_line(std::string_view line);

class Loopback {
 public:
  [[nodiscard]] static Result<Loopback> open(const LoopbackLimits& limits = {});
  Loopback(Loopback&& other) noexcept;
  Loopback& operator=(Loopback&&) = delete;
  ~Loopback();

  std::uint16_t port() const { return port_; }

  // Answers until a page is the last one; Errc::timeout when time is up. GET on this path goes to
  // the handler; other paths (a browser asks for an icon) are 404, other methods 405, and what is
  // no request 400. A request whose Host names neither 127.0.0.1 nor localhost with this port is
  // 403: a page elsewhere may have led its own name here. So is one that a page made by script or
  // as an image (Sec-Fetch-Mode other than navigate).
  [[nodiscard]] Result<void> serve(std::string_view path, std::chrono::milliseconds within,
                                   const LoopbackHandler& handler);

 private:
  Loopback(int listener, std::uint16_t port, const LoopbackLimits& limits)
      : listener_(listener), port_(port), limits_(limits) {}

  int listener_;
  std::uint16_t port_;
  LoopbackLimits limits_;
};

}  // namespace sluice::net
