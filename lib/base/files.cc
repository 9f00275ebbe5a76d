// SPDX-License-Identifier: Apache-2.0
#include "base/files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <optional>
#include <set>
#include <thread>

#include "base/codec.h"
#include "base/parallel.h"
#include "base/random.h"
#include "base/text.h"

namespace sluice {

namespace {

Errc code_of(int error) {
  switch (error) {
    case ENOENT:
    case ENOTDIR:
      return Errc::not_found;
    case EACCES:
    case EPERM:
    case EROFS:
      return Errc::denied;
    default:
      return Errc::io;
  }
}

std::unexpected<Error> fail_errno(std::string_view doing, const Path& path, int error) {
  return fail(code_of(error), cat("cannot ", doing, " ", shown(path), ": ", std::strerror(error)));
}

// The system would stop reading the name there, and open another file than the one that is shown.
Result<void> check_name(const Path& path) {
  if (path.native().find('\0') == std::string::npos) return {};
  return fail(Errc::malformed, cat(shown(path), ": a name with a NUL byte is no file's"));
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_;
};

FileKind kind_of(mode_t mode) {
  if (S_ISREG(mode)) return FileKind::file;
  if (S_ISDIR(mode)) return FileKind::folder;
  return S_ISLNK(mode) ? FileKind::link : FileKind::other;
}

std::int64_t nanoseconds(const timespec& moment) {
  return moment.tv_sec * 1'000'000'000 + moment.tv_nsec;
}

bool same_moment(const timespec& a, const timespec& b) {
  return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

class DescriptorSource final : public ByteSource {
 public:
  DescriptorSource(Descriptor fd, Path path, const struct stat& opened)
      : fd_(std::move(fd)), path_(std::move(path)), opened_(opened) {}

  Result<std::size_t> read(std::span<std::uint8_t> into) override {
    for (;;) {
      const ssize_t got = ::read(fd_.get(), into.data(), into.size());
      if (got >= 0) return static_cast<std::size_t>(got);
      if (errno != EINTR) return fail_errno("read", path_, errno);
    }
  }

  Result<void> unchanged() override {
    if (!S_ISREG(opened_.st_mode)) return {};
    struct stat now{};
    if (::fstat(fd_.get(), &now) != 0) return fail_errno("look at", path_, errno);
    if (now.st_size != opened_.st_size || !same_moment(now.st_mtim, opened_.st_mtim) ||
        !same_moment(now.st_ctim, opened_.st_ctim)) {
      return fail(Errc::io, cat(shown(path_), " changed while it was read"));
    }
    return {};
  }

  std::optional<std::uint64_t> size() const override {
    if (!S_ISREG(opened_.st_mode)) return std::nullopt;
    return static_cast<std::uint64_t>(opened_.st_size);
  }

 private:
  Descriptor fd_;
  Path path_;
  struct stat opened_;
};

class HeldLock final : public FileLock {
 public:
  explicit HeldLock(Descriptor fd) : fd_(std::move(fd)) {}

 private:
  Descriptor fd_;  // closing it releases the lock
};

Result<void> write_all(int fd, std::string_view content, const Path& path) {
  while (!content.empty()) {
    const ssize_t put = ::write(fd, content.data(), content.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return fail_errno("write", path, errno);
    content.remove_prefix(static_cast<std::size_t>(put));
  }
  return {};
}

Path folder_of(const Path& path) {
  const Path folder = path.parent_path();
  return folder.empty() ? Path(".") : folder;
}

Result<void> sync_folder(const Path& folder) {
  const Descriptor fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd || ::fsync(fd.get()) != 0) return fail_errno("sync the folder", folder, errno);
  return {};
}

// A sync waits for the disk, not for a processor, and those under way at a time share the wait.
constexpr std::size_t kSyncsAtOnce = 8;

// All of them are on their way to the disk before the first one is waited for, so that a file
// system with a journal writes that once for many.
Result<void> sync_all(std::span<const Path> paths, std::span<const int> descriptors) {
  for (std::size_t i = 0; descriptors.size() > 1 && i < descriptors.size(); ++i) {
    (void)::sync_file_range(descriptors[i], 0, 0, SYNC_FILE_RANGE_WRITE);
  }
  std::vector<int> errors(descriptors.size(), 0);
  for_each_parallel(descriptors.size(), kSyncsAtOnce, [&](std::size_t i) {
    if (::fsync(descriptors[i]) != 0) errors[i] = errno;
  });
  for (std::size_t i = 0; i < errors.size(); ++i) {
    if (errors[i] != 0) return fail_errno("sync", paths[i], errors[i]);
  }
  return {};
}

// A file that has no name yet gets one, if nothing has it.
Result<void> name_it(const Descriptor& nameless, const Path& path) {
  const std::string name = cat("/proc/self/fd/", nameless.get());
  if (::linkat(AT_FDCWD, name.c_str(), AT_FDCWD, path.c_str(), AT_SYMLINK_FOLLOW) != 0) {
    if (errno == EEXIST) return fail(Errc::denied, cat(shown(path), " exists already"));
    return fail_errno("put in place", path, errno);
  }
  return {};
}

// A new file beside its target, gone again unless it was put in place.
class Beside {
 public:
  static Result<Beside> write(const Path& target, std::string_view content, unsigned mode) {
    std::array<std::uint8_t, 8> tag{};
    system_random().fill(tag);
    Path temp = folder_of(target) / cat(".sluice-", to_hex(tag), ".tmp");
    Descriptor fd(::open(temp.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
    if (!fd) return fail_errno("create a file beside", target, errno);
    Beside beside(target, std::move(temp), std::move(fd));
    SLUICE_CHECK(write_all(beside.fd_->get(), content, target));
    return beside;
  }
  // Beside what is replaced: a plain file, whose mode is kept, or nothing.
  static Result<Beside> write(const Replacement& wish) {
    SLUICE_CHECK(check_name(wish.path));
    struct stat info{};
    const bool there = ::lstat(wish.path.c_str(), &info) == 0;
    if (there && !S_ISREG(info.st_mode)) {
      return fail(Error{Errc::denied,
                        cat("will not replace ", shown(wish.path), ": it is no plain file"),
                        {},
                        "name a plain file, or - for standard output"});
    }
    return write(wish.path, wish.content, there ? info.st_mode & 0777U : wish.mode);
  }
  Beside(Beside&& other) noexcept
      : target_(std::move(other.target_)),
        temp_(std::exchange(other.temp_, Path())),
        fd_(std::move(other.fd_)) {}
  Beside& operator=(Beside&&) = delete;
  ~Beside() {
    if (!temp_.empty()) ::unlink(temp_.c_str());
  }

  Result<void> sync() { return sync({this, 1}); }
  static Result<void> sync(std::span<Beside> all) {
    std::vector<Path> paths;
    std::vector<int> descriptors;
    for (const Beside& one : all) {
      paths.push_back(one.target_);
      descriptors.push_back(one.fd_->get());
    }
    SLUICE_CHECK(sync_all(paths, descriptors));
    for (Beside& one : all) one.fd_.reset();
    return {};
  }
  Result<void> put_in_place(unsigned flags) {
    if (::renameat2(AT_FDCWD, temp_.c_str(), AT_FDCWD, target_.c_str(), flags) != 0) {
      if (errno == EEXIST) {
        return fail(Errc::denied, cat(shown(target_), " exists already"));
      }
      return fail_errno("put in place", target_, errno);
    }
    temp_.clear();
    return {};
  }

 private:
  Beside(Path target, Path temp, Descriptor fd)
      : target_(std::move(target)), temp_(std::move(temp)), fd_(std::move(fd)) {}

  Path target_;
  Path temp_;
  std::optional<Descriptor> fd_;  // until it is synced
};

// Open at a time, of those that are written or synced together.
constexpr std::size_t kOpenAtOnce = 256;

// Several files beside their targets, put in place together.
class AllBeside {
 public:
  Result<void> write(std::span<const Replacement> wishes) {
    written_.reserve(wishes.size());
    for (std::size_t from = 0; from < wishes.size(); from += kOpenAtOnce) {
      const auto some = wishes.subspan(from, std::min(kOpenAtOnce, wishes.size() - from));
      for (const Replacement& wish : some) {
        SLUICE_TRY(auto beside, Beside::write(wish));
        written_.push_back(std::move(beside));
      }
      SLUICE_CHECK(Beside::sync(std::span(written_).subspan(from)));
    }
    return {};
  }
  Result<void> put_in_place() {
    for (Beside& one : written_) SLUICE_CHECK(one.put_in_place(0));
    return {};
  }

 private:
  std::vector<Beside> written_;
};

class PreparedBeside final : public Prepared {
 public:
  explicit PreparedBeside(Beside beside) : beside_(std::move(beside)) {}
  Result<void> put_in_place() override { return beside_.put_in_place(0); }

 private:
  Beside beside_;
};

class PreparedNameless final : public Prepared {
 public:
  PreparedNameless(Descriptor nameless, Path path)
      : nameless_(std::move(nameless)), path_(std::move(path)) {}
  Result<void> put_in_place() override { return name_it(nameless_, path_); }

 private:
  Descriptor nameless_;
  Path path_;
};

// For files of another kind: nothing is done ahead.
class NotAhead final : public Prepared {
 public:
  NotAhead(Files& files, const Replacement& wish)
      : files_(files), path_(wish.path), content_(wish.content), mode_(wish.mode) {}
  Result<void> put_in_place() override { return files_.replace(path_, content_, mode_); }

 private:
  Files& files_;
  Path path_;
  std::string content_;
  unsigned mode_;
};

Result<void> sync_opened(std::span<const Path> paths) {
  std::vector<Descriptor> opened;
  std::vector<int> descriptors;
  for (const Path& path : paths) {
    opened.emplace_back(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!opened.back()) return fail_errno("sync", path, errno);
    descriptors.push_back(opened.back().get());
  }
  return sync_all(paths, descriptors);
}

class SystemFiles final : public Files {
 public:
  Result<std::string> read(const Path& path, std::size_t max) override {
    SLUICE_TRY(const auto source, open_with(path, 0));
    return read_opened(*source, path, max);
  }

  Result<std::string> read_plain(const Path& path, std::size_t max, Links links) override {
    const int flags = O_NONBLOCK | (links == Links::refused ? O_NOFOLLOW : 0);
    SLUICE_TRY(const auto source, open_with(path, flags));
    if (!source->size()) return fail(Errc::denied, cat(shown(path), " is no plain file"));
    return read_opened(*source, path, max);
  }

  Result<std::unique_ptr<ByteSource>> open(const Path& path) override { return open_with(path, 0); }

  Result<void> replace(const Path& path, std::string_view content, unsigned mode) override {
    SLUICE_TRY(auto beside, Beside::write({path, content, mode}));
    SLUICE_CHECK(beside.sync());
    SLUICE_CHECK(beside.put_in_place(0));
    return sync_folder(folder_of(path));
  }

  Result<void> replace_all(std::span<const Replacement> all, Lasting lasting) override {
    AllBeside beside;
    SLUICE_CHECK(beside.write(all));
    SLUICE_CHECK(beside.put_in_place());
    if (lasting == Lasting::whole) return {};
    std::set<Path> folders;
    for (const Replacement& one : all) folders.insert(folder_of(one.path));
    for (const Path& folder : folders) SLUICE_CHECK(sync_folder(folder));
    return {};
  }

  Result<std::unique_ptr<Prepared>> prepare(const Replacement& wish) override {
    SLUICE_TRY(auto beside, Beside::write(wish));
    SLUICE_CHECK(beside.sync());
    return std::make_unique<PreparedBeside>(std::move(beside));
  }

  Result<void> create(const Path& path, std::string_view content, unsigned mode) override {
    SLUICE_CHECK(check_name(path));
    // A file without a name until it is whole: nothing is left of it if this process is killed.
    const Descriptor nameless(
        ::open(folder_of(path).c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, mode));
    if (nameless) return create_from(nameless, path, content);
    SLUICE_TRY(auto beside, Beside::write(path, content, mode));
    SLUICE_CHECK(beside.sync());
    SLUICE_CHECK(beside.put_in_place(RENAME_NOREPLACE));
    return sync_folder(folder_of(path));
  }

  Result<void> create_later(const Path& path, const Pieces& pieces, unsigned mode) override {
    SLUICE_CHECK(check_name(path));
    const Descriptor nameless(
        ::open(folder_of(path).c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, mode));
    // Where files must have a name from the start, it is one beside, as create makes it.
    if (!nameless && errno == EOPNOTSUPP) return Files::create_later(path, pieces, mode);
    if (!nameless) return fail_errno("create", path, errno);
    SLUICE_CHECK(
        pieces([&](ByteView piece) { return write_all(nameless.get(), text_of(piece), path); }));
    return name_it(nameless, path);
  }

  Result<std::unique_ptr<Prepared>> create_ahead(const Path& path, std::string_view content,
                                                 unsigned mode) override {
    SLUICE_CHECK(check_name(path));
    Descriptor nameless(::open(folder_of(path).c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, mode));
    if (!nameless) return nullptr;
    SLUICE_CHECK(write_all(nameless.get(), content, path));
    (void)::sync_file_range(nameless.get(), 0, 0, SYNC_FILE_RANGE_WRITE);
    return std::make_unique<PreparedNameless>(std::move(nameless), path);
  }

  Result<void> sync(const std::vector<Path>& paths) override {
    std::set<Path> folders;
    for (const Path& path : paths) folders.insert(folder_of(path));
    std::vector<Path> with_folders = paths;
    with_folders.insert(with_folders.end(), folders.begin(), folders.end());
    const std::span<const Path> all(with_folders);
    for (std::size_t from = 0; from < all.size(); from += kOpenAtOnce) {
      SLUICE_CHECK(sync_opened(all.subspan(from, std::min(kOpenAtOnce, all.size() - from))));
    }
    return {};
  }

  Result<FileInfo> info(const Path& path) override {
    SLUICE_CHECK(check_name(path));
    struct stat info{};
    if (::stat(path.c_str(), &info) != 0) return fail_errno("look at", path, errno);
    return file_info(info);
  }

  Result<FileInfo> info_unfollowed(const Path& path) override {
    SLUICE_CHECK(check_name(path));
    struct stat info{};
    if (::lstat(path.c_str(), &info) != 0) return fail_errno("look at", path, errno);
    return file_info(info);
  }

  Result<std::vector<FolderEntry>> list(const Path& folder) override {
    const std::unique_ptr<DIR, int (*)(DIR*)> dir(::opendir(folder.c_str()), ::closedir);
    if (!dir) return fail_errno("list", folder, errno);
    std::vector<FolderEntry> entries;
    for (;;) {
      errno = 0;
      const dirent* entry = ::readdir(dir.get());
      if (entry == nullptr) break;
      const std::string_view name(entry->d_name);
      if (name == "." || name == "..") continue;
      entries.push_back({std::string(name), kind_at(dir.get(), *entry)});
    }
    if (errno != 0) return fail_errno("list", folder, errno);
    std::ranges::sort(entries, {}, &FolderEntry::name);
    return entries;
  }

  Result<void> make_folders(const Path& path) override {
    std::error_code error;
    std::filesystem::create_directories(path, error);
    if (error) return fail_errno("make the folder", path, error.value());
    return {};
  }

  Result<void> remove(const Path& path) override {
    if (::unlink(path.c_str()) != 0) return fail_errno("remove", path, errno);
    return {};
  }

  Result<std::unique_ptr<FileLock>> lock(const Path& path,
                                         std::chrono::milliseconds wait) override {
    Descriptor fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644));
    if (!fd) return fail_errno("open the lock", path, errno);
    const auto deadline = std::chrono::steady_clock::now() + wait;
    while (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
      if (errno != EWOULDBLOCK && errno != EINTR) return fail_errno("lock", path, errno);
      if (std::chrono::steady_clock::now() >= deadline) {
        return fail(Errc::timeout, cat("another process holds ", shown(path), " for more than ",
                                       wait.count(), " ms"));
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return std::make_unique<HeldLock>(std::move(fd));
  }

 private:
  static Result<void> create_from(const Descriptor& nameless, const Path& path,
                                  std::string_view content) {
    SLUICE_CHECK(write_all(nameless.get(), content, path));
    if (::fsync(nameless.get()) != 0) return fail_errno("sync", path, errno);
    SLUICE_CHECK(name_it(nameless, path));
    return sync_folder(folder_of(path));
  }

  static Result<std::unique_ptr<ByteSource>> open_with(const Path& path, int flags) {
    SLUICE_CHECK(check_name(path));
    Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | flags));
    if (!fd && errno == ELOOP) return fail(Errc::denied, cat(shown(path), " is a link"));
    if (!fd) return fail_errno("read", path, errno);
    struct stat info{};
    if (::fstat(fd.get(), &info) != 0) return fail_errno("look at", path, errno);
    if (S_ISDIR(info.st_mode)) return fail_errno("read", path, EISDIR);
    return std::make_unique<DescriptorSource>(std::move(fd), path, info);
  }

  static Result<std::string> read_opened(ByteSource& source, const Path& path, std::size_t max) {
    if (source.size().value_or(0) > max) {
      return fail(Errc::limit,
                  cat("cannot read ", shown(path), ": it is ", human_bytes(*source.size()),
                      ", the limit is ", human_bytes(max)));
    }
    SLUICE_TRY(std::string content, within(read_all(source, max), cat("reading ", shown(path))));
    SLUICE_CHECK(source.unchanged());
    return content;
  }

  static FileKind kind_at(DIR* dir, const dirent& entry) {
    switch (entry.d_type) {
      case DT_REG:
        return FileKind::file;
      case DT_DIR:
        return FileKind::folder;
      case DT_LNK:
        return FileKind::link;
      case DT_UNKNOWN:
        break;
      default:
        return FileKind::other;
    }
    struct stat info{};
    if (::fstatat(::dirfd(dir), entry.d_name, &info, AT_SYMLINK_NOFOLLOW) != 0)
      return FileKind::other;
    return kind_of(info.st_mode);
  }
};

}  // namespace

Result<void> Files::replace_all(std::span<const Replacement> all, Lasting /*lasting*/) {
  for (const Replacement& one : all) SLUICE_CHECK(replace(one.path, one.content, one.mode));
  return {};
}

Result<std::unique_ptr<Prepared>> Files::prepare(const Replacement& wish) {
  return std::make_unique<NotAhead>(*this, wish);
}

Result<std::unique_ptr<Prepared>> Files::create_ahead(const Path& /*path*/,
                                                      std::string_view /*content*/,
                                                      unsigned /*mode*/) {
  return nullptr;
}

Result<void> Files::create_later(const Path& path, const Pieces& pieces, unsigned mode) {
  std::string content;
  SLUICE_CHECK(pieces([&](ByteView piece) -> Result<void> {
    content += text_of(piece);
    return {};
  }));
  return create(path, content, mode);
}

Result<void> Files::sync(const std::vector<Path>&) { return {}; }

Result<FileInfo> Files::info_unfollowed(const Path& path) {
  return fail(Errc::unsupported, cat("cannot tell whether ", shown(path), " is a link"));
}

Result<void> check_no_links(Files& files, const Path& root, const Path& path) {
  const Path below = path.lexically_relative(root);
  if (below.empty() || *below.begin() == "..") {
    return fail(Errc::internal, cat(shown(path), " is not below ", shown(root)));
  }
  Path at = root;
  for (const Path& part : below) {
    if (part == "." || part.empty()) continue;
    at /= part;
    const auto info = files.info_unfollowed(at);
    if (!info && info.error().code == Errc::not_found) return {};
    if (!info) return fail(info.error());
    if (info->kind != FileKind::link) continue;
    return fail(Error{Errc::denied, cat(shown(at), " is a link, which is not followed")}.advise(
        "it may lead anywhere: put the folder or the file itself there"));
  }
  return {};
}

FileInfo file_info(const struct stat& of) {
  return {.kind = kind_of(of.st_mode),
          .size = static_cast<std::uint64_t>(of.st_size),
          .mode = static_cast<unsigned>(of.st_mode & 07777U),
          .number = of.st_ino,
          .changed = nanoseconds(of.st_ctim),
          .modified = nanoseconds(of.st_mtim),
          .device = of.st_dev};
}

std::string shown(const Path& path) { return printable(path.native(), 4096); }

Result<Path> path_below(const Path& root, std::string_view name) {
  const auto refuse = [&](std::string_view why) {
    return fail(Errc::malformed, cat("unsafe name \"", printable(name, 200), "\": ", why));
  };
  Path path = root;
  for (const auto part : split(name, '/')) {
    if (part.empty()) return refuse("an empty part, or a slash at an end");
    if (part == "." || part == "..") return refuse("it steps out of its folder");
    if (part.size() > 255) return refuse("a part longer than 255 bytes");
    if (part.find('\\') != std::string_view::npos) return refuse("a backslash");
    if (part.find('\0') != std::string_view::npos) return refuse("a NUL byte");
    path /= part;
  }
  return path;
}

std::unique_ptr<ByteSource> standard_input() {
  struct stat info{};
  // A closed standard input reads as an error at the first read.
  if (::fstat(STDIN_FILENO, &info) != 0) info.st_mode = S_IFIFO;
  return std::make_unique<DescriptorSource>(Descriptor(::dup(STDIN_FILENO)), Path("standard input"),
                                            info);
}

Result<std::string> read_all(ByteSource& source, std::size_t max) {
  std::string content;
  // One byte more than expected, so that the end is seen without growing.
  std::size_t step =
      static_cast<std::size_t>(std::min<std::uint64_t>(source.size().value_or(64U << 10), max)) + 1;
  for (;;) {
    const std::size_t had = content.size();
    content.resize(had + step);
    SLUICE_TRY(const std::size_t got,
               source.read({reinterpret_cast<std::uint8_t*>(content.data()) + had, step}));
    content.resize(had + got);
    if (got == 0) return content;
    if (content.size() > max)
      return fail(Errc::limit, cat("more than the limit of ", human_bytes(max)));
    const std::size_t room = content.capacity() - content.size();
    step = room > 0 ? room : std::clamp<std::size_t>(content.size(), 64U << 10, 4U << 20);
  }
}

Files& system_files() {
  static SystemFiles files;
  return files;
}

}  // namespace sluice
