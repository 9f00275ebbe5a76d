// SPDX-License-Identifier: Apache-2.0
// The extensions of a certificate, inside this room.
#pragma once

#include "x509/certificate.h"

namespace sluice::x509 {

// Reads the list and everything in it that is known here into `fields`.
[[nodiscard]] Result<void> read_extensions(DerReader list, CertificateFields& fields);

// Would a chain be verified as this extension demands?
bool is_understood(const Extension& extension);

}  // namespace sluice::x509
