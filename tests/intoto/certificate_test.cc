// SPDX-License-Identifier: Apache-2.0
// Functionaries that are certificates, as in-toto-golang has them.
#include <gtest/gtest.h>

#include "base/codec.h"
#include "intoto/chain_builder.h"
#include "support/pki/pki.h"
#include "x509/certificate.h"

namespace sluice::intoto {
namespace {

using test::CertificateWish;
using test::ChainBuilder;
using test::MadeCertificate;
using test::refusal;

constexpr auto kWorkload = "spiffe://example.org/build";

std::string pem_of(const MadeCertificate& made) {
  return x509::Certificate::from_der(made.der)->pem();
}

struct Certified : ChainBuilder {
  MadeCertificate root = test::make_root();
  MadeCertificate between = test::issue(root, test::intermediate_wish());

  MadeCertificate certify(const std::string& name, std::string_view uri,
                          const MadeCertificate& issuer) {
    CertificateWish wish;
    wish.name = name;
    wish.extensions = {test::key_usage(0x80),
                       test::alternative_names({test::uri_name(uri)}, false)};
    return test::issue(issuer, wish);
  }

  // A step by any certificate with this name and URI, below the root.
  json::Value layout_for(const std::string& name, const std::string& uri) {
    step({.name = "build", .by = {}, .products = {"CREATE app", "DISALLOW *"}});
    auto out = layout();
    json::Value constraint;
    constraint.set("common_name", name);
    constraint.set("dns_names", json::Array{});
    constraint.set("emails", json::Array{});
    constraint.set("organizations", json::Array{json::Value("*")});
    constraint.set("roots", json::Array{json::Value("*")});
    constraint.set("uris", json::Array{json::Value(uri)});
    json::Value one = (*out.find("steps")->array())[0];
    one.set("cert_constraints", json::Array{constraint});
    out.set("steps", json::Array{one});
    out.set("rootcas", authority(root));
    out.set("intermediatecas", authority(between));
    return out;
  }
  static json::Value authority(const MadeCertificate& made) {
    json::Value keyval;
    keyval.set("certificate", pem_of(made));
    json::Value entry;
    entry.set("keyval", std::move(keyval));
    json::Value out;
    out.set(std::string(64, 'a'), std::move(entry));
    return out;
  }
  // The same step may be done by that key, too, and so many have to do it.
  json::Value layout_for_both(const crypto::PublicKey& key, int threshold) {
    json::Value out = layout_for("builder", kWorkload);
    const Key known(key);
    json::Value keys{json::Object{}};
    keys.set(known.python_id(), known.to_json(known.python_id()));
    json::Value one = (*out.find("steps")->array())[0];
    one.set("pubkeys", json::Array{json::Value(known.python_id())});
    one.set("threshold", threshold);
    out.set("keys", std::move(keys));
    out.set("steps", json::Array{one});
    return out;
  }
  // The link, signed by the certificate's key, with the certificate beside the signature.
  void write_by(const MadeCertificate& signer) {
    const auto text = sign_metadata(Wrapping::metablock,
                                    write_link(link("build", {}, {{"app", '1'}})), {&signer.key});
    ASSERT_TRUE(text) << text.error().text();
    auto value = *json::parse_strict(*text);
    json::Value signature = (*value.find("signatures")->array())[0];
    signature.set("cert", pem_of(signer));
    value.set("signatures", json::Array{signature});
    ASSERT_TRUE(system_files().replace(links / "build.0a1b2c3d.link", json::write(value)));
  }
};

TEST(CertificateFunctionary, IsKnownByItsNamesAndItsRoot) {
  Certified chain;
  const auto payload = json::write(chain.layout_for("builder", kWorkload));
  chain.write_by(chain.certify("builder", kWorkload, chain.between));
  EXPECT_EQ(refusal(chain.verify_payload(payload)), "");
  chain.write_by(chain.certify("builder", kWorkload, chain.root));
  EXPECT_EQ(refusal(chain.verify_payload(payload)), "");
}

TEST(CertificateFunctionary, RefusesOtherNamesAndOtherRoots) {
  Certified chain;
  const auto payload = json::write(chain.layout_for("builder", kWorkload));
  chain.write_by(chain.certify("other", kWorkload, chain.between));
  EXPECT_EQ(refusal(chain.verify_payload(payload)), "link.signature");
  chain.write_by(chain.certify("builder", "spiffe://example.org/eve", chain.between));
  EXPECT_EQ(refusal(chain.verify_payload(payload)), "link.signature");
  const auto stranger = test::make_root();
  chain.write_by(chain.certify("builder", kWorkload, stranger));
  EXPECT_EQ(refusal(chain.verify_payload(payload)), "link.signature");
}

TEST(CertificateFunctionary, RefusesOneThatIsNotValidNow) {
  Certified chain;
  const auto payload = json::write(chain.layout_for("builder", kWorkload));
  chain.write_by(chain.certify("builder", kWorkload, chain.between));
  chain.world.clock.set(*parse_rfc3339("2027-01-02T00:00:00Z"));
  auto late = *json::parse_strict(payload);
  late.set("expires", "2028-01-01T00:00:00Z");
  EXPECT_EQ(refusal(chain.verify_payload(json::write(late))), "link.signature");
}

TEST(CertificateFunctionary, RefusesASignatureByAnotherKey) {
  Certified chain;
  const auto payload = json::write(chain.layout_for("builder", kWorkload));
  auto made = chain.certify("builder", kWorkload, chain.between);
  made.key = *crypto::PrivateKey::generate(crypto::KeyType::ecdsa_p256);
  chain.write_by(made);
  EXPECT_EQ(refusal(chain.verify_payload(payload)), "link.signature");
}

TEST(CertificateFunctionary, AKeyAndACertificateForItAreOnePerson) {
  for (const bool same : {false, true}) {
    Certified chain;
    const auto made = chain.certify("builder", kWorkload, chain.between);
    const auto other = *crypto::PrivateKey::generate(crypto::KeyType::ecdsa_p256);
    const auto& key = same ? made.key : other;
    const auto payload = json::write(chain.layout_for_both(key.public_key(), 2));
    chain.write_by(made);
    const auto text = sign_metadata(
        Wrapping::metablock, write_link(ChainBuilder::link("build", {}, {{"app", '1'}})), {&key});
    chain.links.write(link_file_name("build", Key(key.public_key()).python_id()), *text);
    EXPECT_EQ(refusal(chain.verify_payload(payload)), same ? "link.threshold" : "");
  }
}

TEST(CertificateFunctionary, AStrangersCertificateSpoilsNoOtherSignature) {
  Certified chain;
  const auto key = *crypto::PrivateKey::generate(crypto::KeyType::ecdsa_p256);
  const auto payload = json::write(chain.layout_for_both(key.public_key(), 1));
  const auto stranger = chain.certify("other", kWorkload, chain.between);
  const auto text = *sign_metadata(Wrapping::metablock,
                                   write_link(ChainBuilder::link("build", {}, {{"app", '1'}})),
                                   {&key, &stranger.key});
  auto value = *json::parse_strict(text);
  json::Array signatures = *value.find("signatures")->array();
  signatures[2].set("cert", pem_of(stranger));
  value.set("signatures", json::Array{signatures[0], signatures[2]});
  chain.links.write(link_file_name("build", Key(key.public_key()).python_id()), json::write(value));
  EXPECT_EQ(refusal(chain.verify_payload(payload)), "");
  value.set("signatures", json::Array{signatures[2]});
  chain.links.write(link_file_name("build", Key(key.public_key()).python_id()), json::write(value));
  EXPECT_EQ(refusal(chain.verify_payload(payload)), "link.signature");
}

}  // namespace
}  // namespace sluice::intoto
