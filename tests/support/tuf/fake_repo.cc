// SPDX-License-Identifier: Apache-2.0
#include "support/tuf/fake_repo.h"

#include <charconv>

#include "base/codec.h"
#include "base/text.h"

namespace sluice::test {

namespace {

using crypto::HashAlgorithm;
using crypto::KeyType;
using json::Array;
using json::Object;
using json::Value;

std::string sha256_hex(std::string_view content) {
  return crypto::digest_of(HashAlgorithm::sha256, bytes_of(content)).hex();
}

Value key_value(const crypto::PublicKey& key) {
  Value out;
  std::string public_part = key.pem();
  switch (key.type()) {
    case KeyType::ed25519:
      out.set("keytype", "ed25519");
      out.set("scheme", "ed25519");
      // The last 32 bytes of its SPKI.
      public_part = to_hex(ByteView(key.der()).last(32));
      break;
    case KeyType::rsa:
      out.set("keytype", "rsa");
      out.set("scheme", "rsassa-pss-sha256");
      break;
    case KeyType::ecdsa_p384:
      out.set("keytype", "ecdsa");
      out.set("scheme", "ecdsa-sha2-nistp384");
      break;
    default:
      out.set("keytype", "ecdsa");
      out.set("scheme", "ecdsa-sha2-nistp256");
      break;
  }
  out.set("keyval", Value(Object{{"public", Value(public_part)}}));
  return out;
}

Value new_part(const std::string& type) {
  Value out;
  out.set("_type", type);
  out.set("expires", rfc3339(kTufNow + std::chrono::days(30)));
  out.set("spec_version", "1.0.34");
  out.set("version", std::int64_t{0});
  return out;
}

Value role_value(const std::vector<TufKey>& keys, int threshold) {
  Array ids;
  for (const auto& key : keys) ids.emplace_back(key.keyid);
  return Value(Object{{"keyids", Value(std::move(ids))}, {"threshold", Value(threshold)}});
}

Value& member(Value& value, const std::string& key) {
  if (value.find(key) == nullptr) value.set(key, Value(Object{}));
  for (auto& [name, found] : *value.object()) {
    if (name == key) return found;
  }
  return value;
}

std::string encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("-._~").find(c) != std::string_view::npos;
    if (plain) {
      out += c;
    } else {
      constexpr std::string_view kDigits = "0123456789ABCDEF";
      const auto byte = static_cast<unsigned char>(c);
      out += '%';
      out += kDigits[byte >> 4U];
      out += kDigits[byte & 15U];
    }
  }
  return out;
}

}  // namespace

TufKey make_tuf_key(KeyType type) {
  auto key = crypto::PrivateKey::generate(type, 2048).value();
  if (type == KeyType::rsa) {
    key = key.with_scheme({crypto::SchemeKind::rsa_pss, HashAlgorithm::sha256}).value();
  }
  Value value = key_value(key.public_key());
  std::string keyid = sha256_hex(json::canonical_olpc(value).value());
  return {std::move(key), std::move(keyid), std::move(value)};
}

TufKey with_keyid(TufKey key, std::string keyid) {
  key.keyid = std::move(keyid);
  return key;
}

Value hashes_of(const std::string& content) {
  return Value(Object{{"sha256", Value(sha256_hex(content))}});
}

FakeRepo::FakeRepo() {
  for (const std::string role : {"root", "timestamp", "snapshot", "targets"}) {
    parts_[role] = new_part(role);
  }
  parts_["root"].set("consistent_snapshot", true);
  parts_["root"].set("keys", Value(Object{}));
  parts_["root"].set("roles", Value(Object{}));
  parts_["snapshot"].set("meta", Value(Object{}));
  parts_["timestamp"].set("meta", Value(Object{}));
  parts_["targets"].set("targets", Value(Object{}));
  for (const std::string role : {"root", "timestamp", "snapshot", "targets"}) {
    set_keys(role, {make_tuf_key()}, 1);
  }
  publish({"root", "targets", "snapshot", "timestamp"});
}

Value& FakeRepo::part(const std::string& role) {
  if (!parts_.contains(role)) {
    parts_[role] = new_part("targets");
    parts_[role].set("targets", Value(Object{}));
  }
  return parts_[role];
}

void FakeRepo::set_version(const std::string& role, std::int64_t version) {
  part(role).set("version", version - 1);
}

void FakeRepo::set_expires(const std::string& role, Time expires) {
  part(role).set("expires", rfc3339(expires));
}

void FakeRepo::publish(std::initializer_list<std::string> roles) {
  for (const auto& role : roles) {
    part(role).set("version", *part(role).find("version")->integer() + 1);
    put(role);
  }
}

Value FakeRepo::meta_of(const std::string& role, const std::string& text) const {
  Value meta;
  if (state_hashes) {
    meta.set("hashes", hashes_of(text));
    meta.set("length", static_cast<std::int64_t>(text.size()));
  }
  meta.set("version", *parts_.at(role).find("version"));
  return meta;
}

void FakeRepo::put(const std::string& role) {
  const std::string text = sign(role);
  const std::string version = cat(*part(role).find("version")->integer(), ".");
  const bool consistent = parts_["root"].find("consistent_snapshot")->boolean().value_or(true);
  const bool prefixed = role == "root" || (consistent && role != "timestamp");
  files[cat("metadata/", prefixed ? version : "", encoded(role), ".json")] = text;
  if (role == "root" || role == "timestamp") return;
  Value& meta = member(part(role == "snapshot" ? "timestamp" : "snapshot"), "meta");
  meta.set(role + ".json", meta_of(role, text));
}

void FakeRepo::set_keys(const std::string& role, std::vector<TufKey> keys, int threshold) {
  Value& listed = member(parts_["root"], "keys");
  for (const auto& key : keys) listed.set(key.keyid, key.value);
  member(parts_["root"], "roles").set(role, role_value(keys, threshold));
  signers_[role] = std::move(keys);
}

void FakeRepo::add_target(const std::string& role, const std::string& path,
                          const std::string& content) {
  Value target;
  target.set("hashes", hashes_of(content));
  target.set("length", static_cast<std::int64_t>(content.size()));
  member(part(role), "targets").set(path, std::move(target));
  const auto slash = path.rfind('/');
  const std::size_t base = slash == std::string::npos ? 0 : slash + 1;
  const bool consistent = parts_["root"].find("consistent_snapshot")->boolean().value_or(true);
  files[cat("targets/", path.substr(0, base), consistent ? sha256_hex(content) + "." : "",
            path.substr(base))] = content;
}

void FakeRepo::delegate(const std::string& parent, const std::string& role,
                        const std::vector<std::string>& paths, bool terminating) {
  if (signers_[role].empty()) signers_[role].push_back(make_tuf_key());
  Value entry = role_value(signers_[role], 1);
  entry.set("name", role);
  Array patterns(paths.begin(), paths.end());
  entry.set("paths", Value(std::move(patterns)));
  entry.set("terminating", terminating);
  Value& delegations = member(part(parent), "delegations");
  for (const auto& key : signers_[role]) member(delegations, "keys").set(key.keyid, key.value);
  if (delegations.find("roles") == nullptr) delegations.set("roles", Value(Array{}));
  member(delegations, "roles").array()->push_back(std::move(entry));
  (void)part(role);
}

void FakeRepo::delegate_by_hash(const std::string& parent, const std::string& role,
                                const std::vector<std::string>& prefixes) {
  delegate(parent, role, {});
  Value& entry = member(member(part(parent), "delegations"), "roles").array()->back();
  Value changed;
  for (auto& [name, value] : *entry.object()) {
    if (name != "paths") changed.set(name, value);
  }
  Array texts(prefixes.begin(), prefixes.end());
  changed.set("path_hash_prefixes", Value(std::move(texts)));
  entry = std::move(changed);
}

void FakeRepo::delegate_bins(const std::string& parent, const std::string& prefix, int bits) {
  const TufKey key = make_tuf_key();
  Value bins = role_value({key}, 1);
  bins.set("bit_length", bits);
  bins.set("name_prefix", prefix);
  Value delegations;
  delegations.set("keys", Value(Object{{key.keyid, key.value}}));
  delegations.set("succinct_roles", std::move(bins));
  part(parent).set("delegations", std::move(delegations));
  signers_[prefix] = {key};
}

std::string FakeRepo::sign(const Value& part, const std::vector<TufKey>& keys) {
  const std::string message = json::canonical_olpc(part).value();
  Array signatures;
  for (const auto& each : keys) {
    if (each.sign_as) {
      signatures.push_back(each.sign_as(message));
      continue;
    }
    const auto taken = crypto::Message::of(each.key.scheme(), bytes_of(message)).value();
    signatures.push_back(Value(Object{{"keyid", Value(each.keyid)},
                                      {"sig", Value(to_hex(each.key.sign(taken).value()))}}));
  }
  return json::write(Value(Object{{"signatures", Value(std::move(signatures))}, {"signed", part}}));
}

Result<HttpResponse> RepoHttp::answer_to(const HttpRequest& request) const {
  const auto host_end = request.url.find('/', request.url.find("://") + 3);
  const auto at = repo_.files.find(request.url.substr(host_end + 1));
  HttpResponse out;
  out.url = request.url;
  out.status = at == repo_.files.end() ? 404 : 200;
  if (out.status != 200) return out;
  out.body = at->second;
  for (const auto& [name, value] : request.headers) {
    if (name != "Range") continue;
    std::size_t from = 0;
    std::size_t to = 0;
    const auto dash = value.find('-');
    std::from_chars(value.data() + 6, value.data() + dash, from);
    std::from_chars(value.data() + dash + 1, value.data() + value.size(), to);
    out.status = 206;
    out.headers.emplace_back("content-range", cat("bytes ", from, "-", to, "/", out.body.size()));
    out.body = out.body.substr(from, to - from + 1);
  }
  if (out.body.size() > request.budget.max_body) {
    return fail(Errc::limit, cat("the answer is larger than ", request.budget.max_body, " bytes"));
  }
  return out;
}

Result<HttpResponse> RepoHttp::send(const HttpRequest& request) {
  Answer other;
  {
    const std::lock_guard hold(mutex_);
    const auto host_end = request.url.find('/', request.url.find("://") + 3);
    requests_.push_back(request.url.substr(host_end + 1));
    for (const auto& [ending, answer] : answers_) {
      if (request.url.ends_with(ending)) other = answer;
    }
  }
  return other ? other(request) : answer_to(request);
}

std::vector<Result<HttpResponse>> RepoHttp::send_all(const std::vector<HttpRequest>& requests) {
  std::vector<Result<HttpResponse>> out;
  for (const auto& each : requests) out.push_back(send(each));
  return out;
}

std::vector<std::string> RepoHttp::take_requests() {
  const std::lock_guard hold(mutex_);
  return std::exchange(requests_, {});
}

}  // namespace sluice::test
