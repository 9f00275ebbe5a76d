// SPDX-License-Identifier: Apache-2.0
// trust init and update as a user calls them: a Sigstore's TUF repository on this machine.
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <mutex>

#include "base/text.h"
#include "json/value.h"
#include "sigstore/signing_config.h"
#include "sigstore/trust_root.h"
#include "support/program.h"
#include "support/servers/http_server.h"
#include "support/tuf/fake_repo.h"

namespace sluice {
namespace {

using sigstore::Instance;
using test::has;
using test::Ran;
using test::RawRequest;
using test::ServedAnswer;
using Words = std::vector<std::string>;

std::string trust_material(Instance instance) {
  return sigstore::TrustRoot::embedded(instance).value().text();
}

class TrustUpdate : public testing::Test {
 protected:
  TrustUpdate() {
    // Far away: these tests run by the machine's clock.
    for (const std::string role : {"root", "timestamp", "snapshot", "targets"}) {
      repo.set_expires(role, std::chrono::sys_days(std::chrono::year(2090) / 1 / 1));
    }
    repo.add_target("targets", "trusted_root.json", trust_material(Instance::staging));
    repo.add_target("targets", "signing_config.v0.2.json",
                    sigstore::SigningConfig::embedded(Instance::staging).value().write());
    publish();
    root = folder.write("root.json", repo.files.at("metadata/1.root.json")).native();
  }

  void publish() { repo.publish({"root", "targets", "snapshot", "timestamp"}); }
  Ran run(const Words& words) const {
    return test::sluice().in(folder.path()).with("HOME", folder.path().native())(words);
  }
  Ran init(const Words& more = {}) const {
    Words words{"trust", "init", "--root", root, "--mirror", server.url("/tuf")};
    words.insert(words.end(), more.begin(), more.end());
    return run(words);
  }
  Ran update(const Words& more = {}) const {
    Words words{"trust", "update"};
    words.insert(words.end(), more.begin(), more.end());
    return run(words);
  }
  // The first line of `trust show`, or its error.
  std::string in_use(const Words& more = {}) const {
    Words words{"trust", "show"};
    words.insert(words.end(), more.begin(), more.end());
    const Ran ran = run(words);
    return ran.exit_code == 0 ? ran.out.substr(0, ran.out.find('\n')) : ran.err;
  }
  Path kept(const std::string& name) const {
    return folder / ".local/share/sluice/trust" / (name + ".json");
  }
  // As if this had been fetched, and were good until then.
  void keep(const std::string& name, const std::string& expires,
            const std::string& updated = "2026-11-01T00:00:00Z") const {
    json::Value value;
    value.set("kind", "sluice.kept-trust/v1");
    value.set("mirror", "https://mirror.example");
    value.set("folder", name);
    value.set("updated", updated);
    value.set("expires", expires);
    value.set("trusted_root", trust_material(Instance::staging));
    ASSERT_TRUE(system_files().make_folders(kept(name).parent_path()));
    ASSERT_TRUE(system_files().replace(kept(name), json::write(value)));
  }
  std::size_t requests() const {
    const std::lock_guard hold(mutex);
    return requests_;
  }

  test::TempFolder folder;
  test::FakeRepo repo;
  mutable std::mutex mutex;
  std::size_t requests_ = 0;
  std::vector<std::string> targets_asked;
  std::function<void()> on_request = {};
  // As Sigstore's repository is laid out: the metadata above, targets/ beside it.
  test::HttpServer server{[this](const RawRequest& request) -> ServedAnswer {
    const std::lock_guard hold(mutex);
    ++requests_;
    if (on_request) on_request();
    std::string name = request.target.substr(std::string_view("/tuf/").size());
    const bool target = name.starts_with("targets/");
    if (target) targets_asked.push_back(name);
    const auto at = repo.files.find(target ? name : "metadata/" + name);
    if (at == repo.files.end()) return {.status = 404, .body = "no"};
    return {.status = 200, .body = at->second};
  }};
  std::string root;
};

TEST_F(TrustUpdate, WhatInitFetchedIsInUseFromThenOn) {
  EXPECT_TRUE(has(in_use(), "built in: Sigstore's production instance"));
  const Ran ran = init();
  EXPECT_EQ(ran.exit_code, 0) << ran.out << ran.err;
  EXPECT_TRUE(has(ran.out, "verified  http://127.0.0.1")) << ran.out;
  EXPECT_TRUE(has(ran.out, "good until   2090-01-01 00:00:00Z")) << ran.out;
  EXPECT_TRUE(has(ran.out, "trusted root")) << ran.out;
  EXPECT_TRUE(has(in_use(), cat("fetched through TUF from ", server.url("/tuf"))));
  EXPECT_TRUE(has(in_use(), "good until 2090-01-01"));
  EXPECT_TRUE(has(run({"trust", "show"}).out, "rekor.sigstage.dev"));
  EXPECT_EQ(run({"trust", "export"}).out, trust_material(Instance::staging));
  // A file that is named still comes first.
  const Path other = folder.write("other.json", trust_material(Instance::production));
  EXPECT_TRUE(has(in_use({"--trusted-root", other.native()}), "other.json"));
}

TEST_F(TrustUpdate, AnUpdateFetchesWhatIsNewerAndNothingElse) {
  ASSERT_EQ(init().exit_code, 0);
  EXPECT_EQ(targets_asked.size(), 2U);
  EXPECT_EQ(update().exit_code, 0);
  EXPECT_EQ(targets_asked.size(), 2U);
  repo.add_target("targets", "trusted_root.json", trust_material(Instance::production));
  publish();
  const Ran ran = update();
  EXPECT_EQ(ran.exit_code, 0) << ran.out << ran.err;
  EXPECT_EQ(targets_asked.size(), 3U);
  EXPECT_EQ(run({"trust", "export"}).out, trust_material(Instance::production));
}

TEST_F(TrustUpdate, OfflineOpensNoSocket) {
  keep("own", "2090-01-01T00:00:00Z");
  const Ran nothing = update({"--offline"});
  EXPECT_EQ(nothing.exit_code, 3);
  EXPECT_TRUE(has(nothing.err, "holds no root to begin with")) << nothing.err;
  ASSERT_EQ(init().exit_code, 0);
  const auto before = requests();
  EXPECT_EQ(update({"--offline"}).exit_code, 0);
  EXPECT_TRUE(has(in_use(), "fetched through TUF"));
  EXPECT_EQ(requests(), before);
}

TEST_F(TrustUpdate, ARefusalNamesTheAttackAndLeavesWhatIsTrusted) {
  ASSERT_EQ(init().exit_code, 0);
  const std::string before = test::read_file(kept("own"));
  repo.add_target("targets", "trusted_root.json", "{}");
  publish();
  const Ran broken = update();
  EXPECT_EQ(broken.exit_code, 1);
  EXPECT_TRUE(has(broken.out, "trust material")) << broken.out;
  repo.set_version("timestamp", 1);
  repo.publish({"timestamp"});
  const Ran rolled_back = update();
  EXPECT_EQ(rolled_back.exit_code, 1);
  EXPECT_TRUE(has(rolled_back.out, "rollback attack: timestamp.json")) << rolled_back.out;
  EXPECT_EQ(*json::parse_strict(test::read_file(kept("own")))->find("trusted_root"),
            *json::parse_strict(before)->find("trusted_root"));
}

TEST_F(TrustUpdate, AnotherRepositoryThanTheRootsIsRefusedAndNothingIsKept) {
  test::FakeRepo other;
  root = folder.write("other.json", other.files.at("metadata/1.root.json")).native();
  const Ran ran = init();
  EXPECT_EQ(ran.exit_code, 1) << ran.out << ran.err;
  EXPECT_TRUE(has(ran.out, "arbitrary software attack")) << ran.out;
  EXPECT_FALSE(std::filesystem::exists(kept("own")));
  // The public instance's root does not sign for this repository either.
  const Ran built_in = run({"trust", "init", "--mirror", server.url("/tuf")});
  EXPECT_EQ(built_in.exit_code, 1) << built_in.out << built_in.err;
  EXPECT_FALSE(std::filesystem::exists(kept("production")));
}

TEST_F(TrustUpdate, NothingStandsInForASigstoreOfOnesOwn) {
  ASSERT_EQ(init().exit_code, 0);
  auto value = json::parse_strict(test::read_file(kept("own"))).value();
  value.set("expires", "2026-11-01T00:00:00Z");
  ASSERT_TRUE(system_files().replace(kept("own"), json::write(value)));
  const Ran ran = run({"trust", "show"});
  EXPECT_EQ(ran.exit_code, 3);
  EXPECT_TRUE(has(ran.err, "expired")) << ran.err;
  EXPECT_TRUE(has(ran.err, "sluice trust update")) << ran.err;
  EXPECT_TRUE(has(in_use({"--staging"}), "built in"));
  ASSERT_EQ(update().exit_code, 0);
  EXPECT_TRUE(has(in_use(), "fetched through TUF"));
  ASSERT_TRUE(system_files().replace(kept("own"), "{}"));
  EXPECT_EQ(run({"trust", "show"}).exit_code, 3);
  EXPECT_EQ(update().exit_code, 3);  // it does not know any more whose
  ASSERT_EQ(init().exit_code, 0);
  EXPECT_TRUE(has(in_use(), "fetched through TUF"));
}

TEST_F(TrustUpdate, HoldingUpdatesBackDoesNotLeadToWhatIsOlderStill) {
  // Fetched after the program was built, and expired since.
  const Time dated =
      *sigstore::TrustRoot::embedded(Instance::production).value().dated() + std::chrono::days(1);
  keep("production", "2020-01-01T00:00:00Z", rfc3339(dated));
  const std::string source = in_use();
  EXPECT_TRUE(has(source, "fetched through TUF from https://mirror.example, expired ")) << source;
  EXPECT_TRUE(has(source, "newer than what is built in: sluice trust update")) << source;
  keep("staging", "2020-01-01T00:00:00Z", "2090-01-01T00:00:00Z");
  EXPECT_TRUE(has(in_use({"--staging"}), "sluice trust update --staging"));
  keep("production", "2020-01-01T00:00:00Z", rfc3339(dated - std::chrono::days(2)));
  EXPECT_TRUE(has(in_use(), "built in: Sigstore's production instance"));
}

TEST_F(TrustUpdate, OneUpdatesAtATime) {
  ASSERT_EQ(init().exit_code, 0);
  publish();
  const Path lock = kept("own").parent_path() / ".lock";
  std::atomic<int> held = 0;
  std::atomic<int> asked = 0;
  on_request = [&] {
    ++asked;
    if (!system_files().lock(lock, std::chrono::milliseconds(0))) ++held;
  };
  EXPECT_EQ(update().exit_code, 0);
  EXPECT_GT(asked, 0);
  EXPECT_EQ(held, asked);
  EXPECT_TRUE(system_files().lock(lock, std::chrono::milliseconds(0)));
}

TEST_F(TrustUpdate, WhatIsPublicServesUntilItExpiresAndThenWhatIsBuiltInDoes) {
  keep("production", "2090-01-01T00:00:00Z");
  EXPECT_TRUE(has(in_use(), "fetched through TUF from https://mirror.example"));
  EXPECT_TRUE(has(in_use({"--staging"}), "built in: Sigstore's staging instance"));
  keep("staging", "2090-01-01T00:00:00Z");
  EXPECT_TRUE(has(in_use({"--staging"}), "fetched through TUF"));
  keep("production", "2020-01-02T00:00:00Z", "2020-01-01T00:00:00Z");
  const std::string source = in_use();
  EXPECT_TRUE(has(source, "built in: Sigstore's production instance")) << source;
  EXPECT_TRUE(has(source, "what was fetched expired")) << source;
  EXPECT_TRUE(has(source, "sluice trust update")) << source;
  ASSERT_TRUE(system_files().replace(kept("production"), "{}"));
  EXPECT_TRUE(has(in_use(), "production.json"));  // an error: never passed over
}

TEST_F(TrustUpdate, WhatWasImportedComesFirstAndTheUpdateSaysSo) {
  const Path file = folder.write("a.json", trust_material(Instance::production));
  ASSERT_EQ(run({"trust", "import", file.native()}).exit_code, 0);
  const Ran ran = init();
  EXPECT_EQ(ran.exit_code, 0);
  EXPECT_TRUE(has(ran.out, "what was imported comes first")) << ran.out;
  EXPECT_TRUE(has(in_use(), ".local/share/sluice/trusted_root.json"));
}

TEST_F(TrustUpdate, ServicesComeFromWhereTheTrustDoes) {
  const Path artifact = folder.write("app", "app");
  const Words sign{"sign", artifact.native(), "--identity-token-file", "absent"};
  repo.part("targets").set("targets", json::Value(json::Object{}));
  repo.add_target("targets", "trusted_root.json", trust_material(Instance::staging));
  publish();
  const Ran ran = init();
  EXPECT_EQ(ran.exit_code, 0) << ran.out << ran.err;
  EXPECT_TRUE(has(ran.out, "the repository lists none")) << ran.out;
  // Not the public ones: their signatures would not verify here.
  EXPECT_TRUE(has(run(sign).err, "lists no signing config")) << run(sign).err;
}

TEST_F(TrustUpdate, WhatContradictsItselfIsAWrongCall) {
  EXPECT_EQ(run({"trust", "init", "--root", root}).exit_code, 2);
  EXPECT_EQ(init({"--staging"}).exit_code, 2);
  EXPECT_EQ(update({"--root", root}).exit_code, 2);
  EXPECT_EQ(run({"trust", "init", "--root", "absent", "--mirror", "http://x"}).exit_code, 3);
  EXPECT_EQ(run({"trust", "init", "--root", root, "--mirror", "http://127.0.0.1:1/"}).exit_code, 3);
  const Ran homeless = test::sluice().in(folder.path())(
      {"trust", "init", "--root", root, "--mirror", server.url("/tuf")});
  EXPECT_EQ(homeless.exit_code, 2);
}

}  // namespace
}  // namespace sluice
