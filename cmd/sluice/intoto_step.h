// SPDX-License-Identifier: Apache-2.0
// What `run`, `record` and the programs of in-toto share: a step is performed, recorded, and its
// link signed and written.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "intoto/layout.h"
#include "intoto/record.h"
#include "intoto/signed.h"
#include "intoto/step.h"
#include "invocation.h"
#include "sign_services.h"

namespace sluice::cli {

// Who knows artifacts that are no files: git: and oci:.
class ArtifactResolvers {
 public:
  ArtifactResolvers();
  std::vector<intoto::ArtifactResolver*> all() const;

 private:
  std::vector<std::unique_ptr<intoto::ArtifactResolver>> all_;
};

enum class LinkFormat : std::uint8_t { metablock, dsse, statement };
enum class LinkNames : std::uint8_t {
  both,   // a file for python in-toto, and one for in-toto-golang
  python  // the first alone
};

// Signs links and puts them where they belong. Made before the step begins: a key that cannot be
// read is found out then.
class LinkWriter {
 public:
  virtual ~LinkWriter() = default;
  // The files that were written.
  [[nodiscard]] virtual Result<std::vector<Path>> write(const intoto::Link& link) = 0;
  virtual std::string who() const = 0;  // for people; known once a link was written
  // Of a link's text, in bytes: a bundle of an identity has a bound.
  virtual std::optional<std::size_t> most() const { return std::nullopt; }
  // Whose key it is, where it is one: unfinished links are signed, named and checked by it.
  struct KeyHolder {
    intoto::MetadataSigner signer;
    intoto::Functionary functionary;
    std::vector<std::string> ids;  // the one that files are named by first
  };
  virtual std::optional<KeyHolder> key() const { return std::nullopt; }
};

// With --key or --gpg by that key, else by the identity of the surroundings; as --format and
// --metadata-folder say.
[[nodiscard]] Result<std::unique_ptr<LinkWriter>> make_link_writer(Invocation& in);
std::vector<Option> link_writer_options();
// The key must be one for metadata (intoto::metadata_signer). Links by key are not waited for until
// they are on the disk, as nothing else of a build is.
std::unique_ptr<LinkWriter> link_writer_by_key(crypto::PrivateKey key, LinkFormat format,
                                               LinkNames names, Path folder);
// A Metablock, named as python names it: by the key or subkey that signs.
[[nodiscard]] Result<std::unique_ptr<LinkWriter>> link_writer_by_gpg(const Invocation& in,
                                                                     const std::string& id,
                                                                     LinkFormat format,
                                                                     Path folder);
// STEP.link, without a signature.
std::unique_ptr<LinkWriter> link_writer_unsigned(LinkFormat format);

inline constexpr std::size_t kKeptOutputMost = 16U << 20;  // of each stream

struct StepRequest {
  std::string step;
  std::vector<std::string> materials;
  std::vector<std::string> products;
  intoto::RecordOptions record;
  bool reuse_digests = false;
  std::vector<std::string> command;       // empty: none
  std::optional<Path> folder = {};        // that it runs in
  std::optional<std::size_t> keep = {};   // bytes of each stream, for the link
  std::vector<std::string> without = {};  // variables that it does not get
  std::optional<std::chrono::seconds> timeout = {};
  std::optional<intoto::StepOrigin> origin = {};
};

struct StepEnd {
  int code = 0;                           // of the command; 0 without one
  std::optional<int> signal = {};         // that ended it
  std::optional<Error> not_started = {};  // the command could not be: there is no link
};
// Performs it all.
[[nodiscard]] Result<StepEnd> perform_step(Invocation& in, const StepRequest& request,
                                           LinkWriter& writer);

// --base-path, --lstrip-paths, --exclude and so on.
std::vector<Option> recording_options();
[[nodiscard]] Result<intoto::RecordOptions> recording_options_of(
    const Invocation& in, const ArtifactResolvers& resolvers);
// --bind, --run-id, --commit
std::vector<Option> origin_options();
[[nodiscard]] Result<std::optional<intoto::StepOrigin>> origin_of(const Invocation& in);

// Errc::limit for a link of more bytes than that; and where these materials alone make one that the
// writer cannot sign: found out before the command runs.
[[nodiscard]] Result<void> check_link_size(std::size_t artifacts, std::size_t bytes,
                                           std::optional<std::size_t> most);
[[nodiscard]] Result<void> check_materials(const intoto::Artifacts& materials,
                                           const LinkWriter& writer);

// Says on standard error what was left out, and what was written. Silent with --quiet.
void tell_left_out(Invocation& in, const intoto::Recorded& recorded, std::string_view side);
void tell_written(Invocation& in, const intoto::Link& link, const std::vector<Path>& files,
                  const LinkWriter& writer);

}  // namespace sluice::cli
