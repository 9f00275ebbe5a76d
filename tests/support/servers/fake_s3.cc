// SPDX-License-Identifier: Apache-2.0
#include "support/servers/fake_s3.h"

#include <algorithm>
#include <functional>

#include "base/markup.h"
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

std::string named_request(const std::string& method, const std::string& key,
                          const std::map<std::string, std::string>& query) {
  std::string out = cat(method, " ", key);
  if (query.contains("uploads")) return out + " parts";
  if (query.contains("partNumber")) return cat(out, " part ", query.at("partNumber"));
  if (query.contains("uploadId")) out += method == "POST" ? " complete" : " parts";
  return out;
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
  const auto query = query_of(request.target);
  const std::string named = named_request(request.method, key, query);
  requests_.push_back(named);
  if (refuse) {
    if (const int status = refuse(named); status != 0) {
      return s3_error(status, status == 503 ? "SlowDown" : "InternalError");
    }
  }
  if (in_between) {
    if (auto theirs = in_between(named)) objects_[key] = {*std::move(theirs), {}, false, 0};
  }
  if (key.empty()) return list(query);
  if (request.method == "GET" || request.method == "HEAD") return get(key, request);
  const ServedAnswer answer = change(key, request, query);
  if (lose) {
    if (const int status = lose(named); status != 0) return s3_error(status, "InternalError");
  }
  return answer;
}

ServedAnswer FakeS3::change(const std::string& key, const RawRequest& request,
                            const std::map<std::string, std::string>& query) {
  const bool in_parts = query.contains("uploadId");
  if (request.method == "POST" && query.contains("uploads")) {
    const std::string id = cat("id+", ++last_upload_, "/&");
    uploads_[id] = {};
    return {.status = 200,
            .body = cat("<InitiateMultipartUploadResult><UploadId>id+", last_upload_,
                        "/&amp;</UploadId></InitiateMultipartUploadResult>"),
            .type = "application/xml"};
  }
  if (in_parts && !uploads_.contains(query.at("uploadId"))) return s3_error(404, "NoSuchUpload");
  if (request.method == "POST") return complete(key, request, query.at("uploadId"));
  if (request.method == "PUT") {
    return in_parts ? put_part(request, query) : write(key, request, request.body);
  }
  if (in_parts) {
    uploads_.erase(query.at("uploadId"));
  } else {
    objects_.erase(key);
  }
  return {.status = 204};
}

ServedAnswer FakeS3::put_part(const RawRequest& request,
                              const std::map<std::string, std::string>& query) {
  uploads_[query.at("uploadId")][std::stoi(query.at("partNumber"))] = request.body;
  return {.status = 200, .headers = {{"ETag", etag_of(request.body)}}};
}

// The parts that are listed, by their ETags and in their order.
ServedAnswer FakeS3::complete(const std::string& key, const RawRequest& request,
                              const std::string& id) {
  constexpr std::size_t kLeast = 5U << 20;
  std::string whole;
  std::string list = "<CompleteMultipartUpload>";
  const auto& parts = uploads_[id];
  for (const auto& [number, bytes] : parts) {
    std::string etag = etag_of(bytes);
    etag = cat("&quot;", etag.substr(1, etag.size() - 2), "&quot;");
    list += cat("<Part><PartNumber>", number, "</PartNumber><ETag>", etag, "</ETag></Part>");
    if (number != parts.rbegin()->first && bytes.size() < kLeast) {
      return s3_error(400, "EntityTooSmall");
    }
    whole += bytes;
  }
  if (request.body != list + "</CompleteMultipartUpload>") return s3_error(400, "InvalidPart");
  if (completed) return {.status = 200, .body = *completed, .type = "application/xml"};
  ServedAnswer answer = write(key, request, std::move(whole));
  if (answer.status != 200) return answer;
  uploads_.erase(id);
  answer.body = cat("<CompleteMultipartUploadResult><Key>", escaped_markup(key),
                    "</Key></CompleteMultipartUploadResult>");
  answer.type = "application/xml";
  return answer;
}

std::size_t FakeS3::open_uploads() const {
  const std::lock_guard hold(mutex_);
  return uploads_.size();
}

ServedAnswer FakeS3::get(const std::string& key, const RawRequest& request) {
  const bool head = request.method == "HEAD";
  const auto at = objects_.find(key);
  if (at == objects_.end()) return s3_error(404, "NoSuchKey");
  Object& object = at->second;
  const bool stale = !head && object.stale > 0;
  if (stale) --object.stale;
  if (stale && !object.had_before) return s3_error(404, "NoSuchKey");
  const std::string& bytes = stale ? object.before : object.bytes;
  // The range itself is cut out by the server below.
  return {.status = request.header("range").empty() ? 200 : 206,
          .body = bytes,
          .headers = {{"ETag", etag_of(bytes)}},
          .type = "application/octet-stream"};
}

ServedAnswer FakeS3::write(const std::string& key, const RawRequest& request, std::string bytes) {
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
  const std::string etag = etag_of(bytes);
  Object next{std::move(bytes), {}, false, stale_reads};
  if (at != objects_.end()) {
    next.before = at->second.bytes;
    next.had_before = true;
  }
  objects_[key] = next;
  return {.status = 200, .headers = {{"ETag", etag}}};
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
