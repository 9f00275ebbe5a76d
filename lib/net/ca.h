// SPDX-License-Identifier: Apache-2.0
// Where this machine keeps the certificate authorities that it trusts.
//
// A statically linked libcurl and OpenSSL know one folder of the machine that built them, and
// libcurl itself never reads SSL_CERT_FILE. So we look, and tell libcurl what we found.
#pragma once

#include <string>

#include "base/environment.h"
#include "base/files.h"

namespace sluice::net {

struct CaBundle {
  Path file;           // PEM certificates one after the other; may be empty
  Path folder;         // certificates by hashed name (c_rehash); may be empty
  std::string origin;  // who named it: "SSL_CERT_FILE", "the system", ...

  std::string shown() const;
};

// SSL_CERT_FILE and SSL_CERT_DIR first, then the places of the usual distributions: there the
// folder of hashed names where it is complete, since it is read a hundred times as fast. A variable
// that names nothing readable is Errc::not_found: falling back in silence would trust other
// authorities than those that were asked for.
[[nodiscard]] Result<CaBundle> find_ca_bundle(const Environment& environment, Files& files);

}  // namespace sluice::net
