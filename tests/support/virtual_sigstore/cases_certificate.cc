// SPDX-License-Identifier: Apache-2.0
// Certificates that cannot be read, whose chain is not good, or which no log has seen.
#include "base/codec.h"
#include "base/text.h"
#include "support/virtual_sigstore/case_table.h"

namespace sluice::test {

namespace {

void add_format(CaseTable& table) {
  const auto leaf = [&](std::string_view name, std::string_view why,
                        const ChangeBytes& change) -> BundleCase& {
    return table.add(
        cat("certificate.format/", name), std::string(why),
        broken(rekor_v1(), [&](json::Value& bundle) { change_base64(bundle, kLeafPath, change); }));
  };
  leaf("trailing", "a byte behind it", [](Bytes& der) { der.push_back(0); });
  leaf("truncated", "a byte less", [](Bytes& der) { der.pop_back(); });
  leaf("empty", "nothing", [](Bytes& der) { der.clear(); });
  leaf("garbage", "no DER", [](Bytes& der) { der.assign(64, 0xff); });
  leaf("pem", "PEM where DER is due",
       [](Bytes& der) { der = copy_of(bytes_of(pem_of_certificate(der))); });
  leaf("long-length", "a length written longer than it has to be", [](Bytes& der) {
    der.erase(der.begin() + 1);
    der.insert(der.begin() + 1, {0x83, 0x00});
  });
  const auto chain = [](SignWish wish, const std::function<void(std::vector<Bytes>&)>& change) {
    wish = with_version(std::move(wish), kMedia02);
    wish.change_chain = change;
    return wish;
  };
  table
      .add("certificate.format/root-in-chain", "the anchor comes along, as if it proved anything",
           chain(rekor_v1(),
                 [&table](std::vector<Bytes>& list) { list.push_back(table.world().root.der); }))
      .peer = "looks at the leaf alone";
  table
      .add("certificate.format/second-garbage", "the second certificate cannot be read",
           chain(rekor_v1(), [](std::vector<Bytes>& list) { list[1].push_back(0); }))
      .peer = "looks at the leaf alone";
  SignWish wish = rekor_v1();
  wish.material = Material::chain;
  table.add("certificate.format/chain-in-0.3", "the third version has one certificate", wish);
  wish = rekor_v1();
  wish.claims = {fulcio_extension(1, kIssuer), fulcio_extension(8, "https://other.example.org")};
  table.add("certificate.format/two-issuers", "it names two issuers", wish);
  table
      .add("certificate.format/key-where-identity-is-asked",
           "signed by a key, and an identity is asked for", by_key(rekor_v1()))
      .policy = {.identity = std::string(kIdentity), .issuer = std::string(kIssuer)};
  BundleCase& other = table.add("bundle.key/certificate-where-key-is-asked",
                                "signed with a certificate, and a key is asked for", rekor_v1());
  other.policy = {
      .key = crypto::PrivateKey::generate(crypto::KeyType::ecdsa_p256).value().public_key().pem()};
  table.add("bundle.key/other-hint", "the hint is another key's", by_key(rekor_v1())).policy.key =
      other.policy.key;
}

void add_chain(CaseTable& table) {
  const VirtualSigstore stranger;
  table.add("certificate.chain/untrusted", "an authority that is not trusted", rekor_v1(),
            [&](json::Value& root) {
              json::Value other = json::parse_strict(stranger.trusted_root()).value();
              set(root, "certificateAuthorities", at(other, "certificateAuthorities"));
            });
  table.add("certificate.chain/no-authorities", "nobody is trusted", rekor_v1(),
            [](json::Value& root) { set(root, "certificateAuthorities", json::Array{}); });
  table.add("good/two-authorities", "the second of two authorities of one name", rekor_v1(),
            [&](json::Value& root) {
              json::Value other = json::parse_strict(stranger.trusted_root()).value();
              json::Array& list = *at(root, "certificateAuthorities").array();
              list.insert(list.begin(), at(other, "certificateAuthorities.0"));
            });
  table.add("certificate.signature/flipped", "the authority's name, and not its signature",
            certified(rekor_v1(), [](CertificateWish& leaf) {
              leaf.change_whole = [](std::vector<Bytes>& whole) { whole[2].back() ^= 1U; };
            }));
  const auto window = [](std::string_view start, std::string_view end) {
    return [=](json::Value& root) {
      set(root, "certificateAuthorities.0.validFor", object({{"start", start}, {"end", end}}));
    };
  };
  table.add("good/authority-window-ends", "the last second of the authority's window", rekor_v1(),
            window("2026-01-01T00:00:00Z", "2026-06-01T12:00:03Z"));
  table.add("certificate.trust-window/after", "logged after the authority was trusted", rekor_v1(),
            window("2026-01-01T00:00:00Z", "2026-06-01T12:00:02Z"));
  table.add("certificate.trust-window/before", "logged before the authority was trusted",
            rekor_v1(), window("2026-06-01T12:00:04Z", "2027-01-01T00:00:00Z"));
}

// The certificate in the middle had run out (CVE-2026-24122).
void add_intermediate(CaseTable& table, std::string id, std::string why,
                      const std::function<void(CertificateWish&)>& change) {
  VirtualSigstore world;
  CertificateWish wish = intermediate_wish("virtual intermediate");
  change(wish);
  world.intermediate = issue(world.root, wish);
  table.add(std::move(id), std::move(why), world.sign(kArtifact, rekor_v1())).trusted_root =
      world.trusted_root();
}

void add_authorities(CaseTable& table) {
  add_intermediate(table, "good/intermediate-expires-then", "the intermediate's last second",
                   [](CertificateWish& wish) { wish.to = at("2026-06-01T12:00:03Z"); });
  add_intermediate(table, "certificate.validity/intermediate",
                   "the intermediate had run out, and the leaf had not",
                   [](CertificateWish& wish) { wish.to = at("2026-06-01T12:00:02Z"); });
  add_intermediate(
      table, "certificate.constraints/intermediate-is-none", "the intermediate is no authority",
      [](CertificateWish& wish) { wish.extensions = {basic_constraints(false), key_usage(0x80)}; });
  add_intermediate(table, "certificate.purpose/intermediate", "the intermediate is for servers",
                   [](CertificateWish& wish) {
                     wish.extensions = {basic_constraints(true, 0), key_usage(0x06),
                                        extended_key_usage({"1.3.6.1.5.5.7.3.1"})};
                   });
  // The trusted root has the anchor alone: the rest of the chain comes along.
  table
      .add("good/intermediate-from-bundle", "the bundle brings the intermediate",
           with_version(rekor_v1(), kMedia02),
           [](json::Value& root) {
             erase(root, "certificateAuthorities.0.certChain.certificates.0");
           })
      .peer = "takes intermediates from the trusted root alone";
  table.add(
      "certificate.chain/intermediate-missing", "nobody brings the intermediate", rekor_v1(),
      [](json::Value& root) { erase(root, "certificateAuthorities.0.certChain.certificates.0"); });
  const auto names = [](std::string_view host) {
    // RFC 5280 4.2.1.10: the host of an e-mail address.
    return extension("2.5.29.30", true,
                     der_sequence({der_explicit(0, der_sequence({email_name(host)}))}));
  };
  add_intermediate(table, "good/name-constraints", "the intermediate may certify that host",
                   [&](CertificateWish& wish) { wish.extensions.push_back(names("example.org")); });
  add_intermediate(table, "certificate.names/constraints",
                   "the intermediate may certify another host",
                   [&](CertificateWish& wish) { wish.extensions.push_back(names("example.net")); });
}

void add_leaf(CaseTable& table) {
  const auto leaf = [&](std::string_view id, std::string_view why,
                        const std::function<void(CertificateWish&)>& change) -> BundleCase& {
    return table.add(std::string(id), std::string(why), certified(rekor_v1(), change));
  };
  leaf("certificate.purpose/server", "it is for servers", [](CertificateWish& wish) {
    wish.extensions[1] = extended_key_usage({"1.3.6.1.5.5.7.3.1"});
  });
  leaf("certificate.usage/encryption", "its key must not sign", [](CertificateWish& wish) {
    wish.extensions[0] = key_usage(0x20);
  }).peer = "does not look at it";
  leaf("certificate.constraints/authority", "it is an authority's", [](CertificateWish& wish) {
    wish.extensions[0] = key_usage(0x84);
    wish.extensions.push_back(basic_constraints(true));
  }).peer = "does not look at it";
  leaf("certificate.extensions/unknown-critical",
       "it says something critical that is not understood", [](CertificateWish& wish) {
         wish.extensions.push_back(extension("1.3.6.1.4.1.57264.1.99", true, der_null()));
       });
  leaf("good/unknown-extension", "the same, not critical", [](CertificateWish& wish) {
    wish.extensions.push_back(extension("1.3.6.1.4.1.57264.1.99", false, der_text(0x0c, "new")));
  });
  leaf("certificate.names/none", "it names nobody",
       [](CertificateWish& wish) { wish.extensions.erase(wish.extensions.begin() + 2); });
  leaf("certificate.names/not-critical", "its subject is empty, and the other name not critical",
       [](CertificateWish& wish) {
         wish.extensions[2] = alternative_names({email_name(kIdentity)}, false);
       })
      .peer = "does not look at it";
}

void add_scts(CaseTable& table) {
  const auto seen = [](std::vector<SctRequest> scts) {
    SignWish wish = rekor_v1();
    wish.scts = std::move(scts);
    return wish;
  };
  const SctWish extended{.extensions = {0, 0, 5, 0, 0, 0, 12, 34}};
  table.add("good/sct-extension", "a tiled log's leaf index is signed too",
            seen({{.wish = extended}}));
  table.add("good/sct-two-of-two", "both logs have seen it", seen({{.log = 0}, {.log = 1}}))
      .policy.scts = 2;
  SctWish changed = extended;
  changed.change_signed = [](Bytes& entry) { entry.back() ^= 1U; };
  table.add("certificate.sct/other-extension", "the extension is not what was signed",
            seen({{.wish = changed}}));
  table.add("certificate.sct/none", "no log has seen it", seen({}));
  table.add("certificate.sct/unknown-log", "a log that is not trusted", rekor_v1(),
            [](json::Value& root) { erase(root, "ctlogs.0"); });
  table.add("good/sct-unknown-log-beside", "a log that is not trusted beside a good one",
            seen({{.log = 0}, {.log = 1}}), [](json::Value& root) { erase(root, "ctlogs.0"); });
  table.add("certificate.sct/other-key", "another key by the same id", rekor_v1(),
            [](json::Value& root) {
              set(root, "ctlogs.0.publicKey.rawBytes",
                  json::Value(text_at(root, "ctlogs.1.publicKey.rawBytes")));
            });
  table.add("certificate.sct/flipped", "another signature",
            seen({{.wish = {.change_sct = [](Bytes& sct) { sct.back() ^= 1U; }}}}));
  table.add("certificate.sct/other-certificate", "the log has seen another certificate",
            seen({{.wish = {.change_signed = [](Bytes& entry) { entry[60] ^= 1U; }}}}));
  table.add("certificate.sct/one-of-two", "two logs are asked for", rekor_v1()).policy.scts = 2;
  table
      .add("certificate.sct/one-log-twice", "two SCTs of one log are one witness",
           seen({{.log = 0}, {.log = 0, .wish = extended}}))
      .policy.scts = 2;
  const auto window = [](std::string_view end) {
    return [=](json::Value& root) {
      set(root, "ctlogs.0.publicKey.validFor",
          object({{"start", "2026-01-01T00:00:00Z"}, {"end", end}}));
    };
  };
  table.add("good/sct-window-ends", "seen while the log was trusted", rekor_v1(),
            window("2026-06-01T12:00:02Z"));
  table.add("certificate.sct/after-window", "seen after the log was trusted", rekor_v1(),
            window("2026-06-01T12:00:00Z"));
  table.add("certificate.sct/list-truncated", "a list whose length lies",
            certified(seen({}), [](CertificateWish& leaf) {
              leaf.extensions.push_back(extension("1.3.6.1.4.1.11129.2.4.2", false,
                                                  der_octets(Bytes{0x00, 0x78, 0x00, 0x76, 0x00})));
            }));
}

}  // namespace

void add_certificate_cases(CaseTable& table) {
  add_format(table);
  add_chain(table);
  add_authorities(table);
  add_leaf(table);
  add_scts(table);
}

}  // namespace sluice::test
