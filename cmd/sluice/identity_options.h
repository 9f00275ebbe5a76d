// SPDX-License-Identifier: Apache-2.0
// The options that say who may have signed.
#pragma once

#include <optional>
#include <vector>

#include "cli.h"
#include "sigstore/identity.h"

namespace sluice::cli {

std::vector<Option> identity_options();
// The five that cosign has besides.
std::vector<Option> cosign_identity_options();

// Nothing where none of them was given. Errc::usage for one that is empty, as an unset variable
// leaves it; what the others ask for is judged by make_identity_rule.
[[nodiscard]] Result<std::optional<sigstore::IdentityWish>> identity_wish(
    const Arguments& arguments, sigstore::Compat compat = sigstore::Compat::none);

}  // namespace sluice::cli
