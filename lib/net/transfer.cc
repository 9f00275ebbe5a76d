// SPDX-License-Identifier: Apache-2.0
#include "net/transfer.h"

#include <curl/curl.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <new>
#include <stdexcept>

#include "base/text.h"
#include "net/retry.h"

namespace sluice::net {

namespace {

// An option that this libcurl does not take is a broken build, and going on without it could mean
// going on without a check.
template <class Value>
void set_option(CURL* handle, CURLoption option, Value value) {
  const CURLcode code = curl_easy_setopt(handle, option, value);
  if (code == CURLE_OUT_OF_MEMORY) throw std::bad_alloc();
  if (code != CURLE_OK) throw std::logic_error("libcurl refuses an option");
}

// libcurl takes 0 for "for ever", and nothing above its int.
long as_timeout(std::chrono::milliseconds length) {
  return static_cast<long>(std::clamp<std::int64_t>(length.count(), 1, 1'000'000'000));
}

template <class Value>
Value curl_fact(CURL* handle, CURLINFO info) {
  Value value{};
  curl_easy_getinfo(handle, info, &value);
  return value;
}

// Room that will be filled from end to end costs a page fault for every 4 KB, or for every 2 MB
// where the machine is asked for that. Where it does not grant it, nothing is lost.
void prefer_large_pages(char* begin, std::size_t size) {
  constexpr std::size_t kLargePage = 2U << 20;
  const std::size_t before =
      (kLargePage - reinterpret_cast<std::uintptr_t>(begin) % kLargePage) % kLargePage;
  if (size < before + kLargePage) return;
  (void)madvise(begin + before, (size - before) / kLargePage * kLargePage, MADV_HUGEPAGE);
}

std::chrono::milliseconds milliseconds_of(curl_off_t microseconds) {
  return std::chrono::milliseconds(microseconds / 1000);
}

}  // namespace

// Our own nodes instead of curl_slist_append, so that the token is copied into wiped memory only.
struct CurlTransfer::HeaderList {
  std::vector<std::string> lines;
  SecretBytes authorization;
  std::vector<curl_slist> nodes;

  curl_slist* link() {
    nodes.clear();
    nodes.reserve(lines.size() + 1);
    for (std::string& line : lines) nodes.push_back({line.data(), nullptr});
    if (!authorization.empty()) {
      nodes.push_back({reinterpret_cast<char*>(authorization.reveal().data()), nullptr});
    }
    for (std::size_t i = 1; i < nodes.size(); ++i) nodes[i - 1].next = &nodes[i];
    return nodes.empty() ? nullptr : nodes.data();
  }

  void set_authorization(std::string_view header, std::string_view scheme,
                         const SecretBytes& token) {
    const std::string start = cat(header, ": ", scheme, scheme.empty() ? "" : " ");
    authorization = SecretBytes(start.size() + token.size() + 1);  // zeroed: ends in NUL
    std::memcpy(authorization.reveal().data(), start.data(), start.size());
    if (token.empty()) return;
    std::memcpy(authorization.reveal().data() + start.size(), token.reveal().data(), token.size());
  }
};

void CurlTransfer::Cleanup::operator()(void* handle) const { curl_easy_cleanup(handle); }

CurlTransfer::CurlTransfer(std::size_t id, Transfer transfer, const ClientOptions& options)
    : id_(id),
      transfer_(std::move(transfer)),
      headers_(transfer_.request.budget, transfer_.hop.method != "HEAD"),
      sent_headers_(std::make_unique<HeaderList>()),
      error_text_(CURL_ERROR_SIZE, '\0'),
      handle_(curl_easy_init()) {
  if (!handle_) throw std::bad_alloc();
  set_options(options);
  set_method();
  collect_headers();
  if (transfer_.hop.url.secure() || !transfer_.proxy.proxy.empty()) set_tls(options);
}

CurlTransfer::~CurlTransfer() = default;

void CurlTransfer::set_options(const ClientOptions& options) {
  CURL* const h = handle_.get();
  const HttpBudget& budget = transfer_.request.budget;
  set_option(h, CURLOPT_URL, transfer_.hop.url.text().c_str());
  set_option(h, CURLOPT_PROTOCOLS_STR, "http,https");
  set_option(h, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
  set_option(h, CURLOPT_FOLLOWLOCATION, 0L);
  set_option(h, CURLOPT_HTTP09_ALLOWED, 0L);
  // .netrc is ignored unless asked for, and our own builds of libcurl do not know the option.
  set_option(h, CURLOPT_NOSIGNAL, 1L);
  set_option(h, CURLOPT_NOPROGRESS, 1L);
  set_option(h, CURLOPT_BUFFERSIZE, 128L << 10);  // large bodies come in an eighth of the calls
  set_option(h, CURLOPT_TIMEOUT_MS, as_timeout(transfer_.left));
  set_option(h, CURLOPT_CONNECTTIMEOUT_MS, as_timeout(std::min(budget.connect, transfer_.left)));
  // Otherwise libcurl waits for a name server long after the time is up, until the thread that asks
  // it is done. That thread owns what it works on, and frees it itself.
  set_option(h, CURLOPT_QUICK_EXIT, 1L);
  // Many requests share one connection where the server speaks HTTP/2, which the handshake of TLS
  // tells. Without TLS it would show only from the first answer, for which all others would wait.
  const bool tls = transfer_.hop.url.secure();
  set_option(h, CURLOPT_HTTP_VERSION,
             static_cast<long>(tls ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1));
  set_option(h, CURLOPT_PIPEWAIT, tls ? 1L : 0L);
  set_option(h, CURLOPT_FRESH_CONNECT, may_repeat(transfer_.request) ? 0L : 1L);
  set_option(h, CURLOPT_USERAGENT, options.user_agent.c_str());
  if (transfer_.request.compressed) set_option(h, CURLOPT_ACCEPT_ENCODING, "gzip");
  // Set even where empty: otherwise libcurl asks the environment itself.
  set_option(h, CURLOPT_PROXY, transfer_.proxy.proxy.c_str());
  set_option(h, CURLOPT_NOPROXY, transfer_.proxy.no_proxy.c_str());
  set_option(h, CURLOPT_ERRORBUFFER, error_text_.data());
  set_option(h, CURLOPT_PRIVATE, static_cast<void*>(this));
  set_option(h, CURLOPT_HEADERFUNCTION, &CurlTransfer::on_header);
  set_option(h, CURLOPT_HEADERDATA, static_cast<void*>(this));
  set_option(h, CURLOPT_WRITEFUNCTION, &CurlTransfer::on_body);
  set_option(h, CURLOPT_WRITEDATA, static_cast<void*>(this));
}

void CurlTransfer::set_method() {
  CURL* const h = handle_.get();
  const Hop& hop = transfer_.hop;
  const bool wants_length = hop.method == "POST" || hop.method == "PUT" || hop.method == "PATCH";
  if (hop.body || wants_length) {
    const std::string& body = transfer_.request.body;
    set_option(h, CURLOPT_POSTFIELDS, hop.body ? body.c_str() : "");
    set_option(h, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(hop.body ? body.size() : 0));
  } else if (hop.method == "HEAD") {
    set_option(h, CURLOPT_NOBODY, 1L);
  } else {
    set_option(h, CURLOPT_HTTPGET, 1L);
  }
  const bool usual = hop.method == "POST" || (hop.method == "GET" && !hop.body) ||
                     (hop.method == "HEAD" && !hop.body);
  if (!usual) set_option(h, CURLOPT_CUSTOMREQUEST, hop.method.c_str());
}

void CurlTransfer::set_tls(const ClientOptions& options) {
  CURL* const h = handle_.get();
  const auto path_or_none = [](const Path& path) { return path.empty() ? nullptr : path.c_str(); };
  // Set even where empty: otherwise the folder that libcurl was built with is trusted as well.
  set_option(h, CURLOPT_CAINFO, path_or_none(transfer_.authorities.file));
  set_option(h, CURLOPT_CAPATH, path_or_none(transfer_.authorities.folder));
  set_option(h, CURLOPT_PROXY_CAINFO, path_or_none(transfer_.authorities.file));
  set_option(h, CURLOPT_PROXY_CAPATH, path_or_none(transfer_.authorities.folder));
  set_option(h, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  set_option(h, CURLOPT_PROXY_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  set_option(h, CURLOPT_SSL_VERIFYPEER, 1L);
  set_option(h, CURLOPT_SSL_VERIFYHOST, 2L);
  set_option(h, CURLOPT_PROXY_SSL_VERIFYPEER, 1L);
  set_option(h, CURLOPT_PROXY_SSL_VERIFYHOST, 2L);
  // Where a redirect has led to another server, it is shown to nobody, as no other credential is.
  if (options.client_certificate.empty() || !transfer_.hop.credentials) return;
  const Path& key = options.client_key.empty() ? options.client_certificate : options.client_key;
  set_option(h, CURLOPT_SSLCERT, options.client_certificate.c_str());
  set_option(h, CURLOPT_SSLKEY, key.c_str());
  // Set even where there is none: otherwise OpenSSL asks for it on the terminal.
  std::string password;
  if (options.client_key_password) password = options.client_key_password->reveal_text();
  set_option(h, CURLOPT_KEYPASSWD, password.c_str());
  wipe({reinterpret_cast<std::uint8_t*>(password.data()), password.size()});
}

void CurlTransfer::collect_headers() {
  const HttpRequest& request = transfer_.request;
  bool has_type = false;
  const auto add = [&](const std::string& name, const std::string& value) {
    if (!transfer_.hop.body && !request.body.empty() && is_body_header(name)) return;
    has_type = has_type || lower_ascii(name) == "content-type";
    // "Name;" is how libcurl is told of a header without a value.
    sent_headers_->lines.push_back(value.empty() ? cat(name, ";") : cat(name, ": ", value));
  };
  for (const auto& [name, value] : request.headers) {
    if (transfer_.hop.credentials || !is_credential_header(name)) add(name, value);
  }
  if (transfer_.hop.credentials) {
    for (const auto& [name, value] : request.origin_headers) add(name, value);
  }
  // Not sent: libcurl's own guess of a type, and "Expect", which only costs a second.
  if (!has_type) sent_headers_->lines.emplace_back("Content-Type:");
  sent_headers_->lines.emplace_back("Expect:");
  if (request.authorization && transfer_.hop.credentials) {
    sent_headers_->set_authorization(request.authorization_header, request.authorization_scheme,
                                     *request.authorization);
  }
  set_option(handle_.get(), CURLOPT_HTTPHEADER, sent_headers_->link());
  // What is meant for the server is not told to the proxy.
  set_option(handle_.get(), CURLOPT_HEADEROPT, static_cast<long>(CURLHEADER_SEPARATE));
}

void CurlTransfer::refuse(Error error) {
  if (!refused_) refused_ = std::move(error);
}

// libcurl is C: nothing may be thrown through it.
std::size_t CurlTransfer::on_header(char* data, std::size_t, std::size_t count, void* self) {
  auto& transfer = *static_cast<CurlTransfer*>(self);
  try {
    auto taken = transfer.headers_.line({data, count});
    if (taken) return count;
    transfer.refuse(std::move(taken).error());
  } catch (const std::bad_alloc&) {
    transfer.refuse(Error{Errc::internal, "no memory for the headers of an answer"});
  }
  return 0;
}

// For a body whose length was announced: it grows in place.
void CurlTransfer::make_room() {
  constexpr std::size_t kMost = 64U << 20;  // of what is only announced so far
  curl_off_t length = -1;
  curl_easy_getinfo(handle_.get(), CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
  if (length <= 0) return;
  const auto announced = static_cast<std::size_t>(length);
  body_.reserve(std::min({announced, transfer_.request.budget.max_body, kMost}));
  prefer_large_pages(body_.data(), body_.capacity());
}

std::size_t CurlTransfer::on_body(char* data, std::size_t, std::size_t count, void* self) {
  auto& transfer = *static_cast<CurlTransfer*>(self);
  const std::size_t most = transfer.transfer_.request.budget.max_body;
  try {
    if (count <= most - transfer.body_.size()) {
      if (transfer.body_.empty()) transfer.make_room();
      transfer.body_.append(data, count);
      return count;
    }
    transfer.refuse(Error{Errc::limit, cat("the answer is larger than ", most, " bytes")});
  } catch (const std::bad_alloc&) {
    transfer.refuse(Error{Errc::internal, "no memory for the body of an answer"});
  }
  return CURL_WRITEFUNC_ERROR;
}

Progress CurlTransfer::progress() const {
  CURL* const h = handle_.get();
  const auto sent = curl_fact<curl_off_t>(h, CURLINFO_SIZE_UPLOAD_T);
  const auto received =
      curl_fact<curl_off_t>(h, CURLINFO_SIZE_DOWNLOAD_T) + curl_fact<long>(h, CURLINFO_HEADER_SIZE);
  const bool all_sent =
      !transfer_.hop.body || static_cast<std::size_t>(sent) >= transfer_.request.body.size();
  return {static_cast<std::uint64_t>(sent + received), all_sent && received == 0};
}

TryResult CurlTransfer::outcome(int curl_code) {
  if (refused_) {
    refused_->what += cat(" (", transfer_.hop.url.shown(), ")");
    return std::unexpected(Failure{*std::move(refused_), false});
  }
  if (curl_code != CURLE_OK) return std::unexpected(failure(curl_code));
  HttpResponse response;
  response.status = static_cast<int>(curl_fact<long>(handle_.get(), CURLINFO_RESPONSE_CODE));
  response.headers = headers_.take();
  response.body = std::move(body_);
  return response;
}

Failure CurlTransfer::failure(int curl_code) const {
  CURL* const h = handle_.get();
  FailedTransfer failed;
  failed.code = curl_code;
  failed.text = error_text_.c_str();
  failed.os_error = curl_fact<long>(h, CURLINFO_OS_ERRNO);
  failed.verify_result = curl_fact<long>(h, CURLINFO_SSL_VERIFYRESULT);
  failed.proxy_status = curl_fact<long>(h, CURLINFO_HTTP_CONNECTCODE);
  failed.took = milliseconds_of(curl_fact<curl_off_t>(h, CURLINFO_TOTAL_TIME_T));
  failed.allowed = transfer_.left;
  failed.connect_allowed = std::min(transfer_.request.budget.connect, transfer_.left);
  failed.through_proxy = !transfer_.proxy.proxy.empty();
  if (failed.through_proxy) failed.proxy = transfer_.proxy.shown();
  failed.authorities = transfer_.authorities.shown();
  return explain(failed, transfer_.hop.url);
}

}  // namespace sluice::net
