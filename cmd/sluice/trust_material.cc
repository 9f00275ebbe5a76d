// SPDX-License-Identifier: Apache-2.0
#include "trust_material.h"

namespace sluice::cli {

using sigstore::Instance;
using sigstore::TrustRoot;

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
  if (in.args.has("--staging")) return TrustRoot::embedded(Instance::staging);
  const auto imported = imported_trust(in.world.environment);
  if (imported) {
    auto root = sigstore::trust_file(in.world.files, *imported)->trust_root();
    if (root || root.error().code != Errc::not_found) return root;
  }
  return TrustRoot::embedded(Instance::production);
}

std::vector<Option> trust_options() {
  return {{"--trusted-root", "FILE",
           "trust this trusted_root.json; default: the imported one, else Sigstore's public one "
           "that is built in"},
          {"--staging", "", "trust Sigstore's public staging instance, which is built in"}};
}

}  // namespace sluice::cli
