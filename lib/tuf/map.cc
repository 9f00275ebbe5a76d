// SPDX-License-Identifier: Apache-2.0
#include "tuf/map.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "json/value.h"
#include "tuf/checks.h"
#include "tuf/names.h"

namespace sluice::tuf {

namespace {

constexpr std::string_view kNotListed = "tuf.target.unknown";

Result<std::vector<std::string>> read_strings(const json::Fields& in, std::string_view key,
                                              std::size_t max) {
  SLUICE_TRY(const auto fields, in.array(key, max));
  std::vector<std::string> out;
  for (const auto& each : fields) {
    SLUICE_TRY(auto text, each.as_string());
    out.push_back(std::move(text));
  }
  if (out.empty()) return fail(Errc::malformed, cat(in.path(), ".", key, " is empty"));
  return out;
}

Result<MappedRepository> read_repository(const json::Fields& in, const std::string& name) {
  if (name.empty() || name.size() > kMapName) {
    return fail(Errc::malformed, cat("a repository's name has 1 to ", kMapName, " bytes"));
  }
  SLUICE_TRY(auto urls, read_strings(in, name, kMapUrls));
  for (const auto& url : urls) {
    if (url.starts_with("https://") || url.starts_with("http://")) continue;
    return fail(Errc::malformed, cat(printable(url, 200), " is no http or https URL"));
  }
  return MappedRepository{name, std::move(urls)};
}

Result<Mapping> read_mapping(const json::Fields& in, const RepositoryMap& map) {
  SLUICE_CHECK(in.only({"paths", "repositories", "threshold", "terminating"}));
  Mapping out;
  SLUICE_TRY(out.paths, read_strings(in, "paths", kMapPaths));
  SLUICE_TRY(out.repositories, read_strings(in, "repositories", kMapRepositories));
  SLUICE_TRY(const auto threshold, in.integer("threshold"));
  if (in.has("terminating")) {
    SLUICE_TRY(out.terminating, in.boolean("terminating"));
  }
  std::set<std::string_view> seen;
  for (const auto& name : out.repositories) {
    if (map.find(name) == nullptr) {
      return fail(Errc::malformed,
                  cat(in.path(), ": no repository is called ", printable(name, 80)));
    }
    if (!seen.insert(name).second) {
      return fail(Errc::malformed, cat(in.path(), ": ", printable(name, 80), " a second time"));
    }
  }
  if (threshold < 1 || static_cast<std::uint64_t>(threshold) > out.repositories.size()) {
    return fail(Errc::malformed, cat(in.path(), ": the threshold is ", threshold, "; 1 to ",
                                     out.repositories.size(), " repositories can agree"));
  }
  out.threshold = static_cast<std::size_t>(threshold);
  return out;
}

std::vector<crypto::Digest> sorted_hashes(const TargetFile& file) {
  auto out = file.hashes.known;
  std::ranges::sort(out);
  return out;
}

bool lists_the_same(const Found& one, const Found& other) {
  return one.file.length == other.file.length && !one.file.hashes.known.empty() &&
         sorted_hashes(one.file) == sorted_hashes(other.file);
}

// One search: what each repository said, asked once at most.
class Search {
 public:
  Search(const RepositoryMap& map, const std::string& path, const AskRepository& ask)
      : map_(map), path_(path), ask_(ask), report_(printable(path, 300)) {}

  Result<Verdict<Agreed>> run() && {
    for (const Mapping& mapping : map_.mapping) {
      if (!mapping.covers(path_)) continue;
      any_ = true;
      SLUICE_TRY(const bool go_on, consult(mapping));
      if (!go_on) return Verdict<Agreed>::conclude(std::move(report_), std::move(agreed_));
    }
    refuse("mapping",
           any_ ? "no mapping came to an agreement, and the last one does not terminate"
                : "no mapping covers this path",
           "4.2");
    return Verdict<Agreed>::conclude(std::move(report_), std::nullopt);
  }

 private:
  void refuse(std::string_view what, const std::string& detail, std::string_view step) {
    Checks(report_, "map", printable(path_, 300))
        .refuse(what, "", cat("TAP 4, searching, step ", step), detail);
  }

  // false: that was the end of it.
  Result<bool> consult(const Mapping& mapping) {
    std::vector<Agreed> groups;
    std::optional<Report> refused;
    std::optional<Error> error;
    for (const auto& name : mapping.repositories) {
      auto answer = ask_(*map_.find(name));
      if (!answer) {
        if (!error) error = std::move(answer).error().in(cat("asking ", printable(name, 80)));
        continue;
      }
      if (!answer->passed()) {
        if (answer->report().first_failure()->id != kNotListed && !refused) {
          refused = answer->report();
        }
        continue;
      }
      const Found& found = *answer->value();
      auto group = std::ranges::find_if(
          groups, [&](const Agreed& each) { return lists_the_same(each.target, found); });
      if (group == groups.end())
        group = groups.insert(group, {.target = found, .repositories = {}});
      group->repositories.push_back(name);
      append(report_, answer->report());
      if (group->repositories.size() < mapping.threshold) continue;
      agree(*group, mapping);
      return false;
    }
    if (refused) {
      append(report_, *refused);
      return false;
    }
    if (error) return fail(*std::move(error));
    if (!mapping.terminating) return true;
    refuse_agreement(groups, mapping);
    return false;
  }

  void agree(const Agreed& group, const Mapping& mapping) {
    std::vector<std::string> names;
    for (const auto& name : group.repositories) names.push_back(printable(name, 80));
    Checks(report_, "map", printable(path_, 300))
        .pass("agreement", cat(names.size(), " of ", mapping.threshold,
                               " needed list the same: ", join(names, ", ")));
    agreed_ = group;
  }

  void refuse_agreement(const std::vector<Agreed>& groups, const Mapping& mapping) {
    std::size_t most = 0;
    for (const auto& group : groups) most = std::max(most, group.repositories.size());
    refuse("agreement",
           groups.empty() ? std::string("none of its repositories lists it")
                          : cat(most, most == 1 ? " repository lists" : " repositories list",
                                " one length and hashes, ", mapping.threshold, " have to agree",
                                groups.size() > 1 ? "; others list something else" : ""),
           "4.1");
  }

  const RepositoryMap& map_;
  const std::string& path_;
  const AskRepository& ask_;
  Report report_;
  std::optional<Agreed> agreed_;
  bool any_ = false;
};

}  // namespace

bool Mapping::covers(std::string_view path) const {
  return std::ranges::any_of(
      paths, [&](const auto& pattern) { return pattern == "*" || path_matches(pattern, path); });
}

const MappedRepository* RepositoryMap::find(std::string_view name) const {
  const auto at = std::ranges::find(repositories, name, &MappedRepository::name);
  return at == repositories.end() ? nullptr : &*at;
}

Result<RepositoryMap> parse_map(std::string_view json) {
  SLUICE_TRY(const auto value, json::parse_strict(json, {.bytes = kMapBytes}));
  const json::Fields root(value, "map");
  SLUICE_CHECK(root.only({"repositories", "mapping"}));
  RepositoryMap out;
  SLUICE_TRY(const auto repositories, root.object("repositories"));
  const json::Object& described = *repositories.value().object();
  if (described.empty() || described.size() > kMapRepositories) {
    return fail(Errc::malformed, cat("a map describes 1 to ", kMapRepositories, " repositories"));
  }
  for (const auto& [name, urls] : described) {
    SLUICE_TRY(auto one, read_repository(repositories, name));
    out.repositories.push_back(std::move(one));
  }
  SLUICE_TRY(const auto mapping, root.array("mapping", kMapMappings));
  for (const auto& each : mapping) {
    SLUICE_TRY(auto one, read_mapping(each, out));
    out.mapping.push_back(std::move(one));
  }
  if (out.mapping.empty()) return fail(Errc::malformed, "a map without a mapping");
  return out;
}

// "repository-" in front, so that ".." is no way up; a hash where it is too long for a name.
std::string repository_folder(std::string_view name) {
  std::string encoded = percent_encoded(name);
  return cat("repository-", encoded.size() > kMapName ? path_hash(name) : encoded);
}

Result<Verdict<Agreed>> find_agreed(const RepositoryMap& map, const std::string& path,
                                    const AskRepository& ask) {
  return Search(map, path, ask).run();
}

}  // namespace sluice::tuf
