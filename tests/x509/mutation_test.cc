// SPDX-License-Identifier: Apache-2.0
// Every bit of a certificate with a log's proof, and of a timestamp, is vouched for: with any one
// of them flipped it is refused, also where no signature covers it.
#include <gtest/gtest.h>

#include "base/text.h"
#include "x509/sct.h"
#include "x509/support.h"
#include "x509/timestamp.h"

namespace sluice::x509 {
namespace {

using namespace test;

// The flipped bits with which `accepts` still says yes.
std::vector<std::string> accepted_flips(Bytes bytes,
                                        const std::function<bool(const Bytes&)>& accepts) {
  EXPECT_TRUE(accepts(bytes));
  std::vector<std::string> out;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    for (unsigned bit = 1; bit < 256; bit <<= 1) {
      bytes[i] = static_cast<std::uint8_t>(bytes[i] ^ bit);
      if (accepts(bytes)) out.push_back(cat("byte ", i, " bit ", bit));
      bytes[i] = static_cast<std::uint8_t>(bytes[i] ^ bit);
    }
  }
  return out;
}

TEST(Mutation, NoBitOfALoggedCertificateCanBeFlipped) {
  const MadeLog log;
  const MadeCertificate root = make_root();
  const MadeCertificate leaf = issue_logged(root, leaf_wish(), {{&log, {}}});
  const std::vector authorities{
      Authority::from_chain({Certificate::from_der(root.der).value()}, kAlways).value()};
  const std::vector logs{CtLog(log.key.public_key(), kAlways)};
  const std::array times{at("2026-06-01T12:00:02Z")};
  const auto accepts = [&](const Bytes& der) {
    const auto read = Certificate::from_der(der);
    if (!read) return false;
    const auto chain = verify_chain(*read, {}, authorities, times, kCodeSigning);
    return chain && verify_embedded_scts(*chain, logs, 1);
  };
  EXPECT_EQ(accepted_flips(leaf.der, accepts), std::vector<std::string>());
}

TEST(Mutation, NoBitOfATimestampCanBeFlipped) {
  const MadeCertificate root = make_root(root_wish("stamps root"));
  const MadeCertificate service = issue(root, stamper_wish());
  const Certificate read_root = Certificate::from_der(root.der).value();
  const Certificate read_service = Certificate::from_der(service.der).value();
  const Bytes message{1, 2, 3};
  for (const bool service_is_trusted : {true, false}) {
    const std::vector<Certificate> chain =
        service_is_trusted ? std::vector{read_service, read_root} : std::vector{read_root};
    const std::vector authorities{Authority::from_chain(chain, kAlways).value()};
    const auto accepts = [&](const Bytes& der) {
      const auto stamp = Timestamp::from_reply(der);
      return stamp && verify_timestamp(*stamp, message, authorities);
    };
    EXPECT_EQ(accepted_flips(make_stamp(service, root.name, message), accepts),
              std::vector<std::string>())
        << (service_is_trusted ? "the service is trusted" : "its root is trusted");
  }
}

}  // namespace
}  // namespace sluice::x509
