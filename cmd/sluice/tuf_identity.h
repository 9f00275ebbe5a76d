// SPDX-License-Identifier: Apache-2.0
// Keys of TUF metadata that are identities (TAP 18): keytype "sigstore-oidc", scheme "Fulcio", and
// as the value whose identity, by which issuer. Such a key "signs" by a Sigstore bundle over the
// canonical form of what is signed, as securesystemslib writes it: beside the signature's "sig" in
// "bundle"; or, as the text of the TAP has it, in "sig" itself.
#pragma once

#include "invocation.h"
#include "tuf/key.h"

namespace sluice::cli {

// Verifies by the trust material in use (trust_material.h), which is looked for when the first such
// key is met. Where it cannot be had, or a bundle does not verify, the signature does not count and
// the log says why. `in` must outlive it. The command has to take trust_options().
tuf::ForeignKeys identity_keys(Invocation& in);

}  // namespace sluice::cli
