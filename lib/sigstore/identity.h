// SPDX-License-Identifier: Apache-2.0
// Who may have signed: what a user or a policy asks of a certificate, and what it says.
//
// A rule names both, who (a subject, or a repository) and who vouches for that (the issuer); one
// without the other is refused, since any issuer can vouch for any name. All parts of a rule have
// to hold. Text is compared as sigstore/pattern.h says: in full.
//
// Which field of the certificate (1.3.6.1.4.1.57264.1.N, "older": of certificates without the
// newer ones) each part reads. Where both are there they have to agree.
//
//   issuer      .8, older .1
//   identity    the subject alternative name, of which there has to be exactly one: Fulcio gives
//               one, and a list of names says of none of them that it signed. An e-mail address, a
//               URI, a DNS name or Fulcio's user name (.7); no other kind names anybody.
//   repo        .12 source repository URI, older .5: the repository whose run it was
//   workflow    .18 build config URI: the workflow that was started, in the repository of .12
//   ref         .14 source repository ref, older .6; and the ref in .18, where .18 is of the same
//               repository: a merge request of GitLab has the name of its branch in .14
//   trigger     .20, older .2
//   sha         .13, older .3
//
// Reusable workflows. With GitHub the subject and .9 name the workflow that was *called*, while .12
// to .14, .18 and .20 are about the run that called it. Neither may stand for the other:
//   - a stranger's repository that calls org/app's release.yml has org/app in its subject. So repo
//     and workflow never look at the subject or at .9.
//   - a run of org/app's pr.yml that calls a stranger's release.yml has that file's name in .9. So
//     workflow reads .18, and demands that its path stands directly behind the very value of .12.
// A rule with an identity alone accepts the named workflow whoever calls it; the check says so
// when the caller is another repository. To pin both, give identity and repo.
// Older certificates do not say which workflow was started: `workflow` refuses them.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/verdict.h"
#include "sigstore/pattern.h"
#include "x509/certificate.h"

namespace sluice::sigstore {

inline constexpr std::size_t kRulesMost = 64;  // alternatives

inline constexpr std::string_view kGitHub = "github.com";
inline constexpr std::string_view kGitLab = "gitlab.com";
inline constexpr std::string_view kGitHubIssuer = "https://token.actions.githubusercontent.com";
inline constexpr std::string_view kGitLabIssuer = "https://gitlab.com";
inline constexpr std::string_view kGitHubWorkflows = ".github/workflows/";
// Who vouches for runs on this host; empty: it has to be said.
std::string_view implied_issuer(std::string_view host);

// As people give it. What is left out is not asked for.
struct IdentityWish {
  std::optional<std::string> identity = {};  // exact
  std::optional<std::string> identity_regexp = {};
  std::optional<std::string> issuer = {};  // exact
  std::optional<std::string> issuer_regexp = {};

  // "org/app" is on github.com; otherwise "https://HOST/GROUP/APP" or "HOST/GROUP/APP". Globs, but
  // not in the host nor in what follows it: anybody can have an owner that fits a glob. The hosts
  // github.com and gitlab.com imply their issuer; others need one.
  std::optional<std::string> repo = {};
  // Needs repo. GitHub: a file in .github/workflows, with or without that folder. GitLab: the path
  // of the pipeline's file. On other hosts the certificate tells which of both it is. A glob.
  std::optional<std::string> workflow = {};
  // In full, since a tag may be named like a branch: refs/heads/main, refs/tags/v*. A glob.
  std::optional<std::string> ref = {};
  std::optional<std::string> trigger = {};  // exact: "push"
  std::optional<std::string> sha = {};      // 40 or 64 hex digits

  // cosign's --certificate-github-workflow-NAME; exact. Of GitHub alone.
  std::optional<std::string> github_trigger = {};
  std::optional<std::string> github_sha = {};
  std::optional<std::string> github_name = {};        // .4: what `name:` in the workflow says
  std::optional<std::string> github_repository = {};  // "org/app"
  std::optional<std::string> github_ref = {};

  Compat compat = Compat::none;

  bool empty() const;  // nothing at all is asked for
};

// One demand beside subject and issuer.
struct IdentityClaim {
  enum class What : std::uint8_t {
    repository,
    github_repository,  // without the host
    workflow,
    workflow_name,
    ref,
    trigger,
    sha
  };
  What what;
  Pattern pattern;
};
std::string_view name(IdentityClaim::What what);  // for people

// Made by make_identity_rule alone, so that it always names who and by whom. Immutable, shared by
// threads.
class IdentityRule {
 public:
  struct Parts {
    Pattern issuer;
    std::optional<Pattern> subject = {};
    std::vector<IdentityClaim> claims = {};  // in the order of What, each at most once
    std::vector<std::string> warnings = {};  // each a clause for people; with Compat::cosign alone
  };
  const Parts& parts() const { return parts_; }
  const std::vector<std::string>& warnings() const { return parts_.warnings; }
  std::string describe() const;  // "repository https://github.com/org/app, issuer https://…"

 private:
  friend auto make_identity_rule(const IdentityWish& wish) -> Result<IdentityRule>;
  explicit IdentityRule(Parts parts) : parts_(std::move(parts)) {}
  Parts parts_;
};

// Errc::usage, with advice, for what names nobody, names everybody, contradicts itself or is no
// name of its kind.
[[nodiscard]] Result<IdentityRule> make_identity_rule(const IdentityWish& wish);

// How the caller was called, for the command that would accept what was found: what stands before
// the options that say who may have signed, and what stands after them, ready for a shell. No rest:
// the report's subject, as a file's name.
struct AcceptingCommand {
  std::string begin = "sluice verify";
  std::optional<std::string> rest = {};
};

// Appends a row for each part of the rule, with what was expected, what was found and where:
//   identity.issuer  identity.subject  identity.repository  identity.workflow  identity.ref
//   identity.trigger  identity.sha
// identity.subject is also there, failed, where a certificate has no name or several. The first
// row that failed carries the command that would accept what was found.
// Of a certificate that nobody verified this says nothing: the chain comes first.
void judge_identity(const IdentityRule& rule, const x509::Certificate& certificate, Report& report,
                    const AcceptingCommand& as = {});
// Alternatives: any one suffices. The rows are those of the first that holds, else those of the
// one that fails in the fewest. None, or more than kRulesMost: a failed row identity.subject.
void judge_identity(std::span<const IdentityRule> rules, const x509::Certificate& certificate,
                    Report& report, const AcceptingCommand& as = {});

// "release@example.org (https://accounts.example.org)", safe to show.
std::string describe_signer(const x509::Certificate& certificate);

}  // namespace sluice::sigstore
