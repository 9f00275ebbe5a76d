// SPDX-License-Identifier: Apache-2.0
#include "net/url.h"

#include <curl/curl.h>

#include <algorithm>
#include <charconv>
#include <memory>
#include <optional>

#include "base/text.h"

namespace sluice::net {

namespace {

constexpr std::size_t kLongestUrl = 8U << 10;

struct UrlCleanup {
  void operator()(CURLU* handle) const { curl_url_cleanup(handle); }
};
using UrlHandle = std::unique_ptr<CURLU, UrlCleanup>;

Result<std::string> url_part(CURLU* handle, CURLUPart part, unsigned flags = 0) {
  char* raw = nullptr;
  const CURLUcode code = curl_url_get(handle, part, &raw, flags);
  if (code == CURLUE_NO_QUERY) return std::string();
  if (code != CURLUE_OK) return fail(Errc::malformed, cat("URL: ", curl_url_strerror(code)));
  std::string text = raw;
  curl_free(raw);
  return text;
}

Result<void> refuse_control_characters(std::string_view text, bool ascii_only) {
  if (text.size() > kLongestUrl) {
    return fail(Errc::limit, cat("a URL of ", text.size(), " bytes, allowed are ", kLongestUrl));
  }
  const bool bad = std::ranges::any_of(text, [&](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f || (ascii_only && (byte == 0x20 || byte > 0x7f));
  });
  if (bad)
    return fail(Errc::malformed, "the URL holds a blank, a control or a non-ASCII character");
  return {};
}

Result<void> set_url(CURLU* handle, const std::string& text, unsigned flags) {
  const CURLUcode code = curl_url_set(handle, CURLUPART_URL, text.c_str(), flags);
  if (code == CURLUE_OK) return {};
  if (code == CURLUE_USER_NOT_ALLOWED) {
    return fail(Error{Errc::denied, "the URL holds a user or a password"}.advise(
        "give the credential as a token or password of its own, not in the URL"));
  }
  // The text itself is not shown: it may hold a token that no one could cut out for certain.
  if (code == CURLUE_BAD_SCHEME || code == CURLUE_BAD_SLASHES) {
    return fail(Errc::malformed, "not a URL, as https://HOST or http://HOST is");
  }
  return fail(Errc::malformed, cat("not a URL: ", curl_url_strerror(code)));
}

constexpr unsigned kSetFlags = CURLU_NON_SUPPORT_SCHEME | CURLU_DISALLOW_USER;

Result<Url> taken_apart(CURLU* handle) {
  Url url;
  SLUICE_TRY(url.scheme, url_part(handle, CURLUPART_SCHEME));
  url.scheme = lower_ascii(url.scheme);
  if (url.scheme != "http" && url.scheme != "https") {
    return fail(Errc::unsupported, cat("a URL of scheme \"", printable(url.scheme, 20),
                                       "\"; only http and https are spoken"));
  }
  SLUICE_TRY(url.host, url_part(handle, CURLUPART_HOST));
  url.host = lower_ascii(url.host);
  SLUICE_CHECK(refuse_control_characters(url.host, true));
  SLUICE_TRY(const std::string port, url_part(handle, CURLUPART_PORT, CURLU_DEFAULT_PORT));
  std::from_chars(port.data(), port.data() + port.size(), url.port);
  if (url.host.empty() || url.port == 0) return fail(Errc::malformed, "a URL without host or port");
  SLUICE_TRY(url.path, url_part(handle, CURLUPART_PATH));
  SLUICE_TRY(url.query, url_part(handle, CURLUPART_QUERY));
  return url;
}

}  // namespace

std::string Url::authority() const {
  const bool usual = port == (secure() ? 443 : 80);
  return usual ? host : cat(host, ":", port);
}

std::string Url::text() const {
  return cat(scheme, "://", authority(), path, query.empty() ? "" : "?", query);
}

std::string Url::shown() const { return printable(cat(scheme, "://", authority(), path), 300); }

Result<Url> parse_url(std::string_view text) {
  SLUICE_CHECK(refuse_control_characters(text, true));
  const UrlHandle handle(curl_url());
  if (!handle) return fail(Errc::internal, "no memory for a URL");
  SLUICE_CHECK(set_url(handle.get(), std::string(text), kSetFlags));
  return taken_apart(handle.get());
}

Result<Url> resolve_url(const Url& base, std::string_view reference) {
  SLUICE_CHECK(refuse_control_characters(reference, false));
  const UrlHandle handle(curl_url());
  if (!handle) return fail(Errc::internal, "no memory for a URL");
  SLUICE_CHECK(set_url(handle.get(), base.text(), kSetFlags));
  SLUICE_CHECK(set_url(handle.get(), std::string(reference), kSetFlags | CURLU_URLENCODE));
  return taken_apart(handle.get());
}

bool same_origin(const Url& a, const Url& b) {
  return a.scheme == b.scheme && a.host == b.host && a.port == b.port;
}

}  // namespace sluice::net
