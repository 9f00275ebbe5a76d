// SPDX-License-Identifier: Apache-2.0
// sluice key: generate, import, export, public, info.
#include "base/codec.h"
#include "base/limits.h"
#include "base/text.h"
#include "commands.h"
#include "exit.h"
#include "keyfile.h"
#include "sigstore/bundle.h"

namespace sluice::cli {

namespace {

using crypto::KeyFormat;
using crypto::PrivateKey;
using crypto::PublicKey;

json::Value describe(const PublicKey& key) {
  json::Value out;
  out.set("kind", "sluice.key/v1");
  out.set("type", std::string(name(key.type())));
  out.set("bits", static_cast<std::int64_t>(key.bits()));
  out.set("fingerprint", key.fingerprint().text());
  out.set("hint", sigstore::key_hint(key));
  out.set("scheme", name(key.default_scheme()));
  return out;
}

std::string describe_text(const PublicKey& key) {
  return cat("  kind         ", key.describe(), "\n  scheme       ", name(key.default_scheme()),
             "\n  fingerprint  ", key.fingerprint().text(), "\n  hint         ",
             sigstore::key_hint(key), "\n");
}

Result<std::string> encrypted(Invocation& in, const PrivateKey& key, KeyFormat format,
                              const SecretBytes& password) {
  if (format == KeyFormat::cosign) return key.to_cosign_pem(password, in.world.random);
  return key.to_encrypted_pkcs8_pem(password);
}

KeyFormat chosen_format(const Invocation& in) {
  return in.args.get("--format").value_or("cosign") == "pkcs8" ? KeyFormat::encrypted_pkcs8
                                                               : KeyFormat::cosign;
}

// Never overwrites: a lost private key cannot be had back.
Result<void> write_pair(Invocation& in, const PrivateKey& key, const SecretBytes& password,
                        const std::string& prefix) {
  const Path private_path = prefix + ".key";
  const Path public_path = prefix + ".pub";
  for (const auto& path : {private_path, public_path}) {
    if (in.world.files.info(path)) {
      return fail(Error{Errc::denied,
                        cat(shown(path), " exists already; nothing was written"),
                        {},
                        "choose another --out-prefix, or move the old key away"});
    }
  }
  if (password.empty()) {
    in.log.write(LogLevel::warning, "the password is empty: the file is as good as unencrypted");
  }
  SLUICE_TRY(const std::string sealed, encrypted(in, key, chosen_format(in), password));
  // The public half first: what is left if the second fails is no secret, and is taken away again.
  SLUICE_CHECK(in.world.files.create(public_path, key.public_key().pem()));
  if (auto made = in.world.files.create(private_path, sealed, 0600); !made) {
    (void)in.world.files.remove(public_path);
    return fail(std::move(made).error());
  }
  if (!in.json) {
    return in.console.print(cat("wrote  ", shown(private_path), " (encrypted) and ",
                                shown(public_path), "\n", describe_text(key.public_key())));
  }
  auto out = describe(key.public_key());
  out.set("private", shown(private_path));
  out.set("public", shown(public_path));
  return in.print_json(out);
}

Result<int> run_generate(Invocation& in) {
  keep_out_of_cores();
  if (in.args.has("--rsa-bits") && in.args.get("--type").value_or("") != "rsa") {
    return fail(Errc::usage, "--rsa-bits goes with --type rsa");
  }
  SLUICE_TRY(const auto type, crypto::key_type_named(in.args.get("--type").value_or("ecdsa-p256")));
  const std::string bits = in.args.get("--rsa-bits").value_or("3072");
  SLUICE_TRY(const auto secret,
             password(in, {.prompt = "Password for the new key: ", .twice = true}));
  SLUICE_TRY(const auto key, PrivateKey::generate(type, bits == "4096"   ? 4096
                                                        : bits == "2048" ? 2048
                                                                         : 3072));
  SLUICE_CHECK(write_pair(in, key, secret, in.args.get("--out-prefix").value_or("sluice")));
  return kDone;
}

Result<int> run_import(Invocation& in) {
  const PasswordRequest old_password{.option = "--input-password-file",
                                     .prompt = "Password of the key to import: ",
                                     .environment = false};
  SLUICE_TRY(const auto key, load_private_key(in, in.args.positionals()[0], old_password));
  SLUICE_TRY(const auto secret,
             password(in, {.prompt = "Password for the new file: ", .twice = true}));
  SLUICE_CHECK(write_pair(in, key, secret, in.args.get("--out-prefix").value_or("sluice")));
  return kDone;
}

Result<void> deliver(Invocation& in, std::string_view text, unsigned mode) {
  const auto out = in.args.get("--out");
  if (!out || *out == "-") return in.console.print(text);
  return in.world.files.create(*out, text, mode);
}

Result<int> run_export(Invocation& in) {
  SLUICE_TRY(const auto key, load_private_key(in, in.args.positionals()[0]));
  if (in.args.has("--unencrypted")) {
    if (chosen_format(in) != KeyFormat::encrypted_pkcs8) {
      return fail(
          Error{Errc::usage, "cosign's format is always encrypted", {}, "add --format pkcs8"});
    }
    in.log.write(LogLevel::warning,
                 "the exported key is not encrypted: whoever reads it can sign with it");
    SLUICE_TRY(const auto pem, key.to_pkcs8_pem());
    SLUICE_CHECK(deliver(in, pem.reveal_text(), 0600));
    return kDone;
  }
  SLUICE_TRY(const auto secret, password(in, {.option = "--new-password-file",
                                              .prompt = "Password for the exported file: ",
                                              .twice = true,
                                              .environment = false}));
  SLUICE_TRY(const auto sealed, encrypted(in, key, chosen_format(in), secret));
  SLUICE_CHECK(deliver(in, sealed, 0600));
  return kDone;
}

// The public half of either kind of file.
Result<PublicKey> public_half(Invocation& in, const Path& path) {
  SLUICE_TRY(const auto pem, read_secret(in, path, limits::kKeyFile));
  if (!PrivateKey::format_of(pem.reveal_text())) return load_public_key(in, path);
  SLUICE_TRY(const auto key, load_private_key(in, path));
  return key.public_key();
}

Result<int> run_public(Invocation& in) {
  SLUICE_TRY(const auto key, public_half(in, in.args.positionals()[0]));
  SLUICE_CHECK(deliver(in, key.pem(), 0644));
  return kDone;
}

Result<int> run_info(Invocation& in) {
  const Path path = in.args.positionals()[0];
  SLUICE_TRY(const auto pem, read_secret(in, path, limits::kKeyFile));
  const auto format = PrivateKey::format_of(pem.reveal_text());
  const std::string kind = format ? cat("private key, ", name(*format)) : std::string("public key");
  SLUICE_TRY(const auto key, public_half(in, path));
  if (in.json) {
    auto out = describe(key);
    out.set("file", shown(path));
    out.set("content", kind);
    SLUICE_CHECK(in.print_json(out));
  } else {
    SLUICE_CHECK(in.console.print(cat(shown(path), ": ", kind, "\n", describe_text(key))));
  }
  return kDone;
}

}  // namespace

std::vector<Command> key_commands() {
  const Option format{
      "--format", "FORMAT", "cosign (default) or pkcs8; both are encrypted", {"cosign", "pkcs8"}};
  const Option prefix{"--out-prefix", "NAME", "writes NAME.key and NAME.pub; default: sluice"};
  const Option out{"--out", "FILE", "default, or -: standard output"};
  return {
      {.words = {"key", "generate"},
       .summary = "make a key pair, the private half encrypted",
       .description =
           "The private key is written with mode 600 and never replaces a file that is there.",
       .examples = {{"an ECDSA P-256 pair, sluice.key and sluice.pub", "sluice key generate"},
                    {"an Ed25519 pair for a release job",
                     "sluice key generate --type ed25519 --out-prefix release"}},
       .options = {{"--type",
                    "TYPE",
                    "ecdsa-p256 (default), ecdsa-p384, ecdsa-p521, ed25519 or rsa",
                    {"ecdsa-p256", "ecdsa-p384", "ecdsa-p521", "ed25519", "rsa"}},
                   {"--rsa-bits", "BITS", "2048, 3072 (default) or 4096", {"2048", "3072", "4096"}},
                   prefix,
                   format,
                   password_option()},
       .run = run_generate},
      {.words = {"key", "import"},
       .summary = "take over a private key from another program",
       .description = "Reads PKCS#8 (also encrypted), SEC 1, PKCS#1 and cosign's format.",
       .examples = {{"a key that openssl made",
                     "sluice key import openssl.pem --out-prefix release"}},
       .options = {{"--input-password-file", "FILE",
                    "password of the file that is read, if it is encrypted"},
                   prefix,
                   format,
                   password_option()},
       .positionals = {{"FILE", "the private key to import"}},
       .run = run_import},
      {.words = {"key", "export"},
       .summary = "write a private key in another format",
       .examples = {{"for a program that reads encrypted PKCS#8",
                     "sluice key export sluice.key --format pkcs8 --out key.pem"}},
       .options = {format,
                   out,
                   {"--unencrypted", "", "without a password; only with --format pkcs8"},
                   {"--new-password-file", "FILE",
                    "password of the exported file; otherwise a prompt"},
                   password_option()},
       .positionals = {{"FILE", "the private key"}},
       .output = false,
       .run = run_export},
      {.words = {"key", "public"},
       .summary = "print the public half of a key",
       .examples = {{"publish the key to verify with",
                     "sluice key public sluice.key --out sluice.pub"}},
       .options = {out, password_option()},
       .positionals = {{"FILE", "a private or a public key"}},
       .output = false,
       .run = run_public},
      {.words = {"key", "info"},
       .summary = "say what a key file holds",
       .examples = {{"which key is it?", "sluice key info sluice.pub"}},
       .options = {password_option()},
       .positionals = {{"FILE", "a private or a public key"}},
       .run = run_info}};
}

}  // namespace sluice::cli
