// SPDX-License-Identifier: Apache-2.0
// What Sigstore verification asks of certificates: read the leaf, prove its chain, the log's proof
// and a timestamp; against the signature checks alone, with everything read and hashed before.
// Prints one line of JSON, in microseconds: medians, taken in turns.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <vector>

#include "support/pki/pki.h"
#include "x509/sct.h"
#include "x509/timestamp.h"

namespace {

using namespace sluice;
using namespace sluice::test;
using namespace sluice::x509;

constexpr Window kAlways{Time{}, {}};

// As the public instance is: P-384 authorities, and P-256 for leaf, log and timestamps.
struct Setting {
  static CertificateWish strong(CertificateWish wish) {
    wish.key = crypto::KeyType::ecdsa_p384;
    return wish;
  }
  MadeLog log;
  MadeCertificate root = make_root(strong(root_wish()));
  MadeCertificate intermediate = issue(root, strong(intermediate_wish()));
  MadeCertificate leaf = issue_logged(intermediate, leaf_wish(), {{&log, {}}});
  MadeCertificate stamps_root = make_root(strong(root_wish("stamps root")));
  MadeCertificate service = issue(stamps_root, stamper_wish());
  Bytes message = Bytes(71, 7);
  Bytes stamp = make_stamp(service, stamps_root.name, message);

  std::vector<Authority> issuers{chain_of({&intermediate, &root})};
  std::vector<Authority> stampers{chain_of({&service, &stamps_root})};
  std::vector<CtLog> logs{CtLog(log.key.public_key(), kAlways)};

  static Authority chain_of(std::initializer_list<const MadeCertificate*> list) {
    std::vector<Certificate> chain;
    for (const auto* one : list) chain.push_back(Certificate::from_der(one->der).value());
    return Authority::from_chain(std::move(chain), kAlways).value();
  }

  bool whole() const {
    const auto read_stamp = Timestamp::from_reply(stamp);
    const auto time = verify_timestamp(*read_stamp, message, stampers);
    const auto read_leaf = Certificate::from_der(leaf.der);
    if (!time || !read_leaf) return false;
    const std::array times{time->time};
    const auto chain = verify_chain(*read_leaf, {}, issuers, times, kCodeSigning);
    return chain && verify_embedded_scts(*chain, logs, 1);
  }
};

struct Raw {
  crypto::PublicKey key;
  crypto::Message message;
  Bytes signature;

  Raw(const crypto::PrivateKey& by, ByteView bytes)
      : key(by.public_key()),
        message(crypto::Message::of(by.scheme(), bytes).value()),
        signature(by.sign(message).value()) {}
  bool holds() const { return crypto::verify(key, message, signature) == crypto::Match::yes; }
};

double took(const std::function<bool()>& work, bool& held) {
  const auto begin = std::chrono::steady_clock::now();
  held = work() && held;
  const std::chrono::duration<double, std::micro> length = std::chrono::steady_clock::now() - begin;
  return length.count();
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

}  // namespace

int main() {
  const Setting setting;
  const std::array raw{Raw(setting.intermediate.key, Bytes(900, 1)),
                       Raw(setting.log.key, Bytes(900, 2)),
                       Raw(setting.service.key, Bytes(300, 3))};
  bool held = true;
  std::vector<double> whole;
  std::vector<double> alone;
  std::vector<double> reading;
  for (int i = 0; i < 1001; ++i) {
    whole.push_back(took([&] { return setting.whole(); }, held));
    alone.push_back(
        took([&] { return std::ranges::all_of(raw, [](const Raw& one) { return one.holds(); }); },
             held));
    reading.push_back(took(
        [&] {
          return Certificate::from_der(setting.leaf.der) && Timestamp::from_reply(setting.stamp);
        },
        held));
  }
  std::printf(
      "{\"bench\": \"x509\", \"whole_us\": %.1f, \"signatures_us\": %.1f, \"reading_us\": %.1f, "
      "\"ratio\": %.3f}\n",
      median(whole), median(alone), median(reading), median(whole) / median(alone));
  return held ? 0 : 1;
}
