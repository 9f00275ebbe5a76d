// SPDX-License-Identifier: Apache-2.0
// `sluice verify` from outside, in a folder with artifacts, bundles and trust of a virtual
// Sigstore.
#pragma once

#include <gtest/gtest.h>

#include "base/text.h"
#include "json/value.h"
#include "support/program.h"
#include "support/virtual_sigstore/virtual_sigstore.h"

namespace sluice::test {

using Words = std::vector<std::string>;

inline Words operator+(Words one, const Words& more) {
  one.insert(one.end(), more.begin(), more.end());
  return one;
}

inline json::Value parsed_json(const std::string& text) {
  auto value = json::parse_strict(text);
  EXPECT_TRUE(value) << text;
  return value ? *std::move(value) : json::Value();
}

inline std::string member_of(const json::Value& value, std::string_view name) {
  const json::Value* member = value.find(name);
  if (member == nullptr) return "";
  return member->string() != nullptr ? *member->string() : json::write(*member);
}

// The id of the first check that failed; empty where none did.
inline std::string failed_check(const json::Value& report) {
  const json::Value* checks = report.find("checks");
  if (checks == nullptr) return cat("an error: ", json::write(report));
  for (const auto& check : *checks->array()) {
    if (member_of(check, "outcome") == "fail") return member_of(check, "id");
  }
  return "";
}

class VerifyCommand : public testing::Test {
 protected:
  // One for all: its keys take a while.
  static const VirtualSigstore& world() {
    static const VirtualSigstore one;
    return one;
  }
  VerifyCommand() { folder_.write("root.json", world().trusted_root()); }

  Made make(const std::string& file, const SignWish& wish) const {
    Made made = world().sign("of " + file, wish);
    folder_.write(file, made.artifact);
    folder_.write(file + ".sigstore.json", made.bundle);
    return made;
  }
  Ran verify(const Words& words, const std::string& input = "") const {
    return sluice()
        .in(folder_.path())
        .input(input)(Words{"verify", "--trusted-root", "root.json"} + words);
  }
  int code(const Words& words) const { return verify(words).exit_code; }
  json::Value report(const Words& words) const {
    return parsed_json(verify(Words{"--output", "json"} + words).out);
  }
  std::string failed(const Words& words) const { return failed_check(report(words)); }

  static Words person(const std::string& identity = std::string(kIdentity)) {
    return {"--certificate-identity", identity, "--certificate-oidc-issuer", std::string(kIssuer)};
  }

  TempFolder folder_;
};

}  // namespace sluice::test
