// SPDX-License-Identifier: Apache-2.0
#include "base/tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

#include "base/text.h"

namespace sluice {

namespace {

constexpr std::size_t kFilesAtOnce = 128;  // of one folder, by one thread

std::unexpected<Error> fail_at(std::string_view doing, const std::string& path, int error) {
  Errc code = Errc::io;
  if (error == ENOENT || error == ENOTDIR) code = Errc::not_found;
  if (error == EACCES || error == EPERM) code = Errc::denied;
  return fail(code, cat("cannot ", doing, " ", printable(path, 4096), ": ", std::strerror(error)));
}

// An open file on the stack: read once, from front to back.
class TreeSource final : public ByteSource {
 public:
  TreeSource(int fd, const std::string& path, const struct stat& opened)
      : fd_(fd), path_(path), opened_(opened) {}

  Result<std::size_t> read(std::span<std::uint8_t> into) override {
    for (;;) {
      const ssize_t got = ::read(fd_, into.data(), into.size());
      if (got >= 0) return static_cast<std::size_t>(got);
      if (errno != EINTR) return fail_at("read", path_, errno);
    }
  }

  Result<void> unchanged() override {
    struct stat now{};
    if (::fstat(fd_, &now) != 0) return fail_at("look at", path_, errno);
    if (now.st_size != opened_.st_size || file_info(now) != file_info(opened_)) {
      return fail(Errc::io, cat(printable(path_, 4096), " changed while it was read"));
    }
    return {};
  }

  std::optional<std::uint64_t> size() const override {
    return static_cast<std::uint64_t>(opened_.st_size);
  }

 private:
  int fd_;
  const std::string& path_;
  const struct stat& opened_;
};

// The folders from the root to here, by what the file system numbers them.
struct Ancestry {
  std::shared_ptr<const Ancestry> above;
  dev_t device;
  ino_t number;
};

bool is_at(const Ancestry& folder, const struct stat& seen) {
  return folder.device == seen.st_dev && folder.number == seen.st_ino;
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int fd() const { return fd_; }

 private:
  int fd_;
};

struct TreeFile {
  std::string name;
  bool link;
};

// A folder to look into, or some files of one that was. Nothing in it is open: each thread has
// descriptors of its own.
struct TreeTask {
  std::string path;  // of the folder, without a slash at its end but for "/"
  std::size_t root = 0;
  int depth = 0;
  std::shared_ptr<const Ancestry> above = nullptr;   // shared: a folder's folders have one
  std::shared_ptr<const Ancestry> folder = nullptr;  // that the files are in
  std::vector<TreeFile> files = {};
};

class TreeReader {
 public:
  TreeReader(const std::vector<std::string>& roots, TreeVisitor& visitor,
             const TreeOptions& options)
      : roots_(roots), visitor_(visitor), options_(options) {}

  Result<void> run() {
    for (std::size_t i = 0; i < roots_.size(); ++i) SLUICE_CHECK(begin(i));
    const unsigned threads = std::max(1U, options_.threads);
    {
      std::vector<std::jthread> pool;
      try {
        for (unsigned i = 1; i < threads; ++i) {
          pool.emplace_back([this, i] {
            own_descriptors();
            work(i);
          });
        }
      } catch (const std::system_error&) {  // NOLINT(bugprone-empty-catch)
        // No more threads to be had: those that there are do the work.
      }
      work(0);
    }
    if (error_) return fail(*std::move(error_));
    return {};
  }

 private:
  Result<void> begin(std::size_t root) {
    const std::string& path = roots_[root];
    struct stat info{};
    if (::stat(path.c_str(), &info) != 0) return fail_at("read", path, errno);
    if (!visitor_.wants(path, S_ISDIR(info.st_mode))) {
      visitor_.passed_over(path, PassedOver::unwanted);
    } else if (S_ISDIR(info.st_mode)) {
      push({.path = path, .root = root});
    } else if (S_ISREG(info.st_mode)) {
      SLUICE_CHECK(read_file(0, AT_FDCWD, path.c_str(), path, true));
    } else {
      visitor_.passed_over(path, PassedOver::special);
    }
    return {};
  }

  // A table of descriptors that several threads share is locked for every file that is opened, read
  // and closed: a twentieth of all time. Where the system does not allow it, they share one.
  static void own_descriptors() { static_cast<void>(::unshare(CLONE_FILES)); }

  // Takes tasks until all are done, or one failed.
  void work(unsigned worker) {
    while (auto task = take()) {
      Result<void> outcome;
      try {
        outcome = task->folder ? read_piece(worker, *task) : look_into(worker, *task);
      } catch (...) {
        // Memory has run out; jthreads must not end by it.
        outcome = fail(Errc::limit, "there is not enough memory for so many files");
      }
      finished(std::move(outcome));
    }
  }

  std::optional<TreeTask> take() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !tasks_.empty() || open_ == 0 || error_; });
    if (error_ || tasks_.empty()) return std::nullopt;
    // The newest first: the walk goes deep, and few folders wait.
    TreeTask task = std::move(tasks_.back());
    tasks_.pop_back();
    return task;
  }

  void push(TreeTask task) {
    {
      const std::scoped_lock lock(mutex_);
      ++open_;
      tasks_.push_back(std::move(task));
    }
    changed_.notify_one();
  }

  void finished(Result<void> outcome) {
    bool wake = false;
    {
      const std::scoped_lock lock(mutex_);
      --open_;
      if (!outcome && !error_) error_ = std::move(outcome).error();
      wake = open_ == 0 || error_;
    }
    if (wake) changed_.notify_all();
  }

  static std::string join_path(const std::string& folder, std::string_view name) {
    std::string out;
    out.reserve(folder.size() + 1 + name.size());
    out += folder;
    if (!out.ends_with('/')) out += '/';
    out += name;
    return out;
  }

  Result<void> look_into(unsigned worker, const TreeTask& task) {
    if (task.depth > options_.max_depth) {
      return fail(Errc::limit, cat(printable(task.path, 4096), " is more than ", options_.max_depth,
                                   " folders deep"));
    }
    const std::unique_ptr<DIR, int (*)(DIR*)> dir(::opendir(task.path.c_str()), ::closedir);
    if (!dir) return fail_at("list", task.path, errno);
    const int folder = ::dirfd(dir.get());
    struct stat self{};
    if (::fstat(folder, &self) != 0) return fail_at("look at", task.path, errno);
    for (auto at = task.above; at; at = at->above) {
      if (is_at(*at, self)) {
        visitor_.passed_over(task.path, PassedOver::loop);
        return {};
      }
    }
    const auto here = std::make_shared<const Ancestry>(task.above, self.st_dev, self.st_ino);
    TreeTask piece = piece_of(task, here);
    std::size_t uncounted = 0;
    for (;;) {
      errno = 0;
      const dirent* entry = ::readdir(dir.get());
      if (entry == nullptr) break;
      const std::string_view name(entry->d_name);
      if (name == "." || name == "..") continue;
      if (++uncounted == kFilesAtOnce) SLUICE_CHECK(count_entries(std::exchange(uncounted, 0)));
      SLUICE_CHECK(sort_out(task, *entry, folder, here, piece));
      if (piece.files.size() == kFilesAtOnce) {
        push(std::move(piece));
        piece = piece_of(task, here);
      }
    }
    if (errno != 0) return fail_at("list", task.path, errno);
    SLUICE_CHECK(count_entries(uncounted));
    return read_files(worker, folder, piece);
  }

  // Of all threads: asked for by each once in a while, so that it does not go from one core to the
  // other with every file.
  Result<void> count_entries(std::size_t more) {
    const std::size_t seen = seen_ += more;
    if (seen <= options_.max_entries) return {};
    return fail(Errc::limit, cat("more than ", options_.max_entries, " entries"));
  }

  static TreeTask piece_of(const TreeTask& task, const std::shared_ptr<const Ancestry>& folder) {
    return {.path = task.path, .root = task.root, .folder = folder};
  }

  Result<void> sort_out(const TreeTask& task, const dirent& entry, int folder,
                        const std::shared_ptr<const Ancestry>& here, TreeTask& piece) {
    const std::string_view name(entry.d_name);
    struct stat info{};
    unsigned char type = entry.d_type;
    if (type == DT_UNKNOWN) {
      if (::fstatat(folder, entry.d_name, &info, AT_SYMLINK_NOFOLLOW) != 0) {
        return fail_at("look at", join_path(task.path, name), errno);
      }
      type = static_cast<unsigned char>(IFTODT(info.st_mode));
    }
    const bool link = type == DT_LNK;
    if (link) {
      const bool there = ::fstatat(folder, entry.d_name, &info, 0) == 0;
      type = static_cast<unsigned char>(there ? IFTODT(info.st_mode) : unsigned{DT_UNKNOWN});
    }
    if (type == DT_REG) {
      piece.files.push_back({std::string(name), link});
      return {};
    }
    std::string path = join_path(task.path, name);
    if (!visitor_.wants(path, type == DT_DIR)) {
      visitor_.passed_over(path, PassedOver::unwanted);
    } else if (type == DT_DIR) {
      enter(task, std::move(path), link, here);
    } else {
      visitor_.passed_over(path,
                           link && type == DT_UNKNOWN ? PassedOver::dangling : PassedOver::special);
    }
    return {};
  }

  void enter(const TreeTask& task, std::string path, bool link,
             const std::shared_ptr<const Ancestry>& here) {
    if (link && !options_.follow_folder_links) {
      visitor_.passed_over(path, PassedOver::folder_link);
      return;
    }
    if (link && is_outside(path, roots_[task.root])) visitor_.leads_out(path);
    push({.path = std::move(path), .root = task.root, .depth = task.depth + 1, .above = here});
  }

  static bool is_outside(const std::string& path, const std::string& root) {
    std::error_code error;
    const std::string real = std::filesystem::canonical(path, error).native();
    if (error) return false;  // gone again: opening it will say so
    const std::string top = std::filesystem::canonical(root, error).native();
    return !error && real != top && !real.starts_with(top.ends_with('/') ? top : top + "/");
  }

  Result<void> read_piece(unsigned worker, TreeTask& task) {
    const Descriptor folder(::open(task.path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    struct stat self{};
    if (folder.fd() < 0 || ::fstat(folder.fd(), &self) != 0) {
      return fail_at("list", task.path, errno);
    }
    if (!is_at(*task.folder, self)) {
      return fail(Errc::io, cat(printable(task.path, 4096), " changed while it was read"));
    }
    return read_files(worker, folder.fd(), task);
  }

  // In the order of their names: whoever sorts them later finds them sorted.
  Result<void> read_files(unsigned worker, int folder, TreeTask& task) {
    std::ranges::sort(task.files, {}, &TreeFile::name);
    std::string path = join_path(task.path, "");
    const std::size_t front = path.size();
    for (const TreeFile& file : task.files) {
      path.resize(front);
      path += file.name;
      if (!visitor_.wants(path, false)) {
        visitor_.passed_over(path, PassedOver::unwanted);
        continue;
      }
      SLUICE_CHECK(read_file(worker, folder, file.name.c_str(), path, file.link));
    }
    return {};
  }

  Result<void> read_file(unsigned worker, int folder, const char* name, const std::string& path,
                         bool link) {
    struct stat info{};
    if (options_.look_first &&
        ::fstatat(folder, name, &info, link ? 0 : AT_SYMLINK_NOFOLLOW) == 0 &&
        S_ISREG(info.st_mode) && visitor_.knows(worker, path, file_info(info))) {
      return {};
    }
    // A pipe that took the file's place is opened at once, and seen for what it is.
    const Descriptor file(::openat(
        folder, name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | (link ? 0 : O_NOFOLLOW)));
    if (file.fd() < 0) return fail_at("read", path, errno);
    if (::fstat(file.fd(), &info) != 0) return fail_at("look at", path, errno);
    if (!S_ISREG(info.st_mode)) {
      visitor_.passed_over(path, PassedOver::special);
      return {};
    }
    TreeSource source(file.fd(), path, info);
    return visitor_.file(worker, path, file_info(info), source);
  }

  const std::vector<std::string>& roots_;
  TreeVisitor& visitor_;
  const TreeOptions& options_;
  std::atomic<std::size_t> seen_ = 0;

  std::mutex mutex_;  // of all below
  std::condition_variable changed_;
  std::deque<TreeTask> tasks_;
  std::size_t open_ = 0;  // waiting and under way
  std::optional<Error> error_;
};

}  // namespace

Result<void> read_tree(const std::vector<std::string>& roots, TreeVisitor& visitor,
                       const TreeOptions& options) {
  return TreeReader(roots, visitor, options).run();
}

}  // namespace sluice
