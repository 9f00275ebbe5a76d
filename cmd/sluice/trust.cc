// SPDX-License-Identifier: Apache-2.0
// sluice trust: show, export, import; create is in trust_create.cc, init and update are in
// trust_fetch.cc.
#include "base/text.h"
#include "commands.h"
#include "exit.h"
#include "keyfile.h"
#include "report/report.h"
#include "trust_material.h"

namespace sluice::cli {

namespace {

using sigstore::TrustRoot;

Result<int> run_trust_show(Invocation& in) {
  SLUICE_TRY(const auto root, trust_root_for(in));
  const Time now = in.world.clock.now();
  SLUICE_CHECK(in.json ? in.print_json(trust_json(root, now))
                       : in.console.print(trust_text(root, now)));
  return root.prove() ? kDone : kRefused;
}

Result<int> run_trust_export(Invocation& in) {
  SLUICE_CHECK(refuse_to_overwrite(in, {"--out"}, {"--trusted-root"}));
  SLUICE_TRY(const auto root, trust_root_for(in));
  SLUICE_CHECK(within(root.prove(), cat("proving ", root.source())));
  const auto out = in.args.get("--out").value_or("-");
  if (out == "-") {
    SLUICE_CHECK(in.console.print(root.text()));
  } else {
    SLUICE_CHECK(in.world.files.replace(out, root.text()));
  }
  in.console.talk(
      cat("sluice: exported ", root.source(), ", ", trust_age(root, in.world.clock.now()), "\n"));
  return kDone;
}

// Everything in it, at once: what is imported has to work years later, without a network.
Result<TrustRoot> examined(std::string_view text, const std::string& file) {
  SLUICE_TRY(auto root, TrustRoot::parse(text, file));
  SLUICE_CHECK(root.prove());
  if (root.entries().empty()) return fail(Errc::malformed, "there is nobody in it to trust");
  return root;
}

Result<int> run_trust_import(Invocation& in) {
  const Path file = in.args.positionals()[0];
  SLUICE_TRY(const std::string text, in.world.files.read(file, sigstore::kTrustedRootMost));
  const auto root = examined(text, shown(file));
  if (!root) {
    SLUICE_CHECK(in.json
                     ? in.print_json(report::as_json(root.error(), ""))
                     : in.console.print(cat("refused   ", shown(file), ": nothing was imported\n  ",
                                            root.error().text(), "\n")));
    return kRefused;
  }
  const auto target = imported_trust(in.world.environment);
  if (!target) {
    return fail(Error{Errc::usage, "there is no home folder to keep it in"}.advise(
        "set XDG_DATA_HOME, or name the file in the setting trust.root"));
  }
  SLUICE_CHECK(in.world.files.make_folders(target->parent_path()));
  SLUICE_CHECK(in.world.files.replace(*target, text));
  const Time now = in.world.clock.now();
  if (!in.json) {
    SLUICE_CHECK(
        in.console.print(cat("imported  ", shown(*target), "\n\n", trust_text(*root, now))));
    return kDone;
  }
  json::Value out = trust_json(*root, now);
  out.set("written", shown(*target));
  SLUICE_CHECK(in.print_json(out));
  return kDone;
}

Command trust_show_command() {
  return {.words = {"trust", "show"},
          .summary = "whom verifications trust, and for which times",
          .description =
              "Lists certificate authorities, logs and timestamp authorities with their windows, "
              "keys and fingerprints, how old the material is, and what never counts because this "
              "program does not accept its kind. Opens no socket.\n"
              "The first of these is used: --trusted-root; --staging; the setting trust.root; what "
              "`sluice trust import` stored; what `sluice trust update` fetched, until it expires "
              "and what is built in is newer; Sigstore's public instance, which is built in.\n"
              "Exit code 1 where something in it is broken.",
          .examples = {{"the material in use", "sluice trust show"},
                       {"that of a private Sigstore",
                        "sluice trust show --trusted-root trusted_root.json --output json"}},
          .options = trust_options(),
          .run = run_trust_show};
}

Command trust_export_command() {
  std::vector<Option> options = trust_options();
  options.push_back({"--out", "FILE", "default, or -: standard output"});
  return {.words = {"trust", "export"},
          .summary = "write the trust material in use as one file",
          .description =
              "For networks that are closed: `sluice trust import` takes the file there, "
              "and every Sigstore client reads it as trusted_root.json.",
          .examples = {{"to carry it along", "sluice trust export --out trusted_root.json"}},
          .options = std::move(options),
          .output = false,
          .run = run_trust_export};
}

Command trust_import_command() {
  return {.words = {"trust", "import"},
          .summary = "trust the material in a file from now on",
          .description =
              "Decodes every key and certificate, proves every chain, shows what it is, and stores "
              "it as ~/.local/share/sluice/trusted_root.json (XDG_DATA_HOME). From then on it "
              "replaces what is built in; remove that file to go back. Where it came from is for "
              "you to know: nothing in it is signed.\n"
              "Exit code 1, and nothing is stored, where anything in it is malformed.",
          .examples = {{"what another machine exported", "sluice trust import trusted_root.json"}},
          .positionals = {{"FILE", "a trusted_root.json"}},
          .run = run_trust_import};
}

}  // namespace

std::vector<Command> trust_commands() {
  return {trust_show_command(),   trust_init_command(),   trust_update_command(),
          trust_create_command(), trust_export_command(), trust_import_command()};
}

}  // namespace sluice::cli
