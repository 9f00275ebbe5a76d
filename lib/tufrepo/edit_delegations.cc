// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/text.h"
#include "tuf/limits.h"
#include "tufrepo/edit.h"
#include "tufrepo/role_list.h"

namespace sluice::tuf {

namespace {

constexpr std::size_t kLongestRole = 100;

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

}  // namespace

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

bool delegates_to(const json::Array& roles, const RoleName& role) {
  return std::ranges::any_of(roles, [&](const json::Value& each) {
    const auto* name = each.find("name");
    return name != nullptr && name->string() != nullptr && *name->string() == role.str();
  });
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

// Metadata of one name is one file: two roles that delegate to it would have to share it.
Result<void> check_name_is_free(Repository& repository, const RoleName& parent,
                                const RoleName& role) {
  SLUICE_TRY(const auto listed, listed_roles(repository));
  const auto* same = find_role(listed, role);
  if (same != nullptr && same->bins()) {
    return fail(Error{Errc::usage, cat("bins of ", printable(same->parent.str(), 80),
                                       " are called ", printable(role.str(), 80))}
                    .advise("choose another name"));
  }
  const auto other = delegator_of(repository, role);
  if (!other && other.error().code == Errc::not_found) return {};
  if (!other) return fail(other.error());
  if (*other == parent) return {};
  return fail(Error{Errc::usage, cat(printable(other->str(), 80), " delegates to ",
                                     printable(role.str(), 80), " already")}
                  .advise("choose another name"));
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

Result<Edited> remove_delegation(Repository& repository, const RoleName& parent,
                                 const RoleName& role, Time now) {
  SLUICE_TRY(auto draft, repository.next(parent));
  auto* delegations = member_in(draft.head(), "delegations");
  auto* roles = delegations == nullptr ? nullptr : member_in(*delegations, "roles");
  if (roles == nullptr || roles->array() == nullptr || !delegates_to(*roles->array(), role)) {
    SLUICE_TRY(const auto listed, listed_roles(repository));
    const auto* bins = find_role(listed, role);
    if (bins != nullptr && bins->bins() && bins->parent == parent) {
      return remove_bins(repository, *bins, now);
    }
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
