// SPDX-License-Identifier: Apache-2.0
// A repository as sets to publish, and what clients make of what is in a store.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

#include "base/text.h"
#include "support/fake_world.h"
#include "support/temp_folder.h"
#include "support/tuf/fake_repo.h"
#include "tuf/client.h"
#include "tufrepo/publish.h"
#include "tufrepo/publish_parts.h"

namespace sluice::tuf {

using StoredFiles = std::map<std::string, std::string>;

inline StoredFiles files_below(const Path& folder) {
  StoredFiles out;
  const auto paths = walk(system_files(), folder);
  if (!paths) return out;
  for (const auto& path : *paths) {
    out[path.lexically_relative(folder).native()] = test::read_file(path);
  }
  return out;
}

inline void write_below(const Path& folder, const StoredFiles& files) {
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  for (const auto& [name, bytes] : files) {
    std::filesystem::create_directories((folder / name).parent_path());
    ASSERT_TRUE(system_files().create(folder / name, bytes));
  }
}

// What the repository has and the store has not, built on the timestamp of the store.
inline Publication publication_of(const StoredFiles& repo, const StoredFiles& store) {
  Publication out;
  std::map<Version, std::string> roots;
  for (const auto& [name, bytes] : repo) {
    if (name == kTimestampFile) {
      out.timestamp = bytes;
    } else if (!store.contains(name)) {
      const auto parsed = metadata_name(name);
      if (parsed && parsed->role == "root") {
        roots[parsed->version] = bytes;
      } else {
        (parsed ? out.metadata : out.targets).push_back({name, Content::of(bytes)});
      }
    }
  }
  for (auto& [version, bytes] : roots) out.roots.push_back(std::move(bytes));
  if (const auto at = store.find(std::string(kTimestampFile)); at != store.end()) {
    out.timestamp_before = sha256_of(at->second);
  }
  return out;
}

// A client at the store's files: the content of libs/a, or why there is none.
class Reader {
 public:
  explicit Reader(const test::FakeRepo& repo) : view_(repo) {
    clock_.set(test::kTufNow);
    root_ = repo.files.at("metadata/1.root.json");
  }
  std::string look(const StoredFiles& files, const Path& cache) {
    view_.files = files;
    test::RepoHttp http(view_);
    Client client(system_files(), clock_, &http,
                  {.folder = cache,
                   .metadata_urls = {"http://one/metadata/"},
                   .target_urls = {"http://one/targets/"}});
    if (const auto begun = client.init(root_); !begun) return begun.error().what;
    const auto refreshed = client.refresh();
    if (!refreshed) return refreshed.error().what;
    if (!refreshed->passed()) return refreshed->report().first_failure()->detail;
    const auto found = client.find("libs/a");
    if (!found) return found.error().what;
    if (!found->passed()) return found->report().first_failure()->detail;
    const test::TempFolder out;
    const auto fetched = client.download({*found->value()}, out.path());
    if (!fetched) return fetched.error().what;
    if (!fetched->passed()) return fetched->report().first_failure()->detail;
    return test::read_file(out / "libs/a");
  }
  std::string look_fresh(const StoredFiles& files) {
    const test::TempFolder cache;
    return look(files, cache.path());
  }

 private:
  test::FakeRepo view_;
  test::FakeClock clock_;
  std::string root_;
};

// Version 1 of everything, with libs/a = "one".
inline void make_first(test::FakeRepo& repo) {
  repo.delegate("targets", "libs", {"libs/*"});
  repo.add_target("libs", "libs/a", "one");
  repo.publish({"libs", "targets", "snapshot", "timestamp"});
}
inline void make_second(test::FakeRepo& repo) {
  repo.add_target("libs", "libs/a", "two");
  repo.publish({"libs", "snapshot", "timestamp"});
}

}  // namespace sluice::tuf
