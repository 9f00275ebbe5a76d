// SPDX-License-Identifier: Apache-2.0
// tufrepo: the making of a TUF repository.
//
//   store.h     where a repository is published: a folder, or a bucket of an S3-compatible store
//   publish.h   a transaction over a store: readers see the old repository or the new one
//   clean.h     what no client can reach any more is removed
//   role_key.h  keys that sign roles: files, tokens, commands, variables, identities
//
// A store holds files by names such as "metadata/3.root.json" and "targets/a/HASH.b". Names are
// made by us and checked again here: parts that step out of the store are Errc::malformed. Names
// whose last part begins with ".sluice-" are the store's own and are never listed.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/http.h"
#include "base/strong.h"
#include "base/world.h"
#include "crypto/digest.h"

namespace sluice::tuf {

// Bytes on their way into a store: in memory, in a file, or made when they are needed. A file is
// read once while it is stored; one that is not what was stated any more is Errc::denied.
class Content {
 public:
  static Content of(std::string bytes);
  static Content of(std::shared_ptr<const std::string> bytes);  // shared with who else needs them
  static Content of_file(Files& files, Path path, std::uint64_t size, crypto::Digest digest);
  // Called once or twice, perhaps on another thread; must give the same bytes each time.
  static Content made_by(std::function<Result<std::string>()> make);

  // Hands over all of it piece by piece; a piece is valid until the next one is asked for.
  [[nodiscard]] Result<void> each_piece(const std::function<Result<void>(ByteView)>& use) const;
  [[nodiscard]] Result<std::string> bytes(std::size_t max) const;
  const std::shared_ptr<const std::string>& in_memory() const { return bytes_; }  // else nullptr
  // Of what is read from a file, and may be larger than memory.
  std::optional<std::uint64_t> file_size() const {
    return file_ ? std::optional(file_->size) : std::nullopt;
  }

 private:
  struct File {
    Files* files;
    Path path;
    std::uint64_t size;
    crypto::Digest digest;
  };
  std::shared_ptr<const std::string> bytes_;
  std::optional<File> file_;
  std::function<Result<std::string>()> make_;
};

struct NewFile {
  std::string name;
  Content content;
};

// What a file was when it was read: another one once its bytes have changed.
using StoreTag = StrongString<struct StoreTagTag>;

struct StoredFile {
  std::string bytes;
  StoreTag tag{""};
};
struct ListedFile {
  std::string name;
  std::uint64_t size = 0;
};

enum class Put : std::uint8_t {
  written,
  present,  // the same bytes were there
  other     // other bytes are there; nothing was changed
};

class Store {
 public:
  virtual ~Store() = default;
  virtual std::string describe() const = 0;  // "the folder /srv/tuf", "s3://bucket/prefix"

  // Waits for its turn where the store can hold others off (a folder can), and keeps it as long as
  // the answer lives; nullptr where the store cannot. Errc::denied where it cannot be written to,
  // Errc::timeout where another publisher holds it.
  [[nodiscard]] virtual Result<std::unique_ptr<FileLock>> hold(std::chrono::milliseconds wait) = 0;
  // Do write_new() and replace() notice another writer? Asked of the store itself, by a file of its
  // own that is gone afterwards. Errc::denied: it cannot be written to.
  [[nodiscard]] virtual Result<bool> notices_others() = 0;

  // Nothing where there is no such file.
  [[nodiscard]] virtual Result<std::optional<StoredFile>> read(const std::string& name,
                                                               std::size_t max) = 0;
  // For a series of reads that ends when the store says so: asked before each, Errc::timeout once
  // the time is over. Folders are not held up by anybody.
  virtual std::function<Result<void>()> deadline(std::chrono::seconds /*time*/) {
    return [] { return Result<void>(); };
  }
  // All files whose names begin so, sorted by name.
  [[nodiscard]] virtual Result<std::vector<ListedFile>> list(const std::string& prefix) = 0;
  // What is likely to be asked of write_new() soon: large contents may be on their way from now on,
  // where nobody sees them and nothing is left of them if they are never asked for.
  virtual void expect(std::span<const NewFile> /*files*/) {}
  // Each only if nothing has its name; the first one that fails ends it, and where there are many,
  // some behind it may have been written. What was written is sure to last after sync().
  [[nodiscard]] virtual Result<std::vector<Put>> write_new(std::span<const NewFile> files) = 0;
  [[nodiscard]] virtual Result<void> sync() = 0;
  // Only if the file is still the one with that tag (nothing: not there at all); otherwise `other`.
  // Lasting when it returns, and seen by whoever reads after that.
  [[nodiscard]] virtual Result<Put> replace(const std::string& name, const std::string& bytes,
                                            const std::optional<StoreTag>& was) = 0;
  // What was not there is gone as well. May be back after a crash of the machine.
  [[nodiscard]] virtual Result<void> remove(const std::vector<std::string>& names) = 0;
  // Removes what writers that died left under names of the store's own. Only while it is held, or
  // while nobody else writes. How many files went.
  [[nodiscard]] virtual Result<std::size_t> sweep() = 0;
};

struct StoreOptions {
  // For buckets; what is empty comes from the environment (docs/tuf-stores.md).
  std::string endpoint = {};  // https://storage.example.org; empty: the region's own
  std::string region = {};
  std::string profile = {};
  bool path_style = false;  // https://endpoint/bucket/… instead of https://bucket.endpoint/…
};

// A path, file:///path, or s3://BUCKET[/PREFIX]. Makes no request. http may be nullptr for folders.
[[nodiscard]] Result<std::unique_ptr<Store>> open_store(const std::string& location,
                                                        const StoreOptions& options,
                                                        const World& world, Http* http);
// Nothing below the folder is reached through a link, which may have come with it (by git, say) and
// lead anywhere: Errc::denied. The folder itself may be one.
std::unique_ptr<Store> folder_store(Files& files, Path folder);

// What a store has of its own is called so, in its last part.
inline constexpr std::string_view kStoresOwn = ".sluice-";
// The one of them that may be named: what publishing and cleaning leave while they are at work.
inline constexpr std::string_view kStoreNote = ".sluice-note.json";
bool is_stores_own(std::string_view name);

// Errc::malformed where the name cannot be one of a store.
[[nodiscard]] Result<void> check_store_name(std::string_view name);

}  // namespace sluice::tuf
