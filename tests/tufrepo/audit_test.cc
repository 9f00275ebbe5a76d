// SPDX-License-Identifier: Apache-2.0
#include "tufrepo/audit.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/text.h"
#include "support/tufrepo/work_folder.h"

namespace sluice::tuf {
namespace {

using std::chrono::days;
using std::chrono::hours;
using test::WorkFolder;

class AuditTest : public testing::Test {
 protected:
  void start() {
    if (!system_files().info(work.folder / kPolicyFile)) work.init();
    work.add("app.txt", "hello");
    work.sign_all({"ann", "ben", "carla", "dora"});
    ASSERT_EQ(work.publish(), "good") << work.detail;
  }
  Audit look(AuditOptions options = {}) {
    options.now = work.clock.now();
    const ReadMetadata read = [&](const std::string& name,
                                  std::size_t max) -> Result<std::optional<std::string>> {
      auto text = system_files().read(work.folder / "metadata" / name, max);
      if (!text) return std::nullopt;
      return *std::move(text);
    };
    return audit(read, options).value();
  }
  static bool warns(const Audit& seen, const std::string& id, const std::string& role) {
    return std::ranges::any_of(seen.warnings, [&](const AuditWarning& each) {
      return each.id == id && each.role.str() == role;
    });
  }
  static std::string refusal(const Audit& seen) {
    const auto* failure = seen.report.first_failure();
    return failure == nullptr ? "none" : failure->id;
  }
  WorkFolder work;
};

TEST_F(AuditTest, SeesEveryRoleAndTarget) {
  start();
  work.change([&](Repository& repository) {
    return delegate_bins(repository, {.bits = 3, .keys = work.keys({"dora"})}, work.clock.now());
  });
  work.sign_all({"carla", "dora"});
  ASSERT_EQ(work.publish(), "good") << work.detail;
  const auto seen = look();
  EXPECT_EQ(refusal(seen), "none");
  EXPECT_EQ(seen.roles.size(), 4U + 8U);
  EXPECT_EQ(seen.targets, 1U);
}

TEST_F(AuditTest, WarnsBeforeSomethingExpires) {
  start();
  EXPECT_FALSE(warns(look(), "expires-soon", "timestamp"));
  work.clock.set(work.clock.now() + hours(21));
  EXPECT_TRUE(warns(look(), "expires-soon", "timestamp"));
  EXPECT_FALSE(warns(look(), "expires-soon", "targets"));
  EXPECT_TRUE(warns(look({.warn_within = days(91)}), "expires-soon", "targets"));
}

TEST_F(AuditTest, WarnsOfKeysThatDoTooMuch) {
  auto plan = work.plan();
  plan.roles[static_cast<std::size_t>(RoleType::timestamp)] = work.keys({"ann"});
  plan.policy.roles["timestamp"].online.clear();
  work.init(plan);
  work.sign_all({"ann", "ben", "carla"});
  EXPECT_EQ(work.publish(), "tuf.publish.signatures");
  work.sign("timestamp", "ann");
  ASSERT_EQ(work.publish(), "good") << work.detail;
  const auto seen = look();
  EXPECT_TRUE(warns(seen, "key-shared", "root"));
  EXPECT_TRUE(warns(seen, "no-spare-key", "root"));
  EXPECT_FALSE(warns(seen, "threshold", "root"));
}

TEST_F(AuditTest, NamesAMissingFile) {
  start();
  ASSERT_TRUE(system_files().remove(work.folder / "metadata/1.targets.json"));
  EXPECT_EQ(refusal(look()), "tuf.missing");
}

TEST_F(AuditTest, NamesATargetThatIsNotAsListed) {
  start();
  AuditOptions options;
  options.check_target = [](const TargetFile& file) -> Result<std::optional<std::string>> {
    if (file.path == "app.txt") return std::optional<std::string>("it is not there");
    return std::nullopt;
  };
  EXPECT_EQ(refusal(look(options)), "tuf.target.missing");
}

TEST_F(AuditTest, WarnsOfNamesThatClientsOfOthersDoNotFetch) {
  start();
  AuditOptions options;
  options.check_target = [](const TargetFile&) -> Result<std::optional<std::string>> {
    return std::nullopt;
  };
  EXPECT_FALSE(warns(look(options), "names", "targets"));
  work.add("50%25.txt", "x");
  work.sign_all({"carla"});
  ASSERT_EQ(work.publish(), "good") << work.detail;
  EXPECT_TRUE(warns(look(options), "names", "targets"));
  EXPECT_EQ(refusal(look(options)), "none");
}

TEST_F(AuditTest, BeginsWithTheRootThatIsTrusted) {
  start();
  WorkFolder other;
  other.init();
  other.sign_all({"ann", "ben", "carla"});
  ASSERT_EQ(other.publish(), "good");
  const auto foreign = test::read_file(other.folder / "metadata/1.root.json");
  EXPECT_NE(refusal(look({.root = foreign})), "none");
  EXPECT_EQ(refusal(look({.root = test::read_file(work.folder / "metadata/1.root.json")})), "none");
}

}  // namespace
}  // namespace sluice::tuf
