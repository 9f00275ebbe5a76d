// SPDX-License-Identifier: Apache-2.0
#include "tuf/delegations.h"

#include <algorithm>

#include "base/codec.h"
#include "base/text.h"
#include "tuf/limits.h"

namespace sluice::tuf {

namespace {

// One part of a path against one part of a pattern, in linear steps: after a mismatch only the last
// star moves on. "?" is one character, which may have several bytes.
bool part_matches(std::string_view pattern, std::string_view part) {
  const auto next = [](std::string_view text, std::size_t at) {
    ++at;
    while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80) ++at;
    return at;
  };
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star = std::string_view::npos;
  std::size_t from = 0;
  while (t < part.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      from = t;
    } else if (p < pattern.size() && pattern[p] == '?') {
      ++p;
      t = next(part, t);
    } else if (p < pattern.size() && pattern[p] == part[t]) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = from = next(part, from);
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

Result<std::vector<std::string>> read_texts(json::Tokenizer& in) {
  std::vector<std::string> out;
  SLUICE_CHECK(in.enter_array());
  for (;;) {
    SLUICE_TRY(const bool more, in.next_element());
    if (!more) return out;
    if (out.size() == kMaxPaths) {
      return fail(in.error_here(Errc::limit, cat("more than ", kMaxPaths, " paths in a role")));
    }
    SLUICE_TRY(const auto text, in.read_string());
    out.emplace_back(text);
  }
}

bool is_hex(std::string_view text) {
  return std::ranges::all_of(
      text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

Result<void> check_role_name(const json::Tokenizer& in, std::string_view role) {
  if (role.empty() || role.size() > kMaxName || role.find('\0') != std::string_view::npos) {
    return fail(in.error_here(Errc::malformed, "a role's name that is empty or too long"));
  }
  if (is_top_level(role)) {
    return fail(in.error_here(Errc::malformed, cat("a delegation to the top-level role ", role)));
  }
  return {};
}

// The members of one object: `member` takes those in that are no role's.
template <class Member>
Result<void> read_role_object(json::Tokenizer& in, RoleKeys& role, Member member) {
  SLUICE_CHECK(in.enter_object());
  for (;;) {
    SLUICE_TRY(const auto found, in.next_key());
    if (!found) return {};
    const std::string key(*found);
    SLUICE_TRY(bool taken, read_role_member(in, key, role));
    if (taken) continue;
    SLUICE_TRY(taken, member(key));
    if (!taken) SLUICE_CHECK(in.skip());
  }
}

Result<Delegation> read_delegation(json::Tokenizer& in) {
  Delegation out;
  bool paths = false;
  bool prefixes = false;
  SLUICE_CHECK(read_role_object(in, out.keys, [&](std::string_view key) -> Result<bool> {
    if (key == "name") {
      SLUICE_TRY(const auto text, in.read_string());
      out.role = RoleName(std::string(text));
    } else if (key == "terminating") {
      SLUICE_TRY(out.terminating, in.read_boolean());
    } else if (key == "paths") {
      SLUICE_TRY(out.paths, read_texts(in));
      paths = true;
    } else if (key == "path_hash_prefixes") {
      SLUICE_TRY(out.hash_prefixes, read_texts(in));
      prefixes = true;
    } else {
      return false;
    }
    return true;
  }));
  SLUICE_CHECK(check_role_name(in, out.role.str()));
  SLUICE_CHECK(check_role(out.keys, out.role.str()));
  if (paths == prefixes) {
    return fail(
        in.error_here(Errc::malformed, "a delegation needs either paths or path_hash_prefixes"));
  }
  for (auto& prefix : out.hash_prefixes) {
    prefix = lower_ascii(prefix);
    if (!is_hex(prefix)) return fail(in.error_here(Errc::malformed, "a hash prefix is no hex"));
  }
  return out;
}

Result<std::vector<Delegation>> read_roles(json::Tokenizer& in) {
  std::vector<Delegation> out;
  std::size_t paths = 0;
  SLUICE_CHECK(in.enter_array());
  for (;;) {
    SLUICE_TRY(const bool more, in.next_element());
    if (!more) return out;
    if (out.size() == kMaxRoles) {
      return fail(in.error_here(Errc::limit, cat("more than ", kMaxRoles, " delegated roles")));
    }
    SLUICE_TRY(auto one, read_delegation(in));
    paths += one.paths.size() + one.hash_prefixes.size();
    if (paths > kMaxAllPaths) {
      return fail(in.error_here(Errc::limit, cat("more than ", kMaxAllPaths, " paths in all")));
    }
    out.push_back(std::move(one));
  }
}

Result<Bins> read_bins(json::Tokenizer& in) {
  Bins out;
  std::int64_t bits = 0;
  SLUICE_CHECK(read_role_object(in, out.keys, [&](std::string_view key) -> Result<bool> {
    if (key == "name_prefix") {
      SLUICE_TRY(const auto text, in.read_string());
      out.prefix = std::string(text);
    } else if (key == "bit_length") {
      SLUICE_TRY(bits, in.read_integer());
    } else {
      return false;
    }
    return true;
  }));
  SLUICE_CHECK(check_role_name(in, out.prefix));
  SLUICE_CHECK(check_role(out.keys, out.prefix));
  if (bits < 1 || bits > kMaxBinBits) {
    return fail(in.error_here(
        Errc::malformed, cat("a bit_length of ", bits, "; 1 to ", kMaxBinBits, " are possible")));
  }
  out.bits = static_cast<int>(bits);
  return out;
}

constexpr std::size_t kHashSize = 64;  // of a path, in hex

std::size_t suffix_width(int bits) { return static_cast<std::size_t>((bits + 3) / 4); }

}  // namespace

bool path_matches(std::string_view pattern, std::string_view path) {
  for (;;) {
    const auto pattern_end = pattern.find('/');
    const auto path_end = path.find('/');
    if (!part_matches(pattern.substr(0, pattern_end), path.substr(0, path_end))) return false;
    const bool last = pattern_end == std::string_view::npos;
    if (last != (path_end == std::string_view::npos)) return false;
    if (last) return true;
    pattern.remove_prefix(pattern_end + 1);
    path.remove_prefix(path_end + 1);
  }
}

std::uint64_t Bins::number_of(std::string_view path_hash) const {
  std::uint64_t number = 0;
  for (const char c : path_hash.substr(0, 8)) {
    number = number * 16 + static_cast<std::uint64_t>(c <= '9' ? c - '0' : c - 'a' + 10);
  }
  return number >> (32 - bits);
}

RoleName Bins::bin(std::uint64_t number) const {
  std::string suffix(suffix_width(bits), '0');
  for (auto at = suffix.rbegin(); at != suffix.rend(); ++at, number /= 16) {
    *at = "0123456789abcdef"[number % 16];
  }
  return RoleName(cat(prefix, "-", suffix));
}

bool Bins::names(const RoleName& role) const {
  const std::string_view name = role.str();
  const std::string head = prefix + "-";
  if (!name.starts_with(head)) return false;
  const auto suffix = name.substr(head.size());
  if (suffix.size() != suffix_width(bits) || !is_hex(suffix)) return false;
  const int spare = static_cast<int>(4 * suffix.size()) - bits;  // bits of the first digit
  const int first = suffix[0] <= '9' ? suffix[0] - '0' : suffix[0] - 'a' + 10;
  return (first << spare) < 16;
}

std::string path_hash(std::string_view path) {
  return crypto::digest_of(crypto::HashAlgorithm::sha256, bytes_of(path)).hex();
}

const Delegation* Delegations::find(const RoleName& role) const {
  const auto at = std::ranges::lower_bound(
      by_name_, role, {}, [&](std::uint32_t i) -> const RoleName& { return roles_[i].role; });
  return at == by_name_.end() || roles_[*at].role != role ? nullptr : &roles_[*at];
}

const RoleKeys* Delegations::keys_of(const RoleName& role) const {
  if (bins_) return bins_->names(role) ? &bins_->keys : nullptr;
  const auto* found = find(role);
  return found == nullptr ? nullptr : &found->keys;
}

std::string_view Delegations::text(const Prefix& prefix) const {
  return roles_[prefix.role].hash_prefixes[prefix.number];
}

std::vector<Delegations::Covering> Delegations::covering(std::string_view path,
                                                         std::string_view path_hash) const {
  if (bins_) return {{bins_->bin_of(path_hash), true}};
  std::vector<std::uint32_t> those;
  for (const auto i : with_paths_) {
    const auto& paths = roles_[i].paths;
    if (std::ranges::any_of(paths, [&](const auto& one) { return path_matches(one, path); })) {
      those.push_back(i);
    }
  }
  for (const auto size : prefix_sizes_) {
    const auto same = std::ranges::equal_range(by_prefix_, path_hash.substr(0, size), {},
                                               [this](const Prefix& one) { return text(one); });
    for (const auto& one : same) those.push_back(one.role);
  }
  std::ranges::sort(those);
  those.erase(std::ranges::unique(those).begin(), those.end());
  std::vector<Covering> out;
  for (const auto i : those) {
    out.push_back({roles_[i].role, roles_[i].terminating});
    if (roles_[i].terminating) break;
  }
  return out;
}

// Most files list roles and prefixes in their order: to see that takes less than sorting.
Result<void> Delegations::index(const json::Tokenizer& in) {
  by_name_.reserve(roles_.size());
  for (std::uint32_t i = 0; i < roles_.size(); ++i) by_name_.push_back(i);
  const auto name = [this](std::uint32_t i) -> const RoleName& { return roles_[i].role; };
  if (!std::ranges::is_sorted(by_name_, {}, name)) std::ranges::sort(by_name_, {}, name);
  const auto twice = std::ranges::adjacent_find(by_name_, {}, name);
  if (twice != by_name_.end()) {
    return fail(in.error_here(
        Errc::malformed, cat("two delegations to the role ", printable(name(*twice).str(), 80))));
  }
  for (std::uint32_t i = 0; i < roles_.size(); ++i) {
    const auto& prefixes = roles_[i].hash_prefixes;
    if (!roles_[i].paths.empty()) with_paths_.push_back(i);
    for (std::uint32_t k = 0; k < prefixes.size(); ++k) {
      const std::size_t size = prefixes[k].size();
      if (size > kHashSize) continue;  // covers nothing
      by_prefix_.push_back({i, k});
      if (std::ranges::find(prefix_sizes_, size) == prefix_sizes_.end()) {
        prefix_sizes_.push_back(size);
      }
    }
  }
  const auto prefix = [this](const Prefix& one) { return text(one); };
  if (!std::ranges::is_sorted(by_prefix_, {}, prefix)) std::ranges::sort(by_prefix_, {}, prefix);
  return {};
}

Result<Delegations> read_delegations(json::Tokenizer& in, std::string_view document,
                                     const ForeignKeys& foreign) {
  Delegations out;
  bool has_roles = false;
  SLUICE_CHECK(in.enter_object());
  for (;;) {
    SLUICE_TRY(const auto key, in.next_key());
    if (!key) break;
    if (*key == "keys") {
      SLUICE_TRY(out.keys_, read_keys(in, document, foreign));
    } else if (*key == "roles") {
      SLUICE_TRY(out.roles_, read_roles(in));
      has_roles = true;
    } else if (*key == "succinct_roles") {
      SLUICE_TRY(out.bins_, read_bins(in));
    } else {
      SLUICE_CHECK(in.skip());
    }
  }
  if (has_roles == out.bins_.has_value()) {
    return fail(in.error_here(Errc::malformed, "delegations need either roles or succinct_roles"));
  }
  SLUICE_CHECK(out.index(in));
  return out;
}

}  // namespace sluice::tuf
