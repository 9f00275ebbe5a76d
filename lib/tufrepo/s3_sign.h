// SPDX-License-Identifier: Apache-2.0
// AWS Signature Version 4 in the Authorization header, as S3 has it: the path is encoded once and
// not normalised. A pure function over the parts of a request.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/secret.h"
#include "base/time.h"

namespace sluice::tuf {

struct S3Credentials {
  std::string access_key;
  SecretBytes secret_key;
  SecretBytes session_token;  // empty: none
};

struct S3Request {
  std::string method;
  std::string path;                                          // as it is, not encoded: "/a b"
  std::vector<std::pair<std::string, std::string>> query;    // not encoded
  std::vector<std::pair<std::string, std::string>> headers;  // names in lower case; host among them
  std::string payload_hash;                                  // hex
};

struct S3Scope {
  std::string region;
  std::string service = "s3";
  Time now{};
};

struct S3Signature {
  std::string canonical;  // the canonical request
  std::string string_to_sign;
  std::string authorization;  // the header's value; holds no secret
};

S3Signature sign_s3(const S3Request& request, const S3Scope& scope,
                    const S3Credentials& credentials);

// All but RFC 3986's unreserved characters as %XX; slashes stay where `path` is set.
std::string s3_encoded(std::string_view text, bool path);
std::string s3_query(std::vector<std::pair<std::string, std::string>> query);  // sorted, encoded
std::string s3_date(Time now);                                                 // 20261120T140211Z

}  // namespace sluice::tuf
