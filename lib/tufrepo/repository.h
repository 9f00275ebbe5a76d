// SPDX-License-Identifier: Apache-2.0
// The folder in which a repository is kept: what is published, and what is proposed.
//
//   draft.h  a file taken apart for change       proposal.h  who must sign what, and why
//   edit.h   init, keys, targets, delegations    difference.h  what a version changes
//   release.h  a proposal becomes a publication  audit.h, import.h
//
// The folder:
//   tuf-repo.yaml    policy.h
//   keys/NAME.json   public keys by what people call them
//   metadata/        what is published: N.root.json, N.ROLE.json, timestamp.json
//   targets/         the files, by hash
//   staging/         what is proposed: ROLE.json, for review; made-from/ROLE.json, which says what
//   it
//                    was made from; signatures/ROLE/KEYID.json, one file a signature, so that any
//                    number of people add theirs and no two ever edit one file
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "base/files.h"
#include "tuf/delegations.h"
#include "tufrepo/draft.h"
#include "tufrepo/key_entry.h"
#include "tufrepo/policy.h"

namespace sluice::tuf {

// A signature as it travels: beside it, what it is over.
struct StagedSignature {
  std::string keyid;
  json::Value signature;  // as metadata lists it
  Version version = 0;
  std::string sha256;  // of the message
};
struct NewSignature {
  RoleName role;
  StagedSignature signature;
};

struct StagedRole {
  Draft draft;
  Version from = 0;         // the published version that it was made from; 0: none
  std::string from_sha256;  // of that one's message
  std::string sha256;       // of the message that was staged: another one was edited by hand
  std::string
      before_sha256;  // of what was staged before it: what is there when a save was cut short
  std::string on_disk_sha256;  // of the staged file as this process knows it; empty: there is none
  bool saved = false;
};

class Repository {
 public:
  // Errc::not_found with advice where the folder is no repository.
  [[nodiscard]] static Result<Repository> open(Files& files, const Path& folder,
                                               ForeignKeys foreign = {});

  const Path& folder() const { return folder_; }
  const RepoPolicy& policy() const { return policy_; }
  const ForeignKeys& foreign() const { return foreign_; }
  Files& files() const { return *files_; }
  [[nodiscard]] Result<const KeyNames*> names();  // loaded when it is first asked for
  // Kept with the next save(). A key that has a name keeps that one; Errc::denied where the name is
  // another key's.
  [[nodiscard]] Result<void> name_key(const std::string& name, const RoleKey& key);
  // Against others that change something below the folder, for as long as this lives. What changes
  // the proposal holds it by itself for the moment that it takes.
  [[nodiscard]] Result<void> hold();
  // While a person is asked nothing is held: ask() answers with a Result. Errc::denied where what
  // was read of the folder has become something else meanwhile; then nothing more is written.
  template <class Ask>
  [[nodiscard]] std::invoke_result_t<Ask> unheld(Ask ask) {
    if (!lock_) return ask();
    lock_.reset();
    auto answer = ask();
    if (auto again = hold_again(); answer && !again) return fail(std::move(again).error());
    return answer;
  }

  // What is published. A file is read when it is asked for, and no other one with it; what is
  // handed out stays valid until reload().
  [[nodiscard]] Result<Version> version_of(const RoleName& role);      // 0: it is not published
  [[nodiscard]] Result<const Draft*> published(const RoleName& role);  // nullptr: it is not
  [[nodiscard]] Result<std::string> published_file(const RoleName& role, Version version);
  // Of the present version, read once for all who ask, published() too; nullptr: there is none.
  [[nodiscard]] Result<Document> published_document(const RoleName& role);
  // The snapshot as somebody read it from that document: it is not read again to be changed.
  void take_over(const Snapshot& snapshot);
  void reload();

  // What is proposed. Changes are in memory until save(). A folder of it that is a link, as a clone
  // of what others pushed may have it, is Errc::denied: nothing is read or written behind it.
  [[nodiscard]] Result<std::vector<RoleName>> staged_roles();            // root and targets first
  [[nodiscard]] Result<const StagedRole*> staged(const RoleName& role);  // nullptr: it is not
  // From now on what others proposed is not looked at; only what is staged in memory counts.
  void ignore_staging() { ignore_staging_ = true; }
  // What is staged, else what is published, else nullptr.
  [[nodiscard]] Result<const Draft*> latest(const RoleName& role);
  // Of the latest; read once as long as that does not change.
  [[nodiscard]] Result<const Delegations*> delegations(const RoleName& role);
  [[nodiscard]] Result<const Root*> root();  // nullptr: there is none yet
  // To work on: what is staged, else what is published in its next version, else a fresh one.
  // Errc::denied where what is staged was edited by hand, or made from another version than the one
  // that is published by now.
  [[nodiscard]] Result<Draft> next(const RoleName& role);
  // The version and the expiry are the repository's to set: the next version, expiring when the
  // policy says. Signatures over something else go when it is saved.
  [[nodiscard]] Result<void> stage(const RoleName& role, Draft draft, Time now);
  // As it is: for what is signed already, or was edited by hand and is taken as it stands.
  [[nodiscard]] Result<void> stage_as_is(const RoleName& role, Draft draft);
  // How many signatures went. Errc::denied, and nothing is written, where somebody else changed one
  // of these proposals since it was read.
  [[nodiscard]] Result<std::size_t> save();
  // Of a save() only this: what was staged was published at once.
  [[nodiscard]] Result<void> save_names();
  // Errc::denied as for save().
  [[nodiscard]] Result<void> unstage(const RoleName& role);
  [[nodiscard]] Result<std::vector<StagedSignature>> signatures(const RoleName& role);
  // Errc::denied as for save(): nobody's signature stands beside what he did not see.
  [[nodiscard]] Result<void> add_signatures(const std::vector<NewSignature>& all);

  Path metadata_folder() const { return folder_ / "metadata"; }
  Path targets_folder() const { return folder_ / "targets"; }
  Path staging_folder() const { return folder_ / "staging"; }
  Path staged_file(const RoleName& role) const;
  Path signature_folder(const RoleName& role) const;

 private:
  Repository(Files& files, Path folder, ForeignKeys foreign)
      : files_(&files), folder_(std::move(folder)), foreign_(std::move(foreign)) {}
  static std::size_t largest(const RoleName& role);  // bytes of its metadata
  static Error overtaken(std::string_view what);     // "changed the proposal of root"
  [[nodiscard]] Result<Version> find_root_version();
  [[nodiscard]] Result<std::optional<std::string>> read_published(const Path& name);
  [[nodiscard]] Result<void> check_staging();
  [[nodiscard]] Result<bool> has_signatures(const RoleName& role) const;
  [[nodiscard]] Result<void> load_staged(const RoleName& role);
  [[nodiscard]] Result<void> check_to_change(const RoleName& role);
  [[nodiscard]] Result<void> save_role(const RoleName& role, StagedRole& staged);
  [[nodiscard]] Result<std::size_t> drop_signatures(const RoleName& role, const StagedRole& staged);
  [[nodiscard]] Result<std::unique_ptr<FileLock>> take_lock() const;
  [[nodiscard]] Result<std::unique_ptr<FileLock>> take_turn() const;  // nullptr: it is held already
  [[nodiscard]] Result<void> hold_again();
  [[nodiscard]] Result<void> check_unchanged(const std::vector<RoleName>& roles) const;
  [[nodiscard]] Result<void> check_staged_file(const RoleName& role,
                                               const std::string& known) const;
  [[nodiscard]] Result<void> check_published();
  Path made_from_file(const RoleName& role) const;
  void forget(const RoleName& role);  // what was read of its latest version

  Files* files_;
  Path folder_;
  ForeignKeys foreign_;
  RepoPolicy policy_;
  std::unique_ptr<FileLock> lock_;
  std::optional<Error> overtaken_;  // while nothing was held
  bool ignore_staging_ = false;
  bool staging_checked_ = false;  // for links
  std::optional<KeyNames> names_;
  std::map<std::string, std::string> new_names_;  // files below keys/ that are not written yet
  std::optional<Version> root_version_;
  std::map<std::string, std::unique_ptr<const Draft>, std::less<>> published_;  // nullptr: none
  std::map<std::string, Document, std::less<>> documents_;                      // nullptr: none
  std::optional<Snapshot> snapshot_;  // of documents_, as somebody read it
  std::map<std::string, std::unique_ptr<StagedRole>, std::less<>> staged_;  // nullptr: none
  std::map<std::string, Delegations, std::less<>> delegations_;
  std::optional<Root> root_;
};

// {} where it has none.
[[nodiscard]] Result<Delegations> delegations_of(const Draft& targets, const ForeignKeys& foreign);

// What metadata lists of a signature: nobody signed what else stands there. A bundle is an
// identity's (TAP 18).
json::Value bare_signature(const json::Value& listed, bool with_bundle);
[[nodiscard]] Result<StagedSignature> parse_staged_signature(std::string_view text);
std::string write_staged_signature(const StagedSignature& signature);

}  // namespace sluice::tuf
