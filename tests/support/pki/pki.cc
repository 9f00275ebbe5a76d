// SPDX-License-Identifier: Apache-2.0
#include "support/pki/pki.h"

#include "base/text.h"

namespace sluice::test {

namespace {

using crypto::HashAlgorithm;
using crypto::SchemeKind;

void call(const std::function<void(std::vector<Bytes>&)>& change, std::vector<Bytes>& parts) {
  if (change) change(parts);
}

Bytes sign(const crypto::PrivateKey& key, ByteView bytes) {
  return key.sign(crypto::Message::of(key.scheme(), bytes).value()).value();
}

Bytes tagged(unsigned number, ByteView content) {
  return der(static_cast<std::uint8_t>(0x80U | number), copy_of(content));
}

std::vector<Bytes> fields_of(const crypto::PrivateKey& signer, const Bytes& issuer_name,
                             const CertificateWish& wish, const Bytes& subject,
                             const crypto::PublicKey& key) {
  std::vector<Bytes> fields{der_explicit(0, der_integer(2)),
                            wish.serial,
                            signature_algorithm(signer.scheme()),
                            issuer_name,
                            der_sequence({der_utc_time(wish.from), der_utc_time(wish.to)}),
                            subject,
                            wish.for_key.value_or(key).der()};
  if (!wish.extensions.empty()) {
    fields.push_back(der_explicit(3, der_sequence(wish.extensions)));
  }
  return fields;
}

MadeCertificate finish(const crypto::PrivateKey& signer, const Bytes& issuer_name,
                       const CertificateWish& wish, const crypto::PrivateKey& key) {
  const Bytes subject = common_name(wish.name);
  std::vector<Bytes> fields = fields_of(signer, issuer_name, wish, subject, key.public_key());
  call(wish.change_fields, fields);
  const Bytes tbs = der_sequence(fields);
  std::vector<Bytes> whole{tbs, signature_algorithm(signer.scheme()), der_bits(sign(signer, tbs))};
  call(wish.change_whole, whole);
  return {key, subject, der_sequence(whole)};
}

crypto::PrivateKey key_for(const CertificateWish& wish) {
  return wish.with_key ? *wish.with_key : crypto::PrivateKey::generate(wish.key, 2048).value();
}

void put_number(Bytes& out, std::uint64_t value, std::size_t width) {
  for (std::size_t i = width; i-- > 0;) out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}
void put_bytes(Bytes& out, ByteView bytes) { out.insert(out.end(), bytes.begin(), bytes.end()); }

Bytes attribute(std::string_view oid, const Bytes& value) {
  return der_sequence({der_oid(oid), der_set({value})});
}

}  // namespace

Time at(std::string_view text) { return parse_rfc3339(text).value(); }

Bytes common_name(std::string_view text) {
  if (text.empty()) return der_sequence({});
  return der_sequence({der_set({der_sequence({der_oid("2.5.4.3"), der_text(0x0c, text)})})});
}

Bytes extension(std::string_view oid, bool critical, const Bytes& value) {
  if (!critical) return der_sequence({der_oid(oid), der_octets(value)});
  return der_sequence({der_oid(oid), der_boolean(true), der_octets(value)});
}

Bytes basic_constraints(bool authority, std::optional<unsigned> path_length) {
  std::vector<Bytes> parts;
  if (authority) parts.push_back(der_boolean(true));
  if (path_length) parts.push_back(der_integer(*path_length));
  return extension("2.5.29.19", true, der_sequence(parts));
}

Bytes key_usage(std::uint8_t first_byte) {
  std::uint8_t unused = 0;
  while (unused < 7 && ((first_byte >> unused) & 1U) == 0) ++unused;
  return extension("2.5.29.15", true, der(0x03, Bytes{unused, first_byte}));
}

Bytes extended_key_usage(const std::vector<std::string>& purposes, bool critical) {
  std::vector<Bytes> parts;
  for (const std::string& one : purposes) parts.push_back(der_oid(one));
  return extension("2.5.29.37", critical, der_sequence(parts));
}

Bytes alternative_names(const std::vector<Bytes>& names, bool critical) {
  return extension("2.5.29.17", critical, der_sequence(names));
}
Bytes email_name(std::string_view text) { return tagged(1, bytes_of(text)); }
Bytes dns_name(std::string_view text) { return tagged(2, bytes_of(text)); }
Bytes uri_name(std::string_view text) { return tagged(6, bytes_of(text)); }
Bytes ip_name(const Bytes& address) { return tagged(7, address); }
Bytes username_name(std::string_view text) {
  return der_explicit(
      0, joined({der_oid("1.3.6.1.4.1.57264.1.7"), der_explicit(0, der_text(0x0c, text))}));
}

Bytes fulcio_extension(unsigned number, std::string_view text) {
  return extension(cat("1.3.6.1.4.1.57264.1.", number), false,
                   number <= 6 ? copy_of(bytes_of(text)) : der_text(0x0c, text));
}

Bytes signature_algorithm(crypto::Scheme scheme) {
  if (scheme.kind == SchemeKind::ed25519) return der_sequence({der_oid("1.3.101.112")});
  const auto index = static_cast<unsigned>(scheme.hash);  // sha256, sha384, sha512
  if (scheme.kind == SchemeKind::rsa_pkcs1) {
    return der_sequence({der_oid(cat("1.2.840.113549.1.1.", 11 + index)), der_null()});
  }
  if (scheme.kind == SchemeKind::rsa_pss) {
    const Bytes digest = digest_algorithm(scheme.hash);
    const Bytes mask = der_sequence({der_oid("1.2.840.113549.1.1.8"), digest});
    return der_sequence(
        {der_oid("1.2.840.113549.1.1.10"),
         der_sequence({der_explicit(0, digest), der_explicit(1, mask),
                       der_explicit(2, der_integer(crypto::digest_size(scheme.hash)))})});
  }
  return der_sequence({der_oid(cat("1.2.840.10045.4.3.", 2 + index))});
}

Bytes digest_algorithm(HashAlgorithm hash) {
  return der_sequence({der_oid(cat("2.16.840.1.101.3.4.2.", 1 + static_cast<unsigned>(hash)))});
}

CertificateWish root_wish(std::string name) {
  CertificateWish wish;
  wish.name = std::move(name);
  wish.extensions = {basic_constraints(true), key_usage(0x06)};
  return wish;
}

CertificateWish intermediate_wish(std::string name) {
  CertificateWish wish = root_wish(std::move(name));
  wish.extensions = {basic_constraints(true, 0), key_usage(0x06),
                     extended_key_usage({std::string(kCodeSigningPurpose)})};
  return wish;
}

CertificateWish leaf_wish() {
  CertificateWish wish;
  wish.from = at("2026-06-01T12:00:00Z");
  wish.to = at("2026-06-01T12:10:00Z");
  wish.extensions = {key_usage(0x80), extended_key_usage({std::string(kCodeSigningPurpose)}),
                     alternative_names({email_name("release@example.org")}),
                     fulcio_extension(1, "https://accounts.example.org"),
                     fulcio_extension(8, "https://accounts.example.org")};
  return wish;
}

CertificateWish stamper_wish() {
  CertificateWish wish;
  wish.name = "stamper";
  wish.extensions = {key_usage(0x80),
                     extended_key_usage({std::string(kTimeStampingPurpose)}, true)};
  return wish;
}

MadeCertificate make_root(const CertificateWish& wish) {
  const auto key = key_for(wish);
  return finish(key, common_name(wish.name), wish, key);
}

MadeCertificate issue(const MadeCertificate& issuer, const CertificateWish& wish) {
  return finish(issuer.key, issuer.name, wish, key_for(wish));
}

Bytes make_sct(const MadeLog& log, ByteView issuer_spki, ByteView precertificate_tbs,
               const SctWish& wish) {
  const auto milliseconds =
      static_cast<std::uint64_t>(wish.time.time_since_epoch().count()) * 1000 + 470;
  Bytes entry{0, 0};
  put_number(entry, milliseconds, 8);
  put_number(entry, 1, 2);
  put_bytes(entry, crypto::digest_of(HashAlgorithm::sha256, issuer_spki).bytes());
  put_number(entry, precertificate_tbs.size(), 3);
  put_bytes(entry, precertificate_tbs);
  put_number(entry, wish.extensions.size(), 2);
  put_bytes(entry, wish.extensions);
  if (wish.change_signed) wish.change_signed(entry);
  const Bytes signature = sign(log.key, entry);

  Bytes out{0};
  put_bytes(out, log.key.public_key().fingerprint().bytes());
  put_number(out, milliseconds, 8);
  put_number(out, wish.extensions.size(), 2);
  put_bytes(out, wish.extensions);
  put_bytes(out, Bytes{4, 3});
  put_number(out, signature.size(), 2);
  put_bytes(out, signature);
  if (wish.change_sct) wish.change_sct(out);
  return out;
}

Bytes sct_list(const std::vector<Bytes>& scts) {
  Bytes inside;
  for (const Bytes& one : scts) {
    put_number(inside, one.size(), 2);
    put_bytes(inside, one);
  }
  Bytes out;
  put_number(out, inside.size(), 2);
  put_bytes(out, inside);
  return out;
}

Bytes sct_extension(const std::vector<Bytes>& scts) {
  return extension("1.3.6.1.4.1.11129.2.4.2", false, der_octets(sct_list(scts)));
}

MadeCertificate issue_logged(const MadeCertificate& issuer, CertificateWish wish,
                             const std::vector<std::pair<const MadeLog*, SctWish>>& logs) {
  const auto key = key_for(wish);
  std::vector<Bytes> fields =
      fields_of(issuer.key, issuer.name, wish, common_name(wish.name), key.public_key());
  const Bytes tbs = der_sequence(fields);
  std::vector<Bytes> scts;
  for (const auto& [log, sct] : logs) {
    scts.push_back(make_sct(*log, issuer.key.public_key().der(), tbs, sct));
  }
  // In the middle, so that what stands behind it has to stay too.
  wish.extensions.insert(wish.extensions.begin() + 2, sct_extension(scts));
  return finish(issuer.key, issuer.name, wish, key);
}

Bytes make_stamp(const MadeCertificate& service, const Bytes& issuer_name, ByteView message,
                 const StampWish& wish) {
  const auto hash = service.key.scheme().hash;
  const Bytes digest = digest_algorithm(hash);
  std::vector<Bytes> info{
      der_integer(1),
      der_oid("1.3.6.1.4.1.57264.2"),
      der_sequence({digest_algorithm(wish.imprint),
                    der_octets(crypto::digest_of(wish.imprint, message).bytes())}),
      der_integer(77),
      der_generalized_time(wish.time),
      der_sequence({der_integer(1)})};
  call(wish.change_info, info);
  const Bytes content = der_sequence(info);

  const Bytes certificate_digest =
      copy_of(crypto::digest_of(HashAlgorithm::sha256, service.der).bytes());
  const Bytes serial = {0x02, 0x01, 0x2a};
  const Bytes issuer_serial = der_sequence({der_sequence({der_explicit(4, issuer_name)}), serial});
  std::vector<Bytes> attributes{
      attribute("1.2.840.113549.1.9.3", der_oid("1.2.840.113549.1.9.16.1.4")),
      attribute("1.2.840.113549.1.9.4", der_octets(crypto::digest_of(hash, content).bytes())),
      attribute("1.2.840.113549.1.9.16.2.47",
                der_sequence({der_sequence(
                    {der_sequence({der_octets(certificate_digest), issuer_serial})})}))};
  call(wish.change_attributes, attributes);
  const Bytes signature = sign(service.key, der_set(attributes));

  std::vector<Bytes> signer{der_integer(1),
                            der_sequence({issuer_name, serial}),
                            digest,
                            der_explicit(0, joined(attributes)),
                            signature_algorithm(service.key.scheme()),
                            der_octets(signature)};
  call(wish.change_signer, signer);
  std::vector<Bytes> certificates = wish.more_certificates;
  if (wish.with_certificate) certificates.insert(certificates.begin(), service.der);
  std::vector<Bytes> data{
      der_integer(3), der_set({digest}),
      der_sequence({der_oid("1.2.840.113549.1.9.16.1.4"), der_explicit(0, der_octets(content))}),
      certificates.empty() ? Bytes{} : der_explicit(0, joined(certificates)),
      der_set({der_sequence(signer)})};
  call(wish.change_data, data);
  std::vector<Bytes> reply{
      der_sequence({der_integer(0)}),
      der_sequence({der_oid("1.2.840.113549.1.7.2"), der_explicit(0, der_sequence(data))})};
  call(wish.change_reply, reply);
  return der_sequence(reply);
}

}  // namespace sluice::test
