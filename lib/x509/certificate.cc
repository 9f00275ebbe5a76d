// SPDX-License-Identifier: Apache-2.0
#include "x509/certificate.h"

#include <algorithm>

#include "base/codec.h"
#include "base/text.h"
#include "crypto/memo.h"
#include "crypto/pem.h"
#include "x509/extensions.h"

namespace sluice::x509 {

namespace {

constexpr std::size_t kSerialMost = 20;  // octets, and one for the sign (RFC 5280 4.1.2.2)
constexpr std::string_view kLabel = "CERTIFICATE";

// The fields before the extensions.
struct Head {
  ByteView serial;
  AlgorithmId algorithm;
  Name issuer;
  Validity validity;
  Name subject;
  crypto::PublicKey key;
};

Result<void> read_version(DerReader& in) {
  if (!in.at(tag::constructed(0))) {
    return fail(Errc::unsupported, "a certificate of version 1, which cannot say what it is for");
  }
  SLUICE_TRY(DerReader inside, in.enter(tag::constructed(0)));
  SLUICE_TRY(const std::uint64_t version, inside.number(255));
  SLUICE_CHECK(inside.finish());
  if (version != 2) return fail(Errc::unsupported, "a certificate that is not of version 3");
  return {};
}

Result<ByteView> read_serial(DerReader& in) {
  SLUICE_TRY(const ByteView serial, in.integer());
  if (serial[0] >= 0x80) return fail(Errc::malformed, "a negative serial number");
  if (serial.size() > kSerialMost) return fail(Errc::malformed, "a serial number above 20 octets");
  return serial;
}

Result<Validity> read_validity(DerReader& in) {
  SLUICE_TRY(DerReader inside, in.enter(tag::kSequence));
  SLUICE_TRY(const Time not_before, inside.time());
  SLUICE_TRY(const Time not_after, inside.time());
  SLUICE_CHECK(inside.finish());
  return Validity{not_before, not_after};
}

Result<Head> read_head(DerReader& in) {
  SLUICE_CHECK(read_version(in));
  SLUICE_TRY(const ByteView serial, read_serial(in));
  SLUICE_TRY(const AlgorithmId algorithm, read_algorithm(in));
  SLUICE_TRY(const Name issuer, Name::read(in));
  SLUICE_TRY(const Validity validity, read_validity(in));
  SLUICE_TRY(const Name subject, Name::read(in));
  SLUICE_TRY(const DerElement spki, in.element(tag::kSequence));
  SLUICE_TRY(auto key, crypto::PublicKey::from_der(spki.whole));
  return Head{serial, algorithm, issuer, validity, subject, std::move(key)};
}

Result<std::shared_ptr<const CertificateFields>> read_fields(ByteView input) {
  // The views below are of this copy, which moves as a whole.
  Bytes der = copy_of(input);
  SLUICE_TRY(DerReader in, enter_whole(der, tag::kSequence));
  SLUICE_TRY(const DerElement tbs, in.element(tag::kSequence));
  SLUICE_TRY(const AlgorithmId algorithm, read_algorithm(in));
  SLUICE_TRY(const ByteView signature, in.octet_bits());
  SLUICE_CHECK(in.finish());

  DerReader body(tbs.content);
  SLUICE_TRY(Head head, read_head(body));
  if (!equal(head.algorithm.whole, algorithm.whole)) {
    return fail(Errc::malformed, "two signature algorithms that contradict each other");
  }
  auto fields = std::make_shared<CertificateFields>(CertificateFields{std::move(der),
                                                                      tbs.whole,
                                                                      algorithm,
                                                                      signature,
                                                                      head.serial,
                                                                      head.issuer,
                                                                      head.subject,
                                                                      head.validity,
                                                                      std::move(head.key),
                                                                      {},
                                                                      {},
                                                                      {},
                                                                      {},
                                                                      {},
                                                                      {},
                                                                      {},
                                                                      false,
                                                                      {},
                                                                      {},
                                                                      {},
                                                                      {}});
  if (!body.done()) {
    SLUICE_TRY(DerReader outer, body.enter(tag::constructed(3)));
    SLUICE_TRY(const DerReader list, outer.enter(tag::kSequence));
    SLUICE_CHECK(outer.finish());
    SLUICE_CHECK(read_extensions(list, *fields));
  }
  SLUICE_CHECK(body.finish());
  return fields;
}

struct PemPart {
  std::string_view block;  // from the first dash to the last
  std::string_view rest;
};

// The next block of a text, without a look at what is in it.
Result<std::optional<PemPart>> next_block(std::string_view text) {
  constexpr std::string_view kBegin = "-----BEGIN ";
  constexpr std::string_view kEnd = "-----END ";
  const auto begin = text.find(kBegin);
  if (begin == std::string_view::npos) return std::nullopt;
  const auto end = text.find(kEnd, begin);
  const auto close = end == std::string_view::npos ? end : text.find("-----", end + kEnd.size());
  if (close == std::string_view::npos) {
    return fail(Errc::malformed, "a PEM block without an end: the text is cut short");
  }
  return PemPart{text.substr(begin, close + 5 - begin), text.substr(close + 5)};
}

}  // namespace

Result<Certificate> Certificate::from_der(ByteView der) {
  if (der.size() > kCertificateMost) {
    return fail(Errc::limit, cat("a certificate of more than ", human_bytes(kCertificateMost)));
  }
  SLUICE_TRY(auto fields, within(read_fields(der), "reading a certificate"));
  return Certificate(std::move(fields));
}

Result<Certificate> Certificate::from_pem(std::string_view pem) {
  SLUICE_TRY(const auto list, list_from_pem(pem, 1));
  return list.front();
}

Result<std::vector<Certificate>> Certificate::list_from_pem(std::string_view pem,
                                                            std::size_t most) {
  std::vector<Certificate> out;
  for (;;) {
    SLUICE_TRY(const auto part, next_block(pem));
    if (!part) break;
    if (out.size() == most) return fail(Errc::limit, cat("more than ", most, " certificates"));
    if (part->block.size() > kCertificateMost) {
      return fail(Errc::limit, cat("a certificate of more than ", human_bytes(kCertificateMost)));
    }
    SLUICE_TRY(const auto block, crypto::read_public_pem(part->block));
    if (block.label != kLabel) {
      return fail(Errc::malformed,
                  cat("a PEM block ", block.label, ", where a ", kLabel, " is due"));
    }
    SLUICE_TRY(auto certificate, from_der(block.content));
    out.push_back(std::move(certificate));
    pem = part->rest;
  }
  if (out.empty()) return fail(Errc::malformed, "no certificate (a PEM block CERTIFICATE)");
  return out;
}

std::string Certificate::pem() const { return crypto::write_pem(kLabel, fields_->der); }

crypto::Digest Certificate::fingerprint() const {
  return crypto::digest_of(crypto::HashAlgorithm::sha256, fields_->der);
}

std::string Certificate::describe() const {
  if (!fields_->subject.empty()) return fields_->subject.text();
  for (const auto& one : fields_->alternative_names) {
    if (!one.value.empty()) return printable(one.value, 300);
  }
  return cat("certificate ", to_hex(fields_->serial));
}

std::string_view name(AlternativeName::Kind kind) {
  using Kind = AlternativeName::Kind;
  switch (kind) {
    case Kind::email:
      return "e-mail address";
    case Kind::uri:
      return "URI";
    case Kind::dns:
      return "DNS name";
    case Kind::ip:
      return "IP address";
    case Kind::username:
      return "user name";
    case Kind::directory:
      return "directory name";
    case Kind::other:
      return "other name";
  }
  return "?";
}

Result<crypto::Match> Certificate::signed_by(const crypto::PublicKey& key,
                                             crypto::SignatureMemo* memo) const {
  SLUICE_TRY(const crypto::Scheme scheme, scheme_of(fields_->algorithm));
  SLUICE_TRY(const auto message, crypto::Message::of(scheme, fields_->tbs));
  return crypto::verify(memo, key, message, fields_->signature);
}

Bytes Certificate::precertificate_tbs() const {
  const auto goes = [](const Extension& one) {
    return oid::kSctList == one.oid || oid::kPrecertificatePoison == one.oid;
  };
  Bytes list;
  std::size_t old_size = 0;
  for (const Extension& one : fields_->extensions) {
    old_size += one.whole.size();
    if (!goes(one)) list.insert(list.end(), one.whole.begin(), one.whole.end());
  }
  if (list.size() == old_size) return copy_of(fields_->tbs);
  // The extensions are the last field: what stands before them stays as it is.
  DerReader outer(fields_->tbs);
  const ByteView content = outer.any()->content;
  const std::size_t inner = der_header(tag::kSequence, old_size).size() + old_size;
  const std::size_t wrapped = der_header(tag::constructed(3), inner).size() + inner;
  Bytes body = copy_of(content.first(content.size() - wrapped));
  if (!list.empty()) {
    const Bytes sequence = der_header(tag::kSequence, list.size());
    const Bytes wrap = der_header(tag::constructed(3), sequence.size() + list.size());
    body.insert(body.end(), wrap.begin(), wrap.end());
    body.insert(body.end(), sequence.begin(), sequence.end());
    body.insert(body.end(), list.begin(), list.end());
  }
  Bytes out = der_header(tag::kSequence, body.size());
  out.insert(out.end(), body.begin(), body.end());
  return out;
}

}  // namespace sluice::x509
