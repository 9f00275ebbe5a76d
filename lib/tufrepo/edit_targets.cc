// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <deque>
#include <map>
#include <unordered_map>

#include "base/text.h"
#include "tuf/limits.h"
#include "tufrepo/edit.h"

namespace sluice::tuf {

namespace {

constexpr std::size_t kMaxWay = 32;  // roles that one search visits, as clients have it

}  // namespace

// The way of a client from targets downwards (TUF 5.6.7). What it has seen of a role it takes to be
// so for good: nothing is staged meanwhile.
class DelegationWay {
 public:
  explicit DelegationWay(Repository& repository) : repository_(repository) {}

  // Of one role.
  struct Known {
    RoleName role;
    const Draft* draft = nullptr;              // nullptr: there is none
    const Delegations* delegations = nullptr;  // nullptr: it has none
    bool any = false;                          // it lists some target
    std::vector<Known*> bins = {};             // by number; nullptr: not looked at yet
    std::vector<Listed> added = {};            // for who collects what is to be listed there

    bool lists(std::string_view path) const { return any && draft->find(path).has_value(); }
  };
  struct Answer {
    Known* lists = nullptr;  // the role that lists the path now; nullptr: none does
    Known* takes = nullptr;  // the one that is to list it then
  };
  Result<Answer> of(std::string_view path, std::string_view hash) {
    if (top_ == nullptr) {
      SLUICE_TRY(top_, look_at(targets_));
    }
    Answer out{.lists = nullptr, .takes = top_};
    std::vector<Known*> stack;
    std::vector<Known*> seen;
    bool first_way = true;
    for (Known* at = top_; at != nullptr && seen.size() < kMaxWay; at = pop(stack)) {
      if (std::ranges::find(seen, at) != seen.end()) continue;
      if (at->lists(path)) {
        out.lists = at;
        return out;
      }
      if (at->delegations == nullptr) {
        if (stack.empty()) break;  // the usual end, with nothing to note
        first_way = false;
        seen.push_back(at);
        continue;
      }
      seen.push_back(at);
      SLUICE_TRY(const auto below, below_of(*at, path, hash));
      if (first_way && !below.empty()) out.takes = below.front();
      if (below.empty()) first_way = false;
      stack.insert(stack.end(), below.rbegin(), below.rend());
    }
    return out;
  }

  // Whether a client that looks for the path comes to the role.
  Result<bool> leads_to(std::string_view path, const RoleName& role) {
    if (role == targets_) return true;
    SLUICE_TRY(const auto parent, delegator_of(repository_, role));
    SLUICE_TRY(const auto* delegations, repository_.delegations(parent));
    const auto below = covering(*delegations, path, path_hash(path));
    if (std::ranges::find(below, role) == below.end()) return false;
    return leads_to(path, parent);
  }

  Result<Known*> look_at(const RoleName& role) {
    if (const auto at = known_.find(role.str()); at != known_.end()) return &at->second;
    Known out{role};
    SLUICE_TRY(out.draft, repository_.latest(role));
    if (out.draft != nullptr && out.draft->head().find("delegations") != nullptr) {
      SLUICE_TRY(out.delegations, repository_.delegations(role));
    }
    out.any = out.draft != nullptr && out.draft->count() > 0;
    return &known_.emplace(role.str(), std::move(out)).first->second;
  }

  // Those for which something was collected, by name.
  std::vector<Known*> with_added() {
    std::vector<Known*> out;
    for (auto& [name, known] : known_) {
      if (!known.added.empty()) out.push_back(&known);
    }
    std::ranges::sort(out, {}, &Known::role);
    return out;
  }
  void forget() {
    top_ = nullptr;
    known_.clear();
  }

 private:
  static constexpr int kFewBits = 16;  // bins that a list by number is kept for

  static Known* pop(std::vector<Known*>& stack) {
    if (stack.empty()) return nullptr;
    Known* const out = stack.back();
    stack.pop_back();
    return out;
  }

  Result<std::vector<Known*>> below_of(Known& at, std::string_view path, std::string_view hash) {
    std::vector<Known*> out;
    const auto& bins = at.delegations->bins;
    if (bins && bins->bits <= kFewBits) {
      at.bins.resize(std::size_t{1} << static_cast<unsigned>(bins->bits));
      Known*& bin = at.bins[bins->number_of(hash)];
      if (bin == nullptr) {
        SLUICE_TRY(bin, look_at(bins->bin_of(hash)));
      }
      out.push_back(bin);
      return out;
    }
    for (const auto& role : covering(*at.delegations, path, hash)) {
      SLUICE_TRY(out.emplace_back(), look_at(role));
    }
    return out;
  }

  static std::vector<RoleName> covering(const Delegations& delegations, std::string_view path,
                                        std::string_view hash) {
    std::vector<RoleName> out;
    if (delegations.bins) {
      out.push_back(delegations.bins->bin_of(hash));
      return out;
    }
    for (const auto& each : delegations.roles) {
      if (!each.covers(path, hash)) continue;
      out.push_back(each.role);
      if (each.terminating) break;
    }
    return out;
  }

  Repository& repository_;
  RoleName targets_{"targets"};
  Known* top_ = nullptr;                          // of targets_, once it was looked at
  std::unordered_map<std::string, Known> known_;  // whose elements stay where they are
};

namespace {

std::string custom_of(std::string_view listed) {
  const auto value = json::parse_strict(listed, {.bytes = listed.size()});
  const auto* custom = value ? value->find("custom") : nullptr;
  return custom == nullptr ? "" : sorted_json(*custom);
}

std::string listed_text(const NewTarget& target, const std::string& custom) {
  std::string out = "{";
  if (!custom.empty()) out += cat("\"custom\":", custom, ",");
  out += "\"hashes\":{";
  std::vector<const crypto::Digest*> hashes;
  for (const auto& each : target.hashes) hashes.push_back(&each);
  std::ranges::sort(hashes, {}, [](const auto* each) { return crypto::name(each->algorithm()); });
  for (const auto* each : hashes) {
    out += cat(each == hashes.front() ? "\"" : ",\"", crypto::name(each->algorithm()), "\":\"",
               each->hex(), "\"");
  }
  return cat(out, "},\"length\":", target.length, "}");
}

Result<std::string> custom_text(const std::string& given) {
  if (given.empty()) return std::string();
  SLUICE_TRY(const auto value, json::parse_strict(given, {.bytes = given.size()}));
  if (!value.is(json::Value::Kind::object)) {
    return fail(Errc::usage, "custom metadata of a target is a JSON object");
  }
  SLUICE_CHECK(json::canonical_olpc(value));
  return sorted_json(value);
}

// What a target had is put before what it has now: {"custom":…,"hashes":….
std::string with_custom(std::string_view text, const std::string& custom) {
  return cat("{\"custom\":", custom, ",", text.substr(1));
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

struct TargetBatch::State {
  Repository& repository;
  std::optional<RoleName> role;
  DelegationWay way;
  std::shared_ptr<std::deque<std::string>> pieces = std::make_shared<std::deque<std::string>>();
  std::size_t count = 0;
};

TargetBatch::TargetBatch(Repository& repository, std::optional<RoleName> role)
    : state_(new State{repository, std::move(role), DelegationWay(repository)}) {}
TargetBatch::TargetBatch(TargetBatch&&) noexcept = default;
TargetBatch::~TargetBatch() = default;

std::size_t TargetBatch::count() const { return state_->count; }

Result<void> TargetBatch::Ready::add(const NewTarget& target) {
  SLUICE_CHECK(check_target_path(target.path));
  if (target.hashes.empty()) return fail(Errc::usage, "a target without a hash");
  auto custom = custom_text(target.custom);
  if (!custom) {
    return fail(std::move(custom).error().in(cat("adding ", printable(target.path, 200))));
  }
  const std::string piece = listed_piece(target.path, listed_text(target, *custom));
  text_ += piece;
  auto& one = all_.emplace_back(One{piece.size(), target.path.size(), {}});
  std::ranges::copy(path_hash(target.path), one.hash.begin());
  return {};
}

Result<void> TargetBatch::add(Ready ready) {
  std::string_view left = state_->pieces->emplace_back(std::move(ready.text_));
  for (const auto& one : ready.all_) {
    const Listed listed = in_piece(left.substr(0, one.size), one.path_size);
    left.remove_prefix(one.size);
    DelegationWay::Known* at = nullptr;
    if (state_->role) {
      SLUICE_TRY(const bool leads, state_->way.leads_to(listed.key(), *state_->role));
      if (!leads) {
        return fail(Error{Errc::usage,
                          cat("no client would ask ", printable(state_->role->str(), 80), " for ",
                              printable(listed.key(), 200), ": it is not delegated to it")}
                        .advise("leave --role out, or delegate the path first"));
      }
      SLUICE_TRY(at, state_->way.look_at(*state_->role));
    } else {
      const std::string_view hash(one.hash.data(), one.hash.size());
      SLUICE_TRY(const auto found, state_->way.of(listed.key(), hash));
      at = found.lists != nullptr ? found.lists : found.takes;
    }
    at->added.push_back(listed);
    ++state_->count;
  }
  return {};
}

Result<Edited> TargetBatch::stage(Time now) {
  Edited out;
  for (auto* const at : state_->way.with_added()) {
    SLUICE_TRY(auto draft, state_->repository.next(at->role));
    for (auto& entry : at->added) {
      if (!at->any || entry.text().starts_with("{\"custom\"")) continue;
      const auto known = draft.find(entry.key());
      const std::string custom = known ? custom_of(*known) : std::string();
      if (custom.empty()) continue;
      entry = keep_listed(*state_->pieces, entry.key(), with_custom(entry.text(), custom));
    }
    draft.put_all(std::move(at->added), state_->pieces);
    SLUICE_CHECK(state_->repository.stage(at->role, std::move(draft), now));
    out.roles.push_back(at->role);
  }
  state_->way.forget();
  return out;
}

Result<Edited> add_targets(Repository& repository, const std::vector<NewTarget>& targets,
                           const std::optional<RoleName>& role, Time now) {
  TargetBatch batch(repository, role);
  TargetBatch::Ready ready;
  for (const auto& target : targets) SLUICE_CHECK(ready.add(target));
  SLUICE_CHECK(batch.add(std::move(ready)));
  return batch.stage(now);
}

Result<Edited> remove_targets(Repository& repository, const std::vector<std::string>& paths,
                              Time now) {
  DelegationWay way(repository);
  std::map<std::string, std::vector<std::string>> by_role;
  for (const auto& path : paths) {
    SLUICE_TRY(const auto found, way.of(path, path_hash(path)));
    if (found.lists == nullptr) {
      return fail(Errc::not_found, cat("no role lists ", printable(path, 200)));
    }
    by_role[found.lists->role.str()].push_back(path);
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
