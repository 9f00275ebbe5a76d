// SPDX-License-Identifier: Apache-2.0
#include "tuf_signers.h"

#include <algorithm>

#include "base/text.h"
#include "keyfile.h"
#include "tuf_identity.h"

namespace sluice::cli {

namespace {

Result<SecretBytes> typed_secret(Invocation& in, tuf::Repository* held,
                                 const PasswordRequest& request) {
  const auto ask = [&] { return password(in, request); };
  return held != nullptr && asks_a_person(in, request) ? held->unheld(ask) : ask();
}

bool is_identity(const std::string& source) { return source.starts_with("sigstore:"); }

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

std::string none_of_them(const std::string& source) {
  return cat(printable(source, 200), " is none of the keys that may sign");
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

TufSigners::TufSigners(Invocation& in, Path base)
    : in_(in), base_(std::move(base)), identities_(identity_signers(in)) {
  keep_out_of_cores();
}

void TufSigners::withhold(const tuf::RepoPolicy& policy) {
  for (const auto& [role, of] : policy.roles) {
    for (const auto& source : of.online) {
      if (auto variable = tuf::variable_of(source)) withheld_.push_back(*std::move(variable));
    }
  }
}

TufSigners::TufSigners(Invocation& in, tuf::Repository& repository)
    : TufSigners(in, repository.folder()) {
  held_ = &repository;
  withhold(repository.policy());
}

Result<SecretBytes> TufSigners::password_for(const std::string& source) {
  auto at = passwords_.find(source);
  if (at == passwords_.end()) {
    const std::string prompt = cat("Password for ", printable(source, 100), ": ");
    SLUICE_TRY(auto typed, typed_secret(in_, held_, {.prompt = prompt}));
    at = passwords_.emplace(source, std::move(typed)).first;
  }
  return SecretBytes::copy_of(at->second.reveal_text());
}

tuf::SignerOptions TufSigners::options_for(const std::string& source) {
  tuf::SignerOptions out;
  out.identities = identities_.get();
  out.password = [this, source] { return password_for(source); };
  out.pin = [&in = in_, held = held_, source] {
    const std::string prompt = cat("PIN for ", printable(source, 100), ": ");
    return typed_secret(in, held, {.option = "--pin-file", .prompt = prompt, .environment = false});
  };
  return out;
}

Result<TufSigners::Signer> TufSigners::open(const std::string& source,
                                            const std::optional<tuf::RoleKey>& expected) {
  std::string id = source;
  if (expected) id += cat("\n", expected->keyid.str(), "\n", expected->scheme);
  if (const auto at = opened_.find(id); at != opened_.end()) return at->second;
  auto options = options_for(source);
  options.expected = expected;
  options.withheld = withheld_;
  auto opened = tuf::open_role_signer(below(source, base_), options, in_.world);
  Result<Signer> out = opened ? Result<Signer>(*std::move(opened)) : fail(opened.error());
  return opened_.emplace(std::move(id), std::move(out)).first->second;
}

Result<TufSigners::Signer> TufSigners::any(const std::string& source) { return open(source, {}); }

// A command does not say which key it has, nor does an identity's token. Of these alone
// Errc::denied says that it is another one.
Result<TufSigners::Match> TufSigners::asked_as_each(
    const std::string& source, const std::vector<tuf::Signatories>& signatories) {
  SLUICE_TRY(const auto known, candidates(signatories));
  Match out{nullptr, none_of_them(source)};
  for (const auto& each : known) {
    if (each.identity != is_identity(source)) continue;
    auto signer = open(source, each.key);
    if (signer) return Match{*std::move(signer)};
    if (signer.error().code != Errc::denied) return fail(std::move(signer).error());
    if (each.identity) out.why = signer.error().what;
  }
  return out;
}

Result<TufSigners::Match> TufSigners::one_of(const std::string& source,
                                             const std::vector<tuf::Signatories>& signatories) {
  if (is_identity(source) || source.starts_with("cmd:")) {
    const auto ask = [&] { return asked_as_each(source, signatories); };
    const bool signs_in = held_ != nullptr && is_identity(source);  // in a browser, say
    return signs_in ? held_->unheld(ask) : ask();
  }
  SLUICE_TRY(auto signer, any(source));
  SLUICE_TRY(const auto key, tuf::understood(signer->key(), identity_keys(in_)));
  SLUICE_TRY(const auto known, candidates(signatories));
  const auto listed = std::ranges::find(known, key.material, &Candidate::material);
  if (listed == known.end()) return Match{nullptr, none_of_them(source)};
  if (listed->key.keyid != signer->key().keyid || listed->key.scheme != signer->key().scheme) {
    SLUICE_TRY(signer, open(source, listed->key));
  }
  return Match{std::move(signer)};
}

tuf::OnlineSigners online_signers(Invocation& in, tuf::Repository& repository) {
  return
      [&in, policy = repository.policy(), signers = std::make_shared<TufSigners>(in, repository)](
          const tuf::RoleName& role,
          const tuf::Signatories& signatories) -> Result<std::vector<TufSigners::Signer>> {
        std::vector<TufSigners::Signer> out;
        for (const auto& source : policy.of(role).online) {
          SLUICE_TRY(auto found, within(signers->one_of(source, {signatories}),
                                        cat("signing ", printable(role.str(), 80))));
          if (found.signer == nullptr) {
            // Another of the role's keys may do; where none does, the count says so.
            in.log.write(LogLevel::warning, "a key of the policy does not sign for its role",
                         {{"role", printable(role.str(), 80)}, {"why", found.why}});
            continue;
          }
          out.push_back(std::move(found.signer));
        }
        return out;
      };
}

}  // namespace sluice::cli
