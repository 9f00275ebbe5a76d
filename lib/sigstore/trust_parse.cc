// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "base/codec.h"
#include "base/text.h"
#include "json/value.h"
#include "sigstore/trust_raw.h"

namespace sluice::sigstore {

namespace {

using json::Fields;

constexpr std::size_t kTextMost = 2048;         // of a URL
constexpr std::size_t kWordsMost = 200;         // of a name
constexpr std::size_t kRawKeyMost = 16U << 10;  // of a key or id, decoded
constexpr std::size_t kUnknownMost = 32;        // members that are listed

class TrustReader {
 public:
  Result<RawTrust> read(const Fields& root) {
    SLUICE_CHECK(media_type(root));
    known(root, {"mediaType", "tlogs", "certificateAuthorities", "ctlogs", "timestampAuthorities"});
    SLUICE_TRY(out_.logs, list<RawLog>(root, "tlogs", &TrustReader::log));
    SLUICE_TRY(out_.issuers,
               list<RawAuthority>(root, "certificateAuthorities", &TrustReader::authority));
    SLUICE_TRY(out_.ct_logs, list<RawLog>(root, "ctlogs", &TrustReader::log));
    SLUICE_TRY(out_.stampers,
               list<RawAuthority>(root, "timestampAuthorities", &TrustReader::authority));
    return std::move(out_);
  }

 private:
  Result<void> media_type(const Fields& root) {
    constexpr std::array<std::string_view, 4> kKnown = {
        kTrustedRootV01, "application/vnd.dev.sigstore.trustedroot.v0.1+json",
        "application/vnd.dev.sigstore.trustedroot+json;version=0.2", kTrustedRootV02};
    SLUICE_TRY(out_.media_type, root.string("mediaType"));
    if (std::ranges::find(kKnown, out_.media_type) != kKnown.end()) return {};
    return fail(Errc::unsupported,
                cat("the trust material is of the kind \"", printable(out_.media_type, 100),
                    "\"; trusted roots of the versions 0.1 and 0.2 are known"));
  }

  void known(const Fields& fields, std::initializer_list<std::string_view> names) {
    for (const auto& [key, value] : *fields.value().object()) {
      if (std::ranges::find(names, key) != names.end() || out_.unknown.size() == kUnknownMost) {
        continue;
      }
      out_.unknown.push_back(cat(fields.path(), ".", printable(key, 60)));
    }
  }

  template <class T>
  Result<std::vector<T>> list(const Fields& fields, std::string_view key,
                              Result<T> (TrustReader::*read_one)(const Fields&)) {
    std::vector<T> out;
    if (!fields.has(key)) return out;
    SLUICE_TRY(const auto items, fields.array(key, kTrustEntriesMost));
    for (const Fields& item : items) {
      if (item.value().object() == nullptr) {
        return fail(Errc::malformed,
                    cat(item.path(), ": expected an object, found ", name(item.value().kind())));
      }
      SLUICE_TRY(auto one, (this->*read_one)(item));
      out.push_back(std::move(one));
    }
    return out;
  }

  // Text that is shown as it is: visible ASCII, as a URL has it.
  Result<std::string> url(const Fields& fields, std::string_view key) {
    if (!fields.has(key)) return std::string();
    SLUICE_TRY(std::string text, fields.string(key));
    const bool plain =
        std::ranges::all_of(text, [](char one) { return one > ' ' && one < '\x7f'; });
    if (text.size() <= kTextMost && plain) return text;
    return fail(Errc::malformed,
                cat(fields.path(), ".", key, " is no URL: \"", printable(text, 80), "\""));
  }

  // What people may see as it is.
  Result<std::string> words(const Fields& fields, std::string_view key) {
    if (!fields.has(key)) return std::string();
    SLUICE_TRY(std::string text, fields.string(key));
    const std::string clean = printable(text, kWordsMost);
    if (clean == text) return text;
    return fail(Errc::malformed,
                cat(fields.path(), ".", key, " is too long or not for people: \"", clean, "\""));
  }

  Result<Bytes> base64(const Fields& fields, std::string_view key, std::size_t most) {
    SLUICE_TRY(const std::string text, fields.string(key));
    SLUICE_TRY(Bytes out, within(from_base64(text), cat("reading ", fields.path(), ".", key)));
    if (!out.empty() && out.size() <= most) return out;
    return fail(Errc::malformed, cat(fields.path(), ".", key, " has ", out.size(),
                                     " bytes; there have to be 1 to ", most));
  }

  Result<x509::Window> window(const Fields& parent) {
    SLUICE_TRY(const auto fields, parent.object("validFor"));
    known(fields, {"start", "end"});
    if (!fields.has("start")) {
      return fail(Errc::malformed,
                  cat(fields.path(), " has no start: it would be trusted for all of the past"));
    }
    SLUICE_TRY(const std::string start, fields.string("start"));
    std::optional<std::string> end;
    if (fields.has("end")) {
      SLUICE_TRY(end, fields.string("end"));
    }
    return within(parse_window(start, end), cat("reading ", fields.path()));
  }

  Result<Bytes> log_id(const Fields& parent, std::string_view key) {
    SLUICE_TRY(const auto fields, parent.object(key));
    known(fields, {"keyId"});
    SLUICE_TRY(Bytes id, base64(fields, "keyId", kRawKeyMost));
    if (id.size() == 32 || id.size() == 4) return id;
    return fail(Errc::malformed, cat(fields.path(), ".keyId has ", id.size(),
                                     " bytes; an id of a log has 32, or the first 4 of them"));
  }

  Result<RawLog> log(const Fields& fields) {
    known(fields,
          {"baseUrl", "hashAlgorithm", "publicKey", "logId", "checkpointKeyId", "operator"});
    RawLog out{.path = fields.path()};
    SLUICE_TRY(out.url, url(fields, "baseUrl"));
    SLUICE_TRY(out.operated_by, words(fields, "operator"));
    SLUICE_TRY(out.hash_algorithm, words(fields, "hashAlgorithm"));
    SLUICE_TRY(const auto key, fields.object("publicKey"));
    known(key, {"rawBytes", "keyDetails", "validFor"});
    SLUICE_TRY(out.key, base64(key, "rawBytes", kRawKeyMost));
    SLUICE_TRY(out.key_details, words(key, "keyDetails"));
    if (out.key_details.empty()) {
      return fail(Errc::malformed, cat(key.path(), ".keyDetails: required, but not there"));
    }
    SLUICE_TRY(out.window, window(key));
    SLUICE_TRY(out.id, log_id(fields, "logId"));
    if (fields.has("checkpointKeyId")) {
      SLUICE_TRY(out.checkpoint_key_id, log_id(fields, "checkpointKeyId"));
    }
    return out;
  }

  Result<RawAuthority> authority(const Fields& fields) {
    known(fields, {"subject", "uri", "certChain", "validFor", "operator"});
    RawAuthority out{.path = fields.path()};
    SLUICE_TRY(out.url, url(fields, "uri"));
    SLUICE_TRY(out.operated_by, words(fields, "operator"));
    if (fields.has("subject")) {
      SLUICE_TRY(const auto subject, fields.object("subject"));
      known(subject, {"organization", "commonName"});
      SLUICE_TRY(out.organization, words(subject, "organization"));
      SLUICE_TRY(out.common_name, words(subject, "commonName"));
    }
    SLUICE_TRY(const auto chain, fields.object("certChain"));
    known(chain, {"certificates"});
    SLUICE_TRY(const auto certificates, chain.array("certificates", kTrustChainMost));
    if (certificates.empty()) {
      return fail(Errc::malformed, cat(chain.path(), " has no certificate"));
    }
    for (const Fields& one : certificates) {
      SLUICE_TRY(Bytes der, base64(one, "rawBytes", x509::kCertificateMost));
      known(one, {"rawBytes"});
      out.certificates.push_back(std::move(der));
    }
    SLUICE_TRY(out.window, window(fields));
    return out;
  }

  RawTrust out_;
};

bool has_fraction(std::string_view time) {
  const std::size_t dot = time.find('.');
  if (dot == std::string_view::npos) return false;
  const std::size_t digit = time.find_first_not_of('0', dot + 1);
  return digit != std::string_view::npos && time[digit] >= '1' && time[digit] <= '9';
}

}  // namespace

Result<x509::Window> parse_window(std::string_view start, const std::optional<std::string>& end) {
  x509::Window out;
  SLUICE_TRY(out.start, parse_rfc3339(start));
  if (has_fraction(start)) out.start += std::chrono::seconds(1);
  if (!end) return out;
  SLUICE_TRY(out.end, parse_rfc3339(*end));
  if (*out.end < out.start) {
    return fail(Errc::malformed, cat("a span of time that ends (", human_time(*out.end),
                                     ") before it starts (", human_time(out.start), ")"));
  }
  return out;
}

Result<RawTrust> parse_raw_trust(std::string_view json) {
  SLUICE_TRY(const auto value,
             json::parse_strict(json, {.bytes = kTrustedRootMost, .values = 100'000}));
  return TrustReader().read(Fields(value, "trusted root"));
}

}  // namespace sluice::sigstore
