// SPDX-License-Identifier: Apache-2.0
// Runs the built sluice, or another program, in a folder of the test's.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

#include "base/process.h"
#include "support/temp_folder.h"

namespace sluice::test {

struct Ran {
  int exit_code = -1;
  std::string out;
  std::string err;
};

class Program {
 public:
  explicit Program(std::string path) : path_(std::move(path)) {}
  Program& in(const Path& folder) { return folder_ = folder, *this; }
  Program& with(std::string name, std::string value);  // an environment variable
  Program& input(std::string text) { return input_ = std::move(text), *this; }
  Ran operator()(const std::vector<std::string>& arguments) const;

 private:
  std::string path_;
  Path folder_ = ".";
  std::string input_;
  // Nothing of the caller's environment but PATH, so that settings of the machine do not matter.
  std::vector<std::pair<std::string, std::string>> environment_;
};

Program sluice();
std::string sluice_path();

inline bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

// A peer's program on PATH (`./dev test` puts the lab's folder there); nullopt where it is not
// installed.
std::optional<std::string> find_program(const std::string& name);

}  // namespace sluice::test
