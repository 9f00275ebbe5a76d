// SPDX-License-Identifier: Apache-2.0
#include "forge/github.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/text.h"
#include "json/value.h"

namespace sluice::forge {

namespace {

constexpr int kPages = 50;
constexpr int kPerPage = 100;
constexpr std::size_t kMaxPage = 16U << 20;
constexpr std::array<std::string_view, 3> kNames = {"created", "updated", "unchanged"};

struct Found {
  std::int64_t id;
  std::string body;
};

bool is_name(std::string_view text) {
  return !text.empty() && text != "." && text != ".." && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  });
}

Result<std::string> root_of(const PullRequest& pull) {
  const auto parts = split(pull.repository, '/');
  if (parts.size() != 2 || !is_name(parts[0]) || !is_name(parts[1])) {
    return fail(Errc::usage,
                cat("\"", printable(pull.repository, 100), "\" is no repository of GitHub"));
  }
  std::string_view api = pull.api;
  while (api.ends_with('/')) api.remove_suffix(1);
  if (!api.starts_with("https://") && !api.starts_with("http://127.0.0.1:")) {
    return fail(Errc::usage, "GitHub's API is asked over https only");
  }
  return cat(api, "/repos/", pull.repository, "/issues/");
}

HttpRequest request_for(const PullRequest& pull, std::string method, std::string url) {
  HttpRequest request{.method = std::move(method), .url = std::move(url)};
  request.headers = {{"accept", "application/vnd.github+json"},
                     {"x-github-api-version", "2022-11-28"}};
  request.authorization = pull.token;
  request.budget.max_body = kMaxPage;
  return request;
}

// What GitHub says went wrong, in its words.
std::unexpected<Error> refusal(const HttpResponse& answer) {
  std::string said;
  if (const auto body = json::parse_strict(answer.body); body && body->find("message") != nullptr) {
    if (const auto* text = body->find("message")->string()) said = cat(": ", printable(*text, 200));
  }
  const std::string what = cat("GitHub answered ", answer.status, said);
  const bool limited = answer.status == 429 || answer.header("retry-after") ||
                       answer.header("x-ratelimit-remaining") == "0";
  if (limited) return fail(Errc::limit, what);
  // Not to be seen and not to be written look alike from outside.
  if (answer.status == 401 || answer.status == 403 || answer.status == 404) {
    return fail(Errc::denied, what);
  }
  return fail(Errc::network, what);
}

bool may_be_ours(const json::Fields& comment) {
  constexpr std::array<std::string_view, 3> kWriters = {"OWNER", "MEMBER", "COLLABORATOR"};
  const auto user = comment.object("user");
  const auto type = user ? user->string("type") : fail(user.error());
  if (type && *type == "Bot") return true;
  const auto association = comment.string("author_association");
  return association && std::ranges::find(kWriters, *association) != kWriters.end();
}

// How many comments the page has, and ours if it is among them.
struct Page {
  std::size_t comments = 0;
  std::optional<Found> ours = {};
};

Result<Page> read_page(std::string_view text, std::string_view marker) {
  SLUICE_TRY(const auto value, json::parse_strict(text, {.bytes = kMaxPage}));
  if (value.array() == nullptr) return fail(Errc::malformed, "GitHub's answer is no list");
  Page page{.comments = value.array()->size()};
  for (const auto& each : *value.array()) {
    const json::Fields comment(each, "comment");
    const auto body = comment.string("body");
    if (!body || !body->starts_with(marker) || !may_be_ours(comment)) continue;
    SLUICE_TRY(const auto id, comment.integer("id"));
    page.ours = {id, *body};
    break;
  }
  return page;
}

Result<std::optional<Found>> find_comment(Http& http, const PullRequest& pull,
                                          const std::string& root, std::string_view marker) {
  for (int page = 1; page <= kPages; ++page) {
    SLUICE_TRY(
        const auto answer,
        http.send(request_for(
            pull, "GET", cat(root, pull.number, "/comments?per_page=", kPerPage, "&page=", page))));
    if (answer.status != 200) return refusal(answer);
    SLUICE_TRY(auto found, within(read_page(answer.body, marker), "reading the comments"));
    if (found.ours) return found.ours;
    if (found.comments < static_cast<std::size_t>(kPerPage)) return std::nullopt;
  }
  return fail(Errc::limit, cat("more than ", kPages * kPerPage, " comments"));
}

std::string body_of(std::string_view marker, std::string_view text) {
  if (text.size() <= kMaxComment) return cat(marker, "\n", text);
  const auto cut = text.substr(0, text.substr(0, kMaxComment).rfind('\n') + 1);
  return cat(marker, "\n", cut, "\nThe rest did not fit into a comment.\n");
}

}  // namespace

std::string_view name(Comment done) { return kNames.at(static_cast<std::size_t>(done)); }

Result<Comment> put_comment(Http& http, const PullRequest& pull, std::string_view marker,
                            std::string_view text) {
  SLUICE_TRY(const std::string root, root_of(pull));
  SLUICE_TRY(const auto found, find_comment(http, pull, root, marker));
  const std::string body = body_of(marker, text);
  // GitHub keeps a comment without the line end that it came with.
  if (found && trim(found->body) == trim(body)) return Comment::unchanged;
  auto request = found ? request_for(pull, "PATCH", cat(root, "comments/", found->id))
                       : request_for(pull, "POST", cat(root, pull.number, "/comments"));
  request.headers.emplace_back("content-type", "application/json");
  json::Value value;
  value.set("body", body);
  request.body = json::write(value);
  SLUICE_TRY(const auto answer, http.send(request));
  if (answer.status != 200 && answer.status != 201) return refusal(answer);
  return found ? Comment::updated : Comment::created;
}

}  // namespace sluice::forge
