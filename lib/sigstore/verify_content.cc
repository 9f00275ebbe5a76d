// SPDX-License-Identifier: Apache-2.0
#include "sigstore/verify_content.h"

#include "base/text.h"

namespace sluice::sigstore {

namespace {

using crypto::Digest;
using crypto::HashAlgorithm;
using crypto::Match;
using crypto::Message;
using crypto::Scheme;
using crypto::SchemeKind;

bool signs_digests(Scheme scheme) {
  return scheme.kind != SchemeKind::ed25519 && scheme.kind != SchemeKind::ed25519ph;
}

// A subject is the artifact if at least one of its digests can be compared, and all that can are
// equal: a right SHA-256 beside a wrong SHA-512 is no match.
bool is_subject(const dsse::Subject& subject, const KnownDigests& known) {
  const auto stated = subject.known_digests();
  if (!stated) return false;
  std::size_t compared = 0;
  for (const auto& digest : *stated) {
    const Digest* own = known.find(digest.algorithm());
    if (own == nullptr) continue;
    if (*own != digest) return false;
    ++compared;
  }
  return compared > 0;
}

}  // namespace

std::string signer_text(const SignedBy& signer) {
  return signer.certificate ? cat("the certificate's ", signer.key.describe(), " key")
                            : cat(signer.key.describe(), " key ", key_hint(signer.key));
}

Result<void> ContentJudge::check_signature() {
  if (const auto* message = std::get_if<MessageSignature>(&bundle_.content)) {
    return check_message(*message);
  }
  const auto& envelope = std::get<dsse::Envelope>(bundle_.content);
  const Bytes pae = dsse::pae(envelope.payload_type, envelope.payload);
  SLUICE_TRY(const Message message, Message::of(signer_.scheme, pae));
  recorded_ = signer_.scheme.kind == SchemeKind::ed25519
                  ? crypto::digest_of(HashAlgorithm::sha512, pae)
                  : message.digest();
  return check_bytes(message, envelope.signatures.front().sig, "the envelope's type and payload");
}

Result<void> ContentJudge::check_message(const MessageSignature& signed_message) {
  if (artifact_ == nullptr) {
    return fail(Errc::usage, "the bundle signs a file, and no file was named");
  }
  if (request_.predicate_type) {
    Check& check = report_.fail("statement.format", "statement",
                                "the bundle signs a file and holds no statement");
    check.expected = *request_.predicate_type;
    check.found = "a message signature";
    check.source = request_.bundle_source;
  }
  const auto& stated = signed_message.digest;
  SLUICE_TRY(const Absorbed absorbed,
             artifact_->absorb(signer_.scheme,
                               stated ? std::optional(stated->algorithm()) : std::nullopt));
  recorded_ = stated ? *stated : absorbed.message.digest();
  if (check_stated_digest(signed_message, absorbed.known)) {
    return check_bytes(absorbed.message, signed_message.signature, "the artifact");
  }
  return explain_other_artifact(signed_message);
}

// True: the bundle states no digest, or the artifact's.
bool ContentJudge::check_stated_digest(const MessageSignature& signed_message,
                                       const KnownDigests& known) {
  const auto& stated = signed_message.digest;
  if (!stated) {
    report_.pass("artifact.digest", "artifact digest",
                 "the bundle states none; the signature decides");
    return true;
  }
  // A digest that is not the signed one would prove nothing: for what signs a digest, it has to
  // be that.
  const bool any = signer_.scheme.kind == SchemeKind::ed25519;
  const Digest* found =
      any || stated->algorithm() == signer_.scheme.hash ? known.find(stated->algorithm()) : nullptr;
  if (found != nullptr && *found == *stated) {
    report_.pass("artifact.digest", "artifact digest", cat(found->text(), " is what was signed"));
    report_.fact("digest", found->text());
    return true;
  }
  Check& check = report_.fail(
      "artifact.digest", "artifact digest",
      found != nullptr ? "this is not the artifact that was signed"
                       : "the bundle states a digest of another kind than this key signs");
  if (found == nullptr) {
    check.expected = cat("a ", crypto::name(signer_.scheme.hash), " digest");
    check.found = stated->text();
    check.source = request_.bundle_source;
    return false;
  }
  check.expected = stated->text();
  check.found = found->text();
  check.source = shown(*request_.artifact);
  return false;
}

// The artifact is another one. Whether the bundle itself is sound tells what happened to it.
Result<void> ContentJudge::explain_other_artifact(const MessageSignature& signed_message) {
  const bool by_digest =
      signs_digests(signer_.scheme) && signer_.scheme.hash == signed_message.digest->algorithm();
  if (!by_digest) {
    report_.skip("signature", "signature", "needs the artifact that was signed");
    return {};
  }
  SLUICE_TRY(const Message stated, Message::of_digest(signer_.scheme, *signed_message.digest));
  SLUICE_CHECK(check_bytes(stated, signed_message.signature, "the digest that the bundle states"));
  if (report_.checks().back().outcome == Outcome::pass) {
    report_.advise_first_failure(
        "the bundle is sound: get the file that it belongs to, or the bundle "
        "that belongs to this file");
  }
  return {};
}

Result<void> ContentJudge::check_bytes(const Message& message, const Bytes& signature,
                                       std::string_view over) {
  SLUICE_TRY(const Match match, crypto::verify(signer_.key, message, signature));
  if (match == Match::yes) {
    report_.pass("signature", "signature",
                 cat(name(message.scheme()), " over ", over, ", by ",
                     signer_.certificate ? "the certificate's key" : "this key"));
    return {};
  }
  Check& check =
      report_.fail("signature", "signature",
                   cat(signer_.certificate ? "it is not the certificate's signature over "
                                           : "it is not this key's signature over ",
                       over));
  check.expected = cat("an ", name(message.scheme()), " signature by ", signer_text(signer_));
  check.found = cat(signature.size(), " bytes that do not verify");
  check.source = request_.bundle_source;
  check.advice = signer_.certificate
                     ? "the signature or what it is about was altered: get both again"
                     : "the signature was altered, or it was made with another key";
  return {};
}

Result<void> ContentJudge::check_payload(VerifiedContent& content) {
  const auto* envelope = std::get_if<dsse::Envelope>(&bundle_.content);
  if (envelope == nullptr) return {};
  if (envelope->payload_type.str() == dsse::kInTotoPayload && !request_.any_payload) {
    return check_statement(*envelope, content);
  }
  if (request_.predicate_type) {
    Check& check =
        report_.fail("statement.format", "statement", "the payload is no in-toto statement");
    check.expected = std::string(dsse::kInTotoPayload);
    check.found = printable(envelope->payload_type.str());
  }
  report_.fact("payload type", printable(envelope->payload_type.str()));
  return artifact_ != nullptr ? check_payload_is(*envelope) : Result<void>{};
}

void ContentJudge::skip_payload(const std::string& why) {
  if (std::holds_alternative<dsse::Envelope>(bundle_.content)) {
    report_.skip("payload.content", "payload", why);
  }
}

Result<void> ContentJudge::check_payload_is(const dsse::Envelope& envelope) {
  SLUICE_TRY(const KnownDigests known, artifact_->digests({}));
  const Digest& found = known.any();
  const Digest payload = crypto::digest_of(found.algorithm(), envelope.payload);
  if (found == payload) {
    report_.pass("payload.content", "payload", cat("it is the artifact, ", payload.text()));
    return {};
  }
  Check& check =
      report_.fail("payload.content", "payload", "the signed payload is not this artifact");
  check.expected = payload.text();
  check.found = found.text();
  check.source = shown(*request_.artifact);
  return {};
}

Result<void> ContentJudge::check_statement(const dsse::Envelope& envelope,
                                           VerifiedContent& content) {
  auto statement = dsse::parse_statement(envelope.payload);
  if (!statement) {
    report_
        .fail("statement.format", "statement",
              cat("the statement cannot be read: ", statement.error().text()))
        .source = request_.bundle_source;
    report_.skip("statement.subject", "subject", "needs a statement that can be read");
    return {};
  }
  report_.pass("statement.format", "statement",
               cat(printable(statement->type), ", ", printable(statement->predicate_type)));
  report_.fact("predicate", printable(statement->predicate_type));
  if (request_.predicate_type) check_predicate_type(*statement);
  if (artifact_ != nullptr) {
    SLUICE_CHECK(check_subject(*statement));
  } else {
    report_.fact("artifact", "none was named: only the envelope was verified");
  }
  if (request_.judge_statement) request_.judge_statement(*statement, report_);
  content.statement = *std::move(statement);
  return {};
}

void ContentJudge::check_predicate_type(const dsse::Statement& statement) {
  if (statement.predicate_type == *request_.predicate_type) {
    report_.pass("statement.predicate-type", "predicate type", printable(statement.predicate_type));
    return;
  }
  Check& check = report_.fail("statement.predicate-type", "predicate type",
                              "the statement is of another type than the one demanded");
  check.expected = *request_.predicate_type;
  check.found = printable(statement.predicate_type);
  check.source = request_.bundle_source;
}

Result<void> ContentJudge::check_subject(const dsse::Statement& statement) {
  std::set<HashAlgorithm> stated;
  for (const auto& subject : statement.subjects) {
    if (const auto digests = subject.known_digests()) {
      for (const auto& digest : *digests) stated.insert(digest.algorithm());
    }
  }
  SLUICE_TRY(const KnownDigests known, artifact_->digests(stated));
  for (const auto& subject : statement.subjects) {
    if (!is_subject(subject, known)) continue;
    report_.pass("statement.subject", "subject",
                 cat("\"", printable(subject.name, 200), "\" is this artifact"));
    report_.fact("digest", known.any().text());
    return {};
  }
  Check& check =
      report_.fail("statement.subject", "subject", "the statement does not speak of this artifact");
  const auto& first = statement.subjects.front();
  check.expected =
      cat(statement.subjects.size(), " subject", statement.subjects.size() == 1 ? "" : "s",
          ", the first \"", printable(first.name, 100), "\" ",
          printable(cat(first.digests.front().first, ":", first.digests.front().second), 140));
  check.found = known.any().text();
  check.source = shown(*request_.artifact);
  if (const auto digests = first.known_digests(); !digests) check.advice = digests.error().text();
  return {};
}

}  // namespace sluice::sigstore
