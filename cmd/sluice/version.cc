// SPDX-License-Identifier: Apache-2.0
#include "version.h"

#include "base/text.h"
#include "commands.h"
#include "exit.h"
#include "invocation.h"

namespace sluice::cli {

namespace {

Result<int> run_version(Invocation& in) {
  if (!in.json) {
    SLUICE_CHECK(in.console.print(cat("sluice ", kVersion, "\n")));
    return kDone;
  }
  json::Value out;
  out.set("kind", "sluice.version/v1");
  out.set("version", kVersion);
  out.set("compiler", __VERSION__);
  out.set("linking", SLUICE_LINKING);
  SLUICE_CHECK(in.print_json(out));
  return kDone;
}

}  // namespace

std::vector<Command> version_commands() {
  return {{.words = {"version"},
           .summary = "print the version",
           .examples = {{"for a bug report", "sluice version --output json"}},
           .run = run_version}};
}

}  // namespace sluice::cli
