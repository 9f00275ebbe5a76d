// SPDX-License-Identifier: Apache-2.0
#include "crypto/digest.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "base/text.h"
#include "support/temp_folder.h"

namespace sluice::crypto {
namespace {

constexpr std::string_view kAbc =
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

// A source that hands out what it has in small pieces, and says what it likes about itself.
class FakeSource final : public ByteSource {
 public:
  explicit FakeSource(std::string content) : content_(std::move(content)) {}
  Result<std::size_t> read(std::span<std::uint8_t> into) override {
    const std::size_t count = std::min({into.size(), content_.size() - at_, std::size_t{7}});
    std::copy_n(content_.begin() + static_cast<std::ptrdiff_t>(at_), count, into.begin());
    at_ += count;
    return count;
  }
  Result<void> unchanged() override {
    if (moved) return fail(Errc::io, "it changed");
    return {};
  }
  std::optional<std::uint64_t> size() const override { return said; }

  std::optional<std::uint64_t> said;
  bool moved = false;

 private:
  std::string content_;
  std::size_t at_ = 0;
};

TEST(Digest, OfBytes) {
  EXPECT_EQ(digest_of(HashAlgorithm::sha256, bytes_of("abc")).hex(), kAbc);
  EXPECT_EQ(digest_of(HashAlgorithm::sha384, {}).hex().substr(0, 16), "38b060a751ac9638");
  EXPECT_EQ(digest_of(HashAlgorithm::sha512, {}).hex().substr(0, 16), "cf83e1357eefb8bd");
}

TEST(Digest, TextGoesBothWays) {
  const auto digest = Digest::parse(cat("sha256:", kAbc));
  ASSERT_TRUE(digest);
  EXPECT_EQ(*digest, digest_of(HashAlgorithm::sha256, bytes_of("abc")));
  EXPECT_EQ(digest->text(), cat("sha256:", kAbc));
}

TEST(Digest, OtherTextIsRefused) {
  EXPECT_EQ(Digest::parse(kAbc).error().code, Errc::malformed);
  EXPECT_EQ(Digest::parse("sha256:").error().code, Errc::malformed);
  EXPECT_EQ(Digest::parse(cat("sha256:", kAbc.substr(2))).error().code, Errc::malformed);
  EXPECT_EQ(Digest::parse(cat("sha512:", kAbc)).error().code, Errc::malformed);
  EXPECT_EQ(Digest::parse(cat("sha256:", kAbc, "00")).error().code, Errc::malformed);
  EXPECT_EQ(Digest::parse(cat("sha256:BA", kAbc.substr(2))).error().code, Errc::malformed);
  EXPECT_EQ(Digest::parse(cat("SHA256:", kAbc)).error().code, Errc::unsupported);
  EXPECT_EQ(Digest::parse("md5:d41d8cd98f00b204e9800998ecf8427e").error().code, Errc::unsupported);
}

TEST(Hasher, TakesPiecesAndStartsAfresh) {
  Hasher hasher(HashAlgorithm::sha256);
  for (int round = 0; round < 2; ++round) {
    hasher.update(bytes_of("a"));
    hasher.update({});
    hasher.update(bytes_of("bc"));
    EXPECT_EQ(hasher.finish().hex(), kAbc);
  }
  Hasher moved = std::move(hasher);
  EXPECT_EQ(moved.finish(), digest_of(HashAlgorithm::sha256, {}));
}

TEST(ReadPieces, StopsAtTheSizeThatWasSaid) {
  for (const std::optional<std::uint64_t> said : {std::optional<std::uint64_t>(100), {}, {0}}) {
    FakeSource source(std::string(100, 'x'));
    source.said = said;
    std::size_t total = 0;
    ASSERT_TRUE(read_pieces(source, [&](ByteView piece) -> Result<void> {
      total += piece.size();
      return {};
    }));
    EXPECT_EQ(total, 100U);
  }
}

TEST(ReadPieces, AsksWhetherTheSourceChanged) {
  FakeSource source("abc");
  source.moved = true;
  EXPECT_FALSE(read_pieces(source, [](ByteView) -> Result<void> { return {}; }));
}

TEST(DigestFile, IsTheDigestOfTheContent) {
  const test::TempFolder folder;
  const Path path = folder.write("abc", "abc");
  EXPECT_EQ(digest_file(system_files(), path, HashAlgorithm::sha256).value().hex(), kAbc);
  EXPECT_EQ(digest_file(system_files(), folder / "none", HashAlgorithm::sha256).error().code,
            Errc::not_found);
  EXPECT_FALSE(digest_file(system_files(), folder.path(), HashAlgorithm::sha256));
}

// Writes to the file when the first piece has been read.
class ChangingFiles final : public Files {
 public:
  explicit ChangingFiles(std::string more) : more_(std::move(more)) {}

  Result<std::unique_ptr<ByteSource>> open(const Path& path) override {
    SLUICE_TRY(auto source, system_files().open(path));
    return std::make_unique<Changing>(std::move(source), path, more_);
  }
  Result<std::string> read(const Path&, std::size_t) override { return none(); }
  Result<std::string> read_plain(const Path&, std::size_t, Links) override { return none(); }
  Result<void> replace(const Path&, std::string_view, unsigned) override { return none(); }
  Result<void> create(const Path&, std::string_view, unsigned) override { return none(); }
  Result<FileInfo> info(const Path&) override { return none(); }
  Result<std::vector<FolderEntry>> list(const Path&) override { return none(); }
  Result<void> make_folders(const Path&) override { return none(); }
  Result<void> remove(const Path&) override { return none(); }
  Result<std::unique_ptr<FileLock>> lock(const Path&, std::chrono::milliseconds) override {
    return none();
  }

 private:
  static std::unexpected<Error> none() { return fail(Errc::internal, "not here"); }

  class Changing final : public ByteSource {
   public:
    Changing(std::unique_ptr<ByteSource> source, Path path, std::string more)
        : source_(std::move(source)), path_(std::move(path)), more_(std::move(more)) {}
    Result<std::size_t> read(std::span<std::uint8_t> into) override {
      const auto count = source_->read(into);
      if (!more_.empty()) std::ofstream(path_, std::ios::app) << std::exchange(more_, {});
      return count;
    }
    Result<void> unchanged() override { return source_->unchanged(); }
    std::optional<std::uint64_t> size() const override { return source_->size(); }

   private:
    std::unique_ptr<ByteSource> source_;
    Path path_;
    std::string more_;
  };

  std::string more_;
};

// Says that it is large, and breaks in the middle.
class BrokenSource final : public ByteSource {
 public:
  Result<std::size_t> read(std::span<std::uint8_t> into) override {
    if (++reads_ == 9) return fail(Errc::io, "the disk is gone");
    return into.size();
  }
  Result<void> unchanged() override { return {}; }
  std::optional<std::uint64_t> size() const override { return std::uint64_t{1} << 30; }

 private:
  int reads_ = 0;
};

TEST(ReadPieces, HandsOnAnErrorInTheMiddle) {
  BrokenSource source;
  std::uint64_t total = 0;
  const auto read = read_pieces(source, [&](ByteView piece) -> Result<void> {
    total += piece.size();
    return {};
  });
  EXPECT_EQ(read.error().code, Errc::io);
  EXPECT_EQ(total, 8U * (256U << 10));
}

TEST(DigestFile, FailsWhereTheFileGrowsMeanwhile) {
  const test::TempFolder folder;
  ChangingFiles quiet("");
  ChangingFiles growing("!");
  for (const std::size_t size : {std::size_t{3}, std::size_t{1} << 20, std::size_t{20} << 20}) {
    const Path path = folder.write("file", std::string(size, 'x'));
    EXPECT_TRUE(digest_file(quiet, path, HashAlgorithm::sha256));
    EXPECT_EQ(digest_file(growing, path, HashAlgorithm::sha256).error().code, Errc::io);
  }
}

TEST(DigestFile, ReadsFilesThatDoNotKnowTheirSize) {
  EXPECT_NE(digest_file(system_files(), "/proc/self/status", HashAlgorithm::sha256),
            digest_of(HashAlgorithm::sha256, {}));
}

TEST(DigestFiles, AnswersInTheOrderOfThePaths) {
  const test::TempFolder folder;
  std::vector<Path> paths;
  for (int i = 0; i < 300; ++i) paths.push_back(folder.write(cat("f", i), cat("content ", i)));
  paths.insert(paths.begin() + 5, folder / "none");
  const auto digests = digest_files(system_files(), paths, HashAlgorithm::sha256, 4);
  ASSERT_EQ(digests.size(), 301U);
  EXPECT_EQ(digests[5].error().code, Errc::not_found);
  for (int i = 0; i < 300; ++i) {
    const auto at = static_cast<std::size_t>(i < 5 ? i : i + 1);
    EXPECT_EQ(digests[at], digest_of(HashAlgorithm::sha256, bytes_of(cat("content ", i))));
  }
}

// "front", and then zeros to a bit more than 4 GiB.
class LongSource final : public ByteSource {
 public:
  Result<std::size_t> read(std::span<std::uint8_t> into) override {
    const auto count = std::min<std::uint64_t>(into.size(), kSize - at_);
    std::ranges::fill(into, std::uint8_t{0});
    if (at_ == 0) std::ranges::copy(bytes_of("front"), into.begin());
    at_ += count;
    return static_cast<std::size_t>(count);
  }
  Result<void> unchanged() override { return {}; }
  std::optional<std::uint64_t> size() const override { return kSize; }

 private:
  static constexpr std::uint64_t kSize = (std::uint64_t{4} << 30) + 5;
  std::uint64_t at_ = 0;
};

TEST(ReadPieces, CountsBeyondFourGiB) {
  LongSource source;
  Hasher hasher(HashAlgorithm::sha256);
  ASSERT_TRUE(read_pieces(source, [&](ByteView piece) -> Result<void> {
    hasher.update(piece);
    return {};
  }));
  EXPECT_EQ(
      hasher.finish().hex(),
      "18ec1d76edde0cfcb487266dc572b877a72c5577e76ca53845e6479412db43fe");  // openssl's answer
}

}  // namespace
}  // namespace sluice::crypto
