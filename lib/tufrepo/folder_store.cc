// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <atomic>
#include <map>
#include <set>
#include <utility>

#include "base/parallel.h"
#include "base/text.h"
#include "tufrepo/store.h"

namespace sluice::tuf {

namespace {

constexpr std::size_t kReplacedMost = 64U << 20;  // of a file that is replaced, not made anew
constexpr std::string_view kLockFile = ".sluice-lock";
constexpr std::size_t kManyFiles = 64;  // are written on all cores
constexpr std::size_t kWorthAhead = 128U << 10;
constexpr std::size_t kMostAhead = 8;  // files

Error explained(Error error, const Path& folder) {
  if (!error.hint.empty()) return error;
  if (error.code == Errc::denied) {
    error.hint = cat("the store ", shown(folder),
                     " cannot be written to: it is read-only, or another user's; nothing that "
                     "readers see was changed");
  } else if (error.code == Errc::io) {
    error.hint =
        "once the cause is gone (a full disk, say) do the same again: it goes on where it stopped";
  }
  return error;
}

template <class T>
Result<T> explain(Result<T> result, const Path& folder) {
  if (!result) return fail(explained(std::move(result).error(), folder));
  return result;
}

StoreTag tag_of(std::string_view bytes) {
  return StoreTag(crypto::digest_of(crypto::HashAlgorithm::sha256, bytes_of(bytes)).hex());
}

// What tells replace() that this process has its turn already; gone with the lock.
class HeldFolder final : public FileLock {
 public:
  HeldFolder(std::unique_ptr<FileLock> lock, std::shared_ptr<bool> held)
      : lock_(std::move(lock)), held_(std::move(held)) {
    *held_ = true;
  }
  ~HeldFolder() override { *held_ = false; }
  HeldFolder(const HeldFolder&) = delete;
  HeldFolder& operator=(const HeldFolder&) = delete;

 private:
  std::unique_ptr<FileLock> lock_;
  std::shared_ptr<bool> held_;  // shared with the store, which either may outlive
};

// A source that is compared while a content passes by.
class Comparison {
 public:
  explicit Comparison(ByteSource& source) : source_(source) {}

  Result<void> piece(ByteView expected) {
    while (same_ && !expected.empty()) {
      buffer_.resize(std::min<std::size_t>(expected.size(), 256U << 10));
      SLUICE_TRY(const std::size_t got, source_.read(buffer_));
      same_ = got != 0 && equal(ByteView(buffer_).first(got), expected.first(got));
      expected = expected.subspan(std::min(got, expected.size()));
    }
    return {};
  }
  Result<bool> finish() {
    buffer_.resize(1);
    if (!same_) return false;
    SLUICE_TRY(const std::size_t more, source_.read(buffer_));
    return more == 0;
  }

 private:
  ByteSource& source_;
  Bytes buffer_;
  bool same_ = true;
};

class FolderStore final : public Store {
 public:
  FolderStore(Files& files, Path folder) : files_(files), folder_(std::move(folder)) {}

  std::string describe() const override { return cat("the folder ", shown(folder_)); }

  Result<std::unique_ptr<FileLock>> hold(std::chrono::milliseconds wait) override {
    SLUICE_CHECK(explain(files_.make_folders(folder_), folder_));
    auto lock = files_.lock(folder_ / kLockFile, wait);
    if (!lock && lock.error().code == Errc::timeout) {
      return fail(
          Error{Errc::timeout, cat("another publisher is at work in ", shown(folder_))}.advise(
              "wait for it to end, then look at the status"));
    }
    if (!lock) return fail(explained(std::move(lock).error(), folder_));
    return std::make_unique<HeldFolder>(*std::move(lock), held_);
  }

  Result<bool> notices_others() override { return true; }

  Result<std::optional<StoredFile>> read(const std::string& name, std::size_t max) override {
    SLUICE_TRY(const Path path, path_of(name));
    SLUICE_CHECK(check_no_links(files_, folder_, path));
    auto bytes = files_.read_plain(path, max, Links::refused);
    if (!bytes && bytes.error().code == Errc::not_found) return std::nullopt;
    if (!bytes) return fail(std::move(bytes).error());
    StoreTag tag = tag_of(*bytes);
    return StoredFile{*std::move(bytes), std::move(tag)};
  }

  Result<std::vector<ListedFile>> list(const std::string& prefix) override;
  void expect(std::span<const NewFile> files) override;
  Result<std::vector<Put>> write_new(std::span<const NewFile> files) override;

  Result<void> sync() override {
    std::vector<Path> paths(unsynced_.begin(), unsynced_.end());
    SLUICE_CHECK(explain(files_.sync(paths), folder_));
    unsynced_.clear();
    return {};
  }

  Result<Put> replace(const std::string& name, const std::string& bytes,
                      const std::optional<StoreTag>& was) override;

  Result<void> remove(const std::vector<std::string>& names) override {
    for (const auto& name : names) {
      SLUICE_TRY(const Path path, path_of(name));
      SLUICE_CHECK(check_no_links(files_, folder_, path.parent_path()));
      auto removed = files_.remove(path);
      if (!removed && removed.error().code == Errc::not_found) continue;
      SLUICE_CHECK(explain(std::move(removed), folder_));
      unsynced_.erase(path.native());
    }
    return {};
  }

  Result<std::size_t> sweep() override;

 private:
  Result<Path> path_of(const std::string& name) const {
    SLUICE_CHECK(check_store_name(name));
    return path_below(folder_, name);
  }
  Result<void> make_parent(const Path& path);
  Result<Put> write_one(const Path& path, const Content& content);
  Result<void> create(const Path& path, const Content& content);
  Result<Put> compare(const Path& path, const Content& content) const;

  Files& files_;
  Path folder_;
  std::shared_ptr<bool> held_ = std::make_shared<bool>(false);  // shared with the lock handed out
  std::set<std::string> folders_;                               // that are known to be there
  std::set<std::string> unsynced_;
  struct Ahead {
    std::shared_ptr<const std::string> content;
    std::unique_ptr<Prepared> file;
  };
  std::map<std::string, Ahead> ahead_;  // by path
};

Result<std::vector<ListedFile>> FolderStore::list(const std::string& prefix) {
  const auto slash = prefix.rfind('/');
  Path root = folder_;
  if (slash != std::string::npos) {
    SLUICE_TRY(root, path_below(folder_, prefix.substr(0, slash)));
    SLUICE_CHECK(check_no_links(files_, folder_, root));
  }
  auto paths = walk(files_, root);
  if (!paths && paths.error().code == Errc::not_found) return std::vector<ListedFile>();
  if (!paths) return fail(std::move(paths).error());
  std::vector<ListedFile> out;
  for (const Path& path : *paths) {
    std::string name = path.lexically_relative(folder_).native();
    if (!name.starts_with(prefix) || is_stores_own(name)) continue;
    const auto info = files_.info(path);
    if (!info && info.error().code == Errc::not_found) continue;  // gone meanwhile
    if (!info) return fail(info.error());
    out.push_back({std::move(name), info->size});
  }
  std::ranges::sort(out, {}, &ListedFile::name);
  return out;
}

// A new folder lasts once the one above it is synced. Those that are there are looked at once.
Result<void> FolderStore::make_parent(const Path& path) {
  const Path parent = path.parent_path();
  if (parent == folder_ || folders_.contains(parent.native())) return {};
  SLUICE_CHECK(check_no_links(files_, folder_, parent));
  std::vector<Path> missing;
  for (Path folder = parent; folder != folder_ && !folders_.contains(folder.native());
       folder = folder.parent_path()) {
    if (const auto info = files_.info(folder); info && info->kind == FileKind::folder) break;
    missing.push_back(folder);
  }
  if (!missing.empty()) SLUICE_CHECK(files_.make_folders(parent));
  for (const Path& folder : missing) unsynced_.insert(folder.native());
  folders_.insert(parent.native());
  return {};
}

Result<Put> FolderStore::compare(const Path& path, const Content& content) const {
  SLUICE_TRY(const auto info, files_.info_unfollowed(path));
  if (info.kind != FileKind::file) {  // a pipe would be waited for
    return fail(Error{Errc::denied, cat(shown(path), " is no plain file")}.advise(
        "take it away, or put the file itself there"));
  }
  SLUICE_TRY(const auto source, files_.open(path));
  Comparison comparison(*source);
  SLUICE_CHECK(content.each_piece([&](ByteView piece) { return comparison.piece(piece); }));
  SLUICE_TRY(const bool same, comparison.finish());
  return same ? Put::present : Put::other;
}

void FolderStore::expect(std::span<const NewFile> files) {
  for (const auto& file : files) {
    const auto& content = file.content.in_memory();
    if (!content || content->size() < kWorthAhead || ahead_.size() == kMostAhead) continue;
    const auto path = path_of(file.name);
    if (!path || !check_no_links(files_, folder_, *path) || files_.info_unfollowed(*path)) continue;
    // What cannot be written is told when it is asked for.
    if (auto begun = files_.create_ahead(*path, *content); begun && *begun) {
      ahead_.insert_or_assign(path->native(), Ahead{content, *std::move(begun)});
    }
  }
}

Result<void> FolderStore::create(const Path& path, const Content& content) {
  const auto at = ahead_.find(path.native());
  if (at != ahead_.end() && at->second.file && at->second.content == content.in_memory()) {
    return std::exchange(at->second.file, nullptr)->put_in_place();
  }
  return files_.create_later(path, [&](const auto& put) { return content.each_piece(put); });
}

Result<Put> FolderStore::write_one(const Path& path, const Content& content) {
  if (files_.info_unfollowed(path)) return compare(path, content);
  auto created = create(path, content);
  if (!created && created.error().code == Errc::denied && files_.info_unfollowed(path)) {
    return compare(path, content);
  }
  SLUICE_CHECK(std::move(created));
  return Put::written;
}

Result<std::vector<Put>> FolderStore::write_new(std::span<const NewFile> files) {
  std::vector<Path> paths;
  for (const auto& file : files) {
    const std::string doing = cat("writing ", file.name);
    SLUICE_TRY(paths.emplace_back(), explain(within(path_of(file.name), doing), folder_));
    SLUICE_CHECK(explain(within(make_parent(paths.back()), doing), folder_));
  }
  std::vector<Result<Put>> puts(files.size(), Put::other);
  std::atomic<bool> failed = false;
  for_each_parallel(files.size(), files.size() < kManyFiles ? 1 : hardware_threads(),
                    [&](std::size_t i) {
                      if (failed) return;
                      puts[i] = write_one(paths[i], files[i].content);
                      if (!puts[i]) failed = true;
                    });
  std::vector<Put> out;
  for (std::size_t i = 0; i < files.size(); ++i) {
    SLUICE_TRY(const Put put,
               explain(within(std::move(puts[i]), cat("writing ", files[i].name)), folder_));
    // What is there already as well: its writer may have died before.
    if (put != Put::other) unsynced_.insert(paths[i].native());
    out.push_back(put);
  }
  return out;
}

Result<Put> FolderStore::replace(const std::string& name, const std::string& bytes,
                                 const std::optional<StoreTag>& was) {
  std::unique_ptr<FileLock> turn;
  if (!*held_) {
    SLUICE_TRY(turn, hold(std::chrono::seconds(10)));
  }
  SLUICE_TRY(const Path path, path_of(name));
  SLUICE_TRY(const auto now, read(name, kReplacedMost));
  const bool same = now.has_value() == was.has_value() && (!now || now->tag == *was);
  if (!same) return now && now->bytes == bytes ? Put::present : Put::other;
  SLUICE_CHECK(explain(make_parent(path), folder_));
  SLUICE_CHECK(explain(files_.replace(path, bytes), folder_));
  return Put::written;
}

Result<std::size_t> FolderStore::sweep() {
  auto paths = walk(files_, folder_);
  if (!paths && paths.error().code == Errc::not_found) return 0;
  if (!paths) return fail(std::move(paths).error());
  std::size_t count = 0;
  for (const Path& path : *paths) {
    const std::string name = path.filename().native();
    if (!name.starts_with(kStoresOwn) || !name.ends_with(".tmp")) continue;
    SLUICE_CHECK(explain(files_.remove(path), folder_));
    ++count;
  }
  return count;
}

}  // namespace

std::unique_ptr<Store> folder_store(Files& files, Path folder) {
  // "store/" has the same files as "store", and is another path.
  if (!folder.has_filename()) folder = folder.parent_path();
  return std::make_unique<FolderStore>(files, std::move(folder));
}

}  // namespace sluice::tuf
