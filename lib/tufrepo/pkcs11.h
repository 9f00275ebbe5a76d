// SPDX-License-Identifier: Apache-2.0
// Keys in PKCS#11 tokens, by the URI of RFC 7512:
//
//   pkcs11:token=release;object=root-1?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=env:PIN
//
// The module is loaded into this process: it is trusted like the program itself. Of the token and
// of the key, exactly one must fit.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "tufrepo/role_key.h"

namespace sluice::tuf {

struct Pkcs11Uri {
  // Empty: not named.
  std::string token;
  std::string manufacturer;
  std::string model;
  std::string serial;
  std::string object;
  std::string id;  // bytes
  std::optional<std::uint64_t> slot;
  std::string module_path;
  std::string pin_source;  // file:PATH, a path, or env:NAME
};
// Refuses attributes that it does not know, the same one twice, and a PIN in the URI itself (which
// other processes can see).
[[nodiscard]] Result<Pkcs11Uri> parse_pkcs11_uri(std::string_view text);

// ECDSA on P-256, P-384, P-521; Ed25519; RSA with PSS or PKCS#1 v1.5, as the key's scheme says.
[[nodiscard]] Result<std::unique_ptr<RoleSigner>> pkcs11_signer(const std::string& uri,
                                                                const SignerOptions& options,
                                                                const World& world);

}  // namespace sluice::tuf
