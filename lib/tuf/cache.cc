// SPDX-License-Identifier: Apache-2.0
#include "tuf/cache.h"

#include <algorithm>
#include <charconv>

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

Result<void> Cache::replace(const Path& path, std::string_view bytes) {
  if (!swept_) {
    swept_ = true;
    sweep(folder_);
    sweep(folder_ / "root_history");
  }
  auto done = files_.replace(path, bytes);
  if (done || done.error().code != Errc::denied) return done;
  // Something else than a file is there: a link that somebody put into the cache.
  SLUICE_CHECK(files_.remove(path));
  return files_.replace(path, bytes);
}

std::optional<std::string> Cache::load(const RoleName& role) const {
  return load_file(folder_ / role_file(role));
}

Result<void> Cache::store(const RoleName& role, std::string_view bytes) {
  return replace(folder_ / role_file(role), bytes);
}

Result<void> Cache::drop(const RoleName& role) {
  auto gone = files_.remove(folder_ / role_file(role));
  if (!gone && gone.error().code == Errc::not_found) return {};
  return gone;
}

Path Cache::root_path(Version version) const {
  return folder_ / "root_history" / cat(version, ".root.json");
}

std::optional<std::string> Cache::load_root(Version version) const {
  return load_file(root_path(version));
}

Result<void> Cache::store_root(Version version, std::string_view bytes) {
  return replace(root_path(version), bytes);
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

Result<void> Cache::set_state(const CacheState& state) {
  json::Value value;
  value.set("kind", kStateKind);
  value.set("anchor", state.anchor);
  if (state.latest) value.set("latest", rfc3339(*state.latest));
  return replace(folder_ / "client.state", json::write(value));
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
