// SPDX-License-Identifier: Apache-2.0
// Signatures that held before, so that equal questions are not answered by mathematics again.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

#include "crypto/key.h"

namespace sluice::crypto {

// Whether a signature fits a key, a scheme and a message never changes. What else may make a
// verification come out otherwise another time (hours, purposes, names, whom to trust) is not in
// here, and is judged each time. Only what held is kept, a bounded number of it: a newcomer takes
// the place of an older one. Shared by threads.
class SignatureMemo {
 public:
  // As verify() of crypto/key.h. Of the schemes that sign a digest; the others are asked anew.
  [[nodiscard]] Result<Match> verify(const PublicKey& key, const Message& message,
                                     ByteView signature);

 private:
  using Slot = std::array<std::uint8_t, 32>;  // SHA-256 over all of the question
  static constexpr std::size_t kSlots = 512;
  bool knows(const Slot& question);
  void keep(const Slot& question);

  std::mutex mutex_;
  std::vector<Slot> slots_;  // guarded by mutex_; empty until something held
};

// Through the memo where there is one.
[[nodiscard]] Result<Match> verify(SignatureMemo* memo, const PublicKey& key,
                                   const Message& message, ByteView signature);

}  // namespace sluice::crypto
