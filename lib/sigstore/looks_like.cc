// SPDX-License-Identifier: Apache-2.0
#include "sigstore/looks_like.h"

#include <algorithm>
#include <array>

#include "base/codec.h"
#include "base/limits.h"
#include "base/text.h"
#include "crypto/pem.h"
#include "json/value.h"
#include "x509/certificate.h"
#include "x509/timestamp.h"

namespace sluice::sigstore {

namespace {

constexpr std::string_view kConvertSignature =
    "sluice bundle convert --signature FILE, with --certificate FILE or --key FILE";
constexpr std::string_view kConvertWhole = "sluice bundle convert FILE";
constexpr std::size_t kSignatureMost = 1024;  // bytes: RSA of 8192 bits

struct FirstBytes {
  std::string_view bytes;
  std::string_view what;
  std::string_view advice;
};
constexpr std::string_view kUnpack = "unpack it first";
constexpr std::string_view kAsUtf8 = "bundles are UTF-8 without a mark";
constexpr std::array kFirstBytes{
    FirstBytes{"\x1f\x8b", "gzip", kUnpack},
    FirstBytes{"\x28\xb5\x2f\xfd", "Zstandard", kUnpack},
    FirstBytes{"\xfd"
               "7zXZ",
               "xz", kUnpack},
    FirstBytes{"BZh", "bzip2", kUnpack},
    FirstBytes{"PK\x03\x04", "a zip archive", kUnpack},
    FirstBytes{"\x7f"
               "ELF",
               "a program: the artifact itself?", "name the bundle, not what it is about"},
    FirstBytes{"\xef\xbb\xbf", "text behind a byte order mark", kAsUtf8},
    FirstBytes{"\xff\xfe", "UTF-16 text", kAsUtf8},
    FirstBytes{"\xfe\xff", "UTF-16 text", kAsUtf8},
};

struct Members {
  std::array<std::string_view, 3> needed;  // empty ones are not looked for
  std::string_view what;
  std::string_view advice;
};
constexpr std::array kMembers{
    Members{{"base64Signature"}, "what cosign 1 and 2 wrote with --bundle", kConvertWhole},
    Members{{"payload", "payloadType", "signatures"},
            "a DSSE envelope without a bundle around it, as cosign attest-blob wrote it",
            "sluice bundle convert FILE, with --certificate FILE or --key FILE"},
    Members{{"SignedEntryTimestamp", "Payload"},
            "a log's promise alone, as cosign kept it beside images",
            "the signature and the certificate are elsewhere: find the whole output"},
    Members{{"SignedRFC3161Timestamp"},
            "a timestamp alone, as cosign 2 wrote it with --rfc3161-timestamp",
            "sluice bundle convert takes it as --rfc3161-timestamp FILE, beside the signature"},
    Members{{"_type", "predicateType"},
            "an in-toto statement that nobody signed",
            "sluice sign --payload-type application/vnd.in-toto+json signs it"},
    Members{{"critical", "optional"}, "what cosign signs of an image, without the signature", ""},
    Members{{"signed", "signatures"}, "metadata of TUF, or an in-toto link or layout", ""},
    Members{{"certificateAuthorities"}, "a trusted root: what is verified with, not what is", ""},
    Members{{"schemaVersion", "config", "layers"},
            "an image's manifest",
            "the bundle is one of its layers, or refers to it"},
    Members{{"bomFormat"}, "an SBOM (CycloneDX)", "name the bundle, not what it is about"},
    Members{{"spdxVersion"}, "an SBOM (SPDX)", "name the bundle, not what it is about"},
};

bool all_base64(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' ||
           c == '/' || c == '=' || c == '-' || c == '_' || c == '\n' || c == '\r';
  });
}

Likeness pem_like(std::string_view text) {
  // Several blocks, or text around one, are no PEM to our reader; to people they are.
  const std::size_t begin = text.find("-----BEGIN ") + 11;
  const std::size_t end = text.find("-----", begin);
  const std::string_view label =
      text.substr(begin, end == std::string_view::npos ? 0 : end - begin);
  if (label == "CERTIFICATE") {
    return {"a certificate (PEM)",
            "sluice bundle convert takes it as --certificate FILE, beside the signature"};
  }
  if (label == "PUBLIC KEY")
    return {"a public key (PEM)", "sluice verify and sluice bundle convert take it as --key FILE"};
  if (label.ends_with("PRIVATE KEY"))
    return {"a private key", "nobody else should see this file; name the bundle"};
  return {cat("PEM, \"", printable(label, 60), "\""), ""};
}

Likeness object_like(const json::Value& value) {
  for (const Members& each : kMembers) {
    if (std::ranges::all_of(each.needed, [&](std::string_view key) {
          return key.empty() || value.find(key) != nullptr;
        }))
      return {std::string(each.what), std::string(each.advice)};
  }
  const json::Object& members = *value.object();
  const bool answer = members.size() == 1 && members[0].second.find("verification") != nullptr &&
                      members[0].second.find("body") != nullptr;
  if (answer) return {"what a log (Rekor) answers when it is asked for an entry", ""};
  return {"a JSON object", ""};
}

Likeness der_like(ByteView der) {
  if (x509::Certificate::from_der(der)) return {"a certificate (DER)", ""};
  if (x509::Timestamp::from_reply(der)) {
    return {"an RFC 3161 timestamp alone",
            "sluice bundle convert takes it as --rfc3161-timestamp FILE, beside the signature"};
  }
  if (der.size() <= kSignatureMost)
    return {"DER, maybe a bare signature", std::string(kConvertSignature)};
  return {"DER", ""};
}

bool is_der(ByteView bytes) { return bytes.size() >= 8 && bytes[0] == 0x30; }

Likeness base64_like(std::string_view text) {
  const auto inside = from_base64(trim(text));
  if (!inside) return {"base64, or nearly", ""};
  const std::string_view plain = text_of(*inside);
  if (plain.starts_with("-----BEGIN ")) {
    Likeness like = pem_like(plain);
    like.what = cat("base64 of ", like.what, ", as cosign wrote it with --output-certificate");
    return like;
  }
  if (plain.starts_with("{")) return {"base64 of JSON", "decode it first: base64 -d"};
  if (inside->size() <= kSignatureMost) {
    return {"a bare signature in base64, as cosign 1 and 2 wrote it with --output-signature",
            std::string(kConvertSignature)};
  }
  return {"base64 of something", ""};
}

// One bundle on each line, as registries' clients hand out several of them.
bool are_json_lines(std::string_view text) {
  const std::string_view first = text.substr(0, text.find('\n'));
  const auto value = json::parse_strict(first, {.bytes = limits::kBundleFile});
  return first.size() < text.size() && value && value->is(json::Value::Kind::object);
}

Likeness json_like(std::string_view text) {
  const auto value = json::parse_strict(text, {.bytes = limits::kBundleFile});
  if (value) {
    return value->is(json::Value::Kind::object)
               ? object_like(*value)
               : Likeness{cat("JSON, but ", name(value->kind()), " and no object"), ""};
  }
  if (are_json_lines(text))
    return {"several JSON documents, one a line", "inspect them one by one, each in a file"};
  if (text.find("vnd.dev.sigstore.bundle") != std::string_view::npos)
    return {"a Sigstore bundle whose JSON is broken, or ends early", "fetch it again"};
  return {"broken JSON", ""};
}

}  // namespace

Likeness looks_like(std::string_view text) {
  for (const FirstBytes& each : kFirstBytes) {
    if (text.starts_with(each.bytes)) return {std::string(each.what), std::string(each.advice)};
  }
  if (is_der(bytes_of(text))) return der_like(bytes_of(text));
  const std::string_view trimmed = trim(text);
  if (trimmed.empty()) return {text.empty() ? "an empty file" : "nothing but blanks", ""};
  if (trimmed.starts_with("{") || trimmed.starts_with("[")) return json_like(trimmed);
  const std::string head = lower_ascii(trimmed.substr(0, 200));
  if (head.starts_with("<!doctype html") || head.starts_with("<html"))
    return {"a web page: a download that was answered with one?", "fetch it again"};
  if (head.starts_with("<")) return {"XML or HTML", ""};
  if (trimmed.find("-----BEGIN ") != std::string_view::npos) return pem_like(trimmed);
  if (all_base64(trimmed)) return base64_like(trimmed);
  if (!is_utf8(text)) return {"bytes that are no text: the artifact itself?", ""};
  return {"text that is no JSON", ""};
}

}  // namespace sluice::sigstore
