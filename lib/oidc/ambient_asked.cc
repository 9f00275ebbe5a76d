// SPDX-License-Identifier: Apache-2.0
// Tokens that a service gives out to the jobs and machines that run on it.
#include "base/text.h"
#include "oidc/ambient_parts.h"
#include "oidc/wire.h"

namespace sluice::oidc::ambient {

namespace {

constexpr std::string_view kMetadataHost = "metadata.google.internal";
constexpr std::string_view kMetadataPath =
    "/computeMetadata/v1/instance/service-accounts/default/identity";
constexpr std::chrono::seconds kServiceTime{30};

HttpRequest request_to(std::string url, std::string method = "GET") {
  HttpRequest request{.method = std::move(method), .url = std::move(url)};
  request.headers = {{"accept", "application/json"}};
  request.repeatable = true;  // asking again gives another token, and does no harm
  request.budget.max_body = kMaxAnswer;
  request.budget.total = kServiceTime;
  request.budget.redirects = 0;
  return request;
}

std::shared_ptr<const SecretBytes> secret_of(std::string text) {
  auto secret = std::make_shared<const SecretBytes>(SecretBytes::copy_of(text));
  wipe({reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
  return secret;
}

// The member of the answer that holds the token.
Result<Token> ask_for_token(const Surroundings& here, const HttpRequest& request,
                            std::string_view member, std::string_view advice) {
  SLUICE_TRY(const auto answer, here.http.send(request));
  auto body = read_answer(answer, here.title);
  if (!body) return fail(std::move(body).error().advise(std::string(advice)));
  const auto* text = body->find(member);
  if (text == nullptr || text->string() == nullptr) {
    return fail(Errc::malformed, cat("the answer holds no token (", member, ")"));
  }
  return take_token(*text->string(), here);
}

}  // namespace

Result<Token> from_github(const Surroundings& here) {
  constexpr std::string_view kAdvice =
      "give the job `permissions: id-token: write`; workflows of a fork's pull request get no "
      "identity";
  const auto url = here.variable("ACTIONS_ID_TOKEN_REQUEST_URL");
  auto token = here.variable("ACTIONS_ID_TOKEN_REQUEST_TOKEN");
  if (!url || !token) {
    return fail(Error{
        Errc::denied,
        cat("the job may not ask for one: ",
            url ? "ACTIONS_ID_TOKEN_REQUEST_TOKEN" : "ACTIONS_ID_TOKEN_REQUEST_URL", " is not set")}
                    .advise(std::string(kAdvice)));
  }
  SLUICE_TRY(const auto place, secure_url(*url, "ACTIONS_ID_TOKEN_REQUEST_URL"));
  HttpRequest request = request_to(with_query(place, {{"audience", here.wish.audience}}));
  request.authorization = secret_of(*std::move(token));
  return ask_for_token(here, request, "value", kAdvice);
}

Result<Token> from_azure(const Surroundings& here) {
  auto token = here.variable("SYSTEM_ACCESSTOKEN");
  if (!token) {
    return fail(Error{Errc::denied, "SYSTEM_ACCESSTOKEN is not set"}.advise(
        "map it into the step: `env: { SYSTEM_ACCESSTOKEN: $(System.AccessToken) }`"));
  }
  const std::string url = here.variable("SYSTEM_OIDCREQUESTURI").value_or("");
  SLUICE_TRY(const auto place, secure_url(url, "SYSTEM_OIDCREQUESTURI"));
  HttpRequest request = request_to(with_query(place, {{"api-version", "7.1"}}), "POST");
  request.headers.emplace_back("content-type", "application/json");
  // Without it a token that is not good leads to a page to sign in on, not to an error.
  request.headers.emplace_back("x-tfs-fedauthredirect", "Suppress");
  request.authorization = secret_of(*std::move(token));
  return ask_for_token(here, request, "oidcToken",
                       "the pipeline's access token must be allowed to ask for identities");
}

Result<Token> from_google(const Surroundings& here) {
  if (here.variable("GOOGLE_SERVICE_ACCOUNT_NAME")) {
    return fail(Error{Errc::unsupported,
                      "GOOGLE_SERVICE_ACCOUNT_NAME asks for another account's identity, which this "
                      "program does not do"}
                    .advise("unset it to sign as the machine's own account, or give a token in "
                            "SIGSTORE_ID_TOKEN"));
  }
  const std::string host = here.variable("GCE_METADATA_HOST").value_or(std::string(kMetadataHost));
  SLUICE_TRY(const auto place, within(net::parse_url(cat("http://", host, kMetadataPath)),
                                      "reading GCE_METADATA_HOST"));
  HttpRequest request =
      request_to(with_query(place, {{"audience", here.wish.audience}, {"format", "full"}}));
  request.headers = {{"metadata-flavor", "Google"}};
  SLUICE_TRY(const auto answer, here.http.send(request));
  if (answer.status != 200) {
    auto refused = refusal(answer, "the metadata server");
    return fail(std::move(refused.error()).advise("the machine needs a service account"));
  }
  // Whoever else answers on that name does not say so.
  if (answer.header("metadata-flavor") != "Google") {
    return fail(Errc::denied, "what answered is no metadata server of Google's (Metadata-Flavor)");
  }
  return take_token(answer.body, here);
}

}  // namespace sluice::oidc::ambient
