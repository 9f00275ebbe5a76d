// SPDX-License-Identifier: Apache-2.0
// Signed certificate timestamps (RFC 6962 3.2): a log's word that it has seen a certificate.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "x509/chain.h"

namespace sluice::x509 {

inline constexpr std::size_t kSctsMost = 32;

using LogId = std::array<std::uint8_t, 32>;  // SHA-256 of the log's key

struct Sct {
  LogId log_id;
  std::uint64_t milliseconds;  // since 1970
  Bytes extensions;            // signed, and not looked into
  std::uint8_t hash;           // TLS 1.2 SignatureAndHashAlgorithm
  std::uint8_t signature_kind;
  Bytes signature;
  Time time() const;
};

// One timestamp; a list as it stands in a certificate (non-empty, nothing behind any of them).
[[nodiscard]] Result<Sct> parse_sct(ByteView bytes);
[[nodiscard]] Result<std::vector<Sct>> parse_sct_list(ByteView bytes);

// A log as the trust root names it. Both the scheme and the id come from there, not from the SCT.
class CtLog {
 public:
  // The scheme of RFC 6962 2.1.4 for that kind of key: SHA-256 with ECDSA or RSA; Ed25519.
  CtLog(const crypto::PublicKey& key, Window window, std::string label = {});
  CtLog(crypto::PublicKey key, crypto::Scheme scheme, Window window, std::string label);

  const crypto::PublicKey& key() const { return key_; }
  crypto::Scheme scheme() const { return scheme_; }
  const LogId& id() const { return id_; }
  const Window& window() const { return window_; }
  const std::string& label() const { return label_; }  // for people: a URL, or the id

 private:
  crypto::PublicKey key_;
  crypto::Scheme scheme_;
  LogId id_;
  Window window_;
  std::string label_;
};

struct LoggedProof {
  std::string log;  // its label
  LogId log_id;
  Time time;
};

// Have at least `threshold` different logs, each trusted for the time that it states, signed this
// certificate? The SCTs are those inside the leaf; they are about the precertificate, whose issuer
// the verified chain names. The proofs that hold come back, each log once.
[[nodiscard]] Judged<std::vector<LoggedProof>> verify_embedded_scts(
    const VerifiedChain& chain, std::span<const CtLog> logs, std::size_t threshold,
    crypto::SignatureMemo* memo = nullptr);

// The same of SCTs that came beside the certificate and are about the whole of it.
[[nodiscard]] Judged<std::vector<LoggedProof>> verify_detached_scts(const VerifiedChain& chain,
                                                                    std::span<const Sct> scts,
                                                                    std::span<const CtLog> logs,
                                                                    std::size_t threshold);

}  // namespace sluice::x509
