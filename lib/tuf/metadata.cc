// SPDX-License-Identifier: Apache-2.0
#include "tuf/metadata.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "base/codec.h"
#include "base/text.h"
#include "tuf/limits.h"

namespace sluice::tuf {

namespace {

using crypto::HashAlgorithm;

constexpr std::array kRoleTypes{RoleType::root, RoleType::timestamp, RoleType::snapshot,
                                RoleType::targets};

std::optional<HashAlgorithm> hash_named(std::string_view text) {
  for (const auto algorithm :
       {HashAlgorithm::sha256, HashAlgorithm::sha384, HashAlgorithm::sha512}) {
    if (text == crypto::name(algorithm)) return algorithm;
  }
  return std::nullopt;
}

// Reads on until "signed" ends: `member` takes in what is no member of the header, or answers
// false.
template <class Member>
Result<Header> read_members(json::Tokenizer& in, RoleType type, Member member) {
  Header header;
  const auto read = [&](std::string_view key) -> Result<void> {
    SLUICE_TRY(const bool taken, member(key));
    if (!taken) SLUICE_CHECK(in.skip());
    return {};
  };
  SLUICE_CHECK(read_signed_part(in, header, read));
  SLUICE_CHECK(in.finish());
  SLUICE_CHECK(check_header(header, type));
  return header;
}

// Where it stands.
Result<json::Slice> read_file_members(json::Tokenizer& in, FileMeta& out) {
  SLUICE_CHECK(in.enter_object());
  const std::size_t begin = in.offset();
  for (;;) {
    SLUICE_TRY(const auto key, in.next_key());
    if (!key) break;
    if (*key == "version") {
      SLUICE_TRY(out.version, in.read_integer());
    } else if (*key == "length") {
      SLUICE_TRY(out.length, read_length(in));
    } else if (*key == "hashes") {
      SLUICE_TRY(out.hashes, read_hashes(in));
    } else {
      SLUICE_CHECK(in.skip());
    }
  }
  if (out.version < 1) {
    return fail(in.error_here(Errc::malformed, "a file without a version of 1 or more"));
  }
  return in.since(begin);
}

// Of a text that was read once before.
FileMeta read_again(std::string_view text) {
  FileMeta out;
  constexpr std::string_view kLone = "{\"version\":";
  if (text.starts_with(kLone)) {
    const char* const end = text.data() + text.size();
    const auto [at, status] = std::from_chars(text.data() + kLone.size(), end, out.version);
    if (status == std::errc{} && at + 1 == end) return out;
  }
  json::Tokenizer in(text, {.bytes = text.size()});
  out = {};
  (void)read_file_members(in, out);
  return out;
}

Result<RoleKeys> read_root_role(json::Tokenizer& in, std::string_view name) {
  RoleKeys out;
  SLUICE_CHECK(in.enter_object());
  for (;;) {
    SLUICE_TRY(const auto key, in.next_key());
    if (!key) break;
    const std::string member(*key);
    SLUICE_TRY(const bool taken, read_role_member(in, member, out));
    if (!taken) SLUICE_CHECK(in.skip());
  }
  SLUICE_CHECK(check_role(out, name));
  return out;
}

Result<std::array<RoleKeys, 4>> read_root_roles(json::Tokenizer& in) {
  std::array<RoleKeys, 4> out;
  SLUICE_CHECK(in.enter_object());
  for (;;) {
    SLUICE_TRY(const auto key, in.next_key());
    if (!key) break;
    const auto* const type =
        std::ranges::find_if(kRoleTypes, [&](RoleType each) { return name(each) == *key; });
    if (type == kRoleTypes.end()) {  // "mirrors", or what is to come
      SLUICE_CHECK(in.skip());
      continue;
    }
    SLUICE_TRY(out[static_cast<std::size_t>(*type)], read_root_role(in, name(*type)));
  }
  for (const RoleType type : kRoleTypes) {
    if (out[static_cast<std::size_t>(type)].threshold == 0) {
      return fail(Errc::malformed, cat("root has no role ", name(type)));
    }
  }
  return out;
}

}  // namespace

std::string_view name(RoleType type) {
  switch (type) {
    case RoleType::root:
      return "root";
    case RoleType::timestamp:
      return "timestamp";
    case RoleType::snapshot:
      return "snapshot";
    case RoleType::targets:
      break;
  }
  return "targets";
}

RoleName role_name(RoleType type) { return RoleName(std::string(name(type))); }

bool is_top_level(std::string_view role) {
  return std::ranges::any_of(kRoleTypes, [&](RoleType type) { return name(type) == role; });
}

std::optional<std::string> mismatch(const std::optional<std::uint64_t>& length,
                                    const Hashes& hashes, std::string_view bytes) {
  if (length && *length != bytes.size()) {
    return cat("has ", bytes.size(), " bytes, stated are ", *length);
  }
  if (hashes.stated && hashes.known.empty()) return "its hashes are all of unknown kinds";
  for (const auto& expected : hashes.known) {
    const auto found = crypto::digest_of(expected.algorithm(), bytes_of(bytes));
    if (found != expected) {
      return cat("has ", found.text(), ", stated is ", expected.text());
    }
  }
  return std::nullopt;
}

Snapshot::File Snapshot::file(std::size_t i) const {
  const Listed& entry = list_->entries[i];
  return {entry.key(), read_again(entry.text()).version};
}

std::optional<FileMeta> Snapshot::find(const RoleName& role) const {
  const std::string file = role.str() + ".json";
  const auto& entries = list_->entries;
  const auto at = std::ranges::lower_bound(entries, std::string_view(file), {}, &Listed::key);
  if (at == entries.end() || at->key() != file) return std::nullopt;
  return read_again(at->text());
}

std::shared_ptr<const std::vector<Listed>> Snapshot::canonical_entries() const {
  if (!list_->canonical) return nullptr;
  return {list_, &list_->entries};
}

Result<std::string> type_of(std::string_view signed_part) {
  json::Tokenizer in(signed_part, {.bytes = signed_part.size()});
  SLUICE_CHECK(in.enter_object());
  for (;;) {
    SLUICE_TRY(const auto key, in.next_key());
    if (!key) return fail(Errc::malformed, "metadata without \"_type\"");
    if (*key == "_type") {
      SLUICE_TRY(const auto text, in.read_string());
      return std::string(text);
    }
    SLUICE_CHECK(in.skip());
  }
}

Result<bool> read_header_member(json::Tokenizer& in, std::string_view key, Header& header) {
  if (key == "version") {
    SLUICE_TRY(header.version, in.read_integer());
    return true;
  }
  if (key != "_type" && key != "spec_version" && key != "expires") return false;
  SLUICE_TRY(const auto text, in.read_string());
  if (key == "_type") header.type = std::string(text);
  if (key == "spec_version") header.spec_version = std::string(text);
  if (key == "expires") {
    auto time = parse_rfc3339(text);
    if (!time) return fail(in.error_here(Errc::malformed, cat("expires: ", time.error().what)));
    header.expires = *time;
  }
  return true;
}

Result<void> check_header(const Header& header, RoleType type) {
  if (header.type != name(type)) {
    return fail(Errc::malformed,
                cat("the type is \"", printable(header.type, 40), "\", not ", name(type)));
  }
  // 4.3: another major version means another format.
  const std::string_view spec = header.spec_version;
  if (spec != "1" && !spec.starts_with("1.")) {
    return fail(Errc::unsupported,
                cat("spec_version \"", printable(spec, 40), "\"; this client knows version 1"));
  }
  if (header.version < 1) {
    return fail(Errc::malformed, cat("the version is ", header.version, "; at least 1 is needed"));
  }
  if (header.expires == Time{}) return fail(Errc::malformed, "\"expires\" is missing");
  return {};
}

Result<Hashes> read_hashes(json::Tokenizer& in) {
  Hashes out{.stated = true, .known = {}};
  std::size_t count = 0;
  SLUICE_CHECK(in.enter_object());
  for (;;) {
    SLUICE_TRY(const auto key, in.next_key());
    if (!key) break;
    if (++count > kMaxHashes) {
      return fail(in.error_here(Errc::limit, cat("more than ", kMaxHashes, " hashes")));
    }
    const auto algorithm = hash_named(*key);
    SLUICE_TRY(const auto text, in.read_string());
    if (!algorithm) continue;
    const auto bytes = from_hex(text);
    auto digest = bytes ? crypto::Digest::from_bytes(*algorithm, *bytes)
                        : Result<crypto::Digest>(fail(Errc::malformed, "no hex"));
    if (!digest) {
      return fail(in.error_here(Errc::malformed, cat("no ", crypto::name(*algorithm), " in hex")));
    }
    out.known.push_back(*std::move(digest));
  }
  if (count == 0) return fail(in.error_here(Errc::malformed, "\"hashes\" without a hash"));
  return out;
}

Result<json::Slice> read_signed_part(
    json::Tokenizer& in, Header& header,
    const std::function<Result<void>(std::string_view key)>& member) {
  SLUICE_CHECK(in.enter_object());
  const std::size_t begin = in.offset();
  for (;;) {
    SLUICE_TRY(const auto key, in.next_key());
    if (!key) return in.since(begin);
    const std::string name(*key);
    SLUICE_TRY(const bool ours, read_header_member(in, name, header));
    if (!ours) SLUICE_CHECK(member(name));
  }
}

Result<std::uint64_t> read_length(json::Tokenizer& in) {
  SLUICE_TRY(const auto length, in.read_integer());
  if (length < 0) return fail(in.error_here(Errc::malformed, "a negative length"));
  return static_cast<std::uint64_t>(length);
}

Result<Root> parse_root(std::string_view signed_part, const ForeignKeys& foreign) {
  Root out;
  json::Tokenizer in(signed_part, {.bytes = signed_part.size()});
  bool has_keys = false;
  bool has_roles = false;
  SLUICE_TRY(out.header,
             read_members(in, RoleType::root, [&](std::string_view key) -> Result<bool> {
               if (key == "consistent_snapshot") {
                 SLUICE_TRY(out.consistent_snapshot, in.read_boolean());
               } else if (key == "keys") {
                 SLUICE_TRY(out.keys, read_keys(in, signed_part, foreign));
                 has_keys = true;
               } else if (key == "roles") {
                 SLUICE_TRY(out.roles, read_root_roles(in));
                 has_roles = true;
               } else {
                 return false;
               }
               return true;
             }));
  if (!has_keys || !has_roles) return fail(Errc::malformed, "root without keys or roles");
  if (out.header.version == std::numeric_limits<Version>::max()) {
    return fail(Errc::malformed, "a root of the largest version there is: none could follow it");
  }
  return out;
}

Result<Timestamp> parse_timestamp(std::string_view signed_part) {
  Timestamp out;
  json::Tokenizer in(signed_part, {.bytes = signed_part.size()});
  SLUICE_TRY(out.header,
             read_members(in, RoleType::timestamp, [&](std::string_view key) -> Result<bool> {
               if (key != "meta") return false;
               SLUICE_CHECK(in.enter_object());
               for (;;) {
                 SLUICE_TRY(const auto file, in.next_key());
                 if (!file) return true;
                 if (*file != "snapshot.json") {
                   return fail(in.error_here(Errc::malformed,
                                             "a timestamp of another file than "
                                             "snapshot.json"));
                 }
                 SLUICE_CHECK(read_file_members(in, out.snapshot));
               }
             }));
  if (out.snapshot.version == 0) {
    return fail(Errc::malformed, "a timestamp that says nothing about snapshot.json");
  }
  return out;
}

// Fills in a Snapshot while it reads "signed". `part` is what the tokenizer works on: the signed
// part, or the document.
class SnapshotReader {
 public:
  SnapshotReader(Document document, std::string_view part) : part_(part) {
    list_->entries.reserve(part.size() / kLeastListed);
    list_->document = std::move(document);
  }

  // The signed part, which comes next: where it is.
  Result<json::Slice> read(json::Tokenizer& in) {
    SLUICE_TRY(const auto part,
               read_signed_part(in, out_.header_, [&](std::string_view key) -> Result<void> {
                 if (key == "meta") return files(in);
                 SLUICE_CHECK(in.skip());
                 return {};
               }));
    list_->part = in_document(part);
    return part;
  }
  Result<Snapshot> finish() && {
    SLUICE_CHECK(check_header(out_.header_, RoleType::snapshot));
    if (!has_meta_) return fail(Errc::malformed, "a snapshot without \"meta\"");
    if (!sorted_) std::ranges::sort(list_->entries, {}, &Listed::key);
    out_.list_ = std::move(list_);
    return std::move(out_);
  }

 private:
  Result<void> files(json::Tokenizer& in) {
    has_meta_ = true;
    SLUICE_CHECK(in.enter_object());
    const std::size_t begin = in.offset();
    for (;;) {
      SLUICE_TRY(const auto key, in.next_key());
      if (!key) break;
      SLUICE_CHECK(file(in, *key));
    }
    list_->meta = in_document(in.since(begin));
    return {};
  }

  json::Slice in_document(json::Slice slice) const {
    const auto before = static_cast<std::size_t>(part_.data() - list_->document->data());
    return {before + slice.begin, before + slice.end, slice.canonical};
  }

  Result<void> file(json::Tokenizer& in, std::string_view key) {
    const bool here = key.data() >= part_.data() && key.data() < part_.data() + part_.size();
    // One with escapes stands in the tokenizer, which goes on.
    const std::string decoded(here ? std::string_view() : key);
    if (!here) key = decoded;
    json::Slice slice;
    if (const auto lone = in.lone_integer("version"); lone && lone->value >= 1) {
      slice = lone->slice;
    } else {
      FileMeta meta;
      SLUICE_TRY(slice, read_file_members(in, meta));
    }
    list_->canonical = list_->canonical && slice.canonical;
    const std::string_view text = slice.in(part_);
    auto& entries = list_->entries;
    if (!entries.empty() && key < entries.back().key()) sorted_ = false;
    entries.push_back(here && stand_together(key, text) ? Listed(key, text)
                                                        : keep_listed(list_->pieces, key, text));
    return {};
  }

  Snapshot out_;
  std::shared_ptr<Snapshot::List> list_ = std::make_shared<Snapshot::List>();
  std::string_view part_;
  bool has_meta_ = false;
  bool sorted_ = true;
};

Result<Snapshot> parse_snapshot(std::string_view signed_part) {
  const auto copy = std::make_shared<const std::string>(signed_part);
  return parse_snapshot(copy, *copy);
}

Result<Snapshot> parse_snapshot(Document document, std::string_view signed_part) {
  SnapshotReader reader(std::move(document), signed_part);
  // It stands in an envelope.
  json::Tokenizer in(signed_part, {.bytes = signed_part.size(), .depth = json::Limits{}.depth - 1});
  SLUICE_CHECK(reader.read(in));
  SLUICE_CHECK(in.finish());
  return std::move(reader).finish();
}

std::optional<OpenedSnapshot> open_snapshot(Document document, std::size_t max) {
  const std::string& text = *document;
  SnapshotReader reader(std::move(document), text);
  auto envelope = open_envelope(text, max, [&](json::Tokenizer& in) { return reader.read(in); });
  if (!envelope) return std::nullopt;
  auto snapshot = std::move(reader).finish();
  if (!snapshot) return std::nullopt;
  return OpenedSnapshot{*std::move(envelope), *std::move(snapshot)};
}

std::optional<OpenedSnapshot> opened_around(const Snapshot& read, std::size_t max) {
  // What stands before the part is read again; behind it there is one brace.
  auto envelope = guess_envelope(*read.document(), max);
  const std::string_view part = read.part().in(*read.document());
  if (!envelope || !read.part().canonical || envelope->signed_part.data() != part.data() ||
      envelope->signed_part.size() != part.size()) {
    return std::nullopt;
  }
  return OpenedSnapshot{*std::move(envelope), read};
}

}  // namespace sluice::tuf
