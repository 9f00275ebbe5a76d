// SPDX-License-Identifier: Apache-2.0
// Which paths are not recorded: patterns as in a .gitignore, which python in-toto takes, too.
//
//   *.o         a name, in any folder          /build, a/*.o   a path from the top
//   build/      a folder                       ** in place of a folder's name: any number of them
//   !keep.o     not this one after all         the last pattern that matches decides
//
// What is in a folder that is excluded is excluded. Each path takes time linear in its length for
// each star of a pattern at most.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sluice::intoto {

class Excludes {
 public:
  // Errc::usage for a pattern that is empty, too long or ends in a lone backslash.
  [[nodiscard]] static Result<Excludes> of(const std::vector<std::string>& patterns);

  // A path from the top, without "./" before it. Asked about each folder before what is in it.
  bool match(std::string_view path, bool folder) const;
  // As match, also where one of the folders that it is in is excluded.
  bool match_with_folders(std::string_view path, bool folder) const;
  bool empty() const { return patterns_.empty(); }

 private:
  struct Pattern {
    std::vector<std::string> parts;  // between slashes; "**" stands for any number
    std::string suffix;              // of a pattern that is "*" and plain text: a quick way
    bool plain = false;              // of a pattern that is plain text
    bool negated = false;
    bool folders_only = false;
    bool anywhere = false;  // one part, matched by the last name of the path
  };
  bool matches(const Pattern& pattern, std::string_view path) const;
  std::vector<Pattern> patterns_;
};

}  // namespace sluice::intoto
