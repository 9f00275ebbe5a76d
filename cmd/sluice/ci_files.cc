// SPDX-License-Identifier: Apache-2.0
// sluice ci init github and gitlab: files for pipelines.
#include <algorithm>
#include <array>

#include "base/text.h"
#include "ci.h"
#include "exit.h"

namespace sluice::cli {

namespace {

constexpr std::size_t kMaxPipeline = 1U << 20;

struct Pipeline {
  std::string_view word;
  std::string_view path;
  std::string_view text;
  std::string_view next;
};

constexpr std::string_view kWorkflow =
    R"yaml(# The gate on pull requests. Written by `sluice ci init github`; it is yours to change.
# A job stops what is not approved only where the branch's rules require it to pass.
name: sluice gate
on:
  pull_request:
  merge_group:
permissions:
  contents: read
  pull-requests: write # for the comment
jobs:
  gate:
    runs-on: [self-hosted, sluice] # a runner on which sluice is installed
    steps:
      - uses: actions/checkout@v4
        with:
          fetch-depth: 0 # the base of the change has to be there
          persist-credentials: false
      - id: gate
        run: sluice ci gate --comment
        env:
          GITHUB_TOKEN: ${{ github.token }}
)yaml";

// integrations/gitlab/sluice-gate.yml, to the letter: its test compares the two.
constexpr std::string_view kJob =
    R"yaml(# SPDX-License-Identifier: Apache-2.0
# The gate on merge requests and on the default branch. docs/integrations.md says how to include it.
spec:
  inputs:
    stage:
      default: test
    program:
      description: sluice, as a path or a name on PATH
      default: sluice
    environment:
      description: the environment of the policy; needed where it has several
      default: ""
    policy:
      description: the policy's path, as the base of the change has it; sluice.yaml where nothing is given
      default: ""
    fail-on:
      description: what fails the job
      default: delay
      options: [block, undecided, delay, never]
---
sluice-gate:
  stage: $[[ inputs.stage ]]
  needs: []
  rules:
    - if: $CI_PIPELINE_SOURCE == "merge_request_event"
    - if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH
  variables:
    GIT_DEPTH: "0"  # the base of the change has to be there
    GATE_PROGRAM: $[[ inputs.program ]]
    GATE_ENVIRONMENT: $[[ inputs.environment ]]
    GATE_POLICY: $[[ inputs.policy ]]
    GATE_FAIL_ON: $[[ inputs.fail-on ]]
  script:
    - |
      set -- --report sluice-gate.json --dotenv sluice-gate.env --fail-on "$GATE_FAIL_ON"
      [ -z "$GATE_ENVIRONMENT" ] || set -- "$@" --env "$GATE_ENVIRONMENT"
      [ -z "$GATE_POLICY" ] || set -- "$@" --policy "$GATE_POLICY"
      "$GATE_PROGRAM" ci gate "$@"
  # "Not now" (75) fails the job as a block does. With allow_failure the jobs that deploy would go on.
  allow_failure: false
  artifacts:
    when: always
    paths: [sluice-gate.json]
    reports:
      dotenv: sluice-gate.env
    expire_in: 90 days
)yaml";

constexpr std::array<Pipeline, 2> kPipelines = {
    {{"github", ".github/workflows/sluice-gate.yml", kWorkflow,
      "  runner    set runs-on to one that has sluice\n"
      "  --env     where the policy has several: add --env NAME to the command\n"
      "  require   the job \"gate\", in the rules of the branch\n"},
     {"gitlab", ".gitlab/sluice-gate.yml", kJob,
      "  add to .gitlab-ci.yml:\n"
      "    include:\n"
      "      - local: .gitlab/sluice-gate.yml\n"
      "        # inputs: {environment: NAME}, where the policy has several\n"
      "    sluice-gate:\n"
      "      tags: [sluice]   # a runner that has sluice; or image: …\n"}}};

Result<Path> work_tree(const Invocation& in) {
  const Path start = in.args.get("--repo").value_or(".");
  SLUICE_TRY(const auto root, ask_git(in, start, {"rev-parse", "--show-toplevel"}));
  if (root && !root->empty()) return Path(*root);
  return fail(Error{Errc::usage,
                    cat(shown(start), " is in no work tree of a git repository"),
                    {},
                    "--repo DIR names another folder"});
}

// What writing it would do: "wrote", "replaced", "unchanged".
Result<std::string_view> may_write(Files& files, const Path& file, std::string_view text,
                                   bool force) {
  const auto before = files.read_plain(file, kMaxPipeline, Links::refused);
  if (before && *before == text) return "unchanged";
  const bool absent = !before && before.error().code == Errc::not_found;
  if (!absent && !force) {
    return fail(Error{Errc::usage,
                      cat(shown(file), " is there already, and says something else"),
                      {},
                      "--force writes it anew"});
  }
  return absent ? "wrote" : "replaced";
}

Result<std::string_view> write_once(Files& files, const Path& file, std::string_view text,
                                    bool force) {
  SLUICE_TRY(const std::string_view done, may_write(files, file, text, force));
  if (done == "unchanged") return done;
  SLUICE_CHECK(files.make_folders(file.parent_path()));
  SLUICE_CHECK(files.replace(file, text));
  return done;
}

}  // namespace

Result<int> init_pipeline(Invocation& in, std::string_view word) {
  if (in.args.has("--chain")) return fail(Errc::usage, "--chain goes with hook");
  const auto* const pipeline = std::ranges::find(kPipelines, word, &Pipeline::word);
  if (pipeline == kPipelines.end()) return fail(Errc::internal, "a pipeline that is not known");
  std::vector<PipelineFile> more;
  if (in.args.has("--signing")) {
    SLUICE_TRY(more, signing_files(word, in.args.get("--actions")));
  } else if (in.args.has("--actions")) {
    return fail(Errc::usage, "--actions goes with --signing");
  }
  SLUICE_TRY(const Path root, work_tree(in));
  const bool force = in.args.has("--force");
  const Path file = root / pipeline->path;
  // Nothing is written where one of them would be refused.
  for (const PipelineFile& each : more) {
    SLUICE_CHECK(may_write(in.world.files, root / each.path, each.text, force));
  }
  SLUICE_TRY(const auto done, write_once(in.world.files, file, pipeline->text, force));
  json::Array others;
  std::string text = cat(done, "  ", shown(file), "\n", pipeline->next);
  for (const PipelineFile& each : more) {
    const Path path = root / each.path;
    SLUICE_TRY(const auto also, write_once(in.world.files, path, each.text, force));
    json::Value row;
    row.set("file", printable(path.native(), 4096));
    row.set("done", also);
    others.push_back(std::move(row));
    text += cat(also, "  ", shown(path), "\n");
  }
  if (!more.empty()) text += signing_next(word);
  if (!in.json) {
    SLUICE_CHECK(in.console.print(text));
    return kDone;
  }
  json::Value out;
  out.set("kind", "sluice.ci-init/v1");
  out.set("file", printable(file.native(), 4096));
  out.set("done", done);
  if (!more.empty()) out.set("signing", std::move(others));
  SLUICE_CHECK(in.print_json(out));
  return kDone;
}

}  // namespace sluice::cli
