// SPDX-License-Identifier: Apache-2.0
// The way of a client from targets downwards (TUF 5.6.7), through what is staged or else published.
// What it has seen of a role it takes to be so until forget(): nothing may be staged meanwhile.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "tufrepo/repository.h"

namespace sluice::tuf {

class DelegationWay {
 public:
  explicit DelegationWay(Repository& repository) : repository_(repository) {}

  // Of one role.
  struct Known {
    RoleName role;
    const Draft* draft = nullptr;              // nullptr: there is none
    const Delegations* delegations = nullptr;  // nullptr: it has none
    bool any = false;                          // it lists some target
    std::vector<Known*> bins = {};             // by number; nullptr: not looked at yet
    std::vector<Listed> added = {};            // for who collects what is to be listed there

    bool lists(std::string_view path) const { return any && draft->find(path).has_value(); }
  };
  struct Answer {
    Known* lists = nullptr;  // the role that lists the path now; nullptr: none does
    Known* takes = nullptr;  // the one that is to list it then
  };
  // `hash` is path_hash() of the path.
  [[nodiscard]] Result<Answer> of(std::string_view path, std::string_view hash);
  // Whether a client that looks for the path comes to the role.
  [[nodiscard]] Result<bool> leads_to(std::string_view path, std::string_view hash,
                                      const RoleName& role);
  [[nodiscard]] Result<Known*> look_at(const RoleName& role);
  // Every role that a client may be sent to. Each is opened; Errc::limit where there are too many.
  [[nodiscard]] Result<std::vector<Known*>> all();

  // Those for which something was collected, by name.
  std::vector<Known*> with_added();
  void forget();

 private:
  [[nodiscard]] Result<std::vector<Known*>> below(Known& at, std::string_view path,
                                                  std::string_view hash);
  [[nodiscard]] Result<RoleName> parent_of(const RoleName& role);

  Repository& repository_;
  RoleName targets_{"targets"};
  Known* top_ = nullptr;                          // of targets_, once it was looked at
  std::unordered_map<std::string, Known> known_;  // whose elements stay where they are
  std::unordered_map<std::string, RoleName> parents_;
};

}  // namespace sluice::tuf
