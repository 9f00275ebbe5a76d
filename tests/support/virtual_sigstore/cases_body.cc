// SPDX-License-Identifier: Apache-2.0
// Entries that are about something else than the bundle that brings them along: the fault of
// CVE-2022-23649, CVE-2022-36056 and CVE-2026-22703. All are logged and signed as they should be.
#include "base/codec.h"
#include "base/text.h"
#include "support/virtual_sigstore/case_table.h"
#include "support/virtual_sigstore/entry.h"

namespace sluice::test {

namespace {

constexpr std::string_view kBody = "canonicalizedBody";

// The body is changed before it is logged.
SignWish other_body(SignWish wish, std::function<void(json::Value&)> change) {
  wish.logs.front().change_body = std::move(change);
  return wish;
}

Change put(std::string path, json::Value value) {
  return [path = std::move(path), value = std::move(value)](json::Value& body) {
    set(body, path, value);
  };
}

std::string other_hex() {
  return crypto::digest_of(crypto::HashAlgorithm::sha256, bytes_of("another artifact")).hex();
}

// An entry for something else by the same signer, and one by another signer.
Made other_made(const CaseTable& table, const SignWish& wish) {
  return table.world().sign("another artifact", wish);
}

void add_hashedrekord(CaseTable& table) {
  const SignWish good = rekor_v1();
  const Made other = other_made(table, good);
  const auto add = [&](std::string_view name, std::string_view why,
                       const Change& change) -> BundleCase& {
    return table.add(cat("log.body/v1-", name), std::string(why), other_body(good, change));
  };
  add("digest", "the entry is about another artifact", put("spec.data.hash.value", other_hex()));
  add("signature", "the entry has another signature",
      put("spec.signature.content", to_base64(other.signature)));
  add("certificate", "the entry has another certificate",
      put("spec.signature.publicKey.content", base64(pem_of_certificate(other.chain[0]))));
  add("key", "the entry has a key, and the bundle a certificate",
      put("spec.signature.publicKey.content", base64(other.key.public_key().pem())));
  add("digest-in-capitals", "a digest in capitals", [](json::Value& body) {
    std::string hex = text_at(body, "spec.data.hash.value");
    for (char& c : hex) c = static_cast<char>(c >= 'a' ? c - 'a' + 'A' : c);
    set(body, "spec.data.hash.value", hex);
  }).peer = "reads both";
  add("algorithm", "a digest by another name", put("spec.data.hash.algorithm", "sha512"));
  add("more-certificates", "a second certificate behind the first", [&](json::Value& body) {
    const std::string path = "spec.signature.publicKey.content";
    change_base64(body, path, [&](Bytes& pem) {
      const std::string more = pem_of_certificate(other.chain[0]);
      pem.insert(pem.end(), more.begin(), more.end());
    });
  });
}

// A body that makes careless readers fail in another way than by a refusal (cosign#4648 and on).
void add_malformed(CaseTable& table) {
  const std::vector<std::pair<std::string_view, Change>> all{
      {"spec-null", put("spec", nullptr)},
      {"spec-text", put("spec", "text")},
      {"spec-empty", put("spec", json::Object{})},
      {"signature-null", put("spec.signature", nullptr)},
      {"public-key-null", put("spec.signature.publicKey", nullptr)},
      {"public-key-empty", put("spec.signature.publicKey.content", "")},
      {"public-key-no-pem", put("spec.signature.publicKey.content", base64("no certificate"))},
      {"public-key-no-base64", put("spec.signature.publicKey.content", "%%%")},
      {"hash-null", put("spec.data.hash", nullptr)},
      {"hash-short", put("spec.data.hash.value", "abcd")},
      {"more-members", put("spec.more", 1)},
  };
  for (const auto& [name, change] : all) {
    BundleCase& one = table.add(cat("log.body/malformed-", name), "a body that is not of its kind",
                                other_body(rekor_v1(), change));
    if (name == "more-members") one.peer = "reads over it";
  }
  const auto text = [&](std::string_view name, std::string_view why,
                        ChangeText change) -> BundleCase& {
    return table.add(
        cat("log.body/", name), std::string(why),
        logged(rekor_v1(), [&](LogWish& log) { log.change_body_text = std::move(change); }));
  };
  text("not-json", "no JSON", [](std::string& body) { body = "hashedrekord"; });
  text("empty", "nothing", [](std::string& body) { body.clear(); });
  text("truncated", "half of it", [](std::string& body) { body.resize(body.size() / 2); });
  text("twice", "a member twice", [](std::string& body) {
    body.insert(1, "\"apiVersion\":\"0.0.1\",");
  }).peer = "keeps the last";
  text("blanks", "JSON, and not canonical", [](std::string& body) { body.insert(1, " "); }).peer =
      "reads over it";
  text("deep", "brackets in brackets",
       [](std::string& body) { body = cat(std::string(100'000, '['), std::string(100'000, ']')); });
}

void add_kinds(CaseTable& table) {
  const auto version = [&](std::string_view name, std::string_view why, SignWish wish,
                           std::string_view kind, std::string_view number) {
    table
        .add(cat("log.body/kind-", name), std::string(why),
             entry_broken(std::move(wish),
                          [=](json::Value& entry) {
                            set(entry, "kindVersion.kind", kind);
                            set(entry, "kindVersion.version", number);
                          }))
        .peer = kind == "rekord" || number == "0.0.9" ? "" : "looks at the body alone";
  };
  version("beside-body", "the entry says another version than its body", rekor_v1(), "hashedrekord",
          "0.0.2");
  version("dsse-beside-body", "the entry says another kind than its body", rekor_v1(), "dsse",
          "0.0.1");
  version("v2-beside-body", "the same in Rekor v2", rekor_v2(), "hashedrekord", "0.0.1");
  version("none", "no kind at all", rekor_v1(), "", "");
  const auto both = [&](std::string_view name, std::string_view kind, std::string_view number) {
    SignWish wish = other_body(rekor_v1(), [=](json::Value& body) {
      set(body, "kind", kind);
      set(body, "apiVersion", number);
    });
    version(name, "a kind that is not known", wish, kind, number);
  };
  both("rekord", "rekord", "0.0.1");
  both("unknown-version", "hashedrekord", "0.0.9");
  const auto kind = [](SignWish wish, EntryKind what) {
    return logged(std::move(wish), [what](LogWish& log) { log.kind = what; });
  };
  table.add("log.body/hashedrekord-for-envelope", "an envelope's digest in an artifact's entry",
            kind(in_envelope(rekor_v1()), EntryKind::hashedrekord));
  table.add("log.body/dsse-for-message", "an envelope's entry for a message",
            kind(rekor_v1(), EntryKind::dsse));
  table.add("log.body/missing", "an entry without its body",
            entry_broken(rekor_v1(), [](json::Value& entry) { erase(entry, kBody); }));
}

void add_envelope_entries(CaseTable& table) {
  const SignWish dsse = in_envelope(rekor_v1());
  const Made other = other_made(table, dsse);
  const auto add = [&](std::string_view name, std::string_view why, const SignWish& wish,
                       const Change& change) -> BundleCase& {
    return table.add(cat("log.body/", name), std::string(why), other_body(wish, change));
  };
  add("dsse-payload", "the entry is about another payload", dsse,
      put("spec.payloadHash.value", other_hex()));
  add("dsse-signature", "another signature", dsse,
      put("spec.signatures.0.signature", to_base64(other.signature)));
  add("dsse-verifier", "another certificate", dsse,
      put("spec.signatures.0.verifier", base64(pem_of_certificate(other.chain[0]))));
  add("dsse-no-signatures", "no signature", dsse, put("spec.signatures", json::Array{}));
  add("dsse-two-signatures", "two signers, and the bundle has one", dsse, [&](json::Value& body) {
    json::Array& list = *at(body, "spec.signatures").array();
    list.push_back(list.front());
  }).peer = "looks at the first";
  SignWish intoto = logged(dsse, [](LogWish& log) { log.kind = EntryKind::intoto; });
  add("intoto-payload", "the entry is about another payload", intoto,
      put("spec.content.payloadHash.value", other_hex()));
  add("intoto-signature", "another signature", intoto,
      put("spec.content.envelope.signatures.0.sig", base64(to_base64(other.signature))));
  add("intoto-key", "another certificate", intoto,
      put("spec.content.envelope.signatures.0.publicKey",
          base64(pem_of_certificate(other.chain[0]))));
  add("intoto-type", "another payload type", intoto,
      put("spec.content.envelope.payloadType", "text/plain"))
      .peer = "does not compare it";
  add("intoto-held-payload", "the payload that it holds is another one", intoto,
      put("spec.content.envelope.payload", base64(base64("{}"))));
}

// In Rekor v2 the entry can be made anew from the bundle: all of it has to be what it would be.
void add_v2(CaseTable& table) {
  const SignWish good = rekor_v2();
  const Made other = other_made(table, good);
  const std::string spec = "spec.hashedRekordV002.";
  const auto add = [&](std::string_view name, std::string_view why, const SignWish& wish,
                       const std::string& path, const json::Value& value) {
    table.add(cat("log.body/v2-", name), std::string(why),
              other_body(wish, put(spec + path, value)));
  };
  add("digest", "the entry is about another artifact", good, "data.digest",
      to_base64(other.digest().bytes()));
  add("algorithm", "another algorithm", good, "data.algorithm", "SHA2_512");
  add("signature", "another signature", good, "signature.content", to_base64(other.signature));
  add("certificate", "another certificate", good, "signature.verifier.x509Certificate.rawBytes",
      to_base64(other.chain[0]));
  add("key-details", "another scheme", good, "signature.verifier.keyDetails",
      "PKIX_ECDSA_P384_SHA_384");
  add("more", "a member that nobody knows", good, "more", 1);
  add("envelope-digest", "the digest of the payload, not of the PAE", in_envelope(good),
      "data.digest",
      to_base64(
          crypto::digest_of(crypto::HashAlgorithm::sha256,
                            bytes_of(statement({subject_of("artifact", bytes_of(kArtifact))})))
              .bytes()));
  table.add("log.body/v2-bare-key", "the key instead of its certificate",
            logged(good, [](LogWish& log) { log.verifier_is_key = true; }));
  const Made stranger = other_made(table, by_key(good));
  add("other-key", "another key", by_key(good), "signature.verifier.publicKey.rawBytes",
      to_base64(stranger.key.public_key().der()));
  // Proven is the right entry; shown is another one.
  table
      .add("log.body/v2-shown-is-not-proven", "the body that a reader sees is not what was logged",
           entry_broken(good,
                        [&](json::Value& entry) {
                          change_base64(entry, kBody, [&](Bytes& bytes) {
                            json::Value body = json::parse_strict(text_of(bytes)).value();
                            set(body, "spec.hashedRekordV002.data.digest",
                                to_base64(other.digest().bytes()));
                            bytes = copy_of(bytes_of(json::canonical_jcs(body).value()));
                          });
                        }))
      .peer = "proves the right entry and does not look at the one that is shown";
}

void add_other_entry(CaseTable& table) {
  // A whole entry of somebody else, sound in itself (CVE-2026-22703).
  for (const bool second : {false, true}) {
    const SignWish wish = second ? rekor_v2() : rekor_v1();
    const Made other = other_made(table, wish);
    json::Value taken = json::parse_strict(other.bundle).value();
    table.add(cat("log.body/entry-of-another-bundle-v", second ? 2 : 1),
              "a sound entry for another artifact and signer",
              broken(wish, [taken](json::Value& bundle) mutable {
                set(bundle, kEntryPath, at(taken, kEntryPath));
              }));
  }
  // The same key signed both, and its certificate is the same.
  const SignWish by_one = by_key(rekor_v1());
  const Made first = table.world().sign("another artifact", by_one);
  SignWish again = by_one;
  again.with_key = first.key;
  json::Value taken = json::parse_strict(first.bundle).value();
  table.add("log.body/entry-of-the-same-key", "a sound entry of the same key for another artifact",
            broken(again, [taken](json::Value& bundle) mutable {
              set(bundle, kEntryPath, at(taken, kEntryPath));
            }));
}

}  // namespace

void add_body_cases(CaseTable& table) {
  add_hashedrekord(table);
  add_malformed(table);
  add_kinds(table);
  add_envelope_entries(table);
  add_v2(table);
  add_other_entry(table);
}

}  // namespace sluice::test
