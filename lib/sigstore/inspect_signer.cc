// SPDX-License-Identifier: Apache-2.0
// The signer of a bundle under inspection: certificates, or the hint at a key.
#include "base/codec.h"
#include "base/text.h"
#include "sigstore/inspect_parts.h"
#include "x509/sct.h"

namespace sluice::sigstore::parts {

namespace {

using json::Fields;
using x509::Certificate;

json::Array names_json(const Certificate& certificate) {
  json::Array out;
  for (const auto& each : certificate->alternative_names) {
    json::Value one;
    one.set("name", name(each.kind));
    one.set("value", each.value);
    out.push_back(std::move(one));
  }
  return out;
}

json::Array claims_json(const Certificate& certificate) {
  json::Array out;
  for (const auto& [field, text] : certificate->fulcio.all()) {
    json::Value one;
    const auto known = name(field);
    one.set("name", known.empty() ? oid_text(field) : std::string(known));
    one.set("oid", oid_text(field));
    one.set("value", text);
    out.push_back(std::move(one));
  }
  return out;
}

json::Array scts_json(const Certificate& certificate, json::Value& holder) {
  json::Array out;
  const auto scts = x509::parse_sct_list(*certificate->sct_list);
  if (!scts) {
    holder.set("broken", cat("the list of the logs' proofs: ", scts.error().text()));
    return out;
  }
  for (const auto& each : *scts) {
    json::Value one;
    one.set("time", rfc3339(each.time()));
    one.set("log_id", to_hex(each.log_id));
    out.push_back(std::move(one));
  }
  return out;
}

// Versions before 0.3 hold a chain, and what a verifier trusts must not come from it.
void judge_place(const Certificate& certificate, std::size_t place, const std::string& where,
                 Seen& seen) {
  if (place == 0) {
    if (certificate->is_authority())
      seen.remark(where, "the first certificate is an authority's, not a signer's");
    return;
  }
  if (certificate->is_self_issued()) {
    seen.remark(where, "the chain holds a root: verifiers refuse that",
                "sluice bundle convert writes the first certificate alone");
  }
}

json::Value certificate_json(const Fields& fields, std::size_t place, Seen& seen) {
  json::Value out;
  const auto der = seen.take(certificate_bytes(fields), fields.path(), out);
  if (!der) return out;
  const auto certificate = Certificate::from_der(*der);
  if (!certificate) {
    // parse_bundle does not look into it; whoever verifies does.
    out.set("bytes", static_cast<std::int64_t>(der->size()));
    out.set("broken", certificate.error().text());
    seen.remark(fields.path(), cat("this is no certificate: ", certificate.error().text()));
    return out;
  }
  judge_place(*certificate, place, fields.path(), seen);
  if (place == 0) seen.leaf = *certificate;
  return describe_certificate(*certificate);
}

json::Value hint_json(const Fields& material, Seen& seen) {
  json::Value out;
  out.set("kind", "public key");
  const auto hint = seen.take(public_key_hint(material), cat(material.path(), ".publicKey"), out);
  if (!hint) return out;
  out.set("hint", hint->hint);
  if (hint->hint.empty()) return out;
  seen.hint = hint->hint;
  const auto raw = from_base64(hint->hint);
  if (raw && raw->size() == crypto::digest_size(crypto::HashAlgorithm::sha256))
    out.set("key_fingerprint", cat("sha256:", to_hex(*raw)));
  return out;
}

}  // namespace

json::Value describe_certificate(const Certificate& certificate) {
  json::Value out;
  if (!certificate->subject.empty()) out.set("subject", certificate->subject.text());
  out.set("names", names_json(certificate));
  if (const std::string* issuer = certificate->fulcio.issuer()) out.set("vouched_by", *issuer);
  out.set("issuer", certificate->issuer.text());
  out.set("serial", to_hex(certificate->serial));
  out.set("not_before", rfc3339(certificate->validity.not_before));
  out.set("not_after", rfc3339(certificate->validity.not_after));
  out.set("key", certificate->key.describe());
  out.set("fingerprint", certificate.fingerprint().text());
  out.set("authority", certificate->is_authority());
  if (!certificate->fulcio.all().empty()) out.set("claims", claims_json(certificate));
  if (certificate->sct_list) out.set("logged", scts_json(certificate, out));
  return out;
}

json::Value describe_signer(const Fields& material, Seen& seen) {
  json::Value out;
  if (!seen.check(check_one_kind(material), material.path()))
    out.set("broken", check_one_kind(material).error().text());
  if (material.has("publicKey")) return hint_json(material, seen);
  if (!material.has("certificate") && !material.has("x509CertificateChain")) return out;
  out.set("kind", "certificate");
  const std::string where = cat(material.path(), ".x509CertificateChain");
  if (seen.version && !seen.check(check_chain(material, *seen.version), where)) {
    seen.out.problems.back().advice = "sluice bundle convert writes the first certificate alone";
  }
  const auto list = seen.take(certificates(material), where, out);
  if (!list) return out;
  if (list->empty()) {
    const Error none{Errc::malformed, "the bundle's chain has no certificate"};
    seen.problem(where, none);
    out.set("broken", none.text());
  }
  json::Array all;
  for (const Fields& each : *list) all.push_back(certificate_json(each, all.size(), seen));
  out.set("certificates", std::move(all));
  return out;
}

}  // namespace sluice::sigstore::parts
