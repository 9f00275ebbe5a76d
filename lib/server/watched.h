// SPDX-License-Identifier: Apache-2.0
// Files that are read again when they change. What cannot be used leaves in use what was.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/result.h"

namespace sluice::server {

class Watched {
 public:
  // Reads the files; if their content is another than that of this print (a digest; empty at
  // first), puts it to use. The answer: the print of what was read.
  using Refresh = std::function<Result<std::string>(const std::string& print)>;

  Watched(std::string what, Refresh refresh)
      : what_(std::move(what)), refresh_(std::move(refresh)) {}

  enum class Change : std::uint8_t {
    none,
    taken,   // something new is in use, or what is in use is whole again
    broken,  // something new cannot be used: trouble() says why
  };
  Change look();

  const std::string& what() const { return what_; }  // "policy"
  const std::optional<Error>& trouble() const { return trouble_; }

 private:
  std::string what_;
  Refresh refresh_;
  std::string print_;
  std::optional<Error> trouble_;
};

}  // namespace sluice::server
