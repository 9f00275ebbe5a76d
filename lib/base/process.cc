// SPDX-License-Identifier: Apache-2.0
#include "base/process.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

#include "base/text.h"

extern char** environ;

namespace sluice {

namespace {

using Ticks = std::chrono::steady_clock;

struct Pipe {
  std::array<int, 2> fd{-1, -1};  // read, write
  Pipe() = default;
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  ~Pipe() {
    close_end(0);
    close_end(1);
  }
  bool open() { return ::pipe2(fd.data(), O_CLOEXEC) == 0; }
  void close_end(std::size_t end) {
    if (fd[end] >= 0) ::close(std::exchange(fd[end], -1));
  }
};

// While it lives, writing to a pipe without a reader is EPIPE for this thread, not a signal.
class NoPipeSignal {
 public:
  NoPipeSignal() {
    sigemptyset(&pipe_);
    sigaddset(&pipe_, SIGPIPE);
    sigset_t pending;
    sigpending(&pending);
    was_pending_ = sigismember(&pending, SIGPIPE) == 1;
    pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  NoPipeSignal(const NoPipeSignal&) = delete;
  NoPipeSignal& operator=(const NoPipeSignal&) = delete;
  ~NoPipeSignal() {
    const timespec at_once{};
    if (!was_pending_) sigtimedwait(&pipe_, nullptr, &at_once);
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  const sigset_t& before() const { return before_; }

 private:
  sigset_t pipe_{};
  sigset_t before_{};
  bool was_pending_ = false;
};

struct SpawnSettings {
  posix_spawn_file_actions_t actions{};
  posix_spawnattr_t attributes{};
  SpawnSettings() {
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;
  ~SpawnSettings() {
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
  }
};

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (auto& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

class Child {
 public:
  explicit Child(const ProcessRequest& request) : request_(request) {}
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    if (pid_ > 0) end();
  }

  Result<void> start(const sigset_t& mask) {
    if (!in_.open() || !out_.open() || !err_.open()) {
      return fail(Errc::io, cat("cannot open a pipe: ", std::strerror(errno)));
    }
    SpawnSettings settings;
    auto& actions = settings.actions;
    posix_spawn_file_actions_adddup2(&actions, in_.fd[0], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, out_.fd[1], STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, err_.fd[1], STDERR_FILENO);
    if (request_.folder) posix_spawn_file_actions_addchdir_np(&actions, request_.folder->c_str());
    // A group of its own, so that whatever it starts ends with it.
    sigset_t defaults;
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    sigaddset(&defaults, SIGXFSZ);
    posix_spawnattr_setsigdefault(&settings.attributes, &defaults);
    posix_spawnattr_setsigmask(&settings.attributes, &mask);
    posix_spawnattr_setpgroup(&settings.attributes, 0);
    posix_spawnattr_setflags(&settings.attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF |
                                                       POSIX_SPAWN_SETSIGMASK);
    std::vector<std::string> arguments = request_.command;
    std::vector<std::string> variables;
    for (const auto& [name, value] :
         request_.environment.value_or(decltype(request_.environment)::value_type{})) {
      variables.push_back(cat(name, "=", value));
    }
    auto argv = pointers(arguments);
    auto envp = pointers(variables);
    const int rc = posix_spawnp(&pid_, argv[0], &actions, &settings.attributes, argv.data(),
                                request_.environment ? envp.data() : environ);
    if (rc != 0) {
      pid_ = -1;
      return fail(rc == ENOENT ? Errc::not_found : Errc::io,
                  cat("cannot run ", printable(request_.command[0]), ": ", std::strerror(rc)));
    }
    in_.close_end(0);
    out_.close_end(1);
    err_.close_end(1);
    return {};
  }

  // Feeds and drains until the streams are closed and the child is gone.
  Result<ProcessResult> finish() {
    const auto deadline = Ticks::now() + request_.timeout;
    ::fcntl(in_.fd[1], F_SETFL, O_NONBLOCK);
    if (request_.input.empty()) in_.close_end(1);
    while (out_.fd[0] >= 0 || err_.fd[0] >= 0) {
      std::array<pollfd, 3> polled{
          {{out_.fd[0], POLLIN, 0}, {err_.fd[0], POLLIN, 0}, {in_.fd[1], POLLOUT, 0}}};
      const auto left =
          std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Ticks::now()).count();
      if (left <= 0) return fail(Errc::timeout, late());
      if (::poll(polled.data(), polled.size(),
                 static_cast<int>(std::min<long long>(left, 60'000))) < 0 &&
          errno != EINTR) {
        return fail(Errc::io, cat("cannot wait: ", std::strerror(errno)));
      }
      if (polled[0].revents != 0) drain(out_, result_.out);
      if (polled[1].revents != 0) drain(err_, result_.err);
      if (polled[2].revents != 0) feed();
    }
    return reap(deadline);
  }

 private:
  std::string late() const {
    return cat(printable(request_.command[0]), " ran for more than ", request_.timeout.count(),
               " ms and was ended");
  }

  void drain(Pipe& pipe, std::string& into) {
    std::array<char, 16384> buffer;
    const ssize_t got = ::read(pipe.fd[0], buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) return;
    if (got <= 0) return pipe.close_end(0);
    const std::size_t room = request_.max_output - into.size();
    const auto count = static_cast<std::size_t>(got);
    into.append(buffer.data(), std::min(room, count));
    result_.truncated = result_.truncated || count > room;
  }

  void feed() {
    const std::string_view rest = std::string_view(request_.input).substr(fed_);
    const ssize_t put = ::write(in_.fd[1], rest.data(), rest.size());
    if (put < 0 && (errno == EINTR || errno == EAGAIN)) return;
    if (put < 0)
      return in_.close_end(1);  // it does not read on; its exit code says what that means
    fed_ += static_cast<std::size_t>(put);
    if (fed_ == request_.input.size()) in_.close_end(1);
  }

  Result<ProcessResult> reap(Ticks::time_point deadline) {
    in_.close_end(1);
    int status = 0;
    for (;;) {
      const pid_t got = ::waitpid(pid_, &status, WNOHANG);
      if (got == pid_) break;
      if (got < 0 && errno != EINTR)
        return fail(Errc::io, cat("cannot wait: ", std::strerror(errno)));
      // The streams are closed, so the end is near: a short wait, no busy loop.
      if (Ticks::now() >= deadline) return fail(Errc::timeout, late());
      ::poll(nullptr, 0, 1);
    }
    pid_ = -1;
    result_.exit_code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    return std::move(result_);
  }

  void end() const {
    ::kill(-pid_, SIGKILL);
    ::kill(pid_, SIGKILL);
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
  }

  const ProcessRequest& request_;
  Pipe in_, out_, err_;
  pid_t pid_ = -1;
  std::size_t fed_ = 0;
  ProcessResult result_;
};

class SystemProcesses final : public Processes {
 public:
  Result<ProcessResult> run(const ProcessRequest& request) override {
    if (request.command.empty()) return fail(Errc::usage, "no command to run");
    const NoPipeSignal quiet;
    Child child(request);
    SLUICE_CHECK(child.start(quiet.before()));
    return child.finish();
  }
};

}  // namespace

Processes& system_processes() {
  static SystemProcesses processes;
  return processes;
}

}  // namespace sluice
