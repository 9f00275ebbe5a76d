// SPDX-License-Identifier: Apache-2.0
// sluice called as cosign: generate-key-pair, import-key-pair, public-key.
#include "base/limits.h"
#include "base/text.h"
#include "cosign.h"
#include "exit.h"
#include "keyfile.h"

namespace sluice::cli {

namespace {

using crypto::PrivateKey;
using crypto::PublicKey;

constexpr std::string_view kEnvironmentKey = "env://";

// COSIGN_PASSWORD, else the terminal, else all of standard input, its newline included: a key that
// either program encrypted opens with the same call of the other.
Result<SecretBytes> cosign_password(Invocation& in, bool twice) {
  if (auto value = in.world.environment.get("COSIGN_PASSWORD")) {
    auto secret = SecretBytes::copy_of(*value);
    wipe({reinterpret_cast<std::uint8_t*>(value->data()), value->size()});
    return secret;
  }
  if (in.console.terminal_in()) {
    return password(in, {.option = "COSIGN_PASSWORD", .twice = twice, .environment = false});
  }
  return within(read_secret(in, "/dev/stdin", limits::kPasswordFile),
                "reading the password from standard input");
}

Result<SecretBytes> key_text(Invocation& in, const std::string& reference) {
  SLUICE_TRY(const auto variable, cosign_key_variable(reference));
  if (!variable) return read_secret(in, reference, limits::kKeyFile);
  auto value = in.world.environment.get(*variable);
  if (!value) {
    return fail(Errc::not_found, cat("the variable ", printable(*variable, 100), " is not set"));
  }
  auto out = SecretBytes::copy_of(*value);
  wipe({reinterpret_cast<std::uint8_t*>(value->data()), value->size()});
  return out;
}

Result<PrivateKey> private_key(Invocation& in, const std::string& reference,
                               const SecretBytes& pem) {
  auto key = PrivateKey::from_pem(pem.reveal_text(), [&] { return cosign_password(in, false); });
  return within(std::move(key), cat("reading the private key ", printable(reference, 200)));
}

Result<void> refuse_existing(Invocation& in, const std::vector<Path>& paths) {
  for (const Path& path : paths) {
    if (!in.world.files.info(path)) continue;
    return fail(Error{Errc::denied,
                      cat(shown(path), " exists already; nothing was written"),
                      {},
                      "choose another --output-key-prefix, or move the old key away"});
  }
  return {};
}

Result<void> write_cosign_pair(Invocation& in, const PrivateKey& key, bool overwrite) {
  const std::string prefix = *in.args.get("--output-key-prefix");
  const Path private_path = prefix + ".key";
  const Path public_path = prefix + ".pub";
  if (!overwrite) SLUICE_CHECK(refuse_existing(in, {private_path, public_path}));
  SLUICE_TRY(const auto secret, cosign_password(in, true));
  SLUICE_TRY(const std::string sealed, key.to_cosign_pem(secret, in.world.random));
  Files& files = in.world.files;
  const std::string pem = key.public_key().pem();
  if (overwrite) {
    SLUICE_CHECK(files.replace(private_path, sealed, 0600));
    SLUICE_CHECK(files.replace(public_path, pem));
  } else {
    SLUICE_CHECK(files.create(public_path, pem));
    if (auto made = files.create(private_path, sealed, 0600); !made) {
      (void)files.remove(public_path);
      return made;
    }
  }
  in.console.talk(cat("Private key written to ", shown(private_path), "\nPublic key written to ",
                      shown(public_path), "\n"));
  return {};
}

Result<int> run_generate_key_pair(Invocation& in) {
  keep_out_of_cores();
  if (!in.args.positionals().empty()) {
    return fail(Error{Errc::unsupported,
                      cat("sluice, called as cosign, does not cover keys in ",
                          printable(in.args.positionals()[0], 100)),
                      {},
                      "make the pair as files, and store them there"});
  }
  SLUICE_TRY(const auto key, PrivateKey::generate(crypto::KeyType::ecdsa_p256));
  SLUICE_CHECK(write_cosign_pair(in, key, false));
  return kDone;
}

Result<int> run_import_key_pair(Invocation& in) {
  keep_out_of_cores();
  const auto reference = in.args.get("--key");
  if (!reference) return fail(Errc::usage, "--key FILE is needed: the private key to import");
  SLUICE_TRY(const auto pem, key_text(in, *reference));
  SLUICE_TRY(const auto key, private_key(in, *reference, pem));
  SLUICE_CHECK(write_cosign_pair(in, key, in.args.has("--yes")));
  return kDone;
}

Result<PublicKey> public_half_of(Invocation& in, const std::string& reference) {
  SLUICE_TRY(const auto pem, key_text(in, reference));
  if (!PrivateKey::format_of(pem.reveal_text())) {
    return within(PublicKey::from_pem(pem.reveal_text()),
                  cat("reading the key ", printable(reference, 200)));
  }
  SLUICE_TRY(const auto key, private_key(in, reference, pem));
  return key.public_key();
}

Result<int> run_public_key(Invocation& in) {
  keep_out_of_cores();
  const auto reference = in.args.get("--key");
  if (!reference) return fail(Errc::usage, "--key FILE is needed: a private key");
  SLUICE_CHECK(refuse_to_overwrite(in, {"--outfile"}, {"--key"}));
  SLUICE_TRY(const auto key, public_half_of(in, *reference));
  const auto out = in.args.get("--outfile");
  if (!out) {
    SLUICE_CHECK(in.console.print(key.pem()));
    return kDone;
  }
  SLUICE_CHECK(in.world.files.replace(*out, key.pem()));
  in.console.talk(cat("Public key written to ", shown(Path(*out)), "\n"));
  return kDone;
}

Option prefix_option(std::string fallback) {
  return {.name = "--output-key-prefix",
          .value = "NAME",
          .help = "writes NAME.key and NAME.pub",
          .fallback = std::move(fallback)};
}

}  // namespace

std::vector<Option> cosign_token_options() {
  const std::string why = "a key in a hardware token; a key in a file is covered";
  return {{.name = "--sk", .help = "", .not_covered = why},
          {.name = "--slot", .value = "NAME", .help = "", .not_covered = why}};
}

Result<std::optional<std::string>> cosign_key_variable(const std::string& reference) {
  if (reference.starts_with(kEnvironmentKey)) return reference.substr(kEnvironmentKey.size());
  const std::size_t scheme = reference.find("://");
  if (scheme == std::string::npos && !reference.starts_with("pkcs11:")) return std::nullopt;
  return fail(
      Error{Errc::unsupported,
            cat("sluice, called as cosign, does not cover keys from ",
                printable(reference.substr(0, scheme == std::string::npos ? 7 : scheme + 3), 40)),
            {},
            "it covers files, and env://VARIABLE"});
}

Result<PublicKey> cosign_public_key(Invocation& in, const std::string& reference) {
  SLUICE_TRY(const auto variable, cosign_key_variable(reference));
  if (!variable) return load_public_key(in, reference);
  SLUICE_TRY(const auto pem, key_text(in, reference));
  return within(PublicKey::from_pem(pem.reveal_text()),
                cat("reading the public key ", printable(reference, 200)));
}

Result<PrivateKey> cosign_private_key(Invocation& in, const std::string& reference) {
  SLUICE_TRY(const auto pem, key_text(in, reference));
  return private_key(in, reference, pem);
}

std::vector<Command> cosign_key_commands() {
  Option prefix = prefix_option("import-cosign");
  prefix.letter = 'o';
  std::vector<Option> public_options = {
      {.name = "--key", .value = "KEY", .help = "the key's file, or env://VARIABLE that holds it"},
      {.name = "--outfile", .value = "FILE", .help = "otherwise standard output"}};
  for (Option& option : cosign_token_options()) public_options.push_back(std::move(option));
  return {
      {.words = {"generate-key-pair"},
       .summary = "make an ECDSA P-256 pair, the private half encrypted",
       .description =
           "The password is that of COSIGN_PASSWORD, of the terminal, or all of standard input. "
           "Files that are there are never overwritten.",
       .examples = {{"cosign.key and cosign.pub", "cosign generate-key-pair"}},
       .options = {prefix_option("cosign"),
                   {.name = "--kms",
                    .value = "URI",
                    .help = "",
                    .not_covered = "a key that a service holds; sluice writes files"}},
       .positionals = {{"URI", "where else to; nothing but files is covered", false}},
       .output = false,
       .run = run_generate_key_pair},
      {.words = {"import-key-pair"},
       .summary = "take over a private key, encrypted as cosign does",
       .description = "Reads PKCS#8, SEC 1 and PKCS#1 in PEM.",
       .examples = {{"import-cosign.key and import-cosign.pub",
                     "cosign import-key-pair --key openssl.pem"}},
       .options = {{.name = "--key", .value = "FILE", .help = "the private key", .letter = 'k'},
                   prefix,
                   {.name = "--yes", .help = "overwrite files that are there", .letter = 'y'}},
       .output = false,
       .run = run_import_key_pair},
      {.words = {"public-key"},
       .summary = "print the public half of a key",
       .examples = {{"to publish it", "cosign public-key --key cosign.key --outfile cosign.pub"}},
       .options = std::move(public_options),
       .output = false,
       .run = run_public_key}};
}

}  // namespace sluice::cli
