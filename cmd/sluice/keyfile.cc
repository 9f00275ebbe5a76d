// SPDX-License-Identifier: Apache-2.0
#include "keyfile.h"

#include <sys/prctl.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "base/limits.h"
#include "base/text.h"
#include "settings.h"

namespace sluice::cli {

namespace {

constexpr std::array kPasswordVariables{"SLUICE_PASSWORD", "COSIGN_PASSWORD"};

// One newline at the end belongs to the file, not to the password.
void drop_line_end(SecretBytes& secret) {
  std::size_t size = secret.size();
  if (size > 0 && secret.reveal()[size - 1] == '\n') --size;
  if (size > 0 && size < secret.size() && secret.reveal()[size - 1] == '\r') --size;
  secret.shrink(size);
}

Result<SecretBytes> ask(Invocation& in, const PasswordRequest& request) {
  auto first = in.console.ask_secret(request.prompt);
  if (!first) {
    Error error = std::move(first).error();
    if (error.code == Errc::denied) {
      error.hint = cat(request.environment ? "set SLUICE_PASSWORD, or give " : "give ",
                       request.option, " FILE");
    }
    return fail(std::move(error));
  }
  if (!request.twice) return first;
  SLUICE_TRY(const auto second, in.console.ask_secret("Again: "));
  if (!equal_secrets(first->reveal(), second.reveal())) {
    return fail(Errc::denied, "the two passwords differ; nothing was written");
  }
  return first;
}

}  // namespace

Result<void> refuse_to_overwrite(const Invocation& in, const std::vector<std::string>& outputs,
                                 const std::vector<std::string>& inputs) {
  std::vector<std::string> read = in.args.positionals();
  for (const auto& option : inputs) {
    if (const auto file = in.args.get(option)) read.push_back(*file);
  }
  for (const auto& option : outputs) {
    const auto written = in.args.get(option);
    if (!written || *written == "-") continue;
    if (written->empty()) return fail(Errc::usage, cat(option, " names no file"));
    for (const auto& file : read) {
      std::error_code not_there;
      if (std::filesystem::equivalent(*written, file, not_there)) {
        return fail(Errc::usage,
                    cat(option, " ", printable(*written), " would overwrite a file that is read"));
      }
    }
  }
  return {};
}

unsigned threads_for(const Invocation& in, const crypto::PublicKey& key) {
  return key.type() == crypto::KeyType::ed25519 ? 1 : threads(in.settings);
}

void keep_out_of_cores() {
  // Not by a limit on core files, which a program that is run from here would inherit.
  (void)::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

Option password_option() {
  return {"--password-file", "FILE",
          "the key's password; otherwise SLUICE_PASSWORD, COSIGN_PASSWORD, or a prompt"};
}

Result<SecretBytes> read_secret(Invocation& in, const Path& path, std::size_t max) {
  SLUICE_TRY(auto source, in.world.files.open(path));
  SecretBytes content(max + 1);
  std::size_t length = 0;
  while (length < content.size()) {
    SLUICE_TRY(const std::size_t got, source->read(content.reveal().subspan(length)));
    if (got == 0) break;
    length += got;
  }
  if (length > max) {
    return fail(Errc::limit, cat(shown(path), " is larger than the limit of ", human_bytes(max)));
  }
  content.shrink(length);
  return content;
}

Result<SecretBytes> password(Invocation& in, const PasswordRequest& request) {
  if (const auto file = in.args.get(request.option)) {
    SLUICE_TRY(auto secret,
               within(read_secret(in, *file, limits::kPasswordFile), "reading the password"));
    drop_line_end(secret);
    return secret;
  }
  if (request.environment) {
    for (const auto* variable : kPasswordVariables) {
      if (auto value = in.world.environment.get(variable)) {
        auto secret = SecretBytes::copy_of(*value);
        wipe({reinterpret_cast<std::uint8_t*>(value->data()), value->size()});
        return secret;
      }
    }
  }
  return ask(in, request);
}

bool asks_a_person(const Invocation& in, const PasswordRequest& request) {
  const auto set = [&](const char* variable) {
    return in.world.environment.get(variable).has_value();
  };
  return in.console.terminal_in() && !in.args.has(request.option) &&
         !(request.environment && std::ranges::any_of(kPasswordVariables, set));
}

Result<crypto::PrivateKey> load_private_key(Invocation& in, const Path& path,
                                            const PasswordRequest& request) {
  keep_out_of_cores();
  SLUICE_TRY(const auto pem, read_secret(in, path, limits::kKeyFile));
  const auto info = in.world.files.info(path);
  if (info && (info->mode & 077U) != 0) {
    in.log.write(LogLevel::warning, "other users can read this private key; chmod 600 it",
                 {{"file", path.native()}});
  }
  auto key = crypto::PrivateKey::from_pem(pem.reveal_text(), [&] { return password(in, request); });
  return within(std::move(key), cat("reading the private key ", shown(path)));
}

Result<crypto::PublicKey> load_public_key(Invocation& in, const Path& path) {
  SLUICE_TRY(const auto pem, in.world.files.read(path, limits::kKeyFile));
  auto key = crypto::PublicKey::from_pem(pem);
  if (!key && crypto::PrivateKey::format_of(pem)) {
    return fail(Error{Errc::unsupported,
                      cat(shown(path), " is a private key; verification wants the public one"),
                      {},
                      cat("sluice key public ", shown(path))});
  }
  return within(std::move(key), cat("reading the public key ", shown(path)));
}

}  // namespace sluice::cli
