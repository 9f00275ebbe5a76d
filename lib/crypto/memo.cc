// SPDX-License-Identifier: Apache-2.0
#include "crypto/memo.h"

#include <algorithm>

namespace sluice::crypto {

namespace {

std::size_t place_of(const std::array<std::uint8_t, 32>& question, std::size_t slots) {
  return (question[0] + (std::size_t{question[1]} << 8U)) % slots;
}

}  // namespace

// The parts cannot run into each other: two bytes, a key that states its own length (DER), a digest
// whose length the scheme tells, and what is left.
Result<Match> SignatureMemo::verify(const PublicKey& key, const Message& message,
                                    ByteView signature) {
  const Scheme scheme = message.scheme();
  if (scheme.kind == SchemeKind::ed25519 || scheme.kind == SchemeKind::ed25519ph) {
    return crypto::verify(key, message, signature);
  }
  Bytes text{static_cast<std::uint8_t>(scheme.kind), static_cast<std::uint8_t>(scheme.hash)};
  for (const ByteView part : {ByteView(key.der()), message.digest().bytes(), signature}) {
    text.insert(text.end(), part.begin(), part.end());
  }
  Slot question{};
  std::ranges::copy(digest_of(HashAlgorithm::sha256, text).bytes(), question.begin());
  if (knows(question)) return Match::yes;
  auto match = crypto::verify(key, message, signature);
  if (match && *match == Match::yes) keep(question);
  return match;
}

bool SignatureMemo::knows(const Slot& question) {
  const std::scoped_lock lock(mutex_);
  return !slots_.empty() && slots_[place_of(question, kSlots)] == question;
}

void SignatureMemo::keep(const Slot& question) {
  const std::scoped_lock lock(mutex_);
  slots_.resize(kSlots);
  slots_[place_of(question, kSlots)] = question;
}

Result<Match> verify(SignatureMemo* memo, const PublicKey& key, const Message& message,
                     ByteView signature) {
  return memo == nullptr ? verify(key, message, signature) : memo->verify(key, message, signature);
}

}  // namespace sluice::crypto
