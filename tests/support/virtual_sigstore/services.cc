// SPDX-License-Identifier: Apache-2.0
// The timestamping service, and all services by their addresses.
#include "support/virtual_sigstore/services.h"

#include "base/text.h"
#include "support/virtual_sigstore/service_parts.h"
#include "x509/der.h"

namespace sluice::test {

namespace {

constexpr std::string_view kFulcioUrl = "https://fulcio.example.org";
constexpr std::string_view kStampPath1 = "/api/v1/timestamp";

// TimeStampReq (RFC 3161 2.4.1), as far as it decides about the answer.
struct StampQuery {
  Bytes imprint;     // the element MessageImprint
  Bytes nonce = {};  // the element, or nothing
  bool wants_certificate = false;
};

Result<StampQuery> read_query(ByteView der) {
  SLUICE_TRY(auto whole, x509::enter_whole(der, x509::tag::kSequence));
  SLUICE_CHECK(whole.number(1));
  SLUICE_TRY(const auto imprint, whole.element(x509::tag::kSequence));
  StampQuery out{.imprint = copy_of(imprint.whole)};
  x509::DerReader inside(imprint.content);
  SLUICE_TRY(auto algorithm, inside.enter(x509::tag::kSequence));
  SLUICE_TRY(const auto oid, algorithm.element(x509::tag::kOid));
  SLUICE_TRY(const auto digest, inside.content(x509::tag::kOctetString));
  bool known = false;
  for (const auto hash : {crypto::HashAlgorithm::sha256, crypto::HashAlgorithm::sha384,
                          crypto::HashAlgorithm::sha512}) {
    const Bytes own = digest_algorithm(hash);
    known = known || (equal(ByteView(own).subspan(2), oid.whole) &&
                      digest.size() == crypto::digest_size(hash));
  }
  if (!known) return fail(Errc::unsupported, "a digest that is not accepted");
  if (whole.at(x509::tag::kOid)) return fail(Errc::unsupported, "a policy of the client's");
  if (whole.at(x509::tag::kInteger)) {
    SLUICE_TRY(const auto nonce, whole.element(x509::tag::kInteger));
    out.nonce = copy_of(nonce.whole);
  }
  if (whole.at(x509::tag::kBoolean)) {
    SLUICE_TRY(out.wants_certificate, whole.boolean());
  }
  SLUICE_CHECK(whole.finish());
  return out;
}

json::Value service_entry(std::string url, int version) {
  return object({{"url", std::move(url)},
                 {"majorApiVersion", version},
                 {"validFor", object({{"start", "2026-01-01T00:00:00Z"}})},
                 {"operator", "example.org"}});
}

}  // namespace

HttpResponse VirtualStampService::serve(const HttpRequest& request) {
  const Stamper& stamper = world_.stampers.at(service_);
  if (request.method == "GET" && path_of(request.url) == cat(kStampPath1, "/certchain")) {
    return plain_answer(
        200, pem_of_certificate(stamper.service.der) + pem_of_certificate(stamper.root.der),
        "application/pem-certificate-chain");
  }
  if (request.method != "POST" || path_of(request.url) != kStampPath1) {
    return json_answer(404, object({{"code", 404}, {"message", "not found"}}));
  }
  bool typed = false;
  for (const auto& [name, value] : request.headers) {
    typed =
        typed || (lower_ascii(name) == "content-type" && value == "application/timestamp-query");
  }
  if (!typed)
    return json_answer(415, object({{"code", 415}, {"message", "unsupported media type"}}));
  const auto query = read_query(bytes_of(request.body));
  if (!query) {
    return json_answer(400, object({{"code", 400}, {"message", query.error().text()}}));
  }
  StampWish wish;
  wish.time = now;
  wish.with_certificate = query->wants_certificate;
  wish.change_info = [&](std::vector<Bytes>& info) {
    if (!other_message) info[2] = query->imprint;
    if (!query->nonce.empty()) info.push_back(query->nonce);
  };
  if (change_stamp) change_stamp(wish);
  const Bytes reply =
      make_stamp(stamper.service, stamper.root.name, other_message.value_or(Bytes()), wish);
  return plain_answer(200, std::string(text_of(reply)), "application/timestamp-reply");
}

VirtualServices::VirtualServices()
    : github(github_issuer()),
      fulcio(world, {&issuer, &github}),
      rekor_v2(world),
      rekor_v1(world),
      stamps(world, 0),
      other_stamps(world, 1) {}

void VirtualServices::set_time(Time now) {
  const std::scoped_lock lock(mutex_);
  fulcio.now = rekor_v2.now = rekor_v1.now = stamps.now = other_stamps.now = now;
}

std::string VirtualServices::signing_config(bool v2, bool v1, bool stamped) const {
  json::Array logs;
  if (v2) logs.push_back(service_entry(cat("https://", world.logs[kLogV2].host), 2));
  if (v1) logs.push_back(service_entry(cat("https://", world.logs[kLogV1].host), 1));
  json::Array services;
  if (stamped)
    services.push_back(service_entry(cat("https://stamps0.example.org", kStampPath1), 1));
  json::Value config =
      object({{"mediaType", "application/vnd.dev.sigstore.signingconfig.v0.2+json"},
              {"caUrls", json::Array{service_entry(std::string(kFulcioUrl), 1)}},
              {"oidcUrls", json::Array{service_entry(issuer.url, 1)}},
              {"rekorTlogUrls", std::move(logs)},
              {"rekorTlogConfig", object({{"selector", "ANY"}})},
              {"tsaUrls", std::move(services)},
              {"tsaConfig", object({{"selector", "ANY"}})}});
  return json::write_pretty(config);
}

VirtualService* VirtualServices::service_of(std::string_view url) {
  const std::vector<std::pair<std::string, VirtualService*>> all{
      {cat(kFulcioUrl, "/"), &fulcio},
      {cat("https://", world.logs[kLogV2].host, "/"), &rekor_v2},
      {cat("https://", world.logs[kLogV1].host, "/"), &rekor_v1},
      {"https://stamps0.example.org/", &stamps},
      {"https://stamps1.example.org/", &other_stamps}};
  for (const auto& [address, service] : all) {
    if (url.starts_with(address)) return service;
  }
  return nullptr;
}

Answer VirtualServices::send(const HttpRequest& request) {
  const std::scoped_lock lock(mutex_);
  VirtualService* service = service_of(request.url);
  if (service == nullptr) return fail(Errc::network, cat("there is no host at ", request.url));
  return service->answer(request);
}

std::vector<Answer> VirtualServices::send_all(const std::vector<HttpRequest>& requests) {
  std::vector<Answer> out;
  out.reserve(requests.size());
  for (const HttpRequest& one : requests) out.push_back(send(one));
  return out;
}

}  // namespace sluice::test
