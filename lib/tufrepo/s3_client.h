// SPDX-License-Identifier: Apache-2.0
// Requests to a bucket, signed, and what their answers mean.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/http.h"
#include "tufrepo/s3_config.h"
#include "tufrepo/s3_xml.h"

namespace sluice::tuf {

// What a PUT rests on.
struct S3Condition {
  bool absent = false;    // If-None-Match: *
  std::string etag = {};  // If-Match
};

class S3Client {
 public:
  S3Client(S3Config config, Http& http, Clock& clock)
      : config_(std::move(config)), http_(http), clock_(clock) {}

  const S3Place& place() const { return config_.place; }
  std::string shown() const;  // "s3://bucket/prefix"

  struct Object {
    std::string bytes;
    std::string etag;
  };
  // Keys are whole: with the prefix.
  [[nodiscard]] Result<std::optional<Object>> get(const std::string& key, std::size_t max) const;
  [[nodiscard]] Result<bool> exists(const std::string& key) const;
  [[nodiscard]] Result<S3Listing> list(const std::string& prefix,
                                       const std::optional<std::string>& token) const;

  enum class Stored : std::uint8_t { done, condition_failed, conditions_unknown };
  struct Upload {
    std::string key;
    std::string bytes;
    S3Condition condition = {};
  };
  // All at once; in their order.
  [[nodiscard]] std::vector<Result<Stored>> put(std::vector<Upload> uploads) const;
  [[nodiscard]] Result<Stored> put_one(Upload upload) const;
  // Keys that are not there are fine.
  [[nodiscard]] Result<void> remove(const std::vector<std::string>& keys) const;

 private:
  HttpRequest request(const std::string& method, const std::string& path,
                      std::vector<std::pair<std::string, std::string>> query, std::string body,
                      Headers headers) const;
  HttpRequest upload_request(Upload& upload) const;
  Error refusal(const HttpResponse& answer, const std::string& doing) const;
  Error no_answer(Error error) const;
  [[nodiscard]] Result<Stored> stored(Result<HttpResponse> answer, const std::string& key) const;

  S3Config config_;
  Http& http_;
  Clock& clock_;
};

}  // namespace sluice::tuf
