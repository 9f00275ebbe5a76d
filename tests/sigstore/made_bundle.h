// SPDX-License-Identifier: Apache-2.0
// A keyless bundle whose parts agree with each other, made in memory, for tests that look at the
// parts and verify nothing: its log is nobody's.
#pragma once

#include <string>

#include "base/codec.h"
#include "base/text.h"
#include "crypto/pem.h"
#include "sigstore/bundle.h"
#include "support/pki/pki.h"

namespace sluice::sigstore {

inline constexpr std::string_view kMadeArtifact = "hello\n";

struct MadeBundle {
  test::MadeLog ct_log;
  test::MadeCertificate root = test::make_root();
  test::MadeCertificate stamper = test::issue(root, test::stamper_wish());
  test::MadeCertificate leaf =
      test::issue_logged(root, test::leaf_wish(), {{&ct_log, test::SctWish{}}});
  crypto::Digest digest = crypto::digest_of(crypto::HashAlgorithm::sha256, bytes_of(kMadeArtifact));
  Bytes signature = signed_bytes();

  Bytes signed_bytes() const {
    return *leaf.key.sign(*crypto::Message::of(leaf.key.scheme(), bytes_of(kMadeArtifact)));
  }
  std::string certificate_pem() const { return crypto::write_pem("CERTIFICATE", leaf.der); }

  std::string body(const crypto::Digest& of, const Bytes& by_signature,
                   const std::string& verifier_pem) const {
    return cat(
        R"({"apiVersion":"0.0.1","kind":"hashedrekord","spec":{"data":{"hash":{"algorithm":")",
        name(of.algorithm()), R"(","value":")", of.hex(), R"("}},"signature":{"content":")",
        to_base64(by_signature), R"(","publicKey":{"content":")", to_base64(bytes_of(verifier_pem)),
        R"("}}}})");
  }
  std::string body() const { return body(digest, signature, certificate_pem()); }

  static InclusionProof proof() {
    const Bytes root_hash(32, 7);
    return {.index = 4,
            .tree_size = 9,
            .root = root_hash,
            .hashes = {Bytes(32, 1)},
            .checkpoint =
                cat("log.example - 1\n9\n", to_base64(root_hash), "\n\n\xE2\x80\x94 log.example ",
                    to_base64(Bytes{1, 2, 3, 4, 5, 6}), "\n")};
  }
  LogEntry entry() const {
    return {.index = 1004,
            .log_id = Bytes(32, 9),
            .kind = "hashedrekord",
            .version = "0.0.1",
            .integrated_time = test::at("2026-06-01T12:00:02Z"),
            .promise = Bytes{1, 2, 3},
            .proof = proof(),
            .body = copy_of(bytes_of(body()))};
  }
  Bytes stamp(ByteView message) const { return test::make_stamp(stamper, root.name, message); }

  Bundle bundle() const {
    Bundle out;
    out.material = CertificateChain{{leaf.der}};
    out.entries = {entry()};
    out.timestamps = {stamp(signature)};
    out.content = MessageSignature{digest, signature};
    return out;
  }
};

inline std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  if (at == std::string::npos) throw std::runtime_error(cat("nothing to replace: ", from));
  return text.replace(at, from.size(), to);
}

}  // namespace sluice::sigstore
