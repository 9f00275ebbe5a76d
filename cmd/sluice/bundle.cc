// SPDX-License-Identifier: Apache-2.0
// sluice bundle: inspect, convert.
#include "bundle_convert.h"

#include "base/limits.h"
#include "base/text.h"
#include "commands.h"
#include "exit.h"
#include "keyfile.h"
#include "net/client.h"
#include "report/report.h"
#include "settings.h"
#include "sigstore/inspect.h"

namespace sluice::cli {

namespace {

Result<std::string> read_input(const Invocation& in, const std::string& name) {
  if (name != "-") return in.world.files.read(name, limits::kBundleFile);
  return within(read_all(*standard_input(), limits::kBundleFile), "reading standard input");
}

std::string source_named(const std::string& name) {
  return name == "-" ? "standard input" : shown(Path(name));
}

Result<int> run_inspect(Invocation& in) {
  const std::string& name = in.args.positionals()[0];
  SLUICE_TRY(const std::string text, read_input(in, name));
  const auto inspection = sigstore::inspect(text);
  const std::string source = source_named(name);
  SLUICE_CHECK(in.json ? in.print_json(sigstore::to_json(inspection, source))
                       : in.console.print(sigstore::as_text(inspection, source, in.colour)));
  return inspection.sound() ? kDone : kRefused;
}

struct RekorClient {
  std::unique_ptr<Http> http;
  std::string base;  // its URL
  std::chrono::milliseconds timeout;
};

Result<std::string> ask_rekor(const RekorClient& log, std::uint64_t index) {
  const std::string url =
      cat(log.base, log.base.ends_with('/') ? "" : "/", "api/v1/log/entries?logIndex=", index);
  HttpRequest request;
  request.url = url;
  request.headers = {{"accept", "application/json"}};
  request.budget.total = log.timeout;
  SLUICE_TRY(auto response, log.http->send(request));
  if (response.status == 200) return std::move(response.body);
  return fail(response.status == 404 ? Errc::not_found : Errc::network,
              cat("the log answered ", response.status, " when asked for entry ", index, ": ",
                  printable(url, 200)));
}

Result<std::string> main_input(const Invocation& in) {
  const auto& words = in.args.positionals();
  const auto signature = in.args.get("--signature");
  if (words.empty() == !signature.has_value()) {
    return fail(Error{Errc::usage,
                      "say what to convert: either FILE, or --signature FILE",
                      {},
                      "sluice bundle convert --help"});
  }
  return read_input(in, signature ? *signature : words[0]);
}

Result<sigstore::ConvertRequest> convert_request(Invocation& in) {
  if (in.args.has("--certificate") && in.args.has("--key"))
    return fail(Errc::usage, "either --certificate or --key: one of them signed");
  sigstore::ConvertRequest request;
  SLUICE_TRY(request.text, main_input(in));
  if (const auto file = in.args.get("--certificate")) {
    SLUICE_TRY(request.certificate, in.world.files.read(*file, limits::kKeyFile));
  }
  if (const auto file = in.args.get("--key")) {
    SLUICE_TRY(request.key, load_public_key(in, *file));
  }
  if (const auto file = in.args.get("--rfc3161-timestamp")) {
    SLUICE_TRY(request.timestamp, in.world.files.read(*file, limits::kBundleFile));
  }
  if (const auto file = in.args.get("--artifact")) {
    request.artifact_digest = [&in, file](crypto::HashAlgorithm algorithm) {
      return crypto::digest_file(in.world.files, *file, algorithm);
    };
  }
  return request;
}

Result<int> run_convert(Invocation& in) {
  SLUICE_CHECK(refuse_to_overwrite(
      in, {"--out"},
      {"--signature", "--certificate", "--key", "--rfc3161-timestamp", "--artifact"}));
  SLUICE_TRY(auto request, convert_request(in));
  return convert_and_write(
      in, std::move(request),
      {.rekor_url = in.args.get("--rekor-url"), .out = in.args.get("--out").value_or("-")});
}

Command inspect_command() {
  return {
      .words = {"bundle", "inspect"},
      .summary = "show what is in a bundle, also in a broken one",
      .description =
          "Who signed, what, and when; each log entry and timestamp; and whether they are about "
          "this signature. Nothing is verified. A part that cannot be read is named with the "
          "reason, all others are shown; a file that is no bundle is told what it looks like.\n"
          "Exit code 0: a sound bundle, which may still not verify: the output says why it "
          "would not, as far as the file tells. 1: it is broken, or no bundle. 3: it cannot be "
          "read.",
      .examples = {{"what is in there, and why does it not verify?",
                    "sluice bundle inspect app.tar.gz.sigstore.json"},
                   {"for a program", "sluice bundle inspect --output json bundle.json"}},
      .positionals = {{"FILE", "a bundle; - is standard input"}},
      .run = run_inspect};
}

Command convert_command() {
  std::vector<Option> options = {
      {"--signature", "FILE", "a bare signature or an envelope; - is standard input"},
      {"--certificate", "FILE", "the signer's certificate: PEM, or base64 of it, as cosign writes"},
      {"--key", "FILE", "the signer's public key"},
      {"--rfc3161-timestamp", "FILE", "a timestamp of the signature, as cosign writes it, or bare"},
      {"--artifact", "FILE", "what was signed: its digest is stated, or compared"},
      {"--rekor-url", "URL", "ask this log for proofs of inclusion that are missing"},
      {"--out", "FILE", "default, or -: standard output"}};
  for (auto& each : network_options()) options.push_back(std::move(each));
  return {
      .words = {"bundle", "convert"},
      .summary = "make a bundle of cosign's older outputs, or of an older bundle",
      .description =
          "Reads what cosign 1 and 2 wrote with --bundle, bare signatures and envelopes with "
          "their certificate or key, and bundles 0.1 and 0.2. Writes a bundle 0.3; where a log's "
          "promise came without its inclusion proof, and --rekor-url is not given, a bundle "
          "0.1, and says so.\n"
          "Nothing is verified. Parts that belong to different signatures are refused.\n"
          "Exit code 0: written. 1: the input is not what it should be, or its parts disagree. "
          "3: a file cannot be read, or the log not be asked.",
      .examples = {{"what cosign 2 wrote with --bundle",
                    "sluice bundle convert app.bundle --out app.tar.gz.sigstore.json"},
                   {"a signature with its key",
                    "sluice bundle convert --signature app.sig --key cosign.pub --artifact "
                    "app.tar.gz --out app.tar.gz.sigstore.json"}},
      .options = std::move(options),
      .positionals = {{"FILE", "the older output; - is standard input", false}},
      .output = false,
      .run = run_convert};
}

}  // namespace

Result<int> convert_and_write(Invocation& in, sigstore::ConvertRequest request,
                              const ConvertTarget& target) {
  RekorClient log;
  if (target.rekor_url) {
    log = {net::make_client(in.world, client_options(in.settings)), *target.rekor_url,
           in.settings.get(config::kNetTimeout).value};
    request.ask_log = [&log](std::uint64_t index) { return ask_rekor(log, index); };
  }
  const auto converted = sigstore::convert(request);
  if (!converted) {
    const Error& error = converted.error();
    if (error.code != Errc::malformed && error.code != Errc::unsupported) return fail(error);
    // What is under examination is not what it should be: refused, and nothing written.
    in.console.talk(cat("sluice: ", report::as_text(error)));
    return kRefused;
  }
  for (const std::string& note : converted->notes) in.console.talk(cat("note: ", note, "\n"));
  if (target.newest && converted->version != sigstore::BundleVersion::v03) return kRefused;
  if (target.out == "-") {
    SLUICE_CHECK(in.console.print(converted->text + "\n"));
    return kDone;
  }
  SLUICE_CHECK(in.world.files.replace(target.out, converted->text));
  in.console.talk(cat("wrote  ", shown(Path(target.out)), ", a bundle ", name(converted->version),
                      "; nothing was verified\n"));
  return kDone;
}

std::vector<Command> bundle_commands() { return {inspect_command(), convert_command()}; }

}  // namespace sluice::cli
