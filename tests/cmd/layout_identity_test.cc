// SPDX-License-Identifier: Apache-2.0
// A chain of three identities in folders of their own: two keys, and one that signs keyless.
#include "cmd/verify_world.h"

namespace sluice::test {
namespace {

constexpr auto kJobs =
    "jobs:\n  clone:\n    steps: []\n  build:\n    needs: clone\n    steps: []\n"
    "  release:\n    needs: build\n    steps: []\n";

class LayoutIdentity : public VerifyCommand {
 protected:
  void SetUp() override {
    for (const std::string who : {"owner", "developer", "ci"}) {
      ASSERT_EQ(call(folder_.path(), {"key", "generate", "--out-prefix", who}).exit_code, 0);
    }
    folder_.write("ci.yml", kJobs);
    std::filesystem::create_directory(folder_ / "links");
    ASSERT_EQ(call(folder_.path(),
                   Words{"layout", "new", "--from", "ci.yml", "--functionary",
                         "clone=developer.pub", "--functionary", "build=ci.pub", "--to", "l"} +
                       person())
                  .exit_code,
              0);
    ASSERT_EQ(call(folder_.path(), {"layout", "sign", "l", "--key", "owner.key"}).exit_code, 0);
    perform("developer", "clone", {}, "echo source > source");
    std::filesystem::copy(folder_ / "developer/source", folder_ / "ci-source");
    std::filesystem::create_directories(folder_ / "ci");
    std::filesystem::copy(folder_ / "ci-source", folder_ / "ci/source");
    perform("ci", "build", {"source"}, "cp source app");
  }
  static Ran call(const Path& where, const Words& words) {
    return sluice().in(where).with("SLUICE_PASSWORD", "correct horse")(words);
  }
  void perform(const std::string& who, const std::string& step, const Words& materials,
               const std::string& command) {
    std::filesystem::create_directories(folder_ / who);
    Words words{"run",      "--step",     step, "--key", "../" + who + ".key", "--metadata-folder",
                "../links", "--products", "."};
    for (const auto& each : materials) words = words + Words{"--materials", each};
    const auto ran = call(folder_ / who, words + Words{"--", "sh", "-c", command});
    ASSERT_EQ(ran.exit_code, 0) << ran.err;
  }
  static std::string digest_of_file(const Path& path) {
    return crypto::digest_of(crypto::HashAlgorithm::sha256, bytes_of(read_file(path))).hex();
  }
  // A link statement about the app, as a bundle of the identity.
  void release(const SignWish& who, const std::string& digest) {
    const std::string statement = cat(
        R"({"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"app.tar","digest":{"sha256":")",
        digest, R"("}}],"predicateType":"https://in-toto.io/attestation/link/v0.3",)",
        R"("predicate":{"name":"release","command":[],"materials":[{"name":"app","digest":{"sha256":")",
        digest, R"("}}],"byproducts":{},"environment":{}}})");
    SignWish wish = in_envelope(who);
    wish.payload = statement;
    folder_.write("links/release.0a1b2c3d.link", world().sign("app", wish).bundle);
  }
  Ran chain() {
    return call(folder_.path(), {"layout", "verify", "l", "--key", "owner.pub", "--links", "links",
                                 "--trusted-root", "root.json"});
  }
};

TEST_F(LayoutIdentity, HoldsWithKeysAndAnIdentity) {
  release({}, digest_of_file(folder_ / "ci/app"));
  const auto ran = chain();
  EXPECT_EQ(ran.exit_code, 0) << ran.out << ran.err;
  EXPECT_TRUE(has(ran.out, "release@example.org")) << ran.out;
}

TEST_F(LayoutIdentity, RefusesAnotherIdentity) {
  SignWish eve;
  eve.names = {email_name("eve@example.org")};
  release(eve, digest_of_file(folder_ / "ci/app"));
  const auto ran = chain();
  EXPECT_EQ(ran.exit_code, 1) << ran.out << ran.err;
  EXPECT_TRUE(has(ran.out, "eve@example.org")) << ran.out;
}

TEST_F(LayoutIdentity, RefusesAnArtifactThatTheOthersDidNotHandOver) {
  release({}, std::string(64, 'a'));
  const auto ran = chain();
  EXPECT_EQ(ran.exit_code, 1) << ran.out << ran.err;
  EXPECT_TRUE(has(ran.out, "app changed between the steps build and release")) << ran.out;
}

TEST_F(LayoutIdentity, RefusesAStrangersKeyForTheIdentity) {
  const auto digest = digest_of_file(folder_ / "ci/app");
  release(by_key({}), digest);
  EXPECT_EQ(chain().exit_code, 1);
}

}  // namespace
}  // namespace sluice::test
