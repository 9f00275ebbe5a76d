// SPDX-License-Identifier: Apache-2.0
// Timestamps, read.
#include "x509/timestamp.h"

#include "base/text.h"

namespace sluice::x509 {

namespace {

constexpr std::size_t kStampSerialMost = 64;
constexpr std::size_t kAttributesMost = 16;
constexpr std::size_t kNonceMost = 64;

// What the parts of a token fill in, in the order in which they stand there.
using Fields = TimestampFields;

Result<void> read_status(DerReader& reply) {
  SLUICE_TRY(DerReader in, reply.enter(tag::kSequence));
  SLUICE_TRY(const std::uint64_t status, in.number(255));
  if (status != 0) {
    return fail(Errc::unsupported,
                cat("the timestamp was not granted as asked: the service answered ", status));
  }
  if (in.at(tag::kSequence)) {  // text for people
    SLUICE_TRY(DerReader texts, in.enter(tag::kSequence));
    while (!texts.done()) SLUICE_CHECK(texts.content(tag::kUtf8));
  }
  return in.finish();
}

Result<std::chrono::microseconds> read_accuracy(DerReader in) {
  std::chrono::microseconds out{0};
  if (in.at(tag::kInteger)) {
    SLUICE_TRY(const std::uint64_t seconds, in.number(1'000'000));
    out += std::chrono::seconds(seconds);
  }
  if (in.at(tag::context(0))) {
    SLUICE_TRY(const std::uint64_t milliseconds, in.number(999, tag::context(0)));
    out += std::chrono::milliseconds(milliseconds);
  }
  if (in.at(tag::context(1))) {
    SLUICE_TRY(const std::uint64_t microseconds, in.number(999, tag::context(1)));
    out += std::chrono::microseconds(microseconds);
  }
  SLUICE_CHECK(in.finish());
  return out;
}

Result<void> check_extensions(DerReader in) {
  while (!in.done()) {
    SLUICE_TRY(DerReader extension, in.enter(tag::kSequence));
    SLUICE_TRY(const ByteView id, extension.oid());
    if (extension.at(tag::kBoolean)) {
      SLUICE_TRY(const bool critical, extension.boolean());
      if (critical) {
        return fail(Errc::unsupported, cat("a timestamp with the critical extension ", dotted(id)));
      }
    }
    SLUICE_CHECK(extension.content(tag::kOctetString));
    SLUICE_CHECK(extension.finish());
  }
  return {};
}

Result<void> read_imprint(DerReader& info, Fields& out) {
  SLUICE_TRY(DerReader in, info.enter(tag::kSequence));
  SLUICE_TRY(const AlgorithmId algorithm, read_algorithm(in));
  SLUICE_TRY(out.imprint_hash, hash_of(algorithm));
  SLUICE_TRY(out.imprint, in.content(tag::kOctetString));
  SLUICE_CHECK(in.finish());
  if (out.imprint.size() == crypto::digest_size(out.imprint_hash)) return {};
  return fail(Errc::malformed, "an imprint that is not as long as its digest");
}

// What may be missing, in its order (RFC 3161 2.4.2).
Result<void> read_info_options(DerReader& in, Fields& out) {
  if (in.at(tag::kSequence)) {
    SLUICE_TRY(const DerReader accuracy, in.enter(tag::kSequence));
    SLUICE_TRY(out.accuracy, read_accuracy(accuracy));
  }
  if (in.at(tag::kBoolean)) SLUICE_CHECK(in.boolean());  // ordering
  if (in.at(tag::kInteger)) {
    SLUICE_TRY(out.nonce, in.integer());
    if (out.nonce.size() > kNonceMost) return fail(Errc::limit, "a nonce that is too long");
  }
  if (in.at(tag::constructed(0))) {
    SLUICE_TRY(DerReader service, in.enter(tag::constructed(0)));
    SLUICE_CHECK(read_general_name(service));
    SLUICE_CHECK(service.finish());
  }
  if (in.at(tag::constructed(1))) {
    SLUICE_TRY(const DerReader extensions, in.enter(tag::constructed(1)));
    SLUICE_CHECK(check_extensions(extensions));
  }
  return in.finish();
}

Result<void> read_info(ByteView content, Fields& out) {
  SLUICE_TRY(DerReader in, enter_whole(content, tag::kSequence));
  SLUICE_TRY(const std::uint64_t version, in.number(255));
  if (version != 1) return fail(Errc::unsupported, "a timestamp that is not of version 1");
  SLUICE_TRY(out.policy, in.oid());
  SLUICE_CHECK(read_imprint(in, out));
  SLUICE_TRY(out.serial, in.integer());
  if (out.serial.size() > kStampSerialMost) {
    return fail(Errc::limit, "a serial number that is too long");
  }
  SLUICE_TRY(out.time, in.precise_time());
  return read_info_options(in, out);
}

Result<void> read_content(DerReader& signed_data, Fields& out) {
  SLUICE_TRY(DerReader in, signed_data.enter(tag::kSequence));
  SLUICE_TRY(const ByteView type, in.oid());
  if (oid::kTstInfo != type) {
    return fail(Errc::malformed,
                cat("signed content of the kind ", dotted(type), ", which is no timestamp"));
  }
  SLUICE_TRY(DerReader wrapped, in.enter(tag::constructed(0)));
  SLUICE_TRY(out.content, wrapped.content(tag::kOctetString));
  SLUICE_CHECK(wrapped.finish());
  SLUICE_CHECK(in.finish());
  return within(read_info(out.content, out), "reading its content");
}

Result<void> read_certificates(DerReader in, Fields& out) {
  while (!in.done()) {
    if (out.certificates.size() == kTimestampCertificatesMost) {
      return fail(Errc::limit, "a timestamp with too many certificates");
    }
    SLUICE_TRY(const DerElement one, in.element(tag::kSequence));
    out.certificates.push_back(one.whole);
  }
  return {};
}

// IssuerSerial of ESS: general names of which exactly one is there, a directory name.
Result<void> read_ess_issuer(DerReader in, Fields& out) {
  SLUICE_TRY(DerReader names, in.enter(tag::kSequence));
  SLUICE_TRY(const GeneralName issuer, read_general_name(names));
  SLUICE_CHECK(names.finish());
  if (issuer.kind != NameKind::directory) {
    return fail(Errc::malformed, "a signer whose issuer has no distinguished name");
  }
  DerReader name_in(issuer.value);
  SLUICE_TRY(out.ess_issuer, Name::read(name_in));
  SLUICE_TRY(out.ess_serial, in.integer());
  return in.finish();
}

// RFC 5035 3. The first certificate of the list is the signer's; the rest says nothing new.
Result<void> read_signing_certificate(ByteView value, Fields& out) {
  SLUICE_TRY(DerReader attribute, enter_whole(value, tag::kSequence));
  SLUICE_TRY(DerReader list, attribute.enter(tag::kSequence));
  SLUICE_TRY(DerReader in, list.enter(tag::kSequence));
  out.signer_hash = crypto::HashAlgorithm::sha256;
  if (in.at(tag::kSequence)) {
    SLUICE_TRY(const AlgorithmId algorithm, read_algorithm(in));
    SLUICE_TRY(out.signer_hash, hash_of(algorithm));
  }
  SLUICE_TRY(out.signer_digest, in.content(tag::kOctetString));
  if (!in.done()) {
    SLUICE_TRY(const DerReader issuer, in.enter(tag::kSequence));
    SLUICE_CHECK(read_ess_issuer(issuer, out));
  }
  SLUICE_CHECK(in.finish());
  while (!list.done()) SLUICE_CHECK(list.element(tag::kSequence));
  if (attribute.at(tag::kSequence)) SLUICE_CHECK(attribute.element(tag::kSequence));  // policies
  return attribute.finish();
}

struct SignedAttribute {
  ByteView type;
  ByteView value;  // the only one
};

Result<SignedAttribute> read_signed_attribute(DerReader& list) {
  SLUICE_TRY(DerReader in, list.enter(tag::kSequence));
  SLUICE_TRY(const ByteView type, in.oid());
  SLUICE_TRY(DerReader values, in.enter(tag::kSet));
  SLUICE_TRY(const DerElement value, values.any());
  SLUICE_CHECK(values.finish());
  SLUICE_CHECK(in.finish());
  return SignedAttribute{type, value.whole};
}

Result<void> check_content_type(ByteView value) {
  DerReader in(value);
  SLUICE_TRY(const ByteView type, in.oid());
  SLUICE_CHECK(in.finish());
  if (oid::kTstInfo == type) return {};
  return fail(Errc::malformed, "signed attributes that speak of other content");
}

Result<void> use_signed_attribute(const SignedAttribute& attribute, Fields& out) {
  if (oid::kContentType == attribute.type) return check_content_type(attribute.value);
  if (oid::kSigningCertificateV2 == attribute.type) {
    return read_signing_certificate(attribute.value, out);
  }
  if (oid::kMessageDigest != attribute.type) return {};  // signed, and of no use here
  DerReader in(attribute.value);
  SLUICE_TRY(out.message_digest, in.content(tag::kOctetString));
  return in.finish();
}

Result<void> read_signed_attributes(DerReader& signer, Fields& out) {
  SLUICE_TRY(const DerElement set, signer.element(tag::constructed(0)));
  out.signed_attributes = copy_of(set.whole);
  out.signed_attributes.front() = tag::kSet;  // RFC 5652 5.4
  DerReader in(set.content);
  std::vector<ByteView> seen;
  while (!in.done()) {
    if (seen.size() == kAttributesMost) return fail(Errc::limit, "too many signed attributes");
    SLUICE_TRY(const SignedAttribute attribute, read_signed_attribute(in));
    for (const ByteView one : seen) {
      if (equal(one, attribute.type)) return fail(Errc::malformed, "a signed attribute twice");
    }
    seen.push_back(attribute.type);
    SLUICE_CHECK(within(use_signed_attribute(attribute, out),
                        cat("reading the attribute ", dotted(attribute.type))));
  }
  const auto has = [&](const Oid& type) {
    for (const ByteView one : seen) {
      if (type == one) return true;
    }
    return false;
  };
  if (!has(oid::kContentType) || !has(oid::kMessageDigest)) {
    return fail(Errc::malformed, "signed attributes without content type and digest");
  }
  return {};
}

Result<void> read_signer_id(DerReader& in, std::uint64_t version, Fields& out) {
  if (version == 3) {
    SLUICE_TRY(out.signer_key_id, in.content(tag::context(0)));
    return {};
  }
  SLUICE_TRY(DerReader id, in.enter(tag::kSequence));
  SLUICE_TRY(out.signer_issuer, Name::read(id));
  SLUICE_TRY(out.signer_serial, id.integer());
  return id.finish();
}

Result<void> read_signer(DerReader signers, ByteView digest_algorithm, Fields& out) {
  SLUICE_TRY(DerReader in, signers.enter(tag::kSequence));
  if (!signers.done()) return fail(Errc::unsupported, "a timestamp with several signers");
  SLUICE_TRY(const std::uint64_t version, in.number(255));
  if (version != 1 && version != 3) return fail(Errc::unsupported, "a signer of no known version");
  SLUICE_CHECK(read_signer_id(in, version, out));
  SLUICE_TRY(const AlgorithmId digest, read_algorithm(in));
  if (!equal(digest.whole, digest_algorithm)) {
    return fail(Errc::malformed, "two digest algorithms that contradict each other");
  }
  SLUICE_TRY(out.digest, hash_of(digest));
  if (!in.at(tag::constructed(0))) {
    return fail(Errc::malformed, "a timestamp without signed attributes");
  }
  SLUICE_CHECK(read_signed_attributes(in, out));
  SLUICE_TRY(out.signature_algorithm, read_algorithm(in));
  SLUICE_TRY(out.signature, in.content(tag::kOctetString));
  if (in.at(tag::constructed(1))) {
    return fail(Errc::unsupported, "a timestamp with attributes that nobody signed");
  }
  return in.finish();
}

Result<void> read_signed_data(DerReader in, Fields& out) {
  SLUICE_TRY(const std::uint64_t version, in.number(255));
  // RFC 5652 5.1: 3 is what content of another kind than plain data has.
  if (version != 3) return fail(Errc::malformed, "signed data of the wrong version");
  SLUICE_TRY(DerReader digests, in.enter(tag::kSet));
  SLUICE_TRY(const AlgorithmId digest, read_algorithm(digests));
  SLUICE_CHECK(digests.finish());
  SLUICE_CHECK(read_content(in, out));
  if (in.at(tag::constructed(0))) {
    SLUICE_TRY(const DerReader certificates, in.enter(tag::constructed(0)));
    SLUICE_CHECK(read_certificates(certificates, out));
  }
  if (in.at(tag::constructed(1))) {
    return fail(Errc::unsupported, "a timestamp with revocation lists");
  }
  SLUICE_TRY(const DerReader signers, in.enter(tag::kSet));
  SLUICE_CHECK(within(read_signer(signers, digest.whole, out), "reading its signer"));
  return in.finish();
}

Result<void> read_token(DerReader& in, Fields& out) {
  SLUICE_TRY(DerReader token, in.enter(tag::kSequence));
  SLUICE_TRY(const ByteView type, token.oid());
  if (oid::kSignedData != type) return fail(Errc::malformed, "a timestamp that is not signed data");
  SLUICE_TRY(DerReader wrapped, token.enter(tag::constructed(0)));
  SLUICE_CHECK(token.finish());
  SLUICE_TRY(const DerReader data, wrapped.enter(tag::kSequence));
  SLUICE_CHECK(wrapped.finish());
  return read_signed_data(data, out);
}

Result<void> read_reply(ByteView der, Fields& out) {
  SLUICE_TRY(DerReader reply, enter_whole(der, tag::kSequence));
  SLUICE_CHECK(read_status(reply));
  SLUICE_CHECK(read_token(reply, out));
  return reply.finish();
}

Result<void> read_bare_token(ByteView der, Fields& out) {
  DerReader in(der);
  SLUICE_CHECK(read_token(in, out));
  return in.finish();
}

using ReadTimestamp = Result<void> (*)(ByteView, Fields&);

Result<std::shared_ptr<const Fields>> read_timestamp(ByteView der, ReadTimestamp read) {
  if (der.size() > kTimestampMost) {
    return fail(Errc::limit, cat("a timestamp of more than ", human_bytes(kTimestampMost)));
  }
  auto fields = std::make_shared<Fields>();
  fields->der = copy_of(der);
  SLUICE_CHECK(within(read(fields->der, *fields), "reading a timestamp"));
  return fields;
}

}  // namespace

Result<Timestamp> Timestamp::from_reply(ByteView der) {
  SLUICE_TRY(auto fields, read_timestamp(der, read_reply));
  return Timestamp(std::move(fields));
}

Result<Timestamp> Timestamp::from_token(ByteView der) {
  SLUICE_TRY(auto fields, read_timestamp(der, read_bare_token));
  return Timestamp(std::move(fields));
}

}  // namespace sluice::x509
