// SPDX-License-Identifier: Apache-2.0
#include "sigstore/artifact.h"

#include <algorithm>

#include "base/text.h"

namespace sluice::sigstore {

namespace {

using crypto::Digest;
using crypto::HashAlgorithm;
using crypto::Message;

// Passes a source on and hashes what goes through.
class HashingSource final : public ByteSource {
 public:
  HashingSource(ByteSource& inner, const std::set<HashAlgorithm>& algorithms) : inner_(inner) {
    for (const auto algorithm : algorithms) hashers_.emplace_back(algorithm);
  }
  Result<std::size_t> read(std::span<std::uint8_t> into) override {
    auto got = inner_.read(into);
    if (got) {
      for (auto& hasher : hashers_) hasher.update(into.first(*got));
    }
    return got;
  }
  Result<void> unchanged() override { return inner_.unchanged(); }
  std::optional<std::uint64_t> size() const override { return inner_.size(); }

  void finish(KnownDigests& known) {
    for (auto& hasher : hashers_) known.add(hasher.finish());
  }

 private:
  ByteSource& inner_;
  std::vector<crypto::Hasher> hashers_;
};

// The algorithm of Message::digest().
HashAlgorithm own_digest(crypto::Scheme scheme) {
  return scheme.kind == crypto::SchemeKind::ed25519 ? HashAlgorithm::sha256 : scheme.hash;
}

}  // namespace

std::string shown(const Artifact& artifact) {
  if (const auto* path = std::get_if<Path>(&artifact)) return sluice::shown(*path);
  return std::get<Digest>(artifact).text();
}

const Digest* KnownDigests::find(HashAlgorithm algorithm) const {
  const auto at = std::ranges::find(digests_, algorithm, &Digest::algorithm);
  return at == digests_.end() ? nullptr : &*at;
}

Result<KnownDigests> digests_of(Files& files, const Artifact& artifact,
                                std::set<HashAlgorithm> algorithms) {
  KnownDigests known;
  if (const auto* given = std::get_if<Digest>(&artifact)) {
    known.add(*given);
    return known;
  }
  const Path& path = std::get<Path>(artifact);
  SLUICE_TRY(const auto source, files.open(path));
  algorithms.insert(HashAlgorithm::sha256);  // for the report, whatever else is wanted
  HashingSource hashing(*source, algorithms);
  SLUICE_CHECK(within(crypto::read_pieces(hashing, [](ByteView) -> Result<void> { return {}; }),
                      cat("reading ", sluice::shown(path))));
  hashing.finish(known);
  return known;
}

Result<Absorbed> absorb(Files& files, const Artifact& artifact, crypto::Scheme scheme,
                        std::optional<HashAlgorithm> also) {
  if (const auto* given = std::get_if<Digest>(&artifact)) {
    auto message = Message::of_digest(scheme, *given);
    if (!message) {
      return fail(Error{
          Errc::unsupported,
          cat(name(scheme), " cannot be verified by a ", name(given->algorithm()), " digest alone"),
          {},
          "name the file itself"});
    }
    Absorbed out{*std::move(message), {}};
    out.known.add(*given);
    return out;
  }
  const Path& path = std::get<Path>(artifact);
  SLUICE_TRY(const auto source, files.open(path));
  HashingSource hashing(
      *source, also && *also != own_digest(scheme) ? std::set{*also} : std::set<HashAlgorithm>{});
  SLUICE_TRY(auto message,
             within(Message::of(scheme, hashing), cat("reading ", sluice::shown(path))));
  Absorbed out{std::move(message), {}};
  hashing.finish(out.known);
  out.known.add(out.message.digest());
  return out;
}

}  // namespace sluice::sigstore
