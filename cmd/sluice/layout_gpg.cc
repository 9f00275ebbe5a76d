// SPDX-License-Identifier: Apache-2.0
// GPG keys, through the gpg program: owners to verify by, and who signs.
#include "base/text.h"
#include "gpg_options.h"
#include "layout_shared.h"

namespace sluice::cli {

namespace {

intoto::Gpg gpg_of(const Invocation& in) {
  return intoto::Gpg(in.world.processes, in.args.get("--gpg-home"));
}

}  // namespace

Result<intoto::Functionary> gpg_owner(Invocation& in, const std::string& id) {
  SLUICE_TRY(auto known, gpg_of(in).public_key(id));
  return std::move(known.key);
}

Result<std::unique_ptr<intoto::GpgSigner>> gpg_signer(const Invocation& in, const std::string& id) {
  return intoto::GpgSigner::make(
      gpg_of(in), id.empty() ? std::nullopt : std::optional<std::string>(id), in.world.clock.now());
}

Result<json::Value> gpg_functionary(const Invocation& in, const std::string& id) {
  SLUICE_TRY(auto known, gpg_of(in).public_key(id));
  return std::move(known.object);
}

std::vector<Option> gpg_signing_options(bool repeated) {
  return {{.name = "--gpg",
           .value = "KEYID",
           .help = "sign with this key of gpg, by its fingerprint",
           .repeated = repeated},
          {"--gpg-home", "DIR", "gpg's folder, where it is not the usual one"}};
}

}  // namespace sluice::cli
