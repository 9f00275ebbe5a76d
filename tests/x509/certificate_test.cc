// SPDX-License-Identifier: Apache-2.0
#include "x509/certificate.h"

#include <gtest/gtest.h>

#include "base/codec.h"
#include "base/text.h"
#include "x509/support.h"

namespace sluice::x509 {
namespace {

using namespace test;

const MadeCertificate& issuer_root() {
  static const MadeCertificate made = make_root();
  return made;
}

Result<Certificate> leaf_with(const std::function<void(CertificateWish&)>& change) {
  CertificateWish wish = leaf_wish();
  change(wish);
  return Certificate::from_der(issue(issuer_root(), wish).der);
}

// A change of a good leaf, and what has to be in the error; empty: it is accepted. A refusal has
// its smallest accepted neighbour in the row before it.
struct CertificateRow {
  const char* name;
  std::function<void(CertificateWish&)> change;
  const char* error = "";
};

std::function<void(CertificateWish&)> with_names(std::vector<Bytes> list) {
  return [list](CertificateWish& wish) { wish.extensions[2] = alternative_names(list); };
}
std::function<void(CertificateWish&)> with_extension(Bytes more) {
  return [more](CertificateWish& wish) { wish.extensions.push_back(more); };
}
std::function<void(CertificateWish&)> changed_field(std::size_t index, Bytes value) {
  return [=](CertificateWish& wish) {
    wish.change_fields = [=](std::vector<Bytes>& fields) { fields[index] = value; };
  };
}

const Bytes kSha1WithRsa = der_sequence({der_oid("1.2.840.113549.1.1.5"), der_null()});

const std::vector<CertificateRow>& certificate_rows() {
  static const std::vector<CertificateRow> all{
      {"as made", [](CertificateWish&) {}},
      {"version 2", changed_field(0, der_explicit(0, der_integer(1))), "not of version 3"},
      {"version 1", changed_field(0, {}), "version 1"},
      {"serial number zero", changed_field(1, {0x02, 0x01, 0x00})},
      {"negative serial number", changed_field(1, {0x02, 0x01, 0x80}), "negative"},
      {"serial number of 20 octets", changed_field(1, der(0x02, Bytes(20, 0x7f)))},
      {"serial number of 21 octets", changed_field(1, der(0x02, Bytes(21, 0x7f))), "20 octets"},
      {"serial number with a needless zero", changed_field(1, {0x02, 0x02, 0x00, 0x01}),
       "not minimal"},
      {"inner algorithm of another kind",
       changed_field(
           2, signature_algorithm({crypto::SchemeKind::ecdsa, crypto::HashAlgorithm::sha384})),
       "contradict"},
      {"GeneralizedTime",
       changed_field(4, der_sequence({der_generalized_time(at("2026-06-01T12:00:00Z")),
                                      der_generalized_time(at("9999-12-31T23:59:59Z"))}))},
      {"the 30th of February",
       changed_field(
           4, der_sequence({der_text(0x17, "260230120000Z"), der_text(0x17, "260301120000Z")})),
       "no time"},
      {"a time without seconds",
       changed_field(
           4, der_sequence({der_text(0x17, "2602281200Z"), der_text(0x17, "260301120000Z")})),
       "no time"},
      {"a time with an offset",
       changed_field(4, der_sequence({der_text(0x18, "20260228120000+0100"),
                                      der_text(0x17, "260301120000Z")})),
       "no time"},
      {"a third time in the validity",
       changed_field(4, der_sequence({der_utc_time(at("2026-06-01T12:00:00Z")),
                                      der_utc_time(at("2026-06-01T12:00:00Z")),
                                      der_utc_time(at("2026-06-01T12:00:00Z"))})),
       "more than belong"},
      {"bytes after the extensions",
       [](CertificateWish& wish) {
         wish.change_fields = [](std::vector<Bytes>& fields) { fields.push_back(der_null()); };
       },
       "more than belong"},
      {"bytes after the signature",
       [](CertificateWish& wish) {
         wish.change_whole = [](std::vector<Bytes>& whole) { whole.push_back(der_null()); };
       },
       "more than belong"},
      {"a signature that is not whole bytes",
       [](CertificateWish& wish) {
         wish.change_whole = [](std::vector<Bytes>& whole) {
           whole[2] = der(0x03, Bytes{1, 0xfe});
         };
       },
       "not whole bytes"},

      {"an unknown extension", with_extension(extension("1.2.3.4", false, {0x00}))},
      {"an extension twice", with_extension(key_usage(0x80)), "stands twice"},
      {"an empty list of extensions",
       [](CertificateWish& wish) {
         wish.change_fields = [](std::vector<Bytes>& fields) {
           fields[7] = der_explicit(3, der_sequence({}));
         };
       },
       "empty list of extensions"},
      {"key usage of nothing",
       [](CertificateWish& wish) {
         wish.extensions[0] = extension("2.5.29.15", true, {0x03, 0x01, 0x00});
       },
       "used for nothing"},
      {"key usage with zeros behind",
       [](CertificateWish& wish) {
         wish.extensions[0] = extension("2.5.29.15", true, {0x03, 0x02, 0x00, 0x80});
       },
       "zeros behind"},
      {"an extension with bytes behind",
       [](CertificateWish& wish) {
         wish.extensions[0] = extension("2.5.29.15", true, {0x03, 0x02, 0x07, 0x80, 0x00});
       },
       "more than belong"},
      {"an indefinite length",
       [](CertificateWish& wish) {
         wish.extensions[0] = extension("2.5.29.15", true, {0x23, 0x80, 0x00, 0x00});
       },
       "0x23"},
      {"purposes of none",
       [](CertificateWish& wish) { wish.extensions[1] = extended_key_usage({}); },
       "empty list of purposes"},
      {"a path length", with_extension(basic_constraints(false, 0))},
      {"a negative path length",
       with_extension(extension("2.5.29.19", true, der_sequence({Bytes{0x02, 0x01, 0xff}}))),
       "negative"},
      {"a boolean of 1",
       with_extension(extension("2.5.29.19", true, der_sequence({Bytes{0x01, 0x01, 0x01}}))),
       "boolean"},
      {"an authority's key id",
       with_extension(extension("2.5.29.35", false, der_sequence({der(0x80, Bytes(20, 1))})))},
      {"a critical authority's key id",
       with_extension(extension("2.5.29.35", true, der_sequence({der(0x80, Bytes(20, 1))}))),
       "must not be critical"},
      {"critical policy constraints",
       with_extension(extension("2.5.29.36", true, der_sequence({der(0x80, Bytes{0})})))},
      {"policy constraints that are not critical",
       with_extension(extension("2.5.29.36", false, der_sequence({der(0x80, Bytes{0})}))),
       "not critical"},

      {"an e-mail address", with_names({email_name("a@example.org")})},
      {"an e-mail address with NUL",
       with_names({email_name(std::string_view("a@example.org\0.evil.example", 27))}),
       "no e-mail address"},
      {"an e-mail address with a line end", with_names({email_name("a@example.org\n")}),
       "no e-mail"},
      {"an e-mail address with two @", with_names({email_name("a@b@example.org")}), "no e-mail"},
      {"an e-mail address that is not ASCII", with_names({email_name("\xc3\xa4@example.org")}),
       "no e-mail"},
      {"an empty e-mail address", with_names({email_name("")}), "no e-mail"},
      {"a URI", with_names({uri_name("https://example.org/a@refs/heads/main")})},
      {"a URI without a scheme", with_names({uri_name("//example.org/a")}), "no URI"},
      {"a URI with a blank", with_names({uri_name("https://example.org/ a")}), "no URI"},
      {"a DNS name", with_names({dns_name("a.example.org")})},
      {"a DNS name with an empty label", with_names({dns_name("a..example.org")}), "no DNS name"},
      {"an IPv4 address", with_names({ip_name({127, 0, 0, 1})})},
      {"an address of five bytes", with_names({ip_name({127, 0, 0, 1, 1})}), "no IP address"},
      {"a user name", with_names({username_name("us\xc3\xa9r!example.org")})},
      {"a user name with a control character", with_names({username_name("us\x07r")}), "control"},
      {"a user name with a mark that reverses text", with_names({username_name("us\xe2\x80\xaer")}),
       "control"},
      {"a user name that is no UTF-8", with_names({username_name("us\xff")}), "UTF-8"},
      {"an empty user name", with_names({username_name("")}), "empty user name"},
      {"a user name as PrintableString",
       with_names({der_explicit(0, joined({der_oid("1.3.6.1.4.1.57264.1.7"),
                                           der_explicit(0, der_text(0x13, "user"))}))}),
       "0x13"},
      {"another other name",
       with_names(
           {der_explicit(0, joined({der_oid("1.2.3"), der_explicit(0, der_text(0x13, "user"))}))})},
      {"no names", with_names({}), "empty list of names"},
      {"a name of an unknown kind", with_names({der(0x89, Bytes{1})}), "no known kind"},
      {"256 names", with_names(std::vector<Bytes>(256, dns_name("a.example.org")))},
      {"257 names", with_names(std::vector<Bytes>(257, dns_name("a.example.org"))),
       "more than 256"},

      {"a claim as text", with_extension(fulcio_extension(12, "https://example.org/r"))},
      {"a claim that is raw",
       with_extension(
           extension("1.3.6.1.4.1.57264.1.12", false, copy_of(bytes_of("https://example.org/r")))),
       "57264.1.12"},
      {"a claim with bytes behind it",
       with_extension(
           extension("1.3.6.1.4.1.57264.1.12", false, joined({der_text(0x0c, "x"), Bytes{0}}))),
       "more than belong"},
      {"a claim with NUL", with_extension(fulcio_extension(12, std::string_view("x\0y", 3))),
       "control"},
      {"an old claim with NUL", with_extension(fulcio_extension(2, std::string_view("x\0y", 3))),
       "control"},
      {"a claim from the future", with_extension(fulcio_extension(99, "x"))},
      {"a claim from the future that is no text",
       with_extension(extension("1.3.6.1.4.1.57264.1.99", false, {0x05, 0x00})), "57264.1.99"},
      {"something below a claim",
       with_extension(extension("1.3.6.1.4.1.57264.1.99.1", false, {0x05, 0x00}))},
      {"the issuer in the new field alone",
       [](CertificateWish& wish) { wish.extensions.erase(wish.extensions.begin() + 3); }},
      {"two issuers that differ",
       [](CertificateWish&
              wish) { wish.extensions[3] = fulcio_extension(1, "https://other.example.org"); },
       "contradict"},
  };
  return all;
}

TEST(Certificate, EachOfItsPartsIsReadStrictly) {
  for (const CertificateRow& row : certificate_rows()) {
    SCOPED_TRACE(row.name);
    const auto read = leaf_with(row.change);
    const std::string error = row.error;
    EXPECT_EQ(read.has_value(), error.empty()) << (read ? "it was accepted" : read.error().text());
    if (read) continue;
    EXPECT_NE(read.error().text().find(error), std::string::npos) << read.error().text();
  }
  EXPECT_EQ(certificate_rows().size(), 66U);
}

TEST(Certificate, SaysWhatItSays) {
  CertificateWish wish = leaf_wish();
  wish.extensions[2] = alternative_names(
      {email_name("a@example.org"), uri_name("spiffe://example.org/a"), dns_name("*.example.org"),
       ip_name({192, 0, 2, 1}), username_name("me"), der_explicit(4, common_name("somebody"))});
  wish.extensions.push_back(fulcio_extension(12, "https://example.org/r"));
  wish.extensions.push_back(fulcio_extension(24, "repo:r"));
  const MadeCertificate made = issue(issuer_root(), wish);
  const auto read = Certificate::from_der(made.der);
  ASSERT_TRUE(read) << read.error().text();
  const CertificateFields& fields = **read;
  EXPECT_EQ(fields.key, made.key.public_key());
  EXPECT_EQ(rfc3339(fields.validity.not_before), "2026-06-01T12:00:00Z");
  EXPECT_EQ(rfc3339(fields.validity.not_after), "2026-06-01T12:10:00Z");
  EXPECT_EQ(fields.issuer.text(), "CN=root");
  EXPECT_TRUE(fields.subject.empty());
  EXPECT_EQ(to_hex(fields.serial), "2a");
  EXPECT_TRUE(fields.has_use(KeyUse::digital_signature));
  EXPECT_FALSE(fields.has_use(KeyUse::certificate_signing));
  EXPECT_TRUE(fields.extended_key_usage->has(oid::kCodeSigning));
  EXPECT_FALSE(fields.is_authority());
  EXPECT_TRUE(fields.alternative_names_critical);

  using Kind = AlternativeName::Kind;
  const std::vector<std::pair<Kind, std::string>> due{
      {Kind::email, "a@example.org"}, {Kind::uri, "spiffe://example.org/a"},
      {Kind::dns, "*.example.org"},   {Kind::ip, "192.0.2.1"},
      {Kind::username, "me"},         {Kind::directory, ""}};
  ASSERT_EQ(fields.alternative_names.size(), due.size());
  for (std::size_t i = 0; i < due.size(); ++i) {
    EXPECT_EQ(fields.alternative_names[i].kind, due[i].first);
    EXPECT_EQ(fields.alternative_names[i].value, due[i].second);
  }
  EXPECT_EQ(*fields.fulcio.issuer(), "https://accounts.example.org");
  EXPECT_EQ(*fields.fulcio.find(FulcioField::source_repository_uri), "https://example.org/r");
  EXPECT_EQ(*fields.fulcio.find(FulcioField::token_subject), "repo:r");
  EXPECT_EQ(fields.fulcio.find(FulcioField::build_trigger), nullptr);
  EXPECT_EQ(fields.fulcio.all().size(), 4U);
  EXPECT_EQ(name(FulcioField::token_subject), "token subject");
  EXPECT_EQ(oid_text(FulcioField::build_trigger), "1.3.6.1.4.1.57264.1.20");

  EXPECT_EQ(read->describe(), "a@example.org");
  EXPECT_EQ(read->signed_by(issuer_root().key.public_key()), crypto::Match::yes);
  EXPECT_EQ(read->signed_by(made.key.public_key()), crypto::Match::no);
  EXPECT_EQ(Certificate::from_pem(read->pem()).value(), *read);
}

TEST(Certificate, AnOlderIssuerCountsWhereThereIsNoNewerOne) {
  const auto read = leaf_with([](CertificateWish& wish) { wish.extensions.pop_back(); });
  ASSERT_TRUE(read);
  EXPECT_EQ(*(*read)->fulcio.issuer(), "https://accounts.example.org");
}

TEST(Certificate, IsRefusedWhereverItIsCutShortOrExtended) {
  const Bytes good = issue(issuer_root(), leaf_wish()).der;
  ASSERT_TRUE(Certificate::from_der(good));
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_FALSE(Certificate::from_der(ByteView(good).first(size))) << size;
  }
  Bytes longer = good;
  longer.push_back(0);
  EXPECT_FALSE(Certificate::from_der(longer));
  EXPECT_EQ(Certificate::from_der(Bytes(kCertificateMost + 1, 0x30)).error().code, Errc::limit);
}

TEST(Certificate, SignaturesOfEachAcceptedKindAreChecked) {
  for (const auto type : {crypto::KeyType::ecdsa_p384, crypto::KeyType::ecdsa_p521,
                          crypto::KeyType::ed25519, crypto::KeyType::rsa}) {
    CertificateWish wish = root_wish();
    wish.key = type;
    const MadeCertificate issuer = make_root(wish);
    const auto read = Certificate::from_der(issue(issuer, leaf_wish()).der);
    ASSERT_TRUE(read) << read.error().text();
    EXPECT_EQ(read->signed_by(issuer.key.public_key()), crypto::Match::yes) << name(type);
    EXPECT_EQ(Certificate::from_der(issuer.der)->signed_by(issuer.key.public_key()),
              crypto::Match::yes);
  }
}

TEST(Certificate, PssIsReadWithItsDigestMaskAndSalt) {
  CertificateWish wish = root_wish();
  wish.key = crypto::KeyType::rsa;
  const MadeCertificate made = make_root(wish);
  const crypto::Scheme pss{crypto::SchemeKind::rsa_pss, crypto::HashAlgorithm::sha384};
  const MadeCertificate issuer{made.key.with_scheme(pss).value(), made.name, made.der};
  const auto read = Certificate::from_der(issue(issuer, leaf_wish()).der);
  ASSERT_TRUE(read) << read.error().text();
  EXPECT_EQ(read->signed_by(issuer.key.public_key()), crypto::Match::yes);

  const Bytes digest = digest_algorithm(crypto::HashAlgorithm::sha384);
  const Bytes mask = der_sequence({der_oid("1.2.840.113549.1.1.8"), digest});
  const auto algorithm = [&](unsigned salt, const Bytes& other_mask) {
    const Bytes encoded =
        der_sequence({der_oid("1.2.840.113549.1.1.10"),
                      der_sequence({der_explicit(0, digest), der_explicit(1, other_mask),
                                    der_explicit(2, der_integer(salt))})});
    DerReader in(encoded);
    return scheme_of(read_algorithm(in).value());
  };
  EXPECT_EQ(algorithm(48, mask).value(), pss);
  EXPECT_FALSE(algorithm(47, mask));
  EXPECT_FALSE(algorithm(48, der_sequence({der_oid("1.2.840.113549.1.1.8"),
                                           digest_algorithm(crypto::HashAlgorithm::sha256)})));
}

TEST(Certificate, WeakSignaturesAreNamedAndRefused) {
  const auto read = leaf_with([](CertificateWish& wish) {
    wish.change_fields = [](std::vector<Bytes>& fields) { fields[2] = kSha1WithRsa; };
    wish.change_whole = [](std::vector<Bytes>& whole) { whole[1] = kSha1WithRsa; };
  });
  ASSERT_TRUE(read)
      << read.error().text();  // an anchor may have such a signature: nobody checks it
  const auto match = read->signed_by(issuer_root().key.public_key());
  ASSERT_FALSE(match);
  EXPECT_EQ(match.error().code, Errc::unsupported);
  EXPECT_NE(match.error().what.find("RSA with SHA-1"), std::string::npos);
}

TEST(Certificate, ListsOfPemAreBounded) {
  const std::string one = Certificate::from_der(issuer_root().der)->pem();
  EXPECT_EQ(Certificate::list_from_pem(cat("# a comment\n", one, "\n", one), 2)->size(), 2U);
  EXPECT_EQ(Certificate::list_from_pem(cat(one, one, one), 2).error().code, Errc::limit);
  EXPECT_FALSE(Certificate::from_pem(cat(one, one)));
  EXPECT_FALSE(Certificate::from_pem("nothing"));
  EXPECT_FALSE(Certificate::from_pem(one.substr(0, one.size() / 2)));
  EXPECT_FALSE(Certificate::list_from_pem(cat(one, issuer_root().key.public_key().pem()), 4));
  EXPECT_TRUE(Certificate::list_from_pem(one, 4));
}

TEST(Certificate, APrecertificateKeepsEveryByteButTheProofs) {
  // As a precertificate's signed part was before the list of proofs came into its middle.
  CertificateWish wish = leaf_wish();
  Bytes before;
  wish.change_fields = [&](std::vector<Bytes>& fields) { before = der_sequence(fields); };
  static_cast<void>(issue(issuer_root(), wish));
  const Bytes key_before = before;

  wish = leaf_wish();
  std::vector<Bytes> extensions = wish.extensions;
  wish.extensions.insert(wish.extensions.begin() + 1, sct_extension({Bytes(200, 7)}));
  wish.extensions.push_back(extension("1.3.6.1.4.1.11129.2.4.3", true, der_null()));
  Bytes plain;
  wish.change_fields = [&](std::vector<Bytes>& fields) {
    std::vector<Bytes> without = fields;
    without[7] = der_explicit(3, der_sequence(extensions));
    plain = der_sequence(without);
  };
  const auto read = Certificate::from_der(issue(issuer_root(), wish).der);
  ASSERT_TRUE(read) << read.error().text();
  EXPECT_EQ(to_hex(read->precertificate_tbs()), to_hex(plain));
  EXPECT_EQ(read->precertificate_tbs().size(), key_before.size());

  const auto untouched = Certificate::from_der(issue(issuer_root(), leaf_wish()).der);
  EXPECT_TRUE(equal(untouched->precertificate_tbs(), (*untouched)->tbs));
}

TEST(Der, NumbersAndIdentifiersAreMinimal) {
  const auto number = [](Bytes bytes) { return DerReader(bytes).number(1U << 20); };
  EXPECT_EQ(number({0x02, 0x02, 0x00, 0x80}).value(), 128U);
  EXPECT_FALSE(number({0x02, 0x02, 0x00, 0x7f}));
  EXPECT_FALSE(number({0x02, 0x01, 0x80}));
  EXPECT_FALSE(number({0x02, 0x00}));
  EXPECT_FALSE(number({0x02, 0x81, 0x01, 0x05}));
  EXPECT_FALSE(number({0x02, 0x03, 0x10, 0x00, 0x01}));
  EXPECT_FALSE(number({0x02, 0x09, 0x01, 0, 0, 0, 0, 0, 0, 0, 0}));
  const auto text = [](Bytes bytes) {
    const auto id = DerReader(bytes).oid();
    return id ? dotted(*id) : std::string("refused");
  };
  EXPECT_EQ(text({0x06, 0x03, 0x55, 0x1d, 0x0f}), "2.5.29.15");
  EXPECT_EQ(text({0x06, 0x03, 0x88, 0x37, 0x01}), "2.999.1");
  EXPECT_EQ(text({0x06, 0x02, 0x80, 0x01}), "refused");
  EXPECT_EQ(text({0x06, 0x02, 0x55, 0x9d}), "refused");
  EXPECT_EQ(text({0x06, 0x00}), "refused");
  EXPECT_EQ(dotted(oid::kFulcioUsername.bytes()), "1.3.6.1.4.1.57264.1.7");
}

TEST(Der, PreciseTimesHaveNoTrailingZeros) {
  const auto time = [](std::string_view text) {
    const Bytes bytes = der_text(0x18, text);
    return DerReader(bytes).precise_time();
  };
  EXPECT_EQ(rfc3339(time("20260601120000.5Z").value()), "2026-06-01T12:00:00Z");
  EXPECT_TRUE(time("20260601120000Z"));
  for (const char* bad :
       {"20260601120000.50Z", "20260601120000.Z", "20260601120000.5", "2026060112Z",
        "20260601120000,5Z", "20261301120000Z", "20260601240000Z"}) {
    EXPECT_FALSE(time(bad)) << bad;
  }
}

}  // namespace
}  // namespace sluice::x509
