// SPDX-License-Identifier: Apache-2.0
// Bins: made, made anew in another number, taken away.
#include <algorithm>
#include <set>

#include "base/codec.h"
#include "base/text.h"
#include "tufrepo/edit.h"
#include "tufrepo/role_list.h"

namespace sluice::tuf {

namespace {

constexpr int kMostBits = 16;  // 65,536 bins

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

// Where a path is listed twice, clients take what the delegator says.
Result<std::size_t> take_back(Repository& repository, const ListedRole& bins, Draft& parent) {
  std::size_t count = 0;
  for (const auto& role : bins.roles()) {
    SLUICE_TRY(const auto* bin, repository.latest(role));
    if (bin == nullptr) continue;
    if (bin->head().find("delegations") != nullptr) {
      return fail(Errc::denied, cat(role.str(), " delegates to others, who would be lost"));
    }
    SLUICE_CHECK(bin->each([&](std::string_view path, std::string_view text) -> Result<void> {
      if (parent.find(path)) return {};
      parent.put(std::string(path), std::string(text));
      ++count;
      return {};
    }));
  }
  return count;
}

void erase_bins(Draft& parent, const ListedRole& bins) {
  auto& delegations = *member_in(parent.head(), "delegations");
  if (bins.succinct) {
    std::erase_if(*delegations.object(),
                  [](const json::Member& each) { return each.first == "succinct_roles"; });
  } else {
    const std::set<RoleName> gone(bins.explicit_bins.begin(), bins.explicit_bins.end());
    std::erase_if(*member_in(delegations, "roles")->array(), [&](const json::Value& each) {
      const auto* name = each.find("name");
      return name != nullptr && name->string() != nullptr &&
             gone.contains(RoleName(*name->string()));
    });
  }
  drop_unused_keys(parent);
  if (has_roles(delegations)) return;
  std::erase_if(*parent.head().object(),
                [](const json::Member& each) { return each.first == "delegations"; });
}

Result<RoleKeySet> keys_of(const Draft& parent, const ListedRole& bins) {
  RoleKeySet out{{}, bins.keys.threshold};
  const auto* delegations = parent.head().find("delegations");
  const auto* keys = delegations == nullptr ? nullptr : delegations->find("keys");
  for (const auto& keyid : bins.keys.keyids) {
    const auto* key = keys == nullptr ? nullptr : keys->find(keyid);
    if (key == nullptr) return fail(Errc::not_found, cat("the key ", printable(keyid, 80)));
    SLUICE_TRY(out.keys.emplace_back(), parse_role_key(keyid, *key));
  }
  return out;
}

// What is proposed of bins that are none any more goes; what is published stays listed.
Result<void> let_go(Repository& repository, const ListedRole& bins, const std::set<RoleName>& kept,
                    Edited& out) {
  std::size_t published = 0;
  for (const auto& role : bins.roles()) {
    if (kept.contains(role)) continue;
    SLUICE_TRY(const auto version, repository.version_of(role));
    published += version > 0 ? 1 : 0;
    SLUICE_TRY(const auto* staged, repository.staged(role));
    if (staged != nullptr) SLUICE_CHECK(repository.unstage(role));
  }
  if (published > 0) {
    out.notes.push_back(cat("the snapshot goes on listing ", published,
                            " bins of before: clients refuse one that lists less (TUF 5.5.5)"));
  }
  return {};
}

std::string targets_moved(std::size_t count, std::string_view where) {
  return cat(count, count == 1 ? " target moved " : " targets moved ", where);
}

Result<std::optional<ListedRole>> bins_there(Repository& repository, const RoleName& parent,
                                             const RoleName& prefix) {
  SLUICE_TRY(const auto listed, listed_roles(repository));
  const auto* found = find_role(listed, prefix);
  if (found == nullptr) return std::nullopt;
  if (found->bins() && found->parent == parent) return *found;
  return fail(Error{Errc::usage, cat(printable(found->parent.str(), 80), " delegates to ",
                                     printable(prefix.str(), 80), " already")}
                  .advise("choose another name"));
}

}  // namespace

RoleName bin_name(const NewBins& plan, std::uint32_t number) {
  return RoleName(cat(plan.prefix, "-", hex_number(number, hex_width(plan.bits))));
}

Result<Edited> delegate_bins(Repository& repository, const NewBins& given, Time now) {
  NewBins plan = given;
  SLUICE_CHECK(check_new_role_name(plan.prefix));
  if (plan.bits < 1 || plan.bits > kMostBits) {
    return fail(Errc::usage, "the number of bins is a power of two, from 2 to 65536");
  }
  SLUICE_TRY(const auto old, bins_there(repository, plan.parent, RoleName(plan.prefix)));
  if (!old) SLUICE_CHECK(check_name_is_free(repository, plan.parent, bin_name(plan, 0)));
  SLUICE_TRY(auto parent, repository.next(plan.parent));
  if (old) {
    if (plan.keys.keys.empty()) {
      SLUICE_TRY(plan.keys, keys_of(parent, *old));
    }
    SLUICE_CHECK(take_back(repository, *old, parent));
    erase_bins(parent, *old);
  }
  SLUICE_CHECK(check_key_set(plan.keys, plan.prefix, repository.foreign()));
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
  if (!moved.empty()) out.notes.push_back(targets_moved(moved.size(), "into the bins"));
  if (old) {
    SLUICE_CHECK(let_go(repository, *old, {out.roles.begin() + 1, out.roles.end()}, out));
  }
  return out;
}

Result<Edited> remove_bins(Repository& repository, const ListedRole& bins, Time now) {
  SLUICE_TRY(auto parent, repository.next(bins.parent));
  SLUICE_TRY(const std::size_t moved, take_back(repository, bins, parent));
  erase_bins(parent, bins);
  SLUICE_CHECK(repository.stage(bins.parent, std::move(parent), now));
  Edited out{{bins.parent}, {}};
  if (moved > 0) {
    out.notes.push_back(targets_moved(moved, cat("out of the bins into ", bins.parent.str())));
  }
  SLUICE_CHECK(let_go(repository, bins, {}, out));
  return out;
}

}  // namespace sluice::tuf
