// SPDX-License-Identifier: Apache-2.0
// Public vectors: keys and signatures, canonical forms, a real chain of roots, a repository that
// another program wrote.
#include <gtest/gtest.h>

#include "base/codec.h"
#include "base/text.h"
#include "support/fake_world.h"
#include "support/temp_folder.h"
#include "support/tuf/fake_repo.h"
#include "tuf/canonical.h"
#include "tuf/client.h"

namespace sluice::tuf {
namespace {

class TufVectors : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = test::shared_folder("conformance/tuf");
    if (!folder_) GTEST_SKIP() << "no shared vectors: set SLUICE_SHARED";
  }
  std::string file(std::string_view name) const { return test::read_file(*folder_ / name); }
  std::optional<Path> folder_;
};

std::string text(const json::Value& value, std::string_view key) {
  const auto* found = value.find(key);
  return found == nullptr || found->string() == nullptr ? "" : *found->string();
}

TEST_F(TufVectors, Keys) {
  const auto vectors = json::parse_strict(file("key-vectors.json"));
  ASSERT_TRUE(vectors);
  std::size_t supported = 0;
  std::size_t unsupported = 0;
  for (const auto& one : *vectors->array()) {
    const std::string key_text = json::write(*one.find("key"));
    json::Tokenizer in(key_text);
    const auto key = read_key(in, key_text, {});
    ASSERT_TRUE(key) << key.error().text();
    if (text(*one.find("key"), "keytype") == "ml-dsa") {
      ++unsupported;
      EXPECT_FALSE(key->usable());
      EXPECT_NE(key->why_unusable.find("unsupported"), std::string::npos);
      continue;
    }
    ++supported;
    ASSERT_TRUE(key->usable()) << key->why_unusable;
    const auto message_bytes = from_hex(text(one, "message"));
    ASSERT_TRUE(message_bytes);
    const auto message = crypto::Message::of(*key->scheme, *message_bytes);
    const auto signature = from_hex(text(one, "sig"));
    ASSERT_TRUE(signature);
    const auto match = crypto::verify(*key->key, *message, *signature);
    ASSERT_TRUE(match);
    EXPECT_EQ(*match == crypto::Match::yes, *one.find("valid")->boolean())
        << text(one, "keyid") << text(one, "note");
  }
  EXPECT_EQ(supported, 210U);
  EXPECT_EQ(unsupported, 45U);
}

TEST_F(TufVectors, CanonicalForms) {
  const auto vectors = json::parse_strict(file("canonical-json-vectors.json"));
  ASSERT_TRUE(vectors);
  EXPECT_EQ(vectors->array()->size(), 21U);
  for (const auto& one : *vectors->array()) {
    const auto form = canonical_form(text(one, "json"));
    if (one.find("canonical_hex")->is(json::Value::Kind::null)) {
      EXPECT_FALSE(form) << text(one, "json");
      continue;
    }
    ASSERT_TRUE(form) << text(one, "json");
    EXPECT_EQ(to_hex(bytes_of(*form)), text(one, "canonical_hex")) << text(one, "json");
  }
}

class RootChain : public TufVectors {
 protected:
  std::string root(int version) const {
    return file(cat("sigstore-public-good/", version, ".root.json"));
  }
  std::optional<TrustedSet> start(int version, std::string_view now) const {
    const auto verdict = TrustedSet::start(root(version), {.now = *parse_rfc3339(now)});
    EXPECT_TRUE(verdict.passed()) << verdict.report().first_failure()->detail;
    if (!verdict.passed()) return std::nullopt;
    return *verdict.value();
  }
};

TEST_F(RootChain, LeadsFromFiveToFifteen) {
  auto set = start(5, "2026-10-01T00:00:00Z");
  ASSERT_TRUE(set);
  for (int version = 6; version <= 15; ++version) {
    const auto verdict = set->update_root(root(version));
    ASSERT_TRUE(verdict.passed()) << version << ": " << verdict.report().first_failure()->detail;
    EXPECT_EQ(verdict.value()->version, version);
  }
  EXPECT_TRUE(set->finish_root().passed());
}

TEST_F(RootChain, BeginsAtTheFirstOneWhoseKeysAreHex) {
  auto set = start(1, "2026-10-01T00:00:00Z");
  ASSERT_TRUE(set);
  for (int version = 2; version <= 15; ++version) {
    const auto verdict = set->update_root(root(version));
    ASSERT_TRUE(verdict.passed()) << version << ": " << verdict.report().first_failure()->detail;
  }
}

TEST_F(RootChain, IsFrozenOnceTheLastOneExpired) {
  auto set = start(15, "2026-11-20T13:58:18Z");
  ASSERT_TRUE(set);
  EXPECT_FALSE(set->finish_root().passed());
  auto before = start(15, "2026-11-20T13:58:17Z");
  EXPECT_TRUE(before->finish_root().passed());
}

TEST_F(RootChain, LeavesNoVersionOut) {
  auto set = start(5, "2026-10-01T00:00:00Z");
  ASSERT_TRUE(set);
  EXPECT_FALSE(set->update_root(root(7)).passed());
  EXPECT_FALSE(set->update_root(root(5)).passed());
  EXPECT_TRUE(set->update_root(root(6)).passed());
}

// Serves a folder as it lies there.
class FolderHttp final : public Http {
 public:
  explicit FolderHttp(Path folder) : folder_(std::move(folder)) {}
  Result<HttpResponse> send(const HttpRequest& request) override {
    const auto path = folder_ / request.url.substr(std::string_view("http://repo/").size());
    std::string body = test::read_file(path);
    return HttpResponse{
        .status = body.empty() ? 404 : 200, .headers = {}, .body = body, .url = request.url};
  }
  std::vector<Result<HttpResponse>> send_all(const std::vector<HttpRequest>& requests) override {
    std::vector<Result<HttpResponse>> out;
    for (const auto& each : requests) out.push_back(send(each));
    return out;
  }

 private:
  Path folder_;
};

TEST_F(TufVectors, ARepositoryOfAnotherProgramIsRead) {
  const Path repository = *folder_ / "conformance-static-data/tuf-on-ci-0.11";
  FolderHttp http(repository);
  test::FakeClock clock;
  clock.set(*parse_rfc3339("2025-02-09T09:17:23Z"));
  const test::TempFolder cache;
  Client client(system_files(), clock, &http,
                {.folder = cache / "c",
                 .metadata_urls = {"http://repo/metadata/"},
                 .target_urls = {"http://repo/targets/"}});
  ASSERT_TRUE(client.init(test::read_file(repository / "initial_root.json")));
  const auto refreshed = client.refresh();
  ASSERT_TRUE(refreshed && refreshed->passed());
  const auto found = client.find("delegatedrole/artifact");
  ASSERT_TRUE(found && found->passed());
  EXPECT_EQ(found->value()->role.str(), "delegatedrole");
  const auto fetched = client.download({*found->value()}, cache / "out");
  ASSERT_TRUE(fetched && fetched->passed());
  EXPECT_FALSE(test::read_file(cache / "out/delegatedrole/artifact").empty());
}

}  // namespace
}  // namespace sluice::tuf
