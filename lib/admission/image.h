// SPDX-License-Identifier: Apache-2.0
// References to images, as a workload names them: [REGISTRY/]PATH[:TAG][@ALGORITHM:HEX].
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "crypto/digest.h"

namespace sluice::admission {

struct ImageReference {
  std::string repository;  // with its registry: "docker.io/library/nginx" for "nginx"
  std::string tag = {};    // empty: none; where there is a digest, what runs is the digest
  std::optional<crypto::Digest> digest = {};  // SHA-256 or SHA-512
};

inline constexpr std::size_t kMaxReference = 4096;

// Errc::malformed for what a container runtime would not take either; Errc::unsupported for a
// digest of another algorithm.
[[nodiscard]] Result<ImageReference> parse_image(std::string_view text);

// Does the resource that a decision names ("oci://registry.example/web",
// "registry.example/web@sha256:…", "registry.example/web:1.2") stand for this image? Scheme, tag
// and digest do not matter (the digest is compared on its own), the repository does.
bool same_repository(std::string_view resource, const ImageReference& image);

}  // namespace sluice::admission
