// SPDX-License-Identifier: Apache-2.0
#include "x509/sct.h"

#include <algorithm>

#include "base/codec.h"
#include "base/text.h"
#include "crypto/memo.h"

namespace sluice::x509 {

namespace {

using crypto::HashAlgorithm;
using crypto::Scheme;
using crypto::SchemeKind;

constexpr std::size_t kCertificateEntry = 0;
constexpr std::size_t kPrecertificateEntry = 1;
// Year 9999: later ones are no times.
constexpr std::uint64_t kMillisecondsMost = 253'402'300'799'999;

struct TlsAlgorithm {
  Scheme scheme;
  std::uint8_t hash;
  std::uint8_t signature;
};
// RFC 5246 7.4.1.4.1, and RFC 8422 5.1.3 for Ed25519.
constexpr std::array kTlsAlgorithms{
    TlsAlgorithm{{SchemeKind::ecdsa, HashAlgorithm::sha256}, 4, 3},
    TlsAlgorithm{{SchemeKind::ecdsa, HashAlgorithm::sha384}, 5, 3},
    TlsAlgorithm{{SchemeKind::ecdsa, HashAlgorithm::sha512}, 6, 3},
    TlsAlgorithm{{SchemeKind::rsa_pkcs1, HashAlgorithm::sha256}, 4, 1},
    TlsAlgorithm{{SchemeKind::rsa_pkcs1, HashAlgorithm::sha384}, 5, 1},
    TlsAlgorithm{{SchemeKind::rsa_pkcs1, HashAlgorithm::sha512}, 6, 1},
    TlsAlgorithm{{SchemeKind::ed25519, HashAlgorithm::sha512}, 8, 7},
};

Scheme log_scheme(const crypto::PublicKey& key) {
  switch (key.type()) {
    case crypto::KeyType::rsa:
      return {SchemeKind::rsa_pkcs1, HashAlgorithm::sha256};
    case crypto::KeyType::ed25519:
      return {SchemeKind::ed25519, HashAlgorithm::sha512};
    default:
      return {SchemeKind::ecdsa, HashAlgorithm::sha256};
  }
}

LogId id_of(const crypto::PublicKey& key) {
  LogId out{};
  std::ranges::copy(key.fingerprint().bytes(), out.begin());
  return out;
}

Result<ByteView> take_block(Reader& in, std::size_t width) {
  SLUICE_TRY(const std::uint64_t size, in.big_endian(width));
  return in.take(static_cast<std::size_t>(size));
}

void put(Bytes& out, std::uint64_t value, std::size_t width) {
  for (std::size_t at = width; at-- > 0;)
    out.push_back(static_cast<std::uint8_t>(value >> (8 * at)));
}
void put(Bytes& out, ByteView bytes) { out.insert(out.end(), bytes.begin(), bytes.end()); }

// What the logs signed: a certificate, or a precertificate with its issuer's key.
struct Entry {
  std::size_t kind;
  Bytes issuer_key_hash;  // empty for a whole certificate
  Bytes content;

  // The struct digitally-signed of RFC 6962 3.2.
  Bytes signed_by(const Sct& sct) const {
    Bytes out;
    put(out, 0, 1);  // v1
    put(out, 0, 1);  // certificate_timestamp
    put(out, sct.milliseconds, 8);
    put(out, kind, 2);
    put(out, issuer_key_hash);
    put(out, content.size(), 3);
    put(out, content);
    put(out, sct.extensions.size(), 2);
    put(out, sct.extensions);
    return out;
  }
};

std::string shown(const LogId& id) { return to_base64(id); }

class SctJudge {
 public:
  SctJudge(const VerifiedChain& chain, std::span<const CtLog> logs, crypto::SignatureMemo* memo)
      : chain_(chain), logs_(logs), memo_(memo) {}

  Judged<std::vector<LoggedProof>> judge(std::span<const Sct> scts, const Entry& entry,
                                         std::size_t threshold) {
    if (threshold == 0) return std::unexpected(refuse("no number of logs was asked for"));
    if (scts.size() > kSctsMost) return std::unexpected(refuse("more SCTs than are looked at"));
    for (const Sct& sct : scts) {
      const bool known_log = std::ranges::any_of(
          proofs_, [&](const LoggedProof& one) { return one.log_id == sct.log_id; });
      if (!known_log) try_logs(sct, entry);
    }
    if (proofs_.size() >= threshold) return std::move(proofs_);
    if (failure_ && proofs_.empty() && threshold == 1) {
      return std::unexpected(*std::move(failure_));
    }
    Check check = refuse("too few logs have seen the certificate");
    check.expected = cat(threshold, threshold == 1 ? " log" : " different logs", " trusted here");
    check.found = cat(proofs_.size());
    if (failure_) check.advice = cat("one that does not count: ", failure_->detail);
    return std::unexpected(std::move(check));
  }

  Check refuse(std::string detail) const {
    Check check = refusal("certificate.sct", "certificate log", std::move(detail));
    check.source = cat("the certificate of ", chain_.leaf().describe());
    return check;
  }

 private:
  // A log may stand in the trust root more than once, for different times.
  void try_logs(const Sct& sct, const Entry& entry) {
    const CtLog* outside = nullptr;
    const CtLog* wrong = nullptr;
    for (const CtLog& log : logs_) {
      if (log.id() != sct.log_id) continue;
      if (!log.window().contains(sct.time())) {
        outside = &log;
      } else if (holds(log, sct, entry)) {
        proofs_.push_back({log.label(), log.id(), sct.time()});
        return;
      } else {
        wrong = &log;
      }
    }
    // A wrong signature says more than an unknown log, whichever came first.
    if (failure_ && wrong == nullptr) return;
    if (wrong != nullptr) {
      failure_ = refuse("the log's signature does not fit this certificate");
      failure_->expected = cat("a signature by ", wrong->label());
      failure_->found = cat(sct.signature.size(), " bytes that do not verify");
    } else if (outside != nullptr) {
      failure_ = refuse("the log is not trusted for the time that it states");
      failure_->expected = cat("a time ", outside->window().text());
      failure_->found = human_time(sct.time());
    } else {
      failure_ = refuse("a log that is not trusted here has seen the certificate");
      failure_->expected = known_logs();
      failure_->found = cat("the log ", shown(sct.log_id));
    }
  }

  bool holds(const CtLog& log, const Sct& sct, const Entry& entry) const {
    const bool as_stated = std::ranges::any_of(kTlsAlgorithms, [&](const TlsAlgorithm& one) {
      return one.scheme == log.scheme() && one.hash == sct.hash &&
             one.signature == sct.signature_kind;
    });
    if (!as_stated) return false;
    const auto message = crypto::Message::of(log.scheme(), entry.signed_by(sct));
    if (!message) return false;
    const auto match = crypto::verify(memo_, log.key(), *message, sct.signature);
    return match && *match == crypto::Match::yes;
  }

  std::string known_logs() const {
    std::vector<std::string> names;
    for (const CtLog& log : logs_) {
      if (names.size() < 4) names.push_back(log.label());
    }
    return names.empty() ? "a log (none is trusted here)" : cat("one of ", join(names, ", "));
  }

  const VerifiedChain& chain_;
  std::span<const CtLog> logs_;
  crypto::SignatureMemo* memo_;
  std::vector<LoggedProof> proofs_;
  std::optional<Check> failure_;
};

}  // namespace

Time Sct::time() const {
  return std::chrono::floor<std::chrono::seconds>(
      std::chrono::sys_time<std::chrono::milliseconds>(std::chrono::milliseconds(milliseconds)));
}

Result<Sct> parse_sct(ByteView bytes) {
  Reader in(bytes);
  SLUICE_TRY(const std::uint64_t version, in.big_endian(1));
  if (version != 0) return fail(Errc::unsupported, "an SCT that is not of version 1");
  SLUICE_TRY(const ByteView log_id, in.take(std::tuple_size_v<LogId>));
  SLUICE_TRY(const std::uint64_t milliseconds, in.big_endian(8));
  if (milliseconds > kMillisecondsMost) return fail(Errc::malformed, "an SCT of no time");
  SLUICE_TRY(const ByteView extensions, take_block(in, 2));
  SLUICE_TRY(const ByteView algorithm, in.take(2));
  SLUICE_TRY(const ByteView signature, take_block(in, 2));
  SLUICE_CHECK(in.finish());
  Sct out{{}, milliseconds, copy_of(extensions), algorithm[0], algorithm[1], copy_of(signature)};
  std::ranges::copy(log_id, out.log_id.begin());
  return out;
}

Result<std::vector<Sct>> parse_sct_list(ByteView bytes) {
  Reader outer(bytes);
  SLUICE_TRY(const ByteView list, take_block(outer, 2));
  SLUICE_CHECK(outer.finish());
  Reader in(list);
  std::vector<Sct> out;
  while (in.left() > 0) {
    if (out.size() == kSctsMost) return fail(Errc::limit, cat("more than ", kSctsMost, " SCTs"));
    SLUICE_TRY(const ByteView one, take_block(in, 2));
    SLUICE_TRY(auto sct, parse_sct(one));
    out.push_back(std::move(sct));
  }
  if (out.empty()) return fail(Errc::malformed, "an empty list of SCTs");
  return out;
}

CtLog::CtLog(const crypto::PublicKey& key, Window window, std::string label)
    : CtLog(key, log_scheme(key), window, std::move(label)) {}

CtLog::CtLog(crypto::PublicKey key, crypto::Scheme scheme, Window window, std::string label)
    : key_(std::move(key)),
      scheme_(scheme),
      id_(id_of(key_)),
      window_(window),
      label_(label.empty() ? shown(id_) : std::move(label)) {}

Judged<std::vector<LoggedProof>> verify_embedded_scts(const VerifiedChain& chain,
                                                      std::span<const CtLog> logs,
                                                      std::size_t threshold,
                                                      crypto::SignatureMemo* memo) {
  SctJudge judge(chain, logs, memo);
  const auto refuse = [&](std::string detail) {
    return std::unexpected(judge.refuse(std::move(detail)));
  };
  const auto& list = chain.leaf()->sct_list;
  if (!list) return refuse("no log has seen the certificate: it holds no SCTs");
  if (chain.issuer() == nullptr) return refuse("it is trusted by itself and has no issuer");
  const auto scts = parse_sct_list(*list);
  if (!scts) return refuse(cat("its SCTs cannot be read: ", scts.error().text()));
  const Entry entry{kPrecertificateEntry, copy_of((*chain.issuer())->key.fingerprint().bytes()),
                    chain.leaf().precertificate_tbs()};
  return judge.judge(*scts, entry, threshold);
}

Judged<std::vector<LoggedProof>> verify_detached_scts(const VerifiedChain& chain,
                                                      std::span<const Sct> scts,
                                                      std::span<const CtLog> logs,
                                                      std::size_t threshold) {
  const Entry entry{kCertificateEntry, {}, chain.leaf()->der};
  return SctJudge(chain, logs, nullptr).judge(scts, entry, threshold);
}

}  // namespace sluice::x509
