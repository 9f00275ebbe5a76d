// SPDX-License-Identifier: Apache-2.0
// A log of tiles that grows, shrinks and lies as a test says, and a monitor that looks at it.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>

#include "base/codec.h"
#include "base/text.h"
#include "sigstore/log_look.h"
#include "support/temp_folder.h"
#include "support/virtual_sigstore/entry.h"
#include "support/virtual_sigstore/services.h"

namespace sluice::sigstore {

// Hands every request to the service that is there at the moment.
class OneService final : public Http {
 public:
  test::VirtualService* service = nullptr;
  std::vector<HttpRequest> asked;
  std::size_t at_once = 0;  // the most requests of one call

  Result<HttpResponse> send(const HttpRequest& request) override {
    asked.push_back(request);
    return service->answer(request);
  }
  std::vector<Result<HttpResponse>> send_all(const std::vector<HttpRequest>& requests) override {
    at_once = std::max(at_once, requests.size());
    std::vector<Result<HttpResponse>> out;
    for (const HttpRequest& one : requests) out.push_back(send(one));
    return out;
  }
  std::size_t count(std::string_view part) const {
    return static_cast<std::size_t>(std::ranges::count_if(
        asked, [&](const HttpRequest& one) { return one.url.find(part) != one.url.npos; }));
  }
};

class MonitoredLog : public testing::Test {
 protected:
  MonitoredLog() { http_.service = &log_; }

  std::string body(const test::SignWish& wish) const {
    return json::canonical_jcs(test::body_v2(world_.sign("artifact", wish))).value();
  }
  // By somebody else: the same signer each time, another digest.
  std::string other(std::size_t number) const {
    std::string out = other_;
    const auto digest = crypto::digest_of(crypto::HashAlgorithm::sha256, bytes_of(cat(number)));
    test::replace(out, other_digest_, to_base64(digest.bytes()));
    return out;
  }
  void grow(test::VirtualRekorV2& log, std::size_t size) const {
    while (log.size() < size) log.add_other(other(log.size()));
  }

  static IdentityRule rule() {
    return make_identity_rule(
               {.identity = std::string(test::kIdentity), .issuer = std::string(test::kIssuer)})
        .value();
  }
  TransparencyLog found() const {
    return find_log(trust_, "log2026.rekor.example.org", test::at("2026-06-01T12:00:00Z")).value();
  }
  MonitorOptions options() const {
    return {
        .log = found(), .list = {.rules = {rule()}, .keys = {}, .artifacts = {}}, .trust = trust_};
  }
  Monitor monitor(const std::optional<LogState>& kept = {}) { return {http_, options(), kept}; }

  // All that there is to read; the places of the findings that are of interest.
  struct Looked {
    std::vector<std::uint64_t> places;
    std::size_t unread = 0;
    std::optional<LogAlert> alert;
    std::optional<LogState> state;
  };
  static Looked look(Monitor& monitor, Begin begin = Begin::at_first_entry) {
    Looked out;
    Progress progress = monitor.take_head(begin).value();
    while (!progress.alert && monitor.left() != 0) {
      progress = monitor.read_on().value();
      for (const auto& one : progress.findings) {
        if (one.why == EntryFinding::Why::unread) {
          ++out.unread;
        } else {
          out.places.push_back(one.index);
        }
      }
    }
    out.alert = progress.alert;
    out.state = monitor.state();
    return out;
  }
  Looked look(const std::optional<LogState>& kept = {}, Begin begin = Begin::at_first_entry) {
    Monitor one = monitor(kept);
    return look(one, begin);
  }
  // As it comes back from a file.
  static LogState again(const LogState& state) {
    return parse_log_state(write_log_state(state)).value();
  }

  test::VirtualSigstore world_;
  TrustRoot trust_ = TrustRoot::parse(world_.trusted_root(), "test").value();
  std::string mine_ = body({});
  test::Made other_made_ = world_.sign("other", {.names = {test::email_name("eve@example.net")}});
  std::string other_ = json::canonical_jcs(test::body_v2(other_made_)).value();
  std::string other_digest_ = to_base64(other_made_.digest().bytes());
  test::VirtualRekorV2 log_{world_};
  OneService http_;
};

}  // namespace sluice::sigstore
