// SPDX-License-Identifier: Apache-2.0
// A real git repository, made by the git program with fixed names and dates.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/process.h"
#include "support/temp_folder.h"

namespace sluice::test {

class GitFolder {
 public:
  GitFolder();  // an empty repository, on the branch main

  const Path& path() const { return work_; }
  Path operator/(std::string_view name) const { return work_ / name; }
  Path beside(std::string_view name) const { return folder_ / name; }  // outside of the repository

  // Runs git there and returns its output without the last line end; throws where git fails.
  std::string git(const std::vector<std::string>& arguments, const std::string& input = "") const;
  std::string shell(const std::string& script) const;

  void write(const std::string& name, std::string_view content) const;
  void remove(const std::string& name) const;
  std::string commit(const std::string& message = "change") const;  // all there is; the new id

 private:
  std::string run(ProcessRequest request) const;

  TempFolder folder_;
  Path work_ = folder_ / "work";
  mutable int commits_ = 0;  // each a minute after the one before
};

// Pairs of commits a0 and b0, a1 and b1 and so on, as branches: files moved, edited a little or a
// lot, added, deleted, copied, with names that count for the seed model and names that nearly do.
void generate_changes(const GitFolder& folder, int count);

}  // namespace sluice::test
