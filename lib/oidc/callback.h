// SPDX-License-Identifier: Apache-2.0
// Where the browser comes back to after a sign-in (RFC 8252 7.3).
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sluice::oidc {

// What the browser is shown, and whether it was the one that was waited for.
struct CallbackReply {
  bool last = false;
  std::string text;  // one sentence for people; nothing that came from outside
};

class Callback {
 public:
  virtual ~Callback() = default;
  virtual std::string redirect_uri() const = 0;
  // Hands each query that a browser brings to the redirect URI to `judge`, until it says that this
  // was the last. Errc::timeout if it never does.
  [[nodiscard]] virtual Result<void> wait(
      std::chrono::milliseconds within,
      const std::function<CallbackReply(std::string_view query)>& judge) = 0;
};

// The real one: net/loopback.h on a free port of 127.0.0.1. The redirect URI says "localhost",
// since older releases of Dex, which Sigstore's public issuer is, take no address there for clients
// without a secret.
[[nodiscard]] Result<std::unique_ptr<Callback>> open_callback();

}  // namespace sluice::oidc
