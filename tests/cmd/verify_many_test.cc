// SPDX-License-Identifier: Apache-2.0
// sluice verify of many at once, by several signers, and without a single socket.
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstddef>
#include <fstream>
#include <functional>
#include <thread>
#include <utility>

#include "cmd/verify_world.h"
#include "sigstore/bundle.h"

namespace sluice::test {
namespace {

class VerifyMany : public VerifyCommand {
 protected:
  static SignWish as(const std::string& name) {
    SignWish wish = rekor_v2();
    wish.names = {email_name(name)};
    return wish;
  }
  // Of one artifact, "app", by whoever signs it.
  Made sign_app(const std::string& bundle, const SignWish& wish) const {
    Made made = world().sign("app", wish);
    folder_.write("app", made.artifact);
    folder_.write(bundle, made.bundle);
    return made;
  }
  struct Answers {
    int exit_code;
    std::vector<json::Value> lines;
    std::string err;
  };
  Answers batch(const std::string& lines, const Words& more = person()) const {
    const Ran ran = verify(more + Words{"--batch", "-"}, lines);
    Answers out{ran.exit_code, {}, ran.err};
    for (const auto& line : split(ran.out, '\n')) {
      if (!line.empty()) out.lines.push_back(parsed_json(std::string(line)));
    }
    return out;
  }
};

TEST_F(VerifyMany, EachFileHasItsAnswerInTheOrderOfTheCall) {
  make("a", rekor_v2());
  make("b", as("eve@example.org"));
  make("c", rekor_v1());
  EXPECT_EQ(code(person() + Words{"a", "c"}), 0);
  EXPECT_EQ(code(person() + Words{"a", "absent", "c"}), 3);
  EXPECT_EQ(code(person() + Words{"a", "absent", "b"}), 1);
  const json::Value answers = report(person() + Words{"c", "absent", "b", "a"});
  ASSERT_EQ(answers.array()->size(), 4U);
  const auto& list = *answers.array();
  EXPECT_EQ(member_of(list[0], "subject"), "c");
  EXPECT_EQ(member_of(list[0], "verdict"), "verified");
  EXPECT_EQ(member_of(list[1], "kind"), "sluice.error/v1");
  EXPECT_EQ(member_of(list[1], "subject"), "absent");
  EXPECT_EQ(member_of(list[2], "reason"), "wrong-signer");
  EXPECT_EQ(member_of(list[3], "subject"), "a");
}

// ---- batches

TEST_F(VerifyMany, ABatchIsAnsweredInOrderAndHandsBackIds) {
  make("a", rekor_v2());
  make("b", as("eve@example.org"));
  const auto [exit_code, lines, err] = batch(
      "{\"artifact\":\"b\",\"id\":7}\n\n{\"artifact\":\"a\",\"id\":{\"x\":[1]}}\n"
      "{\"artifact\":\"a\",\"bundle\":\"a.sigstore.json\"}");
  EXPECT_EQ(exit_code, 1);
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(member_of(lines[0], "id"), "7");
  EXPECT_EQ(member_of(lines[0], "line"), "1");
  EXPECT_EQ(member_of(lines[0], "reason"), "wrong-signer");
  EXPECT_EQ(member_of(lines[1], "id"), R"({"x":[1]})");
  EXPECT_EQ(member_of(lines[1], "line"), "3");
  EXPECT_EQ(member_of(lines[1], "verdict"), "verified");
  EXPECT_EQ(lines[2].find("id"), nullptr);
  EXPECT_EQ(member_of(lines[2], "verdict"), "verified");
}

TEST_F(VerifyMany, OrderHoldsOverManyRounds) {
  make("a", rekor_v2());
  make("b", as("eve@example.org"));
  std::string lines;
  for (int i = 0; i < 600; ++i) {
    lines += cat(R"({"artifact":")", i % 7 == 3 ? "b" : "a", R"(","id":)", i, "}\n");
  }
  const auto answers = batch(lines);
  EXPECT_EQ(answers.exit_code, 1);
  ASSERT_EQ(answers.lines.size(), 600U);
  for (int i = 0; i < 600; ++i) {
    const auto& line = answers.lines[static_cast<std::size_t>(i)];
    ASSERT_EQ(member_of(line, "id"), cat(i));
    ASSERT_EQ(member_of(line, "verdict"), i % 7 == 3 ? "refused" : "verified") << i;
  }
}

TEST_F(VerifyMany, ALineThatIsWrongStopsNoOther) {
  make("a", rekor_v2());
  const auto [exit_code, lines, err] = batch(
      "{\"artifact\":\"absent\",\"id\":1}\nnonsense\n{\"artifact\":\"a\",\"surprise\":1,\"id\":2}\n"
      "{\"artifact\":\"a\",\"bundle\":\"-\"}\n{\"artifact\":\"a\",\"id\":3}\n");
  EXPECT_EQ(exit_code, 3);
  ASSERT_EQ(lines.size(), 5U);
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(member_of(lines[i], "kind"), "sluice.error/v1");
  EXPECT_EQ(member_of(lines[0], "id"), "1");
  EXPECT_EQ(member_of(lines[0], "code"), "not_found");
  EXPECT_EQ(member_of(lines[4], "verdict"), "verified");
}

TEST_F(VerifyMany, ABatchEndsAsItsWorstLine) {
  make("a", rekor_v2());
  make("b", as("eve@example.org"));
  const std::string good = "{\"artifact\":\"a\"}\n";
  const std::string bad = "{\"artifact\":\"b\"}\n";
  const std::string absent = "{\"artifact\":\"absent\"}\n";
  EXPECT_EQ(batch(good + good).exit_code, 0);
  EXPECT_EQ(batch(good + absent).exit_code, 3);
  EXPECT_EQ(batch(good + bad).exit_code, 1);
  EXPECT_EQ(batch(absent + bad + good).exit_code, 1);
  EXPECT_EQ(batch(bad + absent).exit_code, 1);
}

TEST_F(VerifyMany, AnEmptyBatchVerifiesNothing) {
  for (const auto* nothing : {"", "\n", " \n\n"}) {
    const auto answers = batch(nothing);
    EXPECT_NE(answers.exit_code, 0);
    EXPECT_TRUE(answers.lines.empty());
    EXPECT_TRUE(has(answers.err, "empty")) << answers.err;
  }
}

TEST_F(VerifyMany, ALineThatIsTooLongEndsTheBatch) {
  make("a", rekor_v2());
  const std::string good = "{\"artifact\":\"a\"}\n";
  EXPECT_EQ(batch(cat("{\"artifact\":\"a\"", std::string(60'000, ' '), "}\n", good)).exit_code, 0);
  for (const auto* end : {"", "\n"}) {
    const auto answers =
        batch(cat("{\"artifact\":\"a\"", std::string(70'000, ' '), "}", end, good));
    EXPECT_EQ(answers.exit_code, 3);
    EXPECT_TRUE(has(answers.err, "line 1 is longer than")) << answers.err;
  }
}

TEST_F(VerifyMany, ABatchMayBeAFileAndNamesEverythingItself) {
  make("a", rekor_v2());
  folder_.write("list", "{\"artifact\":\"a\"}\n");
  EXPECT_EQ(code(person() + Words{"--batch", "list"}), 0);
  EXPECT_EQ(code(person() + Words{"--batch", "absent"}), 3);
  EXPECT_EQ(code(person() + Words{"--batch", "list", "a"}), 2);
  EXPECT_EQ(code(person() + Words{"--batch", "list", "--bundle", "a.sigstore.json"}), 2);
}

// ---- several signers

TEST_F(VerifyMany, TwoSignersAreTwoPeople) {
  sign_app("1", as("ada@example.org"));
  sign_app("2", as("bob@example.org"));
  sign_app("3", as("ada@example.org"));
  sign_app("4", as("eve@example.com"));
  const Words both = {"--certificate-identity-regexp",
                      "(ada|bob)@example[.]org",
                      "--certificate-oidc-issuer",
                      std::string(kIssuer),
                      "--require",
                      "2-of"};
  const auto with = [&](const Words& bundles) {
    Words out = both;
    for (const auto& bundle : bundles) out = out + Words{"--bundle", bundle};
    return out + Words{"app"};
  };
  EXPECT_EQ(code(with({"1", "2"})), 0);
  EXPECT_EQ(failed(with({"1", "3"})), "signers.threshold");
  EXPECT_EQ(failed(with({"1", "1"})), "signers.threshold");
  EXPECT_EQ(failed(with({"1"})), "signers.threshold");
  EXPECT_EQ(code(with({"1", "4"})), 1);
  const Ran ran = verify(with({"1", "4", "2"}));
  EXPECT_EQ(ran.exit_code, 0) << ran.out;
  EXPECT_TRUE(has(ran.out, "not counted")) << ran.out;
}

TEST_F(VerifyMany, TwoKeysAreTwoKeys) {
  const Made one = sign_app("1", by_key(rekor_v2()));
  const Made other = sign_app("2", by_key(rekor_v2()));
  SignWish again = by_key(rekor_v2());
  again.with_key = one.key;
  sign_app("3", again);
  folder_.write("a.pub", one.key.public_key().pem());
  folder_.write("b.pub", other.key.public_key().pem());
  const Words keys = {"--key", "a.pub", "--key", "b.pub", "--require", "2-of"};
  EXPECT_EQ(code(keys + Words{"--bundle", "1", "--bundle", "2", "app"}), 0);
  EXPECT_EQ(failed(keys + Words{"--bundle", "1", "--bundle", "3", "app"}), "signers.threshold");
  EXPECT_EQ(code({"--key", "a.pub", "--require", "2", "--bundle", "1", "--bundle", "2", "app"}), 1);
  for (const auto* wrong : {"0", "2of", "-of", "99"}) {
    EXPECT_EQ(code({"--key", "a.pub", "--require", wrong, "--bundle", "1", "app"}), 2) << wrong;
  }
}

TEST_F(VerifyMany, ABatchMayWantTwoSignersOfEach) {
  sign_app("1", as("ada@example.org"));
  sign_app("2", as("bob@example.org"));
  const auto answers = batch(
      "{\"artifact\":\"app\",\"bundles\":[\"1\",\"2\"]}\n"
      "{\"artifact\":\"app\",\"bundles\":[\"1\",\"1\"]}\n",
      {"--certificate-identity-regexp", "(ada|bob)@example[.]org", "--certificate-oidc-issuer",
       std::string(kIssuer), "--require", "2-of"});
  EXPECT_EQ(answers.exit_code, 1);
  ASSERT_EQ(answers.lines.size(), 2U);
  EXPECT_EQ(member_of(answers.lines[0], "verdict"), "verified");
  EXPECT_EQ(failed_check(answers.lines[1]), "signers.threshold");
}

TEST_F(VerifyMany, OneKeyUnderTwoNamesIsOneSigner) {
  SignWish ada = as("ada@example.org");
  const Made one = sign_app("1", ada);
  SignWish bob = as("bob@example.org");
  sign_app("2", bob);
  bob.with_key = one.key;
  sign_app("3", bob);
  const Words both = {"--certificate-identity-regexp",
                      "(ada|bob)@example[.]org",
                      "--certificate-oidc-issuer",
                      std::string(kIssuer),
                      "--require",
                      "2-of"};
  EXPECT_EQ(code(both + Words{"--bundle", "1", "--bundle", "2", "app"}), 0);
  EXPECT_EQ(failed(both + Words{"--bundle", "1", "--bundle", "3", "app"}), "signers.threshold");
}

// What is read once may be a pipe.
TEST_F(VerifyMany, TheArtifactOfSeveralBundlesIsReadOnce) {
  sign_app("1", as("ada@example.org"));
  SignWish strong = as("bob@example.org");
  strong.key = crypto::KeyType::ecdsa_p384;
  sign_app("2", strong);
  const Path pipe = folder_ / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  const std::jthread writer([&] { std::ofstream(pipe) << "app"; });
  const Ran ran = verify({"--certificate-identity-regexp", "(ada|bob)@example[.]org",
                          "--certificate-oidc-issuer", std::string(kIssuer), "--require", "2-of",
                          "--bundle", "1", "--bundle", "2", "pipe"});
  EXPECT_EQ(ran.exit_code, 0) << ran.out << ran.err;
}

TEST_F(VerifyMany, AHintThatNamesNoneOfSeveralKeysIsRefused) {
  const Made made = sign_app("1", by_key(rekor_v2()));
  const Made other = sign_app("2", by_key(rekor_v2()));
  const Made third = sign_app("3", by_key(rekor_v2()));
  folder_.write("a.pub", made.key.public_key().pem());
  folder_.write("b.pub", other.key.public_key().pem());
  const Words keys = {"--key", "a.pub", "--key", "b.pub", "--bundle"};
  EXPECT_EQ(code(keys + Words{"1", "app"}), 0);
  EXPECT_EQ(failed(keys + Words{"3", "app"}), "bundle.key");
  // A name that is nobody's fingerprint: with one key it is that key, with two it could be either.
  std::string named = test::read_file(folder_ / "1");
  const std::string hint = sigstore::key_hint(made.key.public_key());
  ASSERT_TRUE(has(named, hint));
  named.replace(named.find(hint), hint.size(), "release key");
  folder_.write("4", named);
  EXPECT_EQ(code({"--key", "a.pub", "--bundle", "4", "app"}), 0);
  EXPECT_EQ(failed(keys + Words{"4", "app"}), "bundle.key");
}

// ---- a partner that waits

// `sluice verify --batch -` with a pipe at each end.
class BatchPartner {
 public:
  BatchPartner(const Path& folder, const Words& words) {
    std::array<int, 2> in{};
    std::array<int, 2> out{};
    EXPECT_EQ(::pipe2(in.data(), O_CLOEXEC), 0);
    EXPECT_EQ(::pipe2(out.data(), O_CLOEXEC), 0);
    std::vector<char*> arguments;
    for (const auto& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    id_ = ::fork();
    if (id_ == 0) {
      if (::dup2(in[0], 0) == 0 && ::dup2(out[1], 1) == 1 && ::chdir(folder.c_str()) == 0) {
        ::execv(arguments[0], arguments.data());
      }
      ::_exit(99);
    }
    ::close(in[0]);
    ::close(out[1]);
    to_ = in[1];
    from_ = out[0];
  }
  BatchPartner(const BatchPartner&) = delete;
  BatchPartner& operator=(const BatchPartner&) = delete;
  ~BatchPartner() {
    ::close(from_);
    if (to_ >= 0) ::close(to_);
    if (id_ > 0) ::waitpid(id_, nullptr, 0);
  }

  void say(std::string_view text) const {
    EXPECT_EQ(::write(to_, text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  // The next line, or what came of it within half a minute.
  std::string hear() const {
    std::string line;
    pollfd ready{from_, POLLIN, 0};
    while (!line.ends_with('\n') && ::poll(&ready, 1, 30'000) == 1) {
      char one = 0;
      if (::read(from_, &one, 1) != 1) break;
      line += one;
    }
    return line;
  }
  int end() {
    ::close(std::exchange(to_, -1));
    int status = 0;
    const pid_t id = std::exchange(id_, -1);
    EXPECT_EQ(::waitpid(id, &status, 0), id);
    return WEXITSTATUS(status);
  }

 private:
  pid_t id_ = -1;
  int to_ = -1;
  int from_ = -1;
};

TEST_F(VerifyMany, EachLineOfABatchIsAnsweredBeforeTheNextIsThere) {
  make("a", rekor_v2());
  make("b", as("eve@example.org"));
  BatchPartner partner(
      folder_.path(),
      Words{sluice_path(), "verify", "--trusted-root", "root.json", "--batch", "-"} + person());
  partner.say("{\"artifact\":\"a\"}\n");
  EXPECT_EQ(member_of(parsed_json(partner.hear()), "verdict"), "verified");
  // Half of a line is none, and keeps nobody waiting.
  partner.say("{\"artifact\":\"b\"}\n{\"artifact\":");
  EXPECT_EQ(member_of(parsed_json(partner.hear()), "verdict"), "refused");
  partner.say("\"a\"}\n");
  EXPECT_EQ(member_of(parsed_json(partner.hear()), "line"), "3");
  EXPECT_EQ(partner.end(), 1);
}

// ---- sockets

// From here on the kernel ends this process, and what it becomes, at the first socket.
bool forbid_sockets() {
  constexpr auto kNumber = static_cast<std::uint32_t>(offsetof(seccomp_data, nr));
  std::array<sock_filter, 5> rules{{
      {BPF_LD | BPF_W | BPF_ABS, 0, 0, kNumber},
      {BPF_JMP | BPF_JEQ | BPF_K, 2, 0, SYS_socket},
      {BPF_JMP | BPF_JEQ | BPF_K, 1, 0, SYS_socketpair},
      {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW},
      {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_KILL_PROCESS},
  }};
  const sock_fprog program{static_cast<unsigned short>(rules.size()), rules.data()};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

// What becomes of `child` where sockets are forbidden: its exit code, or minus the signal.
int without_sockets(const std::function<void()>& child) {
  const pid_t id = ::fork();
  if (id == 0) {
    if (!forbid_sockets()) ::_exit(99);
    child();
    ::_exit(98);
  }
  int status = 0;
  EXPECT_EQ(::waitpid(id, &status, 0), id);
  return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

TEST_F(VerifyMany, NoSocketIsOpened) {
  make("app", rekor_v2());
  ASSERT_EQ(without_sockets([] { (void)::socket(AF_INET, SOCK_STREAM, 0); }), -SIGSYS)
      << "nothing would be proven";
  const std::string program = sluice_path();
  const auto ends = [&](const Words& more) {
    const Words words = Words{program, "verify", "--trusted-root", "root.json"} + person() + more;
    std::vector<char*> arguments;
    for (const auto& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    const std::string folder = folder_.path().string();
    return without_sockets([&] {
      if (::chdir(folder.c_str()) != 0 || ::freopen("/dev/null", "w", stdout) == nullptr) return;
      ::execv(program.c_str(), arguments.data());
    });
  };
  EXPECT_EQ(ends({"app"}), 0);
  EXPECT_EQ(ends({"--offline", "app"}), 0);
  EXPECT_EQ(ends({"--checks", "app", "app"}), 0);
  EXPECT_EQ(ends({"--offline", "absent"}), 3);
  folder_.write("app", "changed");
  EXPECT_EQ(ends({"--offline", "app"}), 1);
}

}  // namespace
}  // namespace sluice::test
