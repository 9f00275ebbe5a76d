// SPDX-License-Identifier: Apache-2.0
// What a publication rests on is what clients have: nothing that somebody wrote into metadata/ is
// signed by an online key, and who died while a root was exchanged goes on all the same.
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>

#include "base/text.h"
#include "support/failing_files.h"
#include "support/tufrepo/work_folder.h"
#include "tufrepo/published_check.h"

namespace sluice::tuf {
namespace {

using std::chrono::days;
using std::chrono::hours;
using test::FailingFiles;
using test::FileFault;
using test::WorkFolder;

class BasisTest : public testing::Test {
 protected:
  BasisTest() {
    work.init();
    work.add("app.txt", "hello");
    publish();
  }
  void publish() {
    work.sign_all({"ann", "ben", "carla", "dora", "eva"});
    ASSERT_EQ(work.publish(), "good") << work.detail;
  }
  Draft published(const std::string& role) {
    auto repository = work.open();
    return *repository.published(RoleName(role)).value();
  }
  // As somebody may who can write the file, and has no key.
  void write_unsigned(const std::string& role, Draft draft) {
    const std::string file =
        role == "timestamp" ? "timestamp.json" : cat(draft.version(), ".", role, ".json");
    ASSERT_TRUE(system_files().replace(work.folder / "metadata" / file, draft.document().value()));
  }
  void online_bins() {
    work.change([&](Repository& repository) {
      return delegate_bins(repository, {.bits = 2, .keys = work.keys({"online"})},
                           work.clock.now());
    });
    ASSERT_EQ(work.problem, "");
    publish();
  }
  static std::string evil() {
    return R"({"hashes":{"sha256":")" + std::string(64, 'e') + R"("},"length":5})";
  }
  std::string problem_of_status() {
    auto repository = work.open();
    const auto proposal = examine_proposal(repository, work.clock.now());
    std::string out;
    for (const auto& fault : proposal->faults) {
      if (fault.blocks) out += cat(fault.id, " ", fault.role.str(), ";");
    }
    return out;
  }

  WorkFolder work;
};

TEST_F(BasisTest, ABinThatSomebodyChangedIsNotSignedAnew) {
  online_bins();
  {
    auto repository = work.open();
    auto policy = test::read_file(work.folder / "tuf-repo.yaml");
    policy += "\n";
    const auto at = policy.find("roles:");
    ASSERT_NE(at, std::string::npos);
    policy.insert(policy.find('\n', at) + 1, "  delegated: {expires: 10d, online: [\"env:X\"]}\n");
    ASSERT_TRUE(system_files().replace(work.folder / "tuf-repo.yaml", policy));
  }
  work.clock.set(work.clock.now() + days(86));
  Draft bin = published("bins-2");
  bin.put("app.txt", evil());
  const Draft honest = published("bins-2");
  write_unsigned("bins-2", bin);
  EXPECT_EQ(work.refresh_online().substr(0, 21), "tuf.publish.published") << work.detail;
  EXPECT_EQ(published("timestamp").version(), 1 + 1);
  write_unsigned("bins-2", honest);
  EXPECT_EQ(work.refresh_online(), "good") << work.detail;
  EXPECT_EQ(published("bins-2").version(), 2);
}

TEST_F(BasisTest, ASnapshotThatSomebodySetBackIsNotSignedAnew) {
  work.add("more.txt", "more");
  publish();
  const Draft snapshot = published("snapshot");
  const Draft timestamp = published("timestamp");
  Draft back = snapshot;
  back.put("targets.json", "{\"version\":1}");
  write_unsigned("snapshot", back);
  Draft vouching = timestamp;
  vouching.put("snapshot.json", cat("{\"version\":", back.version(), "}"));
  write_unsigned("timestamp", vouching);
  work.clock.set(work.clock.now() + hours(20));
  EXPECT_NE(problem_of_status().find("published snapshot"), std::string::npos);
  EXPECT_EQ(work.refresh_online().substr(0, 21), "tuf.publish.published");
  work.change([&](Repository& repository) {
    return renew(repository, RoleName("root"), work.clock.now());
  });
  work.sign_all({"ann", "ben"});
  EXPECT_NE(work.publish().find("tuf.publish.published"), std::string::npos);
  write_unsigned("snapshot", snapshot);
  write_unsigned("timestamp", timestamp);
  EXPECT_EQ(problem_of_status(), "");
  EXPECT_EQ(work.publish(), "good") << work.detail;
}

TEST_F(BasisTest, AmongManyRolesOneThatWasChangedIsNoticed) {
  work.change([&](Repository& repository) {
    return delegate_bins(repository, {.bits = 7, .keys = work.keys({"online"})}, work.clock.now());
  });
  publish();
  Draft bin = published("bins-00");
  bin.put("evil.txt", evil());
  write_unsigned("bins-00", bin);
  work.change([&](Repository& repository) {
    std::vector<NewTarget> targets;
    for (int i = 0; i < 1'000; ++i) {
      const std::string path = cat("many/", i);
      targets.push_back(
          {path, 1, {crypto::digest_of(crypto::HashAlgorithm::sha256, bytes_of(path))}, ""});
    }
    return add_targets(repository, targets, std::nullopt, work.clock.now());
  });
  ASSERT_EQ(work.problem, "");
  EXPECT_GT(work.open().staged_roles()->size(), 64U);
  EXPECT_EQ(work.publish(), "tuf.publish.published") << work.detail;
}

TEST_F(BasisTest, BinsWhoseDelegationChangesAreAllLookedAt) {
  online_bins();
  const auto edit = [&](auto change) {
    auto repository = work.open();
    Draft draft = repository.next(RoleName("targets")).value();
    change(*member_in(*member_in(draft.head(), "delegations"), "succinct_roles"));
    ASSERT_TRUE(repository.stage(RoleName("targets"), std::move(draft), work.clock.now()));
    WorkFolder::save(repository);
    work.sign("targets", "carla");
  };
  edit([](json::Value& bins) { bins.set("bit_length", std::int64_t{3}); });
  EXPECT_EQ(work.publish(), "tuf.publish.missing");
  edit([](json::Value& bins) { bins.set("bit_length", std::int64_t{32}); });
  EXPECT_EQ(work.publish(), "tuf.publish.bins");
  edit([&](json::Value& bins) {
    bins.set("bit_length", std::int64_t{2});
    bins.set("keyids", json::Value(json::Array{json::Value(work.key("carla").keyid.str())}));
  });
  EXPECT_NE(work.publish(), "good");
  EXPECT_NE(problem_of_status().find("unsigned bins-0"), std::string::npos) << problem_of_status();
}

TEST_F(BasisTest, ARoleOfTwoParentsIsNotPublished) {
  const auto delegate = [&](const std::string& role, const std::string& parent,
                            const std::string& who) {
    work.change([&](Repository& repository) {
      return delegate_paths(repository,
                            {.parent = RoleName(parent),
                             .role = RoleName(role),
                             .paths = {"libs/*"},
                             .keys = work.keys({who})},
                            work.clock.now());
    });
    ASSERT_EQ(work.problem, "");
  };
  delegate("a", "targets", "dora");
  delegate("y", "targets", "carla");
  delegate("z", "y", "eva");
  publish();
  // By hand: delegate refuses it.
  auto repository = work.open();
  Draft draft = repository.next(RoleName("a")).value();
  json::Value role;
  role.set("keyids", json::Value(json::Array{json::Value(work.key("dora").keyid.str())}));
  role.set("name", "z");
  role.set("paths", json::Value(json::Array{json::Value("libs/*")}));
  role.set("terminating", false);
  role.set("threshold", std::int64_t{1});
  json::Value delegations;
  put_keys(delegations.set("keys", json::Value(json::Object{})), work.keys({"dora"}));
  delegations.set("roles", json::Value(json::Array{role}));
  draft.head().set("delegations", delegations);
  ASSERT_TRUE(repository.stage(RoleName("a"), std::move(draft), work.clock.now()));
  WorkFolder::save(repository);
  work.sign("a", "dora");
  EXPECT_NE(problem_of_status().find("delegated z;"), std::string::npos) << problem_of_status();
  EXPECT_NE(work.publish().find("tuf.publish.delegated"), std::string::npos);
}

// A root that takes the online keys away, and new targets: killed at each operation, and killed
// once more while it is mended, the same people publish again.
class RootExchange : public BasisTest {
 protected:
  static void copy(const Path& from, const Path& to) {
    std::filesystem::remove_all(to);
    std::filesystem::copy(from, to, std::filesystem::copy_options::recursive);
  }
  void ends_well(const std::string& where) {
    const std::string again = work.publish();
    ASSERT_TRUE(again == "good" || again == "nothing") << where << ": " << again << work.detail;
    std::filesystem::remove_all(work.temp / "c");
    ASSERT_EQ(work.client("c", {"more.txt"}), "good") << where;
  }
  // At each operation of the publication that begins in this state; how many there are.
  int died_at_each(const Path& state_before, const std::function<void(int at)>& then) {
    for (int at = 0; at < 100; ++at) {
      copy(state_before, work.folder);
      FailingFiles files(at, FileFault::death_after);
      if (work.publish_with(files) == "good") return at;
      then(at);
    }
    ADD_FAILURE() << "it never ended";
    return 100;
  }
};

TEST_F(RootExchange, WhoDiedGoesOn) {
  for (const std::string role : {"timestamp", "snapshot"}) {
    work.change([&](Repository& repository) {
      return rotate_key(repository, RoleName(role), work.key("online").keyid.str(),
                        work.key("online2"), work.clock.now());
    });
    ASSERT_EQ(work.problem, "");
  }
  work.add("more.txt", "more");
  work.sign_all({"ann", "ben", "carla"});
  const Path base = work.temp / "base";
  std::filesystem::copy(work.folder, base, std::filesystem::copy_options::recursive);
  const Path half = work.temp / "half";
  int between = 0;
  const int all = died_at_each(base, [&](int at) {
    const auto found = state(*folder_store(system_files(), work.folder));
    ASSERT_TRUE(found);
    if (found->condition == StoreCondition::between && ++between == 1) copy(work.folder, half);
    ends_well(cat(at));
  });
  EXPECT_GE(all, 6);
  ASSERT_GE(between, 1);
  EXPECT_GE(died_at_each(half, [&](int at) { ends_well(cat("while mending, ", at)); }), 4);
}

// Only the note of who died says that the old timestamp counts: a timestamp by keys that the root
// took away is nobody's otherwise.
TEST_F(RootExchange, ATimestampOfKeysThatWereTakenAwayDoesNotHold) {
  const Draft stolen = published("timestamp");
  for (const std::string role : {"timestamp", "snapshot"}) {
    work.change([&](Repository& repository) {
      return rotate_key(repository, RoleName(role), work.key("online").keyid.str(),
                        work.key("online2"), work.clock.now());
    });
  }
  publish();
  work.overwrite("timestamp", stolen, "online");
  work.clock.set(work.clock.now() + hours(20));
  EXPECT_EQ(work.refresh_online().substr(0, 21), "tuf.publish.published") << work.detail;
}

}  // namespace
}  // namespace sluice::tuf
