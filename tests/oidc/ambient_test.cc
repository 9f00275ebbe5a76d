// SPDX-License-Identifier: Apache-2.0
#include "oidc/ambient.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "oidc/support.h"
#include "support/fake_http.h"
#include "support/temp_folder.h"

namespace sluice::oidc {
namespace {

using test::FakeHttp;
using test::FakeWorld;
using test::TempFolder;
using tests::compact;
using tests::mail_claims;
using tests::with;

// Programs that are not run: their lines are written down, their answers made up.
class ScriptedPrograms final : public Processes {
 public:
  Result<ProcessResult> run(const ProcessRequest& request) override {
    lines.push_back(join(request.command, " "));
    if (!installed) return fail(Errc::not_found, cat("cannot run ", request.command[0]));
    return answer;
  }
  bool installed = true;
  ProcessResult answer;
  std::vector<std::string> lines;
};

struct Machine {
  FakeWorld fake;
  ScriptedPrograms programs;
  FakeHttp http;
  TempFolder folder;
  AmbientWish wish;

  Machine() { wish.product_name = folder / "product_name"; }
  World world() { return {fake.clock, system_files(), fake.environment, fake.random, programs}; }
  void set(const std::string& name, const std::string& value) {
    fake.environment.values[name] = value;
  }
  std::string kind() {
    const auto found = detect_ambient(world(), wish);
    return found ? std::string(found->id) : "";
  }
  Result<std::optional<Token>> token() { return ambient_token(world(), http, wish); }
  // Where the token came from, or the error whole.
  std::string origin() {
    const auto found = token();
    if (!found) return cat(name(found.error().code), ": ", found.error().text());
    return *found ? (*found)->origin() : "nobody";
  }
};

const std::string kGood = compact(mail_claims());

TEST(Ambient, IsNothingWhereNothingIsThere) {
  Machine machine;
  EXPECT_EQ(machine.kind(), "");
  EXPECT_EQ(machine.origin(), "nobody");
  machine.set("GITHUB_ACTIONS", "false");
  machine.set("CI", "true");
  EXPECT_EQ(machine.kind(), "");
}

TEST(Ambient, TheFirstOfTheListIsAsked) {
  Machine machine;
  std::vector<std::string> ids;
  for (const auto& each : ambient_kinds()) ids.emplace_back(each.id);
  EXPECT_EQ(join(ids, " "),
            "file variable jenkins github gitlab buildkite circleci azure spiffe google");
  // From the last to the first, each comes before those that are there already.
  const std::vector<std::pair<std::string, std::string>> variables = {
      {"GCE_METADATA_HOST", "google"},    {"SPIFFE_ENDPOINT_SOCKET", "spiffe"},
      {"SYSTEM_OIDCREQUESTURI", "azure"}, {"CIRCLECI", "circleci"},
      {"BUILDKITE", "buildkite"},         {"GITLAB_CI", "gitlab"},
      {"GITHUB_ACTIONS", "github"},       {"SIGSTORE_ID_TOKEN_FILE", "jenkins"},
      {"SIGSTORE_ID_TOKEN", "variable"}};
  for (const auto& [name, id] : variables) {
    machine.set(name, "true");
    EXPECT_EQ(machine.kind(), id);
  }
  machine.wish.token_file = "token";
  EXPECT_EQ(machine.kind(), "file");
}

TEST(Ambient, AFileHoldsATokenAndBlanksAroundIt) {
  Machine machine;
  machine.wish.token_file = machine.folder.write("token", kGood + "\n");
  EXPECT_EQ(machine.origin(), "the token's file");
  machine.folder.write("token", "\n " + kGood + "\r\n");
  EXPECT_EQ(machine.origin(), "the token's file");
  machine.folder.write("token", kGood + "\n" + kGood);
  EXPECT_TRUE(machine.origin().starts_with("malformed: "));
  machine.folder.write("token", "");
  EXPECT_TRUE(machine.origin().starts_with("malformed: the identity token is empty"));
  machine.folder.write("token", std::string(kMaxToken + 65, ' '));
  EXPECT_TRUE(machine.origin().starts_with("limit: "));
  machine.wish.token_file = machine.folder / "none";
  EXPECT_TRUE(machine.origin().starts_with("not_found: ")) << machine.origin();
  Machine jenkins;
  jenkins.set("SIGSTORE_ID_TOKEN_FILE", jenkins.folder.write("bound", kGood));
  EXPECT_EQ(jenkins.origin(), "SIGSTORE_ID_TOKEN_FILE");
}

TEST(Ambient, AVariableHoldsAToken) {
  Machine machine;
  machine.set("SIGSTORE_ID_TOKEN", kGood);
  EXPECT_EQ(machine.origin(), "SIGSTORE_ID_TOKEN");
  machine.set("GITLAB_CI", "true");
  EXPECT_EQ(machine.origin(), "GitLab CI") << "whose claims it is judged by";
  machine.set("SIGSTORE_ID_TOKEN", "x");
  EXPECT_TRUE(machine.origin().starts_with("malformed: ")) << "and not the next one";
}

TEST(Ambient, GitlabSaysWhatTheJobLacks) {
  Machine machine;
  machine.set("GITLAB_CI", "true");
  const auto found = machine.token();
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, Errc::denied);
  EXPECT_NE(found.error().hint.find("id_tokens: { SIGSTORE_ID_TOKEN: { aud: sigstore } }"),
            std::string::npos);
}

TEST(Ambient, GithubIsAskedForTheAudience) {
  Machine machine;
  machine.set("GITHUB_ACTIONS", "true");
  machine.set("ACTIONS_ID_TOKEN_REQUEST_URL", "https://runner.example.org/token?v=1");
  machine.set("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "request-token");
  machine.wish.audience = "a b";
  machine.http.answer("GET https://runner.example.org/token?v=1&audience=a%20b", 200,
                      cat(R"({"value":")", kGood, R"(","count":1})"));
  EXPECT_EQ(machine.origin(), "GitHub Actions");
  const auto sent = machine.http.requests().back();
  EXPECT_EQ(sent.authorization_scheme, "Bearer");
  EXPECT_EQ(sent.authorization->reveal_text(), "request-token");
  EXPECT_EQ(sent.budget.redirects, 0);
}

TEST(Ambient, GithubSaysThatThePermissionIsMissing) {
  Machine machine;
  machine.set("GITHUB_ACTIONS", "true");
  machine.set("ACTIONS_ID_TOKEN_REQUEST_URL", "https://runner.example.org/token");
  for (const auto* missing : {"ACTIONS_ID_TOKEN_REQUEST_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_URL"}) {
    const auto found = machine.token();
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().text(),
              cat("the job may not ask for one: ", missing,
                  " is not set, while getting an identity token from GitHub Actions"));
    EXPECT_NE(found.error().hint.find("permissions: id-token: write"), std::string::npos);
    machine.set("ACTIONS_ID_TOKEN_REQUEST_URL", "");
  }
}

TEST(Ambient, AServiceThatRefusesIsNamed) {
  const auto asked = [](int status, std::string body) {
    Machine machine;
    machine.set("GITHUB_ACTIONS", "true");
    machine.set("ACTIONS_ID_TOKEN_REQUEST_URL", "https://runner.example.org/token");
    machine.set("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "t");
    machine.set("GCE_METADATA_HOST", "metadata.example.org");  // not asked instead
    machine.http.answer("GET https://runner.example.org/token?audience=sigstore", status,
                        std::move(body));
    return machine.origin();
  };
  const std::string tail = ", while getting an identity token from GitHub Actions";
  EXPECT_EQ(asked(200, cat(R"({"value":")", kGood, "\"}")), "GitHub Actions");
  EXPECT_EQ(asked(401, R"({"message":"bad request token"})"),
            "denied: GitHub Actions answered 401: bad request token" + tail);
  EXPECT_EQ(asked(503, "down"), "network: GitHub Actions answered 503" + tail);
  EXPECT_EQ(asked(200, "{}"), "malformed: the answer holds no token (value)" + tail);
  EXPECT_EQ(asked(200, R"({"value":7})"), "malformed: the answer holds no token (value)" + tail);
  EXPECT_TRUE(asked(200, R"({"value":"a.b"})").starts_with("malformed: no identity token"));
  EXPECT_TRUE(asked(200, "<html></html>").starts_with("malformed: GitHub Actions answered a page"));
}

TEST(Ambient, ARequestTokenGoesToASecurePlaceOnly) {
  Machine machine;
  machine.set("GITHUB_ACTIONS", "true");
  machine.set("ACTIONS_ID_TOKEN_REQUEST_URL", "http://runner.example.org/token");
  machine.set("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "t");
  EXPECT_TRUE(machine.origin().starts_with("denied: ACTIONS_ID_TOKEN_REQUEST_URL is http://"));
  EXPECT_TRUE(machine.http.requests().empty());
}

TEST(Ambient, BuildkitesAgentIsRun) {
  Machine machine;
  machine.set("BUILDKITE", "true");
  machine.programs.answer.out = kGood + "\n";
  EXPECT_EQ(machine.origin(), "Buildkite");
  EXPECT_EQ(machine.programs.lines.back(),
            "buildkite-agent oidc request-token --audience sigstore");
  machine.programs.answer = {
      .exit_code = 1, .out = kGood, .err = "no job\x1b\n", .truncated = false};
  const std::string refused = machine.origin();
  EXPECT_TRUE(refused.starts_with("denied: buildkite-agent ended with 1: no job\\x1b, "));
  EXPECT_EQ(refused.find(kGood), std::string::npos);
  machine.programs.installed = false;
  const auto absent = machine.token();
  ASSERT_FALSE(absent);
  EXPECT_EQ(absent.error().code, Errc::not_found);
  EXPECT_NE(absent.error().hint.find("PATH"), std::string::npos);
}

TEST(Ambient, CirclecisOwnTokenIsTakenWhereItIsForTheAudience) {
  Machine machine;
  machine.set("CIRCLECI", "true");
  machine.set("CIRCLE_OIDC_TOKEN_V2", kGood);
  EXPECT_EQ(machine.origin(), "CircleCI");
  EXPECT_TRUE(machine.programs.lines.empty());
  machine.set("CIRCLE_OIDC_TOKEN_V2", compact(with(mail_claims(), "aud", "an organisation")));
  machine.programs.answer.out = kGood;
  EXPECT_EQ(machine.origin(), "CircleCI");
  EXPECT_EQ(machine.programs.lines.back(), "circleci run oidc get --claims {\"aud\":\"sigstore\"}");
  machine.programs.installed = false;
  EXPECT_TRUE(machine.origin().starts_with("not_found: "));
}

TEST(Ambient, AzureIsAskedWithTheJobsToken) {
  Machine machine;
  machine.set("SYSTEM_OIDCREQUESTURI", "https://azure.example.org/oidctoken");
  auto refused = machine.token();
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().hint.find("$(System.AccessToken)"), std::string::npos);
  machine.set("SYSTEM_ACCESSTOKEN", "job-token");
  machine.http.answer("POST https://azure.example.org/oidctoken?api-version=7.1", 200,
                      cat(R"({"oidcToken":")", kGood, "\"}"));
  EXPECT_EQ(machine.origin(), "Azure DevOps");
  EXPECT_EQ(machine.http.requests().back().authorization->reveal_text(), "job-token");
}

TEST(Ambient, SpiffesFirstIdentityIsTaken) {
  Machine machine;
  machine.set("SPIFFE_ENDPOINT_SOCKET", "unix:///run/spire/api.sock");
  machine.programs.answer.out = cat("token(spiffe://example.org/a):\n\t", kGood,
                                    "\ntoken(spiffe://example.org/b):\n\tx.y.z\n"
                                    "bundle(spiffe://example.org):\n\t{}\n");
  EXPECT_EQ(machine.origin(), "SPIFFE");
  EXPECT_EQ(machine.programs.lines.back(),
            "spire-agent api fetch jwt -audience sigstore -socketPath /run/spire/api.sock");
  machine.set("SPIFFE_ENDPOINT_SOCKET", "unix:/run/a.sock");
  EXPECT_EQ(machine.origin(), "SPIFFE");
  EXPECT_TRUE(machine.programs.lines.back().ends_with(" -socketPath /run/a.sock"));
  machine.programs.answer.out = "bundle(spiffe://example.org):\n\t{}\n";
  EXPECT_TRUE(machine.origin().starts_with("malformed: spire-agent printed no token"));
  machine.set("SPIFFE_ENDPOINT_SOCKET", "tcp://127.0.0.1:8000");
  const auto refused = machine.token();
  EXPECT_EQ(refused.error().code, Errc::unsupported);
  EXPECT_NE(refused.error().hint.find("SIGSTORE_ID_TOKEN_FILE"), std::string::npos);
}

const std::string kMetadata =
    "/computeMetadata/v1/instance/service-accounts/default/identity?audience=sigstore&format=full";

TEST(Ambient, GooglesMachinesAreKnownByTheirFirmware) {
  Machine machine;
  machine.folder.write("product_name", "Some Laptop\n");
  EXPECT_EQ(machine.kind(), "");
  machine.folder.write("product_name", "Google Compute Engine\n");
  EXPECT_EQ(machine.kind(), "google");
  machine.http.answer("GET http://metadata.google.internal" + kMetadata, 200, kGood,
                      {{"metadata-flavor", "Google"}});
  EXPECT_EQ(machine.origin(), "Google Cloud");
  const Headers due{{"metadata-flavor", "Google"}};
  EXPECT_EQ(machine.http.requests().back().headers, due);
}

TEST(Ambient, GooglesMetadataServerSaysThatItIsOne) {
  Machine machine;
  machine.set("GCE_METADATA_HOST", "127.0.0.1:81");
  const std::string request = "GET http://127.0.0.1:81" + kMetadata;
  machine.http.answer(request, 200, kGood, {{"metadata-flavor", "Google"}});
  machine.http.answer(request, 200, kGood);
  machine.http.answer(request, 404, "", {{"metadata-flavor", "Google"}});
  EXPECT_EQ(machine.origin(), "Google Cloud");
  EXPECT_TRUE(machine.origin().starts_with("denied: what answered is no metadata server"));
  EXPECT_TRUE(machine.origin().starts_with("denied: the metadata server answered 404"));
  machine.set("GOOGLE_SERVICE_ACCOUNT_NAME", "other@example.org");
  EXPECT_TRUE(machine.origin().starts_with("unsupported: GOOGLE_SERVICE_ACCOUNT_NAME"));
  EXPECT_EQ(machine.http.requests().size(), 3U);
}

}  // namespace
}  // namespace sluice::oidc
