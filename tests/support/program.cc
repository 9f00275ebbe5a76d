// SPDX-License-Identifier: Apache-2.0
#include "support/program.h"

#include <unistd.h>

#include <cstdlib>
#include <stdexcept>

#include "base/text.h"

namespace sluice::test {

namespace {

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

Program& Program::with(std::string name, std::string value) {
  environment_.emplace_back(std::move(name), std::move(value));
  return *this;
}

Ran Program::operator()(const std::vector<std::string>& arguments) const {
  ProcessRequest request;
  request.command.push_back(path_);
  request.command.insert(request.command.end(), arguments.begin(), arguments.end());
  request.input = input_;
  request.folder = folder_;
  request.environment = environment_;
  request.environment->emplace_back("PATH", variable("PATH"));
  request.max_output = 64U << 20;
  auto result = system_processes().run(request);
  if (!result) throw std::runtime_error(result.error().text());
  return {result->exit_code, std::move(result->out), std::move(result->err)};
}

std::string sluice_path() {
  std::string given = variable("SLUICE_BINARY");
  return given.empty() ? SLUICE_BINARY_PATH : given;
}

Program sluice() { return Program(sluice_path()); }

std::optional<std::string> find_program(const std::string& name) {
  const std::string path = variable("PATH");  // split() looks into it
  for (const auto folder : split(path, ':')) {
    std::string candidate = cat(folder, "/", name);
    if (::access(candidate.c_str(), X_OK) == 0) return candidate;
  }
  return std::nullopt;
}

}  // namespace sluice::test
