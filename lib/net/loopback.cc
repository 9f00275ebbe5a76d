// SPDX-License-Identifier: Apache-2.0
#include "net/loopback.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "base/markup.h"
#include "base/text.h"

namespace sluice::net {

namespace {

using LoopbackTicks = std::chrono::steady_clock;

constexpr std::size_t kLongestTarget = 16U << 10;

struct Socket {
  int fd;
  explicit Socket(int opened) : fd(opened) {}
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  ~Socket() {
    if (fd >= 0) ::close(fd);
  }
};

std::unexpected<Error> fail_listening(std::string_view doing) {
  return fail(Errc::io, cat("cannot ", doing, " on 127.0.0.1: ", std::strerror(errno)));
}

int milliseconds_until(LoopbackTicks::time_point end) {
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(end - LoopbackTicks::now()).count();
  return static_cast<int>(std::clamp<long long>(left, 0, 60'000));
}

// The answer is small: it fits the socket's buffer unless the peer means ill.
void write_page(int fd, std::string_view text, LoopbackTicks::time_point end) {
  while (!text.empty()) {
    const ssize_t put = ::send(fd, text.data(), text.size(), MSG_NOSIGNAL);
    if (put >= 0) {
      text.remove_prefix(static_cast<std::size_t>(put));
    } else if (errno == EAGAIN) {
      pollfd polled{fd, POLLOUT, 0};
      if (::poll(&polled, 1, milliseconds_until(end)) <= 0) return;
    } else if (errno != EINTR) {
      return;
    }
  }
  ::shutdown(fd, SHUT_WR);
}

std::string_view reason_of(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    default:
      return "Bad Request";
  }
}

std::string answer_text(const LoopbackPage& page) {
  const std::string body =
      cat("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>",
          escaped_markup(page.title), "</title></head>\n<body><p>", escaped_markup(page.text),
          "</p></body></html>\n");
  return cat("HTTP/1.1 ", page.status, " ", reason_of(page.status),
             "\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: ", body.size(),
             "\r\nConnection: close\r\nCache-Control: no-store\r\nReferrer-Policy: no-referrer"
             "\r\nX-Content-Type-Options: nosniff\r\nContent-Security-Policy: default-src 'none'; "
             "frame-ancestors 'none'\r\n\r\n",
             body);
}

// The header's value; nullopt where it is absent, an empty text where it stands there twice.
std::optional<std::string> header_in(std::string_view head, std::string_view name) {
  std::optional<std::string> found;
  for (const auto line : split(head, '\n')) {
    const auto colon = line.find(':');
    if (colon == std::string_view::npos || lower_ascii(line.substr(0, colon)) != name) continue;
    found = found ? std::string() : lower_ascii(trim(line.substr(colon + 1)));
  }
  return found;
}

LoopbackPage refusal_page(int status) {
  return {.status = status, .title = "sluice", .text = std::string(reason_of(status))};
}

LoopbackPage page_for(std::string_view head, std::uint16_t port, std::string_view path,
                      const LoopbackHandler& handler) {
  const auto target = parse_request_line(head.substr(0, head.find("\r\n")));
  if (!target) return refusal_page(target.error().code == Errc::unsupported ? 405 : 400);
  const std::string host = header_in(head, "host").value_or("");
  if (host != cat("127.0.0.1:", port) && host != cat("localhost:", port)) return refusal_page(403);
  if (header_in(head, "sec-fetch-mode").value_or("navigate") != "navigate") {
    return refusal_page(403);
  }
  if (target->path != path) return refusal_page(404);
  return handler(target->query);
}

// A browser opens connections ahead of need and leaves them empty: several are read at a time.
class Visits {
 public:
  Visits(int listener, const LoopbackLimits& limits, LoopbackTicks::time_point end)
      : listener_(listener), limits_(limits), end_(end) {}

  // Waits, then takes what came. `answer` gets a whole head and says whether it was the last.
  template <class Answer>
  Result<bool> step(const Answer& answer) {
    auto polled = polled_now();
    auto until = end_;
    for (const auto& visit : open_) until = std::min(until, visit->end);
    if (::poll(polled.data(), polled.size(), milliseconds_until(until)) < 0 && errno != EINTR) {
      return fail_listening("wait");
    }
    if (LoopbackTicks::now() >= end_) return fail(Errc::timeout, "no browser came back in time");
    for (std::size_t i = 0; i < open_.size(); ++i) {
      Visit& visit = *open_[i];
      if (polled[i + 1].revents != 0) read_more(visit);
      if (visit.head.find("\r\n\r\n") == std::string::npos) continue;
      visit.done = true;
      if (answer(visit.socket.fd, visit.head, std::min(end_, visit.end))) return true;
    }
    std::erase_if(
        open_, [](const auto& visit) { return visit->done || LoopbackTicks::now() >= visit->end; });
    if (polled[0].revents != 0) SLUICE_CHECK(accept_one());
    return false;
  }

 private:
  struct Visit {
    Visit(int fd, LoopbackTicks::time_point until) : socket(fd), end(until) {}
    Socket socket;
    LoopbackTicks::time_point end;
    std::string head;
    bool done = false;
  };

  std::vector<pollfd> polled_now() const {
    const bool room = open_.size() < limits_.at_once;
    std::vector<pollfd> polled{{room ? listener_ : -1, POLLIN, 0}};
    for (const auto& visit : open_) polled.push_back({visit->socket.fd, POLLIN, 0});
    return polled;
  }

  void read_more(Visit& visit) const {
    std::array<char, 4096> chunk{};
    const ssize_t got = ::recv(visit.socket.fd, chunk.data(), chunk.size(), 0);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) return;
    if (got > 0) visit.head.append(chunk.data(), static_cast<std::size_t>(got));
    if (got > 0 && visit.head.size() <= limits_.head) return;
    visit.head.clear();
    visit.done = true;
  }

  Result<void> accept_one() {
    const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) {
      if (errno == EINTR || errno == EAGAIN || errno == ECONNABORTED) return {};
      return fail_listening("accept a connection");
    }
    open_.push_back(std::make_unique<Visit>(fd, LoopbackTicks::now() + limits_.slowest));
    if (++count_ <= limits_.connections) return {};
    return fail(Errc::limit,
                cat("more than ", limits_.connections, " connections, none of them right"));
  }

  int listener_;
  const LoopbackLimits& limits_;
  LoopbackTicks::time_point end_;
  std::vector<std::unique_ptr<Visit>> open_;
  std::size_t count_ = 0;
};

}  // namespace

Result<RequestTarget> parse_request_line(std::string_view line) {
  const auto parts = split(line, ' ');
  if (parts.size() != 3 || (parts[2] != "HTTP/1.1" && parts[2] != "HTTP/1.0")) {
    return fail(Errc::malformed, "no request line of HTTP/1");
  }
  const auto target = parts[1];
  const bool clean = std::ranges::all_of(target, [](char c) { return c > ' ' && c < '\x7f'; });
  if (target.size() > kLongestTarget || !target.starts_with('/') || !clean ||
      target.find('#') != std::string_view::npos) {
    return fail(Errc::malformed, "a target that is no path");
  }
  if (parts[0] != "GET") return fail(Errc::unsupported, "another method than GET");
  const auto question = target.find('?');
  RequestTarget out{.path = std::string(target.substr(0, question)), .query = {}};
  if (question != std::string_view::npos) out.query = target.substr(question + 1);
  return out;
}

Result<Loopback> Loopback::open(const LoopbackLimits& limits) {
  Socket listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (listener.fd < 0) return fail_listening("open a socket");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* raw = reinterpret_cast<sockaddr*>(&address);
  socklen_t size = sizeof address;
  if (::bind(listener.fd, raw, size) != 0 || ::listen(listener.fd, 16) != 0 ||
      ::getsockname(listener.fd, raw, &size) != 0) {
    return fail_listening("listen");
  }
  return Loopback(std::exchange(listener.fd, -1), ntohs(address.sin_port), limits);
}

Loopback::Loopback(Loopback&& other) noexcept
    : listener_(std::exchange(other.listener_, -1)), port_(other.port_), limits_(other.limits_) {}

Loopback::~Loopback() {
  if (listener_ >= 0) ::close(listener_);
}

Result<void> Loopback::serve(std::string_view path, std::chrono::milliseconds within,
                             const LoopbackHandler& handler) {
  Visits visits(listener_, limits_, LoopbackTicks::now() + within);
  const auto answer = [&](int fd, std::string_view head, LoopbackTicks::time_point end) {
    const LoopbackPage page = page_for(head, port_, path, handler);
    write_page(fd, answer_text(page), end);
    return page.last;
  };
  for (;;) {
    SLUICE_TRY(const bool last, visits.step(answer));
    if (last) return {};
  }
}

}  // namespace sluice::net
