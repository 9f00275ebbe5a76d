// SPDX-License-Identifier: Apache-2.0
// A bucket with a fake or a real server behind it, as stores see it.
#pragma once

#include "net/client.h"
#include "support/servers/fake_s3.h"
#include "tufrepo/s3_sign.h"
#include "tufrepo/tufrepo_support.h"

namespace sluice::tuf {

// Over what arrived: the headers that it names, the path and the query as they were sent.
inline std::string judge_signature(const test::RawRequest& request, const S3Credentials& right) {
  const std::string given = request.header("authorization");
  const std::string date = request.header("x-amz-date");
  const auto part = [&](std::string_view name) {
    const auto from = given.find(cat(name, "="));
    if (from == std::string::npos) return std::string();
    const auto begin = from + name.size() + 1;
    return given.substr(begin, given.find(',', begin) - begin);
  };
  S3Request sent;
  sent.method = request.method;
  sent.path = test::percent_decoded(request.target.substr(0, request.target.find('?')));
  for (const auto& [name, value] : test::query_of(request.target)) {
    sent.query.emplace_back(name, value);
  }
  const std::string signed_headers = part("SignedHeaders");
  for (const auto name : split(signed_headers, ';')) {
    sent.headers.emplace_back(std::string(name), request.header(name));
  }
  sent.payload_hash = sha256_of(request.body).hex();
  if (request.header("x-amz-content-sha256") != sent.payload_hash)
    return "XAmzContentSHA256Mismatch";
  if (date.size() != 16) return "AccessDenied";
  const auto time =
      parse_rfc3339(cat(date.substr(0, 4), "-", date.substr(4, 2), "-", date.substr(6, 5), ":",
                        date.substr(11, 2), ":", date.substr(13, 3)));
  if (!time) return "AccessDenied";
  for (const auto& [name, value] : request.headers) {
    const bool counts = name.starts_with("x-amz-") || name == "host" || name.starts_with("if-");
    const std::string list = cat(";", signed_headers, ";");
    if (counts && list.find(cat(";", name, ";")) == std::string::npos) return "AccessDenied";
  }
  const std::string credential = part("Credential");
  const auto scope = split(credential, '/');
  if (scope.size() != 5 || scope[0] != right.access_key) return "InvalidAccessKeyId";
  const auto expected =
      sign_s3(sent, {.region = std::string(scope[2]), .now = *time}, right).authorization;
  return expected == given ? "" : "SignatureDoesNotMatch";
}

inline S3Credentials test_credentials() {
  S3Credentials out;
  out.access_key = "AKIDTEST";
  out.secret_key = SecretBytes::copy_of("a-very/secret+key");
  return out;
}

inline void set_credentials(test::FakeEnvironment& environment) {
  environment.values["AWS_ACCESS_KEY_ID"] = "AKIDTEST";
  environment.values["AWS_SECRET_ACCESS_KEY"] = "a-very/secret+key";
}

}  // namespace sluice::tuf
