// SPDX-License-Identifier: Apache-2.0
// What a client has accepted so far, in a folder that processes share:
//
//   root.json, timestamp.json, snapshot.json, targets.json, ROLE.json   as they were received
//   root_history/N.root.json      every root since the first one
//   client.state                  which root it began with, and the latest time that was seen
//   .lock                         held by whoever refreshes
//
// Each file is replaced as a whole, so that a reader sees the old one or the new one, whenever a
// writer dies. Nothing here is trusted: the client checks what it loads.
//
// What is stored is queued, and load() answers it from there; settle() writes all of it, in its
// order, for the wait of one file. To settle behind does so in a thread of its own, which holds the
// lock until it is done.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/files.h"
#include "tuf/metadata.h"

namespace sluice::tuf {

struct CacheState {
  Version anchor = 0;          // the root that init was given; 0: not known any more
  std::optional<Time> latest;  // of a refresh that succeeded
};

class Cache {
 public:
  Cache(Files& files, Path folder, std::size_t max)
      : files_(files), folder_(std::move(folder)), max_(max) {}

  const Path& folder() const { return folder_; }
  [[nodiscard]] Result<void> make_folders();
  [[nodiscard]] Result<std::unique_ptr<FileLock>> lock(std::chrono::milliseconds wait);

  // Nothing where the file is missing or cannot be read.
  std::optional<std::string> load(const RoleName& role) const;
  void store(const RoleName& role, std::string_view bytes);
  // A large one, which is written while it is checked.
  [[nodiscard]] Result<std::unique_ptr<Prepared>> prepare(const RoleName& role,
                                                          std::string_view bytes);
  [[nodiscard]] Result<void> drop(const RoleName& role);

  std::optional<std::string> load_root(Version version) const;
  void store_root(Version version, std::string_view bytes);
  void drop_root(Version version);
  std::vector<Version> roots() const;  // ascending

  CacheState state() const;
  void set_state(const CacheState& state);

  // Everything that is queued or under way; what went wrong behind is told here.
  [[nodiscard]] Result<void> settle(Lasting lasting);
  void settle_behind(Lasting lasting, std::shared_ptr<FileLock> held);

  // Pieces of large targets, kept until the whole is there.
  std::optional<std::string> load_piece(const std::string& name) const;
  [[nodiscard]] Result<void> store_piece(const std::string& name, std::string_view bytes);
  void drop_pieces(const std::string& prefix);

 private:
  struct Queued {
    Path path;
    std::string bytes;
  };
  struct Behind {
    std::vector<Queued> batch;
    Result<void> outcome = {};
    std::jthread thread = {};  // last: ended before what it works on is gone
  };
  std::optional<std::string> load_file(const Path& path) const;
  void queue(Path path, std::string_view bytes);
  [[nodiscard]] Result<void> write(const std::vector<Queued>& batch, Lasting lasting) const;
  [[nodiscard]] Result<void> replace_anything(const Queued& one) const;
  void join_oldest();
  void sweep_once();
  void sweep(const Path& folder);
  Path root_path(Version version) const;

  Files& files_;
  Path folder_;
  std::size_t max_;
  bool swept_ = false;
  std::vector<Queued> queue_;
  std::deque<std::unique_ptr<Behind>> behind_;
  Result<void> went_wrong_ = {};  // behind, first
};

}  // namespace sluice::tuf
