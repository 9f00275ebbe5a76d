// SPDX-License-Identifier: Apache-2.0
// Timestamps, verified.
#include <algorithm>

#include "base/codec.h"
#include "base/text.h"
#include "crypto/memo.h"
#include "x509/timestamp.h"

namespace sluice::x509 {

namespace {

using crypto::Scheme;
using crypto::SchemeKind;

constexpr std::string_view kTitle = "timestamp";
// Certificates live for ten minutes: who may be wrong by more than a part of that proves nothing.
constexpr std::chrono::seconds kAccuracyMost = std::chrono::minutes(1);

std::unexpected<Check> refuse_stamp(std::string_view what, std::string detail,
                                    std::string expected = {}, std::string found = {}) {
  Check check = refusal(cat("timestamp.", what), std::string(kTitle), std::move(detail));
  check.expected = std::move(expected);
  check.found = std::move(found);
  return std::unexpected(std::move(check));
}

// How the signer signs: the algorithm of the signature goes with the digest beside it.
Result<Scheme> signer_scheme(const TimestampFields& stamp) {
  // RFC 3370 3.2: the plain key's identifier means PKCS#1 with that digest.
  if (oid::kRsa == stamp.signature_algorithm.oid) {
    return Scheme{SchemeKind::rsa_pkcs1, stamp.digest};
  }
  SLUICE_TRY(const Scheme scheme, scheme_of(stamp.signature_algorithm));
  if (scheme.hash == stamp.digest) return scheme;
  return fail(Errc::malformed, "a signature whose digest is not the one stated beside it");
}

class StampJudge {
 public:
  StampJudge(const TimestampFields& stamp, std::span<const Authority> authorities,
             crypto::SignatureMemo* memo)
      : stamp_(stamp), authorities_(authorities), memo_(memo) {}

  Judged<VerifiedTime> judge(ByteView message) {
    SLUICE_CHECK(exact_enough());
    SLUICE_CHECK(speaks_of(message));
    SLUICE_CHECK(attributes_fit());
    SLUICE_CHECK(find_signer());
    SLUICE_CHECK(names_signer());
    SLUICE_CHECK(signed_by_it());
    return vouched_for();
  }

 private:
  Judged<void> exact_enough() const {
    if (stamp_.accuracy <= kAccuracyMost) return {};
    return refuse_stamp("accuracy", "its service does not know the time well enough",
                        cat("at most ", human_duration(kAccuracyMost)),
                        human_duration(std::chrono::ceil<std::chrono::seconds>(stamp_.accuracy)));
  }

  Judged<void> speaks_of(ByteView message) const {
    const auto own = crypto::digest_of(stamp_.imprint_hash, message);
    if (equal(own.bytes(), stamp_.imprint)) return {};
    const auto stated = crypto::Digest::from_bytes(stamp_.imprint_hash, stamp_.imprint);
    return refuse_stamp("imprint", "it was made for other bytes than this signature", own.text(),
                        stated ? stated->text() : std::string());
  }

  Judged<void> attributes_fit() const {
    const auto own = crypto::digest_of(stamp_.digest, stamp_.content);
    if (equal(own.bytes(), stamp_.message_digest)) return {};
    return refuse_stamp("content", "its content is not what its signer signed");
  }

  bool is_meant(const Certificate& one) const {
    if (stamp_.signer_issuer) {
      return one->issuer == *stamp_.signer_issuer && equal(one->serial, stamp_.signer_serial);
    }
    return !one->subject_key_id.empty() && equal(one->subject_key_id, stamp_.signer_key_id);
  }

  bool is_named(const Certificate& one) const {
    return equal(crypto::digest_of(stamp_.signer_hash, one->der).bytes(), stamp_.signer_digest);
  }

  // From the trust material first: what came along is read only where that does not have it.
  Judged<void> find_signer() {
    for (const Authority& authority : authorities_) {
      const Certificate* const service = authority.service();
      if (service == nullptr || !is_meant(*service)) continue;
      // Services of small authorities share names and serial numbers; their digests differ.
      if (!signer_ || is_named(*service)) signer_ = *service;
    }
    if (signer_) return refuse_other_signer();
    for (const ByteView der : stamp_.certificates) {
      auto certificate = Certificate::from_der(der);
      if (!certificate) {
        return refuse_stamp("format", cat("a certificate that came along cannot be read: ",
                                          certificate.error().text()));
      }
      if (is_meant(*certificate) && !signer_) {
        signer_ = *std::move(certificate);
      } else if ((*certificate)->is_authority()) {
        others_.push_back(*std::move(certificate));
      } else {
        return refuse_company(*certificate);
      }
    }
    if (signer_) return {};
    return refuse_stamp("signer", "nobody that is trusted here has signed it", services(),
                        stated_signer());
  }

  // Authorities of the service's may come along that have no part in the chain. Another end entity
  // has no business there: most likely it is the signer's certificate, altered.
  std::unexpected<Check> refuse_company(const Certificate& about) const {
    return refuse_stamp("signer", "a certificate came along that is not what it seems to be",
                        "the signer's certificate, and those of authorities", about.describe());
  }

  // The trusted certificate decides; one that came along has to be the same.
  Judged<void> refuse_other_signer() const {
    for (const ByteView der : stamp_.certificates) {
      if (is_trusted(der)) continue;
      const auto other = Certificate::from_der(der);
      if (!other || !(*other)->is_authority()) return refuse_company(*signer_);
    }
    return {};
  }

  bool is_trusted(ByteView der) const {
    return std::ranges::any_of(authorities_, [&](const Authority& authority) {
      return std::ranges::any_of(authority.chain(),
                                 [&](const Certificate& one) { return equal(der, one->der); });
    });
  }

  std::string services() const {
    std::vector<std::string> out;
    for (const Authority& one : authorities_) {
      if (out.size() < 4) out.push_back(one.chain().front().describe());
    }
    return out.empty() ? "a service (none is trusted here)" : cat("one of ", join(out, "; "));
  }

  std::string stated_signer() const {
    return stamp_.signer_issuer ? cat("a signer certified by ", stamp_.signer_issuer->text())
                                : "a signer named by its key";
  }

  // The binding of RFC 5035: the signature covers which certificate it was made under.
  Judged<void> names_signer() const {
    const Certificate& signer = *signer_;
    if (stamp_.signer_digest.empty()) {
      return refuse_stamp("signer", "it does not say under which certificate it was signed",
                          "a SHA-2 digest of the certificate (RFC 5816)", "none, or one of SHA-1");
    }
    const bool same_issuer = !stamp_.ess_issuer || (signer->issuer == *stamp_.ess_issuer &&
                                                    equal(signer->serial, stamp_.ess_serial));
    if (is_named(signer) && same_issuer) return {};
    return refuse_stamp("signer", "it was signed under another certificate than the one found",
                        cat("the certificate of ", signer.describe()));
  }

  Judged<void> signed_by_it() const {
    const auto match = check_signature();
    if (match && *match == crypto::Match::yes) return {};
    return refuse_stamp("signature",
                        match ? "it was altered, or signed by another key" : match.error().text(),
                        cat("a signature by ", signer_->describe()));
  }

  Result<crypto::Match> check_signature() const {
    SLUICE_TRY(const Scheme scheme, signer_scheme(stamp_));
    SLUICE_TRY(const auto message, crypto::Message::of(scheme, stamp_.signed_attributes));
    return crypto::verify(memo_, (*signer_)->key, message, stamp_.signature);
  }

  Judged<VerifiedTime> vouched_for() const {
    std::vector<Authority> eligible;
    for (const Authority& one : authorities_) {
      if (one.service() == nullptr || *one.service() == *signer_) eligible.push_back(one);
    }
    const std::array times{stamp_.time};
    SLUICE_TRY(const VerifiedChain chain,
               verify_chain(*signer_, others_, eligible, times, kTimeStamping, memo_));
    return VerifiedTime{stamp_.time, stamp_.accuracy, chain.authority(), *signer_};
  }

  const TimestampFields& stamp_;
  std::span<const Authority> authorities_;
  crypto::SignatureMemo* memo_;
  std::optional<Certificate> signer_;
  std::vector<Certificate> others_;
};

}  // namespace

Judged<void> answers_question(const Timestamp& timestamp, ByteView nonce) {
  const ByteView found = timestamp->nonce;
  if (!nonce.empty() && equal(found, nonce)) return {};
  return refuse_stamp("nonce", "it is the answer to another question than ours", to_hex(nonce),
                      found.empty() ? std::string("no nonce") : to_hex(found));
}

std::string VerifiedTime::detail() const {
  return cat(human_time(time), ", by ", signer.describe(), " (", authority.label(), ")");
}

Judged<VerifiedTime> verify_timestamp(const Timestamp& timestamp, ByteView message,
                                      std::span<const Authority> authorities,
                                      crypto::SignatureMemo* memo) {
  return StampJudge(*timestamp, authorities, memo).judge(message);
}

}  // namespace sluice::x509
