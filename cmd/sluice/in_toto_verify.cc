// SPDX-License-Identifier: Apache-2.0
// in-toto-verify and in-toto-sign.
#include <charconv>

#include "base/text.h"
#include "exit.h"
#include "gpg_options.h"
#include "in_toto.h"
#include "intoto/limits.h"
#include "intoto/signed.h"
#include "keyfile.h"
#include "layout_shared.h"
#include "report/report.h"
#include "settings.h"

namespace sluice::cli {

namespace {

constexpr int kInspectionSeconds = 10;  // as python in-toto has it

Option in_toto_gpg_home() {
  return {.name = "--gpg-home",
          .value = "FOLDER",
          .help = "gpg's folder, where it is not the usual one"};
}

Result<void> add_owners(Invocation& in, std::string_view option,
                        std::vector<intoto::Functionary>& out) {
  for (const auto& file : in.args.all(option)) {
    SLUICE_TRY(auto owner, owner_key(in, file));
    out.push_back(std::move(owner));
  }
  for (const auto& id : in.args.all("--gpg")) {
    SLUICE_TRY(auto owner, gpg_owner(in, id));
    out.push_back(std::move(owner));
  }
  return {};
}

Result<int> inspection_seconds(const Invocation& in) {
  const auto text = in.args.get("--inspection-timeout");
  if (!text) return kInspectionSeconds;
  int seconds = 0;
  const auto [end, status] = std::from_chars(text->data(), text->data() + text->size(), seconds);
  if (status != std::errc{} || end != text->data() + text->size() || seconds < 1) {
    return fail(Errc::usage, "--inspection-timeout is a number of seconds");
  }
  return seconds;
}

Result<int> run_in_toto_verify(Invocation& in) {
  intoto::VerifyOptions options;
  SLUICE_CHECK(add_owners(in, "--verification-keys", options.owners));
  if (options.owners.empty()) {
    return fail(Errc::usage, "give a key of the layout's owner: --verification-keys or --gpg");
  }
  const std::string file = *in.args.get("--layout");
  SLUICE_TRY(const auto text, in.world.files.read(file, intoto::limits::kMetadataFile));
  options.threads = threads(in.settings);
  options.inspections.threads = options.threads;
  options.inspections.commands = true;  // as that program does
  options.delegated_commands = true;
  options.inspections.scratch = in.world.environment.get("TMPDIR").value_or("/tmp");
  SLUICE_TRY(const int seconds, inspection_seconds(in));
  options.inspections.time_limit = std::chrono::seconds(seconds);
  const auto identities = identity_judge(in);
  options.identities = identities.get();
  SLUICE_TRY(const auto verdict,
             intoto::verify_chain(in.world, text, cat("supply chain of ", file),
                                  in.args.get("--link-dir").value_or("."), options));
  if (!in.args.has("--quiet") || !verdict.passed()) {
    in.console.talk(report::as_text(verdict.report(), {false, in.args.has("--verbose")}));
  }
  return verdict.passed() ? kDone : kRefused;
}

// --verify: every key that is named signed it.
Result<int> verify_signatures(Invocation& in, intoto::SignedMetadata metadata) {
  std::vector<intoto::Functionary> owners;
  SLUICE_CHECK(add_owners(in, "--key", owners));
  bool good = true;
  for (const auto& owner : owners) {
    SLUICE_TRY(const auto finding, intoto::check_signature(metadata, owner, in.world.clock.now()));
    const bool valid = finding.outcome == intoto::SignatureFinding::Outcome::valid;
    good = good && valid;
    in.console.talk(
        cat(valid ? "signed by  " : "REFUSED: not signed by  ", intoto::describe(owner), "\n"));
  }
  return good ? kDone : kRefused;
}

Result<std::string> link_name_for(const intoto::SignedMetadata& metadata, const std::string& id) {
  SLUICE_TRY(const auto link, intoto::parse_link(metadata.payload()));
  SLUICE_CHECK(intoto::check_step_name(link.name));
  return intoto::link_file_name(link.name, id);
}

// Keys of files, or of gpg; and the id by which a link's file is named.
struct InTotoSigners {
  std::vector<crypto::PrivateKey> keys;
  std::vector<std::unique_ptr<intoto::GpgSigner>> gpg;

  std::vector<intoto::MetadataSigner> all() const {
    std::vector<intoto::MetadataSigner> out;
    for (const auto& key : keys) out.emplace_back(&key);
    for (const auto& each : gpg) out.emplace_back(each.get());
    return out;
  }
  std::string id() const {
    return gpg.empty() ? intoto::Key(keys.front().public_key()).python_id() : gpg.front()->keyid();
  }
};

Result<InTotoSigners> in_toto_signers(Invocation& in) {
  InTotoSigners out;
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

Result<int> sign_file(Invocation& in, const intoto::SignedMetadata& metadata) {
  const std::size_t count = in.args.all("--key").size() + in.args.all("--gpg").size();
  const bool layout = metadata.kind() == intoto::PayloadKind::layout;
  if (!layout && (count > 1 || in.args.has("--append"))) {
    return fail(Errc::usage, "a link is signed by one key, without --append");
  }
  SLUICE_TRY(const auto signers, in_toto_signers(in));
  SLUICE_TRY(const auto text,
             intoto::add_signatures(metadata, signers.all(), in.args.has("--append")));
  std::string out = in.args.get("--output").value_or("");
  if (out.empty()) out = *in.args.get("--file");
  if (!layout && !in.args.has("--output")) {
    SLUICE_TRY(out, link_name_for(metadata, signers.id()));
  }
  SLUICE_CHECK(in.world.files.replace(out, text));
  return kDone;
}

Result<int> run_in_toto_sign(Invocation& in) {
  SLUICE_TRY(auto text, in.world.files.read(*in.args.get("--file"), intoto::limits::kMetadataFile));
  SLUICE_TRY(auto metadata, intoto::SignedMetadata::parse(std::move(text)));
  if (in.args.has("--verify")) {
    if (!in.args.has("--key") && !in.args.has("--gpg")) {
      return fail(Errc::usage, "give the keys to verify with: --key or --gpg");
    }
    if (in.args.has("--append") || in.args.has("--output")) {
      return fail(Errc::usage, "--verify goes with neither --append nor --output");
    }
    return verify_signatures(in, std::move(metadata));
  }
  if (in.args.has("--gpg") == in.args.has("--key")) {
    return fail(Errc::usage, "give a key to sign with: either --key FILE or --gpg [ID]");
  }
  return sign_file(in, metadata);
}

}  // namespace

std::vector<Command> in_toto_verify_commands() {
  std::vector<Option> options = {
      {.name = "--layout",
       .value = "FILE",
       .help = "the signed layout",
       .required = true,
       .letter = 'l'},
      {.name = "--verification-keys",
       .value = "FILE",
       .help = "public keys of its owners; each of them has to have signed it",
       .repeated = true},
      {.name = "--gpg",
       .value = "ID",
       .help = "the same, from gpg's keyring",
       .repeated = true,
       .letter = 'g'},
      in_toto_gpg_home(),
      {.name = "--link-dir",
       .value = "FOLDER",
       .help = "where the links are; default: this folder"},
      {.name = "--inspection-timeout",
       .value = "SECONDS",
       .help = "time that one inspection may take; default: 10"}};
  for (auto& each : in_toto_verbosity()) options.push_back(std::move(each));
  return {
      {.words = {},
       .summary = "verify a supply chain",
       .description =
           "The commands of the layout's inspections are run, as in-toto-verify does; each in a "
           "copy of this folder that is thrown away.",
       .examples = {{"a chain",
                     "in-toto-verify --layout root.layout --verification-keys owner.pub "
                     "--link-dir links"}},
       .options = std::move(options),
       .run = run_in_toto_verify}};
}

std::vector<Command> in_toto_sign_commands() {
  std::vector<Option> options = {
      {.name = "--file",
       .value = "FILE",
       .help = "the link or layout",
       .required = true,
       .letter = 'f'},
      {.name = "--key",
       .value = "FILE",
       .help = "keys to sign with, or, with --verify, to verify with",
       .repeated = true,
       .letter = 'k'},
      {.name = "--gpg",
       .value = "[ID]",
       .help = "the same of gpg's keyring; to sign, without a value: its default key",
       .repeated = true,
       .letter = 'g'},
      in_toto_gpg_home(),
      {.name = "--output",
       .value = "FILE",
       .help = "where it goes; default: a layout's own file, a "
               "link's usual name",
       .letter = 'o'},
      {.name = "--append", .help = "keep the signatures of others (layouts)", .letter = 'a'},
      {.name = "--verify", .help = "sign nothing, verify the signatures"},
      {.name = "--prompt",
       .help = "",
       .not_covered = "encrypted keys ask for their password by themselves"}};
  for (auto& each : in_toto_verbosity()) options.push_back(std::move(each));
  return {{.words = {},
           .summary = "sign a link or layout, or verify its signatures",
           .examples = {{"two owners",
                         "in-toto-sign -f unsigned.layout -k first.key second.key -o root.layout"},
                        {"verify", "in-toto-sign -f root.layout -k first.pub --verify"}},
           .options = std::move(options),
           .run = run_in_toto_sign}};
}

}  // namespace sluice::cli
