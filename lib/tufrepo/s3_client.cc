// SPDX-License-Identifier: Apache-2.0
#include "tufrepo/s3_client.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "crypto/digest.h"

namespace sluice::tuf {

namespace {

constexpr int kS3Tries = 5;
constexpr std::size_t kS3AnswerMost = 256U << 10;  // of what tells an outcome alone

std::string content_type(std::string_view key) {
  return key.ends_with(".json") ? "application/json" : "application/octet-stream";
}

// A file with a name of its own never changes; timestamp.json is asked for anew each time.
std::string cache_control(std::string_view key) {
  return key.ends_with("/timestamp.json") || key == "timestamp.json"
             ? "no-cache"
             : "public, max-age=31536000, immutable";
}

struct S3Advice {
  std::string_view code;
  std::string_view advice;
};
constexpr std::array kS3Advice{
    S3Advice{"SignatureDoesNotMatch", "the secret key is not the one of this access key"},
    S3Advice{"InvalidAccessKeyId", "the access key is not known there"},
    S3Advice{"ExpiredToken", "the session has ended: get new credentials"},
    S3Advice{"InvalidToken", "the session token does not belong to the access key"},
    S3Advice{"RequestTimeTooSkewed", "set the clock of this machine"},
    S3Advice{
        "AccessDenied",
        "the credentials need s3:GetObject, s3:PutObject, s3:DeleteObject and s3:ListBucket, and "
        "s3:AbortMultipartUpload for files above 32 MiB"},
    S3Advice{"NoSuchBucket", "make the bucket first, or correct its name"},
    S3Advice{"AuthorizationHeaderMalformed", "name the region of the bucket"},
    S3Advice{"PermanentRedirect", "name the region or the endpoint of the bucket"},
    S3Advice{"TemporaryRedirect", "name the region or the endpoint of the bucket"},
};

}  // namespace

std::string S3Client::shown() const {
  std::string prefix = place().prefix;
  if (!prefix.empty()) prefix.pop_back();
  return cat("s3://", place().bucket, prefix.empty() ? "" : "/", printable(prefix, 300));
}

HttpRequest S3Client::request(const std::string& method, const std::string& path,
                              std::vector<std::pair<std::string, std::string>> query,
                              std::string body, Headers headers) const {
  const net::Url& endpoint = place().endpoint;
  const S3Credentials& credentials = *config_.credentials;
  const Time now = clock_.now();
  S3Request signed_part{method, path, std::move(query), {}, {}};
  signed_part.payload_hash = crypto::digest_of(crypto::HashAlgorithm::sha256, bytes_of(body)).hex();
  headers.emplace_back("x-amz-content-sha256", signed_part.payload_hash);
  headers.emplace_back("x-amz-date", s3_date(now));
  signed_part.headers = headers;
  signed_part.headers.emplace_back("host", endpoint.authority());

  HttpRequest out;
  if (!credentials.session_token.empty()) {
    signed_part.headers.emplace_back("x-amz-security-token",
                                     credentials.session_token.reveal_text());
    out.authorization_header = "x-amz-security-token";
    out.authorization_scheme.clear();
    out.authorization =
        std::shared_ptr<const SecretBytes>(config_.credentials, &credentials.session_token);
  }
  const auto signature = sign_s3(signed_part, {.region = place().region, .now = now}, credentials);
  for (auto& [name, value] : signed_part.headers) {
    if (name == "x-amz-security-token")
      wipe({reinterpret_cast<std::uint8_t*>(value.data()), value.size()});
  }
  headers.emplace_back("authorization", signature.authorization);
  const std::string encoded_query = s3_query(signed_part.query);
  out.method = method;
  out.url = cat(endpoint.scheme, "://", endpoint.authority(), s3_encoded(path, true),
                encoded_query.empty() ? "" : "?", encoded_query);
  out.headers = std::move(headers);
  out.compressed = false;
  out.budget.redirects = 0;
  out.budget.tries = kS3Tries;
  out.budget.max_body = kS3AnswerMost;
  out.budget.total = time_for(body.size());
  out.repeatable = true;  // each is the same however often it is done, or rests on a condition
  out.body = std::move(body);
  return out;
}

Error S3Client::no_answer(Error error) const {
  if (error.what.find("redirects") != std::string::npos && error.code == Errc::limit) {
    return Error{Errc::usage, cat(shown(), " is somewhere else: the store sends us on")}.advise(
        "name the region or the endpoint of the bucket");
  }
  return std::move(error).in(cat("asking ", shown()));
}

Error S3Client::refusal(const HttpResponse& answer, const std::string& doing) const {
  const S3Error said = parse_s3_error(answer.body);
  const bool refused = answer.status == 401 || answer.status == 403;
  const bool weather = answer.status == 429 || answer.status >= 500;
  Error out{refused   ? Errc::denied
            : weather ? Errc::network
                      : Errc::io,
            cat(shown(), ": ", doing, " failed: ", answer.status, said.code.empty() ? "" : " ",
                said.code, said.message.empty() ? "" : ": ", said.message,
                answer.tries > 1 ? cat(" (", answer.tries, " tries)") : "")};
  for (const auto& [code, advice] : kS3Advice) {
    if (said.code == code) out.hint = std::string(advice);
  }
  if (!said.region.empty()) out.hint += cat(out.hint.empty() ? "" : "; ", "it is in ", said.region);
  if (weather) out.hint = "do the same again later: it goes on where it stopped";
  return out;
}

Result<std::optional<S3Client::Object>> S3Client::get(const std::string& key,
                                                      std::size_t max) const {
  HttpRequest ask = request("GET", place().path_of(key), {}, "", {});
  ask.budget.max_body = std::max(max, kS3AnswerMost);
  ask.budget.total = time_for(max);
  auto answer = http_.send(ask);
  if (!answer) return fail(no_answer(std::move(answer).error()));
  if (answer->status == 404 && parse_s3_error(answer->body).code != "NoSuchBucket") {
    return std::nullopt;
  }
  if (answer->status != 200) return fail(refusal(*answer, cat("reading ", printable(key, 300))));
  if (answer->body.size() > max) {
    return fail(Errc::limit, cat(printable(key, 300), " has more than ", human_bytes(max)));
  }
  return Object{std::move(answer->body), answer->header("etag").value_or("")};
}

Result<bool> S3Client::exists(const std::string& key) const {
  auto answer = http_.send(request("HEAD", place().path_of(key), {}, "", {}));
  if (!answer) return fail(no_answer(std::move(answer).error()));
  if (answer->status == 404) return false;
  if (answer->status != 200) return fail(refusal(*answer, cat("looking at ", printable(key, 300))));
  return true;
}

Result<S3Listing> S3Client::list(const std::string& prefix,
                                 const std::optional<std::string>& token) const {
  std::vector<std::pair<std::string, std::string>> query{
      {"encoding-type", "url"}, {"list-type", "2"}, {"prefix", prefix}};
  if (token) query.emplace_back("continuation-token", *token);
  HttpRequest ask =
      request("GET", place().path_style ? cat("/", place().bucket) : "/", std::move(query), "", {});
  ask.budget.max_body = XmlLimits{}.bytes;
  auto answer = http_.send(ask);
  if (!answer) return fail(no_answer(std::move(answer).error()));
  if (answer->status != 200) return fail(refusal(*answer, "listing"));
  return within(parse_listing(answer->body), cat("reading what ", shown(), " lists"));
}

std::chrono::milliseconds S3Client::time_for(std::size_t bytes) {
  return std::chrono::seconds(60 + 4 * (bytes >> 20U));
}

Headers S3Client::stored_headers(const std::string& key) {
  return {{"cache-control", cache_control(key)}, {"content-type", content_type(key)}};
}

void S3Client::add_condition(Headers& headers, const S3Condition& condition) {
  if (condition.absent) headers.emplace_back("if-none-match", "*");
  if (!condition.etag.empty()) headers.emplace_back("if-match", condition.etag);
}

HttpRequest S3Client::upload_request(Upload& upload) const {
  Headers headers = stored_headers(upload.key);
  add_condition(headers, upload.condition);
  return request("PUT", place().path_of(upload.key), {}, std::move(upload.bytes),
                 std::move(headers));
}

Result<S3Client::Stored> S3Client::stored(Result<HttpResponse> answer,
                                          const std::string& key) const {
  if (!answer) return fail(no_answer(std::move(answer).error()));
  const S3Error said = answer->status < 300 ? S3Error() : parse_s3_error(answer->body);
  if (answer->status >= 200 && answer->status < 300) return Stored::done;
  if (answer->status == 412 || answer->status == 409) return Stored::condition_failed;
  // If-Match, and there is no such file.
  if (answer->status == 404 && said.code != "NoSuchBucket") return Stored::condition_failed;
  if (answer->status == 501) return Stored::conditions_unknown;
  return fail(refusal(*answer, cat("writing ", printable(key, 300))));
}

std::vector<Result<S3Client::Stored>> S3Client::put(std::vector<Upload> uploads) const {
  std::vector<HttpRequest> requests;
  requests.reserve(uploads.size());
  for (auto& upload : uploads) requests.push_back(upload_request(upload));
  auto answers = http_.send_all(requests);
  std::vector<Result<Stored>> out;
  for (std::size_t i = 0; i < answers.size(); ++i) {
    out.push_back(stored(std::move(answers[i]), uploads[i].key));
  }
  return out;
}

Result<S3Client::Stored> S3Client::put_one(Upload upload) const {
  const HttpRequest ask = upload_request(upload);
  return stored(http_.send(ask), upload.key);
}

Result<void> S3Client::remove(const std::vector<std::string>& keys) const {
  constexpr std::size_t kAtOnce = 64;
  for (std::size_t from = 0; from < keys.size(); from += kAtOnce) {
    std::vector<HttpRequest> requests;
    for (std::size_t i = from; i < std::min(keys.size(), from + kAtOnce); ++i) {
      requests.push_back(request("DELETE", place().path_of(keys[i]), {}, "", {}));
    }
    auto answers = http_.send_all(requests);
    for (std::size_t i = 0; i < answers.size(); ++i) {
      if (!answers[i]) return fail(no_answer(std::move(answers[i]).error()));
      const int status = answers[i]->status;
      if (status != 404 && (status < 200 || status >= 300)) {
        return fail(refusal(*answers[i], cat("removing ", printable(keys[from + i], 300))));
      }
    }
  }
  return {};
}

}  // namespace sluice::tuf
