// SPDX-License-Identifier: Apache-2.0
// Bundles that testdata/make made, without any code of ours: each comes out as its manifest says.
#include <gtest/gtest.h>

#include "base/process.h"
#include "base/text.h"
#include "json/value.h"
#include "sigstore/verify_key.h"
#include "support/temp_folder.h"

namespace sluice::sigstore {
namespace {

class BundleVectors : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = std::make_unique<test::TempFolder>();
    const auto made =
        system_processes().run({.command = {"/usr/bin/python3", SLUICE_SOURCE_DIR "/testdata/make",
                                            folder_->path(), "bundles"}});
    ASSERT_TRUE(made);
    ASSERT_EQ(made->exit_code, 0) << made->err;
    manifest_ = *json::parse_strict(file("manifest.json"));
  }
  static void TearDownTestSuite() { folder_.reset(); }

  static std::string file(std::string_view name) {
    return test::read_file(folder_->path() / "bundles" / name);
  }
  static std::string text(const json::Value& one, std::string_view key) {
    const auto* value = one.find(key);
    return value == nullptr ? "" : *value->string();
  }

  // "pass", or the id of the first check that failed.
  static std::string outcome(const json::Value& one) {
    const auto key = crypto::PublicKey::from_pem(file(text(one, "key")));
    if (!key) return key.error().text();
    KeyRequest request{
        .key = *key, .bundle = file(text(one, "bundle")), .bundle_source = text(one, "bundle")};
    if (one.find("artifact") != nullptr)
      request.artifact = folder_->path() / "bundles" / text(one, "artifact");
    if (one.find("digest") != nullptr)
      request.artifact = *crypto::Digest::parse(text(one, "digest"));
    if (one.find("predicate_type") != nullptr) request.predicate_type = text(one, "predicate_type");
    const auto verdict = verify_with_key(system_files(), request);
    if (!verdict) return verdict.error().text();
    return verdict->passed() ? "pass" : verdict->report().first_failure()->id;
  }

  static inline std::unique_ptr<test::TempFolder> folder_;
  static inline json::Value manifest_;
};

TEST_F(BundleVectors, AllCasesComeOutAsTheManifestSays) {
  std::int64_t ran = 0;
  for (const auto& one : *manifest_.find("cases")->array()) {
    ++ran;
    const std::string due = text(one, "expect") == "pass" ? "pass" : text(one, "check");
    EXPECT_EQ(outcome(one), due) << text(one, "id") << ": " << text(one, "why");
  }
  EXPECT_EQ(ran, *manifest_.find("count")->integer());
  EXPECT_GE(ran, 85);
}

}  // namespace
}  // namespace sluice::sigstore
