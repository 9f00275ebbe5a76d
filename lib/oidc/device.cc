// SPDX-License-Identifier: Apache-2.0
#include "oidc/device.h"

#include <algorithm>
#include <optional>

#include "base/text.h"
#include "oidc/discovery.h"
#include "oidc/wire.h"

namespace sluice::oidc {

namespace {

constexpr std::chrono::seconds kUsualInterval{5};
constexpr std::chrono::seconds kSlowDown{5};
constexpr std::chrono::seconds kLongestPause{120};  // after network errors
constexpr std::int64_t kLongestTime = 86'400;
constexpr std::size_t kLongestUserCode = 64;

struct Grant {
  std::string device_code;
  DevicePrompt prompt;
  std::chrono::seconds interval = kUsualInterval;
};

Result<std::chrono::seconds> interval_in(const json::Fields& answer) {
  if (!answer.has("interval")) return kUsualInterval;
  SLUICE_TRY(const auto seconds, answer.integer("interval"));
  if (seconds < 0) return fail(Errc::malformed, "an interval below zero");
  return std::chrono::seconds(std::clamp<std::int64_t>(seconds, 1, kLongestTime));
}

Result<Grant> read_grant(const json::Value& value) {
  const json::Fields answer(value, "device authorization");
  Grant grant;
  SLUICE_TRY(grant.device_code, answer.string("device_code"));
  SLUICE_TRY(const auto user_code, answer.string("user_code"));
  if (grant.device_code.empty() || user_code.empty() || user_code.size() > kLongestUserCode) {
    return fail(Errc::malformed, "a code that is empty, or too long to be typed");
  }
  grant.prompt.code = printable(user_code);
  SLUICE_TRY(const auto url, answer.string("verification_uri"));
  SLUICE_TRY(const auto place, secure_url(url, "the page for the code"));
  grant.prompt.url = place.text();
  if (answer.has("verification_uri_complete")) {
    SLUICE_TRY(const auto full, answer.string("verification_uri_complete"));
    SLUICE_TRY(const auto full_place, secure_url(full, "the page for the code"));
    grant.prompt.full_url = full_place.text();
  }
  SLUICE_TRY(const auto good_for, answer.integer("expires_in"));
  if (good_for <= 0) return fail(Errc::malformed, "a code that is good for no time");
  grant.prompt.good_for = std::chrono::seconds(std::min(good_for, kLongestTime));
  SLUICE_TRY(grant.interval, interval_in(answer));
  return grant;
}

class DeviceFlow {
 public:
  DeviceFlow(const World& world, Http& http, const DeviceSignIn& wish)
      : world_(world), http_(http), wish_(wish), pkce_(make_pkce(world.random)) {}

  Result<Token> run() {
    SLUICE_TRY(endpoints_, discover(http_, wish_.client.issuer));
    if (!endpoints_.device || !endpoints_.token) {
      return fail(Errc::unsupported,
                  cat(printable(wish_.client.issuer, 200), " offers no signing in with a code"));
    }
    SLUICE_TRY(const auto grant, ask_for_code());
    if (wish_.show) wish_.show(grant.prompt);
    const auto end = world_.clock.ticks() +
                     std::min<std::chrono::milliseconds>(wish_.within, grant.prompt.good_for);
    return poll(grant, end);
  }

 private:
  Result<Grant> ask_for_code() {
    const auto request = form_request(*endpoints_.device, {{"client_id", wish_.client.id},
                                                           {"scope", wish_.client.scope},
                                                           {"code_challenge", pkce_.challenge},
                                                           {"code_challenge_method", "S256"}});
    SLUICE_TRY(const auto answer, http_.send(request));
    SLUICE_TRY(const auto body, read_answer(answer, "the device endpoint"));
    return within(read_grant(body), "reading the issuer's answer");
  }

  Result<Token> poll(const Grant& grant, std::chrono::steady_clock::time_point end) {
    const auto request = form_request(
        *endpoints_.token, {{"grant_type", "urn:ietf:params:oauth:grant-type:device_code"},
                            {"device_code", grant.device_code},
                            {"client_id", wish_.client.id},
                            {"code_verifier", pkce_.verifier}});
    auto interval = grant.interval;
    for (;;) {
      if (world_.clock.ticks() + interval >= end) {
        return fail(Errc::timeout, "nobody confirmed the code in time");
      }
      world_.clock.sleep(interval);
      const auto answer = http_.send(request);
      if (!answer && answer.error().code != Errc::network && answer.error().code != Errc::timeout) {
        return fail(answer.error());
      }
      if (!answer || may_pass(*answer)) {
        interval = std::max(interval, std::min(interval * 2, kLongestPause));
        continue;
      }
      SLUICE_TRY(auto done, look_at(*answer, interval));
      if (done) return *std::move(done);
    }
  }

  static bool may_pass(const HttpResponse& answer) {
    return answer.status >= 500 || (answer.status == 429 && error_code(answer).empty());
  }

  // A token, or nothing yet.
  Result<std::optional<Token>> look_at(const HttpResponse& answer, std::chrono::seconds& interval) {
    if (answer.status == 200) {
      SLUICE_TRY(const auto body, read_object(answer, "the token endpoint"));
      SLUICE_TRY(auto token, token_in(body, endpoints_.issuer, {}));
      return token;
    }
    const std::string code = error_code(answer);
    if (code == "authorization_pending") return std::nullopt;
    if (code == "slow_down") {
      interval += kSlowDown;
      return std::nullopt;
    }
    if (code == "access_denied") return fail(Errc::denied, "the sign-in was refused");
    if (code == "expired_token") return fail(Errc::timeout, "the code expired before it was used");
    return refusal(answer, "the token endpoint");
  }

  const World& world_;
  Http& http_;
  const DeviceSignIn& wish_;
  Pkce pkce_;
  Endpoints endpoints_;
};

}  // namespace

Result<Token> sign_in_with_device(const World& world, Http& http, const DeviceSignIn& wish) {
  return within(DeviceFlow(world, http, wish).run(), "signing in with a code");
}

}  // namespace sluice::oidc
