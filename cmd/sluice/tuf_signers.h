// SPDX-License-Identifier: Apache-2.0
// Keys that can sign a role, opened for a command. Each is opened once, whatever number of roles it
// signs, and once more where metadata lists it under a keyid or with a scheme of its own. Nobody is
// asked twice for one password.
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
  // Below the repository's folder. It is not held while a person is asked, and must outlive this.
  TufSigners(Invocation& in, tuf::Repository& repository);

  // As role_key.h reads sources. Which of the keys that the role lists it is counts for keyid and
  // scheme. An error: what it is cannot be told, say for a wrong password.
  struct Match {
    Signer signer;         // nullptr: it is none of them
    std::string why = {};  // it is none of them
  };
  [[nodiscard]] Result<Match> one_of(const std::string& source,
                                     const std::vector<tuf::Signatories>& signatories);
  // Any key: for a role that is new.
  [[nodiscard]] Result<Signer> any(const std::string& source);

 private:
  [[nodiscard]] Result<Signer> open(const std::string& source,
                                    const std::optional<tuf::RoleKey>& expected);
  [[nodiscard]] Result<Match> asked_as_each(const std::string& source,
                                            const std::vector<tuf::Signatories>& signatories);
  tuf::SignerOptions options_for(const std::string& source);
  [[nodiscard]] Result<SecretBytes> password_for(const std::string& source);

  Invocation& in_;
  Path base_;
  std::vector<std::string> withheld_;  // variables
  tuf::Repository* held_ = nullptr;
  std::shared_ptr<tuf::IdentitySigners> identities_;
  std::map<std::string, Result<Signer>> opened_;  // by source, and by the key that it must be
  std::map<std::string, SecretBytes> passwords_;  // by source, which may be read as several keys
};

// Those that the policy names for a role. One that cannot be opened is an error; one that is
// another key is passed over.
tuf::OnlineSigners online_signers(Invocation& in, tuf::Repository& repository);

}  // namespace sluice::cli
