// SPDX-License-Identifier: Apache-2.0
// x509-limbo's cases through our own verify_chain(): one test for each, and each deviation with its
// reason.
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <set>

#include "base/text.h"
#include "json/value.h"
#include "support/temp_folder.h"
#include "x509/chain.h"

namespace sluice::x509 {
namespace {

using json::Value;

// What we answer otherwise than the suite, and why. All of them are in its `policy` part: profile
// rules of the web.
const char* const kKeyIds =
    "key identifiers help to find a chain; the signatures prove it, and private authorities leave "
    "them out";
const char* const kPurposes =
    "a rule of the web alone; for code and timestamps our own rules ask for the purpose";
const char* const kLeafAuthority =
    "refused where a certificate signs data (kCodeSigning, kTimeStamping), not without a purpose";
const std::map<std::string, std::string> kDeviations{
    {"rfc5280::aki::leaf-missing-aki", kKeyIds},
    {"rfc5280::aki::intermediate-missing-aki", kKeyIds},
    {"rfc5280::aki::cross-signed-root-missing-aki", kKeyIds},
    {"rfc5280::ski::root-missing-ski", kKeyIds},
    {"rfc5280::ski::intermediate-missing-ski", kKeyIds},
    {"rfc5280::serial::zero", "roots that are in use have it, and nothing relies on the number"},
    {"webpki::eku::ee-anyeku", kPurposes},
    {"webpki::eku::ee-critical-eku", kPurposes},
    {"webpki::eku::ee-without-eku", kPurposes},
    {"webpki::eku::root-has-eku", kPurposes},
    {"webpki::malformed-aia", "nothing is ever fetched from where it points"},
    {"webpki::forbidden-rsa-not-divisible-by-8-in-root", "2049 bits are not weaker than 2048"},
    {"webpki::forbidden-rsa-key-not-divisible-by-8-in-leaf", "2049 bits are not weaker than 2048"},
    {"webpki::ee-basicconstraints-ca", kLeafAuthority},
    {"webpki::ca-as-leaf", kLeafAuthority},
};

struct LimboCase {
  std::string id;
  bool due;  // SUCCESS
  std::vector<std::string> trusted;
  std::vector<std::string> untrusted;
  std::string leaf;
  std::optional<Time> time;
  std::optional<std::int64_t> depth;
  std::string purpose;
};

std::vector<std::string> texts_of(const Value& list) {
  std::vector<std::string> out;
  for (const Value& one : *list.array()) out.push_back(*one.string());
  return out;
}

// "pass", or why not.
std::string answer_of(const LimboCase& one) {
  std::vector<Authority> authorities;
  for (const std::string& pem : one.trusted) {
    auto certificate = Certificate::from_pem(pem);
    if (!certificate) return certificate.error().text();
    authorities.push_back(Authority::from_chain({*certificate}, Window{Time::min()}).value());
  }
  std::vector<Certificate> intermediates;
  for (const std::string& pem : one.untrusted) {
    auto certificate = Certificate::from_pem(pem);
    if (!certificate) return certificate.error().text();
    intermediates.push_back(*std::move(certificate));
  }
  const auto leaf = Certificate::from_pem(one.leaf);
  if (!leaf) return leaf.error().text();
  ChainRules rules;
  if (one.purpose == "serverAuth") rules.purpose = oid::kServerAuth;
  if (one.purpose == "clientAuth") rules.purpose = oid::kClientAuth;
  if (one.depth) rules.depth = static_cast<std::size_t>(*one.depth);
  // Where the suite leaves the time open, its certificates live for centuries.
  const std::array times{one.time.value_or(parse_rfc3339("2025-06-01T00:00:00Z").value())};
  const auto chain = verify_chain(*leaf, intermediates, authorities, times, rules);
  if (chain) return "pass";
  return cat(chain.error().id, ": ", chain.error().detail, " (", chain.error().source, ")");
}

std::map<std::string, int>& ran() {
  static std::map<std::string, int> counts;
  return counts;
}

class LimboTest : public testing::Test {
 public:
  LimboTest(const LimboCase& one, std::string part) : case_(one), part_(std::move(part)) {}
  void TestBody() override {
    ++ran()[part_];
    const std::string answer = answer_of(case_);
    const auto deviation = kDeviations.find(case_.id);
    const bool due = deviation == kDeviations.end() ? case_.due : !case_.due;
    EXPECT_EQ(answer == "pass", due)
        << answer << (deviation == kDeviations.end() ? "" : " | " + deviation->second);
    RecordProperty("answer", answer);
  }

 private:
  const LimboCase& case_;
  std::string part_;
};

class LimboCountTest : public testing::Test {
 public:
  LimboCountTest(std::string part, int due) : part_(std::move(part)), due_(due) {}
  void TestBody() override {
    if (!testing::GTEST_FLAG(filter).starts_with('*')) {
      GTEST_SKIP() << "only some tests were asked for";
    }
    EXPECT_EQ(ran()[part_], due_);
  }

 private:
  std::string part_;
  int due_;
};

class NoLimboTest : public testing::Test {
 public:
  void TestBody() override {
    GTEST_SKIP() << "no x509-limbo vectors: set SLUICE_SHARED to a folder that has "
                    "conformance/x509-limbo";
  }
};

LimboCase case_of(const Value& test) {
  LimboCase out{*test.find("id")->string(),
                *test.find("expected_result")->string() == "SUCCESS",
                texts_of(*test.find("trusted_certs")),
                texts_of(*test.find("untrusted_intermediates")),
                *test.find("peer_certificate")->string(),
                {},
                test.find("max_chain_depth")->integer(),
                {}};
  if (const auto* time = test.find("validation_time")->string()) {
    out.time = parse_rfc3339(*time).value();
  }
  for (const std::string& purpose : texts_of(*test.find("extended_key_usage"))) {
    out.purpose = purpose;
  }
  return out;
}

void register_part(const char* part, const Value& ids,
                   const std::map<std::string, const Value*>& tests) {
  // Kept until the program ends, as the registered tests are.
  static std::vector<std::unique_ptr<const LimboCase>> cases;
  for (const Value& one : *ids.array()) {
    const std::string& id = *one.find("id")->string();
    cases.push_back(std::make_unique<const LimboCase>(case_of(*tests.at(id))));
    const LimboCase& registered = *cases.back();
    testing::RegisterTest(
        part, id.c_str(), nullptr, nullptr, __FILE__, __LINE__,
        [&registered, part]() -> testing::Test* { return new LimboTest(registered, part); });
  }
  const auto due = static_cast<int>(ids.array()->size());
  testing::RegisterTest(part, "AllCasesRan", nullptr, nullptr, __FILE__, __LINE__,
                        [=]() -> testing::Test* { return new LimboCountTest(part, due); });
}

const bool kLimboRegistered = [] {
  const auto folder = test::shared_folder("conformance/x509-limbo");
  if (!folder) {
    testing::RegisterTest("Limbo", "Vectors", nullptr, nullptr, __FILE__, __LINE__,
                          []() -> testing::Test* { return new NoLimboTest; });
    return false;
  }
  const Value limbo = json::parse_strict(test::read_file(*folder / "limbo.json")).value();
  const Value applies = json::parse_strict(test::read_file(*folder / "applies.json")).value();
  std::map<std::string, const Value*> tests;
  for (const Value& one : *limbo.find("testcases")->array()) {
    tests.emplace(*one.find("id")->string(), &one);
  }
  register_part("LimboMust", *applies.find("must"), tests);
  register_part("LimboPolicy", *applies.find("policy"), tests);
  return true;
}();

}  // namespace
}  // namespace sluice::x509
