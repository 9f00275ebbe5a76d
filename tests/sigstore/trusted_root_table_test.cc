// SPDX-License-Identifier: Apache-2.0
// The trusted roots of the virtual Sigstore: what is malformed is found, at once or when all of it
// is looked into.
#include <gtest/gtest.h>

#include <algorithm>

#include "sigstore/trust_root.h"
#include "support/virtual_sigstore/cases.h"

namespace sluice::sigstore {
namespace {

using test::TrustedRootCase;

TEST(TrustedRootTable, ComesOutAsItSays) {
  for (const TrustedRootCase& one : test::trusted_root_cases()) {
    SCOPED_TRACE(one.id + ": " + one.why);
    const auto root = TrustRoot::parse(one.text, "a case");
    const auto proven = root ? root->prove() : fail(root.error());
    EXPECT_EQ(proven.has_value(), one.due != TrustedRootCase::Due::malformed)
        << (proven ? std::string("it is taken") : proven.error().text());
    if (!proven) continue;
    const auto unusable = std::ranges::count_if(
        root->entries(), [](const TrustEntry& entry) { return entry.unusable.has_value(); });
    EXPECT_EQ(unusable, one.due == TrustedRootCase::Due::ignored ? 1 : 0);
  }
  EXPECT_GE(test::trusted_root_cases().size(), 30U);
}

}  // namespace
}  // namespace sluice::sigstore
