// SPDX-License-Identifier: Apache-2.0
// Tokens, and the authority that turns them into certificates (Fulcio v2).
#include <algorithm>

#include "base/codec.h"
#include "base/text.h"
#include "support/virtual_sigstore/service_parts.h"
#include "x509/der.h"

namespace sluice::test {

namespace {

using Kind = VirtualIssuer::Kind;

constexpr int kInvalidArgument = 3;
constexpr std::string_view kBadToken = "There was an error processing the identity token";
constexpr std::string_view kBadKey = "The public key supplied in the request could not be parsed";
constexpr std::string_view kBadProof =
    "The signature supplied in the request could not be verified";
constexpr std::string_view kBadCsr = "The certificate signing request could not be parsed";

std::string segment(const json::Value& value) { return to_base64url(bytes_of(json::write(value))); }

json::Value claims_of(const VirtualIssuer& issuer, std::string_view subject, Time now) {
  const auto seconds = std::int64_t{now.time_since_epoch().count()};
  json::Value claims = object({{"iss", issuer.url},
                               {"aud", issuer.audience},
                               {"iat", seconds},
                               {"nbf", seconds},
                               {"exp", seconds + 300},
                               {"sub", subject}});
  if (issuer.kind == Kind::email) {
    claims.set("email", subject);
    claims.set("email_verified", true);
  }
  if (issuer.kind == Kind::github) {
    claims.set("sub", cat("repo:", subject, ":ref:refs/heads/main"));
    for (const auto& [name, value] :
         std::initializer_list<std::pair<std::string_view, std::string>>{
             {"repository", std::string(subject)},
             {"ref", "refs/heads/main"},
             {"event_name", "push"},
             {"sha", "9a1f7ffb1a1fd1e5f9d39a5e4d1a6a8f0d6c2e31"},
             {"workflow", "release"},
             {"job_workflow_ref", cat(subject, "/.github/workflows/release.yml@refs/heads/main")},
             {"run_id", "8347481628"},
             {"run_attempt", "1"},
             {"runner_environment", "github-hosted"}}) {
      claims.set(std::string(name), value);
    }
  }
  return claims;
}

// The claims of a token that holds.
std::optional<json::Value> checked(std::string_view token, const VirtualIssuer& issuer, Time now) {
  const auto parts = split(token, '.');
  if (parts.size() != 3) return std::nullopt;
  const auto claims_bytes = from_base64url(parts[1]);
  const auto signature = from_base64url(parts[2]);
  if (!claims_bytes || !signature) return std::nullopt;
  const auto message =
      crypto::Message::of(issuer.key.scheme(), bytes_of(token.substr(0, token.rfind('.'))));
  const auto match = crypto::verify(issuer.key.public_key(), message.value(), *signature);
  if (!match || *match != crypto::Match::yes) return std::nullopt;
  auto claims = json::parse_strict(text_of(*claims_bytes));
  if (!claims) return std::nullopt;
  const auto* expires = claims->find("exp");
  const bool good = text_of_member(*claims, "iss") == issuer.url &&
                    text_of_member(*claims, "aud") == issuer.audience && expires != nullptr &&
                    expires->integer().value_or(0) > now.time_since_epoch().count();
  return good ? std::optional(*std::move(claims)) : std::nullopt;
}

// Who that is: the challenge, the alternative name and what else the certificate says. Nothing
// where a claim is missing.
struct Principal {
  std::string challenge;
  Bytes name;
  std::vector<Bytes> claims;
};

std::optional<Principal> github_principal(const json::Value& claims, std::string_view issuer) {
  for (const std::string_view needed : {"sub", "repository", "ref", "event_name", "sha", "workflow",
                                        "job_workflow_ref", "run_id", "run_attempt"}) {
    if (text_of_member(claims, needed).empty()) return std::nullopt;
  }
  const auto claim = [&](std::string_view name) { return text_of_member(claims, name); };
  const std::string host = "https://github.com/";
  const std::string workflow = cat(host, claim("job_workflow_ref"));
  const std::string repository = cat(host, claim("repository"));
  Principal out{claim("sub"), uri_name(workflow), {}};
  const std::vector<std::pair<unsigned, std::string>> all{
      {1, std::string(issuer)},
      {2, claim("event_name")},
      {3, claim("sha")},
      {4, claim("workflow")},
      {5, claim("repository")},
      {6, claim("ref")},
      {8, std::string(issuer)},
      {9, workflow},
      {10, claim("sha")},
      {11, claim("runner_environment")},
      {12, repository},
      {13, claim("sha")},
      {14, claim("ref")},
      {18, workflow},
      {19, claim("sha")},
      {20, claim("event_name")},
      {21, cat(repository, "/actions/runs/", claim("run_id"), "/attempts/", claim("run_attempt"))}};
  for (const auto& [number, text] : all) out.claims.push_back(fulcio_extension(number, text));
  return out;
}

std::optional<Principal> principal_of(const json::Value& claims, const VirtualIssuer& issuer) {
  if (issuer.kind == Kind::github) return github_principal(claims, issuer.url);
  const std::vector<Bytes> vouched{fulcio_extension(1, issuer.url),
                                   fulcio_extension(8, issuer.url)};
  const std::string subject = text_of_member(claims, "sub");
  if (issuer.kind == Kind::uri) return Principal{subject, uri_name(subject), vouched};
  const std::string email = text_of_member(claims, "email");
  const auto* verified = claims.find("email_verified");
  if (email.empty() || verified == nullptr || !verified->boolean().value_or(false)) {
    return std::nullopt;
  }
  return Principal{email, email_name(email), vouched};
}

bool proves(const crypto::PublicKey& key, std::string_view text, ByteView signature) {
  const auto message = crypto::Message::of(key.default_scheme(), bytes_of(text));
  const auto match = crypto::verify(key, message.value(), signature);
  return match && *match == crypto::Match::yes;
}

// A PKCS#10 request in PEM: its key, if it signed itself.
Result<crypto::PublicKey> key_of_request(ByteView pem) {
  std::string text(text_of(pem));
  const auto begin = text.find("REQUEST-----\n");
  const auto end = text.find("-----END");
  if (begin == text.npos || end == text.npos) return fail(Errc::malformed, "no PEM");
  text = text.substr(begin + 13, end - begin - 13);
  std::erase(text, '\n');
  SLUICE_TRY(const Bytes der, from_base64(text));
  SLUICE_TRY(auto whole, x509::enter_whole(der, x509::tag::kSequence));
  SLUICE_TRY(const auto info, whole.element(x509::tag::kSequence));
  SLUICE_CHECK(whole.element(x509::tag::kSequence));
  SLUICE_TRY(const auto signature, whole.octet_bits());
  x509::DerReader fields(info.content);
  SLUICE_CHECK(fields.element(x509::tag::kInteger));
  SLUICE_CHECK(fields.element(x509::tag::kSequence));
  SLUICE_TRY(const auto spki, fields.element(x509::tag::kSequence));
  SLUICE_TRY(auto key, crypto::PublicKey::from_der(spki.whole));
  if (!proves(key, text_of(info.whole), signature)) return fail(Errc::denied, "no proof");
  return key;
}

// The key of the request, or the sentence with which it is refused.
std::expected<crypto::PublicKey, std::string_view> requested_key(const json::Value& request,
                                                                 std::string_view challenge) {
  if (const auto csr = base64_member(request, "certificateSigningRequest")) {
    auto key = key_of_request(*csr);
    if (key) return *std::move(key);
    return std::unexpected(key.error().code == Errc::denied ? kBadProof : kBadCsr);
  }
  const std::string pem = text_of_member(request, "publicKeyRequest.publicKey.content");
  const auto key = crypto::PublicKey::from_pem(pem);
  if (!key) return std::unexpected(kBadKey);
  const auto proof = base64_member(request, "publicKeyRequest.proofOfPossession");
  if (!proof || !proves(*key, challenge, *proof)) return std::unexpected(kBadProof);
  return *key;
}

std::string token_of(const HttpRequest& request, const json::Value& body) {
  if (request.authorization) return std::string(text_of(request.authorization->reveal()));
  for (const auto& [name, value] : request.headers) {
    if (lower_ascii(name) == "authorization" && value.starts_with("Bearer "))
      return value.substr(7);
  }
  return text_of_member(body, "credentials.oidcIdentityToken");
}

}  // namespace

std::string VirtualIssuer::token(std::string_view subject, Time now, const Change& change_claims,
                                 const Change& change_header) const {
  json::Value header = object({{"alg", "RS256"}, {"typ", "JWT"}, {"kid", "virtual"}});
  json::Value claims = claims_of(*this, subject, now);
  if (change_header) change_header(header);
  if (change_claims) change_claims(claims);
  const std::string text = cat(segment(header), ".", segment(claims));
  const Bytes signature =
      key.sign(crypto::Message::of(key.scheme(), bytes_of(text)).value()).value();
  return cat(text, ".", to_base64url(signature));
}

VirtualIssuer github_issuer() {
  VirtualIssuer out;
  out.kind = Kind::github;
  out.url = "https://token.actions.githubusercontent.com";
  return out;
}

HttpResponse VirtualFulcio::configuration() const {
  json::Array issuers;
  for (const VirtualIssuer* one : issuers_) {
    issuers.push_back(object({{"issuerUrl", one->url},
                              {"audience", one->audience},
                              {"challengeClaim", one->kind == Kind::email ? "email" : "sub"},
                              {"spiffeTrustDomain", ""}}));
  }
  return json_answer(200, object({{"issuers", std::move(issuers)}}));
}

HttpResponse VirtualFulcio::sign(const HttpRequest& request) {
  const auto body = json::parse_strict(request.body);
  if (!body) return grpc_error(400, kInvalidArgument, "invalid character in request");
  const std::string token = token_of(request, *body);
  std::optional<Principal> principal;
  for (const VirtualIssuer* one : issuers_) {
    if (const auto claims = checked(token, *one, now)) principal = principal_of(*claims, *one);
  }
  if (!principal) return grpc_error(400, kInvalidArgument, kBadToken);
  const auto key = requested_key(*body, principal->challenge);
  if (!key) return grpc_error(400, kInvalidArgument, key.error());

  CertificateWish leaf = leaf_wish();
  leaf.from = now;
  leaf.to = now + std::chrono::minutes(10);
  leaf.for_key = *key;
  leaf.extensions = {key_usage(0x80), extended_key_usage({std::string(kCodeSigningPurpose)}),
                     alternative_names({principal->name})};
  leaf.extensions.insert(leaf.extensions.end(), principal->claims.begin(), principal->claims.end());
  if (change_leaf) change_leaf(leaf);
  std::vector<std::pair<const MadeLog*, SctWish>> logs;
  for (SctRequest one : scts) {
    one.wish.time = now;
    logs.emplace_back(&world_.ct_logs.at(one.log), one.wish);
  }
  const MadeCertificate made = logs.empty() ? issue(world_.intermediate, leaf)
                                            : issue_logged(world_.intermediate, leaf, logs);
  ++issued_;
  std::vector<Bytes> chain{made.der, world_.intermediate.der, world_.root.der};
  if (change_chain) change_chain(chain);
  json::Array certificates;
  for (const Bytes& one : chain) certificates.emplace_back(pem_of_certificate(one));
  return json_answer(
      200, object({{"signedCertificateEmbeddedSct",
                    object({{"chain", object({{"certificates", std::move(certificates)}})}})}}));
}

HttpResponse VirtualFulcio::serve(const HttpRequest& request) {
  const std::string_view path = path_of(request.url);
  if (request.method == "POST" && path == "/api/v2/signingCert") return sign(request);
  if (request.method == "GET" && path == "/api/v2/configuration") return configuration();
  if (request.method == "GET" && path == "/api/v2/trustBundle") {
    return json_answer(
        200, object({{"chains",
                      json::Array{object({{"certificates",
                                           json::Array{pem_of_certificate(world_.intermediate.der),
                                                       pem_of_certificate(world_.root.der)}}})}}}));
  }
  return grpc_error(404, 5, "Not Found");
}

}  // namespace sluice::test
