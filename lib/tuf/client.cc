// SPDX-License-Identifier: Apache-2.0
#include "tuf/client.h"

#include <algorithm>
#include <set>

#include "base/parallel.h"
#include "base/text.h"
#include "tuf/checks.h"
#include "tuf/fetcher.h"
#include "tuf/names.h"

namespace sluice::tuf {

namespace {

// A clock is corrected now and then; further back than this it was set back.
constexpr std::chrono::minutes kClockTolerance{10};

Error no_such_file(std::string_view path, const ClientOptions& options) {
  if (options.offline) {
    return Error{Errc::not_found,
                 cat(shown(options.folder), " does not have ", printable(path, 200)),
                 {},
                 "refresh once without --offline"};
  }
  return Error{
      Errc::not_found,
      cat("the repository has no ", printable(path, 200)),
      {},
      "check the URL of the metadata; if it is right, the repository is broken or is being "
      "published: try again later"};
}

bool is_damage(const Report& report) {
  const Check* failure = report.first_failure();
  if (failure == nullptr) return false;
  return failure->id.ends_with(".format") || failure->id.ends_with(".limit") ||
         failure->id.ends_with(".type") || failure->id.ends_with(".spec-version");
}

std::string refusal_of(const Report& report) {
  const Check* failure = report.first_failure();
  return failure == nullptr ? "refused" : failure->detail;
}

std::string subject_of(const ClientOptions& options) {
  return options.offline || options.metadata_urls.empty()
             ? shown(options.folder)
             : printable(options.metadata_urls[0], 300);
}

}  // namespace

Client::Client(Files& files, Clock& clock, Http* http, ClientOptions options)
    : files_(files),
      clock_(clock),
      options_(std::move(options)),
      cache_(files, options_.folder, options_.limits.stated) {
  fetcher_ = std::make_unique<Fetcher>(options_.offline ? nullptr : http, options_.headers,
                                       options_.request_time);
}

Client::~Client() = default;

// Offline nothing is written, so that a cache may be read-only.
Result<Client::Held> Client::hold() {
  if (options_.offline) return nullptr;
  if (auto held = held_.lock()) return held;
  SLUICE_CHECK(cache_.make_folders());
  SLUICE_TRY(auto lock, cache_.lock(options_.lock_wait));
  Held held = std::move(lock);
  held_ = held;
  return held;
}

Result<void> Client::keep(Held held, const Result<bool>& passed, Lasting lasting) {
  if (!options_.write_behind || !passed || !*passed) return cache_.settle(lasting);
  cache_.settle_behind(lasting, std::move(held));
  return {};
}

Result<void> Client::settle() { return cache_.settle(Lasting::yes); }

// What is whole stays until something newer takes its place: that its signatures do not count may
// be for want of the trust material of this run (TAP 18), and it is what tells a rollback.
Result<void> Client::pass_over(const RoleName& role, const Report& report) {
  note(cat("a file of the cache does not count: ", refusal_of(report)));
  return options_.offline || !is_damage(report) ? Result<void>() : cache_.drop(role);
}

void Client::note(const std::string& what) const {
  if (options_.note) options_.note(what);
}

Result<Verdict<Accepted>> Client::init(const std::string& root) {
  auto verdict = TrustedSet::start(
      root, {.now = clock_.now(), .limits = options_.limits, .foreign = options_.foreign});
  std::optional<Accepted> out;
  if (verdict.passed()) {
    const Root& parsed = verdict.value()->root();
    const Version version = parsed.header.version;
    SLUICE_CHECK(cache_.make_folders());
    SLUICE_TRY(const auto lock, cache_.lock(options_.lock_wait));
    const auto roots = cache_.roots();
    if (!roots.empty() && cache_.load_root(version) != root) {
      return fail(Error{Errc::denied,
                        cat(shown(options_.folder), " holds another root already"),
                        {},
                        "name another folder, or remove this one to begin anew"});
    }
    if (roots.empty()) {
      cache_.store_root(version, root);
      cache_.set_state({.anchor = version, .latest = {}});
      cache_.store(role_name(RoleType::root), root);
      SLUICE_CHECK(cache_.settle(Lasting::yes));
    }
    out = Accepted{
        .role = role_name(RoleType::root), .version = version, .expires = parsed.header.expires};
  }
  return Verdict<Accepted>::conclude(verdict.report(), std::move(out));
}

Result<std::optional<bool>> Client::ask_mirrors(Report& report, const Ask& ask,
                                                const Accept& accept, const Store& store) {
  std::optional<Report> refused;
  std::optional<Error> error;
  bool absent = false;
  const auto overcome = [&](const std::string& url, const std::string& why) {
    if (options_.metadata_urls.size() > 1) note(cat(printable(url, 200), ": ", why));
  };
  for (const auto& base : options_.metadata_urls) {
    auto body = fetcher_->get(joined_url(base, ask.path), ask.max);
    const auto attack = body ? std::nullopt : attack_in(body.error(), ask.clause);
    if (attack) {
      Report rows(ask.path);
      Checks(rows, ask.kind, ask.path)
          .refuse(attack->check, attack->name, attack->clause, body.error().what);
      overcome(base, refusal_of(rows));
      if (!refused) refused = std::move(rows);
    } else if (!body) {
      overcome(base, body.error().what);
      if (!error) error = std::move(body).error().in(cat("fetching ", ask.path));
    } else if (*body) {
      auto verdict = accept(**body);
      if (verdict.passed()) {
        append(report, verdict.report());
        SLUICE_CHECK(store(*verdict.value(), **body));
        return true;
      }
      overcome(base, refusal_of(verdict.report()));
      if (!refused) refused = verdict.report();
    } else {
      absent = true;
    }
  }
  if (absent && ask.may_be_absent) return std::nullopt;
  if (refused) {
    append(report, *refused);
    return false;
  }
  if (error) return fail(*std::move(error));
  if (options_.metadata_urls.empty()) return fail(Errc::usage, "no URL of the metadata was given");
  return std::nullopt;
}

Client::Step Client::check_clock(Report& report, Time now) {
  const auto latest = cache_.state().latest;
  if (!latest) return true;
  Checks checks(report, "clock", "client.state");
  if (now + kClockTolerance >= *latest) {
    checks.pass("time", cat("not before ", human_time(*latest)));
    return true;
  }
  Check& row = checks.refuse(
      "time", kFreeze, "5.1",
      cat("the clock is at ", human_time(now), ", the last refresh was at ", human_time(*latest)));
  row.expected = cat("a time after ", human_time(*latest));
  row.found = human_time(now);
  row.advice =
      cat("with a clock set back, what expired looks good: correct the clock. If it was "
          "ahead before and is right now, remove ",
          shown(options_.folder / "client.state"));
  return false;
}

// 5.2, and 5.3 for the roots that the cache has.
Client::Step Client::load_roots(Report& report, Time now) {
  const TrustOptions trust{.now = now, .limits = options_.limits, .foreign = options_.foreign};
  std::optional<std::string> first;
  if (options_.root) {
    first = options_.root;
  } else {
    auto versions = cache_.roots();
    const Version anchor = cache_.state().anchor;
    std::erase_if(versions, [&](Version version) { return version < anchor; });
    // The first that is whole: it was checked when it came.
    for (const Version version : versions) {
      auto text = cache_.load_root(version);
      if (!text || !TrustedSet::start(*text, trust).passed()) continue;
      first = std::move(text);
      break;
    }
    if (!first) first = cache_.load(role_name(RoleType::root));
  }
  if (!first) {
    return fail(Error{Errc::not_found,
                      cat(shown(options_.folder), " holds no root to begin with"),
                      {},
                      "sluice tuf client init --cache DIR ROOT.json"});
  }
  auto start = TrustedSet::start(*first, trust);
  append(report, start.report());
  if (!start.passed()) return false;
  set_ = *start.value();
  if (options_.root) {
    const auto kept = cache_.load_root(set_->root().header.version);
    if (kept && *kept != *first && TrustedSet::start(*kept, trust).passed()) {
      return fail(Error{Errc::denied,
                        cat(shown(options_.folder), " holds another root of version ",
                            set_->root().header.version),
                        {},
                        "each repository needs a cache of its own: name another folder"});
    }
  }
  current_root_ = *std::move(first);
  for (;;) {
    const Version next = set_->root().header.version + 1;
    auto text = cache_.load_root(next);
    if (!text) return true;
    const auto verdict = set_->update_root(*text);
    if (!verdict.passed()) {
      note(cat("a root of the cache does not count: ", refusal_of(verdict.report())));
      if (!is_damage(verdict.report())) {
        passed_over_ = verdict.report();
      } else if (!options_.offline) {
        cache_.drop_root(next);
      }
      return !options_.offline || keep_root(report).value();
    }
    append(report, verdict.report());
    current_root_ = *std::move(text);
  }
}

// There is no newer root. One that the cache has all the same is never passed over: its keys may be
// those that replaced stolen ones.
Client::Step Client::keep_root(Report& report) const {
  if (!passed_over_) return true;
  append(report, *passed_over_);
  return false;
}

// 5.3.2 to 5.3.9.
Client::Step Client::fetch_roots(Report& report) {
  for (int count = 0; count < options_.limits.roots; ++count) {
    const Version next = set_->root().header.version + 1;
    const Ask ask{.path = cat(next, ".root.json"),
                  .kind = "root",
                  .clause = "5.3.3",
                  .max = options_.limits.root,
                  .may_be_absent = true};
    SLUICE_TRY(const auto asked,
               ask_mirrors(
                   report, ask, [&](std::string& body) { return set_->update_root(body); },
                   [&](const Accepted& accepted, const std::string& body) -> Result<void> {
                     // 5.3.11 comes first: a crash in between must not leave what an attacker made.
                     if (accepted.rotated) {
                       SLUICE_CHECK(cache_.drop(role_name(RoleType::timestamp)));
                       SLUICE_CHECK(cache_.drop(role_name(RoleType::snapshot)));
                     }
                     cache_.store_root(accepted.version, body);
                     cache_.store(role_name(RoleType::root), body);  // 5.3.8
                     current_root_ = body;
                     return {};
                   }));
    if (!asked) return keep_root(report);
    if (!*asked) return false;
    passed_over_.reset();
  }
  note(cat("more than ", options_.limits.roots, " new roots: the next refresh goes on"));
  return true;
}

// 5.4
Client::Step Client::update_timestamp(Report& report) {
  if (const auto text = cache_.load(role_name(RoleType::timestamp))) {
    const auto verdict = set_->update_timestamp(*text, Origin::cache);
    if (!verdict.passed()) {
      SLUICE_CHECK(pass_over(role_name(RoleType::timestamp), verdict.report()));
    } else if (options_.offline) {
      append(report, verdict.report());
    }
  }
  if (options_.offline) {
    if (!set_->timestamp()) return fail(no_such_file("timestamp.json", options_));
    return true;  // its expiry is the snapshot's first check
  }
  const Ask ask{.path = "timestamp.json",
                .kind = "timestamp",
                .clause = "5.4.1",
                .max = options_.limits.timestamp};
  SLUICE_TRY(
      const auto asked,
      ask_mirrors(
          report, ask,
          [&](std::string& body) { return set_->update_timestamp(body, Origin::repository); },
          [&](const Accepted& accepted, const std::string& body) -> Result<void> {
            if (!accepted.kept) cache_.store(role_name(RoleType::timestamp), body);  // 5.4.5
            return {};
          }));
  if (!asked) return fail(no_such_file(ask.path, options_));
  return *asked;
}

// 5.5
Client::Step Client::update_snapshot(Report& report) {
  if (auto text = cache_.load(role_name(RoleType::snapshot))) {
    const auto verdict = set_->update_snapshot(*std::move(text), Origin::cache);
    if (!verdict.passed()) {
      if (!set_->timestamp_fresh()) {
        append(report, verdict.report());
        return false;
      }
      SLUICE_CHECK(pass_over(role_name(RoleType::snapshot), verdict.report()));
    } else if (set_->snapshot_current()) {
      append(report, verdict.report());
      return true;
    }
  }
  const FileMeta& stated = set_->timestamp()->snapshot;
  const Ask ask{.path = role_url(role_name(RoleType::snapshot), set_->root().consistent_snapshot
                                                                    ? std::optional(stated.version)
                                                                    : std::nullopt),
                .kind = "snapshot",
                .clause = "5.5.1",
                .max = stated.length ? static_cast<std::size_t>(std::min<std::uint64_t>(
                                           *stated.length, options_.limits.stated))
                                     : options_.limits.snapshot};
  if (options_.offline) return fail(no_such_file(ask.path, options_));
  Document document;
  SLUICE_TRY(const auto asked,
             ask_mirrors(
                 report, ask,
                 [&](std::string& body) {
                   document = std::make_shared<const std::string>(std::move(body));
                   return set_->update_snapshot(document, Origin::repository);
                 },
                 [&](const Accepted&, const std::string&) -> Result<void> {
                   cache_.store(role_name(RoleType::snapshot), *document);  // 5.5.7
                   return {};
                 }));
  if (!asked) return fail(no_such_file(ask.path, options_));
  return *asked;
}

// A large one goes to the disk while it is checked; it has no name there before it is accepted.
Verdict<Accepted> Client::take_targets(std::string& body, const RoleName& role,
                                       const Targets* delegator,
                                       std::unique_ptr<Prepared>& written) {
  constexpr std::size_t kLarge = 1U << 20;
  written.reset();
  const auto document = std::make_shared<const std::string>(std::move(body));
  if (document->size() < kLarge) return set_->update_targets(document, role, delegator);
  std::optional<Verdict<Accepted>> verdict;
  std::optional<Result<std::unique_ptr<Prepared>>> prepared;
  for_each_parallel(2, 2, [&](std::size_t i) {
    if (i == 0) {
      verdict = set_->update_targets(document, role, delegator);
    } else {
      prepared = cache_.prepare(role, *document);
    }
  });
  if (verdict->passed() && prepared->has_value()) written = **std::move(prepared);
  return *std::move(verdict);
}

// 5.6.1 to 5.6.6, for targets and for each delegated role.
Client::Step Client::load_role(Report& report, const RoleName& role, const Targets* delegator) {
  if (set_->targets(role, delegator) != nullptr) return true;
  const auto stated = set_->snapshot()->find(role);
  if (!stated) {
    append(report, set_->update_targets(std::string(), role, delegator).report());
    return false;
  }
  if (auto text = cache_.load(role)) {
    const auto verdict = set_->update_targets(*std::move(text), role, delegator);
    if (verdict.passed()) {
      append(report, verdict.report());
      return true;
    }
    if (is_damage(verdict.report())) SLUICE_CHECK(pass_over(role, verdict.report()));
    if (options_.offline) {
      append(report, verdict.report());
      return false;
    }
  }
  const Ask ask{
      .path = role_url(
          role, set_->root().consistent_snapshot ? std::optional(stated->version) : std::nullopt),
      .kind = delegator == nullptr ? "targets" : "delegated",
      .clause = "5.6.1",
      .max = stated->length ? static_cast<std::size_t>(
                                  std::min<std::uint64_t>(*stated->length, options_.limits.stated))
                            : options_.limits.targets};
  if (options_.offline) return fail(no_such_file(ask.path, options_));
  std::unique_ptr<Prepared> written;
  SLUICE_TRY(const auto asked,
             ask_mirrors(
                 report, ask,
                 [&](std::string& body) { return take_targets(body, role, delegator, written); },
                 [&](const Accepted&, const std::string&) -> Result<void> {
                   if (written) return written->put_in_place();  // 5.6.6
                   cache_.store(role, set_->targets(role, delegator)->document());
                   return {};
                 }));
  if (!asked) return fail(no_such_file(ask.path, options_));
  return *asked;
}

Client::Step Client::refresh_roles(Report& report, Time now) {
  SLUICE_TRY(bool go_on, check_clock(report, now));
  if (!go_on) return false;
  SLUICE_TRY(go_on, load_roots(report, now));
  if (!go_on) return false;
  if (!options_.offline) {
    SLUICE_TRY(go_on, fetch_roots(report));
    if (cache_.load(role_name(RoleType::root)) != current_root_)
      cache_.store(role_name(RoleType::root), current_root_);
    if (!go_on) return false;
  }
  const auto final_root = set_->finish_root();
  append(report, final_root.report());
  if (!final_root.passed()) return false;
  SLUICE_TRY(go_on, update_timestamp(report));
  if (!go_on) return false;
  SLUICE_TRY(go_on, update_snapshot(report));
  if (!go_on) return false;
  return load_role(report, role_name(RoleType::targets), nullptr);
}

// Written once in a while: most refreshes change nothing on the disk.
void Client::remember_time(Time now) {
  if (options_.offline) return;
  CacheState state = cache_.state();
  if (state.latest && now < *state.latest + kClockTolerance) return;
  state.latest = now;
  cache_.set_state(state);
}

State Client::state_of() const {
  const auto role = [](const Header& header) { return RoleState{header.version, header.expires}; };
  const Targets& targets = *set_->targets(role_name(RoleType::targets), nullptr);
  return {.root = role(set_->root().header),
          .timestamp = role(set_->timestamp()->header),
          .snapshot = role(set_->snapshot()->header()),
          .targets = role(targets.header()),
          .consistent_snapshot = set_->root().consistent_snapshot,
          .target_count = targets.count(),
          .delegations = targets.delegations().size()};
}

Result<Verdict<State>> Client::refresh() {
  Report report(subject_of(options_));
  set_.reset();
  passed_over_.reset();
  const Time now = clock_.now();  // 5.1: the one time of this update
  if (!options_.root && cache_.roots().empty() && !cache_.load(role_name(RoleType::root))) {
    return fail(Error{Errc::not_found,
                      cat(shown(options_.folder), " holds no root to begin with"),
                      {},
                      "sluice tuf client init --cache DIR ROOT.json"});
  }
  SLUICE_TRY(const auto lock, hold());
  const auto passed = refresh_roles(report, now);
  if (passed && *passed) remember_time(now);
  const auto kept = keep(lock, passed, Lasting::yes);
  SLUICE_CHECK(passed);
  SLUICE_CHECK(kept);
  if (!*passed) {
    set_.reset();
    return Verdict<State>::conclude(std::move(report), std::nullopt);
  }
  return Verdict<State>::conclude(std::move(report), state_of());
}

// 5.6.7: pre-order, each role once, those in order of appearance that are trusted for the path.
Client::Step Client::search(Report& report, const std::string& path, std::optional<Found>& found) {
  struct Visit {
    RoleName role;
    const Targets* delegator;
  };
  std::vector<Visit> ahead{{role_name(RoleType::targets), nullptr}};
  std::set<std::string> visited;
  Checks checks(report, "target", printable(path, 300));
  const std::string hash = path_hash(path);
  while (!ahead.empty()) {
    const Visit visit = ahead.back();
    ahead.pop_back();
    if (visited.contains(visit.role.str())) continue;
    if (visited.size() == static_cast<std::size_t>(options_.limits.roles) + 1) {
      checks.refuse("limit", kEndlessData, "5.6.7.1",
                    cat("the search went through ", options_.limits.roles,
                        " delegated roles and has not ended"));
      return false;
    }
    SLUICE_TRY(const bool loaded, load_role(report, visit.role, visit.delegator));
    if (!loaded) return false;
    visited.insert(visit.role.str());
    const Targets* targets = set_->targets(visit.role, visit.delegator);
    auto file = targets->find(path);
    if (!file) {
      checks.refuse("format", "", "4.5", file.error().text());
      return false;
    }
    if (*file) {
      checks.pass("listed", cat("by ", printable(visit.role.str(), 200)));
      found = Found{**std::move(file), visit.role};
      return true;
    }
    std::vector<Visit> below;
    for (const auto& delegation : targets->delegations().covering(path, hash)) {
      below.push_back({delegation.role, targets});
      if (delegation.terminating) {  // 5.6.7.2.1
        ahead.clear();
        break;
      }
    }
    ahead.insert(ahead.end(), below.rbegin(), below.rend());
  }
  checks.refuse("unknown", "", "5.7.2", "no role that is trusted for this path lists it");
  return false;
}

Result<Verdict<Found>> Client::find(const std::string& path) {
  Report report(printable(path, 300));
  if (!set_) return fail(Errc::internal, "a search before a refresh that passed");
  SLUICE_TRY(const auto lock, hold());
  std::optional<Found> found;
  const auto searched = search(report, path, found);
  // Those roles are asked for again where the power fails: a rollback does not show by them.
  const auto kept = keep(lock, searched, Lasting::whole);
  SLUICE_CHECK(searched);
  SLUICE_CHECK(kept);
  return Verdict<Found>::conclude(std::move(report), std::move(found));
}

}  // namespace sluice::tuf
