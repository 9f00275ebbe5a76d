// SPDX-License-Identifier: Apache-2.0
// Keys of TUF metadata that are identities (TAP 18): keytype "sigstore-oidc", scheme "Fulcio", and
// as the value whose identity, by which issuer. Such a key "signs" by a Sigstore bundle over the
// canonical form of what is signed, as securesystemslib writes it: beside the signature's "sig" in
// "bundle"; or, as the text of the TAP has it, in "sig" itself.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "invocation.h"
#include "tufrepo/role_key.h"

namespace sluice::cli {

// Verifies by the trust material in use (trust_material.h), which is looked for when the first such
// key is met. Where it cannot be had, or a bundle does not verify, the signature does not count and
// the log says why. `in` must outlive it. The command has to take trust_options().
tuf::ForeignKeys identity_keys(Invocation& in);

// "sigstore:WHO?issuer=URL", as a public key; nothing where it is no such text, Errc::usage where
// it names nobody. WHO as a certificate names it: an address, or the URI of a workflow.
[[nodiscard]] Result<std::optional<tuf::RoleKey>> identity_argument(const std::string& given);
[[nodiscard]] Result<tuf::RoleKey> identity_key_for(const std::string& identity,
                                                    const std::string& issuer);

// Signs roles by who the surroundings, or a person at a browser, prove to be (sign_services.h):
// "sigstore:", which can be any identity that a role lists, or "sigstore:WHO?issuer=URL". One token
// and one certificate serve all that a command signs. A token of somebody else is refused before
// anything goes to a public log; what the services answered is verified as clients will, before it
// is handed out. `in` must outlive it. The command has to take token_options(), trust_options() and
// network_options().
std::shared_ptr<tuf::IdentitySigners> identity_signers(Invocation& in);

}  // namespace sluice::cli
