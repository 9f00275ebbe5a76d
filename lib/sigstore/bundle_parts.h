// SPDX-License-Identifier: Apache-2.0
// The parts of a bundle, each read by itself: what parse_bundle is made of, and what an inspection
// shows of a bundle that does not parse as a whole.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "json/value.h"
#include "sigstore/bundle.h"

namespace sluice::sigstore::parts {

inline constexpr std::size_t kCertificatesMost = 16;  // of a chain

[[nodiscard]] Result<BundleVersion> version_of(std::string_view media_type);
std::string_view media_type_of(BundleVersion version);  // as it is written today

// Which members there may be, and how many of those that exclude each other.
[[nodiscard]] Result<void> check_root_members(const json::Fields& root);
[[nodiscard]] Result<void> check_one_content(const json::Fields& root);
[[nodiscard]] Result<void> check_material_members(const json::Fields& material);
[[nodiscard]] Result<void> check_one_kind(const json::Fields& material);
[[nodiscard]] Result<void> check_message_members(const json::Fields& message);
[[nodiscard]] Result<void> check_signatures(std::size_t count);  // of an envelope

// Of verificationMaterial: who signed.
[[nodiscard]] Result<PublicKeyHint> public_key_hint(const json::Fields& material);
[[nodiscard]] Result<void> check_chain(const json::Fields& material, BundleVersion version);
[[nodiscard]] Result<std::vector<json::Fields>> certificates(const json::Fields& material);
[[nodiscard]] Result<Bytes> certificate_bytes(const json::Fields& certificate);

// Of an element of tlogEntries. Each of these reads one member into the entry.
[[nodiscard]] Result<void> check_entry_members(const json::Fields& fields);
[[nodiscard]] Result<void> read_index(const json::Fields& fields, LogEntry& entry);
[[nodiscard]] Result<void> read_log_id(const json::Fields& fields, LogEntry& entry);
[[nodiscard]] Result<void> read_kind(const json::Fields& fields, LogEntry& entry);
[[nodiscard]] Result<void> read_time(const json::Fields& fields, LogEntry& entry);
[[nodiscard]] Result<void> read_promise(const json::Fields& fields, LogEntry& entry);
[[nodiscard]] Result<void> read_proof(const json::Fields& fields, LogEntry& entry);
[[nodiscard]] Result<void> read_body(const json::Fields& fields, LogEntry& entry);
inline constexpr std::array kEntryParts{read_index,   read_log_id, read_kind, read_time,
                                        read_promise, read_proof,  read_body};
// What each version demands of an entry.
[[nodiscard]] Result<void> check_entry(const LogEntry& entry, BundleVersion version,
                                       const std::string& path);

// Of verificationMaterial; none where it has no timestamps.
[[nodiscard]] Result<std::vector<json::Fields>> timestamps(const json::Fields& material);
[[nodiscard]] Result<Bytes> timestamp_bytes(const json::Fields& timestamp);

// Of messageSignature.
[[nodiscard]] Result<std::optional<crypto::Digest>> message_digest(const json::Fields& message);
[[nodiscard]] Result<Bytes> message_signature(const json::Fields& message);

}  // namespace sluice::sigstore::parts
