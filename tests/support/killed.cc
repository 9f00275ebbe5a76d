// SPDX-License-Identifier: Apache-2.0
#include "support/killed.h"

#include <fcntl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>

namespace sluice::test {

namespace {

bool changes_files(std::uint64_t number, const std::uint64_t* args) {
  switch (number) {
    case SYS_write:
      return args[0] > 2;
    case SYS_openat:
      return (args[2] & (O_CREAT | (O_TMPFILE & ~O_DIRECTORY))) != 0;
    case SYS_renameat2:
    case SYS_unlinkat:
    case SYS_mkdirat:
    case SYS_linkat:
    case SYS_fsync:
    case SYS_syncfs:
#ifdef SYS_rename
    case SYS_rename:
    case SYS_unlink:
    case SYS_mkdir:
#endif
      return true;
    default:
      return false;
  }
}

}  // namespace

std::optional<KilledWork> work_killed_at(int nth, const std::function<int()>& work) {
  const pid_t child = ::fork();
  if (child == 0) {
    if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) ::_exit(126);
    ::raise(SIGSTOP);
    ::_exit(work());
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  if (!WIFSTOPPED(status)) return std::nullopt;
  ::ptrace(PTRACE_SETOPTIONS, child, nullptr, PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD);
  int seen = 0;
  for (;;) {
    ::ptrace(PTRACE_SYSCALL, child, nullptr, nullptr);
    if (::waitpid(child, &status, 0) != child) return std::nullopt;
    if (WIFSIGNALED(status)) return KilledWork{.killed = true};
    if (WIFEXITED(status)) return KilledWork{.killed = false, .exit_code = WEXITSTATUS(status)};
    if (WSTOPSIG(status) != (SIGTRAP | 0x80)) continue;
    __ptrace_syscall_info info{};
    ::ptrace(static_cast<__ptrace_request>(PTRACE_GET_SYSCALL_INFO), child, sizeof info, &info);
    const auto* args = reinterpret_cast<const std::uint64_t*>(info.entry.args);
    if (info.op == PTRACE_SYSCALL_INFO_ENTRY && changes_files(info.entry.nr, args) &&
        seen++ == nth) {
      ::kill(child, SIGKILL);
    }
  }
}

}  // namespace sluice::test
