// SPDX-License-Identifier: Apache-2.0
#include "net/proxy.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "net/client.h"
#include "support/fake_world.h"
#include "support/servers/raw_server.h"

namespace sluice::net {
namespace {

using test::FakeEnvironment;
using test::FakeWorld;
using test::RawRequest;
using test::RawServer;

std::string chosen(const FakeEnvironment& environment, const std::string& url,
                   const std::optional<std::string>& own = {}) {
  return choose_proxy(parse_url(url).value(), own, environment).proxy;
}

TEST(Proxy, ComesFromTheVariableOfTheScheme) {
  FakeEnvironment environment;
  EXPECT_EQ(chosen(environment, "https://a.test"), "");
  environment.values = {{"HTTP_PROXY", "http://p:1"}, {"HTTPS_PROXY", "http://p:2"}};
  EXPECT_EQ(chosen(environment, "http://a.test"), "http://p:1");
  EXPECT_EQ(chosen(environment, "https://a.test"), "http://p:2");
  environment.values["https_proxy"] = "http://p:3";
  EXPECT_EQ(chosen(environment, "https://a.test"), "http://p:3");
  environment.values = {{"ALL_PROXY", "http://p:4"}};
  EXPECT_EQ(chosen(environment, "https://a.test"), "http://p:4");
}

TEST(Proxy, OptionsComeFirstAndCanSayNone) {
  FakeEnvironment environment;
  environment.values = {{"HTTPS_PROXY", "http://p:2"}};
  EXPECT_EQ(chosen(environment, "https://a.test", "http://own:9"), "http://own:9");
  EXPECT_EQ(chosen(environment, "https://a.test", ""), "");
}

TEST(Proxy, AClientsHeaderIsNoSetting) {
  FakeEnvironment environment;
  environment.values = {{"HTTP_PROXY", "http://evil:1"}, {"REQUEST_METHOD", "GET"}};
  EXPECT_EQ(chosen(environment, "http://a.test"), "");
}

TEST(Proxy, IsShownWithoutItsPassword) {
  EXPECT_EQ((ProxyChoice{"http://me:hunter2@p.test:3128/", ""}.shown()), "http://p.test:3128");
  EXPECT_EQ((ProxyChoice{"me:hunter2@p.test:3128", ""}.shown()), "http://p.test:3128");
  EXPECT_EQ((ProxyChoice{"::: hunter2", ""}.shown()), "(not a URL)");
}

RawServer::Handler saying_who(const std::string& who) {
  return RawServer::answering([=](const RawRequest&) { return RawServer::answer(200, who); });
}

TEST(Proxy, IsUsedForNamesThatOnlyItKnows) {
  FakeWorld fake;
  RawServer proxy(saying_who("proxy"));
  fake.environment.values["HTTP_PROXY"] = proxy.url();
  const auto answer = make_client(fake.world())->send({.url = "http://inside.test/x"});
  ASSERT_TRUE(answer) << answer.error().text();
  EXPECT_EQ(answer->body, "proxy");
  EXPECT_EQ(proxy.requests().at(0).target, "http://inside.test/x");
}

TEST(Proxy, IsPassedByForWhatNoProxyNames) {
  FakeWorld fake;
  RawServer proxy(saying_who("proxy"));
  RawServer direct(saying_who("direct"));
  fake.environment.values["HTTP_PROXY"] = proxy.url();
  auto http = make_client(fake.world());
  EXPECT_EQ(http->send({.url = direct.url()})->body, "proxy");
  for (const std::string value : {"127.0.0.1", "a.test, 127.0.0.0/8", "*"}) {
    fake.environment.values["NO_PROXY"] = value;
    EXPECT_EQ(http->send({.url = direct.url()})->body, "direct") << value;
  }
  fake.environment.values["NO_PROXY"] = "27.0.0.1,example.test";
  EXPECT_EQ(http->send({.url = direct.url()})->body, "proxy");
}

TEST(Proxy, TheProcessesOwnVariablesAreNotRead) {
  FakeWorld fake;  // whose environment is empty
  RawServer direct(saying_who("direct"));
  ASSERT_EQ(setenv("http_proxy", "http://127.0.0.1:1", 1), 0);
  const auto answer = make_client(fake.world())->send({.url = direct.url()});
  unsetenv("http_proxy");
  ASSERT_TRUE(answer) << answer.error().text();
  EXPECT_EQ(answer->body, "direct");
}

TEST(Proxy, TunnelsAreAskedForAndTheTokenStaysOutOfThem) {
  FakeWorld fake;
  RawServer proxy(RawServer::answering(
      [](const RawRequest&) { return RawServer::answer(403, "no", "X: y\r\n"); }));
  fake.environment.values["HTTPS_PROXY"] = cat("http://me:hunter2@", proxy.authority());
  fake.environment.values["SSL_CERT_DIR"] = "/";
  const auto token = std::make_shared<const SecretBytes>(SecretBytes::copy_of("token"));
  const auto answer = make_client(fake.world())
                          ->send({.url = "https://inside.test/x",
                                  .headers = {{"X-Own", "secret"}},
                                  .authorization = token});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Errc::denied);
  EXPECT_EQ(answer.error().what, cat("the proxy http://", proxy.authority(),
                                     " refuses to connect to inside.test (status 403)"));
  const RawRequest asked = proxy.requests().at(0);
  EXPECT_EQ(asked.method, "CONNECT");
  EXPECT_EQ(asked.target, "inside.test:443");
  EXPECT_EQ(asked.header("authorization"), "");
  EXPECT_EQ(asked.header("x-own"), "");
  EXPECT_EQ(asked.header("proxy-authorization"), "Basic bWU6aHVudGVyMg==");
  EXPECT_EQ(proxy.requests().size(), 1U);
}

TEST(Proxy, ThatIsNotThereIsNamed) {
  FakeWorld fake;
  std::string gone;
  {
    RawServer server(saying_who("x"));
    gone = server.authority();
  }
  fake.environment.values["HTTP_PROXY"] = cat("http://me:hunter2@", gone);
  const auto answer =
      make_client(fake.world())->send({.url = "http://a.test/", .budget = {.tries = 1}});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().what,
            cat("cannot connect to the proxy http://", gone, ": Connection refused"));
}

}  // namespace
}  // namespace sluice::net
