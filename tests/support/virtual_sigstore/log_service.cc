// SPDX-License-Identifier: Apache-2.0
// A log that grows, and Rekor v2 in front of it.
#include "base/codec.h"
#include "base/text.h"
#include "support/virtual_sigstore/entry.h"
#include "support/virtual_sigstore/service_parts.h"

namespace sluice::test {

namespace {

constexpr unsigned kTileWidth = 256;

// "x001/x234/067": the number of a tile.
std::optional<std::uint64_t> tile_number(std::string_view text) {
  std::uint64_t out = 0;
  for (std::string_view part : split(text, '/')) {
    if (part.starts_with('x')) part.remove_prefix(1);
    if (part.size() != 3 || part.find_first_not_of("0123456789") != part.npos) return std::nullopt;
    out = out * 1000 + std::stoull(std::string(part));
  }
  return out;
}

// What Rekor would log of this request; nothing where the request is not sound.
std::optional<std::string> body_of_request(const json::Value& request) {
  const json::Value* entry = request.find("hashedRekordRequestV002");
  if (entry == nullptr || request.object()->size() != 1) return std::nullopt;
  if (entry->object() == nullptr) return std::nullopt;
  for (const auto& [name, value] : *entry->object()) {
    if (name != "digest" && name != "signature") return std::nullopt;
  }
  const bool certified = look(*entry, "signature.verifier.x509Certificate") != nullptr;
  const std::string_view kind = certified ? "x509Certificate" : "publicKey";
  const auto digest = base64_member(*entry, "digest");
  const auto signature = base64_member(*entry, "signature.content");
  const auto raw = base64_member(*entry, cat("signature.verifier.", kind, ".rawBytes"));
  const std::string details = text_of_member(*entry, "signature.verifier.keyDetails");
  if (!digest || !signature || !raw || details.empty()) return std::nullopt;
  const auto key = key_from(*raw);
  if (!key) return std::nullopt;
  const crypto::HashAlgorithm hash = key->default_scheme().hash;
  const auto read = crypto::Digest::from_bytes(hash, *digest);
  if (!read || !holds(*key, *read, *signature)) return std::nullopt;
  const json::Value body = object(
      {{"apiVersion", "0.0.2"},
       {"kind", "hashedrekord"},
       {"spec",
        object({{"hashedRekordV002",
                 object({{"data",
                          object({{"algorithm", hash_name(hash)}, {"digest", to_base64(*digest)}})},
                         {"signature",
                          object({{"content", to_base64(*signature)},
                                  {"verifier",
                                   object({{"keyDetails", details},
                                           {std::string(kind),
                                            object({{"rawBytes", to_base64(*raw)}})}})}})}})}})}});
  return json::canonical_jcs(body).value();
}

}  // namespace

std::pair<std::uint64_t, bool> VirtualLogService::append(std::string body) {
  const auto known = places_.find(body);
  if (known != places_.end()) return {known->second, false};
  const std::uint64_t index = tree_.add(bytes_of(body));
  places_.emplace(body, index);
  bodies_.push_back(std::move(body));
  return {index, true};
}

std::string VirtualLogService::note() const {
  LogWish wish{.log = log_, .time = now, .size = size(), .witnesses = cosigners};
  wish.change_checkpoint = change_checkpoint;
  wish.change_note = change_note;
  return world_.note(wish, tree_.root(size()));
}

HttpResponse VirtualRekorV2::create(const std::string& text) {
  if (frozen) {
    return grpc_error(405, 12, "This log has been frozen, please switch to the latest log.");
  }
  const auto request = json::parse_strict(text);
  if (!request) return grpc_error(400, 3, "invalid request");
  auto body = body_of_request(*request);
  if (!body) return grpc_error(400, 3, "invalid hashedrekord request");
  if (change_body) change_body(*body);
  const auto [index, is_new] = append(*body);
  if (!is_new) {
    return grpc_error(
        409, 6,
        cat("an equivalent entry already exists in the transparency log with index ", index),
        {{"x-log-index", cat(index)}});
  }
  json::Array hashes;
  for (const Bytes& one : path(index)) hashes.emplace_back(to_base64(one));
  return json_answer(
      201, object({{"logIndex", cat(index)},
                   {"logId", object({{"keyId", to_base64(log().id())}})},
                   {"kindVersion", object({{"kind", "hashedrekord"}, {"version", "0.0.2"}})},
                   {"integratedTime", "0"},
                   {"inclusionPromise", nullptr},
                   {"inclusionProof", object({{"logIndex", cat(index)},
                                              {"rootHash", to_base64(tree().root(size()))},
                                              {"treeSize", cat(size())},
                                              {"hashes", std::move(hashes)},
                                              {"checkpoint", object({{"envelope", note()}})}})},
                   {"canonicalizedBody", base64(*body)}}));
}

// Below "tile/": "<L>/<N>[.p/<W>]" and "entries/<N>[.p/<W>]".
HttpResponse VirtualRekorV2::tile(std::string_view path) const {
  const HttpResponse missing = plain_answer(404, "not found\n", "text/plain");
  const auto slash = path.find('/');
  if (slash == path.npos) return missing;
  const std::string_view kind = path.substr(0, slash);
  std::string_view number = path.substr(slash + 1);
  std::uint64_t width = kTileWidth;
  if (const auto partial = number.find(".p/"); partial != number.npos) {
    width = std::stoull(std::string(number.substr(partial + 3)));
    number = number.substr(0, partial);
  }
  const auto n = tile_number(number);
  if (!n || width == 0 || width > kTileWidth) return missing;
  const bool entries = kind == "entries";
  const unsigned level = entries ? 0 : static_cast<unsigned>(std::stoul(std::string(kind)));
  const std::uint64_t whole = size() >> (8 * level);  // nodes of that level
  if (level > 7 || *n * kTileWidth + width > whole) return missing;
  std::string out;
  for (std::uint64_t i = *n * kTileWidth; i < *n * kTileWidth + width; ++i) {
    if (entries) {
      const std::string& body = bodies().at(i);
      out += static_cast<char>(body.size() >> 8);
      out += static_cast<char>(body.size() & 0xffU);
      out += body;
    } else {
      out += text_of(tree().subtree(8 * level, i));
    }
  }
  return plain_answer(200, std::move(out), "application/octet-stream");
}

HttpResponse VirtualRekorV2::serve(const HttpRequest& request) {
  constexpr std::string_view kBase = "/api/v2/";
  const std::string_view path = path_of(request.url);
  if (!path.starts_with(kBase)) return grpc_error(404, 5, "Not Found");
  const std::string_view below = path.substr(kBase.size());
  if (request.method == "POST" && below == "log/entries") return create(request.body);
  if (request.method == "GET" && below == "checkpoint") {
    return plain_answer(200, note(), "text/plain; charset=utf-8");
  }
  if (request.method == "GET" && below.starts_with("tile/")) return tile(below.substr(5));
  return grpc_error(404, 5, "Not Found");
}

}  // namespace sluice::test
