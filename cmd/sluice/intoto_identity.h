// SPDX-License-Identifier: Apache-2.0
// Links and layouts that the identity of the surroundings signs: each is a Sigstore bundle.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "sign_services.h"

namespace sluice::cli {

class PayloadSigner {
 public:
  // Asks nobody yet.
  PayloadSigner(Invocation& in, std::unique_ptr<SignSetup> setup);

  // A bundle over a payload of in-toto's type, verified. `what` names it for people ("the link of
  // build"). statement: it has to be one; links and layouts of their own form are none. What the
  // services had to say goes to standard error. Errc::denied, with the check that failed, for a
  // refusal.
  [[nodiscard]] Result<sigstore::SignedBundle> sign(std::string what, std::string_view payload,
                                                    bool statement);
  // The bundle is where it belongs: the journal has done its duty.
  [[nodiscard]] Result<void> done();

 private:
  Console& console_;
  std::unique_ptr<SignSetup> setup_;
  sigstore::Signing signing_;
};

}  // namespace sluice::cli
