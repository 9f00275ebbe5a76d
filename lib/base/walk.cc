// SPDX-License-Identifier: Apache-2.0
// All plain files below a folder.
#include <algorithm>
#include <atomic>
#include <iterator>

#include "base/files.h"
#include "base/parallel.h"
#include "base/text.h"

namespace sluice {

namespace {

// Walks from several threads at once: what they share is the count.
struct Walker {
  Files& files;
  const WalkOptions& options;
  std::atomic<std::size_t> seen = 0;
  std::atomic<std::size_t> links = 0;

  Result<std::vector<FolderEntry>> look_into(const Path& folder, int depth) {
    if (depth > options.max_depth) {
      return fail(Errc::limit,
                  cat(shown(folder), " is more than ", options.max_depth, " folders deep"));
    }
    SLUICE_TRY(auto entries, files.list(folder));
    if (seen += entries.size(); seen > options.max_entries) {
      return fail(Errc::limit, cat("more than ", options.max_entries, " entries"));
    }
    return entries;
  }

  Result<void> take(const Path& folder, const FolderEntry& entry, int depth,
                    std::vector<Path>& found) {
    if (entry.kind == FileKind::file) found.push_back(folder / entry.name);
    if (entry.kind == FileKind::link) ++links;
    if (entry.kind == FileKind::folder) return enter(folder / entry.name, depth + 1, found);
    return {};
  }

  Result<void> enter(const Path& folder, int depth, std::vector<Path>& found) {
    SLUICE_TRY(const auto entries, look_into(folder, depth));
    for (const auto& entry : entries) SLUICE_CHECK(take(folder, entry, depth, found));
    return {};
  }
};

}  // namespace

Result<std::vector<Path>> walk(Files& files, const Path& root, const WalkOptions& options) {
  Walker walker{files, options};
  SLUICE_TRY(const auto entries, walker.look_into(root, 0));
  // Each folder on a core that is free; put together again in the order of their names.
  std::vector<std::vector<Path>> parts(entries.size());
  std::vector<Result<void>> outcomes(entries.size());
  const auto folders = std::ranges::count(entries, FileKind::folder, &FolderEntry::kind);
  for_each_parallel(entries.size(), folders > 1 ? hardware_threads() : 1, [&](std::size_t i) {
    outcomes[i] = walker.take(root, entries[i], 0, parts[i]);
  });
  std::vector<Path> found;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    SLUICE_CHECK(outcomes[i]);
    std::ranges::move(parts[i], std::back_inserter(found));
  }
  if (options.links != nullptr) *options.links = walker.links;
  return found;
}

}  // namespace sluice
