// SPDX-License-Identifier: Apache-2.0
// What the commands that keep a TUF repository share.
#include "tuf_repo.h"

#include <algorithm>
#include <charconv>

#include "base/limits.h"
#include "base/text.h"
#include "commands.h"
#include "exit.h"
#include "keyfile.h"
#include "trust_material.h"
#include "tuf_identity.h"

namespace sluice::cli {

namespace {

constexpr std::chrono::milliseconds kRepositoryWait{10'000};
constexpr std::size_t kToldRoles = 8;

tuf::SignerOptions signer_options(Invocation& in, const std::string& source,
                                  tuf::IdentitySigners& identities) {
  tuf::SignerOptions out;
  out.identities = &identities;
  out.password = [&in, source] {
    const std::string prompt = cat("Password for ", printable(source, 100), ": ");
    return password(in, {.prompt = prompt});
  };
  out.pin = [&in, source] {
    const std::string prompt = cat("PIN for ", printable(source, 100), ": ");
    return password(in, {.option = "--pin-file", .prompt = prompt, .environment = false});
  };
  return out;
}

std::string below(const std::string& source, const Path& base) {
  const bool is_path = source.find(':') == std::string::npos;
  return is_path && Path(source).is_relative() ? (base / source).native() : source;
}

// A listed key as its signer has to be: with the keyid and the scheme of the metadata.
Result<tuf::RoleKey> listed_key(const std::string& keyid, const tuf::Key& key) {
  if (key.key) {
    SLUICE_TRY(auto out, tuf::role_key(*key.key, key.scheme_name));
    out.keyid = KeyId(keyid);
    out.keytype = key.keytype;
    return out;
  }
  SLUICE_TRY(auto keyval, json::parse_strict(key.keyval));
  return tuf::RoleKey{KeyId(keyid), key.keytype, key.scheme_name, std::move(keyval)};
}

struct Candidate {
  tuf::RoleKey key;
  std::string material;
  bool identity = false;
};
Result<std::vector<Candidate>> candidates(const std::vector<tuf::Signatories>& signatories) {
  std::vector<Candidate> out;
  for (const auto& each : signatories) {
    for (const auto& keyid : each.role.keyids) {
      const auto at = each.keys.find(keyid);
      if (at == each.keys.end() || !at->second.usable()) continue;
      if (std::ranges::any_of(out,
                              [&](const Candidate& c) { return c.key.keyid.str() == keyid; })) {
        continue;
      }
      SLUICE_TRY(auto key, listed_key(keyid, at->second));
      out.push_back({std::move(key), at->second.material, at->second.foreign != nullptr});
    }
  }
  return out;
}

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
  SLUICE_TRY(auto lock, repository.lock(kRepositoryWait));
  return OpenRepository{std::move(lock), std::move(repository)};
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

Result<std::unique_ptr<tuf::RoleSigner>> open_any_signer(Invocation& in, const std::string& source,
                                                         const Path& base) {
  keep_out_of_cores();
  const auto identities = identity_signers(in);
  return tuf::open_role_signer(below(source, base), signer_options(in, source, *identities),
                               in.world);
}

Result<std::unique_ptr<tuf::RoleSigner>> open_signer(
    Invocation& in, const std::string& source, const Path& base,
    const std::vector<tuf::Signatories>& signatories, tuf::IdentitySigners& identities) {
  keep_out_of_cores();
  SLUICE_TRY(const auto known, candidates(signatories));
  auto options = signer_options(in, source, identities);
  const std::string where = below(source, base);
  const bool identity = source.starts_with("sigstore:");
  std::string why;
  // A command does not say which key it has, nor does a token: it is asked as each.
  if (identity || source.starts_with("cmd:")) {
    for (const auto& each : known) {
      if (each.identity != identity) continue;
      options.expected = each.key;
      auto signer = tuf::open_role_signer(where, options, in.world);
      if (signer || signer.error().code != Errc::denied) return signer;
      why = signer.error().what;
    }
  } else {
    SLUICE_TRY(auto signer, tuf::open_role_signer(where, options, in.world));
    SLUICE_TRY(const auto key, tuf::understood(signer->key(), identity_keys(in)));
    for (const auto& each : known) {
      if (each.material != key.material) continue;
      if (each.key.keyid == signer->key().keyid && each.key.scheme == signer->key().scheme) {
        return signer;
      }
      options.expected = each.key;
      return tuf::open_role_signer(where, options, in.world);
    }
  }
  if (identity && !why.empty()) return fail(Errc::denied, std::move(why));
  return fail(Errc::denied, cat(printable(source, 200), " is none of the keys that may sign"));
}

tuf::OnlineSigners online_signers(Invocation& in, const tuf::Repository& repository) {
  return [&in, folder = repository.folder(), policy = repository.policy(),
          identities = identity_signers(in)](const tuf::RoleName& role,
                                             const tuf::Signatories& signatories)
             -> Result<std::vector<std::unique_ptr<tuf::RoleSigner>>> {
    std::vector<std::unique_ptr<tuf::RoleSigner>> out;
    for (const auto& source : policy.of(role).online) {
      auto signer = open_signer(in, source, folder, {signatories}, *identities);
      if (!signer && signer.error().code == Errc::denied) {
        // Another of the role's keys may do; where none does, the count says so.
        in.log.write(LogLevel::warning, "a key of the policy does not sign for its role",
                     {{"role", printable(role.str(), 80)}, {"why", signer.error().text()}});
        continue;
      }
      if (!signer)
        return fail(std::move(signer).error().in(cat("signing ", printable(role.str(), 80))));
      out.push_back(*std::move(signer));
    }
    return out;
  };
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
  if (dropped > 0) {
    text += cat("  ", dropped, dropped == 1 ? " signature was" : " signatures were",
                " over the version before this change, and went\n");
  }
  SLUICE_CHECK(in.console.print(text));
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
