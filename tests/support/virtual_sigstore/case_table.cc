// SPDX-License-Identifier: Apache-2.0
#include "support/virtual_sigstore/case_table.h"

namespace sluice::test {

BundleCase& CaseTable::add(std::string id, std::string why, const Made& made) {
  BundleCase one{.id = std::move(id),
                 .why = std::move(why),
                 .trusted_root = root_,
                 .bundle = made.bundle,
                 .artifact = made.artifact};
  if (made.given) one.digest = made.given;
  const std::string row = one.id.substr(0, one.id.find('/'));
  if (row != "good") one.expect = row;
  if (made.chain.empty()) {
    one.policy.key = made.key.public_key().pem();
    if (made.key.scheme() != made.key.public_key().default_scheme()) {
      one.policy.key_scheme = made.key.scheme();
    }
  } else {
    one.policy.identity = kIdentity;
    one.policy.issuer = kIssuer;
  }
  list_.push_back(std::move(one));
  return list_.back();
}

BundleCase& CaseTable::add(std::string id, std::string why, const SignWish& wish,
                           const Change& root) {
  BundleCase& one = add(std::move(id), std::move(why), wish);
  one.trusted_root = world_.trusted_root(root);
  return one;
}

SignWish broken(SignWish wish, Change change) {
  wish.change_bundle = std::move(change);
  return wish;
}

SignWish broken_text(SignWish wish, ChangeText change) {
  wish.change_text = std::move(change);
  return wish;
}

SignWish logged(SignWish wish, const std::function<void(LogWish&)>& change) {
  change(wish.logs.front());
  return wish;
}

SignWish entry_broken(SignWish wish, Change change) {
  wish.logs.front().change_entry = std::move(change);
  return wish;
}

SignWish stamped(SignWish wish, const std::function<void(StampWish&)>& change) {
  change(wish.stamps.front().wish);
  return wish;
}

SignWish certified(SignWish wish, std::function<void(CertificateWish&)> change) {
  wish.change_leaf = std::move(change);
  return wish;
}

SignWish stating(SignWish wish, std::string payload) {
  wish.envelope = true;
  wish.payload = std::move(payload);
  return wish;
}

SignWish with_key(SignWish wish, crypto::KeyType key) {
  wish.key = key;
  return wish;
}

SignWish with_version(SignWish wish, std::string_view media_type) {
  wish.media_type = media_type;
  if (media_type == kMedia01 || media_type == kMedia02) wish.material = Material::chain;
  return wish;
}

const std::vector<BundleCase>& bundle_cases() {
  static const std::vector<BundleCase> all = [] {
    CaseTable table;
    add_good_shapes(table);
    add_good_logs(table);
    add_bundle_cases(table);
    add_body_cases(table);
    add_log_cases(table);
    add_checkpoint_cases(table);
    add_time_cases(table);
    add_certificate_cases(table);
    add_identity_cases(table);
    add_content_cases(table);
    return std::move(table).take();
  }();
  return all;
}

const std::vector<BundleCase>& mutation_seeds() {
  static const std::vector<BundleCase> all = [] {
    CaseTable table;
    table.add("good/v1-message", "Rekor v1: promise, proof and checkpoint", rekor_v1());
    table.add("good/v1-envelope", "a DSSE entry in Rekor v1", in_envelope(rekor_v1()));
    table.add("good/v2-message", "Rekor v2 and a timestamp", rekor_v2());
    BundleCase& cosigned =
        table.add("good/v2-envelope-witnessed", "DSSE in Rekor v2, cosigned by two",
                  logged(in_envelope(rekor_v2()), [](LogWish& log) { log.witnesses = {0, 1}; }));
    cosigned.policy.witness_policy = table.world().witness_policy(kLogV2, {0, 1}, 2);
    table.add("good/key-v1", "by a key, logged in Rekor v1", by_key(rekor_v1()));
    return std::move(table).take();
  }();
  return all;
}

}  // namespace sluice::test
