// SPDX-License-Identifier: Apache-2.0
#include "intoto_step.h"

#include "base/text.h"
#include "base/wrap.h"
#include "exit.h"
#include "settings.h"

namespace sluice::cli {

namespace {

constexpr std::int64_t kNanoseconds = 1'000'000'000;

Result<intoto::StepCommand> run_command(const StepRequest& request) {
  const WrapRequest wrap{.command = request.command,
                         .folder = request.folder,
                         .without = request.without,
                         .keep = request.keep,
                         .timeout = request.timeout};
  SLUICE_TRY(auto ran, run_wrapped(wrap));
  return intoto::StepCommand{.words = request.command,
                             .exit_code = ran.exit_code,
                             .signal = ran.signal,
                             .out = std::move(ran.out.text),
                             .err = std::move(ran.err.text)};
}

// The command has run, and its link could not be made: both have to be told.
template <class T>
Result<T> after_command(Result<T> result, int code) {
  return within(std::move(result),
                cat("after the command had ended with ", code, "; there is no link"));
}

}  // namespace

Result<void> check_link_size(std::size_t artifacts, std::size_t bytes,
                             std::optional<std::size_t> most) {
  if (!most || bytes <= *most) return {};
  return fail(Error{Errc::limit,
                    cat("a link of ", artifacts, " artifacts is larger than the ",
                        human_bytes(*most), " that a bundle of an identity holds"),
                    {},
                    "record a folder as one, by dir:FOLDER or git:FOLDER; leave files out by "
                    "--exclude; or sign with --key, which has no such bound"});
}

Result<void> check_materials(const intoto::Artifacts& materials, const LinkWriter& writer) {
  constexpr std::size_t kEach = 80;  // at least: a digest in hex, and marks
  std::size_t least = 0;
  for (const auto& each : materials) least += each.name.size() + kEach;
  return check_link_size(materials.size(), least, writer.most());
}

Result<StepEnd> perform_step(Invocation& in, const StepRequest& request, LinkWriter& writer) {
  SLUICE_CHECK(intoto::check_step_name(request.step));
  const intoto::Secrets secrets(in.world.environment);
  intoto::StepFacts facts;
  facts.name = request.step;
  facts.origin = request.origin;
  intoto::KnownDigests known;
  const std::int64_t now = in.world.clock.now().time_since_epoch().count() * kNanoseconds;
  SLUICE_TRY(facts.materials,
             within(intoto::record_artifacts(
                        request.materials, request.record,
                        {.keep = request.reuse_digests ? &known : nullptr, .now = now}),
                    "recording materials"));
  SLUICE_CHECK(check_materials(facts.materials.artifacts, writer));
  tell_left_out(in, facts.materials, "materials");
  if (!request.command.empty()) {
    auto ran = run_command(request);
    if (!ran) return StepEnd{.not_started = std::move(ran).error()};
    facts.command = *std::move(ran);
  }
  intoto::RecordOptions products = request.record;
  if (facts.command) products.missing = intoto::Missing::left_out;
  const int code = facts.command ? facts.command->exit_code : kDone;
  auto recorded =
      within(intoto::record_artifacts(request.products, products,
                                      {.reuse = request.reuse_digests ? &known : nullptr}),
             "recording products");
  if (!recorded && facts.command) recorded = after_command(std::move(recorded), code);
  SLUICE_TRY(facts.products, std::move(recorded));
  tell_left_out(in, facts.products, "products");
  if (facts.origin) facts.origin->finished = in.world.clock.now();
  const auto signal = facts.command ? facts.command->signal : std::nullopt;
  const bool ran = facts.command.has_value();
  const intoto::Link link = make_link(std::move(facts), secrets);
  auto files = writer.write(link);
  SLUICE_TRY(const auto written, ran ? after_command(std::move(files), code) : std::move(files));
  tell_written(in, link, written, writer);
  return StepEnd{.code = code, .signal = signal};
}

std::vector<Option> recording_options() {
  return {{"--base-path", "FOLDER", "that the paths are relative to; it is no part of names"},
          {.name = "--lstrip-paths",
           .value = "PREFIX",
           .help = "take this off the front of names",
           .repeated = true},
          {.name = "--exclude",
           .value = "PATTERN",
           .help = "do not record these, a pattern as in .gitignore",
           .repeated = true},
          {"--no-default-excludes", "",
           "record also what is left out by default: .git, *.link, *.link-unfinished"},
          {"--folder-links",
           "WHAT",
           "links to folders: follow (default) or leave-out",
           {"follow", "leave-out"}},
          threads_option(),
          {"--quiet", "", "say nothing but errors: not what was left out, nor what was written"}};
}

Result<intoto::RecordOptions> recording_options_of(const Invocation& in,
                                                   const ArtifactResolvers& resolvers) {
  intoto::RecordOptions out;
  out.base = in.args.get("--base-path").value_or(".");
  out.strip = in.args.all("--lstrip-paths");
  std::vector<std::string> patterns;
  if (!in.args.has("--no-default-excludes")) {
    patterns.assign(intoto::kDefaultExcludes.begin(), intoto::kDefaultExcludes.end());
  }
  for (auto& pattern : in.args.all("--exclude")) patterns.push_back(std::move(pattern));
  SLUICE_TRY(out.excludes, intoto::Excludes::of(patterns));
  if (in.args.get("--folder-links") == "leave-out") {
    out.folder_links = intoto::FolderLinks::left_out;
  }
  out.threads = threads(in.settings);
  out.resolvers = resolvers.all();
  return out;
}

void tell_left_out(Invocation& in, const intoto::Recorded& recorded, std::string_view side) {
  if (in.args.has("--quiet")) return;
  for (const auto& line : left_out_lines(recorded, side))
    in.console.talk(cat("sluice: ", line, "\n"));
}

void tell_written(Invocation& in, const intoto::Link& link, const std::vector<Path>& files,
                  const LinkWriter& writer) {
  if (in.args.has("--quiet")) return;
  std::vector<std::string> names;
  for (const auto& file : files) names.push_back(shown(file));
  const auto count = [](std::size_t n, std::string_view what) {
    return cat(n, " ", what, n == 1 ? "" : "s");
  };
  in.console.talk(cat("sluice: recorded ", printable(link.name), ": ",
                      count(link.materials.size(), "material"), ", ",
                      count(link.products.size(), "product"), "; signed by ",
                      printable(writer.who()), ": ", join(names, ", "), "\n"));
}

}  // namespace sluice::cli
