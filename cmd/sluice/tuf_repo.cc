// SPDX-License-Identifier: Apache-2.0
// What the commands that keep a TUF repository share.
#include "tuf_repo.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/limits.h"
#include "base/text.h"
#include "commands.h"
#include "exit.h"
#include "trust_material.h"
#include "tuf_identity.h"

namespace sluice::cli {

namespace {

constexpr std::size_t kToldRoles = 8;

}  // namespace

std::vector<Option> with_repository_options(std::vector<Option> own) {
  std::vector<Option> out{
      {"--repo", "DIR", "the repository; otherwise the folder that you are in"}};
  std::ranges::move(own, std::back_inserter(out));
  std::ranges::move(trust_options(), std::back_inserter(out));
  return out;
}

Path repository_folder(const Invocation& in) { return in.args.get("--repo").value_or("."); }

Result<tuf::Repository> open_repository(Invocation& in) {
  return tuf::Repository::open(in.world.files, repository_folder(in), identity_keys(in));
}

Result<OpenRepository> open_to_change(Invocation& in) {
  SLUICE_TRY(auto repository, open_repository(in));
  SLUICE_CHECK(repository.hold());
  return OpenRepository{std::move(repository)};
}

Result<void> check_proposed(tuf::Repository& repository, const std::vector<tuf::RoleName>& roles) {
  for (const auto& role : roles) {
    SLUICE_TRY(const auto* staged, repository.staged(role));
    if (staged != nullptr) continue;
    return fail(Error{Errc::not_found, cat(printable(role.str(), 80), " is not proposed")}.advise(
        "`sluice tuf status` says what is"));
  }
  return {};
}

Result<std::int64_t> count_argument(std::string_view option, const std::string& given) {
  std::int64_t out = 0;
  const auto* const end = given.data() + given.size();
  const auto [stop, error] = std::from_chars(given.data(), end, out);
  if (error != std::errc() || stop != end || out < 1) {
    return fail(Errc::usage, cat(option, " takes a number above 0, not ", printable(given, 60)));
  }
  return out;
}

namespace {

// A key's name has no colon: what stands before "sigstore:" is one, or nothing.
Result<std::optional<NamedKey>> named_identity(const std::string& given) {
  const auto at = given.find("sigstore:");
  const bool named = at != std::string::npos && at > 0 && given.find('=') == at - 1;
  if (at != 0 && !named) return std::nullopt;
  SLUICE_TRY(auto key, identity_argument(given.substr(at)));
  const auto* identity = key->keyval.find("identity");
  NamedKey out{named ? given.substr(0, at - 1) : *identity->string(), *std::move(key)};
  if (auto good = tuf::check_key_name(out.name); !good) {
    return fail(std::move(good).error().advise("give it a name: NAME=sigstore:WHO?issuer=URL"));
  }
  return out;
}

// Said by name, where a parser would say which character it did not expect.
Result<void> refuse_other_formats(std::string_view text, const Path& file) {
  text = trim(text);
  if (text.starts_with('{') || text.starts_with("-----BEGIN")) return {};
  const bool ssh =
      std::ranges::any_of(std::array<std::string_view, 5>{"ssh-", "ecdsa-sha2-", "sk-ssh-",
                                                          "sk-ecdsa-", "---- BEGIN SSH2"},
                          [&](std::string_view start) { return text.starts_with(start); });
  return fail(Error{Errc::usage, cat(shown(file), ssh ? " is a key of ssh" : " is no public key",
                                     "; what is wanted is a public key as PEM, or as TUF's JSON")}
                  .advise("make one that sluice signs with: sluice key generate --type ed25519 "
                          "--out-prefix NAME"));
}

}  // namespace

Result<NamedKey> read_named_key(Invocation& in, const std::string& given) {
  SLUICE_TRY(auto identity, named_identity(given));
  if (identity) return *std::move(identity);
  const auto equals = given.find('=');
  const Path file = equals == std::string::npos ? given : given.substr(equals + 1);
  NamedKey out{equals == std::string::npos ? file.stem().native() : given.substr(0, equals),
               {KeyId(""), {}, {}, {}}};
  SLUICE_CHECK(tuf::check_key_name(out.name));
  SLUICE_TRY(const auto text, in.world.files.read(file, limits::kKeyFile));
  if (crypto::PrivateKey::format_of(text)) {
    return fail(Error{Errc::usage, cat(shown(file),
                                       " is a private key; a repository lists public "
                                       "ones")}
                    .advise(cat("sluice key public ", shown(file))));
  }
  SLUICE_CHECK(refuse_other_formats(text, file));
  SLUICE_TRY(out.key, within(tuf::read_public_key(text, identity_keys(in)),
                             cat("reading the key ", shown(file))));
  return out;
}

Result<tuf::RoleKey> key_argument(Invocation& in, tuf::Repository& repository,
                                  const std::string& given) {
  SLUICE_TRY(const auto* names, repository.names());
  if (const auto* known = names->named(given)) return *known;
  SLUICE_TRY(auto named, read_named_key(in, given));
  SLUICE_CHECK(repository.name_key(named.name, named.key));
  return std::move(named.key);
}

std::string dropped_text(std::size_t signatures) {
  if (signatures == 0) return {};
  return cat("  ", signatures, signatures == 1 ? " signature was" : " signatures were",
             " over the version before this change, and went\n");
}

Result<int> save_and_tell(Invocation& in, tuf::Repository& repository, const tuf::Edited& edited) {
  SLUICE_TRY(const auto dropped, repository.save());
  json::Array roles;
  std::string text = "proposed  ";
  for (std::size_t i = 0; i < edited.roles.size(); ++i) {
    const auto& role = edited.roles[i];
    SLUICE_TRY(const auto* staged, repository.staged(role));
    if (staged == nullptr) continue;
    json::Value entry;
    entry.set("role", role.str());
    entry.set("version", staged->draft.version());
    roles.push_back(std::move(entry));
    if (i < kToldRoles) {
      text += cat(i == 0 ? "" : ", ", printable(role.str(), 80), " ", staged->draft.version());
    } else if (i == kToldRoles) {
      text += cat(" and ", edited.roles.size() - i, " more");
    }
  }
  if (in.json) {
    json::Value out;
    out.set("kind", "sluice.tuf-proposed/v1");
    out.set("roles", json::Value(std::move(roles)));
    out.set("signatures_dropped", static_cast<std::int64_t>(dropped));
    json::Array notes;
    for (const auto& note : edited.notes) notes.emplace_back(note);
    out.set("notes", json::Value(std::move(notes)));
    SLUICE_CHECK(in.print_json(out));
    return kDone;
  }
  text += "\n";
  for (const auto& note : edited.notes) text += cat("  ", note, "\n");
  SLUICE_CHECK(in.console.print(text + dropped_text(dropped)));
  in.console.talk("Nothing is published yet: sluice tuf status says who signs.\n");
  return kDone;
}

std::vector<Command> tuf_commands() {
  std::vector<Command> out;
  for (auto* const group :
       {tuf_init_commands, tuf_target_commands, tuf_role_commands, tuf_sign_commands,
        tuf_status_commands, tuf_publish_commands, tuf_look_commands, tuf_client_commands}) {
    auto commands = group();
    std::ranges::move(commands, std::back_inserter(out));
  }
  return out;
}

}  // namespace sluice::cli
