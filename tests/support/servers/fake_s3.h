// SPDX-License-Identifier: Apache-2.0
// A bucket on 127.0.0.1 that checks who asks, and has the bad days that a test wishes.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "support/servers/http_server.h"

namespace sluice::test {

// Tells why a request is not properly signed; empty where it is. Given by the test, so that this
// server knows no algorithm.
using SignatureCheck = std::function<std::string(const RawRequest&)>;

class FakeS3 {
 public:
  FakeS3(std::string bucket, SignatureCheck check);

  std::string endpoint() const;  // without a slash at its end
  std::map<std::string, std::string> objects() const;
  void put(const std::string& key, const std::string& bytes);
  // "PUT key", since the start; "POST key parts", "PUT key part 1", "POST key complete" and
  // "DELETE key parts" of what comes in parts.
  std::vector<std::string> requests() const;
  std::size_t open_uploads() const;  // neither completed nor aborted

  // Bad days.
  bool conditions = true;    // If-Match and If-None-Match count
  std::size_t page = 1'000;  // of a listing
  // For a request ("PUT key"): a status instead of an answer, or 0. `before` is what it is called
  // with; whatever it answers, the write was not done.
  std::function<int(const std::string& request)> refuse;
  // As refuse, but the write was done and its answer got lost.
  std::function<int(const std::string& request)> lose;
  // With 200, in place of the answer to a completion, which was not done then.
  std::optional<std::string> completed;
  // What somebody else writes under the same key just before the request is served.
  std::function<std::optional<std::string>(const std::string& request)> in_between;
  // How many GETs of a key still see what was there before it was written.
  int stale_reads = 0;

 private:
  struct Object {
    std::string bytes;
    std::string before;
    bool had_before = false;
    int stale = 0;
  };
  ServedAnswer serve(const RawRequest& request);
  ServedAnswer get(const std::string& key, const RawRequest& request);
  ServedAnswer write(const std::string& key, const RawRequest& request, std::string bytes);
  ServedAnswer list(const std::map<std::string, std::string>& query);
  ServedAnswer change(const std::string& key, const RawRequest& request,
                      const std::map<std::string, std::string>& query);
  ServedAnswer put_part(const RawRequest& request, const std::map<std::string, std::string>& query);
  ServedAnswer complete(const std::string& key, const RawRequest& request, const std::string& id);

  std::string bucket_;
  SignatureCheck check_;
  mutable std::mutex mutex_;
  std::map<std::string, Object> objects_;
  std::vector<std::string> requests_;
  std::map<std::string, std::map<int, std::string>> uploads_;  // by id, then by number
  int last_upload_ = 0;
  std::unique_ptr<HttpServer> server_;  // last: everything else is there before it starts
};

// "a%20b" -> "a b"; a plus stays.
std::string percent_decoded(std::string_view text);
std::map<std::string, std::string> query_of(std::string_view target);  // decoded

}  // namespace sluice::test
