// SPDX-License-Identifier: Apache-2.0
// The real files, for a test that changes a few of their operations. What Files makes out of others
// by itself is made so here too.
#pragma once

#include "base/files.h"

namespace sluice::test {

class ForwardingFiles : public Files {
 public:
  Result<std::string> read(const Path& path, std::size_t max) override {
    return real().read(path, max);
  }
  Result<std::string> read_plain(const Path& path, std::size_t max, Links links) override {
    return real().read_plain(path, max, links);
  }
  Result<std::unique_ptr<ByteSource>> open(const Path& path) override { return real().open(path); }
  Result<void> replace(const Path& path, std::string_view content, unsigned mode) override {
    return real().replace(path, content, mode);
  }
  Result<void> create(const Path& path, std::string_view content, unsigned mode) override {
    return real().create(path, content, mode);
  }
  Result<FileInfo> info(const Path& path) override { return real().info(path); }
  Result<FileInfo> info_unfollowed(const Path& path) override {
    return real().info_unfollowed(path);
  }
  Result<std::vector<FolderEntry>> list(const Path& folder) override { return real().list(folder); }
  Result<void> make_folders(const Path& path) override { return real().make_folders(path); }
  Result<void> remove(const Path& path) override { return real().remove(path); }
  Result<std::unique_ptr<FileLock>> lock(const Path& path,
                                         std::chrono::milliseconds wait) override {
    return real().lock(path, wait);
  }

 private:
  static Files& real() { return system_files(); }
};

}  // namespace sluice::test
