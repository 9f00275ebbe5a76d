// SPDX-License-Identifier: Apache-2.0
// sluice run: performs a step of a supply chain, and leaves a link that says so.
#include "base/text.h"
#include "base/wrap.h"
#include "commands.h"
#include "exit.h"
#include "intoto_step.h"
#include "keyfile.h"

namespace sluice::cli {

namespace {

constexpr int kWrapperFailed = 125;
constexpr std::size_t kKeptOutput = 64U << 10;

Result<std::optional<std::size_t>> kept_output(const Invocation& in) {
  if (in.args.has("--no-capture")) return std::nullopt;
  const auto text = in.args.get("--capture");
  if (!text) return kKeptOutput;
  std::size_t bytes = 0;
  for (const char c : *text) {
    if (c < '0' || c > '9' || bytes > kKeptOutputMost) bytes = kKeptOutputMost + 1;
    bytes = bytes > kKeptOutputMost ? bytes : bytes * 10 + static_cast<std::size_t>(c - '0');
  }
  if (text->empty() || bytes > kKeptOutputMost) {
    return fail(Errc::usage, cat("--capture is a number of bytes up to ", kKeptOutputMost,
                                 ", not \"", printable(*text, 40), "\""));
  }
  return bytes;
}

Result<int> run_run(Invocation& in) {
  StepRequest request;
  request.step = *in.args.get("--step");
  request.command = in.args.positionals();
  if (request.command.empty() != in.args.has("--no-command")) {
    return fail(Error{Errc::usage,
                      request.command.empty()
                          ? "there is no command to run"
                          : cat("--no-command, and a command: ", printable(request.command[0])),
                      {},
                      "sluice run --step NAME -- COMMAND ARGUMENT..., or --no-command"});
  }
  const ArtifactResolvers resolvers;
  request.materials = in.args.all("--materials");
  request.products = in.args.all("--products");
  SLUICE_TRY(request.record, recording_options_of(in, resolvers));
  SLUICE_TRY(request.keep, kept_output(in));
  SLUICE_TRY(request.origin, origin_of(in));
  request.reuse_digests = in.args.has("--reuse-digests");
  if (const auto folder = in.args.get("--run-folder")) request.folder = *folder;
  // The password that opens our key is nothing that a build has to know.
  if (in.args.has("--key")) request.without = {"SLUICE_PASSWORD"};
  SLUICE_TRY(const auto writer, make_link_writer(in));
  SLUICE_TRY(const auto end, perform_step(in, request, *writer));
  if (!end.not_started) return end.code;
  // As a shell says it: there is no such program, or it cannot be started.
  in.console.talk(cat("sluice: ", end.not_started->text(), "\n"));
  if (end.not_started->code == Errc::not_found) return kNoSuchProgram;
  return end.not_started->code == Errc::denied ? kNotExecutable : kWrapperFailed;
}

std::vector<Option> run_options() {
  std::vector<Option> out = {
      {"--step", "NAME", "of the step, as the layout calls it", {}, true},
      {.name = "--materials",
       .value = "PATH",
       .help = "what the step works on: a file, a folder, git:PATH, oci:PATH or dir:PATH",
       .repeated = true},
      {.name = "--products",
       .value = "PATH",
       .help = "what comes of it, recorded once the command has ended",
       .repeated = true},
      {.name = "--no-command",
       .help = "there is no command: the step is a review, say",
       .letter = 'x'},
      {"--run-folder", "FOLDER", "that the command runs in; default: this one"},
      {"--capture", "BYTES",
       "of each of its streams, how much the link keeps: the first half and the last; default: "
       "65536"},
      {"--no-capture", "", "keep none: the command gets this very terminal"},
      {"--reuse-digests", "",
       "do not read a product again that provably did not change since it was a material"}};
  for (const auto& part : {recording_options, origin_options, link_writer_options}) {
    for (Option& option : part()) out.push_back(std::move(option));
  }
  return out;
}

}  // namespace

std::vector<Command> run_commands() {
  return {
      {.words = {"run"},
       .summary = "perform a step of a supply chain, and record it in a signed link",
       .description =
           "Hashes the materials, runs the command, hashes the products, and writes a signed link "
           "(in-toto) as STEP.KEYID.link, which sluice, python in-toto and in-toto-golang verify; "
           "with a key under both names that these look for.\n"
           "The command is not disturbed: its streams are this one's, signals reach it, it has no "
           "time limit, and it is not told the password of the key. What it printed is kept in the "
           "link within a bound, with *** for the values of variables that are secrets by their "
           "name. The environment is not recorded.\n"
           "Ends with the command's exit code, 128 + n where signal n ended it; 127 where there is "
           "no such program, 126 where it cannot be started, 125 where sluice itself failed.\n"
           "Links to files and folders are followed; pipes and devices are never opened. What is "
           "not recorded is counted, and named.",
       .examples = {{"a build",
                     "sluice run --key sluice.key --step build --materials src --products "
                     "app.tar.gz -- tar czf app.tar.gz src"},
                    {"in a CI job, by its identity, bound to the run and the commit",
                     "sluice run --bind --step test --materials git:src=. -- make test"},
                    {"an image that leaves no file",
                     "sluice run --key sluice.key --step image --products oci:app=metadata.json -- "
                     "docker buildx build --metadata-file metadata.json ."},
                    {"a review",
                     "sluice run --key sluice.key --step review --materials docs --no-command"}},
       .options = run_options(),
       .positionals = {{"COMMAND", "what to run, and its arguments, behind --", false, true}},
       .output = false,
       .run = run_run,
       .failed = kWrapperFailed}};
}

}  // namespace sluice::cli
