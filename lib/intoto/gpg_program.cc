// SPDX-License-Identifier: Apache-2.0
#include "intoto/gpg_program.h"

#include <algorithm>
#include <iterator>

#include "base/codec.h"
#include "base/text.h"
#include "intoto/gpg_export.h"
#include "intoto/gpg_packet.h"

namespace sluice::intoto {

namespace {

constexpr std::size_t kExportMost = 4U << 20;
// Eight digits are no id: a key for any eight is made in a minute.
constexpr std::size_t kIdLeast = 16;
constexpr std::size_t kIdMost = 40;
constexpr std::chrono::minutes kPassphraseTime{5};  // somebody may have to type it
constexpr std::string_view kOfNoMeaning = "sluice asks which key signs; this signs nothing\n";

Result<void> check_id(const std::string& id) {
  const bool hex = std::ranges::all_of(id, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
  });
  if (hex && id.size() >= kIdLeast && id.size() <= kIdMost) return {};
  return fail(
      Error{Errc::usage,
            cat("\"", printable(id, 60), "\" is no id of a GPG key: 40 hex digits, or its last 16"),
            {},
            "gpg --list-keys"});
}

// gpg says first what it does, and last what went wrong.
std::string last_line(std::string_view text) {
  text = trim(text);
  const auto at = text.rfind('\n');
  std::string_view line = at == std::string_view::npos ? text : text.substr(at + 1);
  if (line.starts_with("gpg: ")) line.remove_prefix(5);
  return printable(line, 300);
}

Result<crypto::Match> is_by(const GpgPublic& known, const GpgSignature& made, ByteView message) {
  const auto* part = known.key.part(made.said.fingerprint);
  if (part == nullptr) return crypto::Match::no;
  return check_gpg(*part, message,
                   {.keyid = made.said.fingerprint,
                    .sig = made.sig,
                    .certificate = {},
                    .other_headers = to_hex(made.headers),
                    .json = {}});
}

}  // namespace

Result<std::string> Gpg::ask(std::vector<std::string> words, std::string input) const {
  // Whatever gpg.conf says.
  std::vector<std::string> command{"gpg", "--batch", "--no-tty", "--no-armor"};
  if (home_) command.insert(command.end(), {"--homedir", *home_});
  std::ranges::move(words, std::back_inserter(command));
  auto ran = processes_->run({.command = std::move(command),
                              .input = std::move(input),
                              .max_output = kExportMost,
                              .timeout = kPassphraseTime});
  if (!ran && ran.error().code == Errc::not_found) {
    return fail(Error{Errc::not_found,
                      "the program gpg is not installed",
                      {},
                      "install it (Debian: gnupg), or use a key file: --key FILE"});
  }
  if (!ran) return std::unexpected(std::move(ran).error());
  if (ran->exit_code != 0) return fail(Errc::denied, cat("gpg said: ", last_line(ran->err)));
  if (ran->truncated) return fail(Errc::limit, "gpg answered too much");
  return std::move(ran->out);
}

Result<GpgPublic> Gpg::public_key(const std::string& id) const {
  SLUICE_CHECK(check_id(id));
  const std::string frame = cat("reading the GPG key ", id);
  auto listing = ask({"--with-colons", "--fingerprint", "--fingerprint", id}, {});
  if (!listing && listing.error().code == Errc::denied) listing.error().code = Errc::not_found;
  SLUICE_TRY(const std::string text, within(std::move(listing), frame));
  SLUICE_TRY(const auto listed, within(gpg_listing(text), frame));
  SLUICE_TRY(const auto exported, within(ask({"--export", id}, {}), frame));
  SLUICE_TRY(auto object, within(gpg_key_object(bytes_of(exported), listed), frame));
  SLUICE_TRY(auto key, within(GpgKey::parse(json::Fields(object, "key")), frame));
  return GpgPublic{std::move(object), std::move(key)};
}

Result<std::string> Gpg::detached(ByteView message, const std::optional<std::string>& id,
                                  bool exact) const {
  std::vector<std::string> words{"--no-textmode", "--detach-sign", "--digest-algo", "SHA256"};
  if (id) {
    SLUICE_CHECK(check_id(*id));
    words.insert(words.end(), {"--local-user", exact ? cat(*id, "!") : *id});
  }
  return within(ask(std::move(words), std::string(text_of(message))), "signing by GPG");
}

Result<std::unique_ptr<GpgSigner>> GpgSigner::make(const Gpg& gpg, std::optional<std::string> id,
                                                   Time now) {
  const auto message = bytes_of(kOfNoMeaning);
  SLUICE_TRY(const auto answer, gpg.detached(message, id, false));
  SLUICE_TRY(const auto made, within(parse_gpg_signature(bytes_of(answer)), "signing by GPG"));
  SLUICE_TRY(auto known, gpg.public_key(made.said.fingerprint));
  SLUICE_TRY(const auto match, is_by(known, made, message));
  if (match != crypto::Match::yes) {
    return fail(Errc::unsupported,
                cat("the GPG key ", made.said.fingerprint,
                    " cannot be used: its own signature does not verify, or it may not sign"));
  }
  if (made.said.expires && *made.said.expires < now + std::chrono::hours(1)) {
    return fail(Error{Errc::unsupported,
                      "gpg's signatures end as soon as they are made",
                      {},
                      "is there a default-sig-expire in gpg.conf?"});
  }
  return std::unique_ptr<GpgSigner>(new GpgSigner(gpg, made.said.fingerprint, std::move(known)));
}

std::vector<std::string> GpgSigner::ids() const {
  std::vector<std::string> out{keyid_};
  for (auto& id : public_.key.ids()) {
    if (id != keyid_) out.push_back(std::move(id));
  }
  return out;
}

Result<std::string> GpgSigner::entry(Wrapping wrapping, ByteView message) const {
  if (wrapping != Wrapping::metablock) {
    return fail(Error{Errc::unsupported,
                      "a signature by GPG stands in a Metablock alone: nobody reads one in an "
                      "envelope",
                      {},
                      "--format metablock, or --key FILE"});
  }
  SLUICE_TRY(const auto answer, gpg_.detached(message, keyid_, true));
  SLUICE_TRY(const auto made, within(parse_gpg_signature(bytes_of(answer)), "signing by GPG"));
  SLUICE_TRY(const auto match, is_by(public_, made, message));
  if (match != crypto::Match::yes || made.said.fingerprint != keyid_) {
    return fail(Errc::internal, "gpg's signature is not that of the key that was asked for");
  }
  return cat(R"({"keyid":")", keyid_, R"(","other_headers":")", to_hex(made.headers),
             R"(","signature":")", to_hex(made.sig), "\"}");
}

}  // namespace sluice::intoto
