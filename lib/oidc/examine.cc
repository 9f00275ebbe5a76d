// SPDX-License-Identifier: Apache-2.0
#include "oidc/examine.h"

#include <algorithm>

#include "base/text.h"
#include "oidc/wire.h"

namespace sluice::oidc {

namespace {

std::string shown_text(std::string_view text) {
  return text.empty() ? std::string("nothing") : printable(text, 200);
}

std::string shown_list(const std::vector<std::string>& texts) {
  std::vector<std::string> shown;
  for (const auto& text : texts) shown.push_back(printable(text, 200));
  return shown.empty() ? std::string("nothing") : join(shown, ", ");
}

// The row by which this token is judged: of its issuer, or of where it came from, since an issuer
// of one's own has the same claims as the public one ("GitLab CI").
const KnownIssuer* row_of(const Token& token) {
  const auto* row = known_issuer(token.claims().issuer);
  return row != nullptr ? row : issuer_titled(token.origin());
}

IssuerKind kind_of(const Claims& claims, const KnownIssuer* row, const CaRules& rules) {
  if (rules.kind) return *rules.kind;
  if (row != nullptr) return row->kind;
  return claims.email_verified.value_or(false) ? IssuerKind::email : IssuerKind::other;
}

class Examination {
 public:
  Examination(const Token& token, const CaRules& rules, Time now)
      : token_(token),
        claims_(token.claims()),
        rules_(rules),
        now_(now),
        row_(row_of(token)),
        report_("identity token") {}

  Report run() && {
    issuer();
    subject();
    audience();
    expiry();
    not_before();
    clock();
    email();
    needed_claims();
    if (!claims_.issuer.empty()) report_.fact("issuer", printable(claims_.issuer, 200));
    if (!claims_.subject.empty()) report_.fact("subject", printable(claims_.subject, 200));
    report_.fact("token from", token_.origin());
    return std::move(report_);
  }

 private:
  Check& refuse(std::string id, std::string title, std::string detail, std::string expected,
                std::string found) {
    Check& check = report_.fail(std::move(id), std::move(title), std::move(detail));
    check.expected = std::move(expected);
    check.found = std::move(found);
    check.source = token_.origin();
    return check;
  }

  void issuer() {
    constexpr auto kId = "oidc.issuer";
    constexpr auto kTitle = "issuer";
    const std::string due = "an https URL (http only on this machine)";
    if (claims_.issuer.empty()) {
      refuse(kId, kTitle, "the token names no issuer (iss)", due, "nothing");
    } else if (const auto url = secure_url(claims_.issuer, "the issuer"); !url) {
      refuse(kId, kTitle, "the CA could not ask that issuer for its keys safely", due,
             printable(claims_.issuer, 200));
    } else {
      report_.pass(kId, kTitle, printable(claims_.issuer, 200));
    }
  }

  void subject() {
    if (claims_.subject.empty()) {
      refuse("oidc.subject", "subject", "the token is about nobody (sub)", "a subject", "nothing");
    } else {
      report_.pass("oidc.subject", "subject", printable(claims_.subject, 200));
    }
  }

  void audience() {
    if (std::ranges::find(claims_.audiences, rules_.audience) != claims_.audiences.end()) {
      report_.pass("oidc.audience", "audience", printable(rules_.audience, 200));
      return;
    }
    Check& check = refuse("oidc.audience", "audience", "the token is meant for somebody else (aud)",
                          shown_text(rules_.audience), shown_list(claims_.audiences));
    // The one source that cannot be asked for another (oidc/ambient.h).
    check.advice = token_.origin() == "Azure DevOps"
                       ? "Azure DevOps chooses the audience itself: the CA must be set up for it"
                       : cat("ask for a token for the audience ", shown_text(rules_.audience));
  }

  void expiry() {
    constexpr auto kId = "oidc.expiry";
    constexpr auto kTitle = "expiry";
    const auto left = token_.expires_in(now_);
    if (!left) {
      refuse(kId, kTitle, "the token does not say until when it is good (exp)", "a time",
             "nothing");
    } else if (claims_.issued && *claims_.issued >= *claims_.expires) {
      refuse(kId, kTitle, "the token expires before it is issued",
             cat("after ", human_time(*claims_.issued)), human_time(*claims_.expires));
    } else if (*left <= -kLateSkew) {
      refuse(kId, kTitle, cat("the token expired ", human_duration(-*left), " ago"),
             cat("after ", human_time(now_)), human_time(*claims_.expires))
          .advice = "get a new one; if this one is new, this machine's clock is ahead";
    } else {
      report_.pass(kId, kTitle, cat("good until ", human_time(*claims_.expires)));
    }
  }

  void not_before() {
    if (!claims_.not_before || *claims_.not_before <= now_ + kEarlySkew) {
      report_.pass("oidc.not-before", "start", "valid already");
      return;
    }
    refuse("oidc.not-before", "start",
           cat("the token is valid in ", human_duration(*claims_.not_before - now_), " only (nbf)"),
           cat("at most ", human_time(now_ + kEarlySkew)), human_time(*claims_.not_before))
        .advice = "if it is new, this machine's clock is behind: set it";
  }

  void clock() {
    if (!claims_.issued || *claims_.issued <= now_ + kEarlySkew) {
      report_.pass("oidc.clock", "clock", "not issued in the future");
      return;
    }
    refuse("oidc.clock", "clock",
           cat("the token was issued ", human_duration(*claims_.issued - now_), " from now (iat)"),
           cat("at most ", human_time(now_ + kEarlySkew)), human_time(*claims_.issued))
        .advice = "this machine's clock is behind: set it";
  }

  // What Fulcio takes for an address: something, an at sign, something with a dot inside.
  static bool is_address(std::string_view text) {
    const auto at = text.rfind('@');
    if (at == std::string_view::npos || at == 0) return false;
    const auto domain = text.substr(at + 1);
    const auto dot = domain.find('.', 1);
    return dot != std::string_view::npos && dot + 1 < domain.size() &&
           std::ranges::none_of(text, [](char c) { return c <= ' ' || c == '\x7f'; });
  }

  void email() {
    constexpr auto kId = "oidc.email";
    constexpr auto kTitle = "mail address";
    if (kind_of(claims_, row_, rules_) != IssuerKind::email) return;
    if (claims_.email.empty()) {
      refuse(kId, kTitle, "the token holds no mail address (email)", "an address", "nothing")
          .advice = "ask the issuer for the scope \"email\"";
    } else if (!is_address(claims_.email)) {
      refuse(kId, kTitle, "what the token holds is no mail address (email)", "name@example.org",
             printable(claims_.email, 200));
    } else if (!claims_.email_verified.value_or(false)) {
      refuse(kId, kTitle, "the issuer does not vouch for the mail address (email_verified)", "true",
             claims_.email_verified ? "false" : "nothing, or neither true nor false")
          .advice = cat("confirm ", printable(claims_.email, 200), " with the issuer");
    } else {
      report_.pass(kId, kTitle, cat(printable(claims_.email, 200), ", verified"));
    }
  }

  std::vector<std::string> claims_due() const {
    if (rules_.claims) return *rules_.claims;
    std::vector<std::string> due;
    if (row_ == nullptr || kind_of(claims_, row_, rules_) != row_->kind) return due;
    for (const auto each : row_->claims) due.emplace_back(each);
    return due;
  }

  void needed_claims() {
    const auto due = claims_due();
    if (due.empty()) return;
    std::vector<std::string> missing;
    for (const auto& each : due) {
      const auto* value = claims_.find(each);
      if (value == nullptr || value->is(json::Value::Kind::null)) missing.push_back(each);
    }
    if (missing.empty()) {
      report_.pass("oidc.claims", "claims", cat("all ", due.size(), " that the CA needs"));
      return;
    }
    refuse(
        "oidc.claims", "claims",
        cat("the token lacks what the CA makes the certificate's name of: ", shown_list(missing)),
        shown_list(due), cat(due.size() - missing.size(), " of ", due.size()))
        .advice = row_ == nullptr ? "ask the issuer for these claims"
                                  : cat("is it the token of a job of ", row_->title,
                                        "? other tokens of that issuer lack them");
  }

  const Token& token_;
  const Claims& claims_;
  const CaRules& rules_;
  Time now_;
  const KnownIssuer* row_;
  Report report_;
};

}  // namespace

Report examine(const Token& token, const CaRules& rules, Time now) {
  return Examination(token, rules, now).run();
}

Result<Challenge> challenge(const Claims& claims, const CaRules& rules) {
  std::string name = rules.challenge_claim;
  if (name.empty()) {
    const bool by_address =
        kind_of(claims, known_issuer(claims.issuer), rules) == IssuerKind::email;
    name = by_address ? "email" : "sub";
  }
  const auto* value = claims.find(name);
  if (value == nullptr || value->string() == nullptr || value->string()->empty()) {
    return fail(Error{Errc::malformed, cat("the token has no claim ", printable(name, 50),
                                           ", over which the CA wants the proof of possession")});
  }
  return Challenge{std::move(name), *value->string()};
}

}  // namespace sluice::oidc
