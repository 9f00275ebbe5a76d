// SPDX-License-Identifier: Apache-2.0
// A folder that lasts as long as its test.
#pragma once

#include <string>
#include <string_view>

#include "base/files.h"

namespace sluice::test {

class TempFolder {
 public:
  TempFolder();
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  ~TempFolder();

  const Path& path() const { return path_; }
  Path operator/(std::string_view name) const { return path_ / name; }
  Path write(std::string_view name, std::string_view content) const;

 private:
  Path path_;
};

std::string read_file(const Path& path);  // empty where there is none

// A folder of ../shared (or $SLUICE_SHARED): public vectors that a newcomer does not have.
// Use: const auto folder = shared_folder("conformance/wycheproof"); if (!folder) GTEST_SKIP() <<
// ...
std::optional<Path> shared_folder(std::string_view name);

}  // namespace sluice::test
