// SPDX-License-Identifier: Apache-2.0
// Records artifacts: walks files and folders on all cores, hashing while it walks.
//
// Names are what the user wrote with what the walk found behind it, without "./", "//" and "..",
// where that can be told from the text; then the prefix that matches is taken off. A link to a file
// is recorded by its own name with the file's content, and so is what is below a link to a folder.
//
// Refuses: a name that is no UTF-8 (a link could only hold something else), two files that come out
// under one name, a file that changed while it was read. Never opens pipes, sockets or devices.
// What is left out is counted, and named.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/tree.h"
#include "intoto/artifact.h"
#include "intoto/exclude.h"
#include "intoto/resolver.h"

namespace sluice::intoto {

// What is not recorded unless --no-default-excludes says so: git's own folder, and the links that
// are being made.
inline constexpr std::array<std::string_view, 3> kDefaultExcludes{".git", "*.link",
                                                                  "*.link-unfinished"};

enum class FolderLinks : std::uint8_t { followed, left_out };
enum class Missing : std::uint8_t { refused, left_out };  // what is named and is not there

struct RecordOptions {
  Path base = ".";                 // that names are relative to; not part of them
  std::vector<std::string> strip;  // prefixes of names, of which none begins with another
  Excludes excludes;
  FolderLinks folder_links = FolderLinks::followed;
  Missing missing = Missing::refused;
  unsigned threads = hardware_threads();
  std::vector<ArtifactResolver*> resolvers;  // of the schemes that may be named
};

// What was seen and is not among the artifacts.
struct LeftOut {
  std::uint64_t count = 0;
  std::vector<std::string> examples;  // the first few, by name
};

struct Recorded {
  Artifacts artifacts;
  std::map<std::string, LeftOut> left_out;  // by reason: "excluded by a pattern"
  LeftOut outside;                          // links to folders that are not below the one named
  std::uint64_t bytes = 0;                  // that were hashed
  std::uint64_t reused = 0;                 // files whose digest was known
};

// Digests of files as they were when they were hashed, to be used again where a file is provably
// the same: device, number, size and both times equal, and the last change long enough before the
// hashing that one after it would show. For use within one process.
class KnownDigests {
 public:
  const DigestSet* find(const FileInfo& info) const;
  void add(const FileInfo& info, const DigestSet& digests, std::int64_t hashed_at);
  std::size_t size() const { return known_.size(); }

 private:
  struct Entry {
    FileInfo info;
    DigestSet digests;
  };
  std::map<std::pair<std::uint64_t, std::uint64_t>, Entry> known_;  // by device and number
};

// reuse: digests are taken from there where they are known; keep: those that are computed are put
// there. Both may be the same, or nullptr. now: the clock, in nanoseconds, before the call.
struct DigestReuse {
  const KnownDigests* reuse = nullptr;
  KnownDigests* keep = nullptr;
  std::int64_t now = 0;
};

// Paths of files and folders, and SCHEME:REFERENCE of the resolvers.
[[nodiscard]] Result<Recorded> record_artifacts(const std::vector<std::string>& named,
                                                const RecordOptions& options,
                                                const DigestReuse& reuse = {});

// "dir:PATH": one digest for a folder, over the list of its files and their digests as `sha256sum`
// prints it, in the order of their names. python in-toto computes the same. What was left out is
// added to `notes`.
[[nodiscard]] Result<Artifact> hash_folder(std::string_view path, const RecordOptions& options,
                                           Recorded& notes);

// The name as it is recorded, but for its prefix: "./a//b/../c" is "a/c".
std::string normal_name(std::string_view path);

}  // namespace sluice::intoto
