// SPDX-License-Identifier: Apache-2.0
// sluice record: a step that is no single command, recorded at its start and at its end.
#include "base/text.h"
#include "commands.h"
#include "exit.h"
#include "intoto/evidence.h"
#include "intoto/limits.h"
#include "intoto_recording.h"
#include "intoto_step.h"

namespace sluice::cli {

namespace {

constexpr std::string_view kWithoutKey = "unsigned";  // in place of a keyid

std::vector<std::string> unfinished_ids(const LinkWriter& writer) {
  const auto holder = writer.key();
  return holder ? holder->ids : std::vector<std::string>{std::string(kWithoutKey)};
}

Path unfinished_file(const std::string& step, const LinkWriter& writer) {
  return intoto::unfinished_file_name(step, unfinished_ids(writer).front());
}

// The one that is there: ours and python's, or Go's.
Result<Path> find_unfinished(Files& files, const std::string& step, const LinkWriter& writer) {
  for (const auto& id : unfinished_ids(writer)) {
    Path file = intoto::unfinished_file_name(step, id);
    if (files.info(file)) return file;
  }
  return fail(Error{Errc::not_found,
                    cat("no recording of \"", printable(step, 80), "\" was started here by this ",
                        writer.key() ? "key" : "identity", ": there is no ",
                        shown(unfinished_file(step, writer))),
                    {},
                    cat("sluice record start --step ", printable(step, 80))});
}

Result<intoto::Link> read_unfinished(const Invocation& in, const Path& file,
                                     const std::string& step, const LinkWriter& writer) {
  SLUICE_TRY(std::string text, in.world.files.read(file, intoto::limits::kMetadataFile));
  SLUICE_TRY(auto metadata, intoto::SignedMetadata::parse(std::move(text)));
  if (const auto holder = writer.key()) {
    SLUICE_TRY(const auto finding,
               intoto::check_signature(metadata, holder->functionary, in.world.clock.now()));
    if (finding.outcome != intoto::SignatureFinding::Outcome::valid) {
      return fail(Errc::denied, cat(shown(file),
                                    " is not signed by this key: it was changed, or "
                                    "somebody else started it"));
    }
  }
  SLUICE_TRY(auto link, intoto::parse_link(metadata.payload()));
  if (link.name != step) {
    return fail(Errc::malformed,
                cat(shown(file), " is of the step \"", printable(link.name, 80), "\""));
  }
  return link;
}

}  // namespace

Result<int> start_recording(Invocation& in, const RecordingRequest& request, LinkWriter& writer) {
  SLUICE_CHECK(intoto::check_step_name(request.step));
  intoto::StepFacts facts;
  facts.name = request.step;
  SLUICE_TRY(facts.materials, within(intoto::record_artifacts(request.paths, request.record),
                                     "recording materials"));
  SLUICE_CHECK(check_materials(facts.materials.artifacts, writer));
  tell_left_out(in, facts.materials, "materials");
  const auto link = make_link(std::move(facts), {});
  std::vector<intoto::MetadataSigner> signers;
  if (const auto holder = writer.key()) signers.push_back(holder->signer);
  SLUICE_TRY(const std::string text,
             intoto::sign_metadata(request.wrapping, intoto::write_link(link), signers));
  const Path file = unfinished_file(request.step, writer);
  SLUICE_CHECK(in.world.files.replace(file, text, 0600));
  if (!in.args.has("--quiet")) {
    in.console.talk(cat("sluice: recording ", printable(request.step), ": ", link.materials.size(),
                        " material", link.materials.size() == 1 ? "" : "s",
                        " so far: ", shown(file), "\n"));
  }
  return kDone;
}

Result<int> stop_recording(Invocation& in, const RecordingRequest& request, LinkWriter& writer) {
  SLUICE_CHECK(intoto::check_step_name(request.step));
  SLUICE_TRY(const Path file, find_unfinished(in.world.files, request.step, writer));
  SLUICE_TRY(auto link, within(read_unfinished(in, file, request.step, writer),
                               "reading what was recorded at the start"));
  intoto::StepFacts facts;
  SLUICE_TRY(facts.products,
             within(intoto::record_artifacts(request.paths, request.record), "recording products"));
  tell_left_out(in, facts.products, "products");
  facts.origin = request.origin;
  if (facts.origin) facts.origin->finished = in.world.clock.now();
  auto made = make_link(std::move(facts), {});
  link.products = std::move(made.products);
  if (const auto* sluice = made.environment.find("sluice")) link.environment.set("sluice", *sluice);
  if (const auto* left = made.byproducts.find("left-out")) {
    json::Value both = json::Object{};
    if (const auto* before = link.byproducts.find("left-out")) both = *before;
    if (both.object() != nullptr) both.set("products", *left->find("products"));
    link.byproducts.set("left-out", std::move(both));
  }
  SLUICE_TRY(const auto written, writer.write(link));
  SLUICE_CHECK(in.world.files.remove(file));
  tell_written(in, link, written, writer);
  return kDone;
}

namespace {

Result<int> run_record(Invocation& in, bool stop) {
  const ArtifactResolvers resolvers;
  RecordingRequest request;
  request.step = *in.args.get("--step");
  request.paths = in.args.all(stop ? "--products" : "--materials");
  SLUICE_TRY(request.record, recording_options_of(in, resolvers));
  if (stop) {
    SLUICE_TRY(request.origin, origin_of(in));
  }
  SLUICE_TRY(const auto writer, make_link_writer(in));
  return stop ? stop_recording(in, request, *writer) : start_recording(in, request, *writer);
}

Result<int> run_record_start(Invocation& in) { return run_record(in, false); }
Result<int> run_record_stop(Invocation& in) { return run_record(in, true); }

std::vector<Option> record_options(Option paths, bool stop) {
  std::vector<Option> out = {{"--step", "NAME", "of the step, as the layout calls it", {}, true},
                             std::move(paths)};
  for (Option& option : recording_options()) out.push_back(std::move(option));
  if (stop) {
    for (Option& option : origin_options()) out.push_back(std::move(option));
  }
  for (Option& option : link_writer_options()) out.push_back(std::move(option));
  return out;
}

}  // namespace

std::vector<Command> record_commands() {
  return {
      {.words = {"record", "start"},
       .summary = "begin to record a step that is no single command",
       .description =
           "Hashes the materials and keeps them in this folder, as .STEP.KEYID.link-unfinished, "
           "signed by the key (without a key: not signed), until sluice record stop.",
       .examples = {{"", "sluice record start --key sluice.key --step edit --materials src"}},
       .options = record_options({.name = "--materials",
                                  .value = "PATH",
                                  .help = "what the step works on: a file, a folder, git:PATH, "
                                          "oci:PATH or dir:PATH",
                                  .repeated = true},
                                 false),
       .output = false,
       .run = run_record_start},
      {.words = {"record", "stop"},
       .summary = "end it, and write the signed link",
       .description = "Takes the same key as the start. The link is written as by sluice run.",
       .examples = {{"", "sluice record stop --key sluice.key --step edit --products src"}},
       .options = record_options(
           {.name = "--products", .value = "PATH", .help = "what came of it", .repeated = true},
           true),
       .output = false,
       .run = run_record_stop}};
}

}  // namespace sluice::cli
