// SPDX-License-Identifier: Apache-2.0
#include "tufrepo/due.h"

#include <algorithm>

#include "base/text.h"
#include "tufrepo/proposal.h"
#include "tufrepo/role_list.h"

namespace sluice::tuf {

namespace {

constexpr std::chrono::days kPeopleNotice{14};     // as `sluice tuf verify` warns
constexpr std::chrono::minutes kClocksDiffer{10};  // between machines that publish in turn

}  // namespace

std::string Waiting::says(Time now) const {
  std::string out = cat("version ", version);
  if (expired(now)) {
    out += cat(" expired ", human_duration(now - expires), " ago, at ", human_time(expires),
               ": clients refuse ", is_top_level(role.str()) ? "everything" : "what it lists",
               " until a new one is published");
  } else {
    out += cat(" is good until ", human_time(expires), ", for ", human_duration(expires - now),
               " more");
  }
  return why.empty() ? out : cat(out, "; ", why);
}

Result<Waiting> waiting_for_people(Repository& repository, const RoleName& role, std::string why) {
  Waiting out{.role = role, .why = std::move(why)};
  SLUICE_TRY(const auto* published, repository.published(role));
  if (published != nullptr) {
    out.version = published->version();
    out.expires = published->expires();
  }
  // Whoever renewed it again would drop the signatures that it has.
  const bool proposed = repository.files().info(repository.staged_file(role)).has_value();
  out.next = proposed ? std::string("sluice tuf status")
                      : cat("sluice tuf propose --renew ", printable(role.str(), 80));
  return out;
}

Result<bool> is_due(Repository& repository, const RoleName& role, const Draft& published,
                    Time now) {
  if (published.expires() - now < repository.policy().of(role).renew) return true;
  SLUICE_TRY(const auto* names, repository.names());
  SLUICE_TRY(const auto all, signatories_of(repository, role));
  for (const auto& signatories : all) {
    SLUICE_TRY(const auto quorum, count_votes(published, signatories, {}, *names));
    if (!quorum.complete()) return true;
  }
  return false;
}

Result<DueRoles> due_roles(Repository& repository, Time now) {
  DueRoles out;
  SLUICE_TRY(const auto listed, listed_roles(repository));
  for (const auto& each : listed) {
    const auto type = type_of_role(each.role);
    if (type == RoleType::snapshot || type == RoleType::timestamp) continue;
    for (const auto& role : each.roles()) {
      SLUICE_TRY(const auto* published, repository.published(role));
      if (published == nullptr) continue;
      const auto policy = repository.policy().of(role);
      if (!policy.online.empty()) {
        SLUICE_TRY(const bool due, is_due(repository, role, *published, now));
        if (due) out.online.push_back(role);
        continue;
      }
      const auto notice = std::min<std::chrono::seconds>(policy.renew, kPeopleNotice);
      if (published->expires() - now >= notice) continue;
      SLUICE_TRY(out.people.emplace_back(), waiting_for_people(repository, role));
    }
  }
  return out;
}

std::optional<std::string> clock_warning(const Repository& repository, const RoleName& role,
                                         const Draft& published, Time now) {
  const auto period = repository.policy().of(role).expires;
  if (published.expires() - now <= period + kClocksDiffer) return std::nullopt;
  return cat("the clock of this machine says ", human_time(now), ", and ", role.str(), " ",
             published.version(), " is good until ", human_time(published.expires()),
             ", for longer than the ", period_text(period),
             " that tuf-repo.yaml gives it: unless those were made shorter, the clock is behind, "
             "and what it signs expires too early");
}

}  // namespace sluice::tuf
