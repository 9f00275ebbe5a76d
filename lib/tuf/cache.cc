// SPDX-License-Identifier: Apache-2.0
#include "tuf/cache.h"

#include <algorithm>
#include <charconv>
#include <ranges>
#include <system_error>
#include <utility>

#include "base/text.h"
#include "json/value.h"
#include "tuf/names.h"

namespace sluice::tuf {

namespace {

constexpr std::string_view kStateKind = "sluice.tuf-cache/v1";
constexpr std::size_t kMaxState = 4U << 10;

Result<CacheState> read_state(std::string_view text) {
  SLUICE_TRY(const auto value, json::parse_strict(text, {.bytes = kMaxState}));
  const json::Fields root(value, "client.state");
  SLUICE_TRY(const auto kind, root.string("kind"));
  if (kind != kStateKind) return fail(Errc::malformed, "not a state of this client");
  CacheState out;
  SLUICE_TRY(out.anchor, root.integer("anchor"));
  if (root.has("latest")) {
    SLUICE_TRY(const auto latest, root.string("latest"));
    SLUICE_TRY(out.latest, parse_rfc3339(latest));
  }
  return out;
}

std::optional<Version> version_of(std::string_view file) {
  constexpr std::string_view kTail = ".root.json";
  if (!file.ends_with(kTail)) return std::nullopt;
  file.remove_suffix(kTail.size());
  Version out = 0;
  const auto [end, status] = std::from_chars(file.data(), file.data() + file.size(), out);
  if (status != std::errc{} || end != file.data() + file.size() || out < 1) return std::nullopt;
  return out;
}

}  // namespace

Result<void> Cache::make_folders() { return files_.make_folders(folder_ / "root_history"); }

Result<std::unique_ptr<FileLock>> Cache::lock(std::chrono::milliseconds wait) {
  return files_.lock(folder_ / ".lock", wait);
}

std::optional<std::string> Cache::load_file(const Path& path) const {
  const auto is_it = [&](const Queued& one) { return one.path == path; };
  const auto queued = std::ranges::find_if(queue_, is_it);
  if (queued != queue_.end()) return queued->bytes;
  for (const auto& behind : std::views::reverse(behind_)) {
    const auto found = std::ranges::find_if(behind->batch, is_it);
    if (found != behind->batch.end()) return found->bytes;
  }
  auto text = files_.read_plain(path, max_, Links::refused);
  if (!text) return std::nullopt;
  return *std::move(text);
}

// Files that a killed process left beside their targets. Whoever writes holds the lock.
void Cache::sweep(const Path& folder) {
  const auto entries = files_.list(folder);
  if (!entries) return;
  for (const auto& entry : *entries) {
    if (entry.name.starts_with(".sluice-") && entry.name.ends_with(".tmp")) {
      (void)files_.remove(folder / entry.name);
    }
  }
}

void Cache::sweep_once() {
  if (swept_) return;
  swept_ = true;
  sweep(folder_);
  sweep(folder_ / "root_history");
}

void Cache::queue(Path path, std::string_view bytes) {
  std::erase_if(queue_, [&](const Queued& one) { return one.path == path; });
  queue_.push_back({std::move(path), std::string(bytes)});
}

// Something else than a file may be there: a link that somebody put into the cache.
Result<void> Cache::replace_anything(const Queued& one) const {
  auto done = files_.replace(one.path, one.bytes);
  if (done || done.error().code != Errc::denied) return done;
  SLUICE_CHECK(files_.remove(one.path));
  return files_.replace(one.path, one.bytes);
}

Result<void> Cache::write(const std::vector<Queued>& batch, Lasting lasting) const {
  if (batch.empty()) return {};
  std::vector<Replacement> all;
  all.reserve(batch.size());
  for (const Queued& one : batch) all.push_back({one.path, one.bytes});
  auto done = files_.replace_all(all, lasting);
  if (done || done.error().code != Errc::denied) return done;
  for (const Queued& one : batch) SLUICE_CHECK(replace_anything(one));
  return {};
}

void Cache::join_oldest() {
  Behind& oldest = *behind_.front();
  if (oldest.thread.joinable()) oldest.thread.join();
  if (went_wrong_ && !oldest.outcome) went_wrong_ = std::move(oldest.outcome);
  behind_.pop_front();
}

Result<void> Cache::settle(Lasting lasting) {
  while (!behind_.empty()) join_oldest();
  if (!queue_.empty()) sweep_once();
  const auto batch = std::exchange(queue_, {});
  auto before = std::exchange(went_wrong_, {});
  auto done = write(batch, lasting);
  return before ? done : before;
}

void Cache::settle_behind(Lasting lasting, std::shared_ptr<FileLock> held) {
  constexpr std::size_t kMost = 2;  // one for what lasts, one for the roles found after it
  if (queue_.empty()) return;
  sweep_once();
  while (behind_.size() >= kMost) join_oldest();
  auto added = std::make_unique<Behind>(std::exchange(queue_, {}));
  Behind& one = *behind_.emplace_back(std::move(added));
  const auto work = [this, &one, lasting, hold = std::move(held)] {
    one.outcome = write(one.batch, lasting);
  };
  try {
    one.thread = std::jthread(work);
  } catch (const std::system_error&) {
    work();  // no more threads to be had
  }
}

std::optional<std::string> Cache::load(const RoleName& role) const {
  return load_file(folder_ / role_file(role));
}

void Cache::store(const RoleName& role, std::string_view bytes) {
  queue(folder_ / role_file(role), bytes);
}

Result<std::unique_ptr<Prepared>> Cache::prepare(const RoleName& role, std::string_view bytes) {
  sweep_once();
  return files_.prepare({folder_ / role_file(role), bytes});
}

Result<void> Cache::drop(const RoleName& role) {
  const Path path = folder_ / role_file(role);
  std::erase_if(queue_, [&](const Queued& one) { return one.path == path; });
  while (!behind_.empty()) join_oldest();
  auto gone = files_.remove(path);
  if (!gone && gone.error().code == Errc::not_found) return {};
  return gone;
}

Path Cache::root_path(Version version) const {
  return folder_ / "root_history" / cat(version, ".root.json");
}

std::optional<std::string> Cache::load_root(Version version) const {
  return load_file(root_path(version));
}

void Cache::store_root(Version version, std::string_view bytes) {
  queue(root_path(version), bytes);
}

void Cache::drop_root(Version version) { (void)files_.remove(root_path(version)); }

std::vector<Version> Cache::roots() const {
  std::vector<Version> out;
  const auto entries = files_.list(folder_ / "root_history");
  if (!entries) return out;
  for (const auto& entry : *entries) {
    if (const auto version = version_of(entry.name)) out.push_back(*version);
  }
  std::ranges::sort(out);
  return out;
}

CacheState Cache::state() const {
  const auto text = load_file(folder_ / "client.state");
  if (!text) return {};
  const auto state = read_state(*text);
  return state ? *state : CacheState{};
}

void Cache::set_state(const CacheState& state) {
  json::Value value;
  value.set("kind", kStateKind);
  value.set("anchor", state.anchor);
  if (state.latest) value.set("latest", rfc3339(*state.latest));
  queue(folder_ / "client.state", json::write(value));
}

std::optional<std::string> Cache::load_piece(const std::string& name) const {
  return load_file(folder_ / "pieces" / name);
}

Result<void> Cache::store_piece(const std::string& name, std::string_view bytes) {
  SLUICE_CHECK(files_.make_folders(folder_ / "pieces"));
  return files_.replace(folder_ / "pieces" / name, bytes);
}

void Cache::drop_pieces(const std::string& prefix) {
  const auto entries = files_.list(folder_ / "pieces");
  if (!entries) return;
  for (const auto& entry : *entries) {
    if (entry.name.starts_with(prefix)) (void)files_.remove(folder_ / "pieces" / entry.name);
  }
}

}  // namespace sluice::tuf
