// SPDX-License-Identifier: Apache-2.0
#include "sigstore/verify_key.h"

#include <algorithm>
#include <set>

#include "base/limits.h"
#include "base/text.h"

namespace sluice::sigstore {

namespace {

using crypto::Digest;
using crypto::HashAlgorithm;
using crypto::Match;
using crypto::Message;
using crypto::Scheme;
using crypto::SchemeKind;

// What is known of one artifact. All of it comes from one reading: a second one could meet another
// file under the same name.
class Known {
 public:
  void add(Digest digest) { digests_.push_back(std::move(digest)); }
  const Digest* find(HashAlgorithm algorithm) const {
    const auto at = std::ranges::find(digests_, algorithm, &Digest::algorithm);
    return at == digests_.end() ? nullptr : &*at;
  }
  const Digest& any() const { return digests_.front(); }

 private:
  std::vector<Digest> digests_;
};

// Passes a source on and hashes what goes through.
class HashingSource final : public ByteSource {
 public:
  HashingSource(ByteSource& inner, const std::set<HashAlgorithm>& algorithms) : inner_(inner) {
    for (const auto algorithm : algorithms) hashers_.emplace_back(algorithm);
  }
  Result<std::size_t> read(std::span<std::uint8_t> into) override {
    auto got = inner_.read(into);
    if (got) {
      for (auto& hasher : hashers_) hasher.update(into.first(*got));
    }
    return got;
  }
  Result<void> unchanged() override { return inner_.unchanged(); }
  std::optional<std::uint64_t> size() const override { return inner_.size(); }

  void finish(Known& known) {
    for (auto& hasher : hashers_) known.add(hasher.finish());
  }

 private:
  ByteSource& inner_;
  std::vector<crypto::Hasher> hashers_;
};

Result<Known> digests_of(Files& files, const Artifact& artifact,
                         std::set<HashAlgorithm> algorithms) {
  Known known;
  if (const auto* given = std::get_if<Digest>(&artifact)) {
    known.add(*given);
    return known;
  }
  const Path& path = std::get<Path>(artifact);
  SLUICE_TRY(const auto source, files.open(path));
  algorithms.insert(HashAlgorithm::sha256);  // for the report, whatever else is wanted
  HashingSource hashing(*source, algorithms);
  std::vector<std::uint8_t> piece(256U << 10);
  for (std::size_t got = 1; got != 0;) {
    SLUICE_TRY(got, within(hashing.read(piece), cat("reading ", sluice::shown(path))));
  }
  SLUICE_CHECK(hashing.unchanged());
  hashing.finish(known);
  return known;
}

class KeyVerification {
 public:
  KeyVerification(Files& files, const KeyRequest& request)
      : files_(files),
        request_(request),
        report_(request.artifact ? shown(*request.artifact) : request.bundle_source) {}

  Result<Verdict<VerifiedContent>> run() {
    if (!request_.bundle) return refuse_unsigned();
    report_.pass("bundle.present", "signed", cat("bundle from ", request_.bundle_source));
    auto parsed = parse_bundle(*request_.bundle);
    if (!parsed) {
      fail_with("bundle.format", "bundle", parsed.error());
      return refuse_early("needs a bundle that can be read");
    }
    VerifiedContent content{*std::move(parsed), std::nullopt};
    report_.pass("bundle.format", "bundle", printable(content.bundle.media_type.str()));
    if (check_key(content.bundle)) {
      if (const auto* message = std::get_if<MessageSignature>(&content.bundle.content)) {
        SLUICE_CHECK(check_message(*message));
      } else {
        SLUICE_CHECK(check_envelope(std::get<dsse::Envelope>(content.bundle.content), content));
      }
    } else {
      report_.skip("signature", "signature", "needs a bundle that is signed with a key");
    }
    note_what_was_not_looked_at(content.bundle);
    return Verdict<VerifiedContent>::conclude(std::move(report_), std::move(content));
  }

 private:
  Verdict<VerifiedContent> refuse_unsigned() {
    Check& check =
        report_.fail("bundle.present", "signed", "there is no bundle: the artifact is not signed");
    check.expected = "a Sigstore bundle";
    check.found = "nothing";
    check.source = request_.bundle_source;
    check.advice =
        "name the bundle with --bundle FILE, or sign the file: sluice sign --key KEY FILE";
    return refuse_early("needs a bundle");
  }

  Verdict<VerifiedContent> refuse_early(std::string_view why) {
    report_.skip("bundle.key", "key", std::string(why));
    report_.skip("signature", "signature", std::string(why));
    return Verdict<VerifiedContent>::conclude(std::move(report_), std::nullopt);
  }

  void fail_with(std::string id, std::string title, const Error& error) {
    report_.fail(std::move(id), std::move(title), error.text()).source = request_.bundle_source;
  }

  // False: there is no point in going on.
  bool check_key(const Bundle& bundle) {
    const auto* material = std::get_if<PublicKeyHint>(&bundle.material);
    if (material == nullptr) {
      Check& check = report_.fail("bundle.key", "key",
                                  "the bundle is signed with a certificate, not with a key");
      check.expected =
          cat("a bundle signed with ", request_.key.describe(), " ", key_hint(request_.key));
      check.found = "a certificate";
      check.source = request_.bundle_source;
      check.advice =
          "verification by identity is not in this version; cosign verify-blob can do it";
      return false;
    }
    const std::string ours = key_hint(request_.key);
    // Others may put any name there; what is as long as a digest has to be the right one.
    const bool names_a_key = material->hint.size() == ours.size();
    if (names_a_key && material->hint != ours) {
      Check& check =
          report_.fail("bundle.key", "key", "the bundle names another key than the one given");
      check.expected = ours;
      check.found = material->hint;
      check.source = cat(request_.bundle_source, ": verificationMaterial.publicKey.hint");
      check.advice = "sluice key info FILE prints the hint of a key";
      return true;
    }
    report_.pass(
        "bundle.key", "key",
        names_a_key ? "the bundle names this key" : "the bundle names no key; this one is tried");
    return true;
  }

  Scheme scheme_for(const std::optional<Digest>& stated) const {
    if (request_.scheme) return *request_.scheme;
    const Scheme own = request_.key.default_scheme();
    if (own.kind == SchemeKind::ed25519 && stated && stated->algorithm() == HashAlgorithm::sha512) {
      return {SchemeKind::ed25519ph, HashAlgorithm::sha512};
    }
    return own;
  }

  // The message, and its digest as the bundle states it, from one reading.
  Result<Message> absorb(Scheme scheme, const std::optional<Digest>& stated, Known& known) {
    if (const auto* given = std::get_if<Digest>(&*request_.artifact)) {
      known.add(*given);
      auto message = Message::of_digest(scheme, *given);
      if (!message) {
        return fail(Error{Errc::unsupported,
                          cat(name(scheme), " cannot be verified by a ", name(given->algorithm()),
                              " digest alone"),
                          {},
                          "name the file itself"});
      }
      return message;
    }
    const Path& path = std::get<Path>(*request_.artifact);
    SLUICE_TRY(const auto source, files_.open(path));
    HashingSource hashing(*source, stated && stated->algorithm() != own_digest(scheme)
                                       ? std::set{stated->algorithm()}
                                       : std::set<HashAlgorithm>{});
    SLUICE_TRY(auto message,
               within(Message::of(scheme, hashing), cat("reading ", sluice::shown(path))));
    hashing.finish(known);
    known.add(message.digest());
    return message;
  }

  // The algorithm of Message::digest().
  static HashAlgorithm own_digest(Scheme scheme) {
    return scheme.kind == SchemeKind::ed25519 ? HashAlgorithm::sha256 : scheme.hash;
  }

  Result<void> check_message(const MessageSignature& signed_message) {
    if (!request_.artifact) {
      return fail(Errc::usage, "the bundle signs a file, and no file was named");
    }
    if (request_.predicate_type) {
      Check& check = report_.fail("statement.format", "statement",
                                  "the bundle signs a file and holds no statement");
      check.expected = *request_.predicate_type;
      check.found = "a message signature";
      check.source = request_.bundle_source;
    }
    const Scheme scheme = scheme_for(signed_message.digest);
    Known known;
    SLUICE_TRY(const Message message, absorb(scheme, signed_message.digest, known));
    if (check_stated_digest(signed_message, scheme, known)) {
      return check_signature(message, signed_message.signature, "the artifact");
    }
    return explain_other_artifact(scheme, signed_message);
  }

  // True: the bundle states no digest, or the artifact's.
  bool check_stated_digest(const MessageSignature& signed_message, Scheme scheme,
                           const Known& known) {
    const auto& stated = signed_message.digest;
    if (!stated) {
      report_.pass("artifact.digest", "artifact digest",
                   "the bundle states none; the signature decides");
      return true;
    }
    // A digest that is not the signed one would prove nothing: for what signs a digest, it has to
    // be that.
    const bool any = scheme.kind == SchemeKind::ed25519;
    const Digest* found =
        any || stated->algorithm() == scheme.hash ? known.find(stated->algorithm()) : nullptr;
    if (found != nullptr && *found == *stated) {
      report_.pass("artifact.digest", "artifact digest", cat(found->text(), " is what was signed"));
      report_.fact("digest", found->text());
      return true;
    }
    Check& check = report_.fail(
        "artifact.digest", "artifact digest",
        found != nullptr ? "this is not the artifact that was signed"
                         : "the bundle states a digest of another kind than this key signs");
    check.expected = stated->text();
    check.found = (found != nullptr ? *found : known.any()).text();
    check.source = request_.bundle_source;
    return false;
  }

  // The artifact is another one. Whether the bundle itself is sound tells what happened to it.
  Result<void> explain_other_artifact(Scheme scheme, const MessageSignature& signed_message) {
    const bool by_digest = scheme.kind != SchemeKind::ed25519 &&
                           scheme.kind != SchemeKind::ed25519ph &&
                           scheme.hash == signed_message.digest->algorithm();
    if (!by_digest) {
      report_.skip("signature", "signature", "needs the artifact that was signed");
      return {};
    }
    SLUICE_TRY(const Message stated, Message::of_digest(scheme, *signed_message.digest));
    SLUICE_CHECK(
        check_signature(stated, signed_message.signature, "the digest that the bundle states"));
    if (report_.checks().back().outcome == Outcome::pass) {
      report_.advise_first_failure(
          "the bundle is sound: get the file that it belongs to, or the bundle "
          "that belongs to this file");
    }
    return {};
  }

  Result<void> check_signature(const Message& message, const Bytes& signature,
                               std::string_view over) {
    SLUICE_TRY(const Match match, crypto::verify(request_.key, message, signature));
    if (match == Match::yes) {
      report_.fact("signed by", cat(request_.key.describe(), " key ", key_hint(request_.key)));
      report_.pass("signature", "signature",
                   cat(name(message.scheme()), " over ", over, ", by this key"));
      return {};
    }
    Check& check =
        report_.fail("signature", "signature", cat("it is not this key's signature over ", over));
    check.expected = cat("an ", name(message.scheme()), " signature by ", request_.key.describe(),
                         " ", key_hint(request_.key));
    check.found = cat(signature.size(), " bytes that do not verify");
    check.source = request_.bundle_source;
    check.advice = "the signature was altered, or it was made with another key";
    return {};
  }

  Result<void> check_envelope(const dsse::Envelope& envelope, VerifiedContent& content) {
    const Scheme scheme = request_.scheme.value_or(request_.key.default_scheme());
    SLUICE_TRY(const Message message,
               Message::of(scheme, dsse::pae(envelope.payload_type, envelope.payload)));
    SLUICE_CHECK(check_signature(message, envelope.signatures.front().sig,
                                 "the envelope's type and payload"));
    if (report_.checks().back().outcome != Outcome::pass) {
      report_.skip("payload.content", "payload", "needs a good signature");
      return {};
    }
    if (envelope.payload_type.str() == dsse::kInTotoPayload)
      return check_statement(envelope, content);
    if (request_.predicate_type) {
      Check& check =
          report_.fail("statement.format", "statement", "the payload is no in-toto statement");
      check.expected = std::string(dsse::kInTotoPayload);
      check.found = printable(envelope.payload_type.str());
    }
    report_.fact("payload type", printable(envelope.payload_type.str()));
    return request_.artifact ? check_payload_is(envelope) : Result<void>{};
  }

  Result<void> check_payload_is(const dsse::Envelope& envelope) {
    SLUICE_TRY(const Known known, digests_of(files_, *request_.artifact, {}));
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
    check.source = request_.bundle_source;
    return {};
  }

  Result<void> check_statement(const dsse::Envelope& envelope, VerifiedContent& content) {
    auto statement = dsse::parse_statement(envelope.payload);
    if (!statement) {
      fail_with("statement.format", "statement", statement.error());
      report_.skip("statement.subject", "subject", "needs a statement that can be read");
      return {};
    }
    report_.pass("statement.format", "statement",
                 cat(printable(statement->type), ", ", printable(statement->predicate_type)));
    report_.fact("predicate", printable(statement->predicate_type));
    if (request_.predicate_type) check_predicate_type(*statement);
    if (request_.artifact) {
      SLUICE_CHECK(check_subject(*statement));
    } else {
      report_.fact("artifact", "none was named: only the envelope was verified");
    }
    if (request_.judge_statement) request_.judge_statement(*statement, report_);
    content.statement = *std::move(statement);
    return {};
  }

  void check_predicate_type(const dsse::Statement& statement) {
    if (statement.predicate_type == *request_.predicate_type) {
      report_.pass("statement.predicate-type", "predicate type",
                   printable(statement.predicate_type));
      return;
    }
    Check& check = report_.fail("statement.predicate-type", "predicate type",
                                "the statement is of another type than the one demanded");
    check.expected = *request_.predicate_type;
    check.found = printable(statement.predicate_type);
    check.source = request_.bundle_source;
  }

  Result<void> check_subject(const dsse::Statement& statement) {
    std::set<HashAlgorithm> stated;
    for (const auto& subject : statement.subjects) {
      if (const auto digests = subject.known_digests()) {
        for (const auto& digest : *digests) stated.insert(digest.algorithm());
      }
    }
    SLUICE_TRY(const Known known, digests_of(files_, *request_.artifact, stated));
    for (const auto& subject : statement.subjects) {
      if (!is_subject(subject, known)) continue;
      report_.pass("statement.subject", "subject",
                   cat("\"", printable(subject.name, 200), "\" is this artifact"));
      report_.fact("digest", known.any().text());
      return {};
    }
    Check& check = report_.fail("statement.subject", "subject",
                                "the statement does not speak of this artifact");
    const auto& first = statement.subjects.front();
    check.expected =
        cat(statement.subjects.size(), " subject", statement.subjects.size() == 1 ? "" : "s",
            ", the first \"", printable(first.name, 100), "\" ",
            printable(cat(first.digests.front().first, ":", first.digests.front().second), 140));
    check.found = known.any().text();
    check.source = request_.bundle_source;
    if (const auto digests = first.known_digests(); !digests) check.advice = digests.error().text();
    return {};
  }

  // A subject is the artifact if at least one of its digests can be compared, and all that can are
  // equal: a right SHA-256 beside a wrong SHA-512 is no match.
  static bool is_subject(const dsse::Subject& subject, const Known& known) {
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

  void note_what_was_not_looked_at(const Bundle& bundle) {
    if (bundle.entries.empty() && bundle.timestamps.empty()) return;
    report_.fact("unchecked", cat(bundle.entries.size(), " log entries and ",
                                  bundle.timestamps.size(), " timestamps: the key alone decides"));
  }

  Files& files_;
  const KeyRequest& request_;
  Report report_;
};

std::string finish_message(const crypto::Signer& signer, const Message& message, Bytes signature) {
  return write_bundle(signer.public_key(),
                      MessageSignature{message.digest(), std::move(signature)});
}

}  // namespace

std::string shown(const Artifact& artifact) {
  if (const auto* path = std::get_if<Path>(&artifact)) return sluice::shown(*path);
  return std::get<Digest>(artifact).text();
}

Result<Verdict<VerifiedContent>> verify_with_key(Files& files, const KeyRequest& request) {
  return KeyVerification(files, request).run();
}

Result<std::string> sign_file(Files& files, const Path& path, const crypto::Signer& signer) {
  SLUICE_TRY(const Message message, Message::of_file(signer.scheme(), files, path));
  SLUICE_TRY(auto signature, signer.sign(message));
  return finish_message(signer, message, std::move(signature));
}

Result<std::string> sign_source(ByteSource& source, const crypto::Signer& signer) {
  SLUICE_TRY(const Message message, Message::of(signer.scheme(), source));
  SLUICE_TRY(auto signature, signer.sign(message));
  return finish_message(signer, message, std::move(signature));
}

Result<std::string> sign_payload(const MediaType& payload_type, ByteView payload,
                                 const crypto::Signer& signer) {
  SLUICE_TRY(const auto envelope, dsse::sign(payload_type, payload, signer));
  return write_bundle(signer.public_key(), envelope);
}

}  // namespace sluice::sigstore
