// SPDX-License-Identifier: Apache-2.0
// Whom a verification trusts: Sigstore's trusted_root.json (protobuf-specs, sigstore_trustroot).
//
// The structure is checked as a whole when it is read: base64, times, counts, equal keys. Keys and
// certificates are decoded when somebody asks for them, once, by whichever thread comes first: a
// process that verifies one bundle needs four of the twenty.
//
// Unknown members are skipped, as protobuf's rules for newer publishers have it, and listed by
// unknown_members(); what would restrict trust has to come with a new media type. A key or an
// algorithm of a kind that this program does not accept is kept and shown, and never counts.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/files.h"
#include "base/time.h"
#include "crypto/key.h"
#include "x509/authority.h"
#include "x509/sct.h"
#include "x509/timestamp.h"

namespace sluice::sigstore {

inline constexpr std::size_t kTrustedRootMost = 4U << 20;  // bytes of a file
inline constexpr std::size_t kTrustEntriesMost = 256;      // of one kind
inline constexpr std::size_t kTrustChainMost = 8;          // certificates of one authority

inline constexpr std::string_view kTrustedRootV01 =
    "application/vnd.dev.sigstore.trustedroot+json;version=0.1";
inline constexpr std::string_view kTrustedRootV02 =
    "application/vnd.dev.sigstore.trustedroot.v0.2+json";

// What a log's id is the hash of.
enum class LogIdKind : std::uint8_t {
  key,     // SHA-256 of the key (SPKI): RFC 6962, Rekor v1, and ECDSA keys of notes
  note,    // of a note's verifier (sigstore/note.h), by a name that the URL tells
  foreign  // neither: an Ed25519 key may serve under any name
};
std::string_view name(LogIdKind kind);

// A log of signatures (Rekor), for one span of time: several may have one id.
struct TransparencyLog {
  std::string url;
  std::string name;         // in its checkpoints: as the id tells, else the URL's host
  std::string operated_by;  // empty where the file does not say
  Bytes id;                 // as stated: 32 bytes, in older files the first 4 of a note's
  LogIdKind id_kind;
  Bytes checkpoint_key_id;  // where the file states one; else the id's first four bytes are it
  crypto::PublicKey key;
  crypto::Scheme scheme;  // as the file says, never as a message says
  x509::Window window;
};

enum class TrustKind : std::uint8_t { certificate_authority, log, ct_log, timestamp_authority };
std::string_view name(TrustKind kind);  // "certificate authority"

// One entry of the file with everything decoded, for showing and importing.
struct TrustEntry {
  TrustKind kind;
  std::string url;
  std::string operated_by;
  x509::Window window;
  Bytes id;                                   // of logs
  std::string key_details;                    // of logs: "PKIX_ECDSA_P256_SHA_256"
  std::optional<crypto::PublicKey> key = {};  // of logs
  std::optional<x509::Authority> chain = {};  // of authorities; its links are proven
  std::optional<Error> unusable = {};         // why it never counts
};

enum class Instance : std::uint8_t { production, staging };
std::string_view name(Instance instance);

// Read once; what it says never changes. Copies share it, also between threads.
class TrustRoot {
 public:
  // `source` is for people: a file, a repository. `dated`: when the material was made, where that
  // is known.
  [[nodiscard]] static Result<TrustRoot> parse(std::string_view json, std::string source,
                                               std::optional<Time> dated = {});
  // What this program was built with; for bootstrapping, and for working without a network. The
  // links of its authorities are proven by a test, not by each run; those of a file that has the
  // same certificates neither. `because`: what source() says of the reason, where something else
  // would have come first.
  [[nodiscard]] static Result<TrustRoot> embedded(Instance instance, std::string_view because = "");

  const std::string& source() const;
  std::optional<Time> dated() const;
  const std::string& media_type() const;
  const std::string& text() const;  // the file, byte for byte

  // Those who could have issued the leaf, or one of the intermediates that come with it: a name
  // that they state as their issuer's occurs in the authority. Where there is none, all that can
  // be read, so that a refusal can say who is trusted. Error: one that could have issued it is
  // malformed. The links of an authority are proven by the search for a chain (x509/authority.h).
  [[nodiscard]] Result<std::vector<x509::Authority>> issuers_for(
      const x509::Certificate& leaf, std::span<const x509::Certificate> intermediates) const;
  // The same for the services that could have made a timestamp.
  [[nodiscard]] Result<std::vector<x509::Authority>> stampers_for(
      const x509::Timestamp& timestamp) const;

  // Every entry of that id, for whatever time; none where no log has it. Error: such an entry is
  // malformed, or its id cannot be that of its key.
  [[nodiscard]] Result<std::vector<TransparencyLog>> logs_with_id(ByteView id) const;
  // The logs that the SCTs inside the leaf name; where it names none that is known, all that can be
  // read, so that a refusal can say which are trusted.
  [[nodiscard]] Result<std::vector<x509::CtLog>> ct_logs_for(const x509::Certificate& leaf) const;
  [[nodiscard]] Result<std::vector<x509::CtLog>> ct_logs_for(
      std::span<const x509::Sct> detached) const;

  // Why no log has that id although the file names one: its key is of a kind that is not accepted.
  // Empty otherwise. For the row of a report.
  std::string unsupported_log(ByteView id) const;

  // How many entries of a kind there are, usable or not; their URLs.
  std::size_t count(TrustKind kind) const;
  std::vector<std::string> urls(TrustKind kind) const;

  // What issuers_for() and ct_logs_for() answer with, decoded and proven ahead of need: for who
  // waits for a certificate anyway. What is malformed shows when it is asked for.
  void ready_for_certificates() const;

  // Everything, decoded and proven, in the order of TrustKind and of the file.
  std::vector<TrustEntry> entries() const;
  // The first entry that is malformed; what is merely unsupported is not an error.
  [[nodiscard]] Result<void> prove() const;
  // Members that this program does not know, as paths: "trusted root.tlogs[0].mirror".
  const std::vector<std::string>& unknown_members() const;

 private:
  struct State;
  explicit TrustRoot(std::shared_ptr<const State> state) : state_(std::move(state)) {}
  // Shared because it is decoded little by little, and copies are many.
  std::shared_ptr<const State> state_;
};

// Where trust material comes from. A source may fetch; those here do not.
class TrustSource {
 public:
  virtual ~TrustSource() = default;
  [[nodiscard]] virtual Result<TrustRoot> trust_root() = 0;
};

std::unique_ptr<TrustSource> embedded_trust(Instance instance);
// A file, read anew by each call. It does not say when it was made: its source says when the file
// was last changed.
std::unique_ptr<TrustSource> trust_file(Files& files, Path path);

}  // namespace sluice::sigstore
