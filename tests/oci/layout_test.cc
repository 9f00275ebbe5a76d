// SPDX-License-Identifier: Apache-2.0
#include "oci/layout.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/text.h"
#include "support/temp_folder.h"

namespace sluice::oci {
namespace {

using crypto::HashAlgorithm;
using test::TempFolder;

// A layout of one image with one layer, whole unless a test breaks it.
class Layout : public testing::Test {
 protected:
  Layout() {
    std::filesystem::create_directories(temp / "blobs/sha256");
    temp.write("oci-layout", R"({"imageLayoutVersion":"1.0.0"})");
    layer = put("the layer");
    config = put("{}");
    manifest = put(cat(R"({"schemaVersion":2,"config":)", descriptor(config, 2), R"(,"layers":[)",
                       descriptor(layer, 9), "]}"));
    write_index(descriptor(manifest, size_of(manifest)));
  }

  std::string put(std::string_view content) const {
    const auto digest = crypto::digest_of(HashAlgorithm::sha256, bytes_of(content));
    temp.write(cat("blobs/sha256/", digest.hex()), content);
    return digest.text();
  }
  Path blob(const std::string& digest) const {
    return temp / cat("blobs/sha256/", digest.substr(7));
  }
  std::uint64_t size_of(const std::string& digest) const {
    return std::filesystem::file_size(blob(digest));
  }
  static std::string descriptor(const std::string& digest, std::uint64_t size,
                                std::string_view more = "") {
    return cat(R"({"mediaType":"application/x","digest":")", digest, R"(","size":)", size, more,
               "}");
  }
  void write_index(const std::string& descriptors) const {
    temp.write("index.json", cat(R"({"schemaVersion":2,"manifests":[)", descriptors, "]}"));
  }
  Result<std::vector<Descriptor>> read() const { return read_layout(system_files(), temp.path()); }

  TempFolder temp;
  std::string layer;
  std::string config;
  std::string manifest;
};

TEST_F(Layout, NamesItsManifests) {
  write_index(descriptor(manifest, size_of(manifest),
                         R"(,"annotations":{"org.opencontainers.image.ref.name":"v1"})"));
  const auto found = read();
  ASSERT_TRUE(found) << found.error().text();
  ASSERT_EQ(found->size(), 1U);
  EXPECT_EQ((*found)[0].digest.text(), manifest);
  EXPECT_EQ((*found)[0].tag(), "v1");
}

TEST_F(Layout, AnIndexWithinTheIndexIsLookedInto) {
  const auto inner = put(cat(R"({"manifests":[)", descriptor(manifest, size_of(manifest)), "]}"));
  write_index(descriptor(inner, size_of(inner)));
  ASSERT_TRUE(read());
  temp.write(cat("blobs/sha256/", layer.substr(7)), "THE layer");
  EXPECT_FALSE(read());
}

TEST_F(Layout, RefusesABlobThatIsNotWhatItsNameSays) {
  ASSERT_TRUE(read());
  for (const auto& digest : {layer, config, manifest}) {
    const auto content = test::read_file(blob(digest));
    std::string changed = content;
    changed[0] = static_cast<char>(changed[0] ^ 1);
    temp.write(cat("blobs/sha256/", digest.substr(7)), changed);
    const auto refused = read();
    ASSERT_FALSE(refused) << digest;
    EXPECT_NE(refused.error().text().find(digest.substr(7)), std::string::npos);
    temp.write(cat("blobs/sha256/", digest.substr(7)), content + "x");
    EXPECT_FALSE(read());
    std::filesystem::remove(blob(digest));
    EXPECT_FALSE(read());
    temp.write(cat("blobs/sha256/", digest.substr(7)), content);
    EXPECT_TRUE(read());
  }
}

TEST_F(Layout, RefusesAManifestThatIsALink) {
  std::filesystem::rename(blob(manifest), temp / "elsewhere");
  std::filesystem::create_symlink(temp / "elsewhere", blob(manifest));
  EXPECT_FALSE(read());
}

TEST_F(Layout, RefusesOtherVersionsAndDigests) {
  temp.write("oci-layout", R"({"imageLayoutVersion":"2.0.0"})");
  EXPECT_EQ(read().error().code, Errc::unsupported);
  temp.write("oci-layout", R"({"imageLayoutVersion":"1.0.0"})");
  write_index(descriptor("md5:0011", 2));
  EXPECT_FALSE(read());
  write_index(descriptor(cat("sha256:", std::string(62, 'a'), "/.."), 2));
  EXPECT_FALSE(read());
  std::filesystem::remove(temp / "oci-layout");
  EXPECT_FALSE(read());
}

TEST_F(Layout, IndexesWithinIndexesAreBounded) {
  std::string inner = manifest;
  for (int i = 0; i < 4; ++i) {
    inner = put(cat(R"({"manifests":[)", descriptor(inner, size_of(inner)), "]}"));
  }
  write_index(descriptor(inner, size_of(inner)));
  EXPECT_TRUE(read());
  inner = put(cat(R"({"manifests":[)", descriptor(inner, size_of(inner)), "]}"));
  write_index(descriptor(inner, size_of(inner)));
  EXPECT_EQ(read().error().code, Errc::limit);
}

TEST(BuildMetadata, NamesTheImage) {
  const std::string digest = cat("sha256:", std::string(64, 'a'));
  EXPECT_EQ(
      read_build_metadata(cat(R"({"containerimage.digest":")", digest, R"(","x":1})"))->text(),
      digest);
  EXPECT_EQ(read_build_metadata(digest + "\n")->text(), digest);
  EXPECT_FALSE(read_build_metadata("{}"));
  EXPECT_FALSE(read_build_metadata(""));
  EXPECT_FALSE(read_build_metadata("sha256:aa"));
}

}  // namespace
}  // namespace sluice::oci
