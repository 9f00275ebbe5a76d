// SPDX-License-Identifier: Apache-2.0
// Which name the CA puts into a certificate, by the token.
//
// How Fulcio's published configuration puts names together; a private one may do otherwise for its
// own issuers, which is why those have only to hold what names the job.
#include <algorithm>
#include <array>

#include "base/text.h"
#include "oidc/issuers.h"
#include "signing/fulcio_client.h"

namespace sluice::sigstore {

namespace {

using NameKind = x509::AlternativeName::Kind;
using oidc::IssuerKind;

std::string claim_text(const oidc::Claims& claims, std::string_view name) {
  const json::Value* value = claims.find(name);
  if (value == nullptr) return {};
  if (value->string() != nullptr) return *value->string();
  if (const auto number = value->integer()) return cat(*number);
  return {};
}

// The text stands in the name as a whole: what is beside it is no part of a word.
bool stands_whole(std::string_view name, std::string_view text) {
  const auto is_word = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  };
  if (text.empty()) return false;
  for (auto at = name.find(text); at != std::string_view::npos; at = name.find(text, at + 1)) {
    const auto end = at + text.size();
    const bool left = at == 0 || !is_word(name[at - 1]);
    const bool right = end == name.size() || !is_word(name[end]);
    if (left && right) return true;
  }
  return false;
}

// "https://HOST/" and the path of a workflow, which the claim has without scheme and host.
NameJudgement by_workflow(std::string_view name, const oidc::Claims& claims) {
  const std::string path = claim_text(claims, "job_workflow_ref");
  const bool github = claims.issuer == "https://token.actions.githubusercontent.com" ||
                      claims.issuer.starts_with("https://token.actions.githubusercontent.com/");
  if (github) {
    const std::string due = cat("https://github.com/", path);
    return {name == due, due};
  }
  const auto host_end = name.find('/', name.find("://") + 3);
  const bool fits = name.find("://") != std::string_view::npos &&
                    host_end != std::string_view::npos && name.substr(host_end + 1) == path;
  return {fits, cat("https://HOST/", path)};
}

NameJudgement by_exact(std::string_view name, std::string due) {
  const bool fits = name == due;
  return {fits, std::move(due)};
}

// A pod's service account.
NameJudgement by_account(std::string_view name, const oidc::Claims& claims) {
  const json::Value* about = claims.find("kubernetes.io");
  const json::Value* space = about == nullptr ? nullptr : about->find("namespace");
  const json::Value* account = about == nullptr ? nullptr : about->find("serviceaccount");
  const json::Value* label = account == nullptr ? nullptr : account->find("name");
  if (space == nullptr || space->string() == nullptr || label == nullptr ||
      label->string() == nullptr) {
    return {false, "the service account that the token names"};
  }
  return by_exact(name, cat("https://kubernetes.io/namespaces/", *space->string(),
                            "/serviceaccounts/", *label->string()));
}

NameJudgement by_pipeline(std::string_view name, const oidc::Claims& claims) {
  if (!claim_text(claims, "job_workflow_ref").empty()) return by_workflow(name, claims);
  if (const auto file = claim_text(claims, "ci_config_ref_uri"); !file.empty()) {
    return by_exact(name, cat("https://", file));
  }
  if (const auto slug = claim_text(claims, "pipeline_slug"); !slug.empty()) {
    return by_exact(
        name, cat("https://buildkite.com/", claim_text(claims, "organization_slug"), "/", slug));
  }
  for (const std::string_view key : {"oidc.circleci.com/project-id", "pipeline_id", "sub"}) {
    const std::string text = claim_text(claims, key);
    if (!text.empty()) return {stands_whole(name, text), cat("a name with ", text)};
  }
  return {false, "a name with what the token is about"};
}

NameJudgement by_subject(const x509::AlternativeName& name, const oidc::Claims& claims) {
  const std::string& subject = claims.subject;
  if (subject.empty()) return {false, "the token's subject"};
  if (name.kind == NameKind::username) return {name.value.starts_with(cat(subject, "!")), subject};
  return {name.value == subject || stands_whole(name.value, subject), subject};
}

IssuerKind kind_of_issuer(const oidc::Claims& claims, const oidc::CaRules& rules) {
  if (rules.kind) return *rules.kind;
  if (const auto* known = oidc::known_issuer(claims.issuer)) return known->kind;
  if (claims.email_verified.value_or(false)) return IssuerKind::email;
  constexpr std::array kOfPipelines{"job_workflow_ref", "ci_config_ref_uri", "pipeline_slug"};
  const bool ci = std::ranges::any_of(
      kOfPipelines, [&](const char* key) { return !claim_text(claims, key).empty(); });
  return ci ? IssuerKind::ci : IssuerKind::other;
}

}  // namespace

NameJudgement judge_name(const x509::AlternativeName& name, const oidc::Claims& claims,
                         const oidc::CaRules& rules) {
  switch (kind_of_issuer(claims, rules)) {
    case IssuerKind::email:
      return {name.kind == NameKind::email && !claims.email.empty() && name.value == claims.email,
              claims.email};
    case IssuerKind::ci:
      return by_pipeline(name.value, claims);
    case IssuerKind::kubernetes:
      return by_account(name.value, claims);
    case IssuerKind::other:
      break;
  }
  return by_subject(name, claims);
}

NameJudgement judge_name(const x509::Certificate& leaf, const oidc::Claims& claims,
                         const oidc::CaRules& rules) {
  if (leaf->alternative_names.size() != 1) return {false, "exactly one name"};
  const x509::AlternativeName& name = leaf->alternative_names.front();
  // Newer CAs say it outright.
  if (const auto* subject = leaf->fulcio.find(x509::FulcioField::token_subject)) {
    if (*subject != claims.subject) return {false, cat("the token's subject ", claims.subject)};
  }
  return judge_name(name, claims, rules);
}

std::vector<std::string> issuers_of(const oidc::Claims& claims) {
  std::vector<std::string> out{claims.issuer};
  if (const json::Value* federated = claims.find("federated_claims")) {
    const json::Value* connector = federated->find("connector_id");
    if (connector != nullptr && connector->string() != nullptr) {
      out.push_back(*connector->string());
    }
  }
  return out;
}

}  // namespace sluice::sigstore
