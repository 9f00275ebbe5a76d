// SPDX-License-Identifier: Apache-2.0
#include "tufrepo/s3_sign.h"

#include <algorithm>

#include "base/codec.h"
#include "base/text.h"
#include "crypto/digest.h"
#include "crypto/hmac.h"
#include "tuf/names.h"

namespace sluice::tuf {

namespace {

constexpr std::string_view kS3Algorithm = "AWS4-HMAC-SHA256";

// Blanks at the ends go, and several in a row are one.
std::string header_value(std::string_view value) {
  std::string out;
  for (const char c : trim(value)) {
    if (c == ' ' && out.ends_with(' ')) continue;
    out += c;
  }
  return out;
}

SecretBytes signing_key(const S3Credentials& credentials, std::string_view day,
                        const S3Scope& scope) {
  constexpr std::string_view kPrefix = "AWS4";
  SecretBytes key(kPrefix.size() + credentials.secret_key.size());
  std::ranges::copy(kPrefix, key.reveal().begin());
  std::ranges::copy(credentials.secret_key.reveal(),
                    key.reveal().begin() + static_cast<std::ptrdiff_t>(kPrefix.size()));
  for (const std::string_view part :
       {day, std::string_view(scope.region), std::string_view(scope.service),
        std::string_view("aws4_request")}) {
    key = crypto::hmac_sha256(key.reveal(), bytes_of(part));
  }
  return key;
}

}  // namespace

std::string s3_encoded(std::string_view text, bool path) {
  if (!path) return percent_encoded(text);
  std::string out;
  for (const auto part : split(text, '/')) {
    if (!out.empty() || part.data() != text.data()) out += '/';
    out += percent_encoded(part);
  }
  return out;
}

std::string s3_query(std::vector<std::pair<std::string, std::string>> query) {
  for (auto& [name, value] : query) {
    name = percent_encoded(name);
    value = percent_encoded(value);
  }
  std::ranges::sort(query);
  std::string out;
  for (const auto& [name, value] : query) out += cat(out.empty() ? "" : "&", name, "=", value);
  return out;
}

std::string s3_date(Time now) {
  std::string text = rfc3339(now);
  std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
  return text;
}

S3Signature sign_s3(const S3Request& request, const S3Scope& scope,
                    const S3Credentials& credentials) {
  auto headers = request.headers;
  std::ranges::sort(headers);
  std::string names;
  std::string lines;
  for (const auto& [name, value] : headers) {
    names += cat(names.empty() ? "" : ";", name);
    lines += cat(name, ":", header_value(value), "\n");
  }
  S3Signature out;
  out.canonical =
      cat(request.method, "\n", s3_encoded(request.path, true), "\n", s3_query(request.query), "\n",
          lines, "\n", names, "\n", request.payload_hash);
  const std::string date = s3_date(scope.now);
  const std::string day = date.substr(0, 8);
  const std::string place = cat(day, "/", scope.region, "/", scope.service, "/aws4_request");
  out.string_to_sign =
      cat(kS3Algorithm, "\n", date, "\n", place, "\n",
          crypto::digest_of(crypto::HashAlgorithm::sha256, bytes_of(out.canonical)).hex());
  const SecretBytes key = signing_key(credentials, day, scope);
  const SecretBytes mac = crypto::hmac_sha256(key.reveal(), bytes_of(out.string_to_sign));
  out.authorization = cat(kS3Algorithm, " Credential=", credentials.access_key, "/", place,
                          ", SignedHeaders=", names, ", Signature=", to_hex(mac.reveal()));
  return out;
}

}  // namespace sluice::tuf
