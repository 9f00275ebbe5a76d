// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"
#include "tuf/limits.h"
#include "tufrepo/edit.h"

namespace sluice::tuf {

namespace {

constexpr int kMaxWay = 32;  // roles that one search visits, as clients have it

// The way of a client from targets downwards (TUF 5.6.7), with what was read on it kept.
class Way {
 public:
  explicit Way(Repository& repository) : repository_(repository) {}

  struct Answer {
    std::optional<RoleName> lists;  // the role that lists the path now
    RoleName takes{"targets"};      // the one that is to list it, where none does
  };
  Result<Answer> of(std::string_view path) {
    Answer out;
    const std::string hash = path_hash(path);
    std::vector<RoleName> stack{RoleName("targets")};
    std::set<std::string> seen;
    bool first_way = true;
    while (!stack.empty() && seen.size() < kMaxWay) {
      const RoleName role = stack.back();
      stack.pop_back();
      if (!seen.insert(role.str()).second) continue;
      SLUICE_TRY(const auto* draft, repository_.latest(role));
      if (draft != nullptr && draft->find(path)) {
        out.lists = role;
        return out;
      }
      SLUICE_TRY(const auto* delegations, delegations_in(role, draft));
      const auto below = covering(*delegations, path, hash);
      if (first_way && !below.empty()) out.takes = below.front();
      if (below.empty()) first_way = false;
      stack.insert(stack.end(), below.rbegin(), below.rend());
    }
    return out;
  }

  // Whether a client that looks for the path comes to the role.
  Result<bool> leads_to(std::string_view path, const RoleName& role) {
    if (role.str() == "targets") return true;
    SLUICE_TRY(const auto parent, delegator_of(repository_, role));
    SLUICE_TRY(const auto* draft, repository_.latest(parent));
    SLUICE_TRY(const auto* delegations, delegations_in(parent, draft));
    const auto below = covering(*delegations, path, path_hash(path));
    if (std::ranges::find(below, role) == below.end()) return false;
    return leads_to(path, parent);
  }

 private:
  Result<const Delegations*> delegations_in(const RoleName& role, const Draft* draft) {
    const auto at = known_.find(role.str());
    if (at != known_.end()) return &at->second;
    Delegations read;
    if (draft != nullptr) {
      SLUICE_TRY(read, delegations_of(*draft, repository_.foreign()));
    }
    return &known_.emplace(role.str(), std::move(read)).first->second;
  }

  static std::vector<RoleName> covering(const Delegations& delegations, std::string_view path,
                                        const std::string& hash) {
    if (delegations.bins) return {delegations.bins->bin_of(hash)};
    std::vector<RoleName> out;
    for (const auto& each : delegations.roles) {
      if (!each.covers(path, hash)) continue;
      out.push_back(each.role);
      if (each.terminating) break;
    }
    return out;
  }

  Repository& repository_;
  std::map<std::string, Delegations, std::less<>> known_;
};

std::string custom_of(std::string_view listed) {
  const auto value = json::parse_strict(listed, {.bytes = listed.size()});
  const auto* custom = value ? value->find("custom") : nullptr;
  return custom == nullptr ? "" : sorted_json(*custom);
}

std::string listed_text(const NewTarget& target, const std::string& custom) {
  std::string out = "{";
  if (!custom.empty()) out += cat("\"custom\":", custom, ",");
  out += "\"hashes\":{";
  auto hashes = target.hashes;
  std::ranges::sort(hashes, {}, [](const auto& each) { return crypto::name(each.algorithm()); });
  for (const auto& each : hashes) {
    out += cat(out.ends_with('{') ? "\"" : ",\"", crypto::name(each.algorithm()), "\":\"",
               each.hex(), "\"");
  }
  return out + cat("},\"length\":", target.length, "}");
}

Result<void> put_target(Draft& draft, const NewTarget& target) {
  std::string custom;
  if (!target.custom.empty()) {
    SLUICE_TRY(const auto value,
               json::parse_strict(target.custom, {.bytes = target.custom.size()}));
    if (!value.is(json::Value::Kind::object)) {
      return fail(Errc::usage, "custom metadata of a target is a JSON object");
    }
    SLUICE_CHECK(json::canonical_olpc(value));
    custom = sorted_json(value);
  } else if (const auto known = draft.find(target.path)) {
    custom = custom_of(*known);
  }
  draft.put(target.path, listed_text(target, custom));
  return {};
}

}  // namespace

Result<void> check_target_path(std::string_view path) {
  const auto refuse = [&](std::string_view why) {
    return fail(
        Error{Errc::usage, cat("\"", printable(path, 200), "\" cannot be a target: ", why)});
  };
  if (path.empty() || path.size() > kMaxTargetPath) return refuse("its name is empty or too long");
  if (!is_utf8(path)) return refuse("its name is no UTF-8");
  for (const char c : path) {
    if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') return refuse("a control character");
    if (c == '\\') return refuse("a backslash");
  }
  if (path.front() == '/') return refuse("an absolute path");
  for (const auto part : split(path, '/')) {
    if (part.empty()) return refuse("an empty part");
    if (part == "." || part == "..") return refuse("a part that is . or ..");
    if (part.size() > 180) return refuse("a part of more than 180 bytes");
  }
  return {};
}

Result<std::vector<crypto::Digest>> hashes_listed(std::string_view target) {
  SLUICE_TRY(const auto value, json::parse_strict(target, {.bytes = target.size()}));
  const auto* hashes = value.find("hashes");
  if (hashes == nullptr) return std::vector<crypto::Digest>{};
  const std::string text = json::write(*hashes);
  json::Tokenizer in(text, {.bytes = text.size()});
  SLUICE_TRY(auto read, read_hashes(in));
  return std::move(read.known);
}

std::vector<std::string> target_files(std::string_view path,
                                      const std::vector<crypto::Digest>& hashes) {
  const auto slash = path.rfind('/');
  const std::size_t base = slash == std::string_view::npos ? 0 : slash + 1;
  std::vector<std::string> out;
  for (const auto& each : hashes) {
    out.push_back(cat("targets/", path.substr(0, base), each.hex(), ".", path.substr(base)));
  }
  return out;
}

Result<Edited> add_targets(Repository& repository, const std::vector<NewTarget>& targets,
                           const std::optional<RoleName>& role, Time now) {
  Way way(repository);
  std::map<std::string, std::vector<const NewTarget*>> by_role;
  for (const auto& target : targets) {
    SLUICE_CHECK(check_target_path(target.path));
    if (target.hashes.empty()) return fail(Errc::usage, "a target without a hash");
    if (role) {
      SLUICE_TRY(const bool leads, way.leads_to(target.path, *role));
      if (!leads) {
        return fail(
            Error{Errc::usage, cat("no client would ask ", printable(role->str(), 80), " for ",
                                   printable(target.path, 200), ": it is not delegated to it")}
                .advise("leave --role out, or delegate the path first"));
      }
      by_role[role->str()].push_back(&target);
      continue;
    }
    SLUICE_TRY(const auto found, way.of(target.path));
    by_role[found.lists.value_or(found.takes).str()].push_back(&target);
  }
  Edited out;
  for (const auto& [name, those] : by_role) {
    const RoleName at(name);
    SLUICE_TRY(auto draft, repository.next(at));
    for (const auto* target : those) {
      SLUICE_CHECK(
          within(put_target(draft, *target), cat("adding ", printable(target->path, 200))));
    }
    SLUICE_CHECK(repository.stage(at, std::move(draft), now));
    out.add(at);
  }
  return out;
}

Result<Edited> remove_targets(Repository& repository, const std::vector<std::string>& paths,
                              Time now) {
  Way way(repository);
  std::map<std::string, std::vector<std::string>> by_role;
  for (const auto& path : paths) {
    SLUICE_TRY(const auto found, way.of(path));
    if (!found.lists) {
      return fail(Errc::not_found, cat("no role lists ", printable(path, 200)));
    }
    by_role[found.lists->str()].push_back(path);
  }
  Edited out;
  for (const auto& [name, those] : by_role) {
    const RoleName at(name);
    SLUICE_TRY(auto draft, repository.next(at));
    for (const auto& path : those) draft.erase(path);
    SLUICE_CHECK(repository.stage(at, std::move(draft), now));
    out.add(at);
  }
  return out;
}

}  // namespace sluice::tuf
