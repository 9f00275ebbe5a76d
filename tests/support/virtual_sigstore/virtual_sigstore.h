// SPDX-License-Identifier: Apache-2.0
// The other side of a verification, in memory: an authority with an intermediate, certificate logs,
// transparency logs of both generations, timestamping services and witnesses. It writes trusted
// roots and bundles as JSON, good unless a wish says otherwise, with none of the code that reads
// them here.
//
//   const VirtualSigstore world;
//   const Made made = world.sign("artifact", {});   // Rekor v2 and a timestamp
//   verify(made.bundle, world.trusted_root(), …);
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "support/virtual_sigstore/document.h"
#include "support/virtual_sigstore/log.h"

namespace sluice::test {

inline constexpr std::string_view kMedia01 = "application/vnd.dev.sigstore.bundle+json;version=0.1";
inline constexpr std::string_view kMedia02 = "application/vnd.dev.sigstore.bundle+json;version=0.2";
inline constexpr std::string_view kMedia03Long =
    "application/vnd.dev.sigstore.bundle+json;version=0.3";
inline constexpr std::string_view kMedia03 = "application/vnd.dev.sigstore.bundle.v0.3+json";
inline constexpr std::string_view kInToto = "application/vnd.in-toto+json";
inline constexpr std::string_view kProvenance = "https://slsa.dev/provenance/v1";

inline constexpr std::string_view kIdentity = "release@example.org";
inline constexpr std::string_view kIssuer = "https://accounts.example.org";

// An in-toto statement about these subjects: name, algorithm, hex.
struct Subject {
  std::string name;
  std::vector<std::pair<std::string, std::string>> digests;
};
std::string statement(const std::vector<Subject>& subjects,
                      std::string_view predicate_type = kProvenance,
                      std::string_view type = "https://in-toto.io/Statement/v1");
Subject subject_of(std::string name, ByteView artifact);  // by SHA-256

// What a certificate says of a workflow: its alternative name, and all of the extensions.
struct WorkloadIdentity {
  std::string subject;
  std::string issuer;
  std::vector<Bytes> extensions;
};
WorkloadIdentity github_workflow();  // of example/app, release.yml, refs/tags/v1.2.3
WorkloadIdentity gitlab_pipeline();

enum class Material : std::uint8_t { certificate, chain, key };

struct StampRequest {
  std::size_t service = 0;  // of VirtualSigstore::stampers
  StampWish wish = {};
};
struct SctRequest {
  std::size_t log = 0;  // of VirtualSigstore::ct_logs
  SctWish wish = {};
};

struct SignWish {
  std::string media_type = std::string(kMedia03);
  Material material = Material::certificate;
  crypto::KeyType key = crypto::KeyType::ecdsa_p256;
  std::optional<crypto::PrivateKey> with_key = {};  // this one, else a new one
  std::vector<Bytes> with_chain = {};               // with it: its certificate, else a new one
  std::optional<crypto::SchemeKind> scheme = {};    // Ed25519ph, RSA-PSS
  std::optional<crypto::Digest> digest = {};        // signed in place of an artifact
  bool envelope = false;                            // DSSE; else a message signature
  std::string payload = {};                         // else a statement about the artifact
  std::string payload_type = std::string(kInToto);
  std::string key_id = {};  // in the envelope

  // The certificate.
  std::vector<Bytes> names = {email_name(kIdentity)};
  std::vector<Bytes> claims = {fulcio_extension(1, kIssuer), fulcio_extension(8, kIssuer)};
  std::vector<SctRequest> scts = {{}};
  std::function<void(CertificateWish&)> change_leaf = {};
  std::function<void(std::vector<Bytes>&)> change_chain = {};  // what the bundle holds of it

  std::vector<LogWish> logs = {{}};
  std::vector<StampRequest> stamps = {{}};

  ChangeBytes change_signature = {};  // before it is logged and stamped
  Change change_bundle = {};
  ChangeText change_text = {};
};

// Wishes that come often.
SignWish rekor_v1();                  // an entry with promise and proof, no timestamp
SignWish rekor_v2();                  // an entry with a proof, and a timestamp: the default
SignWish in_envelope(SignWish wish);  // as DSSE
SignWish by_key(SignWish wish);       // by a key that the verifier knows
SignWish by(SignWish wish, const WorkloadIdentity& identity);

struct Made {
  std::string bundle;
  std::string artifact;
  crypto::PrivateKey key;
  std::optional<crypto::Digest> given = {};  // that was signed in place of the artifact
  std::vector<Bytes> chain = {};             // leaf first; empty for a key
  bool envelope = false;
  std::string payload = {};  // of the envelope
  std::string payload_type = {};
  std::string key_id = {};
  Bytes signature = {};

  std::string signed_text() const;  // the artifact, or the envelope's PAE
  crypto::Digest digest() const;    // of that
};

struct Stamper {
  MadeCertificate root;
  MadeCertificate service;
  Time from = at("2026-01-01T00:00:00Z");
  std::optional<Time> to = {};
};

// An object of this class is not changed by signing: what is made does not depend on the order.
struct VirtualSigstore {
  VirtualSigstore();

  MadeCertificate root;
  MadeCertificate intermediate;
  std::vector<MadeLog> ct_logs;    // two
  std::vector<VirtualLog> logs;    // v2 Ed25519, v1, another v1, v2 ECDSA
  std::vector<Stamper> stampers;   // two
  std::vector<Witness> witnesses;  // three

  Made sign(std::string_view artifact, const SignWish& wish = {}) const;
  // Trusts all of the above.
  std::string trusted_root(const Change& change = {}) const;
  // C2SP tlog-policy: these witnesses, and how many of them are enough.
  std::string witness_policy(std::size_t log, const std::vector<std::size_t>& members,
                             unsigned quorum) const;

  // One of a bundle's "tlogEntries".
  json::Value entry(const LogWish& wish, const Made& made) const;
  // The signed checkpoint of a tree in which such an entry is.
  std::string note(const LogWish& wish, ByteView tree_root) const;

 private:
  void add_proofs(json::Value& material, const SignWish& wish, const Made& made) const;
};

// The order of VirtualSigstore::logs.
inline constexpr std::size_t kLogV2 = 0;
inline constexpr std::size_t kLogV1 = 1;
inline constexpr std::size_t kOtherLogV1 = 2;
inline constexpr std::size_t kEcdsaLogV2 = 3;

}  // namespace sluice::test
