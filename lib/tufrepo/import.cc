// SPDX-License-Identifier: Apache-2.0
#include "tufrepo/import.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "base/codec.h"
#include "base/text.h"
#include "tuf/limits.h"
#include "tuf/names.h"
#include "tufrepo/audit.h"
#include "tufrepo/edit.h"
#include "tufrepo/store.h"

namespace sluice::tuf {

namespace {

constexpr std::size_t kMaxImportedFiles = 200'000;
constexpr std::size_t kLargestTarget = 4ULL << 30;
constexpr std::string_view kOwner = "x-tuf-on-ci-keyowner";
constexpr std::string_view kOnline = "x-tuf-on-ci-online-uri";
constexpr std::string_view kPeriod = "x-tuf-on-ci-expiry-period";       // in days
constexpr std::string_view kSignBefore = "x-tuf-on-ci-signing-period";  // days before it expires
constexpr std::int64_t kMostDays = 36'600;
constexpr int kMostKeysOfOne = 20;

// A file of metadata as it was found: which role of which version, by what is in it. There may be
// any number of them, and any size: only what is taken over is held.
struct FoundFile {
  std::string role;
  Version version = 0;
  Path path;
  std::string sha256;
  Document bytes = {};  // once it is kept
};

std::string content_hash(std::string_view bytes) {
  return crypto::digest_of(crypto::HashAlgorithm::sha256, bytes_of(bytes)).hex();
}

// "12.root.json" and "root.json" are both root.
std::string role_in_name(std::string_view file) {
  std::string_view stem = file.substr(0, file.size() - std::string_view(".json").size());
  const auto dot = stem.find('.');
  const bool versioned =
      dot != std::string_view::npos && dot > 0 &&
      std::ranges::all_of(stem.substr(0, dot), [](char c) { return c >= '0' && c <= '9'; });
  if (versioned) stem.remove_prefix(dot + 1);
  std::string out;
  for (std::size_t i = 0; i < stem.size(); ++i) {
    const auto byte = stem[i] == '%' ? from_hex(lower_ascii(stem.substr(i + 1, 2)))
                                     : Result<Bytes>(fail(Errc::malformed, ""));
    if (byte && byte->size() == 1) {
      out += static_cast<char>((*byte)[0]);
      i += 2;
    } else {
      out += stem[i];
    }
  }
  return out;
}

class Importer {
 public:
  Importer(Files& files, Path folder, const ImportPlan& plan, const ForeignKeys& foreign)
      : files_(files), folder_(std::move(folder)), plan_(plan), foreign_(foreign) {}

  Result<Imported> run() && {
    SLUICE_CHECK(check_free());
    SLUICE_CHECK(read_folder(plan_.metadata));
    const Path history = plan_.metadata / "root_history";
    if (files_.info(history)) SLUICE_CHECK(read_folder(history));
    SLUICE_CHECK(choose());
    SLUICE_CHECK(check_whole());
    if (!plan_.targets.empty()) SLUICE_CHECK(find_targets());
    SLUICE_CHECK(write());
    return std::move(out_);
  }

 private:
  Result<void> check_free() {
    for (const Path& path : {folder_ / kPolicyFile, folder_ / "metadata" / "timestamp.json"}) {
      if (!files_.info(path)) continue;
      return fail(
          Error{Errc::denied, cat(sluice::shown(folder_), " has a repository already")}.advise(
              "name another folder"));
    }
    return {};
  }

  Result<void> read_folder(const Path& folder) {
    SLUICE_TRY(const auto entries, files_.list(folder));
    if (entries.size() > kMaxImportedFiles) {
      return fail(Errc::limit,
                  cat("more than ", kMaxImportedFiles, " files in ", sluice::shown(folder)));
    }
    for (const auto& entry : entries) {
      if (!entry.name.ends_with(".json") || entry.kind == FileKind::folder) continue;
      const Path path = folder / entry.name;
      const auto info = files_.info(path);
      if (!info || info->kind != FileKind::file) {  // a pipe, say, or a link to nothing
        out_.left_out.push_back(entry.name);
        continue;
      }
      SLUICE_TRY(auto bytes, files_.read_plain(path, Limits().stated, Links::followed));
      std::string sha256 = content_hash(bytes);
      const auto draft = Draft::parse(std::move(bytes));
      if (!draft) {
        out_.left_out.push_back(entry.name);
        continue;
      }
      std::string role = role_in_name(entry.name);
      if (draft->type() != RoleType::targets) role = std::string(name(draft->type()));
      found_.push_back({std::move(role), draft->version(), path, std::move(sha256)});
    }
    return {};
  }

  // The first of those that are the same role of the same version.
  void index() {
    for (auto& each : found_) by_role_[each.role].emplace(each.version, &each);
  }

  FoundFile* find(std::string_view role, std::optional<Version> version) const {
    const auto of = by_role_.find(role);
    if (of == by_role_.end()) return nullptr;
    if (!version) return of->second.rbegin()->second;
    const auto at = of->second.find(*version);
    return at == of->second.end() ? nullptr : at->second;
  }

  Result<void> keep(FoundFile& file) {
    SLUICE_TRY(auto bytes, files_.read_plain(file.path, Limits().stated, Links::followed));
    if (content_hash(bytes) != file.sha256) {
      return fail(Errc::denied, cat(sluice::shown(file.path), " changed while it was read"));
    }
    file.bytes = std::make_shared<const std::string>(std::move(bytes));
    const RoleName role(file.role);
    const auto version =
        file.role == "timestamp" ? std::nullopt : std::optional<Version>(file.version);
    kept_[role_url(role, version)] = &file;
    return {};
  }

  // A client goes from one to the next, and would never see one behind a hole.
  Result<void> keep_roots() {
    const auto of = by_role_.find("root");
    if (of == by_role_.end()) return {};
    const FoundFile* before = nullptr;
    for (const auto& [version, root] : of->second) {
      if (before != nullptr && version - 1 != before->version) {
        return fail(Error{Errc::malformed,
                          cat("root ", version, " is there, and root ", version - 1, " is not")}
                        .advise("take over the published state, in whole"));
      }
      SLUICE_CHECK(keep(*root));
      before = root;
    }
    return {};
  }

  Result<void> choose() {
    index();
    SLUICE_CHECK(keep_roots());
    auto* const timestamp = find("timestamp", std::nullopt);
    if (timestamp == nullptr) {
      return fail(
          Error{Errc::malformed, cat(sluice::shown(plan_.metadata), " has no timestamp.json")}
              .advise("name the folder with the metadata"));
    }
    SLUICE_CHECK(keep(*timestamp));
    SLUICE_TRY(const auto list, Draft::parse(timestamp->bytes));
    SLUICE_CHECK(keep_listed(list));
    const auto* snapshot = kept("snapshot");
    if (snapshot == nullptr)
      return fail(Errc::malformed, "the snapshot of the timestamp is missing");
    SLUICE_TRY(const auto files, Draft::parse(snapshot->bytes));
    SLUICE_CHECK(keep_listed(files));
    std::set<std::string_view> used;
    for (const auto& [file, found] : kept_) used.insert(found->sha256);
    for (const auto& each : found_) {
      if (used.contains(each.sha256)) continue;
      out_.left_out.push_back(cat(each.version, ".", each.role, ".json"));
    }
    return {};
  }

  // The newest of them: of root there are all.
  const FoundFile* kept(std::string_view role) const {
    const FoundFile* newest = nullptr;
    for (const auto& [file, found] : kept_) {
      if (found->role == role && (newest == nullptr || found->version > newest->version)) {
        newest = found;
      }
    }
    return newest;
  }

  Result<void> keep_listed(const Draft& list) {
    return list.each([&](std::string_view file, std::string_view text) -> Result<void> {
      SLUICE_TRY(const auto value, json::parse_strict(text));
      SLUICE_TRY(const auto version, json::Fields(value, std::string(file)).integer("version"));
      const std::string role(file.substr(0, file.rfind(".json")));
      if (role == "root") return {};
      auto* const one = find(role, version);
      return one == nullptr ? Result<void>() : keep(*one);
    });
  }

  // As our own client sees it, but for what time alone made wrong.
  Result<void> check_whole() {
    Time then = plan_.now;
    for (const auto& [file, found] : kept_) {
      SLUICE_TRY(const auto draft, Draft::parse(found->bytes));
      if (found->role == "root" && found != kept("root")) continue;
      then = std::min(then, draft.expires() - std::chrono::seconds(1));
      if (found->role == "root") consistent_ = is_consistent(draft);
    }
    if (then < plan_.now) {
      out_.notes.push_back(cat("something in it expired at ",
                               human_time(then + std::chrono::seconds(1)),
                               ": sluice tuf status says what has to be signed"));
    }
    std::map<std::string, const FoundFile*> plain;  // without versions in names
    for (const auto& [file, found] : kept_) {
      if (!consistent_) plain.emplace(role_url(RoleName(found->role), std::nullopt), found);
    }
    const ReadMetadata read = [&](const std::string& file,
                                  std::size_t) -> Result<std::optional<std::string>> {
      if (const auto at = kept_.find(file); at != kept_.end()) return *at->second->bytes;
      if (const auto at = plain.find(file); at != plain.end()) return *at->second->bytes;
      return std::nullopt;
    };
    SLUICE_TRY(const auto seen,
               audit(read, {.now = then, .root = first_root(), .foreign = foreign_}));
    if (const auto* failure = seen.report.first_failure()) {
      return fail(Error{Errc::malformed,
                        cat("a client would refuse it: ", failure->title, ": ", failure->detail)}
                      .advise("take over the published state, in whole"));
    }
    return {};
  }

  std::optional<std::string> first_root() const {
    const auto of = by_role_.find("root");
    if (of == by_role_.end()) return std::nullopt;
    return *of->second.begin()->second->bytes;
  }

  static bool is_consistent(const Draft& root) {
    const auto* member = root.head().find("consistent_snapshot");
    return member != nullptr && member->boolean().value_or(false);
  }

  // --- targets
  Result<void> find_targets() {
    for (const auto& [file, found] : kept_) {
      SLUICE_TRY(const auto draft, Draft::parse(found->bytes));
      if (draft.type() != RoleType::targets) continue;
      const auto taken =
          draft.each([&](std::string_view path, std::string_view text) -> Result<void> {
            SLUICE_CHECK(check_target_path(path));
            SLUICE_TRY(const auto hashes, hashes_listed(text));
            return take_target(path, hashes);
          });
      SLUICE_CHECK(taken);
    }
    return {};
  }

  Result<void> take_target(std::string_view path, const std::vector<crypto::Digest>& hashes) {
    const std::string plain(path);
    for (const auto& hash : hashes) {
      const std::string by_hash =
          target_files(path, {hash})[0].substr(std::string("targets/").size());
      const std::array candidates{by_hash, plain, cat(hash.hex(), ".", plain),
                                  cat(hash.hex(), ".", percent_encoded(plain))};
      for (const auto& name : candidates) {
        const Path file = plan_.targets / name;
        const auto info = files_.info(file);
        if (!info || info->kind != FileKind::file || info->size > kLargestTarget) continue;
        const auto digest = crypto::digest_file(files_, file, hash.algorithm());
        if (!digest || *digest != hash) continue;
        if (!consistent_) {
          targets_.push_back(
              {cat("targets/", plain), Content::of_file(files_, file, info->size, hash)});
        }
        // Under each of its hashes: clients choose one.
        for (std::size_t i = 0; i < hashes.size(); ++i) {
          targets_.push_back({target_files(path, hashes)[i],
                              Content::of_file(files_, file, info->size, hashes[i])});
        }
        ++out_.targets;
        return {};
      }
    }
    out_.missing.push_back(plain);
    return {};
  }

  // --- into the folder
  // All but timestamp.json, which comes last.
  std::vector<NewFile> metadata_files() const {
    std::vector<NewFile> out;
    for (const auto& [file, found] : kept_) {
      if (file == "timestamp.json") continue;
      out.push_back({cat("metadata/", file), Content::of(found->bytes)});
      // Until the root that makes snapshots consistent is published, clients ask for these.
      if (!consistent_ && found->role != "root") {
        out.push_back({cat("metadata/", role_url(RoleName(found->role), std::nullopt)),
                       Content::of(found->bytes)});
      }
    }
    return out;
  }

  static std::unexpected<Error> in_the_way(const std::string& name) {
    return fail(Error{Errc::denied, cat(printable(name, 300),
                                        " is there already, and is nothing "
                                        "of what is taken over")}
                    .advise("name an empty folder"));
  }

  // Another root beside ours, or somebody's proposal, would count from the first day on.
  Result<void> check_place(const std::vector<NewFile>& metadata) {
    for (const char* sub : {"keys", "metadata", "targets", "staging"}) {
      SLUICE_CHECK(check_no_links(files_, folder_, folder_ / sub));
    }
    std::map<std::string, const Content*> ours;
    for (const auto& each : metadata) ours.emplace(each.name, &each.content);
    for (const char* sub : {"keys", "metadata", "staging"}) {
      if (!files_.info(folder_ / sub)) continue;
      SLUICE_TRY(const auto paths, walk(files_, folder_ / sub));
      for (const Path& path : paths) {
        const std::string name = path.lexically_relative(folder_).native();
        if (!name.ends_with(".json")) continue;
        const auto at = ours.find(name);
        if (at == ours.end()) return in_the_way(name);
        const auto there = files_.read_plain(path, Limits().stated, Links::refused);
        if (!there || *there != *at->second->in_memory()) return in_the_way(name);
      }
    }
    return {};
  }

  static Result<void> write_into(Store& store, const std::vector<NewFile>& files) {
    SLUICE_TRY(const auto puts, store.write_new(files));
    for (std::size_t i = 0; i < puts.size(); ++i) {
      if (puts[i] == Put::other) return in_the_way(files[i].name);
    }
    return {};
  }

  Result<void> write() {
    const auto metadata = metadata_files();
    SLUICE_CHECK(check_place(metadata));
    for (const char* sub : {"keys", "metadata", "targets", "staging"}) {
      SLUICE_CHECK(files_.make_folders(folder_ / sub));
    }
    const auto store = folder_store(files_, folder_);
    SLUICE_CHECK(write_into(*store, targets_));
    SLUICE_CHECK(write_into(*store, metadata));
    SLUICE_CHECK(store->sync());
    for (const auto& [file, found] : kept_) out_.metadata.push_back(file);
    SLUICE_CHECK(
        files_.create(folder_ / "metadata" / "timestamp.json", *kept_.at("timestamp.json")->bytes));
    SLUICE_TRY(const auto policy, policy_of());
    SLUICE_TRY(const auto text, write_policy(policy));
    SLUICE_CHECK(files_.create(folder_ / kPolicyFile, text));
    SLUICE_TRY(auto repository, Repository::open(files_, folder_, foreign_));
    SLUICE_CHECK(name_keys(repository));
    SLUICE_CHECK(repository.save_names());
    if (!consistent_) SLUICE_CHECK(turn_on_consistency(repository));
    return {};
  }

  Result<RepoPolicy> policy_of() {
    RepoPolicy out;
    out.targets_here = !plan_.targets.empty();
    for (const std::string role : {"root", "targets", "snapshot", "timestamp"}) {
      out.roles[role] = out.of(RoleName(role));
    }
    for (const auto& [file, found] : kept_) {
      if (found->role == "root" && found != kept("root")) continue;
      SLUICE_TRY(const auto draft, Draft::parse(found->bytes));
      take_periods(draft.head(), found->role, out);
      // Root says it of the roles that are signed online.
      const auto* roles = found->role == "root" ? draft.head().find("roles") : nullptr;
      if (roles == nullptr || roles->object() == nullptr) continue;
      for (const auto& [role, keys] : *roles->object()) take_periods(keys, role, out);
    }
    out_.notes.emplace_back(
        "put the sources of the online keys into tuf-repo.yaml: online: [\"env:NAME\"], for "
        "snapshot and timestamp");
    return out;
  }

  // How long a version is good, and how long before its end it is signed anew.
  static void take_periods(const json::Value& from, const std::string& role, RepoPolicy& out) {
    const auto days_in = [&](std::string_view name) {
      const auto* found = from.find(name);
      const auto count = found == nullptr ? 0 : found->integer().value_or(0);
      return std::chrono::days(count > 0 && count <= kMostDays ? count : 0);
    };
    const auto period = days_in(kPeriod);
    if (period == std::chrono::days(0)) return;
    RolePolicy of = out.of(RoleName(role));
    of.expires = period;
    const auto before = days_in(kSignBefore);
    of.renew = before > before.zero() && before < period ? before : of.expires / 2;
    out.roles[role] = of;
  }

  // tuf-on-ci keeps the names of people in the keys.
  Result<void> name_keys(Repository& repository) {
    SLUICE_TRY(const auto* root, repository.published(RoleName("root")));
    if (root != nullptr) SLUICE_CHECK(name_keys_in(root->head(), repository));
    for (const auto& [file, found] : kept_) {
      SLUICE_TRY(const auto draft, Draft::parse(found->bytes));
      const auto* delegations = draft.head().find("delegations");
      if (delegations != nullptr) SLUICE_CHECK(name_keys_in(*delegations, repository));
    }
    return {};
  }

  Result<void> name_keys_in(const json::Value& lists, Repository& repository) {
    const auto* keys = lists.find("keys");
    if (keys == nullptr || keys->object() == nullptr) return {};
    for (const auto& [keyid, value] : *keys->object()) {
      if (const auto* online = value.find(kOnline); online != nullptr) {
        const std::string& where = online->string() == nullptr ? keyid : *online->string();
        out_.notes.push_back(cat("the key ", printable(keyid.substr(0, 8), 20), " is online at ",
                                 printable(where, 200)));
      }
      const auto* owner = value.find(kOwner);
      if (owner == nullptr || owner->string() == nullptr) continue;
      const auto key = parse_role_key(keyid, value);
      if (key && check_key_name(*owner->string())) {
        SLUICE_CHECK(name_one(*owner->string(), *key, repository));
      }
    }
    return {};
  }

  // Somebody with several keys is ann, ann-2 and so on.
  static Result<void> name_one(const std::string& owner, const RoleKey& key,
                               Repository& repository) {
    for (int i = 1; i <= kMostKeysOfOne; ++i) {
      const auto named = repository.name_key(i == 1 ? owner : cat(owner, "-", i), key);
      if (named || named.error().code != Errc::denied) return named;
    }
    return {};
  }

  Result<void> turn_on_consistency(Repository& repository) {
    SLUICE_TRY(auto root, repository.next(RoleName("root")));
    root.head().set("consistent_snapshot", true);
    SLUICE_CHECK(repository.stage(RoleName("root"), std::move(root), plan_.now));
    SLUICE_CHECK(repository.save());
    out_.notes.emplace_back(
        "its snapshots are not consistent: a root that turns them on is proposed, and has to be "
        "signed before anything is published");
    return {};
  }

  Files& files_;
  Path folder_;
  const ImportPlan& plan_;
  const ForeignKeys& foreign_;
  bool consistent_ = true;
  std::vector<FoundFile> found_;
  std::map<std::string, std::map<Version, FoundFile*>, std::less<>> by_role_;  // of found_
  std::map<std::string, const FoundFile*> kept_;
  std::vector<NewFile> targets_;
  Imported out_;
};

}  // namespace

Result<Imported> import_repository(Files& files, const Path& folder, const ImportPlan& plan,
                                   const ForeignKeys& foreign) {
  return Importer(files, folder, plan, foreign).run();
}

}  // namespace sluice::tuf
