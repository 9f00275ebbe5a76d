// SPDX-License-Identifier: Apache-2.0
#include "tufrepo/publish_parts.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/codec.h"
#include "base/text.h"
#include "json/value.h"
#include "tuf/names.h"

namespace sluice::tuf {

namespace {

constexpr std::string_view kMetadataFolder = "metadata/";
constexpr std::string_view kTargetsFolder = "targets/";
constexpr std::string_view kJsonEnding = ".json";
constexpr std::string_view kPublishingNote = "sluice.publishing/v1";
constexpr std::string_view kCleaningNote = "sluice.cleaning/v1";
constexpr std::size_t kNoteMost = 1U << 30;
constexpr std::size_t kNoteFilesMost = 10'000'000;
constexpr Version kRootsMost = 10'000;  // of one repository
constexpr std::chrono::minutes kRootsTime{5};

std::string_view order_name(RootOrder order) {
  switch (order) {
    case RootOrder::first:
      return "first";
    case RootOrder::last:
      return "last";
    case RootOrder::between:
      return "between";
  }
  return {};
}

bool is_planned_file(std::string_view name) {
  const auto parsed = metadata_name(name);
  if (parsed) return parsed->role != "root" && parsed->role.find('/') == std::string::npos;
  return name.starts_with(kTargetsFolder) && target_hash(name);
}

bool is_planned_root(std::string_view name) {
  const auto parsed = metadata_name(name);
  return parsed && parsed->role == "root";
}

// Names that no publication has are no note of ours: whoever wrote it wants something else.
Result<std::vector<std::string>> read_names(json::Tokenizer& in, bool (*may_be)(std::string_view)) {
  std::vector<std::string> out;
  SLUICE_CHECK(in.enter_array());
  for (;;) {
    SLUICE_TRY(const bool more, in.next_element());
    if (!more) return out;
    SLUICE_TRY(const auto name, in.read_string());
    SLUICE_CHECK(check_store_name(name));
    if (!may_be(name)) {
      return fail(Errc::malformed, cat(printable(name, 200), " is no file of a publication"));
    }
    if (out.size() == kNoteFilesMost) return fail(Errc::limit, "the note has too many names");
    out.emplace_back(name);
  }
}

Result<crypto::Digest> read_digest(json::Tokenizer& in) {
  SLUICE_TRY(const auto text, in.read_string());
  return crypto::Digest::parse(text);
}

Result<RootOrder> read_order(json::Tokenizer& in) {
  SLUICE_TRY(const auto text, in.read_string());
  for (const auto each : {RootOrder::first, RootOrder::last, RootOrder::between}) {
    if (text == order_name(each)) return each;
  }
  return fail(Errc::malformed, "the note has an order that is none");
}

struct NoteText {
  StoreNote note;
  std::string type;
  bool begun = false;
  bool order = false;
};

// Name by name and not as a tree, which takes twenty times the note's size in memory.
Result<void> read_note_member(json::Tokenizer& in, std::string_view key, NoteText& out) {
  if (key == "_type") {
    SLUICE_TRY(out.type, in.read_string());
  } else if (key == "begun") {
    SLUICE_TRY(const auto text, in.read_string());
    SLUICE_TRY(out.note.begun, parse_rfc3339(text));
    out.begun = true;
  } else if (key == "before") {
    SLUICE_TRY(out.note.before, read_digest(in));
  } else if (key == "after") {
    SLUICE_TRY(out.note.after, read_digest(in));
  } else if (key == "order") {
    SLUICE_TRY(out.note.order, read_order(in));
    out.order = true;
  } else if (key == "files") {
    SLUICE_TRY(out.note.files, read_names(in, is_planned_file));
  } else if (key == "roots") {
    SLUICE_TRY(out.note.roots, read_names(in, is_planned_root));
  } else {
    SLUICE_CHECK(in.skip());
  }
  return {};
}

json::Value names_value(const std::vector<std::string>& names) {
  json::Array out;
  for (const auto& name : names) out.emplace_back(name);
  return out;
}

}  // namespace

crypto::Digest sha256_of(std::string_view bytes) {
  return crypto::digest_of(crypto::HashAlgorithm::sha256, bytes_of(bytes));
}

std::optional<MetadataName> metadata_name(std::string_view name) {
  if (!name.starts_with(kMetadataFolder) || !name.ends_with(kJsonEnding)) return std::nullopt;
  name.remove_prefix(kMetadataFolder.size());
  name.remove_suffix(kJsonEnding.size());
  MetadataName out;
  const auto [end, bad] = std::from_chars(name.data(), name.data() + name.size(), out.version);
  const auto digits = static_cast<std::size_t>(end - name.data());
  if (bad != std::errc() || out.version < 1 || name.front() == '0' || digits + 1 >= name.size() ||
      name[digits] != '.') {
    return std::nullopt;
  }
  out.role = std::string(name.substr(digits + 1));
  return out;
}

std::string metadata_file(std::string_view role, Version version) {
  return cat(kMetadataFolder, version, ".", role, kJsonEnding);
}

std::optional<crypto::Digest> target_hash(std::string_view name) {
  const auto slash = name.rfind('/');
  const auto last = name.substr(slash == std::string_view::npos ? 0 : slash + 1);
  const auto dot = last.find('.');
  const auto hex = from_hex(last.substr(0, dot));
  if (!hex || dot == std::string_view::npos) return std::nullopt;
  using crypto::HashAlgorithm;
  for (const auto algorithm :
       {HashAlgorithm::sha256, HashAlgorithm::sha384, HashAlgorithm::sha512}) {
    if (hex->size() == crypto::digest_size(algorithm)) {
      return crypto::Digest::from_bytes(algorithm, *hex).value();
    }
  }
  return std::nullopt;
}

std::string write_note(const StoreNote& note) {
  const bool publishing = note.work == StoreNote::Work::publishing;
  json::Value out;
  out.set("_type", publishing ? kPublishingNote : kCleaningNote);
  out.set("begun", rfc3339(note.begun));
  if (note.before) out.set("before", note.before->text());
  if (note.after) out.set("after", note.after->text());
  if (publishing) {
    out.set("order", order_name(note.order));
    out.set("files", names_value(note.files));
    out.set("roots", names_value(note.roots));
  }
  return json::write(out);
}

Result<StoreNote> parse_note(std::string_view text) {
  json::Tokenizer in(text, {.bytes = kNoteMost});
  NoteText out;
  SLUICE_CHECK(in.enter_object());
  for (;;) {
    SLUICE_TRY(const auto key, in.next_key());
    if (!key) break;
    SLUICE_CHECK(read_note_member(in, std::string(*key), out));
  }
  SLUICE_CHECK(in.finish());
  if (out.type == kCleaningNote) {
    out.note.work = StoreNote::Work::cleaning;
    out.note.files.clear();  // it has none
    out.note.roots.clear();
  } else if (out.type != kPublishingNote) {
    return fail(Errc::unsupported,
                cat("the note in the store is of the kind ", printable(out.type, 60)));
  }
  const bool publishing = out.note.work == StoreNote::Work::publishing;
  if (!out.begun || (publishing && (!out.order || !out.note.after || out.note.files.empty()))) {
    return fail(Errc::malformed, "the note in the store does not say what was begun");
  }
  return std::move(out.note);
}

Result<FoundNote> find_note(Store& store) {
  FoundNote out;
  const auto file = store.read(std::string(kStoreNote), kNoteMost);
  if (!file && file.error().code != Errc::limit) return fail(file.error());
  if (file && !*file) return out;
  out.there = true;
  if (!file) {
    out.why_none = file.error().what;
    return out;
  }
  out.tag = (*file)->tag;
  // A crash of the machine cut it short: it says nothing, and neither did its work.
  if ((*file)->bytes.empty()) return out;
  auto note = parse_note((*file)->bytes);
  if (note) {
    out.note = *std::move(note);
  } else {
    out.why_none = note.error().what;
  }
  return out;
}

Result<std::optional<StoreNote>> read_note(Store& store) {
  SLUICE_TRY(auto found, find_note(store));
  return std::move(found.note);
}

Result<std::unique_ptr<FileLock>> enter_store(Store& store, bool single_writer,
                                              std::chrono::milliseconds wait) {
  SLUICE_TRY(auto lock, store.hold(wait));
  if (lock || single_writer) return lock;
  SLUICE_TRY(const bool notices, store.notices_others());
  if (notices) return lock;
  return fail(Error{Errc::denied, cat(store.describe(),
                                      " does not notice two publishers at once: it ignores "
                                      "conditions on writes (tried)")}
                  .advise("where nobody else publishes there, say so: --single-writer"));
}

namespace {

// What is no root of this version is not followed by more of it: a store that has anything for
// every name would be asked for ever.
Result<void> check_root(std::string_view bytes, Version version) {
  const auto envelope = open_envelope(bytes, Limits{}.root);
  const auto root =
      envelope ? parse_root(envelope->signed_part, {}) : Result<Root>(fail(envelope.error()));
  const std::string name = metadata_file("root", version);
  if (!root) return fail(Error{root.error()}.in(cat("reading ", name)));
  if (root->header.version == version) return {};
  return fail(Errc::malformed, cat(name, " is a root of version ", root->header.version));
}

}  // namespace

Result<StoredRoots> latest_root(Store& store) {
  StoredRoots out;
  Version next = 1;
  const auto in_time = store.deadline(kRootsTime);
  SLUICE_TRY(auto file, store.read(metadata_file("root", next), Limits{}.root));
  if (!file) {  // an imported repository may begin later
    SLUICE_TRY(const auto listed, store.list(std::string(kMetadataFolder)));
    for (const auto& each : listed) {
      const auto name = metadata_name(each.name);
      if (name && name->role == "root") next = std::max(next, name->version);
    }
    SLUICE_TRY(file, store.read(metadata_file("root", next), Limits{}.root));
  }
  for (Version count = 1; file; ++count) {
    if (count > kRootsMost) return fail(Errc::limit, cat("more than ", kRootsMost, " roots"));
    SLUICE_CHECK(within(in_time(), "reading roots"));
    SLUICE_CHECK(check_root(file->bytes, next));
    out = {next, std::move(file->bytes)};
    ++next;
    SLUICE_TRY(file, store.read(metadata_file("root", next), Limits{}.root));
  }
  return out;
}

Result<Timestamp> open_timestamp(std::string_view bytes) {
  SLUICE_TRY(const auto envelope, open_envelope(bytes, Limits{}.timestamp));
  return parse_timestamp(envelope.signed_part);
}

std::vector<std::string> target_names(const TargetFile& target) {
  const auto slash = target.path.rfind('/');
  const std::size_t base = slash == std::string::npos ? 0 : slash + 1;
  std::vector<std::string> out;
  for (const auto& hash : target.hashes.known) {
    out.push_back(
        cat("targets/", target.path.substr(0, base), hash.hex(), ".", target.path.substr(base)));
    // As it is in URLs, for stores that were filled by somebody else.
    std::string encoded = cat("targets/", target_url(target.path, hash.hex()));
    if (encoded != out.back()) out.push_back(std::move(encoded));
  }
  out.push_back(cat("targets/", target.path));  // without a hash (TUF 6.2 leaves it open)
  return out;
}

namespace {

Error missing_file(const std::string& name) {
  return Error{Errc::io,
               cat(printable(name, 300), " is not in the store, and the repository needs it")}
      .advise("publish it again from where it was made");
}

}  // namespace

Result<void> Reach::add(Store& store, std::string_view timestamp, bool targets) {
  SLUICE_TRY(const Timestamp parsed, within(open_timestamp(timestamp), "reading a timestamp"));
  return add_snapshot(store, parsed.snapshot.version, targets);
}

Result<void> Reach::add_snapshot(Store& store, Version version, bool targets) {
  const std::string name = metadata_file("snapshot", version);
  if (!names_.insert(name).second) return {};
  SLUICE_TRY(const auto file, store.read(name, kMetadataMost));
  if (!file) return fail(missing_file(name));
  SLUICE_TRY(const auto envelope, open_envelope(file->bytes, kMetadataMost));
  SLUICE_TRY(const Snapshot snapshot,
             within(parse_snapshot(envelope.signed_part), cat("reading ", name)));
  for (std::size_t i = 0; i < snapshot.count(); ++i) {
    const auto [role, listed] = snapshot.file(i);
    if (!role.ends_with(kJsonEnding)) continue;
    const std::string bare(role.substr(0, role.size() - kJsonEnding.size()));
    // A role's name may be in the store as it is in URLs, or as it is.
    const std::string encoded = metadata_file(percent_encoded(bare), listed);
    const std::string plain = metadata_file(bare, listed);
    const bool fresh = names_.insert(encoded).second;
    names_.insert(plain);
    if (fresh && targets) SLUICE_CHECK(add_role(store, encoded, plain));
  }
  return {};
}

Result<void> Reach::add_role(Store& store, const std::string& name, const std::string& plain) {
  SLUICE_TRY(auto file, store.read(name, kMetadataMost));
  if (!file && plain != name && check_store_name(plain)) {
    SLUICE_TRY(file, store.read(plain, kMetadataMost));
  }
  if (!file) return fail(missing_file(name));
  SLUICE_TRY(const auto envelope, open_envelope(file->bytes, kMetadataMost));
  const std::string_view part = envelope.signed_part;
  SLUICE_TRY(
      const Targets parsed,
      within(parse_targets(std::make_shared<const std::string>(std::move(file->bytes)), part, {}),
             cat("reading ", name)));
  return parsed.each([&](const TargetFile& target) -> Result<void> {
    for (auto& each : target_names(target)) names_.insert(std::move(each));
    return {};
  });
}

}  // namespace sluice::tuf
