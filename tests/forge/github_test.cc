// SPDX-License-Identifier: Apache-2.0
// One comment on a pull request, whatever is there already.
#include "forge/github.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "json/value.h"
#include "support/fake_http.h"

namespace sluice::forge {
namespace {

using test::FakeHttp;

const std::string kRoot = "https://api.example.org/repos/org/shop/issues/";
const std::string kList = "GET " + kRoot + "12/comments?per_page=100&page=";
const std::string kCreate = "POST " + kRoot + "12/comments";
constexpr std::string_view kMarker = "<!-- sluice gate production -->";

std::string comment(int id, const std::string& body, const std::string& type = "Bot",
                    const std::string& association = "NONE") {
  json::Value user;
  user.set("type", type);
  json::Value out;
  out.set("id", id);
  out.set("body", body);
  out.set("author_association", association);
  out.set("user", std::move(user));
  return json::write(out);
}

PullRequest pull(const std::string& api = "https://api.example.org",
                 const std::string& repository = "org/shop") {
  return {api, repository, 12, std::make_shared<const SecretBytes>(SecretBytes::copy_of("t"))};
}

Result<Comment> put(FakeHttp& http, std::string_view text = "### BLOCK\n") {
  return put_comment(http, pull(), kMarker, text);
}

TEST(GithubComment, IsMadeWhereThereIsNone) {
  FakeHttp http;
  http.answer(kList + "1", 200, cat("[", comment(1, "nice work", "User"), "]"));
  http.answer(kCreate, 201, "{}");
  EXPECT_EQ(put(http), Comment::created);
  const auto sent = http.requests().back();
  const auto body = json::parse_strict(sent.body);
  EXPECT_EQ(*body->find("body")->string(), cat(kMarker, "\n### BLOCK\n"));
  EXPECT_EQ(sent.authorization_scheme, "Bearer");
  EXPECT_TRUE(sent.authorization);
}

TEST(GithubComment, IsBroughtUpToDateWhereItIsOnALaterPage) {
  FakeHttp http;
  std::string page = "[";
  for (int i = 0; i < 100; ++i) page += cat(i == 0 ? "" : ",", comment(i, "x", "User"));
  http.answer(kList + "1", 200, page + "]");
  http.answer(kList + "2", 200, cat("[", comment(7, cat(kMarker, "\nold")), "]"));
  http.answer("PATCH " + kRoot + "comments/7", 200, "{}");
  EXPECT_EQ(put(http), Comment::updated);
  EXPECT_EQ(http.count(kCreate), 0U);
}

TEST(GithubComment, IsLeftAloneWhereItSaysTheSame) {
  FakeHttp http;
  http.answer(kList + "1", 200, cat("[", comment(7, cat(kMarker, "\n### BLOCK")), "]"));
  EXPECT_EQ(put(http), Comment::unchanged);
  EXPECT_EQ(http.requests().size(), 1U);
}

TEST(GithubComment, OfAStrangerThatCopiedTheMarkerIsNotOurs) {
  const std::string body = cat(kMarker, "\nAPPROVE");
  for (const auto* stranger : {"NONE", "CONTRIBUTOR", "FIRST_TIME_CONTRIBUTOR"}) {
    FakeHttp http;
    http.answer(kList + "1", 200, cat("[", comment(9, body, "User", stranger), "]"));
    http.answer(kCreate, 201, "{}");
    EXPECT_EQ(put(http), Comment::created) << stranger;
  }
  FakeHttp http;
  http.answer(kList + "1", 200, cat("[", comment(9, body, "User", "MEMBER"), "]"));
  http.answer("PATCH " + kRoot + "comments/9", 200, "{}");
  EXPECT_EQ(put(http), Comment::updated) << "a token of a member's";
  FakeHttp quoted;
  quoted.answer(kList + "1", 200, cat("[", comment(9, "> " + body), "]"));
  quoted.answer(kCreate, 201, "{}");
  EXPECT_EQ(put(quoted), Comment::created) << "the marker has to come first";
}

TEST(GithubComment, WhatGitHubRefusesIsToldApart) {
  const auto code_of = [](int status, Headers headers = {}) {
    FakeHttp http;
    http.answer(kList + "1", 200, "[]");
    http.answer(kCreate, status, R"({"message":"Resource not\u001b accessible"})",
                std::move(headers));
    const auto done = put(http);
    EXPECT_FALSE(done);
    EXPECT_EQ(done.error().what.find('\x1b'), std::string::npos);
    return done.error().code;
  };
  EXPECT_EQ(code_of(403), Errc::denied);
  EXPECT_EQ(code_of(404), Errc::denied);
  EXPECT_EQ(code_of(403, {{"x-ratelimit-remaining", "0"}}), Errc::limit);
  EXPECT_EQ(code_of(403, {{"retry-after", "60"}}), Errc::limit);
  EXPECT_EQ(code_of(429), Errc::limit);
  EXPECT_EQ(code_of(500), Errc::network);
}

TEST(GithubComment, ALongOneIsCutAtALineEnd) {
  FakeHttp http;
  http.answer(kList + "1", 200, "[]");
  http.answer(kCreate, 201, "{}");
  std::string text;
  while (text.size() <= kMaxComment) text += "a line\n";
  EXPECT_EQ(put(http, text), Comment::created);
  const auto body = *json::parse_strict(http.requests().back().body)->find("body")->string();
  EXPECT_LE(body.size(), 65'536U);
  EXPECT_TRUE(body.ends_with("a line\n\nThe rest did not fit into a comment.\n"));
}

TEST(GithubComment, TheTokenGoesNowhereElse) {
  FakeHttp http;
  const auto code = [&](const std::string& api, const std::string& repository) {
    return put_comment(http, pull(api, repository), kMarker, "x").error().code;
  };
  EXPECT_EQ(code("http://api.example.org", "org/shop"), Errc::usage);
  EXPECT_EQ(code("", "org/shop"), Errc::usage);
  for (const auto* repository : {"org", "org/", "../x", "org/shop/../../user", "org/s?x=", ""}) {
    EXPECT_EQ(code("https://api.example.org", repository), Errc::usage) << repository;
  }
  EXPECT_TRUE(http.requests().empty());
}

}  // namespace
}  // namespace sluice::forge
