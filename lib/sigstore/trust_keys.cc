// SPDX-License-Identifier: Apache-2.0
// Keys of logs: their kinds as the file names them, and the ids that follow from them.
#include <algorithm>

#include "base/codec.h"
#include "base/text.h"
#include "crypto/pem.h"
#include "sigstore/checkpoint.h"
#include "sigstore/names.h"
#include "sigstore/trust_raw.h"

namespace sluice::sigstore {

namespace {

using crypto::KeyType;
using crypto::PublicKey;
using crypto::Scheme;

struct DecodedKey {
  PublicKey key;
  Scheme scheme;
};

Result<DecodedKey> decode_key(const RawLog& raw) {
  // An absent one is protobuf's zero; every log of Sigstore hashes with SHA-256.
  if (!raw.hash_algorithm.empty() && raw.hash_algorithm != "SHA2_256") {
    return fail(Errc::unsupported, cat("a log whose tree is hashed with ", raw.hash_algorithm,
                                       "; SHA2_256 is accepted"));
  }
  SLUICE_TRY(const KeyDetails details, key_details_labelled(raw.key_details));
  SLUICE_TRY(auto key, details.pkcs1
                           ? PublicKey::from_pem(crypto::write_pem("RSA PUBLIC KEY", raw.key))
                           : PublicKey::from_der(raw.key));
  if (!goes_with(key, details)) {
    return fail(Errc::malformed,
                cat("its key is said to be ", raw.key_details, " and is ", key.describe()));
  }
  return DecodedKey{std::move(key), details.scheme};
}

// Does the stated id belong to this whole one? Older files have the first four bytes of it.
bool is_id(ByteView stated, ByteView whole) {
  return equal(stated, whole.first(std::min(stated.size(), whole.size())));
}

struct ProvenId {
  LogIdKind kind;
  Bytes id;
  std::string name;
};

Result<ProvenId> prove_id(const RawLog& raw, const DecodedKey& key) {
  std::vector<std::string> names;
  if (auto log = log_key(raw.url, raw.id, key.key, key.scheme)) names = std::move(log->names);
  const std::string host = names.empty() ? std::string() : names.front();
  if (Bytes id = key_log_id(key.key); is_id(raw.id, id)) {
    return ProvenId{LogIdKind::key, std::move(id), host};
  }
  for (const std::string& name : names) {
    SLUICE_TRY(Bytes id, note_log_id(name, key.key));
    if (is_id(raw.id, id)) return ProvenId{LogIdKind::note, std::move(id), name};
  }
  // The id of an ECDSA key does not depend on a name.
  const KeyType type = key.key.type();
  if (type == KeyType::ed25519 || type == KeyType::rsa) {
    return ProvenId{LogIdKind::foreign, raw.id, host};
  }
  return fail(Errc::malformed, cat("its id ", to_base64(raw.id), " is not that of its key, ",
                                   to_base64(key_log_id(key.key))));
}

}  // namespace

std::string_view name(LogIdKind kind) {
  switch (kind) {
    case LogIdKind::key:
      return "key";
    case LogIdKind::note:
      return "note";
    case LogIdKind::foreign:
      return "foreign";
  }
  return {};
}

Bytes key_log_id(const PublicKey& key) { return copy_of(key.fingerprint().bytes()); }

Result<Bytes> note_log_id(std::string_view name, const PublicKey& key) {
  if (key.type() != KeyType::ed25519) return key_log_id(key);
  SLUICE_TRY(const auto hash, note_key_hash(name, NoteKind::ed25519, key));
  return copy_of(hash.bytes());
}

Result<TransparencyLog> decode_log(const RawLog& raw) {
  SLUICE_TRY(auto key, within(decode_key(raw), cat("reading ", raw.path)));
  SLUICE_TRY(auto id, within(prove_id(raw, key), cat("reading ", raw.path)));
  return TransparencyLog{.url = raw.url,
                         .name = std::move(id.name),
                         .operated_by = raw.operated_by,
                         .id = std::move(id.id),
                         .id_kind = id.kind,
                         .checkpoint_key_id = raw.checkpoint_key_id,
                         .key = std::move(key.key),
                         .scheme = key.scheme,
                         .window = raw.window};
}

Result<x509::CtLog> decode_ct_log(const RawLog& raw) {
  SLUICE_TRY(auto key, within(decode_key(raw), cat("reading ", raw.path)));
  x509::CtLog log(std::move(key.key), key.scheme, raw.window, raw.url);
  if (equal(log.id(), raw.id)) return log;
  return fail(Error{Errc::malformed, cat("its id ", to_base64(raw.id), " is not that of its key, ",
                                         to_base64(log.id()))}
                  .in(cat("reading ", raw.path)));
}

Result<x509::Authority> decode_authority(const RawAuthority& raw) {
  std::vector<x509::Certificate> chain;
  for (const Bytes& der : raw.certificates) {
    SLUICE_TRY(auto certificate,
               within(x509::Certificate::from_der(der), cat("reading ", raw.path)));
    chain.push_back(std::move(certificate));
  }
  std::string label = raw.url.empty() ? chain.back().describe() : raw.url;
  const auto links = are_built_in(raw.certificates) ? x509::Links::proven : x509::Links::open;
  return within(x509::Authority::from_chain(std::move(chain), raw.window, std::move(label), links),
                cat("reading ", raw.path));
}

}  // namespace sluice::sigstore
