// SPDX-License-Identifier: Apache-2.0
// The real files, until the n-th operation that changes something: then the disk is full, or the
// process is gone. A read-only place refuses every change.
#pragma once

#include <filesystem>

#include "base/files.h"

namespace sluice::test {

enum class StoreFault : std::uint8_t { full_disk, read_only, death_before, death_after };

class FailingFiles final : public Files {
 public:
  FailingFiles(int fails_at, StoreFault fault) : left_(fails_at), fault_(fault) {}
  bool struck() const { return struck_; }

  Result<std::string> read(const Path& path, std::size_t max) override {
    return dead() ? fail(gone()) : real_.read(path, max);
  }
  Result<std::string> read_plain(const Path& path, std::size_t max, Links links) override {
    return dead() ? fail(gone()) : real_.read_plain(path, max, links);
  }
  Result<std::unique_ptr<ByteSource>> open(const Path& path) override {
    if (dead()) return fail(gone());
    return real_.open(path);
  }
  Result<void> replace(const Path& path, std::string_view content, unsigned mode) override {
    return change(true, [&] { return real_.replace(path, content, mode); });
  }
  Result<void> create(const Path& path, std::string_view content, unsigned mode) override {
    return change(true, [&] { return real_.create(path, content, mode); });
  }
  Result<void> create_later(const Path& path, const Pieces& pieces, unsigned mode) override {
    return change(true, [&] { return real_.create_later(path, pieces, mode); });
  }
  Result<void> sync(const std::vector<Path>& paths) override {
    return change(true, [&] { return real_.sync(paths); });
  }
  Result<FileInfo> info(const Path& path) override {
    return dead() ? fail(gone()) : real_.info(path);
  }
  Result<std::vector<FolderEntry>> list(const Path& folder) override {
    return dead() ? fail(gone()) : real_.list(folder);
  }
  Result<void> make_folders(const Path& path) override {
    if (std::filesystem::is_directory(path)) return {};
    return change(true, [&] { return real_.make_folders(path); });
  }
  Result<void> remove(const Path& path) override {
    return change(false, [&] { return real_.remove(path); });
  }
  Result<std::unique_ptr<FileLock>> lock(const Path& path,
                                         std::chrono::milliseconds wait) override {
    if (dead()) return fail(gone());
    if (fault_ == StoreFault::read_only) {
      struck_ = true;
      return fail(Errc::denied, "cannot open the lock: Read-only file system");
    }
    return real_.lock(path, wait);
  }

 private:
  static Error gone() { return {Errc::io, "this process is gone"}; }
  bool dead() const {
    return struck_ && (fault_ == StoreFault::death_before || fault_ == StoreFault::death_after);
  }

  template <class Change>
  Result<void> change(bool needs_room, Change change) {
    if (dead()) return fail(gone());
    if (fault_ == StoreFault::read_only) {
      struck_ = true;
      return fail(Errc::denied, "Read-only file system");
    }
    if (struck_ && needs_room) return fail(Errc::io, "No space left on device");
    if (left_-- > 0 || struck_ || (fault_ == StoreFault::full_disk && !needs_room)) return change();
    struck_ = true;
    if (fault_ == StoreFault::death_after) (void)change();
    return fail(fault_ == StoreFault::full_disk ? Error{Errc::io, "No space left on device"}
                                                : gone());
  }

  Files& real_ = system_files();
  int left_;
  StoreFault fault_;
  bool struck_ = false;
};

}  // namespace sluice::test
