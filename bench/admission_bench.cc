// SPDX-License-Identifier: Apache-2.0
// Two halves of one measurement (bench/bench-admission puts them together):
//
//   bench_admission constant CERT KEY           the server room, parsing a review and answering a
//                                               constant; prints its port
//   bench_admission measure CA REVIEW PORT_A PORT_B N
//                                               the same review to both in turns over kept
//                                               connections; prints JSON
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "admission/webhook.h"
#include "server/server.h"

namespace {

using namespace sluice;

[[noreturn]] void die(const std::string& what) {
  std::fprintf(stderr, "bench_admission: %s\n", what.c_str());
  std::exit(2);
}

std::string content_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) die("cannot read " + path);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

// As long as the answer of an admission.
std::string constant_answer() {
  return R"({"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":{"uid":)"
         R"("b2b29205-d59e-437d-9694-f4490012acdb","allowed":true,"auditAnnotations":{"reason":)"
         R"("admitted","environment":"production","decisions":"20261120T223027Z-19340900999dc92d"}}})";
}

int serve_constant(const std::string& certificate, const std::string& key) {
  server::Setup setup{.clock = system_clock(), .routes = {}};
  setup.routes.push_back({"POST", "/v1/admission",
                          [](const server::Request& request) {
                            const auto review = admission::parse_review(request.body);
                            if (!review) return server::refusal(400, "no review");
                            return server::Response{.body = constant_answer()};
                          },
                          server::Lane::quick, "application/json"});
  const server::TlsFiles tls{content_of(certificate), SecretBytes::copy_of(content_of(key)), {}};
  auto server = server::Server::start(std::move(setup), tls);
  if (!server) die(server.error().text());
  std::printf("%u\n", static_cast<unsigned>((*server)->port()));
  std::fflush(stdout);
  ::pause();  // until it is told to end
  return 0;
}

class Client {
 public:
  Client(const std::string& ca, int port) : context_(SSL_CTX_new(TLS_client_method())) {
    if (SSL_CTX_load_verify_locations(context_, ca.c_str(), nullptr) != 1) die("no authority");
    SSL_CTX_set_verify(context_, SSL_VERIFY_PEER, nullptr);
    socket_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
      die("nobody listens");
    }
    const int one = 1;
    setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    ssl_ = SSL_new(context_);
    SSL_set_fd(ssl_, socket_);
    if (SSL_connect(ssl_) != 1) die("no TLS");
  }

  // Microseconds from the first byte sent to the last one read.
  double ask(const std::string& request, const char* wanted) {
    const auto began = std::chrono::steady_clock::now();
    if (SSL_write(ssl_, request.data(), static_cast<int>(request.size())) <= 0) die("cannot send");
    std::string answer;
    std::size_t whole = 0;
    while (whole == 0 || answer.size() < whole) {
      char chunk[16384];
      const int got = SSL_read(ssl_, chunk, sizeof chunk);
      if (got <= 0) die("the server closed");
      answer.append(chunk, static_cast<std::size_t>(got));
      const auto end = answer.find("\r\n\r\n");
      if (whole == 0 && end != std::string::npos) {
        const auto at = answer.find("Content-Length: ");
        whole = end + 4 + std::strtoul(answer.c_str() + at + 16, nullptr, 10);
      }
    }
    const std::chrono::duration<double, std::micro> took = std::chrono::steady_clock::now() - began;
    if (answer.find(wanted) == std::string::npos) die("another answer: " + answer);
    return took.count();
  }

 private:
  SSL_CTX* context_;
  SSL* ssl_ = nullptr;
  int socket_ = -1;
};

void print_row(const char* name, std::vector<double> times, const char* end) {
  std::ranges::sort(times);
  const auto at = [&](double part) {
    return times[static_cast<std::size_t>(part * static_cast<double>(times.size() - 1))];
  };
  std::printf("\"%s\": {\"min_us\": %.1f, \"median_us\": %.1f, \"p99_us\": %.1f}%s", name, times[0],
              at(0.5), at(0.99), end);
}

double median(std::vector<double> times) {
  std::ranges::sort(times);
  return times[times.size() / 2];
}

int measure(const std::string& ca, const std::string& review, int admission, int constant, int n) {
  const std::string body = content_of(review);
  const std::string request =
      "POST /v1/admission?timeout=5s HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: bench\r\n"
      "Content-Length: " +
      std::to_string(body.size()) + "\r\nContent-Type: application/json\r\n\r\n" + body;
  Client ours(ca, admission);
  Client other(ca, constant);
  std::vector<double> a;
  std::vector<double> b;
  for (int i = -n / 10; i < n; ++i) {  // the first tenth warms up
    const double one = ours.ask(request, "\"allowed\":true");
    const double two = other.ask(request, "\"allowed\":true");
    if (i < 0) continue;
    a.push_back(one);
    b.push_back(two);
  }
  std::printf("{\"n\": %d, \"bytes\": %zu, ", n, body.size());
  print_row("admission", a, ", ");
  print_row("constant", b, ", ");
  std::printf("\"ratio\": %.3f}\n", median(a) / median(b));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string mode = argc > 1 ? argv[1] : "";
  if (mode == "constant" && argc == 4) return serve_constant(argv[2], argv[3]);
  if (mode == "measure" && argc == 7) {
    return measure(argv[2], argv[3], std::atoi(argv[4]), std::atoi(argv[5]), std::atoi(argv[6]));
  }
  die("see bench/bench-admission");
}
