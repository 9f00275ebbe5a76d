// SPDX-License-Identifier: Apache-2.0
#include "support/servers/raw_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <csignal>
#include <stdexcept>

#include "base/text.h"

namespace sluice::test {

namespace {

// In the server's threads only, so that the code under test meets SIGPIPE as it is outside.
void block_sigpipe() {
  sigset_t pipe;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
}

[[noreturn]] void broken(const char* what) { throw std::runtime_error(what); }

template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* pointer) const {
    Free(pointer);
  }
};
using BioPtr = std::unique_ptr<BIO, Freed<BIO_free>>;
using X509Ptr = std::unique_ptr<X509, Freed<X509_free>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using SslPtr = std::unique_ptr<SSL, Freed<SSL_free>>;

BioPtr memory_bio(const std::string& text) {
  return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}
X509Ptr certificate_of(const std::string& pem) {
  return X509Ptr(PEM_read_bio_X509(memory_bio(pem).get(), nullptr, nullptr, nullptr));
}

}  // namespace

struct RawServer::TlsContext {
  std::unique_ptr<SSL_CTX, Freed<SSL_CTX_free>> context{SSL_CTX_new(TLS_server_method())};

  explicit TlsContext(const RawTls& tls) {
    const X509Ptr certificate = certificate_of(tls.identity.certificate);
    const KeyPtr key(
        PEM_read_bio_PrivateKey(memory_bio(tls.identity.key).get(), nullptr, nullptr, nullptr));
    if (SSL_CTX_use_certificate(context.get(), certificate.get()) != 1 ||
        SSL_CTX_use_PrivateKey(context.get(), key.get()) != 1) {
      broken("the test's certificate cannot be used");
    }
    if (tls.client_authority.empty()) return;
    const X509Ptr authority = certificate_of(tls.client_authority);
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context.get()), authority.get());
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  }
};

class RawServer::Connection final : public RawConnection {
 public:
  Connection(RawServer& server, int socket, int number)
      : server_(server), socket_(socket), number_(number) {}
  ~Connection() override { ::close(socket_); }

  void serve() {
    if (server_.tls_) {
      ssl_.reset(SSL_new(server_.tls_->context.get()));
      SSL_set_fd(ssl_.get(), socket_);
      if (SSL_accept(ssl_.get()) != 1) return end();
    }
    server_.handler_(*this);
    end();
  }
  void cut() { ::shutdown(socket_, SHUT_RDWR); }  // from another thread

  std::optional<RawRequest> read_request() override {
    std::size_t end = std::string::npos;
    while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
      if (!fill()) return std::nullopt;
    }
    RawRequest request = parse_head(std::string_view(buffer_).substr(0, end));
    buffer_.erase(0, end + 4);
    std::size_t length = 0;
    const std::string text = request.header("content-length");
    std::from_chars(text.data(), text.data() + text.size(), length);
    while (buffer_.size() < length) {
      if (!fill()) return std::nullopt;
    }
    request.body = buffer_.substr(0, length);
    buffer_.erase(0, length);
    const std::lock_guard hold(server_.mutex_);
    server_.requests_.push_back(request);
    return request;
  }

  bool write(std::string_view bytes) override {
    while (!bytes.empty()) {
      const auto done = ssl_ ? SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size()))
                             : ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (done <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(done));
    }
    return true;
  }

  void wait_until_closed() override {
    while (fill()) buffer_.clear();
  }
  void reset() override {
    const linger now{1, 0};
    setsockopt(socket_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    reset_ = true;
  }
  int number() const override { return number_; }

 private:
  static RawRequest parse_head(std::string_view head) {
    RawRequest request;
    const auto lines = split(head, '\n');
    const auto first = split(trim(lines[0]), ' ');
    request.method = first[0];
    request.target = first.size() > 1 ? first[1] : "";
    for (std::size_t i = 1; i < lines.size(); ++i) {
      const auto colon = lines[i].find(':');
      if (colon == std::string_view::npos) continue;
      request.headers.emplace_back(lower_ascii(lines[i].substr(0, colon)),
                                   std::string(trim(lines[i].substr(colon + 1))));
    }
    return request;
  }

  bool fill() {
    std::array<char, 16384> chunk{};
    const auto got = ssl_ ? SSL_read(ssl_.get(), chunk.data(), static_cast<int>(chunk.size()))
                          : ::recv(socket_, chunk.data(), chunk.size(), 0);
    if (got <= 0) return false;
    buffer_.append(chunk.data(), static_cast<std::size_t>(got));
    return true;
  }

  void end() {
    if (reset_) {
      // Closing now sends the RST; the descriptor stays taken until the destructor.
      const int nothing = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
      ::dup2(nothing, socket_);
      ::close(nothing);
      return;
    }
    if (ssl_) SSL_shutdown(ssl_.get());
    ERR_clear_error();
    ::shutdown(socket_, SHUT_RDWR);
  }

  RawServer& server_;
  int socket_;
  int number_;
  bool reset_ = false;
  SslPtr ssl_;
  std::string buffer_;
};

std::string RawRequest::header(std::string_view lower_case_name) const {
  for (const auto& [name, value] : headers) {
    if (name == lower_case_name) return value;
  }
  return {};
}

RawServer::RawServer(Handler handler, std::optional<RawTls> tls, int port)
    : handler_(std::move(handler)) {
  if (tls) tls_ = std::make_unique<TlsContext>(*tls);
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  // Both have to say so, this one and who comes after it at the same port.
  const int again = 1;
  setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &again, sizeof again);
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  socklen_t size = sizeof address;
  if (listener_ < 0 || ::bind(listener_, generic, size) != 0 || ::listen(listener_, 128) != 0 ||
      ::getsockname(listener_, generic, &size) != 0) {
    broken("cannot listen on 127.0.0.1");
  }
  port_ = ntohs(address.sin_port);
  acceptor_ = std::jthread([this] { accept_loop(); });
}

RawServer::~RawServer() {
  ::shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  std::vector<std::jthread> threads;
  {
    const std::lock_guard hold(mutex_);
    stopping_ = true;
    for (const auto& connection : connections_) connection->cut();
    threads.swap(threads_);
  }
  threads.clear();  // joins
  ::close(listener_);
}

void RawServer::accept_loop() {
  block_sigpipe();
  for (;;) {
    const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (socket < 0) return;
    const int yes = 1;
    setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    auto connection = std::make_shared<Connection>(*this, socket, ++accepted_);
    const std::lock_guard hold(mutex_);
    connections_.push_back(connection);
    threads_.emplace_back([connection] {
      block_sigpipe();
      connection->serve();
    });
  }
}

RawServer::Handler RawServer::answering(std::function<std::string(const RawRequest&)> answer) {
  return [answer = std::move(answer)](RawConnection& connection) {
    while (const auto request = connection.read_request()) {
      if (!connection.write(answer(*request))) return;
    }
  };
}

std::string RawServer::answer(int status, std::string_view body, std::string_view headers) {
  return cat("HTTP/1.1 ", status, " X\r\n", headers, "Content-Length: ", body.size(), "\r\n\r\n",
             body);
}

std::string RawServer::authority() const { return cat("127.0.0.1:", port_); }
std::string RawServer::url(std::string_view path) const {
  return cat(tls_ ? "https" : "http", "://", authority(), path);
}

std::vector<RawRequest> RawServer::requests() const {
  const std::lock_guard hold(mutex_);
  return requests_;
}

}  // namespace sluice::test
