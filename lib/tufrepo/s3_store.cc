// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <functional>
#include <iterator>

#include "base/codec.h"
#include "base/text.h"
#include "tufrepo/s3_client.h"
#include "tufrepo/store.h"

namespace sluice::tuf {

namespace {

constexpr std::size_t kS3AtOnce = 32;              // uploads under way together
constexpr std::size_t kS3BytesAtOnce = 64U << 20;  // and what they may hold in memory
constexpr std::size_t kS3UploadMost = 5ULL << 30;  // that a store takes in one piece
constexpr std::size_t kS3WholeMost = 32U << 20;    // of a file that is sent in one piece
constexpr std::size_t kS3PartLeast = 16U << 20;
constexpr std::size_t kS3PartsMost = 10'000;
constexpr std::uint64_t kS3ObjectMost = 5ULL << 40;
constexpr std::size_t kS3FilesMost = 10'000'000;
// Of one listing; a page of these stores has a thousand files.
constexpr std::size_t kS3PagesMost = 20'000;
constexpr std::size_t kS3EmptyPagesMost = 16;  // one after the other
constexpr std::chrono::minutes kS3ListTime{30};
constexpr int kS3LooksForNew = 6;
constexpr std::string_view kS3Probe = ".sluice-probe-";

class S3Store final : public Store {
 public:
  S3Store(S3Config config, Http& http, const World& world)
      : client_(std::move(config), http, world.clock), clock_(world.clock), random_(world.random) {}

  std::string describe() const override { return client_.shown(); }
  Result<std::unique_ptr<FileLock>> hold(std::chrono::milliseconds) override { return nullptr; }
  Result<bool> notices_others() override;
  Result<std::optional<StoredFile>> read(const std::string& name, std::size_t max) override;
  std::function<Result<void>()> deadline(std::chrono::seconds time) override;
  Result<std::vector<ListedFile>> list(const std::string& prefix) override {
    return list_all(prefix, false);
  }
  Result<std::vector<Put>> write_new(std::span<const NewFile> files) override;
  Result<void> sync() override { return {}; }  // an object that was taken is kept
  Result<Put> replace(const std::string& name, const std::string& bytes,
                      const std::optional<StoreTag>& was) override;
  Result<void> remove(const std::vector<std::string>& names) override;
  Result<std::size_t> sweep() override;

 private:
  Result<std::string> key_of(const std::string& name) const {
    SLUICE_CHECK(check_store_name(name));
    return cat(client_.place().prefix, name);
  }
  Result<std::vector<ListedFile>> list_all(const std::string& prefix, bool own);
  Result<bool> probe();
  Result<Put> compare(const NewFile& file, const std::string& key) const;
  Result<Put> compare_in_ranges(const NewFile& file, const std::string& key,
                                std::uint64_t size) const;
  Result<Put> write_in_parts(const NewFile& file, std::uint64_t size, bool conditions) const;
  Result<std::vector<std::string>> send_parts(const NewFile& file, std::uint64_t size,
                                              const S3Client::PartedUpload& upload) const;
  Result<void> write_batch(std::span<const NewFile> files, std::vector<S3Client::Upload> uploads,
                           std::vector<Put>& out) const;
  Result<void> wait_until_seen(const std::string& key, const std::string& bytes);

  S3Client client_;
  Clock& clock_;
  Random& random_;
  std::optional<bool> notices_;
};

Result<bool> S3Store::notices_others() {
  if (!notices_) {
    SLUICE_TRY(notices_, probe());
  }
  return *notices_;
}

// Four writes of a file of our own: two that must be refused, and two that must not.
Result<bool> S3Store::probe() {
  using Stored = S3Client::Stored;
  Bytes tag(8);
  random_.fill(tag);
  const std::string key = cat(client_.place().prefix, kS3Probe, to_hex(tag));
  const auto put = [&](const char* bytes, S3Condition condition) {
    return client_.put_one({key, bytes, std::move(condition)});
  };
  SLUICE_TRY(const Stored first, put("1", {}));
  const auto outcome = [&]() -> Result<bool> {
    if (first != Stored::done) return fail(Errc::io, "the store refused a file of a new name");
    SLUICE_TRY(const Stored again, put("2", {.absent = true}));
    SLUICE_TRY(const Stored wrong, put("2", {.etag = "\"00000000000000000000000000000000\""}));
    SLUICE_TRY(const auto object, client_.get(key, 16));
    if (!object || object->bytes != "1" || object->etag.empty()) return false;
    SLUICE_TRY(const Stored right, put("3", {.etag = object->etag}));
    return again == Stored::condition_failed && wrong == Stored::condition_failed &&
           right == Stored::done;
  }();
  SLUICE_CHECK(client_.remove({key}));
  return outcome;
}

Result<std::optional<StoredFile>> S3Store::read(const std::string& name, std::size_t max) {
  SLUICE_TRY(const std::string key, key_of(name));
  SLUICE_TRY(auto object, client_.get(key, max));
  if (!object) return std::nullopt;
  return StoredFile{std::move(object->bytes), StoreTag(std::move(object->etag))};
}

std::function<Result<void>()> S3Store::deadline(std::chrono::seconds time) {
  return [this, time, until = clock_.ticks() + time]() -> Result<void> {
    if (clock_.ticks() < until) return {};
    return fail(Error{Errc::timeout, cat(client_.shown(), " goes on answering after ",
                                         human_duration(time), ", without an end")}
                    .advise("it is very slow, or is none of those that it should be"));
  };
}

Result<std::vector<ListedFile>> S3Store::list_all(const std::string& prefix, bool own) {
  const std::string& root = client_.place().prefix;
  const auto in_time = deadline(kS3ListTime);
  std::vector<ListedFile> out;
  std::optional<std::string> token;
  std::size_t empty = 0;
  for (std::size_t pages = 1;; ++pages) {
    SLUICE_CHECK(within(in_time(), "listing"));
    SLUICE_TRY(auto page, client_.list(cat(root, prefix), token));
    for (auto& entry : page.entries) {
      if (!entry.key.starts_with(root)) {
        return fail(Errc::malformed, cat(client_.shown(), " lists files that were not asked for"));
      }
      std::string name = entry.key.substr(root.size());
      if (is_stores_own(name) == own && !name.ends_with('/')) {
        out.push_back({std::move(name), entry.size});
      }
    }
    if (out.size() > kS3FilesMost)
      return fail(Errc::limit, cat("more than ", kS3FilesMost, " files"));
    empty = page.entries.empty() ? empty + 1 : 0;
    if (page.next && (empty > kS3EmptyPagesMost || pages == kS3PagesMost)) {
      return fail(Errc::limit, cat(client_.shown(), " lists without an end: ", pages, " pages, ",
                                   out.size(), " files"));
    }
    if (page.next && page.next == token) {
      return fail(Errc::malformed, cat(client_.shown(), " lists the same page again and again"));
    }
    token = std::move(page.next);
    if (!token) break;
  }
  std::ranges::sort(out, {}, &ListedFile::name);
  return out;
}

bool goes_in_parts(const NewFile& file) {
  return file.content.file_size().value_or(0) > kS3WholeMost;
}

// Collects the pieces of a content to blocks of one size, the last one perhaps smaller.
Result<void> each_block(const Content& content, std::size_t size,
                        const std::function<Result<void>(std::string block)>& use) {
  std::string block;
  block.reserve(size);
  const auto take = [&](ByteView piece) -> Result<void> {
    while (!piece.empty()) {
      const auto part = piece.first(std::min(piece.size(), size - block.size()));
      block += text_of(part);
      piece = piece.subspan(part.size());
      if (block.size() < size) continue;
      SLUICE_CHECK(use(std::exchange(block, {})));
      block.reserve(size);
    }
    return {};
  };
  SLUICE_CHECK(content.each_piece(take));
  return block.empty() ? Result<void>{} : use(std::move(block));
}

// 16 MiB, or what makes 10,000 parts of it.
std::size_t part_size(std::uint64_t size) {
  constexpr std::uint64_t kMiB = 1U << 20;
  const std::uint64_t least = (size + kS3PartsMost - 1) / kS3PartsMost;
  return std::max<std::size_t>(kS3PartLeast, (least + kMiB - 1) / kMiB * kMiB);
}

Result<Put> S3Store::compare_in_ranges(const NewFile& file, const std::string& key,
                                       std::uint64_t size) const {
  std::uint64_t at = 0;
  bool same = true;
  SLUICE_CHECK(each_block(file.content, kS3PartLeast, [&](const std::string& ours) -> Result<void> {
    if (!same) return {};
    SLUICE_TRY(const auto theirs, client_.get_range(key, at, ours.size()));
    same = theirs && theirs->whole == size && theirs->bytes == ours;
    at += ours.size();
    return {};
  }));
  return same ? Put::present : Put::other;
}

Result<std::vector<std::string>> S3Store::send_parts(const NewFile& file, std::uint64_t size,
                                                     const S3Client::PartedUpload& upload) const {
  const std::size_t part = part_size(size);
  const std::size_t together = std::max<std::size_t>(1, kS3BytesAtOnce / part);
  std::vector<std::string> etags;
  std::vector<std::string> parts;
  const auto send = [&]() -> Result<void> {
    SLUICE_TRY(auto sent, client_.put_parts(upload, etags.size() + 1, std::exchange(parts, {})));
    std::ranges::move(sent, std::back_inserter(etags));
    return {};
  };
  SLUICE_CHECK(each_block(file.content, part, [&](std::string block) -> Result<void> {
    parts.push_back(std::move(block));
    return parts.size() < together ? Result<void>{} : send();
  }));
  if (!parts.empty()) SLUICE_CHECK(send());
  return etags;
}

// A file that is not what was stated, or a part that does not arrive, leaves nothing.
Result<Put> S3Store::write_in_parts(const NewFile& file, std::uint64_t size,
                                    bool conditions) const {
  if (size > kS3ObjectMost) {
    return fail(Errc::limit, cat(printable(file.name, 300), " has more than ",
                                 human_bytes(kS3ObjectMost), ", which no object may have"));
  }
  SLUICE_TRY(const std::string key, key_of(file.name));
  // Asked before so much is sent for nothing.
  SLUICE_TRY(const bool there, client_.exists(key));
  if (there) return compare_in_ranges(file, key, size);
  SLUICE_TRY(std::string id, client_.begin_parts(key));
  const S3Client::PartedUpload upload{key, std::move(id)};
  const auto outcome = [&]() -> Result<S3Client::Stored> {
    SLUICE_TRY(const auto etags, send_parts(file, size, upload));
    return client_.complete_parts(upload, etags, {.absent = conditions});
  }();
  if (outcome && *outcome == S3Client::Stored::done) return Put::written;
  const auto aborted = client_.abort_parts(upload);
  if (!outcome) {
    Error error = outcome.error();
    if (!aborted) {
      error.hint += cat(error.hint.empty() ? "" : "; ",
                        "its parts are still there: let the bucket remove incomplete uploads");
    }
    return fail(std::move(error));
  }
  // Another one was first, or it was ours and the answer got lost.
  SLUICE_TRY(const bool now, client_.exists(key));
  if (now) return compare_in_ranges(file, key, size);
  return fail(
      Error{Errc::io, cat(client_.shown(), " did not complete ", printable(file.name, 300))}.advise(
          "do the same again later"));
}

Result<Put> S3Store::compare(const NewFile& file, const std::string& key) const {
  SLUICE_TRY(const std::string ours, file.content.bytes(kS3UploadMost));
  auto answer = client_.get(key, ours.size() + 1);
  if (!answer && answer.error().code == Errc::limit) return Put::other;  // longer than ours
  SLUICE_TRY(const auto theirs, std::move(answer));
  if (!theirs) {
    return fail(Error{Errc::io, cat(client_.shown(), " says of ", printable(file.name, 300),
                                    " that it is there, and that it is not")}
                    .advise("somebody removes files there, or it answers with old data; do the "
                            "same again later"));
  }
  return theirs->bytes == ours ? Put::present : Put::other;
}

Result<void> S3Store::write_batch(std::span<const NewFile> files,
                                  std::vector<S3Client::Upload> uploads,
                                  std::vector<Put>& out) const {
  std::vector<std::string> keys;
  for (const auto& upload : uploads) keys.push_back(upload.key);
  const auto outcomes = client_.put(std::move(uploads));
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    SLUICE_TRY(const auto stored, Result<S3Client::Stored>(outcomes[i]));
    if (stored == S3Client::Stored::done) {
      out.push_back(Put::written);
      continue;
    }
    SLUICE_TRY(const Put put, compare(files[i], keys[i]));
    out.push_back(put);
  }
  return {};
}

Result<std::vector<Put>> S3Store::write_new(std::span<const NewFile> files) {
  SLUICE_TRY(const bool conditions, notices_others());
  std::vector<Put> out;
  while (out.size() < files.size()) {
    auto rest = files.subspan(out.size());
    if (goes_in_parts(rest.front())) {
      SLUICE_TRY(const Put put,
                 write_in_parts(rest.front(), *rest.front().content.file_size(), conditions));
      out.push_back(put);
      continue;
    }
    rest = rest.first(
        static_cast<std::size_t>(std::ranges::find_if(rest, goes_in_parts) - rest.begin()));
    std::vector<S3Client::Upload> uploads;
    std::size_t bytes = 0;
    bool there = false;
    while (uploads.size() < std::min(rest.size(), kS3AtOnce) && bytes < kS3BytesAtOnce && !there) {
      const NewFile& file = rest[uploads.size()];
      SLUICE_TRY(std::string key, key_of(file.name));
      // A store that knows no conditions is asked before.
      if (!conditions) {
        SLUICE_TRY(there, client_.exists(key));
        if (there) break;
      }
      SLUICE_TRY(std::string content, file.content.bytes(kS3UploadMost));
      bytes += content.size();
      uploads.push_back({std::move(key), std::move(content), {.absent = conditions}});
    }
    const std::size_t count = uploads.size();
    SLUICE_CHECK(write_batch(rest.first(count), std::move(uploads), out));
    if (there) {
      SLUICE_TRY(const std::string key, key_of(rest[count].name));
      SLUICE_TRY(const Put put, compare(rest[count], key));
      out.push_back(put);
    }
  }
  return out;
}

Result<Put> S3Store::replace(const std::string& name, const std::string& bytes,
                             const std::optional<StoreTag>& was) {
  SLUICE_TRY(const std::string key, key_of(name));
  SLUICE_TRY(const bool conditions, notices_others());
  const auto differs = [&]() -> Result<std::optional<Put>> {
    SLUICE_TRY(const auto now, client_.get(key, 64U << 20));
    if (now && now->bytes == bytes) return Put::present;
    const bool same = now.has_value() == was.has_value() && (!now || now->etag == was->str());
    return same ? std::optional<Put>() : Put::other;
  };
  if (!conditions) {
    SLUICE_TRY(const auto other, differs());
    if (other) return *other;
  }
  S3Condition condition;
  if (conditions && was) condition.etag = was->str();
  if (conditions && !was) condition.absent = true;
  SLUICE_TRY(const auto stored, client_.put_one({key, bytes, std::move(condition)}));
  if (stored != S3Client::Stored::done) {
    // A try whose answer was lost may have been ours.
    SLUICE_TRY(const auto other, differs());
    return other.value_or(Put::other);
  }
  SLUICE_CHECK(wait_until_seen(key, bytes));
  return Put::written;
}

Result<void> S3Store::wait_until_seen(const std::string& key, const std::string& bytes) {
  std::chrono::milliseconds wait{100};
  for (int look = 0; look < kS3LooksForNew; ++look) {
    SLUICE_TRY(const auto now, client_.get(key, std::max<std::size_t>(bytes.size(), 16U << 20)));
    if (now && now->bytes == bytes) return {};
    clock_.sleep(wait);
    wait *= 2;
  }
  return fail(Error{Errc::io, cat(client_.shown(), " took ", printable(key, 300),
                                  " and still answers with an older one")}
                  .advise("readers may see the old repository for a while, or another publisher "
                          "came in between; look at the status"));
}

Result<void> S3Store::remove(const std::vector<std::string>& names) {
  std::vector<std::string> keys;
  for (const auto& name : names) {
    SLUICE_TRY(std::string key, key_of(name));
    keys.push_back(std::move(key));
  }
  return client_.remove(keys);
}

Result<std::size_t> S3Store::sweep() {
  SLUICE_TRY(const auto left, list_all(std::string(kS3Probe), true));
  std::vector<std::string> keys;
  for (const auto& file : left) keys.push_back(cat(client_.place().prefix, file.name));
  SLUICE_CHECK(client_.remove(keys));
  return keys.size();
}

}  // namespace

Result<std::unique_ptr<Store>> open_store(const std::string& location, const StoreOptions& options,
                                          const World& world, Http* http) {
  constexpr std::string_view kFile = "file://";
  if (location.starts_with("s3://")) {
    if (http == nullptr) return fail(Errc::usage, "a bucket needs the network");
    SLUICE_TRY(auto config, s3_config(location, options, world));
    return std::make_unique<S3Store>(std::move(config), *http, world);
  }
  const auto scheme = location.find("://");
  if (location.starts_with(kFile)) {
    if (!location.starts_with("file:///")) {
      return fail(Errc::usage, "file:// is followed by a path that begins with a slash");
    }
    return folder_store(world.files, location.substr(kFile.size()));
  }
  if (scheme < 12) {  // npos is far away
    return fail(Errc::usage, cat("no store at \"", printable(location, 200),
                                 "\": give a folder, or s3://BUCKET/PREFIX"));
  }
  if (location.empty()) return fail(Errc::usage, "the name of the store is empty");
  return folder_store(world.files, location);
}

}  // namespace sluice::tuf
