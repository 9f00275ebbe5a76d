// SPDX-License-Identifier: Apache-2.0
// The timestamps of a bundle under inspection.
#include "base/codec.h"
#include "base/text.h"
#include "crypto/digest.h"
#include "sigstore/inspect_parts.h"
#include "x509/oid.h"
#include "x509/timestamp.h"

namespace sluice::sigstore::parts {

namespace {

using json::Fields;
using x509::Timestamp;

json::Value stamper_json(const Timestamp& stamp) {
  json::Value out;
  if (stamp->signer_issuer) {
    out.set("issuer", stamp->signer_issuer->text());
    out.set("serial", to_hex(stamp->signer_serial));
  } else {
    out.set("key_id", to_hex(stamp->signer_key_id));
  }
  return out;
}

json::Array stamp_certificates_json(const Timestamp& stamp) {
  json::Array out;
  for (const ByteView der : stamp->certificates) {
    const auto certificate = x509::Certificate::from_der(der);
    json::Value one;
    if (certificate) {
      one.set("subject", certificate->describe());
      one.set("not_before", rfc3339((*certificate)->validity.not_before));
      one.set("not_after", rfc3339((*certificate)->validity.not_after));
    } else {
      one.set("broken", certificate.error().text());
    }
    out.push_back(std::move(one));
  }
  return out;
}

json::Value timestamp_json(const Fields& fields, Seen& seen) {
  json::Value out;
  const auto der = seen.take(timestamp_bytes(fields), fields.path(), out);
  if (!der) return out;
  out.set("bytes", static_cast<std::int64_t>(der->size()));
  const auto stamp = Timestamp::from_reply(*der);
  if (!stamp) {
    // parse_bundle does not look into it; whoever verifies does.
    out.set("broken", stamp.error().text());
    seen.remark(fields.path(), cat("this is no timestamp that counts: ", stamp.error().text()));
    return out;
  }
  const auto& info = **stamp;
  seen.dated = true;
  out.set("time", rfc3339(info.time));
  judge_time(info.time, "the timestamp", fields.path(), seen);
  if (info.accuracy.count() != 0)
    out.set("accuracy_microseconds", static_cast<std::int64_t>(info.accuracy.count()));
  out.set("policy", x509::dotted(info.policy));
  out.set("serial", to_hex(info.serial));
  out.set("imprint", cat(name(info.imprint_hash), ":", to_hex(info.imprint)));
  if (!seen.signature.empty()) {
    const bool same =
        equal(crypto::digest_of(info.imprint_hash, seen.signature).bytes(), info.imprint);
    out.set("of_this_signature", same);
    if (!same)
      seen.remark(fields.path(), "the timestamp is of something else than the bundle's signature");
  }
  out.set("signer", stamper_json(*stamp));
  out.set("certificates", stamp_certificates_json(*stamp));
  return out;
}

}  // namespace

json::Array describe_timestamps(const Fields& material, Seen& seen) {
  json::Array out;
  json::Value broken;
  const auto list =
      seen.take(timestamps(material), cat(material.path(), ".timestampVerificationData"), broken);
  if (!list) {
    out.push_back(std::move(broken));
    return out;
  }
  for (const Fields& each : *list) out.push_back(timestamp_json(each, seen));
  return out;
}

}  // namespace sluice::sigstore::parts
