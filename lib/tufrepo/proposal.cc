// SPDX-License-Identifier: Apache-2.0
#include "tufrepo/proposal.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/parallel.h"
#include "base/text.h"
#include "tuf/limits.h"
#include "tufrepo/form.h"
#include "tufrepo/published_check.h"

namespace sluice::tuf {

namespace {

constexpr std::size_t kManyNew = 64;

// A signature with what is known of what it is over.
struct Ballot {
  Signature signature;
  std::optional<Version> version;  // none: it stands in the file itself
  std::string sha256;
};

Signature signature_of(const json::Value& value) {
  Signature out;
  const auto text = [&](const char* key) {
    const auto* found = value.find(key);
    return found != nullptr && found->string() != nullptr ? *found->string() : std::string();
  };
  out.keyid = text("keyid");
  out.sig = text("sig");
  if (const auto* bundle = value.find("bundle")) out.bundle = json::write(*bundle);
  return out;
}

std::vector<Ballot> ballots_of(const Draft& draft, const std::vector<StagedSignature>& beside) {
  std::vector<Ballot> out;
  for (const auto& each : beside) {
    out.push_back({signature_of(each.signature), each.version, each.sha256});
  }
  for (const auto& each : draft.signatures()) {
    auto signature = signature_of(each);
    const bool known = std::ranges::any_of(
        out, [&](const Ballot& other) { return other.signature.keyid == signature.keyid; });
    if (!known) out.push_back({std::move(signature), std::nullopt, ""});
  }
  return out;
}

std::string why_wrong(const Ballot& ballot, const Draft& draft, const std::string& sha256,
                      bool identity) {
  if (ballot.version && *ballot.version != draft.version()) {
    return cat("it is over version ", *ballot.version, ", not over version ", draft.version());
  }
  if (ballot.version && ballot.sha256 != sha256) {
    return cat("version ", draft.version(), " was changed after it was signed");
  }
  return identity ? "it is over something else, or not by this identity: the log says which"
                  : "it is over something else";
}

class Examiner {
 public:
  Examiner(Repository& repository, Time now, const ExamineOptions& options)
      : repository_(repository),
        now_(now),
        options_(options),
        own_check_(repository),
        published_(options.published == nullptr ? own_check_ : *options.published) {}

  Result<Proposal> run() && {
    SLUICE_TRY(names_, repository_.names());
    SLUICE_TRY(const auto roles, repository_.staged_roles());
    for (const auto& role : roles) SLUICE_CHECK(tell(role, examine(role)));
    SLUICE_CHECK(look_at(RoleName("targets")));
    if (options_.meanwhile) options_.meanwhile(out_.roles);
    SLUICE_CHECK(look_at_bins_form());
    // Last, for what is published may be under examination elsewhere until now.
    for (auto& role : out_.roles) SLUICE_CHECK(tell(role.role, compare(role)));
    SLUICE_CHECK(look_at_top_level());
    for (const auto& role : out_.roles) SLUICE_CHECK(tell(role.role, look_at_delegations(role)));
    SLUICE_TRY(auto paths, examine_paths(repository_));
    std::ranges::move(paths, std::back_inserter(out_.faults));
    if (options_.files) {
      SLUICE_TRY(auto faults, examine_files(repository_));
      std::ranges::move(faults, std::back_inserter(out_.faults));
    }
    return std::move(out_);
  }

 private:
  Fault& fault(std::string id, const RoleName& role, std::string what, std::string advice) {
    out_.faults.push_back({std::move(id), role, std::move(what), std::move(advice)});
    return out_.faults.back();
  }

  // What is wrong with a role is its fault, and no reason to leave the others out.
  Result<void> tell(const RoleName& role, Result<void> done) {
    if (done || done.error().code == Errc::io) return done;
    fault(done.error().code == Errc::not_found ? "unlisted" : "format", role, done.error().text(),
          done.error().hint);
    return {};
  }

  Result<void> examine(const RoleName& role) {
    SLUICE_TRY(const auto* staged, repository_.staged(role));
    SLUICE_TRY(const auto* before, repository_.published(role));
    const Draft& draft = staged->draft;
    ProposedRole entry{.role = role, .type = draft.type()};
    entry.from = before == nullptr ? 0 : before->version();
    entry.to = draft.version();
    entry.expires = draft.expires();
    entry.online = !repository_.policy().of(role).online.empty();
    std::string sha256 = staged->sha256;  // of what was staged in memory nobody edited anything
    if (staged->saved) {
      SLUICE_TRY(const auto digest, draft.digest());
      sha256 = digest.hex();
    }
    SLUICE_CHECK(check_base(role, *staged, before, sha256, entry));
    if (!entry.published) {
      if (entry.expires <= now_) {
        fault("expired", role, cat("it expired at ", human_time(entry.expires)),
              cat("sluice tuf propose --renew ", printable(role.str(), 80)));
      }
      if (draft.type() != type_of_role(role)) {
        fault("format", role, cat("it is metadata of the type ", name(draft.type())), "");
      }
      SLUICE_CHECK(votes(role, draft, entry));
    }
    out_.roles.push_back(std::move(entry));
    return {};
  }

  Result<void> compare(ProposedRole& entry) {
    const RoleName role = entry.role;
    SLUICE_TRY(const auto* staged, repository_.staged(role));
    SLUICE_TRY(const auto* before, repository_.published(role));
    if (before != nullptr) {
      SLUICE_TRY(const auto answer, published_.of(role));
      if (answer.standing == PublishedCheck::Standing::nobodys) before = nullptr;
      if (answer.standing == PublishedCheck::Standing::broken) tell_broken(role, answer.why);
    }
    if (options_.changes) {
      SLUICE_TRY(entry.changes, difference(before, staged->draft, names_));
    }
    return look_at_form(entry, before, *staged);
  }

  Result<FormOptions> form_options() {
    FormOptions out{.foreign = repository_.foreign(), .known = {}};
    for (const auto type : {RoleType::root, RoleType::targets}) {
      SLUICE_TRY(out.known.emplace_back(), repository_.published(role_name(type)));
    }
    return out;
  }

  // Where thousands are new, on all cores. Who delegates is left for later: keys of others may be
  // asked for more than bytes.
  Result<void> look_at_bins_form() {
    std::vector<const ProposedRole*> those;
    std::vector<const Draft*> drafts;
    for (const auto& each : out_.roles) {
      if (each.type != RoleType::targets || each.from != 0) continue;
      SLUICE_TRY(const auto* staged, repository_.staged(each.role));
      if (!staged->saved || staged->draft.head().find("delegations") != nullptr) continue;
      those.push_back(&each);
      drafts.push_back(&staged->draft);
    }
    if (those.size() < kManyNew) return {};
    SLUICE_TRY(const auto options, form_options());
    std::vector<Result<std::vector<std::string>>> found(those.size());
    for_each_parallel(those.size(), hardware_threads(), [&](std::size_t i) {
      found[i] = defects_of_form(nullptr, *drafts[i], options);
    });
    for (std::size_t i = 0; i < those.size(); ++i) {
      forms_.emplace(those[i]->role.str(), std::move(found[i]));
    }
    return {};
  }

  // What was staged in memory holds targets that were looked at one by one.
  Result<void> look_at_form(const ProposedRole& entry, const Draft* before,
                            const StagedRole& staged) {
    if (entry.published) return {};
    auto known = forms_.find(entry.role.str());
    if (known == forms_.end()) {
      SLUICE_TRY(auto options, form_options());
      options.targets = staged.saved;
      known =
          forms_.emplace(entry.role.str(), defects_of_form(before, staged.draft, options)).first;
    }
    SLUICE_TRY(const auto defects, known->second);
    for (const auto& each : defects) {
      fault("form", entry.role, each,
            "nobody signs it like that: make the change again, or mend "
            "the staged file and take it with `sluice tuf propose`");
    }
    return {};
  }

  void tell_broken(const RoleName& role, const std::string& why) {
    fault("published", role,
          cat("what is published of it here does not hold, and nothing can be compared with it: ",
              why),
          "metadata/ was changed in this folder: take it from where it is published");
  }

  // Snapshot and timestamp are made from what they say now, whatever is proposed.
  Result<void> look_at_top_level() {
    const RoleName snapshot = role_name(RoleType::snapshot);
    SLUICE_TRY(const auto version, repository_.version_of(snapshot));
    const bool told =
        std::ranges::any_of(out_.faults, [](const Fault& each) { return each.id == "published"; });
    if (version == 0 || told) return {};
    SLUICE_TRY(const auto answer, published_.of(snapshot));
    if (answer.standing == PublishedCheck::Standing::broken) tell_broken(snapshot, answer.why);
    return {};
  }

  Result<void> check_base(const RoleName& role, const StagedRole& staged, const Draft* before,
                          const std::string& sha256, ProposedRole& entry) {
    std::string published_sha256;
    if (before != nullptr) {
      SLUICE_TRY(const auto digest, before->digest());
      published_sha256 = digest.hex();
      entry.published = published_sha256 == sha256;
      if (entry.published) return {};
    }
    const std::string again = "look at it, and take it as it is with `sluice tuf propose`";
    if (staged.sha256.empty()) {
      fault("edited", role, "the staged file was not made by sluice", again);
    } else if (staged.sha256 != sha256) {
      fault("edited", role, "the staged file was edited after it was proposed", again);
    }
    if (!staged.sha256.empty() &&
        (staged.from != entry.from || staged.from_sha256 != published_sha256)) {
      fault("outdated", role,
            cat("it was made from ",
                staged.from == 0 ? std::string("nothing") : cat("version ", staged.from), ", and ",
                entry.from == staged.from ? cat("another version ", entry.from)
                                          : cat("version ", entry.from),
                " is published by now"),
            "give it up with `sluice tuf propose --drop`, and make the change again");
    } else if (entry.to != entry.from + 1) {
      fault("version", role, cat("it has version ", entry.to, ", the next one is ", entry.from + 1),
            again);
    }
    return {};
  }

  Result<void> votes(const RoleName& role, const Draft& draft, ProposedRole& entry) {
    SLUICE_TRY(const auto all, signatories_of(repository_, role));
    SLUICE_TRY(const auto beside, repository_.signatures(role));
    std::set<std::string> known;
    for (const auto& signatories : all) {
      SLUICE_TRY(auto quorum, count_votes(draft, signatories, beside, *names_));
      const auto different = different_keys(signatories.keys, signatories.role.keyids);
      if (static_cast<std::int64_t>(different) < quorum.threshold) {
        fault("threshold", role,
              cat(quorum.who, ": ", quorum.threshold, " signatures are asked for, and there ",
                  different == 1 ? "is " : "are ", different, " different ",
                  different == 1 ? "key" : "keys"),
              cat("sluice tuf key add, or sluice tuf key threshold ", printable(role.str(), 80)));
      }
      for (const auto& voter : quorum.voters) {
        if (voter.vote == Vote::wrong && known.insert(voter.keyid).second) {
          fault("signature", role,
                cat("the signature of ", voter.shown, " does not hold: ", voter.why),
                "it has to be signed again")
              .blocks = false;
        }
        known.insert(voter.keyid);
      }
      entry.quorums.push_back(std::move(quorum));
    }
    for (const auto& each : beside) {
      if (known.contains(each.keyid)) continue;
      fault(
          "signature", role,
          cat("a signature of ", names_->shown(each.keyid, "key"), ", which is no key of the role"),
          "")
          .blocks = false;
    }
    return {};
  }

  // Where a proposal delegates otherwise than before.
  Result<void> look_at_delegations(const ProposedRole& proposed) {
    if (proposed.type != RoleType::targets || proposed.published) return {};
    SLUICE_TRY(const auto* staged, repository_.staged(proposed.role));
    SLUICE_TRY(const auto* before, repository_.published(proposed.role));
    const auto* now = staged->draft.head().find("delegations");
    const auto* was = before == nullptr ? nullptr : before->head().find("delegations");
    if (now == nullptr || (was != nullptr && *was == *now)) return {};
    SLUICE_TRY(const auto* delegations, repository_.delegations(proposed.role));
    if (delegations->bins() && delegations->size() > kMaxRoles) {
      fault("bins", proposed.role,
            cat("it delegates to ", delegations->size(), " bins, of which each is a file; ",
                kMaxRoles, " are possible"),
            "");
      return {};
    }
    SLUICE_CHECK(look_for_orphans(*delegations));
    SLUICE_TRY(auto twice, delegated_elsewhere(repository_, proposed.role));
    for (const auto& [role, other] : twice) {
      fault("delegated", role,
            cat(printable(proposed.role.str(), 80), " and ", printable(other.str(), 80),
                " both delegate to it: each would have to be asked who signs it"),
            "choose another name");
    }
    return {};
  }

  // What is published and stays: is it signed for the keys that are proposed?
  Result<void> look_for_orphans(const Delegations& delegations) {
    SLUICE_TRY(const auto* snapshot, repository_.published(role_name(RoleType::snapshot)));
    if (snapshot == nullptr) return {};
    return snapshot->each([&](std::string_view file, std::string_view) -> Result<void> {
      const RoleName role(std::string(file.substr(0, file.rfind(".json"))));
      return delegations.keys_of(role) == nullptr ? Result<void>() : look_at(role);
    });
  }

  Result<void> look_at(const RoleName& role) {
    const auto staged = repository_.staged(role);
    if (!staged) return {};  // told already
    SLUICE_TRY(const auto* published, repository_.published(role));
    if (*staged != nullptr || published == nullptr) return {};
    auto all = signatories_of(repository_, role);
    if (!all) return {};  // no longer delegated to
    for (const auto& signatories : *all) {
      SLUICE_TRY(const auto quorum, count_votes(*published, signatories, {}, *names_));
      if (quorum.complete()) continue;
      fault("unsigned", role,
            cat("version ", published->version(), " is published and signed by ", quorum.given,
                " of the ", quorum.threshold, " keys that ", quorum.who, " ask for"),
            cat("sluice tuf propose --renew ", printable(role.str(), 80)));
    }
    return {};
  }

  Repository& repository_;
  Time now_;
  ExamineOptions options_;
  PublishedCheck own_check_;
  PublishedCheck& published_;
  const KeyNames* names_ = nullptr;
  std::map<std::string, Result<std::vector<std::string>>> forms_;  // by role
  Proposal out_;
};

}  // namespace

std::string_view name(Vote vote) {
  switch (vote) {
    case Vote::given:
      return "given";
    case Vote::open:
      return "open";
    case Vote::wrong:
      return "wrong";
    case Vote::unusable:
      return "unusable";
  }
  return "open";
}

bool ProposedRole::complete() const {
  return published || (!quorums.empty() && std::ranges::all_of(quorums, &Quorum::complete));
}

bool Proposal::ready() const {
  return std::ranges::none_of(faults, &Fault::blocks) &&
         std::ranges::all_of(
             roles, [](const ProposedRole& role) { return role.online || role.complete(); });
}

Result<Quorum> count_votes(const Draft& draft, const Signatories& signatories,
                           const std::vector<StagedSignature>& beside, const KeyNames& names) {
  Quorum out{signatories.who, signatories.role.threshold, 0, {}};
  const auto ballots = ballots_of(draft, beside);
  Draft::Text message;
  std::string sha256;
  if (!ballots.empty()) {
    SLUICE_TRY(message, draft.message_text());
    sha256 = crypto::digest_of(crypto::HashAlgorithm::sha256, bytes_of(*message)).hex();
  }
  std::set<std::string_view> counted;
  for (const auto& keyid : signatories.role.keyids) {
    const auto key = signatories.keys.find(keyid);
    const bool known = key != signatories.keys.end();
    const bool identity = known && key->second.foreign != nullptr;
    Voter voter{keyid, known ? names.shown(keyid, key->second) : names.shown(keyid, "key")};
    const auto ballot = std::ranges::find_if(
        ballots, [&](const Ballot& each) { return each.signature.keyid == keyid; });
    if (!known || !key->second.usable()) {
      voter.vote = Vote::unusable;
      voter.why = known ? key->second.why_unusable : "the key is not listed";
    } else if (ballot != ballots.end() &&
               !(ballot->signature.sig.empty() && ballot->signature.bundle.empty())) {
      const Envelope envelope{{ballot->signature}, *message, {}};
      SLUICE_TRY(const auto found, count_signatures(envelope, signatories.keys, {{keyid}, 1}));
      voter.vote = found.valid == 1 ? Vote::given : Vote::wrong;
      if (voter.vote == Vote::wrong) voter.why = why_wrong(*ballot, draft, sha256, identity);
      if (voter.vote == Vote::given && !counted.insert(key->second.material).second) {
        voter.vote = Vote::unusable;
        voter.why = "a key that counted already, under another keyid";
      }
      if (voter.vote == Vote::given) ++out.given;
    }
    out.voters.push_back(std::move(voter));
  }
  return out;
}

Result<Proposal> examine_proposal(Repository& repository, Time now, const ExamineOptions& options) {
  return Examiner(repository, now, options).run();
}

}  // namespace sluice::tuf
