// SPDX-License-Identifier: Apache-2.0
#include "tufrepo/repository.h"

#include <limits>

#include "base/limits.h"
#include "base/text.h"
#include "tuf/limits.h"
#include "tuf/names.h"
#include "tufrepo/publish_parts.h"

namespace sluice::tuf {

namespace {

constexpr Version kLastVersion = std::numeric_limits<Version>::max();

bool is_missing(const Error& error) { return error.code == Errc::not_found; }

// "12.targets.json", in the folder of what is published.
std::string published_name(const RoleName& role, Version version) {
  return role.str() == name(RoleType::timestamp) ? "timestamp.json" : role_url(role, version);
}

// Whatever is made from it has the next one.
Result<Version> one_that_can_be_followed(const RoleName& role, Version version) {
  if (version < kLastVersion) return version;
  return fail(Errc::limit, cat(printable(role.str(), 80), " has version ", version,
                               ", and no version can follow that"));
}

// What "meta" says of a file.
Result<Version> listed_version(const Draft& list, std::string_view file) {
  const auto text = list.find(file);
  if (!text) return Version{0};
  SLUICE_TRY(const auto value, json::parse_strict(*text));
  return json::Fields(value, std::string(file)).integer("version");
}

}  // namespace

Result<Delegations> delegations_of(const Draft& targets, const ForeignKeys& foreign) {
  const auto* value = targets.head().find("delegations");
  if (value == nullptr) return Delegations{};
  const std::string text = sorted_json(*value);
  json::Tokenizer in(text, {.bytes = text.size()});
  return read_delegations(in, text, foreign);
}

Result<Repository> Repository::open(Files& files, const Path& folder, ForeignKeys foreign) {
  Repository out(files, folder, std::move(foreign));
  const Path path = folder / kPolicyFile;
  const auto text = files.read_plain(path, limits::kConfigFile, Links::followed);
  if (!text) {
    if (!is_missing(text.error())) return fail(text.error());
    return fail(Error{Errc::not_found,
                      cat(sluice::shown(folder), " is no repository: it has no ", kPolicyFile)}
                    .advise("begin one with `sluice tuf init`, or name its folder with --repo"));
  }
  SLUICE_TRY(out.policy_, parse_policy(*text, kPolicyFile));
  return out;
}

Result<const KeyNames*> Repository::names() {
  if (!names_) {
    SLUICE_TRY(names_, KeyNames::load(*files_, folder_ / "keys"));
  }
  return &*names_;
}

Result<void> Repository::name_key(const std::string& name, const RoleKey& key) {
  SLUICE_TRY(const auto* known, names());
  SLUICE_CHECK(known->check_free(name, key));
  if (known->named(name) != nullptr || known->name_of(key.keyid.str()) != nullptr) return {};
  json::Value text = key.json();
  SLUICE_TRY(const auto computed, compute_keyid(key));
  if (computed != key.keyid) text.set("keyid", key.keyid.str());
  new_names_.insert_or_assign(cat(name, ".json"), json::write_pretty(text));
  names_->add(name, key);
  return {};
}

Result<void> Repository::save_names() {
  if (new_names_.empty()) return {};
  const Path folder = folder_ / "keys";
  SLUICE_CHECK(check_no_links(*files_, folder_, folder));
  SLUICE_CHECK(files_->make_folders(folder));
  for (const auto& [file, text] : new_names_) SLUICE_CHECK(files_->replace(folder / file, text));
  new_names_.clear();
  return {};
}

void Repository::reload() {
  root_version_.reset();
  published_.clear();
  documents_.clear();
  snapshot_.reset();
  delegations_.clear();
  root_.reset();
}

Result<std::optional<std::string>> Repository::read_published(const Path& name) {
  auto text = files_->read_plain(metadata_folder() / name, Limits().stated, Links::followed);
  if (text) return *std::move(text);
  if (is_missing(text.error())) return std::nullopt;
  return fail(std::move(text).error());
}

// The last of an unbroken row; the row begins at the first root that is there.
Result<Version> Repository::find_root_version() {
  const auto there = [&](Version from, Version more = 0) {
    if (from > kLastVersion - more) return false;
    return files_->info(metadata_folder() / role_url(RoleName("root"), from + more)).has_value();
  };
  Version version = 1;
  if (!there(version)) {
    if (!files_->info(metadata_folder())) return Version{0};
    SLUICE_TRY(const auto entries, files_->list(metadata_folder()));
    Version first = 0;
    for (const auto& entry : entries) {
      const auto file = metadata_name(cat("metadata/", entry.name));
      if (!file || file->role != "root") continue;
      if (first == 0 || file->version < first) first = file->version;
    }
    if (first == 0) return Version{0};
    version = first;
  }
  while (there(version, 1)) ++version;
  // Whoever took the one before the hole for the newest would make another root of that number.
  if (there(version, 2)) {
    return fail(Error{Errc::not_found, cat("metadata/", version + 1,
                                           ".root.json is missing, and a later one is there")}
                    .advise("the folder is not whole: take it from where it is published again"));
  }
  return version;
}

Result<Version> Repository::version_of(const RoleName& role) {
  if (role.str() == "root") {
    if (!root_version_) {
      SLUICE_TRY(root_version_, find_root_version());
    }
    return *root_version_;
  }
  if (role.str() == "timestamp") {
    SLUICE_TRY(const auto* timestamp, published(role));
    return timestamp == nullptr ? Version{0} : timestamp->version();
  }
  const bool snapshot = role.str() == "snapshot";
  SLUICE_TRY(const auto* list, published(RoleName(snapshot ? "timestamp" : "snapshot")));
  if (list == nullptr) return Version{0};
  SLUICE_TRY(const auto version, listed_version(*list, cat(role.str(), ".json")));
  return one_that_can_be_followed(role, version);
}

Result<Document> Repository::published_document(const RoleName& role) {
  if (const auto at = documents_.find(role.str()); at != documents_.end()) return at->second;
  if (const auto at = published_.find(role.str()); at != published_.end()) {
    return at->second == nullptr ? nullptr : at->second->source();
  }
  Version version = 0;
  if (role.str() != "timestamp") {
    SLUICE_TRY(version, version_of(role));
    if (version == 0) return nullptr;
  }
  const std::string file = published_name(role, version);
  SLUICE_TRY(auto text, read_published(file));
  if (!text && version != 0) {
    return fail(Error{Errc::not_found, cat("metadata/", file, " is listed and not there")}.advise(
        "the folder is not whole: take it from where it is published again"));
  }
  Document document;
  if (text) document = std::make_shared<const std::string>(*std::move(text));
  return documents_.emplace(role.str(), std::move(document)).first->second;
}

Result<const Draft*> Repository::published(const RoleName& role) {
  if (const auto at = published_.find(role.str()); at != published_.end()) return at->second.get();
  SLUICE_TRY(const auto document, published_document(role));
  documents_.erase(role.str());
  std::unique_ptr<const Draft> draft;
  if (document) {
    const bool read = snapshot_ && snapshot_->document() == document;
    auto parsed = read ? Draft::of(*snapshot_) : Draft::parse(document);
    if (!parsed) {
      SLUICE_TRY(const auto version, role.str() == "timestamp" ? Version{0} : version_of(role));
      return fail(
          std::move(parsed).error().in(cat("reading metadata/", published_name(role, version))));
    }
    SLUICE_CHECK(one_that_can_be_followed(role, parsed->version()));
    draft = std::make_unique<const Draft>(*std::move(parsed));
  }
  return published_.emplace(role.str(), std::move(draft)).first->second.get();
}

void Repository::take_over(const Snapshot& snapshot) { snapshot_ = snapshot; }

std::size_t Repository::largest(const RoleName& role) {
  const Limits limits;
  if (role.str() == "root") return limits.root;
  if (role.str() == "timestamp") return limits.timestamp;
  return limits.stated;
}

Result<std::string> Repository::published_file(const RoleName& role, Version version) {
  if (overtaken_) return fail(*overtaken_);
  const std::string file = published_name(role, version);
  return files_->read_plain(metadata_folder() / file, largest(role), Links::followed);
}

}  // namespace sluice::tuf
