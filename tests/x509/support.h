// SPDX-License-Identifier: Apache-2.0
// What the tests of this room share.
#pragma once

#include "support/pki/pki.h"
#include "x509/authority.h"

namespace sluice::x509 {

inline const Window kAlways{test::at("2020-01-01T00:00:00Z"), {}};
inline const Time kSigned = test::at("2026-06-01T12:00:02Z");

inline Certificate read(const test::MadeCertificate& made) {
  return Certificate::from_der(made.der).value();
}

}  // namespace sluice::x509
