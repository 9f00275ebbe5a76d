// SPDX-License-Identifier: Apache-2.0
#include "sigstore/signing_config.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "json/value.h"
#include "support/temp_folder.h"

namespace sluice::sigstore {
namespace {

Time moment(std::string_view text) { return parse_rfc3339(text).value(); }
const Time kNow = moment("2026-06-01T00:00:00Z");

Service service_of(std::string url, std::uint32_t version = 1,
                   std::string_view start = "2026-01-01T00:00:00Z",
                   std::string operated_by = "one.example") {
  return {std::move(url), version, {moment(start), {}}, std::move(operated_by)};
}

SigningConfig small() {
  SigningConfig out;
  out.cas = {service_of("https://ca.example")};
  out.issuers = {service_of("https://login.example/auth")};
  out.logs = {service_of("https://log.example", 2)};
  out.stampers = {service_of("https://tsa.example/api/v1/timestamp")};
  out.log_selection = {Selector::any, 0};
  out.stamper_selection = {Selector::exact, 1};
  return out;
}

std::string urls(const std::vector<Service>& services) {
  std::vector<std::string> out;
  for (const Service& one : services) out.push_back(one.url);
  return join(out, " ");
}

// The URLs that are chosen among logs, or the error.
std::string chosen(const std::vector<Service>& logs, Selection selection,
                   std::vector<std::uint32_t> supported = {1, 2}, Time now = kNow) {
  SigningConfig config;
  config.logs = logs;
  config.log_selection = selection;
  const auto out = choose_services(config, ServiceKind::log, supported, now);
  return out ? urls(out->chosen) : cat("error: ", out.error().text());
}

bool refused(const std::string& outcome, std::string_view why) {
  return outcome.starts_with("error: ") && outcome.find(why) != std::string::npos;
}

constexpr Selection kAll{Selector::all, 0};
constexpr Selection kAny{Selector::any, 0};

TEST(SigningConfig, WritesWhatItReads) {
  const std::string text = small().write();
  const auto read = SigningConfig::parse(text);
  ASSERT_TRUE(read) << read.error().text();
  EXPECT_EQ(read->write(), text);
  EXPECT_EQ(read->logs.front().version, 2U);
  EXPECT_TRUE(read->unknown.empty());
}

TEST(SigningConfig, EmbeddedOnesNameOneServiceOfEachKind) {
  constexpr std::array<std::uint32_t, 2> kSpoken{1, 2};
  for (const Instance instance : {Instance::production, Instance::staging}) {
    const auto config = SigningConfig::embedded(instance);
    ASSERT_TRUE(config) << config.error().text();
    EXPECT_TRUE(config->unknown.empty());
    for (const ServiceKind kind :
         {ServiceKind::ca, ServiceKind::oidc, ServiceKind::log, ServiceKind::timestamp}) {
      const auto out = choose_services(*config, kind, kSpoken, kNow);
      ASSERT_TRUE(out) << name(kind) << ": " << out.error().text();
      EXPECT_EQ(out->chosen.size(), 1U) << name(kind);
    }
  }
}

TEST(SigningConfig, EachRefusalHasItsNeighbour) {
  const std::string text = small().write();
  struct Change {
    std::string_view from, to;
    Errc code;
  };
  for (const Change& one : std::vector<Change>{
           {"signingconfig.v0.2+json", "signingconfig.v0.1+json", Errc::unsupported},
           {"https://ca.example", "ca.example", Errc::malformed},
           {"https://ca.example", "https://ca.example\\u0007", Errc::malformed},
           {"\"majorApiVersion\": 2", "\"majorApiVersion\": 0", Errc::malformed},
           {"\"majorApiVersion\": 2", "\"majorApiVersion\": \"2\"", Errc::malformed},
           {"\"majorApiVersion\": 2", "\"majorapiversion\": 2", Errc::malformed},
           {"\"start\"", "\"end\"", Errc::malformed},
           {"\"ANY\"", "\"SOME\"", Errc::unsupported},
           {"\"count\": 1", "\"count\": 0", Errc::malformed},
           {"\"count\": 1", "\"count\": -1", Errc::malformed},
           {"\"caUrls\": [", "\"caUrls\": [], \"caUrls\": [", Errc::malformed},
       }) {
    std::string bad = text;
    const std::size_t at = bad.find(one.from);
    ASSERT_NE(at, std::string::npos) << one.from;
    bad.replace(at, one.from.size(), one.to);
    const auto read = SigningConfig::parse(bad);
    ASSERT_FALSE(read) << one.to;
    EXPECT_EQ(read.error().code, one.code) << one.to << ": " << read.error().text();
  }
  EXPECT_TRUE(SigningConfig::parse(text));
  SigningConfig many = small();
  many.logs.resize(kServicesMost, many.logs.front());
  EXPECT_TRUE(SigningConfig::parse(many.write()));
  many.logs.push_back(many.logs.front());
  EXPECT_EQ(SigningConfig::parse(many.write()).error().code, Errc::limit);
}

TEST(SigningConfig, MembersOfNewerPublishersAreSkippedAndListed) {
  std::string text = small().write();
  text.insert(text.find("\"caUrls\""), "\"clientId\": \"me\", ");
  const auto read = SigningConfig::parse(text);
  ASSERT_TRUE(read) << read.error().text();
  EXPECT_EQ(read->unknown, std::vector<std::string>{"signing config.clientId"});
}

TEST(SigningConfig, IsReadFromAFile) {
  const test::TempFolder folder;
  const Path path = folder.write("config.json", small().write());
  EXPECT_TRUE(SigningConfig::read(system_files(), path));
  EXPECT_EQ(SigningConfig::read(system_files(), folder / "none").error().code, Errc::not_found);
}

TEST(Services, AreValidWithBothEndsOfTheirTime) {
  Service one = service_of("https://a.example");
  one.window.end = moment("2026-01-31T00:00:00Z");
  const auto at = [&](std::string_view text) { return chosen({one}, kAny, {1}, moment(text)); };
  EXPECT_EQ(at("2026-01-01T00:00:00Z"), one.url);
  EXPECT_EQ(at("2026-01-31T00:00:00Z"), one.url);
  EXPECT_TRUE(refused(at("2025-12-31T23:59:59Z"), "not yet valid"));
  EXPECT_TRUE(refused(at("2026-01-31T00:00:01Z"), "not valid any more"));
}

TEST(Services, AreOfTheHighestVersionThatIsSpokenNeverOfTwo) {
  const std::vector logs{service_of("https://v1.example", 1, "2026-03-01T00:00:00Z", "a"),
                         service_of("https://v2.example", 2, "2026-01-01T00:00:00Z", "b"),
                         service_of("https://v3.example", 3, "2026-01-01T00:00:00Z", "c")};
  EXPECT_EQ(chosen(logs, kAll, {1, 2}), "https://v2.example");
  EXPECT_EQ(chosen(logs, kAll, {1}), "https://v1.example");
  EXPECT_EQ(chosen(logs, kAny, {3, 1}), "https://v3.example");
  EXPECT_TRUE(refused(chosen(logs, kAny, {4}), "version 3, which this program does not speak"));
  EXPECT_TRUE(refused(chosen(logs, {Selector::exact, 2}, {1, 2}), "has 1 usable"));
  // A higher version that is not valid yet does not count.
  EXPECT_EQ(chosen({logs[0], service_of("https://v2.example", 2, "2027-01-01T00:00:00Z")}, kAny),
            "https://v1.example");
}

TEST(Services, AreTheNewestOfEachOperator) {
  const std::vector logs{service_of("https://old.example", 1, "2024-01-01T00:00:00Z", "a"),
                         service_of("https://new.example", 1, "2025-01-01T00:00:00Z", "a"),
                         service_of("https://other.example", 1, "2023-01-01T00:00:00Z", "b")};
  EXPECT_EQ(chosen(logs, kAll), "https://new.example https://other.example");
  EXPECT_EQ(chosen(logs, kAny), "https://new.example");
  EXPECT_EQ(chosen(logs, {Selector::exact, 2}), "https://new.example https://other.example");
  EXPECT_EQ(chosen(logs, {Selector::exact, 1}), "https://new.example");
  EXPECT_TRUE(refused(chosen(logs, {Selector::exact, 3}), "has 2 usable"));
  EXPECT_TRUE(refused(chosen(logs, {}), "does not say how many"));
  EXPECT_TRUE(refused(chosen({}, kAll), "has 0 usable"));
}

TEST(Services, ThoseOfANeitherNamedOperatorAreOne) {
  const std::vector logs{service_of("https://a.example", 1, "2024-01-01T00:00:00Z", ""),
                         service_of("https://b.example", 1, "2025-01-01T00:00:00Z", "")};
  EXPECT_EQ(chosen(logs, kAll), "https://b.example");
}

TEST(Services, EqualOnesKeepTheOrderOfTheFile) {
  const std::vector logs{service_of("https://a.example", 1, "2025-01-01T00:00:00Z", "a"),
                         service_of("https://b.example", 1, "2025-01-01T00:00:00Z", "b")};
  EXPECT_EQ(chosen(logs, kAny), "https://a.example");
}

TEST(Services, OfCasExactlyOneWhateverTheFileSays) {
  SigningConfig config;
  config.cas = {service_of("https://a.example", 1, "2024-01-01T00:00:00Z", "a"),
                service_of("https://b.example", 1, "2025-01-01T00:00:00Z", "b")};
  constexpr std::array<std::uint32_t, 1> kSpoken{1};
  const auto out = choose_services(config, ServiceKind::ca, kSpoken, kNow);
  ASSERT_TRUE(out) << out.error().text();
  EXPECT_EQ(urls(out->chosen), "https://b.example");
  EXPECT_EQ(urls(out->spare), "https://a.example");
}

TEST(Services, EachOneSaysWhyItWasTakenOrNot) {
  SigningConfig config;
  config.logs = {service_of("https://past.example", 2, "2020-01-01T00:00:00Z", "a"),
                 service_of("https://v1.example", 1, "2025-01-01T00:00:00Z", "b"),
                 service_of("https://old.example", 2, "2025-01-01T00:00:00Z", "c"),
                 service_of("https://new.example", 2, "2026-01-01T00:00:00Z", "c"),
                 service_of("https://spare.example", 2, "2025-01-01T00:00:00Z", "d")};
  config.logs[0].window.end = moment("2021-01-01T00:00:00Z");
  config.log_selection = kAny;
  constexpr std::array<std::uint32_t, 2> kSpoken{1, 2};
  const auto out = choose_services(config, ServiceKind::log, kSpoken, kNow).value();
  ASSERT_EQ(out.considered.size(), 5U);
  for (const auto& [at, why] : std::vector<std::pair<std::size_t, std::string_view>>{
           {0, "not valid any more"},
           {1, "where version 2 is to be had"},
           {2, "of the same operator as https://new.example"},
           {3, "by the rule ANY"},
           {4, "not needed"}}) {
    EXPECT_NE(out.considered[at].why.find(why), std::string::npos) << out.considered[at].why;
    EXPECT_EQ(out.considered[at].chosen, at == 3);
  }
  EXPECT_EQ(urls(out.spare), "https://spare.example");
}

}  // namespace
}  // namespace sluice::sigstore
