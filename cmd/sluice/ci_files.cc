// SPDX-License-Identifier: Apache-2.0
// sluice ci init github and gitlab: files for pipelines.
#include <algorithm>
#include <array>

#include "base/text.h"
#include "ci.h"
#include "embedded.h"
#include "exit.h"

namespace sluice::cli {

namespace {

constexpr std::size_t kMaxPipeline = 1U << 20;

struct Pipeline {
  std::string_view word;
  std::string_view path;
  const std::string_view* text;
  std::string_view next;
};

constexpr std::array<Pipeline, 2> kPipelines = {
    {{"github", ".github/workflows/sluice-gate.yml", &embedded::kGithubGate,
      "  runner    set runs-on to one that has sluice\n"
      "  --env     where the policy has several: add --env NAME to the command\n"
      "  require   the job \"gate\", in the rules of the branch\n"},
     {"gitlab", ".gitlab/sluice-gate.yml", &embedded::kGitlabGate,
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
  SLUICE_TRY(const auto done, write_once(in.world.files, file, *pipeline->text, force));
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
