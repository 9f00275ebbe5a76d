// SPDX-License-Identifier: Apache-2.0
// What of a log's entries somebody wants to hear about: who signed, with which key, or what.
//
// A log takes a certificate from anybody: that an entry names an identity does not mean that the
// identity signed. A finding says whether the chain of the certificate holds.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sigstore/identity.h"
#include "sigstore/trust_root.h"

namespace sluice::sigstore {

struct WatchList {
  std::vector<IdentityRule> rules;        // any one suffices
  std::vector<crypto::Digest> keys;       // SHA-256 of the SPKI; also of a certificate's key
  std::vector<crypto::Digest> artifacts;  // of files; of an attestation, of its encoding (PAE)

  bool empty() const { return rules.empty() && keys.empty() && artifacts.empty(); }
  std::string describe() const;  // "repository https://…, issuer https://…; the key sha256:…"
};

struct EntryFinding {
  enum class Why : std::uint8_t {
    identity,
    key,
    artifact,
    unread,  // nobody can say whether it is of interest: its kind is unknown, or it is malformed
  };
  std::uint64_t index = 0;
  Why why = Why::unread;          // the first that applies; an entry is told once
  std::vector<std::string> what;  // what of the list it is, for people; of unread, why
  std::optional<crypto::Digest> artifact = {};
  std::optional<crypto::Digest> key = {};  // fingerprint
  std::optional<x509::Certificate> certificate = {};
  // Of the certificate, at the beginning of its validity: the log states no time.
  bool chain_holds = false;
  std::string chain = {};  // "to O=…", or why it does not hold
};
std::string_view name(EntryFinding::Why why);  // "identity"

// Nothing: the entry can be read, and is none of what is watched for.
std::optional<EntryFinding> match_entry(const WatchList& list, const TrustRoot& trust,
                                        std::uint64_t index, ByteView body);

}  // namespace sluice::sigstore
