// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/codec.h"
#include "base/text.h"
#include "tufrepo/role_key_parts.h"

namespace sluice::tuf {

namespace {

constexpr std::size_t kCommandWords = 100;
constexpr std::size_t kSignatureMost = 16U << 10;
constexpr std::string_view kPasswords = "SLUICE_PASSWORD";

// It signs with one key. What opens the others is not its business.
std::vector<std::pair<std::string, std::string>> variables_for_it(
    const Environment& environment, const std::vector<std::string>& withheld) {
  std::vector<std::pair<std::string, std::string>> out;
  for (auto& name : environment.names()) {
    if (name.starts_with(kPasswords) || std::ranges::find(withheld, name) != withheld.end()) {
      continue;
    }
    std::string value = environment.get(name).value_or("");
    out.emplace_back(std::move(name), std::move(value));
  }
  return out;
}

// What programs write: the bytes themselves, or base64 or hex of them; r and s side by side.
std::vector<Bytes> readings_of(std::string_view out, crypto::KeyType type) {
  std::vector<Bytes> readings{copy_of(bytes_of(out))};
  const auto text = trim(out);
  if (auto bytes = from_hex(lower_ascii(text))) readings.push_back(*std::move(bytes));
  std::string joined;
  for (const auto line : split(text, '\n')) joined += trim(line);
  if (auto bytes = from_base64(joined)) readings.push_back(*std::move(bytes));
  if (type == crypto::KeyType::rsa || type == crypto::KeyType::ed25519) return readings;
  for (std::size_t i = 0, count = readings.size(); i < count; ++i) {
    if (auto der = crypto::ecdsa_der_from_raw(type, readings[i])) {
      readings.push_back(*std::move(der));
    }
  }
  return readings;
}

class CommandSigner final : public RoleSigner {
 public:
  CommandSigner(std::vector<std::string> command, RoleKey key, Key usable,
                const SignerOptions& options, const World& world)
      : command_(std::move(command)),
        key_(std::move(key)),
        usable_(std::move(usable)),
        time_(options.command_time),
        withheld_(options.withheld),
        environment_(world.environment),
        processes_(world.processes) {}

  const RoleKey& key() const override { return key_; }
  std::string describe() const override {
    return cat("the command ", printable(command_.front(), 200));
  }

  Result<RoleSignature> sign(std::string_view message) override {
    SLUICE_TRY(const auto ran,
               processes_.run({.command = command_,
                               .input = std::string(message),
                               .environment = variables_for_it(environment_, withheld_),
                               .max_output = kSignatureMost,
                               .timeout = time_}));
    const std::string said = ran.err.empty() ? "" : cat(": ", printable(trim(ran.err), 300));
    if (ran.exit_code != 0) {
      return fail(Errc::denied, cat(describe(), " ended with ", ran.exit_code, said));
    }
    if (ran.truncated || ran.out.empty()) {
      return fail(
          Errc::denied,
          cat(describe(), ran.truncated ? " answered too much" : " answered nothing", said));
    }
    for (const Bytes& reading : readings_of(ran.out, usable_.key->type())) {
      auto checked = checked_signature(key_, usable_, message, reading);
      if (checked || checked.error().code != Errc::denied) return checked;
    }
    return fail(Error{Errc::denied, cat("what ", describe(), " answered is no signature by ",
                                        key_.describe(), " with ", key_.scheme)}
                    .advise("it gets the bytes to sign on standard input, and answers with the "
                            "signature: bytes, base64 or hex"));
  }

 private:
  std::vector<std::string> command_;
  RoleKey key_;
  Key usable_;
  std::chrono::milliseconds time_;
  std::vector<std::string> withheld_;
  const Environment& environment_;
  Processes& processes_;
};

}  // namespace

Result<std::vector<std::string>> split_command(std::string_view text) {
  std::vector<std::string> out;
  bool open = false;  // a word has begun
  char quote = '\0';
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quote == '\0' && (c == ' ' || c == '\t' || c == '\n')) {
      open = false;
      continue;
    }
    if (!open) out.emplace_back();
    open = true;
    if (c == '\0') return fail(Errc::usage, "a command with a NUL byte");
    if (quote != '\0' && c == quote) {
      quote = '\0';
    } else if (quote == '\0' && (c == '\'' || c == '"')) {
      quote = c;
    } else if (c == '\\' && quote != '\'' && i + 1 < text.size()) {
      out.back() += text[++i];
    } else {
      out.back() += c;
    }
  }
  if (quote != '\0') return fail(Errc::usage, "a command with a quote that is not closed");
  if (out.empty() || out.front().empty()) return fail(Errc::usage, "a command without a program");
  if (out.size() > kCommandWords) return fail(Errc::limit, "a command with too many words");
  return out;
}

Result<std::unique_ptr<RoleSigner>> command_signer(const std::string& command,
                                                   const SignerOptions& options,
                                                   const World& world) {
  SLUICE_TRY(auto words, split_command(command));
  if (!options.expected && !options.public_key) {
    return fail(Error{Errc::usage, "a command signs with a key that is not known"}.advise(
        "name its public key"));
  }
  RoleKey key;
  if (options.public_key) {
    SLUICE_TRY(key, settle_key(*options.public_key, options, "the public key"));
  } else {
    key = *options.expected;
  }
  SLUICE_TRY(Key usable, usable_key(key));
  return std::make_unique<CommandSigner>(std::move(words), std::move(key), std::move(usable),
                                         options, world);
}

}  // namespace sluice::tuf
