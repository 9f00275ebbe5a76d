// SPDX-License-Identifier: Apache-2.0
// The real files, until the n-th operation that changes something: then the disk is full, which
// fails that one and those behind it that need room, or the process is gone, which fails
// everything. A read-only place refuses every change. May be called from several threads.
#pragma once

#include <filesystem>
#include <mutex>
#include <optional>

#include "base/files.h"

namespace sluice::test {

enum class FileFault : std::uint8_t { full_disk, read_only, death_before, death_after };

class FailingFiles final : public Files {
 public:
  FailingFiles(int fails_at, FileFault fault) : left_(fails_at), fault_(fault) {}
  bool struck() const {
    const std::lock_guard hold(mutex_);
    return struck_;
  }

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
  Result<std::unique_ptr<Prepared>> create_ahead(const Path& path, std::string_view content,
                                                 unsigned mode) override {
    std::unique_ptr<Prepared> made;
    SLUICE_CHECK(change(true, [&]() -> Result<void> {
      SLUICE_TRY(made, real_.create_ahead(path, content, mode));
      return {};
    }));
    if (made == nullptr) return nullptr;
    return std::make_unique<Ahead>(*this, std::move(made));
  }
  Result<void> sync(const std::vector<Path>& paths) override {
    return change(true, [&] { return real_.sync(paths); });
  }
  Result<FileInfo> info(const Path& path) override {
    return dead() ? fail(gone()) : real_.info(path);
  }
  Result<FileInfo> info_unfollowed(const Path& path) override {
    return dead() ? fail(gone()) : real_.info_unfollowed(path);
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
    if (fault_ != FileFault::read_only) return real_.lock(path, wait);
    const std::lock_guard hold(mutex_);
    struck_ = true;
    return fail(Errc::denied, "cannot open the lock: Read-only file system");
  }

 private:
  class Ahead final : public Prepared {
   public:
    Ahead(FailingFiles& files, std::unique_ptr<Prepared> made)
        : files_(files), made_(std::move(made)) {}
    Result<void> put_in_place() override {
      return files_.change(true, [&] { return made_->put_in_place(); });
    }

   private:
    FailingFiles& files_;
    std::unique_ptr<Prepared> made_;
  };

  static Error gone() { return {Errc::io, "this process is gone"}; }
  bool dead() const {
    const std::lock_guard hold(mutex_);
    return dead_now();
  }
  bool dead_now() const {
    return struck_ && (fault_ == FileFault::death_before || fault_ == FileFault::death_after);
  }

  // What comes of the next change. The mutex is not held while it is made: what is written may be
  // read from here.
  struct Fate {
    bool made = false;
    std::optional<Error> error = {};
  };
  Fate next_fate(bool needs_room) {
    const Error no_room{Errc::io, "No space left on device"};
    const std::lock_guard hold(mutex_);
    if (dead_now()) return {.error = gone()};
    if (fault_ == FileFault::read_only) {
      struck_ = true;
      return {.error = Error{Errc::denied, "Read-only file system"}};
    }
    if (struck_ && needs_room) return {.error = no_room};
    const bool spared = struck_ || (fault_ == FileFault::full_disk && !needs_room);
    if (left_-- > 0 || spared) return {.made = true};
    struck_ = true;
    if (fault_ == FileFault::full_disk) return {.error = no_room};
    return {.made = fault_ == FileFault::death_after, .error = gone()};
  }

  template <class Change>
  Result<void> change(bool needs_room, Change change) {
    auto fate = next_fate(needs_room);
    if (!fate.error) return change();
    if (fate.made) (void)change();
    return fail(*std::move(fate.error));
  }

  Files& real_ = system_files();
  int left_;
  FileFault fault_;
  bool struck_ = false;
  mutable std::mutex mutex_;
};

}  // namespace sluice::test
