// SPDX-License-Identifier: Apache-2.0
// Trust material made of certificates, keys and running services: what `trust create` writes.
//
// Whatever a service says about itself is asked for once, over the client that is given, and proven
// as far as it can be: chains link, keys decode, a log's live checkpoint is signed by the key under
// the name that its URL tells. Whether it is the right service nobody can prove here.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/http.h"
#include "sigstore/checkpoint.h"
#include "sigstore/trust_raw.h"

namespace sluice::sigstore {

struct EntryFacts {
  std::string url;
  std::string operated_by;
  std::optional<Time> start;  // none: when the issuing certificate begins to be valid
  std::optional<Time> end;
};

// A chain in PEM, those that issue first; its links are proven.
[[nodiscard]] Result<RawAuthority> make_authority(std::string_view pem, const EntryFacts& facts);
// Its id is SHA-256 of the key: certificate logs, Rekor v1.
[[nodiscard]] Result<RawLog> make_log(const crypto::PublicKey& key, const EntryFacts& facts,
                                      Time start);
// Its id is that of a note under the first name that the URL tells: Rekor v2.
[[nodiscard]] Result<RawLog> make_note_log(const crypto::PublicKey& key, const EntryFacts& facts,
                                           Time start);

// Asks running services. The base URLs are with or without a slash at the end.
class Services {
 public:
  Services(Http& http, std::chrono::milliseconds total) : http_(http), total_(total) {}

  // Fulcio's GET /api/v2/trustBundle: each chain as PEM.
  [[nodiscard]] Result<std::vector<std::string>> fulcio_chains(std::string_view url);
  // Rekor's GET /api/v1/log/publicKey.
  [[nodiscard]] Result<crypto::PublicKey> rekor_key(std::string_view url);
  // The TSA's GET /api/v1/timestamp/certchain, as PEM.
  [[nodiscard]] Result<std::string> tsa_chain(std::string_view url);
  // The live checkpoint of Rekor v1 (GET /api/v1/log), and of a log in tiles: below /api/v2 as
  // Rekor v2 has it, or at the base itself.
  [[nodiscard]] Result<Checkpoint> rekor_checkpoint(std::string_view url);
  [[nodiscard]] Result<Checkpoint> tiled_checkpoint(std::string_view url);

 private:
  [[nodiscard]] Result<std::string> get(std::string_view base, std::string_view path);
  Http& http_;
  std::chrono::milliseconds total_;
};

// Is the checkpoint that of this log: under a name that its URL tells, signed by its key?
// Errc::denied, with what the checkpoint says instead.
[[nodiscard]] Result<void> prove_checkpoint(const RawLog& log, const Checkpoint& checkpoint);

}  // namespace sluice::sigstore
