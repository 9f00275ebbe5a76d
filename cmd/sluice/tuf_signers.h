// SPDX-License-Identifier: Apache-2.0
// Keys that can sign a role, opened for a command. Each is opened once, whatever number of roles it
// signs: nobody is asked twice for one password.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "invocation.h"
#include "tufrepo/proposal.h"
#include "tufrepo/release.h"
#include "tufrepo/role_key.h"

namespace sluice::cli {

class TufSigners {
 public:
  using Signer = std::shared_ptr<tuf::RoleSigner>;

  // Sources that are relative paths are below `base`. `in` must outlive it.
  TufSigners(Invocation& in, Path base);
  // Commands that are opened from now on get none of the variables that the policy names for keys.
  void withhold(const tuf::RepoPolicy& policy);

  // As role_key.h reads sources. Of the keys that the role lists it must be one, else Errc::denied;
  // which one counts for keyid and scheme.
  [[nodiscard]] Result<Signer> one_of(const std::string& source,
                                      const std::vector<tuf::Signatories>& signatories);
  // Any key: for a role that is new.
  [[nodiscard]] Result<Signer> any(const std::string& source);

 private:
  [[nodiscard]] Result<Signer> open(const std::string& source,
                                    const std::optional<tuf::RoleKey>& expected);

  Invocation& in_;
  Path base_;
  std::vector<std::string> withheld_;  // variables
  std::shared_ptr<tuf::IdentitySigners> identities_;
  std::map<std::string, Result<Signer>> opened_;  // by source, and by the key that it must be
};

// Those that the policy names for a role.
tuf::OnlineSigners online_signers(Invocation& in, const tuf::Repository& repository);

}  // namespace sluice::cli
