// SPDX-License-Identifier: Apache-2.0
// in-toto-run, in-toto-record, in-toto-mock and in-toto-match-products.
#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "exit.h"
#include "in_toto.h"
#include "intoto/limits.h"
#include "intoto_recording.h"
#include "intoto_step.h"
#include "keyfile.h"
#include "settings.h"

namespace sluice::cli {

namespace {

// What python in-toto leaves out unless patterns are given.
const std::vector<std::string>& python_excludes() {
  static const std::vector<std::string> patterns{"*.link*", ".git", "*.pyc", "*~"};
  return patterns;
}

Option in_toto_step() {
  return {.name = "--step-name",
          .value = "NAME",
          .help = "of the step, as the layout calls it",
          .required = true,
          .letter = 'n'};
}
Option in_toto_materials() {
  return {.name = "--materials",
          .value = "PATH",
          .help = "files and folders that the step works on",
          .repeated = true,
          .letter = 'm'};
}
Option in_toto_products() {
  return {.name = "--products",
          .value = "PATH",
          .help = "files and folders that come of it",
          .repeated = true,
          .letter = 'p'};
}
Option in_toto_folder() {
  return {.name = "--metadata-directory",
          .value = "FOLDER",
          .help = "where the link goes; default: this folder",
          .letter = 'd'};
}
Option in_toto_dsse() {
  return {.name = "--use-dsse", .help = "write an envelope in place of a Metablock"};
}
Option in_toto_exclude() {
  return {.name = "--exclude",
          .value = "PATTERN",
          .help = "do not record these; default: *.link* .git *.pyc *~",
          .repeated = true};
}
Option in_toto_strip() {
  return {.name = "--lstrip-paths",
          .value = "PREFIX",
          .help = "take these off the front of names",
          .repeated = true};
}
std::vector<Option> in_toto_paths() {
  return {in_toto_exclude(),
          {.name = "--base-path",
           .value = "FOLDER",
           .help = "that the paths are relative to; it is no part of names"},
          in_toto_strip()};
}

std::vector<Option> joined(std::initializer_list<std::vector<Option>> parts) {
  std::vector<Option> out;
  for (const auto& part : parts) out.insert(out.end(), part.begin(), part.end());
  return out;
}

Result<intoto::RecordOptions> in_toto_recording(const Invocation& in,
                                                const ArtifactResolvers& resolvers) {
  intoto::RecordOptions out;
  out.base = in.args.get("--base-path").value_or(".");
  out.strip = in.args.all("--lstrip-paths");
  const auto patterns = in.args.all("--exclude");
  SLUICE_TRY(out.excludes, intoto::Excludes::of(patterns.empty() ? python_excludes() : patterns));
  out.missing = intoto::Missing::left_out;
  out.threads = threads(in.settings);
  out.resolvers = resolvers.all();
  return out;
}

// The call was understood, and could not be carried out: in-toto ends with 1 then, whatever the
// reason.
template <class T>
Result<T> carried_out(Result<T> result) {
  if (result || result.error().code != Errc::usage) return result;
  Error error = std::move(result).error();
  error.code = Errc::denied;
  return fail(std::move(error));
}

Result<crypto::PrivateKey> in_toto_key(Invocation& in) {
  const auto file = in.args.get("--signing-key");
  keep_out_of_cores();
  SLUICE_TRY(const auto pem, read_secret(in, *file, limits::kKeyFile));
  const auto password = [&]() -> Result<SecretBytes> {
    const auto given = in.args.get("--password");
    if (!given)
      return fail(Error{Errc::denied, "the key is encrypted", {}, "-P asks for its password"});
    if (!given->empty()) return SecretBytes::copy_of(*given);
    return in.console.ask_secret("Password: ");
  };
  SLUICE_TRY(const auto key, within(crypto::PrivateKey::from_pem(pem.reveal_text(), password),
                                    cat("reading the private key ", printable(*file))));
  return intoto::metadata_signer(key);
}

Result<std::unique_ptr<LinkWriter>> in_toto_writer(Invocation& in) {
  if (in.args.has("--gpg") == in.args.has("--signing-key")) {
    return fail(Errc::usage, "specify either --signing-key FILE or --gpg [ID]");
  }
  const LinkFormat format = in.args.has("--use-dsse") ? LinkFormat::dsse : LinkFormat::metablock;
  const Path folder = in.args.get("--metadata-directory").value_or(".");
  if (const auto id = in.args.get("--gpg")) {
    return carried_out(link_writer_by_gpg(in, *id, format, folder));
  }
  SLUICE_TRY(auto key, in_toto_key(in));
  return link_writer_by_key(std::move(key), format, LinkNames::python, folder);
}

Result<std::optional<std::chrono::seconds>> in_toto_timeout(const Invocation& in) {
  const auto text = in.args.get("--run-timeout");
  if (!text) return std::nullopt;
  int seconds = 0;
  const auto [end, status] = std::from_chars(text->data(), text->data() + text->size(), seconds);
  if (status != std::errc{} || end != text->data() + text->size() || seconds < 0) {
    return fail(Errc::usage,
                cat("argument --run-timeout: invalid int value: '", printable(*text, 40), "'"));
  }
  return std::chrono::seconds(seconds);
}

// As sys.exit makes it of the return code of a program that a signal ended.
int python_exit(const StepEnd& end) { return end.signal ? 256 - *end.signal : end.code; }

Result<int> in_toto_run(Invocation& in) {
  StepRequest request;
  request.step = *in.args.get("--step-name");
  const bool no_command = in.args.has("--no-command");
  if (!no_command) request.command = in.args.positionals();
  if (request.command.empty() && !no_command) {
    return fail(Errc::usage,
                "No command specified. Please specify (or use the --no-command option)");
  }
  const ArtifactResolvers resolvers;
  request.materials = in.args.all("--materials");
  request.products = in.args.all("--products");
  SLUICE_TRY(request.record, in_toto_recording(in, resolvers));
  SLUICE_TRY(request.timeout, in_toto_timeout(in));
  if (in.args.has("--record-streams")) request.keep = kKeptOutputMost;
  SLUICE_TRY(const auto writer, in_toto_writer(in));
  SLUICE_TRY(const auto end, carried_out(perform_step(in, request, *writer)));
  if (end.not_started) return fail(*end.not_started);
  return python_exit(end);
}

Result<int> in_toto_record(Invocation& in, bool stop) {
  const ArtifactResolvers resolvers;
  RecordingRequest request;
  request.step = *in.args.get("--step-name");
  request.paths = in.args.all(stop ? "--products" : "--materials");
  SLUICE_TRY(request.record, in_toto_recording(in, resolvers));
  request.wrapping =
      in.args.has("--use-dsse") ? intoto::Wrapping::dsse : intoto::Wrapping::metablock;
  SLUICE_TRY(const auto writer, in_toto_writer(in));
  return carried_out(stop ? stop_recording(in, request, *writer)
                          : start_recording(in, request, *writer));
}
Result<int> in_toto_record_start(Invocation& in) { return in_toto_record(in, false); }
Result<int> in_toto_record_stop(Invocation& in) { return in_toto_record(in, true); }

Result<int> in_toto_mock(Invocation& in) {
  StepRequest request;
  request.step = *in.args.get("--name");
  request.command = in.args.positionals();
  request.materials = {"."};
  request.products = {"."};
  request.keep = kKeptOutputMost;
  const ArtifactResolvers resolvers;
  SLUICE_TRY(request.record, in_toto_recording(in, resolvers));
  const auto writer =
      link_writer_unsigned(in.args.has("--use-dsse") ? LinkFormat::dsse : LinkFormat::metablock);
  SLUICE_TRY(const auto end, carried_out(perform_step(in, request, *writer)));
  if (end.not_started) return fail(*end.not_started);
  return kDone;  // whatever the command ended with: this is for trying things out
}

Result<int> in_toto_match(Invocation& in) {
  SLUICE_TRY(std::string text,
             in.world.files.read(*in.args.get("--link"), intoto::limits::kMetadataFile));
  SLUICE_TRY(const auto metadata, intoto::SignedMetadata::parse(std::move(text)));
  SLUICE_TRY(const auto link, intoto::parse_link(metadata.payload()));
  const ArtifactResolvers resolvers;
  SLUICE_TRY(auto options, in_toto_recording(in, resolvers));
  options.folder_links = intoto::FolderLinks::left_out;  // as there, and as nowhere else there
  auto paths = in.args.all("--paths");
  if (paths.empty()) paths = {"."};
  SLUICE_TRY(const auto local, carried_out(intoto::record_artifacts(paths, options)));
  std::string lines;
  for (const auto& each : link.products) {
    if (local.artifacts.find(each.name) == nullptr) {
      lines += cat("Only in products: ", printable(each.name, 4096), "\n");
    }
  }
  for (const auto& each : local.artifacts) {
    const auto* product = link.products.find(each.name);
    if (product == nullptr) {
      lines += cat("Not in products: ", printable(each.name, 4096), "\n");
    } else if (agreement(product->digests, each.digests) != intoto::Agreement::same) {
      lines += cat("Hashes differ: ", printable(each.name, 4096), "\n");
    }
  }
  if (in.args.has("--verbose")) {
    const std::string_view head = lines.empty()
                                      ? "Local artifacts match products in passed link.\n"
                                      : "Local artifacts don't match products in passed link.\n";
    SLUICE_CHECK(in.console.print(cat(head, lines)));
  }
  return lines.empty() ? kDone : kRefused;
}

}  // namespace

std::vector<Command> in_toto_run_commands() {
  const std::vector<Option> own = {
      in_toto_step(),
      in_toto_materials(),
      in_toto_products(),
      {.name = "--record-streams",
       .help = "keep in the link what the command prints",
       .letter = 's'},
      {.name = "--no-command", .help = "there is no command", .letter = 'x'},
      in_toto_folder(),
      in_toto_dsse(),
      {.name = "--run-timeout",
       .value = "SECONDS",
       .help = "end the command after that time; default: never (in-toto: after 10 s)"}};
  return {
      {.words = {},
       .summary = "perform a step of a supply chain, and record it in a signed link",
       .description =
           "The command's output is shown always. Ends with the command's exit code; 1 where "
           "the step could not be recorded, 2 where the call is wrong.",
       .examples = {{"a build",
                     "in-toto-run -n build --signing-key key.pem -m src -p app.tar.gz "
                     "-- tar czf app.tar.gz src"}},
       .options = joined({own, in_toto_paths(), in_toto_signing_options(), in_toto_verbosity()}),
       .positionals = {{"COMMAND", "what to run", false, true}},
       .output = false,
       .run = in_toto_run}};
}

std::vector<Command> in_toto_record_commands() {
  return {
      {.words = {"start"},
       .summary = "begin to record a step",
       .examples = {{"", "in-toto-record start -n edit --signing-key key.pem -m ."}},
       .options = joined({{in_toto_step(), in_toto_materials(), in_toto_dsse()},
                          in_toto_paths(),
                          in_toto_signing_options(),
                          in_toto_verbosity()}),
       .output = false,
       .run = in_toto_record_start},
      {.words = {"stop"},
       .summary = "end it, and write the signed link",
       .examples = {{"", "in-toto-record stop -n edit --signing-key key.pem -p ."}},
       .options = joined({{in_toto_step(), in_toto_products(), in_toto_folder(), in_toto_dsse()},
                          in_toto_paths(),
                          in_toto_signing_options(),
                          in_toto_verbosity()}),
       .output = false,
       .run = in_toto_record_stop}};
}

std::vector<Command> in_toto_mock_commands() {
  return {{.words = {},
           .summary = "try out how a step is recorded: NAME.link, not signed",
           .examples = {{"", "in-toto-mock --name build -- make"}},
           .options = joined({{{.name = "--name",
                                .value = "NAME",
                                .help = "of the step",
                                .required = true,
                                .letter = 'n'},
                               in_toto_dsse()},
                              in_toto_verbosity()}),
           .positionals = {{"COMMAND", "what to run", true, true}},
           .output = false,
           .run = in_toto_mock}};
}

std::vector<Command> in_toto_match_commands() {
  Option exclude = in_toto_exclude();
  exclude.letter = 'e';
  return {{.words = {},
           .summary = "are the files here the products of a link?",
           .description = "The link's signature is not looked at. Ends with 1 where they are not.",
           .examples = {{"", "in-toto-match-products -v -l build.8a98b525.link -p dist"}},
           .options = {{.name = "--link",
                        .value = "FILE",
                        .help = "the link",
                        .required = true,
                        .letter = 'l'},
                       {.name = "--paths",
                        .value = "PATH",
                        .help = "files and folders here; default: all",
                        .repeated = true,
                        .letter = 'p'},
                       std::move(exclude),
                       in_toto_strip(),
                       {.name = "--verbose", .help = "say which differ", .letter = 'v'},
                       {.name = "--help", .help = "this text", .letter = 'h'}},
           .output = false,
           .run = in_toto_match}};
}

}  // namespace sluice::cli
