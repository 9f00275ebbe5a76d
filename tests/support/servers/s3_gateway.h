// SPDX-License-Identifier: Apache-2.0
// A real S3-compatible server on 127.0.0.1 over a folder, for as long as the test.
#pragma once

#include <string>

#include "support/temp_folder.h"

namespace sluice::test {

// versitygw (`./dev lab install versitygw`).
class S3Gateway {
 public:
  S3Gateway(const std::string& bucket, const std::string& access, const std::string& secret);
  ~S3Gateway();
  S3Gateway(const S3Gateway&) = delete;
  S3Gateway& operator=(const S3Gateway&) = delete;

  static bool installed();
  bool started() const { return process_ != 0; }
  std::string endpoint() const;  // without a slash at its end
  std::string log() const;
  Path bucket() const { return folder_ / "buckets" / bucket_; }

 private:
  TempFolder folder_;
  std::string bucket_;
  int process_ = 0;
  int port_ = 0;
};

}  // namespace sluice::test
