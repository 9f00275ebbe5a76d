// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <deque>
#include <map>

#include "base/text.h"
#include "tuf/limits.h"
#include "tufrepo/delegation_way.h"
#include "tufrepo/edit.h"

namespace sluice::tuf {

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
    const std::string_view hash(one.hash.data(), one.hash.size());
    DelegationWay::Known* at = nullptr;
    if (state_->role) {
      SLUICE_TRY(const bool leads, state_->way.leads_to(listed.key(), hash, *state_->role));
      if (!leads) {
        return fail(Error{Errc::usage,
                          cat("no client would ask ", printable(state_->role->str(), 80), " for ",
                              printable(listed.key(), 200), ": it is not delegated to it")}
                        .advise("leave --role out, or delegate the path first"));
      }
      SLUICE_TRY(at, state_->way.look_at(*state_->role));
    } else {
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
