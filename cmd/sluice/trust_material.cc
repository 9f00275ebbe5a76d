// SPDX-License-Identifier: Apache-2.0
#include "trust_material.h"

#include "base/text.h"
#include "trust_update.h"

namespace sluice::cli {

using sigstore::Instance;
using sigstore::SigningConfig;
using sigstore::TrustRoot;

namespace {

Instance instance_of(const Invocation& in) {
  return in.args.has("--staging") ? Instance::staging : Instance::production;
}

Result<TrustRoot> kept_or_embedded(const Invocation& in) {
  SLUICE_TRY(auto found, kept_in_use(in, instance_of(in)));
  if (found.kept) return kept_trust(*std::move(found.kept), found.why_not)->trust_root();
  return TrustRoot::embedded(instance_of(in), found.why_not);
}

}  // namespace

std::optional<Path> imported_trust(const Environment& environment) {
  constexpr std::string_view kFile = "sluice/trusted_root.json";
  if (const auto data = environment.get("XDG_DATA_HOME"); data && data->starts_with('/')) {
    return Path(*data) / kFile;
  }
  // A relative one would lead into the folder that sluice was called in.
  if (const auto home = environment.get("HOME"); home && home->starts_with('/')) {
    return Path(*home) / ".local/share" / kFile;
  }
  return std::nullopt;
}

Result<TrustRoot> trust_root_for(Invocation& in) {
  const auto setting = in.settings.get(config::kTrustRoot);
  const bool named = in.args.has("--trusted-root");
  if (setting.value && (named || !in.args.has("--staging"))) {
    return sigstore::trust_file(in.world.files, *setting.value)->trust_root();
  }
  if (in.args.has("--staging")) return kept_or_embedded(in);
  const auto imported = imported_trust(in.world.environment);
  if (imported) {
    auto root = sigstore::trust_file(in.world.files, *imported)->trust_root();
    if (root || root.error().code != Errc::not_found) return root;
  }
  return kept_or_embedded(in);
}

bool trust_is_named(const Invocation& in) {
  const bool staging = in.args.has("--staging");
  if (in.args.has("--trusted-root")) return true;
  if (in.settings.get(config::kTrustRoot).value && !staging) return true;
  const auto imported = imported_trust(in.world.environment);
  if (staging || !imported) return false;
  const auto info = in.world.files.info(*imported);
  return info || info.error().code != Errc::not_found;
}

Result<SigningConfig> signing_config_for(Invocation& in) {
  if (const auto file = in.args.get("--signing-config")) {
    return SigningConfig::read(in.world.files, *file);
  }
  SLUICE_TRY(const auto found, kept_in_use(in, instance_of(in)));
  if (!found.kept) return SigningConfig::embedded(instance_of(in));
  if (found.kept->signing_config) {
    return within(SigningConfig::parse(*found.kept->signing_config),
                  cat("reading what was fetched from ", printable(found.kept->mirror, 200)));
  }
  return fail(Error{Errc::not_found, cat(printable(found.kept->mirror, 200),
                                         " lists no signing config, so nothing says which "
                                         "services to use")}
                  .advise("--signing-config FILE"));
}

std::vector<Option> trust_options() {
  return {{"--trusted-root", "FILE",
           "trust this trusted_root.json; default: the imported one, else the one that `trust "
           "update` fetched, else Sigstore's public one that is built in"},
          {"--staging", "", "trust Sigstore's public staging instance"}};
}

}  // namespace sluice::cli
