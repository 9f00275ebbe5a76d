// SPDX-License-Identifier: Apache-2.0
// Transparency logs of Rekor's two generations, each a key in memory.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "json/value.h"
#include "support/pki/pki.h"
#include "support/virtual_sigstore/merkle.h"
#include "support/virtual_sigstore/note.h"

namespace sluice::test {

struct VirtualLog {
  enum class Generation : std::uint8_t { v1, v2 };

  Generation generation = Generation::v2;
  std::string host = "rekor.example.org";
  crypto::PrivateKey key = crypto::PrivateKey::generate(crypto::KeyType::ed25519).value();
  std::string tree_id = {};          // v1: behind the host in the origin
  std::uint64_t entries_before = 0;  // v1: of older shards, which the global index counts
  Time from = at("2026-01-01T00:00:00Z");
  std::optional<Time> to = {};

  std::string origin() const;
  Bytes id() const;  // v1: SHA-256 of the SPKI; v2: of the note's key, not truncated
};

// What is to be logged about one signature.
enum class EntryKind : std::uint8_t { hashedrekord, dsse, intoto };

// The entry, and where in the log it stands.
struct LogWish {
  std::size_t log = 0;                     // of VirtualSigstore::logs
  std::optional<EntryKind> kind = {};      // else what a client would take
  Time time = at("2026-06-01T12:00:03Z");  // v1: integratedTime
  std::uint64_t index = 5;                 // in its tree
  std::uint64_t size = 11;                 // of the tree; invented above 4,096
  bool promise = true;                     // v1
  bool proof = true;
  bool verifier_is_key = false;  // v2: the bare key, though there is a certificate
  bool payload_in_intoto = false;
  std::string checkpoint_more = {};              // further lines of the body
  std::vector<std::size_t> witnesses = {};       // of VirtualSigstore::witnesses
  std::vector<std::size_t> cosigning_logs = {};  // logs whose signatures follow, by this origin

  // Each may change what it is given: the body before it is canonical, and its text; the
  // checkpoint before it is signed, and the signed note; what the promise signs; the finished
  // entry.
  std::function<void(json::Value&)> change_body = {};
  std::function<void(std::string&)> change_body_text = {};
  std::function<void(std::string&)> change_checkpoint = {};
  std::function<void(std::string&)> change_note = {};
  std::function<void(json::Value&)> change_promise = {};
  std::function<void(json::Value&)> change_entry = {};
};

}  // namespace sluice::test
