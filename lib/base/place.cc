// SPDX-License-Identifier: Apache-2.0
#include "base/place.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "base/codec.h"
#include "base/random.h"
#include "base/text.h"

namespace sluice {

namespace {

std::unexpected<Error> fail_placing(const Path& path, int error) {
  const bool denied = error == EACCES || error == EPERM || error == EROFS;
  const bool missing = error == ENOENT || error == ENOTDIR;
  return fail(denied    ? Errc::denied
              : missing ? Errc::not_found
                        : Errc::io,
              cat("cannot write ", shown(path), ": ", std::strerror(error)));
}

// 0, or what went wrong.
int write_to(int fd, std::string_view content) {
  while (!content.empty()) {
    const ssize_t put = ::write(fd, content.data(), content.size());
    if (put < 0 && errno != EINTR) return errno;
    if (put > 0) content.remove_prefix(static_cast<std::size_t>(put));
  }
  return 0;
}

}  // namespace

Result<void> place_file(const Path& path, std::string_view content, unsigned mode) {
  if (path.native().find('\0') != std::string::npos) return fail_placing(path, EINVAL);
  struct stat info{};
  const bool there = ::lstat(path.c_str(), &info) == 0;
  if (there && !S_ISREG(info.st_mode)) {
    return fail(Errc::denied, cat("will not replace ", shown(path), ": it is no plain file"));
  }
  std::array<std::uint8_t, 8> tag{};
  system_random().fill(tag);
  const Path folder = path.parent_path();
  const Path beside = (folder.empty() ? Path(".") : folder) / cat(".sluice-", to_hex(tag), ".tmp");
  const int fd = ::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
                        there ? info.st_mode & 0777U : mode);
  if (fd < 0) return fail_placing(path, errno);
  int error = write_to(fd, content);
  if (::close(fd) != 0 && error == 0) error = errno;
  if (error == 0 && ::rename(beside.c_str(), path.c_str()) != 0) error = errno;
  if (error == 0) return {};
  ::unlink(beside.c_str());
  return fail_placing(path, error);
}

}  // namespace sluice
