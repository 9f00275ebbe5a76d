// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/limits.h"
#include "base/text.h"
#include "invocation.h"

namespace sluice::cli {

namespace {

bool write_fully(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t put = ::write(fd, text.data(), text.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(put));
  }
  return true;
}

// The terminal without echo, as long as it lives.
class QuietTerminal {
 public:
  explicit QuietTerminal(int fd) : fd_(fd) {
    if (::tcgetattr(fd_, &before_) != 0) return;
    termios quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    changed_ = ::tcsetattr(fd_, TCSAFLUSH, &quiet) == 0;
  }
  QuietTerminal(const QuietTerminal&) = delete;
  QuietTerminal& operator=(const QuietTerminal&) = delete;
  ~QuietTerminal() {
    if (changed_) ::tcsetattr(fd_, TCSAFLUSH, &before_);
  }
  bool quiet() const { return changed_; }

 private:
  int fd_;
  termios before_{};
  bool changed_ = false;
};

class SystemConsole final : public Console {
 public:
  Result<void> print(std::string_view data) override {
    if (write_fully(STDOUT_FILENO, data)) return {};
    return fail(Errc::io, cat("cannot write to standard output: ", std::strerror(errno)));
  }
  void talk(std::string_view text) override { (void)write_fully(STDERR_FILENO, text); }
  bool terminal_out() const override { return ::isatty(STDOUT_FILENO) == 1; }
  bool terminal_in() const override { return ::isatty(STDIN_FILENO) == 1; }

  Result<SecretBytes> ask_secret(std::string_view prompt) override {
    if (!terminal_in()) return fail(Errc::denied, "there is no terminal to ask for a password");
    const int fd = ::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (fd < 0) return fail(Errc::denied, "there is no terminal to ask for a password");
    auto answer = read_line(fd, prompt);
    ::close(fd);
    return answer;
  }

 private:
  static Result<SecretBytes> read_line(int fd, std::string_view prompt) {
    const QuietTerminal terminal(fd);
    if (!terminal.quiet())
      return fail(Errc::denied, "the terminal cannot be kept from showing a password");
    (void)write_fully(fd, prompt);
    SecretBytes line(limits::kPasswordFile);
    std::size_t length = 0;
    for (;;) {
      if (length == line.size()) return fail(Errc::limit, "the password is too long");
      const ssize_t got = ::read(fd, line.reveal().data() + length, 1);
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0 || line.reveal()[length] == '\n') break;
      ++length;
    }
    (void)write_fully(fd, "\n");
    line.shrink(length);
    return line;
  }
};

}  // namespace

Console& system_console() {
  static SystemConsole console;
  return console;
}

}  // namespace sluice::cli
