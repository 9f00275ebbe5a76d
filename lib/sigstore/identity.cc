// SPDX-License-Identifier: Apache-2.0
// From what people ask for to a rule.
#include "sigstore/identity.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace sluice::sigstore {

namespace {

using WishText = std::optional<std::string>;

constexpr std::string_view kWildcards = "*?";

std::unexpected<Error> rule_misuse(std::string what, std::string hint) {
  return fail(Error{Errc::usage, std::move(what), {}, std::move(hint)});
}

bool is_host_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
}

// With a port, where there is one.
bool is_forge_host(std::string_view host) {
  const auto colon = host.find(':');
  if (colon != std::string_view::npos) {
    const auto port = host.substr(colon + 1);
    const bool digits = std::ranges::all_of(port, [](char c) { return c >= '0' && c <= '9'; });
    if (port.empty() || port.size() > 5 || !digits) return false;
  }
  const auto name = host.substr(0, colon);
  return !name.empty() && std::ranges::all_of(name, is_host_char) && !name.starts_with('.') &&
         !name.ends_with('.') && !name.contains("..");
}

bool is_repository_segment(std::string_view segment) {
  return !segment.empty() && segment != "." && segment != ".." &&
         std::ranges::all_of(segment, [](char c) {
           return is_host_char(c) || (c >= 'A' && c <= 'Z') || c == '_' || kWildcards.contains(c);
         });
}

struct WantedRepository {
  std::string host;
  std::string uri;  // a glob
};

class RepositoryReader {
 public:
  explicit RepositoryReader(std::string_view text) : text_(text) {}

  Result<WantedRepository> read() {
    std::string_view rest = text_;
    const bool uri = rest.starts_with("https://");
    if (uri) rest.remove_prefix(std::string_view("https://").size());
    if (rest.contains("://")) return no("a repository is named by https:// alone");
    parts_ = split(rest, '/');
    if (uri || parts_.front().find_first_of(".:") != std::string_view::npos) {
      SLUICE_CHECK(take_host());
    } else if (parts_.size() != 2) {
      return no("say OWNER/NAME for github.com, or https://HOST/GROUP/NAME");
    }
    SLUICE_CHECK(check_path());
    std::vector<std::string> path(parts_.begin(), parts_.end());
    return WantedRepository{host_, cat("https://", host_, "/", join(path, "/"))};
  }

 private:
  std::unexpected<Error> no(std::string hint) const {
    return rule_misuse(cat("\"", printable(text_, 200), "\" is no repository"), std::move(hint));
  }

  Result<void> take_host() {
    host_ = lower_ascii(parts_.front());
    parts_.erase(parts_.begin());
    if (!is_forge_host(host_)) return no("the host is written out, without wildcards");
    return {};
  }

  Result<void> check_path() const {
    if (parts_.size() < 2) return no("what follows the host is at least OWNER/NAME");
    if (host_ == kGitHub && parts_.size() != 2) return no("on github.com it is OWNER/NAME");
    if (parts_.back().empty()) return no("without the slash at the end");
    if (parts_.back().ends_with(".git")) return no("without .git");
    if (!std::ranges::all_of(parts_, is_repository_segment)) {
      return no("its parts have letters, digits and . - _; * and ? are wildcards");
    }
    if (parts_.front().find_first_of(kWildcards) != std::string_view::npos) {
      return no("the owner is written out: anybody can have one that fits a pattern");
    }
    return {};
  }

  std::string_view text_;
  std::vector<std::string_view> parts_;
  std::string host_{kGitHub};
};

Result<void> check_ref(std::string_view ref) {
  if (ref.starts_with("refs/") && ref.size() > std::string_view("refs/").size()) return {};
  if (ref.empty()) return rule_misuse("an empty ref", "say refs/heads/main, say refs/tags/v*");
  const std::string shown = printable(ref, 100);
  return rule_misuse(cat("\"", shown, "\" can be a branch or a tag"),
                     cat("say ", shell_word(cat("refs/heads/", shown)), " or ",
                         shell_word(cat("refs/tags/", shown))));
}

Result<void> check_workflow(std::string_view workflow, std::string_view host) {
  const std::string shown = cat("\"", printable(workflow, 200), "\" is no workflow's file");
  if (workflow.contains('@')) return rule_misuse(shown, "the part from @ on belongs to --ref");
  const auto parts = split(workflow, '/');
  const bool path = std::ranges::none_of(
      parts, [](auto part) { return part.empty() || part == "." || part == ".."; });
  if (!path) return rule_misuse(shown, "say its name, or its path in the repository: release.yml");
  if (host != kGitHub || parts.size() == 1) return {};
  if (parts.size() == 3 && workflow.starts_with(kGitHubWorkflows)) return {};
  return rule_misuse(shown,
                     "on GitHub it is a file in .github/workflows; the repository is --repo's");
}

Result<std::string> commit_digest(std::string_view text) {
  std::string out = lower_ascii(text);
  const bool hex = std::ranges::all_of(
      out, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
  if (hex && (out.size() == 40 || out.size() == 64)) return out;
  return rule_misuse(cat("\"", printable(text, 100), "\" is no commit's digest"),
                     "it has 40 or 64 hex digits: git rev-parse HEAD");
}

std::string shown_pattern(const Pattern& pattern) {
  return cat(pattern.kind() == Pattern::Kind::regexp ? "regexp " : "", pattern.text());
}

class RuleMaker {
 public:
  explicit RuleMaker(const IdentityWish& wish) : wish_(wish) {}

  Result<IdentityRule::Parts> run() {
    SLUICE_CHECK(refuse_pairs());
    if (wish_.repo) {
      SLUICE_TRY(repository_, RepositoryReader(*wish_.repo).read());
    }
    if (!wish_.identity && !wish_.identity_regexp && !repository_ && !wish_.github_repository) {
      return rule_misuse("nobody is named who may have signed",
                         "name a repository with --repo, or a subject with --certificate-identity");
    }
    SLUICE_TRY(auto issuer, wanted_issuer());
    IdentityRule::Parts rule{.issuer = std::move(issuer)};
    SLUICE_TRY(rule.subject, named(wish_.identity, wish_.identity_regexp, About::subject));
    for (const Pattern* pattern : {&rule.issuer, rule.subject ? &*rule.subject : nullptr}) {
      if (pattern != nullptr && !pattern->warning().empty()) {
        rule.warnings.push_back(pattern->warning());
      }
    }
    SLUICE_CHECK(add_places(rule));
    SLUICE_CHECK(add_run(rule));
    return rule;
  }

 private:
  using What = IdentityClaim::What;

  Result<void> refuse_pairs() const {
    struct Pair {
      std::string_view what;
      const WishText& one;
      const WishText& other;
    };
    for (const auto& [what, one, other] :
         std::initializer_list<Pair>{{"subject", wish_.identity, wish_.identity_regexp},
                                     {"issuer", wish_.issuer, wish_.issuer_regexp},
                                     {"repository", wish_.repo, wish_.github_repository},
                                     {"workflow", wish_.workflow, wish_.github_name},
                                     {"ref", wish_.ref, wish_.github_ref},
                                     {"trigger", wish_.trigger, wish_.github_trigger},
                                     {"commit", wish_.sha, wish_.github_sha}}) {
      if (one && other) return fail(Errc::usage, cat("the ", what, " is given in two ways"));
    }
    return {};
  }

  Result<std::optional<Pattern>> named(const WishText& exact, const WishText& regexp,
                                       About about) const {
    if (!exact && !regexp) return std::nullopt;
    auto pattern = exact ? Pattern::exact(*exact) : Pattern::regexp(*regexp, about, wish_.compat);
    if (pattern) return *std::move(pattern);
    return fail(std::move(pattern).error().in(about == About::subject ? "reading the identity"
                                                                      : "reading the issuer"));
  }

  Result<Pattern> wanted_issuer() const {
    SLUICE_TRY(auto issuer, named(wish_.issuer, wish_.issuer_regexp, About::issuer));
    if (issuer) return *std::move(issuer);
    const std::string host = repository_ ? repository_->host : std::string();
    const std::string_view implied = implied_issuer(host);
    if (implied.empty()) {
      return rule_misuse(
          repository_ ? cat("nobody knows who vouches for runs on ", host) : "no issuer is named",
          "name it with --certificate-oidc-issuer: any issuer can vouch for any name");
    }
    return Pattern::exact(std::string(implied));
  }

  static void add(IdentityRule::Parts& rule, What what, Pattern pattern) {
    rule.claims.push_back({what, std::move(pattern)});
  }
  static Result<void> add_exact(IdentityRule::Parts& rule, What what, const WishText& text,
                                std::string_view frame) {
    if (!text) return {};
    SLUICE_TRY(auto pattern, within(Pattern::exact(*text), frame));
    add(rule, what, std::move(pattern));
    return {};
  }

  Result<void> add_places(IdentityRule::Parts& rule) const {
    if (repository_) {
      SLUICE_TRY(auto pattern, within(Pattern::glob(repository_->uri), "reading the repository"));
      add(rule, What::repository, std::move(pattern));
    }
    SLUICE_CHECK(add_exact(rule, What::github_repository, wish_.github_repository,
                           "reading the repository"));
    if (wish_.workflow) {
      if (!repository_) {
        return rule_misuse("a workflow without its repository",
                           "add --repo: a file of that name is in many repositories");
      }
      SLUICE_CHECK(check_workflow(*wish_.workflow, repository_->host));
      SLUICE_TRY(auto pattern, within(Pattern::glob(*wish_.workflow), "reading the workflow"));
      add(rule, What::workflow, std::move(pattern));
    }
    SLUICE_CHECK(add_exact(rule, What::workflow_name, wish_.github_name, "reading the workflow"));
    if (wish_.ref) {
      SLUICE_CHECK(check_ref(*wish_.ref));
      SLUICE_TRY(auto pattern, within(Pattern::glob(*wish_.ref), "reading the ref"));
      add(rule, What::ref, std::move(pattern));
    }
    return add_exact(rule, What::ref, wish_.github_ref, "reading the ref");
  }

  Result<void> add_run(IdentityRule::Parts& rule) const {
    SLUICE_CHECK(add_exact(rule, What::trigger, wish_.trigger, "reading the trigger"));
    SLUICE_CHECK(add_exact(rule, What::trigger, wish_.github_trigger, "reading the trigger"));
    WishText digest = wish_.github_sha;
    if (wish_.sha) {
      SLUICE_TRY(digest, commit_digest(*wish_.sha));
    }
    return add_exact(rule, What::sha, digest, "reading the commit");
  }

  const IdentityWish& wish_;
  std::optional<WantedRepository> repository_;
};

}  // namespace

std::string_view implied_issuer(std::string_view host) {
  if (host == kGitHub) return kGitHubIssuer;
  if (host == kGitLab) return kGitLabIssuer;
  return {};
}

bool IdentityWish::empty() const {
  const std::array texts{&identity,
                         &identity_regexp,
                         &issuer,
                         &issuer_regexp,
                         &repo,
                         &workflow,
                         &ref,
                         &trigger,
                         &sha,
                         &github_trigger,
                         &github_sha,
                         &github_name,
                         &github_repository,
                         &github_ref};
  return std::ranges::none_of(texts, [](const WishText* text) { return text->has_value(); });
}

std::string_view name(IdentityClaim::What what) {
  using What = IdentityClaim::What;
  switch (what) {
    case What::repository:
    case What::github_repository:
      return "repository";
    case What::workflow:
    case What::workflow_name:
      return "workflow";
    case What::ref:
      return "ref";
    case What::trigger:
      return "trigger";
    case What::sha:
      return "commit";
  }
  return "";
}

std::string IdentityRule::describe() const {
  std::vector<std::string> parts;
  if (parts_.subject) parts.push_back(shown_pattern(*parts_.subject));
  for (const auto& claim : parts_.claims)
    parts.push_back(cat(name(claim.what), " ", claim.pattern.text()));
  parts.push_back(cat("issuer ", shown_pattern(parts_.issuer)));
  return join(parts, ", ");
}

Result<IdentityRule> make_identity_rule(const IdentityWish& wish) {
  SLUICE_TRY(auto parts, RuleMaker(wish).run());
  return IdentityRule(std::move(parts));
}

}  // namespace sluice::sigstore
