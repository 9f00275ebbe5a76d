// SPDX-License-Identifier: Apache-2.0
// What was signed: the artifact, the signature over it, and statements.
#include "base/codec.h"
#include "base/text.h"
#include "support/virtual_sigstore/case_table.h"

namespace sluice::test {

namespace {

using crypto::HashAlgorithm;

crypto::Digest sha(HashAlgorithm algorithm, std::string_view text) {
  return crypto::digest_of(algorithm, bytes_of(text));
}

void add_artifacts(CaseTable& table) {
  table.add("artifact.digest/other", "another artifact", rekor_v1()).artifact = "the artifact";
  table.add("artifact.digest/other-by-digest", "another artifact, by its digest", rekor_v1())
      .digest = sha(HashAlgorithm::sha256, "the artifact");
  table.add("artifact.digest/stated", "the bundle states another digest, and the signature is good",
            broken(rekor_v1(), [](json::Value& bundle) {
              change_base64(bundle, "messageSignature.messageDigest.digest", flip_last);
            }));
  table.add("artifact.digest/stated-algorithm", "the bundle states a digest of another kind",
            broken(rekor_v1(), [](json::Value& bundle) {
              set(bundle, "messageSignature.messageDigest",
                  object({{"algorithm", "SHA2_512"},
                          {"digest", to_base64(sha(HashAlgorithm::sha512, kArtifact).bytes())}}));
            }));
  table.add("artifact.digest/key-other", "another artifact, by a key", by_key(rekor_v1()))
      .artifact = "the artifact";
}

// The signature is changed before it is logged and stamped: all else is sound.
void add_signatures(CaseTable& table) {
  const auto add = [&](std::string_view name, std::string_view why, SignWish wish,
                       ChangeBytes change) -> BundleCase& {
    wish.change_signature = std::move(change);
    return table.add(cat("signature/", name), std::string(why), wish);
  };
  add("flipped-v1", "another signature", rekor_v1(), flip_last);
  add("flipped-v2", "another signature", rekor_v2(), flip_last);
  add("flipped-envelope", "another signature", in_envelope(rekor_v2()), flip_last);
  add("flipped-key", "another signature", by_key(rekor_v1()), flip_last);
  add("flipped-rsa", "another signature", with_key(rekor_v1(), crypto::KeyType::rsa), flip_last);
  add("trailing", "a byte behind it", rekor_v1(), [](Bytes& bytes) { bytes.push_back(0); });
  add("raw", "r and s without DER", rekor_v1(), [](Bytes& bytes) { bytes.assign(64, 3); });
  add("zero", "r and s are zero", rekor_v1(),
      [](Bytes& bytes) { bytes = {0x30, 0x06, 0x02, 0x01, 0x00, 0x02, 0x01, 0x00}; });
  add("long-length", "a length written longer than it has to be", rekor_v1(),
      [](Bytes& bytes) { bytes.insert(bytes.begin() + 1, 0x81); });
  // Whoever can replace the artifact replaces the digest beside the signature, too.
  const std::string other = "another artifact";
  table
      .add("signature/digest-replaced", "artifact, digest and entry agree, and were never signed",
           logged(broken(rekor_v1(),
                         [&](json::Value& bundle) {
                           set(bundle, "messageSignature.messageDigest.digest",
                               to_base64(sha(HashAlgorithm::sha256, other).bytes()));
                         }),
                  [&](LogWish& log) {
                    log.change_body = [&](json::Value& body) {
                      set(body, "spec.data.hash.value", sha(HashAlgorithm::sha256, other).hex());
                    };
                  }))
      .artifact = other;
  const Made stranger = table.world().sign(kArtifact, rekor_v1());
  table.add("signature/other-certificate", "somebody else's certificate beside the signature",
            broken(rekor_v1(), [&](json::Value& bundle) {
              set(bundle, kLeafPath, to_base64(stranger.chain.front()));
            }));
}

void add_envelopes(CaseTable& table) {
  const SignWish good = in_envelope(rekor_v2());
  table.add("signature/envelope-payload", "another payload", broken(good, [](json::Value& bundle) {
              set(bundle, "dsseEnvelope.payload",
                  base64(statement({subject_of("other", bytes_of(kArtifact))})));
            }));
  table.add("signature/envelope-payload-type", "another type of payload",
            broken(good, [](json::Value& bundle) {
              set(bundle, "dsseEnvelope.payloadType", "application/vnd.in-toto+json ");
            }));
  // Signed as a message, whose bytes are the payload: not as an envelope.
  const std::string payload = statement({subject_of("artifact", bytes_of(kArtifact))});
  SignWish bare = rekor_v1();
  bare.logs = {};
  bare.stamps = {{}};
  const Made message = table.world().sign(payload, bare);
  table
      .add("signature/envelope-over-bare-payload", "the payload was signed, not its PAE",
           broken(good,
                  [&](json::Value& bundle) {
                    json::Value signed_message = json::parse_strict(message.bundle).value();
                    set(bundle, "verificationMaterial", at(signed_message, "verificationMaterial"));
                    set(bundle, "dsseEnvelope.signatures.0.sig", to_base64(message.signature));
                  }))
      .policy.logs = 0;
  // PAE over the base64 that stands in the envelope.
  const std::string encoded = base64(payload);
  const Made over = table.world().sign(
      cat("DSSEv1 ", kInToto.size(), " ", kInToto, " ", encoded.size(), " ", encoded), bare);
  table
      .add("signature/envelope-over-encoded-payload", "the payload was signed as base64",
           broken(good,
                  [&](json::Value& bundle) {
                    json::Value signed_message = json::parse_strict(over.bundle).value();
                    set(bundle, "verificationMaterial", at(signed_message, "verificationMaterial"));
                    set(bundle, "dsseEnvelope.signatures.0.sig", to_base64(over.signature));
                  }))
      .policy.logs = 0;
  SignWish other = stating(rekor_v2(), std::string(kArtifact));
  other.payload_type = "text/plain";
  table.add("payload.content/other", "the payload is not the artifact", other).artifact = "other";
}

void add_statement_format(CaseTable& table) {
  const auto add = [&](std::string_view name, std::string_view why,
                       std::string payload) -> BundleCase& {
    return table.add(cat("statement.format/", name), std::string(why),
                     stating(rekor_v2(), std::move(payload)));
  };
  const std::string good = statement({subject_of("artifact", bytes_of(kArtifact))});
  const auto changed = [&](std::string_view from, std::string_view to) {
    std::string text = good;
    replace(text, from, to);
    return text;
  };
  add("text", "no JSON", "a statement");
  add("truncated", "half of it", good.substr(0, good.size() / 2));
  add("trailing", "something behind it", cat(good, "x"));
  add("twice", "two lists of subjects", changed("\"subject\":", "\"subject\":[],\"subject\":"));
  add("unknown-type", "a statement of a version to come", changed("Statement/v1", "Statement/v2"))
      .peer = "takes any";
  add("no-type", "no type", changed("\"_type\"", "\"type\"")).peer = "takes any";
  add("no-predicate-type", "no type of the predicate",
      changed("\"predicateType\"", "\"predicate_type\""))
      .peer = "is not asked for one";
  add("no-subjects", "about nothing", statement({}));
  add("subject-without-digest", "a subject that is only a name",
      statement({{"artifact", {}}, subject_of("artifact", bytes_of(kArtifact))}))
      .peer = "reads over it";
  add("subjects-text", "subjects that are no list",
      changed("\"subject\":[", "\"subject\":\"[\",\"more\":["));
  add("digest-number", "a digest that is a number",
      changed(cat("\"", sha(HashAlgorithm::sha256, kArtifact).hex(), "\""), "256"));
}

void add_statement_types(CaseTable& table) {
  const std::vector<Subject> subjects{subject_of("artifact", bytes_of(kArtifact))};
  const auto typed = [&](std::string_view type) {
    return stating(rekor_v2(), statement(subjects, type));
  };
  table.add("good/statement-v0.1", "the older version",
            stating(rekor_v2(), statement(subjects, "https://slsa.dev/provenance/v0.2",
                                          "https://in-toto.io/Statement/v0.1")));
  table.add("good/predicate-type", "of the type that is asked for", typed(kProvenance))
      .policy.predicate_type = kProvenance;
  const auto wrong = [&](std::string_view name, std::string_view why, std::string_view asked) {
    table.add(cat("statement.predicate-type/", name), std::string(why), typed(kProvenance))
        .policy.predicate_type = asked;
  };
  wrong("other", "another type than the one that is asked for (CVE-2022-35929)",
        "https://spdx.dev/Document");
  wrong("prefix", "the beginning of its type", "https://slsa.dev/provenance");
  wrong("longer", "more than its type", "https://slsa.dev/provenance/v1.1");
  wrong("case", "another case", "https://slsa.dev/Provenance/v1");
  table
      .add("statement.format/predicate-of-message", "a message has no predicate (CVE-2026-39395)",
           rekor_v2())
      .policy.predicate_type = kProvenance;
  table
      .add("statement.format/predicate-of-garbage", "a payload that is no statement has none",
           stating(rekor_v2(), "garbage"))
      .policy.predicate_type = kProvenance;
}

void add_subjects(CaseTable& table) {
  const std::string right = sha(HashAlgorithm::sha256, kArtifact).hex();
  const std::string right512 = sha(HashAlgorithm::sha512, kArtifact).hex();
  const std::string wrong = sha(HashAlgorithm::sha256, "other").hex();
  const auto add = [&](std::string id, std::string why,
                       std::vector<Subject> subjects) -> BundleCase& {
    return table.add(std::move(id), std::move(why), stating(rekor_v2(), statement(subjects)));
  };
  std::vector<Subject> many;
  for (int i = 0; i < 10'000; ++i) {
    many.push_back(subject_of(cat("file ", i), bytes_of(cat("content ", i))));
  }
  add("statement.subject/none-of-10000", "none of many subjects", many);
  many.push_back(subject_of("artifact", bytes_of(kArtifact)));
  add("good/subjects-10001", "the last of many subjects", many).peer =
      "takes 1,024 subjects at most";
  add("good/subject-sha512", "a subject by its SHA-512", {{"artifact", {{"sha512", right512}}}});
  add("good/subject-two-digests", "a subject by two digests",
      {{"artifact", {{"sha256", right}, {"sha512", right512}}}});
  add("good/subject-unknown-digest", "a digest of an unknown kind beside a known one",
      {{"artifact",
        {{"gitCommit", "714a629c0b401fdce83e847fc9589983fc6f46bc"}, {"sha256", right}}}});
  add("statement.subject/other", "another artifact", {{"artifact", {{"sha256", wrong}}}});
  add("statement.subject/name-alone", "the artifact's name and another digest",
      {{"artifact", {{"sha256", wrong}}}, {"other", {{"sha512", wrong + wrong}}}});
  add("statement.subject/one-digest-wrong", "of two digests one is wrong",
      {{"artifact", {{"sha256", right}, {"sha512", std::string(128, 'a')}}}});
  add("statement.subject/truncated", "the beginning of the digest",
      {{"artifact", {{"sha256", right.substr(0, 32)}}}});
  add("statement.subject/other-algorithm", "the digest under another name",
      {{"artifact", {{"sha384", right}}}});
  add("statement.subject/unknown-algorithm", "a digest of an unknown kind alone",
      {{"artifact", {{"sha-256", right}}}});
  BundleCase& digest = add("statement.subject/digest-other", "another artifact, by its digest",
                           {{"artifact", {{"sha256", right}}}});
  digest.digest = sha(HashAlgorithm::sha256, "other");
}

}  // namespace

void add_content_cases(CaseTable& table) {
  add_artifacts(table);
  add_signatures(table);
  add_envelopes(table);
  add_statement_format(table);
  add_statement_types(table);
  add_subjects(table);
}

}  // namespace sluice::test
