// SPDX-License-Identifier: Apache-2.0
// The TUF client with everything that takes the outside world: requests with a bound on size, time
// and rate, mirrors, a cache that processes share, targets that appear under their names only when
// they are whole and checked.
//
//   Client client(files, clock, http, options);
//   client.init(root)        once
//   client.refresh()         5.1 to 5.6 for the top-level roles
//   client.find(path)        5.6.7, fetching the delegated roles on the way
//   client.download(...)     5.7
//
// A refusal is a verdict; an Error means that it could not be decided: no network, no disk.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/http.h"
#include "tuf/cache.h"
#include "tuf/trusted_set.h"

namespace sluice::tuf {

struct Progress {
  std::string what;  // a target's path
  std::uint64_t done = 0;
  std::uint64_t total = 0;
};

struct ClientOptions {
  Path folder;                             // of the cache
  std::vector<std::string> metadata_urls;  // mirrors, the first that works is taken
  std::vector<std::string> target_urls;
  Headers headers = {};
  // A root that is trusted now, instead of the one that init was given.
  std::optional<std::string> root = {};
  Limits limits = {};
  ForeignKeys foreign = {};
  std::chrono::milliseconds request_time{30'000};  // beside the time that the bytes may take
  std::chrono::milliseconds lock_wait{120'000};
  bool offline = false;       // only what the cache has, as long as it has not expired
  bool hash_in_names = true;  // of targets, where snapshots are consistent (TUF 6.2)
  // What was accepted is written to the cache while the caller goes on; it ends with settle().
  bool write_behind = false;
  std::function<void(const Progress&)> progress = {};
  std::function<void(const std::string&)> note = {};  // what went wrong and was overcome
};

struct RoleState {
  Version version = 0;
  Time expires{};
};
struct State {
  RoleState root;
  RoleState timestamp;
  RoleState snapshot;
  RoleState targets;
  bool consistent_snapshot = false;
  std::size_t target_count = 0;  // of the top-level role
  std::size_t delegations = 0;
};

struct Found {
  TargetFile file;
  RoleName role{""};  // who lists it
};

struct Fetched {
  Found target;
  Path path;
  bool present = false;  // it was there already: no request was made
};

class Fetcher;

class Client {
 public:
  // http may be nullptr where options.offline is set.
  Client(Files& files, Clock& clock, Http* http, ClientOptions options);
  ~Client();

  // 5.2: keeps the root; makes no request. Errc::denied where the folder began with another one.
  [[nodiscard]] Result<Verdict<Accepted>> init(const std::string& root);
  [[nodiscard]] Result<Verdict<State>> refresh();
  // After a refresh that passed.
  [[nodiscard]] Result<Verdict<Found>> find(const std::string& path);
  // Each to folder/PATH. What was fetched before another one failed stays.
  [[nodiscard]] Result<Verdict<std::vector<Fetched>>> download(const std::vector<Found>& targets,
                                                               const Path& folder);
  // With write_behind: waits until the cache is written, and tells what went wrong with it.
  [[nodiscard]] Result<void> settle();
  const TrustedSet* trusted() const { return set_ ? &*set_ : nullptr; }

 private:
  // true: go on; false: the report says why not.
  using Step = Result<bool>;
  Step check_clock(Report& report, Time now);
  Step load_roots(Report& report, Time now);
  Step fetch_roots(Report& report);
  Step keep_root(Report& report) const;
  Step update_timestamp(Report& report);
  Step update_snapshot(Report& report);
  Step load_role(Report& report, const RoleName& role, const Targets* delegator);
  Step refresh_roles(Report& report, Time now);
  void remember_time(Time now);
  Step search(Report& report, const std::string& path, std::optional<Found>& found);
  // A file of the repository, from the first mirror whose copy is accepted; nullopt where none has
  // it, and of what may be absent where one says so, whatever the others do. `store` keeps what was
  // accepted.
  using Accept = std::function<Verdict<Accepted>(std::string&)>;
  using Store = std::function<Result<void>(const Accepted&, const std::string&)>;
  struct Ask {
    std::string path;
    std::string kind;
    std::string clause;
    std::size_t max = 0;
    bool may_be_absent = false;
  };
  [[nodiscard]] Result<std::optional<bool>> ask_mirrors(Report& report, const Ask& ask,
                                                        const Accept& accept, const Store& store);
  // Shared by the calls and by what they write behind: one process holds the lock once.
  using Held = std::shared_ptr<FileLock>;
  [[nodiscard]] Result<Held> hold();
  // Writes what was accepted, whatever came of the rest.
  [[nodiscard]] Result<void> keep(Held held, const Result<bool>& passed, Lasting lasting);
  [[nodiscard]] Verdict<Accepted> take_targets(std::string& body, const RoleName& role,
                                               const Targets* delegator,
                                               std::unique_ptr<Prepared>& written);
  [[nodiscard]] Result<void> pass_over(const RoleName& role, const Report& report);
  void note(const std::string& what) const;
  State state_of() const;

  Files& files_;
  Clock& clock_;
  ClientOptions options_;
  Cache cache_;
  std::unique_ptr<Fetcher> fetcher_;
  std::weak_ptr<FileLock> held_;
  std::optional<TrustedSet> set_;
  std::string current_root_;  // the bytes of the trusted one
  // Why the next root that the cache has does not count: it was accepted once, and has to be
  // accepted again before anything is built upon an older one.
  std::optional<Report> passed_over_;
};

}  // namespace sluice::tuf
