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
constexpr std::string_view kJsonEnding = ".json";
constexpr std::string_view kPublishingNote = "sluice.publishing/v1";
constexpr std::string_view kCleaningNote = "sluice.cleaning/v1";
constexpr std::size_t kNoteMost = 1U << 30;
constexpr std::size_t kNoteFilesMost = 10'000'000;
constexpr Version kRootsMost = 100'000;

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

Result<std::vector<std::string>> names_in(const json::Fields& fields, std::string_view key) {
  SLUICE_TRY(const auto all, fields.array(key, kNoteFilesMost));
  std::vector<std::string> out;
  for (const auto& each : all) {
    SLUICE_TRY(std::string name, each.as_string());
    SLUICE_CHECK(check_store_name(name));
    out.push_back(std::move(name));
  }
  return out;
}

Result<std::optional<crypto::Digest>> digest_in(const json::Fields& fields, std::string_view key) {
  if (!fields.has(key)) return std::nullopt;
  SLUICE_TRY(const std::string text, fields.string(key));
  SLUICE_TRY(auto digest, crypto::Digest::parse(text));
  return digest;
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
  SLUICE_TRY(const json::Value value,
             json::parse_strict(text, {.bytes = kNoteMost, .values = 2 * kNoteFilesMost}));
  const json::Fields fields(value, "the note in the store");
  SLUICE_TRY(const std::string type, fields.string("_type"));
  StoreNote out;
  SLUICE_TRY(const std::string begun, fields.string("begun"));
  SLUICE_TRY(out.begun, parse_rfc3339(begun));
  SLUICE_TRY(out.before, digest_in(fields, "before"));
  SLUICE_TRY(out.after, digest_in(fields, "after"));
  if (type == kCleaningNote) {
    out.work = StoreNote::Work::cleaning;
    return out;
  }
  if (type != kPublishingNote) {
    return fail(Errc::unsupported,
                cat("the note in the store is of the kind ", printable(type, 60)));
  }
  SLUICE_TRY(const std::string order, fields.string("order"));
  for (const auto each : {RootOrder::first, RootOrder::last, RootOrder::between}) {
    if (order == order_name(each)) out.order = each;
  }
  SLUICE_TRY(out.files, names_in(fields, "files"));
  SLUICE_TRY(out.roots, names_in(fields, "roots"));
  return out;
}

Result<std::optional<StoredFile>> read_note_file(Store& store) {
  return store.read(std::string(kStoreNote), kNoteMost);
}

Result<std::optional<StoreNote>> read_note(Store& store) {
  SLUICE_TRY(const auto file, read_note_file(store));
  if (!file) return std::nullopt;
  // A note that a crash of the machine cut short says nothing, and neither did its work.
  if (file->bytes.empty()) return std::nullopt;
  SLUICE_TRY(auto note, parse_note(file->bytes));
  return note;
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

Result<StoredRoots> latest_root(Store& store) {
  StoredRoots out;
  Version next = 1;
  SLUICE_TRY(auto file, store.read(metadata_file("root", next), Limits{}.root));
  if (!file) {  // an imported repository may begin later
    SLUICE_TRY(const auto listed, store.list(std::string(kMetadataFolder)));
    for (const auto& each : listed) {
      const auto name = metadata_name(each.name);
      if (name && name->role == "root") next = std::max(next, name->version);
    }
    SLUICE_TRY(file, store.read(metadata_file("root", next), Limits{}.root));
  }
  while (file && next < kRootsMost) {
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
