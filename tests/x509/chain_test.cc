// SPDX-License-Identifier: Apache-2.0
#include "x509/chain.h"

#include <gtest/gtest.h>

#include <thread>

#include "base/text.h"
#include "x509/support.h"

namespace sluice::x509 {
namespace {

using namespace test;

// A root, an intermediate and a leaf, made by wishes that a test changes.
struct ChainWorld {
  CertificateWish root = root_wish();
  CertificateWish intermediate = intermediate_wish();
  CertificateWish leaf = leaf_wish();
  Window window = kAlways;
  std::vector<Time> times{kSigned};
  ChainRules rules = kCodeSigning;
  bool intermediate_is_trusted = true;  // else it comes from outside
  bool root_is_trusted = true;

  Judged<VerifiedChain> verify() const {
    const MadeCertificate made_root = test::make_root(root);
    const MadeCertificate made_intermediate = issue(made_root, intermediate);
    const Certificate made_leaf = read(issue(made_intermediate, leaf));
    std::vector<Certificate> trusted;
    if (intermediate_is_trusted) trusted.push_back(read(made_intermediate));
    if (root_is_trusted) trusted.push_back(read(made_root));
    const std::vector authorities{Authority::from_chain(trusted, window).value()};
    const std::vector pool{read(made_intermediate)};
    return verify_chain(made_leaf, intermediate_is_trusted ? std::span<const Certificate>() : pool,
                        authorities, times, rules);
  }
};

struct ChainRow {
  const char* name;
  std::function<void(ChainWorld&)> change;
  const char* id = "";  // of the check that fails; empty: it passes
};

std::function<void(ChainWorld&)> signed_at(std::vector<const char*> texts) {
  return [=](ChainWorld& world) {
    world.times.clear();
    for (const char* text : texts) world.times.push_back(at(text));
  };
}
std::function<void(ChainWorld&)> changed_leaf(std::size_t index, Bytes value) {
  return [=](ChainWorld& world) { world.leaf.extensions[index] = value; };
}
std::function<void(ChainWorld&)> leaf_and(Bytes more) {
  return [=](ChainWorld& world) { world.leaf.extensions.push_back(more); };
}
std::function<void(ChainWorld&)> changed_intermediate(std::size_t index, Bytes value) {
  return [=](ChainWorld& world) { world.intermediate.extensions[index] = value; };
}
std::function<void(ChainWorld&)> root_and(Bytes more) {
  return [=](ChainWorld& world) { world.root.extensions.push_back(more); };
}
// Name constraints of the root on the leaf's e-mail address and others: 0 permitted, 1 excluded.
std::function<void(ChainWorld&)> constrained(unsigned kind, const Bytes& base,
                                             const std::vector<Bytes>& names) {
  const Bytes list = der_explicit(kind, der_sequence({base}));
  return [=](ChainWorld& world) {
    world.root.extensions.push_back(extension("2.5.29.30", true, der_sequence({list})));
    world.leaf.extensions[2] = alternative_names(names);
  };
}
Bytes not_critical_authority() {
  return extension("2.5.29.19", false, der_sequence({der_boolean(true)}));
}
Bytes purposes(std::vector<std::string> list) { return extended_key_usage(list); }

const std::string kCode(kCodeSigningPurpose);
const std::string kStamp(kTimeStampingPurpose);

const std::vector<ChainRow>& chain_rows() {
  static const std::vector<ChainRow> all{
      {"as made", [](ChainWorld&) {}},
      {"the intermediate from outside", [](ChainWorld& w) { w.intermediate_is_trusted = false; }},
      {"the intermediate as the anchor", [](ChainWorld& w) { w.root_is_trusted = false; }},
      {"no time", signed_at({}), "certificate.time"},
      {"64 times", [](ChainWorld& w) { w.times.assign(64, kSigned); }},
      {"65 times", [](ChainWorld& w) { w.times.assign(65, kSigned); }, "certificate.time"},

      {"first second of the leaf", signed_at({"2026-06-01T12:00:00Z"})},
      {"a second before it", signed_at({"2026-06-01T11:59:59Z"}), "certificate.validity"},
      {"last second of the leaf", signed_at({"2026-06-01T12:10:00Z"})},
      {"a second after it", signed_at({"2026-06-01T12:10:01Z"}), "certificate.validity"},
      {"two times", signed_at({"2026-06-01T12:00:00Z", "2026-06-01T12:10:00Z"})},
      {"two times, one of them late", signed_at({"2026-06-01T12:00:00Z", "2026-06-01T12:10:01Z"}),
       "certificate.validity"},
      {"the intermediate until that second", [](ChainWorld& w) { w.intermediate.to = kSigned; }},
      {"the intermediate until the second before",
       [](ChainWorld& w) { w.intermediate.to = kSigned - std::chrono::seconds(1); },
       "certificate.validity"},
      {"the root from that second", [](ChainWorld& w) { w.root.from = kSigned; }},
      {"the root from the second after",
       [](ChainWorld& w) { w.root.from = kSigned + std::chrono::seconds(1); },
       "certificate.validity"},
      {"trusted until that second", [](ChainWorld& w) { w.window.end = kSigned; }},
      {"trusted until the second before",
       [](ChainWorld& w) { w.window.end = kSigned - std::chrono::seconds(1); },
       "certificate.trust-window"},
      {"trusted from that second", [](ChainWorld& w) { w.window.start = kSigned; }},
      {"trusted from the second after",
       [](ChainWorld& w) { w.window.start = kSigned + std::chrono::seconds(1); },
       "certificate.trust-window"},

      {"no key usage of the intermediate",
       [](ChainWorld& w) {
         w.intermediate.extensions.erase(w.intermediate.extensions.begin() + 1);
       }},
      {"a key usage without certificates", changed_intermediate(1, key_usage(0x02)),
       "certificate.usage"},
      {"constraints that are not critical", changed_intermediate(0, not_critical_authority()),
       "certificate.constraints"},
      {"constraints that say no authority", changed_intermediate(0, basic_constraints(false)),
       "certificate.constraints"},
      {"no basic constraints",
       [](ChainWorld& w) { w.intermediate.extensions.erase(w.intermediate.extensions.begin()); },
       "certificate.constraints"},
      {"path length 1 at the root",
       [](ChainWorld& w) { w.root.extensions[0] = basic_constraints(true, 1); }},
      {"path length 0 at the root",
       [](ChainWorld& w) { w.root.extensions[0] = basic_constraints(true, 0); },
       "certificate.constraints"},
      {"depth 1", [](ChainWorld& w) { w.rules.depth = 1; }},
      {"depth 0", [](ChainWorld& w) { w.rules.depth = 0; }, "certificate.constraints"},

      {"no purposes of the intermediate",
       [](ChainWorld& w) { w.intermediate.extensions.pop_back(); }},
      {"any purpose of the intermediate", changed_intermediate(2, purposes({"2.5.29.37.0"}))},
      {"another purpose of the intermediate", changed_intermediate(2, purposes({kStamp})),
       "certificate.purpose"},
      {"two purposes of the leaf", changed_leaf(1, purposes({kCode, kStamp}))},
      {"another purpose of the leaf", changed_leaf(1, purposes({kStamp})), "certificate.purpose"},
      {"any purpose of the leaf", changed_leaf(1, purposes({"2.5.29.37.0"})),
       "certificate.purpose"},
      {"no purpose of the leaf",
       [](ChainWorld& w) { w.leaf.extensions.erase(w.leaf.extensions.begin() + 1); },
       "certificate.purpose"},

      {"the leaf's key for signatures and more", changed_leaf(0, key_usage(0xc0))},
      {"the leaf's key for encryption", changed_leaf(0, key_usage(0x20)), "certificate.usage"},
      {"no key usage of the leaf",
       [](ChainWorld& w) { w.leaf.extensions.erase(w.leaf.extensions.begin()); },
       "certificate.usage"},
      {"the leaf's key for certificates", changed_leaf(0, key_usage(0x84)), "certificate.usage"},
      {"the leaf says that it is no authority", leaf_and(basic_constraints(false))},
      {"the leaf is an authority",
       [](ChainWorld& w) {
         w.leaf.name = "authority";
         w.leaf.extensions[0] = key_usage(0x84);
         w.leaf.extensions.push_back(basic_constraints(true));
       },
       "certificate.constraints"},

      {"an unknown extension", leaf_and(extension("1.2.3.4", false, der_null()))},
      {"an unknown critical extension", leaf_and(extension("1.2.3.4", true, der_null())),
       "certificate.extensions"},
      {"an unknown critical extension of the root",
       root_and(extension("1.2.3.4", true, der_null())), "certificate.extensions"},
      {"critical policies",
       leaf_and(extension("2.5.29.32", true, der_sequence({der_sequence({der_oid("1.2.3")})})))},
      {"critical policy constraints",
       root_and(extension("2.5.29.36", true, der_sequence({der(0x80, Bytes{0})}))),
       "certificate.extensions"},
      {"a critical claim", leaf_and(extension("1.3.6.1.4.1.57264.1.12", true, der_text(0x0c, "x"))),
       "certificate.extensions"},
      {"a precertificate", leaf_and(extension("1.3.6.1.4.1.11129.2.4.3", true, der_null())),
       "certificate.extensions"},
      {"names that are not critical beside a subject",
       [](ChainWorld& w) {
         w.leaf.name = "somebody";
         w.leaf.extensions[2] = alternative_names({email_name("a@example.org")}, false);
       }},
      {"names that are not critical alone",
       changed_leaf(2, alternative_names({email_name("a@example.org")}, false)),
       "certificate.names"},
      {"a leaf with name constraints",
       leaf_and(extension("2.5.29.30", true,
                          der_sequence({der_explicit(0, der_sequence({dns_name("a.example")}))}))),
       "certificate.extensions"},

      {"a permitted mail host",
       constrained(0, email_name("example.org"), {email_name("a@Example.org")})},
      {"another mail host",
       constrained(0, email_name("example.org"), {email_name("a@x.example.org")}),
       "certificate.names"},
      {"a host below a mail domain",
       constrained(0, email_name(".example.org"), {email_name("a@x.example.org")})},
      {"the mail domain itself",
       constrained(0, email_name(".example.org"), {email_name("a@example.org")}),
       "certificate.names"},
      {"a permitted mailbox",
       constrained(0, email_name("a@example.org"), {email_name("a@EXAMPLE.org")})},
      {"a mailbox in other letters",
       constrained(0, email_name("a@example.org"), {email_name("A@example.org")}),
       "certificate.names"},
      {"an excluded host elsewhere",
       constrained(1, uri_name("example.org"), {uri_name("https://x.example.org/")})},
      {"an excluded host",
       constrained(1, uri_name("example.org"), {uri_name("https://u@example.org:8/x")}),
       "certificate.names"},
      {"a URI without a host", constrained(1, uri_name("example.org"), {uri_name("urn:x")}),
       "certificate.names"},
      {"a URI of an address",
       constrained(0, uri_name("example.org"), {uri_name("https://127.0.0.1/")}),
       "certificate.names"},
      {"constraints of another kind", constrained(0, dns_name("example.org"), {uri_name("urn:x")})},
      {"a permitted network",
       constrained(0, ip_name({10, 0, 0, 0, 255, 0, 0, 0}), {ip_name({10, 1, 2, 3})})},
      {"another network",
       constrained(0, ip_name({10, 0, 0, 0, 255, 0, 0, 0}), {ip_name({11, 1, 2, 3})}),
       "certificate.names"},
      {"a user name where other names are constrained",
       constrained(1, username_name("x"), {username_name("y")}), "certificate.names"},
      {"an address where user names are constrained",
       constrained(1, username_name("x"), {email_name("a@example.org")})},
  };
  return all;
}

TEST(Chain, KeepsEachRule) {
  for (const ChainRow& row : chain_rows()) {
    SCOPED_TRACE(row.name);
    ChainWorld world;
    row.change(world);
    const auto chain = world.verify();
    EXPECT_EQ(chain ? "" : chain.error().id, row.id) << (chain ? "" : chain.error().detail);
    // The same with an intermediate that nobody vouches for, which is held to the same rules.
    if (!world.root_is_trusted) continue;
    world.intermediate_is_trusted = !world.intermediate_is_trusted;
    const auto other = world.verify();
    EXPECT_EQ(other ? "" : other.error().id, row.id) << (other ? "" : other.error().detail);
  }
  EXPECT_EQ(chain_rows().size(), 67U);
}

TEST(Chain, SaysWhichCertificateWhatWasExpectedAndWhatWasFound) {
  ChainWorld world;
  world.times = {at("2026-06-01T12:10:01Z")};
  const auto chain = world.verify();
  ASSERT_FALSE(chain);
  const Check& check = chain.error();
  EXPECT_EQ(check.title, "certificate chain");
  EXPECT_EQ(check.outcome, Outcome::fail);
  EXPECT_EQ(check.detail, "it had expired by the time of the signature");
  EXPECT_EQ(check.expected, "a time from 2026-06-01 12:00:00Z to 2026-06-01 12:10:00Z");
  EXPECT_EQ(check.found, "2026-06-01 12:10:01Z");
  EXPECT_EQ(check.source, "the certificate of release@example.org");
}

TEST(Chain, NamesItsPath) {
  const auto chain = ChainWorld().verify();
  ASSERT_TRUE(chain);
  EXPECT_EQ(chain->path().size(), 3U);
  EXPECT_EQ(chain->issuer()->describe(), "CN=intermediate");
  EXPECT_EQ(chain->authority().label(), "CN=root");
  EXPECT_EQ(chain->detail(), "to CN=root, valid at 2026-06-01 12:00:02Z");
}

TEST(Chain, ASignatureByAnotherKeyIsRefused) {
  const MadeCertificate trusted = make_root();
  const MadeCertificate other = make_root();  // of the same name
  const std::vector authorities{Authority::from_chain({read(trusted)}, kAlways).value()};
  const std::array times{kSigned};
  EXPECT_TRUE(
      verify_chain(read(issue(trusted, leaf_wish())), {}, authorities, times, kCodeSigning));
  const auto chain =
      verify_chain(read(issue(other, leaf_wish())), {}, authorities, times, kCodeSigning);
  ASSERT_FALSE(chain);
  EXPECT_EQ(chain.error().id, "certificate.signature");
  // Its own root beside it changes nothing: what comes from outside is no anchor.
  const std::vector pool{read(other)};
  EXPECT_FALSE(
      verify_chain(read(issue(other, leaf_wish())), pool, authorities, times, kCodeSigning));
}

TEST(Chain, AnUnknownIssuerIsNamed) {
  const std::vector authorities{Authority::from_chain({read(make_root())}, kAlways).value()};
  const std::array times{kSigned};
  const MadeCertificate other = make_root(root_wish("other"));
  const auto chain =
      verify_chain(read(issue(other, leaf_wish())), {}, authorities, times, kCodeSigning);
  ASSERT_FALSE(chain);
  EXPECT_EQ(chain.error().id, "certificate.chain");
  EXPECT_EQ(chain.error().expected, "one issued by CN=root");
  EXPECT_EQ(chain.error().found, "one issued by CN=other");
  EXPECT_EQ(verify_chain(read(issue(other, leaf_wish())), {}, {}, times, kCodeSigning).error().id,
            "certificate.chain");
}

TEST(Chain, OneOfSeveralAuthoritiesSuffices) {
  const MadeCertificate made = make_root();
  const Window past{kAlways.start, at("2021-01-01T00:00:00Z")};
  const std::vector authorities{Authority::from_chain({read(made)}, past).value(),
                                Authority::from_chain({read(make_root())}, kAlways).value(),
                                Authority::from_chain({read(made)}, kAlways).value()};
  const std::array times{kSigned};
  const auto chain =
      verify_chain(read(issue(made, leaf_wish())), {}, authorities, times, kCodeSigning);
  ASSERT_TRUE(chain);
  EXPECT_EQ(chain->authority(), authorities[2]);
}

TEST(Chain, AnotherKeyOfTheSameNameDoesNotHideTheReason) {
  const MadeCertificate made = make_root();
  const std::vector authorities{Authority::from_chain({read(make_root())}, kAlways).value(),
                                Authority::from_chain({read(made)}, kAlways).value()};
  const std::array late{at("2026-06-01T12:10:01Z")};
  const auto chain =
      verify_chain(read(issue(made, leaf_wish())), {}, authorities, late, kCodeSigning);
  ASSERT_FALSE(chain);
  EXPECT_EQ(chain.error().id, "certificate.validity");
}

TEST(Chain, CirclesOfAuthoritiesEnd) {
  // Sixteen certificates of one name and key, each of which could have issued each other.
  const MadeCertificate self = make_root(root_wish("circle"));
  std::vector<Certificate> pool;
  for (std::size_t i = 0; i < kIntermediatesMost; ++i) {
    CertificateWish wish = root_wish("circle");
    wish.serial = der_integer(100 + i);
    wish.change_fields = [&](std::vector<Bytes>& fields) {
      fields[6] = self.key.public_key().der();
    };
    pool.push_back(read(issue(self, wish)));
  }
  const std::vector authorities{Authority::from_chain({read(make_root())}, kAlways).value()};
  const std::array times{kSigned};
  const Certificate end = read(issue(self, leaf_wish()));
  EXPECT_FALSE(verify_chain(end, pool, authorities, times, kCodeSigning));
  pool.push_back(pool.front());
  const auto chain = verify_chain(end, pool, authorities, times, kCodeSigning);
  ASSERT_FALSE(chain);
  EXPECT_EQ(chain.error().detail, "more certificates than a chain can need");
}

TEST(Authority, NeedsItsCertificatesInOrder) {
  const MadeCertificate root = make_root();
  const MadeCertificate intermediate = issue(root, intermediate_wish());
  EXPECT_TRUE(Authority::from_chain({read(intermediate), read(root)}, kAlways));
  EXPECT_FALSE(Authority::from_chain({read(root), read(intermediate)}, kAlways));
  EXPECT_FALSE(Authority::from_chain({}, kAlways));
}

TEST(Authority, ProvesItsLinksForAllItsCopies) {
  const MadeCertificate root = make_root();
  const MadeCertificate intermediate = issue(root, intermediate_wish());
  const auto good = Authority::from_chain({read(intermediate), read(root)}, kAlways).value();
  const Authority copy = good;
  EXPECT_TRUE(good.prove());
  EXPECT_TRUE(copy.prove());
  // A root of the same name with another key: only the signature can tell.
  const auto broken = Authority::from_chain({read(intermediate), read(make_root())}, kAlways);
  ASSERT_TRUE(broken) << broken.error().text();
  for (int i = 0; i < 2; ++i) {
    const auto proven = broken->prove();
    ASSERT_FALSE(proven);
    EXPECT_EQ(proven.error().code, Errc::malformed);
    EXPECT_NE(proven.error().what.find("was not signed by"), std::string::npos);
  }
}

TEST(Chain, DoesNotEndAtAnAuthorityThatIsBroken) {
  const MadeCertificate root = make_root();
  const MadeCertificate intermediate = issue(root, intermediate_wish());
  const Certificate end = read(issue(intermediate, leaf_wish()));
  const std::array times{kSigned};
  const auto good = Authority::from_chain({read(intermediate), read(root)}, kAlways).value();
  const auto broken =
      Authority::from_chain({read(intermediate), read(make_root())}, kAlways).value();
  EXPECT_TRUE(verify_chain(end, {}, std::array{good}, times, kCodeSigning));
  EXPECT_TRUE(verify_chain(end, {}, std::array{broken, good}, times, kCodeSigning));
  const auto refused = verify_chain(end, {}, std::array{broken}, times, kCodeSigning);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().id, "certificate.authority");
  EXPECT_NE(refused.error().detail.find("was not signed by"), std::string::npos);
}

TEST(Authority, IsSharedByThreads) {
  const MadeCertificate root = make_root();
  const std::vector authorities{Authority::from_chain({read(root)}, kAlways).value()};
  const Certificate end = read(issue(root, leaf_wish()));
  std::vector<std::jthread> threads;
  std::atomic<int> passed = 0;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      const std::array times{kSigned};
      for (int round = 0; round < 20; ++round) {
        const auto again = Certificate::from_der(end->der);
        if (verify_chain(*again, {}, authorities, times, kCodeSigning)) ++passed;
      }
    });
  }
  threads.clear();
  EXPECT_EQ(passed, 80);
}

}  // namespace
}  // namespace sluice::x509
