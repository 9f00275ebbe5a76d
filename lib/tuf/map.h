// SPDX-License-Identifier: Apache-2.0
// TAP 4: which repositories have to agree about which targets, and the search that makes them.
//
// The map is the client's own file (map.json): it says whom to trust, and no repository may change
// it. What does not follow its form is an error, members that are not known included.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "tuf/client.h"

namespace sluice::tuf {

inline constexpr std::size_t kMapBytes = 1U << 20;
inline constexpr std::size_t kMapRepositories = 64;
inline constexpr std::size_t kMapUrls = 16;  // of one repository
inline constexpr std::size_t kMapMappings = 1024;
inline constexpr std::size_t kMapPaths = 1024;  // of one mapping
inline constexpr std::size_t kMapName = 128;    // bytes of a repository's name

struct MappedRepository {
  std::string name;  // for people; never a path, nor a part of one
  std::vector<std::string> urls;
};

struct Mapping {
  std::vector<std::string> paths;  // as in delegations; but "*" alone is every path
  std::vector<std::string> repositories;
  std::size_t threshold = 1;
  bool terminating = false;

  bool covers(std::string_view path) const;
};

struct RepositoryMap {
  std::vector<MappedRepository> repositories;
  std::vector<Mapping> mapping;  // in the order in which they count

  const MappedRepository* find(std::string_view name) const;
};

// Refuses a threshold below 1 or above the number of repositories, a repository twice in a mapping
// or not described, URLs that are neither http nor https.
[[nodiscard]] Result<RepositoryMap> parse_map(std::string_view json);

// The file name of a repository's cache, below a folder for them: never more than one part.
std::string repository_folder(std::string_view name);

struct Agreed {
  Found target;                           // as the first of them lists it
  std::vector<std::string> repositories;  // that list the same length and hashes, in their order
};

// What one repository says of a target: refreshed and searched; refused with "tuf.target.unknown"
// where it does not list it.
using AskRepository = std::function<Result<Verdict<Found>>(const MappedRepository&)>;

// The first mapping that covers the path and whose threshold of repositories lists the same length
// and the same hashes ("custom" is not compared). The search goes on to the next mapping where too
// few list it or agree, unless this one terminates; but never past a repository that was refused or
// did not answer, which an attacker may be the cause of.
[[nodiscard]] Result<Verdict<Agreed>> find_agreed(const RepositoryMap& map, const std::string& path,
                                                  const AskRepository& ask);

}  // namespace sluice::tuf
