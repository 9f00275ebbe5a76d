// SPDX-License-Identifier: Apache-2.0
// sluice ci init, and the hook that it puts in place.
#include "base/text.h"
#include "ci.h"
#include "exit.h"

namespace sluice::cli {

namespace {

constexpr std::size_t kMaxHook = 1U << 20;
constexpr std::string_view kMark = "# sluice-hook: pre-push ";  // then the version
constexpr std::int64_t kVersionOfHook = 1;
constexpr unsigned kProgram = 0755;

// Reads what git hands it once, for sluice and for a hook that was there before. Without sluice a
// push goes on, loudly: nobody keeps a hook that stops all work.
constexpr std::string_view kHook =
    R"sh(#!/bin/sh
# sluice-hook: pre-push 1
# Written by `sluice ci init hook`. To be rid of it, remove this file.
# A hook beside it named pre-push.next runs afterwards, with the same arguments and input.
refs=$(cat)
feed() { [ -z "$refs" ] || printf '%s\n' "$refs"; }

if command -v sluice >/dev/null 2>&1; then
  feed | sluice ci hook pre-push "$@" || exit 1
else
  echo 'sluice: it is not on PATH: this push is not judged' >&2
  if [ "$(git config --type bool sluice.hook.required)" = true ]; then
    echo 'sluice: sluice.hook.required is set: the push is refused' >&2
    exit 1
  fi
fi

next=$(dirname "$0")/pre-push.next
[ -x "$next" ] || exit 0
feed | "$next" "$@"
)sh";

enum class HookState : std::uint8_t { absent, current, older, newer, edited, foreign };

// The version that a hook of ours states; none where it is not ours.
std::optional<std::int64_t> version_of(std::string_view hook) {
  const auto at = hook.find(kMark);
  if (at == std::string_view::npos) return std::nullopt;
  const auto rest = hook.substr(at + kMark.size());
  const auto number = json::parse_strict(rest.substr(0, rest.find('\n')));
  return number ? number->integer() : std::nullopt;
}

Result<HookState> state_of(Files& files, const Path& hook) {
  const auto text = files.read_plain(hook, kMaxHook, Links::refused);
  if (!text && text.error().code == Errc::not_found) return HookState::absent;
  if (!text && text.error().code != Errc::denied) return fail(text.error());
  if (!text) return HookState::foreign;  // a link, a folder
  if (*text == kHook) return HookState::current;
  const auto version = version_of(*text);
  if (!version) return HookState::foreign;
  if (*version < kVersionOfHook) return HookState::older;
  return *version > kVersionOfHook ? HookState::newer : HookState::edited;
}

// git's own answer, which knows core.hooksPath and linked work trees. Relative paths in it are
// from the root of the work tree.
Result<Path> hooks_folder(const Invocation& in) {
  const Path start = in.args.get("--repo").value_or(".");
  SLUICE_TRY(auto root, ask_git(in, start, {"rev-parse", "--show-toplevel"}));
  if (!root || root->empty()) {
    SLUICE_TRY(root, ask_git(in, start, {"rev-parse", "--absolute-git-dir"}));
  }
  if (!root) {
    return fail(Error{Errc::usage,
                      cat(shown(start), " is in no git repository"),
                      {},
                      "--repo DIR names another folder"});
  }
  SLUICE_TRY(const auto hooks, ask_git(in, *root, {"rev-parse", "--git-path", "hooks"}));
  if (!hooks) return fail(Errc::not_found, "git does not say where its hooks are");
  return Path(*root) / *hooks;
}

Result<void> refuse(const Path& hook, HookState state) {
  const std::string file = shown(hook);
  switch (state) {
    case HookState::foreign:
      return fail(Error{Errc::usage,
                        cat("there is another hook already: ", file),
                        {},
                        "--chain lets it run after ours; --force puts ours in its place"});
    case HookState::newer:
      return fail(Error{
          Errc::usage, cat(file, " was written by a newer sluice"), {}, "--force writes it anew"});
    case HookState::edited:
      return fail(Error{Errc::usage,
                        cat(file, " is ours, but was changed by somebody"),
                        {},
                        "--force writes it anew"});
    default:
      return {};
  }
}

// The other hook, under the name that ours looks for.
Result<void> move_aside(Files& files, const Path& hook) {
  const Path next = hook.native() + ".next";
  SLUICE_TRY(const auto text, files.read_plain(hook, kMaxHook, Links::refused));
  auto made = files.create(next, text, kProgram);
  if (!made && made.error().code == Errc::denied) {
    return fail(Errc::usage, cat(shown(next), " is there already"));
  }
  return made;
}

Result<void> write_hook(Files& files, const Path& hook, HookState state) {
  SLUICE_CHECK(files.make_folders(hook.parent_path()));
  // Written anew where it is there: git passes over a hook that may not be run, and a file keeps
  // its mode when it is replaced.
  if (state != HookState::absent) SLUICE_CHECK(files.remove(hook));
  return files.create(hook, kHook, kProgram);
}

std::string as_text(const Path& hook, std::string_view done, bool shared) {
  std::string out = cat(done, "  ", shown(hook), "\n");
  if (shared) out += "  core.hooksPath is set: other repositories may use the same folder\n";
  return out + cat("  each push is judged by its risk first; a block refuses it\n"
                   "  skip      SLUICE_SKIP=\"the reason\" git push\n"
                   "  stricter  git config sluice.hook.failOn undecided\n"
                   "  remove    rm '",
                   shown(hook), "'\n");
}

Result<int> init_hook(Invocation& in) {
  if (in.args.has("--signing") || in.args.has("--actions")) {
    return fail(Errc::usage, "--signing and --actions go with github and gitlab");
  }
  if (in.args.has("--chain") && in.args.has("--force")) {
    return fail(Errc::usage, "--chain keeps the other hook, --force does not; give one");
  }
  SLUICE_TRY(const Path folder, hooks_folder(in));
  const Path hook = folder / "pre-push";
  auto& files = in.world.files;
  SLUICE_TRY(const HookState state, state_of(files, hook));
  const bool chained = state == HookState::foreign && in.args.has("--chain");
  if (!chained && !in.args.has("--force")) SLUICE_CHECK(refuse(hook, state));
  if (chained) SLUICE_CHECK(move_aside(files, hook));
  const bool runs = state == HookState::current && (files.info(hook)->mode & 0100U) != 0;
  if (!runs) SLUICE_CHECK(write_hook(files, hook, state));
  const std::string_view done = runs                         ? "unchanged"
                                : state == HookState::absent ? "wrote"
                                                             : "replaced";
  SLUICE_TRY(const auto configured, ask_git(in, in.args.get("--repo").value_or("."),
                                            {"config", "--get", "core.hooksPath"}));
  if (in.json) {
    json::Value out;
    out.set("kind", "sluice.ci-init/v1");
    out.set("hook", printable(hook.native(), 4096));
    out.set("done", done);
    out.set("version", kVersionOfHook);
    SLUICE_CHECK(in.print_json(out));
    return kDone;
  }
  SLUICE_CHECK(in.console.print(as_text(hook, done, configured.has_value())));
  return kDone;
}

Result<int> run_init(Invocation& in) {
  const std::string& what = in.args.positionals().front();
  return what == "hook" ? init_hook(in) : init_pipeline(in, what);
}

}  // namespace

Command init_command() {
  return {
      .words = {"ci", "init"},
      .summary = "put sluice into a git hook or a pipeline",
      .description =
          "hook: writes a pre-push hook that calls sluice ci hook, into the folder that git "
          "uses for this repository (core.hooksPath and linked work trees are known). Another "
          "hook that is there is not touched unless --chain or --force says so. Run again, it "
          "brings an older hook of its own up to date.\n"
          "github: writes a workflow that calls sluice ci gate on pull requests. gitlab: writes "
          "a job to include. With --signing also what signs, attests and verifies a release: by "
          "the job's identity, on tags. A file that is there and says something else is not "
          "touched without --force.",
      .examples = {{"judge each push from this repository", "sluice ci init hook"},
                   {"beside Git LFS, which has a pre-push hook, too",
                    "sluice ci init hook --chain"},
                   {"a workflow for pull requests", "sluice ci init github"},
                   {"and one that signs releases", "sluice ci init github --signing"}},
      .options = {{"--repo", "DIR", "a folder in the repository; default: this one"},
                  {"--chain", "", "keep another hook: it runs after ours, as pre-push.next"},
                  {"--signing", "",
                   "github, gitlab: also sign releases, attest them and verify that"},
                  {"--actions", "OWNER/REPO@COMMIT",
                   "github: sign with the actions that are there, not with the program alone"},
                  {"--force", "", "put ours in the place of whatever is there"}},
      .positionals =
          {{"WHAT", "hook, github or gitlab", true, false, {"hook", "github", "gitlab"}}},
      .run = run_init};
}

}  // namespace sluice::cli
