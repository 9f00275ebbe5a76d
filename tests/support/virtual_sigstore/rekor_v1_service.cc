// SPDX-License-Identifier: Apache-2.0
// Rekor v1 in front of a log.
#include "base/codec.h"
#include "base/text.h"
#include "support/virtual_sigstore/service_parts.h"

namespace sluice::test {

namespace {

using crypto::HashAlgorithm;

constexpr std::string_view kBase = "/api/v1/log";
constexpr std::size_t kRetrieveMost = 10;

HttpResponse error_v1(int status, std::string_view message, Headers headers = {}) {
  return json_answer(status, object({{"code", status}, {"message", message}}), std::move(headers));
}

json::Value sha256_of(std::string_view text) {
  return object({{"algorithm", "sha256"},
                 {"value", crypto::digest_of(HashAlgorithm::sha256, bytes_of(text)).hex()}});
}

std::optional<json::Value> hashedrekord(const json::Value& spec) {
  const std::string algorithm = text_of_member(spec, "data.hash.algorithm");
  const std::string hex = text_of_member(spec, "data.hash.value");
  const auto digest = crypto::Digest::parse(cat(algorithm, ":", hex));
  const auto signature = base64_member(spec, "signature.content");
  const auto pem = base64_member(spec, "signature.publicKey.content");
  if (!digest || !signature || !pem) return std::nullopt;
  const auto key = key_from(*pem);
  if (!key || !holds(*key, *digest, *signature)) return std::nullopt;
  return object({{"data", object({{"hash", object({{"algorithm", algorithm}, {"value", hex}})}})},
                 {"signature", object({{"content", to_base64(*signature)},
                                       {"publicKey", object({{"content", to_base64(*pem)}})}})}});
}

std::optional<json::Value> dsse(const json::Value& spec) {
  const std::string text = text_of_member(spec, "proposedContent.envelope");
  const auto pem = base64_member(spec, "proposedContent.verifiers.0");
  const auto envelope = json::parse_strict(text);
  if (!envelope || !pem) return std::nullopt;
  const auto payload = base64_member(*envelope, "payload");
  const auto signature = base64_member(*envelope, "signatures.0.sig");
  const auto key = key_from(*pem);
  if (!payload || !signature || !key) return std::nullopt;
  const std::string type = text_of_member(*envelope, "payloadType");
  const std::string pae =
      cat("DSSEv1 ", type.size(), " ", type, " ", payload->size(), " ", text_of(*payload));
  if (!holds(*key, crypto::digest_of(key->default_scheme().hash, bytes_of(pae)), *signature)) {
    return std::nullopt;
  }
  return object({{"envelopeHash", sha256_of(text)},
                 {"payloadHash", sha256_of(text_of(*payload))},
                 {"signatures", json::Array{object({{"signature", to_base64(*signature)},
                                                    {"verifier", to_base64(*pem)}})}}});
}

}  // namespace

std::string VirtualRekorV1::uuid(std::uint64_t index) const {
  const std::uint64_t tree = std::stoull(log().tree_id);
  Bytes id;
  for (unsigned shift = 64; shift != 0; shift -= 8) {
    id.push_back(static_cast<std::uint8_t>(tree >> (shift - 8)));
  }
  return cat(to_hex(id), to_hex(leaf_hash(bytes_of(bodies().at(index)))));
}

json::Value VirtualRekorV1::entry(std::uint64_t index) const {
  const std::string& body = bodies().at(index);
  const auto time = times_.find(index);
  json::Value signed_part = object(
      {{"body", base64(body)},
       {"integratedTime",
        std::int64_t{(time == times_.end() ? now : time->second).time_since_epoch().count()}},
       {"logID", to_hex(log().id())},
       {"logIndex", static_cast<std::int64_t>(log().entries_before + index)}});
  json::Value promised = signed_part;
  if (change_promise) change_promise(promised);
  const std::string text = json::canonical_jcs(promised).value();
  const Bytes promise =
      log().key.sign(crypto::Message::of(log().key.scheme(), bytes_of(text)).value()).value();
  json::Array hashes;
  for (const Bytes& one : path(index)) hashes.emplace_back(to_hex(one));
  signed_part.set(
      "verification",
      object({{"inclusionProof", object({{"checkpoint", note()},
                                         {"hashes", std::move(hashes)},
                                         {"logIndex", static_cast<std::int64_t>(index)},
                                         {"rootHash", to_hex(tree().root(size()))},
                                         {"treeSize", static_cast<std::int64_t>(size())}})},
              {"signedEntryTimestamp", to_base64(promise)}}));
  return object({{uuid(index), std::move(signed_part)}});
}

// By an id of 80 digits, or by the 64 of its leaf.
std::optional<std::uint64_t> VirtualRekorV1::find(std::string_view id) const {
  for (std::uint64_t i = 0; i < size(); ++i) {
    const std::string own = uuid(i);
    if (id == own || (id.size() == 64 && own.ends_with(id))) return i;
  }
  return std::nullopt;
}

HttpResponse VirtualRekorV1::create(const std::string& text) {
  const auto request = json::parse_strict(text);
  const json::Value* spec = request ? request->find("spec") : nullptr;
  if (spec == nullptr) return error_v1(400, "error processing entry: invalid request");
  const std::string kind = text_of_member(*request, "kind");
  if (text_of_member(*request, "apiVersion") != "0.0.1" ||
      (kind != "hashedrekord" && kind != "dsse")) {
    return error_v1(400, "error processing entry: the kind is not supported here");
  }
  auto logged = kind == "dsse" ? dsse(*spec) : hashedrekord(*spec);
  if (!logged) return error_v1(400, "error processing entry: verifying signature");
  std::string body =
      json::canonical_jcs(
          object({{"apiVersion", "0.0.1"}, {"kind", kind}, {"spec", *std::move(logged)}}))
          .value();
  if (change_body) change_body(body);
  const auto [index, is_new] = append(std::move(body));
  const std::string location = cat(kBase, "/entries/", uuid(index));
  if (!is_new) {
    return error_v1(
        409,
        cat("an equivalent entry already exists in the transparency log with UUID ", uuid(index)),
        {{"location", location}});
  }
  times_.emplace(index, now);
  return json_answer(201, entry(index), {{"etag", uuid(index)}, {"location", location}});
}

HttpResponse VirtualRekorV1::retrieve(const std::string& text) const {
  const auto request = json::parse_strict(text);
  if (!request) return error_v1(400, "invalid request");
  json::Array found;
  std::size_t asked = 0;
  if (const auto* ids = look(*request, "entryUUIDs"); ids != nullptr && ids->array() != nullptr) {
    for (const json::Value& id : *ids->array()) {
      ++asked;
      if (const auto index = id.string() == nullptr ? std::nullopt : find(*id.string())) {
        found.push_back(entry(*index));
      }
    }
  }
  if (const auto* list = look(*request, "logIndexes");
      list != nullptr && list->array() != nullptr) {
    for (const json::Value& one : *list->array()) {
      ++asked;
      const auto global = static_cast<std::uint64_t>(one.integer().value_or(-1));
      const std::uint64_t index = global - log().entries_before;
      if (index < size()) found.push_back(entry(index));
    }
  }
  if (asked > kRetrieveMost) return error_v1(422, "at most 10 entries can be asked for");
  return json_answer(200, std::move(found));
}

HttpResponse VirtualRekorV1::proof(std::string_view query) const {
  const std::string first = query_value(query, "firstSize");
  const std::string last = query_value(query, "lastSize");
  const std::uint64_t from = first.empty() ? 1 : std::stoull(first);
  const std::uint64_t to = last.empty() ? 0 : std::stoull(last);
  if (from == 0 || to < from || to > size()) return error_v1(400, "invalid sizes");
  json::Array hashes;
  for (const Bytes& one : tree().consistency(from, to)) hashes.emplace_back(to_hex(one));
  return json_answer(
      200, object({{"rootHash", to_hex(tree().root(to))}, {"hashes", std::move(hashes)}}));
}

HttpResponse VirtualRekorV1::serve(const HttpRequest& request) {
  const std::string_view path = path_of(request.url);
  const std::string_view query = query_of(request.url);
  if (!path.starts_with(kBase)) return error_v1(404, "not found");
  const std::string_view below = path.substr(kBase.size());
  constexpr std::string_view kEntries = "/entries";
  if (request.method == "POST") {
    if (below == kEntries) return create(request.body);
    if (below == "/entries/retrieve") return retrieve(request.body);
    return error_v1(404, "not found");
  }
  if (below.empty()) {
    return json_answer(200, object({{"inactiveShards", json::Array{}},
                                    {"rootHash", to_hex(tree().root(size()))},
                                    {"signedTreeHead", note()},
                                    {"treeID", log().tree_id},
                                    {"treeSize", static_cast<std::int64_t>(size())}}));
  }
  if (below == "/proof") return proof(query);
  if (below == "/publicKey") {
    return plain_answer(200, log().key.public_key().pem(), "application/x-pem-file");
  }
  std::optional<std::uint64_t> index;
  if (below == kEntries) {
    const std::string text = query_value(query, "logIndex");
    if (!text.empty()) index = std::stoull(text) - log().entries_before;
    if (index && *index >= size()) index.reset();
  } else if (below.starts_with("/entries/")) {
    index = find(below.substr(kEntries.size() + 1));
  }
  return index ? json_answer(200, entry(*index)) : error_v1(404, "entry not found");
}

}  // namespace sluice::test
