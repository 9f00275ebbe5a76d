// SPDX-License-Identifier: Apache-2.0
// sluice layout new: a first layout, from a template or from a pipeline file.
#include <charconv>

#include "base/text.h"
#include "exit.h"
#include "gpg_options.h"
#include "identity_options.h"
#include "intoto/key.h"
#include "keyfile.h"
#include "layout_shared.h"

namespace sluice::cli {

namespace {

constexpr int kExpiresDays = 90;
constexpr int kExpiresMost = 3650;

Result<int> days_given(const Invocation& in) {
  const auto text = in.args.get("--expires-in-days");
  if (!text) return kExpiresDays;
  int days = 0;
  const auto [end, status] = std::from_chars(text->data(), text->data() + text->size(), days);
  if (status != std::errc{} || end != text->data() + text->size() || days < 1 ||
      days > kExpiresMost) {
    return fail(Errc::usage, cat("--expires-in-days is a number from 1 to ", kExpiresMost));
  }
  return days;
}

// FILE, STEP=FILE, or gpg:KEYID in place of the file. A key is listed under both of its ids: links
// that python made carry the one, links that Go made the other.
Result<void> add_functionary(Invocation& in, const std::string& text,
                             std::vector<intoto::DraftFunctionary>& out) {
  const auto equals = text.find('=');
  const std::string step = equals == std::string::npos ? "" : text.substr(0, equals);
  const std::string named = equals == std::string::npos ? text : text.substr(equals + 1);
  if (named.starts_with("gpg:")) {
    SLUICE_TRY(auto object, gpg_functionary(in, named.substr(4)));
    out.push_back({step, std::move(object)});
    return {};
  }
  SLUICE_TRY(const auto key, load_public_key(in, named));
  const intoto::Key known(key);
  for (const auto& id : known.ids()) out.push_back({step, known.to_json(id)});
  return {};
}

// The options that say who may have signed, as one functionary of all steps that have no other.
Result<std::optional<intoto::DraftFunctionary>> identity_given(const Invocation& in) {
  SLUICE_TRY(const auto wish, identity_wish(in.args));
  if (!wish) return std::optional<intoto::DraftFunctionary>();
  SLUICE_CHECK(sigstore::make_identity_rule(*wish));
  json::Value keyval{json::Object{}};
  for (const auto& [name, value] : identity_parts(*wish)) keyval.set(name, value);
  json::Value key;
  const auto digest =
      crypto::digest_of(crypto::HashAlgorithm::sha256, bytes_of(json::write(keyval)));
  key.set("keyid", digest.hex());
  key.set("keytype", "sigstore-oidc");
  key.set("keyval", std::move(keyval));
  key.set("scheme", "Fulcio");
  return std::optional(intoto::DraftFunctionary{"", std::move(key)});
}

Result<std::vector<intoto::DraftStep>> steps_given(const Invocation& in) {
  const auto file = in.args.get("--from");
  if (!file) return intoto::chain_template();
  if (in.args.has("--template")) {
    return fail(Errc::usage, "--from and --template are two ways to begin");
  }
  SLUICE_TRY(const auto text, in.world.files.read(*file, limits::kConfigFile));
  return intoto::pipeline_steps(text, *file);
}

// Our extension: a name and a version to remember, and what tells today's links from older ones.
Result<void> demand_freshness(const std::string& name, json::Value& layout) {
  SLUICE_CHECK(intoto::check_step_name(name));
  json::Value ours;
  ours.set("max_age", "24h");
  ours.set("name", name);
  ours.set("run", "{RUN}");
  ours.set("version", 1);
  layout.set("sluice", std::move(ours));
  return {};
}

Result<int> run_layout_new(Invocation& in) {
  SLUICE_TRY(const auto steps, steps_given(in));
  SLUICE_TRY(const int days, days_given(in));
  std::vector<intoto::DraftFunctionary> functionaries;
  for (const auto& text : in.args.all("--functionary")) {
    SLUICE_CHECK(add_functionary(in, text, functionaries));
  }
  SLUICE_TRY(auto identity, identity_given(in));
  if (identity) functionaries.push_back(*std::move(identity));
  SLUICE_TRY(auto layout, intoto::draft_layout(steps, functionaries,
                                               in.world.clock.now() + std::chrono::days(days)));
  if (const auto name = in.args.get("--fresh")) SLUICE_CHECK(demand_freshness(*name, layout));
  const std::string text = json::write_pretty(layout);
  const auto out = in.args.get("--to");
  if (!out) {
    SLUICE_CHECK(in.console.print(text));
    return kDone;
  }
  SLUICE_CHECK(in.world.files.create(*out, text));
  SLUICE_CHECK(in.console.print(cat("wrote     ", printable(*out, 500), ", ", steps.size(),
                                    " steps\n  next      sluice layout check ",
                                    printable(*out, 500), "\n            sluice layout sign ",
                                    printable(*out, 500), " --key OWNER.key\n")));
  return kDone;
}

}  // namespace

Command layout_new_command() {
  auto options = std::vector<Option>{
      {"--template", "NAME", "the chain clone, security-scan, build, sign, deploy", {"chain"}},
      {"--from", "FILE", "a workflow of GitHub Actions, or a .gitlab-ci.yml"},
      {"--functionary",
       "[STEP=]FILE",
       "public key of who may do the step, or every other step; gpg:KEYID is one of gpg's",
       {},
       false,
       true},
      {"--gpg-home", "DIR", "gpg's folder, where it is not the usual one"},
      {"--expires-in-days", "N", "how long it counts; 90 if not given"},
      {"--fresh", "NAME",
       "name the layout and give it a version, and demand of its links that they are of the run "
       "{RUN} and at most 24 h old; python in-toto and in-toto-golang do not read such a layout"},
      {"--to", "FILE", "write there; nothing may be there yet"}};
  for (auto& each : layout_identity_options()) options.push_back(std::move(each));
  return {.words = {"layout", "new"},
          .summary = "draft a layout, from a template or a pipeline file",
          .description =
              "From a pipeline file: a step for each job, behind the jobs that it needs; what it "
              "hands on (upload-artifact, artifacts: paths) becomes its CREATE rules. The draft is "
              "to be edited: it allows whatever a job makes where the file does not say it.\n"
              "Functionaries are public keys, or the identity that the pipeline signs by.",
          .examples = {{"the five-step chain, one key for all",
                        "sluice layout new --template chain --functionary ci.pub --to shop.layout"},
                       {"for a workflow that signs by its identity",
                        "sluice layout new --from .github/workflows/release.yml --repo org/app "
                        "--workflow release.yml --ref 'refs/tags/v*'"}},
          .options = std::move(options),
          .output = false,
          .run = run_layout_new};
}

}  // namespace sluice::cli
