// SPDX-License-Identifier: Apache-2.0
#include "tufrepo/role_signing.h"

#include <algorithm>
#include <set>

#include "base/parallel.h"
#include "base/text.h"

namespace sluice::tuf {

namespace {

constexpr std::size_t kOpenedEarly = 64;  // roles whose keys are looked for beforehand
constexpr std::size_t kReadAheadFrom = 256U << 10;

json::Value signature_json(const RoleSignature& signature) {
  json::Value out;
  out.set("keyid", signature.keyid.str());
  out.set("sig", signature.sig);
  if (!signature.bundle.empty()) {
    if (auto bundle = json::parse_strict(signature.bundle)) out.set("bundle", *std::move(bundle));
  }
  return out;
}

Result<void> sign_online(Signing& work) {
  if (work.keys.empty()) return {};
  SLUICE_TRY(const auto message, work.draft.message_text());
  for (auto* const key : work.keys) {
    SLUICE_TRY(const auto signature, key->sign(*message));
    work.draft.add_signature(signature_json(signature));
  }
  return {};
}

std::int64_t signed_by(const Draft& draft, const Signatories& signatories) {
  std::vector<std::string> keyids;
  for (const auto& each : draft.signatures()) {
    const auto* keyid = each.find("keyid");
    if (keyid == nullptr || keyid->string() == nullptr) continue;
    const auto& listed = signatories.role.keyids;
    if (std::ranges::find(listed, *keyid->string()) != listed.end()) {
      keyids.push_back(*keyid->string());
    }
  }
  return static_cast<std::int64_t>(different_keys(signatories.keys, keyids));
}

}  // namespace

void RoleSigning::open_early(const std::vector<ProposedRole>& roles) {
  if (roles.size() > kOpenedEarly) return;
  for (const auto& each : roles) {
    const auto online = repository_.policy().of(each.role).online;
    const auto in_variable = [](const std::string& source) { return source.starts_with("env:"); };
    if (online.empty() || !std::ranges::all_of(online, in_variable)) continue;
    const auto all = signatories_of(repository_, each.role);
    for (std::size_t i = 0; all && i < all->size(); ++i) (void)online_keys(each.role, (*all)[i]);
  }
}

Result<Signing> RoleSigning::begin(const RoleName& role, Version from, Draft draft,
                                   const std::vector<Quorum>& quorums) {
  Signing out{.role = role, .from = from, .draft = std::move(draft)};
  SLUICE_TRY(out.all, signatories_of(repository_, role));
  SLUICE_TRY(const auto kept, signatures_that_hold(role, out.draft, quorums, out.all));
  out.draft.clear_signatures();
  for (const auto& each : kept) out.draft.add_signature(each);
  out.incomplete = quorums.empty() || !std::ranges::all_of(quorums, &Quorum::complete);
  if (!out.incomplete) return out;
  for (const auto& signatories : out.all) {
    SLUICE_TRY(const auto* online, online_keys(role, signatories));
    for (const auto& key : online->keys) out.keys.push_back(key.get());
    if (!out.broken) out.broken = online->broken;
  }
  return out;
}

Result<void> RoleSigning::sign(Signing& work) {
  const bool at_once = !work.keys.empty() && std::ranges::all_of(work.keys, &RoleSigner::at_once);
  if (work.draft.type() != RoleType::snapshot || !at_once) return sign_online(work);
  SLUICE_TRY(const auto message, work.draft.message_text());
  if (message.text.size() < kReadAheadFrom) return sign_online(work);
  Result<void> done;
  std::optional<Result<Snapshot>> read;
  for_each_parallel(2, hardware_threads(), [&](std::size_t i) {
    if (i == 0) {
      done = sign_online(work);
    } else {
      read = parse_snapshot(message.held, message.text);
    }
  });
  if (read && *read) work.read = **std::move(read);
  return done;
}

std::vector<Result<void>> RoleSigning::sign_all(std::vector<Signing>& work) {
  const bool at_once = std::ranges::all_of(
      work, [](const Signing& one) { return std::ranges::all_of(one.keys, &RoleSigner::at_once); });
  std::vector<Result<void>> done(work.size());
  for_each_parallel(work.size(), at_once ? hardware_threads() : 1,
                    [&](std::size_t i) { done[i] = sign_online(work[i]); });
  return done;
}

Result<std::vector<Quorum>> RoleSigning::missing(const Signing& work) {
  std::vector<Quorum> out;
  for (const auto& signatories : work.all) {
    // Each signature was verified when it was made, and the rehearsal verifies it again.
    if (!work.incomplete || signed_by(work.draft, signatories) >= signatories.role.threshold) {
      continue;
    }
    if (work.broken) {
      Error error = *work.broken;
      return fail(std::move(error).in(cat("signing ", printable(work.role.str(), 80))));
    }
    SLUICE_TRY(const auto* names, repository_.names());
    SLUICE_TRY(out.emplace_back(), count_votes(work.draft, signatories, {}, *names));
  }
  return out;
}

Result<std::vector<json::Value>> RoleSigning::signatures_that_hold(
    const RoleName& role, const Draft& draft, const std::vector<Quorum>& quorums,
    const std::vector<Signatories>& all) {
  const auto is_identity = [&](const std::string& keyid) {
    return std::ranges::any_of(all, [&](const Signatories& each) {
      const auto at = each.keys.find(keyid);
      return at != each.keys.end() && at->second.foreign != nullptr;
    });
  };
  std::set<std::string> good;
  for (const auto& quorum : quorums) {
    for (const auto& voter : quorum.voters) {
      if (voter.vote == Vote::given) good.insert(voter.keyid);
    }
  }
  std::map<std::string, json::Value> out;
  const auto take = [&](const json::Value& value) {
    const auto* keyid = value.find("keyid");
    if (keyid == nullptr || keyid->string() == nullptr || !good.contains(*keyid->string())) return;
    out.emplace(*keyid->string(), bare_signature(value, is_identity(*keyid->string())));
  };
  if (!good.empty()) {
    SLUICE_TRY(const auto beside, repository_.signatures(role));
    for (const auto& each : beside) take(each.signature);
    for (const auto& each : draft.signatures()) take(each);
  }
  std::vector<json::Value> sorted;
  for (auto& [keyid, value] : out) sorted.push_back(std::move(value));
  return sorted;
}

Result<const OnlineKeys*> RoleSigning::online_keys(const RoleName& role,
                                                   const Signatories& signatories) {
  auto keyids = signatories.role.keyids;
  const auto online = repository_.policy().of(role).online;
  keyids.insert(keyids.end(), online.begin(), online.end());
  const std::string id = join(keyids, "\n");
  const auto at = opened_.find(id);
  if (at != opened_.end()) return &at->second;
  SLUICE_TRY(auto found, signers_(role, signatories));
  return &opened_.emplace(id, std::move(found)).first->second;
}

}  // namespace sluice::tuf
