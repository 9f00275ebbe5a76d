// SPDX-License-Identifier: Apache-2.0
// sluice and the real cosign, called with the same arguments in one folder.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>

#include "support/program.h"
#include "support/virtual_sigstore/virtual_sigstore.h"

namespace sluice {

using test::has;
using test::Program;
using test::Ran;
using test::TempFolder;

using Words = std::vector<std::string>;

inline Words operator+(Words left, const Words& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

class CosignMode : public testing::Test {
 protected:
  CosignMode() {
    std::filesystem::create_directories(folder_ / "bin");
    std::filesystem::create_symlink(test::sluice_path(), folder_ / "bin/cosign");
    folder_.write("hello", "hello\n");
    folder_.write("other", "hullo\n");
  }

  Program called(const std::string& name) const {
    return Program((folder_ / "bin" / name).native())
        .in(folder_.path())
        .with("HOME", folder_.path().native())
        .with("COSIGN_PASSWORD", "pw");
  }
  Ran ours(const Words& words) const { return called("cosign")(words); }
  Ran theirs(const Words& words) const {
    return Program(*test::find_program("cosign"))
        .in(folder_.path())
        .with("HOME", folder_.path().native())
        .with("COSIGN_PASSWORD", "pw")(words);
  }
  // A pair k.key, k.pub, and hello's bundle by it, hello.json.
  void sign_hello() const {
    ASSERT_EQ(ours({"generate-key-pair", "--output-key-prefix", "k"}).exit_code, 0);
    const Ran ran = test::sluice()
                        .in(folder_.path())
                        .with("SLUICE_PASSWORD",
                              "pw")({"sign", "--key", "k.key", "--bundle", "hello.json", "hello"});
    ASSERT_EQ(ran.exit_code, 0) << ran.err;
  }
  // Without a log.
  static Words by_key(const Words& more) {
    return Words{"verify-blob", "--bundle", "hello.json",
                 "--key",       "k.pub",    "--insecure-ignore-tlog"} +
           more;
  }
  // What a virtual Sigstore has signed, in b.json; whom to trust, in root.json.
  void write_signed(const test::SignWish& wish) const {
    folder_.write("b.json", world_.sign("hello\n", wish).bundle);
    folder_.write("root.json", world_.trusted_root());
  }
  static Words by_identity(const Words& more) {
    return Words{"verify-blob",
                 "--bundle",
                 "b.json",
                 "--trusted-root",
                 "root.json",
                 "--certificate-identity",
                 std::string(test::kIdentity),
                 "--certificate-oidc-issuer",
                 std::string(test::kIssuer)} +
           more;
  }
  static void expect_verified(const Ran& ran) {
    EXPECT_EQ(ran.exit_code, 0) << ran.out << ran.err;
    EXPECT_EQ(ran.out, "");
    EXPECT_TRUE(ran.err.ends_with("Verified OK\n")) << ran.err;
  }
  static void expect_refused(const Ran& ran, std::string_view why) {
    EXPECT_EQ(ran.exit_code, 1) << ran.out << ran.err;
    EXPECT_EQ(ran.out, "");
    EXPECT_TRUE(has(ran.err, why)) << ran.err;
    EXPECT_FALSE(has(ran.err, "Verified OK")) << ran.err;
  }

  TempFolder folder_;
  test::VirtualSigstore world_;
};

}  // namespace sluice
