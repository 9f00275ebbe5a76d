// SPDX-License-Identifier: Apache-2.0
#include "base/place.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "support/temp_folder.h"

namespace sluice {
namespace {

using test::read_file;
using test::TempFolder;

TEST(PlacedFile, IsThereAsAWholeAndKeepsItsMode) {
  const TempFolder temp;
  ASSERT_TRUE(place_file(temp / "x", "one", 0600));
  EXPECT_EQ(read_file(temp / "x"), "one");
  ASSERT_TRUE(place_file(temp / "x", "two"));
  EXPECT_EQ(read_file(temp / "x"), "two");
  EXPECT_EQ(system_files().info(temp / "x")->mode, 0600U);
  EXPECT_EQ(system_files().list(temp.path())->size(), 1U);  // nothing is left beside it
}

TEST(PlacedFile, TakesThePlaceOfPlainFilesAlone) {
  const TempFolder temp;
  temp.write("file", "x");
  std::filesystem::create_symlink("file", temp / "link");
  ASSERT_EQ(::mkfifo((temp / "pipe").c_str(), 0600), 0);
  std::filesystem::create_directory(temp / "folder");
  for (const auto* name : {"link", "pipe", "folder"}) {
    EXPECT_EQ(place_file(temp / name, "y").error().code, Errc::denied) << name;
  }
  EXPECT_EQ(read_file(temp / "file"), "x");
  EXPECT_EQ(place_file(temp / "nowhere/x", "y").error().code, Errc::not_found);
  EXPECT_FALSE(place_file(Path(std::string("a\0b", 3)), "y"));
}

}  // namespace
}  // namespace sluice
