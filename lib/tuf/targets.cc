// SPDX-License-Identifier: Apache-2.0
#include "tuf/targets.h"

#include <algorithm>
#include <unordered_set>

#include "base/codec.h"
#include "base/text.h"
#include "json/scan.h"
#include "tuf/delegations.h"
#include "tuf/limits.h"

namespace sluice::tuf {

namespace {

// A target takes about this many bytes, path and SHA-256: room for the index of a usual file.
constexpr std::size_t kUsualEntry = 160;

struct TargetMembers {
  std::optional<std::uint64_t> length;
  Hashes hashes;
  json::Slice custom;
};

// Reads one value of "targets". Checked when the file is taken in, read again when it is asked for.
Result<TargetMembers> read_target(json::Tokenizer& in) {
  TargetMembers out;
  SLUICE_CHECK(in.enter_object());
  for (;;) {
    SLUICE_TRY(const auto key, in.next_key());
    if (!key) break;
    if (*key == "length") {
      SLUICE_TRY(out.length, read_length(in));
    } else if (*key == "hashes") {
      SLUICE_TRY(out.hashes, read_hashes(in));
    } else {
      const bool custom = *key == "custom";
      SLUICE_TRY(const auto slice, in.skip());
      if (custom) out.custom = slice;
    }
  }
  if (!out.length || !out.hashes.stated) {
    return fail(in.error_here(Errc::malformed, "a target without length or hashes"));
  }
  return out;
}

// As read_target, for the first pass: nothing is built.
Result<void> check_hash_members(json::Tokenizer& in) {
  SLUICE_CHECK(in.enter_object());
  std::size_t count = 0;
  for (;; ++count) {
    SLUICE_TRY(const auto key, in.next_key());
    if (!key) break;
    if (count == kMaxHashes) {
      return fail(in.error_here(Errc::limit, cat("more than ", kMaxHashes, " hashes")));
    }
    SLUICE_CHECK(in.read_string());
  }
  if (count == 0) return fail(in.error_here(Errc::malformed, "\"hashes\" without a hash"));
  return {};
}

Result<void> check_target(json::Tokenizer& in) {
  bool length = false;
  bool hashes = false;
  SLUICE_CHECK(in.enter_object());
  for (;;) {
    SLUICE_TRY(const auto key, in.next_key());
    if (!key) break;
    if (*key == "length") {
      SLUICE_CHECK(read_length(in));
      length = true;
    } else if (*key == "hashes") {
      SLUICE_CHECK(check_hash_members(in));
      hashes = true;
    } else {
      SLUICE_CHECK(in.skip());
    }
  }
  if (length && hashes) return {};
  return fail(in.error_here(Errc::malformed, "a target without length or hashes"));
}

}  // namespace

// Fills in a Targets while it reads. `part` is what the tokenizer works on: the signed part, or the
// document; offsets count from the beginning of the document.
class TargetsReader {
 public:
  TargetsReader(std::string_view document, std::string_view part, const ForeignKeys& foreign)
      : foreign_(foreign),
        begin_(static_cast<std::size_t>(part.data() - document.data())),
        part_(part) {
    out_.index_.reserve(part.size() / kUsualEntry);
  }

  // The signed part, which comes next: where it is.
  Result<json::Slice> read(json::Tokenizer& in) {
    return read_signed_part(in, out_.header_,
                            [&](std::string_view key) { return member(in, key); });
  }

  Result<Targets> finish() && {
    SLUICE_CHECK(check_header(out_.header_, RoleType::targets));
    if (!has_targets_) return fail(Errc::malformed, "targets metadata without \"targets\"");
    return std::move(out_);
  }

 private:
  Result<void> member(json::Tokenizer& in, std::string_view key) {
    if (key == "targets") return targets(in);
    if (key == "delegations") {
      SLUICE_TRY(out_.delegations_, read_delegations(in, part_, foreign_));
      return {};
    }
    SLUICE_CHECK(in.skip());
    return {};
  }

  Result<void> targets(json::Tokenizer& in) {
    has_targets_ = true;
    SLUICE_CHECK(in.enter_object());
    for (;;) {
      const json::Token token = in.next();
      if (token == json::Token::end_object) return {};
      if (token != json::Token::key) {
        if (token == json::Token::failed) return fail(in.error());
        return fail(in.error_here(Errc::malformed, "expected a target's path"));
      }
      const std::string_view raw = in.raw();
      const std::size_t key = in.offset() + 1;
      if (raw.size() - 2 > kMaxTargetPath) {
        return fail(in.error_here(Errc::limit,
                                  cat("a target's path of more than ", kMaxTargetPath, " bytes")));
      }
      note_order(raw.substr(1, raw.size() - 2));
      // The value begins with its brace: check_target refuses all else.
      SLUICE_TRY(const std::size_t value, value_begin(in));
      const std::size_t end = in.offset() + 1;
      out_.index_.push_back({at(key), static_cast<std::uint32_t>(raw.size() - 2), at(value),
                             static_cast<std::uint32_t>(end - value)});
    }
  }

  Result<std::size_t> value_begin(json::Tokenizer& in) {
    const std::size_t after_key = in.offset() + in.raw().size();
    SLUICE_CHECK(check_target(in));
    return part_.find('{', after_key);
  }

  void note_order(std::string_view key) {
    if (key.find('\\') != std::string_view::npos || (any_ && key < last_)) {
      out_.plain_and_sorted_ = false;
    }
    last_ = key;
    any_ = true;
  }

  std::uint32_t at(std::size_t offset) const { return static_cast<std::uint32_t>(begin_ + offset); }

  Targets out_;
  const ForeignKeys& foreign_;
  std::size_t begin_;
  std::string_view part_;
  std::string_view last_;
  bool any_ = false;
  bool has_targets_ = false;
};

Result<Targets> parse_targets(Document document, std::string_view signed_part,
                              const ForeignKeys& foreign) {
  TargetsReader reader(*document, signed_part, foreign);
  json::Tokenizer in(signed_part, {.bytes = signed_part.size()});
  SLUICE_CHECK(reader.read(in));
  SLUICE_CHECK(in.finish());
  SLUICE_TRY(auto targets, std::move(reader).finish());
  targets.document_ = std::move(document);
  return targets;
}

std::optional<OpenedTargets> open_targets(Document document, std::size_t max,
                                          const ForeignKeys& foreign) {
  TargetsReader reader(*document, *document, foreign);
  auto envelope =
      open_envelope(*document, max, [&](json::Tokenizer& in) { return reader.read(in); });
  if (!envelope) return std::nullopt;
  auto targets = std::move(reader).finish();
  if (!targets) return std::nullopt;
  targets->document_ = std::move(document);
  return OpenedTargets{*std::move(envelope), *std::move(targets)};
}

std::string_view Targets::raw_key(const Entry& entry) const {
  return std::string_view(*document_).substr(entry.key, entry.key_size);
}

std::string_view Targets::key(const Entry& entry, std::string& buffer) const {
  const std::string_view raw = raw_key(entry);
  if (raw.find('\\') == std::string_view::npos) return raw;
  buffer.clear();
  json::scan::append_decoded(buffer, raw);
  return buffer;
}

Result<TargetFile> Targets::read(const Entry& entry) const {
  const auto value = std::string_view(*document_).substr(entry.value, entry.value_size);
  json::Tokenizer in(value, {.bytes = value.size()});
  SLUICE_TRY(auto members, read_target(in));
  std::string buffer;
  TargetFile out;
  out.path = std::string(key(entry, buffer));
  out.length = *members.length;
  out.hashes = std::move(members.hashes);
  out.custom = std::string(members.custom.in(value));
  return out;
}

Result<std::optional<TargetFile>> Targets::find(std::string_view path) const {
  const Entry* found = nullptr;
  if (plain_and_sorted_) {
    const auto at = std::ranges::lower_bound(index_, path, {},
                                             [this](const Entry& entry) { return raw_key(entry); });
    if (at != index_.end() && raw_key(*at) == path) found = &*at;
  } else {
    std::string buffer;
    for (const Entry& entry : index_) {
      if (key(entry, buffer) != path) continue;
      found = &entry;
      break;
    }
  }
  if (found == nullptr) return std::nullopt;
  SLUICE_TRY(auto file, within(read(*found), cat("reading the target ", printable(path, 200))));
  return file;
}

Result<void> Targets::each(const std::function<Result<void>(TargetFile)>& use) const {
  for (const Entry& entry : index_) {
    SLUICE_TRY(auto file, read(entry));
    SLUICE_CHECK(use(std::move(file)));
  }
  return {};
}

}  // namespace sluice::tuf
