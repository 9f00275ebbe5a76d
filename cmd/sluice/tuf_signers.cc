// SPDX-License-Identifier: Apache-2.0
#include "tuf_signers.h"

#include <algorithm>

#include "base/text.h"
#include "keyfile.h"
#include "tuf_identity.h"

namespace sluice::cli {

namespace {

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

TufSigners::TufSigners(Invocation& in, Path base)
    : in_(in), base_(std::move(base)), identities_(identity_signers(in)) {
  keep_out_of_cores();
}

Result<TufSigners::Signer> TufSigners::open(const std::string& source,
                                            const std::optional<tuf::RoleKey>& expected) {
  std::string id = source;
  if (expected) id += cat("\n", expected->keyid.str(), "\n", expected->scheme);
  if (const auto at = opened_.find(id); at != opened_.end()) return at->second;
  auto options = signer_options(in_, source, *identities_);
  options.expected = expected;
  auto opened = tuf::open_role_signer(below(source, base_), options, in_.world);
  Result<Signer> out = opened ? Result<Signer>(*std::move(opened)) : fail(opened.error());
  return opened_.emplace(std::move(id), std::move(out)).first->second;
}

Result<TufSigners::Signer> TufSigners::any(const std::string& source) { return open(source, {}); }

Result<TufSigners::Signer> TufSigners::one_of(const std::string& source,
                                              const std::vector<tuf::Signatories>& signatories) {
  SLUICE_TRY(const auto known, candidates(signatories));
  const bool identity = source.starts_with("sigstore:");
  std::string why;
  // A command does not say which key it has, nor does a token: it is asked as each.
  if (identity || source.starts_with("cmd:")) {
    for (const auto& each : known) {
      if (each.identity != identity) continue;
      auto signer = open(source, each.key);
      if (signer || signer.error().code != Errc::denied) return signer;
      why = signer.error().what;
    }
  } else {
    SLUICE_TRY(auto signer, any(source));
    SLUICE_TRY(const auto key, tuf::understood(signer->key(), identity_keys(in_)));
    for (const auto& each : known) {
      if (each.material != key.material) continue;
      if (each.key.keyid == signer->key().keyid && each.key.scheme == signer->key().scheme) {
        return signer;
      }
      return open(source, each.key);
    }
  }
  if (identity && !why.empty()) return fail(Errc::denied, std::move(why));
  return fail(Errc::denied, cat(printable(source, 200), " is none of the keys that may sign"));
}

tuf::OnlineSigners online_signers(Invocation& in, const tuf::Repository& repository) {
  return [&in, policy = repository.policy(),
          signers = std::make_shared<TufSigners>(in, repository.folder())](
             const tuf::RoleName& role,
             const tuf::Signatories& signatories) -> Result<tuf::OnlineKeys> {
    tuf::OnlineKeys out;
    for (const auto& source : policy.of(role).online) {
      auto signer = signers->one_of(source, {signatories});
      if (signer) {
        out.keys.push_back(*std::move(signer));
        continue;
      }
      in.log.write(LogLevel::warning, "a key of the policy does not sign for its role",
                   {{"role", printable(role.str(), 80)}, {"why", signer.error().text()}});
      // Another of the role's keys may do. Where none does and this one was opened, the count says
      // so. A command is a key that is open.
      const bool opened = source.starts_with("cmd:") ||
                          (!source.starts_with("sigstore:") && signers->any(source).has_value());
      const bool another = opened && signer.error().code == Errc::denied;
      if (!another && !out.broken) out.broken = std::move(signer).error();
    }
    return out;
  };
}

}  // namespace sluice::cli
