// SPDX-License-Identifier: Apache-2.0
// What the virtual Sigstore asks others to trust.
#include "base/codec.h"
#include "base/text.h"
#include "support/virtual_sigstore/entry.h"

namespace sluice::test {

namespace {

json::Value window_of(Time from, const std::optional<Time>& to) {
  json::Value out = object({{"start", rfc3339(from)}});
  if (to) out.set("end", rfc3339(*to));
  return out;
}

json::Value log_instance(std::string base_url, const crypto::PrivateKey& key, const Bytes& id,
                         json::Value window) {
  return object({{"baseUrl", std::move(base_url)},
                 {"hashAlgorithm", "SHA2_256"},
                 {"publicKey", object({{"rawBytes", to_base64(key.public_key().der())},
                                       {"keyDetails", key_details(key.public_key(), key.scheme())},
                                       {"validFor", std::move(window)}})},
                 {"logId", object({{"keyId", to_base64(id)}})}});
}

json::Value authority(std::string_view name, std::string_view uri, const std::vector<Bytes>& chain,
                      json::Value window) {
  json::Array certificates;
  for (const Bytes& one : chain) certificates.push_back(object({{"rawBytes", to_base64(one)}}));
  return object({{"subject", object({{"organization", "example.org"}, {"commonName", name}})},
                 {"uri", uri},
                 {"certChain", object({{"certificates", std::move(certificates)}})},
                 {"validFor", std::move(window)}});
}

const Time kStart = at("2026-01-01T00:00:00Z");

}  // namespace

std::string VirtualSigstore::trusted_root(const Change& change) const {
  json::Array tlogs;
  for (const VirtualLog& one : logs) {
    tlogs.push_back(
        log_instance(cat("https://", one.host), one.key, one.id(), window_of(one.from, one.to)));
  }
  json::Array ctlogs;
  for (const MadeLog& one : ct_logs) {
    ctlogs.push_back(log_instance(cat("https://ct", ctlogs.size(), ".example.org"), one.key,
                                  copy_of(one.key.public_key().fingerprint().bytes()),
                                  window_of(kStart, {})));
  }
  json::Array services;
  for (const Stamper& one : stampers) {
    services.push_back(authority(
        "stamper", cat("https://stamps", services.size(), ".example.org/api/v1/timestamp"),
        {one.service.der, one.root.der}, window_of(one.from, one.to)));
  }
  json::Value out =
      object({{"mediaType", "application/vnd.dev.sigstore.trustedroot+json;version=0.1"},
              {"tlogs", std::move(tlogs)},
              {"certificateAuthorities",
               json::Array{authority("virtual root", "https://fulcio.example.org",
                                     {intermediate.der, root.der}, window_of(kStart, {}))}},
              {"ctlogs", std::move(ctlogs)},
              {"timestampAuthorities", std::move(services)}});
  if (change) change(out);
  return json::write_pretty(out);
}

std::string VirtualSigstore::witness_policy(std::size_t log,
                                            const std::vector<std::size_t>& members,
                                            unsigned quorum) const {
  const VirtualLog& own = logs.at(log);
  Bytes key{0x01};
  const Bytes raw = raw_ed25519(own.key.public_key());
  key.insert(key.end(), raw.begin(), raw.end());
  std::string text = cat("# written by a test\nlog ", own.origin(), "+",
                         to_hex(first_four(own.id())), "+", to_base64(key), "\n");
  std::string group = cat("group enough ", quorum);
  for (const std::size_t one : members) {
    text += cat("witness w", one, " ", witnesses.at(one).verifier_key(), "\n");
    group += cat(" w", one);
  }
  return cat(text, group, "\nquorum enough\n");
}

}  // namespace sluice::test
