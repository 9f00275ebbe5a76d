// SPDX-License-Identifier: Apache-2.0
// Digests: of bytes, of streams, of many files on all cores.
#pragma once

#include <compare>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/files.h"

namespace sluice::crypto {

// Sets OpenSSL up without a configuration file: a user's openssl.cnf must not change a verdict.
// This room does it by itself; whoever lets another library start OpenSSL (libcurl) calls it first.
void ready_openssl();

enum class HashAlgorithm : std::uint8_t { sha256, sha384, sha512 };
std::string_view name(HashAlgorithm algorithm);  // "sha256"
std::size_t digest_size(HashAlgorithm algorithm);

class Digest {
 public:
  // "sha256:<64 lower-case hex>"
  [[nodiscard]] static Result<Digest> parse(std::string_view text);
  // Checks the length.
  [[nodiscard]] static Result<Digest> from_bytes(HashAlgorithm algorithm, ByteView bytes);

  HashAlgorithm algorithm() const { return algorithm_; }
  ByteView bytes() const { return bytes_; }
  std::string hex() const;
  std::string text() const;  // "sha256:…"
  auto operator<=>(const Digest&) const = default;

 private:
  Digest(HashAlgorithm algorithm, Bytes bytes) : algorithm_(algorithm), bytes_(std::move(bytes)) {}
  HashAlgorithm algorithm_;
  Bytes bytes_;
};

// Takes a message piece by piece. Move-only.
class Hasher {
 public:
  explicit Hasher(HashAlgorithm algorithm);
  Hasher(Hasher&&) noexcept;
  Hasher& operator=(Hasher&&) noexcept;
  ~Hasher();

  void update(ByteView bytes);
  Digest finish();  // afterwards the hasher starts a new message

 private:
  struct State;
  std::unique_ptr<State> state_;
};

Digest digest_of(HashAlgorithm algorithm, ByteView bytes);

// Hands the source on piece by piece, in constant memory; fails where the source changed meanwhile.
[[nodiscard]] Result<void> read_pieces(ByteSource& source,
                                       const std::function<Result<void>(ByteView)>& use);

// All that is left of a source, in constant memory; fails where it changed meanwhile.
[[nodiscard]] Result<Digest> digest_source(ByteSource& source, HashAlgorithm algorithm);

// Streamed in constant memory; fails where the file changed while it was read.
[[nodiscard]] Result<Digest> digest_file(Files& files, const Path& path, HashAlgorithm algorithm);

// One answer for each path, in their order, on up to `threads` threads.
[[nodiscard]] std::vector<Result<Digest>> digest_files(Files& files, const std::vector<Path>& paths,
                                                       HashAlgorithm algorithm, unsigned threads);

}  // namespace sluice::crypto
