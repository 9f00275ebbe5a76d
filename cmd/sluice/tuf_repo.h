// SPDX-License-Identifier: Apache-2.0
// What the commands that keep a TUF repository share.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "invocation.h"
#include "tufrepo/edit.h"
#include "tufrepo/release.h"
#include "tufrepo/role_list.h"

namespace sluice::cli {

// The repository of --repo, else of the folder that one is in.
[[nodiscard]] Result<tuf::Repository> open_repository(Invocation& in);
// Held against other commands that change it, for as long as the answer lives.
struct OpenRepository {
  tuf::Repository repository;
};
[[nodiscard]] Result<OpenRepository> open_to_change(Invocation& in);
// Errc::not_found where one of the roles is not proposed.
[[nodiscard]] Result<void> check_proposed(tuf::Repository& repository,
                                          const std::vector<tuf::RoleName>& roles);
Path repository_folder(const Invocation& in);
// --repo, and what says whom to trust where identities signed.
std::vector<Option> with_repository_options(std::vector<Option> own);

// "[NAME=]FILE", a public key, "[NAME=]sigstore:WHO?issuer=URL", or the name of one that is known;
// then kept below keys/.
[[nodiscard]] Result<tuf::RoleKey> key_argument(Invocation& in, tuf::Repository& repository,
                                                const std::string& given);
// The same without a repository: the name and the key.
struct NamedKey {
  std::string name;
  tuf::RoleKey key;
};
[[nodiscard]] Result<NamedKey> read_named_key(Invocation& in, const std::string& given);
// A number above 0.
[[nodiscard]] Result<std::int64_t> count_argument(std::string_view option,
                                                  const std::string& given);

// Saves what is staged and says so: "proposed  root 7, targets 42", notes, what comes next.
[[nodiscard]] Result<int> save_and_tell(Invocation& in, tuf::Repository& repository,
                                        const tuf::Edited& edited);

// Of those that went when it was saved.
std::string dropped_text(std::size_t signatures);

// Adds files, folders and what a list names (--list, --under, --custom, …), as `tuf add` does.
[[nodiscard]] Result<tuf::Edited> add_given_targets(Invocation& in, tuf::Repository& repository,
                                                    const std::vector<std::string>& paths);

// Signs online, publishes here and where the policy says, tells.
struct PublishRequest {
  bool renew_only = false;
  bool force = false;
  bool read_targets = false;                 // look whether files of targets are what is listed
  tuf::Edited edited = {};                   // what was changed just now, for the answer
  tuf::PublishedCheck* published = nullptr;  // that was begun already
};
[[nodiscard]] Result<int> publish_and_tell(Invocation& in, tuf::Repository& repository,
                                           const PublishRequest& request);
std::vector<Option> with_publish_options(std::vector<Option> own);  // --repo and the like too

json::Value changes_json(const std::vector<tuf::Change>& changes);
json::Value proposal_json(const tuf::Proposal& proposal);
std::string proposal_text(const tuf::Proposal& proposal, Time now, bool with_changes);

std::vector<Command> tuf_client_commands();
std::vector<Command> tuf_init_commands();
std::vector<Command> tuf_target_commands();
std::vector<Command> tuf_role_commands();
std::vector<Command> tuf_sign_commands();
std::vector<Command> tuf_status_commands();
std::vector<Command> tuf_publish_commands();
std::vector<Command> tuf_look_commands();

}  // namespace sluice::cli
