// SPDX-License-Identifier: Apache-2.0
#include "repository_http.h"

#include "base/codec.h"
#include "base/text.h"
#include "settings.h"

namespace sluice::cli {

namespace {

constexpr std::string_view kScheme = "file://";

// The file that a URL names. What is encoded there, say a slash in the name of a role, is a part of
// the name on the web, but no name of a file.
Result<Path> file_of(std::string_view url) {
  std::string path;
  for (std::size_t at = kScheme.size(); at < url.size(); ++at) {
    if (url[at] != '%') {
      path += url[at];
      continue;
    }
    SLUICE_TRY(const auto byte,
               within(from_hex(lower_ascii(url.substr(at + 1, 2))), "reading a file:// URL"));
    if (byte.size() != 1) return fail(Errc::malformed, "a file:// URL ends within a %");
    path += static_cast<char>(byte[0]);
    at += 2;
  }
  for (const auto piece : split(path, '/')) {
    if (piece == "..") return fail(Errc::denied, "a file:// URL would leave its folder");
  }
  if (!path.starts_with('/') || path.find('\0') != std::string::npos) {
    return fail(Errc::denied, "a file:// URL names no file");
  }
  return Path(path);
}

class RepositoryHttp final : public Http {
 public:
  explicit RepositoryHttp(Invocation& in)
      : files_(in.world.files), web_(net::make_client(in.world, client_options(in.settings))) {}

  Result<HttpResponse> send(const HttpRequest& request) override {
    return is_folder_url(request.url) ? read(request) : web_->send(request);
  }
  std::vector<Result<HttpResponse>> send_all(const std::vector<HttpRequest>& requests) override {
    const auto is_here = [](const HttpRequest& one) { return is_folder_url(one.url); };
    if (std::ranges::none_of(requests, is_here)) return web_->send_all(requests);
    std::vector<Result<HttpResponse>> out;
    out.reserve(requests.size());
    for (const HttpRequest& one : requests) out.push_back(send(one));
    return out;
  }

 private:
  Result<HttpResponse> read(const HttpRequest& request) {
    HttpResponse out;
    out.url = request.url;
    SLUICE_TRY(const Path file, file_of(request.url));
    auto text = files_.read_plain(file, request.budget.max_body, Links::followed);
    if (!text && text.error().code != Errc::not_found) return fail(std::move(text).error());
    out.status = text ? 200 : 404;
    if (text) out.body = *std::move(text);
    return out;
  }

  Files& files_;
  std::unique_ptr<Http> web_;
};

}  // namespace

bool is_folder_url(std::string_view url) { return url.starts_with(cat(kScheme, "/")); }

std::unique_ptr<Http> repository_http(Invocation& in) {
  return std::make_unique<RepositoryHttp>(in);
}

}  // namespace sluice::cli
