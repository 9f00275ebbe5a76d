// SPDX-License-Identifier: Apache-2.0
// Against the examples that AWS publishes for Signature Version 4.
#include "tufrepo/s3_sign.h"

#include <gtest/gtest.h>

#include "crypto/digest.h"

namespace sluice::tuf {
namespace {

constexpr std::string_view kHost = "examplebucket.s3.amazonaws.com";

S3Credentials example(std::string_view secret) {
  S3Credentials out;
  out.secret_key = SecretBytes::copy_of(secret);
  return out;
}
std::string sha256_hex(std::string_view text) {
  return crypto::digest_of(crypto::HashAlgorithm::sha256, bytes_of(text)).hex();
}

struct SignExample {
  std::string_view name;
  S3Request request;
  std::string_view headers;
  std::string_view signature;
};

std::vector<SignExample> s3_examples() {
  const std::string empty = sha256_hex("");
  const std::string welcome = sha256_hex("Welcome to Amazon S3.");
  const std::pair<std::string, std::string> host{"host", kHost};
  const std::pair<std::string, std::string> date{"x-amz-date", "20130524T000000Z"};
  return {
      {"get object",
       {"GET",
        "/test.txt",
        {},
        {host, {"range", "bytes=0-9"}, {"x-amz-content-sha256", empty}, date},
        empty},
       "host;range;x-amz-content-sha256;x-amz-date",
       "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"},
      {"put object",
       {"PUT",
        "/test$file.text",
        {},
        {date,
         {"date", "Fri, 24 May 2013 00:00:00 GMT"},
         host,
         {"x-amz-storage-class", "REDUCED_REDUNDANCY"},
         {"x-amz-content-sha256", welcome}},
        welcome},
       "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
       "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"},
      {"get bucket lifecycle",
       {"GET", "/", {{"lifecycle", ""}}, {host, {"x-amz-content-sha256", empty}, date}, empty},
       "host;x-amz-content-sha256;x-amz-date",
       "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"},
      {"list objects",
       {"GET",
        "/",
        {{"prefix", "J"}, {"max-keys", "2"}},
        {host, {"x-amz-content-sha256", empty}, date},
        empty},
       "host;x-amz-content-sha256;x-amz-date",
       "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"},
  };
}

TEST(S3Signatures, AreThoseOfThePublishedExamples) {
  S3Credentials credentials = example("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY");
  credentials.access_key = "AKIAIOSFODNN7EXAMPLE";
  const Time now = parse_rfc3339("2013-05-24T00:00:00Z").value();
  for (const auto& each : s3_examples()) {
    const auto signature = sign_s3(each.request, {.region = "us-east-1", .now = now}, credentials);
    EXPECT_EQ(signature.authorization,
              std::string("AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/"
                          "aws4_request, SignedHeaders=") +
                  std::string(each.headers) + ", Signature=" + std::string(each.signature))
        << each.name << "\n"
        << signature.canonical;
  }
}

TEST(S3Signatures, FollowTheStepsOfTheGeneralExample) {
  S3Credentials credentials = example("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
  credentials.access_key = "AKIDEXAMPLE";
  const Time now = parse_rfc3339("2015-08-30T12:36:00Z").value();
  const S3Request request{"GET",
                          "/",
                          {},
                          {{"x-amz-date", "20150830T123600Z"}, {"host", "example.amazonaws.com"}},
                          sha256_hex("")};
  const auto signature =
      sign_s3(request, {.region = "us-east-1", .service = "service", .now = now}, credentials);
  EXPECT_EQ(signature.canonical,
            "GET\n/\n\nhost:example.amazonaws.com\nx-amz-date:20150830T123600Z\n\n"
            "host;x-amz-date\n" +
                sha256_hex(""));
  EXPECT_EQ(signature.string_to_sign,
            "AWS4-HMAC-SHA256\n20150830T123600Z\n20150830/us-east-1/service/aws4_request\n"
            "bb579772317eb040ac9ed261061d46c1f17a8133879d6129b6e1c25292927e63");
  EXPECT_TRUE(signature.authorization.ends_with(
      "Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"));
}

TEST(S3Signatures, ChangeWithEachPartThatIsSigned) {
  const S3Credentials credentials = example("secret");
  const S3Request request{"GET", "/a", {{"b", "c"}}, {{"host", "h"}}, sha256_hex("")};
  const S3Scope scope{.region = "r", .now = Time{}};
  std::vector<S3Request> others(5, request);
  others[0].method = "PUT";
  others[1].path = "/b";
  others[2].query[0].second = "d";
  others[3].headers[0].second = "i";
  others[4].payload_hash = sha256_hex("x");
  const std::string one = sign_s3(request, scope, credentials).authorization;
  EXPECT_EQ(one, sign_s3(request, scope, credentials).authorization);
  for (const auto& other : others) {
    EXPECT_NE(one, sign_s3(other, scope, credentials).authorization);
  }
  EXPECT_NE(one, sign_s3(request, {.region = "q", .now = Time{}}, credentials).authorization);
}

TEST(S3Encoding, IsRfc3986sAndKeepsSlashesInPathsAlone) {
  EXPECT_EQ(s3_encoded("/a b/ü+%~", true), "/a%20b/%C3%BC%2B%25~");
  EXPECT_EQ(s3_encoded("/", true), "/");
  EXPECT_EQ(s3_encoded("a/b", false), "a%2Fb");
  EXPECT_EQ(s3_query({{"b", "2"}, {"a b", "x/y"}}), "a%20b=x%2Fy&b=2");
}

}  // namespace
}  // namespace sluice::tuf
