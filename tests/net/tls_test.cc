// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "base/text.h"
#include "net/client.h"
#include "support/fake_world.h"
#include "support/servers/raw_server.h"
#include "support/temp_folder.h"

namespace sluice::net {
namespace {

using std::chrono::hours;
using test::FakeWorld;
using test::RawRequest;
using test::RawServer;
using test::RawTls;
using test::TempFolder;
using test::TestAuthority;

RawServer::Handler ok() {
  return RawServer::answering([](const RawRequest&) { return RawServer::answer(200, "ok"); });
}

struct Tls : testing::Test {
  FakeWorld fake;
  TempFolder folder;
  TestAuthority authority;
  Path authority_file = folder.write("ca.pem", authority.pem());

  Result<HttpResponse> fetch(const std::string& url, ClientOptions options = {}) {
    return make_client(fake.world(), std::move(options))->send({.url = url});
  }
  Error refusal(const test::TestCertificate& wish) {
    RawServer server(ok(), RawTls{authority.issue(wish)});
    const auto answer = fetch(server.url(), {.ca_file = authority_file});
    EXPECT_FALSE(answer);
    return answer ? Error{} : answer.error();
  }
};

TEST_F(Tls, OwnAuthorityByOptionAndByVariable) {
  RawServer server(ok(), RawTls{authority.issue()});
  EXPECT_TRUE(fetch(server.url(), {.ca_file = authority_file}));
  fake.environment.values["SSL_CERT_FILE"] = authority_file;
  const auto answer = fetch(server.url());
  EXPECT_TRUE(answer) << answer.error().text();
}

TEST_F(Tls, AnUnknownAuthorityIsRefusedWithAdvice) {
  RawServer server(ok(), RawTls{authority.issue()});
  const Path other = folder.write("other.pem", TestAuthority("another").pem());
  fake.environment.values["SSL_CERT_FILE"] = other;
  const auto answer = fetch(server.url());
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Errc::denied);
  EXPECT_EQ(answer.error().what, cat("the TLS certificate of ", server.authority(),
                                     " is refused: none of the authorities in ", other.string(),
                                     " (SSL_CERT_FILE) vouches for it"));
  EXPECT_NE(answer.error().hint.find("SSL_CERT_FILE"), std::string::npos);
  EXPECT_TRUE(server.requests().empty());
}

TEST_F(Tls, TheMachinesAuthoritiesDoNotCountBesideAnOwnFile) {
  RawServer server(ok(), RawTls{authority.issue()});
  fake.environment.values["SSL_CERT_FILE"] = authority_file;
  const Path other = folder.write("other.pem", TestAuthority("another").pem());
  EXPECT_FALSE(fetch(server.url(), {.ca_file = other}));
}

TEST_F(Tls, ExpiredNotYetValidAndForeignNamesAreToldApart) {
  const Error expired = refusal({.not_before = -hours(2), .not_after = -hours(1)});
  EXPECT_EQ(expired.code, Errc::denied);
  EXPECT_NE(expired.what.find("it has expired"), std::string::npos) << expired.what;
  const Error early = refusal({.not_before = hours(1), .not_after = hours(2)});
  EXPECT_NE(early.what.find("it is not valid yet"), std::string::npos) << early.what;
  const Error foreign = refusal({.names = {"DNS:other.test", "IP:127.0.0.2"}});
  EXPECT_EQ(foreign.code, Errc::denied);
  EXPECT_NE(foreign.what.find("another name"), std::string::npos) << foreign.what;
}

TEST_F(Tls, RefusalsAreNotTriedAgain) {
  RawServer server(ok(), RawTls{authority.issue({.names = {"DNS:other.test"}})});
  EXPECT_FALSE(fetch(server.url(), {.ca_file = authority_file}));
  EXPECT_EQ(server.accepted(), 1);
}

TEST_F(Tls, AClientCertificateOpensTheDoor) {
  const TestAuthority clients("clients");
  RawServer server(ok(), RawTls{authority.issue(), clients.pem()});
  const auto identity = clients.issue({.names = {"email:me@a.test"}});
  const Path certificate = folder.write("client.pem", identity.certificate);
  const Path key = folder.write("client.key", identity.key);
  const auto with =
      fetch(server.url(),
            {.ca_file = authority_file, .client_certificate = certificate, .client_key = key});
  EXPECT_TRUE(with) << with.error().text();

  const auto without = fetch(server.url(), {.ca_file = authority_file});
  ASSERT_FALSE(without);
  EXPECT_EQ(without.error().code, Errc::denied) << without.error().text();
  EXPECT_NE(without.error().hint.find("client certificate"), std::string::npos);

  const auto absent =
      fetch(server.url(), {.ca_file = authority_file, .client_certificate = folder / "absent.pem"});
  ASSERT_FALSE(absent);
  EXPECT_EQ(absent.error().code, Errc::io) << absent.error().text();
}

TEST_F(Tls, AClientCertificateDoesNotFollowARedirectToAnotherServer) {
  const TestAuthority clients("clients");
  RawServer other(ok(), RawTls{authority.issue(), clients.pem()});
  RawServer server(RawServer::answering([&](const RawRequest&) {
                     return RawServer::answer(302, "", cat("Location: ", other.url(), "\r\n"));
                   }),
                   RawTls{authority.issue(), clients.pem()});
  const auto identity = clients.issue({.names = {"email:me@a.test"}});
  const auto answer =
      fetch(server.url(), {.ca_file = authority_file,
                           .client_certificate = folder.write("client.pem", identity.certificate),
                           .client_key = folder.write("client.key", identity.key)});
  ASSERT_FALSE(answer) << "the other server asks for a certificate, and gets none";
  EXPECT_EQ(answer.error().code, Errc::denied) << answer.error().text();
  EXPECT_TRUE(other.requests().empty());
}

TEST_F(Tls, ConnectionsAreKept) {
  RawServer server(ok(), RawTls{authority.issue()});
  auto http = make_client(fake.world(), {.ca_file = authority_file});
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(http->send({.url = server.url()}));
  EXPECT_EQ(server.accepted(), 1);
}

TEST_F(Tls, ManyAtOnce) {
  RawServer server(ok(), RawTls{authority.issue()});
  auto http = make_client(fake.world(), {.ca_file = authority_file});
  const auto answers = http->send_all(std::vector<HttpRequest>(30, {.url = server.url()}));
  for (const auto& answer : answers) EXPECT_TRUE(answer) << answer.error().text();
  EXPECT_LE(server.accepted(), 16);
}

TEST_F(Tls, APlainServerIsNamedAsSuch) {
  RawServer plain([](test::RawConnection& connection) {
    connection.write("HTTP/1.1 400 Bad\r\n\r\n");
    connection.wait_until_closed();
  });
  const auto answer = fetch(cat("https://", plain.authority(), "/"), {.ca_file = authority_file});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Errc::network);
  EXPECT_NE(answer.error().hint.find("http"), std::string::npos) << answer.error().text();
}

TEST_F(Tls, AHandshakeThatStallsEndsWithTheConnectTime) {
  RawServer silent([](test::RawConnection& connection) { connection.wait_until_closed(); });
  const HttpRequest request{.url = cat("https://", silent.authority(), "/"),
                            .budget = {.connect = std::chrono::milliseconds(50), .tries = 2}};
  const auto answer = make_client(fake.world(), {.ca_file = authority_file})->send(request);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Errc::timeout);
  EXPECT_EQ(answer.error().what, cat("no connection to ", request.url, " within 50 ms (2 tries)"));
  EXPECT_EQ(silent.accepted(), 2);
}

TEST_F(Tls, AnUnreadableBundleIsNamed) {
  RawServer server(ok(), RawTls{authority.issue()});
  const auto answer = fetch(server.url(), {.ca_file = folder.write("empty.pem", "")});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Errc::io);
  EXPECT_NE(answer.error().what.find("empty.pem"), std::string::npos);
}

TEST_F(Tls, HttpsDoesNotLeadToHttp) {
  RawServer plain(ok());
  RawServer server(RawServer::answering([&](const RawRequest&) {
                     return RawServer::answer(302, "", cat("Location: ", plain.url(), "\r\n"));
                   }),
                   RawTls{authority.issue()});
  const auto answer = fetch(server.url(), {.ca_file = authority_file});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Errc::denied);
  EXPECT_TRUE(plain.requests().empty());
}

}  // namespace
}  // namespace sluice::net
