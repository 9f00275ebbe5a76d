// SPDX-License-Identifier: Apache-2.0
// Every good and every bad bundle of the virtual Sigstore through the program: the verdict, the
// first check that fails, the JSON by its schema, and a report that can be read aloud.
#include <map>
#include <set>

#include "cmd/verify_world.h"
#include "support/json_schema.h"
#include "support/virtual_sigstore/cases.h"

namespace sluice::test {
namespace {

// What the table of cases does not say of the program: which of the checks fails first is judged
// in tests/sigstore/verifier_test.cc.
const std::map<std::string, int> kEndsOtherwise{
    {"bundle.format/oversized", 3},     // it is not read at all
    {"certificate.sct/other-key", 3},   // the trust root contradicts itself
    {"log.threshold/key-no-entry", 0},  // a key needs no log unless that is asked for
    {"good/two-names", 1},              // Fulcio gives one name; two say of none that it signed
};

int code_of(const BundleCase& one) {
  const auto otherwise = kEndsOtherwise.find(one.id);
  if (otherwise != kEndsOtherwise.end()) return otherwise->second;
  return one.expect == "pass" ? 0 : 1;
}

class VerifyReport : public testing::Test {
 protected:
  // The command line of a case, whose files are then in the folder; nothing where there is no
  // option for what it asks.
  std::optional<Words> words_of(const BundleCase& one) const {
    const CasePolicy& policy = one.policy;
    if (policy.key_scheme) return std::nullopt;
    folder_.write("root.json", one.trusted_root);
    folder_.write("app.tar.gz", one.artifact);
    Words out = {"verify", "--trusted-root", "root.json"};
    const auto option = [&](const char* name, const std::string& value) {
      if (!value.empty()) out = out + Words{name, value};
    };
    const auto file = [&](const char* name, const char* file_name, const std::string& text) {
      if (text.empty()) return;
      folder_.write(file_name, text);
      out = out + Words{name, file_name};
    };
    const auto count = [&](const char* name, const std::optional<unsigned>& value) {
      if (value) out = out + Words{name, cat(*value)};
    };
    option("--certificate-identity", policy.identity);
    option("--certificate-oidc-issuer", policy.issuer);
    option("--certificate-identity-regexp", policy.identity_regexp);
    option("--certificate-oidc-issuer-regexp", policy.issuer_regexp);
    option("--repo", policy.repository);
    option("--workflow", policy.workflow);
    option("--ref", policy.ref);
    option("--trigger", policy.trigger);
    option("--sha", policy.sha);
    option("--type", policy.predicate_type);
    file("--key", "k.pub", policy.key);
    file("--witness-policy", "policy", policy.witness_policy);
    count("--logs", policy.logs);
    count("--times", policy.stamps);
    count("--certificate-logs", policy.scts);
    file("--bundle", "b.json", one.bundle);
    out.push_back(one.digest ? one.digest->text() : "app.tar.gz");
    return out;
  }
  Ran run(const Words& words) const { return sluice().in(folder_.path())(words); }

  TempFolder folder_;
};

TEST_F(VerifyReport, EveryCaseIsDecidedAsItHasToBe) {
  const json::Value schema = published_schema("verification.v1");
  const json::Value error_schema = published_schema("error.v1");
  std::map<std::string, int> reasons;
  std::size_t decided = 0;
  for (const BundleCase& one : bundle_cases()) {
    const auto words = words_of(one);
    if (!words) continue;
    SCOPED_TRACE(one.id);
    const Ran ran = run(*words + Words{"--output", "json"});
    ASSERT_EQ(ran.exit_code, code_of(one)) << ran.out << ran.err;
    const json::Value report = parsed_json(ran.out);
    EXPECT_EQ(misfit(ran.exit_code == 3 ? error_schema : schema, report, "report"), "");
    if (ran.exit_code == 3) continue;
    EXPECT_EQ(failed_check(report).empty(), ran.exit_code == 0);
    EXPECT_EQ(report.find("reason") == nullptr, ran.exit_code == 0);
    ++reasons[member_of(report, "reason")];
    ++decided;
  }
  EXPECT_GT(decided, 250U);
  for (const auto* reason :
       {"", "unsigned", "malformed", "tampered", "wrong-signer", "untrusted", "wrong-content"}) {
    EXPECT_GT(reasons[reason], 0) << reason;
  }
  EXPECT_EQ(reasons.size(), 7U);
}

// A report that people read: the answer first, no line that says nothing, no title for two things.
TEST_F(VerifyReport, EveryRefusalCanBeRead) {
  std::set<std::string> ids;
  for (const BundleCase& one : bundle_cases()) {
    if (code_of(one) != 1) continue;
    const auto words = words_of(one);
    if (!words) continue;
    SCOPED_TRACE(one.id);
    const Ran ran = run(*words);
    EXPECT_TRUE(ran.out.starts_with("refused   ")) << ran.out;
    const json::Value report = parsed_json(run(*words + Words{"--output", "json"}).out);
    ids.insert(failed_check(report));
    std::map<std::string, std::string> titles;
    for (const auto& check : *report.find("checks")->array()) {
      const std::string id = member_of(check, "id");
      const std::string kind = id.substr(0, id.find('.'));
      const std::string title = member_of(check, "title");
      const auto [at, fresh] = titles.emplace(title, kind == "log" ? id : kind);
      EXPECT_EQ(at->second, kind == "log" ? id : kind) << title << " is the title of two checks";
      EXPECT_FALSE(member_of(check, "detail").empty()) << id;
      const bool told = member_of(check, "outcome") == "fail";
      EXPECT_TRUE(told || check.find("advice") == nullptr) << id;
    }
    // The answer, a blank line, the rows, a blank line, what to do.
    const auto advice = ran.out.rfind("\n\n");
    EXPECT_NE(advice, ran.out.find("\n\n")) << "nothing to do is said: " << ran.out;
    for (const auto& line : split(ran.out, '\n')) {
      const bool command = line.starts_with("  sluice ");
      EXPECT_LE(line.size(), command ? 600U : 300U) << line;
    }
  }
  EXPECT_GE(ids.size(), 25U);
}

// What a refusal says would accept what was found, does.
TEST_F(VerifyReport, TheAdvisedCommandWorksWhenPasted) {
  std::size_t tried = 0;
  for (const BundleCase& one : bundle_cases()) {
    if (!one.expect.starts_with("identity.")) continue;
    const auto words = words_of(one);
    if (!words) continue;
    SCOPED_TRACE(one.id);
    const json::Value report = parsed_json(run(*words + Words{"--output", "json"}).out);
    std::string command;
    for (const auto& check : *report.find("checks")->array()) {
      if (check.find("command") != nullptr) command = member_of(check, "command");
    }
    if (command.empty()) continue;
    ASSERT_TRUE(command.starts_with("sluice verify ")) << command;
    EXPECT_TRUE(has(run(*words).out, "\n  " + command + "\n"));
    const Ran pasted = Program("/bin/sh").in(folder_.path())(
        {"-c", cat("'", sluice_path(), "'", command.substr(6))});
    EXPECT_EQ(pasted.exit_code, 0) << command << "\n" << pasted.out << pasted.err;
    ++tried;
  }
  EXPECT_GE(tried, 15U);
}

}  // namespace
}  // namespace sluice::test
