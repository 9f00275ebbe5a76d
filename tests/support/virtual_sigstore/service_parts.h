// SPDX-License-Identifier: Apache-2.0
// What the services share.
#pragma once

#include "support/virtual_sigstore/services.h"

namespace sluice::test {

std::string_view path_of(std::string_view url);   // "/api/v1/timestamp", without the query
std::string_view query_of(std::string_view url);  // "logIndex=3"
std::string query_value(std::string_view query, std::string_view name);  // empty: not there

HttpResponse json_answer(int status, const json::Value& value, Headers headers = {});
HttpResponse grpc_error(int status, int code, std::string_view message, Headers headers = {});
HttpResponse plain_answer(int status, std::string body, std::string_view type);

// The member of an object by a dotted path; nullptr where there is none.
const json::Value* look(const json::Value& value, std::string_view path);
std::string text_of_member(const json::Value& value, std::string_view path);  // empty: no text
std::optional<Bytes> base64_member(const json::Value& value, std::string_view path);

// A key or the key of a certificate, from PEM or DER.
std::optional<crypto::PublicKey> key_from(ByteView pem_or_der);

// Does the signature hold? Where the digest alone cannot tell (Ed25519), it is taken at its word.
bool holds(const crypto::PublicKey& key, const crypto::Digest& digest, ByteView signature);

}  // namespace sluice::test
