// SPDX-License-Identifier: Apache-2.0
// The file system behind one interface: read with a bound, replace and never edit, lock, walk.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
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

// Hands over what a new file is to hold, piece by piece, until it is done or `put` fails.
using Pieces = std::function<Result<void>(const std::function<Result<void>(ByteView)>& put)>;

enum class Links : std::uint8_t { followed, refused };

// What a file is replaced by; the bytes outlive the call.
struct Replacement {
  Path path;
  std::string_view content;
  unsigned mode = 0644;
};
// What holds after the power has failed: the new content for certain, or one of the two, whole.
enum class Lasting : std::uint8_t { yes, whole };

// New content that is in nobody's sight yet; gone unless it is put in place.
class Prepared {
 public:
  virtual ~Prepared() = default;
  // Once. As what it was prepared for from there on: replace, with Lasting::whole, or create_later.
  [[nodiscard]] virtual Result<void> put_in_place() = 0;
};

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
  // As replace, for several files at about the cost of one: all are written and synced before the
  // first is put in its place, so that a full disk leaves everything as it was. They are put in
  // place in their order; where that ends early, those before are new and those behind it old.
  // Lasting::whole leaves out the folders' sync.
  [[nodiscard]] virtual Result<void> replace_all(std::span<const Replacement> all, Lasting lasting);
  // The long part of replace, synced, while it is not known yet whether the content is good.
  [[nodiscard]] virtual Result<std::unique_ptr<Prepared>> prepare(const Replacement& wish);
  // As replace, but Errc::denied where something is at the path already.
  [[nodiscard]] virtual Result<void> create(const Path& path, std::string_view content,
                                            unsigned mode = 0644) = 0;
  // As create, for many files that are synced together: there in whole or not at all, however this
  // process ends, but sure to outlive the machine's only once sync() has been told of it. By itself
  // the same as create.
  [[nodiscard]] virtual Result<void> create_later(const Path& path, const Pieces& pieces,
                                                  unsigned mode = 0644);
  // The long part of create_later, while it is not known yet whether the file is wanted: it has no
  // name, so that nothing is left of it however this process ends. nullptr where that is
  // not to be had.
  [[nodiscard]] virtual Result<std::unique_ptr<Prepared>> create_ahead(const Path& path,
                                                                       std::string_view content,
                                                                       unsigned mode = 0644);
  // Files, with their entries in their folders, and folders.
  [[nodiscard]] virtual Result<void> sync(const std::vector<Path>& paths);
  [[nodiscard]] virtual Result<FileInfo> info(const Path& path) = 0;  // a link is followed
  // As info, of a link itself. Errc::unsupported by itself: nothing is taken for no link.
  [[nodiscard]] virtual Result<FileInfo> info_unfollowed(const Path& path);
  [[nodiscard]] virtual Result<std::vector<FolderEntry>> list(const Path& folder) = 0;  // sorted
  [[nodiscard]] virtual Result<void> make_folders(const Path& path) = 0;
  [[nodiscard]] virtual Result<void> remove(const Path& path) = 0;
  // One holder at a time, across processes; waits until the deadline, then Errc::timeout.
  [[nodiscard]] virtual Result<std::unique_ptr<FileLock>> lock(const Path& path,
                                                               std::chrono::milliseconds wait) = 0;
};

// Errc::denied where a part of the path below the root is a link, the last one too: a folder that
// came from elsewhere, by git say, may lead anywhere. The root itself may be one, or lie behind
// one, and what is not there is none. Of those who change folders in this moment it knows nothing.
[[nodiscard]] Result<void> check_no_links(Files& files, const Path& root, const Path& path);

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
  std::size_t* links = nullptr;  // how many were passed over
};
[[nodiscard]] Result<std::vector<Path>> walk(Files& files, const Path& root,
                                             const WalkOptions& options = {});

}  // namespace sluice
