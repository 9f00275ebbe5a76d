// SPDX-License-Identifier: Apache-2.0
// sluice trust: init and update.
#include "exit.h"
#include "report/report.h"
#include "settings.h"
#include "trust_material.h"
#include "trust_update.h"
#include "tuf/limits.h"

namespace sluice::cli {

namespace {

Result<int> run_trust_fetch(Invocation& in, TrustWish wish) {
  if (in.args.has("--staging")) wish.instance = sigstore::Instance::staging;
  wish.mirror = in.args.get("--mirror");
  wish.offline = in.args.has("--offline");
  SLUICE_TRY(const auto verdict, update_trust(in, wish));
  const Report& rows = verdict.report();
  SLUICE_CHECK(in.json ? in.print_json(report::as_json(rows))
                       : in.console.print(report::as_text(rows, {in.colour, false})));
  return verdict.passed() ? kDone : kRefused;
}

Result<int> run_trust_init(Invocation& in) {
  TrustWish wish{.step = TrustStep::begin};
  if (const auto file = in.args.get("--root")) {
    if (in.args.has("--staging")) {
      return fail(Errc::usage, "either --root or --staging: each says whom to trust");
    }
    SLUICE_TRY(wish.root, in.world.files.read(*file, tuf::Limits{}.root));
  }
  return run_trust_fetch(in, std::move(wish));
}

Result<int> run_trust_update(Invocation& in) { return run_trust_fetch(in, {}); }

std::vector<Option> fetch_options(std::vector<Option> own) {
  own.push_back({"--mirror", "URL",
                 "where root.json and the rest are, with targets/ below; it is remembered"});
  own.push_back({"--staging", "", "of Sigstore's public staging instance"});
  for (Option& option : network_options()) own.push_back(std::move(option));
  return own;
}

}  // namespace

Command trust_init_command() {
  return {
      .words = {"trust", "init"},
      .summary = "fetch trust material through TUF, and say from where",
      .description =
          "Fetches trusted_root.json and signing_config.v0.2.json from Sigstore's TUF repository, "
          "beginning with the root that is built in, and checks everything that is in them. From "
          "then on verifications and signing use them until they expire, and after that as long as "
          "they are newer than what is built in; `sluice trust update` fetches what is newer.\n"
          "Without --mirror the repository is the public one. With --root the Sigstore is another "
          "one than the public: its material takes the place of what is built in, and what is "
          "built "
          "in never stands in for it. `sluice trust init` without --root goes back.\n"
          "Exit code 1: refused, named with the attack that it would be. 3: could not decide, say "
          "because the mirror does not answer. In both cases the material in use stays the same.",
      .examples = {{"Sigstore's public instance", "sluice trust init"},
                   {"in a closed network", "sluice trust init --mirror https://mirror.example/tuf"},
                   {"a Sigstore of one's own",
                    "sluice trust init --root root.json --mirror https://tuf.example"}},
      .options =
          fetch_options({{"--root", "FILE", "the root.json to trust: a Sigstore of its own"}}),
      .run = run_trust_init};
}

Command trust_update_command() {
  return {
      .words = {"trust", "update"},
      .summary = "fetch trust material that is newer",
      .description =
          "Goes on from what `sluice trust init` began, or begins with Sigstore's public instance. "
          "Meant for a timer or the beginning of a job: verifications never open a socket for it. "
          "What the repository has not changed is not fetched again.\n"
          "Exit codes as with `sluice trust init`.",
      .examples = {{"bring it up to date", "sluice trust update"},
                   {"is what is here still good?", "sluice trust update --offline"}},
      .options =
          fetch_options({{"--offline", "", "open no socket: check what was fetched once more"}}),
      .run = run_trust_update};
}

}  // namespace sluice::cli
