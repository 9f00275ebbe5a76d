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

  // An object in parts (s3_parts.cc): at least 5 MiB each but for the last, and 10,000 at most. It
  // is there once it is completed; one that is neither completed nor aborted is kept, and charged.
  struct PartedUpload {
    std::string key;
    std::string id;
  };
  [[nodiscard]] Result<std::string> begin_parts(const std::string& key) const;
  // All at once, counted from 1; their ETags.
  [[nodiscard]] Result<std::vector<std::string>> put_parts(const PartedUpload& upload,
                                                           std::size_t first_number,
                                                           std::vector<std::string> parts) const;
  [[nodiscard]] Result<Stored> complete_parts(const PartedUpload& upload,
                                              const std::vector<std::string>& etags,
                                              const S3Condition& condition) const;
  [[nodiscard]] Result<void> abort_parts(const PartedUpload& upload) const;
  struct Range {
    std::string bytes;
    std::uint64_t whole = 0;  // the object's size; 0 where it ends before the range
  };
  [[nodiscard]] Result<std::optional<Range>> get_range(const std::string& key, std::uint64_t from,
                                                       std::size_t count) const;

  // Keys that are not there are fine.
  [[nodiscard]] Result<void> remove(const std::vector<std::string>& keys) const;

 private:
  HttpRequest request(const std::string& method, const std::string& path,
                      std::vector<std::pair<std::string, std::string>> query, std::string body,
                      Headers headers) const;
  HttpRequest upload_request(Upload& upload) const;
  static Headers stored_headers(const std::string& key);
  static void add_condition(Headers& headers, const S3Condition& condition);
  // A request's time beside what its bytes may take at a mebibyte in four seconds.
  static std::chrono::milliseconds time_for(std::size_t bytes);
  Error refusal(const HttpResponse& answer, const std::string& doing) const;
  Error no_answer(Error error) const;
  [[nodiscard]] Result<Stored> stored(Result<HttpResponse> answer, const std::string& key) const;

  S3Config config_;
  Http& http_;
  Clock& clock_;
};

}  // namespace sluice::tuf
