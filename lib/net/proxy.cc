// SPDX-License-Identifier: Apache-2.0
#include "net/proxy.h"

#include <curl/curl.h>

#include <memory>

#include "base/text.h"

namespace sluice::net {

namespace {

std::optional<std::string> either_case(const Environment& environment, const std::string& lower,
                                       const std::string& upper) {
  auto value = environment.get(lower);
  return value ? value : environment.get(upper);
}

std::optional<std::string> proxy_from(const Environment& environment, bool secure) {
  std::optional<std::string> found;
  if (secure) {
    found = either_case(environment, "https_proxy", "HTTPS_PROXY");
  } else {
    const bool answering_a_client = environment.get("REQUEST_METHOD").has_value();
    found =
        either_case(environment, "http_proxy", answering_a_client ? "http_proxy" : "HTTP_PROXY");
  }
  return found ? found : either_case(environment, "all_proxy", "ALL_PROXY");
}

}  // namespace

std::string ProxyChoice::shown() const {
  const std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> handle(curl_url(), &curl_url_cleanup);
  constexpr unsigned kFlags = CURLU_NON_SUPPORT_SCHEME;
  const std::string text = proxy.find("://") == std::string::npos ? "http://" + proxy : proxy;
  if (!handle || curl_url_set(handle.get(), CURLUPART_URL, text.c_str(), kFlags) != CURLUE_OK) {
    return "(not a URL)";
  }
  curl_url_set(handle.get(), CURLUPART_USER, nullptr, 0);
  curl_url_set(handle.get(), CURLUPART_PASSWORD, nullptr, 0);
  curl_url_set(handle.get(), CURLUPART_PATH, nullptr, 0);
  curl_url_set(handle.get(), CURLUPART_QUERY, nullptr, 0);
  curl_url_set(handle.get(), CURLUPART_FRAGMENT, nullptr, 0);
  char* raw = nullptr;
  if (curl_url_get(handle.get(), CURLUPART_URL, &raw, 0) != CURLUE_OK) return "(not a URL)";
  std::string out = printable(raw, 200);
  curl_free(raw);
  if (out.ends_with('/')) out.pop_back();
  return out;
}

ProxyChoice choose_proxy(const Url& target, const std::optional<std::string>& own,
                         const Environment& environment) {
  ProxyChoice choice;
  choice.proxy = own ? *own : proxy_from(environment, target.secure()).value_or("");
  choice.no_proxy = either_case(environment, "no_proxy", "NO_PROXY").value_or("");
  return choice;
}

}  // namespace sluice::net
