// SPDX-License-Identifier: Apache-2.0
// Reads every plain file below some roots, on several threads, while it is still walking.
//
// A link to a file stands for that file, under the link's own name. A link to a folder is entered
// where that is asked for; one that leads back into a folder that it stands in is not. Pipes,
// sockets and devices are never opened for reading, not even one that takes a file's place while
// the walk goes on. A folder that another takes the place of meanwhile is an error. What is passed
// over is told to the visitor, each by its name.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/files.h"
#include "base/parallel.h"

namespace sluice {

enum class PassedOver : std::uint8_t {
  unwanted,     // the visitor said so; of a folder, all that is in it
  dangling,     // a link to nothing
  loop,         // a link to a folder that the link is in
  folder_link,  // a link to a folder, and these are not followed
  special       // a pipe, a socket, a device
};

// Its functions are called by several threads at once, worker being below the number of threads. A
// thread may have a table of descriptors to itself: what one of them opens, it closes.
class TreeVisitor {
 public:
  virtual ~TreeVisitor() = default;
  // Before anything about it is opened; folder: or a link to one.
  virtual bool wants(std::string_view path, bool folder) = 0;
  // Only with TreeOptions::look_first: true where the content need not be read.
  virtual bool knows(unsigned worker, std::string_view path, const FileInfo& info) = 0;
  // The path is the root's, then the names below it. An error ends the walk.
  [[nodiscard]] virtual Result<void> file(unsigned worker, std::string_view path,
                                          const FileInfo& info, ByteSource& content) = 0;
  virtual void passed_over(std::string_view path, PassedOver why) = 0;
  // A link to a folder that is not below the root: followed all the same.
  virtual void leads_out(std::string_view path) = 0;
};

struct TreeOptions {
  unsigned threads = hardware_threads();
  bool follow_folder_links = false;
  bool look_first = false;
  std::size_t max_entries = 10'000'000;
  int max_depth = 256;
};

// A root may be a file. Errc::not_found where one is not there.
[[nodiscard]] Result<void> read_tree(const std::vector<std::string>& roots, TreeVisitor& visitor,
                                     const TreeOptions& options = {});

}  // namespace sluice
