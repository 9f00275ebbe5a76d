// SPDX-License-Identifier: Apache-2.0
#include "x509/sct.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "x509/support.h"

namespace sluice::x509 {
namespace {

using namespace test;

using Logged = std::vector<std::pair<const MadeLog*, SctWish>>;

struct LogWorld {
  MadeLog first;
  MadeLog second;
  MadeLog stranger;
  MadeCertificate root = make_root();
  std::vector<CtLog> logs{CtLog(first.key.public_key(), kAlways, "https://first.example.org"),
                          CtLog(second.key.public_key(), kAlways, "https://second.example.org")};

  VerifiedChain chain(const MadeCertificate& leaf) const {
    const std::vector authorities{
        Authority::from_chain({Certificate::from_der(root.der).value()}, kAlways).value()};
    const std::array times{kSigned};
    return verify_chain(Certificate::from_der(leaf.der).value(), {}, authorities, times,
                        kCodeSigning)
        .value();
  }
  Judged<std::vector<LoggedProof>> verify(const Logged& by, std::size_t threshold = 1) const {
    return verify_embedded_scts(chain(issue_logged(root, leaf_wish(), by)), logs, threshold);
  }
};

std::string detail_of(const Judged<std::vector<LoggedProof>>& judged) {
  return judged ? cat("passed with ", judged->size()) : judged.error().detail;
}

TEST(Sct, ALogsProofIsVerified) {
  const LogWorld world;
  const auto proofs = world.verify({{&world.first, {}}});
  ASSERT_TRUE(proofs) << proofs.error().detail;
  ASSERT_EQ(proofs->size(), 1U);
  EXPECT_EQ(proofs->front().log, "https://first.example.org");
  EXPECT_EQ(rfc3339(proofs->front().time), "2026-06-01T12:00:01Z");
}

TEST(Sct, ExtensionsAreSignedAndMayBeThere) {
  const LogWorld world;
  EXPECT_EQ(detail_of(world.verify({{&world.first, {.extensions = {0, 0, 5, 1, 2, 3, 4, 5}}}})),
            "passed with 1");
  // The same ones, changed after the log signed them.
  const auto changed = world.verify(
      {{&world.first, {.extensions = {0, 0, 5, 1, 2, 3, 4, 5}, .change_sct = [](Bytes& sct) {
                         sct[1 + 32 + 8 + 2 + 3] ^= 1U;
                       }}}});
  EXPECT_EQ(detail_of(changed), "the log's signature does not fit this certificate");
}

TEST(Sct, SeveralLogsCountOnceEach) {
  const LogWorld world;
  EXPECT_EQ(detail_of(world.verify({{&world.first, {}}, {&world.second, {}}}, 2)), "passed with 2");
  const auto twice = world.verify({{&world.first, {}}, {&world.first, {.extensions = {1}}}}, 2);
  ASSERT_FALSE(twice);
  EXPECT_EQ(twice.error().detail, "too few logs have seen the certificate");
  EXPECT_EQ(twice.error().expected, "2 different logs trusted here");
  EXPECT_EQ(twice.error().found, "1");
  // A stranger beside a known log does no harm, and is no witness.
  EXPECT_EQ(detail_of(world.verify({{&world.stranger, {}}, {&world.first, {}}})), "passed with 1");
  EXPECT_FALSE(world.verify({{&world.stranger, {}}, {&world.first, {}}}, 2));
  EXPECT_FALSE(world.verify({{&world.first, {}}}, 0));
}

TEST(Sct, AStrangersProofIsRefusedByName) {
  const LogWorld world;
  const auto proofs = world.verify({{&world.stranger, {}}});
  ASSERT_FALSE(proofs);
  EXPECT_EQ(proofs.error().id, "certificate.sct");
  EXPECT_EQ(proofs.error().detail, "a log that is not trusted here has seen the certificate");
  EXPECT_EQ(proofs.error().expected,
            "one of https://first.example.org, https://second.example.org");
}

TEST(Sct, ALogIsTrustedForItsWindowWithBothEnds) {
  const LogWorld world;
  const Time stated = at("2026-06-01T12:00:01Z");
  const auto second = std::chrono::seconds(1);
  const std::vector<std::pair<Window, bool>> windows{{{stated, stated}, true},
                                                     {{stated + second, {}}, false},
                                                     {{kAlways.start, stated - second}, false}};
  const MadeCertificate leaf = issue_logged(world.root, leaf_wish(), {{&world.first, {}}});
  for (const auto& [window, passes] : windows) {
    const std::vector logs{CtLog(world.first.key.public_key(), window)};
    const auto proofs = verify_embedded_scts(world.chain(leaf), logs, 1);
    EXPECT_EQ(proofs.has_value(), passes) << window.text();
    if (!passes) {
      EXPECT_EQ(proofs.error().detail, "the log is not trusted for the time that it states");
    }
  }
  // Once more in the trust root, with the right time.
  const std::vector both{CtLog(world.first.key.public_key(), windows[1].first),
                         CtLog(world.first.key.public_key(), kAlways)};
  EXPECT_TRUE(verify_embedded_scts(world.chain(leaf), both, 1));
}

TEST(Sct, ItIsAboutThisIssuerAndThisCertificate) {
  const LogWorld world;
  const auto changed = [&](std::size_t at_byte) {
    return detail_of(world.verify(
        {{&world.first, {.change_signed = [=](Bytes& entry) { entry[at_byte] ^= 1U; }}}}));
  };
  const std::string due = "the log's signature does not fit this certificate";
  EXPECT_EQ(changed(0), due);    // the version
  EXPECT_EQ(changed(1), due);    // what is signed
  EXPECT_EQ(changed(9), due);    // the time
  EXPECT_EQ(changed(11), due);   // certificate or precertificate
  EXPECT_EQ(changed(12), due);   // the issuer's key
  EXPECT_EQ(changed(100), due);  // the certificate
}

TEST(Sct, TheLogsAlgorithmIsTheTrustRootsNotTheProofs) {
  const LogWorld world;
  const auto algorithm = [&](std::uint8_t hash, std::uint8_t kind) {
    return detail_of(world.verify({{&world.first, {.change_sct = [=](Bytes& sct) {
                                      sct[1 + 32 + 8 + 2] = hash;
                                      sct[1 + 32 + 8 + 2 + 1] = kind;
                                    }}}}));
  };
  EXPECT_EQ(algorithm(4, 3), "passed with 1");
  for (const auto& [hash, kind] : {std::pair{2, 3}, {5, 3}, {4, 1}, {0, 0}, {8, 7}}) {
    EXPECT_EQ(algorithm(static_cast<std::uint8_t>(hash), static_cast<std::uint8_t>(kind)),
              "the log's signature does not fit this certificate");
  }
}

TEST(Sct, ACertificateWithoutProofsIsRefused) {
  const LogWorld world;
  EXPECT_EQ(
      detail_of(verify_embedded_scts(world.chain(issue(world.root, leaf_wish())), world.logs, 1)),
      "no log has seen the certificate: it holds no SCTs");
  EXPECT_EQ(detail_of(world.verify({})).substr(0, 27), "its SCTs cannot be read: an");
}

TEST(Sct, ListsAreReadStrictly) {
  const Bytes one = make_sct(MadeLog(), Bytes{1}, Bytes{2});
  const Bytes good = sct_list({one, one});
  ASSERT_TRUE(parse_sct_list(good));
  EXPECT_EQ(parse_sct_list(good)->size(), 2U);
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_FALSE(parse_sct_list(ByteView(good).first(size))) << size;
  }
  Bytes longer = good;
  longer.push_back(0);
  EXPECT_FALSE(parse_sct_list(longer));
  EXPECT_FALSE(parse_sct_list(sct_list({})));
  EXPECT_FALSE(parse_sct_list(sct_list({Bytes{}})));
  Bytes behind = one;
  behind.push_back(0);
  EXPECT_FALSE(parse_sct_list(sct_list({behind})));
  Bytes version = one;
  version[0] = 1;
  EXPECT_EQ(parse_sct_list(sct_list({version})).error().code, Errc::unsupported);
  Bytes never = one;
  never[33] = 0xff;
  EXPECT_FALSE(parse_sct_list(sct_list({never})));
  EXPECT_TRUE(parse_sct_list(sct_list(std::vector<Bytes>(kSctsMost, one))));
  EXPECT_EQ(parse_sct_list(sct_list(std::vector<Bytes>(kSctsMost + 1, one))).error().code,
            Errc::limit);
}

TEST(Sct, DetachedOnesAreAboutTheWholeCertificate) {
  const LogWorld world;
  const MadeCertificate leaf = issue(world.root, leaf_wish());
  const auto chain = world.chain(leaf);
  // A certificate's entry has no issuer and is of kind 0.
  const auto whole = [&](Bytes& entry) {
    entry.erase(entry.begin() + 12, entry.begin() + 44);
    entry[11] = 0;
  };
  const auto detached = [&](const SctWish& wish, ByteView content) {
    return parse_sct(make_sct(world.first, Bytes{1}, content, wish)).value();
  };
  const std::vector good{detached({.change_signed = whole}, leaf.der)};
  EXPECT_EQ(detail_of(verify_detached_scts(chain, good, world.logs, 1)), "passed with 1");
  const std::vector as_precertificate{detached({}, leaf.der)};
  EXPECT_FALSE(verify_detached_scts(chain, as_precertificate, world.logs, 1));
  const std::vector other{detached({.change_signed = whole}, world.root.der)};
  EXPECT_FALSE(verify_detached_scts(chain, other, world.logs, 1));
  EXPECT_FALSE(verify_detached_scts(chain, {}, world.logs, 1));
}

}  // namespace
}  // namespace sluice::x509
