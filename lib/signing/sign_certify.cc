// SPDX-License-Identifier: Apache-2.0
// A key, and a certificate for it.
#include <algorithm>
#include <utility>

#include "base/text.h"
#include "signing/sign_parts.h"

namespace sluice::sigstore::signing {

namespace {

constexpr std::chrono::seconds kStampingTime{60};  // how long a signature may wait for its stamp

class Certifying {
 public:
  Certifying(Run& run, Beside* beside)
      : run_(run), options_(run.options), rules_(run.options.ca_rules), beside_(beside) {}

  Result<std::optional<Session>> get() {
    SLUICE_TRY(const crypto::PrivateKey key, beside_ != nullptr
                                                 ? Result<crypto::PrivateKey>(beside_->key)
                                                 : crypto::PrivateKey::generate(options_.key_type));
    for (int failures = 0;;) {
      SLUICE_TRY(token_, options_.tokens->token(run_.now()));
      if (const auto trouble = options_.tokens->trouble()) {
        run_.note(cat("the identity token was not renewed: ", trouble->text()));
      }
      if (!token_is_good()) return std::nullopt;
      if (options_.proof == KeyProof::challenge) ask_for_rules();
      SLUICE_TRY(const HttpRequest request,
                 certificate_request(options_.services.ca, options_.proof, *token_, key, rules_,
                                     run_.patience()));
      auto issued = read_certificate_answer(options_.services.ca, send(request));
      if (issued) return judge(*issued, key);
      const Trouble trouble = std::move(issued).error();
      if (trouble.kind != Trouble::Kind::outage) {
        explain(trouble);
        return std::nullopt;
      }
      const auto due = run_.next_try(trouble, ++failures);
      if (!due) return fail(told_outage(trouble, failures));
      run_.wait_until(*due);
    }
  }

 private:
  Result<HttpResponse> send(const HttpRequest& request) {
    if (beside_ == nullptr || std::exchange(beside_->asked, true)) return run_.http.send(request);
    const auto answered = [&](std::size_t place, const Result<HttpResponse>& answer) {
      if (place > 0) beside_->meanwhile.answered(place - 1, answer);
    };
    auto answers = run_.http.send_all_meanwhile(
        {request}, {.more = beside_->meanwhile.more, .answered = answered});
    auto own = std::move(answers.front());
    answers.erase(answers.begin());
    beside_->answers = std::move(answers);
    return own;
  }

  // By what is known here; if that says no, by what the CA itself says of its issuers. Only the
  // rows of the last judgement are told.
  bool token_is_good() {
    Report rows = oidc::examine(*token_, rules_, run_.now());
    if (!rows.passed() && ask_for_rules()) rows = oidc::examine(*token_, rules_, run_.now());
    tell(rows);
    return rows.passed();
  }

  void tell(const Report& rows) {
    if (told_ && rows.passed()) return;  // once for all tries
    told_ = true;
    append_as_signing(run_.shared, rows);
    for (const auto& [label, value] : rows.facts()) run_.shared.fact(label, value);
  }

  // Asked at most once. A CA that does not say leaves what is known here.
  bool ask_for_rules() {
    if (asked_) return false;
    asked_ = true;
    const auto request = configuration_request(options_.services.ca, run_.patience());
    if (!request) return false;
    const auto answer = sort_answer(kCaRole, request->url, run_.http.send(*request), is_ok);
    if (!answer) return false;
    auto rules = ca_rules_in(answer->body, token_->claims().issuer, rules_);
    if (!rules) return false;
    rules_ = *std::move(rules);
    return true;
  }

  // The CA's own sentence is the same for every fault of a token: what is found here comes first.
  void explain(const Trouble& trouble) {
    if (trouble.kind == Trouble::Kind::refused && ask_for_rules()) {
      const Report rows = oidc::examine(*token_, rules_, run_.now());
      for (const Check& check : rows.checks()) {
        if (check.outcome == Outcome::fail) append_as_signing(run_.shared, check);
      }
    }
    Check row = trouble.check;
    if (row.advice.empty() && trouble.kind == Trouble::Kind::refused) {
      row.advice = cat("the token of ", printable(token_->claims().issuer, 200),
                       " is sound as far as this program can see: does this CA trust that issuer?");
    }
    append_as_signing(run_.shared, row);
  }

  Result<std::optional<Session>> judge(const IssuedCertificate& issued,
                                       const crypto::PrivateKey& key) {
    // An issuer of one's own may be of another kind than it looks like: the CA knows.
    if (!judge_name(issued.leaf, token_->claims(), rules_).fits) ask_for_rules();
    SLUICE_TRY(auto certificate, judge_issued(issued,
                                              {.key = key.public_key(),
                                               .token = *token_,
                                               .ca = rules_,
                                               .trust = *options_.trust,
                                               .now = run_.now(),
                                               .memo = &run_.memo},
                                              run_.shared));
    if (!certificate) return std::nullopt;
    ++run_.certificates;
    return Session{key, *std::move(certificate)};
  }

  Run& run_;
  const SignOptions& options_;
  oidc::CaRules rules_;
  Beside* beside_;
  std::shared_ptr<const oidc::Token> token_;
  bool asked_ = false;
  bool told_ = false;
};

}  // namespace

bool time_to_stamp(const x509::Certificate& certificate, Time now) {
  const x509::Validity& validity = certificate->validity;
  const auto life = validity.not_after - validity.not_before;
  return now + std::min<std::chrono::seconds>(kStampingTime, life / 4) <= validity.not_after;
}

Result<std::optional<Session>> certify(Run& run, Beside* beside) {
  return Certifying(run, beside).get();
}

}  // namespace sluice::sigstore::signing
