// SPDX-License-Identifier: Apache-2.0
#include "sigstore/artifact.h"

#include <algorithm>

#include "base/text.h"

namespace sluice::sigstore {

namespace {

using crypto::Digest;
using crypto::HashAlgorithm;
using crypto::Message;
using crypto::Scheme;

bool is_ed25519(Scheme scheme) {
  return scheme.kind == crypto::SchemeKind::ed25519 || scheme.kind == crypto::SchemeKind::ed25519ph;
}

// What one reading of a file takes in.
class Intake {
 public:
  static Result<Intake> begin(const std::set<HashAlgorithm>& hashes,
                              const std::vector<Scheme>& wholes, std::uint64_t size) {
    Intake out;
    for (const auto algorithm : hashes) out.hashers_.emplace_back(algorithm);
    for (const auto scheme : wholes) {
      SLUICE_TRY(auto message, crypto::MessageIntake::begin(scheme, size));
      out.messages_.push_back(std::move(message));
    }
    return out;
  }

  Result<void> update(ByteView piece) {
    for (auto& hasher : hashers_) hasher.update(piece);
    for (auto& message : messages_) SLUICE_CHECK(message.update(piece));
    return {};
  }

  void finish(KnownDigests& known, std::vector<Message>& messages) {
    for (auto& hasher : hashers_) known.add(hasher.finish());
    for (auto& message : messages_) {
      messages.push_back(message.finish());
      known.add(messages.back().digest());
    }
  }

 private:
  std::vector<crypto::Hasher> hashers_;
  std::vector<crypto::MessageIntake> messages_;
};

}  // namespace

std::string shown(const Artifact& artifact) {
  if (const auto* path = std::get_if<Path>(&artifact)) return sluice::shown(*path);
  return std::get<Digest>(artifact).text();
}

void KnownDigests::add(Digest digest) {
  const auto at = std::ranges::lower_bound(digests_, digest.algorithm(), {}, &Digest::algorithm);
  if (at != digests_.end() && at->algorithm() == digest.algorithm()) return;
  digests_.insert(at, std::move(digest));
}

const Digest* KnownDigests::find(HashAlgorithm algorithm) const {
  const auto at = std::ranges::find(digests_, algorithm, &Digest::algorithm);
  return at == digests_.end() ? nullptr : &*at;
}

void ArtifactReading::announce(Scheme scheme, std::optional<HashAlgorithm> also) {
  if (also) announce(*also);
  if (!is_ed25519(scheme)) return announce(scheme.hash);
  if (std::ranges::find(wanted_.wholes, scheme) == wanted_.wholes.end()) {
    wanted_.wholes.push_back(scheme);
  }
}

const Message* ArtifactReading::message_of(Scheme scheme) const {
  const auto at = std::ranges::find(messages_, scheme, &Message::scheme);
  return at == messages_.end() ? nullptr : &*at;
}

bool ArtifactReading::is_known() const {
  return std::ranges::all_of(wanted_.hashes,
                             [&](auto one) { return known_.find(one) != nullptr; }) &&
         std::ranges::all_of(wanted_.wholes, [&](auto one) { return message_of(one) != nullptr; });
}

Result<void> ArtifactReading::read_file(const Path& path) {
  SLUICE_TRY(const auto source, files_.open(path));
  // What a message brings along need not be hashed twice; what was known before is hashed again.
  std::set<HashAlgorithm> hashes = wanted_.hashes;
  for (const Digest& digest : known_.all()) hashes.insert(digest.algorithm());
  for (const Scheme scheme : wanted_.wholes) {
    hashes.erase(scheme.kind == crypto::SchemeKind::ed25519 ? HashAlgorithm::sha256 : scheme.hash);
  }
  SLUICE_TRY(auto intake, Intake::begin(hashes, wanted_.wholes, source->size().value_or(0)));
  SLUICE_CHECK(
      within(crypto::read_pieces(*source, [&](ByteView piece) { return intake.update(piece); }),
             cat("reading ", sluice::shown(path))));
  KnownDigests known;
  messages_.clear();
  intake.finish(known, messages_);
  for (const Digest& before : known_.all()) {
    const Digest* now = known.find(before.algorithm());
    if (now == nullptr || *now != before) {
      return fail(Errc::io, cat(sluice::shown(path), " changed while it was read"));
    }
  }
  known_ = std::move(known);
  return {};
}

Result<void> ArtifactReading::ensure() {
  if (is_known()) return {};
  if (const auto* path = std::get_if<Path>(&artifact_)) return read_file(*path);
  known_.add(std::get<Digest>(artifact_));
  return {};
}

Result<KnownDigests> ArtifactReading::digests(const std::set<HashAlgorithm>& algorithms) {
  wanted_.hashes.insert(HashAlgorithm::sha256);  // for the report, whatever else is wanted
  wanted_.hashes.insert(algorithms.begin(), algorithms.end());
  SLUICE_CHECK(ensure());
  return known_;
}

Result<Absorbed> ArtifactReading::absorb(Scheme scheme, std::optional<HashAlgorithm> also) {
  if (const auto* given = std::get_if<Digest>(&artifact_)) {
    auto message = Message::of_digest(scheme, *given);
    if (!message) {
      return fail(Error{
          Errc::unsupported,
          cat(name(scheme), " cannot be verified by a ", name(given->algorithm()), " digest alone"),
          {},
          "name the file itself"});
    }
    known_.add(*given);
    return Absorbed{*std::move(message), known_};
  }
  announce(scheme, also);
  SLUICE_CHECK(ensure());
  if (const Message* whole = message_of(scheme)) return Absorbed{*whole, known_};
  SLUICE_TRY(auto message, Message::of_digest(scheme, *known_.find(scheme.hash)));
  return Absorbed{std::move(message), known_};
}

}  // namespace sluice::sigstore
