// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/limits.h"
#include "base/text.h"
#include "invocation.h"

namespace sluice::cli {

namespace {

constexpr std::size_t kLongestAnswer = 1'024;

bool write_fully(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t put = ::write(fd, text.data(), text.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(put));
  }
  return true;
}

// The terminal without echo, character by character, as long as it lives. Signals that would end or
// stop the process wait until it is as it was before; the keys that send them are read as keys.
class QuietTerminal {
 public:
  explicit QuietTerminal(int fd) : fd_(fd) {
    if (::tcgetattr(fd_, &before_) != 0) return;
    sigset_t waiting;
    sigemptyset(&waiting);
    for (const int each : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP}) sigaddset(&waiting, each);
    pthread_sigmask(SIG_BLOCK, &waiting, &mask_);
    termios quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO | ICANON | ISIG);
    quiet.c_cc[VMIN] = 1;
    quiet.c_cc[VTIME] = 0;
    changed_ = ::tcsetattr(fd_, TCSAFLUSH, &quiet) == 0;
    if (!changed_) pthread_sigmask(SIG_SETMASK, &mask_, nullptr);
  }
  QuietTerminal(const QuietTerminal&) = delete;
  QuietTerminal& operator=(const QuietTerminal&) = delete;
  ~QuietTerminal() {
    if (!changed_) return;
    ::tcsetattr(fd_, TCSAFLUSH, &before_);
    pthread_sigmask(SIG_SETMASK, &mask_, nullptr);
  }
  bool quiet() const { return changed_; }

 private:
  int fd_;
  termios before_{};
  sigset_t mask_{};
  bool changed_ = false;
};

// What a key does to the line that is being typed.
enum class Key : std::uint8_t { character, enter, erase, kill, cancel, end };
Key key_of(std::uint8_t byte) {
  switch (byte) {
    case '\n':
    case '\r':
      return Key::enter;
    case 0x08:
    case 0x7F:
      return Key::erase;
    case 0x15:
      return Key::kill;
    case 0x03:
    case 0x1A:
    case 0x1C:
      return Key::cancel;
    case 0x04:
      return Key::end;
    default:
      return Key::character;
  }
}

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
    const int fd = open_terminal();
    if (fd < 0) return fail(Errc::denied, "there is no terminal to ask for a password");
    auto answer = read_line(fd, prompt);
    ::close(fd);
    return answer;
  }

  Result<std::string> ask(std::string_view question) override {
    const int fd = open_terminal();
    if (fd < 0) return fail(Errc::denied, "there is no terminal to ask on");
    ::tcflush(fd, TCIFLUSH);  // what was typed before it was asked is no answer
    (void)write_fully(fd, question);
    std::string answer(kLongestAnswer, '\0');
    ssize_t got = 0;
    do {
      got = ::read(fd, answer.data(), answer.size());
    } while (got < 0 && errno == EINTR);
    ::close(fd);
    if (got < 0) return fail(Errc::denied, "nothing was answered");
    answer.resize(static_cast<std::size_t>(got));
    return std::string(trim(answer));
  }

 private:
  int open_terminal() const {
    return terminal_in() ? ::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY) : -1;
  }
  static Result<SecretBytes> read_line(int fd, std::string_view prompt) {
    const QuietTerminal terminal(fd);
    if (!terminal.quiet())
      return fail(Errc::denied, "the terminal cannot be kept from showing a password");
    (void)write_fully(fd, prompt);
    auto line = typed(fd);
    (void)write_fully(fd, "\n");
    return line;
  }

  static Result<SecretBytes> typed(int fd) {
    SecretBytes line(limits::kPasswordFile);
    for (std::size_t length = 0;;) {
      if (length == line.size()) return fail(Errc::limit, "the password is too long");
      const ssize_t got = ::read(fd, line.reveal().data() + length, 1);
      if (got < 0 && errno == EINTR) continue;
      const Key key = got == 1 ? key_of(line.reveal()[length]) : Key::end;
      if (key == Key::enter) {
        line.shrink(length);
        return line;
      }
      if (key == Key::cancel || (key == Key::end && (got != 1 || length == 0))) {
        return fail(Errc::denied, "no password was typed");
      }
      if (key == Key::character) ++length;
      if (key == Key::erase && length > 0) --length;
      if (key == Key::kill) length = 0;
    }
  }
};

}  // namespace

Console& system_console() {
  static SystemConsole console;
  return console;
}

}  // namespace sluice::cli
