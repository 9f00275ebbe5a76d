// SPDX-License-Identifier: Apache-2.0
// Artifacts that are no files: commits and images.
#include "base/text.h"
#include "git/repository.h"
#include "intoto_step.h"
#include "oci/layout.h"

namespace sluice::cli {

namespace {

constexpr std::size_t kMetadataFile = 16U << 20;

// "[NAME=]PATH": the name that the artifact goes by, else the path itself.
struct NamedReference {
  std::string name;
  Path path;
};
Result<NamedReference> split_reference(std::string_view reference, const Path& folder) {
  const auto equals = reference.find('=');
  const std::string_view path =
      equals == std::string_view::npos ? reference : reference.substr(equals + 1);
  const std::string_view name = reference.substr(0, equals);
  if (path.empty() || name.empty() || path.find('\0') != std::string_view::npos || !is_utf8(name)) {
    return fail(Errc::usage, cat("\"", printable(reference, 200), "\" is not PATH or NAME=PATH"));
  }
  return NamedReference{
      equals == std::string_view::npos ? intoto::normal_name(path) : std::string(name),
      Path(path).is_absolute() ? Path(path) : folder / path};
}

Result<intoto::Artifact> git_artifact(std::string name, std::string_view algorithm,
                                      const git::ObjectId& id) {
  intoto::Artifact out{std::move(name), {}};
  SLUICE_CHECK(out.digests.add(algorithm, id.hex()));
  return out;
}

// git:[NAME=]PATH: the commit that is checked out there, and its tree.
class GitResolver final : public intoto::ArtifactResolver {
 public:
  std::string_view scheme() const override { return "git"; }
  Result<std::vector<intoto::Artifact>> resolve(std::string_view reference,
                                                const Path& folder) override {
    SLUICE_TRY(const auto named, split_reference(reference, folder));
    SLUICE_TRY(const auto repository, git::Repository::open(named.path));
    SLUICE_TRY(const auto commit, repository.commit("HEAD"));
    SLUICE_TRY(const auto tree, repository.tree(commit));
    SLUICE_TRY(auto first, git_artifact(cat("git:", named.name, "@commit"), "gitCommit", commit));
    SLUICE_TRY(auto second, git_artifact(cat("git:", named.name, "@tree"), "gitTree", tree));
    return std::vector<intoto::Artifact>{std::move(first), std::move(second)};
  }
};

// oci:[NAME=]PATH: the manifests of an OCI layout, or the image that a build's metadata names.
class OciResolver final : public intoto::ArtifactResolver {
 public:
  std::string_view scheme() const override { return "oci"; }
  Result<std::vector<intoto::Artifact>> resolve(std::string_view reference,
                                                const Path& folder) override {
    SLUICE_TRY(const auto named, split_reference(reference, folder));
    Files& files = system_files();
    const std::string name = cat("oci:", named.name);
    SLUICE_TRY(const auto info, files.info(named.path));
    if (info.kind != FileKind::folder) {
      SLUICE_TRY(const std::string text,
                 files.read_plain(named.path, kMetadataFile, Links::followed));
      SLUICE_TRY(const auto digest, within(oci::read_build_metadata(text),
                                           cat("reading the metadata ", shown(named.path))));
      return std::vector<intoto::Artifact>{{name, intoto::DigestSet::of(digest)}};
    }
    SLUICE_TRY(const auto manifests, oci::read_layout(files, named.path));
    if (manifests.empty()) return fail(Errc::not_found, "there is no image in the layout");
    std::vector<intoto::Artifact> out;
    for (const auto& each : manifests) {
      const std::string tag = each.tag();
      const std::string one = manifests.size() == 1 ? name
                                                    : cat(name, tag.empty() ? "@" : ":",
                                                          tag.empty() ? each.digest.text() : tag);
      out.push_back({one, intoto::DigestSet::of(each.digest)});
    }
    return out;
  }
};

}  // namespace

ArtifactResolvers::ArtifactResolvers() {
  all_.push_back(std::make_unique<GitResolver>());
  all_.push_back(std::make_unique<OciResolver>());
}

std::vector<intoto::ArtifactResolver*> ArtifactResolvers::all() const {
  std::vector<intoto::ArtifactResolver*> out;
  for (const auto& each : all_) out.push_back(each.get());
  return out;
}

}  // namespace sluice::cli
