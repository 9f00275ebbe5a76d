// SPDX-License-Identifier: Apache-2.0
// sluice layout sign: by one or several owners, now or one after the other.
#include "base/text.h"
#include "exit.h"
#include "intoto/limits.h"
#include "intoto/signed.h"
#include "keyfile.h"
#include "layout_shared.h"
#include "report/report.h"

namespace sluice::cli {

namespace {

struct Owners {
  std::vector<crypto::PrivateKey> keys;
  std::vector<const crypto::Signer*> signers() const {
    std::vector<const crypto::Signer*> out;
    for (const auto& key : keys) out.push_back(&key);
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
  return out;
}

// A layout that nobody signed yet may stand alone in its file.
Result<std::string> sign_text(Invocation& in, const std::string& text, const Owners& owners) {
  const auto value = json::parse_strict(text);
  const bool bare = value && value->find("signed") == nullptr && value->find("payload") == nullptr;
  const bool dsse = in.args.get("--format") == "dsse";
  const auto wrapping = dsse ? intoto::Wrapping::dsse : intoto::Wrapping::metablock;
  if (bare) return intoto::sign_metadata(wrapping, text, owners.signers());
  SLUICE_TRY(const auto metadata, intoto::SignedMetadata::parse(text));
  if (in.args.has("--format") && metadata.wrapping() != wrapping) {
    if (!metadata.signatures().empty() && in.args.has("--append")) {
      return fail(Errc::usage, "--append keeps signatures, which another --format would break");
    }
    return intoto::sign_metadata(wrapping, metadata.payload(), owners.signers());
  }
  return intoto::add_signatures(metadata, owners.signers(), in.args.has("--append"));
}

Result<bool> is_good_layout(Invocation& in, const std::string& signed_text, Report& report) {
  SLUICE_TRY(const auto metadata, intoto::SignedMetadata::parse(signed_text));
  if (metadata.kind() != intoto::PayloadKind::layout) {
    return fail(Errc::usage, cat("it is a ", name(metadata.kind()), " and no layout"));
  }
  intoto::Parameters parameters;
  for (const auto& each : intoto::layout_parameters(metadata.payload())) {
    parameters.emplace(each, each);
  }
  const auto layout = intoto::read_layout(metadata.payload(), parameters, {}, report);
  if (layout && layout->expires < in.world.clock.now()) {
    report.fail("layout.time", "layout's time", "the layout has expired");
  }
  return report.passed();
}

Result<int> run_layout_sign(Invocation& in) {
  const std::string& file = in.args.positionals().front();
  const std::string out = in.args.get("--to").value_or(file);
  SLUICE_TRY(const auto text, in.world.files.read(file, intoto::limits::kMetadataFile));
  SLUICE_TRY(const auto owners, owners_given(in));
  SLUICE_TRY(const auto signed_text, sign_text(in, text, owners));
  Report report(file);
  SLUICE_TRY(const bool good, is_good_layout(in, signed_text, report));
  if (!good) {
    in.console.talk(report::as_text(report, {}));
    in.console.talk("sluice: nothing was signed: no verification would accept this layout\n");
    return kRefused;
  }
  SLUICE_CHECK(in.world.files.replace(out, signed_text));
  json::Array who;
  std::string lines;
  for (const auto& key : owners.keys) {
    const intoto::Key known(key.public_key());
    who.emplace_back(known.python_id());
    lines += cat("  by        ", known.describe(), "\n");
  }
  if (in.json) {
    json::Value answer;
    answer.set("kind", "sluice.layout-signed/v1");
    answer.set("file", printable(out, 500));
    answer.set("keyids", std::move(who));
    SLUICE_CHECK(in.print_json(answer));
  } else {
    SLUICE_CHECK(in.console.print(cat("signed    ", printable(out, 500), "\n", lines)));
  }
  return kDone;
}

}  // namespace

Command layout_sign_command() {
  return {
      .words = {"layout", "sign"},
      .summary = "sign a layout, as one of its owners",
      .description =
          "Replaces the signatures that are there; --append keeps those of others. Each "
          "signature stands under the ids that python in-toto and in-toto-golang give the key, "
          "so that both find it. A layout that no verification would accept is not signed.",
      .examples = {{"in place", "sluice layout sign shop.layout --key owner.key"},
                   {"a second owner", "sluice layout sign shop.layout --key second.key --append"}},
      .options = {{"--key", "FILE", "private key of an owner", {}, true, true},
                  password_option(),
                  {"--append", "", "keep the signatures of others"},
                  {"--to", "FILE", "write there, and leave LAYOUT as it is"},
                  {"--format", "FORMAT", "how it is wrapped", {"metablock", "dsse"}}},
      .positionals = {{"LAYOUT", "the layout, signed or not"}},
      .run = run_layout_sign};
}

}  // namespace sluice::cli
