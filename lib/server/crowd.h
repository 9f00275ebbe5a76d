// SPDX-License-Identifier: Apache-2.0
// Who has to go where there is no room for one more connection: the one place that decides it.
//
// First an address that takes more than a fair part. Then whoever owes bytes (a handshake, a
// request, the taking of an answer) and was never answered; then whoever owes bytes; then who is
// idle; last whoever showed a certificate. Among equals the one goes that has been at it the
// longest. Who has only just come to what it does is spared, unless there is a rush of such. Never
// one whose request is being handled, and never the newcomer.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace sluice::server {

enum class Doing : std::uint8_t { shaking_hands, idle, reading, handling, writing };

struct Guest {
  std::uint64_t id = 0;
  std::string_view address;
  Doing doing = Doing::shaking_hands;
  std::chrono::steady_clock::duration since{};  // how long it has been doing that
  bool answered = false;                        // a request of it, at some time, or right now
  bool certified = false;
};

// `fair` connections of one address are nothing to wonder at.
std::optional<std::uint64_t> who_goes(std::span<const Guest> guests, std::uint64_t newcomer,
                                      std::size_t fair);

// What counts as one address, of an IPv6 address or an IPv4 address mapped to one: of IPv6 the
// network of 64 bits, which one machine may have to itself.
std::string address_group(const std::array<unsigned char, 16>& address);

}  // namespace sluice::server
