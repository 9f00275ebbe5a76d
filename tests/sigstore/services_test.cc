// SPDX-License-Identifier: Apache-2.0
// The virtual services answer as the real ones do: what a client makes of their answers passes an
// independent verifier, and what real services refuse is refused.
#include "support/virtual_sigstore/services.h"

#include <gtest/gtest.h>

#include "base/codec.h"
#include "base/text.h"
#include "support/program.h"
#include "support/temp_folder.h"
#include "support/virtual_sigstore/entry.h"

namespace sluice::test {
namespace {

using crypto::HashAlgorithm;
using crypto::KeyType;
using crypto::PrivateKey;

constexpr std::string_view kSigned = "signed over the wire";

Bytes sign_with(const PrivateKey& key, std::string_view text) {
  return key.sign(crypto::Message::of(key.scheme(), bytes_of(text)).value()).value();
}

// A client in the fewest words.
class ServicesOverHttp : public testing::Test {
 protected:
  HttpResponse ask(std::string method, std::string url, std::string body = {},
                   Headers headers = {}) {
    HttpRequest request;
    request.method = std::move(method);
    request.url = std::move(url);
    request.body = std::move(body);
    request.headers = std::move(headers);
    return services_.send(request).value();
  }
  HttpResponse post(std::string url, const json::Value& body) {
    return ask("POST", std::move(url), json::write(body));
  }

  HttpResponse request_certificate(const std::string& token, std::string_view challenge) {
    return post("https://fulcio.example.org/api/v2/signingCert",
                object({{"credentials", object({{"oidcIdentityToken", token}})},
                        {"publicKeyRequest",
                         object({{"publicKey", object({{"algorithm", "ECDSA"},
                                                       {"content", key_.public_key().pem()}})},
                                 {"proofOfPossession", to_base64(sign_with(key_, challenge))}})}}));
  }
  // The DER of the leaf.
  static Bytes leaf_of(const HttpResponse& answer) {
    json::Value document = json::parse_strict(answer.body).value();
    std::string pem = text_at(document, "signedCertificateEmbeddedSct.chain.certificates.0");
    replace(pem, "-----BEGIN CERTIFICATE-----", "");
    replace(pem, "-----END CERTIFICATE-----", "");
    std::erase(pem, '\n');
    return from_base64(pem).value();
  }

  json::Value v2_request(const Bytes& leaf) const {
    return object(
        {{"hashedRekordRequestV002",
          object(
              {{"digest", to_base64(digest_.bytes())},
               {"signature",
                object({{"content", to_base64(signature_)},
                        {"verifier", object({{"keyDetails", "PKIX_ECDSA_P256_SHA_256"},
                                             {"x509Certificate",
                                              object({{"rawBytes", to_base64(leaf)}})}})}})}})}});
  }
  json::Value v1_request(const Bytes& leaf) const {
    return object(
        {{"apiVersion", "0.0.1"},
         {"kind", "hashedrekord"},
         {"spec",
          object({{"data",
                   object({{"hash", object({{"algorithm", "sha256"}, {"value", digest_.hex()}})}})},
                  {"signature", object({{"content", to_base64(signature_)},
                                        {"publicKey", object({{"content", base64(pem_of_certificate(
                                                                              leaf))}})}})}})}});
  }
  std::string stamp_query() const {
    const auto imprint = crypto::digest_of(HashAlgorithm::sha256, signature_);
    return std::string(text_of(der_sequence(
        {der_integer(1),
         der_sequence({digest_algorithm(HashAlgorithm::sha256), der_octets(imprint.bytes())}),
         der_integer(0x1234567890), der_boolean(true)})));
  }
  HttpResponse request_stamp(std::string query) {
    return ask("POST", "https://stamps0.example.org/api/v1/timestamp", std::move(query),
               {{"Content-Type", "application/timestamp-query"}});
  }

  std::string bundle(const Bytes& leaf, json::Value entry, const std::string& stamp) const {
    json::Value material = object({{"certificate", object({{"rawBytes", to_base64(leaf)}})},
                                   {"tlogEntries", json::Array{std::move(entry)}}});
    if (!stamp.empty()) {
      material.set("timestampVerificationData",
                   object({{"rfc3161Timestamps",
                            json::Array{object({{"signedTimestamp", base64(stamp)}})}}}));
    }
    return json::write(object(
        {{"mediaType", kMedia03},
         {"verificationMaterial", std::move(material)},
         {"messageSignature",
          object({{"messageDigest",
                   object({{"algorithm", "SHA2_256"}, {"digest", to_base64(digest_.bytes())}})},
                  {"signature", to_base64(signature_)}})}}));
  }

  // What sigstore-go says of it, where it is on PATH.
  void expect_peer_accepts(const std::string& text, std::string_view identity,
                           std::string_view issuer) const {
    const auto peer = find_program("sigstore-go");
    if (!peer) GTEST_SKIP() << "sigstore-go is not on PATH";
    const TempFolder folder;
    const Ran ran =
        Program(*peer)({"verify-bundle", "--bundle", folder.write("bundle.json", text).string(),
                        "--certificate-identity", std::string(identity),
                        "--certificate-oidc-issuer", std::string(issuer), "--trusted-root",
                        folder.write("root.json", services_.trusted_root()).string(),
                        folder.write("artifact", kSigned).string()});
    EXPECT_EQ(ran.exit_code, 0) << ran.err << text;
  }

  VirtualServices services_;
  PrivateKey key_ = PrivateKey::generate(KeyType::ecdsa_p256).value();
  crypto::Digest digest_ = crypto::digest_of(HashAlgorithm::sha256, bytes_of(kSigned));
  Bytes signature_ = sign_with(key_, kSigned);
};

constexpr std::string_view kV1 = "https://rekor.example.org";
constexpr std::string_view kV2 = "https://log2026.rekor.example.org";

TEST_F(ServicesOverHttp, MakeABundleOfTheSecondGeneration) {
  const auto certified = request_certificate(services_.issuer.token(kIdentity), kIdentity);
  ASSERT_EQ(certified.status, 200) << certified.body;
  const Bytes leaf = leaf_of(certified);
  services_.rekor_v2.add_other("somebody else's entry");
  const auto logged = post(cat(kV2, "/api/v2/log/entries"), v2_request(leaf));
  ASSERT_EQ(logged.status, 201) << logged.body;
  const auto stamp = request_stamp(stamp_query());
  ASSERT_EQ(stamp.status, 200) << stamp.body;
  json::Value entry = json::parse_strict(logged.body).value();
  EXPECT_EQ(text_at(entry, "logIndex"), "1");
  expect_peer_accepts(bundle(leaf, std::move(entry), stamp.body), kIdentity, kIssuer);
}

TEST_F(ServicesOverHttp, MakeABundleOfTheFirstGeneration) {
  const std::string token = services_.github.token("example/app");
  const auto certified = request_certificate(token, "repo:example/app:ref:refs/heads/main");
  ASSERT_EQ(certified.status, 200) << certified.body;
  const Bytes leaf = leaf_of(certified);
  services_.rekor_v1.add_other("somebody else's entry");
  const auto logged = post(cat(kV1, "/api/v1/log/entries"), v1_request(leaf));
  ASSERT_EQ(logged.status, 201) << logged.body;
  json::Value document = json::parse_strict(logged.body).value();
  const auto& [id, read] = document.object()->front();
  EXPECT_EQ(id.size(), 80U);
  EXPECT_EQ(logged.header("etag"), id);
  json::Value entry = read;
  const auto number = [&](std::string_view path) { return cat(*at(entry, path).integer()); };
  const auto hex = [&](std::string_view path) {
    return to_base64(from_hex(text_at(entry, path)).value());
  };
  json::Array hashes;
  for (const auto& one : *at(entry, "verification.inclusionProof.hashes").array()) {
    hashes.emplace_back(to_base64(from_hex(*one.string()).value()));
  }
  const std::string proof = "verification.inclusionProof.";
  json::Value made = object(
      {{"logIndex", number("logIndex")},
       {"logId", object({{"keyId", hex("logID")}})},
       {"kindVersion", object({{"kind", "hashedrekord"}, {"version", "0.0.1"}})},
       {"integratedTime", number("integratedTime")},
       {"inclusionPromise",
        object({{"signedEntryTimestamp", text_at(entry, "verification.signedEntryTimestamp")}})},
       {"inclusionProof",
        object({{"logIndex", number(proof + "logIndex")},
                {"rootHash", hex(proof + "rootHash")},
                {"treeSize", number(proof + "treeSize")},
                {"hashes", std::move(hashes)},
                {"checkpoint", object({{"envelope", text_at(entry, proof + "checkpoint")}})}})},
       {"canonicalizedBody", text_at(entry, "body")}});
  expect_peer_accepts(
      bundle(leaf, std::move(made), ""),
      "https://github.com/example/app/.github/workflows/release.yml@refs/heads/main",
      "https://token.actions.githubusercontent.com");
}

TEST_F(ServicesOverHttp, RefuseTokensThatDoNotHold) {
  const auto status = [&](const std::string& token) {
    return request_certificate(token, kIdentity).status;
  };
  const Time now = services_.fulcio.now;
  const VirtualIssuer& issuer = services_.issuer;
  const auto changed = [&](const Change& change) { return issuer.token(kIdentity, now, change); };
  EXPECT_EQ(status(issuer.token(kIdentity, now)), 200);
  EXPECT_EQ(status(issuer.token(kIdentity, now - std::chrono::minutes(10))), 400);
  EXPECT_EQ(status(changed([](json::Value& claims) { set(claims, "aud", "other"); })), 400);
  EXPECT_EQ(status(changed([](json::Value& claims) { set(claims, "iss", "https://x.example"); })),
            400);
  EXPECT_EQ(status(changed([](json::Value& claims) { set(claims, "email_verified", false); })),
            400);
  EXPECT_EQ(status(changed([](json::Value& claims) { erase(claims, "email"); })), 400);
  std::string forged = issuer.token(kIdentity, now);
  forged[forged.find('.') + 5] ^= 1;
  EXPECT_EQ(status(forged), 400);
  EXPECT_EQ(status(""), 400);
  EXPECT_EQ(services_.fulcio.issued(), 1U);
}

TEST_F(ServicesOverHttp, RefuseAKeyWithoutItsProof) {
  const std::string token = services_.issuer.token(kIdentity);
  EXPECT_EQ(request_certificate(token, kIdentity).status, 200);
  const auto wrong = request_certificate(token, "somebody else");
  EXPECT_EQ(wrong.status, 400);
  EXPECT_TRUE(has(wrong.body, "could not be verified")) << wrong.body;
}

TEST_F(ServicesOverHttp, TakeARequestThatSignedItself) {
  const auto request = [&](const PrivateKey& signer) {
    const Bytes info = der_sequence(
        {der_integer(0), der_sequence({}), key_.public_key().der(), der_explicit(0, Bytes{})});
    const Bytes der = der_sequence(
        {info, signature_algorithm(signer.scheme()), der_bits(sign_with(signer, text_of(info)))});
    const std::string pem = cat("-----BEGIN CERTIFICATE REQUEST-----\n", to_base64(der),
                                "\n-----END CERTIFICATE REQUEST-----\n");
    return post(
        "https://fulcio.example.org/api/v2/signingCert",
        object({{"credentials", object({{"oidcIdentityToken", services_.issuer.token(kIdentity)}})},
                {"certificateSigningRequest", base64(pem)}}));
  };
  EXPECT_EQ(request(key_).status, 200);
  EXPECT_EQ(request(PrivateKey::generate(KeyType::ecdsa_p256).value()).status, 400);
}

TEST_F(ServicesOverHttp, TellWhomTheyTakeTokensFrom) {
  const auto answer = ask("GET", "https://fulcio.example.org/api/v2/configuration");
  json::Value document = json::parse_strict(answer.body).value();
  EXPECT_EQ(text_at(document, "issuers.0.challengeClaim"), "email");
  EXPECT_EQ(text_at(document, "issuers.1.challengeClaim"), "sub");
  EXPECT_EQ(ask("GET", "https://fulcio.example.org/api/v2/trustBundle").status, 200);
  EXPECT_EQ(ask("GET", "https://fulcio.example.org/api/v1/other").status, 404);
}

TEST_F(ServicesOverHttp, LogEnvelopesAndProveThatTheyGrow) {
  SignWish wish = in_envelope(by_key(rekor_v1()));
  const Made made = services_.world.sign(kSigned, wish);
  const auto request = [&](const std::string& envelope) {
    return post(
        cat(kV1, "/api/v1/log/entries"),
        object({{"apiVersion", "0.0.1"},
                {"kind", "dsse"},
                {"spec", object({{"proposedContent",
                                  object({{"envelope", envelope},
                                          {"verifiers", json::Array{base64(
                                                            made.key.public_key().pem())}}})}})}}));
  };
  services_.rekor_v1.add_other("somebody else's entry");
  const auto logged = request(json::write(envelope_of(made)));
  ASSERT_EQ(logged.status, 201) << logged.body;
  // The body is the very one that bundles bring along.
  json::Value document = json::parse_strict(logged.body).value();
  json::Value own = services_.world.entry({.log = kLogV1}, made);
  EXPECT_EQ(text_at(document.object()->front().second, "body"), text_at(own, "canonicalizedBody"));
  json::Value other = envelope_of(made);
  change_base64(other, "payload", flip_last);
  EXPECT_EQ(request(json::write(other)).status, 400);
  const auto proof = ask("GET", cat(kV1, "/api/v1/log/proof?firstSize=1&lastSize=2"));
  json::Value hashes = json::parse_strict(proof.body).value();
  EXPECT_EQ(text_at(hashes, "hashes.0"),
            to_hex(leaf_hash(bytes_of(services_.rekor_v1.bodies()[1]))));
}

TEST_F(ServicesOverHttp, SayWhereAnEqualEntryIs) {
  const Bytes leaf = leaf_of(request_certificate(services_.issuer.token(kIdentity), kIdentity));
  for (int i = 0; i < 300; ++i) services_.rekor_v2.add_other(cat("entry ", i));
  ASSERT_EQ(post(cat(kV2, "/api/v2/log/entries"), v2_request(leaf)).status, 201);
  const auto again = post(cat(kV2, "/api/v2/log/entries"), v2_request(leaf));
  EXPECT_EQ(again.status, 409);
  EXPECT_EQ(again.header("x-log-index"), "300");
  ASSERT_EQ(post(cat(kV1, "/api/v1/log/entries"), v1_request(leaf)).status, 201);
  const auto twice = post(cat(kV1, "/api/v1/log/entries"), v1_request(leaf));
  EXPECT_EQ(twice.status, 409);
  const auto old = ask("GET", cat(kV1, twice.header("location").value_or("")));
  EXPECT_EQ(old.status, 200) << old.body;
  EXPECT_EQ(ask("GET", cat(kV1, "/api/v1/log/entries?logIndex=4163431")).status, 200);
  EXPECT_EQ(ask("GET", cat(kV1, "/api/v1/log/entries?logIndex=4163432")).status, 404);
}

TEST_F(ServicesOverHttp, ServeTheFilesOfALog) {
  for (int i = 0; i < 301; ++i) services_.rekor_v2.add_other(cat("entry ", i));
  const auto file = [&](std::string_view name) { return ask("GET", cat(kV2, "/api/v2/", name)); };
  const auto whole = file("tile/0/000");
  const auto part = file("tile/0/001.p/45");
  ASSERT_EQ(whole.body.size(), 256U * 32);
  ASSERT_EQ(part.body.size(), 45U * 32);
  EXPECT_EQ(file("tile/1/000.p/1").body.size(), 32U);
  EXPECT_EQ(file("tile/0/001").status, 404);
  EXPECT_EQ(file("tile/0/001.p/46").status, 404);
  EXPECT_EQ(text_of(leaf_hash(bytes_of("entry 300"))), part.body.substr(44 * 32UL));
  const auto entries = file("tile/entries/001.p/45");
  EXPECT_EQ(entries.body.substr(0, 11), std::string("\0\x09", 2) + "entry 256");
  EXPECT_TRUE(has(file("checkpoint").body, "log2026.rekor.example.org\n301\n"));
}

TEST_F(ServicesOverHttp, RefuseWhatTheRealOnesRefuse) {
  const Bytes leaf = leaf_of(request_certificate(services_.issuer.token(kIdentity), kIdentity));
  json::Value unknown = v2_request(leaf);
  set(unknown, "hashedRekordRequestV002.more", 1);
  EXPECT_EQ(post(cat(kV2, "/api/v2/log/entries"), unknown).status, 400);
  json::Value wrong = v2_request(leaf);
  change_base64(wrong, "hashedRekordRequestV002.digest", flip_last);
  EXPECT_EQ(post(cat(kV2, "/api/v2/log/entries"), wrong).status, 400);
  services_.rekor_v2.frozen = true;
  EXPECT_EQ(post(cat(kV2, "/api/v2/log/entries"), v2_request(leaf)).status, 405);
  EXPECT_EQ(services_.rekor_v2.size(), 0U);
  EXPECT_EQ(request_stamp("no query").status, 400);
  EXPECT_EQ(ask("POST", "https://stamps0.example.org/api/v1/timestamp", stamp_query()).status, 415);
}

TEST_F(ServicesOverHttp, HaveBadDaysAsTheyAreTold) {
  int asked = 0;
  services_.rekor_v2.hooks.before = [&](const HttpRequest&) -> std::optional<Answer> {
    if (asked++ == 0) return busy(503, {{"retry-after", "1"}});
    return std::nullopt;
  };
  services_.rekor_v2.hooks.after = [&](Answer& answer) {
    if (asked == 2) answer = dropped();  // committed, and the answer is lost
  };
  const Bytes leaf = leaf_of(request_certificate(services_.issuer.token(kIdentity), kIdentity));
  HttpRequest request;
  request.method = "POST";
  request.url = cat(kV2, "/api/v2/log/entries");
  request.body = json::write(v2_request(leaf));
  EXPECT_EQ(services_.send(request)->status, 503);
  EXPECT_EQ(services_.rekor_v2.size(), 0U);
  EXPECT_FALSE(services_.send(request));
  EXPECT_EQ(services_.rekor_v2.size(), 1U);
  EXPECT_EQ(services_.send(request)->status, 409);
  EXPECT_EQ(services_.rekor_v2.requests("POST /api/v2/log/entries"), 3U);
}

}  // namespace
}  // namespace sluice::test
