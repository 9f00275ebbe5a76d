// SPDX-License-Identifier: Apache-2.0
#include "support/virtual_sigstore/virtual_sigstore.h"

#include <array>

#include "base/codec.h"
#include "base/text.h"
#include "support/virtual_sigstore/entry.h"

namespace sluice::test {

namespace {

using crypto::KeyType;
using crypto::PrivateKey;
using Generation = VirtualLog::Generation;

constexpr std::uint64_t kRealTreeMost = 4096;

VirtualLog log_v1(std::string host, std::string tree_id, std::uint64_t before) {
  return {.generation = Generation::v1,
          .host = std::move(host),
          .key = PrivateKey::generate(KeyType::ecdsa_p256).value(),
          .tree_id = std::move(tree_id),
          .entries_before = before};
}

Stamper make_stamper(const std::string& name) {
  CertificateWish root = root_wish(cat(name, " root"));
  CertificateWish service = stamper_wish();
  service.name = name;
  MadeCertificate anchor = make_root(root);
  MadeCertificate own = issue(anchor, service);
  return {std::move(anchor), std::move(own)};
}

// Other people's entries around ours, or inventions where the tree is too big for that.
InclusionPath path_of(ByteView leaf, std::uint64_t index, std::uint64_t size) {
  if (size > kRealTreeMost) return invented_path(leaf, index, size);
  MerkleTree tree;
  for (std::uint64_t i = 0; i < size; ++i) {
    const std::string other = cat("entry ", i);
    tree.add(i == index ? leaf : bytes_of(other));
  }
  return {tree.inclusion(index, size), tree.root(size)};
}

json::Value proof_of(const InclusionPath& path, const LogWish& wish, std::string note) {
  json::Array hashes;
  for (const Bytes& one : path.hashes) hashes.emplace_back(to_base64(one));
  return object({{"logIndex", cat(wish.index)},
                 {"rootHash", to_base64(path.root)},
                 {"treeSize", cat(wish.size)},
                 {"hashes", std::move(hashes)},
                 {"checkpoint", object({{"envelope", std::move(note)}})}});
}

std::string promise_of(const VirtualLog& log, const LogWish& wish, std::string_view body) {
  json::Value payload =
      object({{"body", base64(body)},
              {"integratedTime", std::int64_t{wish.time.time_since_epoch().count()}},
              {"logID", to_hex(log.id())},
              {"logIndex", static_cast<std::int64_t>(log.entries_before + wish.index)}});
  if (wish.change_promise) wish.change_promise(payload);
  const std::string text = json::canonical_jcs(payload).value();
  return to_base64(
      log.key.sign(crypto::Message::of(log.key.scheme(), bytes_of(text)).value()).value());
}

EntryKind default_kind(const VirtualLog& log, const Made& made) {
  if (log.generation == Generation::v2 || !made.envelope) return EntryKind::hashedrekord;
  return EntryKind::dsse;
}

std::string body_text(const VirtualLog& log, const LogWish& wish, EntryKind kind,
                      const Made& made) {
  json::Value body = log.generation == Generation::v1 ? body_v1(kind, made, wish.payload_in_intoto)
                                                      : body_v2(made, wish.verifier_is_key);
  if (wish.change_body) wish.change_body(body);
  std::string text = json::canonical_jcs(body).value();
  if (wish.change_body_text) wish.change_body_text(text);
  return text;
}

json::Value kind_version(const VirtualLog& log, EntryKind kind) {
  constexpr std::array<std::string_view, 3> kNames = {"hashedrekord", "dsse", "intoto"};
  const bool second = log.generation == Generation::v2 || kind == EntryKind::intoto;
  return object({{"kind", kNames.at(static_cast<std::size_t>(kind))},
                 {"version", second ? "0.0.2" : "0.0.1"}});
}

PrivateKey signing_key(const SignWish& wish) {
  PrivateKey key = wish.with_key ? *wish.with_key : PrivateKey::generate(wish.key, 2048).value();
  if (!wish.scheme) return key;
  return key.with_scheme({*wish.scheme, key.scheme().hash}).value();
}

json::Value certificate_value(const Bytes& der) { return object({{"rawBytes", to_base64(der)}}); }

json::Value material_of(const SignWish& wish, const Made& made) {
  json::Value material = json::Object{};
  if (wish.material == Material::key) {
    material.set("publicKey",
                 object({{"hint", to_base64(made.key.public_key().fingerprint().bytes())}}));
  } else if (wish.material == Material::certificate) {
    material.set("certificate", certificate_value(made.chain.front()));
  } else {
    std::vector<Bytes> chain = made.chain;
    if (wish.change_chain) wish.change_chain(chain);
    json::Array list;
    for (const Bytes& one : chain) list.push_back(certificate_value(one));
    material.set("x509CertificateChain", object({{"certificates", std::move(list)}}));
  }
  return material;
}

json::Value message_of(const Made& made) {
  const crypto::Digest digest = made.digest();
  return object({{"messageDigest", object({{"algorithm", hash_name(digest.algorithm())},
                                           {"digest", to_base64(digest.bytes())}})},
                 {"signature", to_base64(made.signature)}});
}

std::vector<Bytes> certify(const VirtualSigstore& world, const SignWish& wish,
                           const PrivateKey& key) {
  CertificateWish leaf = leaf_wish();
  leaf.with_key = key;
  leaf.extensions = {key_usage(0x80), extended_key_usage({std::string(kCodeSigningPurpose)}),
                     alternative_names(wish.names)};
  leaf.extensions.insert(leaf.extensions.end(), wish.claims.begin(), wish.claims.end());
  if (wish.change_leaf) wish.change_leaf(leaf);
  std::vector<std::pair<const MadeLog*, SctWish>> scts;
  for (const SctRequest& one : wish.scts) {
    scts.emplace_back(&world.ct_logs.at(one.log), one.wish);
  }
  const MadeCertificate made =
      scts.empty() ? issue(world.intermediate, leaf) : issue_logged(world.intermediate, leaf, scts);
  return {made.der, world.intermediate.der};
}

}  // namespace

std::string Made::signed_text() const {
  if (!envelope) return artifact;
  return cat("DSSEv1 ", payload_type.size(), " ", payload_type, " ", payload.size(), " ", payload);
}

crypto::Digest Made::digest() const {
  if (given) return *given;
  // Pure Ed25519 signs no digest: what stands beside it is SHA-256.
  const bool pure = key.scheme().kind == crypto::SchemeKind::ed25519;
  return crypto::digest_of(pure ? crypto::HashAlgorithm::sha256 : key.scheme().hash,
                           bytes_of(signed_text()));
}

VirtualSigstore::VirtualSigstore()
    : root(make_root(root_wish("virtual root"))),
      intermediate(issue(root, intermediate_wish("virtual intermediate"))),
      ct_logs(2),
      logs{{.host = "log2026.rekor.example.org"},
           log_v1("rekor.example.org", "2605736670972794746", 4'163'431),
           log_v1("rekor.example.net", "1193050959916656506", 0),
           {.host = "log2025.rekor.example.org",
            .key = PrivateKey::generate(KeyType::ecdsa_p256).value()}},
      stampers{make_stamper("stamper"), make_stamper("another stamper")},
      witnesses{{.name = "witness.example.org"},
                {.name = "witness.example.net/two"},
                {.name = "witness.example.com"}} {}

// The signed checkpoint of the tree in which the entry is.
std::string VirtualSigstore::note(const LogWish& wish, ByteView tree_root) const {
  const VirtualLog& log = logs.at(wish.log);
  std::string body = checkpoint_body(log.origin(), wish.size, tree_root, wish.checkpoint_more);
  if (wish.change_checkpoint) wish.change_checkpoint(body);
  std::string note = cat(body, "\n", signed_line(log.host, log.key, body));
  for (const std::size_t other : wish.cosigning_logs) {
    note += signed_line(log.host, logs.at(other).key, body);
  }
  for (const std::size_t witness : wish.witnesses) {
    note += witnesses.at(witness).cosign(body, wish.time);
  }
  if (wish.change_note) wish.change_note(note);
  return note;
}

json::Value VirtualSigstore::entry(const LogWish& wish, const Made& made) const {
  const VirtualLog& log = logs.at(wish.log);
  const EntryKind kind = wish.kind.value_or(default_kind(log, made));
  const std::string body = body_text(log, wish, kind, made);
  json::Value out = object({{"logIndex", cat(log.entries_before + wish.index)},
                            {"logId", object({{"keyId", to_base64(log.id())}})},
                            {"kindVersion", kind_version(log, kind)}});
  if (log.generation == Generation::v1) {
    out.set("integratedTime", cat(wish.time.time_since_epoch().count()));
    if (wish.promise) {
      out.set("inclusionPromise", object({{"signedEntryTimestamp", promise_of(log, wish, body)}}));
    }
  }
  if (wish.proof) {
    const InclusionPath path = path_of(bytes_of(body), wish.index, wish.size);
    out.set("inclusionProof", proof_of(path, wish, note(wish, path.root)));
  }
  out.set("canonicalizedBody", base64(body));
  if (wish.change_entry) wish.change_entry(out);
  return out;
}

void VirtualSigstore::add_proofs(json::Value& material, const SignWish& wish,
                                 const Made& made) const {
  json::Array entries;
  for (const LogWish& log : wish.logs) entries.push_back(entry(log, made));
  if (!entries.empty()) material.set("tlogEntries", std::move(entries));
  json::Array stamps;
  for (const StampRequest& one : wish.stamps) {
    const Stamper& stamper = stampers.at(one.service);
    stamps.push_back(object(
        {{"signedTimestamp",
          to_base64(make_stamp(stamper.service, stamper.root.name, made.signature, one.wish))}}));
  }
  if (!stamps.empty()) {
    material.set("timestampVerificationData", object({{"rfc3161Timestamps", std::move(stamps)}}));
  }
}

Made VirtualSigstore::sign(std::string_view artifact, const SignWish& wish) const {
  Made made{.bundle = {}, .artifact = std::string(artifact), .key = signing_key(wish)};
  if (wish.material != Material::key) {
    made.chain = wish.with_chain.empty() ? certify(*this, wish, made.key) : wish.with_chain;
  }
  made.envelope = wish.envelope;
  if (wish.envelope) {
    made.payload = wish.payload.empty() ? statement({subject_of("artifact", bytes_of(artifact))})
                                        : wish.payload;
    made.payload_type = wish.payload_type;
    made.key_id = wish.key_id;
  }
  const std::string text = made.signed_text();
  const auto message = wish.digest ? crypto::Message::of_digest(made.key.scheme(), *wish.digest)
                                   : crypto::Message::of(made.key.scheme(), bytes_of(text));
  made.given = wish.digest;
  made.signature = made.key.sign(message.value()).value();
  if (wish.change_signature) wish.change_signature(made.signature);

  json::Value material = material_of(wish, made);
  add_proofs(material, wish, made);
  json::Value bundle =
      object({{"mediaType", wish.media_type}, {"verificationMaterial", std::move(material)}});
  bundle.set(wish.envelope ? "dsseEnvelope" : "messageSignature",
             wish.envelope ? envelope_of(made) : message_of(made));
  if (wish.change_bundle) wish.change_bundle(bundle);
  made.bundle = json::write(bundle);
  if (wish.change_text) wish.change_text(made.bundle);
  return made;
}

}  // namespace sluice::test
