// SPDX-License-Identifier: Apache-2.0
#include "support/temp_folder.h"

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace sluice::test {

TempFolder::TempFolder() {
  std::string name = std::filesystem::temp_directory_path() / "sluice-test-XXXXXX";
  if (::mkdtemp(name.data()) == nullptr)
    throw std::runtime_error("cannot make a folder for a test");
  path_ = name;
}

TempFolder::~TempFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

Path TempFolder::write(std::string_view name, std::string_view content) const {
  const Path path = path_ / name;
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << content;
  return path;
}

std::string read_file(const Path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::optional<Path> shared_folder(std::string_view name) {
  const char* given = std::getenv("SLUICE_SHARED");
  const Path root = given != nullptr ? Path(given) : Path(SLUICE_SOURCE_DIR) / ".." / "shared";
  const Path folder = root / name;
  if (!std::filesystem::exists(folder)) return std::nullopt;
  return folder;
}

}  // namespace sluice::test
