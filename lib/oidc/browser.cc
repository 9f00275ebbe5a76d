// SPDX-License-Identifier: Apache-2.0
#include "oidc/browser.h"

#include <optional>

#include "base/text.h"
#include "oidc/discovery.h"
#include "oidc/wire.h"

namespace sluice::oidc {

namespace {

constexpr std::chrono::seconds kOpening{10};

// One sign-in: what was sent with the browser, and what it must bring back.
struct Attempt {
  Endpoints endpoints;
  std::string redirect_uri;
  std::string state;
  std::string nonce;
  Pkce pkce;
};

Result<Attempt> begin(const World& world, Http& http, const Callback& callback,
                      const Client& client) {
  SLUICE_TRY(auto endpoints, discover(http, client.issuer));
  SLUICE_CHECK(require_pkce(endpoints));
  if (!endpoints.authorization || !endpoints.token) {
    return fail(Errc::unsupported,
                cat(printable(client.issuer, 200), " offers no signing in with a browser"));
  }
  return Attempt{.endpoints = std::move(endpoints),
                 .redirect_uri = callback.redirect_uri(),
                 .state = random_text(world.random),
                 .nonce = random_text(world.random),
                 .pkce = make_pkce(world.random)};
}

std::string address_of(const Attempt& attempt, const Client& client) {
  return with_query(*attempt.endpoints.authorization, {{"response_type", "code"},
                                                       {"client_id", client.id},
                                                       {"scope", client.scope},
                                                       {"redirect_uri", attempt.redirect_uri},
                                                       {"state", attempt.state},
                                                       {"nonce", attempt.nonce},
                                                       {"code_challenge", attempt.pkce.challenge},
                                                       {"code_challenge_method", "S256"}});
}

// The program that opens a browser may stay for as long as the browser does: it gets a session of
// its own and none of our pipes, so that nothing waits for it and nothing ends it.
void open_in_browser(const World& world, const std::string& url) {
  if (!world.environment.get("DISPLAY") && !world.environment.get("WAYLAND_DISPLAY")) return;
  ProcessRequest request;
  request.command = {
      "setsid", "--fork", "sh", "-c", "exec xdg-open \"$1\" </dev/null >/dev/null 2>&1", "sh", url};
  request.timeout = kOpening;
  (void)world.processes.run(request);  // the address was shown: it can be copied
}

// What a browser brought: nothing where it belongs to another sign-in.
std::optional<Result<std::string>> code_in(std::string_view query, const Attempt& attempt) {
  const auto parameters = parse_form(query);
  if (!parameters) return std::nullopt;
  const auto* state = find(*parameters, "state");
  if (state == nullptr || !equal_secrets(bytes_of(*state), bytes_of(attempt.state))) {
    return std::nullopt;
  }
  const auto* issuer = find(*parameters, "iss");
  if (issuer != nullptr && *issuer != attempt.endpoints.issuer) {
    return fail(Errc::denied,
                cat("another issuer answered: expected ", printable(attempt.endpoints.issuer, 200),
                    ", found ", printable(*issuer, 200)));
  }
  if (const auto* error = find(*parameters, "error")) {
    const auto* described = find(*parameters, "error_description");
    return fail(Errc::denied, cat("the issuer answered: ", printable(*error, 100),
                                  described == nullptr ? "" : ", ",
                                  described == nullptr ? "" : printable(*described, 200)));
  }
  const auto* code = find(*parameters, "code");
  if (code == nullptr || code->empty()) {
    return fail(Errc::malformed, "the browser came back without a code");
  }
  return *code;
}

Result<std::string> wait_for_code(Callback& callback, const Attempt& attempt,
                                  std::chrono::milliseconds within) {
  std::optional<Result<std::string>> code;
  std::size_t strangers = 0;
  const auto judge = [&](std::string_view query) {
    code = code_in(query, attempt);
    if (!code) {
      ++strangers;
      return CallbackReply{.last = false, .text = "This is not the sign-in that was begun here."};
    }
    return CallbackReply{.last = true,
                         .text = code->has_value()
                                     ? "You can close this page and go back to the terminal."
                                     : "This did not work. The terminal says why."};
  };
  if (auto waited = callback.wait(within, judge); !waited) {
    Error error = std::move(waited).error();
    if (strangers > 0) {
      error.what +=
          cat("; ", strangers, " came with another state, or none, and were not believed");
    }
    return fail(std::move(error));
  }
  if (!code) return fail(Errc::internal, "waiting for the browser ended without an answer");
  return *std::move(code);
}

Result<Token> exchange(Http& http, const Attempt& attempt, const Client& client,
                       const std::string& code) {
  const auto request =
      form_request(*attempt.endpoints.token, {{"grant_type", "authorization_code"},
                                              {"code", code},
                                              {"redirect_uri", attempt.redirect_uri},
                                              {"client_id", client.id},
                                              {"code_verifier", attempt.pkce.verifier}});
  SLUICE_TRY(const auto answer, http.send(request));
  SLUICE_TRY(const auto body, read_answer(answer, "the token endpoint"));
  return token_in(body, attempt.endpoints.issuer, attempt.nonce);
}

}  // namespace

Result<Token> sign_in_with_browser(const World& world, Http& http, Callback& callback,
                                   const BrowserSignIn& wish) {
  const std::string doing = "signing in with a browser";
  if (!wish.person) {
    return fail(Error{Errc::denied, "nobody is there to sign in"}.in(doing).advise(
        "in a pipeline, give an identity token: in SIGSTORE_ID_TOKEN, or in a file"));
  }
  SLUICE_TRY(const auto attempt, within(begin(world, http, callback, wish.client), doing));
  const std::string url = address_of(attempt, wish.client);
  if (wish.show) wish.show(url);
  if (wish.open_browser) open_in_browser(world, url);
  SLUICE_TRY(const auto code, within(wait_for_code(callback, attempt, wish.within), doing));
  return within(exchange(http, attempt, wish.client, code), doing);
}

}  // namespace sluice::oidc
