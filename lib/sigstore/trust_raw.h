// SPDX-License-Identifier: Apache-2.0
// trusted_root.json as it stands: checked in its form, with nothing decoded. What is read, and what
// is written.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sigstore/trust_root.h"

namespace sluice::sigstore {

struct RawLog {
  std::string path = {};  // where in the file: "trusted root.tlogs[0]"
  std::string url = {};
  std::string operated_by = {};
  std::string hash_algorithm = {};  // of the tree: "SHA2_256"
  std::string key_details = {};     // "PKIX_ED25519"
  Bytes key = {};
  x509::Window window = {};
  Bytes id = {};
  Bytes checkpoint_key_id = {};  // empty where the file states none, as those of Sigstore do
};

struct RawAuthority {
  std::string path = {};
  std::string url = {};
  std::string operated_by = {};
  std::string organization = {};  // of the subject; for people, and not compared with anything
  std::string common_name = {};
  std::vector<Bytes> certificates = {};  // those that issue first, the anchor last
  x509::Window window = {};
};

struct RawTrust {
  std::string media_type{kTrustedRootV01};
  std::vector<RawLog> logs;
  std::vector<RawAuthority> issuers;
  std::vector<RawLog> ct_logs;
  std::vector<RawAuthority> stampers;
  std::vector<std::string> unknown;  // members, as paths
};

[[nodiscard]] Result<RawTrust> parse_raw_trust(std::string_view json);
// In the order and with the names that Sigstore's own files have.
std::string write_raw_trust(const RawTrust& trust);

// validFor of trusted roots and signing configs. A fraction of a second at the start belongs to the
// second after, at the end to that before: times are compared in whole seconds.
[[nodiscard]] Result<x509::Window> parse_window(std::string_view start,
                                                const std::optional<std::string>& end);

// Decoding. Errc::unsupported: a kind of key or hash that is not accepted; such an entry does not
// count. Errc::malformed: it contradicts itself.
[[nodiscard]] Result<TransparencyLog> decode_log(const RawLog& raw);
[[nodiscard]] Result<x509::CtLog> decode_ct_log(const RawLog& raw);
[[nodiscard]] Result<x509::Authority> decode_authority(const RawAuthority& raw);

// Do these certificates stand one after the other, byte for byte, in a chain that this program was
// built with? The links of those are proven by a test, whichever file names them again.
bool are_built_in(std::span<const Bytes> certificates);

// The ids of a key's log.
Bytes key_log_id(const crypto::PublicKey& key);  // SHA-256 of the SPKI
// Of the name in a log's checkpoints and its key (C2SP signed-note); of a key that is not Ed25519,
// that of the key alone.
[[nodiscard]] Result<Bytes> note_log_id(std::string_view name, const crypto::PublicKey& key);

}  // namespace sluice::sigstore
