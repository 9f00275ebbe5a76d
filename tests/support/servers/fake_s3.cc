// SPDX-License-Identifier: Apache-2.0
#include "support/servers/fake_s3.h"

#include <functional>

#include "base/text.h"

namespace sluice::test {

namespace {

std::string etag_of(const std::string& bytes) {
  return cat("\"", std::hash<std::string>()(bytes), "-", bytes.size(), "\"");
}

ServedAnswer s3_error(int status, std::string_view code) {
  return {.status = status,
          .body = cat("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>", code,
                      "</Code><Message>the fake says so</Message></Error>"),
          .type = "application/xml"};
}

std::string percent_encoded_key(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '/' || c == '.' || c == '-' || c == '_';
    if (plain) {
      out += c;
    } else {
      out += cat('%', kDigits[byte >> 4U], kDigits[byte & 15U]);
    }
  }
  return out;
}

}  // namespace

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      out += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::map<std::string, std::string> query_of(std::string_view target) {
  std::map<std::string, std::string> out;
  const auto question = target.find('?');
  if (question == std::string_view::npos) return out;
  for (const auto pair : split(target.substr(question + 1), '&')) {
    const auto equals = pair.find('=');
    out[percent_decoded(pair.substr(0, equals))] =
        equals == std::string_view::npos ? "" : percent_decoded(pair.substr(equals + 1));
  }
  return out;
}

FakeS3::FakeS3(std::string bucket, SignatureCheck check)
    : bucket_(std::move(bucket)),
      check_(std::move(check)),
      server_(std::make_unique<HttpServer>(
          [this](const RawRequest& request) { return serve(request); })) {}

std::string FakeS3::endpoint() const { return server_->url(""); }

std::map<std::string, std::string> FakeS3::objects() const {
  const std::lock_guard hold(mutex_);
  std::map<std::string, std::string> out;
  for (const auto& [key, object] : objects_) out[key] = object.bytes;
  return out;
}

void FakeS3::put(const std::string& key, const std::string& bytes) {
  const std::lock_guard hold(mutex_);
  objects_[key] = {bytes, {}, false, 0};
}

std::vector<std::string> FakeS3::requests() const {
  const std::lock_guard hold(mutex_);
  return requests_;
}

ServedAnswer FakeS3::serve(const RawRequest& request) {
  const std::lock_guard hold(mutex_);
  const std::string wrong = check_(request);
  if (!wrong.empty()) return s3_error(403, wrong);
  const std::string path = percent_decoded(request.target.substr(0, request.target.find('?')));
  const std::string root = cat("/", bucket_);
  if (path != root && !path.starts_with(root + "/")) return s3_error(404, "NoSuchBucket");
  const std::string key = path == root ? "" : path.substr(root.size() + 1);
  const std::string named = cat(request.method, " ", key);
  requests_.push_back(named);
  if (refuse) {
    if (const int status = refuse(named); status != 0) {
      return s3_error(status, status == 503 ? "SlowDown" : "InternalError");
    }
  }
  if (key.empty()) return list(query_of(request.target));
  if (request.method == "GET" || request.method == "HEAD")
    return get(key, request.method == "HEAD");
  ServedAnswer answer{.status = 204};
  if (request.method == "PUT") answer = write(key, request);
  if (request.method == "DELETE") objects_.erase(key);
  if (lose) {
    if (const int status = lose(named); status != 0) return s3_error(status, "InternalError");
  }
  return answer;
}

ServedAnswer FakeS3::get(const std::string& key, bool head) {
  const auto at = objects_.find(key);
  if (at == objects_.end()) return s3_error(404, "NoSuchKey");
  Object& object = at->second;
  const bool stale = !head && object.stale > 0;
  if (stale) --object.stale;
  if (stale && !object.had_before) return s3_error(404, "NoSuchKey");
  const std::string& bytes = stale ? object.before : object.bytes;
  return {.status = 200,
          .body = bytes,
          .headers = {{"ETag", etag_of(bytes)}},
          .type = "application/octet-stream"};
}

ServedAnswer FakeS3::write(const std::string& key, const RawRequest& request) {
  const auto at = objects_.find(key);
  const std::string match = request.header("if-match");
  if (conditions) {
    if (request.header("if-none-match") == "*" && at != objects_.end()) {
      return s3_error(412, "PreconditionFailed");
    }
    if (!match.empty() && at == objects_.end()) return s3_error(404, "NoSuchKey");
    if (!match.empty() && match != etag_of(at->second.bytes)) {
      return s3_error(412, "PreconditionFailed");
    }
  }
  Object next{request.body, {}, false, stale_reads};
  if (at != objects_.end()) {
    next.before = at->second.bytes;
    next.had_before = true;
  }
  objects_[key] = next;
  return {.status = 200, .headers = {{"ETag", etag_of(request.body)}}};
}

ServedAnswer FakeS3::list(const std::map<std::string, std::string>& query) {
  if (!query.contains("list-type") || query.at("list-type") != "2") {
    return s3_error(501, "NotImplemented");
  }
  const std::string prefix = query.contains("prefix") ? query.at("prefix") : "";
  const std::string after =
      query.contains("continuation-token") ? query.at("continuation-token") : "";
  std::string body =
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ListBucketResult>"
      "<EncodingType>url</EncodingType>";
  std::size_t count = 0;
  std::string last;
  bool more = false;
  for (const auto& [key, object] : objects_) {
    if (!key.starts_with(prefix) || (!after.empty() && key <= after)) continue;
    if (count == page) {
      more = true;
      break;
    }
    ++count;
    last = key;
    body += cat("<Contents><Key>", percent_encoded_key(key), "</Key><Size>", object.bytes.size(),
                "</Size></Contents>");
  }
  body += cat("<IsTruncated>", more ? "true" : "false", "</IsTruncated>");
  if (more) body += cat("<NextContinuationToken>", last, "</NextContinuationToken>");
  return {.status = 200, .body = cat(body, "</ListBucketResult>"), .type = "application/xml"};
}

}  // namespace sluice::test
