// SPDX-License-Identifier: Apache-2.0
// What a certificate says, held against a rule.
#include <algorithm>
#include <array>

#include "base/text.h"
#include "sigstore/identity.h"

namespace sluice::sigstore {

namespace {

using x509::AlternativeName;
using x509::FulcioField;

constexpr std::size_t kCommandMost = 1400;  // bytes; a report cuts off longer texts
constexpr std::string_view kHttps = "https://";

// One claim of the certificate, and why it cannot be relied on.
struct ClaimReading {
  std::string value = {};
  std::string source = {};
  std::string trouble = {};
  bool good() const { return trouble.empty(); }
};

std::string field_of_certificate(FulcioField field) {
  return cat("certificate: ", name(field), " (", oid_text(field), ")");
}

std::string contradiction(FulcioField field, const std::string& value) {
  return cat("the certificate contradicts itself: its ", name(field), " is ", value);
}

ClaimReading unstated(FulcioField field) {
  return {{}, field_of_certificate(field), cat("the certificate does not state its ", name(field))};
}

ClaimReading read_claim(const x509::FulcioClaims& claims, FulcioField newer, FulcioField older) {
  const std::string* now = claims.find(newer);
  const std::string* before = claims.find(older);
  if (now == nullptr && before == nullptr) return unstated(newer);
  const FulcioField used = now != nullptr ? newer : older;
  ClaimReading out{now != nullptr ? *now : *before, field_of_certificate(used)};
  if (now != nullptr && before != nullptr && *now != *before) {
    out.trouble = contradiction(older, *before);
  } else if (out.value.empty()) {
    out.trouble = unstated(used).trouble;
  }
  return out;
}

bool is_githubs(const std::string* issuer) {
  if (issuer == nullptr) return false;
  // An enterprise may have one of its own, behind a slash.
  return *issuer == kGitHubIssuer || issuer->starts_with(cat(kGitHubIssuer, "/"));
}

std::string_view forge_host(std::string_view uri) {
  if (!uri.starts_with(kHttps)) return {};
  uri.remove_prefix(kHttps.size());
  return uri.substr(0, uri.find('/'));
}
std::string_view forge_path(std::string_view uri) {
  const std::size_t at = kHttps.size() + forge_host(uri).size() + 1;
  return at < uri.size() ? uri.substr(at) : std::string_view();
}

// The older field names the repository without its host.
ClaimReading read_repository(const x509::FulcioClaims& claims) {
  const auto newer = FulcioField::source_repository_uri;
  const auto older = FulcioField::github_repository;
  const std::string* uri = claims.find(newer);
  const std::string* path = claims.find(older);
  if (uri != nullptr) {
    ClaimReading out{*uri, field_of_certificate(newer)};
    if (forge_host(*uri).empty() || forge_path(*uri).empty()) {
      out.trouble = cat("the certificate's ", name(newer), " is none");
    } else if (path != nullptr && forge_path(*uri) != *path) {
      out.trouble = contradiction(older, *path);
    }
    return out;
  }
  if (path == nullptr || path->empty()) return unstated(newer);
  if (is_githubs(claims.issuer())) {
    return {cat(kHttps, kGitHub, "/", *path), field_of_certificate(older)};
  }
  return {*path, field_of_certificate(older),
          "the certificate does not state the repository's host"};
}

// Where the workflow that was started lies, inside the repository of the run.
struct Started {
  std::string_view path;
  std::string_view ref;
  bool github = false;  // GitLab has a second slash before the path
  std::string_view file() const {
    const bool below = github && path.starts_with(kGitHubWorkflows);
    return below ? path.substr(kGitHubWorkflows.size()) : path;
  }
};

std::optional<Started> started_in(std::string_view repository, std::string_view config) {
  if (repository.empty() || !config.starts_with(repository)) return std::nullopt;
  config.remove_prefix(repository.size());
  if (!config.starts_with('/')) return std::nullopt;
  config.remove_prefix(1);
  Started out{.path = {}, .ref = {}, .github = !config.starts_with('/')};
  if (!out.github) config.remove_prefix(1);
  // A branch may have an @ in its name, also "@refs/"; a workflow's file has no slash.
  auto at = config.find("@refs/");
  if (at == std::string_view::npos) at = config.rfind('@');
  if (at == std::string_view::npos || at == 0) return std::nullopt;
  out.path = config.substr(0, at);
  out.ref = config.substr(at + 1);
  return out;
}

bool is_that_workflow(const Pattern& pattern, const Started& started) {
  if (!started.github || pattern.text().contains('/')) return pattern.matches(started.path);
  const std::string_view file = started.file();
  return !file.contains('/') && pattern.matches(file);
}

// What a person overlooks when two texts look alike.
std::string near_miss(const Pattern& pattern, std::string_view found) {
  const std::string_view text = pattern.text();
  if (pattern.kind() == Pattern::Kind::regexp) return {};
  const auto bare = [](std::string_view of) {
    return of.ends_with('/') ? of.substr(0, of.size() - 1) : of;
  };
  if (bare(text) == bare(found)) return ": they differ in the slash at the end alone";
  if (lower_ascii(text) == lower_ascii(found)) return ": they differ in capital letters alone";
  const bool looks_like_regexp = text.starts_with('^') || text.ends_with('$') || text.contains('*');
  if (pattern.kind() == Pattern::Kind::exact && looks_like_regexp) {
    return ": what is given is compared as plain text, not as a pattern";
  }
  if (found.starts_with(text)) return ": it begins like that, but the whole has to be the same";
  return {};
}

std::string shown_names(const std::vector<AlternativeName>& names) {
  constexpr std::size_t kShown = 3;
  std::vector<std::string> out;
  for (const auto& one : names) {
    if (out.size() == kShown) {
      out.emplace_back("…");
      break;
    }
    out.push_back(one.value.empty() ? cat("a name of the kind ", name(one.kind))
                                    : printable(one.value, 300));
  }
  return join(out, ", ");
}

bool names_somebody(AlternativeName::Kind kind) {
  using Kind = AlternativeName::Kind;
  return kind == Kind::email || kind == Kind::uri || kind == Kind::dns || kind == Kind::username;
}

// The same name in the hands of somebody else; empty where it is not known how to make one.
std::string as_a_strangers(const AlternativeName& subject) {
  constexpr std::string_view kNobody = "qz7-nobody";
  const std::string& text = subject.value;
  if (subject.kind == AlternativeName::Kind::email) {
    return cat(text.substr(0, text.rfind('@')), "@", kNobody, ".invalid");
  }
  const std::string_view host = forge_host(text);
  if (host != kGitHub && host != kGitLab) return {};
  const std::string_view path = forge_path(text);
  const auto slash = path.find('/');
  if (slash == std::string_view::npos) return {};
  return cat(kHttps, host, "/", kNobody, path.substr(slash));
}

void append_option(std::string& command, std::string_view option,
                   const std::optional<std::string>& value) {
  if (!value) return;
  command += value->starts_with('-') ? cat(" ", shell_word(cat(option, "=", *value)))
                                     : cat(" ", option, " ", shell_word(*value));
}

std::string command_for(const IdentityWish& wish, const AcceptingCommand& as,
                        std::string_view subject) {
  std::string out = as.begin;
  append_option(out, "--certificate-identity", wish.identity);
  append_option(out, "--repo", wish.repo);
  append_option(out, "--workflow", wish.workflow);
  append_option(out, "--ref", wish.ref);
  append_option(out, "--trigger", wish.trigger);
  append_option(out, "--sha", wish.sha);
  append_option(out, "--certificate-oidc-issuer", wish.issuer);
  if (as.rest) return cat(out, " ", *as.rest);
  if (subject.empty()) return out;
  if (printable(subject, kCommandMost) != subject) return out + " FILE";
  return cat(out, subject.starts_with('-') ? " -- " : " ", shell_word(subject));
}

class IdentityJudge {
 public:
  IdentityJudge(const IdentityRule& rule, const x509::Certificate& certificate)
      : rule_(rule.parts()),
        certificate_(certificate),
        claims_(certificate->fulcio),
        repository_(read_repository(claims_)) {
    const std::string* config = claims_.find(FulcioField::build_config_uri);
    if (config != nullptr) config_ = *config;
    if (repository_.good()) started_ = started_in(repository_.value, config_);
  }

  void judge(Report& report) {
    judge_issuer(report);
    judge_subject(report);
    for (const auto& claim : rule_.claims) judge_claim(claim, report);
    if (report.passed()) note_callers(report);
  }

  // For a report that this judge has filled, and that says no.
  void advise(Report& report, const AcceptingCommand& as) const {
    if (!anchored_.empty()) return report.advise_first_failure(anchored_);
    const Check* failure = report.first_failure();
    if (failure == nullptr) return;
    for (const auto& wish : {in_the_same_terms(), by_subject()}) {
      if (!accepts(wish)) continue;
      std::string command = command_for(wish, as, report.subject());
      if (command.size() > kCommandMost) continue;
      return report.advise_first_failure(cat(question(failure->id), " To accept that one:"),
                                         std::move(command));
    }
  }

 private:
  using What = IdentityClaim::What;
  struct Row {
    std::string_view id;
    std::string_view title;
    std::string expected;
    std::string source;
  };

  static void refuse(Report& report, const Row& row, std::string detail, std::string found) {
    Check& check = report.fail(cat("identity.", row.id), std::string(row.title), std::move(detail));
    check.expected = row.expected;
    check.found = std::move(found);
    check.source = row.source;
  }
  static void accept(Report& report, const Row& row, const std::string& found) {
    Check& check = report.pass(cat("identity.", row.id), std::string(row.title), found);
    check.expected = row.expected;
    check.found = found;
    check.source = row.source;
  }

  void compare(Report& report, const Row& row, const Pattern& pattern, const std::string& found,
               std::string_view option, const std::string& no) {
    if (pattern.matches(found)) return accept(report, row, found);
    const auto anchored = pattern.anchored_for(found);
    if (!anchored) return refuse(report, row, no + near_miss(pattern, found), found);
    refuse(report, row,
           cat(no, ": the expression fits a part of it alone, and has to fit all of it"), found);
    if (anchored_.empty()) {
      anchored_ =
          cat("Expressions match in full here; one that is not anchored, as cosign has "
              "them, would have passed. The anchored form that passes: ",
              option, " ", shell_word(*anchored));
    }
  }

  static std::string expectation(const Pattern& pattern) {
    return cat(pattern.kind() == Pattern::Kind::regexp ? "regexp " : "", pattern.text());
  }

  void judge_issuer(Report& report) {
    const std::string* issuer = claims_.issuer();
    const bool newer = claims_.find(FulcioField::issuer) != nullptr || issuer == nullptr;
    const Row row{"issuer", "issuer", expectation(rule_.issuer),
                  field_of_certificate(newer ? FulcioField::issuer : FulcioField::issuer_v1)};
    if (issuer == nullptr) {
      return refuse(report, row, "the certificate does not say who vouched for its subject",
                    "nothing");
    }
    compare(report, row, rule_.issuer, *issuer, "--certificate-oidc-issuer-regexp",
            "somebody else vouched for the subject");
  }

  void judge_subject(Report& report) {
    const auto& names = certificate_->alternative_names;
    Row row{"subject", "identity", rule_.subject ? expectation(*rule_.subject) : "one subject",
            "certificate: subject alternative name"};
    if (names.empty()) return refuse(report, row, "the certificate names no subject", "nothing");
    if (names.size() > 1) {
      return refuse(report, row,
                    cat("the certificate names ", names.size(),
                        " subjects, and does not say which of them signed"),
                    shown_names(names));
    }
    const AlternativeName& subject = names.front();
    if (!names_somebody(subject.kind) || subject.value.empty()) {
      return refuse(report, row, "the certificate's subject is of a kind that names no signer",
                    shown_names(names));
    }
    if (!rule_.subject) return;
    row.source += cat(" (", name(subject.kind), ")");
    compare(report, row, *rule_.subject, subject.value, "--certificate-identity-regexp",
            "the certificate names another subject than the one that you asked for");
  }

  void judge_claim(const IdentityClaim& claim, Report& report) {
    switch (claim.what) {
      case What::repository:
        return judge_reading("repository", "repository", claim.pattern, repository_,
                             "it was built for another repository", report);
      case What::github_repository:
        return judge_reading("repository", "repository", claim.pattern, without_github(),
                             "it was built for another repository", report);
      case What::workflow:
        return judge_workflow(claim.pattern, report);
      case What::workflow_name:
        return judge_reading(
            "workflow", "workflow", claim.pattern,
            read_claim(claims_, FulcioField::github_workflow, FulcioField::github_workflow),
            "the certificate names another workflow", report);
      case What::ref:
        return judge_ref(claim.pattern, report);
      case What::trigger:
        return judge_reading("trigger", "trigger", claim.pattern, trigger(),
                             "the build was started by something else", report);
      case What::sha:
        return judge_reading("sha", "commit", claim.pattern, commit(),
                             "it was built from another commit", report);
    }
  }

  void judge_reading(std::string_view id, std::string_view title, const Pattern& pattern,
                     const ClaimReading& reading, const std::string& no, Report& report) {
    const Row row{id, title, expectation(pattern), reading.source};
    if (!reading.good()) {
      return refuse(report, row, reading.trouble,
                    reading.value.empty() ? "nothing" : reading.value);
    }
    compare(report, row, pattern, reading.value, {}, no);
  }

  void judge_workflow(const Pattern& pattern, Report& report) {
    const Row row{"workflow", "workflow", expectation(pattern),
                  field_of_certificate(FulcioField::build_config_uri)};
    if (config_.empty()) {
      return refuse(report, row, "the certificate does not say which workflow was started",
                    "nothing");
    }
    if (!repository_.good()) return refuse(report, row, repository_.trouble, config_);
    if (!started_) {
      return refuse(report, row,
                    cat("the workflow that was started is not one of ", repository_.value),
                    config_);
    }
    if (is_that_workflow(pattern, *started_)) return accept(report, row, config_);
    refuse(report, row,
           cat("the certificate names another workflow than the one that you asked for",
               near_miss(pattern, started_->file())),
           config_);
  }

  void judge_ref(const Pattern& pattern, Report& report) {
    const ClaimReading reading = ref();
    if (reading.good() && pattern.matches(reading.value) && started_ &&
        !pattern.matches(started_->ref)) {
      const Row row{"ref", "ref", expectation(pattern),
                    field_of_certificate(FulcioField::build_config_uri)};
      return refuse(report, row, "the workflow was taken from another ref than the sources",
                    config_);
    }
    judge_reading("ref", "ref", pattern, reading, "it was built from another branch or tag",
                  report);
  }

  ClaimReading ref() const {
    return read_claim(claims_, FulcioField::source_repository_ref, FulcioField::github_ref);
  }
  ClaimReading trigger() const {
    return read_claim(claims_, FulcioField::build_trigger, FulcioField::github_trigger);
  }
  ClaimReading commit() const {
    return read_claim(claims_, FulcioField::source_repository_digest, FulcioField::github_sha);
  }
  ClaimReading without_github() const {
    ClaimReading out = repository_;
    if (out.good()) out.value = std::string(forge_path(out.value));
    return out;
  }

  // What is true of a signature that passed, and may surprise.
  void note_callers(Report& report) const {
    if (!rule_.subject || names_repository()) return;
    const AlternativeName& subject = certificate_->alternative_names.front();
    if (repository_.good() && forge_host(subject.value) == forge_host(repository_.value) &&
        !subject.value.starts_with(repository_.value + "/")) {
      report.fact("called by", cat(repository_.value, ": add --repo to say who may call it"));
    }
    const std::string stranger = as_a_strangers(subject);
    if (!stranger.empty() && rule_.subject->matches(stranger)) {
      report.fact("beware", cat("the expression also fits strangers: ", stranger));
    }
  }

  bool names_repository() const {
    return std::ranges::any_of(rule_.claims, [](const auto& claim) {
      return claim.what == What::repository || claim.what == What::github_repository;
    });
  }

  IdentityWish by_subject() const {
    IdentityWish out;
    if (certificate_->alternative_names.size() == 1) {
      out.identity = certificate_->alternative_names.front().value;
    }
    if (const std::string* issuer = claims_.issuer()) out.issuer = *issuer;
    return out;
  }

  IdentityWish in_the_same_terms() const {
    IdentityWish out = by_subject();
    bool subject_needed = rule_.subject.has_value();
    for (const auto& claim : rule_.claims) {
      if (claim.what == What::workflow && started_) out.workflow = glob_escaped(started_->file());
      if (claim.what == What::workflow && !started_) subject_needed = true;
      if (claim.what == What::ref) out.ref = glob_escaped(ref().value);
      if (claim.what == What::trigger) out.trigger = trigger().value;
      if (claim.what == What::sha) out.sha = commit().value;
    }
    if (!names_repository()) return out;
    const std::string& uri = repository_.value;
    const std::string_view host = forge_host(uri);
    out.repo = host == kGitHub ? std::string(forge_path(uri)) : uri;
    if (!subject_needed) out.identity.reset();
    if (out.issuer == implied_issuer(host)) out.issuer.reset();
    return out;
  }

  // Never a promise that was not tried.
  bool accepts(const IdentityWish& wish) const {
    const auto rule = make_identity_rule(wish);
    if (!rule) return false;
    Report tried("");
    IdentityJudge(*rule, certificate_).judge(tried);
    return tried.passed();
  }

  std::string question(std::string_view failed) const {
    if (failed == "identity.issuer") return "Do you trust that issuer to say who signed?";
    if (failed == "identity.repository") return "Is it meant to come from that repository?";
    if (failed == "identity.workflow") return "Is it meant to be built by that workflow?";
    if (failed == "identity.ref") return "Is it meant to be built from that branch or tag?";
    if (failed == "identity.trigger") return "Is it meant to be started like that?";
    if (failed == "identity.sha") return "Is it meant to be built from that commit?";
    return "Is that who should have signed it?";
  }

  const IdentityRule::Parts& rule_;
  const x509::Certificate& certificate_;
  const x509::FulcioClaims& claims_;
  ClaimReading repository_;
  std::string config_;
  std::optional<Started> started_;  // views of config_
  std::string anchored_;
};

}  // namespace

void judge_identity(const IdentityRule& rule, const x509::Certificate& certificate, Report& report,
                    const AcceptingCommand& as) {
  judge_identity(std::span(&rule, 1), certificate, report, as);
}

void judge_identity(std::span<const IdentityRule> rules, const x509::Certificate& certificate,
                    Report& report, const AcceptingCommand& as) {
  if (rules.empty() || rules.size() > kRulesMost) {
    report.fail("identity.subject", "identity",
                rules.empty() ? std::string("nobody is named who may have signed")
                              : cat(rules.size(), " rules; ", kRulesMost, " at most"));
    return;
  }
  std::optional<Report> closest;
  std::ptrdiff_t fewest = 0;
  for (const IdentityRule& rule : rules) {
    Report rows(report.subject());
    IdentityJudge judge(rule, certificate);
    judge.judge(rows);
    if (!rows.passed()) judge.advise(rows, as);
    const auto failed = std::ranges::count(rows.checks(), Outcome::fail, &Check::outcome);
    if (!closest || failed < fewest) {
      closest = std::move(rows);
      fewest = failed;
    }
    if (fewest == 0) break;
  }
  bool first = rules.size() > 1;
  for (const Check& row : closest->checks()) {
    Check& out = report.fail(row.id, row.title, row.detail);
    out = row;
    if (row.outcome == Outcome::fail && std::exchange(first, false)) {
      out.detail += cat(" (the closest of ", rules.size(), " rules)");
    }
  }
  for (const auto& [label, value] : closest->facts()) report.fact(label, value);
}

std::string describe_signer(const x509::Certificate& certificate) {
  const auto& names = certificate->alternative_names;
  const std::string who = names.empty() ? certificate.describe() : shown_names(names);
  const std::string* issuer = certificate->fulcio.issuer();
  return issuer == nullptr ? who : cat(who, " (", printable(*issuer, 300), ")");
}

}  // namespace sluice::sigstore
