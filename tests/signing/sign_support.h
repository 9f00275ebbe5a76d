// SPDX-License-Identifier: Apache-2.0
// A client of the virtual services, whose clock they share.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>

#include "base/text.h"
#include "signing/sign.h"
#include "support/fake_world.h"
#include "support/temp_folder.h"
#include "support/virtual_sigstore/services.h"

namespace sluice::sigstore {

// The services live by the client's clock; what they were asked at once can be seen, and the client
// can be killed.
class Wire final : public Http {
 public:
  Wire(test::VirtualServices& services, test::FakeClock& clock)
      : services_(services), clock_(clock) {}

  Result<HttpResponse> send(const HttpRequest& request) override {
    if (killed_at_ != 0 && ++sent_ >= killed_at_) throw Killed();
    services_.set_time(clock_.now() + services_are_ahead);
    return services_.send(request);
  }
  std::vector<Result<HttpResponse>> send_all(const std::vector<HttpRequest>& requests) override {
    waves.push_back(requests.size());
    std::vector<Result<HttpResponse>> out;
    for (const HttpRequest& one : requests) out.push_back(send(one));
    return out;
  }

  std::vector<Result<HttpResponse>> send_all_meanwhile(const std::vector<HttpRequest>& requests,
                                                       const Meanwhile& meanwhile) override {
    Meanwhile watched = meanwhile;
    watched.more = [&] {
      if (under_way) under_way(requests);
      return meanwhile.more();
    };
    return Http::send_all_meanwhile(requests, watched);
  }

  struct Killed {};
  // Thrown instead of sending the nth request from now on: the process is gone.
  void kill_at(std::size_t request) { killed_at_ = request, sent_ = 0; }

  std::chrono::seconds services_are_ahead{0};
  // Called when these are on their way, and more are still to be made.
  std::function<void(const std::vector<HttpRequest>&)> under_way = {};
  std::vector<std::size_t> waves;  // how many requests went out together

 private:
  test::VirtualServices& services_;
  test::FakeClock& clock_;
  std::size_t killed_at_ = 0;
  std::size_t sent_ = 0;
};

inline constexpr const char* kUrlV2 = "https://log2026.rekor.example.org";
inline constexpr const char* kUrlV1 = "https://rekor.example.org";
inline constexpr const char* kUrlStamps = "https://stamps0.example.org/api/v1/timestamp";
inline constexpr const char* kUrlOtherStamps = "https://stamps1.example.org/api/v1/timestamp";

// "" where there is a bundle, the id of the first check that failed, or "error: …".
inline std::string outcome_of(const SignResult& item) {
  if (!item.outcome) return cat("error: ", name(item.outcome.error().code));
  if (item.outcome->passed()) return "";
  const Check* failure = item.outcome->report().first_failure();
  return failure == nullptr ? "refused, and no check says why" : failure->id;
}

class SignTest : public testing::Test {
 protected:
  SignTest() { world_.clock.set(test::at("2026-06-01T12:00:00Z")); }

  static oidc::TokenSource token_of(std::string text) {
    return oidc::TokenSource(
        [text = std::move(text)] { return oidc::Token::parse(text, "a test"); });
  }
  oidc::TokenSource tokens_of(const test::VirtualIssuer& issuer, std::string subject) {
    return oidc::TokenSource([this, &issuer, subject = std::move(subject)] {
      return oidc::Token::parse(issuer.token(subject, world_.clock.now()), "a test");
    });
  }

  // A log of v2 and a timestamp, as the signing config says.
  SignOptions options() {
    SignOptions out;
    const auto config = SigningConfig::parse(services_.signing_config());
    out.services = choose_sign_services(config.value(), world_.clock.now()).value();
    out.trust = TrustRoot::parse(services_.trusted_root(), "the test's").value();
    out.tokens = &tokens_;
    out.threads = 2;
    return out;
  }
  SignOptions options_v1() {
    SignOptions out = options();
    out.services.logs = {{kUrlV1, 1}};
    out.services.stampers.clear();
    return out;
  }

  SignItem file(std::string_view name, std::string_view content = "an artifact") {
    return {std::string(name), folder_.write(name, content)};
  }
  std::vector<SignItem> files(std::size_t count) {
    std::vector<SignItem> out;
    for (std::size_t i = 0; i < count; ++i) {
      out.push_back(file(cat("file", i), cat("content of ", i)));
    }
    return out;
  }
  static SignItem payload(std::size_t more = 0) {
    const std::string text = test::statement(
        {test::subject_of(cat("app", std::string(more, 'x')), bytes_of("an artifact"))});
    return {"attestation",
            SignPayload{MediaType(std::string(dsse::kInTotoPayload)), copy_of(bytes_of(text))}};
  }

  SignReport sign(SignOptions wish, const std::vector<SignItem>& items) {
    Signing signing(world_.world(), wire_, std::move(wish));
    auto report = signing.sign(items);
    EXPECT_TRUE(report) << report.error().text();
    return *std::move(report);
  }
  // One file.
  std::string answer(SignOptions wish) {
    last_.emplace(sign(std::move(wish), {file("artifact")}));
    return outcome_of(last_->items.front());
  }
  std::string answer() { return answer(options()); }

  test::TempFolder folder_;
  test::FakeWorld world_;
  test::VirtualServices services_;
  Wire wire_{services_, world_.clock};
  oidc::TokenSource tokens_ = tokens_of(services_.issuer, std::string(test::kIdentity));
  std::optional<SignReport> last_;
};

}  // namespace sluice::sigstore
