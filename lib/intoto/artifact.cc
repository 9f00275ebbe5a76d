// SPDX-License-Identifier: Apache-2.0
#include "intoto/artifact.h"

#include <algorithm>

#include "base/codec.h"
#include "base/text.h"
#include "intoto/limits.h"
#include "json/text_out.h"

namespace sluice::intoto {

namespace {

struct KnownAlgorithm {
  std::string_view name;
  std::size_t hex;        // digits; 0: not checked
  std::size_t other_hex;  // of git's object names, which may be SHA-256's; else as hex
  bool strong;
};

// As hashlib of Python, in-toto-golang and the attestation framework spell them.
constexpr std::array kKnownAlgorithms{
    KnownAlgorithm{"sha256", 64, 64, true},     KnownAlgorithm{"sha384", 96, 96, true},
    KnownAlgorithm{"sha512", 128, 128, true},   KnownAlgorithm{"sha512_256", 64, 64, true},
    KnownAlgorithm{"sha3_256", 64, 64, true},   KnownAlgorithm{"sha3_384", 96, 96, true},
    KnownAlgorithm{"sha3_512", 128, 128, true}, KnownAlgorithm{"blake2b", 128, 128, true},
    KnownAlgorithm{"blake2s", 64, 64, true},    KnownAlgorithm{"blake2b-256", 64, 64, true},
    KnownAlgorithm{"gitCommit", 40, 64, true},  KnownAlgorithm{"gitTree", 40, 64, true},
    KnownAlgorithm{"gitBlob", 40, 64, true},    KnownAlgorithm{"gitTag", 40, 64, true},
    KnownAlgorithm{"sha224", 56, 56, false},    KnownAlgorithm{"sha512_224", 56, 56, false},
    KnownAlgorithm{"sha3_224", 56, 56, false},  KnownAlgorithm{"sha1", 40, 40, false},
    KnownAlgorithm{"md5", 32, 32, false},
};

const KnownAlgorithm* known_algorithm(std::string_view name) {
  const auto* const found = std::ranges::find(kKnownAlgorithms, name, &KnownAlgorithm::name);
  return found == kKnownAlgorithms.end() ? nullptr : found;
}

bool is_lower_hex(std::string_view text) {
  return !text.empty() && text.size() % 2 == 0 && std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
  });
}

constexpr std::string_view kSha256 = "sha256";
constexpr std::size_t kMostHex = 512;

// 64 digits of lower-case hex; false for anything else.
bool read_sha256(std::string_view hex, std::array<std::uint8_t, 32>& into) {
  if (hex.size() != 2 * into.size()) return false;
  const auto digit = [](char c) -> unsigned {
    if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
    if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a') + 10U;
    return 16U;
  };
  for (std::size_t i = 0; i < into.size(); ++i) {
    const unsigned high = digit(hex[2 * i]);
    const unsigned low = digit(hex[2 * i + 1]);
    if (high > 15 || low > 15) return false;
    into[i] = static_cast<std::uint8_t>(high * 16 + low);
  }
  return true;
}

}  // namespace

bool is_strong(std::string_view algorithm) {
  const KnownAlgorithm* known = known_algorithm(algorithm);
  return known != nullptr && known->strong;
}

DigestSet DigestSet::of(const crypto::Digest& digest) {
  DigestSet out;
  if (digest.algorithm() == crypto::HashAlgorithm::sha256) {
    std::ranges::copy(digest.bytes(), out.sha256_.begin());
    out.has_sha256_ = true;
  } else {
    out.others_.push_back({std::string(name(digest.algorithm())), digest.hex()});
  }
  return out;
}

const DigestSet::Entry* DigestSet::other(std::string_view algorithm) const {
  const auto at = std::ranges::find(others_, algorithm, &Entry::algorithm);
  return at == others_.end() ? nullptr : &*at;
}

Result<void> DigestSet::add(std::string_view algorithm, std::string_view hex) {
  const auto refuse = [&](std::string_view why) {
    return fail(Errc::malformed, cat("the digest ", printable(algorithm, 40), " \"",
                                     printable(hex, 80), "\" ", why));
  };
  if (algorithm == kSha256) {
    if (has_sha256_) return refuse("is there twice");
    if (!read_sha256(hex, sha256_)) return refuse("is not 64 digits of lower-case hex");
    has_sha256_ = true;
    return {};
  }
  if (algorithm.empty() || algorithm.size() > 40) return refuse("has no name of an algorithm");
  if (!is_lower_hex(hex) || hex.size() > kMostHex) return refuse("is no lower-case hex");
  const KnownAlgorithm* known = known_algorithm(algorithm);
  if (known != nullptr && hex.size() != known->hex && hex.size() != known->other_hex) {
    return refuse("has another length than the algorithm's");
  }
  if (other(algorithm) != nullptr) return refuse("is there twice");
  if (others_.size() + 1 >= limits::kDigests) {
    return fail(Errc::limit, cat("more than ", limits::kDigests, " digests of one artifact"));
  }
  const auto at = std::ranges::upper_bound(
      others_, algorithm, {}, [](const Entry& each) { return std::string_view(each.algorithm); });
  others_.insert(at, {std::string(algorithm), std::string(hex)});
  return {};
}

bool DigestSet::strong() const {
  return has_sha256_ ||
         std::ranges::any_of(others_, [](const Entry& each) { return is_strong(each.algorithm); });
}

std::vector<DigestSet::Entry> DigestSet::entries() const {
  std::vector<Entry> out = others_;
  if (has_sha256_) {
    const auto at = std::ranges::upper_bound(
        out, kSha256, {}, [](const Entry& each) { return std::string_view(each.algorithm); });
    out.insert(at, {std::string(kSha256), to_hex(sha256_)});
  }
  return out;
}

std::string DigestSet::text() const {
  if (has_sha256_) return cat(kSha256, ":", to_hex(sha256_));
  if (others_.empty()) return "";
  const auto at =
      std::ranges::find_if(others_, [](const Entry& each) { return is_strong(each.algorithm); });
  const Entry& best = at == others_.end() ? others_.front() : *at;
  return cat(best.algorithm, ":", best.hex);
}

Agreement agreement(const DigestSet& a, const DigestSet& b) {
  bool common = false;
  if (a.has_sha256_ && b.has_sha256_) {
    if (a.sha256_ != b.sha256_) return Agreement::differ;
    common = true;
  }
  for (const DigestSet::Entry& each : a.others_) {
    const DigestSet::Entry* theirs = b.other(each.algorithm);
    if (theirs == nullptr) continue;
    if (theirs->hex != each.hex) return Agreement::differ;
    common = common || is_strong(each.algorithm);
  }
  return common ? Agreement::same : Agreement::no_common;
}

Result<Artifacts> Artifacts::of(std::vector<Artifact> artifacts) {
  // Mostly they are in order: then that, and that none is there twice, is seen in one go.
  const auto find = [&](auto order) {
    return std::ranges::adjacent_find(artifacts, order, &Artifact::name);
  };
  if (find(std::ranges::greater_equal()) != artifacts.end()) {
    std::ranges::sort(artifacts, {}, &Artifact::name);
    const auto twice = find(std::ranges::equal_to());
    if (twice != artifacts.end()) {
      return fail(Errc::malformed,
                  cat("the artifact \"", printable(twice->name, 200), "\" is there twice"));
    }
  }
  if (!artifacts.empty() && artifacts.front().name.empty()) {
    return fail(Errc::malformed, "an artifact without a name");
  }
  Artifacts out;
  out.all_ = std::move(artifacts);
  return out;
}

const Artifact* Artifacts::find(std::string_view name) const {
  const auto at = std::ranges::lower_bound(
      all_, name, {}, [](const Artifact& each) { return std::string_view(each.name); });
  return at == all_.end() || at->name != name ? nullptr : &*at;
}

void DigestSet::append_json(std::string& out) const {
  if (has_sha256_ && others_.empty()) {
    // By far the most: straight into its place.
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::array<char, 2 * sizeof sha256_> hex;
    for (std::size_t i = 0; i < sha256_.size(); ++i) {
      hex[2 * i] = kDigits[sha256_[i] >> 4U];
      hex[2 * i + 1] = kDigits[sha256_[i] & 0xFU];
    }
    out += R"({"sha256":")";
    out.append(hex.data(), hex.size());
    out += "\"}";
    return;
  }
  out += '{';
  bool first = true;
  for (const auto& [algorithm, hex] : entries()) {
    if (!first) out += ',';
    first = false;
    json::append_quoted(out, algorithm);
    out += ":\"";
    out += hex;
    out += '"';
  }
  out += '}';
}

}  // namespace sluice::intoto
