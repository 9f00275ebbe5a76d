// SPDX-License-Identifier: Apache-2.0
#include "support/servers/raw_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <charconv>

#include "base/text.h"

namespace sluice::test {

namespace {

template <auto Free>
struct FreedBy {
  template <class T>
  void operator()(T* pointer) const {
    Free(pointer);
  }
};

std::unique_ptr<BIO, FreedBy<BIO_free>> bio_of(const std::string& text) {
  return std::unique_ptr<BIO, FreedBy<BIO_free>>(
      BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

int connect_to(int port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket < 0) return -1;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    ::close(socket);
    return -1;
  }
  const int one = 1;
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  return socket;
}

void limit_waiting(int socket, std::chrono::milliseconds within) {
  const timeval limit{within.count() / 1000, within.count() % 1000 * 1000};
  setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
}

}  // namespace

namespace {

// OpenSSL writes to sockets that may be closed; the code under test meets SIGPIPE as it is outside.
class NoSigpipe {
 public:
  NoSigpipe() {
    sigemptyset(&pipe_);
    sigaddset(&pipe_, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  ~NoSigpipe() {
    const timespec now{};
    while (sigtimedwait(&pipe_, nullptr, &now) > 0) {
    }
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  NoSigpipe(const NoSigpipe&) = delete;
  NoSigpipe& operator=(const NoSigpipe&) = delete;

 private:
  sigset_t pipe_;
  sigset_t before_;
};

}  // namespace

std::string RawAnswer::header(std::string_view lower_case_name) const {
  for (const auto& [name, value] : headers) {
    if (name == lower_case_name) return value;
  }
  return {};
}

struct RawClient::State {
  std::unique_ptr<SSL_CTX, FreedBy<SSL_CTX_free>> context{SSL_CTX_new(TLS_client_method())};
  std::unique_ptr<SSL, FreedBy<SSL_free>> ssl;
  int socket = -1;
  bool connected = false;
  std::string buffer;

  bool fill() {
    const NoSigpipe quiet;  // TLS answers while it reads
    std::array<char, 16384> chunk{};
    const int got = SSL_read(ssl.get(), chunk.data(), static_cast<int>(chunk.size()));
    ERR_clear_error();
    if (got <= 0) return false;
    buffer.append(chunk.data(), static_cast<std::size_t>(got));
    return true;
  }
};

RawClient::RawClient(int port, const RawClientTls& tls) : state_(std::make_unique<State>()) {
  const NoSigpipe quiet;
  SSL_CTX* context = state_->context.get();
  const std::unique_ptr<X509, FreedBy<X509_free>> authority(
      PEM_read_bio_X509(bio_of(tls.authority).get(), nullptr, nullptr, nullptr));
  X509_STORE_add_cert(SSL_CTX_get_cert_store(context), authority.get());
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  if (tls.identity) {
    const std::unique_ptr<X509, FreedBy<X509_free>> certificate(
        PEM_read_bio_X509(bio_of(tls.identity->certificate).get(), nullptr, nullptr, nullptr));
    const std::unique_ptr<EVP_PKEY, FreedBy<EVP_PKEY_free>> key(
        PEM_read_bio_PrivateKey(bio_of(tls.identity->key).get(), nullptr, nullptr, nullptr));
    SSL_CTX_use_certificate(context, certificate.get());
    SSL_CTX_use_PrivateKey(context, key.get());
  }
  state_->socket = connect_to(port);
  if (state_->socket < 0) return;
  limit_waiting(state_->socket, std::chrono::seconds(20));
  state_->ssl.reset(SSL_new(context));
  if (!tls.protocols.empty()) {
    SSL_set_alpn_protos(state_->ssl.get(),
                        reinterpret_cast<const unsigned char*>(tls.protocols.data()),
                        static_cast<unsigned>(tls.protocols.size()));
  }
  SSL_set_fd(state_->ssl.get(), state_->socket);
  state_->connected = SSL_connect(state_->ssl.get()) == 1;
  ERR_clear_error();
}

RawClient::~RawClient() {
  if (state_->socket >= 0) ::close(state_->socket);
}

bool RawClient::connected() const { return state_->connected; }

bool RawClient::send(std::string_view bytes) {
  const NoSigpipe quiet;
  while (state_->connected && !bytes.empty()) {
    const int put = SSL_write(state_->ssl.get(), bytes.data(), static_cast<int>(bytes.size()));
    ERR_clear_error();
    if (put <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(put));
  }
  return state_->connected;
}

std::optional<RawAnswer> RawClient::answer(bool head_only, std::chrono::milliseconds within) {
  if (!state_->connected) return std::nullopt;
  limit_waiting(state_->socket, within);
  std::string& buffer = state_->buffer;
  std::size_t end = std::string::npos;
  while ((end = buffer.find("\r\n\r\n")) == std::string::npos) {
    if (!state_->fill()) return std::nullopt;
  }
  RawAnswer answer;
  const std::string head = buffer.substr(0, end);
  buffer.erase(0, end + 4);
  const auto lines = split(head, '\n');
  if (lines[0].size() < 12) return std::nullopt;
  std::from_chars(lines[0].data() + 9, lines[0].data() + 12, answer.status);
  for (std::size_t i = 1; i < lines.size(); ++i) {
    const auto colon = lines[i].find(':');
    answer.headers.emplace_back(lower_ascii(lines[i].substr(0, colon)),
                                std::string(trim(lines[i].substr(colon + 1))));
  }
  std::size_t length = 0;
  const std::string text = answer.header("content-length");
  std::from_chars(text.data(), text.data() + text.size(), length);
  if (head_only || answer.status == 100) length = 0;
  while (buffer.size() < length) {
    if (!state_->fill()) return std::nullopt;
  }
  answer.body = buffer.substr(0, length);
  buffer.erase(0, length);
  return answer;
}

bool RawClient::closed(std::chrono::milliseconds within) {
  if (!state_->connected) return true;
  const auto until = std::chrono::steady_clock::now() + within;
  limit_waiting(state_->socket, within);
  while (state_->fill()) state_->buffer.clear();
  return std::chrono::steady_clock::now() < until;
}

std::string RawClient::server_certificate() const {
  const std::unique_ptr<X509, FreedBy<X509_free>> certificate(
      SSL_get1_peer_certificate(state_->ssl.get()));
  if (!certificate) return {};
  const std::unique_ptr<BIO, FreedBy<BIO_free>> out(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(out.get(), certificate.get());
  char* text = nullptr;
  const auto size = BIO_get_mem_data(out.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

std::string RawClient::protocol() const {
  const unsigned char* name = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(state_->ssl.get(), &name, &size);
  return {reinterpret_cast<const char*>(name), size};
}

PlainSocket::PlainSocket(int port) : socket_(connect_to(port)) {}
PlainSocket::~PlainSocket() {
  if (socket_ >= 0) ::close(socket_);
}

bool PlainSocket::send(std::string_view bytes) const {
  return ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
         static_cast<ssize_t>(bytes.size());
}

bool PlainSocket::closed(std::chrono::milliseconds within) const {
  const auto until = std::chrono::steady_clock::now() + within;
  std::array<char, 4096> chunk{};
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        until - std::chrono::steady_clock::now());
    pollfd waiting{socket_, POLLIN, 0};
    if (left.count() <= 0 || ::poll(&waiting, 1, static_cast<int>(left.count())) <= 0) return false;
    if (::recv(socket_, chunk.data(), chunk.size(), 0) <= 0) return true;
  }
}

}  // namespace sluice::test
