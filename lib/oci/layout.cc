// SPDX-License-Identifier: Apache-2.0
#include "oci/layout.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "json/value.h"

namespace sluice::oci {

namespace {

constexpr std::size_t kLayoutFile = 4U << 10;
constexpr std::size_t kAnnotationsMost = 200;

Result<crypto::Digest> parse_digest(std::string_view text) {
  SLUICE_TRY(auto digest, crypto::Digest::parse(text));
  if (digest.algorithm() == crypto::HashAlgorithm::sha384) {
    return fail(Errc::unsupported, "a digest of an image by sha384");
  }
  return digest;
}

Result<Descriptor> parse_descriptor(const json::Fields& fields) {
  SLUICE_TRY(std::string media_type, fields.string("mediaType"));
  SLUICE_TRY(const std::string text, fields.string("digest"));
  SLUICE_TRY(auto digest, within(parse_digest(text), cat("reading ", fields.path(), ".digest")));
  SLUICE_TRY(const std::int64_t size, fields.integer("size"));
  if (size < 0) return fail(Errc::malformed, cat(fields.path(), ".size is below 0"));
  Descriptor out{std::move(media_type), std::move(digest), static_cast<std::uint64_t>(size), {}};
  if (fields.has("annotations")) {
    SLUICE_TRY(const auto annotations, fields.object("annotations"));
    const json::Object& members = *annotations.value().object();
    if (members.size() > kAnnotationsMost) {
      return fail(Errc::limit, cat(annotations.path(), " has too many members"));
    }
    for (const auto& [key, value] : members) {
      if (value.string() == nullptr) {
        return fail(Errc::malformed, cat(annotations.path(), " holds something that is no text"));
      }
      out.annotations.emplace(key, *value.string());
    }
  }
  return out;
}

class LayoutReader {
 public:
  LayoutReader(Files& files, Path folder) : files_(files), folder_(std::move(folder)) {}

  Result<std::vector<Descriptor>> run() {
    SLUICE_TRY(const std::string marker,
               files_.read_plain(folder_ / "oci-layout", kLayoutFile, Links::refused));
    SLUICE_TRY(const auto value, json::parse_strict(marker));
    SLUICE_TRY(const std::string version,
               json::Fields(value, "oci-layout").string("imageLayoutVersion"));
    if (version != "1.0.0") {
      return fail(Errc::unsupported,
                  cat("a layout of the version \"", printable(version, 40), "\"; 1.0.0 is known"));
    }
    SLUICE_TRY(const std::string text,
               files_.read_plain(folder_ / "index.json", kManifestSize, Links::refused));
    SLUICE_TRY(const auto index, json::parse_strict(text));
    return read_index(json::Fields(index, "index.json"), 0);
  }

 private:
  Result<std::vector<Descriptor>> read_index(const json::Fields& fields, int depth) {
    if (depth > kIndexDepth) return fail(Errc::limit, "indexes within indexes, too deep");
    SLUICE_TRY(const auto manifests, fields.array("manifests", kManifestsMost));
    std::vector<Descriptor> out;
    for (const auto& each : manifests) {
      SLUICE_TRY(auto descriptor, parse_descriptor(each));
      SLUICE_CHECK(read_manifest(descriptor, depth));
      out.push_back(std::move(descriptor));
    }
    return out;
  }

  Path blob_of(const Descriptor& descriptor) const {
    return folder_ / "blobs" / name(descriptor.digest.algorithm()) / descriptor.digest.hex();
  }

  std::unexpected<Error> differs(const Path& blob, std::string_view how) const {
    return fail(Errc::malformed, cat("the blob ", shown(blob), " ", how));
  }

  // A manifest's bytes are hashed before they are read.
  Result<void> read_manifest(const Descriptor& descriptor, int depth) {
    if (!seen_.insert(descriptor.digest).second) return {};
    const Path blob = blob_of(descriptor);
    if (descriptor.size > kManifestSize) return differs(blob, "is too large for a manifest");
    SLUICE_TRY(const std::string text, files_.read_plain(blob, kManifestSize, Links::refused));
    if (text.size() != descriptor.size) return differs(blob, "has another size than it should");
    if (crypto::digest_of(descriptor.digest.algorithm(), bytes_of(text)) != descriptor.digest) {
      return differs(blob, "has another content than its name says");
    }
    SLUICE_TRY(const auto value, within(json::parse_strict(text), cat("reading ", shown(blob))));
    const json::Fields fields(value, "manifest");
    if (fields.has("manifests")) {
      SLUICE_CHECK(read_index(fields, depth + 1));
      return {};
    }
    SLUICE_TRY(const auto config, fields.object("config"));
    SLUICE_CHECK(check_blob(config));
    SLUICE_TRY(const auto layers, fields.array("layers", kManifestsMost));
    for (const auto& layer : layers) SLUICE_CHECK(check_blob(layer));
    return {};
  }

  Result<void> check_blob(const json::Fields& fields) {
    SLUICE_TRY(const auto descriptor, parse_descriptor(fields));
    if (!seen_.insert(descriptor.digest).second) return {};
    if (seen_.size() > kBlobsMost) return fail(Errc::limit, "a layout of too many blobs");
    const Path blob = blob_of(descriptor);
    SLUICE_TRY(const auto info, files_.info(blob));
    if (info.kind != FileKind::file) return differs(blob, "is no plain file");
    if (info.size != descriptor.size) return differs(blob, "has another size than it should");
    SLUICE_TRY(const auto digest, crypto::digest_file(files_, blob, descriptor.digest.algorithm()));
    if (digest != descriptor.digest) return differs(blob, "has another content than its name says");
    return {};
  }

  Files& files_;
  Path folder_;
  std::set<crypto::Digest> seen_;
};

}  // namespace

std::string Descriptor::tag() const {
  const auto at = annotations.find("org.opencontainers.image.ref.name");
  return at == annotations.end() ? "" : at->second;
}

Result<std::vector<Descriptor>> read_layout(Files& files, const Path& folder) {
  return within(LayoutReader(files, folder).run(), cat("reading the OCI layout ", shown(folder)));
}

Result<crypto::Digest> read_build_metadata(std::string_view text) {
  if (!trim(text).starts_with('{')) return parse_digest(trim(text));
  SLUICE_TRY(const auto value, json::parse_strict(text));
  SLUICE_TRY(const std::string digest,
             json::Fields(value, "metadata").string("containerimage.digest"));
  return parse_digest(digest);
}

}  // namespace sluice::oci
