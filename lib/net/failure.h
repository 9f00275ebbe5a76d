// SPDX-License-Identifier: Apache-2.0
// What went wrong with one try, in words that help, and whether another try may help.
#pragma once

#include <chrono>
#include <expected>
#include <string>

#include "base/http.h"
#include "net/redirect.h"

namespace sluice::net {

struct Failure {
  Error error;
  bool again = false;        // the network's weather: another try may fare better
  bool out_of_time = false;  // the whole budget went with it
};
using TryResult = std::expected<HttpResponse, Failure>;

// Everything that libcurl can tell about a transfer that failed.
struct FailedTransfer {
  int code = 0;            // CURLcode
  std::string text;        // libcurl's own words; shown only where they hold no secret
  long os_error = 0;       // errno of the connect
  long verify_result = 0;  // X509_V_ERR_*
  long proxy_status = 0;   // answer to CONNECT
  bool through_proxy = false;
  std::chrono::milliseconds took{0};
  std::chrono::milliseconds allowed{0};  // what was left of the total budget
  std::chrono::milliseconds connect_allowed{0};
  std::string proxy;        // without its password
  std::string authorities;  // which CA bundle was used
};

Failure explain(const FailedTransfer& transfer, const Url& url);

std::string human_milliseconds(std::chrono::milliseconds length);  // "10 s", "250 ms"

}  // namespace sluice::net
