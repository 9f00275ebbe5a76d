// SPDX-License-Identifier: Apache-2.0
// An OCI image layout on disk (image-spec 1.1, image-layout.md), read and never written.
//
// Promises: what it names is there. The bytes of each manifest, and of what its manifests and
// layers refer to, are hashed and are what their digests say. Refuses blobs that are links or
// anything but plain files, digests but sha256 and sha512, and more than limits of its own.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/files.h"
#include "crypto/digest.h"

namespace sluice::oci {

inline constexpr std::size_t kManifestSize = 4U << 20;  // as registries bound it
inline constexpr std::size_t kManifestsMost = 1'000;    // of an index
inline constexpr std::size_t kBlobsMost = 10'000;       // of a layout, each counted once
inline constexpr int kIndexDepth = 4;                   // indexes within indexes

struct Descriptor {
  std::string media_type;
  crypto::Digest digest;
  std::uint64_t size = 0;
  std::map<std::string, std::string> annotations;

  std::string tag() const;  // org.opencontainers.image.ref.name; "" where there is none
};

// The manifests that index.json names, in their order. Errc::malformed where the layout is not
// whole, naming the blob.
[[nodiscard]] Result<std::vector<Descriptor>> read_layout(Files& files, const Path& folder);

// "containerimage.digest" of the metadata that a build leaves (docker buildx --metadata-file), or
// of an --iidfile ("sha256:…" alone).
[[nodiscard]] Result<crypto::Digest> read_build_metadata(std::string_view text);

}  // namespace sluice::oci
