// SPDX-License-Identifier: Apache-2.0
#include "sigstore/entry_match.h"

#include <algorithm>

#include "base/text.h"
#include "sigstore/entry_claims.h"
#include "x509/chain.h"
#include "x509/der.h"

namespace sluice::sigstore {

namespace {

using Why = EntryFinding::Why;

// SubjectPublicKeyInfo begins with an algorithm, a certificate with what is signed.
bool is_bare_key(ByteView der) {
  auto whole = x509::enter_whole(der, x509::tag::kSequence);
  if (!whole) return false;
  auto first = whole->enter(x509::tag::kSequence);
  return first && first->at(x509::tag::kOid);
}

class EntryMatch {
 public:
  EntryMatch(const WatchList& list, std::uint64_t index) : list_(list) { finding_.index = index; }

  std::optional<EntryFinding> run(ByteView body) {
    const auto claims = read_entry_claims(body);
    if (!claims) return unread(claims.error());
    finding_.artifact = claims->artifact;
    for (const Bytes& der : claims->verifiers) match_signer(der);
    match_artifact(*claims);
    if (matched_) return std::move(finding_);
    if (unread_) return unread(*unread_);
    return std::nullopt;
  }

 private:
  void add(Why why, std::string what) {
    if (!matched_ || why < finding_.why) finding_.why = why;
    matched_ = true;
    finding_.what.push_back(std::move(what));
  }

  std::optional<EntryFinding> unread(const Error& why) {
    finding_.why = Why::unread;
    finding_.what = {printable(why.text(), 300)};
    return std::move(finding_);
  }

  void match_signer(ByteView der) {
    if (is_bare_key(der)) return match_key(crypto::digest_of(crypto::HashAlgorithm::sha256, der));
    auto certificate = x509::Certificate::from_der(der);
    if (!certificate) {
      // What is watched for by digest alone needs no signer.
      const bool asked = !list_.rules.empty() || !list_.keys.empty();
      if (asked) unread_ = std::move(certificate).error().in("reading the signer's certificate");
      return;
    }
    const bool before = matched_;
    match_key((*certificate)->key.fingerprint());
    for (const IdentityRule& rule : list_.rules) {
      Report report("");
      judge_identity(rule, *certificate, report);
      if (report.passed()) add(Why::identity, rule.describe());
    }
    // Of several signers, the one who is of interest.
    if (finding_.certificate && (before || !matched_)) return;
    finding_.certificate = *std::move(certificate);
    finding_.key = (*finding_.certificate)->key.fingerprint();
  }

  void match_key(const crypto::Digest& fingerprint) {
    const bool wanted = std::ranges::find(list_.keys, fingerprint) != list_.keys.end();
    if (wanted) add(Why::key, cat("the key ", fingerprint.text()));
    if (wanted || !finding_.key) finding_.key = fingerprint;
  }

  void match_artifact(const EntryClaims& claims) {
    for (const auto& digest : {claims.artifact, claims.payload}) {
      if (!digest || std::ranges::find(list_.artifacts, *digest) == list_.artifacts.end()) continue;
      add(Why::artifact, digest->text());
      finding_.artifact = digest;
    }
  }

  const WatchList& list_;
  EntryFinding finding_;
  bool matched_ = false;
  std::optional<Error> unread_;
};

void judge_chain(const TrustRoot& trust, EntryFinding& finding) {
  const x509::Certificate& leaf = *finding.certificate;
  const auto issuers = trust.issuers_for(leaf, {});
  if (!issuers) {
    finding.chain = issuers.error().text();
    return;
  }
  const Time times[] = {leaf->validity.not_before};
  const auto chain = x509::verify_chain(leaf, {}, *issuers, times, x509::kCodeSigning);
  finding.chain_holds = chain.has_value();
  finding.chain = printable(chain ? chain->detail() : chain.error().detail, 300);
}

}  // namespace

std::string_view name(EntryFinding::Why why) {
  switch (why) {
    case Why::identity:
      return "identity";
    case Why::key:
      return "key";
    case Why::artifact:
      return "digest";
    case Why::unread:
      break;
  }
  return "unread";
}

std::string WatchList::describe() const {
  std::vector<std::string> parts;
  for (const auto& rule : rules) parts.push_back(rule.describe());
  for (const auto& key : keys) parts.push_back(cat("the key ", key.text()));
  for (const auto& artifact : artifacts) parts.push_back(artifact.text());
  return join(parts, "; ");
}

std::optional<EntryFinding> match_entry(const WatchList& list, const TrustRoot& trust,
                                        std::uint64_t index, ByteView body) {
  auto finding = EntryMatch(list, index).run(body);
  if (finding && finding->certificate) judge_chain(trust, *finding);
  return finding;
}

}  // namespace sluice::sigstore
