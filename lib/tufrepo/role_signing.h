// SPDX-License-Identifier: Apache-2.0
// How the next version of a role gets its signatures: those that people gave and that hold are
// kept, and the keys at hand add theirs.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tufrepo/proposal.h"
#include "tufrepo/role_key.h"

namespace sluice::tuf {

// The keys at hand for a role, of those that it lists; whose they are is the caller's business.
struct OnlineKeys {
  std::vector<std::shared_ptr<RoleSigner>> keys = {};
  // Why one could not be opened. Others may be enough; where they are not, this is the reason.
  std::optional<Error> broken = {};
};
using OnlineSigners =
    std::function<Result<OnlineKeys>(const RoleName& role, const Signatories& signatories)>;

// A role on its way: a draft with those of its signatures that hold, and who else is to sign it.
struct Signing {
  RoleName role{""};
  Version from = 0;
  Draft draft;
  std::vector<Signatories> all = {};
  bool incomplete = false;
  std::vector<RoleSigner*> keys = {};
  std::optional<Error> broken = {};
  std::optional<Snapshot> read = {};  // of it, once it is signed, where it is large
};

class RoleSigning {
 public:
  RoleSigning(Repository& repository, const OnlineSigners& signers)
      : repository_(repository), signers_(signers) {}

  // Keys of those roles that nobody is asked for; where that fails it is told when they are needed.
  void open_early(const std::vector<ProposedRole>& roles);
  // quorums: as its signatures were counted; none: it has none.
  [[nodiscard]] Result<Signing> begin(const RoleName& role, Version from, Draft draft,
                                      const std::vector<Quorum>& quorums);
  // By the keys at hand. A large snapshot is read meanwhile, as clients will read it.
  [[nodiscard]] static Result<void> sign(Signing& work);
  // On all cores, where their keys can: bins are many.
  static std::vector<Result<void>> sign_all(std::vector<Signing>& work);
  // Of whom there are not enough; none: it is signed. An error where a key could not be opened that
  // would have been one of them.
  [[nodiscard]] Result<std::vector<Quorum>> missing(const Signing& work);

 private:
  [[nodiscard]] Result<const OnlineKeys*> online_keys(const RoleName& role,
                                                      const Signatories& signatories);
  [[nodiscard]] Result<std::vector<json::Value>> signatures_that_hold(
      const RoleName& role, const Draft& draft, const std::vector<Quorum>& quorums,
      const std::vector<Signatories>& all);

  Repository& repository_;
  const OnlineSigners& signers_;
  // Once for all roles with the same keys and the same sources.
  std::map<std::string, OnlineKeys> opened_;
};

}  // namespace sluice::tuf
