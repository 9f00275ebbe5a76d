// SPDX-License-Identifier: Apache-2.0
// The outside of links and layouts: Metablock and DSSE envelopes, read and written.
//
// A signature is checked over the bytes that were received: of a Metablock over the canonical form
// (OLPC) of the text of "signed", of an envelope over its payload. Refuses a file that is both,
// unknown members around the payload, and payloads of another type than in-toto's.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "crypto/private_key.h"
#include "intoto/key.h"
#include "json/tokenizer.h"

namespace sluice::intoto {

enum class Wrapping : std::uint8_t { metablock, dsse };
std::string_view name(Wrapping wrapping);  // "metablock", "dsse"

enum class PayloadKind : std::uint8_t { link, layout, statement };
std::string_view name(PayloadKind kind);

struct MetadataSignature {
  std::string keyid;  // not authenticated; may be empty in an envelope
  Bytes sig;
  std::string certificate;    // PEM, where there is one ("cert" of in-toto-golang)
  std::string other_headers;  // hex, of GPG's signatures alone
  std::string json;           // the entry as it was received
};

// What the signatures say about one key.
struct SignatureFinding {
  enum class Outcome : std::uint8_t {
    valid,   // this key signed these bytes
    absent,  // no signature is its
    wrong,   // a signature is called by one of its ids, and none is its
    expired  // it signed these bytes, and counts no more: GPG's keys and signatures have an end
  };
  Outcome outcome = Outcome::absent;
  std::size_t at = 0;  // in signatures(), of the one that is valid or wrong
};

class SignedMetadata {
 public:
  [[nodiscard]] static Result<SignedMetadata> parse(std::string document);
  ~SignedMetadata();
  SignedMetadata(SignedMetadata&&) noexcept;
  SignedMetadata& operator=(SignedMetadata&&) noexcept;

  Wrapping wrapping() const { return wrapping_; }
  PayloadKind kind() const { return kind_; }  // as "_type" says; nothing more of it is checked yet
  const std::vector<MetadataSignature>& signatures() const { return signatures_; }
  std::string_view payload() const;                         // JSON text
  ByteView message() const;                                 // what signatures are over
  std::string_view document() const { return *document_; }  // the whole, as it was received

  // Keys are matched by their material: each signature is tried, those that are called by an id of
  // the key first. Not for several threads at once.
  [[nodiscard]] Result<SignatureFinding> check(const Key& key);
  // One signature, by any verifier: a certificate's key, an identity's.
  [[nodiscard]] Result<crypto::Match> check(const crypto::PublicKey& key, crypto::Scheme scheme,
                                            const MetadataSignature& signature);

 private:
  SignedMetadata();
  friend class SignedReader;
  struct Digested;  // the message as each scheme needs it, made once

  // On the heap, so that what points into them survives a move.
  std::unique_ptr<const std::string> document_;
  std::unique_ptr<const std::string> decoded_;  // DSSE: the payload
  std::unique_ptr<const std::string> message_;  // where it is not part of the above
  json::Slice payload_;                         // Metablock: in document_
  Wrapping wrapping_ = Wrapping::metablock;
  PayloadKind kind_ = PayloadKind::link;
  std::vector<MetadataSignature> signatures_;
  std::unique_ptr<Digested> digested_;
};

// Who signs in a form of its own: GPG.
class EntrySigner {
 public:
  virtual ~EntrySigner() = default;
  virtual std::vector<std::string> ids() const = 0;  // by which its signatures call it
  // An entry of "signatures", as JSON text. Errc::unsupported where the wrapping has no place for
  // it.
  [[nodiscard]] virtual Result<std::string> entry(Wrapping wrapping, ByteView message) const = 0;
};
// A key, which signs by its metadata's scheme (see metadata_signer), or one of the above.
using MetadataSigner = std::variant<const crypto::Signer*, const EntrySigner*>;

// Signs a payload (JSON text) by each of them. The signature of a key stands there under both ids
// of it, so that python and Go both find it. Errc::unsupported where a Metablock's payload has no
// canonical form.
[[nodiscard]] Result<std::string> sign_metadata(Wrapping wrapping, std::string_view payload,
                                                const std::vector<MetadataSigner>& signers);

// The document with signatures by these: in place of their earlier ones, and, but where
// keep_others is set, of everybody's.
[[nodiscard]] Result<std::string> add_signatures(const SignedMetadata& metadata,
                                                 const std::vector<MetadataSigner>& signers,
                                                 bool keep_others);

// What a payload is by its "_type", and no more than that.
[[nodiscard]] Result<PayloadKind> payload_kind(std::string_view payload);

}  // namespace sluice::intoto
