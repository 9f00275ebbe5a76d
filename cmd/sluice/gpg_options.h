// SPDX-License-Identifier: Apache-2.0
// --gpg and --gpg-home: keys that the gpg program keeps.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "intoto/gpg_program.h"
#include "invocation.h"

namespace sluice::cli {

// Who signs by that key; an empty id is gpg's default key. gpg is asked for a signature, so that
// one that cannot be made is found out now.
[[nodiscard]] Result<std::unique_ptr<intoto::GpgSigner>> gpg_signer(const Invocation& in,
                                                                    const std::string& id);
// As a layout lists it, with its subkeys.
[[nodiscard]] Result<json::Value> gpg_functionary(const Invocation& in, const std::string& id);
std::vector<Option> gpg_signing_options(bool repeated);

}  // namespace sluice::cli
