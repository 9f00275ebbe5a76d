// SPDX-License-Identifier: Apache-2.0
// Public keys as `gpg --export` writes them (RFC 4880 4.2, 5.5.2): a master key and its subkeys.
//
// Only what a layout lists is read: numbers and kinds. Names, signatures and expiry are skipped;
// whoever names the key by its fingerprint says whom they mean.
#pragma once

#include <string>
#include <vector>

#include "base/bytes.h"
#include "json/value.h"

namespace sluice::intoto {

// The key object of a layout. The fingerprints are those of gpg's listing, in its order: they are
// the keys' ids. Errc::unsupported where a key is none of RSA.
[[nodiscard]] Result<json::Value> gpg_key_object(ByteView exported,
                                                 const std::vector<std::string>& fingerprints);

// "fpr" lines of `gpg --with-colons --fingerprint --fingerprint`.
std::vector<std::string> gpg_fingerprints(std::string_view listing);

}  // namespace sluice::intoto
