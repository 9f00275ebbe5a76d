// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/codec.h"
#include "base/text.h"
#include "tuf/limits.h"
#include "tufrepo/edit.h"

namespace sluice::tuf {

namespace {

constexpr std::size_t kLongestRole = 100;
constexpr int kMostBits = 16;  // 65,536 bins

Result<void> check_new_role_name(std::string_view role) {
  const bool plain = std::ranges::all_of(role, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  });
  if (role.empty() || role.size() > kLongestRole || !plain || role.front() == '.') {
    return fail(Error{Errc::usage,
                      cat("\"", printable(role, kLongestRole), "\" cannot be the name of a role")}
                    .advise("letters, digits, and - _ . within"));
  }
  if (is_top_level(role)) return fail(Errc::usage, cat(role, " is a role of root"));
  return {};
}

// Clients of others read classes, braces, negations and escapes, each in its own way; the
// specification has * and ? alone (4.5).
bool means_the_same_to_all(std::string_view pattern) {
  if (pattern.find_first_of("[]{}()|\\") != std::string_view::npos) return false;
  if (pattern.find("**") != std::string_view::npos) return false;
  return std::ranges::none_of(split(pattern, '/'), [](std::string_view part) {
    return part.starts_with('!') || part.starts_with('#');
  });
}

Result<void> check_pattern(std::string_view pattern) {
  if (pattern.empty() || pattern.size() > kMaxTargetPath || pattern.front() == '/' ||
      !is_utf8(pattern)) {
    return fail(
        Error{Errc::usage, cat("\"", printable(pattern, 200), "\" is no path pattern")}.advise(
            "a relative path; * and ? stand for characters within one part"));
  }
  if (!means_the_same_to_all(pattern)) {
    return fail(Error{Errc::usage, cat("\"", printable(pattern, 200),
                                       "\" stands for other paths to clients of others")}
                    .advise("* and ? alone, and several patterns"));
  }
  return {};
}

json::Value& delegations_to_edit(Draft& draft) {
  auto& out = member_or_new(draft.head(), "delegations", json::Value(json::Object{}));
  member_or_new(out, "keys", json::Value(json::Object{}));
  return out;
}

bool has_roles(json::Value& delegations) {
  const auto* roles = member_in(delegations, "roles");
  return roles != nullptr && roles->array() != nullptr && !roles->array()->empty();
}

Result<json::Array*> roles_to_edit(json::Value& delegations) {
  if (member_in(delegations, "succinct_roles") != nullptr) {
    return fail(
        Error{Errc::usage, "the role delegates to succinct bins, and to nobody else then"}.advise(
            "name another --parent"));
  }
  return member_or_new(delegations, "roles", json::Value(json::Array{})).array();
}

bool delegates_to(const json::Array& roles, const RoleName& role) {
  return std::ranges::any_of(roles, [&](const json::Value& each) {
    const auto* name = each.find("name");
    return name != nullptr && name->string() != nullptr && *name->string() == role.str();
  });
}

std::string hex_number(std::uint32_t number, std::size_t width) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string out(width, '0');
  for (std::size_t i = width; i-- > 0; number >>= 4U) out[i] = kHex[number & 15U];
  return out;
}

std::size_t hex_width(int bits) { return (static_cast<std::size_t>(bits) + 3) / 4; }

json::Value explicit_bin(const NewBins& plan, std::uint32_t number) {
  const std::size_t width = hex_width(plan.bits);
  const auto spare = static_cast<unsigned>(width * 4 - static_cast<std::size_t>(plan.bits));
  json::Array prefixes;
  for (std::uint32_t i = 0; i < (1U << spare); ++i) {
    prefixes.emplace_back(hex_number((number << spare) + i, width));
  }
  json::Value out = key_set_json(plan.keys);
  out.set("name", bin_name(plan, number).str());
  out.set("path_hash_prefixes", json::Value(std::move(prefixes)));
  out.set("terminating", false);
  return out;
}

Result<void> list_bins(Draft& parent, const NewBins& plan) {
  auto& delegations = delegations_to_edit(parent);
  put_keys(*member_in(delegations, "keys"), plan.keys);
  if (plan.succinct) {
    if (has_roles(delegations) || member_in(delegations, "succinct_roles") != nullptr) {
      return fail(
          Error{Errc::usage, "the role delegates already: succinct bins stand alone"}.advise(
              "name another --parent, or make them with --explicit"));
    }
    std::erase_if(*delegations.object(), [](const json::Member& m) { return m.first == "roles"; });
    json::Value bins = key_set_json(plan.keys);
    bins.set("bit_length", plan.bits);
    bins.set("name_prefix", plan.prefix);
    delegations.set("succinct_roles", std::move(bins));
    return {};
  }
  SLUICE_TRY(auto* roles, roles_to_edit(delegations));
  for (std::uint32_t i = 0; i < (1U << static_cast<unsigned>(plan.bits)); ++i) {
    if (i == 0 && delegates_to(*roles, bin_name(plan, i))) {
      return fail(Errc::usage, cat("the bins ", plan.prefix, " are there already"));
    }
    roles->push_back(explicit_bin(plan, i));
  }
  return {};
}

// The leftmost bits of the hash.
std::uint32_t bin_number(std::string_view path, int bits) {
  const auto hash = from_hex(path_hash(path)).value();
  std::uint32_t first = 0;
  for (std::size_t i = 0; i < 4; ++i) first = (first << 8U) | hash[i];
  return bits == 0 ? 0 : first >> (32U - static_cast<unsigned>(bits));
}

// Metadata of one name is one file: two roles that delegate to it would have to share it.
Result<void> check_name_is_free(Repository& repository, const RoleName& parent,
                                const RoleName& role) {
  const auto other = delegator_of(repository, role);
  if (!other && other.error().code == Errc::not_found) return {};
  if (!other) return fail(other.error());
  if (*other == parent) return {};
  return fail(Error{Errc::usage, cat(printable(other->str(), 80), " delegates to ",
                                     printable(role.str(), 80), " already")}
                  .advise("choose another name"));
}

}  // namespace

RoleName bin_name(const NewBins& plan, std::uint32_t number) {
  return RoleName(cat(plan.prefix, "-", hex_number(number, hex_width(plan.bits))));
}

Result<Edited> delegate_paths(Repository& repository, const NewDelegation& plan, Time now) {
  SLUICE_CHECK(check_new_role_name(plan.role.str()));
  SLUICE_CHECK(check_key_set(plan.keys, plan.role.str(), repository.foreign()));
  if (plan.paths.empty()) return fail(Errc::usage, "a delegation without a path");
  for (const auto& path : plan.paths) SLUICE_CHECK(check_pattern(path));
  SLUICE_TRY(const auto* known, repository.latest(plan.parent));
  if (known == nullptr) {
    return fail(Errc::not_found, cat("there is no role ", printable(plan.parent.str(), 80)));
  }
  SLUICE_CHECK(check_name_is_free(repository, plan.parent, plan.role));
  SLUICE_TRY(auto parent, repository.next(plan.parent));
  auto& delegations = delegations_to_edit(parent);
  SLUICE_TRY(auto* roles, roles_to_edit(delegations));
  if (delegates_to(*roles, plan.role)) {
    return fail(
        Error{Errc::usage, cat(plan.parent.str(), " delegates to ", plan.role.str(), " already")}
            .advise("take it away with `sluice tuf delegate --remove`, or change its keys "
                    "with `sluice tuf key`"));
  }
  put_keys(*member_in(delegations, "keys"), plan.keys);
  json::Value role = key_set_json(plan.keys);
  role.set("name", plan.role.str());
  json::Array paths;
  for (const auto& path : plan.paths) paths.emplace_back(path);
  role.set("paths", json::Value(std::move(paths)));
  role.set("terminating", plan.terminating);
  roles->push_back(std::move(role));
  SLUICE_CHECK(repository.stage(plan.parent, std::move(parent), now));
  // A role that was delegated to before begins anew: its old signatures are other keys'.
  SLUICE_TRY(auto draft, repository.next(plan.role));
  SLUICE_CHECK(repository.stage(plan.role, std::move(draft), now));
  return Edited{{plan.parent, plan.role}, {}};
}

Result<Edited> delegate_bins(Repository& repository, const NewBins& plan, Time now) {
  SLUICE_CHECK(check_new_role_name(plan.prefix));
  SLUICE_CHECK(check_key_set(plan.keys, plan.prefix, repository.foreign()));
  if (plan.bits < 1 || plan.bits > kMostBits) {
    return fail(Errc::usage, "the number of bins is a power of two, from 2 to 65536");
  }
  SLUICE_CHECK(check_name_is_free(repository, plan.parent, bin_name(plan, 0)));
  SLUICE_TRY(auto parent, repository.next(plan.parent));
  SLUICE_CHECK(list_bins(parent, plan));
  std::vector<Draft> bins(std::size_t{1} << static_cast<unsigned>(plan.bits),
                          Draft::fresh(RoleType::targets));
  std::vector<std::string> moved;
  SLUICE_CHECK(parent.each([&](std::string_view path, std::string_view text) -> Result<void> {
    bins[bin_number(path, plan.bits)].put(std::string(path), std::string(text));
    moved.emplace_back(path);
    return {};
  }));
  for (const auto& path : moved) parent.erase(path);
  Edited out;
  out.add(plan.parent);
  SLUICE_CHECK(repository.stage(plan.parent, std::move(parent), now));
  out.roles.reserve(bins.size() + 1);
  for (std::uint32_t i = 0; i < bins.size(); ++i) {
    const RoleName role = bin_name(plan, i);
    SLUICE_CHECK(repository.stage(role, std::move(bins[i]), now));
    out.roles.push_back(role);
  }
  if (!moved.empty()) out.notes.push_back(cat(moved.size(), " targets moved into the bins"));
  return out;
}

Result<Edited> remove_delegation(Repository& repository, const RoleName& parent,
                                 const RoleName& role, Time now) {
  SLUICE_TRY(auto draft, repository.next(parent));
  auto* delegations = member_in(draft.head(), "delegations");
  auto* roles = delegations == nullptr ? nullptr : member_in(*delegations, "roles");
  if (roles == nullptr || roles->array() == nullptr || !delegates_to(*roles->array(), role)) {
    return fail(Errc::not_found, cat(printable(parent.str(), 80), " does not delegate to ",
                                     printable(role.str(), 80)));
  }
  std::erase_if(*roles->array(), [&](const json::Value& each) {
    const auto* name = each.find("name");
    return name != nullptr && name->string() != nullptr && *name->string() == role.str();
  });
  drop_unused_keys(draft);
  SLUICE_CHECK(repository.stage(parent, std::move(draft), now));
  Edited out{{parent}, {}};
  SLUICE_TRY(const auto* staged, repository.staged(role));
  if (staged != nullptr) SLUICE_CHECK(repository.unstage(role));
  out.notes.push_back(cat("the snapshot goes on listing ", role.str(),
                          ": clients refuse one that lists less (TUF 5.5.5)"));
  return out;
}

}  // namespace sluice::tuf
