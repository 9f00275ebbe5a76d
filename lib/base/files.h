// SPDX-License-Identifier: Apache-2.0
// The file system behind one interface: read with a bound, replace and never edit, lock, walk.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

struct stat;

namespace sluice {

using Path = std::filesystem::path;

std::string shown(const Path& path);  // for messages: control characters and broken UTF-8 escaped

// A path under a root, built from an untrusted name: each part must be a plain name. Refuses an
// empty name, absolute names, ".", "..", backslash, NUL, and parts above 255 bytes.
[[nodiscard]] Result<Path> path_below(const Path& root, std::string_view name);

// An open file, read from front to back.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  // Fills the front of the buffer; 0 means the end.
  [[nodiscard]] virtual Result<std::size_t> read(std::span<std::uint8_t> into) = 0;
  // At the end: fails where the file is not the one that was opened any more (size or times moved).
  [[nodiscard]] virtual Result<void> unchanged() = 0;
  virtual std::optional<std::uint64_t> size() const = 0;  // as it was when opened; none for a pipe
};

class FileLock {
 public:
  virtual ~FileLock() = default;  // releases it
};

enum class FileKind : std::uint8_t { file, folder, link, other };
struct FileInfo {
  FileKind kind = FileKind::other;
  std::uint64_t size = 0;
  unsigned mode = 0;  // permission bits
  // To tell whether it is still the same: what the file system numbers it by, and when it was last
  // changed, in nanoseconds of the file system's own clock.
  std::uint64_t number = 0;
  std::int64_t changed = 0;
  std::int64_t modified = 0;  // when its content was last changed, as whoever wrote it may have set
  std::uint64_t device = 0;   // that the number is of
  bool operator==(const FileInfo&) const = default;
};
FileInfo file_info(const struct stat& of);  // for those who ask the system themselves
struct FolderEntry {
  std::string name;  // bytes as the file system has them
  FileKind kind = FileKind::other;
};

enum class Links : std::uint8_t { followed, refused };

// A name with a NUL byte is Errc::malformed everywhere where a file is read or written.
class Files {
 public:
  virtual ~Files() = default;

  // The whole file; Errc::limit where it is larger than max bytes.
  [[nodiscard]] virtual Result<std::string> read(const Path& path, std::size_t max) = 0;
  // As read, for a file that nobody named: a plain file or Errc::denied, and never a wait for a
  // pipe.
  [[nodiscard]] virtual Result<std::string> read_plain(const Path& path, std::size_t max,
                                                       Links links) = 0;
  [[nodiscard]] virtual Result<std::unique_ptr<ByteSource>> open(const Path& path) = 0;
  // Afterwards the path holds exactly these bytes, or what it held before: written beside, synced,
  // renamed, the folder synced. Only a plain file is replaced: a link, a device or a pipe at the
  // path is Errc::denied. A file that is there keeps its mode.
  [[nodiscard]] virtual Result<void> replace(const Path& path, std::string_view content,
                                             unsigned mode = 0644) = 0;
  // As replace, but Errc::denied where something is at the path already.
  [[nodiscard]] virtual Result<void> create(const Path& path, std::string_view content,
                                            unsigned mode = 0644) = 0;
  [[nodiscard]] virtual Result<FileInfo> info(const Path& path) = 0;  // a link is followed
  [[nodiscard]] virtual Result<std::vector<FolderEntry>> list(const Path& folder) = 0;  // sorted
  [[nodiscard]] virtual Result<void> make_folders(const Path& path) = 0;
  [[nodiscard]] virtual Result<void> remove(const Path& path) = 0;
  // One holder at a time, across processes; waits until the deadline, then Errc::timeout.
  [[nodiscard]] virtual Result<std::unique_ptr<FileLock>> lock(const Path& path,
                                                               std::chrono::milliseconds wait) = 0;
};

Files& system_files();

std::unique_ptr<ByteSource> standard_input();
// All that is left of a source; Errc::limit where that is more than max bytes.
[[nodiscard]] Result<std::string> read_all(ByteSource& source, std::size_t max);

// Every plain file under root, sorted, as paths that begin with root. Links are neither listed nor
// entered. Too many entries, or folders too deep, are Errc::limit. The folders directly below root
// are listed by several threads.
struct WalkOptions {
  std::size_t max_entries = 10'000'000;
  int max_depth = 256;
};
[[nodiscard]] Result<std::vector<Path>> walk(Files& files, const Path& root,
                                             const WalkOptions& options = {});

}  // namespace sluice
