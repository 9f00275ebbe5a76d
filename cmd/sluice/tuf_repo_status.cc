// SPDX-License-Identifier: Apache-2.0
// sluice tuf status.
#include <algorithm>
#include <set>

#include "base/text.h"
#include "commands.h"
#include "exit.h"
#include "tuf_repo.h"
#include "tufrepo/word.h"

namespace sluice::cli {

namespace {

constexpr std::size_t kToldChanges = 12;
constexpr std::size_t kFewBins = 256;  // that are opened to say when the first expires
constexpr std::size_t kToldProposedRoles = 40;

std::string padded(std::string text, std::size_t width) {
  text.resize(std::max(text.size() + 1, width), ' ');
  return text;
}

std::string expiry_text(Time expires, Time now) {
  if (expires <= now) return cat("EXPIRED ", human_duration(now - expires), " ago");
  // What was made for 90 days a moment ago is good for 90 days, not for 89.
  const auto left = expires - now;
  return cat("good for ",
             human_duration(left + (left > std::chrono::days(2) ? std::chrono::hours(1)
                                                                : std::chrono::hours(0))));
}

json::Value voter_json(const tuf::Voter& voter) {
  json::Value out;
  out.set("keyid", printable(voter.keyid, 200));
  out.set("name", voter.shown);
  out.set("vote", tuf::name(voter.vote));
  if (!voter.why.empty()) out.set("why", voter.why);
  return out;
}

json::Value quorum_json(const tuf::Quorum& quorum) {
  json::Value out;
  out.set("who", quorum.who);
  out.set("threshold", quorum.threshold);
  out.set("given", static_cast<std::int64_t>(quorum.given));
  json::Array voters;
  for (const auto& voter : quorum.voters) voters.push_back(voter_json(voter));
  out.set("voters", json::Value(std::move(voters)));
  return out;
}

std::string names_of(const tuf::Quorum& quorum, tuf::Vote vote) {
  std::vector<std::string> out;
  for (const auto& voter : quorum.voters) {
    if (voter.vote == vote || (vote == tuf::Vote::open && voter.vote == tuf::Vote::wrong)) {
      out.push_back(voter.shown);
    }
  }
  return join(out, ", ");
}

std::string quorum_text(const tuf::Quorum& quorum, bool online) {
  std::string out =
      cat(quorum.given, " of ", quorum.threshold,
          quorum.threshold == 1 ? " signature" : " signatures", ", ", quorum.who, "\n");
  const std::string given = names_of(quorum, tuf::Vote::given);
  if (!given.empty()) out += cat("      signed by     ", given, "\n");
  if (quorum.complete()) return out;
  if (online) return out + "      publish signs it by itself\n";
  const auto needed = quorum.threshold - static_cast<std::int64_t>(quorum.given);
  const std::string open = names_of(quorum, tuf::Vote::open);
  const bool all = std::ranges::count_if(quorum.voters, [](const tuf::Voter& voter) {
                     return voter.vote == tuf::Vote::open || voter.vote == tuf::Vote::wrong;
                   }) <= needed;
  return out + cat("      still needed  ", all ? std::string() : cat(needed, " of "), open, "\n");
}

std::string role_text(const tuf::ProposedRole& role, Time now, bool with_changes) {
  std::string out = cat("  ", padded(cat(printable(role.role.str(), 60), " ", role.to), 14));
  if (role.published) return out + "is published; sluice tuf publish tidies up\n";
  out += cat(role.from == 0 ? std::string("the first") : cat("follows ", role.from), ", ",
             expiry_text(role.expires, now), "\n");
  for (const auto& quorum : role.quorums) out += cat("    ", quorum_text(quorum, role.online));
  if (!with_changes) return out;
  for (std::size_t i = 0; i < role.changes.size(); ++i) {
    if (i == kToldChanges) {
      out += cat("      and ", role.changes.size() - i, " more: sluice tuf diff --role ",
                 printable(role.role.str(), 60), "\n");
      break;
    }
    out += cat("      ", role.changes[i].text(), "\n");
  }
  return out;
}

// What is published of a role; of bins the one that expires first, where they are few: `verify` is
// for many. nullptr: nothing is, or there are many.
Result<const tuf::Draft*> first_to_expire(tuf::Repository& repository,
                                          const tuf::ListedRole& listed) {
  const auto roles = listed.roles();
  const tuf::Draft* out = nullptr;
  if (roles.size() > kFewBins) return out;
  for (const auto& role : roles) {
    SLUICE_TRY(const auto* draft, repository.published(role));
    if (draft == nullptr) continue;
    if (out == nullptr || draft->expires() < out->expires()) out = draft;
  }
  return out;
}

json::Value published_json(const tuf::ListedRole& listed, const tuf::Draft* draft,
                           const tuf::RepoPolicy& policy) {
  json::Value out;
  out.set("role", printable(listed.role.str(), 200));
  out.set("parent", listed.parent.str());
  out.set("version", draft == nullptr || listed.bins() ? tuf::Version{0} : draft->version());
  if (draft != nullptr) out.set("expires", rfc3339(draft->expires()));
  if (listed.bins()) out.set("count", static_cast<std::int64_t>(listed.roles().size()));
  out.set("threshold", listed.keys.threshold);
  json::Array keyids;
  for (const auto& each : listed.keys.keyids) keyids.emplace_back(printable(each, 200));
  out.set("keyids", json::Value(std::move(keyids)));
  out.set("online", !policy.of(listed.role).online.empty());
  out.set("bins", listed.bins());
  return out;
}

struct StatusView {
  std::vector<tuf::ListedRole> listed;
  tuf::Proposal proposal;
  tuf::StoreState store;
};

const json::Value* key_listed(const tuf::Draft* draft, std::string_view keyid) {
  if (draft == nullptr) return nullptr;
  const auto* from =
      draft->type() == tuf::RoleType::root ? &draft->head() : draft->head().find("delegations");
  const auto* keys = from == nullptr ? nullptr : from->find("keys");
  return keys == nullptr ? nullptr : keys->find(keyid);
}

// A key by its name, if it is that one wherever the keyid is listed, published or proposed.
Result<const std::string*> name_in_all(tuf::Repository& repository, const tuf::KeyNames& names,
                                       const tuf::RoleName& parent, std::string_view keyid) {
  const std::string* out = nullptr;
  SLUICE_TRY(const auto* published, repository.published(parent));
  const auto staged = repository.staged(parent);  // where it cannot be read, a fault says so
  const auto* proposed = staged && *staged != nullptr ? &(*staged)->draft : nullptr;
  for (const auto* draft : {published, proposed}) {
    const auto* key = key_listed(draft, keyid);
    if (key == nullptr) continue;
    out = names.name_of(keyid, *key);
    if (out == nullptr) return nullptr;
  }
  return out;
}

Result<std::string> published_text(tuf::Repository& repository, const StatusView& view, Time now) {
  std::string out;
  SLUICE_TRY(const auto* names, repository.names());
  for (const auto& each : view.listed) {
    SLUICE_TRY(const auto* draft, first_to_expire(repository, each));
    std::vector<std::string> keys;
    for (const auto& keyid : each.keys.keyids) {
      SLUICE_TRY(const auto* name, name_in_all(repository, *names, each.parent, keyid));
      keys.push_back(name == nullptr ? tuf::as_word(keyid.substr(0, 8)) : printable(*name, 60));
    }
    const std::string version = each.bins()        ? cat(each.roles().size(), " bins")
                                : draft == nullptr ? "not published"
                                                   : cat(draft->version());
    out += cat("  ", padded(printable(each.role.str(), 60), 12), padded(version, 6),
               draft == nullptr ? "" : padded(expiry_text(draft->expires(), now), 22),
               each.keys.threshold, " of ", keys.size(),
               keys.size() == 1 ? " key: " : " keys: ", join(keys, ", "),
               repository.policy().of(each.role).online.empty() ? "" : " (online)", "\n");
  }
  return out;
}

Result<json::Value> status_json(tuf::Repository& repository, const StatusView& view, Time now) {
  json::Value out;
  out.set("kind", "sluice.tuf-status/v1");
  out.set("at", rfc3339(now));
  json::Value store;
  store.set("condition", tuf::name(view.store.condition));
  store.set("says", view.store.says);
  store.set("next", view.store.next);
  out.set("store", std::move(store));
  json::Array roles;
  for (const auto& each : view.listed) {
    SLUICE_TRY(const auto* draft, first_to_expire(repository, each));
    roles.push_back(published_json(each, draft, repository.policy()));
  }
  out.set("roles", json::Value(std::move(roles)));
  out.set("proposal", proposal_json(view.proposal));
  return out;
}

// For scripts: may this be merged, and may it be published?
int checked_code(const StatusView& view) {
  const bool whole = view.store.condition == tuf::StoreCondition::empty ||
                     view.store.condition == tuf::StoreCondition::whole;
  if (!whole || std::ranges::any_of(view.proposal.faults, &tuf::Fault::blocks)) return kRefused;
  return view.proposal.ready() ? kDone : kNotNow;
}

// What is published as clients have it, whatever is proposed; then what is only proposed.
Result<std::vector<tuf::ListedRole>> listed_for_status(Invocation& in,
                                                       tuf::Repository& repository) {
  SLUICE_TRY(auto published, open_repository(in));
  published.ignore_staging();
  SLUICE_TRY(auto out, tuf::listed_roles(published));
  // One that cannot be read is no reason to show nothing: the proposal's faults say what it is.
  auto proposed = tuf::listed_roles(repository);
  if (!proposed) return out;
  std::set<std::string> known;
  for (const auto& each : out) known.insert(each.role.str());
  for (auto& each : *proposed) {
    if (known.insert(each.role.str()).second) out.push_back(std::move(each));
  }
  return out;
}

Result<int> run_tuf_status(Invocation& in) {
  SLUICE_TRY(auto repository, open_repository(in));
  const Time now = in.world.clock.now();
  StatusView view;
  SLUICE_TRY(view.listed, listed_for_status(in, repository));
  const bool check = in.args.has("--check");
  SLUICE_TRY(view.proposal, tuf::examine_proposal(repository, now, {.files = check}));
  const auto store = tuf::folder_store(in.world.files, repository.folder());
  SLUICE_TRY(view.store, tuf::state(*store));
  if (in.json) {
    SLUICE_TRY(const auto out, status_json(repository, view, now));
    SLUICE_CHECK(in.print_json(out));
    return check ? checked_code(view) : kDone;
  }
  std::string text = cat("repository  ", shown(repository.folder()), "\n");
  if (!view.store.says.empty()) text += cat("  ", view.store.says, "\n");
  if (!view.store.next.empty()) text += cat("  ", view.store.next, "\n");
  SLUICE_TRY(const auto published, published_text(repository, view, now));
  text += published;
  text += cat("\n", proposal_text(view.proposal, now, true));
  SLUICE_CHECK(in.console.print(text));
  return check ? checked_code(view) : kDone;
}

}  // namespace

json::Value changes_json(const std::vector<tuf::Change>& changes) {
  json::Array out;
  for (const auto& change : changes) {
    json::Value entry;
    entry.set("kind", change.kind);
    // Whole: whoever reviews by a program must not miss the end of a long value.
    entry.set("subject", printable(change.subject, std::string::npos));
    entry.set("before", printable(change.before, std::string::npos));
    entry.set("after", printable(change.after, std::string::npos));
    out.push_back(std::move(entry));
  }
  return out;
}

json::Value proposal_json(const tuf::Proposal& proposal) {
  json::Value out;
  out.set("kind", "sluice.tuf-proposal/v1");
  out.set("ready", proposal.ready());
  json::Array roles;
  for (const auto& role : proposal.roles) {
    json::Value entry;
    entry.set("role", printable(role.role.str(), 200));
    entry.set("from", role.from);
    entry.set("to", role.to);
    entry.set("expires", rfc3339(role.expires));
    entry.set("online", role.online);
    entry.set("published", role.published);
    entry.set("complete", role.complete());
    json::Array quorums;
    for (const auto& quorum : role.quorums) quorums.push_back(quorum_json(quorum));
    entry.set("quorums", json::Value(std::move(quorums)));
    entry.set("changes", changes_json(role.changes));
    roles.push_back(std::move(entry));
  }
  out.set("roles", json::Value(std::move(roles)));
  json::Array faults;
  for (const auto& fault : proposal.faults) {
    json::Value entry;
    entry.set("id", fault.id);
    entry.set("role", printable(fault.role.str(), 200));
    entry.set("what", fault.what);
    entry.set("advice", fault.advice);
    entry.set("blocks", fault.blocks);
    faults.push_back(std::move(entry));
  }
  out.set("faults", json::Value(std::move(faults)));
  return out;
}

std::string proposal_text(const tuf::Proposal& proposal, Time now, bool with_changes) {
  if (proposal.roles.empty() && proposal.faults.empty()) return "nothing is proposed\n";
  const auto count = proposal.roles.size();
  std::string out = cat("proposal    ", count, count == 1 ? " role" : " roles", "\n");
  for (std::size_t i = 0; i < proposal.roles.size(); ++i) {
    if (i == kToldProposedRoles) {
      out += cat("  and ", proposal.roles.size() - i, " more roles\n");
      break;
    }
    out += role_text(proposal.roles[i], now, with_changes);
  }
  for (const auto& fault : proposal.faults) {
    out += cat("  ", fault.blocks ? "FAULT" : "note ", "  ", printable(fault.role.str(), 80), ": ",
               fault.what, "\n");
    if (!fault.advice.empty()) out += cat("         ", fault.advice, "\n");
  }
  if (proposal.ready()) return out + "Complete.   sluice tuf publish\n";
  return out + "Nothing is published before it is complete.   sluice tuf sign --key FILE\n";
}

std::vector<Command> tuf_status_commands() {
  return {{.words = {"tuf", "status"},
           .summary = "say how a repository is: what expires when, who must sign what and why",
           .description =
               "What is published, with versions, expiries and keys; what is proposed, what it "
               "changes, who signed and who is still needed; what is wrong with it: a staged file "
               "that was edited, a signature over another version, a proposal that another one "
               "overtook; and whether a publication was interrupted, and how to go on. The JSON "
               "follows sluice.tuf-status/v1.\n"
               "--check is for CI: it reads the files of targets that are proposed, too. Exit code "
               "0: nothing is proposed, or all have signed. 1: something is wrong with it. 75: "
               "nothing is wrong, and signatures are missing.",
           .examples = {{"here", "sluice tuf status"},
                        {"for a program", "sluice tuf status --repo repo --output json"}},
           .options = with_repository_options(
               {{"--check", "", "say by the exit code whether it is good and complete"}}),
           .run = run_tuf_status}};
}

}  // namespace sluice::cli
