// SPDX-License-Identifier: Apache-2.0
// sluice policy check: policy files, with the line and column of what is wrong.
#include <algorithm>
#include <filesystem>

#include "base/limits.h"
#include "base/text.h"
#include "commands.h"
#include "exit.h"
#include "policy_file.h"
#include "report/report.h"
#include "sources/sources.h"

namespace sluice::cli {

Result<policy::Policy> load_policy(const Invocation& in, const std::string& file) {
  auto text = in.world.files.read(file, policy::kMaxPolicy);
  auto policy = text ? policy::parse(*text, file) : fail(std::move(text).error());
  if (policy || policy.error().code == Errc::internal) return policy;
  Error error = std::move(policy).error();
  error.code = Errc::usage;
  return fail(std::move(error));
}

namespace {

// Where a file really is, with all links followed; it has to be in the folder or below. Links
// within it are how a cluster puts files in place.
Result<Path> inside(const Path& folder, const std::string& name) {
  const Path path = folder / name;
  std::error_code failed;
  const Path real = std::filesystem::canonical(path, failed);
  if (failed) return path;  // reading it says why
  const Path root = std::filesystem::canonical(folder.empty() ? "." : folder, failed);
  const auto [end, ignored] = std::ranges::mismatch(root, real);
  if (!failed && end == root.end()) return real;
  return fail(Errc::denied, cat(shown(path), " leads out of the policy's folder"));
}

}  // namespace

policy::ReadFile files_beside(const Invocation& in, const Path& policy) {
  return [files = &in.world.files,
          folder = policy.parent_path()](const std::string& name) -> Result<std::string> {
    SLUICE_TRY(const Path path, inside(folder, name));
    return files->read_plain(path, limits::kConfigFile, Links::refused);
  };
}

namespace {

Result<policy::Policy> check_one(const Invocation& in, const std::string& file) {
  SLUICE_TRY(auto policy, load_policy(in, file));
  for (const auto& environment : policy.environments) {
    SLUICE_CHECK(policy::keys_for(policy, environment.name, files_beside(in, file)));
    SLUICE_CHECK(within(sources::check(environment, files_beside(in, file)),
                        cat("looking at the sources of ", environment.name)));
  }
  return policy;
}

json::Value row_json(const std::string& file, const Result<policy::Policy>& policy) {
  json::Value row;
  row.set("file", printable(file));
  row.set("sound", policy.has_value());
  if (!policy) {
    row.set("error", report::as_json(policy.error(), ""));
    return row;
  }
  row.set("digest", policy->digest.text());
  json::Array names;
  for (const auto& each : policy->environments) names.emplace_back(each.name);
  row.set("environments", std::move(names));
  row.set("keys", static_cast<std::int64_t>(policy->keys.size()));
  return row;
}

std::string row_text(const std::string& file, const policy::Policy& policy) {
  std::vector<std::string> names;
  for (const auto& each : policy.environments) names.push_back(each.name);
  std::string out = cat("sound     ", printable(file), "\n  digest        ", policy.digest.text(),
                        "\n  environments  ", join(names, ", "), "\n");
  if (policy.verifier.empty()) {
    return out + "  verifier      none: decisions cannot be signed\n";
  }
  return out + cat("  verifier      ", policy.verifier, "\n");
}

Result<int> run_check(Invocation& in) {
  json::Array rows;
  int code = kDone;
  for (const std::string& file : in.args.positionals()) {
    const auto policy = check_one(in, file);
    if (!policy && policy.error().code == Errc::internal) return fail(policy.error());
    if (!policy) {
      code = kUsage;
      in.console.talk(cat("sluice: ", report::as_text(policy.error())));
    } else if (!in.json) {
      SLUICE_CHECK(in.console.print(row_text(file, *policy)));
    }
    rows.push_back(row_json(file, policy));
  }
  if (!in.json) return code;
  json::Value out;
  out.set("kind", "sluice.policy-check/v1");
  out.set("files", std::move(rows));
  SLUICE_CHECK(in.print_json(out));
  return code;
}

}  // namespace

std::vector<Command> policy_commands() {
  return {{.words = {"policy", "check"},
           .summary = "read policy files, and say what is wrong with them",
           .description = "Names the line and column of the first mistake in each file. Files with "
                          "trusted keys and those of sources are read as well; nothing is asked.\n"
                          "Exit code 0: all are sound. 2: one is not, or cannot be read.",
           .examples = {{"before it is committed", "sluice policy check sluice.yaml"}},
           .positionals = {{"FILE", "a policy", true, true}},
           .run = run_check}};
}

}  // namespace sluice::cli
