// SPDX-License-Identifier: Apache-2.0
#include "base/codec.h"
#include "json/value.h"
#include "sigstore/trust_raw.h"

namespace sluice::sigstore {

namespace {

json::Value valid_for(const x509::Window& window) {
  json::Value out;
  out.set("start", rfc3339(window.start));
  if (window.end) out.set("end", rfc3339(*window.end));
  return out;
}

json::Value log_value(const RawLog& log) {
  json::Value key;
  key.set("rawBytes", to_base64(log.key));
  key.set("keyDetails", log.key_details);
  key.set("validFor", valid_for(log.window));
  json::Value id;
  id.set("keyId", to_base64(log.id));
  json::Value out;
  out.set("baseUrl", log.url);
  out.set("hashAlgorithm", log.hash_algorithm);
  out.set("publicKey", std::move(key));
  out.set("logId", std::move(id));
  if (!log.checkpoint_key_id.empty()) {
    json::Value note;
    note.set("keyId", to_base64(log.checkpoint_key_id));
    out.set("checkpointKeyId", std::move(note));
  }
  if (!log.operated_by.empty()) out.set("operator", log.operated_by);
  return out;
}

json::Value authority_value(const RawAuthority& authority) {
  json::Value subject;
  subject.set("organization", authority.organization);
  subject.set("commonName", authority.common_name);
  json::Array certificates;
  for (const Bytes& der : authority.certificates) {
    json::Value one;
    one.set("rawBytes", to_base64(der));
    certificates.push_back(std::move(one));
  }
  json::Value chain;
  chain.set("certificates", std::move(certificates));
  json::Value out;
  out.set("subject", std::move(subject));
  out.set("uri", authority.url);
  out.set("certChain", std::move(chain));
  out.set("validFor", valid_for(authority.window));
  if (!authority.operated_by.empty()) out.set("operator", authority.operated_by);
  return out;
}

template <class Raw>
json::Value list_value(const std::vector<Raw>& all, json::Value (*value_of)(const Raw&)) {
  json::Array out;
  for (const Raw& one : all) out.push_back(value_of(one));
  return out;
}

}  // namespace

std::string write_raw_trust(const RawTrust& trust) {
  json::Value out;
  out.set("mediaType", trust.media_type);
  out.set("tlogs", list_value(trust.logs, log_value));
  out.set("certificateAuthorities", list_value(trust.issuers, authority_value));
  out.set("ctlogs", list_value(trust.ct_logs, log_value));
  out.set("timestampAuthorities", list_value(trust.stampers, authority_value));
  return json::write_pretty(out);
}

}  // namespace sluice::sigstore
