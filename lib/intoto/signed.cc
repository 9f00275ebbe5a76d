// SPDX-License-Identifier: Apache-2.0
#include "intoto/signed.h"

#include <algorithm>
#include <deque>

#include "base/text.h"

namespace sluice::intoto {

// The message, hashed once for each scheme that asks.
struct SignedMetadata::Digested {
  std::deque<crypto::Message> made;  // those handed out stay where they are

  Result<crypto::Match> verify(const crypto::PublicKey& key, crypto::Scheme scheme,
                               ByteView message, ByteView sig) {
    // Pure Ed25519 takes no digest, so there is none to share.
    if (scheme.kind == crypto::SchemeKind::ed25519) {
      return crypto::verify(key, scheme, message, sig);
    }
    const auto at = std::ranges::find(made, scheme, &crypto::Message::scheme);
    if (at != made.end()) return crypto::verify(key, *at, sig);
    SLUICE_TRY(auto digested, crypto::Message::of(scheme, message));
    made.push_back(std::move(digested));
    return crypto::verify(key, made.back(), sig);
  }
};

std::string_view name(Wrapping wrapping) {
  return wrapping == Wrapping::metablock ? "metablock" : "dsse";
}

std::string_view name(PayloadKind kind) {
  switch (kind) {
    case PayloadKind::link:
      return "link";
    case PayloadKind::layout:
      return "layout";
    case PayloadKind::statement:
      return "statement";
  }
  return "?";
}

SignedMetadata::SignedMetadata() : digested_(std::make_unique<Digested>()) {}
SignedMetadata::~SignedMetadata() = default;
SignedMetadata::SignedMetadata(SignedMetadata&&) noexcept = default;
SignedMetadata& SignedMetadata::operator=(SignedMetadata&&) noexcept = default;

std::string_view SignedMetadata::payload() const {
  return wrapping_ == Wrapping::dsse ? std::string_view(*decoded_) : payload_.in(*document_);
}

ByteView SignedMetadata::message() const {
  return bytes_of(message_ ? std::string_view(*message_) : payload());
}

Result<crypto::Match> SignedMetadata::check(const crypto::PublicKey& key, crypto::Scheme scheme,
                                            const MetadataSignature& signature) {
  if (!signature.other_headers.empty()) return crypto::Match::no;  // GPG's are over something else
  return digested_->verify(key, scheme, message(), signature.sig);
}

Result<SignatureFinding> SignedMetadata::check(const Key& key) {
  using Outcome = SignatureFinding::Outcome;
  const auto ids = key.ids();
  std::vector<std::size_t> named;
  std::vector<std::size_t> others;
  for (std::size_t i = 0; i < signatures_.size(); ++i) {
    const bool its = std::ranges::find(ids, signatures_[i].keyid) != ids.end();
    (its ? named : others).push_back(i);
  }
  for (const auto* list : {&named, &others}) {
    for (const std::size_t i : *list) {
      SLUICE_TRY(const auto match, check(key.material(), key.scheme(), signatures_[i]));
      if (match == crypto::Match::yes) return SignatureFinding{Outcome::valid, i};
    }
  }
  if (named.empty()) return SignatureFinding{};
  return SignatureFinding{Outcome::wrong, named.front()};
}

}  // namespace sluice::intoto
