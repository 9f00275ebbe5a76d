// SPDX-License-Identifier: Apache-2.0
#include "net/url.h"

#include <gtest/gtest.h>

namespace sluice::net {
namespace {

Url url_of(std::string_view text) {
  auto url = parse_url(text);
  EXPECT_TRUE(url) << text;
  return url.value_or(Url{});
}

Errc refusal_of(std::string_view text) {
  const auto url = parse_url(text);
  EXPECT_FALSE(url) << text;
  return url ? Errc::internal : url.error().code;
}

TEST(Url, TakesAUrlApart) {
  const Url url = url_of("HTTPS://Rekor.Example:8443/api/./v1/../v2?x=1&y=2#part");
  EXPECT_EQ(url, (Url{"https", "rekor.example", 8443, "/api/v2", "x=1&y=2"}));
  EXPECT_EQ(url.text(), "https://rekor.example:8443/api/v2?x=1&y=2");
  EXPECT_EQ(url.shown(), "https://rekor.example:8443/api/v2");
}

TEST(Url, FillsInPortAndPath) {
  EXPECT_EQ(url_of("http://a.test"), (Url{"http", "a.test", 80, "/", ""}));
  EXPECT_EQ(url_of("https://[::1]"), (Url{"https", "[::1]", 443, "/", ""}));
  EXPECT_EQ(url_of("https://a.test:443").text(), "https://a.test/");
}

TEST(Url, RefusesWhatIsNotHttp) {
  EXPECT_EQ(refusal_of("file:///etc/passwd"), Errc::unsupported);
  EXPECT_EQ(refusal_of("ftp://a.test/"), Errc::unsupported);
  EXPECT_EQ(refusal_of("httpx://a.test/"), Errc::unsupported);
  EXPECT_EQ(refusal_of("a.test/path"), Errc::malformed);
  for (const auto* word : {"a.test:9090", "a.test/path"}) {
    EXPECT_TRUE(net::parse_url(word).error().what.contains("https://HOST")) << word;
  }
  EXPECT_EQ(refusal_of(""), Errc::malformed);
  EXPECT_EQ(refusal_of("https://"), Errc::malformed);
  EXPECT_EQ(refusal_of("https://a.test:65536/"), Errc::malformed);
  EXPECT_EQ(refusal_of("https://a.test:0/"), Errc::malformed);
}

TEST(Url, RefusesCredentialsAndDoesNotShowThem) {
  const auto url = parse_url("https://me:hunter2@a.test/");
  ASSERT_FALSE(url);
  EXPECT_EQ(url.error().code, Errc::denied);
  EXPECT_EQ(url.error().text().find("hunter2"), std::string::npos);
  EXPECT_EQ(refusal_of("https://me@a.test/"), Errc::denied);
}

TEST(Url, RefusesControlBlankAndNonAscii) {
  EXPECT_EQ(refusal_of("https://a.test/a b"), Errc::malformed);
  EXPECT_EQ(refusal_of("https://a.test/a\r\nX: y"), Errc::malformed);
  EXPECT_EQ(refusal_of(std::string_view("https://a.test/\0b", 17)), Errc::malformed);
  EXPECT_EQ(refusal_of("https://b\xc3\xbc"
                       "cher.test/"),
            Errc::malformed);
  EXPECT_EQ(refusal_of("https://a%0d%0a.test/"), Errc::malformed);
  EXPECT_EQ(refusal_of("https://a.test/" + std::string(9000, 'a')), Errc::limit);
}

TEST(Url, ResolvesReferences) {
  const Url base = url_of("https://a.test/one/two?q=1");
  EXPECT_EQ(resolve_url(base, "three")->text(), "https://a.test/one/three");
  EXPECT_EQ(resolve_url(base, "/three?x")->text(), "https://a.test/three?x");
  EXPECT_EQ(resolve_url(base, "//b.test/")->text(), "https://b.test/");
  EXPECT_EQ(resolve_url(base, "?r=2")->text(), "https://a.test/one/two?r=2");
  EXPECT_EQ(resolve_url(base, "/a b")->text(), "https://a.test/a%20b");
  EXPECT_FALSE(resolve_url(base, "file:///etc/passwd"));
  EXPECT_FALSE(resolve_url(base, "https://me:pw@a.test/"));
  EXPECT_FALSE(resolve_url(base, "/a\nb"));
}

TEST(Url, TellsOriginsApart) {
  const Url url = url_of("https://a.test/x");
  EXPECT_TRUE(same_origin(url, url_of("https://A.test:443/y?z")));
  EXPECT_FALSE(same_origin(url, url_of("http://a.test/x")));
  EXPECT_FALSE(same_origin(url, url_of("https://a.test:444/x")));
  EXPECT_FALSE(same_origin(url, url_of("https://b.test/x")));
}

}  // namespace
}  // namespace sluice::net
