// SPDX-License-Identifier: Apache-2.0
// The virtual Sigstore is what it claims to be: its trees follow RFC 6962, and an independent
// verifier agrees with the table of cases, but where the table says that it does not.
#include <gtest/gtest.h>

#include <bit>
#include <iostream>
#include <map>
#include <set>

#include "base/text.h"
#include "support/program.h"
#include "support/temp_folder.h"
#include "support/virtual_sigstore/cases.h"
#include "support/virtual_sigstore/merkle.h"

namespace sluice::test {
namespace {

// RFC 9162 2.1.3.2, which goes up from the leaf; the tree goes down from the root.
Bytes fold(Bytes hash, std::uint64_t index, std::uint64_t size, const std::vector<Bytes>& path) {
  std::uint64_t last = size - 1;
  for (const Bytes& other : path) {
    if (last == 0) return {};
    if ((index & 1U) != 0 || index == last) {
      hash = node_hash(other, hash);
      while ((index & 1U) == 0 && index != 0) {
        index >>= 1;
        last >>= 1;
      }
    } else {
      hash = node_hash(hash, other);
    }
    index >>= 1;
    last >>= 1;
  }
  return last == 0 ? hash : Bytes{};
}

TEST(VirtualMerkle, ProvesEveryLeafOfEverySize) {
  MerkleTree tree;
  for (std::uint64_t size = 1; size <= 40; ++size) {
    const std::string leaf = cat("leaf ", size - 1);
    tree.add(bytes_of(leaf));
    for (std::uint64_t index = 0; index < size; ++index) {
      const std::string own = cat("leaf ", index);
      EXPECT_EQ(fold(leaf_hash(bytes_of(own)), index, size, tree.inclusion(index, size)),
                tree.root(size))
          << index << " of " << size;
    }
  }
}

TEST(VirtualMerkle, InventsProofsThatHold) {
  const Bytes leaf{1, 2, 3};
  for (const std::uint64_t size : {1ULL, 2ULL, 7ULL, 1000ULL, 8'589'934'595ULL}) {
    for (const std::uint64_t index : {std::uint64_t{0}, size / 3, size / 2, size - 1}) {
      const auto path = invented_path(leaf, index, size);
      EXPECT_EQ(fold(leaf_hash(leaf), index, size, path.hashes), path.root)
          << index << " of " << size;
    }
  }
}

TEST(VirtualMerkle, SubtreesAndConsistencyAreThoseOfTheTree) {
  MerkleTree tree;
  for (int i = 0; i < 8; ++i) tree.add(bytes_of(cat(i)));
  EXPECT_EQ(tree.subtree(3, 0), tree.root(8));
  EXPECT_EQ(node_hash(tree.subtree(2, 0), tree.subtree(2, 1)), tree.root(8));
  // Of 6 in 8 (RFC 6962 2.1.3 has 6 in 7): the pair above 4 and 5, the one above 6, and the four.
  const auto proof = tree.consistency(6, 8);
  ASSERT_EQ(proof.size(), 3U);
  EXPECT_EQ(node_hash(proof[2], proof[0]), tree.root(6));
  EXPECT_EQ(node_hash(proof[2], node_hash(proof[0], proof[1])), tree.root(8));
}

TEST(BundleCases, AreManyAndNamedOnce) {
  std::set<std::string> ids;
  std::map<std::string, int> rows;
  for (const BundleCase& one : bundle_cases()) {
    EXPECT_TRUE(ids.insert(one.id).second) << one.id;
    EXPECT_FALSE(one.why.empty()) << one.id;
    ++rows[one.expect];
  }
  EXPECT_GE(ids.size(), 450U);
  EXPECT_GE(rows["pass"], 100);
  for (const char* row : {"bundle.present",
                          "bundle.format",
                          "bundle.key",
                          "certificate.format",
                          "artifact.digest",
                          "signature",
                          "log.known",
                          "log.body",
                          "log.promise",
                          "log.inclusion",
                          "log.checkpoint",
                          "log.witnesses",
                          "log.threshold",
                          "time.verified",
                          "certificate.chain",
                          "certificate.validity",
                          "certificate.sct",
                          "identity.subject",
                          "identity.issuer",
                          "statement.format",
                          "statement.predicate-type",
                          "statement.subject"}) {
    EXPECT_GE(rows[row], 1) << row;
  }
  std::cout << ids.size() << " cases, " << rows["pass"] << " of them good, " << rows.size() - 1
            << " rows that fail\n";
  for (const BundleCase& seed : mutation_seeds()) EXPECT_EQ(seed.expect, "pass") << seed.id;
  EXPECT_EQ(mutation_seeds().size(), 5U);
}

// sigstore-go's own client of the public conformance suite.
class Peer : public testing::Test {
 protected:
  void SetUp() override {
    program_ = find_program("sigstore-go");
    if (!program_) GTEST_SKIP() << "sigstore-go is not on PATH";
  }

  // It has no options for more than an identity or a key.
  static bool can_ask(const BundleCase& one) {
    const CasePolicy& policy = one.policy;
    const bool named = !policy.key.empty() || (!policy.identity.empty() && !policy.issuer.empty());
    return named && !policy.key_scheme && !policy.logs && !policy.stamps && !policy.scts &&
           policy.witness_policy.empty() && policy.predicate_type.empty() && !one.bundle.empty();
  }

  Ran ask(const BundleCase& one) const {
    const Path bundle = folder_.write("bundle.json", one.bundle);
    const Path root = folder_.write("root.json", one.trusted_root);
    std::vector<std::string> arguments{"verify-bundle", "--bundle", bundle.string(),
                                       "--trusted-root", root.string()};
    if (one.policy.key.empty()) {
      arguments.insert(arguments.end(), {"--certificate-identity", one.policy.identity,
                                         "--certificate-oidc-issuer", one.policy.issuer});
    } else {
      arguments.insert(arguments.end(),
                       {"--key", folder_.write("key.pem", one.policy.key).string()});
    }
    arguments.push_back(one.digest ? one.digest->text()
                                   : folder_.write("artifact", one.artifact).string());
    return Program(*program_)(arguments);
  }

  std::optional<std::string> program_;
  TempFolder folder_;
};

TEST_F(Peer, AgreesButWhereTheTableSaysOtherwise) {
  int asked = 0;
  int agreed = 0;
  for (const BundleCase& one : bundle_cases()) {
    if (!can_ask(one)) continue;
    ++asked;
    const Ran ran = ask(one);
    const bool same = (ran.exit_code == 0) == (one.expect == "pass");
    agreed += same ? 1 : 0;
    EXPECT_EQ(same, one.peer.empty()) << one.id << " (" << one.why << "): the peer exits with "
                                      << ran.exit_code << ": " << ran.err.substr(0, 400);
  }
  std::cout << asked << " cases asked, " << agreed << " answers are the same\n";
  EXPECT_GE(asked, 100);
}

TEST_F(Peer, AcceptsTheSeedsOfMutation) {
  for (BundleCase one : mutation_seeds()) {
    one.policy.witness_policy.clear();
    const Ran ran = ask(one);
    EXPECT_EQ(ran.exit_code, 0) << one.id << ": " << ran.err;
  }
}

}  // namespace
}  // namespace sluice::test
