// SPDX-License-Identifier: Apache-2.0
// sluice layout sign: by one or several owners, now or one after the other.
#include "base/text.h"
#include "exit.h"
#include "gpg_options.h"
#include "intoto/limits.h"
#include "intoto/signed.h"
#include "intoto_identity.h"
#include "keyfile.h"
#include "layout_shared.h"
#include "report/report.h"

namespace sluice::cli {

namespace {

struct Owners {
  std::vector<crypto::PrivateKey> keys;
  std::vector<std::unique_ptr<intoto::GpgSigner>> gpg;

  std::vector<intoto::MetadataSigner> signers() const {
    std::vector<intoto::MetadataSigner> out;
    for (const auto& key : keys) out.emplace_back(&key);
    for (const auto& each : gpg) out.emplace_back(each.get());
    return out;
  }
};

Result<Owners> owners_given(Invocation& in) {
  Owners out;
  for (const auto& file : in.args.all("--key")) {
    SLUICE_TRY(const auto key, load_private_key(in, file));
    SLUICE_TRY(auto signer, intoto::metadata_signer(key));
    out.keys.push_back(std::move(signer));
  }
  for (const auto& id : in.args.all("--gpg")) {
    SLUICE_TRY(auto signer, gpg_signer(in, id));
    out.gpg.push_back(std::move(signer));
  }
  return out;
}

// A layout that nobody signed yet may stand alone in its file; one that an identity signed is taken
// out of its bundle.
Result<std::string> sign_text(Invocation& in, const std::string& text, const std::string& payload,
                              const Owners& owners) {
  const auto value = json::parse_strict(text);
  const bool bare = value && value->find("signed") == nullptr && value->find("payload") == nullptr;
  const bool dsse = in.args.get("--format") == "dsse";
  const auto wrapping = dsse ? intoto::Wrapping::dsse : intoto::Wrapping::metablock;
  if (bare) {
    if (payload != text && in.args.has("--append")) {
      return fail(Errc::usage, "--append keeps signatures of keys; an identity signed this layout");
    }
    return intoto::sign_metadata(wrapping, payload, owners.signers());
  }
  SLUICE_TRY(const auto metadata, intoto::SignedMetadata::parse(text));
  if (in.args.has("--format") && metadata.wrapping() != wrapping) {
    if (!metadata.signatures().empty() && in.args.has("--append")) {
      return fail(Errc::usage, "--append keeps signatures, which another --format would break");
    }
    return intoto::sign_metadata(wrapping, metadata.payload(), owners.signers());
  }
  return intoto::add_signatures(metadata, owners.signers(), in.args.has("--append"));
}

Result<bool> is_good_layout(Invocation& in, const std::string& payload, Report& report) {
  SLUICE_TRY(const auto kind, intoto::payload_kind(payload));
  if (kind != intoto::PayloadKind::layout) {
    return fail(Errc::usage, cat("it is a ", name(kind), " and no layout"));
  }
  intoto::Parameters parameters;
  for (const auto& each : intoto::layout_parameters(payload)) parameters.emplace(each, each);
  const auto layout = intoto::read_layout(payload, parameters, {}, report);
  if (layout) judge_identities(*layout, report);
  if (layout && layout->expires < in.world.clock.now()) {
    report.fail("layout.time", "layout's time", "the layout has expired");
  }
  return report.passed();
}

struct SignedBy {
  std::vector<std::string> keyids;
  std::vector<std::string> who;  // for people
};

Result<int> tell_signed(Invocation& in, const std::string& file, const SignedBy& by) {
  if (in.json) {
    json::Array keyids;
    for (const auto& each : by.keyids) keyids.emplace_back(each);
    json::Value answer;
    answer.set("kind", "sluice.layout-signed/v1");
    answer.set("file", printable(file, 500));
    answer.set("keyids", std::move(keyids));
    if (by.keyids.empty()) answer.set("signer", printable(by.who.front()));
    SLUICE_CHECK(in.print_json(answer));
    return kDone;
  }
  std::string lines;
  for (const auto& each : by.who) lines += cat("  by        ", printable(each), "\n");
  SLUICE_CHECK(in.console.print(cat("signed    ", printable(file, 500), "\n", lines)));
  return kDone;
}

Result<int> sign_by_keys(Invocation& in, const std::string& text, const std::string& payload,
                         const std::string& out) {
  SLUICE_TRY(const auto owners, owners_given(in));
  SLUICE_TRY(const auto signed_text, sign_text(in, text, payload, owners));
  SLUICE_CHECK(in.world.files.replace(out, signed_text));
  SignedBy by;
  for (const auto& key : owners.keys) {
    const intoto::Key known(key.public_key());
    by.keyids.push_back(known.python_id());
    by.who.push_back(known.describe());
  }
  for (const auto& each : owners.gpg) {
    by.keyids.push_back(each->keyid());
    by.who.push_back(each->key().describe());
  }
  return tell_signed(in, out, by);
}

Result<int> sign_by_identity(Invocation& in, const std::string& payload, const std::string& out) {
  for (const auto* const option : {"--append", "--format"}) {
    if (in.args.has(option)) {
      return fail(Errc::usage, cat(option,
                                   " is for signatures by keys: an identity's is a bundle, "
                                   "of one signature"));
    }
  }
  SLUICE_TRY(auto setup, make_sign_setup(in));
  PayloadSigner signer(in, std::move(setup));
  SLUICE_TRY(const auto bundle, signer.sign("the layout", payload, false));
  SLUICE_CHECK(in.world.files.replace(out, bundle.text));
  SLUICE_CHECK(signer.done());
  return tell_signed(in, out, {.keyids = {}, .who = {bundle.signer}});
}

Result<int> run_layout_sign(Invocation& in) {
  const std::string& file = in.args.positionals().front();
  const std::string out = in.args.get("--to").value_or(file);
  SLUICE_TRY(const auto text, in.world.files.read(file, intoto::limits::kMetadataFile));
  SLUICE_TRY(const auto payload, layout_payload(text));
  Report report(file);
  SLUICE_TRY(const bool good, is_good_layout(in, payload, report));
  if (!good) {
    in.console.talk(report::as_text(report, {}));
    in.console.talk("sluice: nothing was signed: no verification would accept this layout\n");
    return kRefused;
  }
  if (in.args.has("--key") || in.args.has("--gpg")) return sign_by_keys(in, text, payload, out);
  return sign_by_identity(in, payload, out);
}

std::vector<Option> layout_sign_options() {
  std::vector<Option> out = {
      {"--key",
       "FILE",
       "private key of an owner; without keys, a certificate for your identity is asked for",
       {},
       false,
       true},
      password_option()};
  for (Option& option : gpg_signing_options(true)) out.push_back(std::move(option));
  out.push_back({"--append", "", "keep the signatures of others"});
  out.push_back({"--to", "FILE", "write there, and leave LAYOUT as it is"});
  out.push_back({"--format", "FORMAT", "how it is wrapped", {"metablock", "dsse"}});
  for (Option& option : sign_setup_options()) out.push_back(std::move(option));
  return out;
}

}  // namespace

Command layout_sign_command() {
  return {
      .words = {"layout", "sign"},
      .summary = "sign a layout, as one of its owners",
      .description =
          "Replaces the signatures that are there; --append keeps those of others. Each "
          "signature of a key file stands under the ids that python in-toto and in-toto-golang "
          "give the key, so that both find it; those of gpg stand as python in-toto writes them. A "
          "layout that no verification would accept is not signed.\n"
          "Without --key and --gpg the identity of the surroundings signs, as by `sluice sign`: "
          "the layout is a Sigstore bundle then, which sluice alone reads.",
      .examples = {{"in place", "sluice layout sign shop.layout --key owner.key"},
                   {"a second owner", "sluice layout sign shop.layout --key second.key --append"},
                   {"by a key of gpg",
                    "sluice layout sign shop.layout --gpg "
                    "E7B4668BD56C17BAE47578A531A90E14901898C8"},
                   {"in a CI job, by its identity",
                    "sluice layout sign shop.layout --to shop.json"}},
      .options = layout_sign_options(),
      .positionals = {{"LAYOUT", "the layout, signed or not"}},
      .run = run_layout_sign};
}

}  // namespace sluice::cli
