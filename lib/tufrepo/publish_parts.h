// SPDX-License-Identifier: Apache-2.0
// What publishing, its state and cleaning share: the note that is in the store while one of them is
// at work, names of files, and what a timestamp reaches.
#pragma once

#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "tuf/limits.h"
#include "tuf/targets.h"
#include "tufrepo/publish.h"

namespace sluice::tuf {

inline constexpr std::string_view kTimestampFile = "metadata/timestamp.json";
inline constexpr std::size_t kMetadataMost = 512U << 20;  // of one file that we wrote ourselves

// "metadata/7.snapshot.json"
struct MetadataName {
  Version version = 0;
  std::string role;  // as the file name has it
};
std::optional<MetadataName> metadata_name(std::string_view name);  // nothing: no versioned metadata
std::string metadata_file(std::string_view role, Version version);
// The hash that a target's file name begins with; nothing where it does not.
std::optional<crypto::Digest> target_hash(std::string_view name);

enum class RootOrder : std::uint8_t { first, last, between };

struct StoreNote {
  enum class Work : std::uint8_t { publishing, cleaning };
  Work work = Work::publishing;
  Time begun{};
  std::optional<crypto::Digest> before;  // of timestamp.json
  std::optional<crypto::Digest> after;
  RootOrder order = RootOrder::first;
  std::vector<std::string> files;
  std::vector<std::string> roots;
};
std::string write_note(const StoreNote& note);
[[nodiscard]] Result<StoreNote> parse_note(std::string_view text);
[[nodiscard]] Result<std::optional<StoreNote>> read_note(Store& store);
[[nodiscard]] Result<std::optional<StoredFile>> read_note_file(Store& store);

crypto::Digest sha256_of(std::string_view bytes);
// Holds the store, or makes sure that others are noticed.
[[nodiscard]] Result<std::unique_ptr<FileLock>> enter_store(Store& store, bool single_writer,
                                                            std::chrono::milliseconds wait);

// The roots that the store has, oldest first: 1.root.json and those that follow it.
struct StoredRoots {
  Version latest = 0;  // 0: none
  std::string bytes;   // of that one
};
[[nodiscard]] Result<StoredRoots> latest_root(Store& store);

[[nodiscard]] Result<Timestamp> open_timestamp(std::string_view bytes);

// Names of files, as they are in the store.
class Reach {
 public:
  // All that clients with this timestamp may ask for; Errc::io where one is not there. Delegated
  // roles are read, and targets named, only where `targets` is set: the same in all calls.
  [[nodiscard]] Result<void> add(Store& store, std::string_view timestamp, bool targets);
  [[nodiscard]] Result<void> add_snapshot(Store& store, Version version, bool targets);
  bool has(const std::string& name) const { return names_.contains(name); }
  std::size_t size() const { return names_.size(); }

 private:
  [[nodiscard]] Result<void> add_role(Store& store, const std::string& name,
                                      const std::string& plain);
  std::unordered_set<std::string> names_;
};
// Those files of a publication that was interrupted which no known timestamp reaches: removed. How
// many went.
[[nodiscard]] Result<std::size_t> drop_unpublished(Store& store, const StoreNote& note,
                                                   const std::optional<StoredFile>& timestamp);
// It was interrupted where readers refuse the old timestamp and have no new one.
bool root_came_alone(const StoreNote& note, const std::optional<StoredFile>& timestamp,
                     const StoredRoots& root);
// How many of its roots can be seen.
std::size_t roots_seen(const StoreNote& note, Version latest);

// The names that a target's file may have.
std::vector<std::string> target_names(const TargetFile& target);

}  // namespace sluice::tuf
