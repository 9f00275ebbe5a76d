// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <deque>
#include <utility>

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

// Between two targets that are ready; none of their own bytes is a control character.
constexpr char kBetween = '\n';

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
  std::size_t unchanged = 0;

  std::size_t number_of(const Listed& entry) const;
  Result<void> settle(std::vector<Listed>& added, const Origin& origin) const;
  void keep_customs(const Draft& draft, std::vector<Listed>& added);
};

// Which of all that were added it is: pieces are in the order in which they came.
std::size_t TargetBatch::State::number_of(const Listed& entry) const {
  const char* const at = entry.key().data();
  std::size_t out = 0;
  for (const auto& piece : *pieces) {
    const char* const end = piece.data() + piece.size();
    const bool here = piece.data() <= at && at < end;
    out += static_cast<std::size_t>(std::count(piece.data(), here ? at : end, kBetween));
    if (here) break;
  }
  return out;
}

// By their paths, and each path once.
Result<void> TargetBatch::State::settle(std::vector<Listed>& added, const Origin& origin) const {
  std::ranges::stable_sort(added, {}, &Listed::key);
  std::size_t last = 0;
  for (std::size_t i = 1; i < added.size(); ++i) {
    if (added[i].key() != added[last].key()) {
      added[++last] = added[i];
    } else if (added[i].text() != added[last].text()) {
      return fail(
          Error{Errc::usage,
                cat("two different targets would be called ", printable(added[i].key(), 200), ": ",
                    origin(number_of(added[last])), ", and ", origin(number_of(added[i])))}
              .advise("give one of them another path, say below --under, or as \"path\" in "
                      "a list"));
    }
  }
  added.erase(added.begin() + static_cast<std::ptrdiff_t>(last) + 1, added.end());
  return {};
}

void TargetBatch::State::keep_customs(const Draft& draft, std::vector<Listed>& added) {
  for (auto& entry : added) {
    if (entry.text().starts_with("{\"custom\"")) continue;
    const auto known = draft.find(entry.key());
    const std::string custom = known ? custom_of(*known) : std::string();
    if (custom.empty()) continue;
    entry = keep_listed(*pieces, entry.key(), with_custom(entry.text(), custom));
  }
}

TargetBatch::TargetBatch(Repository& repository, std::optional<RoleName> role)
    : state_(new State{repository, std::move(role), DelegationWay(repository)}) {}
TargetBatch::TargetBatch(TargetBatch&&) noexcept = default;
TargetBatch::~TargetBatch() = default;

std::size_t TargetBatch::count() const { return state_->count; }
std::size_t TargetBatch::unchanged() const { return state_->unchanged; }

Result<void> TargetBatch::Ready::add(const NewTarget& target) {
  SLUICE_CHECK(check_target_path(target.path));
  if (target.hashes.empty()) return fail(Errc::usage, "a target without a hash");
  auto custom = custom_text(target.custom);
  if (!custom) {
    return fail(std::move(custom).error().in(cat("adding ", printable(target.path, 200))));
  }
  const std::string piece = listed_piece(target.path, listed_text(target, *custom));
  text_ += piece;
  text_ += kBetween;
  auto& one = all_.emplace_back(One{piece.size(), target.path.size(), {}});
  std::ranges::copy(path_hash(target.path), one.hash.begin());
  return {};
}

Result<void> TargetBatch::add(Ready ready) {
  std::string_view left = state_->pieces->emplace_back(std::move(ready.text_));
  for (const auto& one : ready.all_) {
    const Listed listed = in_piece(left.substr(0, one.size), one.path_size);
    left.remove_prefix(one.size + 1);
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

Result<Edited> TargetBatch::stage(Time now, const Origin& origin) {
  Edited out;
  state_->count = 0;
  for (auto* const at : state_->way.with_added()) {
    SLUICE_CHECK(state_->settle(at->added, origin));
    SLUICE_TRY(auto draft, state_->repository.next(at->role));
    if (at->any) state_->keep_customs(draft, at->added);
    const std::vector<Listed> added = std::exchange(at->added, {});
    const std::size_t same = draft.put_all(added, state_->pieces);
    state_->count += added.size();
    state_->unchanged += same;
    if (same == added.size()) continue;
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
  return batch.stage(now, [](std::size_t number) { return cat("number ", number + 1); });
}

}  // namespace sluice::tuf
