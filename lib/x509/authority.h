// SPDX-License-Identifier: Apache-2.0
// Whom a verification trusts to certify, and for which times.
#pragma once

#include <memory>
#include <mutex>
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

// Whether the links between an authority's certificates were proven before, by whoever made the
// material that this program is built with.
enum class Links : std::uint8_t { open, proven };

// Trusted certificates: those that issue first, the anchor last. The anchor may be any certificate,
// it need not be self-signed; its own signature is not looked at. The first may be a service's own
// certificate instead of an authority's, as timestamping services have it.
//
// The links between them are proven by the first who asks, once for all copies: a program that
// holds many authorities pays for those that it uses. It never changes; copies share it, also
// between threads.
class Authority {
 public:
  // Errc::malformed where the names and key identifiers do not follow each other.
  [[nodiscard]] static Result<Authority> from_chain(std::vector<Certificate> chain, Window window,
                                                    std::string label = {},
                                                    Links links = Links::open);

  // Was each certificate but the last signed by the next? The search for a chain (x509/chain.h)
  // asks before it ends at this authority; whoever takes authorities in asks at once.
  [[nodiscard]] Result<void> prove() const;

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
    State(std::vector<Certificate> certificates, Window time, std::string text, Links known)
        : chain(std::move(certificates)), window(time), label(std::move(text)), links(known) {}
    std::vector<Certificate> chain;
    Window window;
    std::string label;
    Links links;
    mutable std::once_flag once;  // guards broken
    mutable std::optional<Error> broken;
  };
  explicit Authority(std::shared_ptr<const State> state) : state_(std::move(state)) {}
  std::shared_ptr<const State> state_;  // shared because chains refer to it
};

// By names and key identifiers: could this be the issuer? The signature tells whether it is.
bool may_have_issued(const Certificate& issuer, const Certificate& subject);

}  // namespace sluice::x509
