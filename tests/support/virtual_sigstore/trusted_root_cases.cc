// SPDX-License-Identifier: Apache-2.0
#include "base/codec.h"
#include "base/text.h"
#include "support/virtual_sigstore/case_table.h"

namespace sluice::test {

namespace {

struct Faults {
  const VirtualSigstore& world;
  std::vector<TrustedRootCase> list = {};

  void add(std::string id, std::string why, const Change& change) {
    list.push_back({std::move(id), std::move(why), world.trusted_root(change)});
  }
  void good(std::string id, std::string why, const Change& change) {
    add(std::move(id), std::move(why), change);
    list.back().due = TrustedRootCase::Due::good;
  }
  void ignored(std::string id, std::string why, const Change& change) {
    add(std::move(id), std::move(why), change);
    list.back().due = TrustedRootCase::Due::ignored;
  }
  void text(std::string id, std::string why, const ChangeText& change) {
    add(std::move(id), std::move(why), {});
    change(list.back().text);
  }
};

void add_good(Faults& faults) {
  faults.good("whole", "all kinds of services", {});
  faults.good("no-logs", "a root without logs", [](json::Value& root) { erase(root, "tlogs"); });
  faults.good("end", "a window with an end, which has a fraction", [](json::Value& root) {
    set(root, "tlogs.0.publicKey.validFor.end", "2027-01-01T00:00:00.999Z");
  });
  faults.good("equal-keys", "one key under two addresses", [](json::Value& root) {
    json::Array& list = *at(root, "ctlogs").array();
    list.push_back(list.front());
    set(root, "ctlogs.2.baseUrl", "https://ct9.example.org");
  });
}

void add_windows(Faults& faults) {
  for (const std::string_view path :
       {"tlogs.0.publicKey.validFor", "ctlogs.0.publicKey.validFor",
        "certificateAuthorities.0.validFor", "timestampAuthorities.0.validFor"}) {
    const std::string name(path.substr(0, path.find('.')));
    faults.add(cat("no-start-", name), "a window without a start",
               [path](json::Value& root) { erase(root, cat(path, ".start")); });
    faults.add(cat("start-text-", name), "a start that is no time",
               [path](json::Value& root) { set(root, cat(path, ".start"), "yesterday"); });
    faults.add(cat("end-before-start-", name), "a window that ends before it starts",
               [path](json::Value& root) { set(root, cat(path, ".end"), "2025-12-31T23:59:59Z"); });
  }
}

void add_keys(Faults& faults) {
  faults.add("key-trailing", "a byte behind a key", [](json::Value& root) {
    change_base64(root, "tlogs.0.publicKey.rawBytes", [](Bytes& der) { der.push_back(0); });
  });
  faults.add("key-garbage", "no key", [](json::Value& root) {
    set(root, "tlogs.1.publicKey.rawBytes", to_base64(Bytes(50, 0x41)));
  });
  faults.add("key-details-of-another", "the name of another scheme", [](json::Value& root) {
    set(root, "tlogs.0.publicKey.keyDetails", "PKIX_ECDSA_P256_SHA_256");
  });
  faults.ignored("key-details-unknown", "a scheme that is not known",
                 [](json::Value& root) { set(root, "tlogs.0.publicKey.keyDetails", "PKIX_NEW"); });
  faults.ignored("hash-unknown", "a log that hashes otherwise",
                 [](json::Value& root) { set(root, "tlogs.0.hashAlgorithm", "SHA2_512"); });
  faults.add("log-id-missing", "a log without its id",
             [](json::Value& root) { erase(root, "tlogs.0.logId"); });
  faults.add(
      "ct-log-id-of-another", "a certificate log by the id of another", [](json::Value& root) {
        set(root, "ctlogs.0.logId.keyId", json::Value(text_at(root, "ctlogs.1.logId.keyId")));
      });
}

void add_authorities(Faults& faults) {
  const std::string list = "certificateAuthorities.0.certChain.certificates";
  faults.add("chain-empty", "an authority without certificates",
             [list](json::Value& root) { set(root, list, json::Array{}); });
  faults.add("chain-broken", "a chain whose first was not issued by its second",
             [list](json::Value& root) {
               set(root, list,
                   json::Array{at(root, cat(list, ".1")),
                               at(root, "timestampAuthorities.0.certChain.certificates.1")});
             });
  faults.add("certificate-trailing", "a byte behind a certificate", [list](json::Value& root) {
    change_base64(root, cat(list, ".0.rawBytes"), [](Bytes& der) { der.push_back(0); });
  });
}

void add_json(Faults& faults) {
  faults.add("media-type-unknown", "a root of a kind to come", [](json::Value& root) {
    set(root, "mediaType", "application/vnd.dev.sigstore.trustedroot+json;version=0.9");
  });
  faults.add("media-type-missing", "a root of no kind",
             [](json::Value& root) { erase(root, "mediaType"); });
  faults.add("logs-object", "logs that are no list",
             [](json::Value& root) { set(root, "tlogs", json::Object{}); });
  faults.text("truncated", "half of it", [](std::string& text) { text.resize(text.size() / 2); });
  faults.text("twice", "two lists of logs",
              [](std::string& text) { replace(text, "\"tlogs\":", "\"tlogs\": [], \"tlogs\":"); });
  faults.text("trailing", "something behind it", [](std::string& text) { text += "{}"; });
}

}  // namespace

const std::vector<TrustedRootCase>& trusted_root_cases() {
  static const std::vector<TrustedRootCase> all = [] {
    const VirtualSigstore world;
    Faults faults{world};
    add_good(faults);
    add_windows(faults);
    add_keys(faults);
    add_authorities(faults);
    add_json(faults);
    return std::move(faults.list);
  }();
  return all;
}

}  // namespace sluice::test
