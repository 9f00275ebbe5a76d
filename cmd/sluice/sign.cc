// SPDX-License-Identifier: Apache-2.0
// sluice sign: files, or payloads as DSSE envelopes, by an identity or with a key.
#include "base/limits.h"
#include "base/parallel.h"
#include "base/text.h"
#include "commands.h"
#include "dsse/envelope.h"
#include "exit.h"
#include "keyfile.h"
#include "settings.h"
#include "sign_services.h"
#include "sigstore/sign_key.h"

namespace sluice::cli {

namespace {

constexpr std::string_view kBundleSuffix = ".sigstore.json";

Result<crypto::PrivateKey> signer_of(Invocation& in) {
  SLUICE_TRY(auto key, load_private_key(in, *in.args.get("--key")));
  if (!in.args.has("--prehash")) return key;
  return key.with_scheme({crypto::SchemeKind::ed25519ph, crypto::HashAlgorithm::sha512});
}

Result<std::string> read_payload(const Invocation& in, const std::string& file) {
  if (file != "-") return in.world.files.read(file, limits::kPayload);
  return within(read_all(*standard_input(), limits::kPayload), "reading standard input");
}

Result<std::string> sign_one(const Invocation& in, const std::string& file,
                             const crypto::PrivateKey& key) {
  if (const auto type = in.args.get("--payload-type")) {
    SLUICE_TRY(const std::string payload, read_payload(in, file));
    return sigstore::sign_payload(MediaType(*type), bytes_of(payload), key);
  }
  if (file == "-") return sigstore::sign_source(*standard_input(), key);
  return sigstore::sign_file(in.world.files, file, key);
}

Result<Path> bundle_path(const Invocation& in, const std::string& file) {
  if (const auto given = in.args.get("--bundle")) return Path(*given);
  if (file == "-")
    return fail(Errc::usage,
                "standard input has no name; say where the bundle goes with --bundle FILE");
  return Path(cat(file, kBundleSuffix));
}

// Reads and signs, writes nothing: several of these run at a time.
Result<SignedAlone> prepare(const Invocation& in, const std::string& file,
                            const crypto::PrivateKey& key) {
  SLUICE_TRY(Path target, bundle_path(in, file));
  SLUICE_TRY(std::string bundle, within(sign_one(in, file, key), cat("signing ", printable(file))));
  return SignedAlone{file, std::move(target), std::move(bundle)};
}

Result<int> sign_alone(Invocation& in) {
  const auto& files = in.args.positionals();
  SLUICE_TRY(const auto key, signer_of(in));
  std::vector<std::optional<Result<SignedAlone>>> prepared(files.size());
  for_each_parallel(files.size(), threads_for(in, key.public_key()),
                    [&](std::size_t i) { prepared[i] = prepare(in, files[i], key); });
  // All or nothing: a file that cannot be signed leaves the bundles of the others as they were.
  std::vector<SignedAlone> all;
  for (auto& each : prepared) {
    SLUICE_CHECK(*each);
    all.push_back(*std::move(*each));
  }
  return write_signed_alone(in, "signed", key, all);
}

// What is signed, as a service's client takes it.
Result<sigstore::SignItem> item_of(const Invocation& in, const std::string& file) {
  if (const auto type = in.args.get("--payload-type")) {
    SLUICE_TRY(const std::string payload, read_payload(in, file));
    return sigstore::SignItem{file,
                              sigstore::SignPayload{MediaType(*type), copy_of(bytes_of(payload))}};
  }
  return sign_item_of(file);
}

Result<int> sign_with_services(Invocation& in) {
  SLUICE_TRY(const auto setup, make_sign_setup(in));
  std::vector<sigstore::SignItem> items;
  std::vector<Path> targets;
  for (const auto& file : in.args.positionals()) {
    SLUICE_TRY(auto target, bundle_path(in, file));
    SLUICE_TRY(auto item, item_of(in, file));
    targets.push_back(std::move(target));
    items.push_back(std::move(item));
  }
  return sign_and_write(in, *setup, items, targets);
}

Result<int> run_sign(Invocation& in) {
  const auto& files = in.args.positionals();
  if (files.size() > 1 && in.args.has("--bundle")) {
    return fail(Error{Errc::usage,
                      "--bundle names one file, and several are to be signed",
                      {},
                      "without it, each bundle is written beside its file"});
  }
  if (in.args.has("--prehash") && in.args.has("--payload-type")) {
    return fail(Errc::usage, "--prehash is for files: an envelope is signed as it is");
  }
  SLUICE_CHECK(refuse_to_overwrite(
      in, {"--bundle", "--journal"},
      {"--key", "--password-file", "--identity-token-file", "--signing-config", "--trusted-root"}));
  const bool services =
      in.args.has("--signing-config") || in.args.has("--staging") || in.args.has("--recorded");
  if (in.args.has("--key") && !services) return sign_alone(in);
  if (in.args.has("--prehash")) {
    return fail(Errc::usage, "--prehash goes with --key alone: logs take that form by themselves");
  }
  return sign_with_services(in);
}

}  // namespace

std::vector<Command> sign_commands() {
  std::vector<Option> options = {
      {"--key", "FILE",
       "the private key; without it, a certificate for your identity is asked for"},
      {"--bundle", "FILE", "where the bundle goes; - is standard output"},
      {"--payload-type", "TYPE",
       "sign the file's content as the payload of a DSSE envelope of this type"},
      {"--recorded", "",
       "with --key: have the signature recorded by a log and stamped, as without a key"},
      {"--prehash", "", "with an Ed25519 key: sign the SHA-512 of the file (Ed25519ph)"},
      threads_option(),
      password_option()};
  for (Option& option : sign_setup_options()) options.push_back(std::move(option));
  return {{.words = {"sign"},
           .summary = "sign files or payloads, by your identity or with a key",
           .description =
               "Writes a Sigstore bundle 0.3 beside each file, as FILE.sigstore.json; cosign and "
               "sluice verify it.\n"
               "Without --key, who signs is what the surroundings say: the CI job, the machine, "
               "or you in a browser. One certificate serves all files; logs and timestamp "
               "authorities are asked at the same time. What they answer is verified before "
               "anything is written.\n"
               "With --key alone, nobody is asked.\n"
               "Files are read once, in constant memory. Only a plain Ed25519 signature needs the "
               "whole file in memory (at most 256 MiB); --prehash lifts that.",
           .examples = {{"in a CI job that may ask for an ID token", "sluice sign app.tar.gz"},
                        {"many at once, going on where a killed run stopped",
                         "sluice sign --journal sign.journal dist/*"},
                        {"with a key, and nobody else", "sluice sign --key sluice.key app.tar.gz"},
                        {"a payload of a type of your own",
                         "sluice sign --key sluice.key --payload-type "
                         "application/vnd.example+json --bundle out.json data.json"}},
           .options = std::move(options),
           .positionals = {{"FILE", "what to sign; - is standard input", true, true}},
           .run = run_sign}};
}

}  // namespace sluice::cli
