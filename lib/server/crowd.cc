// SPDX-License-Identifier: Apache-2.0
#include "server/crowd.h"

#include <algorithm>
#include <map>
#include <tuple>

namespace sluice::server {

namespace {

constexpr std::chrono::seconds kSpared{1};
constexpr std::size_t kRush = 4;  // one in so many

unsigned patience_with(const Guest& guest) {
  if (guest.certified) return 3;
  if (guest.doing == Doing::idle && guest.answered) return 2;
  return guest.answered ? 1 : 0;
}

}  // namespace

std::optional<std::uint64_t> who_goes(std::span<const Guest> guests, std::uint64_t newcomer,
                                      std::size_t fair) {
  std::map<std::string_view, std::size_t> counts;
  for (const Guest& each : guests) ++counts[each.address];
  const auto strangers =
      std::ranges::count_if(guests, [](const Guest& each) { return patience_with(each) == 0; });
  const bool rush = static_cast<std::size_t>(strangers) * kRush > guests.size();
  // Who comes first in this order goes first.
  const auto place = [&](const Guest& guest) {
    const std::size_t count = counts.at(guest.address);
    const std::size_t excess = count > fair ? count - fair : 0;
    return std::tuple(guests.size() - excess, !rush && guest.since < kSpared, patience_with(guest),
                      -guest.since);
  };
  const Guest* first = nullptr;
  for (const Guest& each : guests) {
    if (each.id == newcomer || each.doing == Doing::handling) continue;
    if (first == nullptr || place(each) < place(*first)) first = &each;
  }
  if (first == nullptr) return std::nullopt;
  return first->id;
}

std::string address_group(const std::array<unsigned char, 16>& address) {
  constexpr std::array<unsigned char, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
  const bool is_ipv4 = std::equal(kMapped.begin(), kMapped.end(), address.begin());
  return {address.begin(), address.begin() + (is_ipv4 ? 16 : 8)};
}

}  // namespace sluice::server
