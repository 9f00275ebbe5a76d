// SPDX-License-Identifier: Apache-2.0
#include "base/wrap.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <thread>
#include <utility>

#include "base/text.h"

extern char** environ;

namespace sluice {

namespace {

using WrapTicks = std::chrono::steady_clock;
constexpr std::size_t kPumpSize = 64U << 10;

// The beginning and the end of a stream.
class Keeper {
 public:
  explicit Keeper(std::size_t most) : half_(most / 2) {}

  void take(std::string_view piece) {
    bytes_ += piece.size();
    const std::size_t room = half_ - std::min(half_, head_.size());
    head_ += piece.substr(0, room);
    piece.remove_prefix(std::min(room, piece.size()));
    tail_ += piece.substr(piece.size() - std::min(piece.size(), half_));
    if (tail_.size() > 2 * half_) tail_.erase(0, tail_.size() - half_);
  }

  KeptStream finish() && {
    KeptStream out{.text = std::move(head_), .bytes = bytes_};
    if (tail_.size() > half_) tail_.erase(0, tail_.size() - half_);
    const std::uint64_t lost = bytes_ - out.text.size() - tail_.size();
    if (lost > 0) {
      out.whole = false;
      out.text += cat("\n[", lost, " bytes left out]\n");
    }
    out.text += tail_;
    return out;
  }

 private:
  std::size_t half_;
  std::uint64_t bytes_ = 0;
  std::string head_;
  std::string tail_;
};

class PumpEnd {
 public:
  PumpEnd() = default;
  explicit PumpEnd(int fd) : fd_(fd) {}
  PumpEnd(const PumpEnd&) = delete;
  PumpEnd& operator=(const PumpEnd&) = delete;
  ~PumpEnd() { close(); }
  void close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }
  int get() const { return fd_; }
  void set(int fd) { fd_ = fd; }

 private:
  int fd_ = -1;
};

// From the program's stream to ours, by a thread of its own: a reader of one stream that waits for
// the other one never waits for us.
class Pump {
 public:
  Pump(int to, std::size_t keep) : to_(to), keeper_(keep) {}

  bool open() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return false;
    from_.set(ends[0]);
    program_.set(ends[1]);
    ended_.set(::eventfd(0, EFD_CLOEXEC));
    return ended_.get() >= 0;
  }
  int program_end() const { return program_.get(); }

  void start() {
    program_.close();
    thread_ = std::jthread([this] {
      // A write without a reader is an error to this thread, no signal to this process.
      sigset_t pipe;
      sigemptyset(&pipe);
      sigaddset(&pipe, SIGPIPE);
      pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
      pump();
    });
  }
  // The program is gone: what it printed is handed on, and nothing is waited for.
  KeptStream finish() {
    const std::uint64_t one = 1;
    (void)!::write(ended_.get(), &one, sizeof one);
    if (thread_.joinable()) thread_.join();
    return std::move(keeper_).finish();
  }

 private:
  void pump() {
    std::array<char, kPumpSize> buffer;
    while (readable()) {
      const ssize_t got = ::read(from_.get(), buffer.data(), buffer.size());
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) return;
      const std::string_view piece(buffer.data(), static_cast<std::size_t>(got));
      keeper_.take(piece);
      if (!hand_on(piece)) return from_.close();  // nobody reads: the program is to know
    }
  }

  // False once the program is gone and all that it printed is read.
  bool readable() const {
    std::array<pollfd, 2> polled{{{from_.get(), POLLIN, 0}, {ended_.get(), POLLIN, 0}}};
    while (::poll(polled.data(), polled.size(), -1) < 0) {
      if (errno != EINTR) return false;
    }
    return polled[0].revents != 0;
  }

  bool hand_on(std::string_view piece) const {
    while (!piece.empty()) {
      const ssize_t put = ::write(to_, piece.data(), piece.size());
      if (put < 0 && errno == EAGAIN) {
        // Whoever shares our stream has set it so; it is waited for.
        pollfd polled{to_, POLLOUT, 0};
        (void)::poll(&polled, 1, -1);
        continue;
      }
      if (put < 0 && errno != EINTR) return false;
      if (put > 0) piece.remove_prefix(static_cast<std::size_t>(put));
    }
    return true;
  }

  int to_;
  Keeper keeper_;
  PumpEnd from_;
  PumpEnd program_;
  PumpEnd ended_;
  std::jthread thread_;
};

constexpr std::array kForwarded{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2};

// While it lives, these signals wait for take() and end nobody.
class CaughtSignals {
 public:
  CaughtSignals() {
    sigemptyset(&set_);
    for (const int signal : kForwarded) sigaddset(&set_, signal);
    sigaddset(&set_, SIGCHLD);
    // Where our parent ignores it, children vanish without their exit code.
    struct sigaction usual{};
    usual.sa_handler = SIG_DFL;
    sigaction(SIGCHLD, &usual, &child_before_);
    pthread_sigmask(SIG_BLOCK, &set_, &before_);
  }
  CaughtSignals(const CaughtSignals&) = delete;
  CaughtSignals& operator=(const CaughtSignals&) = delete;
  ~CaughtSignals() {
    // One that came after the program had ended is spent with it.
    const timespec at_once{};
    while (sigtimedwait(&set_, nullptr, &at_once) > 0) {
    }
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
    sigaction(SIGCHLD, &child_before_, nullptr);
  }
  const sigset_t& before() const { return before_; }

  // The next signal for the program; 0 where the program may have ended, or the time is over.
  int take(std::optional<WrapTicks::time_point> until) const {
    siginfo_t info{};
    int signal = 0;
    if (until) {
      const auto left = std::max(*until - WrapTicks::now(), WrapTicks::duration(0));
      const auto whole = std::chrono::floor<std::chrono::seconds>(left);
      const timespec wait{whole.count(), std::chrono::nanoseconds(left - whole).count()};
      signal = sigtimedwait(&set_, &info, &wait);
    } else {
      signal = sigwaitinfo(&set_, &info);
    }
    if (signal <= 0 || signal == SIGCHLD) return 0;
    // What the terminal sends, it sends to the program, too.
    return info.si_code == SI_KERNEL ? -1 : signal;
  }

 private:
  sigset_t set_{};
  sigset_t before_{};
  struct sigaction child_before_{};
};

struct WrapSpawn {
  posix_spawn_file_actions_t actions{};
  posix_spawnattr_t attributes{};
  explicit WrapSpawn(const sigset_t& mask) {
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    // What this process ignores for itself, the program does not.
    sigset_t defaults;
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    sigaddset(&defaults, SIGXFSZ);
    sigaddset(&defaults, SIGCHLD);
    posix_spawnattr_setsigdefault(&attributes, &defaults);
    posix_spawnattr_setsigmask(&attributes, &mask);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  }
  WrapSpawn(const WrapSpawn&) = delete;
  WrapSpawn& operator=(const WrapSpawn&) = delete;
  ~WrapSpawn() {
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
  }
};

std::vector<char*> environment_without(const std::vector<std::string>& names) {
  std::vector<char*> out;
  for (char** each = environ; each != nullptr && *each != nullptr; ++each) {
    const std::string_view variable(*each);
    const bool left_out = std::ranges::any_of(names, [&](const std::string& name) {
      return variable.starts_with(name) && variable.substr(name.size()).starts_with('=');
    });
    if (!left_out) out.push_back(*each);
  }
  out.push_back(nullptr);
  return out;
}

Result<pid_t> start_program(const WrapRequest& request, const sigset_t& mask, const Pump* out,
                            const Pump* err) {
  WrapSpawn settings(mask);
  if (out != nullptr) {
    posix_spawn_file_actions_adddup2(&settings.actions, out->program_end(), STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&settings.actions, err->program_end(), STDERR_FILENO);
  }
  if (request.folder) {
    posix_spawn_file_actions_addchdir_np(&settings.actions, request.folder->c_str());
  }
  std::vector<std::string> words = request.command;
  std::vector<char*> argv;
  for (auto& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  const auto envp = environment_without(request.without);
  pid_t pid = -1;
  const int rc = posix_spawnp(&pid, argv[0], &settings.actions, &settings.attributes, argv.data(),
                              envp.data());
  if (rc == 0) return pid;
  const bool missing = rc == ENOENT || rc == ENOTDIR;
  const bool refused = rc == EACCES || rc == ENOEXEC || rc == EPERM;
  return fail(missing   ? Errc::not_found
              : refused ? Errc::denied
                        : Errc::io,
              cat("cannot run ", printable(request.command[0]), ": ", std::strerror(rc)));
}

struct ProgramEnd {
  int status = 0;
  bool late = false;
};

// Until the program has ended; signals are handed on meanwhile.
ProgramEnd wait_for(pid_t pid, const CaughtSignals& signals,
                    std::optional<std::chrono::seconds> timeout) {
  ProgramEnd out;
  std::optional<WrapTicks::time_point> until;
  if (timeout) until = WrapTicks::now() + *timeout;
  for (;;) {
    const pid_t got = ::waitpid(pid, &out.status, WNOHANG);
    if (got == pid) return out;
    if (got < 0 && errno != EINTR) return {0xFF00};  // nobody can say: as exit code 255
    if (until && WrapTicks::now() >= *until) {
      ::kill(pid, SIGKILL);
      out.late = true;
      until.reset();
    }
    if (const int signal = signals.take(until); signal > 0) ::kill(pid, signal);
  }
}

}  // namespace

Result<WrapResult> run_wrapped(const WrapRequest& request) {
  if (request.command.empty()) return fail(Errc::usage, "no command to run");
  const bool kept = request.keep.has_value();
  Pump out(STDOUT_FILENO, request.keep.value_or(0));
  Pump err(STDERR_FILENO, request.keep.value_or(0));
  if (kept && (!out.open() || !err.open())) {
    return fail(Errc::io, cat("cannot open a pipe: ", std::strerror(errno)));
  }
  const CaughtSignals signals;
  SLUICE_TRY(const pid_t pid, start_program(request, signals.before(), kept ? &out : nullptr,
                                            kept ? &err : nullptr));
  if (kept) {
    out.start();
    err.start();
  }
  const auto [status, late] = wait_for(pid, signals, request.timeout);
  WrapResult result;
  if (kept) {
    result.out = out.finish();
    result.err = err.finish();
  }
  if (late) {
    return fail(Errc::timeout, cat(printable(request.command[0]), " ran for more than ",
                                   request.timeout->count(), " s and was ended"));
  }
  if (WIFSIGNALED(status)) result.signal = WTERMSIG(status);
  result.exit_code = result.signal ? 128 + *result.signal : WEXITSTATUS(status);
  return result;
}

}  // namespace sluice
