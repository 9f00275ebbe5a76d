// SPDX-License-Identifier: Apache-2.0
// The program in a folder with people's keys, and a TUF repository in repo/ there.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/text.h"
#include "support/program.h"
#include "support/temp_folder.h"

namespace sluice::test {

class TufFolder : public testing::Test {
 protected:
  void make_key(const std::string& person) const {
    EXPECT_EQ(run({"key", "generate", "--type", "ed25519", "--out-prefix", person}).exit_code, 0);
  }
  Ran run(const std::vector<std::string>& words) const {
    return sluice()
        .in(folder.path())
        .with("HOME", folder.path().native())
        .with("SLUICE_PASSWORD", "example")
        .with("TUF_ONLINE_KEY", read_file(folder / "online.key"))(words);
  }
  // In the repository; prints what went wrong.
  Ran tuf(std::vector<std::string> words, int expected = 0) const {
    words.insert(words.begin(), "tuf");
    words.insert(words.end(), {"--repo", "repo"});
    Ran out = run(words);
    EXPECT_EQ(out.exit_code, expected) << join(words, " ") << "\n" << out.out << out.err;
    return out;
  }

  TempFolder folder;
};

}  // namespace sluice::test
