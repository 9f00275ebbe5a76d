// SPDX-License-Identifier: Apache-2.0
// Whom a verification trusts to certify, and for which times.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "x509/certificate.h"

namespace sluice::x509 {

// The time for which trust material counts: trusted_root.json's validFor. Both ends belong to it.
struct Window {
  Time start;
  std::optional<Time> end = {};
  bool contains(Time time) const { return start <= time && (!end || time <= *end); }
  std::string text() const;  // for people: "from 2022-04-13 20:06:15Z on"
};

// Trusted certificates: those that issue first, the anchor last. The anchor may be any certificate,
// it need not be self-signed; its own signature is not looked at. The first may be a service's own
// certificate instead of an authority's, as timestamping services have it.
//
// Each link between them is proven once, here, and not again by those who build chains on it. It
// never changes; copies share it, also between threads.
class Authority {
 public:
  [[nodiscard]] static Result<Authority> from_chain(std::vector<Certificate> chain, Window window,
                                                    std::string label = {});

  const std::vector<Certificate>& chain() const { return state_->chain; }
  const Certificate& anchor() const { return state_->chain.back(); }
  // The service's own certificate, where the chain begins with one.
  const Certificate* service() const;
  const Window& window() const { return state_->window; }
  const std::string& label() const { return state_->label; }  // for people: a URL, or the anchor
  // The same authority, and not another one like it?
  bool operator==(const Authority& other) const { return state_ == other.state_; }

 private:
  struct State {
    std::vector<Certificate> chain;
    Window window;
    std::string label;
  };
  explicit Authority(std::shared_ptr<const State> state) : state_(std::move(state)) {}
  std::shared_ptr<const State> state_;  // shared because it never changes and chains refer to it
};

// By names and key identifiers: could this be the issuer? The signature tells whether it is.
bool may_have_issued(const Certificate& issuer, const Certificate& subject);

}  // namespace sluice::x509
