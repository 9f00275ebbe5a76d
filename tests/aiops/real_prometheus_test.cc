// SPDX-License-Identifier: Apache-2.0
// A real Prometheus with 14 days of history and an incident at their end.
#include <gtest/gtest.h>

#include <array>
#include <memory>

#include "aiops/check.h"
#include "base/text.h"
#include "net/client.h"
#include "support/fake_world.h"
#include "support/servers/certificates.h"
#include "support/servers/prometheus.h"
#include "support/service_history.h"

namespace sluice::aiops {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

const Time kLast = std::chrono::sys_days(std::chrono::year(2026) / 11 / 20) + hours(16);
const Time kOutage = kLast - minutes(40);
// Loaded once; the server is started again where a test wants it otherwise.
class RealPrometheus : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (!test::Prometheus::installed()) return;
    folder_ = std::make_unique<test::TempFolder>();
    loaded_ = test::load_history(folder_->path(), test::service_history(kLast, kOutage));
  }
  static void TearDownTestSuite() { folder_.reset(); }

  void SetUp() override {
    if (!folder_) {
      GTEST_SKIP() << "no prometheus and promtool on PATH: ./dev lab install prometheus";
    }
    ASSERT_TRUE(loaded_);
  }

  HealthReport checked(Http& http, const Profile& profile, const Endpoint& endpoint, Time now) {
    auto report = check(http, profile, {.prometheus = endpoint}, now);
    EXPECT_TRUE(report) << report.error().text();
    return report ? *std::move(report) : HealthReport{};
  }
  static std::string all_states(const HealthReport& report) {
    std::vector<std::string> out;
    for (const auto& signal : report.signals)
      out.push_back(cat(signal.name, ": ", name(signal.state), " ", signal.detail));
    return join(out, "\n");
  }

  test::FakeWorld fake_;
  Profile profile_ = *default_profile("checkout");
  static inline std::unique_ptr<test::TempFolder> folder_ = nullptr;
  static inline bool loaded_ = false;
};

TEST_F(RealPrometheus, TellsTheIncidentFromWhatWasBeforeAndAfter) {
  const test::Prometheus server(folder_->path(), "");
  ASSERT_TRUE(server.started()) << server.log();
  const Endpoint endpoint{.url = cat("http://", server.authority())};
  const auto http = net::make_client(fake_.world());

  const auto before = checked(*http, profile_, endpoint, kOutage);
  EXPECT_EQ(before.health, Health::healthy) << all_states(before);
  for (const auto& signal : before.signals) EXPECT_GT(signal.points, 4000U);

  const auto during = checked(*http, profile_, endpoint, kLast + profile_.ingest_lag);
  EXPECT_EQ(during.health, Health::incident) << all_states(during);
  EXPECT_EQ(during.signals[1].state, State::anomalous);
  EXPECT_NEAR(during.signals[1].judgement->value, 0.041, 0.003);
  EXPECT_GT(*during.signals[1].judgement->sigma, 10);
  EXPECT_EQ(during.signals[2].state, State::anomalous);
  EXPECT_EQ(during.signals[3].state, State::normal);
  EXPECT_GE(*during.since, kOutage);
  EXPECT_LE(*during.since, kOutage + minutes(5));

  const auto after = checked(*http, profile_, endpoint, kLast + hours(1));
  EXPECT_EQ(after.health, Health::unknown);
  for (const auto& signal : after.signals) EXPECT_EQ(signal.state, State::stale) << signal.detail;
}

TEST_F(RealPrometheus, RefusesAndLacksInItsOwnWords) {
  const test::Prometheus server(folder_->path(), "");
  ASSERT_TRUE(server.started()) << server.log();
  const auto profile = parse_profile(
      "apiVersion: sluice/v1\nkind: AiopsProfile\nservice: checkout\nsignals:\n"
      "  several: {query: 'http_requests_total{${selector}}'}\n"
      "  wrong: {query: 'sum('}\n"
      "  execution: {query: 'http_requests_total * on(job) http_requests_total'}\n"
      "  absent: {query: 'nothing{${selector}}'}\n"
      "  hostile: {query: 'sum(up{a=\"${service}\"})'}\n"
      "  division: {query: 'sum(http_requests_total{${selector}}) * 0 / 0'}\n",
      "p.yaml");
  ASSERT_TRUE(profile) << profile.error().text();
  const auto http = net::make_client(fake_.world());
  const auto report = checked(*http, *profile, {.url = cat("http://", server.authority())}, kLast);
  EXPECT_EQ(report.signals[0].state, State::ambiguous);
  EXPECT_EQ(report.signals[1].state, State::rejected);
  EXPECT_NE(report.signals[1].detail.find("parse error"), std::string::npos);
  EXPECT_EQ(report.signals[2].state, State::rejected);
  EXPECT_EQ(report.signals[3].state, State::no_data);
  EXPECT_EQ(report.signals[4].state, State::no_data);
  EXPECT_EQ(report.signals[5].state, State::no_data) << "NaN is no data";
}

// What is put into a query stays inside its string: none of these is a parse error.
TEST_F(RealPrometheus, TakesEveryEscapedName) {
  const test::Prometheus server(folder_->path(), "");
  ASSERT_TRUE(server.started()) << server.log();
  const auto http = net::make_client(fake_.world());
  for (const std::string_view hostile : {"a\"} or vector(1) #", "it's", "back\\slash", "tick`",
                                         "a\nb", "\x01\x7F", "ä", "${range}"}) {
    const auto profile = default_profile(hostile);
    ASSERT_TRUE(profile);
    const auto report =
        checked(*http, *profile, {.url = cat("http://", server.authority())}, kLast);
    for (const auto& signal : report.signals)
      EXPECT_EQ(signal.state, State::no_data) << signal.query << signal.detail;
  }
}

TEST_F(RealPrometheus, TakesMoreThanElevenThousandPointsInParts) {
  const test::Prometheus server(folder_->path(), "");
  ASSERT_TRUE(server.started()) << server.log();
  profile_.step = seconds(60);
  const auto http = net::make_client(fake_.world());
  const auto report =
      checked(*http, profile_, {.url = cat("http://", server.authority())}, kOutage);
  for (const auto& signal : report.signals) {
    EXPECT_TRUE(decided(signal.state)) << signal.detail;
    EXPECT_GT(signal.points, 19'000U);
  }
}

TEST_F(RealPrometheus, BehindTlsAClientCertificateAndAPassword) {
  const test::TestAuthority authority;
  const auto own = authority.issue();
  const auto client = authority.issue({.names = {"DNS:client.test"}});
  const Path certificate = folder_->write("server.pem", own.certificate);
  const Path key = folder_->write("server.key", own.key);
  const Path trusted = folder_->write("ca.pem", authority.pem());
  const test::Prometheus server(
      folder_->path(),
      cat("tls_server_config:\n  cert_file: ", certificate.native(), "\n  key_file: ", key.native(),
          "\n  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: ", trusted.native(),
          "\nbasic_auth_users:\n  gate: "
          "$2b$05$abcdefghijklmnopqrstuuHNbAKRhpaujgo33bRWs.NLUTJO3lOy2\n"));
  ASSERT_TRUE(server.started()) << server.log();
  Endpoint endpoint{.url = cat("https://", server.authority()), .scheme = "Basic"};
  endpoint.budget.tries = 1;
  const auto password = [&](std::string_view text) {
    endpoint.credential =
        std::make_shared<const SecretBytes>(*basic_credential(SecretBytes::copy_of(text)));
  };
  net::ClientOptions options{.ca_file = trusted,
                             .client_certificate = folder_->write("client.pem", client.certificate),
                             .client_key = folder_->write("client.key", client.key)};
  const auto with = net::make_client(fake_.world(), options);

  password("gate:correct horse");
  const auto open = checked(*with, profile_, endpoint, kLast + profile_.ingest_lag);
  EXPECT_EQ(open.health, Health::incident) << all_states(open);

  password("gate:wrong");
  const auto wrong = checked(*with, profile_, endpoint, kLast);
  EXPECT_EQ(wrong.health, Health::unknown);
  EXPECT_EQ(wrong.signals[0].state, State::unauthorised) << wrong.signals[0].detail;

  options.client_certificate = options.client_key = "";
  const auto without =
      checked(*net::make_client(fake_.world(), options), profile_, endpoint, kLast);
  EXPECT_EQ(without.health, Health::unknown);
  EXPECT_EQ(without.signals[0].state, State::unreachable) << without.signals[0].detail;
}

}  // namespace
}  // namespace sluice::aiops
