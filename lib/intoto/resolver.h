// SPDX-License-Identifier: Apache-2.0
// Artifacts that are no files: what stands behind "SCHEME:REFERENCE" among the materials and
// products of a step. The command line wires those of git and of OCI layouts; "dir:" is here.
#pragma once

#include <string_view>
#include <vector>

#include "intoto/artifact.h"

namespace sluice::intoto {

class ArtifactResolver {
 public:
  virtual ~ArtifactResolver() = default;
  virtual std::string_view scheme() const = 0;  // "git"
  // Of the reference, which is what follows the colon, relative to the folder. The names come with
  // the scheme: "git:src@commit".
  [[nodiscard]] virtual Result<std::vector<Artifact>> resolve(std::string_view reference,
                                                              const Path& folder) = 0;
};

}  // namespace sluice::intoto
