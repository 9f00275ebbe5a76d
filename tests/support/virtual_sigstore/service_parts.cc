// SPDX-License-Identifier: Apache-2.0
#include "support/virtual_sigstore/service_parts.h"

#include <algorithm>

#include "base/codec.h"
#include "base/text.h"
#include "x509/certificate.h"

namespace sluice::test {

std::string_view path_of(std::string_view url) {
  const auto scheme = url.find("://");
  if (scheme != url.npos) {
    const auto slash = url.find('/', scheme + 3);
    url = slash == url.npos ? "/" : url.substr(slash);
  }
  return url.substr(0, url.find('?'));
}

std::string_view query_of(std::string_view url) {
  const auto mark = url.find('?');
  return mark == url.npos ? std::string_view() : url.substr(mark + 1);
}

std::string query_value(std::string_view query, std::string_view name) {
  for (const std::string_view part : split(query, '&')) {
    const auto equals = part.find('=');
    if (part.substr(0, equals) == name && equals != part.npos) {
      return std::string(part.substr(equals + 1));
    }
  }
  return {};
}

HttpResponse plain_answer(int status, std::string body, std::string_view type) {
  HttpResponse out;
  out.status = status;
  out.headers = {{"content-type", std::string(type)}};
  out.body = std::move(body);
  return out;
}

HttpResponse json_answer(int status, const json::Value& value, Headers headers) {
  HttpResponse out = plain_answer(status, json::write(value), "application/json");
  out.headers.insert(out.headers.end(), headers.begin(), headers.end());
  return out;
}

HttpResponse grpc_error(int status, int code, std::string_view message, Headers headers) {
  return json_answer(status,
                     object({{"code", code}, {"message", message}, {"details", json::Array{}}}),
                     std::move(headers));
}

Answer busy(int status, Headers headers) {
  HttpResponse out = plain_answer(
      status, cat("<html><head><title>", status, "</title></head><body>later</body></html>"),
      "text/html");
  out.headers.insert(out.headers.end(), headers.begin(), headers.end());
  return out;
}

Answer dropped() { return fail(Errc::network, "the connection was reset"); }

Answer VirtualService::answer(const HttpRequest& request) {
  ++requests_;
  ++counts_[cat(request.method, " ", path_of(request.url))];
  if (hooks.before) {
    if (auto instead = hooks.before(request)) return *std::move(instead);
  }
  Answer out = serve(request);
  if (hooks.change_answer && out->status < 300) {
    if (auto value = json::parse_strict(out->body)) {
      hooks.change_answer(*value);
      out->body = json::write(*value);
    }
  }
  out->url = request.url;
  if (hooks.after) hooks.after(out);
  return out;
}

std::size_t VirtualService::requests(std::string_view what) const {
  const auto found = counts_.find(what);
  return found == counts_.end() ? 0 : found->second;
}

const json::Value* look(const json::Value& value, std::string_view path) {
  const json::Value* here = &value;
  for (const std::string_view key : split(path, '.')) {
    if (here->array() != nullptr && key == "0") {
      here = here->array()->empty() ? nullptr : &here->array()->front();
    } else {
      here = here->find(key);
    }
    if (here == nullptr) return nullptr;
  }
  return here;
}

std::string text_of_member(const json::Value& value, std::string_view path) {
  const json::Value* found = look(value, path);
  return found == nullptr || found->string() == nullptr ? std::string() : *found->string();
}

std::optional<Bytes> base64_member(const json::Value& value, std::string_view path) {
  auto bytes = from_base64(text_of_member(value, path));
  if (!bytes || bytes->empty()) return std::nullopt;
  return *std::move(bytes);
}

std::optional<crypto::PublicKey> key_from(ByteView bytes) {
  constexpr std::string_view kBegin = "-----BEGIN CERTIFICATE-----";
  Bytes der = copy_of(bytes);
  if (text_of(bytes).starts_with(kBegin)) {
    std::string inside(text_of(bytes).substr(kBegin.size()));
    inside.resize(std::min(inside.find("-----END"), inside.size()));
    std::erase(inside, '\n');
    der = from_base64(inside).value_or(Bytes());
  } else if (text_of(bytes).starts_with("-----")) {
    auto key = crypto::PublicKey::from_pem(text_of(bytes));
    return key ? std::optional(*key) : std::nullopt;
  }
  if (const auto certificate = x509::Certificate::from_der(der)) return (*certificate)->key;
  auto key = crypto::PublicKey::from_der(der);
  return key ? std::optional(*key) : std::nullopt;
}

bool holds(const crypto::PublicKey& key, const crypto::Digest& digest, ByteView signature) {
  const crypto::Scheme scheme = key.default_scheme();
  if (scheme.kind == crypto::SchemeKind::ed25519) return true;
  const auto message = crypto::Message::of_digest(scheme, digest);
  if (!message) return false;
  const auto match = crypto::verify(key, *message, signature);
  return match && *match == crypto::Match::yes;
}

}  // namespace sluice::test
