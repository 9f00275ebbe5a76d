// SPDX-License-Identifier: Apache-2.0
#include "tufrepo/store.h"

#include "base/text.h"

namespace sluice::tuf {

Content Content::of(std::string bytes) {
  return of(std::make_shared<const std::string>(std::move(bytes)));
}

Content Content::of(std::shared_ptr<const std::string> bytes) {
  Content out;
  out.bytes_ = std::move(bytes);
  return out;
}

Content Content::of_file(Files& files, Path path, std::uint64_t size, crypto::Digest digest) {
  Content out;
  out.file_ = File{&files, std::move(path), size, std::move(digest)};
  return out;
}

Content Content::made_by(std::function<Result<std::string>()> make) {
  Content out;
  out.make_ = std::move(make);
  return out;
}

Result<void> Content::each_piece(const std::function<Result<void>(ByteView)>& use) const {
  if (make_) {
    SLUICE_TRY(const std::string made, make_());
    return use(bytes_of(made));
  }
  if (!file_) return use(bytes_of(*bytes_));
  SLUICE_TRY(const auto source, file_->files->open(file_->path));
  crypto::Hasher hasher(file_->digest.algorithm());
  std::uint64_t seen = 0;
  const auto changed = [&] {
    return fail(
        Error{Errc::denied, cat(shown(file_->path), " is not what it was when it was added")}
            .advise("add the target again"));
  };
  SLUICE_CHECK(crypto::read_pieces(*source, [&](ByteView piece) -> Result<void> {
    seen += piece.size();
    if (seen > file_->size) return changed();
    hasher.update(piece);
    return use(piece);
  }));
  if (seen != file_->size || hasher.finish() != file_->digest) return changed();
  return {};
}

Result<std::string> Content::bytes(std::size_t max) const {
  std::string out;
  if (file_ && file_->size <= max) out.reserve(file_->size);
  SLUICE_CHECK(each_piece([&](ByteView piece) -> Result<void> {
    if (piece.size() > max - out.size()) {
      return fail(Errc::limit, cat("more than the limit of ", human_bytes(max)));
    }
    out += text_of(piece);
    return {};
  }));
  return out;
}

bool is_stores_own(std::string_view name) {
  const auto slash = name.rfind('/');
  return name.substr(slash == std::string_view::npos ? 0 : slash + 1).starts_with(kStoresOwn);
}

Result<void> check_store_name(std::string_view name) {
  SLUICE_CHECK(path_below(Path("."), name));
  if (is_stores_own(name) && name != kStoreNote) {
    return fail(Errc::malformed, cat(printable(name, 200), ": such names are the store's own"));
  }
  if (!is_utf8(name) || name.size() > 1'000) {
    return fail(Errc::malformed, cat(printable(name, 200), ": not UTF-8, or too long for a store"));
  }
  return {};
}

}  // namespace sluice::tuf
