// SPDX-License-Identifier: Apache-2.0
// Signing a link, and the names of its files.
#include "base/limits.h"
#include "base/parallel.h"
#include "base/place.h"
#include "base/text.h"
#include "gpg_options.h"
#include "intoto_identity.h"
#include "intoto_step.h"
#include "keyfile.h"

namespace sluice::cli {

namespace {

constexpr std::size_t kLargeText = 1U << 20;

std::string payload_of(const intoto::Link& link, LinkFormat format) {
  return format == LinkFormat::statement ? intoto::write_link_statement(link)
                                         : intoto::write_link(link);
}

intoto::Wrapping wrapping_of(LinkFormat format) {
  return format == LinkFormat::metablock ? intoto::Wrapping::metablock : intoto::Wrapping::dsse;
}

Path link_path(const Path& folder, const std::string& step, std::string_view keyid) {
  const std::string file = intoto::link_file_name(step, keyid);
  return folder == "." ? Path(file) : folder / file;
}

class KeyWriter final : public LinkWriter {
 public:
  KeyWriter(crypto::PrivateKey key, LinkFormat format, LinkNames names, Path folder)
      : key_(std::move(key)),
        known_(key_.public_key()),
        format_(format),
        names_(names),
        folder_(std::move(folder)) {}

  Result<std::vector<Path>> write(const intoto::Link& link) override {
    SLUICE_TRY(const std::string text,
               intoto::sign_metadata(wrapping_of(format_), payload_of(link, format_), {&key_}));
    std::vector<Path> out{link_path(folder_, link.name, known_.python_id())};
    if (names_ == LinkNames::both) out.push_back(link_path(folder_, link.name, known_.go_id()));
    // A large one takes a while to write: both at the same time.
    std::vector<Result<void>> placed(out.size());
    for_each_parallel(out.size(), text.size() > kLargeText ? 2 : 1,
                      [&](std::size_t i) { placed[i] = place_file(out[i], text); });
    for (const auto& each : placed) SLUICE_CHECK(each);
    return out;
  }
  std::string who() const override { return known_.describe(); }
  std::optional<KeyHolder> key() const override {
    return KeyHolder{&key_, known_, {known_.python_id(), known_.go_id()}};
  }

 private:
  crypto::PrivateKey key_;
  intoto::Key known_;
  LinkFormat format_;
  LinkNames names_;
  Path folder_;
};

class GpgWriter final : public LinkWriter {
 public:
  GpgWriter(std::unique_ptr<intoto::GpgSigner> signer, Path folder)
      : signer_(std::move(signer)), folder_(std::move(folder)) {}

  Result<std::vector<Path>> write(const intoto::Link& link) override {
    SLUICE_TRY(const std::string text,
               intoto::sign_metadata(intoto::Wrapping::metablock, intoto::write_link(link),
                                     {signer_.get()}));
    Path file = link_path(folder_, link.name, signer_->keyid());
    SLUICE_CHECK(place_file(file, text));
    return std::vector<Path>{std::move(file)};
  }
  std::string who() const override { return signer_->key().describe(); }
  std::optional<KeyHolder> key() const override {
    return KeyHolder{signer_.get(), signer_->key(), signer_->ids()};
  }

 private:
  std::unique_ptr<intoto::GpgSigner> signer_;
  Path folder_;
};

// The bundle is the link's file: an envelope and the proof of who signed it.
class IdentityWriter final : public LinkWriter {
 public:
  IdentityWriter(Invocation& in, std::unique_ptr<SignSetup> setup, LinkFormat format, Path folder)
      : world_(in.world),
        signer_(in, std::move(setup)),
        format_(format),
        folder_(std::move(folder)) {}

  Result<std::vector<Path>> write(const intoto::Link& link) override {
    const std::string payload = payload_of(link, format_);
    SLUICE_CHECK(
        check_link_size(link.materials.size() + link.products.size(), payload.size(), most()));
    SLUICE_TRY(const auto bundle, signer_.sign(cat("the link of ", link.name), payload,
                                               format_ == LinkFormat::statement));
    who_ = bundle.signer;
    Path file = link_path(folder_, link.name, intoto::identity_id(who_));
    SLUICE_CHECK(world_.files.replace(file, bundle.text));
    SLUICE_CHECK(signer_.done());
    return std::vector<Path>{std::move(file)};
  }
  std::string who() const override { return who_; }
  std::optional<std::size_t> most() const override { return limits::kPayload; }

 private:
  World world_;
  PayloadSigner signer_;
  LinkFormat format_;
  Path folder_;
  std::string who_;
};

class UnsignedWriter final : public LinkWriter {
 public:
  explicit UnsignedWriter(LinkFormat format) : format_(format) {}

  Result<std::vector<Path>> write(const intoto::Link& link) override {
    SLUICE_TRY(const std::string text,
               intoto::sign_metadata(wrapping_of(format_), payload_of(link, format_), {}));
    Path file(cat(link.name, ".link"));
    SLUICE_CHECK(place_file(file, text));
    return std::vector<Path>{std::move(file)};
  }
  std::string who() const override { return "nobody"; }

 private:
  LinkFormat format_;
};

LinkFormat format_of(const Invocation& in, LinkFormat fallback) {
  const auto format = in.args.get("--format");
  if (format == "metablock") return LinkFormat::metablock;
  if (format == "dsse") return LinkFormat::dsse;
  return format == "statement" ? LinkFormat::statement : fallback;
}

Error gpg_in_an_envelope() {
  return {Errc::usage,
          "a signature by GPG stands in a Metablock alone: nobody reads one in an envelope",
          {},
          "--format metablock, or --key FILE"};
}

}  // namespace

Result<std::unique_ptr<LinkWriter>> link_writer_by_gpg(const Invocation& in, const std::string& id,
                                                       LinkFormat format, Path folder) {
  if (format != LinkFormat::metablock) return fail(gpg_in_an_envelope());
  SLUICE_TRY(auto signer, gpg_signer(in, id));
  return std::make_unique<GpgWriter>(std::move(signer), std::move(folder));
}

std::unique_ptr<LinkWriter> link_writer_by_key(crypto::PrivateKey key, LinkFormat format,
                                               LinkNames names, Path folder) {
  return std::make_unique<KeyWriter>(std::move(key), format, names, std::move(folder));
}

std::unique_ptr<LinkWriter> link_writer_unsigned(LinkFormat format) {
  return std::make_unique<UnsignedWriter>(format);
}

Result<std::unique_ptr<LinkWriter>> make_link_writer(Invocation& in) {
  const Path folder = in.args.get("--metadata-folder").value_or(".");
  const auto there = in.world.files.info(folder);
  if (!there || there->kind != FileKind::folder) {
    return fail(Error{Errc::usage,
                      cat(shown(folder), " is no folder to write links to"),
                      {},
                      cat("mkdir -p ", shown(folder))});
  }
  if (const auto id = in.args.get("--gpg")) {
    if (in.args.has("--key")) return fail(Errc::usage, "--key and --gpg: one of them signs");
    return link_writer_by_gpg(in, *id, format_of(in, LinkFormat::metablock), folder);
  }
  if (const auto file = in.args.get("--key")) {
    SLUICE_TRY(const auto key, load_private_key(in, *file));
    SLUICE_TRY(auto signer, intoto::metadata_signer(key));
    return link_writer_by_key(std::move(signer), format_of(in, LinkFormat::metablock),
                              LinkNames::both, folder);
  }
  const LinkFormat format = format_of(in, LinkFormat::statement);
  if (format == LinkFormat::metablock) {
    return fail(Error{Errc::usage,
                      "a Metablock holds signatures by keys, not by identities",
                      {},
                      "--format statement, or --key FILE"});
  }
  SLUICE_TRY(auto setup, make_sign_setup(in));
  return std::make_unique<IdentityWriter>(in, std::move(setup), format, folder);
}

std::vector<Option> link_writer_options() {
  std::vector<Option> out = {
      {"--key", "FILE",
       "the private key; without it, a certificate for your identity is asked for"},
      password_option(),
      {"--gpg", "KEYID", "in place of it, a key of gpg, by its fingerprint; metablock alone"},
      {"--gpg-home", "DIR", "gpg's folder, where it is not the usual one"},
      {"--format",
       "FORMAT",
       "metablock (default with a key), dsse, or statement: a link v0.3 (default without a key)",
       {"metablock", "dsse", "statement"}},
      {"--metadata-folder", "FOLDER", "where the link goes; default: this folder"}};
  for (Option& option : sign_setup_options()) out.push_back(std::move(option));
  return out;
}

}  // namespace sluice::cli
