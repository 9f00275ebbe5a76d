// SPDX-License-Identifier: Apache-2.0
// What is proposed in a repository's folder, and what is on top of what: see repository.h.
#include <functional>
#include <set>

#include "base/codec.h"
#include "base/limits.h"
#include "base/parallel.h"
#include "base/text.h"
#include "tuf/limits.h"
#include "tuf/names.h"
#include "tufrepo/proposal.h"

namespace sluice::tuf {

namespace {

constexpr std::size_t kMaxSignatureFile = 1U << 20;  // an identity's has certificates with it
constexpr std::string_view kSignatureKind = "sluice.tuf-signature/v1";
constexpr std::string_view kMadeFromKind = "sluice.tuf-made-from/v1";

std::string staged_hash(std::string_view text) {
  return crypto::digest_of(crypto::HashAlgorithm::sha256, bytes_of(text)).hex();
}

Result<std::string> role_of_file(std::string_view file) {
  const std::string_view encoded = file.substr(0, file.size() - std::string_view(".json").size());
  std::string out;
  for (std::size_t i = 0; i < encoded.size(); ++i) {
    if (encoded[i] != '%') {
      out += encoded[i];
      continue;
    }
    const auto byte = from_hex(lower_ascii(encoded.substr(i + 1, 2)));
    if (!byte || byte->size() != 1) {
      return fail(Errc::malformed,
                  cat("staging/", printable(file, 200), " is named after no role"));
    }
    out += static_cast<char>((*byte)[0]);
    i += 2;
  }
  return out;
}

bool is_json_file(const FolderEntry& entry) {
  return entry.kind == FileKind::file && entry.name.ends_with(".json");
}

// Nothing else is taken away with a proposal.
bool is_signature_file(const FolderEntry& entry, const Result<std::string>& text) {
  if (text && parse_staged_signature(*text)) return true;
  // Of a keyid that is a key's own, whatever became of its content.
  const std::string_view keyid = std::string_view(entry.name).substr(0, entry.name.size() - 5);
  const auto bytes = from_hex(keyid);
  return bytes && bytes->size() == crypto::digest_size(crypto::HashAlgorithm::sha256);
}

// Whoever adds files without end keeps nobody from signing.
void only_of_its_keys(Repository& repository, const RoleName& role,
                      std::vector<FolderEntry>& entries) {
  const auto all = signatories_of(repository, role);
  if (!all) return entries.resize(kMaxSignatures);
  std::set<std::string> files;
  for (const auto& signatories : *all) {
    for (const auto& keyid : signatories.role.keyids) files.insert(role_file(RoleName(keyid)));
  }
  std::erase_if(entries, [&](const FolderEntry& entry) { return !files.contains(entry.name); });
}

// On all cores, and more than one a core: it is the disk that they wait for.
Result<void> for_all(std::size_t count, const std::function<Result<void>(std::size_t)>& work) {
  std::vector<Result<void>> done(count);
  for_each_parallel(count, hardware_threads() * 4, [&](std::size_t i) { done[i] = work(i); });
  for (auto& one : done) SLUICE_CHECK(std::move(one));
  return {};
}

}  // namespace

json::Value bare_signature(const json::Value& listed, bool with_bundle) {
  json::Value out;
  for (const std::string_view member : {"keyid", "sig", "bundle"}) {
    const auto* value = listed.find(member);
    if (value == nullptr || (member == "bundle" && !with_bundle)) continue;
    out.set(std::string(member), *value);
  }
  return out;
}

Result<StagedSignature> parse_staged_signature(std::string_view text) {
  SLUICE_TRY(const auto value, json::parse_strict(text, {.bytes = kMaxSignatureFile}));
  const json::Fields fields(value, "signature");
  SLUICE_TRY(const auto kind, fields.string("kind"));
  if (kind != kSignatureKind) return fail(Errc::malformed, cat("this is no ", kSignatureKind));
  StagedSignature out;
  SLUICE_TRY(out.version, fields.integer("version"));
  SLUICE_TRY(out.sha256, fields.string("sha256"));
  SLUICE_TRY(const auto signature, fields.object("signature"));
  SLUICE_TRY(out.keyid, signature.string("keyid"));
  out.signature = bare_signature(signature.value(), true);
  return out;
}

std::string write_staged_signature(const StagedSignature& signature) {
  json::Value out;
  out.set("kind", kSignatureKind);
  out.set("version", signature.version);
  out.set("sha256", signature.sha256);
  out.set("signature", signature.signature);
  return json::write_pretty(out);
}

Path Repository::staged_file(const RoleName& role) const {
  return staging_folder() / role_file(role);
}
Path Repository::made_from_file(const RoleName& role) const {
  return staging_folder() / "made-from" / role_file(role);
}
Path Repository::signature_folder(const RoleName& role) const {
  const std::string file = role_file(role);
  std::string name = file.substr(0, file.size() - 5);
  if (name == ".") name = "%2E";  // somebody may have staged such a role by hand
  if (name == "..") name = "%2E%2E";
  return staging_folder() / "signatures" / name;
}

// Once for all roles: they may be many.
Result<void> Repository::check_staging() {
  if (staging_checked_) return {};
  for (const char* below : {"made-from", "signatures"}) {
    SLUICE_CHECK(check_no_links(*files_, folder_, staging_folder() / below));
  }
  staging_checked_ = true;
  return {};
}

Result<bool> Repository::has_signatures(const RoleName& role) const {
  const Path folder = signature_folder(role);
  if (!files_->info(folder)) return false;
  SLUICE_CHECK(check_no_links(*files_, folder_, folder));
  return true;
}

Result<void> Repository::load_staged(const RoleName& role) {
  if (ignore_staging_) {
    staged_.emplace(role.str(), nullptr);
    return {};
  }
  SLUICE_CHECK(check_staging());
  // A link or a pipe at its place is nobody's proposal.
  auto text = files_->read_plain(staged_file(role), largest(role) * 2, Links::refused);
  if (!text) {
    if (text.error().code != Errc::not_found) return fail(std::move(text).error());
    staged_.emplace(role.str(), nullptr);
    return {};
  }
  const std::string shown = cat("reading staging/", role_file(role));
  if (text->find("\n<<<<<<< ") != std::string::npos) {
    return fail(
        Error{Errc::malformed, "two proposals met in git, and the file has both"}.in(shown).advise(
            "take one of them, say with `git checkout --ours staging`, and make "
            "the other one's changes again on top of it"));
  }
  const std::string on_disk = staged_hash(*text);
  SLUICE_TRY(auto draft, within(Draft::parse(*std::move(text)), shown));
  StagedRole out{.draft = std::move(draft),
                 .from_sha256 = {},
                 .sha256 = {},
                 .before_sha256 = {},
                 .on_disk_sha256 = on_disk,
                 .saved = true};
  if (const auto record =
          files_->read_plain(made_from_file(role), limits::kConfigFile, Links::refused)) {
    SLUICE_TRY(const auto value, within(json::parse_strict(*record), shown));
    const json::Fields fields(value, "made-from");
    SLUICE_TRY(out.from, fields.integer("from"));
    SLUICE_TRY(out.from_sha256, fields.string("from_sha256"));
    SLUICE_TRY(out.sha256, fields.string("sha256"));
    if (fields.has("before_sha256")) {
      SLUICE_TRY(out.before_sha256, fields.string("before_sha256"));
      SLUICE_TRY(const auto digest, out.draft.digest());
      if (digest.hex() == out.before_sha256) out.sha256 = out.before_sha256;
    }
  } else if (record.error().code != Errc::not_found) {
    return fail(record.error());
  }
  staged_.emplace(role.str(), std::make_unique<StagedRole>(std::move(out)));
  return {};
}

Result<std::vector<RoleName>> Repository::staged_roles() {
  std::set<std::string> found;
  if (!ignore_staging_ && files_->info(staging_folder())) {
    SLUICE_CHECK(check_staging());
    SLUICE_TRY(const auto entries, files_->list(staging_folder()));
    for (const auto& entry : entries) {
      if (entry.kind != FileKind::file || !entry.name.ends_with(".json")) continue;
      SLUICE_TRY(auto name, role_of_file(entry.name));
      // One role has one file: what is spelled another way would be listed, and not be found.
      if (role_file(RoleName(name)) != entry.name) {
        return fail(Errc::malformed,
                    cat("staging/", printable(entry.name, 200), " is named after no role"));
      }
      found.insert(std::move(name));
    }
  }
  for (const auto& [role, staged] : staged_) {
    if (staged) {
      found.insert(role);
    } else {
      found.erase(role);
    }
  }
  std::vector<RoleName> out;
  for (const std::string first : {"root", "targets"}) {
    if (found.erase(first) > 0) out.emplace_back(first);
  }
  for (const auto& each : found) out.emplace_back(each);
  return out;
}

Result<const StagedRole*> Repository::staged(const RoleName& role) {
  if (const auto at = staged_.find(role.str()); at != staged_.end()) return at->second.get();
  SLUICE_CHECK(load_staged(role));
  return staged_.at(role.str()).get();
}

Result<const Draft*> Repository::latest(const RoleName& role) {
  SLUICE_TRY(const auto* staged_one, staged(role));
  if (staged_one != nullptr) return &staged_one->draft;
  return published(role);
}

Result<const Delegations*> Repository::delegations(const RoleName& role) {
  const auto at = delegations_.find(role.str());
  if (at != delegations_.end()) return &at->second;
  SLUICE_TRY(const auto* draft, latest(role));
  Delegations read;
  if (draft != nullptr) {
    SLUICE_TRY(read, delegations_of(*draft, foreign_));
  }
  return &delegations_.emplace(role.str(), std::move(read)).first->second;
}

// A change on top of what was overtaken would take back, unseen, what was published since; on top
// of what was edited it would hide that.
Result<void> Repository::check_to_change(const RoleName& role) {
  SLUICE_TRY(const auto* known, staged(role));
  if (known == nullptr || !known->saved) return {};
  SLUICE_TRY(const auto digest, known->draft.digest());
  SLUICE_TRY(const auto* before, published(role));
  std::string published_sha256;
  if (before != nullptr) {
    SLUICE_TRY(const auto of, before->digest());
    published_sha256 = of.hex();
  }
  const std::string sha256 = digest.hex();
  if (sha256 == published_sha256) return {};  // left over
  const std::string shown = printable(role.str(), 80);
  if (known->sha256 != sha256) {
    return fail(Error{Errc::denied, cat("what is proposed of ", shown, " was edited")}.advise(
        "look at it with `sluice tuf diff`, and take it as it is with `sluice tuf propose`, or "
        "give it up with `sluice tuf propose --drop`"));
  }
  if (known->from_sha256 == published_sha256) return {};
  return fail(
      Error{
          Errc::denied,
          cat("what is proposed of ", shown, " was made from ",
              known->from == 0 ? std::string("nothing") : cat("version ", known->from),
              ", and version ", before == nullptr ? 0 : before->version(), " is published by now")}
          .advise("give it up with `sluice tuf propose --drop`, and make its changes again"));
}

Result<const Root*> Repository::root() {
  if (!root_) {
    SLUICE_TRY(const auto* draft, latest(role_name(RoleType::root)));
    if (draft == nullptr) return nullptr;
    SLUICE_TRY(const auto text, draft->signed_text());
    SLUICE_TRY(root_, parse_root(text, foreign_));
  }
  return &*root_;
}

void Repository::forget(const RoleName& role) {
  delegations_.erase(role.str());
  if (role == role_name(RoleType::root)) root_.reset();
}

Result<Draft> Repository::next(const RoleName& role) {
  SLUICE_CHECK(check_to_change(role));
  SLUICE_TRY(const auto* known, latest(role));
  if (known == nullptr) return Draft::fresh(type_of_role(role));
  Draft out = *known;
  out.clear_signatures();
  return out;
}

Result<void> Repository::stage(const RoleName& role, Draft draft, Time now) {
  SLUICE_TRY(const auto version, version_of(role));
  draft.set_version(version + 1);
  draft.set_expires(now + policy_.of(role).expires);
  draft.clear_signatures();
  return stage_as_is(role, std::move(draft));
}

Result<void> Repository::stage_as_is(const RoleName& role, Draft draft) {
  StagedRole out{.draft = std::move(draft),
                 .from_sha256 = {},
                 .sha256 = {},
                 .before_sha256 = {},
                 .on_disk_sha256 = {}};
  SLUICE_TRY(const auto* before, published(role));
  if (before != nullptr) {
    out.from = before->version();
    SLUICE_TRY(const auto digest, before->digest());
    out.from_sha256 = digest.hex();
  }
  SLUICE_TRY(const auto digest, out.draft.digest());
  out.sha256 = digest.hex();
  SLUICE_TRY(const auto* old, staged(role));
  if (old != nullptr) {
    out.before_sha256 = old->sha256;
    out.on_disk_sha256 = old->on_disk_sha256;
  }
  staged_.insert_or_assign(role.str(), std::make_unique<StagedRole>(std::move(out)));
  forget(role);
  return {};
}

Result<void> Repository::save_role(const RoleName& role, StagedRole& staged) {
  json::Value record;
  record.set("kind", kMadeFromKind);
  record.set("from", staged.from);
  record.set("from_sha256", staged.from_sha256);
  record.set("sha256", staged.sha256);
  if (!staged.before_sha256.empty()) record.set("before_sha256", staged.before_sha256);
  SLUICE_TRY(const auto text, staged.draft.for_review());
  // The record first: it says what was there before, so that whoever dies in between leaves the
  // old proposal and not one that looks edited.
  SLUICE_CHECK(files_->replace(made_from_file(role), json::write_pretty(record)));
  SLUICE_CHECK(files_->replace(staged_file(role), text));
  staged.on_disk_sha256 = staged_hash(text);
  staged.saved = true;
  return {};
}

// With the lock held. Two people, or two jobs, may keep one folder.
Result<void> Repository::check_staged_file(const RoleName& role, const std::string& known) const {
  const auto text = files_->read_plain(staged_file(role), largest(role) * 2, Links::refused);
  if (!text && text.error().code != Errc::not_found) return fail(text.error());
  if ((text ? staged_hash(*text) : std::string()) == known) return {};
  return fail(overtaken(cat("changed the proposal of ", printable(role.str(), 80))));
}

// Of those that were read.
Result<void> Repository::check_unchanged(const std::vector<RoleName>& roles) const {
  return for_all(roles.size(), [&](std::size_t i) -> Result<void> {
    const auto at = staged_.find(roles[i].str());
    if (at == staged_.end()) return {};
    return check_staged_file(roles[i], at->second ? at->second->on_disk_sha256 : "");
  });
}

Result<std::size_t> Repository::drop_signatures(const RoleName& role, const StagedRole& staged) {
  SLUICE_TRY(const bool any, has_signatures(role));
  if (!any) return std::size_t{0};
  const Path folder = signature_folder(role);
  std::size_t dropped = 0;
  SLUICE_TRY(const auto entries, files_->list(folder));
  for (const auto& entry : entries) {
    if (!is_json_file(entry)) continue;
    const Path path = folder / entry.name;
    const auto text = files_->read_plain(path, kMaxSignatureFile, Links::refused);
    if (!is_signature_file(entry, text)) continue;
    const Result<StagedSignature> signature =
        text ? parse_staged_signature(*text) : fail(text.error());
    if (signature && signature->sha256 == staged.sha256) continue;
    SLUICE_CHECK(files_->remove(path));
    ++dropped;
  }
  return dropped;
}

Result<std::size_t> Repository::save() {
  SLUICE_CHECK(check_staging());
  SLUICE_TRY(const auto turn, take_turn());
  SLUICE_CHECK(save_names());
  SLUICE_CHECK(files_->make_folders(staging_folder() / "made-from"));
  std::vector<RoleName> roles;
  std::vector<StagedRole*> open;
  for (auto& [role, staged] : staged_) {
    if (!staged || staged->saved) continue;
    roles.emplace_back(role);
    open.push_back(staged.get());
  }
  SLUICE_CHECK(check_unchanged(roles));
  SLUICE_CHECK(for_all(roles.size(), [&](std::size_t i) { return save_role(roles[i], *open[i]); }));
  std::size_t dropped = 0;
  for (std::size_t i = 0; i < roles.size(); ++i) {
    SLUICE_TRY(const auto gone, drop_signatures(roles[i], *open[i]));
    dropped += gone;
  }
  return dropped;
}

Result<void> Repository::unstage(const RoleName& role) {
  SLUICE_TRY(const auto* known, staged(role));
  // What was never saved has no files; those that there may be by now are somebody else's.
  if (ignore_staging_ && (known == nullptr || !known->saved)) {
    staged_.insert_or_assign(role.str(), nullptr);
    forget(role);
    return {};
  }
  SLUICE_CHECK(check_staging());
  SLUICE_TRY(const bool any, has_signatures(role));
  SLUICE_TRY(const auto turn, take_turn());
  if (!ignore_staging_) SLUICE_CHECK(check_unchanged({role}));
  // The file first: what is left without it is swept up with the next change.
  for (const auto& path : {staged_file(role), made_from_file(role)}) {
    if (files_->info(path)) SLUICE_CHECK(files_->remove(path));
  }
  if (any) {
    const Path folder = signature_folder(role);
    SLUICE_TRY(const auto entries, files_->list(folder));
    for (const auto& entry : entries) {
      if (!is_json_file(entry)) continue;
      const Path path = folder / entry.name;
      const auto text = files_->read_plain(path, kMaxSignatureFile, Links::refused);
      if (is_signature_file(entry, text)) SLUICE_CHECK(files_->remove(path));
    }
  }
  staged_.insert_or_assign(role.str(), nullptr);
  forget(role);
  return {};
}

Result<std::vector<StagedSignature>> Repository::signatures(const RoleName& role) {
  std::vector<StagedSignature> out;
  SLUICE_TRY(const bool any, has_signatures(role));
  if (!any) return out;
  const Path folder = signature_folder(role);
  SLUICE_TRY(auto entries, files_->list(folder));
  std::erase_if(entries, [](const FolderEntry& entry) { return !is_json_file(entry); });
  if (entries.size() > kMaxSignatures) only_of_its_keys(*this, role, entries);
  for (const auto& entry : entries) {
    const Path path = folder / entry.name;
    SLUICE_TRY(const auto text, files_->read_plain(path, kMaxSignatureFile, Links::refused));
    SLUICE_TRY(auto signature,
               within(parse_staged_signature(text), cat("reading ", sluice::shown(path))));
    // One file a key: a second one of the same key would stand before its good one.
    if (entry.name == role_file(RoleName(signature.keyid))) out.push_back(std::move(signature));
  }
  return out;
}

Result<void> Repository::add_signatures(const std::vector<NewSignature>& all) {
  SLUICE_TRY(const auto turn, take_turn());
  std::vector<RoleName> roles;
  for (const auto& each : all) roles.push_back(each.role);
  SLUICE_CHECK(check_unchanged(roles));
  return for_all(all.size(), [&](std::size_t i) -> Result<void> {
    const auto& [role, signature] = all[i];
    const Path folder = signature_folder(role);
    SLUICE_CHECK(check_no_links(*files_, folder_, folder));
    SLUICE_CHECK(files_->make_folders(folder));
    return files_->replace(folder / role_file(RoleName(signature.keyid)),
                           write_staged_signature(signature));
  });
}

}  // namespace sluice::tuf
