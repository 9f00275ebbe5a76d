// SPDX-License-Identifier: Apache-2.0
#include "support/servers/prometheus.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <charconv>
#include <chrono>
#include <thread>
#include <vector>

#include "base/process.h"
#include "base/text.h"
#include "support/program.h"

extern char** environ;

namespace sluice::test {

namespace {

// The child dies with us, however we end.
int start(std::vector<std::string> command, const Path& log) {
  std::vector<char*> words;
  for (auto& word : command) words.push_back(word.data());
  words.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, log.c_str(),
                                   O_WRONLY | O_CREAT | O_TRUNC, 0600);
  posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
  pid_t process = 0;
  const int failed = ::posix_spawnp(&process, words[0], &actions, nullptr, words.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  return failed == 0 ? process : 0;
}

// The port in: msg="Listening on" address=127.0.0.1:41234
int port_in(const std::string& log) {
  constexpr std::string_view kBefore = "msg=\"Listening on\" address=127.0.0.1:";
  const auto at = log.find(kBefore);
  int port = 0;
  if (at != std::string::npos)
    std::from_chars(log.data() + at + kBefore.size(), log.data() + log.size(), port);
  return has(log, "Server is ready to receive web requests") ? port : 0;
}

}  // namespace

bool load_history(const Path& folder, std::string_view open_metrics) {
  const Path file = folder / "history.om";
  if (!system_files().replace(file, open_metrics)) return false;
  const auto made =
      system_processes().run({.command = {"promtool", "tsdb", "create-blocks-from", "openmetrics",
                                          "--max-block-duration=24h", file, folder / "data"}});
  return made && made->exit_code == 0;
}

bool Prometheus::installed() { return find_program("prometheus") && find_program("promtool"); }

Prometheus::Prometheus(const Path& folder, const std::string& web_config) : log_(folder / "log") {
  const Path settings = folder / "prometheus.yml";
  (void)system_files().replace(settings, "global: {}\n");
  std::vector<std::string> command = {"setpriv",
                                      "--pdeathsig",
                                      "KILL",
                                      "prometheus",
                                      cat("--config.file=", settings.native()),
                                      cat("--storage.tsdb.path=", (folder / "data").native()),
                                      "--storage.tsdb.retention.time=10y",
                                      "--web.listen-address=127.0.0.1:0"};
  if (!web_config.empty()) {
    const Path web = folder / "web.yml";
    (void)system_files().replace(web, web_config);
    command.push_back(cat("--web.config.file=", web.native()));
  }
  process_ = start(std::move(command), log_);
  for (int i = 0; i < 300 && process_ != 0 && port_ == 0; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    if (::waitpid(process_, nullptr, WNOHANG) == process_) process_ = 0;
    port_ = port_in(log());
  }
}

Prometheus::~Prometheus() {
  if (process_ == 0) return;
  ::kill(process_, SIGTERM);
  for (int i = 0; i < 100; ++i) {
    if (::waitpid(process_, nullptr, WNOHANG) == process_) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  ::kill(process_, SIGKILL);
  ::waitpid(process_, nullptr, 0);
}

std::string Prometheus::authority() const { return cat("127.0.0.1:", port_); }
std::string Prometheus::log() const { return read_file(log_); }

}  // namespace sluice::test
