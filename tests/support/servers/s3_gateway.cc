// SPDX-License-Identifier: Apache-2.0
#include "support/servers/s3_gateway.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <thread>
#include <vector>

#include "base/text.h"
#include "support/program.h"

namespace sluice::test {

namespace {

sockaddr_in loopback_at(int port) {
  sockaddr_in out{};
  out.sin_family = AF_INET;
  out.sin_port = htons(static_cast<std::uint16_t>(port));
  out.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return out;
}

// The server takes a number alone: one that was free a moment ago.
int free_port() {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = loopback_at(0);
  socklen_t size = sizeof address;
  const bool bound = ::bind(socket, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
                     ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) == 0;
  ::close(socket);
  return bound ? ntohs(address.sin_port) : 0;
}

bool answers(int port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = loopback_at(port);
  const bool there =
      ::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  ::close(socket);
  return there;
}

int start_gateway(std::vector<std::string> command, std::vector<std::string> environment,
                  const Path& log) {
  const auto pointers = [](std::vector<std::string>& words) {
    std::vector<char*> out;
    for (auto& word : words) out.push_back(word.data());
    out.push_back(nullptr);
    return out;
  };
  const auto words = pointers(command);
  const auto variables = pointers(environment);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, log.c_str(),
                                   O_WRONLY | O_CREAT | O_TRUNC, 0600);
  posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
  pid_t process = 0;
  const int failed =
      ::posix_spawnp(&process, words[0], &actions, nullptr, words.data(), variables.data());
  posix_spawn_file_actions_destroy(&actions);
  return failed == 0 ? process : 0;
}

}  // namespace

bool S3Gateway::installed() { return find_program("versitygw").has_value(); }

S3Gateway::S3Gateway(const std::string& bucket, const std::string& access,
                     const std::string& secret)
    : bucket_(bucket), port_(free_port()) {
  std::filesystem::create_directories(this->bucket());
  std::filesystem::create_directories(folder_ / "meta");
  const char* path = ::getenv("PATH");
  process_ = start_gateway(
      {"setpriv", "--pdeathsig", "KILL", "versitygw", "--port", cat("127.0.0.1:", port_), "posix",
       "--sidecar", (folder_ / "meta").string(), (folder_ / "buckets").string()},
      {cat("PATH=", path == nullptr ? "" : path), cat("ROOT_ACCESS_KEY=", access),
       cat("ROOT_SECRET_KEY=", secret)},
      folder_ / "log");
  for (int i = 0; i < 300 && process_ != 0 && !answers(port_); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    if (::waitpid(process_, nullptr, WNOHANG) == process_) process_ = 0;
  }
}

S3Gateway::~S3Gateway() {
  if (process_ == 0) return;
  ::kill(process_, SIGKILL);
  ::waitpid(process_, nullptr, 0);
}

std::string S3Gateway::endpoint() const { return cat("http://127.0.0.1:", port_); }
std::string S3Gateway::log() const { return read_file(folder_ / "log"); }

}  // namespace sluice::test
