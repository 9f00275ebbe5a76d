// SPDX-License-Identifier: Apache-2.0
// Inspections: what the verifier itself looks at, in a folder, when all steps have passed.
//
// A layout's inspection names a command. It runs only where the caller allows it: in a copy of the
// inspected folder that is thrown away afterwards, with an environment of PATH, HOME and LANG
// alone, no input, bounded output and a time limit. Built-in inspections run nothing:
//   run: []                    the folder's files, against the rules
//   run: ["sluice:files"]      the same
//   run: ["sluice:artifacts"]  the artifacts that the caller names (an image's digest)
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/world.h"
#include "intoto/artifact.h"
#include "intoto/layout.h"

namespace sluice::intoto {

struct InspectionOptions {
  bool commands = false;  // may run those of the layout
  Path folder = ".";      // what is delivered, and inspected
  // Where copies of it are made; each is removed again.
  Path scratch = "/tmp";
  std::chrono::milliseconds time_limit{60'000};
  std::vector<Artifact> artifacts = {};  // of sluice:artifacts
  unsigned threads = 1;
};

bool runs_a_command(const Inspection& inspection);

struct Inspected {
  Artifacts materials;
  Artifacts products;
};

// Appends inspection.run. Nothing where it failed: the command did, or is not there, or the folder
// holds what could hide files. Error: the folder cannot be read or copied.
[[nodiscard]] Result<std::optional<Inspected>> inspect(const World& world,
                                                       const Inspection& inspection,
                                                       const InspectionOptions& options,
                                                       Report& report);

// The files below a folder, by their names in it, with SHA-256. A link to a file is the file; one
// to a folder, or to nothing, is Errc::denied: it could hide files.
[[nodiscard]] Result<Artifacts> folder_artifacts(Files& files, const Path& folder,
                                                 unsigned threads);

}  // namespace sluice::intoto
