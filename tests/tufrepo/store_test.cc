// SPDX-License-Identifier: Apache-2.0
#include "tufrepo/store.h"

#include <gtest/gtest.h>

#include "support/temp_folder.h"

namespace sluice::tuf {
namespace {

crypto::Digest sha256(std::string_view text) {
  return crypto::digest_of(crypto::HashAlgorithm::sha256, bytes_of(text));
}

TEST(Content, IsTheBytesOfAFileAsItWasAdded) {
  const test::TempFolder folder;
  const Path path = folder.write("a", "one");
  const auto content = Content::of_file(system_files(), path, 3, sha256("one"));
  EXPECT_EQ(content.bytes(10).value(), "one");
}

TEST(Content, RefusesAFileThatChangedSinceItWasAdded) {
  const test::TempFolder folder;
  const Path path = folder.write("a", "one");
  for (const char* now : {"two", "on", "ones"}) {
    (void)folder.write("a", now);
    const auto read = Content::of_file(system_files(), path, 3, sha256("one")).bytes(10);
    ASSERT_FALSE(read) << now;
    EXPECT_EQ(read.error().code, Errc::denied) << now;
  }
}

TEST(Content, KeepsToTheLimit) {
  EXPECT_TRUE(Content::of("abc").bytes(3));
  EXPECT_EQ(Content::of("abc").bytes(2).error().code, Errc::limit);
}

TEST(StoreNames, StayInTheStore) {
  EXPECT_TRUE(check_store_name("metadata/3.root.json"));
  EXPECT_TRUE(check_store_name("targets/a b/ünlaut"));
  for (const char* name :
       {"", "/a", "a/", "a//b", "../a", "a/../b", "a/.sluice-x", "a\\b", "\xff"}) {
    EXPECT_FALSE(check_store_name(name)) << name;
  }
}

}  // namespace
}  // namespace sluice::tuf
