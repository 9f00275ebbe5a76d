// SPDX-License-Identifier: Apache-2.0
// What passes: every version, content, kind of key and of signer.
#include "base/text.h"
#include "support/virtual_sigstore/case_table.h"

namespace sluice::test {

namespace {

using crypto::HashAlgorithm;
using crypto::KeyType;
using crypto::SchemeKind;

void add_versions(CaseTable& table) {
  table.add("good/v2-message", "Rekor v2 and a timestamp", rekor_v2());
  table.add("good/v1-message", "Rekor v1: promise, proof and checkpoint", rekor_v1());
  table.add("good/version-0.1", "the first version, with a chain",
            with_version(rekor_v1(), kMedia01));
  table.add("good/version-0.1-promise-alone", "the first version needs no proof",
            logged(with_version(rekor_v1(), kMedia01), [](LogWish& log) { log.proof = false; }));
  table.add("good/version-0.2", "the second version, with a chain",
            with_version(rekor_v1(), kMedia02));
  SignWish lone = with_version(rekor_v1(), kMedia02);
  lone.change_chain = [](std::vector<Bytes>& chain) { chain.resize(1); };
  table.add("good/version-0.2-leaf-alone", "a chain of the leaf alone", lone);
  SignWish single = rekor_v1();
  single.media_type = kMedia02;
  table.add("good/version-0.2-certificate", "the second version, with a single certificate",
            single);
  table.add("good/version-0.3-long", "the other spelling of the third version",
            with_version(rekor_v2(), kMedia03Long));
  table.add("good/proof-and-timestamp", "Rekor v1 without a promise: the timestamp is the clock",
            logged(
                [] {
                  SignWish wish = rekor_v1();
                  wish.stamps = {{}};
                  return wish;
                }(),
                [](LogWish& log) { log.promise = false; }));
}

void add_contents(CaseTable& table) {
  table.add("good/v2-envelope", "DSSE in Rekor v2: the digest of the PAE", in_envelope(rekor_v2()));
  table.add("good/v1-envelope", "a DSSE entry in Rekor v1", in_envelope(rekor_v1()));
  const auto intoto = [](bool payload) {
    return logged(in_envelope(rekor_v1()), [payload](LogWish& log) {
      log.kind = EntryKind::intoto;
      log.payload_in_intoto = payload;
    });
  };
  table.add("good/v1-intoto", "an intoto entry", intoto(false));
  table.add("good/v1-intoto-payload", "an intoto entry that holds the payload", intoto(true));
  SignWish named = intoto(false);
  named.key_id = "a name that nobody vouches for";
  table.add("good/v1-intoto-keyid", "the envelope names its key", named).peer =
      "knows no key by that name";
  named = in_envelope(rekor_v2());
  named.key_id = "another name";
  table.add("good/v2-envelope-keyid", "the same in Rekor v2, which does not see the name", named)
      .peer = "knows no key by that name";
  SignWish other = stating(rekor_v2(), std::string(kArtifact));
  other.payload_type = "text/plain";
  table.add("good/other-payload-type", "the payload is the artifact and no statement", other).peer =
      "takes in-toto statements only";
}

void add_leaf_keys(CaseTable& table) {
  for (const KeyType type : {KeyType::ecdsa_p384, KeyType::ecdsa_p521, KeyType::rsa}) {
    const std::string name(crypto::name(type));
    table.add(cat("good/leaf-", name, "-v1"), "a certificate for another kind of key",
              with_key(rekor_v1(), type));
    table.add(cat("good/leaf-", name, "-v2"), "the same in Rekor v2", with_key(rekor_v2(), type));
    table.add(cat("good/leaf-", name, "-v1-envelope"), "the same as DSSE",
              in_envelope(with_key(rekor_v1(), type)));
    table.add(cat("good/leaf-", name, "-v2-envelope"), "the same as DSSE in Rekor v2",
              in_envelope(with_key(rekor_v2(), type)));
  }
  SignWish prehashed = with_key(rekor_v2(), KeyType::ed25519);
  prehashed.scheme = SchemeKind::ed25519ph;
  table.add("good/leaf-ed25519-v2", "a log takes a message's digest: Ed25519ph", prehashed);
  prehashed.logs = rekor_v1().logs;
  prehashed.stamps = {};
  table.add("good/leaf-ed25519-v1", "the same in Rekor v1", prehashed);
  table.add("good/leaf-ed25519-v1-envelope", "DSSE is signed with pure Ed25519",
            in_envelope(with_key(rekor_v1(), KeyType::ed25519)));
}

void add_keys(CaseTable& table) {
  table.add("good/key-v1", "by a key, logged in Rekor v1", by_key(rekor_v1()));
  table.add("good/key-v2", "by a key, logged in Rekor v2, with a timestamp", by_key(rekor_v2()));
  SignWish timeless = by_key(rekor_v2());
  timeless.stamps = {};
  table.add("good/key-v2-timeless", "a key that has no window needs no time", timeless).peer =
      "wants a time also for a key";
  table.add("good/key-v2-envelope", "DSSE by a key", in_envelope(by_key(rekor_v2())));
  table.add("good/key-v1-envelope", "DSSE by a key in Rekor v1", in_envelope(by_key(rekor_v1())));
  SignWish alone = by_key(rekor_v2());
  alone.stamps = {};
  alone.logs = {};
  table.add("good/key-alone", "by a key, with no log where none is asked for", alone).policy.logs =
      0;
  alone.key = KeyType::ed25519;
  table.add("good/key-ed25519-alone", "pure Ed25519 over the message", alone).policy.logs = 0;
  SignWish prehashed = with_key(by_key(rekor_v2()), KeyType::ed25519);
  prehashed.scheme = SchemeKind::ed25519ph;
  table.add("good/key-ed25519ph", "Ed25519ph in Rekor v2", prehashed).peer =
      "takes a given Ed25519 key as a pure one";
  SignWish padded = with_key(by_key(rekor_v2()), KeyType::rsa);
  table.add("good/key-rsa", "RSA PKCS#1", padded);
  padded.scheme = SchemeKind::rsa_pss;
  table.add("good/key-rsa-pss", "RSA-PSS, as the caller says", padded).peer =
      "takes a given RSA key for PKCS#1";
  SignWish unnamed = broken(by_key(rekor_v1()), [](json::Value& bundle) {
    set(bundle, "verificationMaterial.publicKey.hint", "release key of 2026");
  });
  table.add("good/key-other-hint", "a hint may be any name", unnamed);
}

void add_artifacts(CaseTable& table) {
  const VirtualSigstore& world = table.world();
  table.add("good/artifact-empty", "an artifact of no bytes", world.sign("", rekor_v2()));
  table.add("good/artifact-zeros", "one that holds NUL",
            world.sign(std::string_view("\0\0\xff\n", 4), rekor_v2()));
  table.add("good/artifact-large", "one of some megabytes",
            world.sign(std::string(5'000'001, 'x'), rekor_v2()));
  SignWish vast = rekor_v2();
  vast.digest = crypto::digest_of(HashAlgorithm::sha256, bytes_of("of a terabyte, say"));
  table.add("good/artifact-digest", "an artifact of any size, by its digest", world.sign("", vast));
  BundleCase& both =
      table.add("good/envelope-digest", "a subject by its digest", in_envelope(rekor_v2()));
  both.digest = crypto::digest_of(HashAlgorithm::sha256, bytes_of(kArtifact));
}

}  // namespace

void add_good_shapes(CaseTable& table) {
  add_versions(table);
  add_contents(table);
  add_leaf_keys(table);
  add_keys(table);
  add_artifacts(table);
}

}  // namespace sluice::test
